//! What is asked of the database, and what its rows are.

use datafog_approval::Record;
use datafog_core::Digest;
use deadpool_postgres::ClientWrapper;
use tokio_postgres::types::ToSql;
use tokio_postgres::{IsolationLevel, Row};

use crate::store::approvals::decoded;
use crate::store::chain::{self, Head, Verifier};
use crate::store::entry::Columns;
use crate::store::{
    Account, Answer, Bounds, Entry, Error, Login, Mark, NewPolicy, Page, PasswordHash,
    PolicyVersion, Query, StoredKey, Tally, Verified, sql,
};

/// A number that the database holds with a sign and that never is negative.
pub(super) fn unsigned(row: &Row, column: usize) -> Result<u64, Error> {
    Ok(u64::try_from(row.try_get::<_, i64>(column)?).unwrap_or(0))
}

/// 32 bytes.
fn digest(row: &Row, column: usize) -> Result<[u8; 32], Error> {
    let bytes: &[u8] = row.try_get(column)?;
    bytes.try_into().map_err(|_| Error::Form(format!("a digest of {} bytes", bytes.len())))
}

pub(super) fn head(row: &Row) -> Result<Head, Error> {
    Ok(Head { seq: unsigned(row, 0)?, hash: Digest::from_bytes(digest(row, 1)?) })
}

pub(super) fn answer(row: &Row) -> Result<Answer, Error> {
    Ok(Answer { question: digest(row, 0)?, body: row.try_get(1)? })
}

pub(super) fn entry(row: &Row) -> Result<Entry, Error> {
    Ok(Entry { seq: unsigned(row, 0)?, line: row.try_get(1)? })
}

pub(super) async fn entries(client: &ClientWrapper, query: &Query) -> Result<Page, Error> {
    let Query { tenant, decision, action_type, tool, after, before, .. } = query;
    let Query { agent, session, kind, limit, offset, score: (least, most), .. } = query;
    let (rule, text) = query.patterns();
    let (limit, offset) = (i64::from(*limit), i64::from(*offset));
    let narrowed: [&(dyn ToSql + Sync); 13] = [
        tenant,
        decision,
        action_type,
        tool,
        after,
        before,
        agent,
        session,
        kind,
        &rule,
        &text,
        least,
        most,
    ];
    let wanted = client.prepare_cached(sql::ENTRIES).await?;
    let rows = client.query(&wanted, &[&narrowed[..], &[&limit, &offset]].concat()).await?;
    let count = client.prepare_cached(sql::COUNT).await?;
    let total = client.query_one(&count, &narrowed).await?;
    let entries = rows.iter().map(entry).collect::<Result<_, _>>()?;
    Ok(Page { entries, total: unsigned(&total, 0)? })
}

pub(super) fn tally(row: &Row) -> Result<Tally, Error> {
    let (count, scored, score) = (unsigned(row, 1)?, unsigned(row, 2)?, unsigned(row, 3)?);
    Ok(Tally { decision: row.try_get(0)?, count, scored, score })
}

/// Reads the chain as it is at one moment, so that what is added meanwhile makes no difference.
pub(super) async fn verify(client: &mut ClientWrapper) -> Result<Verified, Error> {
    let one_moment = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead);
    let within = one_moment.read_only(true).start().await?;
    let head = head(&within.query_one(sql::HEAD, &[]).await?)?;
    let (mut verifier, mut last) = (Verifier::new(), 0_i64);
    loop {
        let rows = within.query(sql::CHAIN, &[&last]).await?;
        let Some(end) = rows.last() else { return Ok(verifier.finish(&head)) };
        last = end.try_get(0)?;
        for row in &rows {
            verifier.push(&self::row(row)?);
        }
    }
}

/// A request for approval, which is the row's first column.
pub(super) fn approval(row: &Row) -> Result<Record, Error> {
    decoded(row.try_get(0)?)
}

fn row(row: &Row) -> Result<chain::Row, Error> {
    let columns = Columns {
        id: row.try_get(1)?,
        kind: row.try_get(2)?,
        at: row.try_get(3)?,
        tenant: row.try_get(4)?,
        decision: row.try_get(5)?,
        action_type: row.try_get(6)?,
        tool: row.try_get(7)?,
    };
    let (line, hash) = (row.try_get(8)?, row.try_get(9)?);
    Ok(chain::Row { seq: unsigned(row, 0)?, columns, line, hash })
}

pub(super) fn key(row: &Row) -> Result<StoredKey, Error> {
    let role: &str = row.try_get(3)?;
    Ok(StoredKey {
        id: row.try_get(0)?,
        digest: digest(row, 1)?,
        name: row.try_get(2)?,
        role: role.parse().map_err(Error::Form)?,
        tenant: row.try_get(4)?,
        created: row.try_get(5)?,
        expires: row.try_get(6)?,
        revoked: row.try_get(7)?,
        bounds: Bounds::decoded(row.try_get(8)?)?,
    })
}

pub(super) fn account(row: &Row) -> Result<Account, Error> {
    let (login, role): (&str, &str) = (row.try_get(0)?, row.try_get(2)?);
    Ok(Account {
        login: Login::new(login).map_err(Error::Form)?,
        name: row.try_get(1)?,
        role: role.parse().map_err(Error::Form)?,
        tenant: row.try_get(3)?,
        password: PasswordHash::new(row.try_get(4)?),
        epoch: row.try_get(5)?,
        created: row.try_get(6)?,
        disabled: row.try_get(7)?,
    })
}

pub(super) fn policy(row: &Row) -> Result<PolicyVersion, Error> {
    let (at, author, note) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
    let about = NewPolicy { at, author, note, digest: row.try_get(4)?, text: row.try_get(5)? };
    Ok(PolicyVersion { number: unsigned(row, 0)?, about })
}

pub(super) fn mark(row: &Row) -> Result<Mark, Error> {
    let state: &str = row.try_get(1)?;
    Ok(Mark {
        fingerprint: row.try_get(0)?,
        state: state.parse().map_err(Error::Form)?,
        reason: row.try_get(2)?,
        author: row.try_get(3)?,
        at: row.try_get(4)?,
        until: row.try_get(5)?,
    })
}
