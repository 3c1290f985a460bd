//! Under which circumstances a call is made, looked up when a rule first asks.
//!
//! What is read here stands where a governed process cannot change it, or is told as a claim: the
//! files of users and groups, a repository's `HEAD`, the files of time zones (never `TZ` or
//! `TZDIR`), the names of parent processes, and variables of continuous integration.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use datafog_config::{Identity, Layout, Users, group_names, read_small, user_name};
use datafog_core::{Account, Automation, LocalTime, Principal, Remote, Repository, Surroundings};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::remotes;
use crate::state::{ROOT, trusted};

/// Where time zones are kept, by the conventions of Unix systems.
const ZONES: [&str; 3] = ["/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo"];

/// The machine's own zone.
const LOCAL: &str = "/etc/localtime";

/// No file of a zone is larger.
const MOST_ZONE: u64 = 256 << 10;

/// No file that names a branch or a folder is larger.
const MOST_NAME: u64 = 16 << 10;

/// So many folders are looked at for a repository.
const MOST_FOLDERS: usize = 64;

/// Names of processes that run jobs of continuous integration (the kernel's 15 bytes).
const RUNNERS: [&str; 6] = [
    "Runner.Listener",
    "Runner.Worker",
    "buildkite-agent",
    "circleci-agent",
    "gitlab-runner",
    "woodpecker-agen",
];

/// Variables that say so.
const VARIABLES: [&str; 9] = [
    "BUILDKITE",
    "CI",
    "CIRCLECI",
    "CONTINUOUS_INTEGRATION",
    "GITHUB_ACTIONS",
    "GITLAB_CI",
    "JENKINS_URL",
    "TEAMCITY_VERSION",
    "TF_BUILD",
];

/// No file of users is larger.
const MOST_USERS: u64 = 1 << 20;

/// The account of the user `uid`, with the groups of this process. What the user's own file says
/// counts only where the machine has no policy and no such file: it must not make its user another
/// one for the rules of the machine. A file that cannot be used leaves the account unknown.
pub(crate) fn account(uid: u32, layout: &Layout) -> Option<Account> {
    let (name, groups) = (user_name(uid), group_names());
    let machine = users(&layout.system_users(), ROOT)?;
    let ruled = machine.is_some() || Identity::at(&layout.system_policy()).ok()?.file.is_some();
    match if ruled { machine } else { users(&layout.users(), uid)? } {
        Some(users) => users.account(uid, name, groups),
        None => Some(Account { user: name?, groups: groups?, tenant: None }),
    }
}

/// The file of users at `path`: `None` when it cannot be used, `Some(None)` when there is none.
fn users(path: &Path, owner: u32) -> Option<Option<Users>> {
    if trusted(path, owner).ok()?.is_none() {
        return Some(None);
    }
    let text = String::from_utf8(read_small(path, MOST_USERS).ok()?).ok()?;
    Users::parse(&text, path).ok().map(Some)
}

