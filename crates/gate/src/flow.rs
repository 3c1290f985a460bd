//! What flows from command to command in one line: files, the environment, what was made of them.
//!
//! Nothing is run, so nobody knows what a command makes of what it gets. It is taken to pass on all
//! of it: a compressed, encoded or cut file is still that file. What reaches a command that sends is
//! content of that command, under the name of where it came from, so findings and receipts tell both
//! ends.

use std::path::{Path, PathBuf};

use datafog_core::{Action, Carrier, ContentSource, Deliver, Flow, Invocation, Surroundings};
use datafog_shell::{Command, Input, Source, Way};
use datafog_shim::Word;

use crate::started::{Files, Started};

/// Most origins that are followed for one command.
const MOST: usize = 1000;

/// Where something comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// What a program made of the environment.
    Environment(Vec<u8>),
    /// A file, absolute.
    File(PathBuf),
    /// A file whose name is passed on, for whoever opens it; absolute.
    Named(PathBuf),
    /// What a program prints that hands out a secret, in the words that say so.
    Secret(&'static str),
}

impl Origin {
    /// The content that it is.
    pub(crate) fn carrier(&self) -> Carrier {
        match self {
            Self::Environment(bytes) => Carrier::Inline(bytes.clone()),
            Self::File(path) | Self::Named(path) => Carrier::File(path.clone()),
            Self::Secret(command) => Carrier::Untold(format!(
                "`{command}` prints a secret, and the line sends it on; let the receiver read it from its own settings"
            )),
        }
    }

    /// Whether it is to be looked at as content of that role, which a command takes in. A secret may
    /// be used as one, and go to the program that printed it.
    pub(crate) fn counts(&self, invocation: &Invocation, role: &str) -> bool {
        match self {
            Self::Environment(_) | Self::File(_) | Self::Named(_) => true,
            Self::Secret(command) => {
                let own = command.split(' ').next() == Some(&*invocation.program);
                !own && role != "credential" && !role.starts_with("header:")
            }
        }
    }
}

/// What the commands of a line pass on, in order.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    /// What each command so far writes to its output may hold.
    passed: Vec<Vec<Origin>>,
    /// Files that the line writes, and what they then hold.
    written: Vec<(PathBuf, Vec<Origin>)>,
}

impl Trail {
    /// What comes in on standard input.
    pub(crate) fn given(&self, input: &Input, folder: &Path) -> Vec<Origin> {
        match input {
            Input::Pipe(range) => self.passed.get(range.clone()).unwrap_or_default().concat(),
            Input::File(file) => self.file(&folder.join(&file.text)),
            Input::Inherited | Input::Text(_) => Vec::new(),
        }
    }

    /// What the words of a command, and texts that it is given, are made of.
    pub(crate) fn made_of(&self, command: &Command, folder: &Path) -> Vec<Origin> {
        let mut made = self.passed.get(command.substituted.clone()).unwrap_or_default().concat();
        for source in &command.carried {
            made.extend(match source {
                Source::Commands(range) => {
                    self.passed.get(range.clone()).unwrap_or_default().concat()
                }
                Source::File(file) => self.file(&folder.join(&file.text)),
            });
        }
        made.truncate(MOST);
        made
    }

    /// Puts behind each file that a command reads what the line wrote into it.
    pub(crate) fn follow(&self, action: &mut Action) {
        let mut more = Vec::new();
        for source in &action.invocation.contents {
            let Carrier::File(path) = &source.carrier else { continue };
            let origins = self.file(&action.cwd.join(path)).into_iter().skip(1);
            more.extend(
                origins.map(|it| ContentSource { carrier: it.carrier(), ..source.clone() }),
            );
        }
        action.invocation.contents.extend(more.into_iter().take(MOST));
    }

