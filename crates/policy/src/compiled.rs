//! The compiled form: what is embedded, cached, and judged from.
//!
//! ```text
//! "dfpl"  format (4 bytes)  SHA-256 of the rest (32 bytes)  front (postcard)  leaves
//! front:  id, version, description, default, unscannable, locked, number of rules
//!         open       which rules to ask for every command
//!         fences     the first hash in each leaf of the index
//!         table      the first leaf of the table
//!         directory  end and digest of each leaf
//!         sources    paths of the files that rules came from
//!         rewrites   those that files describe
//! leaves: index      which rules to ask for a command, a family or a tool: (hash, rule) by hash
//!         whens      the conditions, as in `node`
//!         texts      everything that is read only when a rule matched
//!         table      for each rule: where its conditions and its texts are, what it needs at least
//! ```
//!
//! A decision touches the front, a few lines of the table and the conditions of the rules that can
//! match at all; what it does not touch is not even read (see `leaves`). Nothing is decoded before
//! it is asked for, so a damaged part is found when it is reached, and then the answer is deny.

use std::collections::{HashMap, HashSet};

use datafog_core::{CustomRewrite, Digest, Obligation, RuleOrigin, Severity, Verdict};
use serde::{Deserialize, Serialize};

use crate::bytes::{Damaged, List, encode, put, take};
use crate::condition::Scope;
use crate::leaves::{Directory, LEAF, Leaves, Writer};
use crate::{Layer, node};

/// First bytes of every compiled policy.
const MAGIC: [u8; 4] = *b"dfpl";

/// Changes with the meaning of the bytes, the numbers of the conditions included; a test holds
/// the two together.
const FORMAT: u32 = 14;

/// Most rules of one policy: their numbers take two bytes.
pub(crate) const MOST_RULES: usize = 0xffff;

/// A policy as plain data, before it is laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PolicyData {
    pub(crate) id: String,
    pub(crate) version: String,
    pub(crate) description: String,
    pub(crate) default: Verdict,
    pub(crate) unscannable: Verdict,
    pub(crate) locked: bool,
    pub(crate) rules: Vec<RuleData>,
    /// Rewrites that files describe.
    pub(crate) rewrites: Vec<CustomRewrite>,
}

/// A rule as plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RuleData {
    pub(crate) id: String,
    pub(crate) effect: Verdict,
    pub(crate) severity: Severity,
    pub(crate) reason: String,
    pub(crate) instead: Option<String>,
    pub(crate) overrides: Vec<String>,
    pub(crate) obligations: Vec<Obligation>,
    pub(crate) origin: RuleOrigin,
    pub(crate) layer: Layer,
    pub(crate) only_tightens: bool,
    /// Later layers cannot override it.
    pub(crate) locked: bool,
    /// Conditions, as in [`crate::node`].
    pub(crate) when: Vec<u8>,
}

/// The front of a compiled policy, with a way to its leaves; borrows everything from the bytes.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Head<'a> {
    pub(crate) id: &'a str,
    pub(crate) version: &'a str,
    pub(crate) description: &'a str,
    pub(crate) default: Verdict,
    pub(crate) unscannable: Verdict,
    pub(crate) locked: bool,
    rules: u16,
    open: &'a [u8],
    fences: &'a [u8],
    table: u32,
    directory: &'a [u8],
    #[serde(borrow)]
    sources: List<'a>,
    /// Rewrites that files describe; decoded when one is wanted.
    rewrites: &'a [u8],
    #[serde(skip)]
    leaves: Leaves<'a>,
}

/// What is read of a rule only when it matched.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RuleText<'a> {
    pub(crate) id: &'a str,
    pub(crate) effect: Verdict,
    pub(crate) severity: Severity,
    pub(crate) layer: Layer,
    pub(crate) only_tightens: bool,
    pub(crate) locked: bool,
    /// Position in an order in which a rule comes before every rule that it overrides.
    pub(crate) order: u16,
    pub(crate) overrides: Vec<u16>,
    /// 0 for embedded, otherwise the position in the list of sources, from 1.
    source: u16,
    line: u32,
    pub(crate) reason: &'a str,
    pub(crate) instead: Option<&'a str>,
    pub(crate) obligations: Vec<Obligation>,
}

