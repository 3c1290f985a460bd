//! The proof that something was recorded before it is done.

use datafog_core::{Id, Mode};

/// A value whose receipt stands in the ledger.
///
/// INVARIANT: made only by [`Ledger::record`](crate::Ledger::record), after the receipt was
/// written, and by [`Recorded::waived`], which refuses in enforced mode. What carries a decision
/// out takes a `Recorded`, so nothing runs that was not first recorded.
#[derive(Debug)]
#[must_use]
pub struct Recorded<T> {
    value: T,
    receipt: Option<Id>,
}

impl<T> Recorded<T> {
    pub(crate) const fn new(value: T, receipt: Id) -> Self {
        Self { value, receipt: Some(receipt) }
    }

    /// Lets `value` pass in observe mode although its receipt could not be written. The failure to
    /// write it is the caller's evidence that it was tried. `None` in enforced mode: there, what is
    /// not recorded is not done.
    #[must_use]
    pub fn waived(value: T, mode: Mode, _failure: &dyn core::error::Error) -> Option<Self> {
        match mode {
            Mode::Observe => Some(Self { value, receipt: None }),
            Mode::Enforced => None,
        }
    }

    /// Id of the receipt; `None` when it was waived.
    #[must_use]
    pub const fn receipt_id(&self) -> Option<Id> {
        self.receipt
    }

    /// The value itself.
    pub const fn value(&self) -> &T {
        &self.value
    }

    /// Gives the value up to be carried out.
    pub fn into_inner(self) -> T {
        self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    #[test]
    fn only_observe_mode_waives_a_receipt() {
        let failure = Error::Full("ledger".into());
        assert!(Recorded::waived("run", Mode::Enforced, &failure).is_none());
        let waived = Recorded::waived("run", Mode::Observe, &failure).unwrap();
        assert_eq!((waived.receipt_id(), waived.into_inner()), (None, "run"));
    }
}
