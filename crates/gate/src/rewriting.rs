//! The safer form of a call that the policy wants rewritten, found and judged anew.
//!
//! One demand of a rule is met at a time, and what comes of it is read and judged as if it had been
//! asked for, until no rule wants anything more: a rule that denies sees every form, and what an
//! earlier round obliged to stays obliged. A rule that still matches when its rewrite has nothing left
//! to change has not got what it wants; then, and where there is no safe form, a person decides.
//! Nothing here runs or records anything.

use std::ffi::{CString, OsString};
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;

use datafog_core::{
    Action, CustomRewrite, Decision, Event, Facts, Finding, KeyedDigest, Mode, Obligation,
    Rewritten, Surroundings, Value, Verdict,
};
use datafog_policy::Policy;
use datafog_rewrite::{Demand, Form, Refusal, Target, Way, builtin, rewrite};

use crate::case::Case;
use crate::request::{Call, Purpose, Request};
use crate::{foreign, notice};

/// Most rounds. Each meets one demand, and a line may hold several commands.
const MOST_ROUNDS: usize = 32;

/// A safer form, judged.
#[derive(Debug)]
pub(crate) struct Safe {
    /// What is to be run, or called, in place of what was asked for.
    pub(crate) request: Request,
    /// What the policy says about it, with all that earlier forms obliged to.
    pub(crate) decision: Decision,
    /// What the receipt says of it.
    pub(crate) rewritten: Rewritten,
}

impl Safe {
    /// Whether it is another one than was asked for.
    pub(crate) fn is_new(&self) -> bool {
        self.request.fulfilled.is_none_or(|one| self.rewritten.by != [one])
    }

    /// Tells of the call that was asked for, and of this one in its place: in its receipt, and in
    /// what was decided about it.
    #[cold]
    #[inline(never)]
    pub(crate) fn tell(&self, event: &mut Event, decision: &mut Decision) {
        told(decision, &self.decision);
        event.decision = decision.verdict;
        event.obligations.clone_from(&decision.obligations);
        event.matched_rules = decision.matched.iter().map(|rule| rule.id.clone()).collect();
        event.reason = decision.reason.clone().into_owned();
        event.rewritten = Some(self.rewritten.clone());
    }

    /// The line that a person reads when it runs.
    pub(crate) fn notice(&self, event: &Event) -> String {
        let rule = event.matched_rules.first().map(String::as_str).unwrap_or_default();
        let command = notice::one_line(&self.rewritten.command);
        format!(
            "datafog: REWRITTEN  {} ran as: {command}  (rule {rule}, receipt {})\n",
            notice::one_line(&event.command),
            event.receipt_id.short()
        )
    }
}

/// What is needed of a form after it was judged.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) decision: Decision,
    pub(crate) demands: Vec<Wanted>,
    pub(crate) shown: String,
    pub(crate) digest: KeyedDigest,
}

/// A rewrite that a rule wants.
#[derive(Debug)]
pub(crate) struct Wanted {
    name: String,
    /// What it may be about, most likely first.
    targets: Vec<About>,
    findings: Vec<Finding>,
}

/// [`Target`], for as long as the action is gone.
#[derive(Debug)]
enum About {
    Any,
    Command(Vec<OsString>),
    Tool,
}

/// Whether the decision wants a rewrite that is to be looked for.
pub(crate) fn is_wanted(request: &Request, mode: Mode, decision: &Decision) -> bool {
    let rewrites = |one: &Obligation| matches!(one, Obligation::Rewrite(_));
    let carried_out = match request.purpose {
        // Observing changes nothing.
        Purpose::Run => mode == Mode::Enforced,
        Purpose::Check | Purpose::Explain => true,
        Purpose::Loosen => false,
    };
    decision.verdict >= Verdict::Rewrite
        && decision.verdict < Verdict::Deny
        && carried_out
        && decision.obligations.iter().any(rewrites)
}

