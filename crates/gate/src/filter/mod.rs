//! Runs the program as a child and takes findings out of what it writes, or judges what it reads.
//!
//! The child stays in our session and our process group, with our folder and environment; only where
//! it writes is ours, or where it reads what it sends on. When it ends we end as it did, by the same code or signal. When we
//! are killed, so is it.

mod conduit;
mod inflow;
mod inlet;
mod input;
mod pump;
mod signals;
mod sink;
mod streams;
mod terminal;

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use datafog_core::{
    Channel, Decision, Facts, Finding, Flow, Key, Mode, Obligation, Transform, Verdict,
};
use datafog_detect::Custom;
use datafog_policy::fits_entity;
use datafog_redact::{Plan, Redactor, Tally};
use datafog_start::Fork;
use nix::errno::Errno;
use nix::unistd::{Pid, getppid};

use crate::case::Case;
use crate::enforcement::{Execution, NotRun};
use crate::inspect::Held;
use crate::request::{Purpose, Request};
use crate::taint;
use inflow::Inflow;
pub(crate) use inflow::{Judge, Refused};
use pump::{End, Over, Pump};
use signals::Signals;
use streams::Wire;

/// A program that is to run with findings taken out of what it writes, or judged in what it reads.
#[derive(Debug)]
pub(crate) struct Filtered {
    pub(crate) execution: Execution,
    /// What is taken out of what it writes, and what stands in its place; `None` when that is as it
    /// is.
    pub(crate) obligations: Option<Vec<Obligation>>,
    /// What it gets in the place of what was judged, if not the same.
    pub(crate) input: Option<Held>,
    /// Whether what comes in on standard input is judged as it flows.
    pub(crate) feeds: bool,
}

/// How a program ended that ran as our child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its exit code, or 128 and the number of the signal that ended it.
    pub code: u8,
    /// The signal, when one did.
    pub signal: Option<i32>,
    /// Why some of its output could not be written, other than that nobody listened any more.
    pub lost: Option<String>,
    /// What was taken out of what it wrote.
    pub(crate) tally: Tally,
    /// What was taken out of what it read.
    pub(crate) given: Tally,
    /// What it was ended for, since it must not be sent.
    pub(crate) refused: Option<Box<Refused>>,
}

/// By what findings of `entity` are replaced; `None` when nothing is said of them.
pub(crate) fn transform(obligations: &[Obligation], entity: &str) -> Option<Transform> {
    let fits = |globs: &[String]| globs.iter().any(|glob| fits_entity(glob, entity));
    let asked = obligations.iter().filter_map(|one| match one {
        Obligation::Redact(entities) => fits(entities).then_some(Transform::Redact),
        Obligation::Transform { entities, with } => fits(entities).then_some(*with),
        Obligation::Approve
        | Obligation::ApproveBy { .. }
        | Obligation::ApproveWithin { .. }
        | Obligation::Notify(_)
        | Obligation::Rewrite(_) => None,
    });
    asked.reduce(Transform::stricter)
}

/// How a redaction can be carried out.
#[derive(Debug)]
pub(crate) enum Means {
    /// What the command writes is redacted; nothing that is asked for goes another way.
    Output,
    /// So is what it gets, which takes the place of what was judged.
    InputToo(Held),
}

