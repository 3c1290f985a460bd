//! Values that may be secret: they can be used, but not shown.

use core::fmt;

use zeroize::Zeroize;

/// A value that never appears in `Debug` output and is wiped when dropped.
///
/// There is no `Display` and no `Serialize`: a receipt, a log line or an error cannot hold one by
/// accident. [`Secret::expose`] is the single way in, easy to search for in a review.
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Wraps `value`.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself, for code that must compare, hash or send it.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret<{}>({} bytes inline)", core::any::type_name::<T>(), size_of::<T>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_kind_and_never_the_value() {
        let text = format!("{:?}", Secret::new(String::from("hunter2")));
        assert!(text.contains("String") && !text.contains("hunter2"), "{text}");
    }
}
