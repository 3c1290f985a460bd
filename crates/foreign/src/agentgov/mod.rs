/*!
AgentGov's policies: Rego sources, and WebAssembly modules of its own interface or of OPA's.

Every call is judged by a fresh copy that has no environment, no files, no network and no clock but
the one in its input, within bounds of steps, memory and time. What a policy gives is read in every
spelling that AgentGov's hosts and files use: `allow` or `allowed`, `deny` (a set or a flag),
`human_required`, `reason`, or one `decision`. Undefined is a denial, and so is every error.

Rego and WebAssembly are cargo features, on by default, and cost nothing unless such a file is
loaded.
*/

mod outcome;
#[cfg(feature = "rego")]
mod rego;
#[cfg(feature = "rego")]
mod slips;
#[cfg(feature = "rego")]
mod token;
#[cfg(feature = "wasm")]
mod wasm;

use datafog_core::Verdict;
use serde_json::{Value, json};

use crate::answer::{Answer, Head, Hit};
use crate::call::Call;
use crate::format::Notation;
use crate::node::LONGEST;
use outcome::Outcome;

#[cfg(feature = "rego")]
pub use rego::{Confine, Rego};

/// Without Rego there is nothing to confine.
#[cfg(not(feature = "rego"))]
pub trait Confine: core::fmt::Debug + Sync {}

/// A policy in Rego or WebAssembly.
#[derive(Clone, Debug)]
pub(crate) struct AgentGov {
    pub(crate) name: String,
    head: Head,
    program: Program,
}

#[derive(Clone, Debug)]
enum Program {
    #[cfg(feature = "rego")]
    Rego(Box<rego::Loaded>),
    #[cfg(feature = "wasm")]
    Wasm(wasm::Wasm),
}

