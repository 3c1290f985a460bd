//! A second opinion on which programs a line would start: another parser's tree, walked.
//!
//! It tells names that need no more than their quotes taken off. What a variable or a pattern makes
//! of a name, and what a built-in does with its words, is not told: there the two may differ.

#![expect(clippy::arithmetic_side_effects, reason = "a depth of twelve does not overflow")]

use std::collections::BTreeSet;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use brush_parser::ast::{
    AndOr, AndOrList, Assignment, AssignmentName, AssignmentValue, Command,
    CommandPrefixOrSuffixItem, CompoundCommand, CompoundList, ExtendedTestExpr,
    IoFileRedirectTarget, IoRedirect, Pipeline, RedirectList, SimpleCommand,
    UnexpandedArithmeticExpr, Word,
};
use brush_parser::word::{self, ParameterExpr, WordPiece, WordPieceWithSource};
use brush_parser::{Parser, ParserOptions};

/// How many brackets it is given that are open at once.
const MOST_OPEN: u32 = 8;

/// How deep texts are followed within texts.
const DEEPEST: u32 = 12;

/// What the shell does by itself is told by what it does, not by its name; `time` may be a program.
pub(crate) const BY_THE_SHELL: [&str; 25] = [
    ".",
    "alias",
    "cd",
    "chdir",
    "declare",
    "enable",
    "eval",
    "export",
    "getopts",
    "hash",
    "local",
    "mapfile",
    "popd",
    "printf",
    "pushd",
    "read",
    "readarray",
    "readonly",
    "set",
    "shift",
    "source",
    "trap",
    "typeset",
    "unset",
    "time",
];

/// What another parser says of a line.
#[derive(Default)]
pub(crate) struct Second {
    /// Names in the place of a program's.
    pub(crate) heads: BTreeSet<String>,
    /// Names of functions that the line defines.
    pub(crate) functions: BTreeSet<String>,
    /// Something was not a line to it; what was found before that counts.
    pub(crate) refused: bool,
    options: ParserOptions,
    depth: u32,
}

/// Walks a line.
pub(crate) fn second_opinion(text: &str) -> Second {
    let mut second = Second::default();
    // It panics on some words, too, such as `~` and more digits than a number holds.
    if catch_unwind(AssertUnwindSafe(|| second.text(text))).is_err() {
        second.refused = true;
    }
    second
}

impl Second {
    fn text(&mut self, text: &str) {
        if self.depth >= DEEPEST {
            return;
        }
        if never_ends(text) || misreads_calculation(text) || misreads_list(text) {
            self.refused = true;
            return;
        }
        self.depth += 1;
        // It panics on some texts that end early.
        let parse = || Parser::new(Cursor::new(text), &self.options).parse_program().ok();
        match catch_unwind(AssertUnwindSafe(parse)).ok().flatten() {
            Some(program) => program.complete_commands.iter().for_each(|it| self.list(it)),
            None => self.refused = true,
        }
        self.depth -= 1;
    }

    fn list(&mut self, list: &CompoundList) {
        list.0.iter().for_each(|item| self.and_or(&item.0));
    }

    fn and_or(&mut self, list: &AndOrList) {
        self.pipeline(&list.first);
        for one in &list.additional {
            let (AndOr::And(pipeline) | AndOr::Or(pipeline)) = one;
            self.pipeline(pipeline);
        }
    }

    fn pipeline(&mut self, pipeline: &Pipeline) {
        pipeline.seq.iter().for_each(|command| self.command(command));
    }

    fn command(&mut self, command: &Command) {
        match command {
            Command::Simple(simple) => self.simple(simple),
            Command::Compound(compound, redirects) => {
                self.compound(compound);
                self.redirects(redirects.as_ref());
            }
            Command::Function(function) => {
                self.functions.insert(function.fname.value.clone());
                self.compound(&function.body.0);
                self.redirects(function.body.1.as_ref());
            }
            Command::ExtendedTest(test, redirects) => {
                self.test(&test.expr);
                self.redirects(redirects.as_ref());
            }
        }
    }

    fn simple(&mut self, simple: &SimpleCommand) {
        let prefix = simple.prefix.iter().flat_map(|prefix| &prefix.0);
        let suffix = simple.suffix.iter().flat_map(|suffix| &suffix.0);
        prefix.chain(suffix).for_each(|item| self.item(item));
        if let Some(head) = &simple.word_or_name {
            let plain = self.word(head).and_then(|pieces| plain(&pieces));
            // It cuts an assignment to a place that is calculated at its blanks, and leaves
            // backslashes in backticks in quotes.
            let odd = |name: &String| name.contains("]=") || name.starts_with('\\');
            self.heads.extend(plain.filter(|name| !name.is_empty() && !odd(name)));
        }
    }

    fn item(&mut self, item: &CommandPrefixOrSuffixItem) {
        match item {
            CommandPrefixOrSuffixItem::IoRedirect(redirect) => self.redirect(redirect),
            CommandPrefixOrSuffixItem::Word(word) => drop(self.word(word)),
            CommandPrefixOrSuffixItem::AssignmentWord(assignment, _) => self.assignment(assignment),
            CommandPrefixOrSuffixItem::ProcessSubstitution(_, within) => self.list(&within.list),
        }
    }

