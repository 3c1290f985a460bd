//! `datafog reveal`: turns the names of a vault back, for a person.

use std::fs::OpenOptions;
use std::io::{self, IsTerminal, Read, Write};
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use datafog_detect::marker;

use super::scan::key;
use super::session::Session;
use super::vault::VaultFile;
use crate::exit_code::ExitCode;
use crate::report::Advised;

/// Most bytes that are turned back at once.
const MOST: u64 = 1 << 30;

/// Arguments of `reveal`.
#[derive(Args, Debug)]
#[command(after_help = "\
Reads a text and writes it with every name that the vault knows turned back into what it stands
for. Only for a person at a terminal: an agent is refused, and every use leaves a receipt.

Example:
  datafog redact --mode tokenize --vault names.vault < users.csv > shared.csv
  datafog reveal --vault names.vault < answer.txt")]
pub(super) struct Reveal {
    /// The vault that `redact --vault` wrote
    #[arg(long, value_name = "FILE")]
    vault: PathBuf,
}

impl Reveal {
    pub(super) fn run(&self, session: &Session) -> Result<ExitCode> {
        require_terminal()?;
        session.require_person_and_record()?;
        let vault = VaultFile::open(&self.vault, &key(session)?)?;
        let mut text = Vec::new();
        io::stdin().lock().take(MOST).read_to_end(&mut text)?;
        let (shown, count) = turned_back(&text, &vault);
        let mut out = io::stdout().lock();
        out.write_all(&shown)?;
        out.flush()?;
        session.out.say(format_args!("{count} turned back; the vault knows {}\n", vault.len()));
        Ok(ExitCode::Success)
    }
}

/// Somebody must sit there: the process has a terminal, and what is said goes to one.
fn require_terminal() -> Result<()> {
    let own = OpenOptions::new().read(true).write(true).open("/dev/tty").is_ok();
    if own && io::stderr().is_terminal() {
        return Ok(());
    }
    Err(Advised::usage(
        "values are turned back at a terminal only",
        "a person must run it at a terminal of their own",
    ))
}

/// The text with every known name turned back, and how many there were.
fn turned_back(text: &[u8], vault: &VaultFile) -> (Vec<u8>, usize) {
    let (mut out, mut rest, mut count) = (Vec::with_capacity(text.len()), text, 0_usize);
    while let Some(place) = marker::find(rest) {
        let (before, after) = rest.split_at(place.start);
        out.extend_from_slice(before);
        // A second value with the same digits has a number behind them.
        let short = after.get(..place.len()).unwrap_or_default();
        let number = after.get(place.len()..).unwrap_or_default();
        let digits = number.iter().skip(1).take_while(|byte| byte.is_ascii_digit()).count();
        let numbered = number.first() == Some(&b'-') && digits > 0;
        let long = after.get(..place.len().saturating_add(digits).saturating_add(1));
        let forms = [long.filter(|_| numbered), Some(short)];
        let known = forms
            .into_iter()
            .flatten()
            .find_map(|form| Some((form, vault.value(str::from_utf8(form).ok()?)?)));
        let taken = known.map_or(short, |(form, value)| {
            out.extend_from_slice(value);
            count = count.saturating_add(1);
            form
        });
        if known.is_none() {
            out.extend_from_slice(short);
        }
        rest = after.get(taken.len()..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    (out, count)
}