/// The repository that `folder` belongs to: `None` when that cannot be told, `Some(None)` when it
/// belongs to none. A variable that names another one leaves it unknown.
pub(crate) fn repository(folder: &Path, world: &dyn Surroundings) -> Option<Option<Repository>> {
    if ["GIT_DIR", "GIT_WORK_TREE"].iter().any(|name| world.variable(name).is_some()) {
        return None;
    }
    for root in folder.ancestors().take(MOST_FOLDERS) {
        let place = root.join(".git");
        match fs::symlink_metadata(&place) {
            Err(error) if is_absent(&error) => {}
            Err(_) => return None,
            Ok(_) => {
                let branch = branch(&git_folder(&place)?)?;
                return Some(Some(Repository { root: root.to_owned(), branch }));
            }
        }
    }
    Some(None)
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// The folder of git's own files: `.git` itself, or what it names in a further work tree
/// (gitrepository-layout(5)).
fn git_folder(place: &Path) -> Option<PathBuf> {
    if place.is_dir() {
        return Some(place.to_owned());
    }
    let text = String::from_utf8(read_small(place, MOST_NAME).ok()?).ok()?;
    let named = text.strip_prefix("gitdir:")?.trim();
    Some(place.parent()?.join(named))
}

/// Where the remotes of the repository at `root` are.
pub(crate) fn remotes(root: &Path, world: &dyn Surroundings) -> Option<Vec<Option<Remote>>> {
    remotes::remotes(&git_folder(&root.join(".git"))?, world)
}

/// Whether files that git keeps have changes that no commit holds, by git's own word: new files and
/// submodules do not count, no lock is taken, and no program that settings name watches the files.
pub(crate) fn uncommitted(folder: &Path, world: &dyn Surroundings) -> Option<bool> {
    let mut words: Vec<OsString> = ["-C".into(), folder.into()].into();
    words.extend(QUESTION.map(OsString::from));
    words.push("--untracked-files=no".into());
    world.output_of("git", &words).ok().map(|answer| !answer.is_empty())
}

/// How git is asked for changes, without a lock and without a program that settings name.
pub(crate) const QUESTION: [&str; 7] = [
    "--no-optional-locks",
    "-c",
    "core.fsmonitor=false",
    "status",
    "--porcelain",
    "-z",
    "--ignore-submodules",
];

/// The branch in `HEAD`; `Some(None)` when it names a commit.
fn branch(folder: &Path) -> Option<Option<String>> {
    let text = String::from_utf8(read_small(&folder.join("HEAD"), MOST_NAME).ok()?).ok()?;
    let text = text.trim();
    match text.strip_prefix("ref:") {
        Some(name) => Some(name.trim().strip_prefix("refs/heads/").map(str::to_owned)),
        None => (!text.is_empty()).then_some(None),
    }
}

/// This moment in a zone; `None` when the zone is not known here.
pub(crate) fn local_time(zone: &str) -> Option<LocalTime> {
    at(Timestamp::now(), &self::zone(zone)?)
}

/// A moment in a zone.
pub(crate) fn at(now: Timestamp, zone: &TimeZone) -> Option<LocalTime> {
    let now = now.to_zoned(zone.clone());
    let weekday = u8::try_from(now.weekday().to_monday_zero_offset()).ok()?;
    let (hour, minute) = (u16::try_from(now.hour()).ok()?, u16::try_from(now.minute()).ok()?);
    Some(LocalTime { weekday, minute: hour.checked_mul(60)?.checked_add(minute)? })
}

/// The zone of that name, from the system's own files.
pub(crate) fn zone(name: &str) -> Option<TimeZone> {
    match name {
        "UTC" => Some(TimeZone::UTC),
        "local" => match read_small(Path::new(LOCAL), MOST_ZONE) {
            Ok(bytes) => TimeZone::tzif("local", &bytes).ok(),
            // A machine without that file keeps UTC (localtime(5)).
            Err(error) if is_absent(&error) => Some(TimeZone::UTC),
            Err(_) => None,
        },
        _ => {
            let plain = |part: &str| !part.is_empty() && part != "." && part != "..";
            let sound = name.split('/').all(plain);
            let mut places = ZONES.iter().map(|folder| Path::new(folder).join(name));
            let read = |path: PathBuf| read_small(&path, MOST_ZONE).ok();
            let bytes = places.find_map(read).filter(|_| sound)?;
            TimeZone::tzif(name, &bytes).ok()
        }
    }
}

/// Whether a machine runs this by itself.
pub(crate) fn automation(principal: &Principal, world: &dyn Surroundings) -> Automation {
    let runs = |name: &String| RUNNERS.contains(&name.as_str());
    let set = |name: &&str| world.variable(name).is_some_and(|value| !value.is_empty());
    if principal.parents.iter().any(runs) {
        Automation::Certain
    } else if VARIABLES.iter().any(set) {
        Automation::Claimed
    } else {
        Automation::Absent
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::nothing;

    fn of(folder: &Path) -> Option<Option<Repository>> {
        repository(folder, &nothing("/"))
    }

    #[test]
    fn branches_are_read_from_head() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("a/.git/worktrees/b")).unwrap();
        fs::create_dir_all(root.join("a/src/deep")).unwrap();
        fs::create_dir_all(root.join("b")).unwrap();
        fs::write(root.join("a/.git/HEAD"), "ref: refs/heads/release/1\n").unwrap();
        let found = of(&root.join("a/src/deep")).unwrap().unwrap();
        assert_eq!((found.root, found.branch.as_deref()), (root.join("a"), Some("release/1")));
        fs::write(root.join("b/.git"), "gitdir: ../a/.git/worktrees/b\n").unwrap();
        assert_eq!(of(&root.join("b")), None, "there is no HEAD");
        fs::write(
            root.join("a/.git/worktrees/b/HEAD"),
            "0123456789012345678901234567890123456789\n",
        )
        .unwrap();
        assert_eq!(of(&root.join("b")).unwrap().unwrap().branch, None);
        assert_eq!(of(Path::new("/")), Some(None));
    }

    #[test]
    fn zones_come_from_the_systems_files_alone() {
        let moment: Timestamp = "2026-01-05T23:30:00Z".parse().unwrap();
        assert_eq!(at(moment, &TimeZone::UTC), Some(LocalTime { weekday: 0, minute: 1410 }));
        let east = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        assert_eq!(at(moment, &east), Some(LocalTime { weekday: 1, minute: 30 }));
        for name in ["../../etc/passwd", "", "Nowhere/Atlantis", "a//b", "."] {
            assert!(zone(name).is_none(), "{name}");
        }
        assert!(local_time("UTC").is_some() && local_time("local").is_some());
    }

    #[test]
    fn a_runner_is_certain_and_a_variable_a_claim() {
        let mut principal = Principal::default();
        assert_eq!(automation(&principal, &nothing("/")), Automation::Absent);
        principal.parents = vec!["bash".into(), "Runner.Worker".into()];
        assert_eq!(automation(&principal, &nothing("/")), Automation::Certain);
    }
}
