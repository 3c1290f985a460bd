//! Files that a line writes and then runs: `echo 'rm -rf /' > x.sh; sh x.sh`.
//!
//! What a command writes into a file is kept as far as it can be told. A file of the line that is run
//! afterwards is read as what was written there, and one whose text only the run can tell is not
//! understood. A file that was there before is no part of the line.

use std::path::{Path, PathBuf};

use crate::builtin::MADE;
use crate::limits::MOST_FIELDS;
use crate::redirect::read_by_shell;
use crate::script::{Field, Input, Redirection, Way};
use crate::walk::{Walker, Written};

/// Programs that run a file as a script of a shell.
const SHELLS: [&str; 8] = ["ash", "bash", "dash", "ksh", "mksh", "rbash", "sh", "zsh"];

/// Programs that run a file as a program in another language.
const OTHERS: [&str; 9] =
    ["bun", "lua", "node", "perl", "php", "pwsh", "python", "python3", "ruby"];

/// Programs that write what they fetch to a file that one of their words names.
const FETCHING: [&str; 4] = ["aria2c", "curl", "http", "wget"];

impl Walker {
    /// The text of a file that the line wrote before; `None` when it did not.
    pub(crate) fn written_to(&self, file: &Field) -> Option<Written> {
        let path = self.path_of(file)?;
        self.files.get(&path).cloned()
    }

    /// Remembers what a command writes to files.
    pub(crate) fn note_written(
        &mut self,
        own: &[Field],
        redirections: &[Redirection],
        text: Option<&String>,
    ) {
        for one in redirections.iter().filter(|one| one.way == Way::Write) {
            let Some(path) = self.path_of(&one.target) else { continue };
            // What stood there before, or is written twice, only the run can tell.
            let before = self.files.contains_key(&path);
            let known = text.filter(|_| !one.adds && !before && redirections.len() == 1);
            self.keep(path, known.cloned());
        }
        let Some((head, words)) = own.split_first() else { return };
        if FETCHING.contains(&name_of(head)) {
            for word in words.iter().filter(|word| word.known) {
                let text = word.text.strip_prefix("-o").or_else(|| word.text.strip_prefix("-O"));
                let text = text.filter(|text| !text.is_empty()).unwrap_or(&word.text);
                // The name that the address gives the file.
                let last = text.contains("://").then(|| text.rsplit('/').next()).flatten();
                let names = [Some(text), last];
                for name in names.into_iter().flatten().filter(|name| !name.is_empty()) {
                    self.path_of(&Field::of(name)).into_iter().for_each(|it| self.keep(it, None));
                }
            }
        }
    }

    fn keep(&mut self, path: PathBuf, text: Written) {
        if self.files.len() < MOST_FIELDS {
            self.files.insert(path, text);
        }
    }

    /// Reads a file of the line that a command runs.
    pub(crate) fn runs_written(&mut self, own: &[Field], input: &Input) {
        if self.files.is_empty() {
            return;
        }
        let Some((head, words)) = own.split_first() else { return };
        let name = name_of(head);
        let script = words.iter().find(|word| !word.text.starts_with(['-', '+']));
        let (file, is_shell) = match script {
            Some(script) if SHELLS.contains(&name) => (script, true),
            Some(script) if OTHERS.contains(&name) => (script, false),
            _ if head.text.contains('/') => (head, true),
            _ => return,
        };
        let Some(written) = self.written_to(file) else { return };
        match written {
            // Its first line names what runs it.
            Some(text) if is_shell && (!text.starts_with("#!") || names_shell(&text)) => {
                self.run_written(Some(text), input);
            }
            // Another language is looked at by whoever reads the commands, as far as it can be.
            Some(text) => self.note_code(text),
            None => self.opaque(MADE),
        }
    }

    /// Runs a text that the line wrote into a file.
    pub(crate) fn run_written(&mut self, written: Written, input: &Input) -> Written {
        match written {
            Some(text) => self.apart(|walker| walker.text(&text, input)),
            None => {
                self.opaque(MADE);
                None
            }
        }
    }

    /// A program in another language, which the line wrote into a file and runs.
    fn note_code(&mut self, text: String) {
        let words = vec![Field::of("python3"), Field::of("-c"), Field { text, known: true }];
        self.push(words, Vec::new(), Input::Inherited, Vec::new());
    }

