//! Who asks: what the environment says, and what the parent processes are.
//!
//! Variables are cheap to read and easy to unset, so they can only make a caller an agent, never a
//! human. A human is somebody at a terminal with no agent among the parent processes. Reading
//! parents costs some ten microseconds each, so it happens only when a rule asks.

use std::fs;
use std::io::{IsTerminal, Read as _};

use datafog_config::Host;
use datafog_core::{Principal, PrincipalKind};

/// How many parents are looked at.
const MOST_PARENTS: usize = 32;

/// No environment of a process is read further, in bytes.
const MOST_ENVIRONMENT: u64 = 4 << 20;

/// An agent, by the variables it sets and the names of its processes.
struct Agent {
    name: &'static str,
    /// Variables that are set, to anything, in what the agent starts.
    variables: &'static [&'static str],
    /// The variable that holds its session id.
    session: Option<&'static str>,
    /// Names of its processes (the kernel's 15 bytes).
    processes: &'static [&'static str],
}

/// Known agents, by name. Sources: each agent's own documentation of its hooks and environment.
static AGENTS: &[Agent] = &[
    Agent { name: "aider", variables: &[], session: None, processes: &["aider"] },
    Agent {
        name: "amp",
        variables: &["AMP_THREAD_ID"],
        session: Some("AMP_THREAD_ID"),
        processes: &["amp"],
    },
    Agent {
        name: "claude-code",
        variables: &["CLAUDECODE", "CLAUDE_CODE_SESSION_ID"],
        session: Some("CLAUDE_CODE_SESSION_ID"),
        processes: &["claude"],
    },
    Agent {
        name: "cline",
        variables: &["CLINE_TASK_ID"],
        session: Some("CLINE_TASK_ID"),
        processes: &["cline"],
    },
    Agent {
        name: "codex",
        variables: &["CODEX_THREAD_ID", "CODEX_SESSION_ID", "CODEX_SANDBOX"],
        session: Some("CODEX_THREAD_ID"),
        processes: &["codex"],
    },
    Agent {
        name: "copilot",
        variables: &["COPILOT_AGENT_SESSION_ID"],
        session: Some("COPILOT_AGENT_SESSION_ID"),
        processes: &["copilot"],
    },
    Agent {
        name: "cursor",
        variables: &["CURSOR_AGENT", "CURSOR_TRACE_ID"],
        session: Some("CURSOR_TRACE_ID"),
        processes: &["cursor-agent"],
    },
    Agent {
        name: "droid",
        variables: &["DROID_PROJECT_DIR", "FACTORY_PROJECT_DIR"],
        session: None,
        processes: &["droid"],
    },
    Agent { name: "gemini", variables: &["GEMINI_CLI"], session: None, processes: &["gemini"] },
    Agent { name: "goose", variables: &["GOOSE_TERMINAL"], session: None, processes: &["goose"] },
    Agent { name: "kiro", variables: &[], session: None, processes: &["kiro-cli"] },
    Agent { name: "opencode", variables: &["OPENCODE"], session: None, processes: &["opencode"] },
    Agent {
        name: "pi",
        variables: &["PI_CODING_AGENT", "PI_SESSION_ID"],
        session: Some("PI_SESSION_ID"),
        processes: &["pi"],
    },
];

/// The principal as far as the environment tells; its kind is agent or unknown.
///
/// The environment is gone through once: it is longer than the list of agents.
pub(crate) fn from_environment(host: &Host, user: u32) -> Principal {
    let mut known = None;
    let mut named = false;
    for entry in host.environment() {
        let mut parts = entry.to_bytes().splitn(2, |byte| *byte == b'=');
        let (Some(name), Some(value)) = (parts.next(), parts.next()) else { continue };
        if value.is_empty() {
            continue;
        }
        named |= name == b"AI_AGENT";
        known = known.or_else(|| by_variable(name));
    }
    let text = |name| Some(host.variable(name)?.to_str()?.chars().take(64).collect::<String>());
    let agent = known.map(|agent| agent.name.to_owned());
    let agent = agent.or_else(|| if named { text("AI_AGENT") } else { None });
    Principal {
        kind: if agent.is_some() { PrincipalKind::Agent } else { PrincipalKind::Unknown },
        uid: user,
        agent,
        session: known.and_then(|agent| agent.session).and_then(text),
        parents: Vec::new(),
        terminal: false,
    }
}

