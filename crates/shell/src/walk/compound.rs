//! Commands that hold others: lists, pipelines, branches, loops.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser has fifty kinds of nodes; what is not named is not understood"
)]

use rable::{CasePattern, Node, NodeKind};

use super::{Walker, Written};
use crate::calculation;
use crate::parse;
use crate::script::Input;
use crate::variables::Variable;

impl Walker {
    pub(super) fn compound(&mut self, node: &Node, input: &Input) -> Written {
        let (around, before) = (core::mem::take(&mut self.unopened), self.snapshot());
        let written = self.held(node, input);
        // Where a file cannot be opened, nothing is done.
        if core::mem::replace(&mut self.unopened, around) {
            self.arrive(Some(before));
        }
        written
    }

    fn held(&mut self, node: &Node, input: &Input) -> Written {
        match &node.kind {
            NodeKind::BraceGroup { body, redirects } => {
                let input = self.only_redirects(redirects, input);
                self.walk(body, &input)
            }
            NodeKind::Subshell { body, redirects } => {
                let input = self.only_redirects(redirects, input);
                self.apart(|walker| walker.with_its_traps(body, &input))
            }
            NodeKind::If { condition, then_body, else_body, redirects } => {
                let input = self.only_redirects(redirects, input);
                self.branches(condition, (then_body, else_body.as_deref()), &input);
                None
            }
            NodeKind::Case { word, patterns, redirects } => {
                let input = self.only_redirects(redirects, input);
                self.case(word, patterns, &input)
            }
            _ => self.repeated(node, input),
        }
    }

    /// Redirections of something that is no command by itself. What it reads is named from the
    /// folder at hand: commands in it may change to another one.
    pub(super) fn only_redirects(&mut self, redirects: &[Node], input: &Input) -> Input {
        if redirects.is_empty() {
            return input.clone();
        }
        let opened = self.in_every_way(|walker| walker.opened_around(redirects, input));
        opened.into_iter().next().unwrap_or_default()
    }

    fn opened_around(&mut self, redirects: &[Node], input: &Input) -> Input {
        let (redirections, mut input) = self.redirects(redirects, input);
        self.unopened |= self.may_fail(&redirections);
        let fed_later = core::mem::take(&mut self.fed_later);
        self.push(Vec::new(), Vec::new(), input.clone(), redirections);
        // What will be written is not known yet.
        self.feed(fed_later, self.script.commands.len(), None);
        if let (Input::File(file), Some(cwd)) = (&mut input, self.cwd())
            && file.known
            && let Some(whole) = cwd.join(&file.text).to_str()
        {
            whole.clone_into(&mut file.text);
        }
        input
    }

    /// Does something in every way in which the variables in it may be filled.
    pub(super) fn in_every_way<T>(&mut self, mut work: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let outer = (self.pick, self.picks);
        let choices = core::mem::take(&mut self.choices);
        let here = self.variables.folders.here.clone();
        (self.pick, self.picks) = (0, 1);
        let mut made = Vec::new();
        while self.pick < self.picks {
            self.variables.folders.here = here.clone();
            self.work_in_one_folder();
            made.push(work(self));
            self.pick = self.pick.saturating_add(1);
        }
        self.variables.folders.here = here;
        (self.pick, self.picks) = outer;
        self.choices = choices;
        made
    }

    /// What a process of its own is told to run at its end runs there.
    fn with_its_traps(&mut self, body: &Node, input: &Input) -> Written {
        let around = core::mem::take(&mut self.trapped);
        let written = self.walk(body, input);
        for action in core::mem::replace(&mut self.trapped, around) {
            self.text(&action, &Input::Inherited);
        }
        written
    }

    /// What calculations set, nobody works out here.
    pub(super) fn calculated(&mut self, texts: &[&str]) {
        for name in texts.iter().flat_map(|text| calculation::assigned(text)) {
            let before = self.variables.find(name, &self.world, self.place);
            let unknown = Variable::of(None);
            let either = before.filter(|it| !it.array).unwrap_or_else(Variable::missing);
            self.variables.set(name, unknown.or(either), false);
        }
    }

    /// What stands in double brackets, for a shell that takes them for two subshells.
    pub(super) fn subshells(&mut self, text: &str, input: &Input) -> Written {
        if !calculation::may_be_commands(text) {
            return Some(String::new());
        }
        if !self.may_go_deeper() || !self.step(text.len() / 16) {
            self.opaque("the line runs texts within texts, too deep to follow");
            return None;
        }
        match parse::commands(text) {
            // To such a shell the brackets close somewhere else.
            Ok(_) if calculation::has_comment(text) => {
                self.opaque("a `#` in double brackets ends the line to some shells");
            }
            Ok(nodes) => {
                for node in nodes {
                    self.apart(|walker| walker.perhaps(|walker| walker.walk(&node, input)));
                }
            }
            Err(_) if calculation::is_calculation(text) => {}
            Err(why) => self.opaque(why),
        }
        None
    }

