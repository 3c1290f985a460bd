//! What is judged: a wrapped command or a tool call, in the words that all five systems share.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use datafog_core::{
    Action, ActionKind, Category, Facts, Finding, HostName, Invocation, Operand, OperandKind,
    Principal, ToolCall, Void,
};
use serde_json::{Map, Value, json};

use crate::command::{Command, Commands, Interpret};
use crate::dataguard::signs;
use crate::{lookup, names};

/// One call to be judged.
///
/// Made by [`Call::command`] from a wrapped command's facts, by [`Call::called`] from those of a tool
/// call, or by [`Call::tool`] from a tool's name and arguments alone; the fields may be filled further
/// by whoever knows more.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// Kind of the action by its wire name (`command.exec`, `file.write`, …); free text of a caller
    /// is taken as it is. Blank is denied by DataFog policies.
    pub kind: String,
    /// The tool's name: `bash`, `write_file`, an adapter (`vcs`).
    pub tool: String,
    /// The server that offers the tool; empty when there is none.
    pub server: String,
    /// The tool's arguments.
    pub arguments: Value,
    /// The tool whose call runs this command; empty for what nothing but itself asks for.
    pub within: String,
    /// The category that the caller states; what is inferred counts beside it.
    pub category: String,
    /// What the gate takes the tool to do, by its name and its arguments.
    pub inferred: Vec<Category>,
    /// What a DataFog policy calls the resource: a path, a URL, a program.
    pub resource: String,
    /// Every simple command that would run, seen through wrappers.
    pub commands: Vec<Command>,
    /// Paths that the shell would write to by redirection.
    pub written: Vec<String>,
    /// Paths that the shell would read from by redirection.
    pub read: Vec<String>,
    /// Whether there may be commands or words that nobody could read.
    pub unclear: bool,
    /// What was found in the call's content.
    pub findings: Vec<Finding>,
    /// Whether the caller calls the action sensitive.
    pub sensitive: bool,
    /// Text that a stranger may have written: a summary, an intended outcome.
    pub context: String,
    /// Who asks.
    pub principal: Principal,
    /// The user's name, as the gate knows it; empty when unknown.
    pub user: String,
    /// Groups of the user.
    pub groups: Vec<String>,
    /// The tenant that the user belongs to; empty without one.
    pub tenant: String,
    /// The working directory, absolute.
    pub cwd: PathBuf,
    /// The user's home folder, when known.
    pub home: Option<PathBuf>,
    /// Seconds since 1970 in UTC, for policies that ask for the time; `None` when nobody said.
    pub time: Option<i64>,
}

impl Call {
    /// A wrapped command: what a shim or `datafog run` is about to start.
    #[must_use]
    pub fn command(facts: &dyn Facts, tables: &dyn Interpret) -> Self {
        Self::run(facts.action(), tables).asked_by(facts)
    }

    /// An agent's tool call, as the gate read it.
    #[must_use]
    pub fn called(facts: &dyn Facts, tool: &ToolCall, tables: &dyn Interpret) -> Self {
        let mut call =
            Self::tool(&tool.name, lookup::plain(&tool.arguments), tables).asked_by(facts);
        // Whoever asks may know better than a name what kind of action it is.
        if facts.action().kind != ActionKind::ToolCall {
            facts.action().kind.name().clone_into(&mut call.kind);
        }
        call.inferred.clone_from(&tool.categories);
        call
    }

    /// The command line of an action, whoever asks for it.
    pub(crate) fn run(action: &Action, tables: &dyn Interpret) -> Self {
        let words: Vec<String> =
            action.argv.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        let commands = Commands::of_words(words.clone(), tables);
        let program = crate::command::program(&words).to_owned();
        let mut call = Self {
            kind: action.kind.name().to_owned(),
            tool: names::adapter(&program),
            arguments: arguments_of(action, &words),
            resource: program,
            cwd: action.cwd.clone(),
            ..Self::default()
        };
        call.take(commands);
        // The gate's own reading of the command knows files and variables that the tables do not.
        if let Some(first) = call.commands.first_mut() {
            first.invocation = action.invocation.clone();
        }
        call.unclear |= !action.invocation.unclear.is_empty();
        call
    }

