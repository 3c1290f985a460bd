//! What fails, and what follows from it: an enforcing installation does not run the command and
//! exits with 125; an observing one runs it as if nothing were there.

mod installation;
mod panics;
mod policies;
mod records;
mod state;

use std::fs;
use std::path::Path;

use crate::support::{Ended, Install, SYSTEM_PATH, Start};

/// The call that every test makes: it says something on both streams and ends with a code of its own.
fn call(install: &Install) -> Start {
    install.shim("cat", ["file", "missing"]).arg0("cat")
}

/// The same call with nothing in between.
fn plain(install: &Install) -> Ended {
    install
        .start("/bin/cat".as_ref(), ["file", "missing"])
        .env("PATH", SYSTEM_PATH)
        .arg0("cat")
        .run()
}

fn enforced() -> Install {
    with_file(Install::new(&["cat"]))
}

fn observing() -> Install {
    with_file(Install::observing(&["cat"]))
}

fn with_file(install: Install) -> Install {
    fs::write(install.work().join("file"), "content\n").unwrap();
    install
}

/// Asserts that nothing ran, and that the notice has the contract's form and says `why`.
#[track_caller]
fn assert_refused(ended: Ended, why: &str) {
    let ended = ended.ends_with(125);
    let stderr = ended.stderr();
    assert_eq!(ended.stdout(), "");
    assert!(stderr.starts_with("receipt="), "{stderr}");
    assert!(stderr.lines().next().unwrap().ends_with(" decision=deny"), "{stderr}");
    assert!((3..=5).contains(&stderr.lines().count()), "{stderr}");
    assert!(stderr.contains(why), "{stderr}");
    assert!(stderr.contains("instead"), "it says what to do: {stderr}");
    for phrase in ["permission denied", "operation not permitted", "read-only file system"] {
        let text = stderr.to_lowercase();
        assert!(!text.contains(phrase), "an agent would take its own isolation for it: {stderr}");
    }
}

/// Asserts that the command ran as without us, with not a byte more.
#[track_caller]
fn assert_untouched(install: &Install, ended: &Ended) {
    assert_eq!(ended.0, plain(install).0, "{}", ended.stderr());
}

/// Breaks an installation of each mode in the same way, and asserts what follows.
#[track_caller]
fn assert_fails_closed(why: &str, damage: impl Fn(&Path)) {
    let install = enforced();
    call(&install).run().ends_with(1);
    damage(install.root());
    assert_refused(call(&install).run(), why);
    let install = observing();
    call(&install).run().ends_with(1);
    damage(install.root());
    assert_untouched(&install, &call(&install).run());
}
