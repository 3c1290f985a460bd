//! Expansion of words: quotes, tildes, variables, substitutions, splitting and names of files.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser has fifty kinds of nodes; what is not named is not understood"
)]

use rable::{Node, NodeKind};

use crate::brace;
use crate::calculation;
use crate::glob::{self, Letter};
use crate::limits::{LONGEST_WORD, MOST_FIELDS};
use crate::parse;
use crate::script::{Field, Input};
use crate::ticks;
use crate::variables::Variable;
use crate::walk::{FOR_ZSH, Walker};
use crate::zsh;

/// What an expansion is.
#[derive(Debug)]
pub(crate) struct Expansion {
    /// The text; of `$@` and arrays one for each element.
    pub(crate) texts: Vec<String>,
    pub(crate) known: bool,
}

impl Expansion {
    pub(crate) fn known(text: impl Into<String>) -> Self {
        Self { texts: vec![text.into()], known: true }
    }

    /// What only the run can tell, as it was written.
    pub(crate) fn unknown(raw: impl Into<String>) -> Self {
        Self { texts: vec![raw.into()], known: false }
    }
}

/// The fields of one word while they are made.
struct Making {
    fields: Vec<Field>,
    letters: Vec<Letter>,
    /// There is a field, even an empty one.
    started: bool,
    known: bool,
    /// A list without elements stands in it (`"$@"`): alone, it makes no field.
    lists: bool,
    /// The part at hand stands in double quotes.
    quoted: bool,
    splits: bool,
}

impl Walker {
    /// The words of a command, expanded.
    pub(crate) fn fields(&mut self, words: &[Node]) -> Vec<Field> {
        let mut all = Vec::new();
        for word in words {
            if !self.step(1) {
                return all;
            }
            let before = all.len();
            all.extend(self.word(word, true));
            if !self.step(all.len().saturating_sub(before).saturating_mul(3)) {
                return all;
            }
            if all.len() > MOST_FIELDS {
                self.opaque("the line names more than can be looked at");
                return all;
            }
        }
        all
    }

    /// One word; it may become several, or none.
    pub(crate) fn word(&mut self, word: &Node, splits: bool) -> Vec<Field> {
        let NodeKind::Word { value, parts, .. } = &word.kind else {
            return vec![Field { text: String::new(), known: false }];
        };
        if zsh::runs(word) {
            self.opaque(FOR_ZSH);
        }
        if ticks::is_cut(value) {
            self.opaque("quotes or brackets in backticks do not close there; use `$(…)`");
        }
        if calculation::has_odd_brackets(value) {
            self.opaque("`$[` begins no calculation here; use `$((…))`");
        }
        if let Some(renewed) = ticks::renewed(value).filter(|it| self.step(it.len() / 16)) {
            let Some(word) = parse::word(&renewed).filter(|_| self.may_go_deeper()) else {
                self.opaque("a substitution in backticks was not understood; use `$(…)`");
                return vec![Field { text: value.clone(), known: false }];
            };
            return self.deeper(|walker| walker.word(&word, splits));
        }
        let braces = |part: &Node| matches!(part.kind, NodeKind::BraceExpansion { .. });
        if !splits || !parts.iter().any(braces) {
            return self.parts(value, parts, splits);
        }
        let Some(words) = brace::expand(value).filter(|_| self.step(value.len())) else {
            if !value.contains("..") {
                self.opaque("braces stand for more words than can be looked at");
            }
            return vec![Field { text: value.clone(), known: false }];
        };
        let mut all = Vec::new();
        for text in words {
            match parse::word(&text).as_ref().map(|word| &word.kind) {
                Some(NodeKind::Word { value, parts, .. }) => {
                    all.extend(self.parts(value, parts, true));
                }
                _ => {
                    self.unread(&text);
                    all.push(Field { text, known: false });
                }
            }
        }
        all
    }

