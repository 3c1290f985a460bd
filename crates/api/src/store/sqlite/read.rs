//! What is asked of the file: connections that only read, and what they read.

use core::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use datafog_approval::Record;
use datafog_core::Digest;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Row, params};
use tokio::sync::Semaphore;

use super::{Head, connect};
use crate::store::approvals::decoded;
use crate::store::chain::{self, Verifier};
use crate::store::entry::Columns;
use crate::store::{
    Account, Bounds, Entry, Error, Login, Mark, NewPolicy, Page, PasswordHash, PolicyVersion,
    Query, StoredKey, Tally, Verified, sql,
};

/// How many read at once; others wait.
const MOST: usize = 8;

/// Connections that read.
pub(super) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    room: Semaphore,
}

impl fmt::Debug for Readers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readers").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Readers {
    pub(super) fn of(path: &Path) -> Self {
        let (path, idle) = (path.to_owned(), Mutex::default());
        Self { path, idle, room: Semaphore::new(MOST) }
    }

    /// Asks on a thread that may block.
    pub(super) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        ask: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let _room = self.room.acquire().await.map_err(|_| Error::Closed)?;
        let readers = Arc::clone(self);
        let asked = tokio::task::spawn_blocking(move || {
            let connection = readers.take()?;
            let answer = ask(&connection);
            // One that failed is not used again.
            if answer.is_ok() {
                readers.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            }
            answer
        });
        asked.await.map_err(|error| Error::Unavailable(error.to_string()))?
    }

    fn take(&self) -> Result<Connection, Error> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| connect(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY), Ok)
    }
}

/// A number that the database holds with a sign and that never is negative.
pub(super) fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0))
}

fn line(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry { seq: unsigned(row, 0)?, line: row.get(1)? })
}

/// The last line's number and hash.
pub(super) fn head(connection: &Connection) -> Result<Head, Error> {
    let head = |row: &Row<'_>| {
        let hash = Digest::from_bytes(row.get(1)?);
        Ok(Head { seq: unsigned(row, 0)?, hash })
    };
    Ok(connection.prepare_cached(sql::HEAD)?.query_row([], head)?)
}

pub(super) fn entry(
    connection: &Connection,
    tenant: Option<&str>,
    id: &str,
) -> Result<Option<Entry>, Error> {
    let mut ask = connection.prepare_cached(sql::ENTRY)?;
    Ok(ask.query_row(params![id, tenant], line).optional()?)
}

pub(super) fn tenant_of(connection: &Connection, id: &str) -> Result<Option<String>, Error> {
    let mut ask = connection.prepare_cached(sql::TENANT_OF)?;
    Ok(ask.query_row([id], |row| row.get(0)).optional()?)
}

pub(super) fn entries(connection: &Connection, query: &Query) -> Result<Page, Error> {
    let Query { tenant, decision, action_type, tool, after, before, .. } = query;
    let Query { agent, session, kind, limit, offset, score: (least, most), .. } = query;
    let (rule, text) = query.patterns();
    let mut ask = connection.prepare_cached(sql::ENTRIES)?;
    let wanted = params![
        tenant,
        decision,
        action_type,
        tool,
        after,
        before,
        agent,
        session,
        kind,
        rule,
        text,
        least,
        most,
        limit,
        offset
    ];
    let entries = ask.query_map(wanted, line)?.collect::<rusqlite::Result<Vec<_>>>()?;
    let count = params![
        tenant,
        decision,
        action_type,
        tool,
        after,
        before,
        agent,
        session,
        kind,
        rule,
        text,
        least,
        most
    ];
    let total = connection.prepare_cached(sql::COUNT)?.query_row(count, |row| unsigned(row, 0))?;
    Ok(Page { entries, total })
}

