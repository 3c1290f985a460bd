//! A policy: read strictly, joined by layers, kept as bytes, asked for decisions.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use datafog_core::{CustomRewrite, Decision, Digest, Facts, Flow, Invocation, Verdict};

use crate::bytes::Damaged;
use crate::compiled::{self, Head, Opened, PolicyData, layout};
use crate::decide::{damaged, judge, may_ask_for_findings};
use crate::diagnostic::{Diagnostic, Level};
use crate::join::{Source, join};
use crate::leaves::{Fetched, Leaves, ReadAt};
use crate::{
    Example, Explanation, Interpreter, Layer, Question, Range, RewriteExample, Rule, Truth,
    Vocabulary, node,
};

/// A set of rules and what happens when none matches.
///
/// Made by [`Policy::parse`] from text, by [`Policy::from_bytes`] from what [`Policy::to_bytes`]
/// gave, or embedded. It is kept in compiled form; making one from bytes decodes nothing but its
/// front, and one made by [`Policy::from_front`] reads of the rest what a decision asks for.
#[derive(Clone, Debug)]
pub struct Policy {
    /// From the start: all of it, or the front alone where leaves are fetched.
    bytes: Cow<'static, [u8]>,
    fetched: Option<Arc<Fetched>>,
    digest: Digest,
    examples: Vec<Example>,
    rewrite_examples: Vec<RewriteExample>,
    warnings: Vec<Diagnostic>,
}

/// The bytes are no compiled policy of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a compiled policy of this version")]
pub struct NotCompiled;

/// Finds an embedded policy by name.
pub(crate) type Packs<'a> = &'a dyn Fn(&str) -> Option<Policy>;

impl Policy {
    /// Reads one policy file on top of what it `extends`; a system or user file that does not say
    /// extends `starter`.
    ///
    /// # Errors
    /// Everything that is wrong with the file, warnings included.
    pub(crate) fn parse_with(
        text: &str,
        path: &str,
        layer: Layer,
        vocabulary: &dyn Vocabulary,
        packs: Packs<'_>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let source = Source { text, path, layer };
        Self::joined(None, source, vocabulary, packs)
    }

    /// Lays one more file over this policy. A file of a layer that only tightens, and any file
    /// over a locked policy, can make no decision less strict.
    pub(crate) fn layer_with(
        &self,
        text: &str,
        path: &str,
        layer: Layer,
        vocabulary: &dyn Vocabulary,
        packs: Packs<'_>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let source = Source { text, path, layer };
        let mut policy = Self::joined(Some(self), source, vocabulary, packs)?;
        policy.examples.extend_from_slice(&self.examples);
        policy.rewrite_examples.extend_from_slice(&self.rewrite_examples);
        let mut warnings = self.warnings.clone();
        warnings.append(&mut policy.warnings);
        Ok(Self { warnings, ..policy })
    }

    fn joined(
        base: Option<&Self>,
        source: Source<'_>,
        vocabulary: &dyn Vocabulary,
        packs: Packs<'_>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let base = base.map(Self::to_data).transpose().map_err(|Damaged| source.damaged_base())?;
        let joined = join(base, source, vocabulary, packs)?;
        let bytes = layout(&joined.policy);
        let policy = Self::from_bytes(bytes).map_err(|NotCompiled| source.damaged_base())?;
        let (examples, rewrite_examples) = (joined.examples, joined.rewrite_examples);
        Ok(Self { examples, rewrite_examples, warnings: joined.warnings, ..policy })
    }

    /// Takes compiled bytes. Only the head is checked: a part that is damaged denies when it is
    /// reached. Whoever keeps bytes where others may write them must authenticate them first.
    ///
    /// # Errors
    /// When these are no compiled policy of this version.
    pub fn from_bytes(bytes: impl Into<Cow<'static, [u8]>>) -> Result<Self, NotCompiled> {
        let bytes = bytes.into();
        let Ok(Opened { digest, head, front }) = compiled::open(&bytes) else {
            return Err(NotCompiled);
        };
        let leaves = bytes.len().saturating_sub(front);
        let whole = head.directory().covers(leaves);
        if whole { Ok(Self::of(bytes, digest, None)) } else { Err(NotCompiled) }
    }

    /// Takes the first [`Policy::front_len`] of compiled bytes; `leaves` has those behind them. The
    /// front must be authenticated by the caller. What is read behind it is checked against it here.
    ///
    /// # Errors
    /// When this is no front of a compiled policy of this version.
    pub fn from_front(front: Vec<u8>, leaves: Box<dyn ReadAt>) -> Result<Self, NotCompiled> {
        let Ok(Opened { digest, head, front: length }) = compiled::open(&front) else {
            return Err(NotCompiled);
        };
        if length != front.len() {
            return Err(NotCompiled);
        }
        let fetched = Arc::new(Fetched::new(leaves, head.directory()));
        Ok(Self::of(front.into(), digest, Some(fetched)))
    }