    fn parts(&mut self, value: &str, parts: &[Node], splits: bool) -> Vec<Field> {
        let mut making = Making {
            fields: Vec::new(),
            letters: Vec::new(),
            started: false,
            known: true,
            lists: false,
            quoted: false,
            splits,
        };
        let (mut before, mut mark) = (None, 0);
        for part in parts {
            let behind = core::mem::replace(&mut before, plain_name(part));
            if let NodeKind::WordLiteral { value } = &part.kind {
                if value.starts_with('[')
                    && let Some(name) = behind
                {
                    self.subscripted(name, value, mark, &mut making);
                    continue;
                }
                self.literal(value, &mut making);
            } else {
                mark = making.letters.len();
                let mut expansion = self.part(value, part);
                if making.quoted && is_star(part) {
                    let between = self.variable("IFS").unwrap_or_else(|| " ".to_owned());
                    let between = between.chars().next().map(String::from).unwrap_or_default();
                    expansion.texts = vec![expansion.texts.join(&between)];
                }
                let quotes = matches!(
                    part.kind,
                    NodeKind::AnsiCQuote { .. } | NodeKind::LocaleString { .. }
                );
                let was = making.quoted;
                making.quoted |= quotes;
                self.insert(&expansion, &mut making);
                making.quoted = was;
            }
            if making.letters.len() > LONGEST_WORD {
                self.opaque("a word of the line grows too long");
                break;
            }
        }
        self.finish(&mut making);
        making.fields
    }

    /// `$x[1]`: an element to zsh, a letter of it where it is no list; to others a text of its own.
    fn subscripted(&mut self, name: &str, text: &str, mark: usize, making: &mut Making) {
        let known = self.variables.find(name, &self.world, self.place);
        let way = if known.is_some() { self.one_of(&format!("{name}[]"), 2) } else { Some(0) };
        if way == Some(0) {
            return self.literal(text, making);
        }
        let inside = text.strip_prefix('[').and_then(|it| it.split_once(']'));
        let Some((subscript, rest)) = inside else { return making.known = false };
        let at = subscript.parse::<usize>().ok().and_then(|it| it.checked_sub(1));
        let element = known.filter(|it| !it.open).zip(at).and_then(|(known, at)| {
            if known.array {
                return known.values.get(at).cloned();
            }
            let text = known.values.first().filter(|_| known.options() == 1)?;
            Some(text.chars().nth(at).map(String::from).unwrap_or_default())
        });
        making.letters.truncate(mark);
        match element {
            Some(element) => making.letters.extend(element.chars().map(|one| (one, false))),
            None => making.known = false,
        }
        making.started = true;
        self.literal(rest, making);
    }

    /// One part of a word that is no plain text.
    fn part(&mut self, whole: &str, part: &Node) -> Expansion {
        match &part.kind {
            NodeKind::AnsiCQuote { decoded, .. } => Expansion::known(decoded.clone()),
            NodeKind::LocaleString { inner, .. } => match parse::word(&format!("\"{inner}\"")) {
                Some(word) => {
                    let field = self.one_field(&word);
                    Expansion { texts: vec![field.text], known: field.known }
                }
                None => self.unread(inner),
            },
            // Braces that mean something to the parser and nothing to us: read as what they hold.
            NodeKind::BraceExpansion { content } => match parse::substitutes(content) {
                true => self.unread(content),
                false => Expansion::known(content.clone()),
            },
            NodeKind::CommandSubstitution { command, .. } => match self.substitution(command) {
                Some(text) => Expansion::known(text),
                None => Expansion::unknown("$(…)"),
            },
            NodeKind::ProcessSubstitution { direction, command } => {
                // What is written to `>(…)` is what the command itself gets, as far as it hands it on.
                let input = if *direction == ">" { self.feeding.clone() } else { Input::Inherited };
                self.apart(|walker| walker.walk(command, &input));
                Expansion::unknown(format!("{direction}(…)"))
            }
            NodeKind::ParamExpansion { param, op, arg } => {
                self.parameter(param, op.as_deref(), arg.as_deref())
            }
            NodeKind::ParamIndirect { param, op, arg } => {
                self.indirect(param, op.as_deref(), arg.as_deref())
            }
            NodeKind::ParamLength { param } => {
                self.raw(param);
                Expansion::unknown(format!("${{#{param}}}"))
            }
            NodeKind::ArithmeticExpansion { .. } | NodeKind::ArithDeprecated { .. } => {
                self.arithmetic(whole)
            }
            _ => self.unread(whole),
        }
    }

