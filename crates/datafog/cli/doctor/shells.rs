//! Which program answers for each wrapped command, in each kind of shell that is started here.
//!
//! People type into interactive shells, and agents run `$SHELL -lc`, `bash -c` or `sh -c`; each
//! reads other files. So each is started for real, with a time limit, and asked.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::super::session::Session;
use super::super::status::PathOrder;
use super::Finding;

/// How long one shell may take; start files with many plug-ins take a second or two.
const PATIENCE: Duration = Duration::from_secs(10);

/// Stands before every line of ours, since start files may print anything.
const MARK: &str = "datafog-doctor";

/// The shells and the ways in which they are started.
const FORMS: [(&str, &[&str]); 5] = [
    ("bash", &["-c", "-lc", "-ic"]),
    ("dash", &["-c"]),
    ("fish", &["-c", "-lc", "-ic"]),
    ("sh", &["-c", "-lc"]),
    ("zsh", &["-c", "-lc", "-ic"]),
];

/// One way to start a shell.
struct Form {
    label: String,
    program: PathBuf,
    flags: &'static str,
    /// Whether it starts with the environment of a new terminal instead of ours.
    fresh: bool,
}

pub(super) fn examine(session: &Session) -> Vec<Finding> {
    let names: Vec<String> = match session.links().names() {
        Ok(names) => names.iter().map(ToString::to_string).collect(),
        Err(_) => return Vec::new(),
    };
    if names.is_empty() {
        return Vec::new();
    }
    forms(session).iter().map(|form| form.examine(session, &names)).collect()
}

/// Every shell that is here, in every way; `$SHELL` also as a new terminal starts it.
fn forms(session: &Session) -> Vec<Form> {
    let order = PathOrder::of(session);
    let mut forms = Vec::new();
    for (shell, ways) in FORMS {
        let Some(program) = order.answer(shell) else { continue };
        forms.extend(ways.iter().map(|&flags| Form {
            label: format!("{shell} {flags}"),
            program: program.clone(),
            flags,
            fresh: false,
        }));
    }
    let own = session.host.variable("SHELL").map(PathBuf::from);
    if let Some(program) = own.filter(|shell| shell.is_file()) {
        let label = format!("new terminal ({})", name_of(&program));
        forms.push(Form { label, program, flags: "-lic", fresh: true });
    }
    forms
}

impl Form {
    fn examine(&self, session: &Session, names: &[String]) -> Finding {
        let answers = match self.ask(session, names) {
            Ok(answers) => answers,
            Err(why) => {
                let remedy = format!(
                    "run `{} {} true` and see what holds it up",
                    name_of(&self.program),
                    self.flags
                );
                return Finding::warning(&self.label, why, remedy);
            }
        };
        let ours = |name: &&String| {
            answers.get(*name).is_some_and(|path| session.links().is_ours(Path::new(path)))
        };
        let missed: Vec<&String> = names.iter().filter(|name| !ours(name)).collect();
        let Some(first) = missed.first() else {
            return Finding::ok(&self.label, format!("all {} commands are covered", names.len()));
        };
        let answer = answers.get(*first).filter(|answer| !answer.is_empty());
        let answer = answer.map_or("nothing", String::as_str);
        let others = missed.len().saturating_sub(1);
        let more = if others == 0 { String::new() } else { format!(", and {others} more") };
        Finding::problem(
            &self.label,
            format!("{first} is answered by {answer}{more}"),
            self.remedy(session, answer),
        )
    }

    fn remedy(&self, session: &Session, answer: &str) -> String {
        let first = PathOrder::of(session).shims_first;
        let is_path = answer.starts_with('/');
        if !is_path && answer != "nothing" {
            "an alias, function or builtin stands in front: remove it from that shell's start files"
                .to_owned()
        } else if self.fresh || first {
            "something puts another folder in front: datafog doctor --fix, and keep our line last"
                .to_owned()
        } else {
            "this terminal was started without the wrappers: open a new one (after `datafog init`)"
                .to_owned()
        }
    }

