/*!
Looks through texts, files, folders, archives and git histories for secrets and personal data.

[`Text`] is the one way that bytes are looked at, whole or piece by piece: it hands them to the
detectors, says on which line a finding stands, and applies what a person has written down about
findings that are known ([`allow`] comments, a [`Baseline`]). Everything else here only brings bytes
to it: [`walk()`] the files below folders, [`read()`] what is inside a file or an archive, [`Git`] what
commits brought in. So a finding is the same whichever way its text came.

This crate decides nothing and prints nothing, and the gate does not use it: comments and baselines
are a person's notes about a tree, no permission to send something.

[`allow`]: Report::allowed
*/

mod about;
mod archive;
mod baseline;
mod change;
mod command;
mod error;
mod found;
mod git;
mod history;
mod mark;
mod message;
mod opened;
mod options;
mod place;
mod read;
mod report;
mod room;
mod sarif;
mod text;
mod walk;

pub use about::{About, about, abouts};
pub use baseline::Baseline;
pub use error::Error;
pub use found::Found;
pub use git::{Git, Selection};
pub use options::Options;
pub use read::{read, stream};
pub use report::{Allowed, Report, Unread};
pub use sarif::sarif;
pub use text::Text;
pub use walk::{Progress, walk};
