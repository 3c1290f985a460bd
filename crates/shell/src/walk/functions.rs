//! Functions of the line, and variables that are set for one command.

use std::sync::Arc;

use rable::{Node, NodeKind};

use super::multiply::multiplies;
use super::{Walker, Written};
use crate::limits::MOST_VALUES;
use crate::script::{Field, Input};
use crate::variables::Variable;
use crate::walk::FOR_ZSH;

/// Built-ins behind which variables that stand before them may hold on (POSIX, 2.14).
pub(super) const SPECIAL: [&str; 15] = [
    ".", ":", "break", "continue", "eval", "exec", "exit", "export", "readonly", "return", "set",
    "shift", "times", "trap", "unset",
];

/// Steps that it takes to call a function, beside those of its body.
const CALLING: usize = 120;

/// What the name of a function stands for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Function {
    /// Bodies that it may have, one of them at a time.
    pub(crate) bodies: Vec<Arc<Node>>,
    /// It may also not be a function at all.
    pub(crate) missing: bool,
}

impl Function {
    /// One or the other; the same text has one body.
    pub(crate) fn or(mut self, other: Self) -> Self {
        for body in other.bodies {
            if !self.bodies.iter().any(|known| Arc::ptr_eq(known, &body)) {
                self.bodies.push(body);
            }
        }
        self.missing |= other.missing;
        self
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        let mut pairs = self.bodies.iter().zip(&other.bodies);
        self.missing == other.missing
            && self.bodies.len() == other.bodies.len()
            && pairs.all(|(one, two)| Arc::ptr_eq(one, two))
    }
}

impl Eq for Function {}

impl Walker {
    /// A function that the line defines, perhaps once more.
    pub(super) fn define(&mut self, name: &str, body: &Node) {
        // A mistake to bash, which runs nothing of the line.
        if name.contains(['`', '$']) {
            self.opaque(FOR_ZSH);
        }
        let bodies = self.defined.entry(name.to_owned()).or_default();
        let body = match bodies.iter().find(|known| ***known == *body) {
            Some(known) => Arc::clone(known),
            None if bodies.len() >= MOST_VALUES => {
                self.opaque("the line defines a function too often");
                return;
            }
            None => {
                bodies.push(Arc::new(body.clone()));
                bodies.last().map_or_else(|| Arc::new(body.clone()), Arc::clone)
            }
        };
        // What is no group is a mistake to some shells, and then nothing is defined.
        let sure = matches!(body.kind, NodeKind::BraceGroup { .. } | NodeKind::Subshell { .. });
        let mut function = Function { bodies: vec![body], missing: false };
        if !sure {
            let before = self.variables.function(name).cloned();
            let before = before.unwrap_or(Function { bodies: Vec::new(), missing: true });
            function = before.or(function);
        }
        self.variables.set_function(name, Some(function));
    }

    /// Whether a body was walked as that of a function which the line called.
    pub(super) fn was_called(&self, body: &Arc<Node>) -> bool {
        self.called.iter().any(|known| Arc::ptr_eq(known, body))
    }

    /// A function of the line, with its arguments.
    pub(super) fn call(&mut self, function: &Function, fields: &[Field], input: &Input) -> Written {
        self.step(CALLING);
        let known = fields.iter().all(|field| field.known);
        let arguments = fields.iter().skip(1).map(|field| field.text.clone()).collect();
        let outer = self.variables.swap_positional(Some(arguments).filter(|_| known));
        let sources = self.sources_at_hand();
        let outer_from = core::mem::replace(&mut self.variables.arguments_from, sources);
        let name = fields.first().map(|field| field.text.as_str()).unwrap_or_default();
        if function.bodies.iter().any(|body| multiplies(name, body)) {
            self.opaque("a function starts itself more than once at a time, and never ends");
        }
        for body in &function.bodies {
            if !self.was_called(body) {
                self.called.push(Arc::clone(body));
            }
        }
        let around = self.at_return.take();
        let locals = self.locals.replace(Vec::new());
        self.calls = self.calls.saturating_add(1);
        let written = match function.bodies.as_slice() {
            [body] => self.deeper(|walker| walker.walk(body, input)),
            bodies => self.one_body_of(bodies, input),
        };
        let left = core::mem::replace(&mut self.at_return, around);
        self.arrive(left);
        self.calls = self.calls.saturating_sub(1);
        for (name, before) in core::mem::replace(&mut self.locals, locals).into_iter().flatten() {
            self.variables.swap(&name, before);
        }
        self.variables.restore_positional(outer);
        self.variables.arguments_from = outer_from;
        written
    }

    /// One body or the other.
    fn one_body_of(&mut self, bodies: &[Arc<Node>], input: &Input) -> Written {
        let before = self.snapshot();
        let mut behind = None;
        for body in bodies {
            self.variables = before.clone();
            self.deeper(|walker| walker.walk(body, input));
            let after = core::mem::take(&mut self.variables);
            self.collect(&mut behind, after);
        }
        self.variables = behind.unwrap_or(before);
        None
    }

    /// Does something while variables hold what stands before the command. Behind a built-in of the
    /// special kind they hold on in some shells.
    pub(super) fn with<T>(
        &mut self,
        environment: &[(String, Option<String>)],
        special: bool,
        work: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let mut before = Vec::new();
        for (name, value) in environment {
            let outer = self.variables.find(name, &self.world, self.place);
            let within = Variable { exported: true, ..Variable::of(value.clone()) };
            before.push((name, outer, self.variables.swap(name, Some(within))));
        }
        let made = work(self);
        for (name, outer, known) in before.into_iter().rev() {
            let within = self.variables.swap(name, known);
            if let Some(within) = within.filter(|_| special) {
                let outer = outer.unwrap_or_else(Variable::missing);
                self.variables.set(name, within.or(outer), false);
            }
        }
        made
    }

    /// `unset`: a name without `-f` is that of a function where no variable has it.
    pub(crate) fn unset(&mut self, arguments: &[Field]) {
        let has = |letter| {
            let mut flags = arguments.iter().filter(|field| field.text.starts_with('-'));
            flags.any(|field| field.text.contains(letter))
        };
        let (functions, variables) = (has('f'), has('v') || has('n'));
        for field in arguments.iter().filter(|field| !field.text.starts_with('-')) {
            let name = field.text.as_str();
            if !functions {
                self.variables.unset(name);
            }
            match self.variables.function(name).cloned() {
                Some(_) if functions => self.variables.set_function(name, None),
                Some(function) if !variables => {
                    let function = Function { missing: true, ..function };
                    self.variables.set_function(name, Some(function));
                }
                Some(_) | None => {}
            }
        }
    }
}
