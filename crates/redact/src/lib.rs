/*!
Takes findings out of what flows and leaves every other byte as it is.

[`Redactor`] reads a text piece by piece and writes it on: in bounded memory, each finding replaced
as a [`Plan`] says, wherever the pieces are cut. What it keeps back because more might come is
written as soon as its caller says that nothing came for a while ([`Redactor::pause`]).
[`replacement()`] makes what stands in the place of a value. A [`Guard`] may end the text at a finding:
nothing of that, or behind it, is written.

This crate finds nothing by itself and decides nothing; it opens no file and starts no program.
*/

mod block;
mod cover;
mod guard;
mod patience;
mod plan;
mod redactor;
mod replacement;
mod tally;
mod vault;

pub use guard::Guard;
pub use patience::Patience;
pub use plan::Plan;
pub use redactor::Redactor;
pub use replacement::replacement;
pub use tally::Tally;
pub use vault::Vault;
