//! Reads `[rule.when]` and `[rule.unless]` into a tree of conditions.

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::reader::{Item, Reader, Sense, Settled};
use super::{dead, quoted};
use crate::condition::{CONDITIONS, by_name};
use crate::node::{DEEPEST, Join, Node};

/// The keys that hold lists of conditions.
const GROUPS: [(&str, Join); 3] = [("all", Join::All), ("any", Join::Any), ("none", Join::None)];

/// The conditions of a table; what is wrong is reported.
pub(crate) fn conditions(table: &DeTable<'_>, reader: &mut Reader<'_>, sense: Sense) -> Vec<Node> {
    table_at(table, reader, sense, DEEPEST)
}

fn table_at(table: &DeTable<'_>, reader: &mut Reader<'_>, sense: Sense, depth: usize) -> Vec<Node> {
    let outer = reader.commands.clone();
    let settled = reader.settled.len();
    narrow_commands(table, reader);
    check_contradiction(table, reader);
    settle(table, reader);
    dead::check(table, reader);
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    let read = |(key, item)| node(key, item, reader, sense, depth);
    let nodes = entries.into_iter().filter_map(read).collect();
    reader.commands = outer;
    reader.settled.truncate(settled);
    nodes
}

/// The words of a condition, when it holds words alone.
pub(super) fn words_of<'t, 'd>(
    table: &'t DeTable<'d>,
    condition: &str,
) -> Option<(&'t Item<'d>, Vec<String>)> {
    let item = table.get(condition)?;
    let value = item.get_ref();
    let words: Vec<String> = match value.as_array() {
        Some(items) => {
            items.iter().filter_map(|item| Some(item.get_ref().as_str()?.to_owned())).collect()
        }
        None => vec![value.as_str()?.to_owned()],
    };
    Some((item, words))
}

