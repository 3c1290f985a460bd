//! Telling people what happens: by mail, to a webhook, to Slack, Teams or Telegram.
//!
//! A channel is somebody to be told, with what they want to know ([`form`]). One task of the server
//! ([`worker`]) reads the chain, works out who is to be told of each line, and puts that into the store;
//! for each channel that has something waiting another task sends it. So a request never waits for a
//! mail server, a channel that hangs keeps no other one waiting, and a server that ends forgets nothing.
//!
//! What is told ([`message`]) is which kind of action by which program, why, by which rule and how risky,
//! and where to look. No argument of a call is in it, and no note of a person.
//!
//! INVARIANT: secrets of channels are stored encrypted ([`seal`]) and are never told. Addresses outside
//! the public network are asked only where the settings list them, whatever a name leads to.

pub(crate) mod form;
mod forms;
mod mail;
pub(crate) mod message;
pub(crate) mod occasion;
pub(crate) mod seal;
pub(crate) mod send;
pub(crate) mod worker;

use std::sync::Arc;
use std::time::Duration;

use datafog_core::Secret;
use tokio::sync::Notify;

use crate::Networks;
use seal::Sealer;

/// What can be set of telling people.
#[derive(Clone, Debug)]
pub struct Telling {
    /// Networks that channels may be in, though they are not of the public one.
    pub networks: Networks,
    /// Where people reach the server, for links; without a `/` at the end.
    pub public: Option<String>,
    /// What secrets of channels are encrypted with; without it none is taken.
    pub key: Option<Arc<Secret<String>>>,
    /// How often something is tried.
    pub tries: u32,
    /// How long until the second try; twice as long until the next, and so on.
    pub pause: Duration,
}

impl Default for Telling {
    fn default() -> Self {
        Self {
            networks: Networks::default(),
            public: None,
            key: None,
            tries: 10,
            pause: Duration::from_secs(5),
        }
    }
}

/// What the server tells people with.
#[derive(Debug)]
pub(crate) struct Teller {
    pub(crate) telling: Telling,
    pub(crate) sealer: Option<Arc<Sealer>>,
    /// Something is to be told that the chain says nothing of.
    pub(crate) wake: Notify,
}

impl Teller {
    pub(crate) fn new(telling: Telling) -> Self {
        let sealer = telling.key.clone().map(|key| Arc::new(Sealer::new(key)));
        Self { telling, sealer, wake: Notify::new() }
    }
}
