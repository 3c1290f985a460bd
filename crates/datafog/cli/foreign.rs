//! Policies of other systems on the command line: `policy import` and `policy lint`.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use datafog_config::read_small;
use datafog_foreign::{Files, Format, Policy};
use datafog_gate::KnownWords;
use datafog_policy::Diagnostic;

use super::session::Session;
use crate::confined::Confined;
use crate::exit_code::ExitCode;
use crate::report::Advised;

/// No policy file or module is longer, in bytes.
const LONGEST: u64 = 17 << 20;

/// Arguments of `policy import`.
#[derive(Args, Debug)]
#[command(after_help = "\
The policy is printed; what could not be translated is named on standard error, with its line.
A file that is used as it is, with `datafog check --policy FILE`, loses nothing.

Exit codes: 0 translated, 4 it cannot be read or translated, 5 I/O.

Examples:
  datafog policy import config/policy.json > policy.toml
  datafog policy import --format dataguard rules.json")]
pub(super) struct ImportCommand {
    /// A policy of DataFog, DataGuard, Enforgate, pi-governance or AgentGov
    file: PathBuf,
    /// The system it is of, when its keys do not tell
    #[arg(long)]
    format: Option<Format>,
}

impl ImportCommand {
    pub(super) fn run(&self, session: &Session) -> Result<ExitCode> {
        let policy = load(&self.file, self.format, session)?;
        match policy.import(&KnownWords) {
            Ok(import) => {
                tell(session, &import.notices);
                session.out.print(&import.toml)?;
                Ok(ExitCode::Success)
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
