//! Slips in Rego: names that nothing reads or that read nothing.
//!
//! Rego takes what is not there for undefined, and undefined denies nothing: a policy that says
//! `denny`, `input.args.comand` or `data.polcy.x` would load and let everything through. What could
//! let something through by a slip is an error here; what could only stop more is a warning.

use datafog_policy::nearest;

use super::Fault;
use super::token::{Chain, Kind, Token, chain, tokens};
use crate::names;
use crate::reader::is_plural;

/// What the decision reads of a package.
const DECIDING: &[&str] = &[
    "allow",
    "allowed",
    "decision",
    "deny",
    "human_required",
    "is_allowed",
    "require_approval",
    "result",
];

/// What other systems call a rule that stops something.
const STOPPING: &[&str] = &[
    "block",
    "blocked",
    "denied",
    "denies",
    "forbid",
    "forbidden",
    "reject",
    "rejected",
    "violation",
    "violations",
];

/// What the input holds ([`super::input`]).
const INPUT: &[&str] =
    &["action", "args", "context", "metadata", "parameters", "tool", "tool_name"];

/// What its `metadata`, also called `context`, holds.
const METADATA: &[&str] = &[
    "agent",
    "commands",
    "cwd",
    "findings",
    "groups",
    "hour",
    "principal",
    "session",
    "tenant",
    "time",
    "unclear",
    "upstream",
    "user",
];

/// Common arguments of tools beside those that name a place.
const ARGUMENTS: &[&str] = &[
    "action",
    "amount",
    "args",
    "body",
    "content",
    "count",
    "currency",
    "limit",
    "message",
    "method",
    "parameters",
    "prompt",
    "subject",
    "table",
];

/// One look at a source.
struct Source<'t> {
    tokens: Vec<Token<'t>>,
    package: Vec<&'t str>,
    rules: Vec<Rule<'t>>,
}

/// One definition of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rule<'t> {
    name: &'t str,
    at: usize,
    /// Indexes of its first token and of the first one behind it.
    from: usize,
    to: usize,
}

/// Every slip, errors and warnings, by place.
pub(super) fn slips(text: &str) -> (Vec<Fault>, Vec<Fault>) {
    let source = Source::read(text);
    let (mut errors, mut warnings) = (Vec::new(), Vec::new());
    source.decides(&mut warnings);
    source.unread(&mut errors, &mut warnings);
    source.undefined(&mut errors, &mut warnings);
    errors.sort_by_key(|fault: &Fault| fault.at);
    warnings.sort_by_key(|fault: &Fault| fault.at);
    (errors, warnings)
}

/// The rule that somebody meant who wrote a name that is not there.
pub(super) fn meant(name: &str, text: &str) -> Option<String> {
    let source = Source::read(text);
    let known = source.rules.iter().map(|rule| rule.name).chain(["data", "input"]);
    nearest(name, known).map(|near| format!("did you mean `{near}`?"))
}

impl<'t> Source<'t> {
    fn read(text: &'t str) -> Self {
        let tokens = tokens(text);
        let mut source = Self { tokens, package: Vec::new(), rules: Vec::new() };
        for index in 0..source.tokens.len() {
            source.statement(index);
        }
        let ends: Vec<usize> = source
            .rules
            .iter()
            .skip(1)
            .map(|rule| rule.from)
            .chain([source.tokens.len()])
            .collect();
        for (rule, end) in source.rules.iter_mut().zip(ends) {
            rule.to = end;
        }
        source
    }

    /// The statement that begins at this token, if one does.
    fn statement(&mut self, index: usize) {
        let Some(&Token { at, kind: Kind::Name(name), is_first: true, depth: 0 }) =
            self.tokens.get(index)
        else {
            return;
        };
        let next = index.saturating_add(1);
        let named = |at, name| Rule { name, at, from: index, to: index };
        match name {
            "package" => {
                let path = chain(&self.tokens, next);
                self.package = path.parts.into_iter().map(|(_, name)| name).collect();
            }
            "import" | "else" => {}
            "default" => {
                if let Some(&(at, name)) = chain(&self.tokens, next).parts.first() {
                    self.rules.push(named(at, name));
                }
            }
            _ if self.is_head(index) => self.rules.push(named(at, name)),
            _ => {}
        }
    }

