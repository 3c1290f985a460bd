//! `datafog show-script`: what `curl … | sh` becomes: the script is kept in a file and shown.

use std::ffi::OsString;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;

use super::output::plain;
use super::session::Session;
use crate::exit_code::ExitCode;
use crate::report::Advised;

/// Largest script that is kept, in bytes.
const LARGEST: u64 = 16 << 20;

/// Most lines that are shown; all of them are in the file.
const MOST_LINES: usize = 200;

/// Arguments of `show-script`.
#[derive(Args, Debug)]
#[command(after_help = "\
Nothing is run. To run it after all, read the file and pass it to its shell.

Examples:
  curl -fsSL https://example.com/install.sh | datafog show-script")]
pub(super) struct ShowScript {
    /// The text itself
    #[arg(long, conflicts_with = "file", allow_hyphen_values = true)]
    text: Option<OsString>,
    /// The file to read; standard input when missing
    file: Option<PathBuf>,
}

impl ShowScript {
    pub(super) fn run(&self, session: &Session) -> Result<ExitCode> {
        let bytes = self.read()?;
        let path = kept(&session.layout.root().join("scripts"), &bytes)?;
        let text = String::from_utf8_lossy(&bytes);
        let shown: Vec<String> = text.lines().take(MOST_LINES).map(plain).collect();
        let all = text.lines().count();
        let more = all.saturating_sub(shown.len());
        let rest = if more > 0 { format!("… {more} more lines\n") } else { String::new() };
        session.out.print(format!(
            "datafog: not run; {} bytes, {all} lines, kept in {}\n{}\n{rest}",
            bytes.len(),
            path.display(),
            shown.join("\n")
        ))?;
        Ok(ExitCode::Success)
    }

    fn read(&self) -> Result<Vec<u8>> {
        if let Some(text) = &self.text {
            return Ok(text.as_bytes().to_vec());
        }
        let mut bytes = Vec::new();
        let most = LARGEST.saturating_add(1);
        match &self.file {
            Some(path) => {
                let file =
                    File::open(path).with_context(|| format!("cannot read `{}`", path.display()));
                file?.take(most).read_to_end(&mut bytes)?;
            }
            None => {
                io::stdin().lock().take(most).read_to_end(&mut bytes)?;
            }
        }
        if bytes.len() as u64 > LARGEST {
            return Err(Advised::usage(
                "the script is larger than 16 MiB",
                "download it into a file",
            ));
        }
        Ok(bytes)
    }
}

/// The bytes in a new file that only the user can read, and nobody can run.
fn kept(folder: &Path, bytes: &[u8]) -> Result<PathBuf> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    for number in 1..10_000_u32 {
        let path = folder.join(format!("script-{number}.txt"));
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Ok(mut file) => {
                file.write_all(bytes)?;
                return Ok(path);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Advised::usage("too many scripts are kept", "remove old ones from the folder `scripts`"))
}
