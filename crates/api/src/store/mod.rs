//! Where the server keeps what it must not lose: decisions, events, answers, keys.
//!
//! One trait, [`Store`], and two implementations that one suite of tests holds to the same
//! behaviour: [`Sqlite`], the default, a file beside the ledger; and [`Postgres`], which several
//! replicas share.
//!
//! INVARIANT: what a method that writes has returned `Ok` for is on the disk. Many writers share one
//! commit, and each is told after it. Entries are only ever added, each line holds the hash of the
//! line before it, and both databases refuse to change or remove one.
//!
//! No value that was found is here: lines are events as the gate wrote them
//! ([`datafog_core::Event`]), keys are digests.

mod account;
#[cfg(test)]
mod accounts;
mod approvals;
mod chain;
mod channel;
#[cfg(test)]
mod channels;
#[cfg(test)]
mod contract;
mod counter;
mod entry;
mod error;
#[cfg(test)]
mod held;
mod key;
mod mark;
#[cfg(test)]
mod marks;
mod permission;
mod place;
#[cfg(test)]
mod policies;
mod policy;
mod postgres;
mod sql;
mod sqlite;

use core::fmt::Debug;

use async_trait::async_trait;
use datafog_approval::Record;
use tokio::sync::watch;

pub use account::{Account, Login, PasswordHash};
pub use approvals::{Within, Work, within};
pub use chain::{Flaw, Verified};
pub use channel::{Delivery, DeliveryState, Post, StoredChannel};
pub use counter::{Counter, Drawn};
pub use entry::{Entry, NewEntry, Page, Query, Tally};
pub use error::Error;
pub use key::{Bounds, KeyMode, Role, StoredKey};
pub use mark::{Mark, MarkState};
pub use permission::Permission;
pub use place::Place;
pub use policy::{NewPolicy, PolicyVersion};
pub use postgres::Postgres;
pub use sqlite::Sqlite;

/// What is stored in one step: an entry, an answer, or both.
#[derive(Clone, Debug, Default)]
pub struct Write {
    /// A line for the chain.
    pub entry: Option<NewEntry>,
    /// The answer that a repeated request gets. Where an earlier one stands under the same name,
    /// nothing at all is stored, unless this one replaces it.
    pub answer: Option<NewAnswer>,
}

/// What came of a [`Write`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Written {
    /// Nothing was stored: this answer was given before under the same name.
    Earlier(Answer),
    /// It is stored; the number of its line, when it has one.
    Stored(Option<u64>),
}

/// An answer to be given again.
#[derive(Clone, Debug)]
pub struct NewAnswer {
    /// What the caller's key is unique within: the route, the tenant and who asks.
    pub scope: String,
    /// The caller's key.
    pub key: String,
    /// The answer.
    pub answer: Answer,
    /// Whether it takes the place of an earlier one, which otherwise stands.
    pub replaces: bool,
    /// When, in microseconds since 1970, UTC.
    pub at: i64,
}

/// An answer that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Keyed digest of what was asked: another request under the same key is a conflict.
    pub question: [u8; 32],
    /// The body that was sent.
    pub body: Vec<u8>,
}

/// A store.
#[async_trait]
pub trait Store: Post + Debug + Send + Sync {
    /// Stores `write` whole or not at all, and returns when it is on the disk.
    ///
    /// # Errors
    /// When it cannot be stored; then nothing is. [`Error::Exists`] when an entry has that id.
    async fn write(&self, write: Write) -> Result<Written, Error>;

    /// Changes when the chain grew, by this process or, as far as the store can tell, by another that
    /// shares it. Who needs to know looks by itself now and then besides.
    fn grown(&self) -> watch::Receiver<()>;

    /// Where several servers share the store, what counts for all of them. Who shares with nobody counts
    /// by itself.
    fn counter(&self) -> Option<&dyn Counter>;

    /// The answer that was given under this name.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn answer(&self, scope: &str, key: &str) -> Result<Option<Answer>, Error>;

    /// Forgets answers given before the moment, in microseconds since 1970; how many.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn forget_answers(&self, before: i64) -> Result<u64, Error>;

    /// The entry of that id, if the tenant has one; any tenant's for `None`.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn entry(&self, tenant: Option<&str>, id: &str) -> Result<Option<Entry>, Error>;

    /// The tenant whose entry or request for approval that id is, if there is any.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn tenant_of(&self, id: &str) -> Result<Option<String>, Error>;

    /// Entries, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn entries(&self, query: &Query) -> Result<Page, Error>;

    /// The number of the last entry; 0 when there is none.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn head(&self) -> Result<u64, Error>;

