//! What every installation needs, whichever command makes it: folders, binary, key, settings,
//! scripts. Nothing outside the root.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::Result;
use datafog_config::{Change, FileIdentity, Layout, SettingsFile};
use datafog_core::Mode;

use super::plan::{Plan, Step};
use super::session::Session;

/// The steps that complete the installation inside its root; none when it is complete.
///
/// `mode` is what a person asked for just now; without it, what stands in the settings stays.
pub(super) fn plan(session: &Session, mode: Option<Mode>) -> Result<Plan> {
    let layout = &session.layout;
    let mut plan = Plan::default();
    plan.extend(folders(layout).iter().filter_map(|path| Change::to_folder(path)).map(Step::Own));
    plan.extend(binary_to_copy(layout).map(Step::CopyBinary));
    plan.extend(unprotected(session).into_iter().map(Step::Protect));
    if !layout.key().exists() {
        plan.push(Step::Key);
    }
    let mut settings = SettingsFile::read(&layout.settings())?;
    if let Some(mode) = mode {
        settings.set_mode(mode);
    }
    plan.extend(settings.change()?.map(Step::Own));
    plan.extend(session.path_setup()?.scripts_plan()?.into_iter().map(Step::Own));
    Ok(plan)
}

/// The folders of an installation. That of the cache is made by who first has something to put
/// there.
fn folders(layout: &Layout) -> [PathBuf; 4] {
    let root = layout.root().to_owned();
    [root.clone(), root.join("bin"), layout.shims(), layout.receipts()]
}

/// The running binary, when it is not the installed one and none, or another one, is installed.
fn binary_to_copy(layout: &Layout) -> Option<PathBuf> {
    let running = std::env::current_exe().ok()?;
    let identity = |path: &Path| path.metadata().ok().map(|file| (file.dev(), file.ino()));
    (identity(&running) != identity(&layout.binary())).then_some(running)
}

/// The folders and files of ours that others could change, as far as they exist.
pub(super) fn unprotected(session: &Session) -> Vec<PathBuf> {
    let layout = &session.layout;
    let others =
        [layout.cache(), layout.binary(), layout.settings(), layout.policy(), layout.trust()];
    let all = folders(layout).into_iter().chain(others);
    let is_open = |path: &PathBuf| {
        let Ok(metadata) = path.metadata() else { return false };
        metadata.uid() == session.user
            && FileIdentity::of(&metadata).require_trusted(path, session.user).is_err()
    };
    all.filter(is_open).collect()
}