    /// Whether a rule is defined here, and not a further line of one.
    fn is_head(&self, index: usize) -> bool {
        let mut end = chain(&self.tokens, index).end;
        let mut had_brackets = false;
        while let Some(Token { kind: Kind::Mark('(' | '['), depth, is_first: false, .. }) =
            self.tokens.get(end)
        {
            let rest = self.tokens.iter().skip(end.saturating_add(1));
            let inside = rest.take_while(|token| token.depth > *depth).count();
            end = end.saturating_add(inside).saturating_add(2);
            had_brackets = true;
        }
        let kind = |at: usize| self.tokens.get(at).map(|token| token.kind);
        match (kind(end), kind(end.saturating_add(1))) {
            (Some(Kind::Name("if" | "contains")), _)
            | (Some(Kind::Mark('{')), _)
            | (Some(Kind::Mark(':')), Some(Kind::Mark('='))) => true,
            (Some(Kind::Mark('=')), next) => next != Some(Kind::Mark('=')),
            // `set["x"]` alone is a fact.
            _ => had_brackets && self.tokens.get(end).is_none_or(|token| token.is_first),
        }
    }

    fn is_there(&self, name: &str) -> bool {
        self.rules.iter().any(|rule| rule.name == name)
    }

    /// Whether any rule of it decides, and can allow.
    fn decides(&self, warnings: &mut Vec<Fault>) {
        if !DECIDING.iter().any(|name| self.is_there(name)) {
            let told = Fault::new("no rule of the package decides, so everything is denied")
                .help(format!("define one of {}", crate::reader::quoted(DECIDING)));
            warnings.push(told);
        } else if DECIDING.iter().all(|name| stops(name) || !self.is_there(name)) {
            let told = Fault::new("no rule allows anything, so everything is denied")
                .help("define `allow`, or `default allow := true` for all that no rule denies");
            warnings.push(told);
        }
        let package = self.package.last().copied().unwrap_or_default();
        if let Some(near) = nearest(package, ["policy"]) {
            let at = self.tokens.get(1).map_or(0, |token| token.at);
            let told = Fault::new(format!("the package is called `{package}`")).help(format!(
                "did you mean `{near}`? The file's own package is asked, whatever its name"
            ));
            warnings.push(Fault { at, ..told });
        }
    }

    /// Rules that nothing reads.
    fn unread(&self, errors: &mut Vec<Fault>, warnings: &mut Vec<Fault>) {
        let mut told: Vec<&str> = Vec::new();
        for rule in &self.rules {
            let name = rule.name;
            let is_known = DECIDING.contains(&name) || matches!(name, "confidence" | "reason");
            if is_known || name.starts_with("test_") || told.contains(&name) || self.is_read(name) {
                continue;
            }
            told.push(name);
            let near = if STOPPING.contains(&name) {
                Some("deny")
            } else {
                nearest(name, DECIDING.iter().copied())
            };
            let fault = Fault::new(format!("nothing reads the rule `{name}`"));
            match near {
                Some(near) => {
                    errors.push(Fault {
                        at: rule.at,
                        ..fault.help(format!("did you mean `{near}`?"))
                    });
                }
                None => {
                    let help = "the decision does not depend on it: use it in another rule, or leave it out";
                    warnings.push(Fault { at: rule.at, ..fault.help(help) });
                }
            }
        }
    }

    /// Whether a rule of another name uses this one.
    fn is_read(&self, name: &str) -> bool {
        let others = self.rules.iter().filter(|rule| rule.name != name);
        let mut tokens =
            others.flat_map(|rule| self.tokens.get(rule.from..rule.to).unwrap_or_default());
        tokens.any(|token| token.kind == Kind::Name(name))
    }

    /// Paths into input and data that lead nowhere.
    fn undefined(&self, errors: &mut Vec<Fault>, warnings: &mut Vec<Fault>) {
        for (index, token) in self.tokens.iter().enumerate() {
            let before = index.checked_sub(1).and_then(|at| self.tokens.get(at));
            if before.is_some_and(|token| token.kind == Kind::Mark('.')) {
                continue;
            }
            let path = chain(&self.tokens, index);
            let fault = match token.kind {
                Kind::Name("input") => undefined_input(&path),
                Kind::Name("data") => self.undefined_data(&path),
                Kind::Name("object") => self.undefined_in_object(&path),
                Kind::Mark(_) | Kind::Name(_) | Kind::Text(_) => None,
            };
            let Some(fault) = fault else { continue };
            if self.only_stops_more(index) { warnings.push(fault) } else { errors.push(fault) }
        }
    }

