//! `datafog redact`: a filter that takes findings out of what flows through it.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use datafog_core::{Channel, Transform};
use datafog_detect::{Custom, detectors};
use datafog_policy::fits_entity;
use datafog_redact::{Patience, Plan, Redactor, Tally};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serde_json::json;

use super::scan::{key, key_to_read};
use super::session::Session;
use super::vault::VaultFile;
use crate::exit_code::ExitCode;
use crate::report::Advised;

/// Bytes read at once.
const BLOCK: usize = 128 << 10;

/// Arguments of `redact`.
#[derive(Args, Debug)]
#[command(after_help = "\
Reads standard input and writes it to standard output, every byte outside of findings as it came.
Digits are keyed by this installation: equal values get equal names, here and in its receipts.

Modes and what they leave of `hunter2`:
  redact      [REDACTED]                    mask      *******
  short_hash  [REDACTED:1f0a9c3e]           partial   ***ter2
  replace     [SECRET_PASSWORD_1f0a9c3e]    last_four all but the last four of eight or more
  tokenize    TOK-1f0a9c3e                  full      ***
  anonymize   anon-1f0a9c3e                 hash      64 digits

Examples:
  kubectl logs app | datafog redact
  datafog redact --mode tokenize --entities 'pii.*' < users.csv > shared.csv
  datafog redact --mode partial --show-chars 4 --json < in > out")]
pub(super) struct Redact {
    /// What stands in the place of a value
    #[arg(long, value_name = "MODE", default_value = "redact", value_parser = mode)]
    mode: Transform,
    /// Only these entity types; globs
    #[arg(long, value_name = "GLOB,…", value_delimiter = ',', default_value = "*")]
    entities: Vec<String>,
    /// How many letters `partial` shows; never all of a value
    #[arg(long, value_name = "N")]
    show_chars: Option<u8>,
    /// Remember in this file, encrypted, what the names of `tokenize` stand for; see `reveal`
    #[arg(long, value_name = "FILE")]
    vault: Option<PathBuf>,
    /// Write counts as JSON to standard error at the end
    #[arg(long)]
    json: bool,
}

/// The mode of that name.
fn mode(name: &str) -> Result<Transform, String> {
    let known = Transform::ALL.map(Transform::name).join(", ");
    Transform::named(name).ok_or_else(|| format!("the modes are {known}"))
}

impl Redact {
    pub(super) fn run(&self, session: &Session) -> Result<ExitCode> {
        let transform = self.transform()?;
        // What can be turned back must be known again.
        let key = if self.vault.is_some() { key(session) } else { key_to_read(session) }?;
        let custom = session.gate()?.custom(&key)?;
        self.require_known(custom.as_ref())?;
        let fits = |entity: &str| self.entities.iter().any(|glob| fits_entity(glob, entity));
        let plan = Plan::new(|entity| fits(entity).then_some(transform));
        let redactor = Redactor::new(&key, custom.as_ref(), &plan, Channel::Stdin);
        let tally = match &self.vault {
            None => filter(redactor)?,
            Some(path) => {
                let mut vault = VaultFile::open(path, &key)?;
                let filtered = filter(redactor.remembering(&mut vault));
                // What was written already must be possible to turn back.
                vault.close(&key)?;
                filtered?
            }
        };
        if self.json {
            session.out.say(counts(&tally));
        }
        Ok(ExitCode::Success)
    }

    fn transform(&self) -> Result<Transform> {
        if self.vault.is_some() && self.mode != Transform::Tokenize {
            let hint = "add --mode tokenize, or leave --vault out";
            return Err(Advised::usage("only names can be turned back", hint));
        }
        match (self.mode, self.show_chars) {
            (Transform::Partial { .. }, Some(show)) => Ok(Transform::Partial { show }),
            (mode, None) => Ok(mode),
            (_, Some(_)) => Err(Advised::usage(
                "only `partial` shows letters",
                "add --mode partial, or leave --show-chars out",
            )),
        }
    }

    /// A mistyped entity type would let everything through.
    fn require_known(&self, custom: Option<&Custom>) -> Result<()> {
        let own = custom.into_iter().flat_map(Custom::detectors).map(|own| own.entity.as_str());
        let known: Vec<&str> = detectors().iter().map(|it| it.entity).chain(own).collect();
        let stranger = |glob: &&String| !known.iter().any(|entity| fits_entity(glob, entity));
        match self.entities.iter().find(stranger) {
            None => Ok(()),
            Some(glob) => Err(Advised::usage(
                format!("no detector reports `{glob}`"),
                "`datafog detectors list` names them all",
            )),
        }
    }
}

/// Carries standard input through the redaction.
fn filter(mut redactor: Redactor<'_>) -> Result<Tally> {
    // The library's own streams would go through every byte once more, for lines.
    let mut from = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut to = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let talking = !to.metadata()?.is_file();
    let (mut block, mut last) = (vec![0; BLOCK], 0);
    loop {
        await_more(&from, &mut redactor, (&mut to, talking), last)?;
        match from.read(&mut block) {
            Ok(0) => break,
            Ok(count) => {
                redactor.push(block.get(..count).unwrap_or_default(), &mut to)?;
                last = count;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    let tally = redactor.finish(&mut to)?;
    Ok(tally)
}

/// Waits until there is something to read, and meanwhile writes what may be shown of what came, the
/// `last` bytes of it at once.
fn await_more(
    from: &File,
    redactor: &mut Redactor<'_>,
    (to, talking): (&mut File, bool),
    last: usize,
) -> Result<()> {
    let mut step = Some(Patience::first(last));
    while let Some((wait, patience)) = step {
        let mut ready = [PollFd::new(from.as_fd(), PollFlags::POLLIN)];
        if poll(&mut ready, PollTimeout::try_from(wait)?) != Ok(0) {
            return Ok(());
        }
        let kept = redactor.pause(patience, to)?;
        step = patience.next(talking).filter(|_| kept);
    }
    Ok(())
}

fn counts(tally: &Tally) -> String {
    let replaced = tally.replaced.iter().map(
        |((entity, with), count)| json!({ "entity": entity, "mode": with.name(), "count": count }),
    );
    let counts = json!({
        "schema_version": 1,
        "bytes": tally.bytes,
        "entities_transformed": tally.total(),
        "modes_applied": tally.modes(),
        "replaced": replaced.collect::<Vec<_>>(),
    });
    format!("{counts}\n")
}
