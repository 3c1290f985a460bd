//! A store at the command line: what a person does with it while no server need run.
//!
//! Each call waits on this thread. Moments are microseconds since 1970, UTC.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use datafog_core::{Key, Secret};
use datafog_gate::Judge;
use jiff::Timestamp;
use tokio::runtime::{Builder, Runtime};

use crate::identity::{Minted, mint, password};
use crate::server::arguments::Arguments;
use crate::server::context::Stored;
use crate::server::noted::Noted;
use crate::store::{
    self, Account, Bounds, Login, Place, Role, Store, StoredChannel, StoredKey, Verified, Write,
};
use crate::tell::seal::Sealer;
use crate::tell::send::{form, whom};

/// An open store.
#[derive(Debug)]
pub struct Desk {
    runtime: Runtime,
    store: Arc<dyn Store>,
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What is to stand in the chain cannot be said.
    #[error(transparent)]
    Gate(#[from] datafog_gate::Error),
    /// The system gives no threads or no random bytes.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The password is not one that is taken.
    #[error("{0}")]
    Password(String),
    /// What is to be compared is no table of JSON.
    #[error("line {0}, column {1}: arguments are one table of JSON in which no name stands twice")]
    Arguments(usize, usize),
    /// The line is about no call of a tool.
    #[error("no arguments of a tool were recorded with it")]
    NoArguments,
    /// There is no such line.
    #[error("the store has no line of that id")]
    NoLine,
    /// A channel's secrets open with neither key.
    #[error("the secrets of the channel {0} open with neither key")]
    Sealed(String),
    /// Nobody logs in by that name.
    #[error("nobody logs in as `{0}`")]
    Nobody(Login),
}

/// What is changed of somebody who logs in.
#[derive(Debug)]
pub enum Change {
    /// Whether they may log in.
    Disabled(bool),
    /// Nothing but that whatever was issued to them is void.
    Ended,
    /// Their password.
    Password(Secret<String>),
    /// What they may do.
    Role(Role),
}

/// How many channels were encrypted under another key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rekeyed {
    /// Those that were.
    pub changed: usize,
    /// Those that were under it already.
    pub kept: usize,
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

    /// Puts a line into the chain of a tenant about what the user `person` of this machine is about to do, and
    /// more of it, as the server does for what is done over it.
    ///
    /// # Errors
    /// When it cannot be made or stored.
    pub fn note(
        &self,
        judge: &Judge<'_>,
        (person, tenant): (&str, &str),
        (what, reason): (String, String),
    ) -> Result<(), Error> {
        let noted = Noted::at_hand(person, tenant, what, reason);
        let event = noted.event(judge)?;
        let entry = Some(noted.line(&event)?);
        let written = self.runtime.block_on(self.store.write(Write { entry, answer: None }));
        Ok(written.map(drop)?)
    }

    /// Makes a key, which is void after `lasting`, where that is given.
    ///
    /// # Errors
    /// When it cannot be made or stored.
    pub fn create_key(
        &self,
        name: &str,
        (role, tenant): (Role, &str),
        (lasting, bounds): (Option<Duration>, Bounds),
    ) -> Result<Minted, Error> {
        self.runtime.block_on(create_key(&*self.store, name, (role, tenant), (lasting, bounds)))
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

    /// Adds somebody who logs in.
    ///
    /// # Errors
    /// When the password is not taken, somebody has the login, or the store cannot be written.
    pub fn add_account(
        &self,
        (login, name): (&Login, &str),
        (role, tenant): (Role, &str),
        password: &Secret<String>,
    ) -> Result<(), Error> {
        let (who, what) = ((login, name), (role, tenant));
        self.runtime.block_on(add_account(&*self.store, who, what, password))
    }

    /// Everybody who logs in, by login.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn accounts(&self) -> Result<Vec<Account>, Error> {
        Ok(self.runtime.block_on(self.store.accounts())?)
    }

    /// Changes somebody; whatever was issued to them before is void. Whether there was anything to
    /// change.
    ///
    /// # Errors
    /// When nobody has the login, the password is not taken, or the store cannot be written.
    pub fn change_account(&self, login: &Login, change: Change) -> Result<bool, Error> {
        self.runtime.block_on(change_account(&*self.store, login, change))
    }

    /// Whether a call of a tool that the chain tells of had these arguments (JSON), by their digests alone.
    ///
    /// # Errors
    /// When there is no such line, it is about no call of a tool, the text is no table, or the store cannot
    /// be read.
    pub fn had_arguments(&self, key: &Key, id: &str, text: &[u8]) -> Result<bool, Error> {
        let arguments: Arguments = serde_json::from_slice(text).map_err(|error| {
            // What stands there is not told, only where.
            Error::Arguments(error.line(), error.column())
        })?;
        let entry = self.runtime.block_on(self.store.entry(None, id))?;
        let line = entry.map(|entry| Stored::of(&entry)).transpose();
        let line = line.map_err(|error| store::Error::Form(error.to_string()))?;
        match line.map(|line| line.server.args_hash) {
            Some(known) if known.is_empty() => Err(Error::NoArguments),
            Some(known) => Ok(known == arguments.digest(key).to_string()),
            None => Err(Error::NoLine),
        }
    }