    /// What `object.get(input.args, "comand", "")` looks up: the path, and the keys behind it. The path
    /// by itself is looked at where it stands.
    fn undefined_in_object(&self, called: &Chain<'_>) -> Option<Fault> {
        let names: Vec<&str> = called.parts.iter().map(|(_, name)| *name).collect();
        let token = |at: usize| self.tokens.get(at);
        let is = |at: usize, mark: char| token(at).is_some_and(|it| it.kind == Kind::Mark(mark));
        if names != ["object", "get"] || !is(called.end, '(') {
            return None;
        }
        let base = chain(&self.tokens, called.end.saturating_add(1));
        let mut path = base.clone();
        let listed = is(base.end.saturating_add(1), '[');
        let mut at = base.end.saturating_add(1).saturating_add(usize::from(listed));
        while let Some(Token { at: place, kind: Kind::Text(key), .. }) = token(at).copied() {
            path.parts.push((place, key));
            if !listed || !is(at.saturating_add(1), ',') {
                break;
            }
            at = at.saturating_add(2);
        }
        let undefined = |path: &Chain<'_>| match path.parts.first()?.1 {
            "input" => undefined_input(path),
            "data" => self.undefined_data(path),
            _ => None,
        };
        if undefined(&base).is_some() || !is(base.end, ',') {
            return None;
        }
        undefined(&path)
    }

    fn undefined_data(&self, path: &Chain<'_>) -> Option<Fault> {
        let names: Vec<&str> = path.parts.iter().skip(1).map(|(_, name)| *name).collect();
        let at = path.parts.get(1)?.0;
        let own = self.package.join(".");
        let fault = |name: &str| Fault::new(format!("`data.{name}` is not there"));
        let Some(rest) = names.strip_prefix(self.package.as_slice()) else {
            let help = format!("there is only what this file defines, `data.{own}`");
            return Some(Fault { at, ..fault(&names.join(".")).help(help) });
        };
        let rule = rest.first().filter(|rule| !self.is_there(rule))?;
        let known = self.rules.iter().map(|one| one.name);
        let help = nearest(rule, known).map_or_else(
            || String::from("no rule has that name"),
            |near| format!("did you mean `{near}`?"),
        );
        Some(Fault { at, ..fault(&names.join(".")).help(help) })
    }

    /// Whether the rule around this token can only allow less when a part of it is undefined: an
    /// `allow` without negation, without a value of its own and without a look at how many there are.
    fn only_stops_more(&self, index: usize) -> bool {
        let Some(rule) = self.rules.iter().find(|rule| (rule.from..rule.to).contains(&index))
        else {
            return false;
        };
        let turns = |token: &Token<'_>| {
            let doubtful = ["count", "else", "every", "false", "not"];
            matches!(token.kind, Kind::Name(name) if doubtful.contains(&name))
                || matches!(token.kind, Kind::Mark('|' | '!'))
        };
        matches!(rule.name, "allow" | "allowed" | "is_allowed")
            && !self.tokens.get(rule.from..rule.to).unwrap_or_default().iter().any(turns)
    }
}

const fn stops(name: &str) -> bool {
    matches!(name.as_bytes(), b"deny" | b"human_required" | b"require_approval")
}

/// A path into the input that no call has, or that looks like a slip for one that many have.
fn undefined_input(path: &Chain<'_>) -> Option<Fault> {
    let &(at, first) = path.parts.get(1)?;
    if !INPUT.contains(&first) {
        return Some(absent(at, "input", first, INPUT));
    }
    let &(at, second) = path.parts.get(2)?;
    match first {
        "context" | "metadata" => (!METADATA.contains(&second))
            .then(|| absent(at, &format!("input.{first}"), second, METADATA)),
        "args" | "parameters" => {
            let near = slip_of(second)?;
            let message = format!("`input.{first}.{second}` looks like a slip");
            Some(Fault { at, ..Fault::new(message).help(format!("did you mean `{near}`?")) })
        }
        _ => None,
    }
}

fn absent(at: usize, around: &str, name: &str, known: &[&str]) -> Fault {
    let help = nearest(name, known.iter().copied()).map_or_else(
        || format!("`{around}` holds {}", crate::reader::quoted(known)),
        |near| format!("did you mean `{near}`?"),
    );
    Fault { at, ..Fault::new(format!("`{around}.{name}` is not there")).help(help) }
}

