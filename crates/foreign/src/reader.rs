//! Strict access to values: each call gives what was asked for, or says why not and where.
//!
//! Every format is read through this one door, so an unknown key, a key that stands twice, a wrong
//! type or an empty text is an error with its line in all of them, and the nearest known word is
//! offered.

use core::ops::Range;

use datafog_policy::{Diagnostic, Level, SourceText, nearest};

use crate::node::{Node, Value};
use crate::pattern::Pattern;

/// One file being read.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    source: SourceText<'a>,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(source: SourceText<'a>) -> Self {
        Self { source, diagnostics: Vec::new() }
    }

    /// The line of a value, from 1.
    pub(crate) fn line(&self, span: &Range<usize>) -> u32 {
        self.source.line_of(span.start)
    }

    pub(crate) fn error(&mut self, span: &Range<usize>, message: impl Into<String>) {
        self.report(Level::Error, span, message.into(), None);
    }

    pub(crate) fn error_with_help(
        &mut self,
        span: &Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.report(Level::Error, span, message.into(), Some(help.into()));
    }

    /// A key that is understood, but whose meaning does not hold here: never left unsaid.
    pub(crate) fn not_honoured(&mut self, span: &Range<usize>, key: &str, why: &str) {
        self.report(Level::Warning, span, format!("`{key}` is not honoured"), Some(why.to_owned()));
    }

    pub(crate) fn warn(&mut self, span: &Range<usize>, message: impl Into<String>, help: &str) {
        self.report(Level::Warning, span, message.into(), Some(help.to_owned()));
    }

    fn report(&mut self, level: Level, span: &Range<usize>, message: String, help: Option<String>) {
        let diagnostic = self.source.diagnostic(level, span.clone(), message);
        self.diagnostics.push(Diagnostic { help, ..diagnostic });
    }

    /// A word that is none of the known ones.
    pub(crate) fn unknown_word(
        &mut self,
        span: &Range<usize>,
        what: &str,
        word: &str,
        known: &[&str],
    ) {
        let folded = word.to_lowercase();
        let same = known.iter().find(|one| one.to_lowercase() == folded).copied();
        let near = same.or_else(|| nearest(word, known.iter().copied()));
        let help = near.map_or_else(
            || format!("expected one of {}", quoted(known)),
            |near| format!("did you mean `{near}`?"),
        );
        self.error_with_help(span, format!("unknown {what} `{word}`"), help);
    }

    fn wrong_type(&mut self, node: &Node, expected: &str) {
        self.error(&node.span, format!("expected {expected}, found {}", node.kind()));
    }

    /// A table whose keys are all among `keys`, each at most once.
    pub(crate) fn table<'n>(&mut self, node: &'n Node, keys: &[&str]) -> Option<Table<'n>> {
        let table = self.any_table(node)?;
        for (key, _) in table.entries() {
            if !keys.contains(&key.text.as_str()) {
                self.unknown_word(&key.span, "key", &key.text, keys);
            }
        }
        Some(table)
    }

    /// A table with keys of the user's choice, each at most once.
    pub(crate) fn any_table<'n>(&mut self, node: &'n Node) -> Option<Table<'n>> {
        let Value::Table(entries) = &node.value else {
            self.wrong_type(node, "a table");
            return None;
        };
        for (index, (key, _)) in entries.iter().enumerate() {
            if entries.iter().take(index).any(|(one, _)| one.text == key.text) {
                self.error(&key.span, format!("`{}` stands twice", key.text));
            }
        }
        Some(Table { node, entries })
    }

    /// A text that is not blank, without the blanks around it.
    pub(crate) fn text<'n>(&mut self, node: &'n Node) -> Option<&'n str> {
        let Value::Text(text) = &node.value else {
            self.wrong_type(node, "a string");
            return None;
        };
        if text.trim().is_empty() {
            self.error(&node.span, "the text is empty");
            return None;
        }
        Some(text.trim())
    }

    /// A text for people, which may be empty.
    pub(crate) fn remark(&mut self, node: &Node) -> String {
        let Some(text) = node.as_text() else {
            self.wrong_type(node, "a string");
            return String::new();
        };
        text.trim().to_owned()
    }

    pub(crate) fn flag(&mut self, node: &Node) -> Option<bool> {
        let Value::Flag(flag) = node.value else {
            self.wrong_type(node, "`true` or `false`");
            return None;
        };
        Some(flag)
    }

    /// A finite number.
    pub(crate) fn number(&mut self, node: &Node) -> Option<f64> {
        let Value::Number(text) = &node.value else {
            self.wrong_type(node, "a number");
            return None;
        };
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        if number.is_none() {
            self.error(&node.span, "the number is too large");
        }
        number
    }

    /// A whole number within `bounds`.
    pub(crate) fn whole(
        &mut self,
        node: &Node,
        bounds: core::ops::RangeInclusive<i64>,
    ) -> Option<i64> {
        let Value::Number(text) = &node.value else {
            self.wrong_type(node, "a whole number");
            return None;
        };
        let number = text.parse::<i64>().ok().filter(|number| bounds.contains(number));
        if number.is_none() {
            let (least, most) = (bounds.start(), bounds.end());
            self.error(&node.span, format!("expected a whole number from {least} to {most}"));
        }
        number
    }

    /// The items of a list.
    pub(crate) fn list<'n>(&mut self, node: &'n Node) -> Option<&'n [Node]> {
        let items = node.as_list();
        if items.is_none() {
            self.wrong_type(node, "a list");
        }
        items
    }

    /// A list of texts; a mistaken item is reported and left out.
    pub(crate) fn texts(&mut self, node: &Node) -> Vec<String> {
        let items = self.list(node).unwrap_or_default();
        items.iter().filter_map(|item| Some(self.text(item)?.to_owned())).collect()
    }

    /// A list of texts that is not empty: a condition on nothing never holds.
    pub(crate) fn some_texts(&mut self, node: &Node) -> Vec<String> {
        let texts = self.texts(node);
        if matches!(&node.value, Value::List(items) if items.is_empty()) {
            self.error_with_help(
                &node.span,
                "the list is empty",
                "leave the key out for no condition",
            );
        }
        texts
    }

    /// Tells of a name that is nearly one of the known ones: names are free, but a rule about a
    /// mistyped one would never match.
    pub(crate) fn near_miss(
        &mut self,
        span: &Range<usize>,
        what: &str,
        name: &str,
        known: &[&str],
    ) {
        if known.iter().any(|one| one.eq_ignore_ascii_case(name)) {
            return;
        }
        let near = datafog_policy::nearest(name, known.iter().copied().filter(|one| one.len() > 2));
        if let Some(near) = near.filter(|near| !is_plural(name, near)) {
            let message = format!("no {what} called `{name}` is known: the rule may never match");
            self.warn(span, message, &format!("did you mean `{near}`?"));
        }
    }

    /// One text out of a fixed set, as what it stands for.
    pub(crate) fn word<T: Copy>(
        &mut self,
        node: &Node,
        what: &str,
        known: &[(&str, T)],
    ) -> Option<T> {
        let text = self.text(node)?;
        let found = known.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
            self.unknown_word(&node.span, what, text, &words);
        }
        found.map(|(_, value)| *value)
    }

    /// A regular expression.
    pub(crate) fn pattern(&mut self, node: &Node) -> Option<Pattern> {
        let Value::Text(text) = &node.value else {
            self.wrong_type(node, "a regular expression");
            return None;
        };
        let compiled = if text.is_empty() {
            Err(String::from("the text is empty"))
        } else {
            Pattern::new(text)
        };
        compiled.map_err(|message| self.error(&node.span, message)).ok()
    }

    /// Whether everything so far can be used.
    pub(crate) fn is_sound(&self) -> bool {
        !self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// A table whose keys were checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table<'n> {
    node: &'n Node,
    entries: &'n [(crate::node::Key, Node)],
}

