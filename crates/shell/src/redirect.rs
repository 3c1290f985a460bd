//! Redirections: the files that the shell opens, and texts that stand in the line.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser has fifty kinds of nodes; what is not named is not understood"
)]

use rable::{Node, NodeKind};

use crate::builtin::behind_dashes;
use crate::parse;
use crate::read::Place;
use crate::script::{Field, Input, Redirection, Way};
use crate::walk::Walker;

/// Files that are none: a terminal, nothing, another descriptor.
const NO_FILES: [&str; 5] = ["/dev/null", "/dev/stderr", "/dev/stdin", "/dev/stdout", "/dev/tty"];

/// The file that a shell reads because of `.` or `source`, as if it were redirected into it.
pub(crate) fn sourced(words: &[Field]) -> Option<Redirection> {
    let (name, words) = words.split_first()?;
    let file = behind_dashes(words).first()?;
    let sources = matches!(name.text.as_str(), "." | "source");
    let is_file = !NO_FILES.contains(&file.text.as_str()) && !file.text.starts_with("<(");
    (sources && is_file).then(|| read_by_shell(file.clone()))
}

/// A file that the shell opens to read it.
pub(crate) const fn read_by_shell(target: Field) -> Redirection {
    Redirection { target, way: Way::Read, adds: false }
}

/// The command that gets what is written: `> >(command)`.
fn written_into(target: &Node) -> Option<&Node> {
    substituted(target, ">")
}

/// The command that writes what is read: `< <(command)`.
fn read_from(target: &Node) -> Option<&Node> {
    substituted(target, "<")
}

fn substituted<'n>(target: &'n Node, way: &str) -> Option<&'n Node> {
    let NodeKind::Word { parts, .. } = &target.kind else { return None };
    match parts.as_slice() {
        [Node { kind: NodeKind::ProcessSubstitution { direction, command }, .. }]
            if direction == way =>
        {
            Some(command)
        }
        _ => None,
    }
}

/// Whether shells read the name of a here-document's end differently: it holds a substitution or goes
/// over lines.
fn is_odd_end(name: &str) -> bool {
    parse::substitutes(name) || name.contains("${") || name.contains('\n')
}

impl Walker {
    /// The files that are opened, and where standard input then comes from.
    pub(crate) fn redirects(&mut self, nodes: &[Node], input: &Input) -> (Vec<Redirection>, Input) {
        let (mut files, mut input) = (Vec::new(), input.clone());
        for node in nodes {
            match &node.kind {
                NodeKind::HereDoc { content, .. } if content.is_empty() && self.hollow => {
                    self.opaque("a text in a loop was not understood; put it before the loop");
                }
                NodeKind::HereDoc { delimiter, .. } if is_odd_end(delimiter) => {
                    self.opaque(
                        "shells differ in where a text in the line ends; name its end plainly",
                    );
                }
                NodeKind::HereDoc { content, quoted, fd, .. } => {
                    let text = if *quoted { content.clone() } else { self.heredoc(content) };
                    if *fd <= 0 {
                        input = Input::Text(text);
                    }
                }
                NodeKind::Redirect { op, target, fd, .. } => {
                    self.redirect(op, target, *fd, &mut files, &mut input);
                }
                _ => self.opaque("the line holds a redirection that was not understood"),
            }
        }
        (files, input)
    }

    fn redirect(
        &mut self,
        op: &str,
        target: &Node,
        fd: i32,
        files: &mut Vec<Redirection>,
        input: &mut Input,
    ) {
        self.require_whole(target);
        if op == "<<<" {
            let field = self.one_field(target);
            if fd <= 0 {
                *input = Input::Text(format!("{}\n", field.text));
            }
            return;
        }
        if op.starts_with('>')
            && let Some(command) = written_into(target)
        {
            self.fed_later.push(command.clone());
            return;
        }
        if op == "<"
            && fd <= 0
            && let Some(command) = read_from(target)
        {
            let start = self.script.commands.len();
            *input = match self.apart(|walker| walker.walk(command, &Input::Inherited)) {
                Some(text) => Input::Text(text),
                None => Input::Pipe(start..self.script.commands.len()),
            };
            files.push(read_by_shell(Field { text: "<(…)".to_owned(), known: false }));
            return;
        }
        let copies = op.starts_with(">&") || op.starts_with("<&");
        let is_number =
            |text: &str| text.trim_end_matches('-').chars().all(|one| one.is_ascii_digit());
        let targets = self.word(target, true);
        let named = targets.into_iter().filter(|field| {
            !(copies && is_number(&field.text) || NO_FILES.contains(&field.text.as_str()))
        });
        // Several names are a mistake to some shells; others open every one of them.
        for field in named {
            if ["/dev/tcp/", "/dev/udp/"].iter().any(|head| field.text.starts_with(head)) {
                self.opaque(
                    "the shell itself would talk to another machine; use a program that does",
                );
                continue;
            }
            let reads = op.starts_with('<');
            if reads && fd <= 0 {
                *input = Input::File(field.clone());
            }
            let adds = op.contains(">>");
            if reads {
                files.push(read_by_shell(field.clone()));
            }
            if !reads || op == "<>" {
                files.push(Redirection { target: field, way: Way::Write, adds });
            }
        }
    }

    /// Whether a file of these may be one that cannot be opened.
    pub(crate) fn may_fail(&self, redirections: &[Redirection]) -> bool {
        redirections.iter().any(|one| {
            let Some(path) = self.path_of(&one.target) else { return self.place == Place::Here };
            let opened = match one.way {
                Way::Read => self.files.contains_key(&path) || self.world.is_there(&path),
                Way::Write => path.parent().is_none_or(|folder| self.is_folder(folder)),
            };
            !opened && self.place == Place::Here
        })
    }

    /// The body of a heredoc in which `$` and backticks mean something.
    fn heredoc(&mut self, content: &str) -> String {
        if !content.contains(['$', '`', '\\']) || !self.step(content.len() / 16) {
            return content.to_owned();
        }
        match parse::quoted(content) {
            Some(word) => self.one_field(&word).text,
            None => {
                if parse::substitutes(content) {
                    self.opaque("a text in the line runs commands that were not understood");
                }
                content.to_owned()
            }
        }
    }

    /// A raw text whose value does not matter, only what it runs: arithmetic, a condition.
    pub(crate) fn raw(&mut self, text: &str) {
        if !parse::substitutes(text) {
            return;
        }
        let plain = parse::word(text);
        // In a calculation quotes of the one kind are letters like any other.
        let quoted =
            if plain.is_none() || text.contains('\'') { parse::quoted(text) } else { None };
        if (plain.is_none() && quoted.is_none()) || !self.may_go_deeper() {
            self.opaque("a calculation in the line was not understood");
            return;
        }
        for word in [plain, quoted].into_iter().flatten() {
            self.deeper(|walker| drop(walker.one_field(&word)));
        }
    }

    /// A word that stays one: no splitting, no names of files.
    pub(crate) fn one_field(&mut self, word: &Node) -> Field {
        let fields = self.word(word, false);
        let known = fields.iter().all(|field| field.known);
        let texts: Vec<String> = fields.into_iter().map(|field| field.text).collect();
        Field { text: texts.join(" "), known }
    }
}