    /// `$(( … ))`: its value is a number; what it runs is walked.
    fn arithmetic(&mut self, whole: &str) -> Expansion {
        let bare = whole.replace("$((", " ").replace("))", " ");
        if parse::substitutes(&bare) {
            self.raw(bare.trim_matches('"'));
        }
        Expansion::unknown("$((…))")
    }

    pub(crate) fn unread(&mut self, raw: &str) -> Expansion {
        if parse::substitutes(raw) {
            self.opaque("a part of the line was not understood");
        }
        Expansion::unknown(raw)
    }

    /// Text as it stands: quotes, escapes, a tilde at the beginning.
    fn literal(&mut self, value: &str, making: &mut Making) {
        let rest = match value.strip_prefix('~') {
            Some(rest) if !making.started && making.letters.is_empty() && !making.quoted => {
                self.tilde(rest, making)
            }
            _ => value,
        };
        if rest.contains("$[") {
            self.raw(&rest.replace("$[", " "));
        }
        // What `$[` holds was read as a calculation.
        let (mut letters, mut substitutes, plain) = (rest.chars(), false, !rest.contains("$["));
        while let Some(letter) = letters.next() {
            let opens = letters.as_str().starts_with('(');
            substitutes |= match letter {
                '`' => true,
                '$' => opens,
                '<' | '>' => opens && !making.quoted,
                _ => false,
            };
            match letter {
                '"' => {
                    making.quoted = !making.quoted;
                    making.started = true;
                }
                '\'' if !making.quoted => {
                    making.started = true;
                    making.letters.extend(
                        letters.by_ref().take_while(|one| *one != '\'').map(|one| (one, false)),
                    );
                }
                '\\' => match letters.next() {
                    Some('\n') => {}
                    Some(next) if making.quoted && !matches!(next, '$' | '`' | '"' | '\\') => {
                        making.letters.extend([('\\', false), (next, false)]);
                    }
                    Some(next) => making.letters.push((next, false)),
                    None => making.letters.push(('\\', false)),
                },
                other => making.letters.push((other, !making.quoted)),
            }
        }
        if substitutes && plain {
            making.known = false;
            self.overlooked(rest);
        }
    }

    /// A substitution that the parser took for plain text, as it does in quotes within quotes: read
    /// once more by itself.
    fn overlooked(&mut self, text: &str) {
        let is_literal = |part: &Node| matches!(part.kind, NodeKind::WordLiteral { .. });
        match parse::words(text).filter(|_| self.may_go_deeper()) {
            Some(words) if words.iter().any(|word| matches!(&word.kind, NodeKind::Word { parts, .. } if !parts.iter().all(is_literal))) => {
                self.deeper(|walker| drop(walker.fields(&words)));
            }
            Some(_) | None => self.opaque("a part of the line was not understood"),
        }
    }

