//! Judges what others ask about, who are elsewhere: the decide-only half of the gate.
//!
//! A server answers for commands that will run on other machines. So nothing of this machine
//! answers for theirs: no file is opened, no link followed, no variable read, no helper started. What
//! a caller did not send along was not scanned, and counts so.
//!
//! What a shim opens for each call (key, settings, policy, detectors) stays open here, and is
//! looked at again now and then: what changed is exchanged whole, and what cannot be loaded leaves
//! the last good set in force.
//!
//! Nothing is recorded here: who asks must store [`Judged::event`] before telling the decision to
//! anybody.

use core::fmt::Debug;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use datafog_config::{FileIdentity, Layout, load_or_create_key};
use datafog_core::{
    ActionKind, ApprovalScope, Channel, Decision, Event, Finding, Key, Mode, Obligation, PATIENCE,
    Principal, Value, Verdict,
};
use datafog_detect::Scanner;
use datafog_policy::{Policy, fits_name};
use jiff::Timestamp;

use crate::clock::Clock;
use crate::distant::Distant;
use crate::foreign::{self, Asked, ForeignPolicies, ForeignPolicy, OnlyTrusted};
use crate::state::State;
use crate::{Error, event};

/// How long what is in force is taken for what the files say.
const FRESH: Duration = Duration::from_millis(200);

/// Judges for others. Not shared by threads: each that judges has one.
#[derive(Debug)]
pub struct Judge<'f> {
    layout: Layout,
    own: FileIdentity,
    user: u32,
    way: Option<&'f dyn ForeignPolicies>,
    open: Open,
    named: Named,
    looked: Instant,
    stale: Option<String>,
}

/// What is in force.
#[derive(Debug)]
struct Open {
    key: Key,
    state: State,
    foreign: Vec<Box<dyn ForeignPolicy>>,
}

/// What somebody elsewhere asks about.
#[derive(Clone, Debug)]
pub struct Inquiry {
    /// What is to be done.
    pub what: What,
    /// What kind of action the caller calls it.
    pub kind: ActionKind,
    /// Content that it moves, as far as the caller sent it along.
    pub text: Option<String>,
    /// What the caller says stands in it. It counts beside what is found here, never instead.
    pub stated: Vec<Finding>,
    /// The folder it would be done in, absolute.
    pub cwd: PathBuf,
    /// Who asks.
    pub principal: Principal,
}

/// What is to be done.
#[derive(Clone, Debug)]
pub enum What {
    /// A program with arguments, its name first.
    Command(Vec<OsString>),
    /// A tool with arguments.
    Tool(String, Value),
}

/// What was decided.
#[derive(Debug)]
#[must_use]
pub struct Judged {
    /// The decision.
    pub decision: Decision,
    /// What is to be stored before the decision is told.
    pub event: Event,
    /// What each policy said, ours first; nothing when only ours was asked.
    pub asked: Vec<Asked>,
}

/// What a credential is for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Holder<'a> {
    /// Names of tools and programs, with `*` and `?`; any for none.
    pub within: &'a [String],
    /// Whether nothing is to be stopped.
    pub lenience: Option<Lenience>,
    /// The name of the policy that its questions are judged by; the installation's for none.
    pub policy: Option<&'a str>,
    /// Whether the caller wants a person to say it, whatever the policy lets pass.
    pub of_person: bool,
}

/// How the questions of a credential are answered for which nothing is to be stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lenience {
    /// Whatever the policies say is neither told nor kept.
    Off,
    /// What the policies say is kept, and told as nothing that stops.
    Shadow,
}

