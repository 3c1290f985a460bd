//! A store in one SQLite file: what `datafog serve` has without being told anything.
//!
//! One thread writes. It takes whatever waits, up to [`sql::MOST`] writes, into one transaction, so
//! that a hundred callers share one wait for the disk. What fails is undone alone: it is one statement,
//! or has a savepoint of its own. Readers have connections of their own and see only what is committed
//! (write-ahead log).

mod migrate;
mod post;
mod read;
mod within;
mod writer;

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use datafog_approval::Record;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};
use tokio::sync::{mpsc, oneshot, watch};

use super::approvals::Approvals;
use super::chain::Head;
use super::{
    Account, Answer, Counter, Entry, Error, Login, Mark, NewEntry, NewPolicy, Page, PolicyVersion,
    Query, Store, StoredKey, Tally, Verified, Write, Written, sql,
};
use read::Readers;
use within::Inside;
use writer::{Batch, Work};

/// How long one process waits for another that writes to the same file.
const PATIENCE: Duration = Duration::from_secs(5);

/// A store in a file of this machine.
#[derive(Debug)]
pub struct Sqlite {
    writer: mpsc::Sender<Work>,
    grown: watch::Sender<()>,
    readers: Arc<Readers>,
}

impl Sqlite {
    /// Opens the file at `path`, and makes it (0600) where there is none. Its tables are brought to
    /// the form of this version.
    ///
    /// # Errors
    /// When it cannot be opened or made, others than its owner may write to it, or a newer version
    /// wrote it.
    pub fn open(path: &Path) -> Result<Self, Error> {
        prepare(path)
            .map_err(|error| Error::Unavailable(format!("`{}`: {error}", path.display())))?;
        let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        // A commit is on the disk when it returns, not only in the log's file.
        connection.pragma_update(None, "synchronous", "full")?;
        migrate::forward(&mut connection)?;
        let (writer, waiting) = mpsc::channel(sql::WAITING);
        let grown = watch::Sender::new(());
        let says = grown.clone();
        std::thread::Builder::new()
            .name(String::from("store"))
            .spawn(move || writer::run(&connection, waiting, &says))
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        Ok(Self { writer, grown, readers: Arc::new(Readers::of(path)) })
    }

    /// Does `work` in the next transaction, and answers when that is on the disk. It is undone alone
    /// when it fails.
    async fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Batch<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.statement(writer::undone_alone(work)).await
    }

    /// The same for what leaves nothing behind when it fails: one statement.
    async fn statement<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Batch<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        let work = writer::work(work, reply);
        self.writer.send(work).await.map_err(|_| Error::Closed)?;
        answer.await.map_err(|_| Error::Closed)?
    }
}

#[async_trait]
impl Store for Sqlite {
    async fn write(&self, write: Write) -> Result<Written, Error> {
        match write.answer.is_some() && write.entry.is_some() {
            true => self.change(move |batch| apply(batch, &write)).await,
            false => self.statement(move |batch| apply(batch, &write)).await,
        }
    }

    fn grown(&self) -> watch::Receiver<()> {
        self.grown.subscribe()
    }

    fn counter(&self) -> Option<&dyn Counter> {
        None
    }

    async fn answer(&self, scope: &str, name: &str) -> Result<Option<Answer>, Error> {
        let (scope, name) = (scope.to_owned(), name.to_owned());
        self.readers.read(move |connection| answer(connection, &scope, &name)).await
    }

    async fn forget_answers(&self, before: i64) -> Result<u64, Error> {
        self.statement(move |batch| {
            let forget = batch.connection.prepare_cached(sql::FORGET_ANSWERS);
            Ok(forget?.execute([before])? as u64)
        })
        .await
    }

    async fn entry(&self, tenant: Option<&str>, id: &str) -> Result<Option<Entry>, Error> {
        let (tenant, id) = (tenant.map(str::to_owned), id.to_owned());
        self.readers.read(move |connection| read::entry(connection, tenant.as_deref(), &id)).await
    }

    async fn tenant_of(&self, id: &str) -> Result<Option<String>, Error> {
        let id = id.to_owned();
        self.readers.read(move |connection| read::tenant_of(connection, &id)).await
    }

    async fn entries(&self, query: &Query) -> Result<Page, Error> {
        let query = query.clone();
        self.readers.read(move |connection| read::entries(connection, &query)).await
    }

    async fn head(&self) -> Result<u64, Error> {
        self.readers.read(|connection| Ok(read::head(connection)?.seq)).await
    }

    async fn tail(&self, after: u64) -> Result<Vec<(String, Entry)>, Error> {
        self.readers.read(move |connection| read::tail(connection, after)).await
    }

    async fn tally(&self, tenant: &str, kind: &str, after: i64) -> Result<Vec<Tally>, Error> {
        let (tenant, kind) = (tenant.to_owned(), kind.to_owned());
        self.readers.read(move |connection| read::tally(connection, (&tenant, &kind), after)).await
    }

