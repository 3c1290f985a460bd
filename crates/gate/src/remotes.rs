//! Where the remotes of a repository are, by git's own files of settings.
//!
//! They are read and git is not started: it would run what the settings name. What bends a URL
//! (`insteadOf`), or could hold settings that are not seen here, leaves it unknown.

use std::io;
use std::path::{Path, PathBuf};

use datafog_config::read_small;
use datafog_core::{Remote, Surroundings};

use crate::git_config::{Entry, entries};

/// No file of settings is larger, in bytes.
const MOST_BYTES: u64 = 1 << 20;

/// Files that name each other end somewhere.
const MOST_FILES: usize = 32;

/// Variables that set more, or name other files (git-config(1)).
const VARIABLES: [&str; 6] = [
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_SYSTEM",
];

/// The remotes of the repository whose own files are in `folder`, each `None` when it cannot be
/// told; `None` when the settings cannot be.
pub(crate) fn remotes(folder: &Path, world: &dyn Surroundings) -> Option<Vec<Option<Remote>>> {
    if VARIABLES.iter().any(|name| world.variable(name).is_some()) {
        return None;
    }
    let mut files = Files { world, left: MOST_FILES, entries: Vec::new() };
    files.of_everybody()?;
    files.of_repository(folder)?;
    let named = |section: &'static str, keys: &'static [&str]| {
        let fits =
            move |entry: &&Entry| entry.section == section && keys.contains(&entry.key.as_str());
        files.entries.iter().filter(fits)
    };
    let bends = |url: &str| {
        let mut bent = named("url", &["insteadof", "pushinsteadof"]);
        bent.any(|entry| entry.value.as_deref().is_none_or(|prefix| url.starts_with(prefix)))
    };
    let urls = named("remote", &["url", "pushurl"]);
    let urls = urls.map(|entry| entry.value.as_deref().filter(|url| !bends(url)));
    Some(urls.map(|url| place(url?)).collect())
}

/// Files of settings as they are taken in.
struct Files<'a> {
    world: &'a dyn Surroundings,
    left: usize,
    entries: Vec<Entry>,
}

impl Files<'_> {
    /// The files of the machine and the user. `$HOME` names them for git, too.
    fn of_everybody(&mut self) -> Option<()> {
        let world = self.world;
        let folder = |name| world.variable(name).filter(|it| !it.is_empty()).map(PathBuf::from);
        let home = folder("HOME");
        let own = folder("XDG_CONFIG_HOME").or_else(|| Some(home.as_ref()?.join(".config")));
        self.take(Path::new("/etc/gitconfig"))?;
        own.map_or(Some(()), |own| self.take(&own.join("git/config")))?;
        home.map_or(Some(()), |home| self.take(&home.join(".gitconfig")))
    }

    /// The files of the repository; those of a further work tree stand in the first one's
    /// (gitrepository-layout(5), `commondir`).
    fn of_repository(&mut self, folder: &Path) -> Option<()> {
        let common = match read_small(&folder.join("commondir"), MOST_BYTES) {
            Ok(bytes) => folder.join(String::from_utf8(bytes).ok()?.trim()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => folder.to_owned(),
            Err(_) => return None,
        };
        self.take(&common.join("config"))?;
        self.take(&folder.join("config.worktree"))
    }

    /// Takes in the file at `path`, and those that it includes, whatever they are included on. One
    /// that is missing has no settings.
    fn take(&mut self, path: &Path) -> Option<()> {
        self.left = self.left.checked_sub(1)?;
        let bytes = match read_small(path, MOST_BYTES) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Some(()),
            Err(_) => return None,
        };
        for entry in entries(str::from_utf8(&bytes).ok()?)? {
            let includes = matches!(entry.section.as_str(), "include" | "includeif");
            match entry.value.as_deref().filter(|_| includes && entry.key == "path") {
                Some(included) => {
                    let included = self.included(path, included)?;
                    self.take(&included)?;
                }
                None => self.entries.push(entry),
            }
        }
        Some(())
    }

    fn included(&self, from: &Path, path: &str) -> Option<PathBuf> {
        match path.strip_prefix('~') {
            None => Some(from.parent()?.join(path)),
            Some(rest) => {
                let rest = rest.strip_prefix('/')?;
                Some(Path::new(self.world.variable("HOME")?).join(rest))
            }
        }
    }
}

/// Where a URL is; `None` when that cannot be told for sure. Git takes URLs, `user@host:path`
/// and paths (git-fetch(1), "Git URLs").
fn place(url: &str) -> Option<Remote> {
    let folder = || Some(Remote { host: String::new(), path: url.to_owned() });
    if let Some((scheme, rest)) = url.split_once("://") {
        return match scheme.to_ascii_lowercase().as_str() {
            "file" => folder(),
            "ftp" | "ftps" | "git" | "git+ssh" | "http" | "https" | "ssh" | "ssh+git" => {
                let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
                let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
                let (host, port) = host.split_once(':').unwrap_or((host, ""));
                let sound = port.bytes().all(|byte| byte.is_ascii_digit());
                if sound { at(host, path) } else { None }
            }
            _ => None,
        };
    }
    // A colon behind a slash is part of a path.
    match url.split_once(':').filter(|(host, _)| !host.contains('/')) {
        // `transport::address` is anybody's.
        Some((_, path)) if path.starts_with(':') => None,
        Some((host, path)) => at(host.rsplit_once('@').map_or(host, |(_, host)| host), path),
        None => folder(),
    }
}

