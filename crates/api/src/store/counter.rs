//! How often somebody may ask, counted once for all servers that share a store.

use core::fmt::Debug;

use async_trait::async_trait;

use super::Error;

/// Counts for several servers: a bucket for each name, filled by the second.
#[async_trait]
pub trait Counter: Debug + Send + Sync {
    /// Draws what is there, `wanted` at most, out of the bucket of a name. It holds `rate` and gains as
    /// many each second, by the store's clock.
    ///
    /// # Errors
    /// When the store does not answer; then nobody knows whether there is any.
    async fn draw(&self, name: &str, rate: u32, wanted: u32) -> Result<Drawn, Error>;

    /// Forgets buckets that have been full for long; how many.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn forget_full(&self) -> Result<u64, Error>;
}

/// What was drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drawn {
    /// So many requests may be let through.
    pub granted: u32,
    /// What is left in the bucket.
    pub rest: f64,
}
