//! Talks to others over HTTP: the one crate with a runtime, a client and TLS.
//!
//! [`ask()`] is for a shim that has to ask somebody: nothing of it is reached unless the settings name
//! an address. A call builds what it needs, asks once within bounds and leaves nothing behind: no
//! thread, no open connection, no global state, so the process may become its program right after.
//! What is asked, and what an answer means, is the caller's business.

#[cfg(feature = "server")]
pub mod answer;
mod ask;
#[cfg(feature = "server")]
pub mod board;
#[cfg(feature = "server")]
pub mod bundle;
#[cfg(feature = "server")]
mod dashboard;
#[cfg(feature = "server")]
pub mod demo;
#[cfg(feature = "server")]
pub mod desk;
mod endpoint;
#[cfg(feature = "server")]
mod exchange;
#[cfg(feature = "server")]
pub mod house;
#[cfg(feature = "server")]
pub mod identity;
#[cfg(feature = "server")]
pub mod judges;
#[cfg(feature = "server")]
pub mod listen;
mod roots;
#[cfg(feature = "server")]
pub mod serve;
#[cfg(feature = "server")]
pub mod server;
#[cfg(feature = "server")]
pub mod settings;
#[cfg(feature = "server")]
mod signals;
#[cfg(feature = "server")]
pub mod store;
#[cfg(feature = "server")]
mod tell;
#[cfg(feature = "server")]
mod tls;
#[cfg(feature = "server")]
mod trace;
#[cfg(feature = "server")]
mod upstream;

pub use ask::{Bounds, Fetched, NoAnswer, ask, fetch};
#[cfg(feature = "server")]
use endpoint::LOCALHOST;
pub use endpoint::{Endpoint, Unusable};
#[cfg(feature = "server")]
pub use exchange::{HangUp, Line, exchange, line};
#[cfg(feature = "server")]
pub use tell::Telling;
#[cfg(feature = "server")]
pub use upstream::{Networks, Upstreams};
