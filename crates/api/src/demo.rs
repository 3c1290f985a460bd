//! Data that shows what there is to see, where nothing has happened yet.
//!
//! Thirty days of people, agents and bots are played, and each call is judged by the gate's
//! decide-only half with a policy of the demo's own. What is recorded is written by the ledger and the
//! store that everybody writes to, so both chains are whole. Who asks, when, and what was done then are
//! made up; nothing of it happened.
//!
//! INVARIANT: only a folder that is empty, or was made for this, is ever filled.

mod chance;
mod plan;
mod scene;
mod tell;
mod value;
mod waiting;
mod write;

use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use datafog_gate::Judge;
use tokio::runtime::Builder;

use crate::serve::Installation;
use crate::store::{self, Place};
use chance::Chance;
use plan::{DAY, DAYS, plan};
use scene::scenes;
use tell::Teller;
use write::{Line, Writer};

/// The file whose presence says that everything in the folder is made up.
pub const MARK: &str = "DEMO";

/// The policy, and what it was before it was changed.
const POLICY: &str = include_str!("demo/policy.toml");

/// What was added to the policy after twelve days.
const ADDED: &str = r#", "privacy", "redact""#;

/// Most receipts.
pub const MOST: usize = 200_000;

/// Why there is no demo.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder holds something else.
    #[error("`{}` is no empty folder, and no demo was put there before", .0.display())]
    Occupied(PathBuf),
    /// The folder cannot be made or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The installation of the demo cannot be made.
    #[error(transparent)]
    Config(#[from] datafog_config::Error),
    /// Nobody can judge.
    #[error(transparent)]
    Gate(#[from] datafog_gate::Error),
    /// The ledger cannot be written.
    #[error(transparent)]
    Ledger(#[from] datafog_audit::Error),
    /// The store cannot be written.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// What waits cannot be written.
    #[error(transparent)]
    Approval(#[from] datafog_approval::Error),
    /// The demo's own data are not in their form.
    #[error("the demo's data: {0}")]
    Data(#[from] toml::de::Error),
}

/// Whether everything at that root is made up.
#[must_use]
pub fn is_demo(root: &Path) -> bool {
    root.join(MARK).is_file()
}

/// Makes a demo of about so many receipts at the root of `installation`, up to `now`; `false` where one
/// was made before, which stays as it is.
///
/// # Errors
/// When the folder holds something else, or something cannot be written.
pub fn fill(
    installation: &Installation,
    store: &Place,
    (receipts, now): (usize, SystemTime),
) -> Result<bool, Error> {
    let root = installation.layout.root();
    datafog_config::make_folder(root)?;
    if is_demo(root) {
        return Ok(false);
    }
    if std::fs::read_dir(root)?.next().is_some() {
        return Err(Error::Occupied(root.to_owned()));
    }
    std::fs::write(root.join(MARK), "Everything in this folder is made up: `datafog demo`.\n")?;
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let store = runtime.block_on(store.open())?;
    let mut writer = Writer::new(&installation.layout.receipts(), store)?;
    let lines = played(installation, (receipts.min(MOST), micros(now)))?;
    runtime.block_on(writer.write(lines))?;
    let judge = judge(installation)?;
    runtime.block_on(waiting::ask(&judge, installation, &mut writer))?;
    Ok(true)
}

/// Every line of both chains but those of what still waits, in order of time.
fn played(installation: &Installation, (receipts, now): (usize, i64)) -> Result<Vec<Line>, Error> {
    let path = installation.layout.policy();
    std::fs::write(&path, POLICY.replace(ADDED, ""))?;
    let scenes = scenes()?;
    let mut chance = Chance::new(SEED);
    // What follows a step is one line more for about one of five.
    let count = receipts.saturating_mul(5).div_ceil(6);
    let (sessions, steps) = plan(count, now, &mut chance);
    let days = |days: u64| i64::try_from(days).unwrap_or(0).saturating_mul(DAY);
    let enforced = now.saturating_sub(days(DAYS.saturating_sub(4)));
    let changed = now.saturating_sub(days(DAYS.saturating_sub(12)));
    let (mut judge, mut is_changed, mut lines) = (judge(installation)?, false, Vec::new());
    for step in steps {
        if !is_changed && step.at >= changed {
            is_changed = true;
            let event = judge.policy_change(POLICY, String::from("demo: privacy and redact"))?;
            lines.push(tell::policy(event, step.at, POLICY, &mut chance));
            judge.replace_policy_file(POLICY)?;
            judge = self::judge(installation)?;
        }
        let Some(session) = sessions.get(step.session) else { continue };
        let teller = Teller { judge: &judge, session, scenes: &scenes, enforced };
        lines.extend(teller.tell(step, now)?);
    }
    if !is_changed {
        judge.replace_policy_file(POLICY)?;
    }
    lines.sort_by_key(|line| line.at);
    Ok(lines)
}

fn judge(installation: &Installation) -> Result<Judge<'static>, Error> {
    let Installation { layout, own, user } = installation.clone();
    Ok(Judge::open(layout, own, user, None)?)
}

fn micros(now: SystemTime) -> i64 {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// Where chance begins.
const SEED: u64 = 0x0DA7_AF06;

#[cfg(test)]
mod tests;
