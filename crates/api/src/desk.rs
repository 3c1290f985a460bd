//! A store at the command line: what a person does with it while no server need run.
//!
//! Each call waits on this thread. Moments are microseconds since 1970, UTC.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime::{Builder, Runtime};

use crate::identity::{Minted, mint};
use crate::store::{self, Place, Role, Store, StoredKey, Verified};

/// An open store.
#[derive(Debug)]
pub struct Desk {
    runtime: Runtime,
    store: Arc<dyn Store>,
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system gives no threads or no random bytes.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// A moment in microseconds since 1970 as a person reads it, in seconds (RFC 3339).
#[must_use]
pub fn moment(microseconds: i64) -> String {
    let moment = Timestamp::from_microsecond(microseconds);
    moment.map_or_else(|_| String::from("(no time)"), |moment| format!("{moment:.0}"))
}

impl Desk {
    /// Opens the store there.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(place: &Place) -> Result<Self, Error> {
        let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
        let store = runtime.block_on(place.open())?;
        Ok(Self { runtime, store })
    }

    /// Makes a key, which is void after `lasting`, where that is given.
    ///
    /// # Errors
    /// When it cannot be made or stored.
    pub fn create_key(
        &self,
        name: &str,
        (role, tenant): (Role, &str),
        lasting: Option<Duration>,
    ) -> Result<Minted, Error> {
        let now = Timestamp::now().as_microsecond();
        let until = |lasting: Duration| {
            now.saturating_add(i64::try_from(lasting.as_micros()).unwrap_or(i64::MAX))
        };
        let minted = mint(name, (role, tenant), (now, lasting.map(until)))?;
        self.runtime.block_on(self.store.add_key(minted.stored.clone()))?;
        Ok(minted)
    }

    /// Every key, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn keys(&self) -> Result<Vec<StoredKey>, Error> {
        Ok(self.runtime.block_on(self.store.keys())?)
    }

    /// Revokes a key; whether it was in force.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn revoke_key(&self, id: &str) -> Result<bool, Error> {
        let now = Timestamp::now().as_microsecond();
        Ok(self.runtime.block_on(self.store.revoke_key(id, now))?)
    }

    /// Reads the whole chain.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn verify(&self) -> Result<Verified, Error> {
        Ok(self.runtime.block_on(self.store.verify())?)
    }
}
