//! `datafog paths`: where everything is, for people and for bug reports.

use std::collections::BTreeMap;

use anyhow::Result;
use clap::Args;
use serde::Serialize;

use super::output::{Cell, Tone};
use super::session::Session;
use crate::exit_code::ExitCode;

/// Arguments of `paths`.
#[derive(Args, Clone, Copy, Debug)]
#[command(after_help = "\
Examples:
  datafog paths
  cd \"$(datafog paths --json | jq -r .paths.receipts)\"")]
pub(super) struct Paths {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Document {
    paths: BTreeMap<&'static str, String>,
}

impl Paths {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode> {
        let places = session.layout.places();
        if self.json {
            let shown = |(name, path): (_, std::path::PathBuf)| (name, path.display().to_string());
            session.out.json(&Document { paths: places.into_iter().map(shown).collect() })?;
            return Ok(ExitCode::Success);
        }
        let row = |(name, path): &(&str, std::path::PathBuf)| {
            let note = if path.exists() { "" } else { "(not there yet)" };
            vec![Cell::new(name), Cell::new(path.display()), Cell::toned(Tone::Dim, note)]
        };
        session.out.print(session.out.table(&places.iter().map(row).collect::<Vec<_>>()))?;
        Ok(ExitCode::Success)
    }
}