    /// The same, asked for by whoever these facts name, about what they found.
    fn asked_by(self, facts: &dyn Facts) -> Self {
        let account = facts.account().cloned().unwrap_or_default();
        Self {
            findings: facts.findings().to_vec(),
            principal: facts.principal().clone(),
            user: account.user,
            groups: account.groups,
            tenant: account.tenant.flatten().unwrap_or_default(),
            cwd: facts.action().cwd.clone(),
            home: facts.home().map(Path::to_owned),
            ..self
        }
    }

    /// A command that `self` starts: asked for by the same.
    pub(crate) fn starting(&self, started: Self) -> Self {
        Self {
            kind: ActionKind::CommandExec.name().to_owned(),
            principal: self.principal.clone(),
            user: self.user.clone(),
            groups: self.groups.clone(),
            tenant: self.tenant.clone(),
            home: self.home.clone(),
            time: self.time,
            ..started
        }
    }

    /// An agent's tool call. Shell texts and argument lists among the arguments are taken apart.
    #[must_use]
    pub fn tool(name: &str, arguments: Value, tables: &dyn Interpret) -> Self {
        let class = names::class(name);
        let commands = match names::likely(name) {
            Some(names::Class::Shell) => shell_commands(&arguments, tables),
            _ => Commands::default(),
        };
        let kind = class.map_or(ActionKind::ToolCall, names::Class::kind);
        let mut call = Self {
            kind: kind.name().to_owned(),
            tool: name.trim().to_owned(),
            resource: resource(names::likely(name), &arguments, &commands),
            arguments,
            ..Self::default()
        };
        call.take(commands);
        call
    }

    fn take(&mut self, commands: Commands) {
        self.commands = commands.list;
        self.written = commands.written;
        self.read = commands.read;
        self.unclear = commands.unclear;
    }

    /// `path` as it would be opened, by its text alone: absolute, `.` and `..` resolved.
    pub(crate) fn absolute(&self, path: &str) -> PathBuf {
        let expanded = match (path.strip_prefix("~/"), &self.home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ if path == "~" => self.home.clone().unwrap_or_else(|| PathBuf::from(path)),
            _ => PathBuf::from(path),
        };
        let mut resolved = PathBuf::new();
        for part in self.cwd.join(expanded).components() {
            match part {
                std::path::Component::CurDir => {}
                std::path::Component::ParentDir => {
                    resolved.pop();
                }
                std::path::Component::Normal(_)
                | std::path::Component::Prefix(_)
                | std::path::Component::RootDir => resolved.push(part),
            }
        }
        resolved
    }
}

/// The arguments of a wrapped command as a tool call would carry them.
fn arguments_of(action: &Action, words: &[String]) -> Value {
    let mut table = Map::new();
    table.insert(String::from("command"), json!(words.join(" ")));
    table.insert(String::from("argv"), json!(words));
    table.insert(String::from("cwd"), json!(action.cwd.to_string_lossy()));
    let is_url = |one: &Operand| one.kind == OperandKind::Url;
    let mut urls = Vec::new();
    if action.invocation.operands.iter().any(is_url) {
        urls = urls_as_given(&action.invocation);
        urls.extend(further(&action.invocation, &urls));
    }
    match urls.as_slice() {
        [] => {}
        [one] => drop(table.insert(String::from("url"), json!(one))),
        _ => drop(table.insert(String::from("url"), json!(urls))),
    }
    Value::Object(table)
}

