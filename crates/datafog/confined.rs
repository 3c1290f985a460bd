//! Rego policies, each evaluated in a process of its own.
//!
//! A few lines of Rego can ask for any amount of memory in one step, and no interpreter that lives
//! with us could be stopped in time. So this program starts itself once more, with memory and time
//! bounded by the system; when that process is ended, its answer is an error, and the policy denies.
//! Nothing here is reached unless a Rego policy is configured.

use std::ffi::OsStr;
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::time::Duration;

use datafog_foreign::{Confine, Rego};
use nix::sys::resource::{Resource, setrlimit};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::bounded::Bounded;

/// The one argument that makes this program such a process.
pub(crate) const FACE: &[u8] = b"__evaluate-rego";

/// Memory that the process may have, in bytes; of this the program itself takes some 20 MiB.
const MEMORY: u64 = 256 << 20;

/// Seconds of work that it may do; the interpreter's own clock ends it long before.
const SECONDS: u64 = 2;

/// How long its answer is waited for.
const PATIENCE: Duration = Duration::from_secs(3);

/// Most bytes of an answer.
const MOST_ANSWER: u64 = 1 << 20;

/// Most bytes of a question: a policy of 1 MiB and a call.
const MOST_QUESTION: u64 = 32 << 20;

/// Evaluates in another process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Confined;

#[derive(Serialize, Deserialize)]
struct Question {
    path: String,
    text: String,
    v0: bool,
    input: Value,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Value(Value),
    Error(String),
}

impl Confine for Confined {
    fn ask(&self, rego: &Rego<'_>, input: &Value) -> Result<Value, String> {
        let question = Question {
            path: rego.path.to_owned(),
            text: rego.text.to_owned(),
            v0: rego.v0,
            input: input.clone(),
        };
        let question = serde_json::to_vec(&question).map_err(|error| error.to_string())?;
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let bounded = Bounded { program: &program, patience: PATIENCE, most: MOST_ANSWER };
        let answer = bounded
            .ask([OsStr::from_bytes(FACE)], question)
            .map_err(|why| format!("{why}; it may take 256 MiB of memory and a moment of time"))?;
        match serde_json::from_slice(&answer) {
            Ok(Answer::Value(value)) => Ok(value),
            Ok(Answer::Error(why)) => Err(why),
            Err(error) => Err(format!("its answer cannot be read: {error}")),
        }
    }
}

/// The process that evaluates: reads a question, writes the answer.
pub(crate) fn run() -> u8 {
    let limits = [
        (Resource::RLIMIT_AS, MEMORY),
        (Resource::RLIMIT_CPU, SECONDS),
        (Resource::RLIMIT_CORE, 0),
    ];
    let bounded = limits.into_iter().all(|(what, most)| setrlimit(what, most, most).is_ok());
    let mut bytes = Vec::new();
    let read = std::io::stdin().take(MOST_QUESTION).read_to_end(&mut bytes);
    let answer = match serde_json::from_slice(&bytes) {
        Ok(Question { path, text, v0, input }) if bounded && read.is_ok() => {
            let rego = Rego { path: &path, text: &text, v0 };
            rego.evaluate(&input).map_or_else(Answer::Error, Answer::Value)
        }
        Ok(_) => Answer::Error(String::from("its memory and time cannot be bounded")),
        Err(error) => Answer::Error(error.to_string()),
    };
    let text = serde_json::to_vec(&answer).unwrap_or_default();
    let mut out = std::io::stdout();
    let written = out.write_all(&text).is_ok() && out.flush().is_ok();
    u8::from(!written)
}