    /// What `command -v` says to each name.
    fn ask(&self, session: &Session, names: &[String]) -> Result<BTreeMap<String, String>, String> {
        let mut command = self.command(session);
        command.arg(self.flags).arg(question(&self.program, names));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| format!("does not start: {error}"))?;
        let answers = listen(&mut child);
        // It may have ended by itself; what counts is that it does not stay.
        if child.kill().is_err() || child.wait().is_err() {
            return Err("cannot be ended".to_owned());
        }
        answers
    }

    /// The shell, in a session of its own where that is possible: an interactive shell that shares
    /// our terminal would take it over.
    fn command(&self, session: &Session) -> Command {
        let setsid =
            ["/usr/bin/setsid", "/bin/setsid"].into_iter().find(|path| Path::new(path).exists());
        let mut command = match setsid {
            Some(setsid) => {
                let mut command = Command::new(setsid);
                command.arg("--wait").arg(&self.program);
                command
            }
            None => Command::new(&self.program),
        };
        if self.fresh {
            command.env_clear();
            let kept = ["HOME", "USER", "LOGNAME", "SHELL", "LANG", "ZDOTDIR", "XDG_CONFIG_HOME"];
            for name in kept {
                if let Some(value) = session.host.variable(name) {
                    command.env(name, value);
                }
            }
            command.env("TERM", "dumb").env("PATH", "/usr/local/bin:/usr/bin:/bin");
        }
        command
    }
}

/// The question in the shell's own language.
fn question(shell: &Path, names: &[String]) -> String {
    let quoted = |name: &String| format!("'{}'", name.replace('\'', r"'\''"));
    let list = names.iter().map(quoted).collect::<Vec<_>>().join(" ");
    if name_of(shell) == "fish" {
        let list = names
            .iter()
            .map(|name| format!("'{}'", name.replace('\\', r"\\").replace('\'', r"\'")));
        let list = list.collect::<Vec<_>>().join(" ");
        return format!(
            "for n in {list}; echo {MARK}:$n:(command -v $n; or true); end; echo {MARK}."
        );
    }
    format!("for n in {list}; do echo \"{MARK}:$n:$(command -v \"$n\")\"; done; echo {MARK}.")
}

/// Reads the answers until the last line of ours, the end, or the end of patience.
fn listen(child: &mut Child) -> Result<BTreeMap<String, String>, String> {
    let Some(output) = child.stdout.take() else { return Err("has no output".to_owned()) };
    let (sender, lines) = channel();
    // Not joined: a program that the shell left behind may hold the pipe open for ever.
    thread::spawn(move || {
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                break;
            }
        }
    });
    collect(&lines, Instant::now().checked_add(PATIENCE))
}

fn collect(
    lines: &Receiver<String>,
    end: Option<Instant>,
) -> Result<BTreeMap<String, String>, String> {
    let mut answers = BTreeMap::new();
    loop {
        let left = end.map(|end| end.saturating_duration_since(Instant::now())).unwrap_or_default();
        match lines.recv_timeout(left) {
            Ok(line) => {
                // A prompt or an escape sequence may stand before our text.
                let Some((_, answer)) = line.split_once(MARK) else { continue };
                if answer.starts_with('.') {
                    return Ok(answers);
                }
                let answer = answer.strip_prefix(':').and_then(|answer| answer.split_once(':'));
                answers
                    .extend(answer.map(|(name, path)| (name.to_owned(), path.trim().to_owned())));
            }
            Err(RecvTimeoutError::Timeout) => {
                return Err(format!("gave no answer in {} s", PATIENCE.as_secs()));
            }
            Err(RecvTimeoutError::Disconnected) => return Err("ended without an answer".to_owned()),
        }
    }
}

fn name_of(program: &Path) -> String {
    program.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
