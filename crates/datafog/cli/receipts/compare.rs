//! `datafog receipts compare`: whether a call that the server was asked about had given arguments.

use std::io::{Read as _, stdin};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
use datafog_api::desk::Desk;
use datafog_config::{load_or_create_key, read_small};
use serde::Serialize;

use crate::cli::key::failed;
use crate::cli::output::{Cell, Tone};
use crate::cli::server_settings::StorePlace;
use crate::cli::session::Session;
use crate::exit_code::ExitCode;

/// No arguments that a server takes are longer, in bytes.
const MOST: u64 = 1 << 20;

/// Which call, and what is compared with it.
#[derive(Args, Debug)]
pub(in crate::cli) struct Compare {
    /// The whole id of the decision, as the server told it
    id: String,
    /// A file with the arguments, one table of JSON; - for standard input
    #[arg(long, value_name = "FILE")]
    args: PathBuf,
    #[command(flatten)]
    place: StorePlace,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Compare {
    pub(super) fn run(&self, session: &Session) -> Result<ExitCode> {
        #[derive(Serialize)]
        struct Document<'a> {
            id: &'a str,
            equal: bool,
        }
        let text =
            read(&self.args).with_context(|| format!("cannot read `{}`", self.args.display()))?;
        let store = self.place.settings(session)?.store;
        let key = load_or_create_key(&session.layout.key(), session.user)?;
        let desk = Desk::open(&store).map_err(failed)?;
        let equal = desk.had_arguments(&key, &self.id, &text).map_err(failed)?;
        if self.json {
            session.out.json(&Document { id: &self.id, equal })?;
        } else {
            let (tone, said) = if equal { (Tone::Good, "equal") } else { (Tone::Bad, "not equal") };
            session.out.print(session.out.table(&[vec![Cell::toned(tone, said)]]))?;
        }
        Ok(if equal { ExitCode::Success } else { ExitCode::Negative })
    }
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    if path != Path::new("-") {
        return read_small(path, MOST);
    }
    let mut text = Vec::new();
    stdin().lock().take(MOST).read_to_end(&mut text)?;
    Ok(text)
}
