/*!
Reads a command line by the command's own option table.

[`interpret()`] turns argv into an [`datafog_core::Invocation`]: options by canonical name, operands
by kind, which way data moves, where content is and which hosts would be contacted. [`resolve`]
finds out hosts that only the command itself knows; [`wrapped()`] tells the command that another one
starts. [`normal_form()`] and [`display()`] write the
result for people, the second without any value that may be secret.

What is known of a command stands in one data file, `shims/<name>.toml`, which the build script
compiles into static tables ([`profile()`], [`profiles`]). This crate makes no decision, scans no
content, and sees the world only through [`datafog_core::Surroundings`].
*/

mod address;
mod behind;
mod carriers;
mod code;
mod config_file;
mod display;
mod embedded;
mod folders;
mod form;
mod gather;
mod heads;
mod install;
mod interpret;
mod json;
mod likely;
mod line;
mod lines_within;
mod mounts;
mod naming;
mod netrc;
mod normal_form;
mod orders;
mod other_names;
mod part;
mod patch;
mod profile;
mod read;
mod redact;
mod redirect;
mod secrets;
mod sed;
mod sending_code;
mod source;
mod split;
mod steps;
mod telling;
mod text;
mod tool;
mod transport;
mod words;
mod wrapped;
mod writing_code;

pub use behind::{Start, What, Word, behind, started_by_code};
pub use carriers::{
    Clipboard, clipboard, feeds, found, is_peer, is_store, lists_names, packs, patched_by_input,
    prints_secret, read_by_orders, sent_by_orders, tells_environment, writes_named,
};
pub use display::{Mask, display};
pub use folders::{folders, tool_folders};
pub use gather::image::is_installed;
pub use gather::{Gathered, Says, gather, gathers_layers};
pub use install::{CommandName, InvalidName, LinkChange, LinkError, LinkState, Links};
pub use interpret::{interpret, resolve};
pub use likely::{LIKELY_AHEAD, likely_places, telling_words};
pub use line::{LINE_ENTITIES, LineSecret, secrets_in_line};
pub use lines_within::lines_within;
pub use normal_form::normal_form;
pub use profile::{Language, Profile, families, profile, profiles};
pub use secrets::secrets_in;
pub use source::git_alias::names_alias;
pub use steps::is_step;
pub use tool::{ToolReading, holds_command, interpret_tool};
pub use words::roles;
pub use wrapped::{Changed, Wrapped, wrapped};

#[cfg(test)]
mod examples;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod world;
