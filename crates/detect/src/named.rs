//! What the last names promise: lines that follow each other often have the same, and to read one costs
//! more than to compare it.

use crate::validator::{Promise, promise};

/// Longest name that is remembered: every scan clears the room for it.
const LONGEST: usize = 24;

/// How many names are remembered: those of two fields come in turns. Each engine clears the room for them.
const MOST: usize = 2;

/// Names and what they promise, the one that was not asked for longest replaced by the next.
#[derive(Debug)]
pub(crate) struct Named {
    names: [Name; MOST],
    next: usize,
}

#[derive(Clone, Copy, Debug)]
struct Name {
    name: [u8; LONGEST],
    length: usize,
    promise: Option<Promise>,
}

impl Named {
    /// The empty name, which promises nothing.
    pub(crate) const NONE: Self =
        Self { names: [Name { name: [0; LONGEST], length: 0, promise: None }; MOST], next: 0 };

    /// What a name promises.
    pub(crate) fn promise(&mut self, name: &[u8]) -> Option<Promise> {
        let is_it = |known: &Name| known.name.get(..known.length) == Some(name);
        if let Some(place) = self.names.iter().position(is_it) {
            // The one that was asked for last stays.
            self.next = place.saturating_add(1) % MOST;
            return self.names.get(place)?.promise;
        }
        let promise = promise(name);
        if let Some(known) = self.names.get_mut(self.next)
            && let Some(place) = known.name.get_mut(..name.len())
        {
            place.copy_from_slice(name);
            known.length = name.len();
            known.promise = promise;
            self.next = self.next.saturating_add(1) % MOST;
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
        for name in [
            "",
            "password",
            "password",
            "api_key",
            "pass",
            &long,
            "password_hash",
            "word",
            "password",
        ] {
            assert_eq!(named.promise(name.as_bytes()), promise(name.as_bytes()), "{name}");
        }
    }
}
