//! From what is traced to lines of text, for whoever listens just then.

use core::fmt;
use std::io;

use axum::body::Bytes;
use jiff::Timestamp;
use tokio::sync::broadcast;
use tracing::subscriber::set_global_default;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::SubscriberExt as _;

/// Lines that wait for one who listens; who is slower loses the oldest, and is told how many.
const WAITING: usize = 4096;

/// Whose events are told: ours. Libraries would tell what they were asked, in their own words.
const OURS: &str = "datafog";

/// What comes to one who listens.
pub(super) type Receiver = broadcast::Receiver<Line>;

/// One line, with its end.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) level: Level,
    pub(super) text: Bytes,
}

/// The lines of a process.
#[derive(Clone, Debug)]
pub(crate) struct Lines(broadcast::Sender<Line>);

impl Lines {
    pub(crate) fn new() -> Self {
        Self(broadcast::Sender::new(WAITING))
    }

    /// Has everything that this process traces from now on told here, unless another one has.
    pub(super) fn take_all(&self) {
        let _first: Result<(), _> = set_global_default(self.subscriber());
    }

    fn subscriber(&self) -> impl Subscriber + Send + Sync + use<> {
        let heard = self.clone();
        let wanted = move |what: &Metadata<'_>| {
            what.target().starts_with(OURS) && heard.0.receiver_count() > 0
        };
        tracing_subscriber::fmt()
            .with_max_level(Level::TRACE)
            .with_ansi(false)
            .with_timer(Moment)
            .with_writer(self.clone())
            .finish()
            .with(dynamic_filter_fn(move |what, _| wanted(what)))
    }

    pub(super) fn listen(&self) -> Receiver {
        self.0.subscribe()
    }

    /// How many listen.
    pub(super) fn listening(&self) -> usize {
        self.0.receiver_count()
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Written;

    fn make_writer(&'a self) -> Written {
        Written { lines: self.clone(), level: Level::ERROR, text: Vec::new() }
    }

    fn make_writer_for(&'a self, what: &Metadata<'_>) -> Written {
        Written { lines: self.clone(), level: *what.level(), text: Vec::new() }
    }
}

/// A line that is being written; it is sent once it is whole.
pub(crate) struct Written {
    lines: Lines,
    level: Level,
    text: Vec<u8>,
}

impl io::Write for Written {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        let text = core::mem::take(&mut self.text).into();
        // Nobody listens any more.
        let _gone: Result<usize, _> = self.lines.0.send(Line { level: self.level, text });
    }
}

/// The moment of a line (RFC 3339).
struct Moment;

impl FormatTime for Moment {
    fn format_time(&self, line: &mut Writer<'_>) -> fmt::Result {
        write!(line, "{}", Timestamp::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_listens_is_told_and_nothing_is_kept_for_later() {
        let lines = Lines::new();
        tracing::subscriber::with_default(lines.subscriber(), || {
            tracing::warn!("before anybody listens");
            let mut listening = lines.listen();
            tracing::debug!(target: "datafog_api::x", route = "/v1/actions", status = 200, "request");
            tracing::error!(target: "hyper::proto", "what a library says");
            let line = listening.try_recv().unwrap();
            let text = core::str::from_utf8(&line.text).unwrap();
            assert_eq!(line.level, Level::DEBUG);
            assert!(text.contains("request route=\"/v1/actions\" status=200"), "{text}");
            assert!(text.ends_with('\n') && listening.try_recv().is_err());
        });
    }
}