/// Every URL that a command would ask: those that it names, and one for each further host that the
/// gate sees it contact.
pub(crate) fn urls(invocation: &Invocation) -> Vec<String> {
    let mut urls: Vec<String> =
        urls_as_given(invocation).iter().map(|text| with_scheme(text)).collect();
    urls.extend(further(invocation, &urls));
    urls
}

/// A URL as HTTP clients take it: without a scheme it is http.
pub(crate) fn with_scheme(text: &str) -> String {
    if text.contains("://") { text.to_owned() } else { format!("http://{text}") }
}

fn urls_as_given(invocation: &Invocation) -> Vec<String> {
    let operands = invocation.operands.iter().filter(|one| one.kind == OperandKind::Url);
    operands.map(|one| one.text.to_string_lossy().into_owned()).collect()
}

/// The hosts that would be contacted and stand in none of these URLs: a proxy, an address that
/// stands in for the name. One that nobody can tell is a URL without a host.
fn further(invocation: &Invocation, named: &[String]) -> Vec<String> {
    let named: Vec<HostName> =
        named.iter().filter_map(|text| Some(signs::host(&with_scheme(text))?.1)).collect();
    // Variables for proxies are the machine's own and stand behind every call.
    let bends = |void: &Void| match void {
        Void::Ambiguous | Void::ConfigurationFile(_) | Void::ConnectsElsewhere(_) | Void::Proxy => {
            true
        }
        Void::Environment(_)
        | Void::Insecure
        | Void::Plaintext
        | Void::Redirects
        | Void::RedirectsTrusted => false,
    };
    let mut further = Vec::new();
    for one in &invocation.destinations {
        let is_bent = one.voids.iter().any(bends);
        if !is_bent && named.contains(&one.host) {
            continue;
        }
        let host = match &one.host {
            _ if is_bent => String::new(),
            HostName::Ip(IpAddr::V6(ip)) => format!("[{ip}]"),
            host @ (HostName::Ip(_) | HostName::Name(_)) => host.to_string(),
            HostName::Deferred(_) | HostName::Unknown => String::new(),
        };
        let url = format!("{}://{host}", one.scheme);
        if !further.contains(&url) {
            further.push(url);
        }
    }
    further
}

/// The commands in a shell tool's arguments, whatever the field is called.
fn shell_commands(arguments: &Value, tables: &dyn Interpret) -> Commands {
    let mut commands = Commands::default();
    for name in names::COMMAND_FIELDS {
        let more = match arguments.get(*name) {
            Some(Value::String(text)) => Commands::of_text(text, tables),
            Some(Value::Array(items)) => {
                // A list of plain texts is one command; anything else in it cannot be read.
                let words: Vec<String> =
                    items.iter().filter_map(Value::as_str).map(str::to_owned).collect();
                let unclear = words.len() < items.len();
                let mut more = Commands::of_words(words, tables);
                more.unclear |= unclear;
                more
            }
            _ => continue,
        };
        commands.list.extend(more.list);
        commands.written.extend(more.written);
        commands.read.extend(more.read);
        commands.unclear |= more.unclear;
    }
    if let Some(Value::Array(items)) = arguments.get("args")
        && let Some(first) = commands.list.first_mut()
    {
        first.words.extend(items.iter().filter_map(Value::as_str).map(str::to_owned));
        let whole: Vec<_> = first.words.iter().map(std::ffi::OsString::from).collect();
        first.invocation = tables.interpret(&whole);
    }
    commands
}

fn resource(class: Option<names::Class>, arguments: &Value, commands: &Commands) -> String {
    let field = |names: &[&str]| {
        let found = names.iter().find_map(|name| arguments.get(*name).and_then(Value::as_str));
        found.unwrap_or_default().to_owned()
    };
    match class {
        Some(names::Class::Shell) => {
            commands.list.first().map(|one| one.program().to_owned()).unwrap_or_default()
        }
        Some(names::Class::Http) => field(names::URL_FIELDS),
        _ => field(names::PATH_FIELDS),
    }
}
