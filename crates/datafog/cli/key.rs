//! `datafog key`: makes, lists and revokes credentials of a server.
//!
//! They are in the server's store, so a server that runs takes a new key at once and refuses a
//! revoked one a second later.

use core::time::Duration;

use anyhow::Result;
use clap::{Args, Subcommand};
use datafog_api::desk::{Desk, Error, moment};
use datafog_api::settings::duration;
use datafog_api::store::{Bounds, KeyMode, Login, Permission, Role, StoredKey};
use datafog_config::user_name;
use datafog_gate::Judge;
use serde::Serialize;

use super::output::{Cell, Tone};
use super::serve::stored;
use super::server_settings::StorePlace;
use super::session::Session;
use crate::exit_code::ExitCode;
use crate::foreign::Systems;
use crate::report::Advised;

/// Credentials of the server.
#[derive(Debug, Subcommand)]
pub(super) enum KeyCommand {
    /// Make a key and print it, this once
    #[command(after_help = "\
Roles: agent asks; viewer reads; approver reads and decides what waits; admin does everything.

Examples:
  datafog key create laptop
  datafog key create ci --role agent --expires 90d
  datafog key create crm --tools 'crm__*' --scopes ask
  datafog key create trial --mode shadow
  datafog key create crm --policy crm
  datafog key create ann --role approver --user ann@example.com
  datafog key create ann --role approver --tenant north")]
    Create(Create),
    /// List keys; never the keys themselves
    List(List),
    /// Make a key void from now on
    #[command(after_help = "\
Examples:
  datafog key revoke 1a2b3c4d")]
    Revoke(Revoke),
}

/// A new key.
#[derive(Args, Debug)]
pub(super) struct Create {
    /// What to call it, so that it is known in lists
    name: String,
    /// What its holder may do: admin, agent, approver or viewer
    #[arg(long, default_value = "agent")]
    role: Role,
    /// The tenant that its holder belongs to
    #[arg(long, default_value = "", hide_default_value = true)]
    tenant: String,
    /// For how long it holds, such as 90d; for ever unless said
    #[arg(long, value_name = "TIME", value_parser = duration)]
    expires: Option<Duration>,
    /// Login of the person whose key it is; it is void while they are disabled
    #[arg(long, value_name = "LOGIN", value_parser = Login::new)]
    user: Option<Login>,
    /// Stop nothing with it: shadow records what would be, off judges nothing and records that
    #[arg(long, value_name = "MODE")]
    mode: Option<KeyMode>,
    /// Judge its questions by `policies/NAME.toml` of the installation instead of `policy.toml`
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    /// What of its role it is for, with commas: ask, decide, manage, read; all of it unless said
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    scopes: Vec<Permission>,
    /// Tools that it may ask about, with commas; * and ? stand for letters; any unless said
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    tools: Vec<String>,
    #[command(flatten)]
    place: StorePlace,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Every key.
#[derive(Args, Debug)]
pub(super) struct List {
    #[command(flatten)]
    place: StorePlace,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Which key.
#[derive(Args, Debug)]
pub(super) struct Revoke {
    /// The eight letters behind `dfg_`, as the list has them
    id: String,
    #[command(flatten)]
    place: StorePlace,
}

/// A key as it is told.
#[derive(Serialize)]
struct Told {
    id: String,
    name: String,
    role: Role,
    tenant: String,
    created: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked: Option<String>,
    #[serde(flatten)]
    bounds: Bounds,
}

impl KeyCommand {
    pub(super) fn run(&self, session: &Session) -> Result<ExitCode> {
        match self {
            Self::Create(command) => command.run(session),
            Self::List(command) => command.run(session),
            Self::Revoke(command) => command.run(session),
        }
    }
}

impl Create {
    /// A key opens the server to whoever holds it, so an agent makes none.
    fn run(&self, session: &Session) -> Result<ExitCode> {
        #[derive(Serialize)]
        struct Document<'a> {
            key: &'a str,
            #[serde(flatten)]
            told: Told,
        }
        session.require_person_and_record()?;
        if let Some(name) = &self.policy {
            session.gate()?.try_named_policy(name)?;
        }
        let desk = open(session, &self.place)?;
        let role = (self.role, self.tenant.as_str());
        let bounds = Bounds {
            mode: self.mode,
            owner: self.user.as_ref().map(Login::to_string),
            parent: None,
            policy: self.policy.clone(),
            scopes: self.scopes.clone(),
            tools: self.tools.clone(),
        };
        let lasting = (self.expires, bounds);
        let judged = self.policy.iter().map(|name| format!(", judged by the policy {name}"));
        let why = format!("with the role {}{}", self.role, judged.collect::<String>());
        note(session, &desk, &self.tenant, (format!("make key {}", self.name), why))?;
        let minted = desk.create_key(&self.name, role, lasting).map_err(failed)?;
        let key = minted.key.expose();
        if self.json {
            session.out.json(&Document { key, told: Told::of(&minted.stored) })?;
        } else {
            session.out.say("the key is shown this once:\n");
            session.out.print(format_args!("{key}\n"))?;
        }
        Ok(ExitCode::Success)
    }
}

impl List {
    fn run(&self, session: &Session) -> Result<ExitCode> {
        #[derive(Serialize)]
        struct Document {
            keys: Vec<Told>,
        }
        let keys = open(session, &self.place)?.keys().map_err(failed)?;
        let keys: Vec<Told> = keys.iter().map(Told::of).collect();
        if self.json {
            session.out.json(&Document { keys })?;
        } else {
            session
                .out
                .print(session.out.table(&keys.iter().map(Told::row).collect::<Vec<_>>()))?;
        }
        Ok(ExitCode::Success)
    }
}

impl Revoke {
    fn run(&self, session: &Session) -> Result<ExitCode> {
        session.require_person_and_record()?;
        let desk = open(session, &self.place)?;
        let keys = desk.keys().map_err(failed)?;
        if let Some(key) = keys.iter().find(|key| key.id == self.id && key.revoked.is_none()) {
            let why = format!("named `{}`, with the role {}", key.name, key.role);
            noted(session, &desk, &key.tenant, (format!("revoke key {}", key.id), why));
        }
        if desk.revoke_key(&self.id).map_err(failed)? {
            session.out.say("it is void from now on\n");
            return Ok(ExitCode::Success);
        }
        let message = String::from("no key of that id is in force");
        let hint = String::from("`datafog key list` shows what there is");
        Err(Advised { message, hint, code: ExitCode::Negative }.into())
    }
}

impl Told {
    fn of(key: &StoredKey) -> Self {
        Self {
            id: key.id.clone(),
            name: key.name.clone(),
            role: key.role,
            tenant: key.tenant.clone(),
            created: moment(key.created),
            expires: key.expires.map(moment),
            revoked: key.revoked.map(moment),
            bounds: key.bounds.clone(),
        }
    }

