//! What a shell does to files by redirections, before it runs anything.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use datafog_core::{
    Action, ActionKind, Carrier, ContentSource, Flow, Flows, Invocation, Operand, OperandKind,
    Surroundings,
};
use datafog_shell::{Command, Field, Input, Redirection, Way};
use datafog_shim::Word;

use super::{Following, Given, Started, bare, content, word};

/// The name of what a redirection does, which no program can have.
const REDIRECTION: &str = "shell:redirection";

impl Following {
    /// The files that a shell writes for a command, and, where there is no command, those that it
    /// opens to be read.
    pub(super) fn redirected(
        &mut self,
        command: &Command,
        opened: &[PathBuf],
        world: &dyn Surroundings,
    ) -> Option<Started> {
        let opened = if command.words.is_empty() { opened } else { &[] };
        if opened.is_empty() && !command.redirections.iter().any(is_written) {
            return None;
        }
        self.take()?;
        let mut action = self.action(bare(REDIRECTION), world);
        let mut flows = Flows::NONE;
        if !opened.is_empty() {
            flows = flows.with(Flow::Stays);
        }
        if command.redirections.iter().any(is_written) {
            flows = flows.with(Flow::Destroys);
        }
        action.invocation.flows = flows;
        self.reads(&mut action, opened);
        self.writes(&mut action, &command.redirections);
        Some(Started::of(action, Vec::new()))
    }

    /// Files that the shell empties for a command.
    pub(super) fn emptied(
        &mut self,
        command: &Command,
        world: &dyn Surroundings,
    ) -> Option<Started> {
        let words = emptying(command)?;
        let mut one = self.command(&words, world, (Given::From(&[]), Vec::new()))?;
        // The shell does it by itself: whoever may not run `truncate` may still write a file.
        one.action.kind = ActionKind::ShellExec;
        Some(one)
    }

    /// Files that the shell opens to be read by a command are operands and content of it, and of
    /// what it wraps.
    pub(super) fn reads(&self, action: &mut Action, opened: &[PathBuf]) {
        for path in opened {
            let invocation = &mut action.invocation;
            self.operand(invocation, path.into(), Flow::Stays, &action.cwd);
            let is_same = |source: &ContentSource| match &source.carrier {
                Carrier::File(known) => action.cwd.join(known) == *path,
                Carrier::Argument(_) | Carrier::Inline(_) | Carrier::Stdin | Carrier::Untold(_) => {
                    false
                }
            };
            if !invocation.contents.iter().any(is_same) {
                invocation.contents.push(content(Carrier::File(path.clone()), Flow::Stays));
            }
        }
        action.parts.iter_mut().for_each(|part| self.reads(part, opened));
    }

    /// Files that the shell opens to be written by a command are operands of it.
    pub(super) fn writes(&self, action: &mut Action, all: &[Redirection]) {
        for one in all.iter().filter(|one| is_written(one)) {
            let text = one.target.text.clone().into();
            self.operand(&mut action.invocation, text, Flow::Destroys, &action.cwd);
        }
    }

    /// A file that the shell opens, as an operand; nothing depends on how the program reads it.
    pub(super) fn operand(
        &self,
        invocation: &mut Invocation,
        text: OsString,
        flow: Flow,
        cwd: &Path,
    ) {
        let kind = OperandKind::Path;
        let mut one = Invocation {
            operands: vec![Operand { text, kind, flow, place: None, canonical: None }],
            ..Invocation::default()
        };
        self.files.fill(&mut one, cwd);
        invocation.operands.append(&mut one.operands);
    }
}

/// Files into which nothing is written (`: > file`) are emptied: the words of the command that does
/// the same.
fn emptying(command: &Command) -> Option<Vec<Word>> {
    let words: Vec<&str> = command.words.iter().map(|word| word.text.as_str()).collect();
    let head = ["truncate", "--size=0", "--"].into_iter().map(Word::of);
    if let Some((&("sponge" | "tee"), files)) = words.split_first() {
        // They write what comes in, which is nothing.
        let nothing = matches!(&command.input, Input::Text(text) if text.is_empty());
        let files = files.iter().filter(|_| nothing);
        let emptied = !words.iter().any(|word| word.starts_with('-')) && files.clone().count() > 0;
        return emptied.then(|| head.chain(files.map(Word::of)).collect());
    }
    if !NOTHING.contains(&words.as_slice()) {
        return None;
    }
    let empties = |one: &&Redirection| one.way == Way::Write && !one.adds;
    let targets = command.redirections.iter().filter(empties).map(|one| word(&one.target));
    let targets: Vec<Word> = targets.collect();
    (!targets.is_empty()).then(|| head.chain(targets).collect())
}

/// Commands that write nothing.
const NOTHING: [&[&str]; 6] =
    [&[], &[":"], &["true"], &["cat", "/dev/null"], &["echo", "-n"], &["printf", ""]];

/// Whether a program that writes stands in the place of a file's name: `<(…)`.
pub(super) fn is_made(field: &Field) -> bool {
    !field.known && ["<(", ">("].iter().any(|head| field.text.starts_with(head))
}

fn is_written(one: &Redirection) -> bool {
    one.way == Way::Write && !is_made(&one.target)
}