/// The common argument that this one is a slip for. Tools are free in what they call their arguments,
/// so only a long word that is nearly another one is taken for it, and a plural is not.
fn slip_of(name: &str) -> Option<&'static str> {
    let groups = [
        names::COMMAND_FIELDS,
        names::PATH_FIELDS,
        names::QUERY_FIELDS,
        names::RECIPIENT_FIELDS,
        names::URL_FIELDS,
        ARGUMENTS,
    ];
    let known: Vec<&'static str> = groups.into_iter().flatten().copied().collect();
    if known.contains(&name) || name.len() < 4 {
        return None;
    }
    let near = nearest(name, known.iter().copied().filter(|one| one.len() >= 4))?;
    let same_start = near.chars().next() == name.chars().next();
    let near_enough = near.len().abs_diff(name.len()) <= 1 && same_start;
    (near_enough && !is_plural(name, near)).then_some(near)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Errors and warnings in words.
    fn told(rules: &str) -> (String, String) {
        let text = format!("package policy\nimport rego.v1\n{rules}\n");
        let (errors, warnings) = slips(&text);
        let words = |all: Vec<Fault>| {
            let word = |fault: &Fault| {
                format!("{} ({})", fault.message, fault.help.as_deref().unwrap_or_default())
            };
            all.iter().map(word).collect::<Vec<_>>().join("; ")
        };
        (words(errors), words(warnings))
    }

    #[test]
    fn what_would_let_something_through_is_an_error() {
        for (rules, said) in [
            (
                "default allow := true\ndenny contains \"x\" if input.tool == \"a\"",
                "did you mean `deny`?",
            ),
            ("default allow := true\nviolation[msg] { msg := \"x\" }", "did you mean `deny`?"),
            (
                "allow := true\nhuman_requird if input.tool == \"a\"",
                "did you mean `human_required`?",
            ),
            ("alow if true", "did you mean `allow`?"),
            (
                "default allow := true\ndeny if input.args.comand == \"x\"",
                "did you mean `command`?",
            ),
            (
                "default allow := true\ndeny if object.get(input.args, \"comand\", \"\") == \"x\"",
                "did you mean `command`?",
            ),
            (
                "default allow := true\ndeny if object.get(input, [\"args\", \"comand\"], \"\") == \"x\"",
                "did you mean `command`?",
            ),
            (
                "default allow := true\ndeny if object.get(input, \"tol\", \"\") == \"x\"",
                "did you mean `tool`?",
            ),
            (
                "allow := true\ndeny if object.get(data.policy, \"bda\", true)\nbad if true",
                "did you mean `bad`?",
            ),
            ("default allow := true\ndeny if input.tol_name == \"x\"", "did you mean `tool_name`?"),
            ("default allow := true\ndeny if input[\"tol\"] == \"x\"", "did you mean `tool`?"),
            ("default allow := true\ndeny if input.metadata.usr == \"x\"", "did you mean `user`?"),
            (
                "default allow := true\ndeny if input.context.ower == \"x\"",
                "`input.context.ower` is not there",
            ),
            ("allow if not input.nothing_like_it", "`input` holds"),
            ("allow if { count([x | some x in input.fles]) == 0 }", "`input.fles` is not there"),
            ("default allow := true\nallow := false if input.tol == 1", "did you mean `tool`?"),
            ("allow := true\ndeny if data.polcy.bad\nbad if true", "`data.polcy.bad` is not there"),
            ("allow := true\ndeny if data.policy.bda\nbad if true", "did you mean `bad`?"),
            (
                "sensitive if input.prameters.x\ndeny if sensitive\nallow := true",
                "did you mean `parameters`?",
            ),
        ] {
            let (errors, _) = told(rules);
            assert!(errors.contains(said), "{rules}: {errors}");
        }
    }

    #[test]
    fn what_could_only_stop_more_is_a_warning() {
        for (rules, said) in [
            ("allow if input.hour > 9", "`input.hour` is not there"),
            ("helper if input.tool == \"x\"", "no rule of the package decides"),
            ("allow if data.config.open", "`data.config.open` is not there"),
            ("allow := true\nhelper if input.tool == \"x\"", "nothing reads the rule `helper`"),
            ("deny contains \"x\" if input.tool == \"a\"", "everything is denied"),
        ] {
            let (errors, warnings) = told(rules);
            assert!(errors.is_empty() && warnings.contains(said), "{rules}: {errors} / {warnings}");
        }
        let (errors, warnings) = slips("package polcy\nallow := true\n");
        assert_eq!((errors.len(), warnings.len()), (0, 1));
        assert!(warnings[0].help.as_ref().unwrap().contains("`policy`"));
    }

    #[test]
    fn sound_policies_are_quiet() {
        for rules in [
            "default allow := false\nallow if {\n\tinput.tool_name == \"x\"\n\tis_fine(input.args.anything)\n}\nis_fine(x) if startswith(x, \"a\")",
            "allow if input.args.path == \"/x\"\nallow if input.args.paths[_] == \"x\"\nallow if input.args.mode == 1",
            "words := {\"a\", \"b\"}\ndeny contains msg if {\n\tsome word in words\n\tcontains(input.args.text, word)\n\tmsg := word\n}\nallow := true",
            "reason := \"x\" if input.metadata.user == \"u\"\nallow := true\ntest_it if allow",
            "deny[msg] { input.context.cwd == \"/\"; msg := \"no\" }\nallow = true { true }",
            "decision := {\"allow\": ok, \"reason\": \"denny input.tol\"}\nok if\n\tinput.parameters.count < 5",
            "deny if object.get(input.args, \"anything\", 1) == 2\nallow := true",
            "deny if object.get(input.args, [\"command\", 0], \"\") == object.get({}, \"comand\", 1)\nallow := true",
            "allow if data.policy.ok\nok if input.action == \"x\"",
        ] {
            let said = told(rules);
            assert_eq!(said, (String::new(), String::new()), "{rules}");
        }
    }
}
