//! The HTTP server: routes, who may use them, and what every request goes through.
//!
//! [`app`] makes the whole of it out of an [`App`], without a socket. Each dialect translates a
//! request into a question for the gate's decide-only half, stores the event, and translates the
//! decision back; none of them judges.

mod agentgov;
mod approver;
pub(crate) mod arguments;
pub(crate) mod asked;
mod awaited;
pub(crate) mod context;
mod datafog;
mod dataguard;
mod enforgate;
pub(crate) mod follow;
mod governance;
mod guard;
pub(crate) mod live;
pub(crate) mod login;
mod metrics;
pub(crate) mod native;
pub(crate) mod noted;
mod openapi;
pub(crate) mod problem;
mod rate;
mod routes;
mod settle;
pub(crate) mod spoken;
mod tools;

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use datafog_approval::Eyes;
use datafog_config::Layout;
use datafog_core::Key;
use jiff::Timestamp;
use tokio::sync::{Semaphore, watch};

use crate::board::Board;
use crate::dashboard::enter::Once;
use crate::dashboard::job::Job;
use crate::demo::is_demo;
use crate::house::{Check, House, Proof};
use crate::identity::password::Passwords;
use crate::identity::{Keyring, Sessions, Throttle};
use crate::judges::Judges;
use crate::store::Store;
use crate::tell::Teller;
use crate::{Telling, Upstreams};
use live::Live;
use metrics::Metrics;
use noted::Failures;
use rate::Rates;

pub(crate) use guard::is_local_name;
pub use native::expire_overdue;
pub use openapi::openapi;
pub use routes::app;
pub(crate) use routes::waits;

/// What a server is made of.
#[derive(Debug)]
pub struct App {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) judges: Judges,
    pub(crate) keyring: Keyring,
    pub(crate) throttle: Throttle,
    /// Tries to log in that failed.
    pub(crate) failures: Failures,
    pub(crate) passwords: Passwords,
    pub(crate) hosts: Vec<String>,
    pub(crate) anonymous: bool,
    pub(crate) rates: Rates,
    pub(crate) metrics: Metrics,
    pub(crate) live: Live,
    pub(crate) board: Arc<Board>,
    pub(crate) around: Around,
    pub(crate) upstreams: Upstreams,
    pub(crate) teller: Teller,
    pub(crate) tool_wait: Duration,
    pub(crate) eyes: Eyes,
    pub(crate) started: Timestamp,
    /// What the tokens of forms are made with.
    pub(crate) forms: Key,
    /// Whether browsers come by TLS.
    pub(crate) secure: bool,
    /// The installation, where the server belongs to one.
    pub(crate) house: Option<Arc<dyn House>>,
    /// Something changed at its desk.
    pub(crate) moved: watch::Sender<()>,
    /// What was set of the server, and where.
    pub(crate) said: Vec<(&'static str, String, String)>,
    /// The link by which somebody may come in.
    pub(crate) once: Mutex<Option<Once>>,
    /// Whoever changes the policy file has this; the digest of the text that was last known there.
    pub(crate) policy_file: tokio::sync::Mutex<Option<String>>,
    /// Whether the policy comes from another server that has not answered for too long.
    pub(crate) outdated: AtomicBool,
    /// Whether the server goes down: nobody is kept waiting then.
    pub(crate) ending: watch::Sender<bool>,
}

/// What stands around a server, for pages that show it.
#[derive(Debug)]
pub(crate) struct Around {
    /// The ledger of the installation.
    pub(crate) receipts: Option<PathBuf>,
    /// Whether everything in it is made up.
    pub(crate) is_demo: bool,
    /// Drafts are tried one at a time.
    pub(crate) simulating: Semaphore,
    /// The reading of the store's chain from its beginning.
    pub(crate) store_proof: Job<Result<Proof, String>>,
    /// That of this machine's ledger.
    pub(crate) ledger_proof: Job<Result<Proof, String>>,
    /// What `doctor` says when it asks every shell, too.
    pub(crate) examined: Job<Vec<Check>>,
}

impl Default for Around {
    fn default() -> Self {
        Self {
            receipts: None,
            is_demo: false,
            simulating: Semaphore::new(1),
            store_proof: Job::default(),
            ledger_proof: Job::default(),
            examined: Job::default(),
        }
    }
}

/// What can be set of a server.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A token that whoever knows it shares (`DATAFOG_API_TOKEN`).
    pub token: Option<String>,
    /// Names that requests may call this server by, besides those of this machine itself.
    pub hosts: Vec<String>,
    /// Requests per second of one credential; 0 for any number (`DATAFOG_RATE_LIMIT_RPS`).
    pub rate: u32,
    /// The same of all credentials of a tenant together (`DATAFOG_TENANT_RATE_LIMIT_RPS`).
    pub tenant_rate: u32,
    /// Whether who shows no credential may ask, as an agent may. They see and decide nothing.
    pub anonymous: bool,
    /// How long somebody who logged in stays so.
    pub session_time: Duration,
    /// Where calls of tools may be forwarded.
    pub upstreams: Upstreams,
    /// How people are told what happens.
    pub telling: Telling,
    /// How long a call of a tool waits for a person.
    pub tool_wait: Duration,
    /// Who has to say yes to what is held.
    pub eyes: Eyes,
    /// Whether browsers come by TLS, to here or to what is in front of here.
    pub secure: bool,
    /// The installation that the server belongs to.
    pub house: Option<Arc<dyn House>>,
    /// What was set, to be shown: a name, a value, where it was said.
    pub said: Vec<(&'static str, String, String)>,
}

impl App {
    /// A server that keeps its events in `store` and has its questions judged by `judges`. What it
    /// issues to those who log in is made with `secret`.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        judges: Judges,
        secret: &[u8; 32],
        options: &Options,
    ) -> Self {
        let sessions = Sessions::new(secret, options.session_time);
        let keyring = Keyring::new(Arc::clone(&store), sessions, options.token.as_deref());
        Self {
            store,
            judges,
            keyring,
            throttle: Throttle::new(Key::new(secret)),
            failures: Failures::default(),
            passwords: Passwords::default(),
            hosts: options.hosts.clone(),
            anonymous: options.anonymous,
            rates: Rates::of(options.rate, options.tenant_rate),
            metrics: Metrics::default(),
            live: Live::default(),
            board: Arc::default(),
            outdated: AtomicBool::default(),
            around: Around::default(),
            upstreams: options.upstreams.clone(),
            teller: Teller::new(options.telling.clone()),
            tool_wait: options.tool_wait,
            eyes: options.eyes,
            started: Timestamp::now(),
            forms: Key::new(secret),
            secure: options.secure,
            house: options.house.clone(),
            said: options.said.clone(),
            moved: watch::Sender::new(()),
            once: Mutex::default(),
            ending: watch::Sender::new(false),
            policy_file: tokio::sync::Mutex::default(),
        }
    }

    /// The same for the installation at that place, of which pages show what was recorded.
    #[must_use]
    pub fn at(mut self, layout: &Layout) -> Self {
        self.around.receipts = Some(layout.receipts());
        self.around.is_demo = is_demo(layout.root());
        self
    }

    /// The server goes down: who waits is answered now.
    pub fn end(&self) {
        self.ending.send_replace(true);
    }
}

#[cfg(test)]
mod tests;
