//! The environment as the kernel hands it on: every entry, in its order, well-formed or not.

use std::path::Path;

use crate::support::Install;
use crate::transparency::raw::Raw;

/// Entries that a shell would not write.
const ODD: &[&[u8]] = &[
    b"A=1",
    b"A=2",
    b"no equals sign",
    b"=starts with one",
    b"",
    b"NOT_UTF8=\xff\xfe",
    b"EMPTY=",
    b"NEWLINE=a\nb",
    b"LD_PRELOAD=",
    b"A=3",
    b"PATH=/usr/local/bin:/usr/bin:/bin",
    b"Z=last",
];

fn entries(install: &Install, program: &Path, environment: &[&[u8]], name: &str) -> Vec<u8> {
    let folder = install.work().join(name);
    std::fs::create_dir_all(&folder).unwrap();
    let raw = Raw { program, arguments: &[b"env", b"-0"], environment, blocked: false };
    let (status, output) = raw.run(&folder);
    assert!(status.success(), "{status}");
    output
}

#[test]
fn observing_changes_no_byte_of_it_and_enforcing_adds_one_entry() {
    let (enforced, observing) = (Install::new(&["env"]), Install::observing(&["env"]));
    let real = which("env");
    let plain = entries(&enforced, &real, ODD, "plain");
    let observed = entries(&observing, &observing.root().join("shims/env"), ODD, "observed");
    assert_eq!(observed, plain);
    let gated = entries(&enforced, &enforced.root().join("shims/env"), ODD, "gated");
    let (rest, marker) = split_marker(&gated);
    assert_eq!(rest, plain);
    assert!(marker.is_some_and(|marker| marker.ends_with(b".0")), "nothing is nested");
}

#[test]
fn a_marker_that_was_there_is_replaced_and_not_doubled() {
    let install = Install::new(&["env"]);
    let environment: &[&[u8]] =
        &[b"DATAFOG_MARKER=x", b"PATH=/usr/bin:/bin", b"DATAFOG_MARKER=y", b"B=1"];
    let gated = entries(&install, &install.root().join("shims/env"), environment, "gated");
    let (rest, marker) = split_marker(&gated);
    assert_eq!(rest, b"PATH=/usr/bin:/bin\0B=1\0");
    assert!(marker.is_some());
}

#[test]
fn blocked_signals_stay_blocked() {
    let (enforced, observing) = (Install::new(&["cat"]), Install::observing(&["cat"]));
    let lines = |install: &Install, program: &Path, name: &str| {
        let folder = install.work().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let (arguments, environment): (&[&[u8]], &[&[u8]]) =
            (&[b"cat", b"/proc/self/status"], &[b"PATH=/usr/bin:/bin"]);
        let (status, output) = Raw { program, arguments, environment, blocked: true }.run(&folder);
        assert!(status.success(), "{status}");
        let text = String::from_utf8(output).unwrap();
        let signals =
            text.lines().filter(|line| line.starts_with("Sig") && !line.starts_with("SigQ"));
        signals.map(str::to_owned).collect::<Vec<_>>()
    };
    let plain = lines(&enforced, &which("cat"), "plain");
    let blocked = plain.iter().find(|line| line.starts_with("SigBlk")).unwrap();
    assert!(!blocked.ends_with("\t0000000000000000"), "{blocked}");
    for install in [&enforced, &observing] {
        assert_eq!(lines(install, &install.root().join("shims/cat"), "gated"), plain);
    }
}

#[test]
fn without_any_argument_at_all_nothing_runs() {
    let install = Install::new(&["env"]);
    let folder = install.work().join("none");
    std::fs::create_dir_all(&folder).unwrap();
    let program = install.root().join("shims/env");
    let environment: &[&[u8]] = &[b"PATH=/usr/bin:/bin"];
    let raw = Raw { program: &program, arguments: &[], environment, blocked: false };
    let (status, output) = raw.run(&folder);
    assert_eq!((status.code(), output), (Some(127), Vec::new()));
}

#[test]
fn without_any_environment_the_command_is_still_found() {
    let install = Install::new(&["env"]);
    let gated = entries(&install, &install.root().join("shims/env"), &[], "gated");
    assert_eq!(split_marker(&gated).0, b"");
}

/// The entries without the gate's marker, and the marker.
fn split_marker(entries: &[u8]) -> (Vec<u8>, Option<Vec<u8>>) {
    let (mut rest, mut marker) = (Vec::new(), None);
    for entry in entries.split_inclusive(|byte| *byte == 0) {
        if entry.starts_with(b"DATAFOG_MARKER=") {
            assert_eq!(marker, None, "only one");
            marker = entry.strip_suffix(b"\0").map(<[u8]>::to_vec);
        } else {
            rest.extend_from_slice(entry);
        }
    }
    (rest, marker)
}

/// The real program of that name.
fn which(name: &str) -> std::path::PathBuf {
    let folders = crate::support::SYSTEM_PATH.split(':').map(Path::new);
    folders.map(|folder| folder.join(name)).find(|path| path.exists()).unwrap()
}
