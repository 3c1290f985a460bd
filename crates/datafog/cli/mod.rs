/*!
The management command: everything a person types as `datafog …`.

The command line is read here and nowhere else; a shim never comes this way. Each subcommand is
one file with its arguments and its `run`. They print what they found on standard output and what
they did or could not do on standard error; none of them judges anything by itself.
*/

mod app;
mod approvals;
mod channels;
mod check;
mod command_line;
mod completions;
mod demo;
mod detectors;
mod doctor;
mod explain;
mod foreign;
mod hooks;
mod house;
mod init;
mod installation;
mod keep;
mod key;
mod mode;
mod output;
mod paths;
mod plan;
mod policy;
mod receipts;
mod redact;
mod reveal;
mod room;
mod run;
mod scan;
mod serve;
mod server_settings;
mod session;
mod shell;
mod show_script;
mod status;
mod trash;
mod uninstall;
mod user;
mod vault;
mod would_run;

pub(crate) use app::run;
