//! Talks to others over HTTP: the one crate with a runtime, a client and TLS.

#[cfg(feature = "server")]
pub mod identity;
#[cfg(feature = "server")]
pub mod judges;
#[cfg(feature = "server")]
pub mod listen;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "server")]
pub mod store;
