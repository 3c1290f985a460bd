//! `datafog serve`: answers questions of others over HTTP.

use anyhow::{Context, Result};
use clap::Args;
use datafog_api::serve::{Error, Installation, News, serve};
use datafog_api::settings::Settings;
use datafog_api::{listen, store};
use datafog_config::make_folder;

use super::server_settings::ServerSettings;
use super::session::Session;
use crate::exit_code::ExitCode;
use crate::foreign::Systems;
use crate::report::Advised;

/// Arguments of `serve`.
#[derive(Args, Debug)]
#[command(after_help = "\
On the first start an administrator's key is made and printed once, unless a token is shared
(DATAFOG_API_TOKEN). Every setting can also be written into server.toml of the installation or into
the environment; a flag wins over a variable, a variable over the file.

SIGINT and SIGTERM end it: what is under way is answered, nothing new is taken.

Examples:
  datafog serve
  datafog serve --addr unix:/run/datafog/socket
  datafog serve --addr :8443 --tls-cert cert.pem --tls-key key.pem --hosts gate.example.com
  DATAFOG_STORE=postgres://datafog@db/datafog datafog serve")]
pub(super) struct Serve {
    #[command(flatten)]
    settings: ServerSettings,
}

impl Serve {
    pub(super) fn run(&self, session: &Session) -> Result<ExitCode> {
        let settings = self.settings.read(session)?;
        let root = session.layout.root();
        make_folder(root).with_context(|| format!("cannot make `{}`", root.display()))?;
        let installation = Installation {
            layout: session.layout.clone(),
            own: session.binary_identity()?,
            user: session.user,
        };
        start(session, installation, settings)
    }
}

/// Answers until it is told to end.
pub(super) fn start(
    session: &Session,
    installation: Installation,
    settings: Settings,
) -> Result<ExitCode> {
    let tell = |news: News<'_>| told(session, &news);
    serve(installation, settings, Some(&Systems), tell).map_err(advised)?;
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
        News::Listening(address) => session.out.say(format_args!("listening on {address}\n")),
    }
}

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
