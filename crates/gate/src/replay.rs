//! Judges a recorded receipt again, by whatever policy is asked about.
//!
//! A receipt holds no values: where they stood, its command line has marks (`‹9 bytes›`). Read back,
//! it has the same words in the same places, and what only values could tell (findings, hosts, which
//! way data moves) stands in the receipt itself. What cannot be had back that way is said, never
//! guessed: such a receipt is not replayed.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use datafog_core::{
    Action, ActionKind, Destination, Event, Facts, Finding, Flows, HostName, Invented, Invocation,
    Mode, OperandKind, Principal, Reach, ReceiptKind, Surroundings, Verdict, Void,
};
use datafog_detect::Custom;
use datafog_shim::Wrapped;

use crate::case::goes_home;
use crate::example::{by_text, nothing};

/// Why a receipt cannot be judged again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Unreplayable {
    /// It is no decision about an action: an outcome, or a mended break of the ledger.
    #[error("no decision about a command")]
    NoDecision,
    /// The command line was cut, or left out.
    #[error("the command line was too long to be kept")]
    Cut,
    /// The action is no command line.
    #[error("the call of a tool")]
    Tool,
    /// There was no policy to judge by.
    #[error("settings or policy could not be loaded then")]
    Fault,
    /// Judged again by the same policy, it comes out otherwise: what made the difference is not in
    /// the receipt.
    #[error("what decided it is not in the receipt")]
    Unfaithful,
}

/// Folders that recorded paths mean, and the user's own detectors.
#[derive(Debug)]
pub struct Replay {
    home: Option<PathBuf>,
    root: PathBuf,
    custom: Option<Custom>,
}

/// A receipt's action, as a policy may ask about it.
#[derive(Debug)]
pub struct Replayed<'a> {
    replay: &'a Replay,
    event: &'a Event,
    world: Invented,
    action: Action,
    flows: Flows,
    destinations: Vec<Destination>,
}

impl Replay {
    /// For the receipts of the installation at `root`.
    #[must_use]
    pub const fn new(home: Option<PathBuf>, root: PathBuf, custom: Option<Custom>) -> Self {
        Self { home, root, custom }
    }

    /// The facts of a recorded decision.
    ///
    /// # Errors
    /// Why they cannot be had back.
    pub fn facts<'a>(&'a self, event: &'a Event) -> Result<Replayed<'a>, Unreplayable> {
        match event.kind {
            ReceiptKind::Action | ReceiptKind::Check => {}
            ReceiptKind::Outcome | ReceiptKind::Recovery => return Err(Unreplayable::NoDecision),
        }
        if event.action_type != ActionKind::CommandExec {
            return Err(Unreplayable::Tool);
        }
        if event.command.is_empty() || event.command.ends_with('…') {
            return Err(Unreplayable::Cut);
        }
        // Without a policy the answer is a denial that no rule gives, with the failure as its reason.
        let failed = event.decision == Verdict::Deny
            && event.matched_rules.is_empty()
            && event.faults.first().is_some_and(|fault| fault.starts_with(&event.reason));
        if failed {
            return Err(Unreplayable::Fault);
        }
        let argv = words(&event.command);
        let world = nothing(&event.cwd);
        let mut invocation = datafog_shim::interpret(&argv, &world);
        datafog_shim::resolve(&mut invocation, &world);
        fill(&mut invocation, &world.cwd);
        let destinations = destinations(&event.destinations, &invocation.destinations);
        invocation.destinations.clone_from(&destinations);
        let action = Action {
            id: event.receipt_id,
            kind: event.action_type,
            cwd: world.cwd.clone(),
            invocation,
            tool: None,
            parts: parts(datafog_shim::wrapped(&argv, &world), event),
            argv,
        };
        let flows = event.flows.iter().fold(Flows::NONE, |flows, flow| flows.with(*flow));
        Ok(Replayed { replay: self, event, world, action, flows, destinations })
    }
}

impl Replayed<'_> {
    /// The world around it: nothing but the folder that it ran in.
    #[must_use]
    pub fn world(&self) -> &dyn Surroundings {
        &self.world
    }
}

/// The commands behind a wrapper.
fn parts(wrapped: Option<Wrapped>, event: &Event) -> Vec<Action> {
    let action = |Wrapped { argv, cwd, mut invocation, inner }: Wrapped| {
        fill(&mut invocation, &cwd);
        let parts = parts(inner.map(|inner| *inner), event);
        let (id, kind) = (event.receipt_id, event.action_type);
        Action { id, kind, argv, cwd, invocation, tool: None, parts }
    };
    wrapped.map(action).into_iter().collect()
}

/// Paths as they were named; where links led is not kept.
fn fill(invocation: &mut Invocation, cwd: &Path) {
    for operand in &mut invocation.operands {
        if operand.kind == OperandKind::Path {
            operand.canonical = Some(by_text(&cwd.join(&operand.text)));
        }
    }
}

