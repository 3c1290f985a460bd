//! What a store said a moment ago, so that not every request asks it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::store::Error;

/// How long something is taken for what the store said of it: what is revoked is refused so much
/// later at most, whoever revoked it.
pub(super) const FRESH: Duration = Duration::from_secs(1);

/// Most names that are remembered.
const MOST: usize = 4096;

/// What a store said, by name.
#[derive(Debug)]
pub(super) struct Known<T>(Mutex<HashMap<String, (Instant, Option<T>)>>);

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Known<T> {
    /// What the store says of that name, or said a moment ago.
    pub(super) async fn get(
        &self,
        name: &str,
        ask: impl Future<Output = Result<Option<T>, Error>>,
    ) -> Result<Option<T>, Error> {
        let remembered = self.all().get(name).cloned();
        if let Some((when, said)) = remembered
            && when.elapsed() < FRESH
        {
            return Ok(said);
        }
        let said = ask.await?;
        let mut all = self.all();
        if all.len() >= MOST {
            // Who tries names at random cannot make it grow.
            all.clear();
        }
        all.insert(name.to_owned(), (Instant::now(), said.clone()));
        Ok(said)
    }

    /// What was remembered of a name is asked for anew.
    pub(super) fn forget(&self, name: &str) {
        self.all().remove(name);
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, (Instant, Option<T>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