    fn assignment(&mut self, assignment: &Assignment) {
        if let AssignmentName::ArrayElementName(_, index) = &assignment.name {
            self.calculation(index);
        }
        match &assignment.value {
            AssignmentValue::Scalar(word) => drop(self.word(word)),
            AssignmentValue::Array(all) => {
                for (_, value) in all {
                    self.word(value);
                }
            }
        }
    }

    fn compound(&mut self, compound: &CompoundCommand) {
        match compound {
            CompoundCommand::Arithmetic(one) => self.calculation(&one.expr.value),
            CompoundCommand::ArithmeticForClause(one) => {
                let parts = [&one.initializer, &one.condition, &one.updater];
                parts.into_iter().flatten().for_each(|part| self.calculation(&part.value));
                self.list(&one.body.list);
            }
            CompoundCommand::BraceGroup(one) => self.list(&one.list),
            CompoundCommand::Subshell(one) => self.list(&one.list),
            CompoundCommand::ForClause(one) => {
                one.values.iter().flatten().for_each(|word| drop(self.word(word)));
                self.list(&one.body.list);
            }
            CompoundCommand::CaseClause(one) => {
                self.word(&one.value);
                for case in &one.cases {
                    case.patterns.iter().for_each(|word| drop(self.word(word)));
                    case.cmd.iter().for_each(|list| self.list(list));
                }
            }
            CompoundCommand::IfClause(one) => {
                self.list(&one.condition);
                self.list(&one.then);
                for clause in one.elses.iter().flatten() {
                    clause.condition.iter().for_each(|list| self.list(list));
                    self.list(&clause.body);
                }
            }
            CompoundCommand::WhileClause(one) | CompoundCommand::UntilClause(one) => {
                self.list(&one.0);
                self.list(&one.1.list);
            }
            CompoundCommand::Coprocess(one) => self.command(&one.body),
        }
    }

    fn test(&mut self, test: &ExtendedTestExpr) {
        match test {
            ExtendedTestExpr::And(left, right) | ExtendedTestExpr::Or(left, right) => {
                self.test(left);
                self.test(right);
            }
            ExtendedTestExpr::Not(inner) | ExtendedTestExpr::Parenthesized(inner) => {
                self.test(inner);
            }
            ExtendedTestExpr::UnaryTest(_, word) => drop(self.word(word)),
            ExtendedTestExpr::BinaryTest(_, left, right) => {
                self.word(left);
                self.word(right);
            }
        }
    }

    fn redirects(&mut self, redirects: Option<&RedirectList>) {
        redirects.iter().flat_map(|list| &list.0).for_each(|one| self.redirect(one));
    }

    fn redirect(&mut self, redirect: &IoRedirect) {
        match redirect {
            IoRedirect::File(_, _, target) => match target {
                IoFileRedirectTarget::Filename(word) | IoFileRedirectTarget::Duplicate(word) => {
                    self.word(word);
                }
                IoFileRedirectTarget::ProcessSubstitution(_, within) => self.list(&within.list),
                IoFileRedirectTarget::Fd(_) => {}
            },
            IoRedirect::HereDocument(_, document) if document.requires_expansion => {
                self.calculation(&document.doc.value);
            }
            IoRedirect::HereDocument(..) => {}
            IoRedirect::HereString(_, word) | IoRedirect::OutputAndError(word, _) => {
                self.word(word);
            }
        }
    }

    /// A text in which quotes mean nothing: a calculation, the body of a heredoc.
    fn calculation(&mut self, text: &str) {
        match word::parse_heredoc(text, &self.options) {
            Ok(pieces) => self.pieces(&pieces),
            Err(_) => self.refused = true,
        }
    }

    /// A part of a text that is told by calculations (`${x:1+1}`). What bash cannot calculate there, such
    /// as what stands within `$'…'`, it refuses before anything runs.
    fn calculated(&mut self, text: &str) {
        if text.contains("$'") {
            self.refused = true;
        } else {
            self.calculation(text);
        }
    }

    fn word(&mut self, word: &Word) -> Option<Vec<WordPieceWithSource>> {
        self.raw(&word.value)
    }

    fn raw(&mut self, text: &str) -> Option<Vec<WordPieceWithSource>> {
        let Ok(pieces) = word::parse(text, &self.options) else {
            self.refused = true;
            return None;
        };
        self.pieces(&pieces);
        Some(pieces)
    }

    fn pieces(&mut self, pieces: &[WordPieceWithSource]) {
        for piece in pieces {
            match &piece.piece {
                WordPiece::DoubleQuotedSequence(inner)
                | WordPiece::GettextDoubleQuotedSequence(inner) => self.pieces(inner),
                WordPiece::CommandSubstitution(text)
                | WordPiece::BackquotedCommandSubstitution(text) => self.text(text),
                WordPiece::ArithmeticExpression(expr) => self.calculation(&expr.value),
                WordPiece::ParameterExpansion(expr) => self.parameter(expr),
                WordPiece::Text(_)
                | WordPiece::SingleQuotedText(_)
                | WordPiece::AnsiCQuotedText(_)
                | WordPiece::TildeExpansion(_)
                | WordPiece::EscapeSequence(_) => {}
            }
        }
    }

