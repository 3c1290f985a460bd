//! What an action starts, down to the last command: `sudo`, `sh -c`, lines of tools, programs in an
//! argument.
//!
//! Tables tell what a command starts one level deep ([`datafog_shim::behind`]), and the shell's
//! reader which commands a line holds ([`datafog_shell::read`]); here they take turns. Each command
//! found is an action of its own that is looked at and judged by itself. What is not understood is
//! an action too: one that would send nobody knows what to nobody knows whom, so that the policy's
//! `unscannable` decides. Nothing is run.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use datafog_core::{
    Action, ActionKind, Carrier, ContentSource, Deliver, Destination, Flow, Flows, Id, Invocation,
    StdinUse, Surroundings,
};
use datafog_shell::{Command, Field, Input, Line, Place};
use datafog_shim::{Changed, Language, Start, What, Word, Wrapped};

use self::reading::Reading;
use crate::flow::{self, Origin, Trail};
use crate::inspect::Inspection;
use crate::{canonical, descriptor};

mod reading;
mod redirecting;

/// Commands that start each other; deeper than this nothing is followed.
const DEEPEST: usize = 20;

/// Most things that are started; with more, none of the rest is known.
const MOST: usize = 512;

/// Why the rest of what is started is not known: there is too much of it.
pub(crate) const TOO_MANY: &str = "the line does more than can be looked at; do it in several";

/// The same: it stands too deep.
pub(crate) const TOO_DEEP: &str =
    "commands start each other too deeply; start the last one by itself";

/// The name of what was not understood.
pub(crate) const OPAQUE: &str = "shell:opaque";

/// Something that was started.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) action: Action,
    /// What was seen of it; nothing until it was looked at.
    pub(crate) seen: Inspection,
    /// The folders that it names to work in or on, besides its own.
    pub(crate) folders: Vec<PathBuf>,
    /// What it starts in turn.
    pub(crate) inner: Vec<Self>,
}

impl Started {
    fn of(action: Action, inner: Vec<Self>) -> Self {
        Self { action, seen: Inspection::default(), folders: Vec::new(), inner }
    }
}

/// What there is of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Files {
    /// Those of this machine: links are followed.
    Real,
    /// None: an example, or a receipt that is judged again. Paths are what they say.
    None,
}

impl Files {
    /// Fills in the canonical form of every path operand.
    pub(crate) fn fill(self, invocation: &mut Invocation, cwd: &Path) {
        match self {
            Self::Real => canonical::fill(invocation, cwd),
            Self::None => canonical::fill_by_text(invocation, cwd),
        }
    }
}

/// What the command of these words starts.
pub(crate) fn by_command(
    id: Id,
    argv: &[OsString],
    world: &dyn Surroundings,
    files: Files,
) -> Vec<Started> {
    let words: Vec<Word> = argv.iter().map(Word::of).collect();
    let mut following =
        Following { id, left: MOST, is_elsewhere: false, input: Passed::default(), files };
    let started = following.behind(&words, Fed::Unread, world, 0);
    following.all(started, world)
}

/// What the call of a tool does.
pub(crate) fn by_tool(
    id: Id,
    starts: Vec<Start<'_>>,
    world: &dyn Surroundings,
    files: Files,
) -> Vec<Started> {
    let mut following =
        Following { id, left: MOST, is_elsewhere: false, input: Passed::default(), files };
    let started = starts.into_iter().flat_map(|start| following.start(start, Fed::Unread, 0));
    let started = started.collect();
    following.all(started, world)
}

/// The actions of a wrapper's command, which was read with the wrapper.
pub(crate) fn nested(id: Id, wrapped: Option<Wrapped>, files: Files) -> Vec<Action> {
    let action = |Wrapped { argv, cwd, mut invocation, inner }: Wrapped| {
        files.fill(&mut invocation, &cwd);
        let parts = nested(id, inner.map(|inner| *inner), files);
        let kind = ActionKind::CommandExec;
        Action { id, kind, argv, cwd, invocation, tool: None, parts }
    };
    wrapped.map(action).into_iter().collect()
}

