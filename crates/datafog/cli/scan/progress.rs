//! How far a long scan is, on a terminal and nowhere else.

use std::io::{self, IsTerminal};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use datafog_scan::Progress;
use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};

/// A scan that is done sooner shows nothing.
const PATIENCE: Duration = Duration::from_millis(400);

/// How often the figures change.
const BEAT: Duration = Duration::from_millis(100);

/// Does `work`, and shows how far it is.
pub(super) fn shown<T>(progress: &Progress, work: impl FnOnce() -> T) -> T {
    if !io::stderr().is_terminal() {
        return work();
    }
    let (done, waiting) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || watch(progress, &waiting));
        let result = work();
        drop(done);
        result
    })
}

fn watch(progress: &Progress, done: &mpsc::Receiver<()>) {
    if done.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
        return;
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
        bar.set_style(style);
    }
    while done.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
        let files = HumanCount(progress.files.load(Ordering::Relaxed) as u64);
        let bytes = HumanBytes(progress.bytes.load(Ordering::Relaxed));
        bar.set_message(format!("{files} files, {bytes}"));
        bar.tick();
    }
    bar.finish_and_clear();
}
