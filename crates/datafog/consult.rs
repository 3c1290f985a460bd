//! A server that is told of a held call, asked on a thread of its own as long as anybody listens.
//!
//! The call waits at its terminal and in the local queue meanwhile. What comes back counts when the key
//! of the settings signed it, for the very question that was sent; whoever else answers at that address
//! is not heard. Nothing here is reached unless a call is held and the settings name such a server.

use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use datafog_api::answer::{Answer, Standing};
use datafog_api::bundle::Signer;
use datafog_api::{Bounds, Endpoint, HangUp, Line, NoAnswer, exchange, line};
use datafog_approval::Question;
use datafog_config::Remote;
use datafog_core::{ApprovalState, Id, Secret};
use datafog_gate::{Consulted, Heard, Spoken};
use nix::sys::signal::{SigSet, SigmaskHow};

use crate::remote::token;
use crate::scorer::apart;

/// The route of a server for calls that are held elsewhere.
const ROUTE: &str = "/v1/approvals";

/// How long one exchange may take: the server answers within ten seconds.
const PATIENCE: Duration = Duration::from_secs(13);

/// How long somebody is kept who tells the server what became of a request.
const AT_ONCE: Duration = Duration::from_millis(500);

/// How long a server is left alone that did not answer.
const PAUSE: Duration = Duration::from_secs(1);

/// No answer is longer, in bytes.
const MOST: usize = 64 << 10;

/// A server that listens, and what it says.
#[derive(Debug)]
pub(crate) struct Consulting {
    heard: Receiver<Heard>,
    /// Both are taken when it ends.
    hang_up: Option<HangUp>,
    thread: Option<JoinHandle<()>>,
}

/// What is asked, of whom, by whom.
struct Asking {
    endpoint: Endpoint,
    signer: Signer,
    token: Option<Secret<String>>,
    id: Id,
    question: Vec<u8>,
    is_awaited: bool,
}

/// Tells the server that the settings name of a held call.
pub(crate) fn begin(
    remote: &Remote,
    question: &Question,
    is_awaited: bool,
) -> Result<Consulting, String> {
    let wait = if is_awaited { "?wait=10" } else { "" };
    let asking = Asking {
        endpoint: endpoint(remote, &format!("{ROUTE}{wait}"))?,
        signer: remote.key.parse()?,
        token: remote.token_file.as_deref().map(token).transpose()?,
        id: question.id,
        question: serde_json::to_vec(question).map_err(|error| error.to_string())?,
        is_awaited,
    };
    let ((say, heard), (hang_up, line)) = (channel(), line());
    // A signal to this process is for who waits at the terminal, and never for the thread.
    let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_BLOCK);
    let before = before.map_err(|error| error.to_string())?;
    let spawned = std::thread::Builder::new().spawn(move || asking.go_on(line, &say));
    before.thread_set_mask().map_err(|error| error.to_string())?;
    let thread = spawned.map_err(|error| error.to_string())?;
    Ok(Consulting { heard, hang_up: Some(hang_up), thread: Some(thread) })
}

/// Tells the server what became of a request.
pub(crate) fn settled(remote: &Remote, id: Id, state: ApprovalState) -> Result<(), String> {
    let endpoint = endpoint(remote, &format!("{ROUTE}/{id}/withdrawal"))?;
    let token = remote.token_file.as_deref().map(token).transpose()?;
    let body = format!("{{\"state\":\"{}\"}}", state.name()).into_bytes();
    let bounds = Bounds { patience: AT_ONCE, most: MOST };
    let (_hang_up, mut line) = line();
    apart(|| exchange(&endpoint, token.as_ref(), body, (bounds, &mut line))).map(drop)
}

fn endpoint(remote: &Remote, route: &str) -> Result<Endpoint, String> {
    let url = remote.approval_url.as_deref().ok_or("the settings name no server for approvals")?;
    let url = format!("{}{route}", url.trim_end_matches('/'));
    Endpoint::parse(&url).map_err(|why| why.to_string())
}

impl Asking {
    /// Asks until somebody answered, nobody listens any more, or nothing can come of it.
    fn go_on(self, mut line: Line, say: &Sender<Heard>) {
        let bounds = Bounds { patience: PATIENCE, most: MOST };
        loop {
            let ask = (bounds, &mut line);
            let told = exchange(&self.endpoint, self.token.as_ref(), self.question.clone(), ask);
            let goes_on = match told {
                Ok(None) => return,
                Ok(Some(answer)) => match self.heard(&answer) {
                    Heard::Silence => self.is_awaited,
                    heard @ (Heard::Nothing | Heard::Said(_)) => {
                        let _gone = say.send(heard);
                        return;
                    }
                },
                Err(why) => self.is_awaited && may_pass(&why) && line.sleep(PAUSE),
            };
            if !goes_on {
                return;
            }
        }
    }

    /// What an answer says.
    fn heard(&self, answer: &[u8]) -> Heard {
        let Ok(standing) = serde_json::from_slice::<Standing>(answer) else {
            return Heard::Nothing;
        };
        match (standing.state, &standing.answer) {
            (_, Some(signed)) => {
                let about = (self.id, self.question.as_slice());
                let answer = Answer::believed(signed, &self.signer, about);
                answer.map_or(Heard::Nothing, |answer| self.said(answer))
            }
            (ApprovalState::Pending, None) => Heard::Silence,
            (_, None) => Heard::Nothing,
        }
    }

    fn said(&self, answer: Answer) -> Heard {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let Ok(terms) = answer.terms(now) else { return Heard::Nothing };
        let by = answer.by.as_deref().unwrap_or("somebody");
        let by = format!("{by} on {}", self.endpoint);
        Heard::Said(Spoken { terms, by, note: answer.note })
    }
}

/// Whether another try may fare better: a server that refuses the question will refuse it again.
const fn may_pass(why: &NoAnswer) -> bool {
    match why {
        NoAnswer::Setup(_) | NoAnswer::TooMuch(_) => false,
        NoAnswer::Status(status) => *status == 429 || *status >= 500,
        NoAnswer::TooSlow(_) | NoAnswer::Unreached(_) => true,
    }
}

impl Consulted for Consulting {
    fn heard(&mut self) -> Heard {
        match self.heard.try_recv() {
            Ok(heard) => heard,
            Err(TryRecvError::Empty) => Heard::Silence,
            Err(TryRecvError::Disconnected) => Heard::Nothing,
        }
    }
}

/// Nothing is left of it: the process may become its program right after.
impl Drop for Consulting {
    fn drop(&mut self) {
        drop(self.hang_up.take());
        let ended = self.thread.take().map(JoinHandle::join);
        // A thread that failed has said nothing.
        drop(ended);
    }
}
