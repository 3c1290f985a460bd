//! A scorer outside, asked where a policy asks for it: a program of this machine, or an address.
//!
//! The gate writes the question and knows what points mean; this file carries it there and back
//! within bounds. Nothing of it is reached unless the settings name a scorer and a rule asks.

use std::path::Path;
use std::time::Duration;

use datafog_api::{Bounds, Endpoint, NoAnswer};
use datafog_config::{FileIdentity, Scorer};
use datafog_core::Named;
use nix::sys::signal::{SigSet, Signal};
use serde::Deserialize;

use crate::bounded::Bounded;

/// How long a scorer may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// Most bytes of its answer.
const MOST: u32 = 64 << 10;

/// What a scorer says; whatever else stands beside it is its own business.
#[derive(Deserialize)]
struct Score {
    score: u32,
}

/// The points that it gives, or in words why it gives none.
pub(crate) fn ask(scorer: Scorer<'_>, question: Vec<u8>) -> Result<u32, String> {
    let answer = match scorer {
        Scorer::Program(words) => of_program(words, question)?,
        Scorer::Address(address) => of_address(address, question)?,
    };
    let mut json = serde_json::Deserializer::from_slice(&answer);
    let score = Score::deserialize(Named(&mut json)).and_then(|score| json.end().map(|()| score));
    Ok(score.map_err(|error| format!("it does not give points: {error}"))?.score)
}

/// What is set, in words; or why it is not asked.
pub(crate) fn examine(scorer: Scorer<'_>) -> Result<String, String> {
    match scorer {
        Scorer::Program(words) => {
            let path = words.first().ok_or("its path is empty")?;
            require_trusted(Path::new(path)).map(|()| path.clone())
        }
        Scorer::Address(address) => {
            let endpoint = Endpoint::parse(address).map_err(|why| why.to_string())?;
            Ok(endpoint.to_string())
        }
    }
}

/// Asks the program, which only its user and root may have written.
fn of_program(words: &[String], question: Vec<u8>) -> Result<Vec<u8>, String> {
    let (path, arguments) = words.split_first().ok_or("its path is empty")?;
    let path = Path::new(path);
    require_trusted(path)?;
    Bounded { program: path, patience: PATIENCE, most: MOST.into() }.ask(arguments, question)
}

/// Asks an address.
fn of_address(address: &str, question: Vec<u8>) -> Result<Vec<u8>, String> {
    let endpoint = Endpoint::parse(address).map_err(|why| why.to_string())?;
    let most = usize::try_from(MOST).unwrap_or(usize::MAX);
    let bounds = Bounds { patience: PATIENCE, most };
    apart(|| datafog_api::ask(&endpoint, question, bounds))
}

/// Asks on a thread of its own: whoever started us may want to die of a closed pipe, and of a
/// connection that is closed early only the question may end.
pub(crate) fn apart<T: Send>(
    ask: impl FnOnce() -> Result<T, NoAnswer> + Send,
) -> Result<T, String> {
    let asking = || {
        let mut pipe = SigSet::empty();
        pipe.add(Signal::SIGPIPE);
        pipe.thread_block().map_err(|error| error.to_string())?;
        ask().map_err(|why| why.to_string())
    };
    let asked = std::thread::scope(|scope| scope.spawn(asking).join());
    asked.unwrap_or_else(|_| Err(String::from("asking it failed")))
}

/// Refuses a scorer that is not there, or that others than its user and root could have written.
fn require_trusted(path: &Path) -> Result<(), String> {
    let file = path.metadata().map_err(|error| format!("`{}`: {error}", path.display()))?;
    if !file.is_file() {
        return Err(format!("`{}` is no file", path.display()));
    }
    let user = nix::unistd::geteuid().as_raw();
    FileIdentity::of(&file).require_trusted(path, user).map_err(|error| error.to_string())
}
