//! A call that waits for a person: what an answer would lift, and what it would count for.

use std::os::unix::ffi::OsStrExt;

use datafog_approval::{Binding, Bound, Eyes};
use datafog_config::{FileIdentity, Identity};
use datafog_core::{
    ApprovalScope, Decision, Digest, Facts, Key, Mode, Obligation, PATIENCE, Verdict,
};

use crate::case::Case;
use crate::enforcement::Enforcement;
use crate::notice::Notice;
use crate::principal;

/// Variables that say where and when something is shown, counted or traced, and change with every
/// call: an answer counts whatever they hold. Everything else in the environment is part of a call.
const PASSING: &[&str] = &[
    "COLORTERM",
    "COLUMNS",
    "DATAFOG_MARKER",
    "LINES",
    "OLDPWD",
    "PWD",
    "SHLVL",
    "STY",
    "TERM",
    "TERM_PROGRAM",
    "TERM_PROGRAM_VERSION",
    "TERM_SESSION_ID",
    "TMUX",
    "TMUX_PANE",
    "TRACEPARENT",
    "TRACESTATE",
    "WINDOWID",
    "_",
];

/// A call that is held, and what follows when it is approved.
#[derive(Debug)]
pub(crate) struct Hold {
    /// What is done then. It was planned before anybody was asked, and nothing in it is changed.
    pub(crate) then: Enforcement,
    /// What an answer counts for.
    pub(crate) binding: Binding,
    /// The widest scope that every rule permits.
    pub(crate) widest: ApprovalScope,
    /// Who has to say yes.
    pub(crate) eyes: Eyes,
    /// How long an answer is waited for, in seconds.
    pub(crate) patience: u32,
    /// The safer form that would run instead.
    pub(crate) rewrite: Option<String>,
    /// What is said when it does not run.
    pub(crate) notice: Notice,
}

/// Whether this decision is one that a person may lift.
pub(crate) fn is_held(decision: &Decision, mode: Mode) -> bool {
    mode == Mode::Enforced && decision.verdict == Verdict::RequireApproval
}

/// What is left of a decision once a person said yes: an approval lifts `require_approval` and
/// nothing else. What other rules take out or rewrite stays obliged.
pub(crate) fn lifted(decision: &Decision) -> Decision {
    let stays = |obligation: &&Obligation| {
        !matches!(
            obligation,
            Obligation::Approve | Obligation::ApproveBy { .. } | Obligation::ApproveWithin { .. }
        )
    };
    let obligations: Vec<_> = decision.obligations.iter().filter(stays).cloned().collect();
    let matched: Vec<_> = decision
        .matched
        .iter()
        .filter(|rule| rule.verdict != Verdict::RequireApproval)
        .cloned()
        .collect();
    let obliged = obligations.iter().map(|obligation| match obligation {
        Obligation::Redact(_) | Obligation::Transform { .. } => Verdict::Redact,
        Obligation::Rewrite(_) => Verdict::Rewrite,
        Obligation::Approve
        | Obligation::ApproveBy { .. }
        | Obligation::ApproveWithin { .. }
        | Obligation::Notify(_) => Verdict::Allow,
    });
    let verdict = matched.iter().map(|rule| rule.verdict).chain(obliged).max();
    let verdict = verdict.unwrap_or(Verdict::Allow);
    let mut rest = Decision { verdict, obligations, matched, ..decision.clone() };
    // The one that decides stands first.
    rest.matched.sort_by_key(|rule| core::cmp::Reverse(rule.verdict));
    rest
}

