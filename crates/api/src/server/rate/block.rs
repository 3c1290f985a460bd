//! Requests that this server may let through of a bucket that the store has for all servers.
//!
//! A block begins with one request and doubles while each lasts for a moment only, up to an eighth of a
//! second's worth; who asks seldom holds nothing back from other servers. What was not used within a second
//! is void, since the bucket filled up meanwhile.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::{MOST, Taken, whole};
use crate::store::{Counter, Error};

/// How long a block may be used.
const KEPT: Duration = Duration::from_secs(1);

/// A block that is used up sooner was small, one that lasts four times as long was large.
const SHORT: Duration = Duration::from_millis(60);

/// How long the store is not asked again at least once a bucket is empty.
const PAUSE: Duration = Duration::from_millis(20);

/// Blocks by the bucket's name.
#[derive(Debug, Default)]
pub(super) struct Blocks(std::sync::Mutex<HashMap<String, Arc<Mutex<Block>>>>);

/// What is at hand of one bucket.
#[derive(Debug, Default)]
struct Block {
    /// So many requests may be let through.
    more: u32,
    /// How many are drawn at a time.
    size: u32,
    /// What was left in the store's bucket.
    rest: f64,
    /// When it was drawn.
    drawn: Option<Instant>,
    /// Until when there is none.
    empty: Option<Instant>,
}

impl Blocks {
    /// One request of a bucket that gains `rate` a second. Of many at once one asks the store.
    pub(super) async fn take(
        &self,
        counter: &dyn Counter,
        (name, rate): (&str, u32),
    ) -> Result<Taken, Error> {
        let block = self.of(name);
        let mut block = block.lock().await;
        let now = Instant::now();
        if let Some(taken) = block.at_hand(now) {
            return Ok(taken);
        }
        let wanted = block.grown(rate, now);
        let drawn = counter.draw(name, rate, wanted).await?;
        (block.more, block.rest) = (drawn.granted, drawn.rest);
        (block.drawn, block.empty) = (Some(now), None);
        if drawn.granted == 0 {
            let missing = (1.0 - drawn.rest).max(0.0) / f64::from(rate.max(1));
            block.empty = now.checked_add(Duration::from_secs_f64(missing).clamp(PAUSE, KEPT));
        }
        Ok(block.at_hand(now).unwrap_or(Taken::TooMany))
    }

    fn of(&self, name: &str) -> Arc<Mutex<Block>> {
        let mut blocks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if blocks.len() >= MOST {
            blocks.retain(|_, block| Arc::strong_count(block) > 1);
        }
        Arc::clone(blocks.entry(name.to_owned()).or_default())
    }
}

impl Block {
    /// Takes one of what is at hand; `None` where the store has to be asked.
    fn at_hand(&mut self, now: Instant) -> Option<Taken> {
        if self.empty.is_some_and(|until| now < until) {
            return Some(Taken::TooMany);
        }
        let is_void = |drawn: Instant| now.saturating_duration_since(drawn) >= KEPT;
        if self.more == 0 || self.drawn.is_none_or(is_void) {
            return None;
        }
        self.more = self.more.saturating_sub(1);
        Some(Taken::Left(self.more.saturating_add(whole(self.rest))))
    }

    /// How many are drawn next.
    fn grown(&mut self, rate: u32, now: Instant) -> u32 {
        let lasted = self.drawn.map(|drawn| now.saturating_duration_since(drawn));
        self.size = match lasted {
            Some(lasted) if lasted < SHORT => self.size.saturating_mul(2),
            Some(lasted) if lasted < SHORT.saturating_mul(4) => self.size,
            Some(_) | None => self.size.checked_div(2).unwrap_or_default(),
        };
        self.size = self.size.clamp(1, (rate / 8).max(1));
        self.size
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;
    use crate::store::Drawn;

    /// A bucket that is never filled again.
    #[derive(Debug)]
    struct Bucket(std::sync::Mutex<(u32, Vec<u32>)>);

    #[async_trait]
    impl Counter for Bucket {
        async fn draw(&self, _name: &str, _rate: u32, wanted: u32) -> Result<Drawn, Error> {
            let mut bucket = self.0.lock().unwrap();
            let granted = wanted.min(bucket.0);
            bucket.0 = bucket.0.saturating_sub(granted);
            bucket.1.push(wanted);
            Ok(Drawn { granted, rest: f64::from(bucket.0) })
        }

        async fn forget_full(&self) -> Result<u64, Error> {
            Ok(0)
        }
    }

    #[derive(Debug)]
    struct Gone;

    #[async_trait]
    impl Counter for Gone {
        async fn draw(&self, _name: &str, _rate: u32, _wanted: u32) -> Result<Drawn, Error> {
            Err(Error::Closed)
        }

        async fn forget_full(&self) -> Result<u64, Error> {
            Err(Error::Closed)
        }
    }

    #[tokio::test]
    async fn servers_let_through_no_more_than_the_bucket_holds_and_ask_seldom() {
        let bucket = Bucket(std::sync::Mutex::new((800, Vec::new())));
        let servers = [Blocks::default(), Blocks::default()];
        let mut let_through = 0;
        for number in 0..2000_usize {
            let taken = servers[number % 2].take(&bucket, ("a", 800)).await.unwrap();
            let_through += u32::from(matches!(taken, Taken::Left(_)));
        }
        let (left, asked) = bucket.0.into_inner().unwrap();
        assert!(let_through + left <= 800, "{let_through} and {left} left");
        assert!(let_through >= 600, "{let_through}: what is held back is an eighth for each");
        assert!(asked.iter().all(|wanted| *wanted <= 100), "{asked:?}");
        assert!(asked.contains(&64), "blocks grow: {asked:?}");
    }

    #[tokio::test]
    async fn a_store_that_does_not_answer_lets_nobody_through() {
        assert!(Blocks::default().take(&Gone, ("a", 5)).await.is_err());
    }

    #[test]
    fn what_is_not_used_is_void_and_an_empty_bucket_is_left_alone_for_a_moment() {
        let now = Instant::now();
        let later = |milliseconds| now + Duration::from_millis(milliseconds);
        let mut block = Block { more: 2, drawn: Some(now), rest: 3.5, ..Block::default() };
        assert_eq!(block.at_hand(later(999)), Some(Taken::Left(4)));
        assert_eq!(block.at_hand(later(1000)), None);
        block.empty = Some(later(1020));
        assert_eq!(
            (block.at_hand(later(1019)), block.at_hand(later(1020))),
            (Some(Taken::TooMany), None)
        );
        let mut block = Block::default();
        let sizes = [0, 10, 20, 30, 300, 1000].map(|moment| {
            let size = block.grown(80, later(moment));
            block.drawn = Some(later(moment));
            size
        });
        assert_eq!(sizes, [1, 2, 4, 8, 4, 2]);
    }
}
