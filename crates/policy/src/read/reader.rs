//! Strict access to TOML values: each call either gives what was asked for or reports why not.

use core::ops::Range;
use std::borrow::Cow;

use datafog_core::Severity;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::condition::risk::Signal;
use crate::condition::role::Members;
use crate::diagnostic::{Diagnostic, Level, SourceText};
use crate::spelling::nearest;
use crate::truth::Which;
use crate::{Vocabulary, glob, path_pattern};

/// A value with its place in the text.
pub(crate) type Item<'a> = Spanned<DeValue<'a>>;

/// Where a condition stands, which settles how a bare list is meant.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sense {
    /// The rule lets something through that would otherwise be stopped.
    pub(crate) loosens: bool,
    /// The condition stands under `unless` or `none`.
    pub(crate) negated: bool,
}

impl Sense {
    /// Any item suffices for a rule that stops something, every item must fit for one that lets
    /// something through; the other way round in an exception.
    pub(crate) const fn which(self) -> Which {
        if self.loosens == self.negated { Which::Any } else { Which::Every }
    }

    pub(crate) const fn negate(self) -> Self {
        Self { negated: !self.negated, ..self }
    }
}

/// A condition that holds around others, and the words of which it wants one.
#[derive(Clone, Debug)]
pub(crate) struct Settled {
    pub(crate) condition: &'static str,
    pub(crate) words: Vec<String>,
}

