//! What the last name promises: lines that follow each other often have one name, and to read it costs
//! more than to compare it.

use crate::validator::{Promise, promise};

/// Longest name that is remembered: every scan clears the room for it.
const LONGEST: usize = 24;

/// A name and what it promises.
#[derive(Debug)]
pub(crate) struct Named {
    name: [u8; LONGEST],
    length: usize,
    promise: Option<Promise>,
}

impl Named {
    /// The empty name, which promises nothing.
    pub(crate) const NONE: Self = Self { name: [0; LONGEST], length: 0, promise: None };

    /// What a name promises.
    pub(crate) fn promise(&mut self, name: &[u8]) -> Option<Promise> {
        if self.name.get(..self.length) == Some(name) {
            return self.promise;
        }
        let promise = promise(name);
        if let Some(place) = self.name.get_mut(..name.len()) {
            place.copy_from_slice(name);
            self.length = name.len();
            self.promise = promise;
        }
        promise
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_promises_what_it_did_before_and_another_its_own() {
        let mut named = Named::NONE;
        let long = "x".repeat(LONGEST) + "_password";
        for name in ["", "password", "password", "api_key", "pass", &long, "password_hash", "word"]
        {
            assert_eq!(named.promise(name.as_bytes()), promise(name.as_bytes()), "{name}");
        }
    }
}