    /// Encrypts the secrets of channels under the key `new` that were encrypted under `old`, each with its line
    /// in the chain. What is under `new` already stays, so that this can be done again after it was broken
    /// off.
    ///
    /// # Errors
    /// When one opens with neither key, before anything is changed; when somebody else changed one meanwhile;
    /// when the store cannot be written.
    pub fn rekey(
        &self,
        judge: &Judge<'_>,
        person: &str,
        (old, new): (Secret<String>, Arc<Secret<String>>),
    ) -> Result<Rekeyed, Error> {
        let (old, new) = (Sealer::new(Arc::new(old)), Sealer::new(new));
        let (mut again, mut kept) = (Vec::new(), 0_usize);
        for channel in self.runtime.block_on(self.store.channels())? {
            let Some(sealed) = &channel.sealed else { continue };
            let whom = whom(&channel.id, &channel.tenant);
            if new.open(&whom, sealed).is_ok() {
                kept = kept.saturating_add(1);
                continue;
            }
            let plain = old.open(&whom, sealed).map_err(|_| Error::Sealed(named(&channel)))?;
            again.push((channel, whom, plain));
        }
        let changed = again.len();
        for (channel, whom, plain) in again {
            let sealed = new.seal(&whom, plain.expose()).map_err(io::Error::other)?;
            let reason = String::from("its secrets are under another key");
            let what = format!("encrypt channel {} anew", named(&channel));
            let noted = Noted::at_hand(person, &channel.tenant, what, reason);
            let event = noted.event(judge)?;
            let entry = noted.line(&event)?;
            let epoch = channel.epoch.saturating_add(1);
            let channel = StoredChannel { sealed: Some(sealed), epoch, ..channel };
            self.runtime.block_on(self.store.set_channel(channel, entry))?;
        }
        Ok(Rekeyed { changed, kept })
    }

    /// Reads the whole chain.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn verify(&self) -> Result<Verified, Error> {
        Ok(self.runtime.block_on(self.store.verify())?)
    }
}

/// What a channel is called.
fn named(channel: &StoredChannel) -> String {
    form(channel).map_or_else(|_| channel.id.clone(), |form| format!("`{}`", form.name))
}

/// Makes a key, which is void after `lasting`, where that is given.
pub(crate) async fn create_key(
    store: &dyn Store,
    name: &str,
    (role, tenant): (Role, &str),
    (lasting, bounds): (Option<Duration>, Bounds),
) -> Result<Minted, Error> {
    let now = Timestamp::now().as_microsecond();
    let until = |lasting: Duration| {
        now.saturating_add(i64::try_from(lasting.as_micros()).unwrap_or(i64::MAX))
    };
    if let Some(owner) = &bounds.owner {
        account(store, owner).await?;
    }
    let minted = mint(name, (role, tenant), (now, lasting.map(until)))?.within(bounds);
    store.add_key(minted.stored.clone()).await?;
    Ok(minted)
}

/// Adds somebody who logs in.
pub(crate) async fn add_account(
    store: &dyn Store,
    (login, name): (&Login, &str),
    (role, tenant): (Role, &str),
    password: &Secret<String>,
) -> Result<(), Error> {
    Ok(store.add_account(new_account((login, name), (role, tenant), password)?).await?)
}

/// Somebody who logs in, not stored yet.
pub(crate) fn new_account(
    (login, name): (&Login, &str),
    (role, tenant): (Role, &str),
    password: &Secret<String>,
) -> Result<Account, Error> {
    Ok(Account {
        login: login.clone(),
        name: name.to_owned(),
        role,
        tenant: tenant.to_owned(),
        password: password::hash(password).map_err(Error::Password)?,
        epoch: 1,
        created: Timestamp::now().as_microsecond(),
        disabled: None,
    })
}

/// Changes somebody; whatever was issued to them before is void. Whether there was anything to change.
pub(crate) async fn change_account(
    store: &dyn Store,
    login: &Login,
    change: Change,
) -> Result<bool, Error> {
    let mut account = account(store, login.as_str()).await?;
    match change {
        Change::Disabled(is_so) if account.disabled.is_some() == is_so => return Ok(false),
        Change::Disabled(is_so) => {
            account.disabled = is_so.then(|| Timestamp::now().as_microsecond());
        }
        Change::Ended => {}
        Change::Role(role) if account.role == role => return Ok(false),
        Change::Role(role) => account.role = role,
        Change::Password(new) => {
            account.password = password::hash(&new).map_err(Error::Password)?;
        }
    }
    account.epoch = account.epoch.saturating_add(1);
    Ok(store.change_account(account).await?)
}

async fn account(store: &dyn Store, login: &str) -> Result<Account, Error> {
    let login = Login::new(login).map_err(store::Error::Form)?;
    store.account(&login).await?.ok_or(Error::Nobody(login))
}
