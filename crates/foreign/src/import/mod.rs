/*!
Foreign policies → native TOML, as far as the meaning stays.

Where the first match wins there, each rule here overrides the stricter ones behind it. What has no
faithful translation is named with its line, and counted ([`Import::deviations`]): such a translation
is a beginning and no replacement, and the policy can still be used as it is, with `--policy`.
[`PROBES`] are calls to compare the two by.
*/

mod datafog;
mod dataguard;
mod enforgate;
mod pi;
mod probes;
mod when;

use core::fmt::Write as _;

use datafog_core::Verdict;
use datafog_policy::{Diagnostic, Layer, Level, SourceText, Vocabulary};

use crate::policy::{Body, Policy};

pub use probes::PROBES;

/// A translated policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The policy file.
    pub toml: String,
    /// How many rules and roles it has.
    pub rules: usize,
    /// How many rules and keys of the foreign file are not in it, or say something else here. With
    /// none, the two are meant to decide alike.
    pub deviations: usize,
    /// The rules and roles that are not in it, by place in the foreign file.
    pub left_out: Vec<Diagnostic>,
    /// Everything that is not in it, by place in the foreign file.
    pub notices: Vec<Diagnostic>,
}

/// What makes a file stand alone, over no other policy.
const ALONE: &str = "extends = []\n";

impl Import {
    /// The same over the starter policy, whose rules hold besides: whatever is stricter counts.
    #[must_use]
    pub fn over_the_starter(self) -> Self {
        Self { toml: self.toml.replacen(ALONE, "", 1), ..self }
    }
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
            Body::Enforgate(policy) => enforgate::translate(policy, &mut sheet),
            Body::Pi(policy) => pi::translate(policy, &mut sheet),
        }
        sheet.finish()
    }
}

/// A rule in the making.
#[derive(Clone, Debug)]
pub(crate) struct Draft<'a> {
    /// The id in the foreign file.
    pub(crate) id: &'a str,
    /// Its line there.
    pub(crate) line: u32,
    pub(crate) verdict: Verdict,
    pub(crate) reason: &'a str,
    /// What must hold: an inline table.
    pub(crate) when: when::Condition,
    /// Further lines: what it obliges to.
    pub(crate) extra: Vec<String>,
}

impl Default for Draft<'_> {
    fn default() -> Self {
        let (when, extra) = (String::new(), Vec::new());
        Self { id: "", line: 0, verdict: Verdict::Deny, reason: "", when, extra }
    }
}

/// A rule of the file.
#[derive(Debug)]
struct Entry {
    id: String,
    verdict: Verdict,
    /// All but what it overrides.
    text: String,
    /// Whether it overrides every stricter rule behind it: where the first match wins.
    is_first: bool,
}

/// The file in the making.
pub(crate) struct Sheet<'a> {
    policy: &'a Policy,
    vocabulary: &'a dyn Vocabulary,
    /// The verdict when no rule matches.
    default: &'static str,
    entries: Vec<Entry>,
    /// Roles, each as it stands in the file.
    roles: Vec<String>,
    deviations: usize,
    left_out: Vec<Diagnostic>,
    notices: Vec<Diagnostic>,
}

impl<'a> Sheet<'a> {
    fn new(policy: &'a Policy, vocabulary: &'a dyn Vocabulary) -> Self {
        Self {
            policy,
            vocabulary,
            default: "allow",
            entries: Vec::new(),
            roles: Vec::new(),
            deviations: 0,
            left_out: Vec::new(),
            notices: policy.notices().to_vec(),
        }
    }

    /// Names a rule that is not translated.
    pub(crate) fn leave_out(&mut self, id: &str, line: u32, why: &str) {
        self.deviate(line, format!("`{id}` is not translated"), why);
        self.left_out.extend(self.notices.last().cloned());
    }

    /// Names something that is other than in the foreign file.
    pub(crate) fn deviate(&mut self, line: u32, message: String, why: &str) {
        self.deviations = self.deviations.saturating_add(1);
        self.notice(line, message, why);
    }