const _: () = assert!(LEAF / Entry::BYTES == 102, "as many as `Entry::PER_LEAF` says");

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    when: u32,
    text: u32,
    /// One of these flows is needed (bits of [`crate::condition::possible_flows`]), unless 0.
    pub(crate) flows: u8,
    needs: u8,
}

const NEEDS_FINDING: u8 = 1;
const NEEDS_UNSCANNED: u8 = 2;

impl Entry {
    const BYTES: usize = 10;
    /// So many lines of the table are in one leaf.
    const PER_LEAF: u16 = 102;

    fn to_bytes(self) -> [u8; Self::BYTES] {
        let [a, b, c, d] = self.when.to_le_bytes();
        let [e, f, g, h] = self.text.to_le_bytes();
        [a, b, c, d, e, f, g, h, self.flows, self.needs]
    }

    const fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        let [a, b, c, d, e, f, g, h, flows, needs] = bytes;
        let when = u32::from_le_bytes([a, b, c, d]);
        Self { when, text: u32::from_le_bytes([e, f, g, h]), flows, needs }
    }

    pub(crate) const fn needs_finding(self) -> bool {
        self.needs & NEEDS_FINDING != 0
    }

    pub(crate) const fn needs_unscanned(self) -> bool {
        self.needs & NEEDS_UNSCANNED != 0
    }
}

/// What compiled bytes begin with.
pub(crate) struct Opened<'a> {
    pub(crate) digest: Digest,
    pub(crate) head: Head<'a>,
    /// Number of bytes up to the end of the front.
    pub(crate) front: usize,
}

/// Opens a compiled policy that is whole, or its front alone. The leaves behind a front alone are
/// to be named by [`Head::with_leaves`].
pub(crate) fn open(bytes: &[u8]) -> Result<Opened<'_>, Damaged> {
    let (magic, rest) = bytes.split_first_chunk::<4>().ok_or(Damaged)?;
    let (format, rest) = rest.split_first_chunk::<4>().ok_or(Damaged)?;
    let (digest, body) = rest.split_first_chunk::<32>().ok_or(Damaged)?;
    if *magic != MAGIC || u32::from_le_bytes(*format) != FORMAT {
        return Err(Damaged);
    }
    let (head, left): (Head<'_>, &[u8]) = postcard::take_from_bytes(body).map_err(|_| Damaged)?;
    let sound = head.open.len().is_multiple_of(2)
        && head.fences.len().is_multiple_of(4)
        && (left.is_empty() || head.directory().covers(left.len()));
    let front = bytes.len().checked_sub(left.len()).ok_or(Damaged)?;
    let head = head.with_leaves(Leaves::Here(left));
    if sound {
        Ok(Opened { digest: Digest::from_bytes(*digest), head, front })
    } else {
        Err(Damaged)
    }
}

const KEYED_BYTES: usize = 6;

impl<'a> Head<'a> {
    pub(crate) fn with_leaves(self, leaves: Leaves<'a>) -> Self {
        Self { leaves, ..self }
    }

