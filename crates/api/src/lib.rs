//! Talks to others over HTTP: the one crate with a runtime, a client and TLS.

#[cfg(feature = "server")]
pub mod store;
