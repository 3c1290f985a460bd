//! Policies of other systems, as the gate asks for them.
//!
//! The gate knows none of their languages; this file hands it the one crate that does. A shim holds a
//! reference to it and touches nothing behind it unless settings name such a policy.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use datafog_approval::Question;
use datafog_config::{Layout, Remote, Scorer};
use datafog_core::{ApprovalState, Decision, Digest, Facts, Id, Invocation, Surroundings};
use datafog_foreign::{Files, Format, Import, Interpret, NoFiles, NotTranslatable, Policy};
use datafog_gate::{
    Consulted, ForeignPolicies, ForeignPolicy, KnownWords, Reads, Translated, TryText,
};
use datafog_policy::{Diagnostic, Level, SourceText};

use crate::confined::Confined;
use crate::remote::{self, Pulling};
use crate::{consult, scorer};

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

    fn translate_dataguard(&self, text: &str) -> Result<Translated, Vec<Diagnostic>> {
        let format = Some(Format::DataGuard);
        let policy = Policy::load(text.as_bytes(), PUT, format, &NoFiles)?;
        let import = policy.import(&KnownWords).map_err(|why| vec![said(&why)])?;
        match import.left_out.is_empty() {
            true => {
                let Import { toml, notices, .. } = import.over_the_starter();
                Ok(Translated { toml, notices })
            }
            false => Err(import.left_out.into_iter().map(as_error).collect()),
        }
    }

    fn score(&self, scorer: Scorer<'_>, question: Vec<u8>) -> Result<u32, String> {
        scorer::ask(scorer, question)
    }

    fn pull(&self, layout: &Layout, remote: &Remote, trial: TryText<'_>) -> Result<bool, String> {
        let pulling = Pulling { layout, remote, patience: remote::AT_ONCE, replace: false };
        let Some(pulled) = pulling.asked(trial)? else {
            return pulling.still_the_same().map(|()| false);
        };
        pulled.changes(layout)?.into_iter().try_for_each(|change| {
            change.apply(Some(&layout.backups())).map_err(|error| error.to_string())
        })?;
        Ok(true)
    }

    fn consult(
        &self,
        remote: &Remote,
        question: &Question,
        is_awaited: bool,
    ) -> Result<Box<dyn Consulted>, String> {
        Ok(Box::new(consult::begin(remote, question, is_awaited)?))
    }

    fn settled(&self, remote: &Remote, id: Id, state: ApprovalState) -> Result<(), String> {
        consult::settled(remote, id, state)
    }
}

/// What a policy that came over the server is called in messages.
const PUT: &str = "policy.json";

/// Why nothing of a policy can be translated.
fn said(why: &NotTranslatable) -> Diagnostic {
    let source = SourceText { path: PUT, text: "" };
    source.diagnostic(Level::Error, 0..0, why.to_string())
}

/// What cannot be said here keeps a policy from being taken.
fn as_error(left_out: Diagnostic) -> Diagnostic {
    Diagnostic { level: Level::Error, ..left_out }
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
        self.0.judge(facts, &Profiles(world), time)
    }
}

/// What a policy says to an action in an invented world, where no time passes.
pub(crate) fn judged(policy: &Policy, facts: &dyn Facts, world: &dyn Surroundings) -> Decision {
    policy.judge(facts, &Profiles(world), None)
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
