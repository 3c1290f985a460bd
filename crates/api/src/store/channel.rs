//! Whom to tell of what happens, and what became of telling them, as they are stored.
//!
//! The chain is the queue's source: what a line means to whom is worked out once, together with the
//! mark up to which line that was done ([`Post::queue`]), so nothing is told that is not stored and
//! nothing is forgotten by a server that ends. Whoever tells takes a delivery for a while
//! ([`Post::take`]); what it says of it later counts only if nobody took it meanwhile.

use async_trait::async_trait;

use super::{Error, NewEntry};

/// Somebody to be told. Moments are microseconds since 1970, UTC.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredChannel {
    /// Its id.
    pub id: String,
    /// The tenant whose events it is told.
    pub tenant: String,
    /// What it is: a JSON object without secrets.
    pub form: String,
    /// Its secrets, encrypted.
    pub sealed: Option<Vec<u8>>,
    /// Lines of the chain after this one are told.
    pub since: u64,
    /// Counts changes.
    pub epoch: i64,
    /// When it was made.
    pub created: i64,
}

/// Something that was or is to be told to one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its id.
    pub id: String,
    /// The channel's id.
    pub channel: String,
    /// The channel's tenant.
    pub tenant: String,
    /// The number of the line that it is about.
    pub seq: u64,
    /// The id of the receipt in that line.
    pub receipt: String,
    /// What the line means, by its name.
    pub occasion: String,
    /// How it stands.
    pub state: DeliveryState,
    /// How often it was tried.
    pub tries: i64,
    /// How often somebody took it.
    pub taken: i64,
    /// When it may be taken next.
    pub due: i64,
    /// When it last came to something.
    pub at: i64,
    /// What came of the last try, in words without secrets.
    pub note: String,
}

/// How a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// It was tried too often; a person may have it tried anew.
    Dead,
    /// It was told.
    Told,
    /// It is to be told.
    Waiting,
}

impl DeliveryState {
    /// Every state, in order of name.
    pub const ALL: [Self; 3] = [Self::Dead, Self::Told, Self::Waiting];

    /// The name in the store and over the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dead => "dead",
            Self::Told => "told",
            Self::Waiting => "waiting",
        }
    }

    /// The state of that name.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// What is stored of people to be told.
#[async_trait]
pub trait Post {
    /// Every channel of every tenant, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn channels(&self) -> Result<Vec<StoredChannel>, Error>;

    /// Adds a channel (whose epoch is 1), or changes one into what is given, whose epoch is one more
    /// than before; together with its line in the chain.
    ///
    /// # Errors
    /// [`Error::Exists`] when somebody else changed it meanwhile; when the store cannot be written.
    /// Then neither is stored.
    async fn set_channel(&self, channel: StoredChannel, entry: NewEntry) -> Result<(), Error>;

    /// Removes a channel and whatever is kept of telling it, together with its line in the chain.
    ///
    /// # Errors
    /// When the store cannot be written. Then nothing is removed.
    async fn remove_channel(&self, id: &str, entry: NewEntry) -> Result<(), Error>;

    /// Up to which line of the chain it was looked who is to be told.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn looked_at(&self) -> Result<u64, Error>;

    /// Adds deliveries that follow from lines after `from` up to `to`; whether it did. Of several that
    /// looked at the same lines the first does. What is there already is left as it is.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn queue(&self, (from, to): (u64, u64), new: Vec<Delivery>) -> Result<bool, Error>;

    /// Channels that have something to be told at the moment.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn due(&self, now: i64) -> Result<Vec<String>, Error>;

    /// Takes what is due of a channel, oldest first; nobody else is given it before `until`.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn take(
        &self,
        channel: &str,
        (now, until): (i64, i64),
        most: u32,
    ) -> Result<Vec<Delivery>, Error>;

    /// Says what came of a delivery that was taken: its state, tries, next moment and note. Nothing is
    /// changed when somebody else took it meanwhile.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn conclude(&self, delivery: Delivery) -> Result<(), Error>;

    /// A tenant's deliveries, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn deliveries(
        &self,
        tenant: &str,
        state: Option<DeliveryState>,
        limit: u32,
    ) -> Result<Vec<Delivery>, Error>;

    /// Has a delivery that is dead or told tried anew from the moment on; whether there is such a one.
    /// Its line in the chain is stored with it, or, where there is none, not.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn replay(
        &self,
        (tenant, id): (&str, &str),
        now: i64,
        entry: NewEntry,
    ) -> Result<bool, Error>;

    /// Forgets what was told or given up before the moment; how many.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn forget_deliveries(&self, before: i64) -> Result<u64, Error>;
}

/// Its secrets are not shown, encrypted as they are.
impl core::fmt::Debug for StoredChannel {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { id, tenant, since, epoch, .. } = self;
        write!(f, "StoredChannel({id} of {tenant:?}, after {since}, epoch {epoch})")
    }
}