    fn parameter(&mut self, expr: &ParameterExpr) {
        use ParameterExpr as P;
        let calculated = |it: &UnexpandedArithmeticExpr| it.value.clone();
        match expr {
            P::UseDefaultValues { default_value: text, .. }
            | P::AssignDefaultValues { default_value: text, .. }
            | P::IndicateErrorIfNullOrUnset { error_message: text, .. }
            | P::UseAlternativeValue { alternative_value: text, .. }
            | P::RemoveSmallestSuffixPattern { pattern: text, .. }
            | P::RemoveLargestSuffixPattern { pattern: text, .. }
            | P::RemoveSmallestPrefixPattern { pattern: text, .. }
            | P::RemoveLargestPrefixPattern { pattern: text, .. }
            | P::UppercaseFirstChar { pattern: text, .. }
            | P::UppercasePattern { pattern: text, .. }
            | P::LowercaseFirstChar { pattern: text, .. }
            | P::LowercasePattern { pattern: text, .. } => {
                text.iter().for_each(|text| drop(self.raw(text)));
            }
            P::Substring { offset, length, .. } => {
                let parts = [Some(calculated(offset)), length.as_ref().map(calculated)];
                parts.iter().flatten().for_each(|part| self.calculated(part));
            }
            P::ReplaceSubstring { pattern, replacement, .. } => {
                self.raw(pattern);
                replacement.iter().for_each(|text| drop(self.raw(text)));
            }
            P::Parameter { .. }
            | P::ParameterLength { .. }
            | P::Transform { .. }
            | P::VariableNames { .. }
            | P::MemberKeys { .. } => {}
        }
    }
}

/// Whether it would read for ever, and take all memory: a form feed or vertical tab where the end of a
/// here-document is named, which it takes for a blank and no shell does, or an end without a name. And
/// whether more brackets are open at once than it follows in time: with each it takes twice as long.
fn never_ends(text: &str) -> bool {
    let (mut open, mut deepest) = (0_u32, 0);
    for letter in text.chars() {
        match letter {
            '(' | '[' => open += 1,
            ')' | ']' => open = open.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(open);
    }
    if deepest > MOST_OPEN {
        return true;
    }
    let named = text.split("<<").skip(1).map(|rest| rest.trim_start_matches(['-', ' ', '\t']));
    let odd = ["\u{b}", "\u{c}", "\"\"", "''"];
    named.into_iter().any(|rest| odd.iter().any(|one| rest.starts_with(one)))
}

/// Whether a calculation is timed: what of it is no calculation, it takes for two subshells, where a
/// shell runs nothing. Or whether one holds `<<`, and perhaps the lines of a here-document: what it takes
/// for commands there is a mistake to bash, and text to a shell that knows no calculation.
fn misreads_calculation(text: &str) -> bool {
    if text.split_once("((").is_some_and(|(_, rest)| rest.contains("<<")) {
        return true;
    }
    let behind = text.split("time").skip(1).map(|rest| {
        let rest = rest.trim_start().trim_start_matches("-p");
        rest.trim_start().trim_start_matches("--").trim_start()
    });
    behind.into_iter().any(|rest| rest.starts_with("(("))
}

/// Whether a word goes on behind a list (`a=()b c`) or a file that is a command (`> >(a)b`): there it
/// begins a new one, which would be a program's name; a shell takes all of it for one word.
fn misreads_list(text: &str) -> bool {
    let ends = |one: char| one.is_whitespace() || ";&|<>()".contains(one);
    let goes_on = |opening: &&str| {
        let behind = text.split(*opening).skip(1).filter_map(|rest| rest.split_once(')'));
        behind.map(|(_, rest)| rest).any(|rest| !rest.is_empty() && !rest.starts_with(ends))
    };
    ["=(", ">(", "<("].iter().any(goes_on)
}

/// The text of a word in which nothing is left to expand.
fn plain(pieces: &[WordPieceWithSource]) -> Option<String> {
    let mut made = String::new();
    for piece in pieces {
        match &piece.piece {
            WordPiece::Text(text) if text.contains(['*', '?', '[', '{', '(']) => return None,
            WordPiece::Text(text) | WordPiece::SingleQuotedText(text) => made.push_str(text),
            WordPiece::EscapeSequence(text) if text == "\\\n" => {}
            WordPiece::EscapeSequence(text) => made.push_str(text.strip_prefix('\\')?),
            WordPiece::DoubleQuotedSequence(inner) => made.push_str(&plain(inner)?),
            WordPiece::AnsiCQuotedText(_)
            | WordPiece::GettextDoubleQuotedSequence(_)
            | WordPiece::TildeExpansion(_)
            | WordPiece::ParameterExpansion(_)
            | WordPiece::CommandSubstitution(_)
            | WordPiece::BackquotedCommandSubstitution(_)
            | WordPiece::ArithmeticExpression(_) => return None,
        }
    }
    Some(made)
}
