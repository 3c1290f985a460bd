//! Recorded calls, judged again by what is in force now.

use datafog_core::Event;
use datafog_policy::Explanation;

use super::Judge;
use crate::state::State;
use crate::{Replay, Unreplayable};

impl Judge<'_> {
    /// What receipts of this installation are judged again with.
    #[must_use]
    pub fn replay(&self) -> Replay {
        let root = self.layout.root();
        // An installation in its usual place stands in the home that recorded paths mean.
        let is_usual = root.file_name().is_some_and(|name| name == ".datafog");
        let home = root.parent().filter(|_| is_usual);
        let state = State::load(&self.layout, self.own, self.user, &self.open.key);
        Replay::new(home.map(Into::into), root.to_owned(), state.custom)
    }

    /// What every rule of the policy in force says to a recorded call, and why.
    ///
    /// # Errors
    /// Why that cannot be told from the receipt.
    pub fn explain_again(&self, event: &Event) -> Result<Explanation, Unreplayable> {
        let replay = self.replay();
        let facts = replay.facts(event)?;
        Ok(self.policy().explain(&facts))
    }
}
