/*!
Measurements and generated files of datafog; `cargo xtask` lists them.

Nothing here is shipped. What is measured is the installed form of the binary in an installation of
its own below a temporary folder, so that figures are those of a user and not of a test build.
*/

mod accuracy;
mod arena;
mod bench;
mod budget;
mod callgrind;
mod commands;
mod hostile;
#[path = "../../../benches/hostile_lines.rs"]
mod hostile_lines;
mod layout;
mod link_map;
mod load;
mod log_lines;
#[path = "../../../tests/shared/loopback.rs"]
mod loopback;
mod redact;
mod serve;
#[expect(
    dead_code,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "texts of the tests, some of which are for the tests alone"
)]
#[path = "../../detect/tests/shared/mod.rs"]
mod shared;
mod texts;

use std::process::ExitCode;

use anyhow::{Result, bail};

const USAGE: &str = "\
usage: cargo xtask COMMAND

  accuracy                    scores the texts to tune on and lists what went wrong
  accuracy release [FOLDER…]  scores those kept apart and writes docs/ACCURACY.md
  accuracy real FOLDER…       lists what is found in real texts
  bench [ROUNDS]      whole-process times against the floor, paired in one run (default 1000 rounds)
  budget [--update]   instructions, page faults and system calls against benches/budgets.toml
  hostile             processor time of judging the lines of benches/hostile_lines.rs
  redact [MB [FOLDER…]]  processor time of a redacting `cat` of source text and of logs (1,000 MB)
  serve-bench [SECONDS [STORE]]
                      decisions of the server on one core, stored on the disk (default 10 seconds)
  texts [FOLDER…]     processor time of scanning 1 MB that is made to cost time, beside source text
  layout              writes benches/layout.ld, the order in which what a call touches is laid out
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&format!("error: {error:#}\n"));
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> Result<()> {
    match words {
        ["accuracy"] => accuracy::tune(),
        ["accuracy", "release", folders @ ..] => accuracy::release(folders),
        ["accuracy", "real", folders @ ..] => accuracy::real(folders),
        ["bench"] => bench::run(1000),
        ["bench", rounds] => bench::run(rounds.parse()?),
        ["budget"] => budget::check(),
        ["budget", "--update"] => budget::update(),
        ["hostile"] => hostile::run(),
        ["layout"] => layout::write(),
        ["redact"] => redact::run(redact::USUAL, &[]),
        ["redact", megabytes, folders @ ..] => {
            redact::run(megabytes.parse::<usize>()?.saturating_mul(1_000_000), folders)
        }
        ["texts", folders @ ..] => texts::run(folders),
        ["serve-bench"] => serve::run(10, None),
        ["serve-bench", seconds] => serve::run(seconds.parse()?, None),
        ["serve-bench", seconds, store] => serve::run(seconds.parse()?, Some(store)),
        _ => bail!("{USAGE}"),
    }
}

/// Writes text for a person.
#[expect(clippy::print_stdout, reason = "this tool's output is text for a person")]
pub(crate) fn report(text: &str) {
    print!("{text}");
}
