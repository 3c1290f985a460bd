//! What a scan of this repository finds: nothing but what is listed here, with the reason.
//!
//! A token with a head of its own stands nowhere as one literal, so that nothing stops a push of the
//! repository: examples of detectors are templates (`{base62:32}`), those of tests are put together.

use std::path::{Path, PathBuf};

use datafog_core::Key;
use datafog_scan::{Found, Options, Progress, walk};

/// A kind of finding that may stand below a folder, in a file or in tests.
struct Exception {
    /// What its entity begins with.
    entity: &'static str,
    /// What its path begins with, counted from the root; [`TESTS`] for tests and comments of crates.
    path: &'static str,
    /// Why it stands there.
    why: &'static str,
}

/// Files of tests in the crates, what stands below `#[cfg(test)]` in others, and comments.
const TESTS: &str = "crates/*: tests";

const NUMBERS: &str =
    "numbers with right check digits and addresses are examples; none is anybody's";
const PASSWORDS: &str = "made-up passwords stand in examples of commands and of assignments";

const EXCEPTIONS: [Exception; 23] = [
    Exception { entity: "pii.", path: "detectors/", why: NUMBERS },
    Exception { entity: "pii.", path: "fuzz/seeds/", why: NUMBERS },
    Exception { entity: "pii.", path: "shims/", why: NUMBERS },
    Exception { entity: "pii.", path: "tests/", why: NUMBERS },
    Exception { entity: "pii.", path: TESTS, why: NUMBERS },
    Exception { entity: "pii.email", path: "crates/datafog/cli/detectors.rs", why: "help" },
    Exception {
        entity: "pii.email",
        path: "crates/foreign/src/tables/dataguard.rs",
        why: "a file of tests: lists of recipients",
    },
    Exception { entity: "secret.generic.", path: "detectors/", why: PASSWORDS },
    Exception { entity: "secret.generic.", path: "docs/", why: PASSWORDS },
    Exception {
        entity: "secret.generic.",
        path: "crates/xtask/src/accuracy/real.md",
        why: PASSWORDS,
    },
    Exception { entity: "secret.generic.", path: "fuzz/seeds/", why: PASSWORDS },
    Exception { entity: "secret.generic.", path: "shims/", why: PASSWORDS },
    Exception { entity: "secret.generic.", path: "tests/", why: PASSWORDS },
    Exception { entity: "secret.generic.", path: TESTS, why: PASSWORDS },
    Exception { entity: "secret.url.", path: "detectors/", why: PASSWORDS },
    Exception { entity: "secret.url.", path: "shims/", why: PASSWORDS },
    Exception { entity: "secret.url.", path: "tests/", why: PASSWORDS },
    Exception { entity: "secret.url.", path: TESTS, why: PASSWORDS },
    Exception { entity: "secret.database.", path: "detectors/", why: PASSWORDS },
    Exception { entity: "secret.database.", path: TESTS, why: PASSWORDS },
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

fn allows(exception: &Exception, root: &Path, found: &Found) -> bool {
    let path = Path::new(&found.path).strip_prefix(root).unwrap_or_else(|_| Path::new(&found.path));
    let placed = match exception.path {
        TESTS => path.starts_with("crates") && is_test(path, &root.join(path), found.line),
        prefix => path.starts_with(prefix),
    };
    placed && found.entity.starts_with(exception.entity)
}

/// Whether a line of a source file is of a test or a comment.
fn is_test(path: &Path, file: &Path, line: usize) -> bool {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let tested = text.lines().position(|it| it.trim_start().starts_with("#[cfg(test)]"));
    let comment = text
        .lines()
        .nth(line.saturating_sub(1))
        .is_some_and(|it| it.trim_start().starts_with("//"));
    comment
        || tested.is_some_and(|first| first < line.saturating_sub(1))
        || path.components().any(|it| matches!(it.as_os_str().to_str(), Some("tests" | "tests.rs")))
}

#[test]
fn this_repository_holds_nothing_but_what_is_listed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let key = Key::from_bytes(&[7; 32]).unwrap();
    let folders = ["crates", "detectors", "docs", "fuzz/seeds", "policies", "shims", "tests"];
    let paths: Vec<PathBuf> = folders.map(|folder| root.join(folder)).into();
    let report = walk(&paths, &Options::new(&key), &Progress::default());
    let others: Vec<String> = report
        .findings
        .iter()
        .filter(|found| !EXCEPTIONS.iter().any(|exception| allows(exception, &root, found)))
        .map(|found| format!("{} {}:{}", found.entity, found.path, found.line))
        .collect();
    assert!(report.files > 1000 && report.not_listed == 0 && report.unread.is_empty());
    assert!(others.is_empty(), "{} findings:\n{}", others.len(), others.join("\n"));
    let unneeded: Vec<String> = EXCEPTIONS
        .iter()
        .filter(|exception| !report.findings.iter().any(|found| allows(exception, &root, found)))
        .map(|exception| {
            format!("`{}` in `{}`: {}", exception.entity, exception.path, exception.why)
        })
        .collect();
    assert!(unneeded.is_empty(), "no longer found: {unneeded:#?}");
}
