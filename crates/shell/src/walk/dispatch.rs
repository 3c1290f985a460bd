//! A simple command that was expanded: what the shell does of it by itself, and what is a program.

use super::functions::SPECIAL;
use super::{FOR_ZSH, Walker, Written};
use crate::builtin::lists_variables;
use crate::heads::RESERVED;
use crate::redirect::sourced;
use crate::script::{Field, Input, Redirection};
use crate::zsh;

impl Walker {
    /// Runs what is done by the shell itself; everything else is a command.
    pub(super) fn dispatch(
        &mut self,
        fields: Vec<Field>,
        environment: Vec<(String, Option<String>)>,
        input: Input,
        redirections: Vec<Redirection>,
    ) -> Written {
        if fields.first().is_none_or(|head| !head.names_program()) {
            self.opaque("the name of a program only shows when the line runs; write it out");
            self.push(Vec::new(), environment, input, redirections);
            return None;
        }
        self.told_otherwise(&fields, &input);
        let input = self.fed_names(&fields, input);
        let own = behind_builtin(&fields);
        let name = own.first().map(|head| head.text.clone()).unwrap_or_default();
        self.leaves_early(&name, own.len() > 1);
        // Behind `command` a function does not count.
        let plain = own.len() == fields.len();
        if let Some(function) = self.variables.function(&name).filter(|_| plain).cloned()
            && self.may_go_deeper()
        {
            if !function.missing {
                self.push(Vec::new(), environment.clone(), Input::Inherited, redirections);
                return self
                    .with(&environment, false, |walker| walker.call(&function, own, &input));
            }
            // It may as well be the program of that name.
            self.perhaps(|walker| {
                walker.with(&environment, false, |walker| walker.call(&function, own, &input))
            });
        }
        self.runs_later(own, &input);
        let special = SPECIAL.contains(&name.as_str());
        match self.with(&environment, special, |walker| walker.builtin(own, &input)) {
            Some(written) => self.built_in(own, written, environment, input, redirections),
            None => self.program(fields, environment, &input, &redirections),
        }
    }

    /// Tells of words that mean something else to a shell than the name of a program, and adds what
    /// the words also come to: an alias, a search that removes or ends what it finds.
    fn told_otherwise(&mut self, fields: &[Field], input: &Input) {
        if fields.first().is_some_and(|head| RESERVED.contains(&&*head.text)) {
            self.opaque("a word of the shell's own stands where a program's name does");
        }
        if own_of_zsh(fields) {
            self.opaque(FOR_ZSH);
        }
        self.expand_alias(fields, input);
        self.add_removing_search(fields, input);
        self.add_hunt(fields, input);
    }

    /// What is left of a command that the shell did itself: the files that it opened.
    fn built_in(
        &mut self,
        own: &[Field],
        written: Written,
        environment: Vec<(String, Option<String>)>,
        input: Input,
        redirections: Vec<Redirection>,
    ) -> Written {
        // What the line has written before was read by its text.
        let read = sourced(own).filter(|one| self.written_to(&one.target).is_none());
        let redirections = read.into_iter().chain(redirections).collect();
        let lists = lists_variables(own);
        let words = if lists { vec![Field::of("printenv")] } else { Vec::new() };
        self.push(words, environment, input, redirections);
        written.filter(|_| !lists)
    }

    /// A command that no shell does by itself.
    fn program(
        &mut self,
        fields: Vec<Field>,
        environment: Vec<(String, Option<String>)>,
        input: &Input,
        redirections: &[Redirection],
    ) -> Written {
        let own = behind_builtin(&fields).to_vec();
        // A variable in front may bend what the program says.
        let bent = environment.iter().any(|(name, _)| name.starts_with("GIT_"));
        let text = self.written(&own, input).filter(|_| !bent);
        self.push(fields, environment, input.clone(), redirections.to_vec());
        self.runs_written(&own, input);
        self.note_written(&own, redirections, text.as_ref());
        self.note_folders(&own);
        text.filter(|_| redirections.is_empty())
    }
}

/// Whether zsh alone takes the head for something else than a program of that name.
fn own_of_zsh(fields: &[Field]) -> bool {
    fields
        .first()
        .is_some_and(|head| zsh::RUNNERS.contains(&&*head.text) || zsh::is_found(&head.text))
}

/// The words behind `builtin` and `command`, which change nothing of what they mean.
fn behind_builtin(fields: &[Field]) -> &[Field] {
    let says = |field: &Field| matches!(field.text.as_str(), "builtin" | "command");
    let is_between = |field: &&Field| says(field) || matches!(field.text.as_str(), "--" | "-p");
    let skipped = match fields.first() {
        Some(head) if says(head) => fields.iter().take_while(is_between).count(),
        Some(_) | None => 0,
    };
    fields.get(skipped..).unwrap_or_default()
}
