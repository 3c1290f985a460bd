//! The names of the embedded policies: the files of `policies/`.

/// Every embedded policy, sorted. Adding one is adding its file and its name here.
pub(crate) const NAMES: [&str; 16] = [
    "agents",
    "business-hours",
    "cloud",
    "containers",
    "database",
    "filesystem",
    "git",
    "kubernetes",
    "observe",
    "packages",
    "payments",
    "privacy",
    "rate-limit",
    "redact",
    "starter",
    "strict",
];