impl Facts for Replayed<'_> {
    fn action(&self) -> &Action {
        &self.action
    }

    fn flows(&self) -> Flows {
        self.flows
    }

    fn destinations(&self) -> &[Destination] {
        &self.destinations
    }

    fn findings(&self) -> &[Finding] {
        &self.event.findings
    }

    fn going_home(&self, finding: &Finding) -> bool {
        let own = self.replay.custom.as_ref().and_then(|own| own.detector(&finding.detector));
        let homes: Vec<&str> = match datafog_detect::detector(&finding.detector) {
            Some(detector) => detector.hosts.to_vec(),
            None => own.iter().flat_map(|own| &own.hosts).map(String::as_str).collect(),
        };
        goes_home(&self.action.invocation, finding, &homes, || &self.destinations)
    }

    fn unscanned(&self) -> &[String] {
        &self.event.faults
    }

    fn mode(&self) -> Mode {
        self.event.mode
    }

    fn principal(&self) -> &Principal {
        &self.event.principal
    }

    fn home(&self) -> Option<&Path> {
        self.replay.home.as_deref()
    }

    fn root(&self) -> &Path {
        &self.replay.root
    }
}

/// The words of a displayed command line: blanks part them, except in quotes and in marks.
fn words(line: &str) -> Vec<OsString> {
    let (mut words, mut word, mut is_word) = (Vec::new(), String::new(), false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            ' ' => {
                if is_word {
                    words.push(OsString::from(core::mem::take(&mut word)));
                }
                is_word = false;
                continue;
            }
            '\'' => word.extend(letters.by_ref().take_while(|letter| *letter != '\'')),
            '\\' if letters.next_if_eq(&'\'').is_some() => word.push('\''),
            '‹' => {
                word.push('‹');
                word.extend(letters.by_ref().take_while(|letter| *letter != '›'));
                word.push('›');
            }
            plain => word.push(plain),
        }
        is_word = true;
    }
    if is_word {
        words.push(OsString::from(word));
    }
    words
}

/// The hosts that were recorded. Where the command line tells the same ones, it also tells what it
/// does with them; of others only the name is known.
fn destinations(recorded: &[String], told: &[Destination]) -> Vec<Destination> {
    let known = |text: &String| {
        let same = |one: &&Destination| {
            let port = one.port.map(|port| format!(":{port}")).unwrap_or_default();
            let plain = format!("{}://{}{port}", one.scheme, one.host);
            text.strip_prefix(&plain).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        told.iter().find(same).cloned().unwrap_or_else(|| named(text))
    };
    recorded.iter().map(known).collect()
}

/// A host of which the receipt holds nothing but the name.
fn named(text: &str) -> Destination {
    let (text, bent) = match text.split_once(" (bent") {
        Some((plain, _)) => (plain, true),
        None => (text, false),
    };
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    let port = rest.rsplit_once(':').and_then(|(name, port)| Some((name, port.parse().ok()?)));
    let (name, port) = port.map_or((rest, None), |(name, port)| (name, Some(port)));
    let host = match name.trim_matches(['[', ']']).parse() {
        Ok(address) => HostName::Ip(address),
        Err(_) if name.is_empty() || name.contains(['‹', ' ']) => HostName::Unknown,
        Err(_) => HostName::Name(name.to_owned()),
    };
    let here = bent || host.is_loopback();
    let reach = if here { Reach::Loopback } else { Reach::Unknown };
    // How it was reached is not kept, so nothing is at home there.
    let voids =
        if here { Vec::new() } else { vec![Void::ConnectsElsewhere(String::from("not kept"))] };
    Destination { scheme: scheme.to_owned(), host, port, reach, voids }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_displayed_line_has_its_words_back() {
        for (line, expected) in [
            ("git push origin main", vec!["git", "push", "origin", "main"]),
            (
                "curl -d ‹9 bytes› https://h/?‹3 bytes›",
                vec!["curl", "-d", "‹9 bytes›", "https://h/?‹3 bytes›"],
            ),
            (
                "curl -H 'Authorization: ‹8 bytes›' h",
                vec!["curl", "-H", "Authorization: ‹8 bytes›", "h"],
            ),
            (r"rm -rf '' 'it'\''s'", vec!["rm", "-rf", "", "it's"]),
            ("env A=‹1 byte› ls 'a b'", vec!["env", "A=‹1 byte›", "ls", "a b"]),
        ] {
            let found: Vec<String> =
                words(line).into_iter().map(|word| word.into_string().unwrap()).collect();
            assert_eq!(found, expected, "{line}");
        }
    }

    #[test]
    fn a_host_of_which_only_the_name_is_kept_is_nobodys_home() {
        let place = named("https://api.github.com:8443");
        assert_eq!((place.host.to_string(), place.port), ("api.github.com".into(), Some(8443)));
        assert!(!place.is_home(&["api.github.com"]));
        assert!(named("http://localhost:80").is_loopback());
        assert_eq!(named("ssh://an unknown host").host, HostName::Unknown);
    }
}
