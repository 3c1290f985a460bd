//! The signals that end a server.

use nix::sys::signal::{SigSet, Signal};
use tokio::sync::oneshot;

/// Signals that were taken from the process, so that one thread can wait for them.
#[derive(Debug)]
pub(crate) struct Signals {
    ending: SigSet,
}

impl Signals {
    /// Takes them: `SIGINT` and `SIGTERM` end the server in order, and a connection that was closed
    /// ends nothing. Threads that are started afterwards inherit it, so this comes first.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn take() -> nix::Result<Self> {
        let ending: SigSet = [Signal::SIGINT, Signal::SIGTERM].into_iter().collect();
        let mut taken = ending;
        taken.add(Signal::SIGPIPE);
        taken.thread_block()?;
        Ok(Self { ending })
    }

    /// Ends when one of them comes.
    ///
    /// # Errors
    /// When there is no thread to wait on.
    pub(crate) fn come(self) -> std::io::Result<oneshot::Receiver<()>> {
        let (say, come) = oneshot::channel();
        std::thread::Builder::new().name(String::from("signals")).spawn(move || {
            if self.ending.wait().is_ok() {
                // Nobody waits when the server ended by itself.
                let _gone: Result<(), ()> = say.send(());
            }
        })?;
        Ok(come)
    }
}
