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
        match &node.kind {
            NodeKind::BraceGroup { body, redirects } => {
                let input = self.only_redirects(redirects, input);
                self.walk(body, &input)
            }
            NodeKind::Subshell { body, redirects } => {
                let input = self.only_redirects(redirects, input);
                self.apart(|walker| walker.walk(body, &input))
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
                let input = self.only_redirects(redirects, input);
                self.repeatedly(false, |walker| {
                    walker.tested = walker.tested.saturating_add(1);
                    walker.walk(condition, &input);
                    walker.tested = walker.tested.saturating_sub(1);
                    // It is the last that is done.
                    walker.perhaps(|walker| walker.walk(body, &input));
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
        let commands = commands.iter().filter(|it| !matches!(it.kind, NodeKind::Redirect { .. }));
        for command in commands {
            written = self.apart(|walker| walker.walk(command, &input));
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
        let variable = match words {
            Some(words) => {
                let (outer, from) =
                    (core::mem::take(&mut self.carried), self.script.commands.len());
                let fields = self.fields(words);
                let sources = self.sources_from(from);
                self.carried = outer;
                let open = fields.iter().any(|field| !field.known);
                let known = fields.into_iter().filter(|field| field.known);
                Variable::one_of(known.map(|field| field.text).collect(), open).from(sources)
            }
            None => {
                let known = self.variables.positional.clone();
                Variable::one_of(known.clone().unwrap_or_default(), known.is_none())
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
        self.clauses(patterns, input);
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
