//! `datafog policy pull` and `datafog policy signer`: a policy from a server, and who signs those of
//! this one.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use datafog_api::bundle::Signer;
use datafog_config::{Remote, load_or_create_key};
use serde::Serialize;

use crate::cli::hooks::{Read, Write};
use crate::cli::installation;
use crate::cli::plan::{Plan, Step};
use crate::cli::session::Session;
use crate::exit_code::ExitCode;
use crate::remote::Pulling;
use crate::report::Advised;

/// How long a person is kept waiting.
const PATIENCE: Duration = Duration::from_secs(10);

/// Arguments of `policy pull`.
#[derive(Args, Debug)]
pub(crate) struct Pull {
    /// The server, such as `https://gate.example.com` (`remote.url` of the settings unless said)
    #[arg(requires = "key")]
    url: Option<String>,
    /// The key that its policies are signed with, as `datafog policy signer` prints it there
    #[arg(long, value_name = "KEY", requires = "url")]
    key: Option<String>,
    /// A file with a key of the server's, which nobody else can read
    #[arg(long, value_name = "FILE", requires = "url")]
    token_file: Option<PathBuf>,
    /// Write the server into the settings: calls then ask it again by themselves
    #[arg(long, requires = "url")]
    remember: bool,
    /// Replace a policy that was not pulled from there, and keep a copy of it
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    how: Write,
}

impl Pull {
    pub(super) fn run(&self, session: &Session) -> Result<ExitCode> {
        // Whoever names another server than the settings, or gives up what a person wrote, must be a
        // person. Whom the settings name is believed already; then the policy in force is asked.
        let is_persons = self.url.is_some() || self.replace;
        match is_persons {
            true if self.how.is_dry_run() => session.require_person()?,
            true => session.require_person_and_record()?,
            false => {}
        }
        let remote = self.remote(session)?;
        let gate = session.gate()?;
        let (layout, replace) = (&session.layout, self.replace);
        let pulling = Pulling { layout, remote: &remote, patience: PATIENCE, replace };
        let failed = |why: String| {
            let hint = String::from("the policy that was in force stays");
            let message = format!("no policy from `{}`: {why}", remote.url);
            anyhow::Error::from(Advised { message, hint, code: ExitCode::Io })
        };
        let only_tried = is_persons || self.how.is_dry_run();
        let admitted = |text: &str| match only_tried {
            true => gate.try_policy_file(text),
            false => gate.admit_policy_file(text, &remote.url),
        };
        let pulled = pulling.asked(&admitted).map_err(failed)?;
        self.how.carry_out(session, || {
            let mut plan: Plan = installation::plan(session, None)?;
            if let Some(pulled) = &pulled {
                plan.extend(pulled.changes(layout).map_err(failed)?.into_iter().map(Step::Foreign));
            }
            if self.remember {
                plan.push(Step::Remote(Box::new(remote.clone())));
            }
            Ok(plan)
        })?;
        if pulled.is_none() && !self.how.is_dry_run() {
            pulling.still_the_same().map_err(failed)?;
        }
        Ok(ExitCode::Success)
    }

    fn remote(&self, session: &Session) -> Result<Remote> {
        if let Some((url, key)) = self.url.as_ref().zip(self.key.as_ref()) {
            let place = |file: &PathBuf| session.host.cwd().join(file);
            let token_file = self.token_file.as_ref().map(place);
            return Ok(Remote::new(url.clone(), key.clone(), token_file));
        }
        session.settings()?.remote.ok_or_else(|| {
            let hint = "name it: datafog policy pull https://gate.example.com --key ed25519:…";
            Advised::usage("the settings name no server", hint)
        })
    }
}

/// Prints the key that the policies of this installation are signed with.
pub(super) fn signer(session: &Session, how: Read) -> Result<ExitCode> {
    #[derive(Serialize)]
    struct Document {
        key: String,
    }
    let key = load_or_create_key(&session.layout.key(), session.user)?;
    let none =
        || Advised::usage("no key can be made of this installation's", "run `datafog doctor`");
    let key = Signer::of(&key).ok_or_else(none)?.to_string();
    if how.json {
        session.out.json(&Document { key })?;
    } else {
        session.out.print(format_args!("{key}\n"))?;
    }
    Ok(ExitCode::Success)
}