/// Reads what stands under `unless`, where the tables of `when` hold: options are those of its
/// commands, and what cannot hold beside it is told.
pub(super) fn exception(
    table: &DeTable<'_>,
    when: &[&DeTable<'_>],
    reader: &mut Reader<'_>,
    sense: Sense,
) -> Vec<Node> {
    for table in when {
        narrow_commands(table, reader);
        settle_quietly(table, reader);
    }
    reader.branches = reader.branches.saturating_add(1);
    let nodes = conditions(table, reader, sense.negate());
    reader.branches = reader.branches.saturating_sub(1);
    reader.settled.clear();
    reader.commands.clear();
    nodes
}

/// Remembers the words of a table that was read, for what must hold together with it.
fn settle_quietly(table: &DeTable<'_>, reader: &mut Reader<'_>) {
    for condition in SINGLE {
        if let Some((_, words)) = words_of(table, condition) {
            reader.settled.push(Settled { condition, words });
        }
    }
}

/// Conditions of which an action has one word and no other.
const SINGLE: [&str; 5] = ["command", "family", "mode", "principal", "subcommand"];

/// Whether both words of a condition may hold for one action: they are the same, or one subcommand
/// begins with the other (`remote` and `remote add`).
fn both_hold(condition: &str, one: &str, other: &str) -> bool {
    let begins = |long: &str, short: &str| {
        let mut long = long.split_whitespace();
        short.split_whitespace().all(|word| long.next() == Some(word))
    };
    match condition {
        "subcommand" => begins(one, other) || begins(other, one),
        _ => one == other,
    }
}

/// Remembers the words of such conditions for what stands further inside, and tells of those that
/// cannot hold together with what stands around them.
fn settle(table: &DeTable<'_>, reader: &mut Reader<'_>) {
    for condition in SINGLE {
        let Some((item, words)) = words_of(table, condition) else { continue };
        let around = reader.settled.iter().rfind(|one| {
            let meets = |word: &String| words.iter().any(|own| both_hold(condition, word, own));
            one.condition == condition && !one.words.iter().any(meets)
        });
        if let Some(around) = around {
            let words: Vec<&str> = around.words.iter().map(String::as_str).collect();
            let why = format!("around it, `{condition}` is {}", quoted(&words));
            dead::tell(item, &why, reader);
        }
        reader.settled.push(Settled { condition, words });
    }
}

/// Conditions that hold when an action has one of the words.
const ONE_OF: [&str; 9] =
    ["agent", "category", "command", "family", "host", "mode", "principal", "subcommand", "tool"];

/// Refuses a rule whose exception holds whenever its conditions do, and says whether it did. `when`
/// are the tables that must hold together, `except` one that must not hold.
pub(super) fn check_exception(
    when: &[&DeTable<'_>],
    except: &Item<'_>,
    reader: &mut Reader<'_>,
) -> bool {
    let Some(table) = except.get_ref().as_table().filter(|table| !table.is_empty()) else {
        return false;
    };
    let implied = |key: &str| {
        let Some((_, excepted)) = ONE_OF.contains(&key).then(|| words_of(table, key)).flatten()
        else {
            return false;
        };
        let covered = |word: &String| excepted.iter().any(|other| covers(other, word));
        when.iter()
            .filter_map(|table| words_of(table, key))
            .any(|(_, words)| !words.is_empty() && words.iter().all(covered))
    };
    let never = table.iter().all(|(key, _)| implied(key.get_ref()));
    if never {
        let help = "what is excepted is all that `when` asks for; narrow the exception";
        reader.error_with_help(except.span(), "the rule can never fire", help);
    }
    never
}

/// Whether whatever is meant by `word` is meant by `other` too.
fn covers(other: &str, word: &str) -> bool {
    let below = other.strip_prefix('*').filter(|tail| tail.starts_with('.'));
    other == word || below.is_some_and(|tail| word.ends_with(tail) && !word.starts_with('*'))
}

/// Most tables of either kind that are compared with each other.
const COMPARED: usize = 64;

/// The tables of a rule's `when` that must hold together, and those that its lists of `none` except;
/// of either the first few.
pub(super) fn together<'t, 'd>(
    table: &'t DeTable<'d>,
) -> (Vec<&'t DeTable<'d>>, Vec<&'t Item<'d>>) {
    let (mut all, mut none) = (Vec::new(), Vec::new());
    let mut left = vec![table];
    while let Some(table) = left.pop() {
        let items = |key: &str| {
            let items = table.get(key).and_then(|item| item.get_ref().as_array());
            items.into_iter().flatten()
        };
        left.extend(items("all").filter_map(|item| item.get_ref().as_table()));
        none.extend(items("none"));
        all.push(table);
    }
    all.truncate(COMPARED);
    none.truncate(COMPARED);
    (all, none)
}

/// Remembers which commands the conditions beside this one are about: they settle what an option
/// is called.
fn narrow_commands(table: &DeTable<'_>, reader: &mut Reader<'_>) {
    let names: Vec<String> = match table.get("command").map(Spanned::get_ref) {
        Some(DeValue::String(name)) => vec![name.to_string()],
        Some(DeValue::Array(names)) => {
            names.iter().filter_map(|name| name.get_ref().as_str()).map(str::to_owned).collect()
        }
        _ => return,
    };
    reader.commands = names;
}

/// Refuses conditions that cannot hold together.
fn check_contradiction(table: &DeTable<'_>, reader: &mut Reader<'_>) {
    let human = table.get("principal").and_then(|item| item.get_ref().as_str()) == Some("human");
    if let Some(agent) = table.get("agent").filter(|_| human) {
        let help = "`agent` names an agent, and `principal` asks for a person";
        reader.error_with_help(agent.span(), "the rule can never fire", help);
    }
}

fn node(
    key: &Spanned<DeString<'_>>,
    item: &Item<'_>,
    reader: &mut Reader<'_>,
    sense: Sense,
    depth: usize,
) -> Option<Node> {
    let name = key.get_ref().as_ref();
    if let Some((_, join)) = GROUPS.iter().find(|(group, _)| *group == name) {
        return group(*join, item, reader, sense, depth);
    }
    let Some(kind) = by_name(name) else {
        let known: Vec<&str> = names().collect();
        reader.unknown_word(key.span(), "condition", name, &known);
        return None;
    };
    (kind.read)(item, reader, sense).map(Node::Leaf)
}

fn group(
    join: Join,
    item: &Item<'_>,
    reader: &mut Reader<'_>,
    sense: Sense,
    depth: usize,
) -> Option<Node> {
    let Some(depth) = depth.checked_sub(1).filter(|depth| *depth > 1) else {
        reader.error(item.span(), format!("groups are nested more than {DEEPEST} deep"));
        return None;
    };
    let sense = if join == Join::None { sense.negate() } else { sense };
    let tables = item.get_ref().as_array().filter(|tables| !tables.is_empty());
    let Some(tables) = tables else {
        let help = format!("write `{} = [{{ … }}, {{ … }}]`", join.name());
        reader.error_with_help(item.span(), "expected a list of tables of conditions", help);
        return None;
    };
    let settled = reader.settled.len();
    let branches = reader.branches;
    if join != Join::All {
        reader.branches = branches.saturating_add(1);
    }
    let mut nodes: Vec<Option<Node>> = Vec::new();
    for table in tables {
        nodes.push(member(table, reader, sense, depth));
        // All of them hold together: what one settles is settled for the next.
        if let Some(table) = table.get_ref().as_table().filter(|_| join == Join::All) {
            settle_quietly(table, reader);
        }
    }
    reader.settled.truncate(settled);
    reader.branches = branches;
    let nodes: Option<Vec<Node>> = nodes.into_iter().collect();
    Some(Node::Group(join, nodes?))
}

/// One table of a group: all of its conditions must hold together.
fn member(item: &Item<'_>, reader: &mut Reader<'_>, sense: Sense, depth: usize) -> Option<Node> {
    let Some(table) = item.get_ref().as_table().filter(|table| !table.is_empty()) else {
        reader.error(item.span(), "expected a table with at least one condition");
        return None;
    };
    let mut nodes = table_at(table, reader, sense, depth);
    if nodes.len() < table.len() {
        return None;
    }
    match nodes.len() {
        1 => nodes.pop(),
        _ => Some(Node::Group(Join::All, nodes)),
    }
}

/// Every key that may stand among conditions.
fn names() -> impl Iterator<Item = &'static str> {
    let groups = GROUPS.iter().map(|(name, _)| *name);
    CONDITIONS.iter().map(|kind| kind.about.name).chain(groups)
}

#[cfg(test)]
mod tests {
    use crate::condition::testing::refused;

    #[test]
    fn slips_are_named() {
        assert!(refused("comand = 'git'").contains("did you mean `command`?"));
        assert!(refused("any = []").contains("a list of tables"));
        assert!(refused("any = [{}]").contains("at least one condition"));
        assert!(refused("none = [{ flwo = 'x' }]").contains("did you mean `flow`?"));
        let deep = "any = [{ ".repeat(9) + "mode = 'observe'" + &" }]".repeat(9);
        assert!(refused(&deep).contains("more than 8 deep"));
    }

    #[test]
    fn what_cannot_hold_together_is_told() {
        for toml in [
            "all = [{ command = 'git' }, { command = 'rm' }]",
            "command = 'git'\nall = [{ command = ['rm', 'curl'] }]",
            "mode = 'observe'\nall = [{ all = [{ mode = 'enforced' }] }]",
            "principal = 'human'\nall = [{ principal = 'agent' }]",
            "command = 'git'\nany = [{ command = 'rm' }, { command = 'git' }]",
            "command = 'git'\nnone = [{ command = 'rm' }]",
        ] {
            assert!(refused(toml).contains("this never holds"), "{toml}");
        }
        for toml in [
            "any = [{ command = 'git' }, { command = 'rm' }]",
            "command = ['git', 'rm']\nany = [{ command = 'git' }, { command = 'rm' }]",
            "all = [{ command = 'git' }, { command = ['git', 'rm'] }]",
        ] {
            let mut facts = crate::Given::command("git", "/");
            facts.mode = datafog_core::Mode::Enforced;
            assert_eq!(crate::condition::testing::test(toml, &facts), crate::Truth::True, "{toml}");
        }
    }

    #[test]
    fn every_mistake_is_reported() {
        let said = refused("mode = 'x'\nflow = 'y'\nany = [{ mode = 'z' }, { foo = 1 }]");
        for word in ["`x`", "`y`", "`z`", "`foo`"] {
            assert!(said.contains(word), "{said}");
        }
    }
}