impl<'n> Table<'n> {
    pub(crate) fn get(&self, key: &str) -> Option<&'n Node> {
        self.entries.iter().find(|(one, _)| one.text == key).map(|(_, node)| node)
    }

    /// The entry, its absence being an error.
    pub(crate) fn require(&self, key: &str, reader: &mut Reader<'_>) -> Option<&'n Node> {
        let found = self.get(key);
        if found.is_none() {
            reader.error(&self.node.span, format!("`{key}` is missing"));
        }
        found
    }

    /// The table that an entry is, its keys all among `keys`.
    pub(crate) fn table(&self, key: &str, keys: &[&str], reader: &mut Reader<'_>) -> Option<Self> {
        reader.table(self.get(key)?, keys)
    }

    pub(crate) const fn entries(&self) -> &'n [(crate::node::Key, Node)] {
        self.entries
    }

    pub(crate) fn span(&self) -> Range<usize> {
        self.node.span.clone()
    }

    /// Says of each key of `keys` that is there that it is not honoured.
    pub(crate) fn not_honoured(&self, reader: &mut Reader<'_>, keys: &[(&str, &str)]) {
        for (key, _) in self.entries {
            if let Some((name, why)) = keys.iter().find(|(name, _)| *name == key.text) {
                reader.not_honoured(&key.span, name, why);
            }
        }
    }
}

/// Whether one of the names is the other with an `s` behind it.
pub(crate) fn is_plural(one: &str, other: &str) -> bool {
    one.strip_suffix('s') == Some(other) || other.strip_suffix('s') == Some(one)
}

/// `` `a`, `b` or `c` ``.
pub(crate) fn quoted(words: &[&str]) -> String {
    let shown: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match shown.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::from("nothing"),
    }
}