/// How a command may run with findings taken out of what flows; `None` where that is not what the
/// policy asks for, or cannot be done. What a command would get instead is judged again by `judge`,
/// and must pass.
pub(crate) fn means(
    request: &Request,
    case: &Case<'_>,
    decision: &Decision,
    tools: (&Key, Option<&Custom>),
    judge: impl Fn(&Case<'_>) -> Decision,
) -> Option<Means> {
    let redacts = decision.verdict == Verdict::Redact
        && case.mode == Mode::Enforced
        && request.purpose == Purpose::Run
        && request.tool.is_none();
    if !redacts {
        return None;
    }
    if !case.all().any(|one| sends_findings(one, decision)) {
        return Some(Means::Output);
    }
    // What an earlier step made of a secret has nothing in it that could be taken out.
    if case.all().any(|one| one.findings().iter().any(|found| found.entity == taint::CONTENT)) {
        return None;
    }
    // What something else sends that the command starts is out of our hands.
    if case.all().skip(1).any(|one| sends_findings(one, decision)) {
        return None;
    }
    let replaced = input::without_findings(case.inspection, &decision.obligations, tools)?;
    let principal = case.principal_so_far().clone();
    let again =
        Case::new(case.action, case.digest, &replaced.seen, case.mode, case.world, principal)
            .knowing(tools.1);
    let verdict = judge(&again).verdict;
    let passes = verdict == Verdict::Allow
        || verdict == Verdict::Redact && !sends_findings(&again, decision);
    passes.then_some(Means::InputToo(replaced.held))
}

/// Whether something leaves that is asked to be taken out.
fn sends_findings(case: &Case<'_>, decision: &Decision) -> bool {
    let asked = |finding: &Finding| transform(&decision.obligations, &finding.entity).is_some();
    case.flows().has(Flow::Leaves) && case.findings().iter().any(asked)
}

impl Filtered {
    /// The program, with what `decision` obliges to, by these means; `None` when it obliges to
    /// nothing. `feeds` says whether what it reads is judged as it flows.
    pub(crate) fn new(
        execution: Execution,
        decision: &Decision,
        means: Option<Means>,
        feeds: bool,
    ) -> Self {
        let obligations = means.is_some().then(|| decision.obligations.clone());
        let input = match means {
            Some(Means::Output) | None => None,
            Some(Means::InputToo(held)) => Some(held),
        };
        Self { execution, obligations, input, feeds }
    }

    /// Why it cannot run where there is no key.
    pub(crate) fn unkeyed(&self) -> NotRun {
        NotRun::Refused(io::Error::other("there is no key to redact with"))
    }

    /// Runs it to its end; `judge` has a say about what it reads.
    pub(crate) fn run(
        self,
        held: &Held,
        (key, custom): (&Key, Option<&Custom>),
        judge: &Judge<'_>,
    ) -> Result<Ended, NotRun> {
        let held = self.input.as_ref().unwrap_or(held);
        let refused = NotRun::Refused;
        let wires = match &self.obligations {
            Some(_) => streams::wires().map_err(refused)?,
            None => Vec::new(),
        };
        let pipe = self.feeds.then(inlet::Pipe::new).transpose().map_err(refused)?;
        if wires.is_empty() && pipe.is_none() {
            // Nobody could see what it writes.
            return Err(self.execution.run(held));
        }
        let signals = Signals::hold().map_err(|error| NotRun::Refused(error.into()))?;
        let ignored = datafog_start::heed_children();
        let (told, tell) = io::pipe().map_err(refused)?;
        let us = Pid::this();
        let ends = Ends { wires: &wires, pipe: pipe.as_ref() };
        let child = match datafog_start::fork().map_err(refused)? {
            Fork::Child => become_it(&self.execution, held, &ends, (&signals, ignored, us), tell),
            Fork::Parent(child) => Pid::from_raw(child),
        };
        drop(tell);
        let plan = Plan::new(|entity| transform(self.obligations.as_deref()?, entity));
        let inflow = Inflow::new(judge);
        let over = {
            let given = Plan::new(|entity| inflow.transform(entity));
            let redactor = Redactor::new(key, custom, &given, Channel::Stdin);
            let inlet = pipe.map(|pipe| pipe.carry(redactor, &inflow)).transpose();
            let pump = Pump::new(wires, signals, child, (key, custom, &plan));
            why_not(told.into()).map_or(Ok(()), Err)?;
            datafog_start::survive_closed_pipes();
            pump.map_err(refused)?.feeding(inlet.map_err(refused)?).run()
        };
        Ok(ended(over, inflow))
    }
}

/// What came of it, for whoever has to end as it did. The process that stayed behind ends here.
fn ended(over: Over, inflow: Inflow<'_>) -> Ended {
    let low = |number: i32| u8::try_from(number & 0xff).unwrap_or(u8::MAX);
    let (code, signal) = match over.end {
        Some(End::Code(code)) => (low(code), None),
        Some(End::Signal(signal)) => {
            (low((signal as i32).saturating_add(128)), Some(signal as i32))
        }
        None => datafog_start::exit(0),
    };
    // A terminal that is gone answers with EIO.
    let gone = |error: &Errno| matches!(error, Errno::EPIPE | Errno::EIO);
    let lost = over.broken.filter(|error| !gone(error)).map(|error| error.desc().to_owned());
    let refused = inflow.into_refused().map(Box::new);
    Ended { code, signal, lost, tally: over.tally, given: over.given, refused }
}

/// What of the program's streams is ours.
#[derive(Clone, Copy, Debug)]
struct Ends<'e> {
    wires: &'e [Wire],
    pipe: Option<&'e inlet::Pipe>,
}

impl Ends<'_> {
    /// Puts each where the program looks for it. In the child only.
    fn connect(&self) -> io::Result<()> {
        self.wires.iter().try_for_each(Wire::connect)?;
        self.pipe.map_or(Ok(()), inlet::Pipe::connect)
    }
}

/// In the child: becomes the program. What kept it from that is told to the parent.
fn become_it(
    execution: &Execution,
    held: &Held,
    ends: &Ends<'_>,
    (signals, ignored, parent): (&Signals, bool, Pid),
    tell: io::PipeWriter,
) -> ! {
    let why = match ends.connect().and_then(|()| die_with(parent)) {
        Ok(()) => {
            signals.release();
            if ignored {
                datafog_start::ignore_children();
            }
            execution.run(held)
        }
        Err(error) => NotRun::Refused(error),
    };
    let text = match why {
        NotRun::Changed(path) => [b"C", path.as_os_str().as_bytes()].concat(),
        NotRun::Refused(error) => {
            let number = error.raw_os_error().unwrap_or(nix::libc::EIO);
            [b"R".as_slice(), &number.to_le_bytes()].concat()
        }
    };
    let _told = File::from(OwnedFd::from(tell)).write_all(&text);
    datafog_start::exit(127)
}

/// Ends with the parent, however that ends; a program that the system gives other rights (setuid)
/// loses this when it starts.
fn die_with(parent: Pid) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)?;
    if getppid() == parent { Ok(()) } else { Err(Errno::ESRCH.into()) }
}

/// What kept the child from becoming the program: nothing, when the pipe closed at exec.
fn why_not(told: OwnedFd) -> Option<NotRun> {
    let mut text = Vec::new();
    File::from(told).read_to_end(&mut text).ok()?;
    match text.split_first()? {
        (b'C', path) => Some(NotRun::Changed(OsString::from_vec(path.to_vec()).into())),
        (_, number) => {
            let number = number.first_chunk().map_or(nix::libc::EIO, |it| i32::from_le_bytes(*it));
            Some(NotRun::Refused(io::Error::from_raw_os_error(number)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strictest_of_what_is_asked_holds() {
        let mask = |entity: &str| Obligation::Transform {
            entities: vec![entity.to_owned()],
            with: Transform::Mask,
        };
        let all = [mask("*"), Obligation::Redact(vec!["secret.*".to_owned()]), Obligation::Approve];
        assert_eq!(transform(&all, "secret.github.pat"), Some(Transform::Redact));
        assert_eq!(transform(&all, "pii.email"), Some(Transform::Mask));
        assert_eq!(transform(&[mask("pii.*")], "secret.github.pat"), None);
    }
}