/// The agent that sets a variable of that name.
fn by_variable(name: &[u8]) -> Option<&'static Agent> {
    // Every one of these variables begins with one of few letters; most of an environment does
    // not.
    if !matches!(name.first(), Some(b'A' | b'C' | b'D' | b'F' | b'G' | b'O' | b'P')) {
        return None;
    }
    let sets = |agent: &&Agent| agent.variables.iter().any(|known| known.as_bytes() == name);
    AGENTS.iter().find(sets)
}

/// The same principal with its parent processes looked at.
pub(crate) fn with_parents(mut principal: Principal) -> Principal {
    principal.parents = parents();
    principal.terminal = std::io::stdin().is_terminal();
    let by_process = principal
        .parents
        .iter()
        .find_map(|name| AGENTS.iter().find(|agent| agent.processes.contains(&name.as_str())));
    if let Some(agent) = by_process {
        principal.kind = PrincipalKind::Agent;
        principal.agent.get_or_insert_with(|| agent.name.to_owned());
    } else if principal.kind == PrincipalKind::Unknown && principal.terminal {
        principal.kind = PrincipalKind::Human;
    }
    principal
}

/// Who stands behind a process, by everything that the system tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Behind {
    /// An agent, by that name.
    Agent(String),
    /// No agent that can be told.
    Nobody,
    /// More parents than are looked at.
    TooMany,
}

/// Looks further than [`with_parents`]: at what every parent process was started with, too, so that
/// an emptied environment hides nothing; and a family too long to be seen whole counts as hiding
/// somebody. For the rare moment when a person is to answer.
pub(crate) fn behind(known: &Principal) -> Behind {
    if known.kind == PrincipalKind::Agent {
        let named = known.agent.clone();
        return Behind::Agent(named.unwrap_or_else(|| String::from("an agent")));
    }
    let mut pid = nix::unistd::getppid().as_raw();
    for _ in 0..MOST_PARENTS {
        let Some((name, parent)) = name_and_parent(pid).filter(|_| pid > 0) else {
            return Behind::Nobody;
        };
        let by_name = AGENTS.iter().find(|agent| agent.processes.contains(&name.as_str()));
        if let Some(agent) = by_name.map(|agent| agent.name.to_owned()).or_else(|| started_as(pid))
        {
            return Behind::Agent(agent);
        }
        pid = parent;
    }
    Behind::TooMany
}

/// The agent whose variables a process was started with (proc_pid_environ(5)). What belongs to
/// somebody else cannot be read, and is no agent of ours.
fn started_as(pid: i32) -> Option<String> {
    let file = fs::File::open(format!("/proc/{pid}/environ")).ok()?;
    let mut bytes = Vec::new();
    file.take(MOST_ENVIRONMENT).read_to_end(&mut bytes).ok()?;
    bytes.split(|byte| *byte == 0).find_map(|entry| {
        let at = entry.iter().position(|byte| *byte == b'=')?;
        let (name, value) = entry.split_at_checked(at)?;
        if value.len() < 2 {
            return None;
        }
        let by_name = by_variable(name).map(|agent| agent.name.to_owned());
        by_name.or_else(|| (name == b"AI_AGENT").then(|| String::from("an agent")))
    })
}

/// Names the session that this process belongs to, so that nobody who comes later can have the same
/// name: the one that an agent gives, else the process that leads it and when that was started.
/// Nothing where neither can be told: the leader has ended, or stands outside of this container.
pub(crate) fn session(known: &Principal) -> Option<String> {
    if let Some(session) = &known.session {
        return Some(format!("{}:{session}", known.agent.as_deref().unwrap_or_default()));
    }
    led_by(nix::unistd::getsid(None).ok()?.as_raw())
}

/// The name of the session that the process of this number leads.
fn led_by(leader: i32) -> Option<String> {
    let started = stat(leader)?.1.get(19)?.to_owned();
    Some(format!("{leader}:{started}"))
}

/// Names of the parent processes, nearest first.
fn parents() -> Vec<String> {
    let mut names = Vec::new();
    let mut pid = nix::unistd::getppid().as_raw();
    while pid > 1 && names.len() < MOST_PARENTS {
        let Some((name, parent)) = name_and_parent(pid) else { break };
        names.push(name);
        pid = parent;
    }
    names
}

fn name_and_parent(pid: i32) -> Option<(String, i32)> {
    let (name, fields) = stat(pid)?;
    Some((name, fields.get(1)?.parse().ok()?))
}

