//! Every environment variable that datafog reads, in one place.
//!
//! Variables are set by whoever starts us, a governed agent included. None of them can loosen
//! anything: each says here what it may do.

/// One variable: its name and what it does, for the reference page.
#[derive(Clone, Copy, Debug)]
pub struct EnvVar {
    /// The name.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub does: &'static str,
}

/// The variables themselves.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct EnvVars;

impl EnvVars {
    /// Root of the installation, for the management commands only.
    pub const HOME: &'static str = "DATAFOG_HOME";
    /// The recursion marker that the gate hands to the commands it starts.
    pub const MARKER: &'static str = "DATAFOG_MARKER";
    /// Any value: no colour.
    pub const NO_COLOR: &'static str = "NO_COLOR";
    /// Any value: no question is asked.
    pub const NO_INPUT: &'static str = "DATAFOG_NO_INPUT";
    /// Where commands are looked for.
    pub const PATH: &'static str = "PATH";
    /// One more policy file of ours for this call; it can only tighten.
    pub const POLICY: &'static str = "DATAFOG_POLICY";
    /// The mode of this call, where it is stricter than the installed one.
    pub const SHIM_MODE: &'static str = "DATAFOG_SHIM_MODE";
    /// Builds with debug assertions only, so that the tests can see a shim fail: `panic`, `abort` or
    /// `overflow` (of the stack) happens where the gate would begin to judge. Not in [`Self::ALL`],
    /// since no installed binary knows it.
    #[cfg(debug_assertions)]
    pub const TEST_FAILURE: &'static str = "DATAFOG_TEST_FAILURE";

    /// All of them, by name.
    pub const ALL: &'static [EnvVar] = &[
        EnvVar {
            name: Self::HOME,
            does: "Root of the installation that management commands work on; a shim ignores it.",
        },
        EnvVar {
            name: Self::MARKER,
            does: "Set by the gate for the commands it runs in enforced mode; lets it refuse a \
                   loop of its own. It can stop a command, never let one pass.",
        },
        EnvVar {
            name: Self::NO_INPUT,
            does: "When set and not empty, no question is asked, as if there were no terminal.",
        },
        EnvVar {
            name: Self::POLICY,
            does: "Path of one more policy file (`.toml`) for this call. It can only make the \
                   decision stricter; when it cannot be read, nothing runs in enforced mode.",
        },
        EnvVar {
            name: Self::SHIM_MODE,
            does: "`enforced` enforces in an installation that only observes; `observe` in an \
                   enforced one is ignored.",
        },
        EnvVar { name: Self::NO_COLOR, does: "When set and not empty, output has no colour." },
        EnvVar { name: Self::PATH, does: "Where the real commands are looked for." },
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_unique() {
        assert!(EnvVars::ALL.is_sorted_by(|a, b| a.name < b.name));
    }
}
