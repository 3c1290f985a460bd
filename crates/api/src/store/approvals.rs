//! Requests for approval in a database: the rules are those of the approval crate, and each change
//! is one transaction with its line in the chain.
//!
//! Both databases offer the same few rows ([`Rows`]); what is done with them stands here once.

use std::path::PathBuf;

use datafog_approval::{Error as Refused, Moment, Record, Request, Spoken, Store, Witness};
use datafog_core::{ApprovalState, Id};
use tokio::sync::oneshot;

use super::{Answer, Error, Write, Written};

/// Most requests of one tenant that may wait at once.
const MOST_WAITING: u64 = 10_000;

/// A transaction on the approvals of one tenant.
pub trait Within: Store {
    /// The answer that was given under this name.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn answer(&self, scope: &str, name: &str) -> Result<Option<Answer>, Error>;

    /// Stores `write` with everything else of the transaction.
    ///
    /// # Errors
    /// When it cannot be stored.
    fn write(&self, write: &Write) -> Result<Written, Error>;
}

/// What is done in one transaction.
pub type Work = Box<dyn FnOnce(&dyn Within) -> Result<(), Error> + Send>;

/// Does `work` in one transaction, and returns what it returned once that is on the disk.
///
/// # Errors
/// What the work fails of; when the store cannot be written.
pub async fn within<T: Send + 'static>(
    store: &dyn super::Store,
    tenant: &str,
    work: impl FnOnce(&dyn Within) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let (say, done) = oneshot::channel();
    let work: Work = Box::new(move |within| {
        // Who no longer waits does not need to know.
        let _gone: Result<(), T> = say.send(work(within)?);
        Ok(())
    });
    store.within(tenant, work).await?;
    done.await.map_err(|_| Error::Closed)
}

/// A request as a row. Moments are milliseconds since 1970, UTC.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) call: String,
    pub(super) state: &'static str,
    pub(super) asked: i64,
    pub(super) until: i64,
    pub(super) record: String,
}

/// What a database does with rows of one tenant within a transaction.
pub(super) trait Rows {
    fn add(&self, row: &Row) -> Result<(), Error>;
    fn set(&self, row: &Row) -> Result<(), Error>;
    fn record(&self, id: &str) -> Result<Option<String>, Error>;
    fn speaking(&self, call: &str, now: i64) -> Result<Vec<String>, Error>;
    fn waiting(&self, now: i64) -> Result<u64, Error>;
    fn answer(&self, scope: &str, name: &str) -> Result<Option<Answer>, Error>;
    fn write(&self, write: &Write) -> Result<Written, Error>;
}

/// Rows as a store of approvals.
#[derive(Debug)]
pub(super) struct Approvals<R>(pub(super) R);

impl<R: Rows> Within for Approvals<R> {
    fn answer(&self, scope: &str, name: &str) -> Result<Option<Answer>, Error> {
        self.0.answer(scope, name)
    }

    fn write(&self, write: &Write) -> Result<Written, Error> {
        self.0.write(write)
    }
}

impl<R: Rows> Store for Approvals<R> {
    fn request(&self, request: Request, now: &Moment) -> Result<Spoken, Refused> {
        let binding = request.binding;
        let speaking = self.0.speaking(&binding.call.to_string(), milliseconds(now.wall));
        let records: Vec<Record> = speaking
            .map_err(refused)?
            .iter()
            .map(|text| decoded(text).map_err(refused))
            .collect::<Result<_, _>>()?;
        let before = |state: ApprovalState| {
            let speaks = |it: &&Record| it.state(now) == state && it.speaks_for(&binding, now);
            records.iter().rev().find(speaks)
        };
        let order = [ApprovalState::Denied, ApprovalState::Approved, ApprovalState::Pending];
        if let Some(record) = order.into_iter().find_map(before) {
            return Ok(Spoken::Before(Box::new(record.clone())));
        }
        let waiting = self.0.waiting(milliseconds(now.wall)).map_err(refused)?;
        if waiting >= MOST_WAITING {
            let waiting = usize::try_from(waiting).unwrap_or(usize::MAX);
            return Err(Refused::Crowded { waiting });
        }
        let record = Record::new(request, now);
        let row = row(&record, &binding.call.to_string(), now).map_err(refused)?;
        self.0.add(&row).map_err(refused)?;
        Ok(Spoken::New(Box::new(record)))
    }

    fn record(&self, id: Id) -> Result<Record, Refused> {
        let found = self.0.record(&id.to_string()).map_err(refused)?;
        decoded(&found.ok_or(Refused::Unknown(id))?).map_err(refused)
    }

    fn change(
        &self,
        id: Id,
        change: &mut dyn FnMut(&mut Record) -> Result<(), Refused>,
        witness: Witness<'_>,
    ) -> Result<Record, Refused> {
        let mut record = Store::record(self, id)?;
        change(&mut record)?;
        witness(&record).map_err(Refused::Unrecorded)?;
        let row = row(&record, "", &Moment::now()).map_err(refused)?;
        self.0.set(&row).map_err(refused)?;
        Ok(record)
    }
}

/// A record as a row.
fn row(record: &Record, call: &str, now: &Moment) -> Result<Row, Error> {
    let grant = record.answer().and_then(|answer| answer.grant.as_ref());
    let until = grant.map_or_else(|| record.asked(), |grant| &grant.until);
    let length = u64::from(until.seconds).saturating_mul(1000);
    Ok(Row {
        id: record.id().to_string(),
        call: call.to_owned(),
        state: record.state(now).name(),
        asked: milliseconds(record.asked().from.wall),
        until: milliseconds(until.from.wall.saturating_add(length)),
        record: serde_json::to_string(record).map_err(|error| Error::Form(error.to_string()))?,
    })
}

/// A row's record.
pub(super) fn decoded(text: &str) -> Result<Record, Error> {
    serde_json::from_str(text).map_err(|error| Error::Form(error.to_string()))
}

/// A moment as databases hold it: with a sign.
fn milliseconds(wall: u64) -> i64 {
    i64::try_from(wall).unwrap_or(i64::MAX)
}

/// A failure of the store as a store of approvals tells it.
fn refused(error: Error) -> Refused {
    match error {
        Error::Approval(error) => match std::sync::Arc::try_unwrap(error) {
            Ok(error) => error,
            Err(shared) => Refused::Store(shared.to_string()),
        },
        Error::Form(_) => {
            Refused::Untrusted { path: PathBuf::from("approval"), reason: "is not in its form" }
        }
        Error::Closed | Error::Exists(_) | Error::Newer { .. } | Error::Unavailable(_) => {
            Refused::Store(error.to_string())
        }
    }
}