    async fn verify(&self) -> Result<Verified, Error> {
        self.readers.read(read::verify).await
    }

    async fn within(&self, tenant: &str, work: super::Work) -> Result<(), Error> {
        let tenant = tenant.to_owned();
        self.change(move |batch| work(&Approvals(Inside { batch, tenant }))).await
    }

    async fn approval(&self, tenant: &str, id: &str) -> Result<Option<Record>, Error> {
        let (tenant, id) = (tenant.to_owned(), id.to_owned());
        self.readers.read(move |connection| read::approval(connection, &tenant, &id)).await
    }

    async fn approvals(
        &self,
        tenant: &str,
        state: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Record>, Error> {
        let (tenant, state) = (tenant.to_owned(), state.map(str::to_owned));
        let ask = move |connection: &Connection| {
            read::approvals(connection, (&tenant, state.as_deref()), limit)
        };
        self.readers.read(ask).await
    }

    async fn waiting(&self, tenant: &str, now: i64) -> Result<u64, Error> {
        let tenant = tenant.to_owned();
        self.readers.read(move |connection| read::waiting(connection, &tenant, now)).await
    }

    async fn overdue(&self, now: i64) -> Result<Vec<(String, String)>, Error> {
        self.readers.read(move |connection| read::overdue(connection, now)).await
    }

    async fn forget_approvals(&self, before: i64) -> Result<u64, Error> {
        self.statement(move |batch| {
            let forget = batch.connection.prepare_cached(sql::FORGET_APPROVALS);
            Ok(forget?.execute([before])? as u64)
        })
        .await
    }

    async fn add_key(&self, key: StoredKey) -> Result<(), Error> {
        self.statement(move |batch| {
            let StoredKey { id, digest, name, tenant, created, expires, revoked, .. } = &key;
            let (role, bounds) = (key.role.name(), key.bounds.encoded()?);
            let values = params![id, digest, name, role, tenant, created, expires, revoked, bounds];
            match batch.connection.prepare_cached(sql::ADD_KEY)?.execute(values)? {
                0 => Err(Error::Exists(id.clone())),
                _ => Ok(()),
            }
        })
        .await
    }

    async fn key(&self, id: &str) -> Result<Option<StoredKey>, Error> {
        let id = id.to_owned();
        self.readers.read(move |connection| read::key(connection, &id)).await
    }

    async fn keys(&self) -> Result<Vec<StoredKey>, Error> {
        self.readers.read(read::keys).await
    }

    async fn key_policies(&self, now: i64) -> Result<Vec<String>, Error> {
        self.readers.read(move |connection| read::key_policies(connection, now)).await
    }

    async fn revoke_key(&self, id: &str, at: i64) -> Result<bool, Error> {
        let id = id.to_owned();
        self.statement(move |batch| {
            let revoke = batch.connection.prepare_cached(sql::REVOKE_KEY);
            Ok(revoke?.execute(params![at, id])? > 0)
        })
        .await
    }

    async fn add_account(&self, account: Account) -> Result<(), Error> {
        self.statement(move |batch| {
            let Account { login, name, tenant, epoch, created, disabled, .. } = &account;
            let (role, password) = (account.role.name(), account.password.as_str());
            let values =
                params![login.as_str(), name, role, tenant, password, epoch, created, disabled];
            match batch.connection.prepare_cached(sql::ADD_ACCOUNT)?.execute(values)? {
                0 => Err(Error::Exists(login.to_string())),
                _ => Ok(()),
            }
        })
        .await
    }

    async fn account(&self, login: &Login) -> Result<Option<Account>, Error> {
        let login = login.clone();
        self.readers.read(move |connection| read::account(connection, &login)).await
    }

    async fn accounts(&self) -> Result<Vec<Account>, Error> {
        self.readers.read(read::accounts).await
    }

    async fn change_account(&self, changed: Account) -> Result<bool, Error> {
        self.statement(move |batch| {
            let Account { login, name, tenant, epoch, disabled, .. } = &changed;
            let (role, password) = (changed.role.name(), changed.password.as_str());
            let values = params![name, role, tenant, password, epoch, disabled, login.as_str()];
            Ok(batch.connection.prepare_cached(sql::SET_ACCOUNT)?.execute(values)? > 0)
        })
        .await
    }

    async fn add_policy(&self, policy: NewPolicy, entry: NewEntry) -> Result<u64, Error> {
        self.change(move |batch| {
            // It has no answer, so no earlier one stands in its place.
            let _stored: Written = apply(batch, &Write { entry: Some(entry), answer: None })?;
            let NewPolicy { at, author, note, digest, text } = &policy;
            let mut add = batch.connection.prepare_cached(sql::ADD_POLICY)?;
            let values = params![at, author, note, digest, text];
            Ok(add.query_row(values, |row| read::unsigned(row, 0))?)
        })
        .await
    }

    async fn policy(&self, number: u64) -> Result<Option<PolicyVersion>, Error> {
        self.readers.read(move |connection| read::policy(connection, number)).await
    }

    async fn policies(&self, limit: u32) -> Result<Vec<PolicyVersion>, Error> {
        self.readers.read(move |connection| read::policies(connection, limit)).await
    }

    async fn set_mark(&self, tenant: &str, mark: Mark, entry: NewEntry) -> Result<(), Error> {
        let tenant = tenant.to_owned();
        self.change(move |batch| {
            // It has no answer, so no earlier one stands in its place.
            let _stored: Written = apply(batch, &Write { entry: Some(entry), answer: None })?;
            let Mark { fingerprint, state, reason, author, at, until } = &mark;
            let values = params![tenant, fingerprint, state.name(), reason, author, at, until];
            batch.connection.prepare_cached(sql::SET_MARK)?.execute(values)?;
            Ok(())
        })
        .await
    }

    async fn marks(&self, tenant: &str) -> Result<Vec<Mark>, Error> {
        let tenant = tenant.to_owned();
        self.readers.read(move |connection| read::marks(connection, &tenant)).await
    }

    async fn end_visit(&self, visit: &str, until: i64, entry: NewEntry) -> Result<(), Error> {
        let visit = visit.to_owned();
        self.change(move |batch| {
            let _stored: Written = apply(batch, &Write { entry: Some(entry), answer: None })?;
            batch.connection.prepare_cached(sql::END_VISIT)?.execute(params![visit, until])?;
            Ok(())
        })
        .await
    }

    async fn has_ended(&self, visit: &str) -> Result<bool, Error> {
        let visit = visit.to_owned();
        let ask = move |connection: &Connection| {
            let mut ask = connection.prepare_cached(sql::ENDED_VISIT)?;
            let found: Option<i64> = ask.query_row([visit], |row| row.get(0)).optional()?;
            Ok(found.is_some())
        };
        self.readers.read(ask).await
    }

    async fn forget_visits(&self, before: i64) -> Result<u64, Error> {
        self.statement(move |batch| {
            let forget = batch.connection.prepare_cached(sql::FORGET_VISITS);
            Ok(forget?.execute([before])? as u64)
        })
        .await
    }
}

/// One write within a transaction.
fn apply(batch: &Batch<'_>, write: &Write) -> Result<Written, Error> {
    let connection = batch.connection;
    if let Some(new) = &write.answer {
        let values = params![new.scope, new.key, new.answer.question, new.answer.body, new.at];
        let add = if new.replaces { sql::SET_ANSWER } else { sql::ADD_ANSWER };
        if connection.prepare_cached(add)?.execute(values)? == 0 {
            let earlier = answer(connection, &new.scope, &new.key)?;
            return earlier.map(Written::Earlier).ok_or_else(|| Error::Exists(new.key.clone()));
        }
    }
    let Some(entry) = &write.entry else { return Ok(Written::Stored(None)) };
    let head = batch.head();
    let (seq, line) = (head.next(), entry.line(head.next(), &head.hash));
    let hash = datafog_core::Digest::of(line.as_bytes());
    let it = &entry.columns;
    let values = params![
        seq as i64,
        it.id,
        it.kind,
        it.at,
        it.tenant,
        it.decision,
        it.action_type,
        it.tool,
        line,
        hash.as_bytes(),
    ];
    if connection.prepare_cached(sql::ADD_ENTRY)?.execute(values)? == 0 {
        return Err(Error::Exists(it.id.clone()));
    }
    batch.grows(Head { seq, hash });
    Ok(Written::Stored(Some(seq)))
}

fn answer(connection: &Connection, scope: &str, name: &str) -> Result<Option<Answer>, Error> {
    let mut ask = connection.prepare_cached(sql::ANSWER)?;
    let answer = |row: &rusqlite::Row<'_>| Ok(Answer { question: row.get(0)?, body: row.get(1)? });
    Ok(ask.query_row([scope, name], answer).optional()?)
}

/// A connection that waits for others and trusts nothing that stands in the schema.
fn connect(path: &Path, way: OpenFlags) -> Result<Connection, Error> {
    let flags = way | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_EXRESCODE;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// Makes the file where there is none, for its owner alone; refuses one that others may write to.
/// SQLite gives the files beside it the same mode.
fn prepare(path: &Path) -> io::Result<()> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match made {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        Ok(_) | Err(_) => {}
    }
    let file = fs::symlink_metadata(path)?;
    if !file.is_file() {
        return Err(io::Error::other("is no regular file"));
    }
    if file.permissions().mode() & 0o022 != 0 {
        return Err(io::Error::other("others may write to it; `chmod go-w` it"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
