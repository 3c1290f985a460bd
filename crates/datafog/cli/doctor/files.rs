//! Owners and modes, settings, policy, ledger, wrappers and the programs behind them.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use datafog_config::{FileIdentity, Identity, Users, load_or_create_key, read_small};
use datafog_core::Mode;
use datafog_shim::{CommandName, LinkState};

use super::super::session::Session;
use super::super::{approvals, policy, receipts, room};
use super::Finding;
use crate::scorer;

/// The owner of the machine's own files.
const ROOT: u32 = 0;

/// No file of users is larger, in bytes.
const MOST_USERS: u64 = 1 << 20;

pub(super) fn examine(session: &Session) -> Vec<Finding> {
    let mut findings = vec![root(session), key(session), settings(session), policy(session)];
    findings.extend(projects(session));
    findings.extend(users(session));
    findings.extend(scorer(session));
    findings.push(ledger(session));
    findings.extend(requests(session));
    findings.extend(foreign(session));
    findings.extend(real_programs(session));
    findings.extend(git_below_git(session));
    findings.extend(start_files(session));
    findings
}

/// What waits for a person, and what lies there that is no request.
fn requests(session: &Session) -> Option<Finding> {
    let (about, folder) = ("approvals", session.layout.approvals());
    if !folder.exists() {
        return None;
    }
    let summary = approvals::Summary::of(session);
    if let Some(problem) = &summary.problem {
        let remedy = format!("look at `{0}`; it must be yours alone (chmod 700)", folder.display());
        return Some(Finding::problem(about, problem.clone(), remedy));
    }
    if let Some(first) = summary.strange.first() {
        let detail = format!("`{first}` is no request of ours: it answers for nothing");
        return Some(Finding::warning(about, detail, "look at it, then remove it"));
    }
    if summary.waiting > 0 {
        let detail = summary.to_string();
        return Some(Finding::warning(about, detail, "datafog approvals list"));
    }
    Some(Finding::ok(about, summary.to_string()))
}

/// The folders and files of ours: nobody else may change them.
fn root(session: &Session) -> Finding {
    let (about, layout) = ("root", &session.layout);
    if let Err(error) = session.host.user() {
        return Finding::problem(about, error.to_string(), error.hint());
    }
    if !layout.root().is_dir() {
        let detail = format!("`{}` is missing", layout.root().display());
        return Finding::problem(about, detail, "datafog init");
    }
    let all = layout.places().into_iter().map(|(_, path)| path);
    let trusted = |path: &Path| {
        let identity = path.metadata().ok().map(|metadata| FileIdentity::of(&metadata))?;
        identity.require_trusted(path, session.user).err()
    };
    if let Some(error) = all.into_iter().find_map(|path| trusted(&path)) {
        return Finding::problem(about, error.to_string(), error.hint());
    }
    let receipts = layout.receipts().metadata();
    if receipts.is_ok_and(|metadata| metadata.mode() & 0o077 != 0) {
        let detail = format!("`{}` can be read by others", layout.receipts().display());
        let remedy = format!("chmod go-rwx '{}'", layout.receipts().display());
        return Finding::warning(about, detail, remedy);
    }
    Finding::ok(about, format!("{}  yours alone", layout.root().display()))
}

fn key(session: &Session) -> Finding {
    let path = session.layout.key();
    if !path.exists() {
        return Finding::problem("key", format!("`{}` is missing", path.display()), "datafog init");
    }
    match load_or_create_key(&path, session.user) {
        Ok(_) => Finding::ok("key", "readable by you alone"),
        Err(error) => Finding::problem("key", error.to_string(), error.hint()),
    }
}

fn settings(session: &Session) -> Finding {
    match session.settings() {
        Ok(settings) if settings.mode == Mode::Observe => Finding::warning(
            "settings",
            "mode observe: nothing is blocked",
            "datafog mode enforced, when you are ready",
        ),
        Ok(_) => Finding::ok("settings", "mode enforced"),
        Err(error) => Finding::problem("settings", format!("{error:#}"), "mend the line"),
    }
}

fn policy(session: &Session) -> Finding {
    let summary = policy::Summary::of(session);
    match &summary.problem {
        None => Finding::ok("policy", summary.to_string()),
        Some(problem) => Finding::problem("policy", problem, "datafog policy lint"),
    }
}

/// Rules of a trusted project hold in its folder. One that was moved has none until it is trusted anew.
fn projects(session: &Session) -> Option<Finding> {
    let gone = policy::gone(session);
    let shown: Vec<String> = gone.iter().map(|folder| folder.display().to_string()).collect();
    let remedy = "datafog policy trust, where it is now; then datafog policy trust --revoke for the old place";
    let detail = || format!("trusted and gone: {}", shown.join(", "));
    (!shown.is_empty()).then(|| Finding::warning("projects", detail(), remedy))
}

/// The files that name users beside the system's: a mistake in one leaves everybody unknown.
fn users(session: &Session) -> Vec<Finding> {
    let layout = &session.layout;
    let files = [(layout.system_users(), ROOT), (layout.users(), session.user)];
    files.iter().filter_map(|(path, owner)| users_file(path, *owner)).collect()
}