    pub(crate) fn notice(&mut self, line: u32, message: String, why: &str) {
        let source = SourceText { path: self.policy.path(), text: "" };
        let diagnostic = source.diagnostic(Level::Warning, 0..0, message);
        self.notices.push(Diagnostic { line, help: Some(why.to_owned()), ..diagnostic });
    }

    /// Those of these commands that the language can name; the others are named here.
    pub(crate) fn known_commands(&mut self, wanted: &[&str], id: &str, line: u32) -> Vec<String> {
        let (known, unknown): (Vec<&str>, Vec<&str>) =
            wanted.iter().copied().partition(|name| self.can_name(name));
        if !unknown.is_empty() {
            let message = format!("`{id}` is translated without {}", unknown.join(", "));
            self.notice(
                line,
                message,
                "no profile here is of that name, and another one's is near it",
            );
        }
        known.into_iter().map(str::to_owned).collect()
    }

    /// Whether a rule may name that command: one without a profile is known by its name alone.
    fn can_name(&self, command: &str) -> bool {
        self.vocabulary.commands().contains(&command) || {
            let when = when::command(&[command]);
            let head = "id = \"draft\"\neffect = \"require_approval\"\nreason = \"draft\"";
            self.fault_in(&format!("[[rule]]\n{head}\nwhen = {when}\n")).is_none()
        }
    }

    /// Whether the subcommands of that command are told apart.
    pub(crate) fn has_subcommands(&self, command: &str) -> bool {
        self.vocabulary.has_subcommands(command).unwrap_or(false)
    }

    /// Whether that command has that subcommand.
    pub(crate) fn can_say_subcommand(&self, command: &str, name: &str) -> bool {
        let when = format!("{{ command = {}, subcommand = {} }}", quote(command), quote(name));
        let head = "id = \"draft\"\neffect = \"require_approval\"\nreason = \"draft\"";
        self.fault_in(&format!("[[rule]]\n{head}\nwhen = {when}\n")).is_none()
    }

    /// The commands that have that option.
    pub(crate) fn commands_with(&self, option: &str) -> Vec<String> {
        let has = |name: &&str| {
            let options = self.vocabulary.options(name).unwrap_or_default();
            options.iter().any(|(spelled, canonical)| *spelled == option || *canonical == option)
        };
        self.vocabulary.commands().into_iter().filter(has).map(str::to_owned).collect()
    }

    /// Adds a rule that adds up with all others.
    pub(crate) fn rule(&mut self, draft: &Draft<'_>) -> bool {
        self.add(draft, false)
    }

    /// Adds a rule that, where it matches, keeps all behind it from being asked.
    pub(crate) fn first_wins(&mut self, draft: &Draft<'_>) -> bool {
        self.add(draft, true)
    }

    /// Adds a role, whose text is ready.
    pub(crate) fn role(&mut self, name: &str, line: u32, text: String) {
        match self.fault_in(&text) {
            None => self.roles.push(text),
            Some(fault) => self.leave_out(name, line, &fault),
        }
    }

    /// Adds a rule, if the native language can say it.
    fn add(&mut self, draft: &Draft<'_>, is_first: bool) -> bool {
        let Draft { verdict, .. } = *draft;
        let id = self.fresh(draft.id);
        let reason = match draft.reason {
            "" => format!("rule `{}` says so", draft.id),
            told => told.to_owned(),
        };
        let effect = verdict.name();
        let mut text = format!("[[rule]]\nid = {}\neffect = {}\n", quote(&id), quote(effect));
        // Writing to a string does not fail.
        let _written = writeln!(text, "reason = {}", quote(&reason));
        if verdict == Verdict::Deny {
            text.push_str("instead = \"ask whoever keeps this policy\"\n");
        }
        draft.extra.iter().for_each(|line| text.extend([line, "\n"]));
        let _written = writeln!(text, "when = {}", draft.when);
        if let Some(fault) = self.fault_in(&text) {
            self.leave_out(draft.id, draft.line, &fault);
            return false;
        }
        self.entries.push(Entry { id, verdict, text, is_first });
        true
    }

