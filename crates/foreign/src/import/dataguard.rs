//! DataGuard's rules in native TOML: the first match wins, so each overrides the stricter ones
//! behind it.
//!
//! A pattern over the text of the arguments becomes one over each argument that holds such a text; a
//! rule that the system ships becomes what it is meant to find, on parsed options, URLs and
//! statements. What only the search in a whole text can tell is named.

use datafog_core::Verdict;

use super::when::{self, Condition};
use super::{Draft, Sheet, list, quote};
use crate::dataguard::{Category, DataGuard, Field, Known, Names, Rule, Test};
use crate::names::{self, Class};

pub(super) fn translate(policy: &DataGuard, sheet: &mut Sheet<'_>) {
    for rule in &policy.rules {
        match conditions(rule, sheet) {
            Ok(when) => add(rule, when, sheet),
            Err(why) => sheet.leave_out(&rule.head.id, rule.head.line, why),
        }
    }
    let (allow, rewrite) = (policy.thresholds.allow_max, policy.thresholds.rewrite_max);
    let message = format!("`risk_thresholds` ({allow}, {rewrite}) are not translated");
    let why = "what no rule names is allowed here; write `[risk]` with signals of your own, or keep the score with `--policy`";
    sheet.deviate(1, message, why);
}

fn add(rule: &Rule, when: Condition, sheet: &mut Sheet<'_>) {
    let rewrite = rule.rewrite.as_deref().filter(|_| rule.verdict == Verdict::Rewrite);
    let draft = Draft {
        id: &rule.head.id,
        line: rule.head.line,
        verdict: rule.verdict,
        reason: &rule.head.reason,
        extra: rewrite.map(|name| format!("rewrite = {}", quote(name))).into_iter().collect(),
        when,
    };
    if !sheet.first_wins(&draft) {
        return;
    }
    // A field that is missing is asked about, whatever the rule would do about one that is there.
    if let (Some(field), true) = (&rule.field, rule.verdict > Verdict::Allow)
        && let Ok(named) = named(rule)
    {
        let id = format!("{}-missing", rule.head.id);
        let called = match named.names() {
            [] => when::all(&[when::tool(&["*"]), of_tools(&named)]),
            names => when::tool(&when::tools_alike(names)),
        };
        let when = when::all(&[called, missing(field)]);
        let (verdict, extra) = (Verdict::RequireApproval, Vec::new());
        let reason = "what the rule looks at is missing";
        sheet.rule(&Draft { id: &id, verdict, extra, when, reason, ..draft });
    }
}

/// What must hold, or why that cannot be said.
fn conditions(rule: &Rule, sheet: &mut Sheet<'_>) -> Result<Condition, &'static str> {
    let named = named(rule)?;
    let test = match (rule.known, &rule.contains, &rule.field) {
        (Some(known), _, None) => Some(of_known(known, &named, sheet)),
        (Some(_), _, Some(_)) => return Err("it asks for two things at once"),
        (None, Some(pattern), None) => pattern_of(rule, pattern.text(), sheet)?,
        (None, Some(_), Some(_)) => return Err("it asks for two things at once"),
        (None, None, Some(field)) => return of_field(field, &named),
        (None, None, None) => None,
    };
    // What a shipped rule finds says by itself which tools and commands are meant.
    let subject = match rule.known {
        Some(Known::Drop | Known::Https | Known::SecretInUrl) => None,
        Some(Known::Environment | Known::Force | Known::Removal | Known::Sudo) | None => {
            Some(of_tools(&named))
        }
    };
    Ok(when::all(&subject.into_iter().chain(test).collect::<Vec<_>>()))
}

/// What a rule is about.
struct Named {
    tools: Option<Names<String>>,
    categories: Option<Vec<Category>>,
}

fn named(rule: &Rule) -> Result<Named, &'static str> {
    let categories = match &rule.category {
        None => None,
        Some(Names::In(list)) if !list.contains(&Category::Unknown) => Some(list.clone()),
        Some(Names::In(_) | Names::NotIn(_)) => {
            return Err("it is about tools of which nobody knows what they do");
        }
    };
    Ok(Named { tools: rule.tool.clone(), categories })
}

impl Named {
    fn names(&self) -> &[String] {
        match &self.tools {
            Some(Names::In(list)) => list,
            Some(Names::NotIn(_)) | None => &[],
        }
    }
}

