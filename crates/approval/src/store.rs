//! What every store of approvals can do, wherever it keeps them.

use std::io;

use datafog_core::Id;

use crate::{Binding, Error, Moment, Record, Request, Terms, Word};

/// Writes the receipt of a change before it counts. When it fails, nothing was changed.
pub type Witness<'a> = &'a mut dyn FnMut(&Record) -> io::Result<()>;

/// What was known of a call when it asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spoken {
    /// An earlier answer, or a request that still waits, speaks for this call.
    Before(Box<Record>),
    /// Nothing did: this request was made.
    New(Box<Record>),
}

impl Spoken {
    /// The record, whichever it is.
    #[must_use]
    pub fn into_record(self) -> Record {
        match self {
            Self::Before(record) | Self::New(record) => *record,
        }
    }
}

/// Keeps requests and answers. Each method is one change that happens whole or not at all: in a
/// database a transaction with the record's row locked.
///
/// The rules are those of [`Record`]; a store adds none of its own.
pub trait Store {
    /// Asks for a call, unless something was said about it before: a no first, then a yes, then a
    /// request of the same call that still waits.
    ///
    /// # Errors
    /// [`Error::Crowded`] when too many requests wait, and any failure to read or write.
    fn request(&self, request: Request, now: &Moment) -> Result<Spoken, Error>;

    /// The record of that id.
    ///
    /// # Errors
    /// [`Error::Unknown`], and any failure to read.
    fn record(&self, id: Id) -> Result<Record, Error>;

    /// Changes one record: `change` is tried on it as it stands, and what it made of it is kept once
    /// `witness` has written that down. Nobody else changes it meanwhile.
    ///
    /// # Errors
    /// What `change` refuses, [`Error::Unrecorded`] when the witness fails, [`Error::Unknown`], and
    /// any failure to read or write. The record is then as it was.
    fn change(
        &self,
        id: Id,
        change: &mut dyn FnMut(&mut Record) -> Result<(), Error>,
        witness: Witness<'_>,
    ) -> Result<Record, Error>;

    /// A person says yes. See [`Record::approve`].
    ///
    /// # Errors
    /// As [`Store::change`].
    fn approve(
        &self,
        id: Id,
        (word, terms): (&Word, Terms),
        now: &Moment,
        witness: Witness<'_>,
    ) -> Result<Record, Error> {
        let mut change = |record: &mut Record| Ok(record.approve(word.clone(), terms, now)?);
        self.change(id, &mut change, witness)
    }

    /// A person says no. See [`Record::deny`].
    ///
    /// # Errors
    /// As [`Store::change`].
    fn deny(
        &self,
        id: Id,
        word: &Word,
        now: &Moment,
        witness: Witness<'_>,
    ) -> Result<Record, Error> {
        let mut change = |record: &mut Record| Ok(record.deny(word.clone(), now)?);
        self.change(id, &mut change, witness)
    }

    /// Nobody answered in time. See [`Record::expire`].
    ///
    /// # Errors
    /// As [`Store::change`].
    fn expire(
        &self,
        id: Id,
        word: &Word,
        now: &Moment,
        witness: Witness<'_>,
    ) -> Result<Record, Error> {
        let mut change = |record: &mut Record| Ok(record.expire(word.clone(), now)?);
        self.change(id, &mut change, witness)
    }

    /// A person takes an answer back. See [`Record::revoke`].
    ///
    /// # Errors
    /// As [`Store::change`].
    fn revoke(
        &self,
        id: Id,
        word: &Word,
        now: &Moment,
        witness: Witness<'_>,
    ) -> Result<Record, Error> {
        let mut change = |record: &mut Record| Ok(record.revoke(word.clone(), now)?);
        self.change(id, &mut change, witness)
    }

    /// Uses a yes for one call. See [`Record::consume`].
    ///
    /// # Errors
    /// As [`Store::change`].
    fn consume(
        &self,
        id: Id,
        binding: &Binding,
        now: &Moment,
        witness: Witness<'_>,
    ) -> Result<Record, Error> {
        let mut change = |record: &mut Record| Ok(record.consume(binding, now)?);
        self.change(id, &mut change, witness)
    }
}
