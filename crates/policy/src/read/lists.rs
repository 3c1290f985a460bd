//! Named lists: `[lists] keys = ["~/.ssh/id_*"]`, and `path = { list = "keys" }` wherever a rule, a
//! role or a signal of risk takes texts, alone or among others.
//!
//! What a list holds is put in its place before anything else of the file is read, so no condition
//! knows of lists and nothing of them is left in what is compiled. A mistake in one of its texts is
//! told where the text stands, in the list.

use core::ops::Range;
use std::collections::{BTreeMap, BTreeSet};

use toml::de::{DeArray, DeTable, DeValue};

use super::reader::{Item, Reader};

/// Most bytes that lists may bring into a file: what is written once is kept where it is asked for.
const MOST: usize = 1 << 22;

/// What a text takes besides its bytes.
const EACH: usize = 64;

/// The tables in which a list may be asked for.
const TABLES: [&str; 3] = ["risk", "role", "rule"];

/// Keys whose values are calls, in which any word may stand.
const EXAMPLES: [&str; 2] = ["match", "not_match"];

/// The names of lists that nothing asks for, and where they stand.
pub(super) type Unused = Vec<(String, Range<usize>)>;

/// Puts the lists of the file in the places that name them.
pub(super) fn put_in(table: &mut DeTable<'_>, reader: &mut Reader<'_>) -> Unused {
    let lists = table.get("lists").and_then(|item| read(item, reader)).unwrap_or_default();
    let mut fill = Fill { lists, left: MOST, reader };
    for name in TABLES {
        if let Some(item) = table.get_mut(name) {
            fill.value(item);
        }
    }
    let unused = fill.lists.into_iter().filter(|(_, list)| !list.is_used);
    unused.map(|(name, list)| (name, list.span)).collect()
}

/// Tells of lists that nothing asks for.
pub(super) fn tell_unused(unused: Unused, reader: &mut Reader<'_>) {
    for (name, span) in unused {
        let message = format!("nothing asks for the list `{name}`");
        let help = format!("write `{{ list = \"{name}\" }}` where it is meant, or leave it out");
        reader.error_with_help(span, message, help);
    }
}

struct List<'a> {
    items: Vec<Item<'a>>,
    span: Range<usize>,
    is_used: bool,
}

/// The lists by name; each is a list of different texts.
fn read<'a>(item: &Item<'a>, reader: &mut Reader<'_>) -> Option<BTreeMap<String, List<'a>>> {
    let Some(table) = item.get_ref().as_table().filter(|table| !table.is_empty()) else {
        let help = "write `[lists]` and below it `name = [\"…\", \"…\"]`";
        reader.error_with_help(item.span(), "expected a table of lists", help);
        return None;
    };
    let mut lists = BTreeMap::new();
    for (name, item) in table {
        let span = name.span();
        let items = item.get_ref().as_array().map(|items| items.to_vec());
        if items.is_none() {
            reader.error(span.clone(), format!("the list `{}` is no list", name.get_ref()));
        }
        // What is wrong is told here, once, and not wherever the list is asked for.
        let items = items.filter(|_| reader.texts(item).is_some()).unwrap_or_default();
        lists.insert(name.get_ref().to_string(), List { items, span, is_used: false });
    }
    Some(lists)
}

/// Lists, and how much they may still bring.
struct Fill<'a, 'r, 's> {
    lists: BTreeMap<String, List<'a>>,
    left: usize,
    reader: &'r mut Reader<'s>,
}

impl<'a> Fill<'a, '_, '_> {
    fn value(&mut self, item: &mut Item<'a>) {
        if let Some(items) = self.asked(item) {
            *item.get_mut() = DeValue::Array(items.into_iter().collect());
            return;
        }
        if let DeValue::Array(items) = item.get_mut() {
            self.array(items);
        } else if let DeValue::Table(table) = item.get_mut() {
            for (key, item) in table.iter_mut() {
                if !EXAMPLES.contains(&key.get_ref().as_ref()) {
                    self.value(item);
                }
            }
        }
    }

    /// Several lists may hold the same text, and one may hold what stands beside it: it counts once.
    fn array(&mut self, items: &mut DeArray<'a>) {
        let written = items.iter().filter_map(|item| item.get_ref().as_str().map(str::to_owned));
        let mut known: BTreeSet<String> = written.collect();
        let mut all = Vec::new();
        for mut item in core::mem::replace(items, DeArray::new()) {
            if let Some(listed) = self.asked(&item) {
                let is_new = |one: &Item<'_>| {
                    one.get_ref().as_str().is_some_and(|text| known.insert(text.to_owned()))
                };
                all.extend(listed.into_iter().filter(is_new));
            } else {
                self.value(&mut item);
                all.push(item);
            }
        }
        *items = all.into_iter().collect();
    }

    /// What `{ list = "name" }` stands for; `None` if it is something else.
    fn asked(&mut self, item: &Item<'a>) -> Option<Vec<Item<'a>>> {
        let (name, span) = name_of(item)?;
        let Some(list) = self.lists.get_mut(name) else {
            self.unknown(name, span);
            return Some(Vec::new());
        };
        list.is_used = true;
        if item.get_ref().as_table().is_some_and(|table| table.len() > 1) {
            let help = format!("write `[{{ list = \"{name}\" }}, …]` for more than it holds");
            self.reader.error_with_help(item.span(), "nothing stands beside `list`", help);
        }
        let bytes =
            |item: &Item<'_>| item.get_ref().as_str().map_or(0, str::len).saturating_add(EACH);
        let brought = list.items.iter().map(bytes).fold(0, usize::saturating_add);
        let Some(left) = self.left.checked_sub(brought) else {
            self.reader.error(span, format!("lists bring more than {MOST} bytes into the file"));
            return Some(Vec::new());
        };
        self.left = left;
        Some(list.items.clone())
    }

    fn unknown(&mut self, name: &str, span: Range<usize>) {
        let known: Vec<&str> = self.lists.keys().map(String::as_str).collect();
        if known.is_empty() {
            let help =
                format!("the file has none; write `[lists]` and below it `{name} = [\"…\"]`");
            self.reader.error_with_help(span, format!("unknown list `{name}`"), help);
        } else {
            self.reader.unknown_word(span, "list", name, &known);
        }
    }
}

/// The name behind `list`, which is no key of anything else.
fn name_of<'i>(item: &'i Item<'_>) -> Option<(&'i str, Range<usize>)> {
    let name = item.get_ref().as_table()?.get("list")?;
    Some((name.get_ref().as_str()?, name.span()))
}
