//! From a tool call to the normal form: the same words as for a command line.
//!
//! What a tool does is told by its name and by its arguments, never by what the caller calls it:
//! [`categories`]. Paths become operands, URLs destinations, every text content that is looked at.
//! A plain command line in a tool that runs programs is read as the command it is; any other shell
//! text is handed on as a line for a shell, since reading it is the business of a shell's parser.
//! What a tool does to files by itself is told in the words of commands, too: who deletes a folder
//! does what `rm` does.
//!
//! A call whose end nobody can tell counts as one that leaves this machine.

use std::ffi::OsString;

use datafog_core::{
    Carrier, Category, ContentSource, Deliver, Destination, Flow, Flows, Invocation, Operand,
    OperandKind, Reach, Surroundings, ToolCall, Value, Void, readings,
};

use crate::address::{self, Address, Style};
use crate::behind::Start;
use crate::interpret::interpret;
use crate::patch::patched;
use crate::profile;
use crate::transport::http::straight_reach;

pub(crate) use paths::expanded;
use paths::is_path;

mod command;
mod paths;

/// Words of a tool's name that tell what it does. Sorted by category.
const WORDS: [(Category, &[&str]); 7] = [
    (
        Category::Auth,
        &[
            "apikey",
            "auth",
            "credential",
            "credentials",
            "grant",
            "iam",
            "login",
            "mfa",
            "oauth",
            "password",
            "permission",
            "permissions",
            "revoke",
            "role",
            "roles",
            "signin",
        ],
    ),
    (
        Category::CodeExecution,
        &[
            "bash",
            "cmd",
            "command",
            "eval",
            "exec",
            "execute",
            "powershell",
            "python",
            "repl",
            "run",
            "script",
            "sh",
            "shell",
            "spawn",
            "stdin",
            "subprocess",
            "terminal",
            "zsh",
        ],
    ),
    (
        Category::Database,
        &[
            "database",
            "db",
            "mongo",
            "mongodb",
            "mysql",
            "postgres",
            "postgresql",
            "query",
            "redis",
            "snowflake",
            "sql",
            "sqlite",
        ],
    ),
    (
        Category::FileSystem,
        &[
            "dir",
            "directory",
            "edit",
            "file",
            "files",
            "filesystem",
            "folder",
            "glob",
            "grep",
            "ls",
            "notebook",
            "patch",
            "read",
            "write",
        ],
    ),
    (
        Category::HttpRequest,
        &[
            "api", "browse", "browser", "curl", "download", "fetch", "http", "https", "navigate",
            "request", "upload", "url", "web", "webhook", "wget",
        ],
    ),
    (
        Category::MessageSend,
        &[
            "chat", "email", "gmail", "mail", "message", "messages", "notify", "slack", "sms",
            "telegram", "tweet",
        ],
    ),
    (
        Category::Payment,
        &[
            "charge", "checkout", "invoice", "pay", "payment", "payments", "payout", "purchase",
            "refund", "transfer", "wire",
        ],
    ),
];

/// Names of arguments that tell what a tool does, whatever it is called.
const FIELDS: [(Category, &[&str]); 5] = [
    (Category::CodeExecution, COMMANDS),
    (Category::Database, &["sql", "statement"]),
    (Category::FileSystem, PATHS),
    (Category::HttpRequest, URLS),
    (Category::MessageSend, &["bcc", "cc", "recipient", "recipients"]),
];

/// Where a command line stands.
const COMMANDS: &[&str] = &[
    "argv",
    "cmd",
    "code",
    "command",
    "command_line",
    "commandline",
    "commands",
    "script",
    "shell_command",
];

