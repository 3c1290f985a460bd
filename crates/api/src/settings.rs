//! What a server is set to, by flag, variable and file.
//!
//! Each setting has one name, from which those of its flag and variable follow; variables are the
//! original service's where it has them (contract §3.1). A flag wins over a variable, a variable over
//! the file. Nothing is guessed: a value that cannot be read, a name that nobody knows and a setting
//! of the original that has no meaning here are errors that say which it is.

mod value;

use core::fmt;
use core::time::Duration;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafog_approval::Eyes;
use datafog_core::Secret;

use crate::listen::{Address, Patience};
use crate::store::Place;
use crate::upstream::{self, Upstreams};
use crate::{Networks, Telling};
pub use value::duration;

/// One setting.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The name in the file; the flag's is the same with `-` for `_`.
    pub name: &'static str,
    /// The environment variable.
    pub variable: &'static str,
    /// Whether there is a flag. A secret has none: command lines are public.
    pub has_flag: bool,
    /// What it does, in one sentence.
    pub does: &'static str,
}

/// Every setting, by name.
pub const SETTINGS: &[Setting] = &[
    row("addr", "DATAFOG_ADDR", "Where to listen: `127.0.0.1:8080`, or `unix:/path/of/socket`."),
    row(
        "allow_plain",
        "DATAFOG_ALLOW_PLAIN",
        "Listen for others without TLS, because something in front encrypts.",
    ),
    row(
        "anonymous",
        "DATAFOG_ANONYMOUS",
        "Answer questions without a credential; at an address of this machine alone.",
    ),
    row("approvers", "DATAFOG_APPROVERS", "How many different persons have to say yes, 1 to 5."),
    row(
        "channel_networks",
        "DATAFOG_CHANNEL_NETWORKS",
        "Networks that channels may be in though they are not public, with commas.",
    ),
    row(
        "channel_pause",
        "DATAFOG_CHANNEL_PAUSE",
        "How long until a message is tried again; twice as long each time, an hour at most.",
    ),
    row("channel_tries", "DATAFOG_CHANNEL_TRIES", "How often a message is tried, 1 to 100."),
    row(
        "debug_listen",
        "DATAFOG_DEBUG_LISTEN",
        "Where to tell what the server does, while it does it; an address of this machine alone.",
    ),
    row(
        "four_eyes",
        "DATAFOG_FOUR_EYES",
        "Let nobody say yes to what they asked themselves, by whichever key or log-in.",
    ),
    row("hosts", "DATAFOG_HOSTS", "Names that requests may call the server by, with commas."),
    row(
        "idle_timeout",
        "DATAFOG_IDLE_TIMEOUT",
        "How long a connection may wait for its next request.",
    ),
    row("judges", "DATAFOG_JUDGES", "Threads that judge; as many as there are processors."),
    row(
        "public_url",
        "DATAFOG_PUBLIC_URL",
        "Where people reach the server, for links in messages.",
    ),
    row(
        "rate_limit_rps",
        "DATAFOG_RATE_LIMIT_RPS",
        "Requests per second of one credential; 0 for any.",
    ),
    row(
        "read_header_timeout",
        "DATAFOG_READ_HEADER_TIMEOUT",
        "How long the head of a request may take.",
    ),
    row("read_timeout", "DATAFOG_READ_TIMEOUT", "How long a request may take, before its answer."),
    Setting {
        name: "session_secret",
        variable: "DATAFOG_SESSION_SECRET",
        has_flag: false,
        does: "Goes into what tokens of those who log in are signed with; a new one ends them all.",
    },
    row("session_time", "DATAFOG_SESSION_TIME", "How long somebody who logged in stays so."),
    row(
        "shutdown_timeout",
        "DATAFOG_SHUTDOWN_TIMEOUT",
        "How long what is under way may take at the end.",
    ),
    Setting {
        name: "smtp_secret_key",
        variable: "SMTP_SECRET_KEY",
        has_flag: false,
        does: "What passwords and tokens of channels are encrypted with; without it none is taken.",
    },
    row("store", "DATAFOG_STORE", "A file of SQLite, or `postgres://user@host/database`."),
    row(
        "tenant_rate_limit_rps",
        "DATAFOG_TENANT_RATE_LIMIT_RPS",
        "Requests per second of all credentials of a tenant together; 0 for any.",
    ),
    row("tls_cert", "DATAFOG_TLS_CERT", "The certificate and those between it and a root, as PEM."),
    row("tls_key", "DATAFOG_TLS_KEY", "The certificate's key, as PEM."),
    Setting {
        name: "token",
        variable: "DATAFOG_API_TOKEN",
        has_flag: false,
        does: "A token that lets whoever knows it do everything.",
    },
    row(
        "tool_timeout",
        "DATAFOG_TOOL_TIMEOUT",
        "How long an upstream may take for a call of a tool.",
    ),
    row(
        "tool_upstreams",
        "DATAFOG_TOOL_UPSTREAMS",
        "Where calls of tools may be forwarded, with commas; the first is for calls that name none.",
    ),
    row("tool_wait", "DATAFOG_TOOL_WAIT", "How long a held call of a tool waits for a person."),
    row(
        "write_timeout",
        "DATAFOG_WRITE_TIMEOUT",
        "How much longer a request and its answer may take.",
    ),
];