impl Judged {
    /// The same, and nothing is stopped. That it was so stands in the event.
    fn lenient(self, lenience: Lenience) -> Self {
        let Self { decision, event, asked } = self;
        let told = |reason| Decision {
            verdict: Verdict::Allow,
            obligations: Vec::new(),
            reason,
            ..decision.clone()
        };
        match lenience {
            Lenience::Shadow => {
                let reason = format!("(shadow) {}", event.reason);
                let decision = told(reason.clone().into());
                let event = Event { mode: Mode::Observe, reason, ..event };
                Self { decision, event, asked }
            }
            Lenience::Off => {
                let reason = String::from("(off) calls with this credential are not judged");
                let decision = Decision { matched: Vec::new(), ..told(reason.clone().into()) };
                let event = Event {
                    mode: Mode::Observe,
                    reason,
                    decision: Verdict::Allow,
                    findings: Vec::new(),
                    matched_rules: Vec::new(),
                    obligations: Vec::new(),
                    risk: None,
                    policies: Vec::new(),
                    ..event
                };
                Self { decision, event, asked: Vec::new() }
            }
        }
    }
}

impl<'f> Judge<'f> {
    /// A judge of one installation. `own` is the identity of its binary, `user` the user's id, `way`
    /// what reads policies of other systems.
    ///
    /// # Errors
    /// When key, settings or a policy cannot be read or are not valid.
    pub fn open(
        layout: Layout,
        own: FileIdentity,
        user: u32,
        way: Option<&'f dyn ForeignPolicies>,
    ) -> Result<Self, Error> {
        let open = Open::load(&layout, own, user, way)?;
        let (mut named, looked) = (Named::default(), Instant::now());
        named.look(&layout, user, &open.state.settings);
        Ok(Self { layout, own, user, way, open, named, looked, stale: None })
    }

    /// Looks at the files again, unless that was done a moment ago.
    pub fn refresh(&mut self) {
        if self.looked.elapsed() < FRESH {
            return;
        }
        self.looked = Instant::now();
        match Open::load(&self.layout, self.own, self.user, self.way) {
            Ok(open) => (self.open, self.stale) = (open, None),
            Err(error) => self.stale = Some(error.in_full()),
        }
        self.named.look(&self.layout, self.user, &self.open.state.settings);
    }

    /// Why what is in force is not what the files say.
    #[must_use]
    pub fn stale(&self) -> Option<&str> {
        self.stale.as_deref()
    }

    /// Why one of the policies that have names is not what its file says.
    #[must_use]
    pub fn stale_by_name(&self) -> Option<&str> {
        self.named.stale()
    }

    /// Whether there is a policy of that name.
    #[must_use]
    pub fn has_policy(&self, name: &str) -> bool {
        self.named.state(name).is_ok()
    }

    /// Our policy in force.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.open.state.policy
    }

    /// The installation's key.
    #[must_use]
    pub const fn key(&self) -> &Key {
        &self.open.key
    }

    /// What stands in a text, by all detectors and without what is excepted.
    #[must_use]
    pub fn scan(&self, text: &[u8], channel: &Channel) -> Vec<Finding> {
        self.scan_by(&self.open.state, text, channel)
    }

    fn scan_by(&self, state: &State, text: &[u8], channel: &Channel) -> Vec<Finding> {
        let (key, custom) = (&self.open.key, state.custom.as_ref());
        let mut found = Vec::new();
        Scanner::new(key).allowing(custom).scan(text, channel, &mut found);
        if let Some(custom) = custom {
            custom.scan(text, channel, key, &mut found);
        }
        found.sort_by_key(|finding| finding.span);
        found
    }

    /// Judges. Each step takes what the one before it made, as in [`crate::Gate::run`]; nothing is
    /// planned, since nothing is to be carried out here. `within` names the tools and programs that the
    /// caller's credential is for, with `*` and `?`; any for none. Whatever else is denied.
    ///
    /// # Errors
    /// When there are no random bytes for an id.
    pub fn judge(&self, question: Inquiry, within: &[String]) -> Result<Judged, Error> {
        self.judge_by(&self.open.state, question, (within, false))
    }

    fn judge_by(
        &self,
        state: &State,
        question: Inquiry,
        (within, of_person): (&[String], bool),
    ) -> Result<Judged, Error> {
        let mut clock = Clock::start();
        let now = Timestamp::now();
        let Open { key, foreign, .. } = &self.open;
        let besides = [question.misspelled(), question.outside(within)];
        let distant = Distant::read(question, event::new_id(now)?, state, self.layout.root());
        clock.interpreted();
        let distant = distant.inspected(key, state);
        clock.inspected();
        let own = state.policy.decide(&distant);
        let (decision, asked) =
            foreign::join_with((&state.policy, own), Vec::new(), foreign, &|policy| {
                distant.ask(policy)
            });
        let decision = besides.into_iter().flatten().fold(decision, foreign::stricter);
        // Of two that hold, the policy's says why.
        let decision = match of_person {
            true => foreign::stricter(a_person(), decision),
            false => decision,
        };
        clock.decided();
        let mut event = distant.event(&decision, &state.policy, (key, now, &clock));
        foreign::name(&mut event, &asked);
        Ok(Judged { decision, event, asked })
    }
}

