//! Policies of other systems on the command line: `policy import` and `policy lint`.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use datafog_config::read_small;
use datafog_core::Verdict;
use datafog_foreign::{Files, Format, PROBES, Policy};
use datafog_gate::{KnownWords, in_invented_world};
use datafog_policy::{Diagnostic, Layer, TestFile};

use super::output::plain;
use super::session::Session;
use crate::confined::Confined;
use crate::exit_code::ExitCode;
use crate::foreign::judged;
use crate::report::Advised;

/// No policy file or module is longer, in bytes.
const LONGEST: u64 = 17 << 20;

/// Most calls that are shown of those about which a policy and its translation differ.
const MOST_SHOWN: usize = 20;

/// Most users of a policy whom the comparison asks for.
const MOST_PEOPLE: usize = 6;

/// Arguments of `policy import`.
#[derive(Args, Debug)]
#[command(after_help = "\
The policy is printed; what could not be translated is named on standard error, with its line.
The translation is then compared with the original over a hundred calls, and where they differ
is told as well. A file that is used as it is, with `datafog check --policy FILE`, loses nothing.

Exit codes: 0 translated, 1 translated, but not into the same, 4 it cannot be read or translated, 5 I/O.

Examples:
  datafog policy import config/policy.json > policy.toml
  datafog policy import --partial --format dataguard rules.json > draft.toml")]
pub(super) struct ImportCommand {
    /// A policy of DataFog, DataGuard, Enforgate, pi-governance or AgentGov
    file: PathBuf,
    /// The system it is of, when its keys do not tell
    #[arg(long)]
    format: Option<Format>,
    /// Compare over the calls of this file of tests as well
    #[arg(long, value_name = "FILE")]
    calls: Option<PathBuf>,
    /// Succeed, too, when the translation is not the same as the original
    #[arg(long)]
    partial: bool,
}

impl ImportCommand {
    pub(super) fn run(&self, session: &Session) -> Result<ExitCode> {
        let policy = load(&self.file, self.format, session)?;
        let further = self.calls.as_deref().map(|path| read_calls(path, session)).transpose()?;
        match policy.import(&KnownWords) {
            Ok(import) => {
                tell(session, &import.notices);
                session.out.print(&import.toml)?;
                let compared = Compared::of(&policy, &import.toml, further.as_deref());
                session.out.say(compared.told(import.deviations));
                let same = import.deviations == 0 && compared.differ.is_empty();
                Ok(if same || self.partial { ExitCode::Success } else { ExitCode::Negative })
            }
            Err(error) => {
                tell(session, policy.notices());
                let hint =
                    String::from("`datafog check --policy FILE -- COMMAND` judges by it as it is");
                Err(Advised { message: error.to_string(), hint, code: ExitCode::Invalid }.into())
            }
        }
    }
}

/// A policy and its translation, over the same calls.
#[derive(Default)]
struct Compared {
    calls: usize,
    /// What was asked, what the original says, what the translation says.
    differ: Vec<(String, Verdict, Verdict)>,
}

impl Compared {
    fn of(original: &Policy, toml: &str, further: Option<&str>) -> Self {
        let mut compared = Self::default();
        let Ok(native) =
            datafog_policy::Policy::parse(toml, "policy.toml", Layer::User, &KnownWords)
        else {
            return compared;
        };
        if let Some(further) = further {
            compared.ask(original, &native, further);
        }
        let people = original.people();
        if people.is_empty() {
            compared.ask(original, &native, PROBES);
        }
        for person in people.iter().take(MOST_PEOPLE) {
            compared.ask(original, &native, &asked_by(person));
        }
        compared
    }

    fn ask(&mut self, original: &Policy, native: &datafog_policy::Policy, probes: &str) {
        let Ok(probes) = TestFile::parse(probes, "probes", &KnownWords) else { return };
        for case in &probes.cases {
            let (there, here) = in_invented_world(&case.example, |facts, world| {
                (judged(original, facts, world).verdict, native.decide(facts).verdict)
            });
            self.calls = self.calls.saturating_add(1);
            if there != here {
                self.differ.push((case.name.clone(), there, here));
            }
        }
    }

