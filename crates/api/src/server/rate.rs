//! How often one credential may ask, and one tenant as a whole: a bucket each, filled by the second.
//!
//! A request takes one of each; of a credential whose own is empty the tenant's loses nothing, so that one
//! that asks too much leaves the others theirs. What was made of a key counts as the key.
//!
//! A server alone counts in its memory. Where several share a store, the store counts for all of them,
//! and each draws as many at a time as it needs for a moment: one that asks much costs few questions.

mod block;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::identity::Caller;
use crate::store::{Error, Store};
use block::Blocks;

/// Most buckets; who has one was let in, so there are few.
const MOST: usize = 65_536;

/// The name of a credential's bucket in headers.
const OWN: &str = "second";

/// That of the tenant.
const TENANT: &str = "tenant";

/// Whether one more request may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    /// It may, and so many more may follow at once.
    Left(u32),
    /// It may not: too many came within the second.
    TooMany,
}

/// What is told of it: of the bucket that has less, its name and what is left there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) bucket: &'static str,
    pub(crate) left: u32,
    /// Whether the request may come.
    pub(crate) may: bool,
}

/// Buckets of credentials and tenants.
#[derive(Debug)]
pub(crate) struct Rates {
    /// Requests of one credential per second, and the most that may come at once; 0 for any number.
    own: u32,
    /// The same of a tenant's credentials together.
    tenant: u32,
    buckets: Mutex<HashMap<String, (f64, Instant)>>,
    /// What was drawn from those of the store.
    blocks: Blocks,
}

impl Rates {
    pub(crate) fn of(own: u32, tenant: u32) -> Self {
        Self { own, tenant, buckets: Mutex::default(), blocks: Blocks::default() }
    }

    /// The buckets that count, with the most requests of one second.
    pub(crate) fn policies(&self) -> impl Iterator<Item = (&'static str, u32)> {
        [(OWN, self.own), (TENANT, self.tenant)].into_iter().filter(|(_, rate)| *rate > 0)
    }

    /// Whether one more request of theirs may come now; `None` where nothing is counted.
    ///
    /// # Errors
    /// When the store counts and does not answer: then nobody knows.
    pub(crate) async fn count(
        &self,
        store: &dyn Store,
        caller: &Caller,
    ) -> Result<Option<Told>, Error> {
        let mut told: Option<Told> = None;
        for (bucket, rate) in self.policies() {
            let name = match bucket {
                OWN => owner(caller),
                _ => format!("tenant {}", caller.tenant),
            };
            let now = match self.take(store, (&name, rate)).await? {
                Taken::Left(left) => Told { bucket, left, may: true },
                Taken::TooMany => return Ok(Some(Told { bucket, left: 0, may: false })),
            };
            let has_less = told.is_none_or(|told| now.left < told.left);
            told = if has_less { Some(now) } else { told };
        }
        Ok(told)
    }

    async fn take(&self, store: &dyn Store, bucket: (&str, u32)) -> Result<Taken, Error> {
        match store.counter() {
            Some(counter) => self.blocks.take(counter, bucket).await,
            None => Ok(self.takes(bucket, Instant::now())),
        }
    }

    /// Whether one more request may come at the moment, as far as this process counts.
    fn takes(&self, (name, rate): (&str, u32), now: Instant) -> Taken {
        let rate = f64::from(rate);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MOST {
            buckets.retain(|_, (_, last)| now.saturating_duration_since(*last).as_secs() < 1);
        }
        let (left, last) = buckets.entry(name.to_owned()).or_insert((rate, now));
        let passed = now.saturating_duration_since(*last).as_secs_f64();
        *left = passed.mul_add(rate, *left).min(rate);
        *last = now;
        if *left < 1.0 {
            return Taken::TooMany;
        }
        *left -= 1.0;
        Taken::Left(whole(*left))
    }
}

/// Whose bucket a request is of: of a token that was made of a key, the key's, or else whoever makes many
/// might ask without end.
fn owner(caller: &Caller) -> String {
    match &caller.bounds.parent {
        Some(parent) => format!("key {parent}"),
        None => caller.name(),
    }
}

/// So many whole requests.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to a u32")]
fn whole(left: f64) -> u32 {
    left as u32
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::store::{Bounds, Sqlite};

    #[test]
    fn the_third_of_two_a_second_waits() {
        let (rates, now) = (Rates::of(2, 0), Instant::now());
        let takes = |credential, milliseconds| {
            rates.takes((credential, 2), now + Duration::from_millis(milliseconds))
        };
        let expected = [Taken::Left(1), Taken::Left(0), Taken::TooMany];
        assert_eq!([takes("a", 0), takes("a", 1), takes("a", 2)], expected);
        assert_eq!(takes("b", 2), Taken::Left(1), "each has a bucket of its own");
        assert_eq!([takes("a", 600), takes("a", 601)], [Taken::Left(0), Taken::TooMany]);
    }

    fn store(folder: &tempfile::TempDir) -> Sqlite {
        Sqlite::open(&folder.path().join("store.db")).unwrap()
    }

    /// Whoever has that key of that tenant, and what it was made of.
    fn caller(tenant: &str, key: &str, parent: Option<&str>) -> Caller {
        let bounds = Bounds { parent: parent.map(str::to_owned), ..Bounds::default() };
        let tenant = tenant.to_owned();
        Caller { tenant, key: Some(key.to_owned()), bounds, ..Caller::anonymous() }
    }

    #[tokio::test]
    async fn without_a_rate_nothing_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let (store, rates) = (store(&folder), Rates::of(0, 0));
        for _ in 0..100 {
            assert_eq!(rates.count(&store, &Caller::anonymous()).await.unwrap(), None);
        }
    }

    #[tokio::test]
    async fn a_tenant_has_one_bucket_and_a_greedy_key_of_it_leaves_the_others_theirs() {
        let folder = tempfile::tempdir().unwrap();
        let (store, rates) = (store(&folder), Rates::of(2, 3));
        let mut told = Vec::new();
        for (tenant, key) in
            [("n", "a"), ("n", "a"), ("n", "a"), ("n", "a"), ("n", "b"), ("n", "b"), ("s", "c")]
        {
            let one = rates.count(&store, &caller(tenant, key, None)).await.unwrap().unwrap();
            told.push((one.bucket, one.left, one.may));
        }
        let (own, tenant) = ("second", "tenant");
        let first = [(own, 1, true), (own, 0, true), (own, 0, false), (own, 0, false)];
        assert_eq!(told[..4], first);
        assert_eq!(told[4..], [(tenant, 0, true), (tenant, 0, false), (own, 1, true)]);
    }

    #[tokio::test]
    async fn what_was_made_of_a_key_counts_as_the_key() {
        let folder = tempfile::tempdir().unwrap();
        let (store, rates) = (store(&folder), Rates::of(2, 0));
        let mut told = Vec::new();
        for caller in
            [caller("", "t1", Some("k")), caller("", "k", None), caller("", "t2", Some("k"))]
        {
            told.push(rates.count(&store, &caller).await.unwrap().unwrap().may);
        }
        assert_eq!(told, [true, true, false]);
    }
}
