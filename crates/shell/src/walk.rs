//! Walks the tree of a line in the order in which a shell would run it.
//!
//! Every branch is taken: both sides of an `if`, every pattern of a `case`, the body of a loop once.
//! What a command writes is kept as far as it can be told, since it may be the next one's program.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser has fifty kinds of nodes; what is not named is not understood"
)]

mod asking;
mod branch;
mod compound;
mod dispatch;
mod functions;
mod multiply;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use rable::{Node, NodeKind};

use crate::limits::{DEEPEST, MOST_COMMANDS, MOST_STEPS, MOST_VALUES};
use crate::outside::Outside;
use crate::parse;
use crate::read::{Line, Place};
use crate::script::{Command, Field, Input, Redirection, Script, Source};
use crate::variables::{Variable, Variables};
use crate::zsh;

pub(crate) use functions::Function;

/// What a command writes to its standard output, where that can be told.
pub(crate) type Written = Option<String>;

/// Where `cd` looks for a relative folder first (POSIX).
pub(crate) const PLACES: &str = "CDPATH";

/// Steps that it takes to look at a command in one more way.
const PICKING: usize = 18;

/// What is said of a line of which zsh runs something that other shells do not.
pub(crate) const FOR_ZSH: &str = "zsh would run something of it that other shells do not";

/// The command of a list that holds no other one.
fn alone(node: &Node) -> &Node {
    match &node.kind {
        NodeKind::List { items } => match items.as_slice() {
            [item] if item.operator.is_none() => &item.command,
            _ => node,
        },
        _ => node,
    }
}

/// Whether a redirection is about standard input.
fn opens_input(redirect: &Node) -> bool {
    match &redirect.kind {
        NodeKind::HereDoc { fd, .. } => *fd <= 0,
        NodeKind::Redirect { op, fd, .. } => op.starts_with('<') && *fd <= 0,
        _ => false,
    }
}

/// A command as it stands in the line.
struct Simple<'n> {
    assignments: &'n [Node],
    words: &'n [Node],
    redirects: &'n [Node],
    input: &'n Input,
}

impl Simple<'_> {
    /// Whether what it holds may be filled in several ways though no variable holds several values.
    fn may_stand_for_several(&self) -> bool {
        let all = self.assignments.iter().chain(self.words);
        let mut all = all.chain(self.redirects.iter().filter_map(|one| match &one.kind {
            NodeKind::Redirect { target, .. } => Some(&**target),
            _ => None,
        }));
        let may = |text: &str| text.contains("${") || (text.contains('$') && text.contains('['));
        all.any(|word| matches!(&word.kind, NodeKind::Word { value, .. } if may(value)))
    }
}

/// The state of a walk.
pub(crate) struct Walker {
    pub(crate) world: Outside,
    pub(crate) place: Place,
    pub(crate) variables: Variables,
    /// Every function that the line defines somewhere.
    defined: BTreeMap<String, Vec<Arc<Node>>>,
    /// A file that is opened for what holds others may not be.
    unopened: bool,
    /// What the command at hand gets comes in for it alone.
    pub(crate) own_input: bool,
    /// Lists that the words of the built-in at hand set.
    pub(crate) declared: Vec<(String, Variable)>,
    /// Texts that a name may stand for where a shell looks for such names.
    pub(crate) aliases: BTreeMap<String, Vec<String>>,
    /// Functions that were called; the bodies of all others are walked at the end.
    called: Vec<Arc<Node>>,
    pub(crate) script: Script,
    /// Where that comes from which variables brought into the words at hand.
    pub(crate) carried: Vec<Source>,
    /// What the command at hand gets on standard input.
    pub(crate) feeding: Input,
    /// Commands that get what the command at hand writes (`> >(a)`).
    pub(crate) fed_later: Vec<Node>,
    /// Files that the line wrote, and their text where it is known.
    pub(crate) files: BTreeMap<PathBuf, Written>,
    /// From which command on those stand that were substituted in the one at hand.
    substituted: usize,
    steps: u32,
    depth: u32,
    /// How many commands there were that leave what holds them before its end.
    left_early: u32,
    /// What variables hold where the line, or the function at hand, is left.
    at_exit: Option<Variables>,
    at_return: Option<Variables>,
    /// The same of the loop at hand, and of those around it.
    at_break: Option<Variables>,
    at_far_break: Option<Variables>,
    /// How many loops hold what is walked, and how many functions; and how many of these hold the loop at
    /// hand.
    loops: u32,
    calls: u32,
    loop_calls: u32,
    /// In how many places we are where a command may fail and the line goes on by that.
    pub(crate) tested: u32,
    /// The variables of the function at hand, and what they were before it.
    pub(crate) locals: Option<Vec<(String, Option<Variable>)>>,
    /// The words of the command end the line before it.
    pub(crate) ended: bool,
    /// There is a loop in which the parser loses the bodies of heredocs (`for ((…))`).
    pub(crate) hollow: bool,
    /// What runs at the end, in the words of the line (`trap`).
    pub(crate) trapped: Vec<String>,
    /// Files and folders for a while that the line has made.
    pub(crate) made: Vec<PathBuf>,
    /// Which of the ways in which the variables of a command may be filled is looked at, and how many
    /// there are; and the variables with several values so far, with how many each has.
    pub(crate) pick: usize,
    pub(crate) picks: usize,
    pub(crate) choices: Vec<(String, usize)>,
}