    /// Entries after that number with their tenants, oldest first; so many as one round can take.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn tail(&self, after: u64) -> Result<Vec<(String, Entry)>, Error>;

    /// How often each verdict was given, in order of name: of the tenant's entries of a kind, later
    /// than the moment in microseconds since 1970. It reads their lines.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn tally(&self, tenant: &str, kind: &str, after: i64) -> Result<Vec<Tally>, Error>;

    /// Reads the whole chain and compares everything that can be compared.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn verify(&self) -> Result<Verified, Error>;

    /// Does `work` on the tenant's approvals in one transaction; nobody else writes meanwhile. What
    /// it did is undone when it fails. [`within`] is the same for work that returns something.
    ///
    /// # Errors
    /// What the work fails of; when the store cannot be written.
    async fn within(&self, tenant: &str, work: Work) -> Result<(), Error>;

    /// The request for approval of that id, if the tenant has one.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn approval(&self, tenant: &str, id: &str) -> Result<Option<Record>, Error>;

    /// Requests for approval, newest first. `state` is that of their last change: what was not
    /// answered or used in time may still stand as it did.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn approvals(
        &self,
        tenant: &str,
        state: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Record>, Error>;

    /// How many of the tenant's requests wait at the moment, in milliseconds since 1970.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn waiting(&self, tenant: &str, now: i64) -> Result<u64, Error>;

    /// Tenants and ids of requests that nobody answered before the moment, in milliseconds since
    /// 1970; so many as one round can take.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn overdue(&self, now: i64) -> Result<Vec<(String, String)>, Error>;

    /// Forgets requests whose time was over before the moment, in milliseconds since 1970; how many.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn forget_approvals(&self, before: i64) -> Result<u64, Error>;

    /// Adds a key.
    ///
    /// # Errors
    /// [`Error::Exists`] when there is one of that id; when the store cannot be written.
    async fn add_key(&self, key: StoredKey) -> Result<(), Error>;

    /// The key of that id, revoked and expired ones too.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn key(&self, id: &str) -> Result<Option<StoredKey>, Error>;

    /// Every key, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn keys(&self) -> Result<Vec<StoredKey>, Error>;

    /// The names of policies that keys have which hold at the moment, in microseconds since 1970.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn key_policies(&self, now: i64) -> Result<Vec<String>, Error>;

    /// Revokes a key from the moment on, in microseconds since 1970; whether it was in force. The
    /// first revocation stands.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn revoke_key(&self, id: &str, at: i64) -> Result<bool, Error>;

    /// Adds somebody who may log in.
    ///
    /// # Errors
    /// [`Error::Exists`] when there is one of that login; when the store cannot be written.
    async fn add_account(&self, account: Account) -> Result<(), Error>;

    /// Who logs in by that name, disabled ones too.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn account(&self, login: &Login) -> Result<Option<Account>, Error>;

    /// Everybody who may log in or might, by login.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn accounts(&self) -> Result<Vec<Account>, Error>;

    /// Changes somebody into what is given, whose epoch is one more than before; whether it was. Of
    /// two who change the same at once the first does.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn change_account(&self, changed: Account) -> Result<bool, Error>;

    /// Adds a version of the policy together with its line in the chain; its number.
    ///
    /// # Errors
    /// When it cannot be stored; then neither is.
    async fn add_policy(&self, policy: NewPolicy, entry: NewEntry) -> Result<u64, Error>;

    /// A version with its text.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn policy(&self, number: u64) -> Result<Option<PolicyVersion>, Error>;

    /// Versions without their texts, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn policies(&self, limit: u32) -> Result<Vec<PolicyVersion>, Error>;

    /// Puts the last word on a value that was found, together with its line in the chain.
    ///
    /// # Errors
    /// When it cannot be stored; then neither is.
    async fn set_mark(&self, tenant: &str, mark: Mark, entry: NewEntry) -> Result<(), Error>;

    /// The last words on values of the tenant, the newest ten thousand.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn marks(&self, tenant: &str) -> Result<Vec<Mark>, Error>;

    /// Ends a visit to the dashboard, together with its line in the chain. By itself it would end at
    /// `until`, in seconds since 1970.
    ///
    /// # Errors
    /// When it cannot be stored; then neither is.
    async fn end_visit(&self, visit: &str, until: i64, entry: NewEntry) -> Result<(), Error>;

    /// Whether a visit was ended before its time.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn has_ended(&self, visit: &str) -> Result<bool, Error>;

    /// Forgets visits whose time was over before the moment, in seconds since 1970; how many.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn forget_visits(&self, before: i64) -> Result<u64, Error>;
}
