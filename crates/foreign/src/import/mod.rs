/*!
Foreign policies → native TOML, as far as the meaning stays.

A translated policy may be stricter than what it was made of where that is said, and is never
looser. Every rule and key that has no faithful translation is named; a policy of which something is
left out can still be used as it is, with `--policy`.
*/

mod datafog;
mod dataguard;
mod pi;

use core::fmt::Write as _;

use datafog_policy::{Diagnostic, Layer, Level, SourceText, Vocabulary};

use crate::policy::{Body, Policy};

/// A translated policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The policy file.
    pub toml: String,
    /// How many rules it has.
    pub rules: usize,
    /// Everything that is not in it, by place in the foreign file.
    pub notices: Vec<Diagnostic>,
}

/// The policy cannot be translated at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotTranslatable(String);

impl Policy {
    /// Translates the policy into a file of datafog's own.
    ///
    /// `vocabulary` tells which commands have profiles: a rule is only made of commands that are
    /// known, and the others are named.
    ///
    /// # Errors
    /// When nothing of it has a translation, with the reason.
    pub fn import(&self, vocabulary: &dyn Vocabulary) -> Result<Import, NotTranslatable> {
        let mut sheet = Sheet::new(self, vocabulary);
        match &self.body {
            Body::AgentGov(_) => {
                return Err(NotTranslatable(String::from(
                    "a program cannot be translated into rules; load it as it is, with `--policy`",
                )));
            }
            Body::DataFog(policy) => datafog::translate(policy, &mut sheet),
            Body::DataGuard(policy) => dataguard::translate(policy, &mut sheet),
            Body::Enforgate(policy) => {
                for rule in policy.policies.iter().flat_map(|policy| &policy.rules) {
                    let why = "it is about a tool's name and arguments, which rules about commands do not have";
                    sheet.leave_out(&rule.head.id, rule.head.line, why);
                }
            }
            Body::Pi(policy) => pi::translate(policy, &mut sheet),
        }
        sheet.finish()
    }
}

/// The file in the making.
pub(crate) struct Sheet<'a> {
    policy: &'a Policy,
    vocabulary: &'a dyn Vocabulary,
    /// The verdict when no rule matches.
    default: &'static str,
    rules: Vec<String>,
    ids: Vec<String>,
    notices: Vec<Diagnostic>,
}

impl<'a> Sheet<'a> {
    fn new(policy: &'a Policy, vocabulary: &'a dyn Vocabulary) -> Self {
        let notices = policy.notices().to_vec();
        Self { policy, vocabulary, default: "allow", rules: Vec::new(), ids: Vec::new(), notices }
    }

    /// Names a rule that is not translated.
    pub(crate) fn leave_out(&mut self, id: &str, line: u32, why: &str) {
        self.notice(line, format!("`{id}` is not translated"), why);
    }

    pub(crate) fn notice(&mut self, line: u32, message: String, why: &str) {
        let source = SourceText { path: self.policy.path(), text: "" };
        let diagnostic = source.diagnostic(Level::Warning, 0..0, message);
        self.notices.push(Diagnostic { line, help: Some(why.to_owned()), ..diagnostic });
    }

    /// Those of these commands that have a profile; the others are named.
    pub(crate) fn known_commands(&mut self, wanted: &[&str], id: &str, line: u32) -> Vec<String> {
        let known = self.vocabulary.commands();
        let is_known = |name: &&str| known.is_empty() || known.contains(name);
        let (known, unknown): (Vec<&str>, Vec<&str>) = wanted.iter().copied().partition(is_known);
        if !unknown.is_empty() && !known.is_empty() {
            let message = format!("`{id}` is translated without {}", unknown.join(", "));
            self.notice(line, message, "these commands are not wrapped");
        }
        known.into_iter().map(str::to_owned).collect()
    }

    /// Adds a rule with these conditions, each a line of TOML.
    pub(crate) fn rule(
        &mut self,
        id: &str,
        effect: &str,
        reason: &str,
        extra: &[String],
        when: &[String],
        unless: &[String],
    ) {
        let id = self.fresh(id);
        let reason =
            if reason.is_empty() { format!("rule `{id}` says so") } else { reason.to_owned() };
        let mut text = format!(
            "[[rule]]\nid = {}\neffect = {}\nreason = {}\n",
            quote(&id),
            quote(effect),
            quote(&reason)
        );
        for line in extra {
            text.push_str(line);
            text.push('\n');
        }
        if effect == "deny" {
            text.push_str("instead = \"ask whoever keeps this policy\"\n");
        }
        for (name, lines) in [("when", when), ("unless", unless)] {
            if !lines.is_empty() {
                // Writing to a string does not fail.
                let _written = writeln!(text, "[rule.{name}]\n{}", lines.join("\n"));
            }
        }
        self.ids.push(id);
        self.rules.push(text);
    }

    /// The id in the letters that an id may have, and not used yet.
    fn fresh(&self, id: &str) -> String {
        let plain = |letter: char| {
            if letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-_.".contains(letter) {
                letter
            } else {
                '-'
            }
        };
        let mut base: String = id.to_lowercase().chars().map(plain).take(56).collect();
        if base.is_empty() {
            base.push_str("rule");
        }
        let mut fresh = base.clone();
        let mut number = 2_u32;
        while self.ids.contains(&fresh) {
            fresh = format!("{base}-{number}");
            number = number.saturating_add(1);
        }
        fresh
    }

    fn finish(mut self) -> Result<Import, NotTranslatable> {
        if self.rules.is_empty() {
            let named: Vec<String> =
                self.notices.iter().map(|one| one.message.clone()).take(3).collect();
            let told =
                if named.is_empty() { String::from("it has no rules") } else { named.join("; ") };
            return Err(NotTranslatable(format!(
                "nothing of it can be translated: {told}; load it as it is, with `--policy`"
            )));
        }
        let id = self.fresh(self.policy.id());
        let description = format!("Translated from a policy of {}", self.policy.format());
        let version = if self.policy.version().is_empty() { "1" } else { self.policy.version() };
        let mut toml = format!(
            "[policy]\nid = {}\nversion = {}\ndescription = {}\nextends = []\ndefault = {}\n",
            quote(&id),
            quote(version),
            quote(&description),
            quote(self.default),
        );
        for rule in &self.rules {
            toml.push('\n');
            toml.push_str(rule);
        }
        // What is written must also be read, by the same reader as every policy.
        match datafog_policy::Policy::parse(&toml, "policy.toml", Layer::User, self.vocabulary) {
            Ok(policy) => self.notices.extend_from_slice(policy.warnings()),
            Err(faults) => {
                let first = faults.iter().find(|fault| fault.is_error());
                let told = first.map_or_else(String::new, |fault| fault.message.clone());
                return Err(NotTranslatable(format!("its translation would not load: {told}")));
            }
        }
        Ok(Import { toml, rules: self.rules.len(), notices: self.notices })
    }
}

/// A TOML string.
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            '\n' | '\r' | '\t' => quoted.push(' '),
            control if control.is_control() => quoted.push(' '),
            plain => quoted.push(plain),
        }
    }
    quoted.push('"');
    quoted
}

/// A TOML list of strings.
pub(crate) fn list<T: AsRef<str>>(texts: &[T]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| quote(text.as_ref())).collect();
    format!("[{}]", quoted.join(", "))
}
