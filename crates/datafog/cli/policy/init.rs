//! `datafog policy init`: a policy of one's own to begin with. It never touches one that is there.

use std::path::Path;

use anyhow::Result;
use clap::Args;
use clap::builder::PossibleValuesParser;
use datafog_config::Change;
use datafog_policy::Policy;

use super::schema;
use crate::cli::plan::{Plan, Step};
use crate::cli::session::Session;
use crate::cli::{hooks, installation};
use crate::exit_code::ExitCode;
use crate::report::Advised;

/// A user's policy to begin with: nothing but comments, so that it changes nothing.
const TEMPLATE: &str = include_str!("../policy_template.toml");

/// The line of the template below which it says what it builds on.
const HEAD_END: &str = "version = \"1\"\n";

/// Arguments of `policy init`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  datafog policy init
  datafog policy init --packs agents            agents run commands on this machine, too
  datafog policy init --packs agents,git,cloud
  datafog policy init --dry-run")]
pub(in crate::cli) struct Init {
    /// Embedded policies to build on beside `starter`, separated by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = names())]
    packs: Vec<String>,
    #[command(flatten)]
    how: hooks::Write,
}

fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(Policy::packs().map(|(name, _)| name))
}

impl Init {
    pub(super) fn run(&self, session: &Session) -> Result<ExitCode> {
        let path = session.layout.policy();
        require_no_link(&path)?;
        if path.exists() {
            let message = format!("`{}` is there already", path.display());
            return Err(Advised::usage(message, "edit it, then run `datafog policy lint`"));
        }
        self.how.carry_out(session, || {
            let mut plan: Plan = installation::plan(session, None)?;
            plan.push(Step::Own(Change::to_new(&path, self.text().into_bytes(), 0o600)?));
            let (path, schema) = (session.layout.schema(), schema::schema()?.into_bytes());
            require_no_link(&path)?;
            plan.extend(if path.exists() {
                Change::to_text(&path, schema, 0o600)?.map(Step::Own)
            } else {
                Some(Step::Own(Change::to_new(&path, schema, 0o600)?))
            });
            Ok(plan)
        })?;
        Ok(ExitCode::Success)
    }

    /// The template, building on what was named.
    fn text(&self) -> String {
        let mut names = vec!["starter"];
        for name in &self.packs {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        if names.len() == 1 {
            return TEMPLATE.to_owned();
        }
        let line = format!("{HEAD_END}extends = {names:?}\n");
        TEMPLATE.replacen(HEAD_END, &line, 1)
    }
}

/// What is written for the first time goes where its name says, and nowhere else.
fn require_no_link(path: &Path) -> Result<()> {
    if !path.is_symlink() {
        return Ok(());
    }
    let message = format!("`{}` is a symbolic link", path.display());
    let hint = "edit the file that it leads to, or remove the link and try again";
    Err(Advised::usage(message, hint))
}
