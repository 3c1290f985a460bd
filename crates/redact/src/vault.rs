//! Who remembers what a made-up name stands for.

use core::fmt;

/// Remembers values, so that the names in their place can be turned back.
pub trait Vault: fmt::Debug {
    /// The name for `value`, the bytes as they stood in the text. `usual` is the name it gets
    /// unless that already stands for another value.
    fn name(&mut self, value: &[u8], usual: &str) -> String;
}
