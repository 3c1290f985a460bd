//! The contract on a cluster of the test's own. Where PostgreSQL is not installed, the test says so
//! and ends.

#[path = "../../../../../tests/shared/cluster.rs"]
mod cluster;

use std::os::unix::fs::{PermissionsExt as _, chown};
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::*;
use crate::store::contract::{self, Fresh, entry, event};
use crate::store::{Bounds, Drawn, Flaw, Post as _};
use cluster::Cluster;

/// A database with nothing in it.
async fn fresh(cluster: &Cluster, name: &str) -> Postgres {
    cluster.create(name);
    Postgres::open(&cluster.address(name)).await.unwrap()
}

/// Changes a database behind the store's back.
async fn ask(
    cluster: &Cluster,
    database: &str,
    statements: &str,
) -> Result<(), tokio_postgres::Error> {
    let address = cluster.address(database);
    let (client, connection) = tokio_postgres::connect(&address, NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    let done = client.batch_execute(statements).await;
    drop(client);
    connection.await.unwrap().unwrap();
    done
}

/// One cluster for all: starting one takes longer than everything else.
#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_contract() {
    let Some(cluster) = Cluster::start() else { return };
    for (name, case) in contract::CASES {
        println!("{name}");
        let store: Fresh = Arc::new(fresh(&cluster, name).await);
        case(store).await;
    }
    replicas_make_one_chain(&cluster).await;
    replicas_draw_from_one_bucket(&cluster).await;
    a_replica_hears_that_another_added_a_line(&cluster).await;
    a_store_outlives_a_restart_of_the_database(&cluster).await;
    edits_are_refused_or_found(&cluster).await;
    tables_of_a_newer_version_are_left_alone(&cluster).await;
    tables_of_each_earlier_version_are_brought_forward(&cluster).await;
}