/// What the rules of a decision want to be rewritten, but for what the caller does by itself.
pub(crate) fn demands(
    policy: &Policy,
    request: &Request,
    case: &Case<'_>,
    decision: &Decision,
) -> Vec<Wanted> {
    let rules = policy.rules();
    let names = |obligations: &[Obligation]| -> Vec<String> {
        obligations.iter().filter_map(Obligation::rewrite).map(str::to_owned).collect()
    };
    let mut left = names(&decision.obligations);
    let mut all: Vec<Wanted> = Vec::new();
    for hit in decision.matched.iter().filter(|hit| hit.verdict == Verdict::Rewrite) {
        let Some(rule) = rules.iter().find(|rule| rule.id == hit.id) else { continue };
        for name in names(&rule.obligations) {
            left.retain(|other| *other != name);
            all.push(wanted(name, hit.part, case));
        }
    }
    // Those of policies of other systems, which do not say what of a call they are about.
    all.extend(left.into_iter().map(|name| wanted(name, 0, case)));
    all.retain(|wanted| request.fulfilled != Some(&*wanted.name));
    all
}

fn wanted(name: String, part: usize, case: &Case<'_>) -> Wanted {
    let about = case.all().nth(part).unwrap_or(case);
    let argv = &about.action.argv;
    let mut targets = Vec::new();
    if !argv.is_empty() {
        targets.push(About::Command(argv.clone()));
    }
    targets.extend(aliases(part, case).map(About::Command));
    if part == 0 && case.action.tool.is_some() {
        targets.push(About::Tool);
    }
    if argv.is_empty() || part == 0 {
        targets.push(About::Any);
    }
    Wanted { name, targets, findings: about.findings().to_vec() }
}

/// The calls of git by an alias that lead to a part of the action, nearest first: its own words stand
/// nowhere.
fn aliases<'a>(part: usize, case: &'a Case<'_>) -> impl Iterator<Item = Vec<OsString>> + 'a {
    let before: Vec<&Action> = case.all().take(part).map(|one| one.action).collect();
    let leading = before.into_iter().rev();
    let leading = leading.take_while(|action| datafog_shim::names_alias(&action.invocation));
    leading.map(|action| action.argv.clone())
}

/// Looks for the safe form of `request`, which was judged as `first`. `judge` reads and judges a form
/// as if it had been asked for.
///
/// # Errors
/// Why there is none, for a person.
pub(crate) fn safe_form(
    (request, first): (&Request, Judged),
    (policy, own): (&Policy, &Path),
    world: &dyn Surroundings,
    judge: &dyn Fn(&Request) -> Judged,
) -> Result<Safe, String> {
    let mut form = form_of(request);
    let mut now = request.clone();
    let (mut judged, mut by) = (first, Vec::new());
    let mut decision = lowered(judged.decision.clone());
    for _ in 0..MOST_ROUNDS {
        let Some(wanted) = judged.demands.first() else {
            by.extend(request.fulfilled.map(str::to_owned));
            let command = shown(&form, own, &judged.shown, world);
            let rewritten = Rewritten { by, command, action_digest: judged.digest };
            return Ok(Safe { request: now, decision, rewritten });
        };
        form = met(wanted, &form, (policy, own), world)?;
        by.push(wanted.name.clone());
        now = request_for(&form, request, own)?;
        judged = judge(&now);
        if is_own(&form, own) {
            // Our own program asks the gate about what it does before it does it.
            judged.demands.clear();
        } else {
            decision = foreign::stricter(decision, lowered(judged.decision.clone()));
        }
        if decision.verdict == Verdict::Deny {
            judged.demands.clear();
        }
    }
    Err("the safer forms of it come to no end".to_owned())
}

/// The decision without what was carried out by rewriting.
fn lowered(mut decision: Decision) -> Decision {
    if decision.verdict == Verdict::Rewrite {
        decision.verdict = Verdict::Allow;
    }
    decision.obligations.retain(|one| !matches!(one, Obligation::Rewrite(_)));
    decision
}

/// The form with one demand met.
fn met(
    wanted: &Wanted,
    form: &Form,
    (policy, own): (&Policy, &Path),
    world: &dyn Surroundings,
) -> Result<Form, String> {
    let custom: Option<CustomRewrite> = policy.rewrite(&wanted.name);
    let way = match (builtin(&wanted.name), &custom) {
        (Some(builtin), _) => Way::Builtin(builtin),
        (None, Some(custom)) => Way::Custom(custom),
        (None, None) => return Err(format!("there is no rewrite `{}`", wanted.name)),
    };
    for target in &wanted.targets {
        let target = match target {
            About::Any => Target::Any,
            About::Command(argv) => Target::Command(argv),
            About::Tool => Target::Tool,
        };
        let demand = Demand { way, target, findings: &wanted.findings, own };
        match rewrite(form, &demand, world) {
            Ok(Some(form)) => return Ok(form),
            Ok(None) => {}
            Err(Refusal(why)) => {
                return Err(format!("`{}` has no safe form here: {why}", wanted.name));
            }
        }
    }
    Err(format!(
        "`{}` finds nothing in it that it could change, and the rule still matches",
        wanted.name
    ))
}