    /// Why a policy of this one rule or role would not load.
    fn fault_in(&self, text: &str) -> Option<String> {
        let head =
            "[policy]\nid = \"draft\"\nversion = \"1\"\nextends = []\ndefault = \"allow\"\n\n";
        let roles =
            if text.starts_with("[[role]]") { String::new() } else { self.roles.join("\n") };
        let text = format!("{head}{roles}\n{text}");
        let parsed = datafog_policy::Policy::parse(&text, "draft", Layer::User, self.vocabulary);
        let faults = parsed.err()?;
        let first = faults.iter().find(|fault| fault.is_error())?;
        let help = first.help.as_deref().map(|help| format!(" ({help})")).unwrap_or_default();
        Some(format!("the native language has no word for it: {}{help}", first.message))
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
        while self.entries.iter().any(|one| one.id == fresh) {
            fresh = format!("{base}-{number}");
            number = number.saturating_add(1);
        }
        fresh
    }

    /// The rules behind the entry at `index` that it keeps from being asked: those that are stricter.
    fn overridden(&self, index: usize) -> Vec<&str> {
        let Some(entry) = self.entries.get(index).filter(|entry| entry.is_first) else {
            return Vec::new();
        };
        let behind = self.entries.iter().skip(index.saturating_add(1));
        behind.filter(|one| one.verdict > entry.verdict).map(|one| one.id.as_str()).collect()
    }

    fn finish(mut self) -> Result<Import, NotTranslatable> {
        let rules = self.entries.len().saturating_add(self.roles.len());
        if rules == 0 {
            let told = |one: &Diagnostic| {
                let why = one.help.as_deref().map(|why| format!(" ({why})")).unwrap_or_default();
                format!("{}{why}", one.message)
            };
            let named: Vec<String> = self.notices.iter().map(told).take(3).collect();
            let told =
                if named.is_empty() { String::from("it has no rules") } else { named.join("; ") };
            return Err(NotTranslatable(format!(
                "nothing of it can be translated: {told}; load it as it is, with `--policy`"
            )));
        }
        let toml = self.toml();
        // What is written must also be read, by the same reader as every policy.
        match datafog_policy::Policy::parse(&toml, "policy.toml", Layer::User, self.vocabulary) {
            Ok(policy) => {
                // A command without a profile is meant by its name alone, which is all that is asked.
                let odd = |one: &&Diagnostic| !one.message.starts_with("there is no profile for");
                self.notices.extend(policy.warnings().iter().filter(odd).cloned());
            }
            Err(faults) => {
                let first = faults.iter().find(|fault| fault.is_error());
                let told = first.map_or_else(String::new, |fault| fault.message.clone());
                return Err(NotTranslatable(format!("its translation would not load: {told}")));
            }
        }
        let Self { deviations, left_out, notices, .. } = self;
        Ok(Import { toml, rules, deviations, left_out, notices })
    }

    fn toml(&self) -> String {
        let id = self.fresh(self.policy.id());
        let description = format!("Translated from a policy of {}", self.policy.format());
        let version = if self.policy.version().is_empty() { "1" } else { self.policy.version() };
        let mut toml = String::new();
        if self.deviations > 0 {
            let (all, one) = (self.deviations, self.deviations == 1);
            let (things, verb) = if one { ("thing", "is") } else { ("things", "are") };
            let _written = writeln!(
                toml,
                "# Not the same as the policy that it comes from: {all} {things} of that {verb} other here."
            );
        }
        let _written = write!(
            toml,
            "[policy]\nid = {}\nversion = {}\ndescription = {}\n{ALONE}default = {}\n",
            quote(&id),
            quote(version),
            quote(&description),
            quote(self.default),
        );
        self.roles.iter().for_each(|role| toml.extend(["\n", role]));
        for (index, entry) in self.entries.iter().enumerate() {
            toml.extend(["\n", &entry.text]);
            let overridden = self.overridden(index);
            if !overridden.is_empty() {
                let _written = writeln!(toml, "overrides = {}", list(&overridden));
            }
        }
        toml
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
