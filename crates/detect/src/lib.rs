/*!
Recognises secrets and personal data in bytes, in one pass over static tables.

[`Scanner`] takes a text, [`Stream`] takes it piece by piece; both find the same. What can be found
is written in TOML files in `detectors`, one per provider or family of data, and compiled into tables
by the build script: at run time nothing is parsed, built or loaded, a table that is not needed is
not touched, and nothing is allocated until something is found.

The work is linear in the text, whatever the text is. A prefilter looks at four bytes at a time in
a bitmap of 8 KiB; only where a keyword, an `@` or a group of digits stands does a rule look
closer, forward by one byte of look-ahead and within fixed bounds ([`Scanner::BEHIND`] and
[`Scanner::AHEAD`]).

Layers of disguise are undone two deep where they stand: base64, hex, escapes, quoted-printable,
UTF-16, gzip, and literals that code puts together.

This crate decides nothing. It does not know commands, hosts or policies. The value of a finding never leaves it: only where it lies, a keyed fingerprint and a
masked preview do.
*/

mod assignment;
mod boundary;
mod bytes;
mod candidate;
mod class;
mod column;
mod custom;
mod detector;
mod engine;
mod full;
mod hashes;
mod judged;
mod kept;
mod layer;
mod left_out;
pub mod marker;
mod named;
mod number;
mod open_end;
mod overlap;
mod pattern;
mod planes;
mod prefilter;
mod preview;
mod refused;
mod repeat;
mod rule;
mod scanner;
mod sign;
mod stream;
mod tables;
mod told;
mod undo;
mod url;
mod validator;
mod walks;
mod watch;
mod words;

pub use custom::{Custom, CustomStream, Fault, OwnDetector};
pub use detector::{Detector, detector, detector_of, detectors};
pub use open_end::OpenEnd;
pub use scanner::{Scanner, Tally};
pub use stream::Stream;
pub use watch::Watch;