/// What was added after that number, with its tenant.
pub(super) fn tail(connection: &Connection, after: u64) -> Result<Vec<(String, Entry)>, Error> {
    let mut ask = connection.prepare_cached(sql::TAIL)?;
    let rows = ask.query_map([after as i64], |row| Ok((row.get(2)?, line(row)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn tally(
    connection: &Connection,
    (tenant, kind): (&str, &str),
    after: i64,
) -> Result<Vec<Tally>, Error> {
    let mut ask = connection.prepare_cached(sql::TALLY)?;
    let tally = |row: &Row<'_>| {
        let (count, scored, score) = (unsigned(row, 1)?, unsigned(row, 2)?, unsigned(row, 3)?);
        Ok(Tally { decision: row.get(0)?, count, scored, score })
    };
    Ok(ask.query_map(params![tenant, kind, after], tally)?.collect::<Result<_, _>>()?)
}

/// How many requests of a tenant wait.
pub(super) fn waiting(connection: &Connection, tenant: &str, now: i64) -> Result<u64, Error> {
    let mut ask = connection.prepare_cached(sql::WAITING_APPROVALS)?;
    Ok(ask.query_row(params![tenant, now], |row| unsigned(row, 0))?)
}

/// Reads the chain in one transaction, so that what is added meanwhile makes no difference.
pub(super) fn verify(connection: &Connection) -> Result<Verified, Error> {
    let within = connection.unchecked_transaction()?;
    let head = head(&within)?;
    let (mut verifier, mut last) = (Verifier::new(), 0);
    loop {
        let mut ask = within.prepare_cached(sql::CHAIN)?;
        let rows = ask.query_map([last], row)?.collect::<rusqlite::Result<Vec<_>>>()?;
        let Some(end) = rows.last() else { return Ok(verifier.finish(&head)) };
        last = i64::try_from(end.seq).map_err(|error| Error::Form(error.to_string()))?;
        rows.iter().for_each(|row| verifier.push(row));
    }
}

fn row(row: &Row<'_>) -> rusqlite::Result<chain::Row> {
    let columns = Columns {
        id: row.get(1)?,
        kind: row.get(2)?,
        at: row.get(3)?,
        tenant: row.get(4)?,
        decision: row.get(5)?,
        action_type: row.get(6)?,
        tool: row.get(7)?,
    };
    Ok(chain::Row { seq: unsigned(row, 0)?, columns, line: row.get(8)?, hash: row.get(9)? })
}

pub(super) fn key(connection: &Connection, id: &str) -> Result<Option<StoredKey>, Error> {
    let mut ask = connection.prepare_cached(sql::KEY)?;
    ask.query_row([id], stored_key).optional()?.transpose()
}

pub(super) fn approval(
    connection: &Connection,
    tenant: &str,
    id: &str,
) -> Result<Option<Record>, Error> {
    let mut ask = connection.prepare_cached(sql::APPROVAL)?;
    let found: Option<String> = ask.query_row([id, tenant], |row| row.get(0)).optional()?;
    found.as_deref().map(decoded).transpose()
}

pub(super) fn approvals(
    connection: &Connection,
    (tenant, state): (&str, Option<&str>),
    limit: u32,
) -> Result<Vec<Record>, Error> {
    let mut ask = connection.prepare_cached(sql::APPROVALS)?;
    let rows = ask.query_map(params![tenant, state, limit], |row| row.get(0))?;
    let rows = rows.collect::<rusqlite::Result<Vec<String>>>()?;
    rows.iter().map(|text| decoded(text)).collect()
}

pub(super) fn overdue(connection: &Connection, now: i64) -> Result<Vec<(String, String)>, Error> {
    let mut ask = connection.prepare_cached(sql::OVERDUE)?;
    let rows = ask.query_map([now], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn keys(connection: &Connection) -> Result<Vec<StoredKey>, Error> {
    let mut ask = connection.prepare_cached(sql::KEYS)?;
    let rows = ask.query_map([], stored_key)?.collect::<rusqlite::Result<Vec<_>>>()?;
    rows.into_iter().collect()
}

pub(super) fn key_policies(connection: &Connection, now: i64) -> Result<Vec<String>, Error> {
    let mut ask = connection.prepare_cached(sql::KEY_POLICIES)?;
    Ok(ask.query_map([now], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// A key, or why its row is none.
fn stored_key(row: &Row<'_>) -> rusqlite::Result<Result<StoredKey, Error>> {
    let (role, bounds): (String, String) = (row.get(3)?, row.get(8)?);
    let (id, digest, name) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let (tenant, created) = (row.get(4)?, row.get(5)?);
    let (expires, revoked) = (row.get(6)?, row.get(7)?);
    let read = || {
        let (role, bounds) = (role.parse().map_err(Error::Form)?, Bounds::decoded(&bounds)?);
        Ok(StoredKey { id, digest, name, role, tenant, created, expires, revoked, bounds })
    };
    Ok(read())
}

pub(super) fn account(connection: &Connection, login: &Login) -> Result<Option<Account>, Error> {
    let mut ask = connection.prepare_cached(sql::ACCOUNT)?;
    ask.query_row([login.as_str()], stored_account).optional()?.transpose()
}

pub(super) fn accounts(connection: &Connection) -> Result<Vec<Account>, Error> {
    let mut ask = connection.prepare_cached(sql::ACCOUNTS)?;
    let rows = ask.query_map([], stored_account)?.collect::<rusqlite::Result<Vec<_>>>()?;
    rows.into_iter().collect()
}

/// Somebody who logs in, or why their row is nobody.
fn stored_account(row: &Row<'_>) -> rusqlite::Result<Result<Account, Error>> {
    let (login, role): (String, String) = (row.get(0)?, row.get(2)?);
    let (name, tenant, password) = (row.get(1)?, row.get(3)?, PasswordHash::new(row.get(4)?));
    let (epoch, created, disabled) = (row.get(5)?, row.get(6)?, row.get(7)?);
    let read = || {
        let (login, role) = (Login::new(&login)?, role.parse()?);
        Ok(Account { login, name, role, tenant, password, epoch, created, disabled })
    };
    Ok(read().map_err(Error::Form))
}

pub(super) fn policy(connection: &Connection, number: u64) -> Result<Option<PolicyVersion>, Error> {
    let mut ask = connection.prepare_cached(sql::POLICY)?;
    Ok(ask.query_row([number as i64], policy_version).optional()?)
}

pub(super) fn policies(connection: &Connection, limit: u32) -> Result<Vec<PolicyVersion>, Error> {
    let mut ask = connection.prepare_cached(sql::POLICIES)?;
    Ok(ask.query_map([limit], policy_version)?.collect::<rusqlite::Result<_>>()?)
}

fn policy_version(row: &Row<'_>) -> rusqlite::Result<PolicyVersion> {
    let (at, author, note) = (row.get(1)?, row.get(2)?, row.get(3)?);
    let about = NewPolicy { at, author, note, digest: row.get(4)?, text: row.get(5)? };
    Ok(PolicyVersion { number: unsigned(row, 0)?, about })
}

pub(super) fn marks(connection: &Connection, tenant: &str) -> Result<Vec<Mark>, Error> {
    let mut ask = connection.prepare_cached(sql::MARKS)?;
    let rows = ask.query_map([tenant], mark)?.collect::<rusqlite::Result<Vec<_>>>()?;
    rows.into_iter().collect()
}

/// A word on a value, or why its row is none.
fn mark(row: &Row<'_>) -> rusqlite::Result<Result<Mark, Error>> {
    let (state, reason, author): (String, _, _) = (row.get(1)?, row.get(2)?, row.get(3)?);
    let (fingerprint, at, until) = (row.get(0)?, row.get(4)?, row.get(5)?);
    let state = state.parse().map_err(Error::Form);
    Ok(state.map(|state| Mark { fingerprint, state, reason, author, at, until }))
}