/// Whether an argument of that name holds what a tool runs: a command line, or its words.
#[must_use]
pub fn holds_command(name: &str) -> bool {
    COMMANDS.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Where a path stands.
const PATHS: &[&str] = &[
    "absolute_path",
    "directory",
    "file",
    "file_path",
    "filename",
    "filepath",
    "folder",
    "notebook_path",
    "path",
    "paths",
    "target_file",
];

/// Where a repository or a project stands that a tool works on: small letters, nothing between
/// words.
const PROJECTS: &[&str] = &[
    "basedir",
    "basepath",
    "gitdir",
    "project",
    "projectdir",
    "projectdirectory",
    "projectfolder",
    "projectpath",
    "projectroot",
    "repo",
    "repodir",
    "repopath",
    "repository",
    "repositorydir",
    "repositorypath",
    "root",
    "rootdir",
    "rootpath",
    "workspace",
    "workspacedir",
    "workspacefolder",
    "workspacepath",
    "workspaceroot",
    "worktree",
    "worktreepath",
];

/// Whether an argument of that name is a folder that a tool works in or on.
pub(crate) fn names_folder(name: &str) -> bool {
    command::is_folder(name) || PROJECTS.contains(&command::joined_up(name).as_str())
}

/// Where a URL stands.
const URLS: &[&str] = &["endpoint", "href", "uri", "url", "urls"];

/// Words of the names of tools that change or remove files.
const CHANGES: &[&str] = &[
    "append",
    "create",
    "delete",
    "edit",
    "insert",
    "move",
    "overwrite",
    "patch",
    "remove",
    "rename",
    "replace",
    "rm",
    "save",
    "unlink",
    "update",
    "write",
];

/// Words of the names of tools that send what a path names.
const SENDS: &[&str] = &[
    "attach",
    "attachment",
    "mail",
    "post",
    "publish",
    "put",
    "send",
    "share",
    "submit",
    "upload",
];

/// Words of the names of tools that start or type something, nobody knows where.
const ANYWHERE: &[&str] = &["keys", "spawn", "stdin"];

/// A tool call in normal form.
#[derive(Debug)]
pub struct ToolReading<'s> {
    /// The call, with what it may do.
    pub call: ToolCall,
    /// The command line, where the tool runs one that could be read; empty otherwise.
    pub argv: Vec<OsString>,
    /// What the call means. Without a command line its program is `tool:` and the tool's name,
    /// which no command can have.
    pub invocation: Invocation,
    /// What else it does, in the words of commands: lines and programs that it runs, files that it
    /// removes, moves or reads.
    pub starts: Vec<Start<'s>>,
}

/// What a call of the tool `name` means. Total and linear in the size of the arguments.
#[must_use]
pub fn interpret_tool<'s>(
    name: &str,
    arguments: Value,
    surroundings: &'s dyn Surroundings,
) -> ToolReading<'s> {
    let categories = categories(name, &arguments);
    let call = ToolCall { name: name.to_owned(), arguments, categories };
    let (argv, starts) = command::commands(&call, surroundings);
    let (argv, mut invocation) = match argv {
        Some(argv) => (argv.clone(), interpret(&argv, surroundings)),
        None => (Vec::new(), bare(&call)),
    };
    let runs = !argv.is_empty() || starts.iter().any(|start| start.runs);
    let starts = starts.into_iter().map(|start| start.start).collect();
    let way = if invocation.flows.has(Flow::Leaves) { Flow::Leaves } else { Flow::Stays };
    let takes = Taking { runs, way, call: &call, surroundings };
    call.arguments.each_leaf(&mut |path, value| takes.leaf(path, value, &mut invocation));
    takes.names(&mut invocation);
    if !runs {
        settle(&mut invocation);
    }
    ToolReading { call, argv, invocation, starts }
}

