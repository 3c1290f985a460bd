//! Finds out whose a credential is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use datafog_core::Digest;
use jiff::Timestamp;

use super::{Caller, Credential, Refused};
use crate::store::{Error, Role, Store, StoredKey};

/// How long a key is taken for what the store said of it: a revoked one is refused so much later at
/// most, whoever revoked it.
const FRESH: Duration = Duration::from_secs(1);

/// Most keys that are remembered.
const MOST: usize = 4096;

/// The shared token and the keys of a store.
#[derive(Debug)]
pub struct Keyring {
    store: Arc<dyn Store>,
    /// SHA-256 of the shared token.
    token: Option<[u8; 32]>,
    known: Mutex<HashMap<String, (Instant, Option<StoredKey>)>>,
}

impl Keyring {
    /// Of a store, and of the shared token, if there is one. An empty token is none.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, token: Option<&str>) -> Self {
        let token = token.map(str::trim).filter(|token| !token.is_empty());
        let token = token.map(|token| *Digest::of(token.as_bytes()).as_bytes());
        Self { store, token, known: Mutex::default() }
    }

    /// Who shows this.
    ///
    /// # Errors
    /// When the store cannot be read; inside, why nobody is let in.
    pub async fn caller(&self, shown: &Credential) -> Result<Result<Caller, Refused>, Error> {
        if self.token.is_some_and(|token| shown.has(&token)) {
            return Ok(Ok(Caller { role: Role::Admin, tenant: String::new(), key: None }));
        }
        let Some(id) = shown.key_id() else { return Ok(Err(Refused::Unknown)) };
        let now = Timestamp::now().as_microsecond();
        let key = self.key(id).await?;
        let holds = |key: &StoredKey| shown.has(&key.digest) && key.is_valid_at(now);
        Ok(key.filter(holds).map(of_key).ok_or(Refused::Unknown))
    }

    /// Whether the credential of somebody who was let in still holds.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn holds(&self, caller: &Caller) -> Result<bool, Error> {
        let Some(id) = &caller.key else { return Ok(true) };
        let now = Timestamp::now().as_microsecond();
        Ok(self.key(id).await?.is_some_and(|key| key.is_valid_at(now)))
    }

    /// What the store says of a key, or said a moment ago.
    async fn key(&self, id: &str) -> Result<Option<StoredKey>, Error> {
        let remembered = self.known().get(id).cloned();
        if let Some((when, key)) = remembered
            && when.elapsed() < FRESH
        {
            return Ok(key);
        }
        let key = self.store.key(id).await?;
        let mut known = self.known();
        if known.len() >= MOST {
            // Who tries ids at random cannot make it grow.
            known.clear();
        }
        known.insert(id.to_owned(), (Instant::now(), key.clone()));
        Ok(key)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<String, (Instant, Option<StoredKey>)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn of_key(key: StoredKey) -> Caller {
    Caller { role: key.role, tenant: key.tenant, key: Some(key.id) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::{Minted, mint};
    use crate::store::Sqlite;

    struct Place {
        _folder: tempfile::TempDir,
        store: Arc<dyn Store>,
    }

    fn place() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(Sqlite::open(&folder.path().join("store.db")).unwrap());
        Place { _folder: folder, store }
    }

    async fn added(place: &Place, role: Role, expires: Option<i64>) -> Minted {
        let minted = mint("laptop", (role, "north"), (0, expires)).unwrap();
        place.store.add_key(minted.stored.clone()).await.unwrap();
        minted
    }

    async fn ask(keyring: &Keyring, shown: &str) -> Result<Caller, Refused> {
        keyring.caller(&Credential::of(None, Some(shown)).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn a_key_is_its_holder_with_role_and_tenant() {
        let place = place();
        let minted = added(&place, Role::Viewer, None).await;
        let keyring = Keyring::new(Arc::clone(&place.store), None);
        let caller = ask(&keyring, minted.key.expose()).await.unwrap();
        assert_eq!((caller.role, &*caller.tenant), (Role::Viewer, "north"));
        assert_eq!(caller.key, Some(minted.stored.id));
    }

    #[tokio::test]
    async fn what_is_stored_of_a_key_lets_nobody_in() {
        let place = place();
        let minted = added(&place, Role::Admin, None).await;
        let keyring = Keyring::new(Arc::clone(&place.store), None);
        let digest = Digest::from_bytes(minted.stored.digest).to_string();
        let forged = format!("dfg_{}_{digest}", minted.stored.id);
        for shown in [&*minted.stored.id, &digest, &forged, "laptop", "north"] {
            assert_eq!(ask(&keyring, shown).await, Err(Refused::Unknown), "{shown}");
        }
    }

    #[tokio::test]
    async fn expired_and_revoked_keys_are_unknown() {
        let place = place();
        let expired = added(&place, Role::Agent, Some(1)).await;
        let revoked = added(&place, Role::Agent, None).await;
        assert!(place.store.revoke_key(&revoked.stored.id, 1).await.unwrap());
        let keyring = Keyring::new(Arc::clone(&place.store), None);
        for key in [&expired, &revoked] {
            assert_eq!(ask(&keyring, key.key.expose()).await, Err(Refused::Unknown));
        }
    }

    #[tokio::test]
    async fn a_key_that_is_revoked_meanwhile_is_refused_a_second_later() {
        let place = place();
        let minted = added(&place, Role::Agent, None).await;
        let keyring = Keyring::new(Arc::clone(&place.store), None);
        assert!(ask(&keyring, minted.key.expose()).await.is_ok());
        assert!(place.store.revoke_key(&minted.stored.id, 1).await.unwrap());
        tokio::time::sleep(FRESH).await;
        assert_eq!(ask(&keyring, minted.key.expose()).await, Err(Refused::Unknown));
    }

    #[tokio::test]
    async fn the_shared_token_is_an_admin_and_an_empty_one_is_nobody() {
        let place = place();
        let keyring = Keyring::new(Arc::clone(&place.store), Some("s3cret"));
        assert_eq!(ask(&keyring, "s3cret").await.map(|caller| caller.role), Ok(Role::Admin));
        assert_eq!(ask(&keyring, "s3cre").await, Err(Refused::Unknown));
        let none = Keyring::new(Arc::clone(&place.store), Some(" "));
        assert_eq!(ask(&none, "x").await, Err(Refused::Unknown));
    }
}
