//! One command that is to be changed: its words, and what they mean by its own option table.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use datafog_core::{Finding, Invocation, Operand, Opt, Surroundings};
use datafog_shim::Word;

use crate::Refusal;

/// A command, taken apart.
#[derive(Debug)]
pub(crate) struct Command<'a> {
    pub(crate) words: &'a [Word],
    /// The words as text, what is not known of them as it is written.
    pub(crate) argv: Vec<OsString>,
    pub(crate) invocation: Invocation,
    pub(crate) findings: &'a [Finding],
    pub(crate) own: &'a Path,
}

impl<'a> Command<'a> {
    pub(crate) fn of(
        words: &'a [Word],
        (findings, own): (&'a [Finding], &'a Path),
        world: &dyn Surroundings,
    ) -> Self {
        let argv: Vec<OsString> = words.iter().map(|word| word.text.clone()).collect();
        let invocation = datafog_shim::interpret(&argv, world);
        Self { words, argv, invocation, findings, own }
    }

    /// The program's name without its folder.
    pub(crate) fn program(&self) -> &str {
        &self.invocation.program
    }

    /// Whether the command is `git push`, for example.
    pub(crate) fn is(&self, program: &str, subcommand: &[&str]) -> bool {
        let first = self.invocation.subcommand.first();
        self.program() == program
            && (subcommand.is_empty() || first.is_some_and(|it| subcommand.contains(&it.as_str())))
    }

    /// A word as text, when all of it is known.
    pub(crate) fn text(&self, at: usize) -> Option<&str> {
        self.words.get(at).filter(|word| word.known)?.text.to_str()
    }

    /// The options of these canonical names.
    pub(crate) fn options<'o>(&'o self, names: &'o [&str]) -> impl Iterator<Item = &'o Opt> {
        self.invocation.options.iter().filter(|option| names.contains(&option.name.as_str()))
    }

    /// The last option of that canonical name, which is the one that holds.
    pub(crate) fn option(&self, name: &str) -> Option<&Opt> {
        self.invocation.options.iter().rev().find(|option| option.name == name)
    }

    /// The word that an option's name stands in: before its value where that is one of its own.
    pub(crate) fn word_of(&self, option: &Opt) -> Option<usize> {
        let place = option.place?;
        match option.value {
            Some(_) if place.span.start() == 0 => place.argument.checked_sub(1),
            Some(_) | None => Some(place.argument),
        }
    }

    /// The operands that stand in words of their own, and which words those are.
    pub(crate) fn operands(&self) -> impl Iterator<Item = (usize, &Operand)> {
        let operands = self.invocation.operands.iter();
        operands.filter_map(|operand| Some((operand.place?.argument, operand)))
    }

    /// Whether every word is an option, a value, a subcommand or an operand that the table knows.
    pub(crate) fn is_clear(&self) -> bool {
        self.invocation.known && self.invocation.unclear.is_empty()
    }

    /// An error, when some word may be an option that nobody sees.
    pub(crate) fn clear(&self) -> Result<(), Refusal> {
        if self.is_clear() {
            return Ok(());
        }
        Refusal::because(
            "an option is not understood, so what the safer form would do is not known",
        )
    }

    /// Where new options stand: right behind the subcommand, or behind the program's name.
    pub(crate) fn option_place(&self) -> Option<usize> {
        let Some(last) = self.invocation.subcommand.last() else { return Some(1) };
        let valued = |at: usize| {
            self.invocation.options.iter().any(|option| {
                option.value.is_some() && option.place.is_some_and(|place| place.argument == at)
            })
        };
        let mut after = 1_usize;
        for name in &self.invocation.subcommand {
            let mut rest = self.argv.iter().enumerate().skip(after);
            let same = |(at, word): &(usize, &OsString)| {
                (word.as_bytes() == name.as_bytes() || name == last && name == "?") && !valued(*at)
            };
            let (at, _) = rest.find(same)?;
            after = at.saturating_add(1);
        }
        Some(after)
    }

    /// The word `--` that ends options, if there is one.
    pub(crate) fn dashes(&self) -> Option<usize> {
        let valued = |at: usize| {
            self.invocation.options.iter().any(|option| {
                option.value.is_some() && option.place.is_some_and(|place| place.argument == at)
            })
        };
        let operand = |at: usize| self.operands().any(|(place, _)| place == at);
        let mut words = self.argv.iter().enumerate().skip(1);
        let (at, _) =
            words.find(|(at, word)| word.as_bytes() == b"--" && !valued(*at) && !operand(*at))?;
        Some(at)
    }
}
