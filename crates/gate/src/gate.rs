//! The gate itself: the one function that names every step.

use std::ffi::OsStr;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use datafog_audit::{Durability, Ledger, Recorded};
use datafog_config::{EnvVars, FileIdentity, Host, Layout, load_or_create_key};
use datafog_core::{
    Action, ActionKind, Decision, Event, Facts, Id, Key, Mode, Principal, PrincipalKind,
    ReceiptKind, Verdict,
};
use datafog_detect::Custom;
use datafog_policy::{Layer, Policy};
use jiff::Timestamp;

use crate::case::Case;
use crate::clock::Clock;
use crate::enforcement::{self, Carried, Enforcement, Execution};
use crate::event::{self, Draft};
use crate::filter::Filtered;
use crate::foreign::{self, Anything, Asked, ForeignPolicies, ForeignPolicy, OnlyTrusted};
use crate::inspect::{self, Inspection};
use crate::lookup::Finder;
use crate::notice::Notice;
use crate::on_error::{Consequence, Failure, on_error};
use crate::outside::Scoring;
use crate::principal::Behind;
use crate::report::Report;
use crate::request::{Outcome, Purpose, Request};
use crate::rewriting::{self, Safe};
use crate::started::{Files, Started};
use crate::state::State;
use crate::terminal::Terminal;
use crate::veil::Veil;
use crate::world::World;
use crate::{Error, cut, principal, read, step, vocabulary, write_back};

mod desk;
mod execution;
mod flowing;
mod marking;
mod outcome;
mod plan;
mod remote;
mod safer;

pub use desk::{Answerer, Approvals, of_machine};

/// The one way to a running command: everything that may run something comes through here.
#[derive(Debug)]
pub struct Gate<'a> {
    host: &'a Host,
    layout: &'a Layout,
    own: FileIdentity,
    user: u32,
    foreign: Option<&'a dyn ForeignPolicies>,
    terminal: Option<&'a dyn Terminal>,
}

/// What one run works with: the key, what is in force, and the identity of this call.
struct Opened {
    user: u32,
    key: Key,
    state: State,
    /// Policies that are asked, too, nearly always none: of other systems, of further projects.
    foreign: Vec<Box<dyn ForeignPolicy>>,
    beside: Vec<Policy>,
    id: Id,
    now: Timestamp,
}

impl<'a> Gate<'a> {
    /// The gate of one installation. `own` is the identity of its binary, `user` the user's id.
    #[must_use]
    pub const fn new(host: &'a Host, layout: &'a Layout, own: FileIdentity, user: u32) -> Self {
        Self { host, layout, own, user, foreign: None, terminal: None }
    }

    /// The same gate that can read policies of other systems: those that settings or a request
    /// name. Nothing of them is touched where none is named.
    #[must_use]
    pub const fn with_foreign(self, policies: &'a dyn ForeignPolicies) -> Self {
        Self { foreign: Some(policies), ..self }
    }

    /// The same gate with a way to a person. Nothing of it is touched unless a call is held.
    #[must_use]
    pub const fn with_terminal(self, terminal: &'a dyn Terminal) -> Self {
        Self { terminal: Some(terminal), ..self }
    }