impl Walker {
    pub(crate) fn new(world: Outside, line: &Line<'_>) -> Self {
        let place = line.place;
        let mut variables = Variables::of(line.arguments.clone(), line.known);
        let cwd = world.cwd.to_str().filter(|_| place == Place::Here);
        variables.folders.here = Variable::of(cwd.map(str::to_owned));
        Self {
            world,
            place,
            variables,
            defined: BTreeMap::new(),
            unopened: false,
            own_input: false,
            declared: Vec::new(),
            aliases: BTreeMap::new(),
            called: Vec::new(),
            script: Script::default(),
            carried: Vec::new(),
            feeding: Input::Inherited,
            fed_later: Vec::new(),
            files: BTreeMap::new(),
            substituted: 0,
            steps: 0,
            depth: 0,
            left_early: 0,
            at_exit: None,
            at_return: None,
            at_break: None,
            at_far_break: None,
            loops: 0,
            calls: 0,
            loop_calls: 0,
            tested: 0,
            locals: None,
            ended: false,
            hollow: false,
            trapped: Vec::new(),
            made: Vec::new(),
            pick: 0,
            picks: 1,
            choices: Vec::new(),
        }
    }

    /// Reads a whole text.
    pub(crate) fn read(mut self, text: &str) -> Script {
        self.text(text, &Input::Inherited);
        let left = self.at_exit.take();
        self.arrive(left);
        for action in core::mem::take(&mut self.trapped) {
            self.text(&action, &Input::Inherited);
        }
        // Nobody calls them here, but a later line may. One may hold another.
        while let Some((name, bodies)) = self.defined.pop_first() {
            self.variables.set_function(&name, None);
            for body in &bodies {
                if self.was_called(body) {
                    continue;
                }
                self.variables.set_positional(None);
                self.calls = 1;
                self.perhaps(|walker| walker.walk(body, &Input::Inherited));
            }
        }
        self.script
    }

    /// Tells that something was not understood.
    pub(crate) fn opaque(&mut self, why: &str) {
        if !self.script.opaque.iter().any(|known| known == why) {
            self.script.opaque.push(why.to_owned());
        }
    }

    /// Takes so many steps, and those for what was asked; false when there are none left.
    pub(crate) fn step(&mut self, count: usize) -> bool {
        let spent = self.world.spent().saturating_add(self.variables.spent() / 2);
        let count = count.saturating_add(spent);
        self.steps = self.steps.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
        let left = self.steps <= MOST_STEPS && self.script.commands.len() < MOST_COMMANDS;
        if !left {
            self.opaque("the line does more than can be looked at; do it in several");
        }
        left
    }

    /// Whether a loop holds what is walked.
    pub(crate) const fn is_loop(&self) -> bool {
        self.loops > 0
    }

    /// The commands of a text that is run within the line.
    pub(crate) fn text(&mut self, text: &str, input: &Input) -> Written {
        if !self.may_go_deeper() || !self.step(text.len() / 16) {
            self.opaque("the line runs texts within texts, too deep to follow");
            return None;
        }
        if parse::is_odd_arithmetic(text) {
            self.opaque("`$((` begins no calculation here; put a blank between the two");
        }
        if parse::hides_in_calculation(text) {
            self.opaque(
                "`((` ends at different places to different shells; put the quoted text elsewhere",
            );
        }
        if parse::hides_in_pattern(text) {
            self.opaque("a `#` in a pattern ends the line to some shells");
        }
        match parse::commands(text) {
            Ok(nodes) => self.deeper(|walker| walker.all(nodes.iter(), input)),
            Err(why) => {
                self.opaque(why);
                None
            }
        }
    }

