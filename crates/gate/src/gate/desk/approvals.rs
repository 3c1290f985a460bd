//! Requests for approval as a person at another terminal sees and answers them.

use std::path::PathBuf;

use datafog_approval::{Eyes, FolderStore, Listing, Moment, Party, Record, Store, Terms, Word};
use datafog_config::load_or_create_key;
use datafog_core::{ApprovalState, ApprovalWay, Event, Id, Key};

use super::{follow_up, party, who};
use crate::Error;
use crate::gate::{Gate, Opened};
use crate::principal::{self, Behind};

/// The requests of an installation, to be looked at and answered.
#[derive(Debug)]
pub struct Approvals<'g> {
    gate: &'g Gate<'g>,
    key: Key,
    /// Who answers, where it is not whoever started this process.
    answerer: Option<Answerer>,
    eyes: Eyes,
}

/// Somebody who answers in the dashboard, which knows them.
#[derive(Clone, Debug)]
pub struct Answerer {
    /// How they are told.
    pub name: String,
    /// By which names they are known.
    pub party: Party,
    /// The same where whoever may be this machine's user counts as that user.
    pub here: Party,
}

impl Gate<'_> {
    /// The requests of this installation.
    ///
    /// # Errors
    /// When the key cannot be read.
    pub fn approvals(&self) -> Result<Approvals<'_>, Error> {
        let (key, eyes) = (load_or_create_key(&self.layout.key(), self.user)?, Eyes::default());
        Ok(Approvals { gate: self, key, answerer: None, eyes })
    }

    /// Why whoever started this process may not answer a request, if so: an agent, or somebody who
    /// hides. Whether there is a terminal is for the caller to see.
    #[must_use]
    pub fn no_person(&self) -> Option<String> {
        let known = principal::from_environment(self.host, self.user);
        match principal::behind(&known) {
            Behind::Nobody => None,
            Behind::Agent(name) => Some(format!(
                "{name} is behind this process, and only a person may answer; use a terminal that \
                 no agent was started in"
            )),
            Behind::TooMany => Some(String::from(
                "this process has more parents than are looked at, so nobody can tell who asks",
            )),
        }
    }
}

impl Approvals<'_> {
    /// The same, answered in the dashboard by somebody, who has to be one of those that `eyes` asks for.
    #[must_use]
    pub fn by(self, answerer: Answerer, eyes: Eyes) -> Self {
        Self { answerer: Some(answerer), eyes, ..self }
    }

    /// Every request, oldest first, and files among them that are none.
    ///
    /// # Errors
    /// When the folder cannot be read, or others could have changed it.
    pub fn list(&self) -> Result<Listing, Error> {
        Ok(self.store().list()?)
    }

    /// A person says yes.
    ///
    /// # Errors
    /// When it is answered already or over, so wide a yes is not permitted, or no receipt could be
    /// written.
    pub fn approve(
        &self,
        id: Id,
        note: Option<String>,
        terms: impl Into<Terms>,
    ) -> Result<Record, Error> {
        let (word, terms) = (self.word(note), terms.into());
        let witness = &mut |record: &Record| self.witness("none", record);
        let now = Moment::now();
        let mut change = |record: &mut Record| {
            record.demand(self.eyes);
            Ok(record.approve(self.known(word.clone(), record), terms, &now)?)
        };
        let done = self.store().change(id, &mut change, witness)?;
        self.tell(&done);
        Ok(done)
    }

    /// A person says no.
    ///
    /// # Errors
    /// When it is answered already or over, or no receipt could be written.
    pub fn deny(&self, id: Id, note: Option<String>) -> Result<Record, Error> {
        let word = self.word(note);
        let witness = &mut |record: &Record| self.witness("block", record);
        let done = self.store().deny(id, &word, &Moment::now(), witness)?;
        self.tell(&done);
        Ok(done)
    }

    /// A person takes an answer back.
    ///
    /// # Errors
    /// When there is nothing to take back, or no receipt could be written.
    pub fn revoke(&self, id: Id, note: Option<String>) -> Result<Record, Error> {
        let word = self.word(note);
        let witness = &mut |record: &Record| self.witness("none", record);
        let done = self.store().revoke(id, &word, &Moment::now(), witness)?;
        self.tell(&done);
        Ok(done)
    }

    /// Tells the server that was asked beside us. What it does not hear now stands there until its time
    /// is over, and lets nothing through.
    fn tell(&self, record: &Record) {
        let Ok(opened) = self.gate.open(None) else { return };
        self.gate.tell(opened.state.settings.remote.as_ref(), Some(record));
    }

    /// Where they are kept.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.gate.layout.approvals()
    }

    fn store(&self) -> FolderStore<'_> {
        FolderStore::new(self.folder(), &self.key, self.gate.user)
    }

    /// The same word, by the names that count for the request. Where this machine's user has said yes at the
    /// terminal, who may be that user is no other.
    fn known(&self, word: Word, record: &Record) -> Word {
        let here = self.answerer.as_ref().map(|answerer| &answerer.here);
        match here.filter(|_| record.has_agreed(&party(self.gate.user))) {
            Some(here) => Word { who: here.clone(), ..word },
            None => word,
        }
    }

    fn word(&self, note: Option<String>) -> Word {
        if let Some(Answerer { name, party, .. }) = self.answerer.clone() {
            return Word { by: Some(name), way: ApprovalWay::Dashboard, note, who: party };
        }
        let (by, who) = (Some(who(self.gate.user)), party(self.gate.user));
        Word { by, way: ApprovalWay::Command, note, who }
    }

    /// Writes the receipt of an answer, which follows that of the held call.
    fn witness(&self, enforcement: &str, record: &Record) -> std::io::Result<()> {
        let state = record.state(&Moment::now());
        let made = self.receipt(enforcement, record, state);
        made.map_err(std::io::Error::other)
    }

    fn receipt(
        &self,
        enforcement: &str,
        record: &Record,
        state: ApprovalState,
    ) -> Result<(), Error> {
        let first: &Event = record.event();
        let event = follow_up(first, enforcement, record, state).map_err(|_| Error::Random)?;
        let opened: Opened = self.gate.open(None)?;
        let made = opened.record(self.gate.layout, (), &event);
        made.map(drop).map_err(|((), error)| error.into())
    }
}