    /// Judges, records and carries out. Each step takes what the one before it made; only the
    /// ledger turns a plan into something that can be carried out.
    pub fn run(&self, request: &Request) -> Outcome {
        let mut clock = Clock::start();
        let world = World { finder: self.finder(), folder: None };
        let opened = match self.open(request.policy.as_deref()) {
            Ok(opened) => opened,
            Err(error) => return self.without_installation(request, &error),
        };
        let (action, mut started) = opened.interpret(request, &world, &mut clock);
        let opened = opened.working_in((&action, &started), &world);
        let mode = opened.state.mode_for(request.wrapper(), self.asked_mode(request));
        let mut seen = opened.inspect(&action, &mut started, (mode, &world), &mut clock);
        let trace = if opened.state.settings.taint.minutes == 0 {
            None
        } else {
            Some(self.trace(request, &opened, (&action, &mut seen, &mut started), &world))
        };
        let case = self.case(request, &opened, (&action, &started, &seen), (mode, &world));
        let (mut decision, asked) = opened.decide(request, &case, &mut clock);
        let mut safe: Option<Box<Safe>> = None;
        if rewriting::is_wanted(request, mode, &decision) {
            let judged = (&mut decision, asked.as_slice());
            match self.rewritten(request, &opened, &case, judged, &clock) {
                ControlFlow::Break(outcome) => return outcome,
                ControlFlow::Continue(found) => safe = found,
            }
        }
        let stands = safe.as_ref().map_or(&decision, |safe| &safe.decision);
        let mut plan = self.plan(request, &opened, &case, stands);
        if let Some(trace) = trace {
            plan = opened.keep(&trace, request, (&case, stands), plan);
        }
        let mut event = opened.event(request, &case, &decision, &plan, &clock);
        foreign::name(&mut event, &asked);
        if let Some(safe) = &safe {
            safe.tell(&mut event, &mut decision);
        }
        match self.carry_out(&opened, &case, plan, event) {
            ControlFlow::Break(outcome) => outcome,
            ControlFlow::Continue(event) => {
                let told = (decision, asked, safe);
                opened.report(request.purpose, &case, told, event, clock)
            }
        }
    }

