//! People to be told, in PostgreSQL.

use async_trait::async_trait;
use deadpool_postgres::Transaction;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::Postgres;
use super::chain::Chain;
use super::read::unsigned;
use super::writer::{self, ON_DISK};
use crate::store::sql::post as sql;
use crate::store::{Delivery, DeliveryState, Error, NewEntry, Post, StoredChannel, Write};

#[async_trait]
impl Post for Postgres {
    async fn channels(&self) -> Result<Vec<StoredChannel>, Error> {
        self.rows(sql::CHANNELS, &[]).await?.iter().map(channel).collect()
    }

    async fn set_channel(&self, channel: StoredChannel, entry: NewEntry) -> Result<(), Error> {
        let mut client = self.client().await?;
        let within = client.transaction().await?;
        let chain = recorded(&within, entry).await?;
        let StoredChannel { id, tenant, form, sealed, since, epoch, created } = &channel;
        let since = *since as i64;
        let values: [&(dyn ToSql + Sync); 7] = [id, tenant, form, sealed, &since, epoch, created];
        let statement = within.prepare_cached(sql::SET_CHANNEL).await?;
        if within.execute(&statement, &values).await? == 0 {
            return Err(Error::Exists(id.clone()));
        }
        finish(within, chain).await
    }

    async fn remove_channel(&self, id: &str, entry: NewEntry) -> Result<(), Error> {
        let mut client = self.client().await?;
        let within = client.transaction().await?;
        let chain = recorded(&within, entry).await?;
        for statement in [sql::REMOVE_DELIVERIES, sql::REMOVE_CHANNEL] {
            let statement = within.prepare_cached(statement).await?;
            within.execute(&statement, &[&id]).await?;
        }
        finish(within, chain).await
    }

    async fn looked_at(&self) -> Result<u64, Error> {
        let found = self.row(sql::LOOKED_AT, &[]).await?;
        found.map_or(Ok(0), |row| unsigned(&row, 0))
    }

    async fn queue(&self, (from, to): (u64, u64), new: Vec<Delivery>) -> Result<bool, Error> {
        let mut client = self.client().await?;
        let within = client.transaction().await?;
        within.batch_execute(ON_DISK).await?;
        let look = within.prepare_cached(sql::LOOK).await?;
        if within.execute(&look, &[&(to as i64), &(from as i64)]).await? == 0 {
            return Ok(false);
        }
        let add = within.prepare_cached(sql::ADD_DELIVERY).await?;
        for Delivery { id, channel, seq, receipt, occasion, due, .. } in &new {
            let seq = *seq as i64;
            within.execute(&add, &[id, &seq, receipt, occasion, due, channel]).await?;
        }
        within.commit().await?;
        Ok(true)
    }

    async fn due(&self, now: i64) -> Result<Vec<String>, Error> {
        let found = self.rows(sql::DUE, &[&now]).await?;
        found.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    async fn take(
        &self,
        channel: &str,
        (now, until): (i64, i64),
        most: u32,
    ) -> Result<Vec<Delivery>, Error> {
        let mut client = self.client().await?;
        let within = client.transaction().await?;
        within.batch_execute(ON_DISK).await?;
        let take = within.prepare_cached(sql::TAKE_FREE).await?;
        let taken = within.query(&take, &[&until, &channel, &now, &i64::from(most)]).await?;
        let taken = taken.iter().map(delivery).collect::<Result<_, _>>()?;
        within.commit().await?;
        Ok(taken)
    }

    async fn conclude(&self, delivery: Delivery) -> Result<(), Error> {
        let Delivery { id, state, tries, taken, due, at, note, .. } = &delivery;
        let state = state.name();
        self.change(sql::CONCLUDE, &[&state, tries, due, at, note, id, taken]).await?;
        Ok(())
    }

    async fn deliveries(
        &self,
        tenant: &str,
        state: Option<DeliveryState>,
        limit: u32,
    ) -> Result<Vec<Delivery>, Error> {
        let state = state.map(DeliveryState::name);
        let found = self.rows(sql::DELIVERIES, &[&tenant, &state, &i64::from(limit)]).await?;
        found.iter().map(delivery).collect()
    }

    async fn replay(
        &self,
        (tenant, id): (&str, &str),
        now: i64,
        entry: NewEntry,
    ) -> Result<bool, Error> {
        let mut client = self.client().await?;
        let within = client.transaction().await?;
        let chain = recorded(&within, entry).await?;
        let replay = within.prepare_cached(sql::REPLAY).await?;
        if within.execute(&replay, &[&now, &tenant, &id]).await? == 0 {
            return Ok(false);
        }
        finish(within, chain).await?;
        Ok(true)
    }

    async fn forget_deliveries(&self, before: i64) -> Result<u64, Error> {
        self.change(sql::FORGET_DELIVERIES, &[&before]).await
    }
}

/// The chain with a change's line, in a transaction that begins with it.
async fn recorded(within: &Transaction<'_>, entry: NewEntry) -> Result<Chain, Error> {
    within.batch_execute(ON_DISK).await?;
    let mut chain = Chain::locked(within, &[&entry.columns.id]).await?;
    let write = Write { entry: Some(entry), answer: None };
    writer::apply(within, write, &mut chain).await?.map(drop)?;
    Ok(chain)
}

async fn finish(within: Transaction<'_>, chain: Chain) -> Result<(), Error> {
    chain.finish(&within).await?;
    Ok(within.commit().await?)
}

fn channel(row: &Row) -> Result<StoredChannel, Error> {
    Ok(StoredChannel {
        id: row.try_get(0)?,
        tenant: row.try_get(1)?,
        form: row.try_get(2)?,
        sealed: row.try_get(3)?,
        since: unsigned(row, 4)?,
        epoch: row.try_get(5)?,
        created: row.try_get(6)?,
    })
}

fn delivery(row: &Row) -> Result<Delivery, Error> {
    let state: &str = row.try_get(6)?;
    let strange = || Error::Form(format!("a delivery that is `{state}`"));
    Ok(Delivery {
        id: row.try_get(0)?,
        channel: row.try_get(1)?,
        tenant: row.try_get(2)?,
        seq: unsigned(row, 3)?,
        receipt: row.try_get(4)?,
        occasion: row.try_get(5)?,
        state: DeliveryState::of(state).ok_or_else(strange)?,
        tries: row.try_get(7)?,
        taken: row.try_get(8)?,
        due: row.try_get(9)?,
        at: row.try_get(10)?,
        note: row.try_get(11)?,
    })
}
