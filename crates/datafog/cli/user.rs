//! `datafog user`: who may log in to a server.
//!
//! A password is typed at a terminal, or comes as a line of standard input; never as an argument, which
//! every process of the machine could read. There is none that nobody chose.

use std::io::{self, BufRead, IsTerminal, Read};

use anyhow::Result;
use clap::{Args, Subcommand};
use datafog_api::desk::{Change, moment};
use datafog_api::store::{Account, Login, Role};
use datafog_core::Secret;
use serde::Serialize;

use super::key::{failed, note, noted, open};
use super::output::{Cell, Tone};
use super::server_settings::StorePlace;
use super::session::Session;
use crate::exit_code::ExitCode;
use crate::report::Advised;

/// Most bytes of a line that holds a password.
const MOST: u64 = 4096;

/// Those who log in to the server.
#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Add somebody; their password is asked for, or read from standard input
    #[command(after_help = "\
Roles: viewer reads; approver reads and decides what waits; admin does everything; agent asks.

Examples:
  datafog user create ann@example.com --role approver
  pass show datafog | datafog user create ann@example.com --role admin --name 'Ann Lee'")]
    Create(Create),
    /// Let somebody log in no more; their tokens and keys are void a second later at most
    Disable(Who),
    /// Let somebody log in again
    Enable(Who),
    /// List who logs in
    List(List),
    /// Give somebody another password; whoever is logged in as them is no more
    Passwd(Who),
}

/// Somebody new.
#[derive(Args, Debug)]
pub(super) struct Create {
    /// What they log in by: their address of mail, or another name
    #[arg(value_parser = Login::new)]
    login: Login,
    /// What they are called
    #[arg(long, default_value = "", hide_default_value = true)]
    name: String,
    /// What they may do: admin, agent, approver or viewer
    #[arg(long, default_value = "viewer")]
    role: Role,
    /// The tenant that they belong to
    #[arg(long, default_value = "", hide_default_value = true)]
    tenant: String,
    #[command(flatten)]
    place: StorePlace,
}

/// Which of them.
#[derive(Args, Debug)]
pub(super) struct Who {
    /// What they log in by
    #[arg(value_parser = Login::new)]
    login: Login,
    #[command(flatten)]
    place: StorePlace,
}

/// Everybody.
#[derive(Args, Debug)]
pub(super) struct List {
    #[command(flatten)]
    place: StorePlace,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Somebody as they are told.
#[derive(Serialize)]
struct Told {
    login: String,
    name: String,
    role: Role,
    tenant: String,
    created: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled: Option<String>,
}

impl UserCommand {
    /// Whoever may log in may answer for the server, so an agent adds and changes nobody.
    pub(super) fn run(&self, session: &Session) -> Result<ExitCode> {
        match self {
            Self::Create(command) => command.run(session),
            Self::Disable(who) => who.change(session, |_| Ok(Change::Disabled(true))),
            Self::Enable(who) => who.change(session, |_| Ok(Change::Disabled(false))),
            Self::List(command) => command.run(session),
            Self::Passwd(who) => {
                who.change(session, |session| Ok(Change::Password(password(session)?)))
            }
        }
    }
}

impl Create {
    fn run(&self, session: &Session) -> Result<ExitCode> {
        session.require_person_and_record()?;
        let desk = open(session, &self.place)?;
        let (who, what) = ((&self.login, &*self.name), (self.role, &*self.tenant));
        let password = password(session)?;
        let line = (format!("add user {}", self.login), format!("with the role {}", self.role));
        note(session, &desk, &self.tenant, line)?;
        desk.add_account(who, what, &password).map_err(failed)?;
        session.out.say(format_args!("{} may log in\n", self.login));
        Ok(ExitCode::Success)
    }
}

impl Who {
    fn change(
        &self,
        session: &Session,
        what: impl FnOnce(&Session) -> Result<Change>,
    ) -> Result<ExitCode> {
        session.require_person_and_record()?;
        let desk = open(session, &self.place)?;
        let change = what(session)?;
        let accounts = desk.accounts().map_err(failed)?;
        if let Some(account) = accounts.iter().find(|account| account.login == self.login) {
            let (does, lessens) = match change {
                Change::Disabled(true) => ("disable", true),
                Change::Disabled(false) => ("enable", false),
                Change::Ended => ("end every visit of", true),
                Change::Password(_) => ("give another password to", false),
                Change::Role(_) => ("give another role to", false),
            };
            let why = format!("who has the role {}", account.role);
            let line = (format!("{does} user {}", self.login), why);
            match lessens {
                true => noted(session, &desk, &account.tenant, line),
                false => note(session, &desk, &account.tenant, line)?,
            }
        }
        let is_changed = desk.change_account(&self.login, change).map_err(failed)?;
        session.out.say(if is_changed { "it is done\n" } else { "it was so before\n" });
        Ok(ExitCode::Success)
    }
}

impl List {
    fn run(&self, session: &Session) -> Result<ExitCode> {
        #[derive(Serialize)]
        struct Document {
            users: Vec<Told>,
        }
        let users = open(session, &self.place)?.accounts().map_err(failed)?;
        let users: Vec<Told> = users.iter().map(Told::of).collect();
        if self.json {
            session.out.json(&Document { users })?;
        } else {
            let rows: Vec<_> = users.iter().map(Told::row).collect();
            session.out.print(session.out.table(&rows))?;
        }
        Ok(ExitCode::Success)
    }
}

impl Told {
    fn of(account: &Account) -> Self {
        Self {
            login: account.login.to_string(),
            name: account.name.clone(),
            role: account.role,
            tenant: account.tenant.clone(),
            created: moment(account.created),
            disabled: account.disabled.map(moment),
        }
    }

    fn row(&self) -> Vec<Cell> {
        let state = match &self.disabled {
            Some(when) => Cell::toned(Tone::Bad, format_args!("disabled {when}")),
            None => Cell::new("may log in"),
        };
        let role = Cell::new(self.role);
        vec![Cell::new(&self.login), role, Cell::new(&self.tenant), Cell::new(&self.name), state]
    }
}

/// A new password: typed twice at a terminal, else a line of standard input.
fn password(session: &Session) -> Result<Secret<String>> {
    let first = typed(session, "password")?;
    if !io::stdin().is_terminal() {
        return Ok(first);
    }
    let again = Secret::new(rpassword::prompt_password("again: ")?);
    match first.expose() == again.expose() {
        true => Ok(first),
        false => Err(Advised::usage("the two are not the same", "type it again")),
    }
}

/// Something secret: typed at a terminal, else a line of standard input.
pub(super) fn typed(session: &Session, what: &str) -> Result<Secret<String>> {
    if !io::stdin().is_terminal() {
        let mut line = String::new();
        io::stdin().lock().take(MOST).read_line(&mut line)?;
        let password = line.trim_end_matches(['\r', '\n']).to_owned();
        drop(Secret::new(line));
        return Ok(Secret::new(password));
    }
    if !session.may_ask() {
        let hint = "let it come by standard input";
        return Err(Advised::usage(format!("nobody may be asked for the {what} here"), hint));
    }
    Ok(Secret::new(rpassword::prompt_password(format!("{what}: "))?))
}