    pub(crate) const fn directory(&self) -> Directory<'a> {
        Directory(self.directory)
    }

    /// Numbers of the rules that may match a command of that name and family, or a call of that
    /// tool.
    pub(crate) fn candidates(
        &self,
        program: &str,
        family: &str,
        tool: Option<&str>,
    ) -> impl Iterator<Item = Result<u16, Damaged>> {
        let open = self.open.as_chunks::<2>().0.iter().map(|pair| Ok(u16::from_le_bytes(*pair)));
        let commands = [hash(COMMAND, program), hash(FAMILY, family)];
        let tools = tool.map(|name| [hash(TOOL, &name.to_ascii_lowercase()), hash(TOOL, ANY_TOOL)]);
        let wanted = commands.into_iter().chain(tools.into_iter().flatten());
        wanted.flat_map(|wanted| self.keyed(wanted)).chain(open)
    }

    /// The rules that the index files under a hash. Its leaves are the first ones.
    fn keyed(&self, wanted: u32) -> impl Iterator<Item = Result<u16, Damaged>> + use<'a> {
        let fences = self.fences.as_chunks::<4>().0;
        let end = fences.partition_point(|fence| u32::from_le_bytes(*fence) <= wanted);
        // Those filed under the hash that a leaf begins with may begin in the leaf before.
        let below = fences.partition_point(|fence| u32::from_le_bytes(*fence) < wanted);
        let (directory, leaves) = (self.directory(), self.leaves);
        (below.saturating_sub(1)..end).flat_map(move |number| {
            let (pairs, damaged) = match directory.leaf(leaves, number) {
                Ok(leaf) => (leaf.as_chunks().0, None),
                Err(damaged) => (&[] as &[_], Some(Err(damaged))),
            };
            filed(pairs, wanted).map(Ok).chain(damaged)
        })
    }

    pub(crate) const fn len(&self) -> u16 {
        self.rules
    }

    pub(crate) fn entry(&self, rule: u16) -> Result<Entry, Damaged> {
        let leaf = self.table.checked_add(u32::from(rule / Entry::PER_LEAF)).ok_or(Damaged)?;
        let leaf = usize::try_from(leaf).map_err(|_| Damaged)?;
        let lines = self.directory().leaf(self.leaves, leaf)?.as_chunks::<{ Entry::BYTES }>().0;
        let line = lines.get(usize::from(rule % Entry::PER_LEAF));
        line.copied().map(Entry::from_bytes).ok_or(Damaged)
    }

    pub(crate) fn when(&self, entry: Entry) -> Result<&'a [u8], Damaged> {
        take(&mut self.directory().item(self.leaves, entry.when)?)
    }

    pub(crate) fn text(&self, entry: Entry) -> Result<RuleText<'a>, Damaged> {
        let bytes = self.directory().item(self.leaves, entry.text)?;
        postcard::take_from_bytes(bytes).map(|(text, _)| text).map_err(|_| Damaged)
    }

    pub(crate) fn origin(&self, text: &RuleText<'_>) -> Result<RuleOrigin, Damaged> {
        let Some(index) = usize::from(text.source).checked_sub(1) else {
            return Ok(RuleOrigin::Builtin);
        };
        let path = self.sources.iter().nth(index).ok_or(Damaged)?.to_owned();
        Ok(RuleOrigin::File { path, line: text.line })
    }

    /// The rewrites that files describe.
    pub(crate) fn rewrites(&self) -> Result<Vec<CustomRewrite>, Damaged> {
        if self.rewrites.is_empty() {
            return Ok(Vec::new());
        }
        postcard::from_bytes(self.rewrites).map_err(|_| Damaged)
    }

    /// The policy as plain data again.
    pub(crate) fn to_data(&self) -> Result<PolicyData, Damaged> {
        let texts: Result<Vec<_>, Damaged> = (0..self.len())
            .map(|rule| self.entry(rule).and_then(|entry| Ok((self.text(entry)?, entry))))
            .collect();
        let texts = texts?;
        let id_of = |rule: &u16| texts.get(usize::from(*rule)).map(|(text, _)| text.id.to_owned());
        let rule = |(text, entry): &(RuleText<'_>, Entry)| {
            let overrides: Option<Vec<String>> = text.overrides.iter().map(id_of).collect();
            Ok(RuleData {
                id: text.id.to_owned(),
                effect: text.effect,
                severity: text.severity,
                reason: text.reason.to_owned(),
                instead: text.instead.map(str::to_owned),
                overrides: overrides.ok_or(Damaged)?,
                obligations: text.obligations.clone(),
                origin: self.origin(text)?,
                layer: text.layer,
                only_tightens: text.only_tightens,
                locked: text.locked,
                when: self.when(*entry)?.to_vec(),
            })
        };
        Ok(PolicyData {
            id: self.id.to_owned(),
            version: self.version.to_owned(),
            description: self.description.to_owned(),
            default: self.default,
            unscannable: self.unscannable,
            locked: self.locked,
            rules: texts.iter().map(rule).collect::<Result<_, Damaged>>()?,
            rewrites: self.rewrites()?,
        })
    }
}

