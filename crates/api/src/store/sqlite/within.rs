//! A transaction on the approvals of one tenant, on the thread that writes.

use rusqlite::{OptionalExtension as _, Row as Found, params};

use super::writer::Batch;
use crate::store::approvals::{Row, Rows};
use crate::store::{Answer, Error, Write, Written, sql};

/// The transaction at hand.
#[derive(Debug)]
pub(super) struct Inside<'b> {
    pub(super) batch: &'b Batch<'b>,
    pub(super) tenant: String,
}

fn text(row: &Found<'_>) -> rusqlite::Result<String> {
    row.get(0)
}

impl Rows for Inside<'_> {
    fn add(&self, row: &Row) -> Result<(), Error> {
        let Row { id, call, state, asked, until, record } = row;
        let values = params![id, self.tenant, call, state, asked, until, record];
        self.batch.connection.prepare_cached(sql::ADD_APPROVAL)?.execute(values)?;
        Ok(())
    }

    fn set(&self, row: &Row) -> Result<(), Error> {
        let values = params![row.state, row.until, row.record, row.id];
        self.batch.connection.prepare_cached(sql::SET_APPROVAL)?.execute(values)?;
        Ok(())
    }

    fn record(&self, id: &str) -> Result<Option<String>, Error> {
        let mut ask = self.batch.connection.prepare_cached(sql::APPROVAL)?;
        Ok(ask.query_row(params![id, self.tenant], text).optional()?)
    }

    fn speaking(&self, call: &str, now: i64) -> Result<Vec<String>, Error> {
        let mut ask = self.batch.connection.prepare_cached(sql::SPEAKING)?;
        Ok(ask.query_map(params![self.tenant, call, now], text)?.collect::<Result<_, _>>()?)
    }

    fn waiting(&self, now: i64) -> Result<u64, Error> {
        super::read::waiting(self.batch.connection, &self.tenant, now)
    }

    fn answer(&self, scope: &str, name: &str) -> Result<Option<Answer>, Error> {
        super::answer(self.batch.connection, scope, name)
    }

    fn write(&self, write: &Write) -> Result<Written, Error> {
        super::apply(self.batch, write)
    }
}
