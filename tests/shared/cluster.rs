//! A cluster of PostgreSQL of a test's own, where it is installed below /usr/lib/postgresql.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A cluster in a folder, reached by a socket there; it ends with the test.
#[derive(Debug)]
pub(crate) struct Cluster {
    programs: PathBuf,
    folder: tempfile::TempDir,
    /// Root may not run it, so somebody else does.
    pub(crate) user: Option<(u32, u32)>,
    /// The port of this machine where it speaks TLS and nothing else, if it does.
    pub(crate) port: Option<u16>,
}

impl Cluster {
    /// `None` where there is no PostgreSQL, or nobody to run it; that is said.
    pub(crate) fn start() -> Option<Self> {
        let cluster = Self::made();
        if cluster.is_none() {
            println!("skipped: no PostgreSQL below /usr/lib/postgresql");
        }
        cluster
    }

    fn made() -> Option<Self> {
        let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
        let newest = versions.filter_map(|entry| Some(entry.ok()?.path())).max()?;
        let folder = tempfile::tempdir().unwrap();
        let is_root = fs::metadata(folder.path()).unwrap().uid() == 0;
        let user = if is_root { Some(somebody()?) } else { None };
        if let Some((uid, gid)) = user {
            chown(folder.path(), Some(uid), Some(gid)).unwrap();
        }
        let cluster = Self { programs: newest.join("bin"), folder, user, port: None };
        let data = cluster.data();
        cluster.run(
            "initdb",
            &[
                "-A".as_ref(),
                "trust".as_ref(),
                "-U".as_ref(),
                "test".as_ref(),
                "-N".as_ref(),
                "-D".as_ref(),
                data.as_os_str(),
            ],
        );
        cluster.begin();
        Some(cluster)
    }

    fn begin(&self) {
        let folder = self.folder.path().display();
        let listens = self.port.map_or_else(
            || String::from("-c listen_addresses="),
            |port| format!("-c listen_addresses=127.0.0.1 -c port={port} -c ssl=on"),
        );
        let options = format!("-k {folder} {listens} -c fsync=off");
        let (data, log) = (self.data(), self.folder.path().join("log"));
        self.run(
            "pg_ctl",
            &[
                "-w".as_ref(),
                "start".as_ref(),
                "-D".as_ref(),
                data.as_os_str(),
                "-o".as_ref(),
                options.as_ref(),
                "-l".as_ref(),
                log.as_os_str(),
            ],
        );
    }

    /// Ends it as a crash would, and starts it again.
    pub(crate) fn restart(&self) {
        self.end();
        self.begin();
    }

    fn end(&self) {
        let data = self.data();
        self.run(
            "pg_ctl",
            &[
                "-m".as_ref(),
                "immediate".as_ref(),
                "stop".as_ref(),
                "-D".as_ref(),
                data.as_os_str(),
            ],
        );
    }

    /// Where its files are.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn run(&self, program: &str, arguments: &[&OsStr]) {
        let mut command = Command::new(self.programs.join(program));
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null());
        command.current_dir(self.folder.path()).env_clear().env("LC_ALL", "C");
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
        assert!(command.status().unwrap().success(), "{program}");
    }

    /// Makes a database with nothing in it.
    pub(crate) fn create(&self, database: &str) {
        let folder = self.folder.path();
        self.run(
            "createdb",
            &["-h".as_ref(), folder.as_os_str(), "-U".as_ref(), "test".as_ref(), database.as_ref()],
        );
    }

    /// Where a database is.
    pub(crate) fn address(&self, database: &str) -> String {
        let folder = self.folder.path().to_str().unwrap().replace('/', "%2F");
        format!("postgres://test@{folder}/{database}")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.end();
    }
}

/// A user that is not root and has a name.
fn somebody() -> Option<(u32, u32)> {
    let users = fs::read_to_string(Path::new("/etc/passwd")).ok()?;
    let user = users.lines().find(|line| line.starts_with("postgres:"));
    let mut fields =
        user.or_else(|| users.lines().find(|line| line.starts_with("nobody:")))?.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}
