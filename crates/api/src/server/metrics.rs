//! What the server counts of requests (contract §3.6), as JSON or as Prometheus reads it.

use core::fmt::Write as _;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

/// Counters by method, route and status. Routes are ours and methods are of a few, so there are
/// never many.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    counted: Mutex<BTreeMap<(&'static str, String, u16), Count>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    requests: u64,
    microseconds: u64,
}

impl Count {
    fn add(&mut self, other: Self) {
        self.requests = self.requests.saturating_add(other.requests);
        self.microseconds = self.microseconds.saturating_add(other.microseconds);
    }

    #[expect(clippy::cast_precision_loss, reason = "a mean for people")]
    fn mean_in_ms(self) -> f64 {
        self.microseconds as f64 / 1000.0 / self.requests.max(1) as f64
    }
}

/// The name that a method is counted by.
fn known(method: &str) -> &'static str {
    let methods = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];
    methods.into_iter().find(|known| *known == method).unwrap_or("OTHER")
}

impl Metrics {
    /// Counts an answer.
    pub(crate) fn count(&self, method: &str, route: &str, status: u16, took: Duration) {
        let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counted.entry((known(method), route.to_owned(), status)).or_default();
        count.add(Count { requests: 1, microseconds });
    }

    /// The counters as DataFog's clients read them.
    pub(crate) fn json(&self, started: Timestamp) -> Value {
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut all, mut errors) = (Count::default(), 0_u64);
        let (mut by_status, mut by_path, mut by_method) =
            (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for ((method, route, status), count) in counted.iter() {
            all.add(*count);
            if *status >= 400 {
                errors = errors.saturating_add(count.requests);
            }
            by_status.entry(status.to_string()).or_insert_with(Count::default).add(*count);
            by_path.entry(route.clone()).or_insert_with(Count::default).add(*count);
            by_method.entry((*method).to_owned()).or_insert_with(Count::default).add(*count);
        }
        let numbers = |counts: &BTreeMap<String, Count>| -> Value {
            counts.iter().map(|(name, count)| (name.clone(), json!(count.requests))).collect()
        };
        let means: Value =
            by_path.iter().map(|(name, count)| (name.clone(), json!(count.mean_in_ms()))).collect();
        let uptime = Timestamp::now().as_second().saturating_sub(started.as_second());
        json!({
            "total_requests": all.requests,
            "error_requests": errors,
            "by_status": numbers(&by_status),
            "by_path": numbers(&by_path),
            "by_method": numbers(&by_method),
            "avg_latency_ms": all.mean_in_ms(),
            "by_path_avg_latency_ms": means,
            "started_at": format!("{started:.0}"),
            "uptime_seconds": uptime,
        })
    }

    /// The counters in Prometheus' text form, version 0.0.4.
    pub(crate) fn prometheus(&self) -> String {
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::from("# TYPE datafog_http_requests_total counter\n");
        let mut times = String::from("# TYPE datafog_http_request_seconds_total counter\n");
        for ((method, route, status), count) in counted.iter() {
            let labels = format!("{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}}");
            // Writing to a text does not fail.
            let _written: core::fmt::Result =
                writeln!(text, "datafog_http_requests_total{labels} {}", count.requests);
            let seconds = Duration::from_micros(count.microseconds).as_secs_f64();
            let _written: core::fmt::Result =
                writeln!(times, "datafog_http_request_seconds_total{labels} {seconds}");
        }
        text + &times
    }
}
