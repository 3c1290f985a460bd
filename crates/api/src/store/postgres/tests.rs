//! The contract on a cluster of the test's own. Where PostgreSQL is not installed, the test says so
//! and ends.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use super::*;
use crate::store::contract::{self, Fresh, entry, event};
use crate::store::{Bounds, Flaw};

/// A cluster in a folder, reached by a socket there; it ends with the test.
struct Cluster {
    programs: PathBuf,
    folder: tempfile::TempDir,
    /// Root may not run it, so somebody else does.
    user: Option<(u32, u32)>,
}

impl Cluster {
    /// `None` where there is no PostgreSQL, or nobody to run it.
    fn start() -> Option<Self> {
        let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
        let newest = versions.filter_map(|entry| Some(entry.ok()?.path())).max()?;
        let folder = tempfile::tempdir().unwrap();
        let is_root = fs::metadata(folder.path()).unwrap().uid() == 0;
        let user = if is_root { Some(somebody()?) } else { None };
        if let Some((uid, gid)) = user {
            chown(folder.path(), Some(uid), Some(gid)).unwrap();
        }
        let cluster = Self { programs: newest.join("bin"), folder, user };
        cluster.run("initdb", ["-A", "trust", "-U", "test", "-N", "-D"], &[cluster.data()]);
        let folder = cluster.folder.path().display();
        let options = format!("-k {folder} -c listen_addresses= -c fsync=off");
        let log = cluster.folder.path().join("log");
        let start = [OsStr::new("-o"), options.as_ref(), "-l".as_ref(), log.as_os_str()];
        cluster.run(
            "pg_ctl",
            ["-w", "start", "-D"],
            &[&[cluster.data().as_os_str()], &start[..]].concat(),
        );
        Some(cluster)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn run<const N: usize>(&self, program: &str, first: [&str; N], rest: &[impl AsRef<OsStr>]) {
        let mut command = Command::new(self.programs.join(program));
        command.args(first).args(rest).stdin(Stdio::null()).stdout(Stdio::null());
        command.current_dir(self.folder.path()).env_clear().env("LC_ALL", "C");
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
        assert!(command.status().unwrap().success(), "{program}");
    }

    fn address(&self, database: &str) -> String {
        format!("host={} user=test dbname={database}", self.folder.path().display())
    }

    /// A database with nothing in it.
    async fn fresh(&self, name: &str) -> Postgres {
        self.ask("postgres", &format!("CREATE DATABASE {name}")).await.unwrap();
        Postgres::open(&self.address(name)).await.unwrap()
    }

    /// Changes a database behind the store's back.
    async fn ask(&self, database: &str, statements: &str) -> Result<(), tokio_postgres::Error> {
        let (client, connection) =
            tokio_postgres::connect(&self.address(database), NoTls).await.unwrap();
        let connection = tokio::spawn(connection);
        let done = client.batch_execute(statements).await;
        drop(client);
        connection.await.unwrap().unwrap();
        done
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.run("pg_ctl", ["-m", "immediate", "stop", "-D"], &[self.data()]);
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

/// One cluster for all: starting one takes longer than everything else.
#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_contract() {
    let Some(cluster) = Cluster::start() else {
        println!("skipped: no PostgreSQL below /usr/lib/postgresql");
        return;
    };
    for (name, case) in contract::CASES {
        println!("{name}");
        let store: Fresh = Arc::new(cluster.fresh(name).await);
        case(store).await;
    }
    replicas_make_one_chain(&cluster).await;
    edits_are_refused_or_found(&cluster).await;
    tables_of_a_newer_version_are_left_alone(&cluster).await;
    tables_of_each_earlier_version_are_brought_forward(&cluster).await;
}

async fn replicas_make_one_chain(cluster: &Cluster) {
    let first = cluster.fresh("replicas").await;
    let second = Postgres::open(&cluster.address("replicas")).await.unwrap();
    let stores = [Arc::new(first), Arc::new(second)];
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..200_usize {
        let store = Arc::clone(&stores[number % 2]);
        tasks.spawn(async move { store.write(entry(&event(&number.to_string(), 1))).await });
    }
    assert!(tasks.join_all().await.iter().all(Result::is_ok));
    let whole = Verified { entries: 200, flaw: None };
    assert_eq!(stores[0].verify().await.unwrap(), whole);
}

async fn edits_are_refused_or_found(cluster: &Cluster) {
    let store = cluster.fresh("edits").await;
    for id in ["a", "b"] {
        assert!(store.write(entry(&event(id, 1))).await.is_ok());
    }
    for statement in [
        "UPDATE entry SET decision = 'deny' WHERE seq = 2",
        "DELETE FROM entry",
        "TRUNCATE entry",
        "UPDATE head SET seq = 1",
    ] {
        assert!(cluster.ask("edits", statement).await.is_err(), "{statement}");
    }
    let edit = "ALTER TABLE entry DISABLE TRIGGER ALL; UPDATE entry SET tenant = '' WHERE seq = 1";
    cluster.ask("edits", edit).await.unwrap();
    assert_eq!(store.verify().await.unwrap().flaw, Some(Flaw::Columns(1)));
    cluster.ask("edits", "DELETE FROM entry").await.unwrap();
    assert_eq!(store.verify().await.unwrap().flaw, Some(Flaw::Head(0)));
}

async fn tables_of_each_earlier_version_are_brought_forward(cluster: &Cluster) {
    let steps = [include_str!("0001.sql"), include_str!("0002.sql")];
    for version in 1..=steps.len() {
        let name = format!("earlier_{version}");
        cluster.ask("postgres", &format!("CREATE DATABASE {name}")).await.unwrap();
        let known = format!(
            "CREATE TABLE store_version (one integer PRIMARY KEY CHECK (one = 1), version bigint \
             NOT NULL); INSERT INTO store_version VALUES (1, {version})"
        );
        let digest = "decode(repeat('00', 32), 'hex')";
        let key = format!(
            "INSERT INTO api_key VALUES ('k', {digest}, 'old', 'agent', 'north', 1, NULL, NULL)"
        );
        let before = [&steps[..version], &[&*known, &*key]].concat().join(";");
        cluster.ask(&name, &before).await.unwrap();
        let store = Postgres::open(&cluster.address(&name)).await.unwrap();
        let key = store.key("k").await.unwrap().unwrap();
        assert_eq!((&*key.name, key.bounds), ("old", Bounds::default()));
        assert!(store.accounts().await.unwrap().is_empty());
        assert!(store.write(entry(&event("a", 1))).await.is_ok());
    }
}

async fn tables_of_a_newer_version_are_left_alone(cluster: &Cluster) {
    drop(cluster.fresh("newer").await);
    cluster.ask("newer", "UPDATE store_version SET version = 99").await.unwrap();
    let opened = Postgres::open(&cluster.address("newer")).await;
    assert!(matches!(opened, Err(Error::Newer { found: 99, known: 3 })));
}
