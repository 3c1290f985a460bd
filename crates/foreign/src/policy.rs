//! A foreign policy, whatever system it is of: read strictly, asked for decisions.

use std::io;
use std::path::Path;

use datafog_core::{Decision, Digest, Facts};
use datafog_policy::{Diagnostic, Level, SourceText};

use crate::agentgov::{self, AgentGov, Confine};
use crate::answer::{Answer, Defaults};
use crate::call::Call;
use crate::command::Interpret;
use crate::datafog::{self, DataFog};
use crate::dataguard::{self, DataGuard};
use crate::enforgate::{self, Enforgate};
use crate::format::{self, Format, Notation};
use crate::node::{LONGEST, Node};
use crate::pi::{self, Pi};
use crate::reader::Reader;
use crate::{json, view, yaml};

/// Reads files for a policy that names further ones.
pub trait Files {
    /// The whole file. A missing one is [`io::ErrorKind::NotFound`].
    ///
    /// # Errors
    /// Any failure to read.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
}

/// There are no files: for policies that name none.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _path: &Path) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

/// The policy of another system.
#[derive(Clone, Debug)]
pub struct Policy {
    format: Format,
    path: String,
    digest: Digest,
    notices: Vec<Diagnostic>,
    pub(crate) body: Body,
}

#[derive(Clone, Debug)]
pub(crate) enum Body {
    AgentGov(AgentGov),
    DataFog(DataFog),
    DataGuard(DataGuard),
    Enforgate(Enforgate),
    Pi(Pi),
}

impl Policy {
    /// Reads a policy of `format`, or of the one its keys tell. `path` is for messages, and the
    /// place that files it names are relative to.
    ///
    /// # Errors
    /// Everything that is wrong with it, warnings included. A file of any length over 1 MiB is
    /// refused (16 MiB for WebAssembly), and so is nesting of more than 64 levels.
    pub fn load(
        bytes: &[u8],
        path: &str,
        format: Option<Format>,
        files: &dyn Files,
    ) -> Result<Self, Vec<Diagnostic>> {
        Self::load_confined(bytes, path, format, files, None)
    }

    /// The same, for policies whose authors are not trusted: Rego is evaluated by `confine`, and
    /// here, with unbounded memory, only where that is `None`.
    ///
    /// # Errors
    /// As [`Policy::load`].
    pub fn load_confined(
        bytes: &[u8],
        path: &str,
        format: Option<Format>,
        files: &dyn Files,
        confine: Option<&'static dyn Confine>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let notation = format::notation(bytes, path);
        if matches!(notation, Notation::Rego | Notation::Wasm) {
            return Self::load_program(bytes, path, notation, confine);
        }
        let text = readable(bytes, path).map_err(|fault| vec![fault])?;
        let source = SourceText { path, text };
        let mut reader = Reader::new(source);
        let body = body(notation, format, source, files, &mut reader);
        match body {
            Some((format, body)) if reader.is_sound() => {
                let (path, digest) = (path.to_owned(), Digest::of(bytes));
                Ok(Self { format, path, digest, notices: reader.diagnostics, body })
            }
            _ => Err(reader.diagnostics),
        }
    }

    /// A policy that is a program.
    fn load_program(
        bytes: &[u8],
        path: &str,
        notation: Notation,
        confine: Option<&'static dyn Confine>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let text =
            if notation == Notation::Rego { str::from_utf8(bytes).unwrap_or_default() } else { "" };
        let source = SourceText { path, text };
        let told = |level, fault: agentgov::Fault| {
            let diagnostic = source.diagnostic(level, fault.at..fault.at, fault.message);
            Diagnostic { help: fault.help, ..diagnostic }
        };
        match agentgov::load(bytes, path, notation, confine) {
            Ok((policy, notices)) => Ok(Self {
                format: Format::AgentGov,
                path: path.to_owned(),
                digest: Digest::of(bytes),
                notices: notices.into_iter().map(|one| told(Level::Warning, one)).collect(),
                body: Body::AgentGov(policy),
            }),
            Err(faults) => Err(faults.into_iter().map(|one| told(Level::Error, one)).collect()),
        }
    }

    /// Judges an action: the call that it is, and each command that the gate read out of it; the
    /// strictest answer holds. `time` is the moment, in seconds since 1970. Never fails.
    pub fn judge(&self, facts: &dyn Facts, tables: &dyn Interpret, time: Option<i64>) -> Decision {
        let whole = Call { time, ..view::whole(facts, tables) };
        let decision = self.decide(&whole);
        // A program sees what a call runs in its input, and is asked about the call alone.
        if matches!(self.body, Body::AgentGov(_)) {
            return decision;
        }
        let parts = view::parts(facts, &whole, tables);
        let said = parts.iter().filter_map(|part| {
            let answer = self.answer(&part.call).of_part(self.defaults())?;
            Some(part.placed(answer.decide(&self.path)))
        });
        said.fold(decision, view::stricter)
    }

    /// Judges a call in the order of the policy's own system. Never fails.
    pub fn decide(&self, call: &Call) -> Decision {
        self.answer(call).decide(&self.path)
    }

