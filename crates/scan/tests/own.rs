//! What a scan of this repository finds: nothing but what is listed here, with the reason.
//!
//! A token with a head of its own stands nowhere as one literal, so that nothing stops a push of the
//! repository: examples of detectors are templates (`{base62:32}`), those of tests are put together.

use std::path::{Path, PathBuf};

use datafog_core::Key;
use datafog_scan::{Found, Options, Progress, walk};

/// A kind of finding that may stand below a folder or in a file.
struct Exception {
    /// What its entity begins with.
    entity: &'static str,
    /// What its path begins with, counted from the root.
    path: &'static str,
    /// Why it stands there.
    why: &'static str,
}

const EXCEPTIONS: [Exception; 7] = [
    Exception {
        entity: "pii.",
        path: "",
        why: "numbers with right check digits are the examples of their detectors, in data and tests; \
              none is anybody's",
    },
    Exception {
        entity: "secret.generic.",
        path: "",
        why: "made-up passwords stand in examples of commands and of assignments",
    },
    Exception { entity: "secret.url.", path: "", why: "the same in URLs" },
    Exception { entity: "secret.database.", path: "", why: "the same in URLs of databases" },
    Exception {
        entity: "secret.private_key",
        path: "fuzz/seeds/",
        why: "the first bytes of a key, as a seed",
    },
    Exception {
        entity: "secret.private_key",
        path: "detectors/tokens.toml",
        why: "first lines of keys without their bodies, as examples",
    },
    Exception {
        entity: "secret.private_key",
        path: "crates/detect/tests/shared/units.rs",
        why: "the first line of a key, repeated as a hostile text",
    },
];

fn allows(exception: &Exception, root: &str, found: &Found) -> bool {
    let path = found.path.strip_prefix(root).unwrap_or(&found.path).trim_start_matches('/');
    found.entity.starts_with(exception.entity) && path.starts_with(exception.path)
}

#[test]
fn this_repository_holds_nothing_but_what_is_listed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let key = Key::from_bytes(&[7; 32]).unwrap();
    let folders = ["crates", "detectors", "docs", "fuzz/seeds", "policies", "shims", "tests"];
    let paths: Vec<PathBuf> = folders.map(|folder| root.join(folder)).into();
    let report = walk(&paths, &Options::new(&key), &Progress::default());
    let root = root.to_str().unwrap();
    let others: Vec<String> = report
        .findings
        .iter()
        .filter(|found| !EXCEPTIONS.iter().any(|exception| allows(exception, root, found)))
        .map(|found| format!("{} {}:{}", found.entity, found.path, found.line))
        .collect();
    assert!(report.files > 1000 && report.not_listed == 0 && report.unread.is_empty());
    assert!(others.is_empty(), "{} findings:\n{}", others.len(), others.join("\n"));
    let unneeded: Vec<String> = EXCEPTIONS
        .iter()
        .filter(|exception| !report.findings.iter().any(|found| allows(exception, root, found)))
        .map(|exception| {
            format!("`{}` in `{}`: {}", exception.entity, exception.path, exception.why)
        })
        .collect();
    assert!(unneeded.is_empty(), "no longer found: {unneeded:#?}");
}
