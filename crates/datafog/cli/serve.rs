//! `datafog serve`: answers questions of others over HTTP.

use std::io::IsTerminal as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use datafog_api::serve::{Error, Installation, News, Served, serve};
use datafog_api::settings::Settings;
use datafog_api::{listen, store};
use datafog_config::Change;
use datafog_core::Secret;
use datafog_gate::Terminal as _;

use super::house::Own;
use super::server_settings::ServerSettings;
use super::session::Session;
use crate::exit_code::ExitCode;
use crate::foreign::Systems;
use crate::report::Advised;
use crate::tty::Tty;

/// Arguments of `serve`.
#[derive(Args, Debug)]
#[command(after_help = "\
On the first start an administrator's key is made and printed once, unless a token is shared
(DATAFOG_API_TOKEN). Every setting can also be written into server.toml of the installation or into
the environment; a flag wins over a variable, a variable over the file.

SIGINT and SIGTERM end it: what is under way is answered, nothing new is taken.

Examples:
  datafog serve
  datafog serve --open                    and come in to the dashboard at once
  datafog serve --addr unix:/run/datafog/socket
  datafog serve --addr :8443 --tls-cert cert.pem --tls-key key.pem --hosts gate.example.com
  DATAFOG_STORE=postgres://datafog@db/datafog datafog serve")]
pub(super) struct Serve {
    #[command(flatten)]
    settings: ServerSettings,
    /// Print a link that logs you in to the dashboard, once and within two minutes, and open it
    #[arg(long)]
    open: bool,
}

impl Serve {
    pub(super) fn run(&self, session: &Session) -> Result<ExitCode> {
        let settings = self.settings.read(session)?;
        if self.open {
            require_terminal(session)?;
        }
        session.make_root()?;
        let installation = Installation {
            layout: session.layout.clone(),
            own: session.binary_identity()?,
            user: session.user,
        };
        start(session, (installation, self.open), settings)
    }
}

/// Answers until it is told to end.
pub(super) fn start(
    session: &Session,
    (installation, open): (Installation, bool),
    settings: Settings,
) -> Result<ExitCode> {
    let tell = |news: News<'_>| told(session, &news);
    let served = Served { installation, house: Arc::new(Own::of(session)), open };
    serve(served, settings, Some(&Systems), tell).map_err(advised)?;
    Ok(ExitCode::Success)
}

/// What a person reads while it starts. A key goes to standard output, and nothing else does.
fn told(session: &Session, news: &News<'_>) {
    match news {
        News::FirstKey(minted) => {
            session.out.say("the first administrator's key; it is shown this once:\n");
            // Nobody reads: then `key create` makes another one.
            let _unread: std::io::Result<()> =
                session.out.print(format_args!("{}\n", minted.key.expose()));
        }
        News::Link(link) => {
            let talk = format!("the dashboard, once and within two minutes: {}\n", link.expose());
            session.out.say(talk);
            open_in_browser(session, link);
        }
        News::Debugging(address) => {
            session
                .out
                .say(format_args!("telling what it does at http://{address}/debug/events\n"));
        }
        News::Listening(address) => session.out.say(format_args!("listening on {address}\n")),
    }
}

/// Whether a person sits there for whom a page may be opened.
pub(super) fn may_open(session: &Session) -> bool {
    has_terminal() && session.require_person_and_record().is_ok()
}

fn has_terminal() -> bool {
    std::io::stdin().is_terminal() && Tty.is_there()
}

/// The link is as good as a key, so it is for a person who sits there.
fn require_terminal(session: &Session) -> Result<()> {
    session.require_person_and_record()?;
    if has_terminal() {
        return Ok(());
    }
    let message = String::from("`--open` is for a person at a terminal, and there is none here");
    let hint = String::from("start it without, and log in with a password or a key");
    Err(Advised { message, hint, code: ExitCode::Negative }.into())
}

/// Has the machine open the link, by a file of ours alone: arguments of programs are public. Where
/// nothing opens it, the person has the link as it was printed.
fn open_in_browser(session: &Session, link: &Secret<String>) {
    let program = if cfg!(target_os = "macos") { "/usr/bin/open" } else { "/usr/bin/xdg-open" };
    let display = ["DISPLAY", "WAYLAND_DISPLAY"];
    let has_screen = cfg!(target_os = "macos")
        || display.iter().any(|name| session.host.variable(name).is_some_and(|it| !it.is_empty()));
    if !has_screen || !Path::new(program).exists() {
        return;
    }
    let page = format!(
        "<!doctype html><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"0; url={}\">",
        link.expose()
    );
    let path = session.layout.root().join("open.html");
    if let Ok(Some(change)) = Change::to_text(&path, page.into_bytes(), 0o600)
        && change.apply(None).is_ok()
    {
        let quiet = || Stdio::null();
        let mut opener = Command::new(program);
        opener.arg(&path).stdin(quiet()).stdout(quiet()).stderr(quiet());
        // Whoever does not see it opened follows the link.
        let _opened: std::io::Result<Child> = opener.spawn();
        std::thread::spawn(move || {
            std::thread::sleep(SHOWN);
            let _gone: std::io::Result<()> = std::fs::remove_file(path);
        });
    }
}

/// How long the file that leads a browser to the link stays.
const SHOWN: Duration = Duration::from_secs(20);

/// The error with what to do about it, where there is something.
fn advised(error: Error) -> anyhow::Error {
    let (hint, code) = match &error {
        Error::Listen(listen::Error::Open(_)) => {
            ("or listen on `127.0.0.1`, and let something in front of it encrypt", ExitCode::Usage)
        }
        Error::Listen(listen::Error::Io { .. }) => {
            ("choose another address with `--addr`, or end what listens there", ExitCode::Io)
        }
        Error::Store(error) => return stored(error),
        Error::Tls(_) => ("check `--tls-cert` and `--tls-key`", ExitCode::Invalid),
        Error::NotHere => {
            ("leave `--open` out, and log in with a password or a key", ExitCode::Usage)
        }
        Error::Judges(_) => {
            ("`datafog policy lint` and `datafog doctor` say more", ExitCode::Invalid)
        }
        Error::Io(_) | Error::Listen(listen::Error::NoSocket(_)) => return error.into(),
    };
    Advised { message: error.to_string(), hint: hint.to_owned(), code }.into()
}

/// An error of a store with its advice.
pub(super) fn stored(error: &store::Error) -> anyhow::Error {
    let hint = error.hint().to_owned();
    Advised { message: error.to_string(), hint, code: ExitCode::Io }.into()
}
