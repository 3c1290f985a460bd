//! Many clients of one server: each has a connection and asks again as soon as it is answered, or at
//! moments of its own.
//!
//! Where a pace is given, a time is counted from the moment at which a request was due, not from when
//! it could be sent: a server that falls behind is seen to.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::loopback::{Answered, Connection};

/// How a server is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) server: SocketAddr,
    pub(crate) connections: u32,
    /// Requests per second of all connections together; as many as are answered for `None`.
    pub(crate) pace: Option<u32>,
    pub(crate) lasting: Duration,
}

/// What was seen.
#[derive(Debug)]
pub(crate) struct Seen {
    /// How long each request took, sorted.
    pub(crate) times: Vec<Duration>,
    pub(crate) elapsed: Duration,
}

impl Seen {
    /// The time that so many of a thousand requests did not exceed.
    pub(crate) fn within(&self, thousandths: usize) -> Duration {
        let last = self.times.len().saturating_sub(1);
        let index = self.times.len().saturating_mul(thousandths).checked_div(1000).unwrap_or(0);
        self.times.get(index.min(last)).copied().unwrap_or_default()
    }

    /// Requests per second.
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    pub(crate) fn rate(&self) -> f64 {
        self.times.len() as f64 / self.elapsed.as_secs_f64()
    }
}

impl Load {
    /// Asks with what `request` makes of a number, and expects 200 each time.
    pub(crate) fn run(&self, request: impl Fn(u64) -> Vec<u8> + Sync) -> Result<Seen> {
        let (start, count) = (Instant::now(), AtomicU64::new(0));
        let number = || count.fetch_add(1, Ordering::Relaxed);
        let client = |place: u32| self.client(place, start, || request(number()));
        let times: Result<Vec<Vec<Duration>>> = std::thread::scope(|scope| {
            let client = &client;
            let clients: Vec<_> =
                (0..self.connections).map(|place| scope.spawn(move || client(place))).collect();
            clients.into_iter().map(|one| one.join().map_err(|_| lost())?).collect()
        });
        let mut times = times?.concat();
        times.sort_unstable();
        Ok(Seen { times, elapsed: start.elapsed() })
    }

    /// One connection from beginning to end.
    fn client(
        &self,
        place: u32,
        start: Instant,
        request: impl Fn() -> Vec<u8>,
    ) -> Result<Vec<Duration>> {
        let mut connection = Connection::to(self.server).context("cannot reach the server")?;
        let turn = self.pace.map(|pace| {
            let between = Duration::from_secs(1).saturating_mul(self.connections);
            between.checked_div(pace).unwrap_or_default()
        });
        let first = turn.unwrap_or_default().saturating_mul(place);
        let mut due = first.checked_div(self.connections).unwrap_or_default();
        let mut times = Vec::new();
        while start.elapsed() < self.lasting {
            match turn {
                Some(turn) => {
                    std::thread::sleep(due.saturating_sub(start.elapsed()));
                    due = due.saturating_add(turn);
                }
                None => due = start.elapsed(),
            }
            let since = turn.map_or(due, |turn| due.saturating_sub(turn));
            let Answered { status, body } = connection.ask(&request())?;
            anyhow::ensure!(status == 200, "answered with {status}: {body}");
            times.push(start.elapsed().saturating_sub(since));
        }
        Ok(times)
    }
}

fn lost() -> anyhow::Error {
    anyhow::anyhow!("a client was lost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_that_most_did_not_exceed() {
        let times = (1..=1000).map(Duration::from_millis).collect();
        let seen = Seen { times, elapsed: Duration::from_secs(2) };
        assert_eq!(seen.within(500), Duration::from_millis(501));
        assert_eq!(seen.within(990), Duration::from_millis(991));
        assert_eq!(seen.within(1000), Duration::from_millis(1000));
        assert!((seen.rate() - 500.0).abs() < 0.1);
    }
}