    /// What a call is judged as: what it is, what was found in it, who asks.
    fn case<'c>(
        &'c self,
        request: &Request,
        opened: &'c Opened,
        (action, started, seen): (&'c Action, &'c [Started], &'c Inspection),
        (mode, world): (Mode, &'c World<'c>),
    ) -> Case<'c> {
        let scorer = opened.state.settings.scorer();
        let known = self.asker(request.purpose);
        Case::new(action, action.digest(&opened.key), seen, mode, world, known)
            .knowing(opened.state.custom.as_ref())
            .starting(started)
            .scored_by(Scoring { way: self.foreign, scorer, key: &opened.key })
            .counting(&opened.key, request.purpose == Purpose::Run)
    }

    /// Plan → recorded plan → what came of it. Gives the event back where there was nothing to carry
    /// out.
    fn carry_out(
        &self,
        opened: &Opened,
        case: &Case<'_>,
        plan: Enforcement,
        event: Box<Event>,
    ) -> ControlFlow<Outcome, Box<Event>> {
        let held = &case.inspection.held;
        let recorded = match opened.record(self.layout, plan, &event) {
            Ok(recorded) => recorded,
            Err((plan, error)) => match outcome::waive(plan, case.mode, error, case.action) {
                Ok(waived) => waived,
                Err(notice) => return ControlFlow::Break(Outcome::Blocked(notice)),
            },
        };
        let filter =
            |filtered: Filtered| filtered.run(held, opened.tools(), &opened.judging(case, &event));
        ControlFlow::Break(match enforcement::carry_out(recorded, held, filter) {
            Ok(Carried::Ended(ended)) => opened.ended(self.layout, case, *event, ended),
            Ok(Carried::Not(Enforcement::Block(notice))) => Outcome::Blocked(notice),
            Ok(Carried::Not(Enforcement::Hold(hold))) => {
                self.wait_for_a_person(*hold, opened, case, *event)
            }
            Ok(Carried::Not(Enforcement::Missing)) => Outcome::Missing,
            Ok(Carried::Not(_)) => return ControlFlow::Continue(event),
            Err(not_run) => opened.did_not_run(self.layout, *event, case.mode, not_run),
        })
    }

    /// The real program behind a wrapped name: `target` when one was recorded for it, else the
    /// first hit on PATH that is not us. For those who list; [`Gate::run`] looks for itself.
    #[must_use]
    pub fn real_program(&self, name: &OsStr, target: Option<&Path>) -> Option<PathBuf> {
        self.finder().find(name, target)
    }

    /// Whether an agent asks, by its environment or by a parent process.
    #[must_use]
    pub fn is_asked_by_an_agent(&self) -> bool {
        let known = self.asker(Purpose::Loosen);
        principal::with_parents(known).kind == PrincipalKind::Agent
    }

    /// Who asks, as far as the environment tells. Whoever would make us guard less is looked at
    /// more closely: what hides behind an emptied environment counts as an agent.
    fn asker(&self, purpose: Purpose) -> Principal {
        let known = principal::from_environment(self.host, self.user);
        match purpose {
            Purpose::Check | Purpose::Explain | Purpose::Run => known,
            Purpose::Loosen => match principal::behind(&known) {
                Behind::Nobody => known,
                Behind::Agent(name) => {
                    Principal { kind: PrincipalKind::Agent, agent: Some(name), ..known }
                }
                Behind::TooMany => Principal { kind: PrincipalKind::Agent, ..known },
            },
        }
    }

    /// Detectors and exceptions of the user's policy, for those who only look. With `key`, the
    /// installation's, what is compiled is kept for the next time.
    ///
    /// # Errors
    /// When settings or policy cannot be read or are not valid.
    pub fn custom(&self, key: &Key) -> Result<Option<Custom>, Error> {
        let state = State::load(self.layout, self.own, self.user, key);
        state.fault.map_or(Ok(state.custom), Err)
    }

    const fn finder(&self) -> Finder<'_> {
        Finder { host: self.host, layout: self.layout, own: self.own }
    }

    fn open(&self, policy: Option<&Path>) -> Result<Opened, Error> {
        let key = load_or_create_key(&self.layout.key(), self.user)?;
        let mut state = State::load(self.layout, self.own, self.user, &key);
        if state.settings.remote.is_some() {
            state = self.refreshed(state, &key);
        }
        let mut state = state.within(self.host.cwd());
        if let Some(path) = self.host.variable(EnvVars::POLICY).filter(|path| !path.is_empty()) {
            self.named_by_variable(&mut state, Path::new(path));
        }
        let mut foreign = Vec::new();
        if policy.is_some() || state.settings.policy.is_some() {
            match self.foreign(&mut state, policy) {
                Ok(loaded) => foreign = loaded,
                Err(error) => state.fault = state.fault.or(Some(error)),
            }
        }
        let (user, now, beside) = (self.user, Timestamp::now(), Vec::new());
        Ok(Opened { user, key, state, foreign, beside, id: event::new_id(now)?, now })
    }

    /// One more layer, which whoever starts us names: it can only tighten.
    #[cold]
    fn named_by_variable(&self, state: &mut State, path: &Path) {
        let (path, words) = (self.host.cwd().join(path), (state.custom.as_ref(), self.layout));
        match foreign::native(&state.policy, &path, Layer::Env, words) {
            Ok(policy) => state.policy = policy,
            Err(error) => state.fault = state.fault.take().or(Some(error)),
        }
    }

    /// The policy in force for calls made in the working directory, every layer laid over the
    /// one below.
    ///
    /// # Errors
    /// When settings or a policy cannot be read or are not valid.
    pub fn policy(&self) -> Result<Policy, Error> {
        self.open(None).and_then(|opened| opened.state.fault.map_or(Ok(opened.state.policy), Err))
    }

    /// The policy around the folder of a project, and the same with the project's file at `path`
    /// laid over it: what would be in force there if the file were trusted as it is.
    ///
    /// # Errors
    /// [`Error::Policy`] with everything that is wrong with the file, and when settings or a policy
    /// cannot be read or are not valid.
    pub fn policy_with_project(&self, text: &str, path: &Path) -> Result<[Policy; 2], Error> {
        let key = load_or_create_key(&self.layout.key(), self.user)?;
        let state = State::load(self.layout, self.own, self.user, &key);
        state.with_project((text, path), &vocabulary::wrapped(self.layout))
    }

    /// The further policies that settings and request name.
    #[cold]
    fn foreign(
        &self,
        state: &mut State,
        asked: Option<&Path>,
    ) -> Result<Vec<Box<dyn ForeignPolicy>>, Error> {
        let mut loaded = Vec::new();
        if let Some(path) = &state.settings.policy {
            loaded.push(foreign::load(self.foreign, path, &OnlyTrusted { user: self.user })?);
        }
        match asked {
            // One of our own language is one more layer of ours.
            Some(path) if foreign::is_native(path) => {
                let words = (state.custom.as_ref(), self.layout);
                state.policy = foreign::native(&state.policy, path, Layer::Cli, words)?;
            }
            Some(path) => loaded.push(foreign::load(self.foreign, path, &Anything)?),
            None => {}
        }
        Ok(loaded)
    }

    /// The mode that caller and environment ask for. What cannot be read asks for enforcement.
    fn asked_mode(&self, request: &Request) -> Option<Mode> {
        let variable = self.host.variable(EnvVars::SHIM_MODE).filter(|value| !value.is_empty());
        let by_variable = variable.map(|value| {
            value.to_str().and_then(|text| text.parse().ok()).unwrap_or(Mode::Enforced)
        });
        request.mode.max(by_variable)
    }

    /// What a panic of ours leads to, for the binary's panic hook: the same as when nothing can be
    /// loaded. Never a run in enforced mode.
    pub fn after_panic(&self, request: &Request) -> Outcome {
        self.without_installation(request, &Error::Panic)
    }

    /// What happens when there is not even a key: nothing can be fingerprinted or recorded. The
    /// settings alone may still say that this installation only observes.
    fn without_installation(&self, request: &Request, error: &Error) -> Outcome {
        let program = request.name().to_string_lossy();
        let asked = self.asked_mode(request);
        let mode = State::mode_without_key(self.layout, self.user, request.wrapper(), asked);
        let blocked = || Outcome::Blocked(Box::new(Notice::for_failure(None, &program, error)));
        match on_error(Failure::Unloadable, mode) {
            Consequence::Deny => blocked(),
            Consequence::Run if request.purpose != Purpose::Run => blocked(),
            Consequence::Run => {
                let Some(program) = self.finder().find(request.program(), None) else {
                    return Outcome::Missing;
                };
                let environment = self.host.environment().iter().map(|e| (*e).into()).collect();
                let arguments = request.argv.clone();
                let run = Execution {
                    program,
                    arguments,
                    environment,
                    strict: false,
                    identity: None,
                    notice: None,
                };
                let Some(waived) = Recorded::waived(Enforcement::Exec(run), mode, error) else {
                    return blocked();
                };
                // Observing redacts nothing, and without a key nothing could be.
                let never = |filtered: Filtered| Err(filtered.unkeyed());
                match enforcement::carry_out(waived, &inspect::Held::default(), never) {
                    Ok(_) => blocked(),
                    Err(not_run) => Outcome::NotRun(not_run),
                }
            }
        }
    }
}