    /// A loop; its body is walked as one that may never run.
    fn repeated(&mut self, node: &Node, input: &Input) -> Written {
        match &node.kind {
            NodeKind::While { condition, body, redirects }
            | NodeKind::Until { condition, body, redirects } => {
                let until = matches!(node.kind, NodeKind::Until { .. });
                let input = self.only_redirects(redirects, input);
                self.repeatedly(false, |walker| {
                    walker.tested = walker.tested.saturating_add(1);
                    walker.walk(condition, &input);
                    walker.tested = walker.tested.saturating_sub(1);
                    // It is the last that is done.
                    walker.perhaps(|walker| {
                        let asked = walker.asked(condition);
                        asked
                            .filter(|it| it.empty == until)
                            .into_iter()
                            .for_each(|it| walker.knows_full(&it));
                        walker.walk(body, &input)
                    });
                });
                None
            }
            NodeKind::For { var, words, body, redirects }
            | NodeKind::Select { var, words, body, redirects } => {
                let input = self.only_redirects(redirects, input);
                let certain = redirects.is_empty();
                self.each((var, words.as_deref()), body, &input, certain)
            }
            NodeKind::ForArith { init, cond, incr, body, redirects } => {
                [init, cond, incr].into_iter().for_each(|raw| self.raw(raw));
                let input = self.only_redirects(redirects, input);
                self.hollow = true;
                self.calculated(&[init, cond, incr]);
                self.repeatedly(false, |walker| drop(walker.walk(body, &input)));
                None
            }
            _ => {
                self.opaque("the line holds something that was not understood");
                None
            }
        }
    }

    pub(super) fn pipeline(&mut self, commands: &[Node], input: &Input) -> Written {
        let start = self.script.commands.len();
        let (mut input, mut written) = (input.clone(), None);
        // `|&` behind what is no simple command: the parser tells the `2>&1` as one of them.
        let is_command = |it: &&Node| !matches!(it.kind, NodeKind::Redirect { .. });
        let mut commands = commands.iter().filter(is_command).peekable();
        while let Some(command) = commands.next() {
            let last = commands.peek().is_none();
            let before = self.snapshot();
            written = self.deeper(|walker| walker.walk(command, &input));
            let after = core::mem::replace(&mut self.variables, before);
            // The last one is done by zsh itself, and by bash where it is told to (`lastpipe`).
            if last {
                self.arrive(Some(after));
            }
            input = match &written {
                Some(text) => Input::Text(text.clone()),
                None => Input::Pipe(start..self.script.commands.len()),
            };
        }
        written
    }

    /// A loop over words: its body is walked once, with every word as a value of the variable.
    fn each(
        &mut self,
        (name, words): (&str, Option<&[Node]>),
        body: &Node,
        input: &Input,
        certain: bool,
    ) -> Written {
        // `for x; do` is told as a word.
        let is_all = |words: &&[Node]| match words {
            [Node { kind: NodeKind::Word { value, .. }, .. }] => value.trim_matches('"') == "$@",
            _ => false,
        };
        let variable = match words.filter(|words| !is_all(words)) {
            Some(words) => {
                let (outer, from) =
                    (core::mem::take(&mut self.carried), self.script.commands.len());
                let fields = self.in_every_way(|walker| walker.fields(words)).concat();
                let sources = self.sources_from(from);
                self.carried = outer;
                let open = fields.iter().any(|field| !field.known);
                let known = fields.into_iter().filter(|field| field.known);
                Variable::one_of(known.map(|field| field.text).collect(), open).from(sources)
            }
            None => {
                let known = self.variables.positional.clone();
                let open = known.is_none();
                let any = known.or_else(|| self.variables.any_positional());
                Variable::one_of(any.unwrap_or_default(), open)
            }
        };
        let certain = certain && !variable.open && variable.options() > 0;
        self.repeatedly(certain, |walker| {
            walker.variables.set(name, variable.clone(), false);
            walker.walk(body, input);
        });
        None
    }

    fn case(&mut self, word: &Node, patterns: &[CasePattern], input: &Input) -> Written {
        self.fields(core::slice::from_ref(word));
        self.clauses(word, patterns, input);
        None
    }

    /// `[[ … ]]`: its words may substitute.
    pub(super) fn condition(&mut self, node: &Node) {
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            match &node.kind {
                NodeKind::UnaryTest { operand, .. } | NodeKind::CondNot { operand } => {
                    open.push(operand);
                }
                NodeKind::BinaryTest { left, right, .. }
                | NodeKind::CondAnd { left, right }
                | NodeKind::CondOr { left, right } => open.extend([&**left, &**right]),
                NodeKind::CondParen { inner } => open.push(inner),
                NodeKind::CondTerm { value, .. } => self.raw(value),
                NodeKind::Word { .. } => drop(self.fields(core::slice::from_ref(node))),
                _ => {}
            }
        }
    }
}