    fn row(&self) -> Vec<Cell> {
        let state = match (&self.revoked, &self.expires) {
            (Some(when), _) => Cell::toned(Tone::Bad, format_args!("revoked {when}")),
            (None, Some(when)) => Cell::new(format_args!("until {when}")),
            (None, None) => Cell::new("for ever"),
        };
        let role = Cell::new(self.role);
        vec![Cell::new(&self.id), role, Cell::new(&self.tenant), Cell::new(&self.name), state]
    }
}

pub(super) fn open(session: &Session, place: &StorePlace) -> Result<Desk> {
    Desk::open(&place.settings(session)?.store).map_err(failed)
}

/// Puts a line into the server's chain about what is about to be done.
pub(super) fn note(
    session: &Session,
    desk: &Desk,
    tenant: &str,
    line: (String, String),
) -> Result<()> {
    let own = session.binary_identity()?;
    let judge = Judge::open(session.layout.clone(), own, session.user, Some(&Systems))?;
    let person = user_name(session.user).unwrap_or_else(|| format!("user {}", session.user));
    desk.note(&judge, (&person, tenant), line).map_err(failed)
}

/// The same about what makes less possible: that is done even where no line can be written, as with a
/// policy that does not load.
pub(super) fn noted(session: &Session, desk: &Desk, tenant: &str, line: (String, String)) {
    if let Err(why) = note(session, desk, tenant, line) {
        session.out.say(format_args!("the server's chain has no line of it: {why:#}\n"));
    }
}

/// An error at the desk with its advice.
pub(super) fn failed(error: Error) -> anyhow::Error {
    match error {
        Error::Store(error) => stored(&error),
        Error::Gate(error) => error.into(),
        Error::Io(error) => error.into(),
        Error::Nobody(_) => Advised {
            message: error.to_string(),
            hint: String::from("`datafog user list` shows who there is"),
            code: ExitCode::Negative,
        }
        .into(),
        Error::Arguments(..) => Advised::usage(
            error.to_string(),
            "write what the tool was given, such as `{\"id\": 5}`",
        ),
        Error::NoArguments | Error::NoLine => Advised::usage(
            error.to_string(),
            "name the whole id of the decision, as the server told it",
        ),
        Error::Sealed(_) => Advised {
            message: error.to_string(),
            hint: String::from(
                "type the key that `SMTP_SECRET_KEY` was when they were stored, or type the secrets again \
                 (`PUT /v1/channels/{id}`)",
            ),
            code: ExitCode::Invalid,
        }
        .into(),
        Error::Password(why) => Advised::usage(&why, "choose another one"),
    }
}
