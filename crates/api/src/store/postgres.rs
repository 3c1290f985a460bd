//! A store in PostgreSQL, which several replicas of the server share.
//!
//! As with SQLite one writer per process puts what waits into one transaction. The row of the head
//! is locked first, so the chain is one, whoever adds to it. A commit waits for the disk whatever
//! the server's settings say.

mod chain;
mod counter;
mod listen;
mod migrate;
mod post;
mod read;
mod tls;
mod within;
mod writer;

use core::time::Duration;

use async_trait::async_trait;
use datafog_approval::Record;
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_postgres::types::ToSql;
use tokio_postgres::{NoTls, Row};

use super::{
    Account, Answer, Counter, Entry, Error, Login, Mark, NewEntry, NewPolicy, Page, PolicyVersion,
    Query, Store, StoredKey, Tally, Verified, Write, Written, sql,
};
use writer::Pending;

/// Connections at most, beside the one that listens.
const MOST: usize = 16;

/// How long a connection is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// A store in a database of PostgreSQL 13 or newer.
#[derive(Debug)]
pub struct Postgres {
    pool: Pool,
    writer: mpsc::Sender<Pending>,
    /// Who is told when the chain grew; the task that listens ends with the last of them.
    grown: watch::Receiver<()>,
}

impl Postgres {
    /// Opens the database at `address` (`postgres://…` or `host=… dbname=…`). Its tables are brought
    /// to the form of this version.
    ///
    /// # Errors
    /// When the address cannot be read, the database cannot be reached, or a newer version wrote
    /// it. The connection is plain, unless the address asks for TLS (`sslmode=verify-full`).
    pub async fn open(address: &str) -> Result<Self, Error> {
        let (settings, secured) = tls::read(address)?;
        // Whoever answers is asked whether the connection is alive only when it was used last.
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = match secured.clone() {
            Some(secured) => Manager::from_config(settings.clone(), secured, recycling),
            None => Manager::from_config(settings.clone(), NoTls, recycling),
        };
        let pool = Pool::builder(manager).max_size(MOST).runtime(Runtime::Tokio1);
        let patient = pool.wait_timeout(Some(PATIENCE)).create_timeout(Some(PATIENCE));
        let pool = patient.recycle_timeout(Some(PATIENCE)).build();
        let pool = pool.map_err(|error| Error::Unavailable(error.to_string()))?;
        migrate::forward(&mut *pool.get().await?).await?;
        let (writer, waiting) = mpsc::channel(sql::WAITING);
        let (says, grown) = watch::channel(());
        tokio::spawn(writer::run(pool.clone(), waiting, says.clone()));
        tokio::spawn(listen::run((settings, secured), says));
        Ok(Self { pool, writer, grown })
    }

    async fn client(&self) -> Result<Object, Error> {
        Ok(self.pool.get().await?)
    }

