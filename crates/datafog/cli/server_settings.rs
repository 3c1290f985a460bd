//! What a server is set to, as it is typed: the flags of `serve`, and the place of its store for
//! whoever else opens it.

use std::io;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use datafog_api::settings::{Error, Said, Settings};
use datafog_config::read_small;

use super::session::Session;
use crate::exit_code::ExitCode;
use crate::report::Advised;

/// No settings that a person wrote are larger, in bytes.
const MOST: u64 = 1 << 20;

/// Where a demo listens.
pub(super) const DEMO_ADDRESS: &str = "127.0.0.1:8080";

/// Flags, one for each setting of the server that is no secret.
#[derive(Args, Debug)]
pub(super) struct ServerSettings {
    #[command(flatten)]
    place: StorePlace,
    /// Where to listen: an address and a port, or unix:/path (127.0.0.1:8080 unless said)
    #[arg(long, value_name = "ADDRESS")]
    addr: Option<String>,
    /// Certificate, and those between it and a root, as PEM; others are then answered by TLS alone
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<String>,
    /// The certificate's key, as PEM
    #[arg(long, value_name = "FILE")]
    tls_key: Option<String>,
    /// Names that requests may call the server by, with commas
    #[arg(long, value_name = "NAMES")]
    hosts: Option<String>,
    /// Requests per second of one credential; 0 for any number
    #[arg(long, value_name = "NUMBER")]
    rate_limit_rps: Option<String>,
    /// Requests per second of all credentials of a tenant together; 0 for any number
    #[arg(long, value_name = "NUMBER")]
    tenant_rate_limit_rps: Option<String>,
    /// Answer questions without a credential; at an address of this machine alone
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    anonymous: Option<String>,
    /// Listen for others without TLS, because something in front encrypts
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    allow_plain: Option<String>,
    /// Threads that judge
    #[arg(long, value_name = "NUMBER")]
    judges: Option<String>,
    /// How long the head of a request may take
    #[arg(long, value_name = "TIME")]
    read_header_timeout: Option<String>,
    /// How long a request may take, before its answer
    #[arg(long, value_name = "TIME")]
    read_timeout: Option<String>,
    /// How much longer a request and its answer may take
    #[arg(long, value_name = "TIME")]
    write_timeout: Option<String>,
    /// How long a connection may wait for its next request
    #[arg(long, value_name = "TIME")]
    idle_timeout: Option<String>,
    /// Where calls of tools may be forwarded, with commas; the first is for calls that name none
    #[arg(long, value_name = "ADDRESSES")]
    tool_upstreams: Option<String>,
    /// How long an upstream may take for a call of a tool
    #[arg(long, value_name = "TIME")]
    tool_timeout: Option<String>,
    /// How long a held call of a tool waits for a person
    #[arg(long, value_name = "TIME")]
    tool_wait: Option<String>,
    /// Let nobody say yes to what they asked themselves
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    four_eyes: Option<String>,
    /// How many different persons have to say yes
    #[arg(long, value_name = "NUMBER")]
    approvers: Option<String>,
    /// Networks that channels may be in though they are not public, with commas
    #[arg(long, value_name = "NETWORKS")]
    channel_networks: Option<String>,
    /// How long until a message to a channel is tried again; twice as long each time
    #[arg(long, value_name = "TIME")]
    channel_pause: Option<String>,
    /// How often a message to a channel is tried
    #[arg(long, value_name = "NUMBER")]
    channel_tries: Option<String>,
    /// Where to tell what the server does, while it does it; an address of this machine alone
    #[arg(long, value_name = "ADDRESS")]
    debug_listen: Option<String>,
    /// Where people reach the server, for links in messages
    #[arg(long, value_name = "ADDRESS")]
    public_url: Option<String>,
    /// How long somebody who logged in stays so
    #[arg(long, value_name = "TIME")]
    session_time: Option<String>,
    /// How long what is under way may take at the end
    #[arg(long, value_name = "TIME")]
    shutdown_timeout: Option<String>,
}