/// Variables of the original service that have no meaning here, and what has.
pub const WITHOUT_MEANING: &[(&str, &str)] = &[
    ("DATAFOG_ADMIN_HTML", "the dashboard is part of the program"),
    ("DATAFOG_DEMO_HTML", "there is no page to serve"),
    ("DATAFOG_ENABLE_ADMIN_UI", "the dashboard is always there, at `/ui`, for who logs in"),
    ("DATAFOG_ENABLE_DEMO", "there is no demo: it would run commands for whoever asks"),
    ("DATAFOG_EVENTS_PATH", "events are in the store: set `DATAFOG_STORE`"),
    ("DATAFOG_FGPROF", "there are no profiles: `debug_listen` tells what the server does"),
    ("DATAFOG_POLICY_PATH", "name the file as `policy` in `config.toml` of the installation"),
    ("DATAFOG_PPROF_ADDR", "there are no profiles: `debug_listen` tells what the server does"),
    ("DATAFOG_RECEIPT_PATH", "receipts are in the store: set `DATAFOG_STORE`"),
];

const fn row(name: &'static str, variable: &'static str, does: &'static str) -> Setting {
    Setting { name, variable, has_flag: true, does }
}

/// How long a call of a tool waits for a person, as in AgentGov's service.
const TOOL_WAIT: Duration = Duration::from_secs(300);

/// How long somebody who logged in stays so, as in AgentGov's service.
const SESSION_TIME: Duration = Duration::from_secs(24 * 60 * 60);

/// What a server is set to.
#[derive(Debug)]
pub struct Settings {
    /// Where it listens.
    pub address: Address,
    /// Whether others may be answered without TLS.
    pub allow_plain: bool,
    /// Whether questions need no credential.
    pub anonymous: bool,
    /// Where it tells what it does, of this machine alone.
    pub debug: Option<SocketAddr>,
    /// Who has to say yes to what is held.
    pub eyes: Eyes,
    /// Names that it may be called by, besides those of this machine.
    pub hosts: Vec<String>,
    /// Threads that judge.
    pub judges: usize,
    /// How long it waits for whom.
    pub patience: Patience,
    /// Requests per second of one credential; 0 for any.
    pub rate: u32,
    /// What goes into the signatures of tokens besides the installation's key.
    pub session_secret: Option<Secret<String>>,
    /// How long somebody who logged in stays so.
    pub session_time: Duration,
    /// Where it keeps what it must not lose.
    pub store: Place,
    /// Requests per second of a tenant's credentials together; 0 for any.
    pub tenant_rate: u32,
    /// How people are told what happens.
    pub telling: Telling,
    /// Certificate and key, where it speaks TLS.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// A token that whoever knows it shares.
    pub token: Option<Secret<String>>,
    /// How long a call of a tool waits for a person.
    pub tool_wait: Duration,
    /// Where calls of tools may be forwarded.
    pub upstreams: Upstreams,
    /// What was said: a setting's name, its value where it can be shown, and where it was said.
    pub said: Vec<(&'static str, String, String)>,
}

/// Where a value was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// On the command line.
    Flag(&'static str),
    /// In the environment.
    Variable(&'static str),
    /// In the file, under that key.
    File(PathBuf, String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) => write!(f, "`--{}`", name.replace('_', "-")),
            Self::Variable(name) => write!(f, "`{name}`"),
            Self::File(path, key) => write!(f, "`{key}` in `{}`", path.display()),
        }
    }
}

