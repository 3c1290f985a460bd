//! Conditions and groups of conditions, as a tree while read and as bytes while judged.
//!
//! Compiled, a node is one tag byte and a body with its length: for a condition the tag is the
//! number of its kind, for a group it is one of three high numbers and the body holds the nodes of
//! the group. A sequence of nodes means that all must hold.

use crate::bytes::{Damaged, put, take};
use crate::condition::{CONDITIONS, Cost, Leaf, Scope, Trial};
use crate::{ConditionTrace, Truth};

/// Deepest nesting of groups, in files and in compiled bytes.
pub(crate) const DEEPEST: usize = 8;

/// How the nodes of a group are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Join {
    All,
    Any,
    None,
}

impl Join {
    const fn tag(self) -> u8 {
        match self {
            Self::All => 0xfd,
            Self::Any => 0xfe,
            Self::None => 0xff,
        }
    }

    const fn from_tag(tag: u8) -> Option<Self> {
        match tag {
            0xfd => Some(Self::All),
            0xfe => Some(Self::Any),
            0xff => Some(Self::None),
            _ => None,
        }
    }

    /// The key in a policy file.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Any => "any",
            Self::None => "none",
        }
    }
}

/// A condition or a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    Group(Join, Vec<Self>),
    Leaf(Leaf),
}

impl Node {
    /// What it costs to ask in the worst case.
    pub(crate) fn cost(&self) -> Cost {
        match self {
            Self::Group(_, nodes) => nodes.iter().map(Self::cost).max().unwrap_or(Cost::Invocation),
            Self::Leaf(leaf) => leaf.cost,
        }
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Group(join, nodes) => {
                out.push(join.tag());
                put(out, &encode_all(nodes));
            }
            Self::Leaf(leaf) => {
                out.push(leaf.kind);
                put(out, &leaf.payload);
            }
        }
    }
}

/// The nodes as bytes, cheap ones first, so that costly questions are asked only when the cheap
/// ones left the answer open.
pub(crate) fn encode_all(nodes: &[Node]) -> Vec<u8> {
    let mut ordered: Vec<&Node> = nodes.iter().collect();
    ordered.sort_by_key(|node| node.cost());
    let mut out = Vec::new();
    ordered.into_iter().for_each(|node| node.encode(&mut out));
    out
}

/// Whether all nodes of `bytes` hold.
pub(crate) fn test(bytes: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    test_group(bytes, trial, Join::All, DEEPEST)
}

fn test_group(
    mut bytes: &[u8],
    trial: &mut Trial<'_>,
    join: Join,
    depth: usize,
) -> Result<Truth, Damaged> {
    let depth = depth.checked_sub(1).ok_or(Damaged)?;
    let found_before = trial.findings.len();
    // All holds until one does not; any (and none, its contrary) holds as soon as one does.
    let (mut joined, settled) = match join {
        Join::All => (Truth::True, Truth::False),
        Join::Any | Join::None => (Truth::False, Truth::True),
    };
    while joined != settled && !bytes.is_empty() {
        let answer = match next(&mut bytes)? {
            Part::Group(join, body) => test_group(body, trial, join, depth)?,
            Part::Leaf(kind, payload) => (kind.test)(payload, trial)?,
        };
        joined = match join {
            Join::All => joined.and(answer),
            Join::Any | Join::None => joined.or(answer),
        };
    }
    if join == Join::None {
        // What an exception found is no reason for the rule to match.
        trial.findings.truncate(found_before);
        return Ok(joined.negated());
    }
    Ok(joined)
}

/// The next node of compiled bytes.
pub(crate) enum Part<'a> {
    Group(Join, &'a [u8]),
    Leaf(&'static crate::condition::Kind, &'a [u8]),
}

/// Takes the first node off the bytes.
pub(crate) fn next<'a>(bytes: &mut &'a [u8]) -> Result<Part<'a>, Damaged> {
    let (&tag, rest) = bytes.split_first().ok_or(Damaged)?;
    *bytes = rest;
    let body = take(bytes)?;
    if let Some(join) = Join::from_tag(tag) {
        return Ok(Part::Group(join, body));
    }
    let kind = CONDITIONS.get(usize::from(tag)).ok_or(Damaged)?;
    Ok(Part::Leaf(kind, body))
}

/// What the conditions that must all hold tell the index.
pub(crate) fn narrow(mut bytes: &[u8], scope: &mut Scope) -> Result<(), Damaged> {
    while !bytes.is_empty() {
        if let Part::Leaf(kind, payload) = next(&mut bytes)? {
            (kind.narrow)(payload, scope);
        }
    }
    Ok(())
}

