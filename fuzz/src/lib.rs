/*!
What the fuzz targets share: a made-up world, and how one input is cut into parts.

Inputs are text as far as possible, so that a seed can be read and written by hand. Parts of one
input are parted by a line `---`, arguments by a NUL byte, which no argument can hold.
*/

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::Path;

use datafog_core::{Carrier, HostName, Invocation, Place, Surroundings};

mod cases;
mod foreign;
mod ledgers;
mod texts;
mod wire;

pub use cases::{Judged, judged};
pub use foreign::assert_foreign;
pub use ledgers::{event, fill};
pub use texts::{scan_both_ways, scan_keeping};
pub use wire::assert_wire;

/// A world that answers every question with the same bytes; a part that is missing is not there.
#[derive(Debug, Default)]
pub struct World<'a> {
    /// What every file holds.
    pub file: Option<&'a [u8]>,
    /// What every program writes.
    pub output: Option<&'a [u8]>,
    /// The value of every variable.
    pub variable: Option<&'a [u8]>,
}

impl Surroundings for World<'_> {
    fn variable(&self, _name: &str) -> Option<&OsStr> {
        self.variable.map(OsStr::from_bytes)
    }

    fn cwd(&self) -> &Path {
        Path::new("/home/u/work")
    }

    fn home(&self) -> Option<&Path> {
        Some(Path::new("/home/u"))
    }

    fn read(&self, _path: &Path, limit: usize) -> io::Result<Vec<u8>> {
        let bytes = self.file.ok_or(io::ErrorKind::NotFound)?;
        if bytes.len() > limit { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(bytes.into()) }
    }

    fn output_of(&self, _program: &str, _arguments: &[OsString]) -> io::Result<Vec<u8>> {
        Ok(self.output.ok_or(io::ErrorKind::NotFound)?.into())
    }
}

/// The parts of one input, parted by lines `---`.
pub fn parts(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(data);
    core::iter::from_fn(move || {
        let text = rest?;
        match text.windows(SEPARATOR.len()).position(|window| window == SEPARATOR) {
            Some(at) => {
                rest = Some(&text[at + SEPARATOR.len()..]);
                Some(&text[..at])
            }
            None => rest.take(),
        }
    })
}

const SEPARATOR: &[u8] = b"\n---\n";

/// Arguments parted by NUL, as in `/proc/PID/cmdline`.
#[must_use]
pub fn arguments(part: &[u8]) -> Vec<OsString> {
    part.split(|byte| *byte == 0).map(|bytes| OsString::from_vec(bytes.to_vec())).collect()
}

/// Asserts that every place of the invocation lies inside its argument, and that an option's place
/// holds the option's value.
pub fn assert_places(argv: &[OsString], invocation: &Invocation) {
    let bytes = |place: Place| place.span.of(argv.get(place.argument)?.as_bytes());
    for option in &invocation.options {
        let Some(place) = option.place else { continue };
        let found = bytes(place).unwrap_or_else(|| panic!("outside: {option:?}"));
        if let Some(value) = &option.value {
            assert_eq!(found, value.as_bytes(), "{option:?}");
        }
    }
    for operand in &invocation.operands {
        assert!(operand.place.is_none_or(|place| bytes(place).is_some()), "outside: {operand:?}");
    }
    for content in &invocation.contents {
        if let Carrier::Argument(place) = content.carrier {
            assert!(bytes(place).is_some(), "outside: {content:?}");
        }
    }
}

/// Asserts that no host is left open.
pub fn assert_resolved(invocation: &Invocation) {
    for destination in &invocation.destinations {
        assert!(!matches!(destination.host, HostName::Deferred(_)), "{destination:?}");
    }
}

/// The same arguments with every byte of `place` replaced, but for `-` and `=`, which tell an
/// option from other words.
pub fn blot(argv: &mut [OsString], place: Place) {
    let Some(argument) = argv.get_mut(place.argument) else { return };
    let mut bytes = std::mem::take(argument).into_vec();
    if let Some(range) = bytes.get_mut(place.span.start()..place.span.end()) {
        for byte in range.iter_mut().filter(|byte| !matches!(byte, b'-' | b'=')) {
            *byte = if *byte == b'x' { b'y' } else { b'x' };
        }
    }
    *argument = OsString::from_vec(bytes);
}
