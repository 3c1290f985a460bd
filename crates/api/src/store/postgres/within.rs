//! A transaction on the approvals of one tenant.
//!
//! The rules of approvals are code that does not wait, so all of it happens on a thread that may
//! block. The head of the chain is locked first: of all who work like this, on whichever replica, one
//! does at a time.

use std::cell::RefCell;

use deadpool_postgres::{Object, Transaction};
use tokio::runtime::Handle;
use tokio_postgres::Row as Found;
use tokio_postgres::types::ToSql;

use super::chain::Chain;
use super::{read, writer};
use crate::store::approvals::{Approvals, Row, Rows};
use crate::store::{Answer, Error, Work, Write, Written, sql};

/// The transaction at hand.
pub(super) struct Inside<'t> {
    runtime: Handle,
    transaction: Transaction<'t>,
    chain: RefCell<Chain>,
    tenant: String,
}

/// Does `work`, which may block this thread.
pub(super) fn run(mut client: Object, tenant: String, work: Work) -> Result<(), Error> {
    let runtime = Handle::current();
    let transaction = runtime.block_on(client.transaction())?;
    runtime.block_on(transaction.batch_execute(writer::ON_DISK))?;
    let chain = RefCell::new(runtime.block_on(Chain::locked(&transaction, &[]))?);
    let inside = Approvals(Inside { runtime, transaction, chain, tenant });
    work(&inside)?;
    let Inside { runtime, transaction, chain, .. } = inside.0;
    runtime.block_on(chain.into_inner().finish(&transaction))?;
    Ok(runtime.block_on(transaction.commit())?)
}

impl Inside<'_> {
    fn ask(&self, question: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Found>, Error> {
        let ask = async {
            let question = self.transaction.prepare_cached(question).await?;
            self.transaction.query(&question, values).await
        };
        Ok(self.runtime.block_on(ask)?)
    }
}

impl Rows for Inside<'_> {
    fn add(&self, row: &Row) -> Result<(), Error> {
        let Row { id, call, state, asked, until, record } = row;
        self.ask(sql::ADD_APPROVAL, &[id, &self.tenant, call, state, asked, until, record])?;
        Ok(())
    }

    fn set(&self, row: &Row) -> Result<(), Error> {
        self.ask(sql::SET_APPROVAL, &[&row.state, &row.until, &row.record, &row.id])?;
        Ok(())
    }

    fn record(&self, id: &str) -> Result<Option<String>, Error> {
        let found = self.ask(sql::APPROVAL, &[&id, &self.tenant])?;
        Ok(found.first().map(|row| row.try_get(0)).transpose()?)
    }

    fn speaking(&self, call: &str, now: i64) -> Result<Vec<String>, Error> {
        let found = self.ask(sql::SPEAKING, &[&self.tenant, &call, &now])?;
        Ok(found.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
    }

    fn waiting(&self, now: i64) -> Result<u64, Error> {
        let found = self.ask(sql::WAITING_APPROVALS, &[&self.tenant, &now])?;
        found.first().map_or(Ok(0), |row| read::unsigned(row, 0))
    }

    fn answer(&self, scope: &str, name: &str) -> Result<Option<Answer>, Error> {
        self.ask(sql::ANSWER, &[&scope, &name])?.first().map(read::answer).transpose()
    }

    fn write(&self, write: &Write) -> Result<Written, Error> {
        let mut chain = self.chain.try_borrow_mut().map_err(|_| Error::Closed)?;
        let id = write.entry.as_ref().map(|entry| &*entry.columns.id);
        let apply = async {
            chain.look(&self.transaction, id.as_slice()).await?;
            writer::apply(&self.transaction, write.clone(), &mut chain).await
        };
        self.runtime.block_on(apply)?
    }
}