/// The name of a process and what stands after it, from field 3 on (proc_pid_stat(5)): its state,
/// its parent, and as the twentieth when it was started.
fn stat(pid: i32) -> Option<(String, Vec<String>)> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let open = stat.iter().position(|byte| *byte == b'(')?;
    let close = stat.iter().rposition(|byte| *byte == b')')?;
    let name = stat.get(open.checked_add(1)?..close)?;
    let rest = str::from_utf8(stat.get(close.checked_add(1)?..)?).ok()?;
    let fields = rest.split_ascii_whitespace().map(str::to_owned).collect();
    Some((String::from_utf8_lossy(name).into_owned(), fields))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn asked_with(environment: &[(&str, &str)]) -> Principal {
        from_environment(&Host::made_up(&[], environment, Path::new("/")), 7)
    }

    #[test]
    fn a_variable_makes_an_agent_and_never_a_human() {
        let claude = asked_with(&[("CLAUDECODE", "1"), ("CLAUDE_CODE_SESSION_ID", "s1")]);
        assert_eq!(claude.kind, PrincipalKind::Agent);
        assert_eq!(claude.agent.as_deref(), Some("claude-code"));
        assert_eq!(claude.session.as_deref(), Some("s1"));
        assert_eq!(asked_with(&[("AI_AGENT", "new-one")]).agent.as_deref(), Some("new-one"));
        assert_eq!(asked_with(&[("CLAUDECODE", "")]).kind, PrincipalKind::Unknown);
        assert_eq!(asked_with(&[]).kind, PrincipalKind::Unknown);
    }

    #[test]
    fn parents_are_named_nearest_first() {
        let principal = with_parents(asked_with(&[]));
        // Process 1 is nobody's child worth a name: nothing was started by it on purpose.
        let parent = nix::unistd::getppid().as_raw();
        assert_eq!(principal.parents.is_empty(), parent <= 1);
        assert_eq!(name_and_parent(std::process::id().try_into().unwrap()).unwrap().1, parent);
    }

    #[test]
    fn what_a_parent_was_started_with_tells() {
        use std::process::{Command, Stdio};
        let started = |variables: &[(&str, &str)]| {
            let mut command = Command::new("/bin/sleep");
            command.arg("100").env_clear().envs(variables.iter().copied());
            let mut child = command.stdin(Stdio::null()).spawn().unwrap();
            let id = child.id().try_into().unwrap();
            // A program that has just begun has no environment yet.
            while fs::read(format!("/proc/{id}/environ")).unwrap().is_empty() {
                std::thread::yield_now();
            }
            let told = started_as(id);
            child.kill().unwrap();
            child.wait().unwrap();
            told
        };
        assert_eq!(started(&[("A", "1"), ("CLAUDECODE", "1")]).as_deref(), Some("claude-code"));
        assert_eq!(started(&[("AI_AGENT", "x")]).as_deref(), Some("an agent"));
        assert_eq!(started(&[("CLAUDECODE", ""), ("B", "CODEX_SESSION_ID=1")]), None);
        assert_eq!(behind(&asked_with(&[("GEMINI_CLI", "1")])), Behind::Agent("gemini".into()));
    }

    #[test]
    fn a_session_is_named_by_the_agent_or_by_its_leader() {
        let agent = asked_with(&[("CLAUDECODE", "1"), ("CLAUDE_CODE_SESSION_ID", "s1")]);
        assert_eq!(session(&agent).as_deref(), Some("claude-code:s1"));
        assert_eq!(session(&asked_with(&[])), session(&asked_with(&[])));
        let this = i32::try_from(std::process::id()).unwrap();
        let own = led_by(this).unwrap();
        assert!(own.starts_with(&format!("{this}:")), "{own}");
        assert_eq!(Some(own), led_by(this));
    }

    #[test]
    fn a_session_whose_leader_is_not_to_be_seen_has_no_name() {
        let mut child = std::process::Command::new("/bin/true").spawn().unwrap();
        let ended = child.id().try_into().unwrap();
        child.wait().unwrap();
        assert_eq!(led_by(ended), None);
        // What getsid(2) tells of a leader in another PID namespace.
        assert_eq!(led_by(0), None);
    }

    #[test]
    fn every_variable_is_found() {
        for variable in AGENTS.iter().flat_map(|agent| agent.variables) {
            assert!(by_variable(variable.as_bytes()).is_some(), "{variable}");
        }
    }

    #[test]
    fn agents_are_sorted_and_unique() {
        assert!(AGENTS.is_sorted_by(|a, b| a.name < b.name));
    }
}