impl Judge<'_> {
    /// The same for what a credential is for: by the policy that it has, and where nothing is to be stopped
    /// for it, as far as it is for that tool at all.
    ///
    /// # Errors
    /// As [`Self::judge`], and when its policy is not there.
    pub fn judge_for(&self, question: Inquiry, holder: Holder<'_>) -> Result<Judged, Error> {
        let Holder { within, lenience, policy, of_person } = holder;
        let state = self.state_for(policy)?;
        let lenience = lenience.filter(|_| question.outside(within).is_none());
        let judged = self.judge_by(state, question, (within, of_person))?;
        Ok(match lenience {
            Some(lenience) => judged.lenient(lenience),
            None => judged,
        })
    }

    /// The policy of that name; the installation's for none.
    ///
    /// # Errors
    /// When it is not there.
    pub fn policy_for(&self, policy: Option<&str>) -> Result<&Policy, Error> {
        self.state_for(policy).map(|state| &state.policy)
    }

    /// What stands in a text, by our detectors and those of the policy of that name, and without what
    /// it excepts; the installation's for none.
    ///
    /// # Errors
    /// When that policy is not there.
    pub fn scan_for(
        &self,
        policy: Option<&str>,
        text: &[u8],
        channel: &Channel,
    ) -> Result<Vec<Finding>, Error> {
        self.state_for(policy).map(|state| self.scan_by(state, text, channel))
    }

    fn state_for(&self, policy: Option<&str>) -> Result<&State, Error> {
        match policy {
            Some(name) => self.named.state(name),
            None => Ok(&self.open.state),
        }
    }
}

impl Inquiry {
    /// What is said to somebody whose credential is for other tools, whatever the policy says.
    fn outside(&self, within: &[String]) -> Option<Decision> {
        let name: &[u8] = match &self.what {
            What::Command(words) => {
                let program = words.first().map(|word| word.as_bytes()).unwrap_or_default();
                program.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
            }
            What::Tool(name, _) => name.as_bytes(),
        };
        let fits = |glob: &String| fits_name(glob, name);
        (!within.is_empty() && !within.iter().any(fits))
            .then(|| Decision::without_rule(Verdict::Deny, "the credential is for other tools"))
    }
}

/// What is decided of a call that the caller wants a person to say, who may say it once.
fn a_person() -> Decision {
    let (scope, seconds) = (ApprovalScope::Once, PATIENCE);
    Decision {
        obligations: vec![Obligation::Approve, Obligation::ApproveWithin { scope, seconds }],
        ..Decision::without_rule(Verdict::RequireApproval, "the caller asks for a person")
    }
}

impl Open {
    fn load(
        layout: &Layout,
        own: FileIdentity,
        user: u32,
        way: Option<&dyn ForeignPolicies>,
    ) -> Result<Self, Error> {
        let key = load_or_create_key(&layout.key(), user)?;
        let mut state = State::load(layout, own, user, &key);
        if let Some(error) = state.fault.take() {
            return Err(error);
        }
        let load = |path: &PathBuf| foreign::load(way, path, &OnlyTrusted { user });
        let foreign = state.settings.policy.iter().map(load).collect::<Result<_, _>>()?;
        Ok(Self { key, state, foreign })
    }
}

mod again;
mod named;
mod policy_file;
mod spelled;
mod trial;
mod waiting;

use named::Named;
pub(crate) use named::path_of;
pub use trial::{Trial, Tried, read_tests, tried_examples, tried_tests};
pub use waiting::Waiting;

#[cfg(test)]
mod tests;
