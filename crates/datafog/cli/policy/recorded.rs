//! The receipts that are judged again.
//!
//! What is concluded from them goes into a policy, so they have to be those that were written: a
//! ledger with a break is refused, unless somebody says that it will do. Reading alone does not
//! tell; a line that was taken out leaves nothing to stumble over.

use core::fmt;

use anyhow::Result;
use clap::Args;
use datafog_audit::{Bad, Filter, Moment, Newest, list, verify};
use serde::Serialize;

use crate::cli::session::Session;
use crate::exit_code::ExitCode;
use crate::report::Advised;

/// Whether a damaged ledger will do.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct Leniency {
    /// Go on with what can be read of a ledger that is not as it was written
    #[arg(long)]
    unverified: bool,
}

/// What is wrong with the receipts, for whoever reads what came of them.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Soundness {
    /// Every receipt is as it was written, and none is missing.
    intact: bool,
    /// The first bad line.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_bad: Option<Bad>,
    /// How often the ledger is broken.
    breaks: u64,
    /// Breaks that were found and recorded before: receipts may be missing there.
    recoveries: u64,
}

impl Soundness {
    /// The receipts since `since`, newest first, once all of them were verified; none when there
    /// is no ledger.
    pub(super) fn check(
        session: &Session,
        since: Moment,
        leniency: Leniency,
    ) -> Result<(Self, Option<Newest>)> {
        let dir = session.layout.receipts();
        if !dir.exists() {
            return Ok((Self { intact: true, ..Self::default() }, None));
        }
        let report = verify(&dir, None)?;
        if let Some(bad) = report.first_bad.as_ref().filter(|_| !leniency.unverified) {
            return Err(refused(bad));
        }
        let found = Self {
            intact: report.is_intact(),
            first_bad: report.first_bad,
            breaks: report.breaks,
            recoveries: report.recovery_count,
        };
        let filter = Filter { since: Some(since), ..Filter::default() };
        Ok((found, Some(list(&dir, filter)?)))
    }
}

fn refused(bad: &Bad) -> anyhow::Error {
    Advised {
        message: format!("the ledger is not as it was written: {bad}"),
        hint: String::from(
            "`datafog receipts verify` says more; what is left of it is judged with `--unverified`",
        ),
        code: ExitCode::Negative,
    }
    .into()
}

/// Lines to stand above the result; none when nothing is wrong.
impl fmt::Display for Soundness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(bad) = &self.first_bad {
            writeln!(f, "NOT VERIFIED: the ledger is broken {} times, first {bad}", self.breaks)?;
        }
        if self.recoveries > 0 {
            let count = self.recoveries;
            writeln!(f, "the ledger was mended {count} times: receipts may be missing there")?;
        }
        Ok(())
    }
}