impl Hold {
    /// The hold for a decision; `then` is what follows an approval.
    pub(crate) fn new(
        (case, decision): (&Case<'_>, &Decision),
        (policy, key): (Digest, &Key),
        then: Enforcement,
        notice: Notice,
    ) -> Self {
        let (widest, patience) = terms(decision);
        let rewrite = decision.obligations.iter().find_map(Obligation::rewrite).map(str::to_owned);
        let (binding, eyes) = (bind(case, decision, (policy, key), &then), eyes(decision));
        Self { then, binding, widest, eyes, patience, rewrite, notice }
    }
}

/// What all rules together permit: the narrowest scope and the shortest time.
pub(crate) fn terms(decision: &Decision) -> (ApprovalScope, u32) {
    let within = decision.obligations.iter().filter_map(|obligation| match obligation {
        Obligation::ApproveWithin { scope, seconds } => Some((*scope, *seconds)),
        Obligation::Approve
        | Obligation::ApproveBy { .. }
        | Obligation::Notify(_)
        | Obligation::Redact(_)
        | Obligation::Rewrite(_)
        | Obligation::Transform { .. } => None,
    });
    let (scopes, times): (Vec<_>, Vec<_>) = within.unzip();
    let widest = scopes.into_iter().min().unwrap_or(ApprovalScope::WIDEST);
    (widest, times.into_iter().min().unwrap_or(PATIENCE))
}

/// Who has to say yes by all rules together: the most of those that they ask for.
pub(crate) fn eyes(decision: &Decision) -> Eyes {
    let asked = decision.obligations.iter().filter_map(|obligation| match obligation {
        Obligation::ApproveBy { persons } => Some(*persons),
        Obligation::Approve
        | Obligation::ApproveWithin { .. }
        | Obligation::Notify(_)
        | Obligation::Redact(_)
        | Obligation::Rewrite(_)
        | Obligation::Transform { .. } => None,
    });
    Eyes { others: false, count: asked.max().unwrap_or_default() }
}

/// Everything that makes a call that call.
fn bind(
    case: &Case<'_>,
    decision: &Decision,
    (policy, key): (Digest, &Key),
    then: &Enforcement,
) -> Binding {
    let host = case.world.finder.host;
    let environment: Vec<&[u8]> =
        host.environment().iter().map(|entry| entry.to_bytes()).filter(|it| !passes(it)).collect();
    let action = case.digest;
    let (program, session) = (program(then), principal::session(case.principal()));
    let holds = || decision.matched.iter().filter(|it| it.verdict == Verdict::RequireApproval);
    let whole = is_about_the_place(case, decision);
    let repository = whole.then(|| case.repository(&case.action.cwd)).flatten().flatten();
    let bound = Bound {
        user: case.principal().uid,
        action: action.as_bytes(),
        program: &program,
        policy: policy.as_bytes(),
        contents: contents(case),
        environment,
        session: session.as_deref().map(str::as_bytes),
        repository: repository.as_ref().map(|it| it.root.as_os_str().as_bytes()),
        rules: holds().map(|rule| rule.id.as_str()).collect(),
        target: None,
        tool: None,
    };
    Binding::of(bound, key)
}

/// Whether a yes could cover other calls of the same rules: not where something that was found, or
/// could not be looked at, is why a person is asked. The next call would hold something else.
fn is_about_the_place(case: &Case<'_>, decision: &Decision) -> bool {
    let mut holding =
        decision.matched.iter().filter(|it| it.verdict == Verdict::RequireApproval).peekable();
    holding.peek().is_some()
        && holding.all(|rule| rule.findings.is_empty())
        && case.all().all(|one| one.findings().is_empty() && one.unscanned().is_empty())
}

fn passes(entry: &[u8]) -> bool {
    let name = entry.split(|byte| *byte == b'=').next().unwrap_or_default();
    PASSING.iter().any(|passing| passing.as_bytes() == name)
}

/// The program's path and the file that stands there.
fn program(then: &Enforcement) -> Vec<u8> {
    let Some(execution) = then.execution() else { return Vec::new() };
    let mut bytes = execution.program.as_os_str().as_bytes().to_vec();
    bytes.push(0);
    bytes.extend(encoded(execution.identity.as_ref()));
    bytes
}

/// Every content by name: the digest of what was read, and the identity of what the command opens
/// by itself.
fn contents(case: &Case<'_>) -> Vec<Vec<u8>> {
    let read = case.all().flat_map(Case::channels).map(|scan| {
        let digest = scan.digest.map(|digest| digest.to_string()).unwrap_or_default();
        format!("{}\0{}\0{digest}", scan.channel, scan.bytes).into_bytes()
    });
    let watched =
        case.all().flat_map(|one| &one.inspection.held.watched).map(|(path, identity)| {
            let mut bytes = path.as_os_str().as_bytes().to_vec();
            bytes.push(0);
            bytes.extend(encoded(identity.as_ref()));
            bytes
        });
    read.chain(watched).collect()
}

fn encoded(identity: Option<&FileIdentity>) -> Vec<u8> {
    // Numbers alone: there is nothing that could not be written.
    postcard::to_allocvec(&identity).unwrap_or_default()
}

/// What stands at a program's path now, for the execution that waits for an answer.
pub(crate) fn identity(then: &mut Enforcement) {
    if let Some(execution) = then.execution_mut() {
        execution.identity = Identity::at(&execution.program).ok().and_then(|it| it.file);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafog_core::{RuleMatch, RuleOrigin, Severity};

    fn rule(id: &str, verdict: Verdict) -> RuleMatch {
        RuleMatch {
            id: id.into(),
            verdict,
            severity: Severity::High,
            origin: RuleOrigin::Builtin,
            findings: Vec::new(),
            part: 0,
        }
    }

    fn decision(rules: &[(&str, Verdict)], obligations: Vec<Obligation>) -> Decision {
        Decision {
            verdict: Verdict::RequireApproval,
            obligations,
            matched: rules.iter().map(|(id, verdict)| rule(id, *verdict)).collect(),
            reason: "r".into(),
            instead: None,
            risk: None,
        }
    }

    #[test]
    fn a_yes_lifts_the_question_and_nothing_else() {
        let within = Obligation::ApproveWithin { scope: ApprovalScope::Once, seconds: 5 };
        let redact = Obligation::Redact(vec!["pii.*".into()]);
        let obligations = vec![Obligation::Approve, redact.clone(), within];
        let rules = [("ask", Verdict::RequireApproval), ("mask", Verdict::Redact)];
        let rest = lifted(&decision(&rules, obligations));
        assert_eq!((rest.verdict, rest.obligations), (Verdict::Redact, vec![redact]));
        assert_eq!(rest.matched.len(), 1);
        let rules = [("ask", Verdict::RequireApproval), ("log", Verdict::Allow)];
        assert_eq!(lifted(&decision(&rules, vec![Obligation::Approve])).verdict, Verdict::Allow);
        // What another policy obliges to may stand without a rule of its own.
        let rewrite = vec![Obligation::Rewrite("dry-run".into()), Obligation::Approve];
        assert_eq!(lifted(&decision(&[], rewrite)).verdict, Verdict::Rewrite);
        assert!(!is_held(
            &Decision { verdict: Verdict::Deny, ..decision(&[], Vec::new()) },
            Mode::Enforced
        ));
        assert!(!is_held(&decision(&[], Vec::new()), Mode::Observe));
    }

    #[test]
    fn the_narrowest_terms_hold() {
        let within = |scope, seconds| Obligation::ApproveWithin { scope, seconds };
        assert_eq!(terms(&decision(&[], vec![Obligation::Approve])), (ApprovalScope::WIDEST, 60));
        let both = vec![within(ApprovalScope::Session, 5), within(ApprovalScope::Exact, 0)];
        assert_eq!(terms(&decision(&[], both)), (ApprovalScope::Exact, 0));
    }

    #[test]
    fn the_most_persons_hold_and_a_yes_of_theirs_lifts_that_too() {
        let by = |persons| Obligation::ApproveBy { persons };
        assert_eq!(eyes(&decision(&[], vec![Obligation::Approve])).count, 0);
        let both = decision(&[], vec![Obligation::Approve, by(2), by(3)]);
        assert_eq!((eyes(&both).count, lifted(&both).verdict), (3, Verdict::Allow));
        assert!(lifted(&both).obligations.is_empty());
    }

    #[test]
    fn what_only_passes_is_no_part_of_a_call() {
        assert!(PASSING.is_sorted());
        assert!(passes(b"SHLVL=2") && passes(b"_=/usr/bin/git"));
        assert!(!passes(b"PATH=/x") && !passes(b"SHLVLX=2") && !passes(b"LD_PRELOAD=/x.so"));
    }
}