/// The tools that a rule names, and the commands that do the same.
fn of_tools(named: &Named) -> Condition {
    let mut all = Vec::new();
    match &named.tools {
        None => {}
        Some(Names::In(list)) => {
            let alike = when::tools_alike(list);
            let runs = list.iter().any(|name| names::class(name) == Some(Class::Shell));
            let one = if runs { when::shell(&alike) } else { when::tool(&alike) };
            let http = when::is_http(list).then(|| String::from("{ family = \"http\" }"));
            all.push(when::any(&core::iter::once(one).chain(http).collect::<Vec<_>>()));
        }
        Some(Names::NotIn(list)) => all.push(when::none(&[when::tool(list)])),
    }
    if let Some(categories) = &named.categories {
        let each: Vec<Condition> = categories.iter().filter_map(|one| of_category(*one)).collect();
        all.push(when::any(&each));
    }
    when::all(&all)
}

/// Tools of a category by name or by their arguments. A tool that tells nothing of itself is none of
/// any category there, where here nobody would know.
fn of_category(category: Category) -> Option<Condition> {
    let Signs { native, class, fields, further } = Signs::of(category)?;
    let telling = category.words().iter().chain(further);
    let words = telling.map(|word| format!("*{word}*")).collect::<Vec<_>>();
    let mut hints = vec![when::tool(&words)];
    if !fields.is_empty() {
        hints.push(when::arguments(fields, ""));
    }
    let is = format!("{{ category = {} }}", quote(native));
    let mut meant = vec![when::all(&[is, when::any(&hints)])];
    let mut tools: Vec<String> = class.map(when::tools_of).unwrap_or_default();
    if category == Category::FileSystem {
        tools.extend(when::tools_of(Class::Read));
        tools.extend([String::from("ls"), String::from("*__ls")]);
    }
    if !tools.is_empty() {
        meant.push(when::tool(&tools));
    }
    if category == Category::CodeExecution {
        meant.push(when::no_tool());
    }
    Some(when::any(&meant))
}

/// What a tool of a category is known by.
struct Signs {
    /// The category's name in native policies.
    native: &'static str,
    class: Option<Class>,
    /// Arguments that such a tool has.
    fields: &'static [&'static str],
    /// Parts of names beside the original's own.
    further: &'static [&'static str],
}

impl Signs {
    const fn of(category: Category) -> Option<Self> {
        Some(match category {
            Category::Auth => Self::new("auth", None, &[], &["signin"]),
            Category::CodeExecution => Self::new(
                "code_execution",
                Some(Class::Shell),
                names::COMMAND_FIELDS,
                &["cmd", "command", "eval", "python", "repl", "run", "script", "zsh"],
            ),
            Category::Database => Self::new(
                "database",
                Some(Class::Database),
                &["sql", "statement"],
                &["mongo", "postgres", "redis", "snowflake"],
            ),
            Category::FileSystem => Self::new(
                "file_system",
                Some(Class::Write),
                names::PATH_FIELDS,
                &["dir", "edit", "glob", "grep", "notebook", "patch", "read", "write"],
            ),
            Category::HttpRequest => Self::new(
                "http_request",
                Some(Class::Http),
                names::URL_FIELDS,
                &["api", "browse", "curl", "download", "navigate", "upload", "url", "web", "wget"],
            ),
            Category::MessageSend => Self::new(
                "message_send",
                Some(Class::Mail),
                names::RECIPIENT_FIELDS,
                &["chat", "slack", "telegram", "tweet"],
            ),
            Category::Payment => Self::new("payment", None, &["amount"], &["signin"]),
            Category::Unknown => return None,
        })
    }

    const fn new(
        native: &'static str,
        class: Option<Class>,
        fields: &'static [&'static str],
        further: &'static [&'static str],
    ) -> Self {
        Self { native, class, fields, further }
    }
}

/// Arguments that hold what a pattern is meant to be found in.
const TEXTS: &[&[&str]] = &[
    names::COMMAND_FIELDS,
    names::URL_FIELDS,
    names::QUERY_FIELDS,
    names::PATH_FIELDS,
    names::RECIPIENT_FIELDS,
    &["body", "content", "data", "headers", "message", "note", "prompt", "subject", "text"],
];