/// What a tool may do, by the words of its name and by the names of its arguments; sorted.
pub(crate) fn categories(name: &str, arguments: &Value) -> Vec<Category> {
    let words = words_of(name);
    let by_name =
        WORDS.iter().filter(|(_, telling)| words.iter().any(|it| telling.contains(&it.as_str())));
    let has = |field: &&str| matches!(arguments, Value::Table(members) if members.iter().any(|(name, _)| name.eq_ignore_ascii_case(field)));
    let by_field = FIELDS.iter().filter(|(_, fields)| fields.iter().any(&has));
    let mut all: Vec<Category> =
        by_name.map(|(it, _)| *it).chain(by_field.map(|(it, _)| *it)).collect();
    if has(&"to") && ["body", "message", "subject", "text"].iter().any(has) {
        all.push(Category::MessageSend);
    }
    if has(&"amount") && ["card", "currency", "recipient", "to"].iter().any(has) {
        all.push(Category::Payment);
    }
    let types = ["send", "keys"].iter().all(|it| words.iter().any(|word| word == it));
    if types || program_of(name).is_some() && command::ARGUMENTS.iter().any(has) {
        all.push(Category::CodeExecution);
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// The program that a tool has the name of: `rm`, `mcp__host__git`.
fn program_of(name: &str) -> Option<&str> {
    let last = name.rsplit(['.', '/', ':']).next().unwrap_or(name);
    let last = last.rsplit("__").next().unwrap_or(last);
    is_program(last).then_some(last)
}

/// Whether a program of that name is known.
fn is_program(name: &str) -> bool {
    profile::profile(name).is_some() || profile::unwrapped(name).is_some()
}

/// `WebFetch`, `web_fetch` and `mcp__net__web-fetch` hold the words `web` and `fetch`.
fn words_of(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut was_small = false;
    for letter in name.chars() {
        let starts = letter.is_uppercase() && was_small;
        if (starts || !letter.is_alphanumeric()) && !word.is_empty() {
            words.push(core::mem::take(&mut word));
        }
        if letter.is_alphanumeric() {
            word.extend(letter.to_lowercase());
        }
        was_small = letter.is_lowercase() || letter.is_numeric();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// The normal form of a call that runs no command.
fn bare(call: &ToolCall) -> Invocation {
    let here = [Category::FileSystem, Category::CodeExecution];
    let stays = !call.categories.is_empty()
        && call.categories.iter().all(|it| here.contains(it))
        && !has_word(&call.name, ANYWHERE);
    let flow = if stays { Flow::Stays } else { Flow::Leaves };
    let flows = Flows::NONE.with(flow);
    let changes = call.categories.contains(&Category::FileSystem) && changes_files(&call.name);
    Invocation {
        program: format!("tool:{}", call.name),
        known: true,
        flows: if changes { flows.with(Flow::Destroys) } else { flows },
        ..Invocation::default()
    }
}

fn changes_files(name: &str) -> bool {
    has_word(name, CHANGES)
}

fn has_word(name: &str, words: &[&str]) -> bool {
    words_of(name).iter().any(|word| words.contains(&word.as_str()))
}

/// A call that leaves for nobody knows where has one destination that is nobody's home.
fn settle(invocation: &mut Invocation) {
    if invocation.flows.has(Flow::Leaves) && invocation.destinations.is_empty() {
        invocation.destinations.push(Destination::untold("tool"));
    }
}

/// How the leaves of the arguments are taken.
struct Taking<'a> {
    /// The tool runs a command, which is read by itself.
    runs: bool,
    way: Flow,
    call: &'a ToolCall,
    surroundings: &'a dyn Surroundings,
}

impl Taking<'_> {
    fn leaf(&self, path: &str, value: &Value, invocation: &mut Invocation) {
        let text = match value {
            Value::Text(text) => text.clone(),
            // A card number may be written as a number.
            Value::Integer(number) => number.to_string(),
            Value::Bool(_) | Value::Float(_) | Value::List(_) | Value::Null | Value::Table(_) => {
                return;
            }
        };
        let first = path.split('.').next().unwrap_or_default();
        let is = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(first));
        if self.runs && is(COMMANDS) {
            // The judged command line holds it.
            return;
        }
        if matches!(value, Value::Text(_)) {
            if text.contains("://") || is(URLS) {
                self.url(&text, is(URLS), invocation);
            } else if is(PATHS) || is_path(&text) {
                let operand = self.operand(&text, OperandKind::Path);
                if self.way == Flow::Leaves && has_word(&self.call.name, SENDS) {
                    invocation.contents.push(ContentSource {
                        carrier: Carrier::File(operand.text.clone().into()),
                        flow: Flow::Leaves,
                        role: path.to_owned(),
                        deliver: Deliver::Path,
                    });
                }
                invocation.operands.push(operand);
            }
            self.spelled(path, &text, invocation);
        }
        invocation.contents.push(ContentSource {
            carrier: Carrier::Inline(text.into_bytes()),
            flow: self.way,
            role: path.to_owned(),
            deliver: Deliver::Handle,
        });
    }

    /// Paths in a text that is none as a whole: parts of a list, a file with a line in it, the files
    /// of a patch that is applied.
    fn spelled(&self, path: &str, text: &str, invocation: &mut Invocation) {
        let parts = readings(text).into_iter().filter(|part| is_path(part));
        invocation.operands.extend(parts.map(|part| self.operand(part, OperandKind::Path)));
        let name = path.rsplit('.').next().unwrap_or_default();
        if command::is_written(name) && !has_word(&self.call.name, &["diff", "patch"]) {
            // What is written into a file changes no other one.
            return;
        }
        for name in patched(text) {
            let operand = self.operand(&name, OperandKind::Path);
            invocation.operands.push(Operand { flow: Flow::Destroys, ..operand });
        }
    }

    /// The names of arguments are text of the caller's, too.
    fn names(&self, invocation: &mut Invocation) {
        let mut names = Vec::new();
        collect_names(&self.call.arguments, &mut names);
        if !names.is_empty() {
            invocation.contents.push(ContentSource {
                carrier: Carrier::Inline(names.join("\n").into_bytes()),
                flow: self.way,
                role: String::from("names"),
                deliver: Deliver::Handle,
            });
        }
    }

    fn url(&self, text: &str, called: bool, invocation: &mut Invocation) {
        if let Some(path) = text.strip_prefix("file://") {
            return invocation.operands.push(self.operand(path, OperandKind::Path));
        }
        // A URL in the middle of a text is what the text is about, not where the call goes.
        if !called && text.contains(char::is_whitespace) {
            return;
        }
        invocation.operands.push(self.operand(text, OperandKind::Url));
        let style = Style { scheme: "https", guess: false, globs: false };
        let address = Address::read(text.as_bytes(), style);
        let mut destination = Destination {
            port: address.port,
            reach: straight_reach(&address.host),
            voids: Vec::new(),
            scheme: address.scheme,
            host: address.host,
        };
        if address.ambiguous {
            destination.bend(Void::Ambiguous);
        }
        if !address::is_encrypted(&destination.scheme) && destination.reach != Reach::Loopback {
            destination.bend(Void::Plaintext);
        }
        if !invocation.destinations.contains(&destination) {
            invocation.destinations.push(destination);
        }
    }

    fn operand(&self, text: &str, kind: OperandKind) -> Operand {
        let changes = kind == OperandKind::Path && changes_files(&self.call.name);
        let text = expanded(text, self.surroundings.home());
        let flow = if changes { Flow::Destroys } else { Flow::Stays };
        Operand { text, kind, flow, place: None, canonical: None }
    }
}

fn collect_names<'v>(value: &'v Value, names: &mut Vec<&'v str>) {
    match value {
        Value::Table(members) => {
            for (name, value) in members {
                names.push(name);
                collect_names(value, names);
            }
        }
        Value::List(items) => items.iter().for_each(|item| collect_names(item, names)),
        Value::Bool(_) | Value::Float(_) | Value::Integer(_) | Value::Null | Value::Text(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use datafog_core::HostName;

    use super::*;
    use crate::world::World;

    pub(super) fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn table(members: &[(&str, Value)]) -> Value {
        Value::Table(
            members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        )
    }

    pub(super) fn read(name: &str, members: &[(&str, Value)]) -> ToolReading<'static> {
        let world: &'static World = Box::leak(Box::default());
        interpret_tool(name, table(members), world)
    }

    #[test]
    fn categories_come_from_names_and_arguments() {
        use Category::{CodeExecution, Database, FileSystem, HttpRequest, MessageSend, Payment};
        for (name, fields, expected) in [
            ("WebFetch", vec![], vec![HttpRequest]),
            ("mcp__mail__send-email", vec![], vec![MessageSend]),
            ("harmless", vec!["url"], vec![HttpRequest]),
            ("note", vec!["Command"], vec![CodeExecution]),
            ("note", vec!["to", "amount"], vec![Payment]),
            ("note", vec!["to", "subject"], vec![MessageSend]),
            ("run_sql", vec![], vec![CodeExecution, Database]),
            ("Read", vec!["file_path"], vec![FileSystem]),
            ("frobnicate", vec!["x"], vec![]),
        ] {
            let members: Vec<_> = fields.into_iter().map(|field| (field, text("x"))).collect();
            assert_eq!(categories(name, &table(&members)), expected, "{name}");
        }
    }

    #[test]
    fn a_plain_command_is_read_as_what_it_is() {
        for arguments in [
            text("git push --force"),
            Value::List(vec![text("git"), text("push"), text("--force")]),
        ] {
            let reading = read("Bash", &[("command", arguments)]);
            assert_eq!(reading.invocation.program, "git");
            assert_eq!(reading.argv.len(), 3);
            assert!(reading.invocation.has_option("--force"));
        }
    }

    #[test]
    fn a_path_is_one_whatever_its_argument_is_called() {
        let operands = |value: Value| {
            let operands = read("frobnicate", &[("p", value)]).invocation.operands;
            operands.into_iter().map(|it| it.text.into_string().unwrap()).collect::<Vec<_>>()
        };
        let paths = ["a/.env", ".env", "src/main.rs", "/etc/passwd", "../x"];
        let nested = Value::List(vec![Value::List(paths.map(text).to_vec())]);
        assert_eq!(operands(nested), paths);
        for other in ["either/or", "see a/b.c", "0.5", "x", "a/b.c\nd", "application/json"] {
            assert!(operands(text(other)).is_empty(), "{other}");
        }
    }

    #[test]
    fn paths_and_urls_are_bound() {
        let reading = read("Write", &[("file_path", text("~/.bashrc")), ("content", text("x"))]);
        let operand = &reading.invocation.operands[0];
        assert!(operand.text.to_string_lossy().ends_with("/.bashrc"));
        assert_eq!((operand.kind, operand.flow), (OperandKind::Path, Flow::Destroys));
        let reading = read("fetch", &[("url", text("https://api.github.com/x"))]);
        assert_eq!(
            reading.invocation.destinations[0].host,
            HostName::Name("api.github.com".into())
        );
        let reading = read("fetch", &[("url", text("https://a.com@evil.example/"))]);
        assert!(reading.invocation.destinations[0].host != HostName::Name("a.com".into()));
        let reading = read("frobnicate", &[("note", text("see https://a.com/ for more"))]);
        assert_eq!(reading.invocation.destinations[0].host, HostName::Unknown);
        assert!(reading.invocation.flows.has(Flow::Leaves));
    }
}