    fn answer(&self, call: &Call) -> Answer<'_> {
        match &self.body {
            Body::AgentGov(policy) => policy.decide(call),
            Body::DataFog(policy) => policy.decide(call),
            Body::DataGuard(policy) => policy.decide(call),
            Body::Enforgate(policy) => policy.decide(call),
            Body::Pi(policy) => policy.decide(call),
        }
    }

    /// What this system says where no rule does.
    const fn defaults(&self) -> Defaults {
        match self.body {
            Body::AgentGov(_) | Body::DataFog(_) | Body::Enforgate(_) => Defaults::OfCalls,
            Body::DataGuard(_) | Body::Pi(_) => Defaults::OfAnything,
        }
    }

    /// Which system it is of.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.format
    }

    /// The policy's id, or the name of its system when it has none.
    #[must_use]
    pub fn id(&self) -> &str {
        match &self.body {
            Body::AgentGov(policy) => &policy.name,
            Body::DataFog(policy) => &policy.id,
            Body::DataGuard(policy) => &policy.id,
            Body::Enforgate(policy) => &policy.name,
            Body::Pi(_) => Format::PiGovernance.name(),
        }
    }

    /// The policy's version; empty when it has none.
    #[must_use]
    pub fn version(&self) -> &str {
        match &self.body {
            Body::DataFog(policy) => &policy.version,
            Body::DataGuard(policy) => &policy.version,
            Body::AgentGov(_) | Body::Enforgate(_) | Body::Pi(_) => "",
        }
    }

    /// What the policy is for, in its author's words; empty when nothing is said.
    #[must_use]
    pub fn description(&self) -> &str {
        match &self.body {
            Body::DataFog(policy) => &policy.description,
            Body::DataGuard(policy) => &policy.description,
            Body::AgentGov(_) | Body::Enforgate(_) | Body::Pi(_) => "",
        }
    }

    /// The users whom the policy names, where it tells them apart.
    #[must_use]
    pub fn people(&self) -> Vec<&str> {
        match &self.body {
            Body::Pi(policy) => policy.users.iter().map(|(user, _)| user.as_str()).collect(),
            Body::AgentGov(_) | Body::DataFog(_) | Body::DataGuard(_) | Body::Enforgate(_) => {
                Vec::new()
            }
        }
    }

    /// SHA-256 of the file.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// The file it was read from.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Every key that is not honoured, and what else is odd about the file.
    #[must_use]
    pub fn notices(&self) -> &[Diagnostic] {
        &self.notices
    }
}

/// The text of a file that is not too long.
fn readable<'b>(bytes: &'b [u8], path: &str) -> Result<&'b str, Diagnostic> {
    let fault = |text: &str, at: usize, message: String| {
        SourceText { path, text }.diagnostic(Level::Error, at..at, message)
    };
    if bytes.len() > LONGEST {
        return Err(fault("", 0, format!("the file is longer than {LONGEST} bytes")));
    }
    let text = str::from_utf8(bytes).map_err(|error| {
        let head = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let head = str::from_utf8(head).unwrap_or_default();
        fault(head, head.len(), String::from("the file is not UTF-8 here"))
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn body(
    notation: Notation,
    format: Option<Format>,
    source: SourceText<'_>,
    files: &dyn Files,
    reader: &mut Reader<'_>,
) -> Option<(Format, Body)> {
    let root = match notation {
        Notation::Json => json::read(source),
        Notation::Yaml => yaml::read(source),
        Notation::Rego | Notation::Wasm => return None,
    };
    let root = match root {
        Ok(root) => root,
        Err(fault) => {
            reader.diagnostics.push(fault);
            return None;
        }
    };
    let likely = format.map_or_else(|| format::guess(&root), |format| vec![format]);
    let Some(format) = fewest_faults(&likely, &root, source, files) else {
        let help = || {
            let help =
                "name the system with `--format`: datafog, dataguard, enforgate or pi-governance";
            (0..0, String::from(help))
        };
        let (span, help) = format::meant(&root).unwrap_or_else(help);
        reader.error_with_help(&span, "it cannot be told which system this policy is of", help);
        return None;
    };
    structured(format, &root, source.path, files, reader).map(|body| (format, body))
}

/// The format that the file breaks least, of several whose keys it has equally many of: one
/// mistyped key must not hide what the file is.
fn fewest_faults(
    likely: &[Format],
    root: &Node,
    source: SourceText<'_>,
    files: &dyn Files,
) -> Option<Format> {
    if let [format] = likely {
        return Some(*format);
    }
    let faults = |format: &Format| {
        let mut reader = Reader::new(source);
        let _read = structured(*format, root, source.path, files, &mut reader);
        reader.diagnostics.iter().filter(|one| one.is_error()).count()
    };
    let counts: Vec<(usize, Format)> = likely.iter().map(|one| (faults(one), *one)).collect();
    let least = counts.iter().map(|(count, _)| *count).min()?;
    let mut best = counts.iter().filter(|(count, _)| *count == least);
    best.next().filter(|_| best.next().is_none()).map(|(_, format)| *format)
}

fn structured(
    format: Format,
    root: &Node,
    path: &str,
    files: &dyn Files,
    reader: &mut Reader<'_>,
) -> Option<Body> {
    match format {
        Format::DataFog => datafog::read(root, reader).map(Body::DataFog),
        Format::DataGuard => dataguard::read(root, reader).map(Body::DataGuard),
        Format::Enforgate => enforgate::read(root, reader).map(Body::Enforgate),
        Format::PiGovernance => pi::read(root, path, files, reader).map(Body::Pi),
        Format::AgentGov => None,
    }
}
