/*!
The one binary of datafog.

Under its own name it is the management command; under any other, a shim that stands for the
program of that name. Which of the two is decided before anything else, so that a shim builds no
argument parser and reads nothing it does not need.
*/

#![no_main]

mod bounded;
mod cli;
mod confined;
mod consult;
mod exit_code;
mod foreign;
mod proxy;
mod remote;
mod report;
mod scorer;
mod tty;

use datafog_config::Host;
use datafog_start::Process;

datafog_start::entry!(run);

/// The program's own name; everything else is the name of a wrapped command.
const OWN_NAME: &str = "datafog";

fn run(process: Process) -> u8 {
    let host = Host::new(process.arguments, process.environment).executed_as(process.executed);
    match host.program_name() == OWN_NAME {
        true if host.arguments().get(1).is_some_and(|it| it.to_bytes() == confined::FACE) => {
            confined::run()
        }
        true => cli::run(host),
        false => proxy::run(&host),
    }
}