impl Opened {
    /// argv → action, its paths made canonical, and what it starts.
    fn interpret(
        &self,
        request: &Request,
        world: &World<'_>,
        clock: &mut Clock,
    ) -> (Action, Vec<Started>) {
        if let Some((name, arguments)) = &request.tool {
            let id = (self.id, ActionKind::ToolCall);
            let read = read::tool(id, (name, arguments.clone()), world, Files::Real);
            clock.interpreted();
            return read;
        }
        let kind = request.kind();
        let read = read::command((self.id, kind), request.os_argv(), world, Files::Real);
        clock.interpreted();
        read
    }

    /// Action → findings.
    fn inspect(
        &self,
        action: &Action,
        started: &mut [Started],
        where_and_how: (Mode, &World<'_>),
        clock: &mut Clock,
    ) -> Inspection {
        let seen = inspect::inspect(action, &self.key, &self.state, where_and_how);
        inspect::inspect_started(started, &self.key, &self.state, where_and_how);
        clock.inspected();
        seen
    }

    #[cold]
    #[inline(never)]
    fn blocked(&self, case: &Case<'_>, decision: &Decision) -> Enforcement {
        let veil = Veil::of(case, &self.key);
        Enforcement::Block(Box::new(Notice::for_decision(case, decision, &veil)))
    }

    #[cold]
    #[inline(never)]
    fn failed(&self, case: &Case<'_>, error: &Error) -> Box<Notice> {
        Box::new(Notice::for_failure(Some(self.id), &case.action.invocation.program, error))
    }

    /// Findings → decision. With nothing to judge by, the answer is no.
    fn decide(
        &self,
        request: &Request,
        case: &Case<'_>,
        clock: &mut Clock,
    ) -> (Decision, Vec<Asked>) {
        let decision = match &self.state.fault {
            _ if request.purpose == Purpose::Loosen => {
                (outcome::may_loosen(case.principal(), request.said.as_deref()), Vec::new())
            }
            None if let Some(step) = step::decision(case) => (step, Vec::new()),
            None => {
                let (decision, asked) = self.judge(case);
                // No policy has a say in it: a redaction of ours must not destroy what it hides,
                // and what was not followed to its end may be anything.
                let refusal = write_back::refusal(case).or_else(|| {
                    (decision.verdict != Verdict::Deny).then(|| cut::refusal(case)).flatten()
                });
                (refusal.unwrap_or(decision), asked)
            }
            Some(error) => {
                let decision = Decision {
                    instead: Some(error.hint().into_owned()),
                    ..Decision::without_rule(Verdict::Deny, error.in_full())
                };
                (decision, Vec::new())
            }
        };
        clock.decided();
        decision
    }

    fn event(
        &self,
        request: &Request,
        case: &Case<'_>,
        decision: &Decision,
        plan: &Enforcement,
        clock: &Clock,
    ) -> Box<Event> {
        let kind = match request.purpose {
            Purpose::Loosen | Purpose::Run => ReceiptKind::Action,
            Purpose::Check | Purpose::Explain => ReceiptKind::Check,
        };
        let draft = Draft {
            now: self.now,
            kind,
            case,
            decision,
            enforcement: plan.name(),
            feeds: plan.feeds(),
            policy: &self.state.policy,
            fault: self.state.fault.as_ref(),
            duration_us: clock.microseconds(),
            veil: Veil::of(case, &self.key),
        };
        Box::new(draft.event())
    }

    /// What is told of an action that somebody only asked about, or that a tool carries out.
    // By itself, so that a call that runs needs no room on the stack for it.
    #[cold]
    #[inline(never)]
    fn report(
        &self,
        purpose: Purpose,
        case: &Case<'_>,
        told: (Decision, Vec<Asked>, Option<Box<Safe>>),
        event: Box<Event>,
        clock: Clock,
    ) -> Outcome {
        let veil = Veil::of(case, &self.key);
        let report = Report::new(&self.state, purpose, case, told, *event, &veil, clock);
        Outcome::Decided(Box::new(report))
    }

    /// Plan → recorded plan. What stops a command is forced to disk; what runs, by setting.
    fn record<T>(
        &self,
        layout: &Layout,
        plan: T,
        event: &Event,
    ) -> Result<Recorded<T>, (T, datafog_audit::Error)> {
        let receipts = self.state.settings.receipts;
        let lazy = event.enforcement != "block" && !receipts.sync_allowed;
        let durability = if lazy { Durability::Lazy } else { Durability::Synced };
        let ledger = match Ledger::open_as(&layout.receipts(), self.user) {
            Ok(ledger) => ledger.with_rotation(receipts.rotate_bytes),
            Err(error) => return Err((plan, error)),
        };
        if lazy && event.enforcement == "exec" {
            ledger.record_before_exec(plan, event)
        } else {
            ledger.record(plan, event, durability)
        }
    }
}
