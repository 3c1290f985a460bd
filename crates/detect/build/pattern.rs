//! Patterns: a regular expression in, a program out that never looks back.
//!
//! A pattern is accepted when one byte of look-ahead decides every choice in it. Matching is then
//! a single walk forward: linear, without memory, and a few steps of program instead of an
//! automaton. A pattern for which one byte is not enough is refused here, with the reason.

use std::collections::BTreeMap;

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

/// A set of bytes, one bit each.
pub(crate) type Set = [u64; 4];

/// The longest thing a pattern may match; the engine looks no further ahead.
pub(crate) const LONGEST: u16 = 8192;

/// How often a group may be unrolled.
const MOST_COPIES: u32 = 32;

/// What the runtime executes; printed as Rust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Close,
    Fork { set: u16, otherwise: u16 },
    Jump(u16),
    Literal(Vec<u8>),
    Open,
    Run { set: u16, min: u16, max: u16 },
}

/// All sets of all patterns, each once.
#[derive(Default)]
pub(crate) struct Sets(BTreeMap<Set, u16>);

impl Sets {
    fn number(&mut self, set: Set) -> Result<u16, String> {
        let next = u16::try_from(self.0.len()).map_err(|_| "too many byte classes".to_owned())?;
        Ok(*self.0.entry(set).or_insert(next))
    }

    /// For each eight sets in the order of their numbers, in which of them each byte is: a bit for
    /// each, the lowest for the first.
    pub(crate) fn by_byte(&self) -> Vec<Vec<u8>> {
        let mut sets: Vec<_> = self.0.iter().map(|(set, number)| (*number, *set)).collect();
        sets.sort_unstable();
        let members = |eight: &[(u16, Set)], byte: u8| {
            let holds = |set: &Set| {
                set.get(usize::from(byte >> 6)).is_some_and(|word| word >> (byte & 63) & 1 == 1)
            };
            eight.iter().rev().fold(0, |all, (_, set)| all << 1 | u8::from(holds(set)))
        };
        let table = |eight| (0..=u8::MAX).map(|byte| members(eight, byte)).collect();
        sets.chunks(8).map(table).collect()
    }
}

/// A class and a greatest number: `[a-z]{40}`. For the bytes before a keyword.
pub(crate) fn compile_back(text: &str, sets: &mut Sets) -> Result<(u16, u16), String> {
    match lower(&parse(text)?)? {
        Node::Run { set, max, .. } if max < LONGEST => Ok((sets.number(set)?, max)),
        Node::Choice(_)
        | Node::Literal(_)
        | Node::Repeat { .. }
        | Node::Run { .. }
        | Node::Sequence(_)
        | Node::Value(_) => Err(format!("`{text}` is not one class with a greatest number")),
    }
}

/// Compiles a pattern; the program ends at its last step.
pub(crate) fn compile(text: &str, sets: &mut Sets) -> Result<Vec<Step>, String> {
    let node = lower(&parse(text)?)?;
    if node.first().1 {
        return Err(format!("`{text}` can match nothing at all"));
    }
    let mut program = Program { steps: Vec::new(), sets };
    program.node(&node, [0; 4])?;
    Ok(program.steps)
}

/// How many bytes a pattern matches at least.
pub(crate) fn least(text: &str) -> Result<u16, String> {
    let least = parse(text)?.properties().minimum_len().unwrap_or_default();
    u16::try_from(least).map_err(|_| format!("`{text}` matches only what is too long"))
}

/// The literal with which every match begins.
pub(crate) fn public_head(steps: &[Step]) -> Vec<u8> {
    match steps {
        [Step::Literal(head), ..] | [Step::Open, Step::Literal(head), ..] => head.clone(),
        _ => Vec::new(),
    }
}

fn parse(text: &str) -> Result<Hir, String> {
    let mut parser = ParserBuilder::new().unicode(false).utf8(false).build();
    parser.parse(text).map_err(|error| error.to_string())
}

#[derive(Debug)]
enum Node {
    Choice(Vec<Self>),
    Literal(Vec<u8>),
    Repeat { node: Box<Self>, min: u32, max: Option<u32> },
    Run { set: Set, min: u16, max: u16 },
    Sequence(Vec<Self>),
    Value(Box<Self>),
}