/// The pattern over each argument; without it, for a rule that stops a whole category, all of that.
fn pattern_of(
    rule: &Rule,
    pattern: &str,
    sheet: &mut Sheet<'_>,
) -> Result<Option<Condition>, &'static str> {
    if rule.verdict == Verdict::Allow {
        let whole = format!(
            "{{ argument = {{ path = \"*\", which = \"all\", {} }} }}",
            when::matches(pattern)
        );
        return Ok(Some(whole));
    }
    if rule.head.id == "require-approval-auth-changes" {
        let message = format!("`{}` asks about every call of its category", rule.head.id);
        sheet.deviate(rule.head.line, message, "names of arguments are not searched here");
        return Ok(None);
    }
    let mut fields: Vec<&str> = TEXTS.iter().copied().flatten().copied().collect();
    fields.sort_unstable();
    fields.dedup();
    let message = format!("`{}` looks for its pattern in arguments of known names", rule.head.id);
    let why = "the native language searches no whole text and no commands";
    sheet.deviate(rule.head.line, message, why);
    Ok(Some(when::arguments(&fields, &when::matches(pattern))))
}

/// Statements that remove tables.
const DROPS: &str = r"(?is)(^|[;\s])(drop(\s|/\*.*?\*/)+(table|database|schema|view)|truncate)\s";

/// Names of secrets with a value in a URL.
const SECRETS: &str = r"(?i)[?&#;](api[_-]?key|access[_-]?token|auth[_-]?token|token|secret|client[_-]?secret|password|passwd)=[^\s&]+";

/// The environment on its way out, in one text.
const ENVIRONMENT: &str =
    r"(?s)(\b(env|printenv)\b.*\b(curl|wget|nc)\b)|(\b(curl|wget|nc)\b.*\bprintenv\b)";

/// Programs that pass on statements, and the option that holds one.
const CLIENTS: &[&str] = &["mysql", "psql", "sqlite3"];

/// A URL that is not encrypted; what names no scheme is http.
const PLAIN: &str = r"(?i)^\s*(http://|[a-z0-9.-]+\.[a-z]+(:[0-9]+)?(/|$))";

/// What a shipped rule is meant to find.
fn of_known(known: Known, named: &Named, sheet: &mut Sheet<'_>) -> Condition {
    let tools = when::tool(&when::tools_alike(named.names()));
    match known {
        Known::Drop => drops(sheet),
        Known::Environment => {
            let fields = [names::COMMAND_FIELDS, names::URL_FIELDS, &["body", "data"]].concat();
            when::arguments(&fields, &when::matches(ENVIRONMENT))
        }
        Known::Force => forced(sheet),
        Known::Https => {
            let here = String::from("{ host = \"loopback\" }");
            when::all(&[in_url(tools, PLAIN, ", kind = \"url\""), when::none(&[here])])
        }
        Known::Removal => {
            let option = String::from("{ option = [\"--recursive\", \"--force\"] }");
            when::all(&[when::command(&["rm"]), option])
        }
        Known::SecretInUrl => in_url(tools, SECRETS, ""),
        Known::Sudo => {
            let elevating = ["sudo", "doas", "pkexec", "su"];
            when::command(&sheet.known_commands(&elevating, "rewrite-sudo", 1))
        }
    }
}

/// A URL of these tools, or of a command for HTTP, that the pattern is found in.
fn in_url(tools: Condition, pattern: &str, operand: &str) -> Condition {
    let test = when::matches(pattern);
    let operand = format!("{{ operand = {{ {test}{operand} }} }}");
    when::any(&[
        when::all(&[tools, when::arguments(names::URL_FIELDS, &test)]),
        when::all(&[String::from("{ family = \"http\" }"), operand]),
    ])
}

/// Statements that remove tables: of tools for databases, and of programs.
fn drops(sheet: &mut Sheet<'_>) -> Condition {
    let test = when::matches(DROPS);
    let tools = when::tool(&when::tools_of(Class::Database));
    let mut meant = vec![when::all(&[tools, when::arguments(names::QUERY_FIELDS, &test)])];
    let clients = sheet.known_commands(CLIENTS, "deny-drop-table", 1);
    if !clients.is_empty() {
        // In an option or an operand, in a here-string, or in what `echo` writes into a pipe.
        let given = format!("{{ content = {{ role = [\"query\", \"stdin\"], {test} }} }}");
        meant.push(when::all(&[when::command(&clients), given]));
    }
    when::any(&meant)
}

/// Options that force, of commands that have one, and references that do.
fn forced(sheet: &Sheet<'_>) -> Condition {
    let option = String::from("{ option = \"--force\" }");
    let push = [
        when::command(&["git"]),
        String::from("{ subcommand = \"push\" }"),
        String::from("{ operand = { text = \"+?*\" } }"),
    ];
    let options = [when::command(&sheet.commands_with("--force")), option];
    when::any(&[when::all(&options), when::all(&push)])
}

