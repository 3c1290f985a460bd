//! The one task of this process that adds to the chain.

use datafog_core::Digest;
use deadpool_postgres::{Pool, Transaction};
use tokio::sync::{mpsc, oneshot};

use super::read;
use crate::store::chain::Head;
use crate::store::{Error, NewAnswer, NewEntry, Write, Written, sql};

/// A commit waits for the disk, whatever the database is set to.
pub(super) const ON_DISK: &str = "SET LOCAL synchronous_commit = on";

/// A write that waits, and who waits for it.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) write: Write,
    pub(super) reply: oneshot::Sender<Result<Written, Error>>,
}

/// Writes until nobody can ask any more.
pub(super) async fn run(pool: Pool, mut waiting: mpsc::Receiver<Pending>) {
    let mut batch = Vec::new();
    while waiting.recv_many(&mut batch, sql::MOST).await > 0 {
        let (writes, replies): (Vec<_>, Vec<_>) =
            batch.drain(..).map(|one| (one.write, one.reply)).unzip();
        let results = match commit(&pool, &writes).await {
            Ok(results) => results,
            Err(error) => writes.iter().map(|_| Err(error.clone())).collect(),
        };
        for (reply, result) in replies.into_iter().zip(results) {
            // Who no longer waits does not need to know.
            let _gone: Result<(), _> = reply.send(result);
        }
    }
}

/// Does all of `writes` in one transaction.
async fn commit(pool: &Pool, writes: &[Write]) -> Result<Vec<Result<Written, Error>>, Error> {
    let mut client = pool.get().await?;
    let within = client.transaction().await?;
    within.batch_execute(ON_DISK).await?;
    let first = locked_head(&within).await?;
    let (mut head, mut results) = (first, Vec::new());
    for write in writes {
        results.push(apply(&within, write, &mut head).await?);
    }
    set_head(&within, first, head).await?;
    within.commit().await?;
    Ok(results)
}

/// The head, which nobody else changes before the transaction ends.
pub(super) async fn locked_head(within: &Transaction<'_>) -> Result<Head, Error> {
    let lock = within.prepare_cached(sql::LOCK_HEAD).await?;
    read::head(&within.query_one(&lock, &[]).await?)
}

/// Names the last line, where it is another than `first`.
pub(super) async fn set_head(
    within: &Transaction<'_>,
    first: Head,
    head: Head,
) -> Result<(), Error> {
    if head != first {
        let name = within.prepare_cached(sql::SET_HEAD).await?;
        let hash = head.hash.as_bytes().as_slice();
        within.execute(&name, &[&(head.seq as i64), &hash]).await?;
    }
    Ok(())
}

/// One write. What is refused here has stored nothing; what fails otherwise undoes all.
pub(super) async fn apply(
    within: &Transaction<'_>,
    write: &Write,
    head: &mut Head,
) -> Result<Result<Written, Error>, Error> {
    if let Some(entry) = &write.entry
        && is_there(within, &entry.columns.id).await?
    {
        let earlier = match &write.answer {
            Some(new) => earlier(within, new).await?,
            None => None,
        };
        return Ok(earlier.ok_or_else(|| Error::Exists(entry.columns.id.clone())));
    }
    if let Some(new) = &write.answer
        && !add_answer(within, new).await?
    {
        let earlier = earlier(within, new).await?;
        return Ok(earlier.ok_or_else(|| Error::Exists(new.key.clone())));
    }
    let Some(entry) = &write.entry else { return Ok(Ok(Written::Stored(None))) };
    add_entry(within, entry, head).await?;
    Ok(Ok(Written::Stored(Some(head.seq))))
}

async fn is_there(within: &Transaction<'_>, id: &str) -> Result<bool, Error> {
    let question = within.prepare_cached(sql::ENTRY).await?;
    Ok(within.query_opt(&question, &[&id, &None::<&str>]).await?.is_some())
}

async fn earlier(within: &Transaction<'_>, new: &NewAnswer) -> Result<Option<Written>, Error> {
    let question = within.prepare_cached(sql::ANSWER).await?;
    let row = within.query_opt(&question, &[&new.scope, &new.key]).await?;
    row.as_ref().map(|row| read::answer(row).map(Written::Earlier)).transpose()
}

async fn add_answer(within: &Transaction<'_>, new: &NewAnswer) -> Result<bool, Error> {
    let add = if new.replaces { sql::SET_ANSWER } else { sql::ADD_ANSWER };
    let statement = within.prepare_cached(add).await?;
    let question = new.answer.question.as_slice();
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
        [&new.scope, &new.key, &question, &new.answer.body, &new.at];
    Ok(within.execute(&statement, &values).await? > 0)
}

async fn add_entry(
    within: &Transaction<'_>,
    entry: &NewEntry,
    head: &mut Head,
) -> Result<(), Error> {
    let (seq, it) = (head.next(), &entry.columns);
    let line = entry.line(seq, &head.hash);
    let hash = Digest::of(line.as_bytes());
    let statement = within.prepare_cached(sql::ADD_ENTRY).await?;
    let (number, bytes) = (seq as i64, hash.as_bytes().as_slice());
    let added = within
        .execute(
            &statement,
            &[
                &number,
                &it.id,
                &it.kind,
                &it.at,
                &it.tenant,
                &it.decision,
                &it.action_type,
                &it.tool,
                &line,
                &bytes,
            ],
        )
        .await?;
    if added == 0 {
        // The head is locked, so only a chain that is not whole has this number already.
        return Err(Error::Form(format!("entry {seq} is there and the head does not name it")));
    }
    *head = Head { seq, hash };
    Ok(())
}
