//! The client of a real database on a terminal, where PostgreSQL is installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::install;
use super::terminal::Screen;
use crate::support::Install;

/// A server of its own below a temporary folder, reached by a socket there. Gone when dropped.
struct Database {
    server: Child,
    folder: tempfile::TempDir,
}

/// Where the newest PostgreSQL of the machine has its programs.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut folders: Vec<PathBuf> =
        versions.flatten().map(|version| version.path().join("bin")).collect();
    folders
        .retain(|folder| ["initdb", "postgres", "psql"].iter().all(|it| folder.join(it).exists()));
    folders.sort();
    folders.pop()
}

impl Database {
    fn start(install: &Install, programs: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // It refuses to run as root, and others do not get into the folder of the installation.
        if nix::unistd::geteuid().is_root() {
            std::os::unix::fs::chown(folder.path(), Some(65534), Some(65534)).unwrap();
        }
        let data = folder.path().join("data");
        let place = [data.to_str().unwrap()];
        let mut make =
            install.start(&programs.join("initdb"), ["-A", "trust", "-U", "test", "-N", "-D"]);
        make.0.current_dir("/");
        make.args(place).by_an_ordinary_user().run().succeeds();
        let socket = folder.path().to_str().unwrap();
        let options = ["-c", "listen_addresses=", "-F", "-k", socket, "-D"];
        let start = install.start(&programs.join("postgres"), options);
        let mut start = start.args(place).by_an_ordinary_user();
        start.0.current_dir("/").stdout(Stdio::null()).stderr(Stdio::null());
        let server = start.0.spawn().unwrap();
        let begin = Instant::now();
        while !folder.path().join(".s.PGSQL.5432").exists() {
            assert!(begin.elapsed() < Duration::from_secs(60), "the database does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        Self { server, folder }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }
}

#[test]
fn psql_asks_answers_and_hides() {
    let Some(programs) = programs() else {
        println!("skipped: no PostgreSQL below /usr/lib/postgresql");
        return;
    };
    let (install, token) = install(&["env"]);
    let database = Database::start(&install, &programs);
    let screen = Screen::new(&install);
    let (psql, socket) = (programs.join("psql"), database.folder.path());
    screen.types(&format!("env {} -X -h {} -U test postgres", psql.display(), socket.display()));
    screen.shows("postgres=#");
    let (head, tail) = token.split_at(4);
    // A `;` at the end would be one of tmux's own.
    let turned: String = tail.chars().rev().collect();
    screen.types(&format!("select 'a', concat('{head}', reverse('{turned}')) \\g"));
    let text = screen.shows("(1 row)");
    assert!(text.contains("a        | [REDACTED]"), "{text}");
    assert!(!text.contains(tail.get(4..16).unwrap()), "{text}");
    screen.types("select 6 * 7 as product \\g");
    screen.shows("42");
    screen.types("\\q");
    screen.ended_with(0);
}
