//! Three-valued truth: what a condition says, including that it cannot say.

use core::fmt;

/// The answer of a condition.
///
/// Combined by Kleene's strong logic: an unknown part makes the whole unknown unless the other
/// parts settle it. What an unknown means for a rule is decided in one place, by
/// [`Truth::counts_for`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Truth {
    /// It does not hold.
    False,
    /// It holds.
    True,
    /// It cannot be told.
    Unknown,
}

impl Truth {
    /// Both hold.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::True, Self::True) => Self::True,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
        }
    }

    /// At least one holds.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        self.negated().and(other.negated()).negated()
    }

    /// It does not hold.
    #[must_use]
    pub const fn negated(self) -> Self {
        match self {
            Self::False => Self::True,
            Self::True => Self::False,
            Self::Unknown => Self::Unknown,
        }
    }

    /// `True` or `False`.
    #[must_use]
    pub const fn of(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }

    /// `True` when it holds, otherwise unknown as long as `doubt`.
    pub(crate) const fn unless_doubt(holds: bool, doubt: bool) -> Self {
        match (holds, doubt) {
            (true, _) => Self::True,
            (false, true) => Self::Unknown,
            (false, false) => Self::False,
        }
    }

    /// Whether a rule with this answer counts as matching.
    ///
    /// INVARIANT: doubt never loosens. An unknown satisfies every rule but one that allows.
    #[must_use]
    pub const fn counts_for(self, effect: datafog_core::Verdict) -> bool {
        match self {
            Self::False => false,
            Self::True => true,
            Self::Unknown => !matches!(effect, datafog_core::Verdict::Allow),
        }
    }

    /// The word shown by `explain`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::False => "false",
            Self::True => "true",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Truth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Whether one or every item of several must satisfy a condition.
///
/// An action may have several operands, hosts or findings. A rule that stops something is meant
/// as soon as one of them fits; a rule that lets something through is meant only when all do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Which {
    Any,
    Every,
}

impl Which {
    /// Joins the answers for all items, no further than needed. No item satisfies neither.
    pub(crate) fn join(self, answers: impl Iterator<Item = Truth>) -> Truth {
        let mut joined = None;
        for answer in answers {
            let (so_far, settled) = match self {
                Self::Any => (joined.unwrap_or(Truth::False).or(answer), Truth::True),
                Self::Every => (joined.unwrap_or(Truth::True).and(answer), Truth::False),
            };
            if so_far == settled {
                return settled;
            }
            joined = Some(so_far);
        }
        joined.unwrap_or(Truth::False)
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Every => "every",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafog_core::Verdict;

    const ALL: [Truth; 3] = [Truth::False, Truth::True, Truth::Unknown];

    #[test]
    fn kleene_tables() {
        for one in ALL {
            assert_eq!(one.and(Truth::True), one);
            assert_eq!(one.and(Truth::False), Truth::False);
            assert_eq!(one.or(Truth::False), one);
            assert_eq!(one.or(Truth::True), Truth::True);
            assert_eq!(one.negated().negated(), one);
            for other in ALL {
                assert_eq!(one.and(other), other.and(one));
                assert_eq!(one.or(other), other.or(one));
            }
        }
        assert_eq!(Truth::Unknown.and(Truth::Unknown), Truth::Unknown);
    }

    #[test]
    fn doubt_counts_for_everything_but_allow() {
        let stricter = [Verdict::Redact, Verdict::Rewrite, Verdict::RequireApproval, Verdict::Deny];
        for effect in stricter {
            assert!(Truth::Unknown.counts_for(effect), "{effect}");
            assert!(Truth::True.counts_for(effect) && !Truth::False.counts_for(effect));
        }
        assert!(!Truth::Unknown.counts_for(Verdict::Allow));
        assert!(Truth::True.counts_for(Verdict::Allow));
    }

    #[test]
    fn nothing_satisfies_neither_quantifier() {
        assert_eq!(Which::Any.join(core::iter::empty()), Truth::False);
        assert_eq!(Which::Every.join(core::iter::empty()), Truth::False);
        assert_eq!(Which::Any.join(ALL.into_iter()), Truth::True);
        assert_eq!(Which::Every.join([Truth::True, Truth::Unknown].into_iter()), Truth::Unknown);
    }
}
