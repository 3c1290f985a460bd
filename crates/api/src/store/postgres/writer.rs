//! The one task of this process that adds to the chain.

use deadpool_postgres::{ClientWrapper, Pool, Transaction};
use tokio::sync::{mpsc, oneshot, watch};

use super::chain::Chain;
use super::read;
use crate::store::{Error, NewAnswer, NewEntry, NewPolicy, Write, Written, sql};

/// A commit waits for the disk, whatever the database is set to. Whoever holds the head and is gone
/// without a word, or waits for such a one, gives up: others want to write.
pub(super) const ON_DISK: &str = "\
SET LOCAL synchronous_commit = on; SET LOCAL lock_timeout = '10s'; \
SET LOCAL idle_in_transaction_session_timeout = '10s'";

/// A write that waits, and who waits for it.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) write: Write,
    pub(super) reply: oneshot::Sender<Result<Written, Error>>,
}

/// Writes until nobody can ask any more, and says when the chain grew.
pub(super) async fn run(
    pool: Pool,
    mut waiting: mpsc::Receiver<Pending>,
    grown: watch::Sender<()>,
) {
    let mut batch = Vec::new();
    while waiting.recv_many(&mut batch, sql::MOST).await > 0 {
        let (writes, replies): (Vec<_>, Vec<_>) =
            batch.drain(..).map(|one| (one.write, one.reply)).unzip();
        let count = writes.len();
        let results = match commit(&pool, writes).await {
            Ok(results) => results,
            Err(error) => core::iter::repeat_n(Err(error), count).collect(),
        };
        for (reply, result) in replies.into_iter().zip(results) {
            // Who no longer waits does not need to know.
            let _gone: Result<(), _> = reply.send(result);
        }
        grown.send_replace(());
    }
}

/// Does all of `writes` in one transaction.
async fn commit(pool: &Pool, writes: Vec<Write>) -> Result<Vec<Result<Written, Error>>, Error> {
    let mut client = pool.get().await?;
    let within = client.transaction().await?;
    within.batch_execute(ON_DISK).await?;
    let entries = writes.iter().filter_map(|write| write.entry.as_ref());
    let ids: Vec<&str> = entries.map(|entry| &*entry.columns.id).collect();
    let mut chain = Chain::locked(&within, &ids).await?;
    let mut results = Vec::new();
    for write in writes {
        results.push(apply(&within, write, &mut chain).await?);
    }
    chain.finish(&within).await?;
    within.commit().await?;
    Ok(results)
}

/// One write, whose id was looked for. What is refused here has stored nothing; what fails otherwise
/// undoes all.
pub(super) async fn apply(
    within: &Transaction<'_>,
    write: Write,
    chain: &mut Chain,
) -> Result<Result<Written, Error>, Error> {
    let Write { entry, answer } = write;
    if let Some(entry) = &entry
        && chain.holds(&entry.columns.id)
    {
        let earlier = match &answer {
            Some(new) => earlier(within, new).await?,
            None => None,
        };
        return Ok(earlier.ok_or_else(|| Error::Exists(entry.columns.id.clone())));
    }
    if let Some(new) = &answer
        && !add_answer(within, new).await?
    {
        let earlier = earlier(within, new).await?;
        return Ok(earlier.ok_or_else(|| Error::Exists(new.key.clone())));
    }
    Ok(Ok(Written::Stored(entry.map(|entry| chain.push(entry)))))
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

/// Adds a version of the policy with its line. The head is locked, so numbers have no gaps.
pub(super) async fn add_policy(
    client: &mut ClientWrapper,
    policy: &NewPolicy,
    entry: NewEntry,
) -> Result<u64, Error> {
    let within = client.transaction().await?;
    within.batch_execute(ON_DISK).await?;
    let mut chain = Chain::locked(&within, &[&entry.columns.id]).await?;
    apply(&within, Write { entry: Some(entry), answer: None }, &mut chain).await?.map(drop)?;
    let NewPolicy { at, author, note, digest, text } = policy;
    let statement = within.prepare_cached(sql::ADD_POLICY).await?;
    let added = within.query_one(&statement, &[at, author, note, digest, text]).await?;
    chain.finish(&within).await?;
    within.commit().await?;
    read::unsigned(&added, 0)
}

/// Changes something together with its line.
pub(super) async fn with_line(
    client: &mut ClientWrapper,
    entry: NewEntry,
    (statement, values): (&str, &[&(dyn tokio_postgres::types::ToSql + Sync)]),
) -> Result<(), Error> {
    let within = client.transaction().await?;
    within.batch_execute(ON_DISK).await?;
    let mut chain = Chain::locked(&within, &[&entry.columns.id]).await?;
    apply(&within, Write { entry: Some(entry), answer: None }, &mut chain).await?.map(drop)?;
    let statement = within.prepare_cached(statement).await?;
    within.execute(&statement, values).await?;
    chain.finish(&within).await?;
    Ok(within.commit().await?)
}
