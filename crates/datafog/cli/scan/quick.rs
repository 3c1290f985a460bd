//! `datafog scan --stdin` without an argument parser: what a hook runs again and again.
//!
//! It knows a few words and leaves every other command line to the parser, which also knows them;
//! so nothing can be said here that could not be said there, and nothing means something else.

use std::io;

use datafog_config::{Host, Layout, load_key};
use datafog_scan::{Options, Report, stream};

use super::arguments::{Format, share};
use super::{exit_code, show};
use crate::cli::output::{ColorChoice, Output};
use crate::report::report as tell;

/// Does what `host` asks for when it is a plain scan of standard input, and says what to exit with.
pub(in crate::cli) fn quick(host: &Host) -> Option<u8> {
    let mut words = host.arguments().iter().skip(1).map(|word| word.to_bytes());
    (words.next()? == b"scan").then_some(())?;
    let (mut stdin, mut format, mut floor) = (false, Format::Text, None);
    while let Some(word) = words.next() {
        match word {
            b"--stdin" => stdin = true,
            b"--json" => format = Format::Json,
            b"--format" if words.next()? == b"json" => format = Format::Json,
            b"--format=json" => format = Format::Json,
            b"--min-confidence" => floor = Some(share(str::from_utf8(words.next()?).ok()?).ok()?),
            _ => return None,
        }
    }
    let layout = Layout::for_management(host).ok().filter(|_| stdin)?;
    // A policy may add detectors, which somebody else knows to read.
    if layout.policy().symlink_metadata().is_ok() {
        return None;
    }
    // Without a key there is something to set up first, under a lock.
    let key = load_key(&layout.key(), host.user().ok()?).ok()??;
    let mut options = Options::new(&key);
    options.floor = floor.unwrap_or(options.floor);
    let mut report = Report::default();
    stream(io::stdin().lock(), "-", &options, &mut report);
    let shown = show::print(&report, format, Output::new(ColorChoice::Auto, host));
    Some(shown.map_or_else(|error| tell(&error), |()| exit_code(&report)).into())
}
