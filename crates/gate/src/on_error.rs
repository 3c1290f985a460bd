//! The one place that decides what a failure means (DESIGN §8).

use datafog_core::{Mode, Verdict};

/// What failed, as far as it matters for what happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// A shim was started under a name that is not wrapped, so nobody can say what is meant.
    Misnamed,
    /// The installation, the settings, the policy, a detector or the key cannot be loaded.
    Unloadable,
    /// The receipt, or what a session marks, cannot be written.
    Unrecorded,
}

/// What follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Consequence {
    /// The command does not run; the verdict is that of a denial.
    Deny,
    /// The command runs as it would without us; what failed is recorded where that is possible.
    Run,
}

/// Fails closed where decisions are carried out, and out of the way where they are only recorded.
///
/// Content that cannot be read is no failure in this sense: the policy has a verdict for it.
/// Panics never come here; the panic hook of the binary follows the same rule.
pub(crate) const fn on_error(failure: Failure, mode: Mode) -> Consequence {
    match (mode, failure) {
        (Mode::Enforced, Failure::Misnamed | Failure::Unloadable | Failure::Unrecorded) => {
            Consequence::Deny
        }
        (Mode::Observe, Failure::Misnamed | Failure::Unloadable | Failure::Unrecorded) => {
            Consequence::Run
        }
    }
}

/// Whether a verdict lets the command run as it is. The one reading of "allow".
pub(crate) const fn passes(verdict: Verdict, mode: Mode) -> bool {
    match (mode, verdict) {
        (Mode::Observe, _) | (Mode::Enforced, Verdict::Allow) => true,
        (
            Mode::Enforced,
            Verdict::Redact | Verdict::Rewrite | Verdict::RequireApproval | Verdict::Deny,
        ) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enforced_mode_never_runs_on_a_failure() {
        for failure in [Failure::Misnamed, Failure::Unloadable, Failure::Unrecorded] {
            assert_eq!(on_error(failure, Mode::Enforced), Consequence::Deny);
            assert_eq!(on_error(failure, Mode::Observe), Consequence::Run);
        }
    }

    #[test]
    fn only_allow_passes_when_enforced() {
        use Verdict::{Allow, Deny, Redact, RequireApproval, Rewrite};
        for verdict in [Allow, Redact, Rewrite, RequireApproval, Deny] {
            assert_eq!(passes(verdict, Mode::Enforced), verdict == Allow);
            assert!(passes(verdict, Mode::Observe));
        }
    }
}