/// Names of the conditions and groups of `bytes`, outermost alone.
pub(crate) fn holding(mut bytes: &[u8]) -> Result<Vec<&'static str>, Damaged> {
    let mut names = Vec::new();
    while !bytes.is_empty() {
        names.push(match next(&mut bytes)? {
            Part::Group(join, _) => join.name(),
            Part::Leaf(kind, _) => kind.about.name,
        });
    }
    Ok(names)
}

/// Whether everything that `wide` asks for is also asked for by `narrow`, word for word. Then
/// `wide` holds whenever `narrow` does.
pub(crate) fn covers(wide: &[u8], narrow: &[u8]) -> bool {
    let (Ok(wide), Ok(narrow)) = (pieces(wide), pieces(narrow)) else { return false };
    wide.iter().all(|one| narrow.contains(one))
}

/// One node: its kind, and its bytes.
pub(crate) type Piece<'a> = (u8, &'a [u8]);

/// The bytes of each node.
pub(crate) fn pieces(mut bytes: &[u8]) -> Result<Vec<Piece<'_>>, Damaged> {
    let mut pieces = Vec::new();
    while let Some((&tag, rest)) = bytes.split_first() {
        bytes = rest;
        pieces.push((tag, take(&mut bytes)?));
    }
    Ok(pieces)
}

/// Every node of `bytes` with its answer, nothing left out; for `explain`.
pub(crate) fn trace(
    mut bytes: &[u8],
    trial: &mut Trial<'_>,
    depth: usize,
    out: &mut Vec<ConditionTrace>,
) -> Result<Vec<Truth>, Damaged> {
    if depth >= DEEPEST {
        return Err(Damaged);
    }
    let mut answers = Vec::new();
    while !bytes.is_empty() {
        let at = out.len();
        let line = match next(&mut bytes)? {
            Part::Group(join, body) => {
                let parts = trace(body, trial, depth.saturating_add(1), out)?;
                let truth = match join {
                    Join::All => parts.into_iter().fold(Truth::True, Truth::and),
                    Join::Any => parts.into_iter().fold(Truth::False, Truth::or),
                    Join::None => parts.into_iter().fold(Truth::False, Truth::or).negated(),
                };
                let (wanted, seen) = (String::new(), String::new());
                ConditionTrace { depth, name: join.name(), truth, wanted, seen }
            }
            Part::Leaf(kind, payload) => ConditionTrace {
                depth,
                name: kind.about.name,
                truth: (kind.test)(payload, trial)?,
                wanted: (kind.describe)(payload)?,
                seen: (kind.seen)(trial.facts),
            },
        };
        answers.push(line.truth);
        out.insert(at, line);
    }
    Ok(answers)
}

/// Every node of `bytes` in words, without asking anything; for listings.
pub(crate) fn describe(bytes: &[u8]) -> Result<Vec<String>, Damaged> {
    describe_at(bytes, DEEPEST)
}

fn describe_at(mut bytes: &[u8], depth: usize) -> Result<Vec<String>, Damaged> {
    let depth = depth.checked_sub(1).ok_or(Damaged)?;
    let mut lines = Vec::new();
    while !bytes.is_empty() {
        lines.push(match next(&mut bytes)? {
            Part::Group(join, body) => {
                format!("{} of ({})", join.name(), describe_at(body, depth)?.join("; "))
            }
            Part::Leaf(kind, payload) => {
                format!("{}: {}", kind.about.name, (kind.describe)(payload)?)
            }
        });
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Given;
    use crate::condition::testing::test as ask;

    #[test]
    fn groups_join_their_parts() {
        let facts = Given::command("git", "/");
        for (toml, expected) in [
            ("any = [{ command = 'rm' }, { command = 'git' }]", Truth::True),
            ("any = [{ command = 'rm' }, { command = 'curl' }]", Truth::False),
            ("all = [{ command = 'git' }, { mode = 'enforced' }]", Truth::True),
            ("none = [{ command = 'git' }, { command = 'rm' }]", Truth::False),
            ("none = [{ command = 'curl' }, { command = 'rm' }]", Truth::True),
            ("any = [{ all = [{ none = [{ command = 'rm' }] }] }]", Truth::True),
            ("none = [{ command = 'git', mode = 'observe' }]", Truth::True),
        ] {
            assert_eq!(ask(toml, &facts), expected, "{toml}");
        }
    }

    #[test]
    fn nesting_ends() {
        let mut bytes = Vec::new();
        for _ in 0..100 {
            let mut outer = vec![Join::All.tag()];
            put(&mut outer, &bytes);
            bytes = outer;
        }
        let facts = Given::command("git", "/");
        let mut trial = Trial::new(&facts);
        assert_eq!(test(&bytes, &mut trial), Err(Damaged));
        assert_eq!(trace(&bytes, &mut trial, 0, &mut Vec::new()), Err(Damaged));
        assert_eq!(describe(&bytes), Err(Damaged));
    }
}