    /// Puts a home in the place of a tilde; returns what stands behind.
    fn tilde<'t>(&mut self, rest: &'t str, making: &mut Making) -> &'t str {
        let end = rest.find(['/', ':']).unwrap_or(rest.len());
        let (name, rest) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let text = match name {
            "" => self.variable("HOME"),
            "+" => self.cwd().and_then(|cwd| cwd.to_str().map(str::to_owned)),
            "root" => Some("/root".to_owned()),
            _ if name.chars().all(|one| one.is_alphanumeric() || "-_.".contains(one)) => {
                Some(format!("/home/{name}"))
            }
            _ => None,
        };
        match text {
            Some(text) => making.letters.extend(text.chars().map(|one| (one, false))),
            None => {
                making.known = name.is_empty();
                making.letters.extend(format!("~{name}").chars().map(|one| (one, false)));
            }
        }
        making.started = true;
        rest
    }

    /// The one value of a variable, when it is known.
    pub(crate) fn variable(&mut self, name: &str) -> Option<String> {
        let expansion = self.parameter(name, None, None);
        let text = expansion.texts.into_iter().next()?;
        Some(text).filter(|_| expansion.known)
    }

    fn insert(&mut self, expansion: &Expansion, making: &mut Making) {
        making.known &= expansion.known;
        making.lists |= expansion.texts.is_empty();
        let ifs = self.variable("IFS").unwrap_or_else(|| " \t\n".to_owned());
        for (index, text) in expansion.texts.iter().enumerate() {
            if index > 0 {
                if making.splits {
                    self.finish(making);
                } else {
                    making.letters.push((' ', false));
                }
                making.known &= expansion.known;
            }
            if making.quoted || !making.splits || !expansion.known {
                making.started |= making.quoted || !text.is_empty();
                making.letters.extend(text.chars().map(|one| (one, false)));
                continue;
            }
            for letter in text.chars() {
                if !ifs.contains(letter) {
                    making.letters.push((letter, true));
                } else if making.started || !making.letters.is_empty() {
                    self.finish(making);
                }
            }
        }
    }

    /// Ends the field at hand.
    fn finish(&mut self, making: &mut Making) {
        let letters = core::mem::take(&mut making.letters);
        let started = core::mem::take(&mut making.started);
        let known = core::mem::replace(&mut making.known, true);
        let lists = core::mem::take(&mut making.lists);
        if letters.is_empty() && (lists || !started) {
            return;
        }
        let names = making.splits && known && self.place == crate::Place::Here;
        if names
            && glob::is_pattern(&letters)
            && let Some(names) = glob::expand(&letters, self.cwd().as_deref(), &self.world)
        {
            if self.step(names.len()) {
                making.fields.extend(names.into_iter().map(Field::of));
            }
            return;
        }
        let text = letters.into_iter().map(|(letter, _)| letter).collect();
        making.fields.push(Field { text, known });
    }

    /// `name=value`, `name+=value`, `name=(…)`.
    pub(crate) fn assignment(&mut self, node: &Node) -> Option<(String, Variable)> {
        let NodeKind::Word { value, .. } = &node.kind else { return None };
        let (head, raw) = value.split_once('=')?;
        let (head, adds) = head.strip_suffix('+').map_or((head, false), |head| (head, true));
        let (name, subscript) = head.split_once('[').map_or((head, None), |(a, b)| (a, Some(b)));
        if let Some(subscript) = subscript {
            self.raw(subscript);
            self.refuse_renaming(head);
        }
        let (outer, from) = (core::mem::take(&mut self.carried), self.script.commands.len());
        let variable = match raw.strip_prefix('(').and_then(|raw| raw.strip_suffix(')')) {
            Some(inside) => self.array(inside),
            None => self.scalar(raw),
        };
        let variable = variable.from(self.sources_from(from));
        self.carried = outer;
        let variable = match subscript.map(|it| it.strip_suffix(']').unwrap_or(it)) {
            Some(subscript) => self.element_set(name, subscript, (adds, variable)),
            None => self.value_set(name, adds, variable),
        };
        Some((name.to_owned(), variable))
    }

    pub(crate) fn scalar(&mut self, raw: &str) -> Variable {
        if raw.is_empty() {
            return Variable::of(Some(String::new()));
        }
        match parse::word(raw).or_else(|| parse::quoted(raw)) {
            Some(word) => {
                let field = self.one_field(&word);
                Variable::of(field.known.then_some(field.text))
            }
            None => {
                self.unread(raw);
                Variable::of(None)
            }
        }
    }
}

/// The name in `$name`, without braces or not.
fn plain_name(part: &Node) -> Option<&str> {
    match &part.kind {
        NodeKind::ParamExpansion { param, op: None, .. } => Some(param),
        _ => None,
    }
}

/// `$*` and `${x[*]}`, which in quotes are one word.
fn is_star(part: &Node) -> bool {
    matches!(&part.kind, NodeKind::ParamExpansion { param, .. } if param == "*" || param.ends_with("[*]"))
}