fn lower(hir: &Hir) -> Result<Node, String> {
    Ok(match hir.kind() {
        HirKind::Empty => Node::Sequence(Vec::new()),
        HirKind::Literal(literal) => Node::Literal(literal.0.to_vec()),
        HirKind::Class(class) => Node::Run { set: class_set(class)?, min: 1, max: 1 },
        HirKind::Look(_) => return Err("anchors and \\b are given by `boundary`".to_owned()),
        HirKind::Repetition(repetition) => lower_repetition(repetition)?,
        HirKind::Capture(capture) if capture.name.is_some() => {
            Node::Value(Box::new(lower(&capture.sub)?))
        }
        HirKind::Capture(capture) => lower(&capture.sub)?,
        HirKind::Concat(parts) => {
            Node::Sequence(parts.iter().map(lower).collect::<Result<_, _>>()?)
        }
        HirKind::Alternation(parts) => {
            Node::Choice(parts.iter().map(lower).collect::<Result<_, _>>()?)
        }
    })
}

fn lower_repetition(repetition: &Repetition) -> Result<Node, String> {
    let Repetition { min, max, sub, .. } = repetition;
    let sub = lower(sub)?;
    let node = match sub {
        Node::Literal(bytes) if bytes.len() == 1 => {
            let mut set = [0; 4];
            bytes.iter().for_each(|byte| insert(&mut set, *byte));
            Node::Run { set, min: 1, max: 1 }
        }
        Node::Choice(_)
        | Node::Literal(_)
        | Node::Repeat { .. }
        | Node::Run { .. }
        | Node::Sequence(_)
        | Node::Value(_) => sub,
    };
    if let Node::Run { set, min: 1, max: 1 } = node {
        let bound = |count: u32| u16::try_from(count).unwrap_or(LONGEST).min(LONGEST);
        return Ok(Node::Run { set, min: bound(*min), max: max.map_or(LONGEST, bound) });
    }
    if node.first().1 {
        return Err("a repeated group can match nothing".to_owned());
    }
    Ok(Node::Repeat { node: Box::new(node), min: *min, max: *max })
}

fn class_set(class: &Class) -> Result<Set, String> {
    let Class::Bytes(class) = class else { return Err("classes are of bytes".to_owned()) };
    let mut set = [0; 4];
    for range in class.ranges() {
        (range.start()..=range.end()).for_each(|byte| insert(&mut set, byte));
    }
    Ok(set)
}

fn insert(set: &mut Set, byte: u8) {
    if let Some(word) = set.get_mut(usize::from(byte >> 6)) {
        *word |= 1 << (byte & 63);
    }
}

fn union(a: Set, b: Set) -> Set {
    let mut out = a;
    out.iter_mut().zip(b).for_each(|(word, other)| *word |= other);
    out
}

fn disjoint(a: Set, b: Set) -> bool {
    a.iter().zip(b).all(|(word, other)| word & other == 0)
}

impl Node {
    /// The bytes with which a match can begin, and whether it can be empty.
    fn first(&self) -> (Set, bool) {
        match self {
            Self::Choice(parts) => parts
                .iter()
                .map(Self::first)
                .fold(([0; 4], false), |(set, empty), (other, nothing)| {
                    (union(set, other), empty || nothing)
                }),
            Self::Literal(bytes) => {
                let mut set = [0; 4];
                bytes.iter().take(1).for_each(|byte| insert(&mut set, *byte));
                (set, bytes.is_empty())
            }
            Self::Repeat { node, min, .. } => (node.first().0, *min == 0),
            Self::Run { set, min, .. } => (*set, *min == 0),
            Self::Sequence(parts) => first_of_sequence(parts, [0; 4]),
            Self::Value(node) => node.first(),
        }
    }
}

/// First bytes of a sequence that `follow` comes after.
fn first_of_sequence(parts: &[Node], follow: Set) -> (Set, bool) {
    let mut set = [0; 4];
    for part in parts {
        let (first, empty) = part.first();
        set = union(set, first);
        if !empty {
            return (set, false);
        }
    }
    (union(set, follow), true)
}