fn users_file(path: &Path, owner: u32) -> Option<Finding> {
    let remedy = "mend it; until then rules about users, groups and tenants cannot be told";
    let file = match Identity::at(path) {
        Ok(found) => found.file?,
        Err(error) => return Some(Finding::problem("users", error.to_string(), remedy)),
    };
    if let Err(error) = file.require_trusted(path, owner) {
        return Some(Finding::problem("users", error.to_string(), error.hint()));
    }
    let text = read_small(path, MOST_USERS)
        .and_then(|bytes| String::from_utf8(bytes).map_err(std::io::Error::other));
    Some(match text.map(|text| Users::parse(&text, path)) {
        Ok(Ok(_)) => Finding::ok("users", path.display().to_string()),
        Ok(Err(error)) => Finding::problem("users", error.to_string(), remedy),
        Err(error) => Finding::problem("users", format!("`{}`: {error}", path.display()), remedy),
    })
}

/// What scores calls, where it is set. It is not asked: that would be a call that nobody made.
fn scorer(session: &Session) -> Option<Finding> {
    let settings = session.settings().ok()?;
    Some(match scorer::examine(settings.scorer()?) {
        Ok(shown) => Finding::ok("scorer", shown),
        Err(why) => {
            let remedy = "mend it, or take it out of config.toml; it is not asked";
            Finding::problem("scorer", why, remedy)
        }
    })
}

fn ledger(session: &Session) -> Finding {
    let summary = receipts::Summary::of(session);
    let obstacle = room::obstacle(&session.layout.receipts());
    match (&summary.problem, obstacle) {
        (Some(problem), _) => Finding::problem("receipts", problem, "datafog receipts verify"),
        (None, Some(obstacle)) => Finding::problem("receipts", obstacle, "make it writable again"),
        (None, None) => Finding::ok("receipts", summary.to_string()),
    }
}

/// What lies among the wrappers and is none.
fn foreign(session: &Session) -> Option<Finding> {
    let links = session.links();
    let mut known = links.names().ok()?;
    // No list of wrappers names our own link, but it is no stranger.
    known.extend(Some(CommandName::own()).filter(|own| links.state(own) == LinkState::Ours));
    let entries = std::fs::read_dir(session.layout.shims()).ok()?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut foreign: Vec<String> =
        names.filter(|name| known.iter().all(|known| known.as_str() != name)).collect();
    foreign.sort_unstable();
    let remedy =
        format!("look at them, and move them out of `{}`", session.layout.shims().display());
    (!foreign.is_empty())
        .then(|| Finding::warning("wrappers", format!("not ours: {}", foreign.join(", ")), remedy))
}

/// Every wrapper needs a real program behind it.
fn real_programs(session: &Session) -> Option<Finding> {
    let about = "real programs";
    let (links, settings) = (session.links(), session.settings().unwrap_or_default());
    let names = match links.names() {
        Ok(names) => names,
        Err(error) => return Some(Finding::problem(about, error.to_string(), error.hint())),
    };
    if names.is_empty() {
        return Some(Finding::problem(about, "no command is wrapped", "datafog hooks install"));
    }
    let gate = session.gate().ok()?;
    let is_missing = |name: &&CommandName| {
        let target = settings.hooks.get(name.as_str()).and_then(|hook| hook.target.as_deref());
        gate.real_program(name.as_str().as_ref(), target).is_none()
    };
    let missing: Vec<&str> = names.iter().filter(is_missing).map(CommandName::as_str).collect();
    Some(if missing.is_empty() {
        Finding::ok(about, format!("{} wrapped, all found", names.len()))
    } else {
        let remedy = format!("install them, or: datafog hooks uninstall {}", missing.join(" "));
        Finding::warning(about, format!("wrapped but not found: {}", missing.join(", ")), remedy)
    })
}

/// Whether what git starts comes back to us. It mends itself where it can.
fn git_below_git(session: &Session) -> Option<Finding> {
    let (about, settings) = ("git below git", session.settings().unwrap_or_default());
    if !session.links().names().ok()?.iter().any(|name| name.as_str() == "git") {
        return None;
    }
    let target = settings.hooks.get("git").and_then(|hook| hook.target.as_deref());
    Some(match session.gate().ok()?.git_folder(target) {
        Some(_) => Finding::ok(about, "hooks and aliases start the wrapper"),
        None => {
            let detail = "git picks its programs by itself: hooks and aliases start the real git";
            let remedy = "datafog hooks install git --target with the git itself, where it is a script or a version manager";
            Finding::warning(about, detail, remedy)
        }
    })
}

/// Our line in the start files of shells. Its absence may be meant (`init --no-path`).
fn start_files(session: &Session) -> Option<Finding> {
    let about = "start files";
    let state = session.path_setup().and_then(|setup| Ok(setup.state()?));
    let state = match state {
        Ok(state) => state,
        Err(error) => return Some(Finding::warning(about, format!("{error:#}"), "datafog init")),
    };
    let without = state.iter().filter(|file| !file.holds_line);
    let without: Vec<String> = without.map(|file| file.path.display().to_string()).collect();
    Some(if without.is_empty() {
        Finding::ok(about, format!("{} put the wrappers first on PATH", state.len()))
    } else {
        let detail = format!("without our line: {}", without.join(", "));
        Finding::warning(about, detail, "datafog doctor --fix, unless you set PATH yourself")
    })
}