/// The rules that a leaf of the index files under a hash.
fn filed(pairs: &[[u8; KEYED_BYTES]], wanted: u32) -> impl Iterator<Item = u16> {
    let key = |&[a, b, c, d, _, _]: &[u8; KEYED_BYTES]| u32::from_le_bytes([a, b, c, d]);
    let start = pairs.partition_point(|pair| key(pair) < wanted);
    let from = pairs.get(start..).unwrap_or_default().iter();
    from.take_while(move |pair| key(pair) == wanted)
        .map(|&[.., low, high]| u16::from_le_bytes([low, high]))
}

const COMMAND: u8 = b'c';
const FAMILY: u8 = b'f';
const TOOL: u8 = b't';

/// Stands for every tool; no tool has this name, since names that hold it are no plain names.
pub(crate) const ANY_TOOL: &str = "*";

/// FNV-1a. It only narrows the search: the conditions themselves are still asked, so a collision
/// costs a question and changes nothing.
fn hash(space: u8, name: &str) -> u32 {
    let step = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    name.bytes().fold(step(0x811c_9dc5, space), step)
}

/// Lays a policy out.
pub(crate) fn layout(policy: &PolicyData) -> Vec<u8> {
    let (mut keyed, mut open): (Vec<(u32, u16)>, Vec<u8>) = (Vec::new(), Vec::new());
    let mut scopes = Vec::new();
    for (number, rule) in (0_u16..).zip(&policy.rules) {
        let mut scope = Scope::default();
        // Conditions that were just compiled are sound; were they not, the rule would be filed
        // under everything, found damaged and denied.
        let _sound = node::narrow(&rule.when, &mut scope).is_ok();
        file(&scope, number, &mut keyed, &mut open);
        scopes.push(scope);
    }
    let mut leaves = Writer::default();
    let fences = index(keyed, &mut leaves);
    let sources = sources(policy);
    let table = table(policy, &scopes, &sources, &mut leaves);
    let (directory, leaves) = leaves.finish();
    let some = !policy.rewrites.is_empty();
    let rewrites = if some { encode(&policy.rewrites) } else { Vec::new() };
    let front = encode(&Head {
        id: &policy.id,
        version: &policy.version,
        description: &policy.description,
        default: policy.default,
        unscannable: policy.unscannable,
        locked: policy.locked,
        rules: u16::try_from(policy.rules.len()).unwrap_or(u16::MAX),
        open: &open,
        fences: &fences,
        table,
        directory: &directory,
        sources: sources.iter().collect(),
        rewrites: &rewrites,
        leaves: Leaves::default(),
    });
    seal(&[front, leaves].concat())
}

/// Lays the index out, and tells the first hash in each of its leaves.
fn index(mut keyed: Vec<(u32, u16)>, leaves: &mut Writer) -> Vec<u8> {
    keyed.sort_unstable();
    keyed.dedup();
    let mut fences = Vec::new();
    for (hash, rule) in keyed {
        let before = leaves.len();
        leaves.push(&keyed_bytes((hash, rule)));
        if leaves.len() != before {
            fences.extend(hash.to_le_bytes());
        }
    }
    fences
}

/// Lays out conditions, texts and where they are, and tells the first leaf of the last.
fn table(policy: &PolicyData, scopes: &[Scope], sources: &[String], leaves: &mut Writer) -> u32 {
    let names = Names::of(policy);
    leaves.begin();
    let when = |rule: &RuleData, leaves: &mut Writer| {
        let mut item = Vec::new();
        put(&mut item, &rule.when);
        leaves.push(&item)
    };
    let whens: Vec<u32> = policy.rules.iter().map(|rule| when(rule, leaves)).collect();
    leaves.begin();
    let text = |rule| leaves.push(&encode(&rule_text(rule, &names, sources)));
    let texts: Vec<u32> = policy.rules.iter().map(text).collect();
    leaves.begin();
    let first = leaves.len().saturating_sub(1);
    for (scope, (when, text)) in scopes.iter().zip(whens.into_iter().zip(texts)) {
        let needs = (if scope.needs_finding { NEEDS_FINDING } else { 0 })
            | (if scope.needs_unscanned { NEEDS_UNSCANNED } else { 0 });
        leaves.push(&Entry { when, text, flows: scope.flows, needs }.to_bytes());
    }
    first
}

