//! Finds out whose a credential is.

use std::sync::Arc;

use datafog_core::Digest;
use jiff::Timestamp;

use super::known::Known;
use super::{Caller, Credential, Refused, Session, Sessions, Visit, Visited, Visitor};
use crate::store::{Account, Bounds, Error, Login, NewEntry, Store, StoredKey};

/// The shared token, the keys of a store, and who logged in.
#[derive(Debug)]
pub struct Keyring {
    store: Arc<dyn Store>,
    sessions: Sessions,
    /// SHA-256 of the shared token.
    token: Option<[u8; 32]>,
    keys: Known<StoredKey>,
    accounts: Known<Account>,
    /// The names of policies that keys have.
    policies: Known<Vec<String>>,
    /// Visits that were ended, by name.
    ended: Known<()>,
}

impl Keyring {
    /// Of a store, of whoever logs in, and of the shared token, if there is one. An empty token is
    /// none.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, sessions: Sessions, token: Option<&str>) -> Self {
        let token = token.map(str::trim).filter(|token| !token.is_empty());
        let token = token.map(|token| *Digest::of(token.as_bytes()).as_bytes());
        let (keys, accounts) = (Known::default(), Known::default());
        let (policies, ended) = (Known::default(), Known::default());
        Self { store, sessions, token, keys, accounts, policies, ended }
    }

    /// What is given to whoever logs in.
    pub(crate) const fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// Who shows this.
    ///
    /// # Errors
    /// When the store cannot be read; inside, why nobody is let in.
    pub async fn caller(&self, shown: &Credential) -> Result<Result<Caller, Refused>, Error> {
        if self.token.is_some_and(|token| shown.has(&token)) {
            return Ok(Ok(Caller::sharing()));
        }
        let found = match (shown.key_id(), shown.session()) {
            (Some(id), _) => self.of_key(shown, id).await?,
            (None, Some(token)) => self.of_session(token).await?,
            (None, None) => None,
        };
        Ok(found.ok_or(Refused::Unknown))
    }

    async fn of_key(&self, shown: &Credential, id: &str) -> Result<Option<Caller>, Error> {
        let Some(key) = self.key(id).await?.filter(|key| shown.has(&key.digest)) else {
            return Ok(None);
        };
        let is_valid = self.is_valid(&key).await?;
        Ok(is_valid.then(|| holder(key)))
    }

    async fn of_session(&self, token: &str) -> Result<Option<Caller>, Error> {
        let Some(session) = self.sessions.read(token) else { return Ok(None) };
        self.of_person(session).await
    }

    async fn of_person(&self, session: Session) -> Result<Option<Caller>, Error> {
        let account = self.account(&session.login).await?;
        Ok(account.filter(|account| stands(account, &session)).map(|account| Caller {
            role: account.role,
            tenant: account.tenant,
            key: None,
            session: Some(session),
            bounds: Bounds::default(),
            visit: None,
        }))
    }

    /// What a browser may be given whose person showed this: who they are there. `None` for somebody
    /// who came in by another way than a key or the shared token.
    pub(crate) fn visitor(&self, shown: &Caller) -> Option<Visitor> {
        match (&shown.session, &shown.key) {
            (Some(session), _) => Some(Visitor::Person(session.login.to_string(), session.epoch)),
            (None, Some(key)) => Some(Visitor::Key(key.clone())),
            (None, None) => self.shared().map(Visitor::Shared),
        }
    }

    /// Who visits the dashboard with this, if it still holds.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn visiting(&self, token: &str) -> Result<Option<Caller>, Error> {
        let Some(Visited { id, who: visitor, since, until }) = self.sessions.visitor(token) else {
            return Ok(None);
        };
        if self.has_ended(&id).await? {
            return Ok(None);
        }
        let local = match &visitor {
            Visitor::Local(name) => Some(name.clone()),
            Visitor::Key(_) | Visitor::Person(..) | Visitor::Shared(_) => None,
        };
        let found = match visitor {
            // What they may do is the shared token's; what they are called is their own.
            Visitor::Local(_) => Some(Caller::sharing()),
            Visitor::Key(id) => match self.key(&id).await? {
                Some(key) if self.is_valid(&key).await? => Some(holder(key)),
                Some(_) | None => None,
            },
            Visitor::Person(login, epoch) => match Login::new(&login) {
                Ok(login) => self.of_person(Session { login, epoch, since, until }).await?,
                Err(_) => None,
            },
            Visitor::Shared(mark) => {
                self.shared().filter(|now| *now == mark).map(|_| Caller::sharing())
            }
        };
        Ok(found.map(|caller| Caller { visit: Some(Visit { id, until, local }), ..caller }))
    }

    /// Ends a visit at once on this server, and within a second on those that share its store.
    ///
    /// # Errors
    /// When it cannot be stored; then the visit goes on.
    pub(crate) async fn end(&self, visit: &Visit, entry: NewEntry) -> Result<(), Error> {
        self.store.end_visit(&visit.id, visit.until, entry).await?;
        self.ended.forget(&visit.id);
        Ok(())
    }

    async fn has_ended(&self, visit: &str) -> Result<bool, Error> {
        let ask = async { Ok(self.store.has_ended(visit).await?.then_some(())) };
        Ok(self.ended.get(visit, ask).await?.is_some())
    }

    /// Which shared token it is, told to nobody but who showed it.
    fn shared(&self) -> Option<String> {
        self.token.map(|token| Digest::of(&token).to_string())
    }

    /// Whether the credential of somebody who was let in still holds.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn holds(&self, caller: &Caller) -> Result<bool, Error> {
        let now = Timestamp::now().as_second();
        if let Some(visit) = &caller.visit
            && (visit.until <= now || self.has_ended(&visit.id).await?)
        {
            return Ok(false);
        }
        if let Some(session) = &caller.session {
            let account = self.account(&session.login).await?;
            let is_over = session.until <= now;
            return Ok(!is_over && account.is_some_and(|account| stands(&account, session)));
        }
        let Some(id) = &caller.key else { return Ok(true) };
        match self.key(id).await? {
            Some(key) => self.is_valid(&key).await,
            None => Ok(false),
        }
    }

    /// Whether a key holds, and so do the key that it was made of and the person whose it is.
    async fn is_valid(&self, key: &StoredKey) -> Result<bool, Error> {
        let now = Timestamp::now().as_microsecond();
        let parent = match &key.bounds.parent {
            Some(parent) => self.key(parent).await?,
            None => None,
        };
        let of_parent = parent.as_ref().map(|parent| parent.is_valid_at(now));
        let owned = [Some(key), parent.as_ref()];
        for owner in owned.into_iter().flatten().filter_map(|key| key.bounds.owner.as_ref()) {
            let Ok(login) = Login::new(owner) else { return Ok(false) };
            if self.account(&login).await?.is_none_or(|account| account.disabled.is_some()) {
                return Ok(false);
            }
        }
        Ok(key.is_valid_at(now) && of_parent.unwrap_or_else(|| key.bounds.parent.is_none()))
    }

    /// The names of policies that keys have which hold.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn policies(&self) -> Result<Vec<String>, Error> {
        let now = Timestamp::now().as_microsecond();
        let ask = async { self.store.key_policies(now).await.map(Some) };
        Ok(self.policies.get("", ask).await?.unwrap_or_default())
    }

    async fn key(&self, id: &str) -> Result<Option<StoredKey>, Error> {
        self.keys.get(id, self.store.key(id)).await
    }

    async fn account(&self, login: &Login) -> Result<Option<Account>, Error> {
        self.accounts.get(login.as_str(), self.store.account(login)).await
    }
}