    pub(crate) fn path_of(&self, file: &Field) -> Option<PathBuf> {
        let path = Path::new(&file.text);
        let path = if path.is_absolute() { path.to_owned() } else { self.cwd()?.join(path) };
        let plain = path.components().filter(|part| *part != std::path::Component::CurDir);
        file.known.then(|| plain.collect())
    }
}

/// Variables whose value some program runs as a line.
const LINES: [&str; 37] = [
    "AWS_PAGER",
    "BAT_PAGER",
    "BROWSER",
    "CC",
    "CXX",
    "DELTA_PAGER",
    "EDITOR",
    "FCEDIT",
    "FZF_DEFAULT_COMMAND",
    "GH_BROWSER",
    "GH_EDITOR",
    "GH_PAGER",
    "GIT_ASKPASS",
    "GIT_EDITOR",
    "GIT_EXTERNAL_DIFF",
    "GIT_PAGER",
    "GIT_PROXY_COMMAND",
    "GIT_SEQUENCE_EDITOR",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "KUBE_EDITOR",
    "LESSCLOSE",
    "LESSOPEN",
    "MANPAGER",
    "PAGER",
    "PROMPT_COMMAND",
    "PSQL_PAGER",
    "RSYNC_RSH",
    "RUSTC_WRAPPER",
    "SSH_ASKPASS",
    "SUDO_ASKPASS",
    "SUDO_EDITOR",
    "SVN_SSH",
    "SYSTEMD_EDITOR",
    "SYSTEMD_PAGER",
    "VISUAL",
    "npm_config_script_shell",
];

/// Variables that name a file which a shell runs before anything else.
const FILES: [&str; 2] = ["BASH_ENV", "ENV"];

/// Variables that hold options of a program, and what of these makes it run another one.
const OPTIONS: [(&str, &str, &[&str]); 3] = [
    ("LESS", "less", &["+!", "+&!"]),
    ("MORE", "more", &["+!"]),
    ("TAR_OPTIONS", "tar", &["-F", "-I", "command", "compress-program", "exec=", "script"]),
];

impl Walker {
    /// Options in a variable count as if they stood behind the program's name.
    fn set_options(&mut self, name: &str, value: &str) {
        let Some((_, program, marks)) = OPTIONS.iter().find(|(known, ..)| *known == name) else {
            return;
        };
        if marks.iter().any(|mark| value.contains(mark)) {
            // Orders of a pager are one word; tar parts its options as a shell does.
            let line = match *program {
                "tar" => format!("tar {value}"),
                pager => format!("{pager} '{}'", value.replace('\'', "'\\''")),
            };
            self.apart(|walker| drop(walker.text(&line, &Input::Inherited)));
        }
    }

    /// Reads what a variable makes other programs run.
    pub(crate) fn set_to_run(&mut self, name: &str, value: Option<&str>) {
        self.refuse_renaming(name);
        if name == "BASH_ENV" && value.is_none() {
            self.opaque(MADE);
        }
        let Some(value) = value.filter(|value| !value.is_empty()) else { return };
        self.read_again(name, value);
        if name.starts_with("BASH_FUNC_") {
            // Bash takes it for a function of that name.
            self.apart(|walker| drop(walker.text(&format!("f {value}"), &Input::Inherited)));
        }
        if LINES.contains(&name) {
            self.apart(|walker| drop(walker.text(value, &Input::Inherited)));
        }
        self.set_options(name, value);
        if FILES.contains(&name) {
            // It is expanded once more before it is opened.
            self.raw(value);
            let file = Field::of(value);
            if let Some(written) = self.written_to(&file) {
                self.run_written(written, &Input::Inherited);
            } else if !value.contains(['$', '`']) {
                let read = vec![read_by_shell(file)];
                self.push(Vec::new(), Vec::new(), Input::Inherited, read);
            }
        }
    }
}

fn name_of(head: &Field) -> &str {
    head.text.rsplit('/').next().unwrap_or_default()
}

/// Whether the first line of a script names a shell.
fn names_shell(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    let mut words = first.split(['/', ' ', '!', '#']);
    words.any(|word| SHELLS.contains(&word))
}