/// Where a store is.
#[derive(Args, Debug)]
pub(super) struct StorePlace {
    /// A file of SQLite, or postgres://user@host/database (server.db of the installation unless said)
    #[arg(long, value_name = "STORE")]
    store: Option<String>,
    /// Settings of the server (server.toml of the installation unless said)
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl ServerSettings {
    /// What flags, environment and file say together.
    pub(super) fn read(&self, session: &Session) -> Result<Settings> {
        let flags = [
            ("addr", &self.addr),
            ("allow_plain", &self.allow_plain),
            ("anonymous", &self.anonymous),
            ("approvers", &self.approvers),
            ("channel_networks", &self.channel_networks),
            ("channel_pause", &self.channel_pause),
            ("channel_tries", &self.channel_tries),
            ("debug_listen", &self.debug_listen),
            ("four_eyes", &self.four_eyes),
            ("hosts", &self.hosts),
            ("idle_timeout", &self.idle_timeout),
            ("judges", &self.judges),
            ("public_url", &self.public_url),
            ("rate_limit_rps", &self.rate_limit_rps),
            ("read_header_timeout", &self.read_header_timeout),
            ("read_timeout", &self.read_timeout),
            ("session_time", &self.session_time),
            ("shutdown_timeout", &self.shutdown_timeout),
            ("tenant_rate_limit_rps", &self.tenant_rate_limit_rps),
            ("tls_cert", &self.tls_cert),
            ("tls_key", &self.tls_key),
            ("tool_timeout", &self.tool_timeout),
            ("tool_upstreams", &self.tool_upstreams),
            ("tool_wait", &self.tool_wait),
            ("write_timeout", &self.write_timeout),
        ];
        let given = flags.into_iter().filter_map(|(name, value)| Some((name, value.clone()?)));
        self.place.read(session, Said::default().by_flags(given))
    }

    /// Those of a demo: its own store, and nothing of what the environment or a file says.
    pub(super) fn demo(session: &Session, address: &str) -> Result<Settings> {
        let said = Said::default().by_flags([("addr", address.to_owned())]);
        said.settings(session.layout.root().join("server.db")).map_err(|error| advised(&error))
    }
}

impl StorePlace {
    /// The store at that place; the one of the settings for nothing or an empty text.
    pub(super) fn at(store: &str) -> Self {
        Self { store: Some(store.to_owned()).filter(|store| !store.is_empty()), config: None }
    }

    /// The settings of the server at hand; of interest is its store.
    pub(super) fn settings(&self, session: &Session) -> Result<Settings> {
        self.read(session, Said::default())
    }

    fn read(&self, session: &Session, said: Said) -> Result<Settings> {
        let store = self.store.iter().map(|store| ("store", store.clone()));
        let variable = |name: &str| Some(session.host.variable(name)?.to_str()?.to_owned());
        let said = said.by_flags(store).by_variables(variable).map_err(|error| advised(&error))?;
        let path = self.config.clone();
        let path = path.unwrap_or_else(|| session.layout.root().join("server.toml"));
        let text = read_small(&path, MOST)
            .and_then(|bytes| String::from_utf8(bytes).map_err(io::Error::other));
        let said = match text {
            Ok(text) => said.by_file(&path, &text).map_err(|error| advised(&error))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.config.is_none() => said,
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read `{}`", path.display()));
            }
        };
        said.settings(session.layout.root().join("server.db")).map_err(|error| advised(&error))
    }
}

fn advised(error: &Error) -> anyhow::Error {
    let hint = match error {
        Error::WithoutMeaning { .. } => "take it out of the environment",
        Error::File { .. } | Error::Together(_) | Error::Unknown(_) | Error::Value { .. } => {
            "`datafog serve --help` and docs/SERVER.md tell every setting"
        }
    };
    let (message, hint) = (error.to_string(), hint.to_owned());
    Advised { message, hint, code: ExitCode::Invalid }.into()
}
