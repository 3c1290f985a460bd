//! Calls by which a policy and its translation are compared.

/// Everyday, odd and hostile calls, as a file of tests whose expectations do not matter: what counts is
/// that both policies answer alike.
pub const PROBES: &str = include_str!("../../policies/examples/probes.test.toml");
