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
        // Recorded paths mean the home of whoever the installation is for.
        let home = datafog_config::home_of(self.user);
        let state = State::load(&self.layout, self.own, self.user, &self.open.key);
        Replay::new(home, self.layout.root().to_owned(), state.custom)
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
