//! What the same thing is called elsewhere: tools, fields of their arguments, adapters.

use datafog_core::ActionKind;

/// What a tool does, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Database,
    Http,
    Mail,
    Read,
    Shell,
    Write,
}

impl Class {
    /// What kind of action the call of such a tool is.
    pub(crate) const fn kind(self) -> ActionKind {
        match self {
            Self::Database | Self::Mail => ActionKind::ToolCall,
            Self::Http => ActionKind::HttpRequest,
            Self::Read => ActionKind::FileRead,
            Self::Shell => ActionKind::ShellExec,
            Self::Write => ActionKind::FileWrite,
        }
    }
}

const CLASSES: &[(Class, &[&str])] = &[
    (
        Class::Database,
        &[
            "database",
            "db_query",
            "execute_query",
            "execute_sql",
            "query",
            "query_database",
            "run_query",
            "run_sql",
            "sql",
        ],
    ),
    (
        Class::Http,
        &[
            "api_request",
            "curl",
            "fetch",
            "fetch_url",
            "http",
            "http_fetch",
            "http_request",
            "https",
            "request",
            "web_fetch",
            "webfetch",
            "wget",
        ],
    ),
    (
        Class::Mail,
        &["email", "mail", "message_send", "send_email", "send_mail", "send_message", "sendmail"],
    ),
    (
        Class::Read,
        &[
            "cat_file",
            "file.read",
            "file_read",
            "open_file",
            "read",
            "read_file",
            "readfile",
            "view",
        ],
    ),
    (
        Class::Shell,
        &[
            "bash",
            "cmd",
            "code_execution",
            "exec",
            "exec_command",
            "execute",
            "execute_command",
            "execute_shell",
            "local_shell",
            "run",
            "run_bash",
            "run_code",
            "run_command",
            "run_in_terminal",
            "run_shell",
            "run_shell_command",
            "run_terminal_cmd",
            "run_terminal_command",
            "sh",
            "shell",
            "shell.exec",
            "shell_exec",
            "terminal",
            "zsh",
        ],
    ),
    (
        Class::Write,
        &[
            "apply_patch",
            "create_file",
            "edit",
            "edit_file",
            "file.write",
            "file_write",
            "multiedit",
            "multi_edit",
            "notebookedit",
            "patch",
            "replace",
            "str_replace",
            "write",
            "write_file",
            "writefile",
        ],
    ),
];

/// Every name of a tool of that class.
pub(crate) fn tools_of(class: Class) -> &'static [&'static str] {
    CLASSES.iter().find(|(known, _)| *known == class).map_or(&[], |(_, names)| names)
}

/// Every name of a tool that is known.
pub(crate) fn tools() -> Vec<&'static str> {
    CLASSES.iter().flat_map(|(_, names)| names.iter().copied()).collect()
}

/// Every name of an adapter, and every program that one stands for.
pub(crate) fn programs() -> Vec<&'static str> {
    let of = |(canonical, aliases): &(&'static str, &'static [&'static str])| {
        core::iter::once(*canonical).chain(aliases.iter().copied()).collect::<Vec<_>>()
    };
    ADAPTERS.iter().flat_map(of).collect()
}

/// What a tool of that name does; letters' case and blanks around it do not matter.
pub(crate) fn class(tool: &str) -> Option<Class> {
    let name = tool.trim().to_lowercase();
    CLASSES.iter().find(|(_, names)| names.contains(&name.as_str())).map(|(class, _)| *class)
}

/// What a tool of that name may do: a server's tool (`mcp__files__write_file`) does what its own name
/// says. Good for what stops something; to let something through, [`class`] must know the whole name.
pub(crate) fn likely(tool: &str) -> Option<Class> {
    class(tool).or_else(|| class(tool.rsplit("__").next().unwrap_or(tool)))
}

/// Where a shell tool's command stands.
pub(crate) const COMMAND_FIELDS: &[&str] =
    &["command", "cmd", "script", "code", "argv", "commands", "input", "shell_command"];

/// Where a tool's URL stands.
pub(crate) const URL_FIELDS: &[&str] = &[
    "url",
    "uri",
    "endpoint",
    "href",
    "address",
    "target",
    "base_url",
    "baseUrl",
    "proxy",
    "proxy_url",
    "proxies",
];

/// Where a tool's path stands.
pub(crate) const PATH_FIELDS: &[&str] = &[
    "path",
    "file_path",
    "filepath",
    "filename",
    "file",
    "notebook_path",
    "absolute_path",
    "target_file",
    "resource",
];

/// Where those who get a mail stand.
pub(crate) const RECIPIENT_FIELDS: &[&str] = &["recipients", "recipient", "to", "cc", "bcc"];

/// Where a database tool's statement stands.
pub(crate) const QUERY_FIELDS: &[&str] = &["query", "sql", "statement", "command"];

/// DataFog's adapters: the canonical name and every alias of it.
pub(crate) const ADAPTERS: &[(&str, &[&str])] = &[
    ("claude", &["claude", "claude-code", "claude-cli"]),
    ("cloud_aws", &["aws", "aws2", "sam", "cdk", "eksctl"]),
    ("cloud_azure", &["az", "azure"]),
    ("cloud_gcp", &["gcloud", "gsutil", "bq", "gke"]),
    ("codex", &["codex", "openai-codex", "codex-cli"]),
    ("container", &["docker", "podman", "nerdctl", "crictl", "buildah"]),
    ("database", &["psql", "mysql", "mariadb", "sqlite3", "mongo", "mongosh", "redis-cli"]),
    ("http", &["curl", "wget", "http", "https"]),
    ("kubernetes", &["kubectl", "helm", "oc", "k9s"]),
    (
        "package_manager",
        &[
            "npm", "pnpm", "yarn", "pip", "pip3", "poetry", "cargo", "go", "mvn", "gradle", "ruby",
            "gem",
        ],
    ),
    ("shell", &["sh", "bash", "zsh", "fish", "csh", "tcsh", "cmd", "powershell", "pwsh"]),
    ("vcs", &["git", "gh", "gogcli", "hub", "mercurial", "hg", "svn", "bzr", "fossil", "stgit"]),
];

/// The canonical adapter of a raw name: its last path component, lower case, without `.exe`; what
/// no adapter knows stays as it is.
pub(crate) fn adapter(raw: &str) -> String {
    let last = raw.trim().rsplit(['/', '\\']).next().unwrap_or_default().to_lowercase();
    let name = last.strip_suffix(".exe").unwrap_or(&last);
    let known = ADAPTERS.iter().find(|(_, aliases)| aliases.contains(&name));
    known.map_or_else(|| name.to_owned(), |(canonical, _)| (*canonical).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_resolve_to_the_canonical_name() {
        for (raw, canonical) in [
            ("git", "vcs"),
            (" /usr/bin/Git.EXE ", "vcs"),
            ("claude-code", "claude"),
            ("openai-codex", "codex"),
            ("vcs", "vcs"),
            ("Frobnicate", "frobnicate"),
        ] {
            assert_eq!(adapter(raw), canonical, "{raw}");
        }
        assert_eq!(class(" Bash "), Some(Class::Shell));
        assert_eq!(class("frobnicate"), None);
    }
}