/// Why there are no settings. The value itself is never told: it may be a secret.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Two settings that do not go together, or one that is of no use alone.
    #[error("{0}")]
    Together(&'static str),
    /// The file is no TOML.
    #[error("`{}` cannot be read: {problem}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        problem: String,
    },
    /// Nobody knows such a setting.
    #[error("{0} is no setting of the server")]
    Unknown(Origin),
    /// It cannot be read.
    #[error("{origin}: {problem}")]
    Value {
        /// Where it was said.
        origin: Origin,
        /// What is expected.
        problem: String,
    },
    /// A setting of the original service.
    #[error("`{name}` has no meaning here: {instead}")]
    WithoutMeaning {
        /// The variable.
        name: &'static str,
        /// What to do.
        instead: &'static str,
    },
}

/// What was said, by name: the strongest layer that says it.
#[derive(Debug, Default)]
pub struct Said {
    values: BTreeMap<&'static str, (Origin, String)>,
}

impl Said {
    /// Takes what the command line says. `flags` are names of [`SETTINGS`] with their values.
    #[must_use]
    pub fn by_flags(mut self, flags: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        for (name, value) in flags {
            self.values.entry(name).or_insert((Origin::Flag(name), value));
        }
        self
    }

    /// Takes what the environment says, where no flag said it. An empty variable says nothing.
    ///
    /// # Errors
    /// When a variable of the original is set that has no meaning here.
    pub fn by_variables(
        mut self,
        variable: impl Fn(&'static str) -> Option<String>,
    ) -> Result<Self, Error> {
        let said = |name| variable(name).filter(|value| !value.is_empty());
        for (name, instead) in WITHOUT_MEANING {
            if said(name).is_some() {
                return Err(Error::WithoutMeaning { name, instead });
            }
        }
        for setting in SETTINGS {
            if let Some(value) = said(setting.variable) {
                let origin = Origin::Variable(setting.variable);
                self.values.entry(setting.name).or_insert((origin, value));
            }
        }
        Ok(self)
    }

    /// Takes what a file says, where nothing else said it: a table of TOML.
    ///
    /// # Errors
    /// When it is none, or names what nobody knows.
    pub fn by_file(mut self, path: &Path, text: &str) -> Result<Self, Error> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            let problem = error.message().to_owned();
            Error::File { path: path.to_owned(), problem }
        })?;
        for (key, value) in &table {
            let origin = Origin::File(path.to_owned(), key.clone());
            let Some(setting) = SETTINGS.iter().find(|setting| setting.name == key) else {
                return Err(Error::Unknown(origin));
            };
            let problem = || String::from("expected a text, a whole number, or true or false");
            let Some(value) = value::plain(value) else {
                return Err(Error::Value { origin, problem: problem() });
            };
            self.values.entry(setting.name).or_insert((origin, value));
        }
        Ok(self)
    }

    /// The settings. `store` is where the store is unless something else is said.
    ///
    /// # Errors
    /// When a value cannot be read, or two do not go together.
    pub fn settings(self, store: PathBuf) -> Result<Settings, Error> {
        let upstreams = self.upstreams()?;
        let tool_wait = self.read("tool_wait", value::duration)?.unwrap_or(TOOL_WAIT);
        let held = tool_wait.saturating_add(upstreams.patience());
        let settings = Settings {
            address: self.read("addr", value::address)?.unwrap_or_else(value::here),
            allow_plain: self.read("allow_plain", value::truth)?.unwrap_or_default(),
            anonymous: self.read("anonymous", value::truth)?.unwrap_or_default(),
            debug: self.read("debug_listen", value::local)?,
            eyes: Eyes {
                others: self.read("four_eyes", value::truth)?.unwrap_or_default(),
                count: self.read("approvers", value::approvers)?.unwrap_or_default(),
            },
            hosts: self.read("hosts", value::list)?.unwrap_or_default(),
            judges: self.read("judges", value::count)?.unwrap_or_else(value::processors),
            patience: Patience { held, ..self.patience()? },
            rate: self.read("rate_limit_rps", value::number)?.unwrap_or_default(),
            session_secret: self.read("session_secret", value::secret)?,
            session_time: self.read("session_time", value::duration)?.unwrap_or(SESSION_TIME),
            store: self.read("store", value::place)?.unwrap_or(Place::File(store)),
            tenant_rate: self.read("tenant_rate_limit_rps", value::number)?.unwrap_or_default(),
            telling: self.telling()?,
            tls: self.tls()?,
            token: self.read("token", value::secret)?,
            tool_wait,
            upstreams,
            said: self.told(),
        };
        if settings.anonymous && !settings.address.is_of_this_machine() {
            return Err(Error::Together("`anonymous` is for an address of this machine alone"));
        }
        Ok(settings)
    }

    /// What was said, as a page may show it: no secret, and no address that could hold one.
    fn told(&self) -> Vec<(&'static str, String, String)> {
        let shown = |name: &str, value: &str| {
            let is_secret = SETTINGS.iter().any(|it| it.name == name && !it.has_flag);
            let value = if is_secret || value.contains("://") { "(set)" } else { value };
            value.to_owned()
        };
        let all = self.values.iter();
        all.map(|(name, (origin, value))| (*name, shown(name, value), origin.to_string())).collect()
    }

    fn tls(&self) -> Result<Option<(PathBuf, PathBuf)>, Error> {
        match (self.read("tls_cert", value::path)?, self.read("tls_key", value::path)?) {
            (Some(certificate), Some(key)) => Ok(Some((certificate, key))),
            (None, None) => Ok(None),
            (Some(_), None) | (None, Some(_)) => {
                Err(Error::Together("`tls_cert` and `tls_key` go together"))
            }
        }
    }

    fn telling(&self) -> Result<Telling, Error> {
        let known = Telling::default();
        Ok(Telling {
            networks: self.read("channel_networks", Networks::parse)?.unwrap_or_default(),
            public: self.read("public_url", value::public)?,
            key: self.read("smtp_secret_key", value::secret)?.map(Arc::new),
            tries: self.read("channel_tries", value::tries)?.unwrap_or(known.tries),
            pause: self.read("channel_pause", value::duration)?.unwrap_or(known.pause),
        })
    }

    fn upstreams(&self) -> Result<Upstreams, Error> {
        let patience = self.read("tool_timeout", value::duration)?.unwrap_or(upstream::PATIENCE);
        let Some((origin, text)) = self.values.get("tool_upstreams") else {
            return Ok(Upstreams::default());
        };
        Upstreams::parse(text, patience)
            .map_err(|problem| Error::Value { origin: origin.clone(), problem })
    }

    /// The original waits apart for a head, a body, an answer and the next request. Here one clock
    /// runs for heads and pauses, the shorter of the two that were said, and one for all the rest.
    fn patience(&self) -> Result<Patience, Error> {
        let known = Patience::default();
        let heads = [
            self.read("read_header_timeout", value::duration)?,
            self.read("idle_timeout", value::duration)?,
        ];
        let read = self.read("read_timeout", value::duration)?;
        let write = self.read("write_timeout", value::duration)?;
        let (five, ten) = (Duration::from_secs(5), Duration::from_secs(10));
        Ok(Patience {
            head: heads.into_iter().flatten().min().unwrap_or(known.head),
            request: read.unwrap_or(five).saturating_add(write.unwrap_or(ten)),
            held: known.held,
            drain: self.read("shutdown_timeout", value::duration)?.unwrap_or(known.drain),
        })
    }

    fn read<T>(
        &self,
        name: &'static str,
        read: fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, Error> {
        let Some((origin, text)) = self.values.get(name) else { return Ok(None) };
        let wrong = |problem| Error::Value { origin: origin.clone(), problem };
        read(text.trim()).map(Some).map_err(wrong)
    }
}

#[cfg(test)]
mod tests;