/// What a command gets on standard input.
#[derive(Clone, Copy)]
enum Fed<'t> {
    /// This text.
    Text(&'t str),
    /// What only the run can tell.
    Unknown,
    /// A file, a terminal, or whatever the whole call gets: no program to run, unless somebody
    /// wrote one there before.
    Unread,
}

/// Follows what starts what.
struct Following {
    id: Id,
    /// How many more things may be told.
    left: usize,
    /// It happens in a container or on another machine.
    is_elsewhere: bool,
    /// What the line passes to the command that is followed, and so to what that starts.
    input: Passed,
    files: Files,
}

/// What a line passes to one of its commands.
#[derive(Clone, Default)]
struct Passed {
    /// Where that comes from which stands on its standard input.
    origins: Vec<Origin>,
    /// The files that the shell opens to be read by it.
    opened: Vec<PathBuf>,
}

impl Following {
    /// All that was started, and what there was no room for.
    fn all(&self, mut started: Vec<Started>, world: &dyn Surroundings) -> Vec<Started> {
        if self.left == 0 {
            started.push(self.opaque(TOO_MANY, true, world));
        }
        started
    }

    fn behind(
        &mut self,
        words: &[Word],
        fed: Fed<'_>,
        world: &dyn Surroundings,
        depth: usize,
    ) -> Vec<Started> {
        let input = match fed {
            Fed::Text(text) => Some(text),
            Fed::Unknown | Fed::Unread => None,
        };
        let starts = datafog_shim::behind(words, input, world);
        if depth >= DEEPEST && !starts.is_empty() {
            return vec![self.opaque(TOO_DEEP, true, world)];
        }
        starts.into_iter().flat_map(|start| self.start(start, fed, depth)).collect()
    }

    fn start(&mut self, start: Start<'_>, fed: Fed<'_>, depth: usize) -> Vec<Started> {
        let (outer, left, loose) = (self.is_elsewhere, self.left, start.loose);
        self.is_elsewhere |= start.elsewhere;
        let started = self.start_there(start, fed, depth);
        self.is_elsewhere = outer;
        if !loose {
            return started;
        }
        let started = recognised(started);
        // Prose takes no room; as many commands as there is room for are no prose.
        if self.left > 0 || count(&started) < MOST / 2 {
            self.left = left;
        }
        started
    }

    const fn place(&self) -> Place {
        if self.is_elsewhere { Place::Elsewhere } else { Place::Here }
    }

    fn start_there(&mut self, start: Start<'_>, fed: Fed<'_>, depth: usize) -> Vec<Started> {
        let world: &dyn Surroundings = &start.world;
        let deeper = depth.saturating_add(1);
        match (start.what, fed) {
            (What::Command(words), _) if start.told => self.behind(&words, fed, world, deeper),
            (What::Command(words), _) if words.iter().any(holds_zero) => {
                vec![self.opaque(ZERO, !self.is_elsewhere, world)]
            }
            (What::Command(words), _) if !words.first().is_some_and(names_program) => {
                vec![self.opaque(UNKNOWN_HEAD, !start.guessed && !self.is_elsewhere, world)]
            }
            (What::Command(words), _) => {
                let inner = self.behind(&words, fed, world, deeper);
                let one = self.command_on(&words, start.found, world, inner);
                one.into_iter().collect()
            }
            (What::Line(text, arguments), _) => {
                let place = self.place();
                let arguments = arguments
                    .into_iter()
                    .map(|word| word.text.into_string().ok().filter(|_| word.known));
                let known = text.known;
                let text = text.text.to_string_lossy();
                let line = Line { text: &text, known, arguments: arguments.collect(), place };
                self.line(&line, fed, world, (start.guessed, deeper))
            }
            (What::Input(_), Fed::Unread) => Vec::new(),
            // What a client is sent are statements, of which hardly one is an order to run something.
            (What::Input(Language::Orders), Fed::Unknown) => Vec::new(),
            (What::Input(_), Fed::Unknown) | (What::Made, _) => {
                vec![self.opaque(UNKNOWN_PROGRAM, !self.is_elsewhere, world)]
            }
            (What::Input(language), Fed::Text(text)) => self.program(language, text, world, deeper),
        }
    }

