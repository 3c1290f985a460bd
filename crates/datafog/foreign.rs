//! Policies of other systems, as the gate asks for them.
//!
//! The gate knows none of their languages; this file hands it the one crate that does. A shim holds a
//! reference to it and touches nothing behind it unless settings name such a policy.

use std::ffi::OsString;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use datafog_core::{Decision, Digest, Facts, Invocation, Surroundings};
use datafog_foreign::{Call, Files, Interpret, Policy};
use datafog_gate::{ForeignPolicies, ForeignPolicy, Reads};
use datafog_policy::Diagnostic;
use serde::Deserialize;

use crate::bounded::Bounded;
use crate::confined::Confined;

/// Every system whose policies are understood.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Systems;

/// A policy of one of them.
#[derive(Debug)]
struct Loaded(Policy);

impl ForeignPolicies for Systems {
    fn load(
        &self,
        path: &Path,
        files: &dyn Reads,
    ) -> Result<Box<dyn ForeignPolicy>, Vec<Diagnostic>> {
        let files = Handed(files);
        // Who reads first has seen that it can be read; what is empty is refused with a reason.
        let bytes = files.read(path).unwrap_or_default();
        let path = path.to_string_lossy();
        let policy = Policy::load_confined(&bytes, &path, None, &files, Some(&Confined))?;
        Ok(Box::new(Loaded(policy)))
    }

    fn score(&self, program: &[String], question: Vec<u8>) -> Result<u32, String> {
        score(program, question)
    }
}

/// How long a scorer may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// Most bytes of its answer.
const MOST_ANSWER: u64 = 64 << 10;

/// What a scorer says; whatever else stands beside it is its own business.
#[derive(Deserialize)]
struct Score {
    score: u32,
}

/// Refuses a scorer that is not there, or that others than its user and root could have written.
pub(crate) fn require_trusted(path: &Path) -> Result<(), String> {
    let file = path.metadata().map_err(|error| format!("`{}`: {error}", path.display()))?;
    let owners = [0, nix::unistd::geteuid().as_raw()];
    if !file.is_file() {
        return Err(format!("`{}` is no file", path.display()));
    }
    if !owners.contains(&file.uid()) || file.mode() & 0o022 != 0 {
        return Err(format!("others could have written `{}`", path.display()));
    }
    Ok(())
}

/// Asks the program, which only its user and root may have written.
fn score(program: &[String], question: Vec<u8>) -> Result<u32, String> {
    let (path, arguments) = program.split_first().ok_or("its path is empty")?;
    let path = Path::new(path);
    require_trusted(path)?;
    let bounded = Bounded { program: path, patience: PATIENCE, most: MOST_ANSWER };
    let answer = bounded.ask(arguments, question)?;
    let score: Score = serde_json::from_slice(&answer)
        .map_err(|error| format!("it does not give points: {error}"))?;
    Ok(score.score)
}

impl ForeignPolicy for Loaded {
    fn id(&self) -> &str {
        self.0.id()
    }

    fn version(&self) -> &str {
        self.0.version()
    }

    fn digest(&self) -> Digest {
        self.0.digest()
    }

    fn decide(&self, facts: &dyn Facts, world: &dyn Surroundings) -> Decision {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).ok();
        let time = since_1970.and_then(|time| i64::try_from(time.as_secs()).ok());
        let call = Call::command(facts, &Profiles(world));
        self.0.decide(&Call { time, ..call })
    }
}

/// Files as the gate lets them be read.
struct Handed<'a>(&'a dyn Reads);

impl Files for Handed<'_> {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.0.read(path)
    }
}

/// Commands by their profiles.
struct Profiles<'a>(&'a dyn Surroundings);

impl Interpret for Profiles<'_> {
    fn interpret(&self, words: &[OsString]) -> Invocation {
        datafog_shim::interpret(words, self.0)
    }
}