    fn told(&self, deviations: usize) -> String {
        let stricter = self.differ.iter().filter(|(_, there, here)| here > there).count();
        let looser = self.differ.len().saturating_sub(stricter);
        let (calls, alike) = (self.calls, self.calls.saturating_sub(self.differ.len()));
        let mut text = format!(
            "compared over {calls} calls: {alike} alike, {stricter} stricter here, {looser} looser here\n"
        );
        let mut differ: Vec<_> = self.differ.iter().collect();
        // What is looser comes first: that is what must be looked at.
        differ.sort_by_key(|(_, there, here)| here > there);
        for (call, there, here) in differ.iter().take(MOST_SHOWN) {
            text.push_str(&format!(
                "  {} there, {} here: {}\n",
                there.name(),
                here.name(),
                plain(call)
            ));
        }
        let more = differ.len().saturating_sub(MOST_SHOWN);
        if more > 0 {
            text.push_str(&format!("  and {more} more\n"));
        }
        if deviations > 0 || !differ.is_empty() {
            text.push_str(
                "the translation is not the same as the original; `--policy FILE` uses that as it is\n",
            );
        }
        text
    }
}

/// A file of tests, whose calls are taken and whose expectations are not.
fn read_calls(path: &Path, session: &Session) -> Result<String> {
    let text = read_text(path)?;
    match TestFile::parse(&text, &path.to_string_lossy(), &KnownWords) {
        Ok(_) => Ok(text),
        Err(faults) => {
            tell(session, &faults);
            let message = format!("`{}` cannot be used", path.display());
            let hint = String::from("mend what is named above");
            Err(Advised { message, hint, code: ExitCode::Invalid }.into())
        }
    }
}

/// The calls as this user makes them.
fn asked_by(person: &str) -> String {
    let user = quoted(person);
    let line = |line: &str| match line.strip_prefix("call = ") {
        Some(call) if call.starts_with('{') => {
            format!("call = {{ user = {user}, {}\n", call.trim_start_matches('{').trim_start())
        }
        Some(call) => format!("call = {{ user = {user}, run = {call} }}\n"),
        None => format!("{line}\n"),
    };
    PROBES.lines().map(line).collect()
}

/// A TOML text: what is not a plain letter is written by its number.
fn quoted(text: &str) -> String {
    let letter = |letter: char| match letter {
        plain if plain.is_alphanumeric() || "-_.@ ".contains(plain) => plain.to_string(),
        other => format!("\\U{:08X}", u32::from(other)),
    };
    format!("\"{}\"", text.chars().map(letter).collect::<String>())
}

/// Reads a foreign policy; what is wrong with it is told whole.
pub(super) fn load(path: &Path, format: Option<Format>, session: &Session) -> Result<Policy> {
    let bytes = read(path).map_err(|error| unreadable(path, &error))?;
    Policy::load_confined(&bytes, &path.to_string_lossy(), format, &OnDisk, Some(&Confined))
        .map_err(|faults| {
            tell(session, &faults);
            let message = format!("`{}` cannot be used", path.display());
            let hint = String::from("mend what is named above");
            Advised { message, hint, code: ExitCode::Invalid }.into()
        })
}

/// What is wrong or odd about a policy of another system, in full when it cannot be used.
pub(super) fn diagnose(bytes: &[u8], path: &Path) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
    let policy =
        Policy::load_confined(bytes, &path.to_string_lossy(), None, &OnDisk, Some(&Confined))?;
    Ok(policy.notices().to_vec())
}

pub(super) fn tell(session: &Session, notices: &[Diagnostic]) {
    for notice in notices {
        session.out.say(format_args!("{notice}\n"));
    }
}

/// Files as they are on this machine.
struct OnDisk;

impl Files for OnDisk {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        read(path)
    }
}

/// A whole policy file; what is none, such as a pipe or a device, is refused and never waited for.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    read_small(path, LONGEST)
}

/// The same as text; a failure is told with the file's name and what to do.
pub(super) fn read_text(path: &Path) -> Result<String> {
    let text = read(path).and_then(|bytes| {
        String::from_utf8(bytes).map_err(|error| io::Error::other(error.utf8_error()))
    });
    text.map_err(|error| unreadable(path, &error))
}

/// Why a policy file cannot be read.
pub(super) fn unreadable(path: &Path, error: &io::Error) -> anyhow::Error {
    let message = format!("cannot read `{}`: {error}", path.display());
    let kind = error.kind();
    let hint = if kind == io::ErrorKind::InvalidInput {
        "name a regular file: save first what comes out of a pipe"
    } else if kind == io::ErrorKind::FileTooLarge {
        "no policy is larger than 17 MiB"
    } else {
        "name a file that can be read"
    };
    Advised { message, hint: hint.to_owned(), code: ExitCode::Io }.into()
}