    /// A command that is given what the line passes, and the names of the files that were `found`.
    fn command_on(
        &mut self,
        words: &[Word],
        found: Vec<PathBuf>,
        world: &dyn Surroundings,
        inner: Vec<Started>,
    ) -> Option<Started> {
        let input = self.input.clone();
        let mut one = self.command(words, world, (Given::From(&input.origins), inner))?;
        self.reads(&mut one.action, &input.opened);
        let found: Vec<_> = found.into_iter().map(Origin::File).collect();
        flow::into_words(&mut one.action.invocation, &found);
        Some(one)
    }

    /// What a text does that is run as a program.
    fn program(
        &mut self,
        language: Language,
        text: &str,
        world: &dyn Surroundings,
        depth: usize,
    ) -> Vec<Started> {
        match language {
            Language::Shell => {
                self.line(&Line::of(text, self.place()), Fed::Unread, world, (false, depth))
            }
            Language::Code => {
                let starts = datafog_shim::started_by_code(text, world);
                let starts = starts.into_iter();
                starts.flat_map(|start| self.start(start, Fed::Unread, depth)).collect()
            }
            Language::Orders | Language::Rules | Language::Schedule | Language::Tcl => {
                let lines = datafog_shim::lines_within(language, text).unwrap_or_default();
                self.line(&Line::of(&lines, Place::Here), Fed::Unread, world, (true, depth))
            }
        }
    }

    /// The commands of a line; one that was `guessed` may hold more than is understood.
    fn line(
        &mut self,
        line: &Line<'_>,
        fed: Fed<'_>,
        world: &dyn Surroundings,
        (guessed, depth): (bool, usize),
    ) -> Vec<Started> {
        let script = datafog_shell::read(line, world);
        let (trail, inherited) = (Trail::default(), core::mem::take(&mut self.input));
        let mut reading = Reading { fed, world, place: line.place, depth, trail, inherited };
        let mut started = Vec::new();
        for command in &script.commands {
            let more = self.of_line(command, &mut reading);
            started.extend(more);
        }
        self.input = reading.inherited;
        // Another machine has a guard of its own, or none: what runs there cannot be told here.
        let counts = !guessed && line.place == Place::Here;
        started.extend(script.opaque.iter().map(|why| self.opaque(why, counts, world)));
        started
    }

    /// One command of a line, and what it does to files by redirections.
    fn of_line(&mut self, command: &Command, reading: &mut Reading<'_>) -> Vec<Started> {
        let mut world = Changed::of(reading.world);
        for (name, value) in &command.environment {
            world.set(name, Some(OsStr::new(value.as_deref().unwrap_or("$(…)"))));
        }
        world.enter(reading.folder(command));
        let words: Vec<Word> = command.words.iter().map(word).collect();
        let opened = reading.opened(command, world.cwd());
        let mut started: Vec<Started> =
            self.redirected(command, &opened, &world).into_iter().collect();
        started.extend(self.emptied(command, &world));
        let mut passed = Vec::new();
        let given = reading.given(&command.input, world.cwd());
        if !words.is_empty() {
            let depth = reading.depth.saturating_add(1);
            let feeds = datafog_shim::feeds(&words);
            let origins = if feeds { Vec::new() } else { given.clone() };
            self.input = Passed { origins, opened: opened.clone() };
            let mut inner = self.behind(&words, reading.fed_by(&command.input), &world, depth);
            self.input = Passed::default();
            if feeds {
                inner.iter_mut().for_each(|one| flow::into_all(one, &given));
            }
            let input = Given::of(&command.input, &given);
            if let Some(mut one) = self.command(&words, &world, (input, inner)) {
                self.reads(&mut one.action, &opened);
                reading.trail.follow(&mut one.action);
                let made = reading.trail.made_of(command, world.cwd());
                flow::into_all(&mut one, &made);
                passed.extend(flow::passed_on(&one.action, &words, &world, self.files));
                passed.extend(made);
                self.writes(&mut one.action, &command.redirections);
                started.push(one);
            }
        }
        passed.extend(given);
        reading.trail.leave(command, &words, &world, passed);
        started
    }

