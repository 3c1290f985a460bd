//! `datafog demo`: a server of its own with made-up data.

use super::*;

#[test]
fn a_demo_is_whole_is_said_to_be_one_and_touches_nothing_else() {
    let install = Install::bare();
    let root = install.root().parent().unwrap().join("made-up");
    let fill = ["demo", "--receipts", "600", "--root", root.to_str().unwrap()];
    let server = Server::with(install.datafog([&fill[..], &["--addr", "127.0.0.1:0"]].concat()));
    let key = server.first_key.clone().unwrap();
    assert_eq!(
        server.get(&key, "/v1/approvals?state=pending").json()["approvals"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    assert!(server.get(&key, "/v1/receipts").json()["total"].as_u64().unwrap() > 10);
    assert_eq!(server.end(), Some(0));
    assert!(root.join("DEMO").is_file());
    let store = root.join("server.db");
    let verify = ["receipts", "verify", "--store", store.to_str().unwrap()];
    let mut verified = install.datafog(verify);
    assert!(verified.0.output().unwrap().status.success());
    // The installation that the binary belongs to has neither key nor store of it.
    assert!(!install.root().join("server.db").exists());
    // What holds something else is left alone.
    let other = ["demo", "--fill-only", "--root", install.root().to_str().unwrap()];
    let refused = install.datafog(other).0.output().unwrap();
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
}