    fn of(bytes: Cow<'static, [u8]>, digest: Digest, fetched: Option<Arc<Fetched>>) -> Self {
        let (examples, rewrite_examples) = (Vec::new(), Vec::new());
        Self { bytes, fetched, digest, examples, rewrite_examples, warnings: Vec::new() }
    }

    /// A policy without rules that denies everything.
    pub(crate) fn closed() -> Self {
        let bytes = layout(&PolicyData {
            id: String::from("closed"),
            version: String::from("1"),
            description: String::from("denies everything"),
            default: Verdict::Deny,
            unscannable: Verdict::Deny,
            locked: true,
            rules: Vec::new(),
            rewrites: Vec::new(),
        });
        let digest = Digest::of(&bytes);
        Self::of(Cow::Owned(bytes), digest, None)
    }

    /// The compiled bytes. Examples and warnings are not among them: they were dealt with when
    /// the policy was compiled. Empty, which is no policy, when a leaf cannot be read.
    #[must_use]
    pub fn to_bytes(&self) -> Cow<'_, [u8]> {
        match &self.fetched {
            None => Cow::Borrowed(&self.bytes),
            Some(_) => Cow::Owned(self.to_data().map(|data| layout(&data)).unwrap_or_default()),
        }
    }

    /// How many of the compiled bytes are the front, which must be authenticated where others may
    /// write. It names each of the bytes behind it by a digest.
    #[must_use]
    pub fn front_len(&self) -> usize {
        compiled::open(&self.bytes).map_or(0, |opened| opened.front)
    }

    /// SHA-256 of the policy in canonical form, as written when it was compiled.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// The policy's id.
    #[must_use]
    pub fn id(&self) -> &str {
        self.head().map_or("", |head| head.id)
    }

    /// The policy's version.
    #[must_use]
    pub fn version(&self) -> &str {
        self.head().map_or("", |head| head.version)
    }

    /// What the policy is for.
    #[must_use]
    pub fn description(&self) -> &str {
        self.head().map_or("", |head| head.description)
    }

    /// The verdict when no rule matches.
    pub fn default_verdict(&self) -> Verdict {
        self.head().map_or(Verdict::Deny, |head| head.default)
    }

    /// The verdict on content that moves this way and cannot be judged. Only content that leaves
    /// the machine is ever held back; the same verdict is part of [`Policy::decide`].
    pub fn unscannable(&self, flow: Flow) -> Verdict {
        match flow {
            Flow::Leaves => self.head().map_or(Verdict::Deny, |head| head.unscannable),
            Flow::Destroys | Flow::Enters | Flow::Loopback | Flow::Stays => Verdict::Allow,
        }
    }

    /// Judges an action with all its nested parts. Never fails: a damaged policy denies.
    pub fn decide(&self, facts: &dyn Facts) -> Decision {
        self.head().and_then(|head| judge(&head, facts)).unwrap_or_else(|Damaged| damaged())
    }

    /// Whether some rule could want to know what is found in such a call: content that is costly to
    /// come by need not be looked at otherwise. A damaged policy wants to know nothing.
    #[must_use]
    pub fn may_ask_for_findings(&self, invocation: &Invocation) -> bool {
        self.head().is_ok_and(|head| may_ask_for_findings(&head, invocation))
    }

    /// Judges an action and tells how: every rule with every condition. Asks everything, the
    /// costly facts too.
    #[must_use]
    pub fn explain(&self, facts: &dyn Facts) -> Explanation {
        let explained = self.head().and_then(|head| crate::explain::explain(&head, facts));
        explained.unwrap_or_else(|Damaged| Explanation {
            decision: damaged(),
            default: Verdict::Deny,
            parts: Vec::new(),
        })
    }

    /// The verdicts that are possible when some answers are open: `is_open` is told of each
    /// condition right after it was asked. Between two verdicts that differ, nobody
    /// can tell. A damaged policy denies.
    pub fn range(&self, facts: &dyn Facts, is_open: &dyn Fn(Question) -> bool) -> Range {
        let found = self.head().and_then(|head| crate::range::range(&head, facts, is_open));
        let (least, most) = (Verdict::Deny, Verdict::Deny);
        found.unwrap_or_else(|Damaged| Range { least, most, open: Vec::new() })
    }

    /// Every rule, in order. Empty when the compiled bytes are damaged.
    #[must_use]
    pub fn rules(&self) -> Vec<Rule> {
        let rules = self.head().and_then(|head| {
            (0..head.len()).map(|number| listed(&head, number)).collect::<Result<Vec<_>, _>>()
        });
        rules.unwrap_or_default()
    }

    /// What is odd about the files, though they can be used. Not kept in compiled bytes.
    #[must_use]
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// The examples of all rules that were read from text. Not kept in compiled bytes.
    #[must_use]
    pub fn examples(&self) -> &[Example] {
        &self.examples
    }

    /// The rewrite of that name that a file describes.
    #[must_use]
    pub fn rewrite(&self, name: &str) -> Option<CustomRewrite> {
        let all = self.head().and_then(|head| head.rewrites()).ok()?;
        all.into_iter().find(|one| one.name == name)
    }

    /// The examples of rewrites that were read from text. Not kept in compiled bytes.
    #[must_use]
    pub fn rewrite_examples(&self) -> &[RewriteExample] {
        &self.rewrite_examples
    }

    /// Checks every example against its rule; what does not hold is an error.
    #[must_use]
    pub fn check_examples(&self, interpreter: &dyn Interpreter) -> Vec<Diagnostic> {
        let numbers = self.head().and_then(|head| {
            let id = |number| Ok((head.text(head.entry(number)?)?.id.to_owned(), number));
            (0..head.len()).map(id).collect::<Result<HashMap<String, u16>, Damaged>>()
        });
        let numbers = numbers.unwrap_or_default();
        let check = |example: &Example| {
            self.check_example(example, numbers.get(&example.rule).copied(), interpreter)
        };
        self.examples.iter().filter_map(check).collect()
    }

    fn check_example(
        &self,
        example: &Example,
        rule: Option<u16>,
        interpreter: &dyn Interpreter,
    ) -> Option<Diagnostic> {
        let (message, help) = match interpreter.facts(example) {
            Err(fault) => (format!("the example cannot be understood: {fault}"), None),
            Ok(facts) => self.judge_example(example, rule, &*facts)?,
        };
        Some(Diagnostic { level: Level::Error, message, help, ..example.place.clone() })
    }

    /// What is wrong with the example, if anything, with the conditions that made it so.
    fn judge_example(
        &self,
        example: &Example,
        rule: Option<u16>,
        facts: &dyn Facts,
    ) -> Option<(String, Option<String>)> {
        let traces = self.head().and_then(|head| match rule {
            Some(number) => crate::explain::one_rule(&head, number, facts),
            None => Ok(Vec::new()),
        });
        let traces = traces.unwrap_or_default();
        let fires = |trace: &crate::RuleTrace| trace.truth.counts_for(trace.rule.effect);
        if traces.iter().any(fires) == example.matches {
            return None;
        }
        let (id, shown) = (&example.rule, example.shown());
        let message = if example.matches {
            format!("rule `{id}` does not match its example `{shown}`")
        } else {
            format!("rule `{id}` matches `{shown}`, which it must not")
        };
        let conditions = traces.iter().flat_map(|trace| &trace.conditions);
        let telling: Vec<String> = conditions
            .filter(|one| !one.wanted.is_empty() && (one.truth == Truth::True) != example.matches)
            .map(|one| {
                format!(
                    "`{}` is {}: {} wanted, {} there",
                    one.name, one.truth, one.wanted, one.seen
                )
            })
            .collect();
        Some((message, (!telling.is_empty()).then(|| telling.join(" · "))))
    }

    pub(crate) fn to_data(&self) -> Result<PolicyData, Damaged> {
        self.head()?.to_data()
    }

    fn head(&self) -> Result<Head<'_>, Damaged> {
        let head = compiled::open(&self.bytes)?.head;
        Ok(match &self.fetched {
            Some(fetched) => head.with_leaves(Leaves::Fetched(fetched)),
            None => head,
        })
    }
}

/// One rule in words.
pub(crate) fn listed(head: &Head<'_>, number: u16) -> Result<Rule, Damaged> {
    let entry = head.entry(number)?;
    let text = head.text(entry)?;
    let id_of = |rule: &u16| Ok(head.text(head.entry(*rule)?)?.id.to_owned());
    Ok(Rule {
        id: text.id.to_owned(),
        effect: text.effect,
        severity: text.severity,
        reason: text.reason.to_owned(),
        instead: text.instead.map(str::to_owned),
        overrides: text.overrides.iter().map(id_of).collect::<Result<_, Damaged>>()?,
        obligations: text.obligations.clone(),
        origin: head.origin(&text)?,
        layer: text.layer,
        only_tightens: text.only_tightens,
        locked: text.locked,
        conditions: node::describe(head.when(entry)?)?,
    })
}