/// Whoever holds a key.
fn holder(key: StoredKey) -> Caller {
    let StoredKey { id, role, tenant, bounds, .. } = key;
    Caller { role, tenant, key: Some(id), session: None, bounds, visit: None }
}

/// Whether nothing was changed of somebody since they logged in.
fn stands(account: &Account, session: &Session) -> bool {
    account.disabled.is_none() && account.epoch == session.epoch
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::identity::known::FRESH;
    use crate::identity::{Minted, mint};
    use crate::store::{PasswordHash, Role, Sqlite};

    struct Place {
        _folder: tempfile::TempDir,
        store: Arc<dyn Store>,
    }

    fn place() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(Sqlite::open(&folder.path().join("store.db")).unwrap());
        Place { _folder: folder, store }
    }

    fn keyring(place: &Place, token: Option<&str>) -> Keyring {
        let sessions = Sessions::new(&[7; 32], Duration::from_secs(60));
        Keyring::new(Arc::clone(&place.store), sessions, token)
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
        let keyring = keyring(&place, None);
        let caller = ask(&keyring, minted.key.expose()).await.unwrap();
        assert_eq!((caller.role, &*caller.tenant), (Role::Viewer, "north"));
        assert_eq!(caller.key, Some(minted.stored.id));
    }

    #[tokio::test]
    async fn what_is_stored_of_a_key_lets_nobody_in() {
        let place = place();
        let minted = added(&place, Role::Admin, None).await;
        let keyring = keyring(&place, None);
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
        let keyring = keyring(&place, None);
        for key in [&expired, &revoked] {
            assert_eq!(ask(&keyring, key.key.expose()).await, Err(Refused::Unknown));
        }
    }

    #[tokio::test]
    async fn a_key_that_is_revoked_meanwhile_is_refused_a_second_later() {
        let place = place();
        let minted = added(&place, Role::Agent, None).await;
        let keyring = keyring(&place, None);
        assert!(ask(&keyring, minted.key.expose()).await.is_ok());
        assert!(place.store.revoke_key(&minted.stored.id, 1).await.unwrap());
        tokio::time::sleep(FRESH).await;
        assert_eq!(ask(&keyring, minted.key.expose()).await, Err(Refused::Unknown));
    }

    #[tokio::test]
    async fn the_shared_token_is_an_admin_and_an_empty_one_is_nobody() {
        let place = place();
        let shared = keyring(&place, Some("s3cret"));
        assert_eq!(ask(&shared, "s3cret").await.map(|caller| caller.role), Ok(Role::Admin));
        assert_eq!(ask(&shared, "s3cre").await, Err(Refused::Unknown));
        let none = keyring(&place, Some(" "));
        assert_eq!(ask(&none, "x").await, Err(Refused::Unknown));
    }

    async fn ann(place: &Place) -> Account {
        let account = Account {
            login: Login::new("ann@example.com").unwrap(),
            name: "Ann".into(),
            role: Role::Approver,
            tenant: "north".into(),
            password: PasswordHash::new(String::new()),
            epoch: 3,
            created: 0,
            disabled: None,
        };
        place.store.add_account(account.clone()).await.unwrap();
        account
    }

    #[tokio::test]
    async fn who_logged_in_is_let_in_until_something_of_them_changes() {
        let place = place();
        let ann = ann(&place).await;
        let before = keyring(&place, None);
        let token = before.sessions().issue(&ann, Timestamp::now().as_second()).unwrap().token;
        let caller = ask(&before, token.expose()).await.unwrap();
        assert_eq!((caller.role, &*caller.tenant), (Role::Approver, "north"));
        assert_eq!(caller.name(), "user ann@example.com");
        assert!(before.holds(&caller).await.unwrap());
        let changed = Account { epoch: 4, ..ann };
        assert!(place.store.change_account(changed).await.unwrap());
        let after = keyring(&place, None);
        assert_eq!(ask(&after, token.expose()).await, Err(Refused::Unknown));
        assert!(!after.holds(&caller).await.unwrap());
    }

    #[tokio::test]
    async fn a_key_ends_with_the_key_that_it_was_made_of_and_with_its_owner() {
        let place = place();
        let account = ann(&place).await;
        let parent = added(&place, Role::Agent, None).await;
        let bound = async |bounds: Bounds| {
            let minted = mint("x", (Role::Agent, "north"), (0, None)).unwrap().within(bounds);
            place.store.add_key(minted.stored.clone()).await.unwrap();
            minted.key
        };
        let of_key = Bounds { parent: Some(parent.stored.id.clone()), ..Bounds::default() };
        let child = bound(of_key).await;
        let orphan = Bounds { parent: Some("00000000".into()), ..Bounds::default() };
        let orphan = bound(orphan).await;
        let owned = Bounds { owner: Some(account.login.to_string()), ..Bounds::default() };
        let owned = bound(owned).await;
        let now = keyring(&place, None);
        assert!(ask(&now, child.expose()).await.is_ok() && ask(&now, owned.expose()).await.is_ok());
        assert_eq!(ask(&now, orphan.expose()).await, Err(Refused::Unknown));
        assert!(place.store.revoke_key(&parent.stored.id, 1).await.unwrap());
        let disabled = Account { epoch: 4, disabled: Some(1), ..account };
        assert!(place.store.change_account(disabled).await.unwrap());
        let later = keyring(&place, None);
        for key in [child, owned] {
            assert_eq!(ask(&later, key.expose()).await, Err(Refused::Unknown));
        }
    }
}
