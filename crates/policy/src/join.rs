//! Joins a policy file with what it builds on, and checks what can only be seen together.

use core::ops::Range;
use std::collections::{HashMap, HashSet};

use datafog_core::{Obligation, RuleOrigin, Severity, Verdict};

use crate::compiled::{MOST_RULES, PolicyData, RuleData};
use crate::condition::unscannable;
use crate::diagnostic::{Diagnostic, Level, SourceText};
use crate::node::encode_all;
use crate::policy::Packs;
use crate::read::{Document, RuleSource, read};
use crate::spelling::nearest;
use crate::wider::Wider;
use crate::{Example, Layer, RewriteExample, Vocabulary};

/// Id of the rule that `[policy] unscannable` stands for. Rules may override it by that name.
const UNSCANNABLE_ID: &str = "unscannable";

/// For so many mistakes at most a known id is looked for that is like the one that was written.
const MOST_GUESSES: usize = 100;

/// A policy file with its place among the layers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source<'a> {
    pub(crate) text: &'a str,
    pub(crate) path: &'a str,
    pub(crate) layer: Layer,
}

impl Source<'_> {
    /// What is said when the policy below cannot be read.
    pub(crate) fn damaged_base(&self) -> Vec<Diagnostic> {
        let message = String::from("the compiled policy below this file is damaged");
        let source = SourceText { path: self.path, text: self.text };
        vec![source.diagnostic(Level::Error, 0..0, message)]
    }
}

/// A policy file joined with what it builds on.
#[derive(Debug)]
pub(crate) struct Joined {
    pub(crate) policy: PolicyData,
    pub(crate) examples: Vec<Example>,
    pub(crate) rewrite_examples: Vec<RewriteExample>,
    pub(crate) warnings: Vec<Diagnostic>,
}

/// Joins `source` with `base`, or with what it extends.
pub(crate) fn join(
    base: Option<PolicyData>,
    source: Source<'_>,
    vocabulary: &dyn Vocabulary,
    packs: Packs<'_>,
) -> Result<Joined, Vec<Diagnostic>> {
    let text = SourceText { path: source.path, text: source.text };
    let below = base.iter().flat_map(|base| &base.rewrites).map(|one| one.name.clone());
    let (document, diagnostics) = read(text, vocabulary, below.collect());
    let mut joiner = Joiner { source, text, diagnostics };
    let Some(document) = document else { return Err(joiner.sorted()) };
    let policy = joiner.join(base, &document, packs);
    let warnings = joiner.sorted();
    let sound = !warnings.iter().any(Diagnostic::is_error);
    let Some(policy) = policy.filter(|_| sound) else { return Err(warnings) };
    let examples = document.rules.into_iter().flat_map(|rule| rule.examples).collect();
    let rewrite_examples = document.rewrites.into_iter().flat_map(|one| one.examples).collect();
    Ok(Joined { policy, examples, rewrite_examples, warnings })
}

struct Joiner<'a> {
    source: Source<'a>,
    text: SourceText<'a>,
    diagnostics: Vec<Diagnostic>,
}

