//! `datafog channels`: what of the server's channels is done at hand, while no server need run.
//!
//! Who is told what is the API's and the dashboard's; here are their secrets put under another key.

use anyhow::Result;
use clap::{Args, Subcommand};
use datafog_api::desk::Rekeyed;
use datafog_config::user_name;
use datafog_gate::Judge;

use super::key::{failed, open};
use super::server_settings::StorePlace;
use super::session::Session;
use super::user::typed;
use crate::exit_code::ExitCode;
use crate::foreign::Systems;
use crate::report::Advised;

/// Channels by which the server tells people.
#[derive(Debug, Subcommand)]
pub(super) enum ChannelsCommand {
    /// Encrypt their secrets under the key that is set now
    #[command(after_help = "\
The new key is SMTP_SECRET_KEY (or smtp_secret_key of server.toml); the old one is asked for, or read as a
line of standard input. Nothing is changed where a channel opens with neither. It can be done again.

Examples:
  SMTP_SECRET_KEY=… datafog channels rekey
  pass show datafog/old | datafog channels rekey")]
    Rekey(Rekey),
}

/// In which store.
#[derive(Args, Debug)]
pub(super) struct Rekey {
    #[command(flatten)]
    place: StorePlace,
}

impl ChannelsCommand {
    pub(super) fn run(&self, session: &Session) -> Result<ExitCode> {
        match self {
            Self::Rekey(command) => command.run(session),
        }
    }
}

impl Rekey {
    /// Who has the secrets can speak for the server, so an agent does not come near them.
    fn run(&self, session: &Session) -> Result<ExitCode> {
        session.require_person_and_record()?;
        let Some(new) = self.place.settings(session)?.telling.key else {
            let hint = "set `SMTP_SECRET_KEY` (`smtp_secret_key` of server.toml) to the new key";
            return Err(Advised::usage("there is no key to encrypt with", hint));
        };
        let desk = open(session, &self.place)?;
        let old = typed(session, "old key")?;
        let own = session.binary_identity()?;
        let judge = Judge::open(session.layout.clone(), own, session.user, Some(&Systems))?;
        let person = user_name(session.user).unwrap_or_else(|| format!("user {}", session.user));
        let Rekeyed { changed, kept } = desk.rekey(&judge, &person, (old, new)).map_err(failed)?;
        session.out.say(format_args!(
            "{changed} encrypted anew, {kept} were already; start the server with the new key\n"
        ));
        Ok(ExitCode::Success)
    }
}