fn form_of(request: &Request) -> Form {
    match &request.tool {
        Some((name, arguments)) => Form::Tool(name.clone(), arguments.clone()),
        None => Form::Command(request.os_argv()),
    }
}

/// The request that asks for the form, by the same caller and for the same purpose.
fn request_for(form: &Form, first: &Request, own: &Path) -> Result<Request, String> {
    match form {
        Form::Tool(name, arguments) => {
            Ok(Request { tool: Some((name.clone(), arguments.clone())), ..first.clone() })
        }
        Form::Command(argv) => {
            let word = |word: &OsString| CString::new(word.clone().into_vec()).map(Into::into);
            let words: Result<Vec<_>, _> = argv.iter().map(word).collect();
            let argv = words.map_err(|_| "a word of it holds a zero byte".to_owned())?;
            let same = argv.first() == first.argv.first();
            // Another program is looked for by its own name.
            let (call, misnamed) =
                if same { (first.call, first.misnamed.clone()) } else { (Call::ByPath, None) };
            let is_own = is_own(form, own);
            let is_line = first.is_line && !is_own;
            Ok(Request { argv, call, misnamed, is_line, is_own, ..first.clone() })
        }
    }
}

fn is_own(form: &Form, own: &Path) -> bool {
    matches!(form, Form::Command(argv) if argv.first().is_some_and(|head| Path::new(head) == own))
}

/// The new form as it may be shown. Of our own program the command that it stands for is.
fn shown(form: &Form, own: &Path, shown: &str, world: &dyn Surroundings) -> String {
    let Form::Command(argv) = form else { return shown.to_owned() };
    if !is_own(form, own) {
        return shown.to_owned();
    }
    let cut = argv.iter().position(|word| word == "--").unwrap_or(argv.len());
    let (head, rest) = argv.split_at_checked(cut.saturating_add(1)).unwrap_or((argv, &[]));
    let removes = head.get(1).is_some_and(|verb| verb == "trash");
    let mut words: Vec<OsString> = Vec::new();
    if removes {
        words.extend(["rm", "--"].map(OsString::from));
    }
    words.extend(rest.iter().cloned());
    let meant = datafog_shim::interpret(&words, world);
    let text = datafog_shim::display(&words, &meant, &|_| Vec::new());
    let text = text.strip_prefix("rm -- ").filter(|_| removes).unwrap_or(&text);
    let verb = head.iter().skip(1).map(|word| word.to_string_lossy());
    let verb: Vec<_> = verb.collect();
    format!("datafog {} {text}", verb.join(" "))
}

/// Makes of a decision what is told of a call that was rewritten: a transformation, unless more is
/// wanted.
fn told(first: &mut Decision, safe: &Decision) {
    if safe.verdict > Verdict::Rewrite {
        first.clone_from(safe);
        return;
    }
    for obligation in &safe.obligations {
        if !first.obligations.contains(obligation) {
            first.obligations.push(obligation.clone());
        }
    }
}

/// The decision when there is no safe form: a person decides about the call as it is.
pub(crate) fn held(mut decision: Decision, why: &str) -> Decision {
    if decision.verdict == Verdict::Rewrite {
        decision.verdict = Verdict::RequireApproval;
        // The rule that speaks is still the one that wanted the rewrite.
        if let Some(rule) = decision.matched.first_mut() {
            rule.verdict = Verdict::RequireApproval;
        }
    }
    decision.reason = format!("{}; {why}", decision.reason).into();
    decision.obligations.retain(|one| !matches!(one, Obligation::Rewrite(_)));
    if !decision.obligations.contains(&Obligation::Approve) {
        decision.obligations.push(Obligation::Approve);
    }
    decision
}

/// The arguments of a tool as they are now.
pub(crate) fn arguments(request: &Request) -> Option<Value> {
    request.tool.as_ref().map(|(_, arguments)| arguments.clone())
}

/// The line or the command of an action, before anything of it is hidden.
pub(crate) fn line_of<'a>(request: &Request, action: &'a Action) -> Option<&'a str> {
    if !request.is_line {
        return None;
    }
    action.argv.get(2)?.to_str()
}
