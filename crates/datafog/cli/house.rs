//! The installation as the server's dashboard shows it: each answer is that of a command here.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use datafog_api::house::{Answer, Check, House, Level, Proof, Said};
use datafog_approval::Record;
use datafog_config::{Host, Layout, Settings, user_name};
use datafog_core::Id;
use datafog_gate::Error;

use super::output::Output;
use super::session::Session;
use super::{doctor, receipts};

/// The installation that `serve` was started for.
#[derive(Debug)]
pub(super) struct Own {
    /// It looks things up when it is first asked, so threads take turns.
    host: Mutex<Host>,
    user: u32,
    layout: Layout,
    out: Output,
}

impl Own {
    pub(super) fn of(session: &Session) -> Self {
        let Session { host, user, layout, out } = session;
        Self { host: Mutex::new(host.clone()), user: *user, layout: layout.clone(), out: *out }
    }

    /// A run of the command for one question.
    fn session(&self) -> Session {
        let host = self.host.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Session { host, user: self.user, layout: self.layout.clone(), out: self.out }
    }
}

impl House for Own {
    fn person(&self) -> String {
        user_name(self.user).unwrap_or_else(|| format!("user {}", self.user))
    }

    fn require_person(&self, who: &str, what: &str) -> Result<(), String> {
        let said = format!("{who} asks in the dashboard: {what}");
        self.session().require_person_for(Some(said)).map_err(|error| format!("{error:#}"))
    }

    fn requests(&self) -> Result<Vec<Record>, Error> {
        let session = self.session();
        if !session.layout.approvals().exists() {
            return Ok(Vec::new());
        }
        let gate = session.gate().map_err(|_| Error::Panic)?;
        Ok(gate.approvals()?.list()?.records)
    }

    fn answer(&self, id: Id, answer: Answer) -> Result<Record, Error> {
        let session = self.session();
        let gate = session.gate().map_err(|_| Error::Panic)?;
        let Answer { by, eyes, said, note } = answer;
        let requests = gate.approvals()?.by(by, eyes);
        match said {
            Said::No => requests.deny(id, note),
            Said::TakenBack => requests.revoke(id, note),
            Said::Yes(scope) => requests.approve(id, note, (scope, None)),
        }
    }

    fn refresh(&self) -> Result<(), Error> {
        let session = self.session();
        session.gate().map_err(|_| Error::Panic)?.policy().map(drop)
    }

    fn folder(&self) -> PathBuf {
        self.layout.approvals()
    }

    fn examine(&self, shells: bool) -> Vec<Check> {
        let session = self.session();
        let found = if shells { doctor::examine(&session) } else { doctor::quick(&session) };
        let check = |it: doctor::Finding| {
            let level = match it.level {
                doctor::Level::Ok => Level::Ok,
                doctor::Level::Warning => Level::Warning,
                doctor::Level::Problem => Level::Problem,
            };
            Check { about: it.about, level, detail: it.detail, remedy: it.remedy }
        };
        found.into_iter().map(check).collect()
    }

    fn verify(&self) -> Result<Proof, String> {
        receipts::proof(&self.layout.receipts()).map_err(|error| format!("{error:#}"))
    }

    fn settings(&self) -> Vec<(String, String, String)> {
        let session = self.session();
        let path = session.layout.settings().display().to_string();
        let origin =
            if session.layout.settings().exists() { path } else { String::from("as built") };
        match session.settings() {
            Ok(settings) => told(&settings)
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value, origin.clone()))
                .collect(),
            Err(error) => vec![(String::from("config.toml"), format!("{error:#}"), origin)],
        }
    }
}

/// The settings of calls, without what could be a secret.
fn told(settings: &Settings) -> Vec<(&'static str, String)> {
    let Settings { mode, policy, scorer, scorer_url, limits, receipts, taint, remote, hooks } =
        settings;
    let scorer = match (scorer, scorer_url) {
        (Some(_), _) => "a program",
        (None, Some(_)) => "an address",
        (None, None) => "none",
    };
    let policy = policy.as_ref().map_or_else(|| "none".into(), |path| path.display().to_string());
    vec![
        ("mode", mode.to_string()),
        ("policy of another system", policy),
        ("scorer", scorer.to_owned()),
        ("policy of a server", remote.as_ref().map_or_else(|| "none".into(), |it| it.url.clone())),
        ("limits.stdin_bytes", limits.stdin_bytes.to_string()),
        ("limits.local_bytes", limits.local_bytes.to_string()),
        ("receipts.sync_allowed", receipts.sync_allowed.to_string()),
        ("receipts.rotate_bytes", receipts.rotate_bytes.to_string()),
        ("taint.minutes", taint.minutes.to_string()),
        (
            "receipts are kept",
            "until somebody removes them: nothing is pruned by itself".to_owned(),
        ),
        ("commands with settings of their own", hooks.len().to_string()),
    ]
}