/// One policy file being read.
pub(crate) struct Reader<'a> {
    pub(crate) source: SourceText<'a>,
    pub(crate) vocabulary: &'a dyn Vocabulary,
    /// Commands that the conditions being read are about; empty for any.
    pub(crate) commands: Vec<String>,
    /// What the conditions around those being read already settle: the words of conditions that an
    /// action can only have one of.
    pub(crate) settled: Vec<Settled>,
    /// How many groups of which not all need to hold stand around them.
    pub(crate) branches: usize,
    /// Who has which role.
    pub(crate) roles: Vec<Members>,
    /// Names of the rewrites that this file describes, and those below it.
    pub(crate) rewrites: Vec<String>,
    /// Id of the rule being read.
    pub(crate) rule: String,
    /// Signals of risk, once they are read.
    pub(crate) signals: Vec<Signal>,
    /// A rule asks for the score.
    pub(crate) asks_risk: bool,
    /// Roles that rules ask for, by name.
    pub(crate) asked_roles: Vec<String>,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(source: SourceText<'a>, vocabulary: &'a dyn Vocabulary) -> Self {
        Self {
            source,
            vocabulary,
            commands: Vec::new(),
            settled: Vec::new(),
            branches: 0,
            roles: Vec::new(),
            rewrites: Vec::new(),
            rule: String::new(),
            signals: Vec::new(),
            asks_risk: false,
            asked_roles: Vec::new(),
            diagnostics: Vec::new(),
        }
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    pub(crate) fn error(&mut self, span: Range<usize>, message: impl Into<String>) {
        let diagnostic = self.source.diagnostic(Level::Error, span, message.into());
        self.diagnostics.push(diagnostic);
    }

    pub(crate) fn error_with_help(
        &mut self,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.report(Level::Error, span, message.into(), Some(help.into()));
    }

    pub(crate) fn warn(
        &mut self,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.report(Level::Warning, span, message.into(), Some(help.into()));
    }

    pub(crate) fn report(
        &mut self,
        level: Level,
        span: Range<usize>,
        message: String,
        help: Option<String>,
    ) {
        let diagnostic = self.source.diagnostic(level, span, message);
        self.diagnostics.push(Diagnostic { help, ..diagnostic });
    }

    /// A word that is none of the known ones, with the nearest of them or all of them.
    pub(crate) fn unknown_word(
        &mut self,
        span: Range<usize>,
        what: &str,
        word: &str,
        known: &[&str],
    ) {
        let help = nearest(word, known.iter().copied()).map_or_else(
            || format!("expected one of {}", quoted(known)),
            |near| format!("did you mean `{near}`?"),
        );
        self.error_with_help(span, format!("unknown {what} `{word}`"), help);
    }

    fn wrong_type(&mut self, item: &Item<'_>, expected: &str) {
        let given = item.get_ref().type_str();
        self.error(item.span(), format!("expected {expected}, found {given}"));
    }

    pub(crate) fn text<'i>(&mut self, item: &'i Item<'_>) -> Option<&'i str> {
        let Some(text) = item.get_ref().as_str() else {
            self.wrong_type(item, "a string");
            return None;
        };
        if text.trim().is_empty() {
            self.error(item.span(), "the text is empty");
            return None;
        }
        if text.contains(|letter: char| letter.is_control() && !matches!(letter, '\n' | '\t')) {
            self.error(item.span(), "the text holds a control character");
            return None;
        }
        Some(text)
    }

    pub(crate) fn flag(&mut self, item: &Item<'_>) -> Option<bool> {
        let flag = item.get_ref().as_bool();
        if flag.is_none() {
            self.wrong_type(item, "`true` or `false`");
        }
        flag
    }

    /// A whole number of at least 1.
    pub(crate) fn count(&mut self, item: &Item<'_>) -> Option<u32> {
        let number = item.get_ref().as_integer();
        let count = number.and_then(|number| {
            u32::from_str_radix(number.as_str(), number.radix()).ok().filter(|&count| count > 0)
        });
        if count.is_none() {
            self.error(item.span(), "expected a whole number of at least 1");
        }
        count
    }

    /// A share between 0 and 1, in per cent.
    pub(crate) fn share(&mut self, item: &Item<'_>) -> Option<u8> {
        let value = item.get_ref();
        let float = value.as_float().map(|float| float.as_str());
        let whole = value.as_integer().map(|integer| integer.as_str());
        let text = float.or(whole).unwrap_or_default();
        let share = text.parse::<f64>().ok().filter(|share| (0.0..=1.0).contains(share));
        let Some(share) = share else {
            self.error(item.span(), "expected a number between 0 and 1");
            return None;
        };
        // 0 to 100 by the check above: the first candidate that is not below it is the nearest.
        (0..=100_u8).find(|&percent| f64::from(percent) + 0.5 > share * 100.0)
    }

    /// A string, or a list of different strings that is not empty. Each with its place.
    pub(crate) fn texts<'i>(&mut self, item: &'i Item<'_>) -> Option<Vec<Spanned<&'i str>>> {
        let Some(items) = item.get_ref().as_array() else {
            if item.get_ref().as_str().is_none() {
                self.wrong_type(item, "a string or a list of strings");
                return None;
            }
            let text = self.text(item)?;
            return Some(vec![Spanned::new(item.span(), text)]);
        };
        if items.is_empty() {
            self.error_with_help(
                item.span(),
                "the list is empty",
                "a condition on nothing never holds",
            );
            return None;
        }
        let mut texts: Vec<Spanned<&str>> = Vec::new();
        let mut sound = true;
        for item in items {
            let Some(text) = self.text(item) else {
                sound = false;
                continue;
            };
            if texts.iter().any(|one| *one.get_ref() == text) {
                self.error(item.span(), format!("`{text}` is listed twice"));
                sound = false;
            }
            texts.push(Spanned::new(item.span(), text));
        }
        sound.then_some(texts)
    }

    /// Refuses glob signs in names that are compared whole, `what` they name; says whether all are
    /// sound. `[` alone is a program's name.
    pub(crate) fn check_whole(&mut self, names: &[Spanned<&str>], what: &str) -> bool {
        let is_glob = |name: &str| {
            name.contains(['*', '?'])
                || name.split_once('[').is_some_and(|(_, set)| set.contains(']'))
        };
        let mut sound = true;
        for name in names.iter().filter(|name| is_glob(name.get_ref())) {
            let message = format!("`{}` is no name, and globs mean nothing here", name.get_ref());
            let help = format!("names are compared whole; leave `{what}` out to mean every {what}");
            self.error_with_help(name.span(), message, help);
            sound = false;
        }
        sound
    }

    /// Texts out of a fixed set, as what they stand for.
    pub(crate) fn words<T: Copy>(
        &mut self,
        item: &Item<'_>,
        what: &str,
        known: &[(&str, T)],
    ) -> Option<Vec<T>> {
        let texts = self.texts(item)?;
        let found: Vec<Option<T>> =
            texts.into_iter().map(|text| self.known_word(&text, what, known)).collect();
        found.into_iter().collect()
    }

    /// One text out of a fixed set, as what it stands for.
    pub(crate) fn word<T: Copy>(
        &mut self,
        item: &Item<'_>,
        what: &str,
        known: &[(&str, T)],
    ) -> Option<T> {
        let text = self.text(item)?;
        self.known_word(&Spanned::new(item.span(), text), what, known)
    }

    fn known_word<T: Copy>(
        &mut self,
        text: &Spanned<&str>,
        what: &str,
        known: &[(&str, T)],
    ) -> Option<T> {
        let found = known.iter().find(|(word, _)| word == text.get_ref());
        if found.is_none() {
            let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
            self.unknown_word(text.span(), what, text.get_ref(), &words);
        }
        found.map(|(_, value)| *value)
    }

    /// Globs over texts.
    pub(crate) fn globs<'i>(&mut self, item: &'i Item<'_>) -> Option<Vec<&'i str>> {
        self.patterns(item, glob::check)
    }

    /// Globs over names, of users or branches say: none begins or ends in a blank.
    pub(crate) fn names<'i>(&mut self, item: &'i Item<'_>) -> Option<Vec<&'i str>> {
        let names = self.globs(item)?;
        if let Some(name) = names.iter().find(|name| name.trim() != **name) {
            let help = format!("write `{}`", name.trim());
            self.error_with_help(item.span(), "no name begins or ends in a blank", help);
            return None;
        }
        Some(names)
    }

    /// Path patterns.
    pub(crate) fn paths<'i>(&mut self, item: &'i Item<'_>) -> Option<Vec<&'i str>> {
        self.patterns(item, path_pattern::check)
    }

    fn patterns<'i>(
        &mut self,
        item: &'i Item<'_>,
        check: impl Fn(&str) -> Result<(), glob::Fault>,
    ) -> Option<Vec<&'i str>> {
        let texts = self.texts(item)?;
        let mut sound = true;
        for text in &texts {
            if let Err(fault) = check(text.get_ref()) {
                let span = self.within(text, fault.at);
                self.error_with_help(span, fault.message, fault.help);
                sound = false;
            }
        }
        sound.then(|| texts.into_iter().map(Spanned::into_inner).collect())
    }

    /// The bytes of the file that hold a part of a string, when it is written without escapes;
    /// otherwise the whole string.
    fn within(&self, text: &Spanned<&str>, part: Range<usize>) -> Range<usize> {
        let span = text.span();
        let written = self.source.text.get(span.clone()).unwrap_or_default();
        let Some(quote) = written.find(text.get_ref()) else { return span };
        let start = span.start.saturating_add(quote);
        start.saturating_add(part.start)..start.saturating_add(part.end)
    }

    /// A regular expression that fits the limits of [`crate::pattern`].
    pub(crate) fn regex<'i>(&mut self, item: &'i Item<'_>) -> Option<&'i str> {
        let text = self.text(item)?;
        if let Err(message) = crate::pattern::check(text) {
            self.error_with_help(item.span(), message.text, message.help);
            return None;
        }
        Some(text)
    }

    /// A table whose keys are all among `keys`; other keys are reported.
    pub(crate) fn fields<'i, 'd>(
        &mut self,
        item: &'i Item<'d>,
        keys: &[&str],
    ) -> Option<Fields<'i, 'd>> {
        let Some(table) = item.get_ref().as_table() else {
            self.wrong_type(item, "a table");
            return None;
        };
        self.check_keys(table, keys);
        Some(Fields { table, span: item.span() })
    }

    pub(crate) fn check_keys(&mut self, table: &DeTable<'_>, keys: &[&str]) {
        let mut unknown: Vec<_> =
            table.keys().filter(|key| !keys.contains(&key.get_ref().as_ref())).collect();
        unknown.sort_by_key(|key| key.span().start);
        for key in unknown {
            self.unknown_word(key.span(), "key", key.get_ref(), keys);
        }
    }
}

/// A table whose keys were checked.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'i, 'd> {
    pub(crate) table: &'i DeTable<'d>,
    pub(crate) span: Range<usize>,
}

impl<'i, 'd> Fields<'i, 'd> {
    pub(crate) fn item(&self, key: &str) -> Option<&'i Item<'d>> {
        self.table.get(key)
    }

    /// The key itself, for messages about a field as a whole.
    pub(crate) fn key_span(&self, key: &str) -> Range<usize> {
        let found = self.table.get_key_value(key);
        found.map_or_else(|| self.span.clone(), |(key, _)| key.span())
    }
}

/// The severities by name.
pub(crate) const SEVERITIES: [(&str, Severity); 4] = [
    ("critical", Severity::Critical),
    ("high", Severity::High),
    ("low", Severity::Low),
    ("medium", Severity::Medium),
];

/// `` `a`, `b` or `c` ``.
pub(crate) fn quoted(words: &[&str]) -> String {
    let shown: Vec<Cow<'_, str>> = words.iter().map(|word| format!("`{word}`").into()).collect();
    match shown.split_last() {
        Some((last, [])) => last.to_string(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::from("nothing"),
    }
}
