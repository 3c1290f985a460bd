//! Who has a say about what flows.

use core::fmt;

use datafog_core::Finding;

/// Asked about everything that is found before the bytes of it, or behind it, are written.
pub trait Guard: fmt::Debug {
    /// Whether the text may go on with these findings in it, beside those before. `certain` is
    /// false while more bytes may still make others of them.
    fn passes(&self, found: &[Finding], certain: bool) -> bool;
}
