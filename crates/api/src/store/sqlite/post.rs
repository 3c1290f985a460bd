//! People to be told, in SQLite.

use async_trait::async_trait;
use rusqlite::{Connection, Row, params};

use super::read::unsigned;
use super::writer::Batch;
use super::{Sqlite, apply};
use crate::store::sql::post as sql;
use crate::store::{Delivery, DeliveryState, Error, NewEntry, Post, StoredChannel, Write, Written};

#[async_trait]
impl Post for Sqlite {
    async fn channels(&self) -> Result<Vec<StoredChannel>, Error> {
        self.readers.read(channels).await
    }

    async fn set_channel(&self, channel: StoredChannel, entry: NewEntry) -> Result<(), Error> {
        self.change(move |batch| {
            record(batch, entry)?;
            let StoredChannel { id, tenant, form, sealed, since, epoch, created } = &channel;
            let values = params![id, tenant, form, sealed, *since as i64, epoch, created];
            match batch.connection.prepare_cached(sql::SET_CHANNEL)?.execute(values)? {
                0 => Err(Error::Exists(id.clone())),
                _ => Ok(()),
            }
        })
        .await
    }

    async fn remove_channel(&self, id: &str, entry: NewEntry) -> Result<(), Error> {
        let id = id.to_owned();
        self.change(move |batch| {
            record(batch, entry)?;
            for statement in [sql::REMOVE_DELIVERIES, sql::REMOVE_CHANNEL] {
                batch.connection.prepare_cached(statement)?.execute([&id])?;
            }
            Ok(())
        })
        .await
    }

    async fn looked_at(&self) -> Result<u64, Error> {
        let ask = |connection: &Connection| {
            let mut ask = connection.prepare_cached(sql::LOOKED_AT)?;
            Ok(ask.query_row([], |row| unsigned(row, 0))?)
        };
        self.readers.read(ask).await
    }

    async fn queue(&self, (from, to): (u64, u64), new: Vec<Delivery>) -> Result<bool, Error> {
        self.change(move |batch| {
            let mut look = batch.connection.prepare_cached(sql::LOOK)?;
            if look.execute(params![to as i64, from as i64])? == 0 {
                return Ok(false);
            }
            let mut add = batch.connection.prepare_cached(sql::ADD_DELIVERY)?;
            for Delivery { id, channel, seq, receipt, occasion, due, .. } in &new {
                add.execute(params![id, *seq as i64, receipt, occasion, due, channel])?;
            }
            Ok(true)
        })
        .await
    }

    async fn due(&self, now: i64) -> Result<Vec<String>, Error> {
        let ask = move |connection: &Connection| {
            let mut ask = connection.prepare_cached(sql::DUE)?;
            Ok(ask.query_map([now], |row| row.get(0))?.collect::<Result<_, _>>()?)
        };
        self.readers.read(ask).await
    }

    async fn take(
        &self,
        channel: &str,
        (now, until): (i64, i64),
        most: u32,
    ) -> Result<Vec<Delivery>, Error> {
        let channel = channel.to_owned();
        self.statement(move |batch| {
            let mut take = batch.connection.prepare_cached(sql::TAKE)?;
            let taken = take.query_map(params![until, channel, now, most], delivery)?;
            taken.collect::<rusqlite::Result<Vec<_>>>()?.into_iter().collect()
        })
        .await
    }

    async fn conclude(&self, delivery: Delivery) -> Result<(), Error> {
        self.statement(move |batch| {
            let Delivery { id, state, tries, taken, due, at, note, .. } = &delivery;
            let values = params![state.name(), tries, due, at, note, id, taken];
            batch.connection.prepare_cached(sql::CONCLUDE)?.execute(values)?;
            Ok(())
        })
        .await
    }

    async fn deliveries(
        &self,
        tenant: &str,
        state: Option<DeliveryState>,
        limit: u32,
    ) -> Result<Vec<Delivery>, Error> {
        let tenant = tenant.to_owned();
        let ask = move |connection: &Connection| {
            let mut ask = connection.prepare_cached(sql::DELIVERIES)?;
            let found =
                ask.query_map(params![tenant, state.map(DeliveryState::name), limit], delivery)?;
            found.collect::<rusqlite::Result<Vec<_>>>()?.into_iter().collect()
        };
        self.readers.read(ask).await
    }

    async fn replay(
        &self,
        (tenant, id): (&str, &str),
        now: i64,
        entry: NewEntry,
    ) -> Result<bool, Error> {
        let (tenant, id) = (tenant.to_owned(), id.to_owned());
        self.change(move |batch| {
            let mut replay = batch.connection.prepare_cached(sql::REPLAY)?;
            let is_one = replay.execute(params![now, tenant, id])? > 0;
            if is_one {
                record(batch, entry)?;
            }
            Ok(is_one)
        })
        .await
    }

    async fn forget_deliveries(&self, before: i64) -> Result<u64, Error> {
        self.statement(move |batch| {
            let forget = batch.connection.prepare_cached(sql::FORGET_DELIVERIES);
            Ok(forget?.execute([before])? as u64)
        })
        .await
    }
}

/// Adds a change's line.
fn record(batch: &Batch<'_>, entry: NewEntry) -> Result<(), Error> {
    // It has no answer, so no earlier one stands in its place.
    let _stored: Written = apply(batch, &Write { entry: Some(entry), answer: None })?;
    Ok(())
}

fn channels(connection: &Connection) -> Result<Vec<StoredChannel>, Error> {
    let mut ask = connection.prepare_cached(sql::CHANNELS)?;
    let channel = |row: &Row<'_>| {
        Ok(StoredChannel {
            id: row.get(0)?,
            tenant: row.get(1)?,
            form: row.get(2)?,
            sealed: row.get(3)?,
            since: unsigned(row, 4)?,
            epoch: row.get(5)?,
            created: row.get(6)?,
        })
    };
    Ok(ask.query_map([], channel)?.collect::<rusqlite::Result<_>>()?)
}

/// A delivery, or why its row is none.
fn delivery(row: &Row<'_>) -> rusqlite::Result<Result<Delivery, Error>> {
    let state: String = row.get(6)?;
    let Some(state) = DeliveryState::of(&state) else {
        return Ok(Err(Error::Form(format!("a delivery that is `{state}`"))));
    };
    Ok(Ok(Delivery {
        id: row.get(0)?,
        channel: row.get(1)?,
        tenant: row.get(2)?,
        seq: unsigned(row, 3)?,
        receipt: row.get(4)?,
        occasion: row.get(5)?,
        state,
        tries: row.get(7)?,
        taken: row.get(8)?,
        due: row.get(9)?,
        at: row.get(10)?,
        note: row.get(11)?,
    }))
}