struct Program<'a> {
    steps: Vec<Step>,
    sets: &'a mut Sets,
}

impl Program<'_> {
    /// Appends the steps of `node`; `follow` are the bytes that can come after it.
    fn node(&mut self, node: &Node, follow: Set) -> Result<(), String> {
        match node {
            Node::Choice(parts) => self.choice(parts, follow),
            Node::Literal(bytes) => {
                self.steps.push(Step::Literal(bytes.clone()));
                Ok(())
            }
            Node::Repeat { node, min, max } => self.repeat(node, *min, *max, follow),
            Node::Run { set, min, max } => {
                decides(min == max || disjoint(*set, follow))?;
                let set = self.sets.number(*set)?;
                self.steps.push(Step::Run { set, min: *min, max: *max });
                Ok(())
            }
            Node::Sequence(parts) => self.sequence(parts, follow),
            Node::Value(node) => {
                self.steps.push(Step::Open);
                self.node(node, follow)?;
                self.steps.push(Step::Close);
                Ok(())
            }
        }
    }

    fn sequence(&mut self, mut parts: &[Node], follow: Set) -> Result<(), String> {
        while let [part, rest @ ..] = parts {
            self.node(part, first_of_sequence(rest, follow).0)?;
            parts = rest;
        }
        Ok(())
    }

    fn choice(&mut self, parts: &[Node], follow: Set) -> Result<(), String> {
        let mut ends = Vec::new();
        let mut seen = [0; 4];
        for (index, part) in parts.iter().enumerate() {
            let (first, empty) = part.first();
            let last = index.saturating_add(1) == parts.len();
            decides(disjoint(seen, first) && (!empty || last))?;
            seen = union(seen, first);
            if last {
                self.node(part, follow)?;
            } else {
                let fork = self.fork(first)?;
                self.node(part, follow)?;
                ends.push(self.steps.len());
                self.steps.push(Step::Jump(0));
                self.aim(fork)?;
            }
        }
        ends.into_iter().try_for_each(|end| self.aim(end))
    }

    fn repeat(
        &mut self,
        node: &Node,
        min: u32,
        max: Option<u32>,
        follow: Set,
    ) -> Result<(), String> {
        let (first, _) = node.first();
        decides(Some(min) == max || disjoint(first, follow))?;
        if max.unwrap_or(min) > MOST_COPIES {
            return Err(format!("a group repeats more than {MOST_COPIES} times"));
        }
        let inner = union(first, follow);
        for _ in 0..min {
            self.node(node, inner)?;
        }
        let Some(max) = max else {
            let start = self.steps.len();
            let fork = self.fork(first)?;
            self.node(node, inner)?;
            self.steps.push(Step::Jump(place(start)?));
            return self.aim(fork);
        };
        let mut forks = Vec::new();
        for _ in min..max {
            forks.push(self.fork(first)?);
            self.node(node, inner)?;
        }
        forks.into_iter().try_for_each(|fork| self.aim(fork))
    }

    fn fork(&mut self, first: Set) -> Result<usize, String> {
        let set = self.sets.number(first)?;
        self.steps.push(Step::Fork { set, otherwise: 0 });
        Ok(self.steps.len().saturating_sub(1))
    }

    /// Lets the jump at `step` lead here.
    fn aim(&mut self, step: usize) -> Result<(), String> {
        let here = place(self.steps.len())?;
        match self.steps.get_mut(step) {
            Some(Step::Fork { otherwise, .. }) => *otherwise = here,
            Some(Step::Jump(target)) => *target = here,
            Some(Step::Close | Step::Literal(_) | Step::Open | Step::Run { .. }) | None => {}
        }
        Ok(())
    }
}

fn place(step: usize) -> Result<u16, String> {
    u16::try_from(step).map_err(|_| "the pattern is too long".to_owned())
}

fn decides(one_byte_is_enough: bool) -> Result<(), String> {
    if one_byte_is_enough {
        Ok(())
    } else {
        Err("one byte must decide: two ways on begin with the same byte".to_owned())
    }
}