    /// A file, and what the line wrote into it.
    fn file(&self, path: &Path) -> Vec<Origin> {
        let path: PathBuf = path.components().collect();
        // Programs that pack a file add an ending of their own.
        let bare = path.with_extension("");
        let held = self.written.iter().filter(|(known, _)| *known == path || *known == bare);
        let held = held.flat_map(|(_, origins)| origins.iter().cloned()).take(MOST);
        std::iter::once(Origin::File(path.clone())).chain(held).collect()
    }

    /// Takes a command in: what it passes on, and the files that it writes.
    pub(crate) fn leave(
        &mut self,
        command: &Command,
        words: &[Word],
        world: &dyn Surroundings,
        mut passed: Vec<Origin>,
    ) {
        passed.truncate(MOST);
        let writes = command.redirections.iter().filter(|one| one.way == Way::Write);
        let mut targets: Vec<PathBuf> =
            writes.map(|one| world.cwd().join(&one.target.text)).collect();
        if datafog_shim::writes_named(words) {
            let named = words.iter().skip(1).map(|word| world.cwd().join(&word.text));
            targets.extend(named.take(MOST));
        }
        for target in targets.into_iter().filter(|_| !passed.is_empty()) {
            let target: PathBuf = target.components().collect();
            self.written.push((target, passed.clone()));
        }
        self.passed.push(passed);
    }
}

/// What a command may pass on of what it reads by itself. Of a program that nobody knows every word
/// may name a file.
pub(crate) fn passed_on(
    action: &Action,
    words: &[Word],
    world: &dyn Surroundings,
    files: Files,
) -> Vec<Origin> {
    let invocation = &action.invocation;
    let contents = invocation.contents.iter().filter_map(|source| match &source.carrier {
        Carrier::File(path) => Some(action.cwd.join(path)),
        Carrier::Argument(_) | Carrier::Inline(_) | Carrier::Stdin | Carrier::Untold(_) => None,
    });
    let packs = datafog_shim::packs(words);
    let operands = invocation.operands.iter().filter(|_| !invocation.known || packs);
    let named = operands.map(|operand| action.cwd.join(&operand.text));
    let is_there = |path: &PathBuf| path.is_file() || (packs && path.is_dir());
    let named = named.filter(|path| files == Files::Real && is_there(path));
    let found = datafog_shim::found(words, world);
    let mut all: Vec<Origin> =
        contents.chain(named).chain(found).take(MOST).map(Origin::File).collect();
    let argv: Vec<_> = words.iter().map(|word| word.text.clone()).collect();
    if datafog_shim::tells_environment(&argv) {
        all.push(Origin::Environment(world.environment()));
    }
    if datafog_shim::lists_names(words) {
        let named = invocation.operands.iter().map(|operand| action.cwd.join(&operand.text));
        all.extend(named.take(MOST).map(Origin::Named));
    }
    all.extend(datafog_shim::prints_secret(words).map(Origin::Secret));
    all
}

/// Content that comes into the words of a command, where it sends.
pub(crate) fn into_words(invocation: &mut Invocation, origins: &[Origin]) {
    if !invocation.flows.has(Flow::Leaves) {
        return;
    }
    let in_use =
        |source: &ContentSource| source.role == "credential" || source.role.starts_with("header:");
    let posts = |source: &ContentSource| source.role == "post";
    // Where a command takes credentials, that is what a file is read for; what others will read is at
    // home nowhere.
    let role = match invocation.contents.as_slice() {
        all if all.iter().any(in_use) => "credential",
        all if all.iter().any(posts) => "post",
        _ => "body",
    };
    let counting: Vec<_> = origins.iter().filter(|it| it.counts(invocation, role)).collect();
    invocation.contents.extend(counting.into_iter().map(|origin| ContentSource {
        carrier: origin.carrier(),
        flow: Flow::Leaves,
        role: role.to_owned(),
        deliver: Deliver::Handle,
    }));
}

/// The same for a command and all that it starts.
pub(crate) fn into_all(started: &mut Started, origins: &[Origin]) {
    into_words(&mut started.action.invocation, origins);
    started.inner.iter_mut().for_each(|one| into_all(one, origins));
}
