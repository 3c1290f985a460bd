//! Lines that a transaction adds to the chain: they are numbered one by one and inserted at once.

use std::collections::HashSet;

use datafog_core::Digest;
use deadpool_postgres::Transaction;

use super::read;
use crate::store::chain::Head;
use crate::store::{Error, NewEntry, sql};

/// The chain as a transaction sees it, whose head nobody else moves before it ends.
#[derive(Debug)]
pub(super) struct Chain {
    head: Head,
    new: Vec<Line>,
    /// Ids of new lines, and of those that are known to be there.
    ids: HashSet<String>,
}

/// A line that is not inserted yet.
#[derive(Debug)]
struct Line {
    head: Head,
    entry: NewEntry,
    line: String,
}

impl Chain {
    /// Locks the head. `ids` are those that may be added, as far as they are known.
    pub(super) async fn locked(within: &Transaction<'_>, ids: &[&str]) -> Result<Self, Error> {
        let lock = within.prepare_cached(sql::LOCK_HEAD).await?;
        let head = read::head(&within.query_one(&lock, &[]).await?)?;
        let mut chain = Self { head, new: Vec::new(), ids: HashSet::new() };
        chain.look(within, ids).await?;
        Ok(chain)
    }

    /// Finds out which of these are there already.
    pub(super) async fn look(
        &mut self,
        within: &Transaction<'_>,
        ids: &[&str],
    ) -> Result<(), Error> {
        if !ids.is_empty() {
            let known = within.prepare_cached(sql::KNOWN).await?;
            for row in within.query(&known, &[&ids]).await? {
                self.ids.insert(row.try_get(0)?);
            }
        }
        Ok(())
    }

    /// Whether there is an entry of that id, as far as it was looked for.
    pub(super) fn holds(&self, id: &str) -> bool {
        self.ids.contains(id)
    }

    /// Gives an entry the next number.
    pub(super) fn push(&mut self, entry: NewEntry) -> u64 {
        let seq = self.head.next();
        let line = entry.line(seq, &self.head.hash);
        self.head = Head { seq, hash: Digest::of(line.as_bytes()) };
        self.ids.insert(entry.columns.id.clone());
        self.new.push(Line { head: self.head, entry, line });
        seq
    }

    /// Inserts what is new and names the last line, which tells every replica when the transaction
    /// is committed.
    pub(super) async fn finish(self, within: &Transaction<'_>) -> Result<(), Error> {
        if self.new.is_empty() {
            return Ok(());
        }
        let of = |column: fn(&Line) -> &str| self.new.iter().map(column).collect::<Vec<_>>();
        let may = |column: fn(&Line) -> &Option<String>| {
            self.new.iter().map(|line| column(line).as_deref()).collect::<Vec<_>>()
        };
        let numbers: Vec<i64> = self.new.iter().map(|line| line.head.seq as i64).collect();
        let moments: Vec<i64> = self.new.iter().map(|line| line.entry.columns.at).collect();
        let hashes: Vec<&[u8]> =
            self.new.iter().map(|line| line.head.hash.as_bytes().as_slice()).collect();
        let add = within.prepare_cached(sql::ADD_ENTRIES).await?;
        let added = within
            .execute(
                &add,
                &[
                    &numbers,
                    &of(|line| &line.entry.columns.id),
                    &of(|line| &line.entry.columns.kind),
                    &moments,
                    &of(|line| &line.entry.columns.tenant),
                    &may(|line| &line.entry.columns.decision),
                    &may(|line| &line.entry.columns.action_type),
                    &may(|line| &line.entry.columns.tool),
                    &of(|line| &line.line),
                    &hashes,
                ],
            )
            .await?;
        if added != self.new.len() as u64 {
            // The head is locked, so only a chain that is not whole has such a number already.
            let from = numbers.first().copied().unwrap_or_default();
            return Err(Error::Form(format!("entries from {from} on are beyond the head")));
        }
        let name = within.prepare_cached(sql::SET_HEAD_AND_TELL).await?;
        let hash = self.head.hash.as_bytes().as_slice();
        within.query_one(&name, &[&(self.head.seq as i64), &hash]).await?;
        Ok(())
    }
}