    /// The row that a question has for an answer, if any.
    async fn row(
        &self,
        question: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Option<Row>, Error> {
        let client = self.client().await?;
        let question = client.prepare_cached(question).await?;
        Ok(client.query_opt(&question, values).await?)
    }

    /// The rows that a question has for an answer.
    async fn rows(
        &self,
        question: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Error> {
        let client = self.client().await?;
        let question = client.prepare_cached(question).await?;
        Ok(client.query(&question, values).await?)
    }

    /// Changes rows; how many.
    async fn change(&self, statement: &str, values: &[&(dyn ToSql + Sync)]) -> Result<u64, Error> {
        let mut client = self.client().await?;
        let within = client.transaction().await?;
        within.batch_execute(writer::ON_DISK).await?;
        let statement = within.prepare_cached(statement).await?;
        let changed = within.execute(&statement, values).await?;
        within.commit().await?;
        Ok(changed)
    }
}

#[async_trait]
impl Store for Postgres {
    async fn write(&self, write: Write) -> Result<Written, Error> {
        let (reply, answer) = oneshot::channel();
        self.writer.send(Pending { write, reply }).await.map_err(|_| Error::Closed)?;
        answer.await.map_err(|_| Error::Closed)?
    }

    fn grown(&self) -> watch::Receiver<()> {
        self.grown.clone()
    }

    fn counter(&self) -> Option<&dyn Counter> {
        Some(self)
    }

    async fn answer(&self, scope: &str, name: &str) -> Result<Option<Answer>, Error> {
        self.row(sql::ANSWER, &[&scope, &name]).await?.as_ref().map(read::answer).transpose()
    }

    async fn forget_answers(&self, before: i64) -> Result<u64, Error> {
        self.change(sql::FORGET_ANSWERS, &[&before]).await
    }

    async fn entry(&self, tenant: Option<&str>, id: &str) -> Result<Option<Entry>, Error> {
        self.row(sql::ENTRY, &[&id, &tenant]).await?.as_ref().map(read::entry).transpose()
    }

    async fn tenant_of(&self, id: &str) -> Result<Option<String>, Error> {
        let found = self.row(sql::TENANT_OF, &[&id]).await?;
        Ok(found.map(|row| row.try_get(0)).transpose()?)
    }

    async fn entries(&self, query: &Query) -> Result<Page, Error> {
        let client = self.client().await?;
        read::entries(&client, query).await
    }

    async fn head(&self) -> Result<u64, Error> {
        let found = self.row(sql::HEAD, &[]).await?;
        found.map_or(Ok(0), |row| read::unsigned(&row, 0))
    }

    async fn tail(&self, after: u64) -> Result<Vec<(String, Entry)>, Error> {
        let found = self.rows(sql::TAIL, &[&(after as i64)]).await?;
        found.iter().map(|row| Ok((row.try_get(2)?, read::entry(row)?))).collect()
    }

    async fn tally(&self, tenant: &str, kind: &str, after: i64) -> Result<Vec<Tally>, Error> {
        self.rows(sql::TALLY, &[&tenant, &kind, &after]).await?.iter().map(read::tally).collect()
    }

    async fn verify(&self) -> Result<Verified, Error> {
        let mut client = self.client().await?;
        read::verify(&mut client).await
    }

    async fn within(&self, tenant: &str, work: super::Work) -> Result<(), Error> {
        let (client, tenant) = (self.client().await?, tenant.to_owned());
        let done = tokio::task::spawn_blocking(move || within::run(client, tenant, work)).await;
        done.map_err(|error| Error::Unavailable(error.to_string()))?
    }

    async fn approval(&self, tenant: &str, id: &str) -> Result<Option<Record>, Error> {
        self.row(sql::APPROVAL, &[&id, &tenant]).await?.as_ref().map(read::approval).transpose()
    }

    async fn approvals(
        &self,
        tenant: &str,
        state: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Record>, Error> {
        let found = self.rows(sql::APPROVALS, &[&tenant, &state, &i64::from(limit)]).await?;
        found.iter().map(read::approval).collect()
    }

    async fn waiting(&self, tenant: &str, now: i64) -> Result<u64, Error> {
        let found = self.row(sql::WAITING_APPROVALS, &[&tenant, &now]).await?;
        found.map_or(Ok(0), |row| read::unsigned(&row, 0))
    }

    async fn overdue(&self, now: i64) -> Result<Vec<(String, String)>, Error> {
        let found = self.rows(sql::OVERDUE, &[&now]).await?;
        found.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
    }

    async fn forget_approvals(&self, before: i64) -> Result<u64, Error> {
        self.change(sql::FORGET_APPROVALS, &[&before]).await
    }

    async fn add_key(&self, key: StoredKey) -> Result<(), Error> {
        let StoredKey { id, digest, name, tenant, created, expires, revoked, .. } = &key;
        let (digest, role) = (digest.as_slice(), key.role.name());
        let bounds = key.bounds.encoded()?;
        let values: [&(dyn ToSql + Sync); 9] =
            [id, &digest, name, &role, tenant, created, expires, revoked, &bounds];
        let added = self.change(sql::ADD_KEY, &values).await?;
        if added == 0 { Err(Error::Exists(key.id)) } else { Ok(()) }
    }

    async fn key(&self, id: &str) -> Result<Option<StoredKey>, Error> {
        self.row(sql::KEY, &[&id]).await?.as_ref().map(read::key).transpose()
    }

    async fn keys(&self) -> Result<Vec<StoredKey>, Error> {
        self.rows(sql::KEYS, &[]).await?.iter().map(read::key).collect()
    }

    async fn key_policies(&self, now: i64) -> Result<Vec<String>, Error> {
        let found = self.rows(sql::KEY_POLICIES, &[&now]).await?;
        found.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    async fn revoke_key(&self, id: &str, at: i64) -> Result<bool, Error> {
        Ok(self.change(sql::REVOKE_KEY, &[&at, &id]).await? > 0)
    }

    async fn add_account(&self, account: Account) -> Result<(), Error> {
        let Account { name, tenant, epoch, created, disabled, .. } = &account;
        let (login, role) = (account.login.as_str(), account.role.name());
        let password = account.password.as_str();
        let values: [&(dyn ToSql + Sync); 8] =
            [&login, name, &role, tenant, &password, epoch, created, disabled];
        let added = self.change(sql::ADD_ACCOUNT, &values).await?;
        if added == 0 { Err(Error::Exists(account.login.to_string())) } else { Ok(()) }
    }

    async fn account(&self, login: &Login) -> Result<Option<Account>, Error> {
        let found = self.row(sql::ACCOUNT, &[&login.as_str()]).await?;
        found.as_ref().map(read::account).transpose()
    }

    async fn accounts(&self) -> Result<Vec<Account>, Error> {
        self.rows(sql::ACCOUNTS, &[]).await?.iter().map(read::account).collect()
    }

    async fn change_account(&self, changed: Account) -> Result<bool, Error> {
        let Account { name, tenant, epoch, disabled, .. } = &changed;
        let (login, role) = (changed.login.as_str(), changed.role.name());
        let password = changed.password.as_str();
        let values: [&(dyn ToSql + Sync); 7] =
            [name, &role, tenant, &password, epoch, disabled, &login];
        Ok(self.change(sql::SET_ACCOUNT, &values).await? > 0)
    }

    async fn add_policy(&self, policy: NewPolicy, entry: NewEntry) -> Result<u64, Error> {
        let mut client = self.client().await?;
        writer::add_policy(&mut client, &policy, entry).await
    }

    async fn policy(&self, number: u64) -> Result<Option<PolicyVersion>, Error> {
        let found = self.row(sql::POLICY, &[&(number as i64)]).await?;
        found.as_ref().map(read::policy).transpose()
    }

    async fn policies(&self, limit: u32) -> Result<Vec<PolicyVersion>, Error> {
        self.rows(sql::POLICIES, &[&i64::from(limit)]).await?.iter().map(read::policy).collect()
    }

    async fn set_mark(&self, tenant: &str, mark: Mark, entry: NewEntry) -> Result<(), Error> {
        let mut client = self.client().await?;
        let Mark { fingerprint, state, reason, author, at, until } = &mark;
        let state = state.name();
        let values: [&(dyn ToSql + Sync); 7] =
            [&tenant, fingerprint, &state, reason, author, at, until];
        writer::with_line(&mut client, entry, (sql::SET_MARK, &values)).await
    }

    async fn marks(&self, tenant: &str) -> Result<Vec<Mark>, Error> {
        self.rows(sql::MARKS, &[&tenant]).await?.iter().map(read::mark).collect()
    }

    async fn end_visit(&self, visit: &str, until: i64, entry: NewEntry) -> Result<(), Error> {
        let mut client = self.client().await?;
        writer::with_line(&mut client, entry, (sql::END_VISIT, &[&visit, &until])).await
    }

    async fn has_ended(&self, visit: &str) -> Result<bool, Error> {
        Ok(self.row(sql::ENDED_VISIT, &[&visit]).await?.is_some())
    }

    async fn forget_visits(&self, before: i64) -> Result<u64, Error> {
        self.change(sql::FORGET_VISITS, &[&before]).await
    }
}

#[cfg(test)]
mod tests;
