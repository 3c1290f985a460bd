//! The edges between crates, read from `cargo metadata`, are the ones of `docs/ARCHITECTURE.md`.

/// Which of our crates each crate may use.
const EDGES: &[(&str, &[&str])] = &[
    (
        "datafog-api",
        &[
            "datafog-approval",
            // Read to show what was recorded on this machine beside what was asked over HTTP.
            "datafog-audit",
            "datafog-config",
            "datafog-core",
            "datafog-detect",
            "datafog-gate",
            "datafog-redact",
            "datafog-shim",
        ],
    ),
    ("datafog-approval", &["datafog-core"]),
    ("datafog-archive", &[]),
    ("datafog-audit", &["datafog-core"]),
    ("datafog-config", &["datafog-core"]),
    ("datafog-core", &[]),
    ("datafog-detect", &["datafog-core"]),
    ("datafog-foreign", &["datafog-core", "datafog-policy"]),
    (
        "datafog-gate",
        &[
            "datafog-approval",
            "datafog-archive",
            "datafog-audit",
            "datafog-config",
            "datafog-core",
            "datafog-detect",
            "datafog-policy",
            "datafog-redact",
            "datafog-rewrite",
            "datafog-shell",
            "datafog-shim",
            "datafog-start",
        ],
    ),
    ("datafog-policy", &["datafog-core"]),
    ("datafog-redact", &["datafog-core", "datafog-detect"]),
    // A rewrite reads commands by their tables and lines by their grammar, as the judge does.
    ("datafog-rewrite", &["datafog-core", "datafog-shell", "datafog-shim"]),
    ("datafog-scan", &["datafog-archive", "datafog-core", "datafog-detect", "datafog-shim"]),
    ("datafog-shell", &["datafog-core"]),
    ("datafog-shim", &["datafog-core"]),
    ("datafog-start", &[]),
    ("datafog-trash", &[]),
];

/// What must not be in the gate's tree: runtimes, servers, TLS, argument parsers, `anyhow`.
const NOT_IN_THE_GATE: &[&str] = &[
    "anyhow",
    "axum",
    "clap",
    "hyper",
    "native-tls",
    "openssl",
    "reqwest",
    "ring",
    "rustls",
    "tokio",
];

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::process::Command;

    use serde_json::Value;

    use super::*;

    fn metadata() -> Value {
        let output = Command::new(env!("CARGO"))
            // What only other systems build is not on this machine.
            .args(["metadata", "--filter-platform=host-tuple"])
            .args(["--format-version=1", "--offline", "--manifest-path"])
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Direct dependencies by package name, without those of tests.
    fn edges(metadata: &Value) -> BTreeMap<String, BTreeSet<String>> {
        let names: BTreeMap<&str, &str> = metadata["packages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|package| (package["id"].as_str().unwrap(), package["name"].as_str().unwrap()))
            .collect();
        let used = |dependency: &Value| {
            let kinds = dependency["dep_kinds"].as_array().unwrap();
            kinds.iter().any(|kind| kind["kind"].is_null())
        };
        let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
        let edges_of = |node: &Value| {
            let dependencies = node["deps"].as_array().unwrap().iter().filter(|dep| used(dep));
            dependencies.map(|dep| names[dep["pkg"].as_str().unwrap()].to_owned()).collect()
        };
        nodes
            .iter()
            .map(|node| (names[node["id"].as_str().unwrap()].to_owned(), edges_of(node)))
            .collect()
    }

    #[test]
    fn crates_use_only_what_the_architecture_allows() {
        let edges = edges(&metadata());
        for (name, allowed) in EDGES {
            let ours = edges[*name].iter().filter(|used| used.starts_with("datafog"));
            for used in ours {
                assert!(allowed.contains(&used.as_str()), "{name} must not use {used}");
            }
        }
        let known: BTreeSet<&str> = EDGES.iter().map(|(name, _)| *name).collect();
        let rooms = edges.keys().filter(|name| name.starts_with("datafog-"));
        for room in rooms {
            assert!(known.contains(room.as_str()), "{room} has no row in EDGES");
        }
    }

    #[test]
    fn the_gate_is_synchronous_and_offline() {
        let edges = edges(&metadata());
        let (mut tree, mut open) = (BTreeSet::new(), vec!["datafog-gate".to_owned()]);
        while let Some(name) = open.pop() {
            if tree.insert(name.clone()) {
                open.extend(edges[&name].iter().cloned());
            }
        }
        for banned in NOT_IN_THE_GATE {
            assert!(!tree.contains(*banned), "{banned} is in the gate's tree");
        }
    }
}