    fn command(
        &mut self,
        words: &[Word],
        world: &dyn Surroundings,
        (input, inner): (Given<'_>, Vec<Started>),
    ) -> Option<Started> {
        self.take()?;
        let argv: Vec<_> = words.iter().map(|word| word.text.clone()).collect();
        let mut invocation = datafog_shim::interpret(&argv, world);
        settle(&mut invocation, input);
        let text = if let Given::Text(text) = input { Some(text) } else { None };
        let files = datafog_shim::sent_by_orders(words, text, world.home());
        let files = files.into_iter().map(Carrier::File);
        invocation.contents.extend(files.map(|file| content(file, Flow::Leaves)));
        if let Some(text) = text {
            let files = datafog_shim::read_by_orders(words, text).into_iter().map(Carrier::File);
            invocation.contents.extend(files.map(|file| content(file, Flow::Stays)));
        }
        for file in datafog_shim::patched_by_input(words, text) {
            self.operand(&mut invocation, file.into(), Flow::Destroys, world.cwd());
        }
        self.files.fill(&mut invocation, world.cwd());
        let parts = nested(self.id, datafog_shim::wrapped(&argv, world), self.files);
        let (id, cwd, kind) = (self.id, world.cwd().to_owned(), ActionKind::CommandExec);
        let action = Action { id, kind, argv, cwd, invocation, tool: None, parts };
        let folders = datafog_shim::folders(words, world);
        Some(Started { folders, ..Started::of(action, inner) })
    }

    /// Room for one more thing. The last is never given, so that whoever asks learns of the end.
    fn take(&mut self) -> Option<()> {
        self.left = self.left.saturating_sub(1);
        (self.left > 0).then_some(())
    }

    /// What was not understood, and whether the policy's `unscannable` is to decide about it.
    fn opaque(&self, why: &str, counts: bool, world: &dyn Surroundings) -> Started {
        let flow = if counts { Flow::Leaves } else { Flow::Stays };
        let mut invocation = bare(OPAQUE);
        invocation.flows = Flows::NONE.with(flow);
        invocation.contents.push(content(Carrier::Untold(why.to_owned()), flow));
        if counts {
            invocation.destinations.push(Destination::untold("command"));
        }
        Started::of(self.action(invocation, world), Vec::new())
    }

    fn action(&self, invocation: Invocation, world: &dyn Surroundings) -> Action {
        Action {
            id: self.id,
            kind: ActionKind::ShellExec,
            argv: Vec::new(),
            cwd: world.cwd().to_owned(),
            invocation,
            tool: None,
            parts: Vec::new(),
        }
    }
}

/// What counts of a text that nobody called a command: commands that are known, and no word about
/// what was not understood, since most of it may be no command at all.
fn recognised(started: Vec<Started>) -> Vec<Started> {
    let mut kept = Vec::new();
    for mut one in started {
        let inner = recognised(core::mem::take(&mut one.inner));
        let invocation = &mut one.action.invocation;
        if !invocation.known || invocation.program == OPAQUE {
            kept.extend(inner);
            continue;
        }
        invocation.unclear.clear();
        invocation.contents.retain(|source| !matches!(source.carrier, Carrier::Untold(_)));
        kept.push(Started { inner, ..one });
    }
    kept
}

fn count(started: &[Started]) -> usize {
    let of = |one: &Started| count(&one.inner).saturating_add(1);
    started.iter().map(of).fold(0, usize::saturating_add)
}

const UNKNOWN_PROGRAM: &str =
    "a program would run that only shows when the line runs; look at it first";

const UNKNOWN_HEAD: &str = "the name of a program only shows when the line runs; write it out";

const ZERO: &str = "a word holds a zero byte, and nobody knows what a program makes of it";

fn holds_zero(word: &Word) -> bool {
    word.text.as_encoded_bytes().contains(&0)
}

fn names_program(word: &Word) -> bool {
    let text = word.text.to_string_lossy().into_owned();
    Field { text, known: word.known }.names_program()
}

fn word(field: &Field) -> Word {
    Word { text: field.text.clone().into(), known: field.known }
}

fn bare(program: &str) -> Invocation {
    Invocation { program: program.to_owned(), known: true, ..Invocation::default() }
}

fn content(carrier: Carrier, flow: Flow) -> ContentSource {
    ContentSource { carrier, flow, role: String::from("stdin"), deliver: Deliver::Handle }
}

/// What a command's standard input holds, as far as it can be looked at.
#[derive(Clone, Copy)]
enum Given<'t> {
    From(&'t [Origin]),
    Text(&'t str),
}

impl<'t> Given<'t> {
    /// The input of a command of a line; `origins` are what comes in by a pipe.
    fn of(input: &'t Input, origins: &'t [Origin]) -> Self {
        match input {
            Input::Text(text) => Self::Text(text),
            Input::File(_) | Input::Inherited | Input::Pipe(_) => Self::From(origins),
        }
    }
}

/// Puts what is known of a command's input in the place of its standard input, and of everything
/// else that it would inherit: none of that is ours.
fn settle(invocation: &mut Invocation, given: Given<'_>) {
    let uses = core::mem::take(&mut invocation.stdin);
    let inherited = |source: &ContentSource| match &source.carrier {
        Carrier::Stdin => Some(0),
        Carrier::File(path) => descriptor::number_of(path),
        Carrier::Argument(_) | Carrier::Inline(_) | Carrier::Untold(_) => None,
    };
    let named = invocation.contents.iter().find(|source| inherited(source) == Some(0)).cloned();
    invocation.contents.retain(|source| inherited(source).is_none());
    if uses == StdinUse::Ignore && named.is_none() {
        // What a redaction left must be seen wherever it goes. A client for a database that was given
        // no statement runs what it reads, though nothing of that leaves.
        let has_query = || invocation.contents.iter().any(|source| source.role == "query");
        let runs = invocation.family == "database" && !has_query();
        if let Given::Text(text) = given
            && (runs || datafog_detect::marker::find(text.as_bytes()).is_some())
        {
            let carrier = Carrier::Inline(text.as_bytes().to_vec());
            invocation.contents.push(content(carrier, Flow::Stays));
        }
        return;
    }
    let leaves = invocation.flows.has(Flow::Leaves);
    let usual = content(Carrier::Stdin, if leaves { Flow::Leaves } else { Flow::Stays });
    let like = named.unwrap_or(usual);
    let carriers: Vec<Carrier> = match given {
        Given::Text(text) => vec![Carrier::Inline(text.as_bytes().to_vec())],
        Given::From(origins) => {
            // Names of files that come in are no content of theirs.
            let is_content =
                |it: &&Origin| !matches!(it, Origin::Named(_)) && it.counts(invocation, &like.role);
            origins.iter().filter(is_content).map(Origin::carrier).collect()
        }
    };
    let of = |carrier| ContentSource { carrier, ..like.clone() };
    invocation.contents.extend(carriers.into_iter().map(of));
}