impl Joiner<'_> {
    fn sorted(self) -> Vec<Diagnostic> {
        let mut diagnostics = self.diagnostics;
        diagnostics.sort_by_key(|one| (one.line, one.column));
        diagnostics
    }

    fn join(
        &mut self,
        base: Option<PolicyData>,
        document: &Document,
        packs: Packs<'_>,
    ) -> Option<PolicyData> {
        let locked = base.as_ref().is_some_and(|base| base.locked);
        let tightens = self.source.layer.only_tightens() || locked;
        self.check_own(document, tightens);
        let base = self.extend(base, document, tightens, packs);
        let mut policy = self.head(base, document, tightens)?;
        let below = policy.rules.len();
        for rule in &document.rules {
            self.rule(rule, &mut policy, document, tightens, below);
        }
        self.rewrites(document, &mut policy);
        self.check_cycles(document, &policy);
        self.check_shadows(document, &policy, below);
        self.check_overridden(document, &policy, below);
        if policy.rules.len() > MOST_RULES {
            self.error(document.head.clone(), "too many rules", "65535 are the most");
        }
        Some(policy)
    }

    /// Refuses detectors and exceptions where nobody would look for them: only the machine's file
    /// and the user's hold any, and an exception loosens.
    fn check_own(&mut self, document: &Document, tightens: bool) {
        let searched = matches!(self.source.layer, Layer::System | Layer::User);
        let (move_it, why) =
            ("move it to the `policy.toml` of the installation", self.why_tighten());
        for span in document.detectors.iter().filter(|_| !searched) {
            let help = format!("{move_it}; a rule here may ask for what it finds");
            self.error(span.clone(), "a detector in this file would find nothing", &help);
        }
        for span in document.exceptions.iter().filter(|_| tightens || !searched) {
            let help = if searched { why.to_owned() } else { format!("{move_it}: {why}") };
            self.error(span.clone(), "an exception has no place in this file", &help);
        }
    }

    /// Adds the rewrites that the document describes. Only the machine's file and the user's may:
    /// what a rewrite makes of a command is the owner's business.
    fn rewrites(&mut self, document: &Document, policy: &mut PolicyData) {
        let owned = matches!(self.source.layer, Layer::Builtin | Layer::System | Layer::User);
        for one in &document.rewrites {
            let name = &one.rewrite.name;
            if !owned {
                let help =
                    "move it to the `policy.toml` of the installation; a rule here may ask for it";
                self.error(one.span.clone(), "a rewrite has no place in this file", help);
            } else if policy.rewrites.iter().any(|other| other.name == *name) {
                let message = format!("there is a rewrite `{name}` already");
                self.error(one.span.clone(), &message, "choose another name");
            } else {
                policy.rewrites.push(one.rewrite.clone());
            }
        }
    }

    /// Adds the embedded policies that the document builds on.
    fn extend(
        &mut self,
        base: Option<PolicyData>,
        document: &Document,
        tightens: bool,
        packs: Packs<'_>,
    ) -> Option<PolicyData> {
        let implied = match (&base, self.source.layer) {
            (None, Layer::System | Layer::User) => vec![(String::from("starter"), 0..0)],
            _ => Vec::new(),
        };
        let mut whole = base;
        for (name, span) in document.extends.as_ref().unwrap_or(&implied) {
            let pack = packs(name).and_then(|pack| pack.to_data().ok());
            let Some(pack) = pack else {
                let known = crate::builtin::NAMES;
                let help = nearest(name, known).map_or_else(
                    || format!("the embedded policies are {}", crate::read::quoted(&known)),
                    |near| format!("did you mean `{near}`?"),
                );
                self.error(span.clone(), &format!("there is no embedded policy `{name}`"), &help);
                continue;
            };
            whole = Some(match whole {
                None => pack,
                Some(whole) => add_pack(whole, pack, tightens),
            });
        }
        whole
    }

    /// Identity, default and unscannable of the joined policy.
    fn head(
        &mut self,
        base: Option<PolicyData>,
        document: &Document,
        tightens: bool,
    ) -> Option<PolicyData> {
        let mut policy = match base {
            Some(base) => base,
            None => self.empty(document)?,
        };
        for (key, stated, present) in [
            ("default", &document.default, &mut policy.default),
            ("unscannable", &document.unscannable, &mut policy.unscannable),
        ] {
            let Some((verdict, span)) = stated else { continue };
            if tightens && verdict < present {
                let message = format!("`{key}` can only be tightened here, and it is `{present}`");
                self.error(span.clone(), &message, self.why_tighten());
            }
            *present = *verdict;
        }
        let joined = |below: &str, here: &str| {
            if tightens && !below.is_empty() { format!("{below}+{here}") } else { here.to_owned() }
        };
        policy.id = joined(&policy.id, &document.id);
        policy.version = joined(&policy.version, &document.version);
        if !document.description.is_empty() || !tightens {
            policy.description.clone_from(&document.description);
        }
        policy.locked |= document.locked;
        self.set_unscannable(&mut policy, document, tightens);
        Some(policy)
    }

    /// A policy that builds on nothing must say itself what happens to everything else.
    fn empty(&mut self, document: &Document) -> Option<PolicyData> {
        let Some((default, _)) = document.default else {
            let help = "add `default = \"allow\"` or `default = \"deny\"`";
            self.error(
                document.head.clone(),
                "nothing says what happens when no rule matches",
                help,
            );
            return None;
        };
        Some(PolicyData {
            id: String::new(),
            version: String::new(),
            description: String::new(),
            default,
            unscannable: Verdict::Deny,
            locked: false,
            rules: Vec::new(),
            rewrites: Vec::new(),
        })
    }

    /// Keeps the rule that `unscannable` stands for in step with the setting.
    fn set_unscannable(&self, policy: &mut PolicyData, document: &Document, tightens: bool) {
        let stated = document.unscannable.as_ref().map(|(_, span)| span.start);
        let present = policy.rules.iter().position(|rule| rule.id == UNSCANNABLE_ID);
        if stated.is_none() && (present.is_some() || policy.unscannable == Verdict::Allow) {
            return;
        }
        if let Some(index) = present {
            policy.rules.remove(index);
        }
        if policy.unscannable == Verdict::Allow {
            return;
        }
        let line = self.text.line_of(stated.unwrap_or(document.head.start));
        let rule = RuleData {
            id: String::from(UNSCANNABLE_ID),
            effect: policy.unscannable,
            severity: Severity::Medium,
            reason: String::from("content would leave this machine that could not be judged"),
            instead: Some(String::from(
                "write everything out, and send content as regular files that datafog can read",
            )),
            overrides: Vec::new(),
            obligations: if policy.unscannable == Verdict::RequireApproval {
                vec![Obligation::Approve]
            } else {
                Vec::new()
            },
            origin: self.origin(line),
            layer: self.source.layer,
            only_tightens: tightens,
            locked: false,
            when: encode_all(&unscannable()),
        };
        policy.rules.insert(0, rule);
    }
    /// Adds one rule, with the checks that need the rules below.
    fn rule(
        &mut self,
        rule: &RuleSource,
        policy: &mut PolicyData,
        document: &Document,
        tightens: bool,
        below: usize,
    ) {
        let (base, _) = policy.rules.split_at(below);
        if rule.id == UNSCANNABLE_ID {
            let help = "it is the rule that `[policy] unscannable` stands for";
            self.error(rule.id_span.clone(), &format!("the id `{}` is taken", rule.id), help);
        } else if let Some(same) = base.iter().find(|one| one.id == rule.id) {
            let help = format!("choose another id; that rule is {}", place(&same.origin));
            self.error(rule.id_span.clone(), &format!("the id `{}` is taken", rule.id), &help);
        }
        for (id, span) in &rule.overrides {
            self.check_override(rule, id, span, document, base, tightens);
        }
        let idle = rule.effect == Verdict::Allow && rule.overrides.is_empty();
        if idle && (tightens || policy.default == Verdict::Allow) {
            let help = "name the rules it is an exception to: `overrides = [\"…\"]`";
            let message = format!("rule `{}` changes nothing", rule.id);
            self.report(Level::Warning, rule.id_span.clone(), message, Some(help.to_owned()));
        }
        policy.rules.push(RuleData {
            id: rule.id.clone(),
            effect: rule.effect,
            severity: rule.severity,
            reason: rule.reason.clone(),
            instead: rule.instead.clone(),
            overrides: rule.overrides.iter().map(|(id, _)| id.clone()).collect(),
            obligations: rule.obligations.clone(),
            origin: self.origin(rule.line),
            layer: self.source.layer,
            only_tightens: tightens,
            locked: rule.locked,
            when: encode_all(&rule.nodes),
        });
    }

    fn check_override(
        &mut self,
        rule: &RuleSource,
        id: &str,
        span: &Range<usize>,
        document: &Document,
        base: &[RuleData],
        tightens: bool,
    ) {
        if id == rule.id {
            self.error(span.clone(), "a rule cannot override itself", "name another rule");
            return;
        }
        let here = document.rules.iter().any(|one| one.id == id);
        let below = id == UNSCANNABLE_ID || base.iter().any(|one| one.id == id);
        // Not even by its own file: another layer could then take out what keeps that override
        // from counting.
        let own = document.rules.iter().find(|one| one.id == id && one.locked);
        let own = own.map(|one| self.origin(one.line));
        let locked = base.iter().find(|one| one.id == id && one.locked);
        if let Some(origin) = locked.map(|one| one.origin.clone()).or(own) {
            let help = format!("{} locks it", place(&origin));
            self.error(span.clone(), &format!("`{id}` cannot be overridden"), &help);
            return;
        }
        if here || (below && !tightens) {
            return;
        }
        if below {
            let message = format!("`{id}` cannot be overridden here");
            self.error(span.clone(), &message, self.why_tighten());
            return;
        }
        let known = document.rules.iter().map(|one| one.id.as_str());
        let known = known.chain(base.iter().map(|one| one.id.as_str()));
        // Whoever makes so many mistakes is not helped by a guess for each.
        let near = if self.diagnostics.len() < MOST_GUESSES { nearest(id, known) } else { None };
        let help = near.map_or_else(
            || String::from("name a rule of this file or of what it extends"),
            |near| format!("did you mean `{near}`?"),
        );
        self.error(span.clone(), &format!("there is no rule `{id}`"), &help);
    }

    /// Refuses rules that override each other in a circle: nobody could say which one counts.
    fn check_cycles(&mut self, document: &Document, policy: &PolicyData) {
        let by_id: HashMap<&str, &RuleData> =
            policy.rules.iter().map(|rule| (rule.id.as_str(), rule)).collect();
        for rule in document.rules.iter().filter(|rule| !rule.overrides.is_empty()) {
            let direct = rule.overrides.iter().map(|(id, _)| id.as_str());
            let mut left: Vec<&str> = direct.filter(|id| *id != rule.id).collect();
            let mut reached: HashSet<&str> = left.iter().copied().collect();
            while let Some(id) = left.pop() {
                let below = by_id.get(id).map(|one| one.overrides.as_slice()).unwrap_or_default();
                left.extend(below.iter().map(String::as_str).filter(|id| reached.insert(id)));
            }
            if reached.contains(rule.id.as_str()) {
                let span = rule.overrides.first().map_or(0..0, |(_, span)| span.clone());
                let message = format!("rule `{}` overrides itself by way of others", rule.id);
                self.error(span, &message, "take one of them out of its list");
            }
        }
    }

    /// Refuses rules that never decide, because another one matches whenever they do and is
    /// stricter, or is the same.
    fn check_shadows(&mut self, document: &Document, policy: &PolicyData, below: usize) {
        let overridden: HashSet<&String> =
            policy.rules.iter().flat_map(|rule| &rule.overrides).collect();
        let wider = Wider::of(&policy.rules);
        let own = policy.rules.iter().enumerate().skip(below);
        for ((index, rule), source) in own.zip(&document.rules) {
            if !rule.overrides.is_empty() {
                continue;
            }
            let others = wider.than(rule);
            let same = others.clone().find(|(at, one)| {
                *at < index && one.effect == rule.effect && one.when == rule.when
            });
            let mut stricter = others.filter(|(_, one)| one.effect > rule.effect);
            let by = same.or_else(|| stricter.next()).map(|(_, one)| one);
            if let Some(by) = by.filter(|one| !overridden.contains(&one.id)) {
                let message = format!("rule `{}` never decides anything", rule.id);
                let help = format!(
                    "`{}` ({}) matches whenever it does, and its effect is `{}`",
                    by.id,
                    place(&by.origin),
                    by.effect
                );
                self.error(source.id_span.clone(), &message, &help);
            }
        }
    }

    /// Tells of rules that another one overrides whenever they certainly match.
    fn check_overridden(&mut self, document: &Document, policy: &PolicyData, below: usize) {
        let mut lifting: HashMap<&str, Vec<&RuleData>> = HashMap::new();
        for rule in &policy.rules {
            for id in &rule.overrides {
                lifting.entry(id).or_default().push(rule);
            }
        }
        let own = policy.rules.iter().skip(below);
        for (rule, source) in own.zip(&document.rules) {
            let by = lifting.get(rule.id.as_str()).map(Vec::as_slice).unwrap_or_default();
            let by = by.iter().find(|one| crate::node::covers(&one.when, &rule.when));
            let Some(by) = by else { continue };
            let message = format!("rule `{}` never counts", rule.id);
            let help = format!(
                "`{}` ({}) overrides it and matches whenever it does; narrow that one",
                by.id,
                place(&by.origin)
            );
            self.report(Level::Warning, source.id_span.clone(), message, Some(help));
        }
    }

    const fn why_tighten(&self) -> &'static str {
        match self.source.layer {
            Layer::Project => "a project's file can only make decisions stricter",
            Layer::Env | Layer::Cli => "what a process states can only make decisions stricter",
            Layer::Builtin => "an embedded policy is the same for everybody",
            Layer::System | Layer::User => "the policy below is locked",
        }
    }

    fn origin(&self, line: u32) -> RuleOrigin {
        match (self.source.layer, self.source.path) {
            (Layer::Builtin, "starter") => RuleOrigin::Builtin,
            (Layer::Builtin, pack) => {
                RuleOrigin::File { path: format!("built-in policy {pack}"), line }
            }
            (_, path) => RuleOrigin::File { path: path.to_owned(), line },
        }
    }

    fn error(&mut self, span: Range<usize>, message: &str, help: &str) {
        self.report(Level::Error, span, message.to_owned(), Some(help.to_owned()));
    }

    fn report(&mut self, level: Level, span: Range<usize>, message: String, help: Option<String>) {
        let diagnostic = self.text.diagnostic(level, span, message);
        self.diagnostics.push(Diagnostic { help, ..diagnostic });
    }
}

/// Adds the rules of an embedded policy that are not there yet; the stricter defaults hold.
fn add_pack(mut whole: PolicyData, pack: PolicyData, tightens: bool) -> PolicyData {
    let there = |id: &str, rules: &[RuleData]| rules.iter().any(|rule| rule.id == id);
    let new = pack.rules.into_iter().filter(|rule| !there(&rule.id, &whole.rules));
    let mut new: Vec<RuleData> = new.collect();
    if tightens {
        let ids: Vec<String> = new.iter().map(|rule| rule.id.clone()).collect();
        for rule in &mut new {
            rule.only_tightens = true;
            rule.overrides.retain(|id| ids.contains(id));
        }
    }
    whole.rules.append(&mut new);
    whole.default = whole.default.max(pack.default);
    whole.unscannable = whole.unscannable.max(pack.unscannable);
    whole
}

/// Where a rule stands, for a sentence.
fn place(origin: &RuleOrigin) -> String {
    match origin {
        RuleOrigin::Builtin => String::from("in the built-in starter policy"),
        RuleOrigin::File { path, line } => format!("{path}:{line}"),
    }
}
