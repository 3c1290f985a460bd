//! The installation that a server belongs to, as its command line manages it.
//!
//! The dashboard shows and answers what waits at this machine's own desk, and says what `doctor` says. How
//! is the command line's business, which gives the server this: no second way to do any of it is here.

use core::fmt::Debug;
use std::path::PathBuf;

use datafog_approval::{Eyes, Record};
use datafog_core::{ApprovalScope, Id};
use datafog_gate::{Answerer, Error};

/// An installation.
pub trait House: Debug + Send + Sync {
    /// The name of the user whose installation it is.
    fn person(&self) -> String;

    /// Whether whoever started the server may loosen what is guarded, as the gate says; it leaves a
    /// receipt, which names `what` is to be done and `who` asks for it in the dashboard.
    ///
    /// # Errors
    /// Why not, in words.
    fn require_person(&self, who: &str, what: &str) -> Result<(), String>;

    /// Requests for approval of calls on this machine, oldest first.
    ///
    /// # Errors
    /// When they cannot be read.
    fn requests(&self) -> Result<Vec<Record>, Error>;

    /// Somebody answers such a request.
    ///
    /// # Errors
    /// When it is answered already or over, they may not, or no receipt could be written.
    fn answer(&self, id: Id, answer: Answer) -> Result<Record, Error>;

    /// Asks the server that the policy comes from for it, where there is one and it is time to, as a
    /// call would.
    ///
    /// # Errors
    /// When the policy counts as one that cannot be loaded.
    fn refresh(&self) -> Result<(), Error>;

    /// The folder that changes whenever such a request does.
    fn folder(&self) -> PathBuf;

    /// What `doctor` says; with `shells` also what each shell answers, which takes seconds.
    fn examine(&self, shells: bool) -> Vec<Check>;

    /// Whether the ledger is what was written.
    ///
    /// # Errors
    /// When it cannot be read.
    fn verify(&self) -> Result<Proof, String>;

    /// What is set, and where it was said: a name, a value without secrets, an origin.
    fn settings(&self) -> Vec<(String, String, String)>;
}

/// What somebody says to a request.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Who.
    pub by: Answerer,
    /// Who has to say yes.
    pub eyes: Eyes,
    /// What.
    pub said: Said,
    /// What they write beside it.
    pub note: Option<String>,
}

/// Yes, as widely as that; no; or that an answer is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// It stays denied.
    No,
    /// The answer is taken back.
    TakenBack,
    /// Such calls may run.
    Yes(ApprovalScope),
}

/// One thing that was looked at.
#[derive(Clone, Debug)]
pub struct Check {
    /// What.
    pub about: String,
    /// How it stands.
    pub level: Level,
    /// What was seen.
    pub detail: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be.
    Ok,
    /// Worth a look.
    Warning,
    /// Wrong.
    Problem,
}

/// What a reading of the whole ledger found.
#[derive(Clone, Debug)]
pub struct Proof {
    /// Whether everything is as it was written.
    pub is_proven: bool,
    /// What was found, by name.
    pub facts: Vec<(String, String)>,
}