/// Why a policy cannot be loaded, with the place as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Byte offset into the source.
    pub(crate) at: usize,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl Fault {
    fn new(message: impl Into<String>) -> Self {
        Self { at: 0, message: message.into(), help: None }
    }

    fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

/// What is worth telling about a policy that was loaded.
pub(crate) type Told = Vec<Fault>;

/// Longest WebAssembly module or bundle, in bytes, packed and unpacked.
pub(crate) const LONGEST_MODULE: usize = 16 << 20;

/// Loads a policy of that notation.
pub(crate) fn load(
    bytes: &[u8],
    path: &str,
    notation: Notation,
    confine: Option<&'static dyn Confine>,
) -> Result<(AgentGov, Told), Vec<Fault>> {
    let limit = if notation == Notation::Wasm { LONGEST_MODULE } else { LONGEST };
    if bytes.len() > limit {
        return Err(vec![Fault::new(format!("the file is longer than {limit} bytes"))]);
    }
    let (program, told) = program(bytes, path, notation, confine)?;
    let file = path.rsplit('/').next().unwrap_or(path);
    let name = file.split('.').next().unwrap_or(file).to_lowercase();
    let head = Head { id: name.clone(), line: 1, reason: String::new() };
    let policy = AgentGov { name, head, program };
    // Asked once, so that a module that cannot work here is told of now and not when it is needed.
    policy.try_out().map_err(|fault| vec![fault])?;
    Ok((policy, told))
}

#[cfg_attr(not(feature = "rego"), expect(unused_variables, reason = "nothing is to be confined"))]
fn program(
    bytes: &[u8],
    path: &str,
    notation: Notation,
    confine: Option<&'static dyn Confine>,
) -> Result<(Program, Told), Vec<Fault>> {
    match notation {
        #[cfg(feature = "rego")]
        Notation::Rego => {
            let text = str::from_utf8(bytes).map_err(|error| {
                let at = error.valid_up_to();
                vec![Fault { at, ..Fault::new("the file is not UTF-8 here") }]
            })?;
            let (rego, told) = rego::Loaded::load(text, path, confine)?;
            Ok((Program::Rego(Box::new(rego)), told))
        }
        #[cfg(feature = "wasm")]
        Notation::Wasm => match wasm::Wasm::load(bytes) {
            Ok(wasm) => Ok((Program::Wasm(wasm), Vec::new())),
            Err(fault) => Err(vec![fault]),
        },
        Notation::Json | Notation::Yaml => {
            Err(vec![Fault::new("AgentGov policies are Rego or WebAssembly")])
        }
        #[cfg(not(feature = "rego"))]
        Notation::Rego => Err(vec![left_out(bytes, path, "rego")]),
        #[cfg(not(feature = "wasm"))]
        Notation::Wasm => Err(vec![left_out(bytes, path, "wasm")]),
    }
}

#[cfg(not(all(feature = "rego", feature = "wasm")))]
fn left_out(bytes: &[u8], path: &str, feature: &str) -> Fault {
    Fault::new(format!("this build cannot run {path} ({} bytes)", bytes.len()))
        .help(format!("build with the feature `{feature}`"))
}

impl AgentGov {
    pub(crate) fn decide(&self, call: &Call) -> Answer<'_> {
        let outcome = self.ask(&input(call)).map_or_else(
            |error| Outcome {
                verdict: Verdict::Deny,
                reason: format!("the policy failed: {error}"),
            },
            |value| Outcome::of(&value),
        );
        Answer {
            hits: vec![Hit::new(&self.head, outcome.verdict)],
            ..Answer::default(outcome.verdict, outcome.reason)
        }
    }

    fn try_out(&self) -> Result<(), Fault> {
        let Err(error) = self.ask(&input(&Call::default())) else { return Ok(()) };
        #[cfg(feature = "rego")]
        #[cfg_attr(
            not(feature = "wasm"),
            expect(irrefutable_let_patterns, reason = "the only kind")
        )]
        if let Program::Rego(rego) = &self.program
            && let Some(fault) = rego.fault_of(&error)
        {
            return Err(fault);
        }
        // What goes wrong only for an empty call is the policy's own business.
        if error.contains("could not find function") { Err(Fault::new(error)) } else { Ok(()) }
    }

    #[cfg_attr(
        not(any(feature = "rego", feature = "wasm")),
        expect(unused_variables, reason = "nothing can be asked")
    )]
    fn ask(&self, input: &Value) -> Result<Value, String> {
        match self.program {
            #[cfg(feature = "rego")]
            Program::Rego(ref rego) => rego.ask(input),
            #[cfg(feature = "wasm")]
            Program::Wasm(ref wasm) => wasm.ask(input),
        }
    }
}

/// The functions that Rego policies may call, beside the common ones.
#[cfg(all(test, feature = "rego", feature = "wasm"))]
pub(crate) const fn there() -> &'static [&'static str] {
    rego::THERE
}

/// The document that a policy sees: the names of AgentGov's hosts, those of its policies, and what
/// neither of them had.
fn input(call: &Call) -> Value {
    let metadata = json!({
        "upstream": call.server,
        "agent": call.principal.agent,
        "principal": call.principal.kind.name(),
        "session": call.principal.session,
        "user": call.user,
        "groups": call.groups,
        "tenant": call.tenant,
        "cwd": call.cwd.to_string_lossy(),
        "time": call.time,
        "hour": call.time.map(|time| time.rem_euclid(86_400) / 3_600),
        "findings": call.findings.iter().map(|one| &one.entity).collect::<Vec<_>>(),
        "commands": call.commands.iter().map(|one| &one.words).collect::<Vec<_>>(),
        "unclear": call.unclear,
    });
    let action = call.arguments.get("action").and_then(Value::as_str).unwrap_or(&call.kind);
    let mut parameters = call.arguments.get("parameters").unwrap_or(&call.arguments).clone();
    // A policy that looks for words in the arguments finds them however a shell line is written.
    if let Some(table) = parameters.as_object_mut().filter(|_| !call.commands.is_empty()) {
        let read: Vec<String> = call.commands.iter().map(|one| one.words.join(" ")).collect();
        table.entry("commands").or_insert_with(|| json!(read));
    }
    json!({
        "tool_name": call.tool,
        "tool": call.tool,
        "args": call.arguments,
        "action": action,
        "parameters": parameters,
        "metadata": metadata,
        "context": metadata,
    })
}