async fn replicas_make_one_chain(cluster: &Cluster) {
    let first = fresh(cluster, "replicas").await;
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

async fn replicas_draw_from_one_bucket(cluster: &Cluster) {
    let stores = [
        Arc::new(fresh(cluster, "drawn").await),
        Arc::new(Postgres::open(&cluster.address("drawn")).await.unwrap()),
    ];
    let started = std::time::Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..120_usize {
        let store = Arc::clone(&stores[number % 2]);
        tasks.spawn(async move { store.draw("a", 50, 3).await.unwrap().granted });
    }
    let granted: u32 = tasks.join_all().await.into_iter().sum();
    // What the bucket held, and what it gained meanwhile.
    let most = started.elapsed().as_secs_f64().mul_add(50.0, 51.0);
    assert!(granted >= 50 && f64::from(granted) <= most, "{granted} of {most}");
    assert_eq!(stores[0].draw("b", 50, 3).await.unwrap().granted, 3, "each has one of its own");
    assert_eq!(stores[1].draw("b", 2, 9).await.unwrap().granted, 2, "a smaller one holds less");
    ask(cluster, "drawn", "UPDATE rate SET at = at - 1, rest = 0 WHERE name = 'a'").await.unwrap();
    assert_eq!(stores[0].draw("a", 50, 60).await.unwrap().granted, 50, "a second fills it");
    ask(cluster, "drawn", "UPDATE rate SET at = at + 1000, rest = 1.5 WHERE name = 'a'")
        .await
        .unwrap();
    let back = stores[1].draw("a", 50, 60).await.unwrap();
    assert_eq!(back, Drawn { granted: 1, rest: 0.5 }, "a clock that is put back gives nothing");
    ask(cluster, "drawn", "UPDATE rate SET at = at - 2000").await.unwrap();
    assert_eq!(stores[0].forget_full().await.unwrap(), 2);
}

async fn a_replica_hears_that_another_added_a_line(cluster: &Cluster) {
    let first = fresh(cluster, "heard").await;
    let second = Postgres::open(&cluster.address("heard")).await.unwrap();
    let mut grown = second.grown();
    let patience = Duration::from_secs(20);
    // It says so once more when it begins to listen, so the last of three is heard from the other.
    for number in 0..3 {
        let name = number.to_string();
        assert!(first.write(entry(&event(&name, 1))).await.is_ok());
        tokio::time::timeout(patience, grown.changed()).await.unwrap().unwrap();
    }
}

async fn a_store_outlives_a_restart_of_the_database(cluster: &Cluster) {
    let store = fresh(cluster, "restarted").await;
    assert!(store.write(entry(&event("a", 1))).await.is_ok());
    cluster.restart();
    // The connections of before are gone: what is asked meanwhile may fail and nothing hangs.
    let mut tries = (0..50).map(|number| number.to_string());
    let id = loop {
        let id = tries.next().unwrap();
        match store.write(entry(&event(&id, 2))).await {
            Ok(_) => break id,
            Err(error) => assert!(matches!(error, Error::Unavailable(_)), "{error:?}"),
        }
    };
    assert!(store.entry(None, &id).await.unwrap().is_some());
    assert_eq!(store.verify().await.unwrap(), Verified { entries: 2, flaw: None });
}

async fn edits_are_refused_or_found(cluster: &Cluster) {
    let store = fresh(cluster, "edits").await;
    for id in ["a", "b"] {
        assert!(store.write(entry(&event(id, 1))).await.is_ok());
    }
    for statement in [
        "UPDATE entry SET decision = 'deny' WHERE seq = 2",
        "DELETE FROM entry",
        "TRUNCATE entry",
        "UPDATE head SET seq = 1",
    ] {
        assert!(ask(cluster, "edits", statement).await.is_err(), "{statement}");
    }
    let edit = "ALTER TABLE entry DISABLE TRIGGER ALL; UPDATE entry SET tenant = '' WHERE seq = 1";
    ask(cluster, "edits", edit).await.unwrap();
    assert_eq!(store.verify().await.unwrap().flaw, Some(Flaw::Columns(1)));
    ask(cluster, "edits", "DELETE FROM entry").await.unwrap();
    assert_eq!(store.verify().await.unwrap().flaw, Some(Flaw::Head(0)));
}

async fn tables_of_each_earlier_version_are_brought_forward(cluster: &Cluster) {
    let steps = [
        include_str!("0001.sql"),
        include_str!("0002.sql"),
        include_str!("0003.sql"),
        include_str!("0004.sql"),
        include_str!("0005.sql"),
        include_str!("0006.sql"),
    ];
    for version in 1..=steps.len() {
        let name = format!("earlier_{version}");
        cluster.create(&name);
        let known = format!(
            "CREATE TABLE store_version (one integer PRIMARY KEY CHECK (one = 1), version bigint \
             NOT NULL); INSERT INTO store_version VALUES (1, {version})"
        );
        let digest = "decode(repeat('00', 32), 'hex')";
        let key = format!(
            "INSERT INTO api_key (id, digest, name, role, tenant, created) \
             VALUES ('k', {digest}, 'old', 'agent', 'north', 1)"
        );
        let before = [&steps[..version], &[&*known, &*key]].concat().join(";");
        ask(cluster, &name, &before).await.unwrap();
        let store = Postgres::open(&cluster.address(&name)).await.unwrap();
        let key = store.key("k").await.unwrap().unwrap();
        assert_eq!((&*key.name, key.bounds), ("old", Bounds::default()));
        assert!(store.accounts().await.unwrap().is_empty());
        assert!(store.marks("").await.unwrap().is_empty());
        assert_eq!(store.looked_at().await.unwrap(), 0);
        assert!(store.write(entry(&event("a", 1))).await.is_ok());
        assert_eq!(store.draw("k", 5, 2).await.unwrap(), Drawn { granted: 2, rest: 3.0 });
    }
}

async fn tables_of_a_newer_version_are_left_alone(cluster: &Cluster) {
    drop(fresh(cluster, "newer").await);
    ask(cluster, "newer", "UPDATE store_version SET version = 99").await.unwrap();
    let opened = Postgres::open(&cluster.address("newer")).await;
    assert!(matches!(opened, Err(Error::Newer { found: 99, known: 7 })));
}

/// A certificate or key in the form of files (RFC 7468).
fn pem(label: &str, der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der).into_bytes();
    let lines: Vec<_> = text.chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// Has it speak TLS on a port of this machine, with this certificate, and nothing else there.
fn secure(cluster: &mut Cluster, certificate: &str, key: &str) -> u16 {
    let hba = "local all all trust\nhostssl all all 127.0.0.1/32 trust\n";
    for (name, text) in [("server.crt", certificate), ("server.key", key), ("pg_hba.conf", hba)] {
        let path = cluster.data().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        if let Some((uid, gid)) = cluster.user {
            chown(&path, Some(uid), Some(gid)).unwrap();
        }
    }
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    cluster.port = Some(port);
    cluster.restart();
    port
}

/// Over the network the database speaks TLS alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_is_reached_through_tls_by_its_name_alone() {
    let Some(mut cluster) = Cluster::start() else { return };
    cluster.create("secured");
    let made = rcgen::generate_simple_self_signed(vec![String::from("127.0.0.1")]).unwrap();
    let certificate = pem("CERTIFICATE", made.cert.der());
    let key = pem("PRIVATE KEY", &made.signing_key.serialize_der());
    let port = secure(&mut cluster, &certificate, &key);
    let folder = tempfile::tempdir().unwrap();
    let authority = folder.path().join("ca.pem");
    std::fs::write(&authority, &certificate).unwrap();
    let address = |host: &str, more: &str| format!("postgres://test@{host}:{port}/secured{more}");
    let by = |host: &str, mode: &str| {
        address(host, &format!("?sslmode={mode}&sslrootcert={}", authority.display()))
    };
    for mode in ["verify-full", "require"] {
        let store = Postgres::open(&by("127.0.0.1", mode)).await.unwrap();
        let mut grown = store.grown();
        assert!(store.write(entry(&event(mode, 1))).await.is_ok());
        let patience = Duration::from_secs(20);
        tokio::time::timeout(patience, grown.changed()).await.unwrap().unwrap();
    }
    for (refused, why) in [
        (address("127.0.0.1", ""), "plain"),
        (address("127.0.0.1", "?sslmode=verify-full"), "nobody vouches for it"),
        (by("localhost", "verify-full"), "another name"),
    ] {
        assert!(Postgres::open(&refused).await.is_err(), "{why}");
    }
}