fn at(host: &str, path: &str) -> Option<Remote> {
    let named = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path).trim_end_matches('/');
    // What one server takes for another path cannot be compared.
    let plain = !path.contains(['%', '?', '#', '\\']) && !path.contains("//");
    let stays = path.split('/').all(|part| part != "." && part != "..");
    let sound = !host.is_empty() && host.bytes().all(named) && plain && stays;
    sound.then(|| Remote { host: host.to_ascii_lowercase(), path: path.to_owned() })
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::fs;

    use datafog_core::Invented;

    use super::*;

    struct Place {
        folder: tempfile::TempDir,
        machine: Invented,
    }

    impl Place {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let home = OsString::from(folder.path().join("home"));
            let variables = [("HOME".to_owned(), home)].into();
            Self { folder, machine: Invented { variables, ..Invented::default() } }
        }

        fn write(&self, path: &str, text: &str) {
            let path = self.folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        fn remotes(&self, folder: &str) -> Option<Vec<Option<String>>> {
            let found = remotes(&self.folder.path().join(folder), &self.machine)?;
            Some(found.into_iter().map(|it| it.map(|it| it.to_string())).collect())
        }
    }

    fn some(places: &[&str]) -> Option<Vec<Option<String>>> {
        Some(places.iter().map(|it| Some((*it).to_owned())).collect())
    }

    const ORIGIN: &str =
        "[remote \"origin\"]\n\turl = git@github.com:Acme/app.git\n\tfetch = +refs/*:refs/*\n";

    #[test]
    fn urls_are_compared_however_they_are_spelled() {
        for (url, shown) in [
            ("https://github.com/acme/app.git", Some("github.com/acme/app")),
            ("https://ann:secret@GitHub.com:443/acme/app/", Some("github.com/acme/app")),
            ("ssh://git@github.com:22/acme/app", Some("github.com/acme/app")),
            ("git@github.com:acme/app.git", Some("github.com/acme/app")),
            ("host:repo", Some("host/repo")),
            ("git://h/~ann/x", Some("h/~ann/x")),
            ("/srv/git/x.git", Some("/srv/git/x.git")),
            ("../x:y", Some("../x:y")),
            ("file:///srv/x", Some("file:///srv/x")),
            ("ext::sh -c x", None),
            ("https://github.com/acme/../evil/app", None),
            ("https://github.com/acme%2fapp", None),
            ("https://[::1]/x", None),
            ("https://evil.example\\@github.com/x", Some("github.com/x")),
            ("https://github.com\\evil.example/x", None),
            ("weird://github.com/x", None),
        ] {
            assert_eq!(place(url).map(|it| it.to_string()).as_deref(), shown, "{url}");
        }
    }

    #[test]
    fn a_folder_is_on_no_host() {
        assert_eq!(place("/github.com/acme").unwrap().host, "");
        assert_eq!(place("file://github.com/acme").unwrap().host, "");
    }

    #[test]
    fn settings_of_all_places_count() {
        let mut place = Place::new();
        assert_eq!(place.remotes("a/.git"), some(&[]));
        place.write("a/.git/config", ORIGIN);
        assert_eq!(place.remotes("a/.git"), some(&["github.com/Acme/app"]));
        place.write("a/.git/config", &format!("{ORIGIN}pushurl = https://evil.example/x\n"));
        assert_eq!(place.remotes("a/.git"), some(&["github.com/Acme/app", "evil.example/x"]));
        // A further work tree has the settings of the first, and its own.
        place.write("a/.git/worktrees/b/commondir", "../..\n");
        place.write("a/.git/worktrees/b/config.worktree", "[remote \"w\"] url = h:w");
        let all = some(&["github.com/Acme/app", "evil.example/x", "h/w"]);
        assert_eq!(place.remotes("a/.git/worktrees/b"), all);
        place.write("a/.git/config", "[include] path = ../more\n");
        place.write("a/more", ORIGIN);
        assert_eq!(place.remotes("a/.git"), some(&["github.com/Acme/app"]));
        place.machine.variables.insert("GIT_CONFIG_COUNT".to_owned(), "1".into());
        assert_eq!(place.remotes("a/.git"), None);
    }

    #[test]
    fn what_bends_a_url_leaves_it_unknown() {
        let place = Place::new();
        place
            .write("a/.git/config", &format!("{ORIGIN}[remote \"b\"] url = https://x.example/b\n"));
        place.write("home/.gitconfig", "[includeIf \"gitdir:~/work/\"]\npath = ~/work.inc\n");
        assert_eq!(place.remotes("a/.git"), some(&["github.com/Acme/app", "x.example/b"]));
        for bent in [
            "[url \"https://evil.example/\"] insteadOf = git@github.com:",
            "[url \"https://evil.example/\"]\n\tpushInsteadOf = git@\n",
        ] {
            place.write("home/work.inc", bent);
            let seen = Some(vec![None, Some("x.example/b".to_owned())]);
            assert_eq!(place.remotes("a/.git"), seen, "{bent}");
        }
        for broken in ["[", "\u{fffd}", "[include] path = ~ann/x\n", "[include] path = work.inc\n"]
        {
            place.write("home/work.inc", broken);
            assert_eq!(place.remotes("a/.git"), None, "{broken}");
        }
        fs::remove_file(place.folder.path().join("home/work.inc")).unwrap();
        fs::create_dir(place.folder.path().join("home/work.inc")).unwrap();
        assert_eq!(place.remotes("a/.git"), None);
    }
}
