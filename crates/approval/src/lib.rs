/*!
Requests for a person's approval: what is asked, what was answered, and where that is kept.

A [`Record`] is one request from the moment a call is held to the moment its answer is used up. It
holds what a receipt holds, never a raw value, and names the call by keyed digests ([`Binding`]), so
that an answer counts for that call alone. Everything that may happen to a record is a method of
[`Record`] without input or output; a [`Store`] only has to make one such change at a time.
[`FolderStore`] keeps records in a folder of the installation; another store may keep them in a
database.

This crate asks nobody and runs nothing. Who may answer is judged where the answer comes from.

INVARIANT: of many answers to one request exactly one counts, and a yes for one call lets one call
through.
*/

mod binding;
mod error;
mod eyes;
mod folder;
mod moment;
mod question;
mod record;
mod sealed;
mod store;
mod visible;

#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use binding::{Binding, Bound};
pub use error::Error;
pub use eyes::{Agreed, Eyes, Party};
pub use folder::{FolderStore, Listing};
pub use moment::{Boot, Deadline, Moment};
pub use question::{Found, Question};
pub use record::{Answer, Grant, Record, Refusal, Request, Terms, Word};
pub use sealed::decode;
pub use store::{Spoken, Store, Witness};
pub use visible::visible;
