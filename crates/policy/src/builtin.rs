//! The embedded policies, compiled by the build script.
//!
//! They are ordinary policy files from `policies/`; this module adds nothing to them. Loading one
//! parses nothing and copies nothing.

use crate::{Diagnostic, Layer, Policy, Vocabulary};

/// An embedded policy: its name, its text, its compiled form.
struct Pack {
    name: &'static str,
    text: &'static str,
    bytes: &'static [u8],
}

macro_rules! pack {
    ($name:literal) => {
        Pack {
            name: $name,
            text: include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../policies/",
                $name,
                ".toml"
            )),
            bytes: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".policy")),
        }
    };
}

// `NAMES` and `PACKS`, one entry for each file, sorted by name: made by the build script.
include!(concat!(env!("OUT_DIR"), "/packs.rs"));

impl Policy {
    /// The starter policy.
    #[must_use]
    pub fn builtin() -> Self {
        Self::pack("starter").unwrap_or_else(Self::closed)
    }

    /// The embedded policy of that name.
    #[must_use]
    pub fn pack(name: &str) -> Option<Self> {
        PACKS.iter().find(|pack| pack.name == name).map(load)
    }

    /// Name and text of every embedded policy, sorted by name.
    pub fn packs() -> impl Iterator<Item = (&'static str, &'static str)> {
        PACKS.iter().map(|pack| (pack.name, pack.text))
    }

    /// Reads one policy file on top of what it `extends`; a system or user file that does not say
    /// extends `starter`. `path` is for display only.
    ///
    /// # Errors
    /// Everything that is wrong with the file, warnings included, by line.
    pub fn parse(
        text: &str,
        path: &str,
        layer: Layer,
        vocabulary: &dyn Vocabulary,
    ) -> Result<Self, Vec<Diagnostic>> {
        Self::parse_with(text, path, layer, vocabulary, &Self::pack)
    }

    /// Lays one more file over this policy. A file of a layer that only tightens, and any file
    /// over a locked policy, can make no decision less strict: what would is an error.
    ///
    /// # Errors
    /// Everything that is wrong with the file, warnings included, by line.
    pub fn layer(
        &self,
        text: &str,
        path: &str,
        layer: Layer,
        vocabulary: &dyn Vocabulary,
    ) -> Result<Self, Vec<Diagnostic>> {
        self.layer_with(text, path, layer, vocabulary, &Self::pack)
    }
}

/// The build script made the bytes with the same code; were they not readable all the same, an
/// empty policy stands in that denies everything.
fn load(pack: &Pack) -> Policy {
    Policy::from_bytes(pack.bytes).unwrap_or_else(|_| Policy::closed())
}