    pub(crate) const fn may_go_deeper(&self) -> bool {
        self.depth < DEEPEST
    }

    pub(crate) fn deeper<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let picks = (self.pick, self.picks, self.choices.len());
        self.depth = self.depth.saturating_add(1);
        let made = work(self);
        self.depth = self.depth.saturating_sub(1);
        (self.pick, self.picks) = (picks.0, picks.1);
        self.choices.truncate(picks.2);
        made
    }

    /// What is done in a process of its own changes nothing outside.
    pub(crate) fn apart<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.snapshot();
        let made = self.deeper(work);
        self.variables = before;
        made
    }

    fn all<'n>(&mut self, nodes: impl Iterator<Item = &'n Node>, input: &Input) -> Written {
        let mut all = Some(String::new());
        for node in nodes {
            let one = self.walk(node, input);
            all = all.zip(one).map(|(all, one)| all + &one);
        }
        all
    }

    /// A substitution: what it writes, without the line ends at its end.
    pub(crate) fn substitution(&mut self, command: &Node) -> Written {
        if !self.may_go_deeper() {
            self.opaque("the line runs texts within texts, too deep to follow");
            return None;
        }
        // A failure within it ends nothing.
        self.tested = self.tested.saturating_add(1);
        let written = match &alone(command).kind {
            // It is filled as the command is in which it stands.
            NodeKind::Command { assignments, words, redirects } if self.step(1) => {
                let input = &Input::Inherited;
                let before = self.snapshot();
                self.depth = self.depth.saturating_add(1);
                let written = self.once(&Simple { assignments, words, redirects, input });
                self.depth = self.depth.saturating_sub(1);
                self.variables = before;
                written
            }
            _ => self.apart(|walker| walker.walk(command, &Input::Inherited)),
        };
        self.tested = self.tested.saturating_sub(1);
        let written = written?;
        Some(written.trim_end_matches('\n').to_owned())
    }

    pub(crate) fn walk(&mut self, node: &Node, input: &Input) -> Written {
        if !self.step(1) {
            return None;
        }
        self.variables.folders.turn = None;
        match &node.kind {
            NodeKind::Command { assignments, words, redirects } => {
                self.command(&Simple { assignments, words, redirects, input })
            }
            NodeKind::Pipeline { commands, .. } => self.pipeline(commands, input),
            NodeKind::List { .. } => self.list(node, input),
            NodeKind::Negation { pipeline } => self.otherwise(pipeline, input),
            NodeKind::Time { pipeline, .. } => self.walk(pipeline, input),
            NodeKind::Function { name, body } => {
                self.define(name, body);
                Some(String::new())
            }
            NodeKind::Comment { .. } | NodeKind::Empty => Some(String::new()),
            NodeKind::Coproc { command, .. } => {
                // The parser takes an assignment, `!` or `time` for a name of it.
                self.opaque("the line starts a coprocess; put it into the background instead");
                self.walk(command, input);
                None
            }
            NodeKind::ArithmeticCommand { raw_content, redirects, .. } => {
                self.raw(raw_content);
                let input = self.only_redirects(redirects, input);
                self.calculated(&[raw_content]);
                self.subshells(raw_content, &input)
            }
            NodeKind::ConditionalExpr { body, redirects } => {
                self.condition(body);
                self.only_redirects(redirects, input);
                Some(String::new())
            }
            _ => self.compound(node, input),
        }
    }

    /// A command, once for each way in which its variables may be filled.
    fn command(&mut self, command: &Simple<'_>) -> Written {
        let outer = (self.pick, self.picks);
        let choices = core::mem::take(&mut self.choices);
        (self.pick, self.picks) = (0, 1);
        let mut written = None;
        // Each way begins with what was there before, and any of them may be what holds behind it.
        let several = self.variables.several || command.may_stand_for_several();
        let before = several.then(|| self.snapshot());
        let mut behind: Option<Variables> = None;
        while self.pick < self.picks {
            if self.pick > 0 {
                self.step(PICKING);
                let start = before.clone().unwrap_or_else(|| self.variables.clone());
                let after = core::mem::replace(&mut self.variables, start);
                self.collect(&mut behind, after);
            }
            let one = self.once(command);
            // What it writes is known where it is the same in every way.
            written = if self.pick == 0 || written == one { one } else { None };
            self.pick = self.pick.saturating_add(1);
        }
        self.arrive(behind);
        self.settle_folders();
        (self.pick, self.picks) = outer;
        self.choices = choices;
        written
    }

    fn once(&mut self, command: &Simple<'_>) -> Written {
        self.work_in_one_folder();
        self.substituted = self.script.commands.len();
        let outer = self.substituted;
        let heads = command.assignments.iter().chain(command.words.first());
        heads.clone().for_each(|head| self.require_whole(head));
        if command.assignments.iter().any(zsh::runs) {
            self.opaque(FOR_ZSH);
        }
        let around = core::mem::take(&mut self.carried);
        let fed = core::mem::replace(&mut self.feeding, command.input.clone());
        let opens = !command.redirects.is_empty() && !command.assignments.is_empty();
        let undone = opens.then(|| self.snapshot());
        let fields = self.fields_with_lists(command.words);
        let mut environment = Vec::new();
        for node in command.assignments {
            let Some((name, variable)) = self.assignment(node) else { continue };
            self.set_to_run(&name, variable.values.first().map(String::as_str));
            if fields.is_empty() {
                self.variables.set(&name, variable, false);
            } else {
                let value = variable.values.first().filter(|_| !variable.open && !variable.array);
                environment.push((name, value.cloned()));
            }
        }
        if core::mem::take(&mut self.ended) {
            self.feeding = fed;
            self.carried = around;
            self.fed_later.clear();
            return None;
        }
        let (redirections, input) = self.redirects(command.redirects, command.input);
        self.own_input = command.redirects.iter().any(opens_input);
        self.feeding = fed;
        let fed_later = core::mem::take(&mut self.fed_later);
        // Where a file cannot be opened, nothing is done.
        let fails = self.may_fail(&redirections);
        let undone = fails.then(|| undone.unwrap_or_else(|| self.snapshot()));
        // Commands within the words had words of their own.
        self.substituted = outer;
        let start = self.script.commands.len();
        let written = if fields.is_empty() {
            let reads = matches!(&input, Input::File(_)).then_some(None);
            self.push(Vec::new(), environment, input, redirections);
            reads.unwrap_or(Some(String::new()))
        } else {
            self.dispatch(fields, environment, input, redirections)
        };
        self.arrive(undone);
        self.carried = around;
        if fed_later.is_empty() {
            return written;
        }
        self.feed(fed_later, start, written);
        None
    }

    /// Runs the commands that what was written since `start` goes to.
    fn feed(&mut self, commands: Vec<Node>, start: usize, written: Written) {
        let input = match written {
            Some(text) => Input::Text(text),
            None => Input::Pipe(start..self.script.commands.len()),
        };
        for command in commands {
            self.apart(|walker| walker.walk(&command, &input));
        }
    }

    /// Remembers where something comes from that variables bring into the words at hand.
    pub(crate) fn carry(&mut self, sources: Vec<Source>) {
        for source in sources {
            if self.carried.len() < MOST_VALUES && !self.carried.contains(&source) {
                self.carried.push(source);
            }
        }
    }

    /// Where that comes from which stands in what was read since: variables, and the commands from
    /// `from` on.
    pub(crate) fn sources_from(&self, from: usize) -> Vec<Source> {
        let end = self.script.commands.len();
        let commands = (from < end).then_some(Source::Commands(from..end));
        self.carried.iter().cloned().chain(commands).collect()
    }

    /// The same for the command at hand.
    pub(crate) fn sources_at_hand(&self) -> Vec<Source> {
        self.sources_from(self.substituted)
    }

    pub(crate) fn push(
        &mut self,
        words: Vec<Field>,
        mut environment: Vec<(String, Option<String>)>,
        input: Input,
        redirections: Vec<Redirection>,
    ) {
        if words.is_empty() && redirections.is_empty() {
            return;
        }
        let length: usize = words.iter().map(|word| word.text.len()).sum();
        self.step(length / 64);
        let set: Vec<_> = self.variables.exported().collect();
        environment.splice(0..0, set);
        let cwd = self.cwd();
        let end = self.script.commands.len();
        let substituted = self.substituted.min(end)..end;
        let carried = self.carried.clone();
        let command =
            Command { words, environment, cwd, input, redirections, substituted, carried };
        // A loop of the same command is one command to judge. Within a pipe or a substitution each
        // counts: what is sent further on may come from it.
        let mut last = self.script.commands.iter().rev().take(8);
        if self.depth > 1 || !last.any(|known| known.is_like(&command)) {
            self.script.commands.push(command);
        }
    }
}
