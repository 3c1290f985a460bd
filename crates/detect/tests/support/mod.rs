//! What the tests of this crate share.

pub(crate) mod files;
pub(crate) mod template;
