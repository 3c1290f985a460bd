//! `datafog demo`: the server with made-up data, in a folder of its own.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result};
use clap::Args;
use datafog_api::demo::{self, Error, MOST};
use datafog_api::serve::Installation;
use datafog_config::Layout;

use super::serve;
use super::server_settings::{DEMO_ADDRESS, ServerSettings};
use super::session::Session;
use crate::exit_code::ExitCode;
use crate::report::Advised;

/// Arguments of `demo`.
#[derive(Args, Debug)]
#[command(after_help = "\
Thirty days of people, agents and bots are made up, judged by a policy of the demo's own, and written
where nothing else is: into a new folder, which is removed at the end, or into --root, which stays.
Nothing of this installation is read or changed.

Examples:
  datafog demo
  datafog demo --receipts 100000 --root /tmp/demo
  datafog demo --addr 127.0.0.1:9090")]
pub(super) struct Demo {
    /// Put it here; the folder must be empty, or hold a demo already
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// Make up so many receipts, at most 200000
    #[arg(long, value_name = "NUMBER", default_value_t = 10_000)]
    receipts: usize,
    /// Where to listen, on this machine
    #[arg(long, value_name = "ADDRESS", default_value = DEMO_ADDRESS)]
    addr: String,
    /// Only print where it listens and its key, as where there is no terminal
    #[arg(long)]
    no_open: bool,
    /// Fill the folder and end
    #[arg(long, requires = "root")]
    fill_only: bool,
}

impl Demo {
    pub(super) fn run(&self, session: &Session) -> Result<ExitCode> {
        if self.receipts > MOST {
            return Err(Advised::usage(
                format!("--receipts {} is too many", self.receipts),
                format!("at most {MOST}"),
            ));
        }
        let own = match &self.root {
            Some(root) => Folder::Kept(session.host.cwd().join(root)),
            None => Folder::new()?,
        };
        let layout = Layout::at(own.path());
        let apart = Session { layout, host: session.host.clone(), ..*session };
        let ended = self.serve(&apart);
        own.remove();
        ended
    }

    fn serve(&self, session: &Session) -> Result<ExitCode> {
        let settings = ServerSettings::demo(session, &self.addr)?;
        let installation = Installation {
            layout: session.layout.clone(),
            own: session.binary_identity()?,
            user: session.user,
        };
        session.out.say(format_args!("demo: making up {} receipts\n", self.receipts));
        let made = demo::fill(&installation, &settings.store, (self.receipts, SystemTime::now()));
        let root = session.layout.root().display();
        if made.map_err(advised)? {
            session.out.say(format_args!("demo: everything in `{root}` is made up\n"));
        } else {
            session.out.say(format_args!("demo: `{root}` was filled before, and stays as it is\n"));
        }
        if self.fill_only {
            return Ok(ExitCode::Success);
        }
        let open = !self.no_open && serve::may_open(session);
        serve::start(session, (installation, open), settings)
    }
}

/// The folder of a demo.
#[derive(Debug)]
enum Folder {
    Kept(PathBuf),
    Removed(PathBuf),
}

impl Folder {
    /// A new one among temporary files, which nobody else can enter.
    fn new() -> Result<Self> {
        let name = format!("datafog-demo-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .with_context(|| format!("cannot make `{}`", path.display()))?;
        Ok(Self::Removed(path))
    }

    fn path(&self) -> &Path {
        match self {
            Self::Kept(path) | Self::Removed(path) => path,
        }
    }

    fn remove(self) {
        if let Self::Removed(path) = self {
            // What is left is among temporary files.
            let _left: io::Result<()> = std::fs::remove_dir_all(path);
        }
    }
}

fn advised(error: Error) -> anyhow::Error {
    match &error {
        Error::Occupied(_) => {
            Advised::usage(error.to_string(), "choose an empty folder, or leave --root out")
        }
        Error::Store(error) => serve::stored(error),
        Error::Approval(_)
        | Error::Config(_)
        | Error::Data(_)
        | Error::Gate(_)
        | Error::Io(_)
        | Error::Ledger(_) => error.into(),
    }
}