/// The names under which a field is looked for.
fn fields(name: &str) -> Vec<&str> {
    let groups =
        [names::RECIPIENT_FIELDS, names::URL_FIELDS, names::COMMAND_FIELDS, names::QUERY_FIELDS];
    let others = groups.into_iter().find(|group| group.contains(&name)).unwrap_or_default();
    let others = others.iter().copied().filter(|other| *other != name);
    core::iter::once(name).chain(others).collect()
}

/// None of the names of a field is there.
fn missing(field: &Field) -> Condition {
    when::none(&fields(&field.name).iter().map(|name| when::argument(name, "")).collect::<Vec<_>>())
}

/// The tests of a field, by tools; those of hosts by commands as well.
fn of_field(field: &Field, named: &Named) -> Result<Condition, &'static str> {
    let mut tests = Vec::new();
    let mut hosts = None;
    for test in &field.tests {
        tests.push(of_test(test, field)?);
        hosts = match test {
            Test::DomainIn(list) => Some((list, true)),
            Test::DomainNotIn(list) => Some((list, false)),
            Test::Contains(_)
            | Test::Equals(_)
            | Test::Greater(_)
            | Test::Less(_)
            | Test::LongerThan(_)
            | Test::Matches(_)
            | Test::ShorterThan(_) => hosts,
        };
    }
    let by_tool = when::all(&core::iter::once(of_tools(named)).chain(tests).collect::<Vec<_>>());
    let Some((hosts, within)) = hosts.filter(|_| when::is_http(named.names())) else {
        return Ok(by_tool);
    };
    let listed = format!("{{ host = {} }}", list(&native_hosts(hosts)));
    let listed = if within { listed } else { when::none(&[listed]) };
    // A tool of these names is judged by its argument.
    let other = when::none(&[when::tool(&when::tools_alike(named.names()))]);
    let by_command = when::all(&[String::from("{ family = \"http\" }"), other, listed]);
    Ok(when::any(&[by_tool, by_command]))
}

fn of_test(test: &Test, field: &Field) -> Result<Condition, &'static str> {
    let names = fields(&field.name);
    let each = |test: &str| Ok(when::arguments(&names, test));
    match test {
        Test::Contains(part) => each(&format!("contains = {}", quote(part))),
        Test::DomainIn(hosts) => each(&format!("domain_in = {}", list(&hosts_here(hosts)))),
        Test::DomainNotIn(hosts) => each(&format!("domain_not_in = {}", list(&hosts_here(hosts)))),
        Test::Equals(serde_json::Value::String(text)) => each(&format!("eq = {}", quote(text))),
        Test::Equals(value @ (serde_json::Value::Bool(_) | serde_json::Value::Number(_))) => {
            each(&format!("eq = {value}"))
        }
        Test::Equals(_) => Err("it compares with a list, a table or null"),
        Test::Greater(bound) => each(&format!("gt = {bound:?}")),
        Test::Less(bound) => each(&format!("lt = {bound:?}")),
        Test::LongerThan(bound) => {
            let long = |name: &&str| when::argument(&format!("{name}.{bound}"), "");
            let mut meant: Vec<Condition> = names.iter().map(long).collect();
            if names::RECIPIENT_FIELDS.contains(&field.name.as_str()) {
                let pattern = format!("^([^,;\\n]*[,;\\n]){{{bound}}}");
                meant.push(when::arguments(&names, &when::matches(&pattern)));
            }
            Ok(when::any(&meant))
        }
        Test::Matches(pattern) => each(&when::matches(pattern.text())),
        Test::ShorterThan(bound) => {
            let last = bound.saturating_sub(1);
            let long: Vec<Condition> =
                names.iter().map(|name| when::argument(&format!("{name}.{last}"), "")).collect();
            Ok(when::all(&[when::arguments(&names, ""), when::none(&long)]))
        }
    }
}

/// Hosts of an argument: where this machine is named, every name of it.
fn hosts_here(hosts: &[String]) -> Vec<String> {
    let here = ["127.0.0.1", "localhost"];
    let mut all = hosts.to_vec();
    if hosts.iter().any(|host| here.contains(&host.as_str())) {
        all.extend(here.map(str::to_owned));
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// Hosts as conditions on destinations write them: this machine by one word.
fn native_hosts(hosts: &[String]) -> Vec<String> {
    let mut all: Vec<String> = hosts
        .iter()
        .map(|host| match host.as_str() {
            "localhost" | "127.0.0.1" | "::1" => String::from("loopback"),
            other => other.to_owned(),
        })
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}