/// Puts what tells a compiled policy from other bytes before its front.
fn seal(body: &[u8]) -> Vec<u8> {
    let digest = Digest::of(body);
    [&MAGIC, FORMAT.to_le_bytes().as_slice(), digest.as_bytes(), body].concat()
}

/// Files a rule under the commands, families or tools that it is about, or under all.
fn file(scope: &Scope, rule: u16, keyed: &mut Vec<(u32, u16)>, open: &mut Vec<u8>) {
    if !scope.commands.is_empty() {
        keyed.extend(scope.commands.iter().map(|name| (hash(COMMAND, name), rule)));
    } else if !scope.families.is_empty() {
        keyed.extend(scope.families.iter().map(|name| (hash(FAMILY, name), rule)));
    } else if !scope.tools.is_empty() {
        keyed.extend(scope.tools.iter().map(|name| (hash(TOOL, name), rule)));
    } else {
        open.extend(rule.to_le_bytes());
    }
}

fn keyed_bytes((hash, rule): (u32, u16)) -> [u8; KEYED_BYTES] {
    let [a, b, c, d] = hash.to_le_bytes();
    let [e, f] = rule.to_le_bytes();
    [a, b, c, d, e, f]
}

/// The paths of all rules, each once, in order of first use.
fn sources(policy: &PolicyData) -> Vec<String> {
    let mut paths: Vec<String> = Vec::new();
    for rule in &policy.rules {
        if let RuleOrigin::File { path, .. } = &rule.origin
            && !paths.contains(path)
        {
            paths.push(path.clone());
        }
    }
    paths
}

fn rule_text<'a>(rule: &'a RuleData, names: &Names<'_>, sources: &[String]) -> RuleText<'a> {
    let number = |index: Option<usize>| index.and_then(|index| u16::try_from(index).ok());
    let position = |id: &String| names.positions.get(id.as_str()).copied();
    let (source, line) = match &rule.origin {
        RuleOrigin::Builtin => (0, 0),
        RuleOrigin::File { path, line } => {
            let index = number(sources.iter().position(|one| one == path));
            (index.map_or(0, |index| index.saturating_add(1)), *line)
        }
    };
    RuleText {
        id: &rule.id,
        effect: rule.effect,
        severity: rule.severity,
        layer: rule.layer,
        only_tightens: rule.only_tightens,
        locked: rule.locked,
        order: names.order(&rule.id),
        overrides: rule.overrides.iter().filter_map(position).collect(),
        source,
        line,
        reason: &rule.reason,
        instead: rule.instead.as_deref(),
        obligations: rule.obligations.clone(),
    }
}

/// Where the rules of a policy stand, and which override which.
struct Names<'p> {
    positions: HashMap<&'p str, u16>,
    /// For each rule that is overridden, the rules that do it.
    above: HashMap<&'p str, Vec<&'p str>>,
    /// Most rules that can stand above each other.
    most: usize,
}

impl<'p> Names<'p> {
    fn of(policy: &'p PolicyData) -> Self {
        let mut above: HashMap<&str, Vec<&str>> = HashMap::new();
        for rule in &policy.rules {
            for low in &rule.overrides {
                above.entry(low).or_default().push(&rule.id);
            }
        }
        let positions = policy.rules.iter().zip(0_u16..).map(|(rule, at)| (rule.id.as_str(), at));
        Self { positions: positions.collect(), above, most: policy.rules.len() }
    }

    /// How many rules stand above this one in the longest chain of overriding rules; a rule so comes
    /// before every rule that it overrides. There are no cycles: loading refuses them.
    fn order(&self, id: &str) -> u16 {
        let (mut level, mut depth) = (HashSet::from([id]), 0_u16);
        while usize::from(depth) < self.most {
            level = level.iter().filter_map(|low| self.above.get(low)).flatten().copied().collect();
            if level.is_empty() {
                break;
            }
            depth = depth.saturating_add(1);
        }
        depth
    }
}
