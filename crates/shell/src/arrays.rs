//! Lists: arrays and their elements, with what shells that count from one make of them.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser has fifty kinds of nodes; what is not named is no word"
)]

use rable::{Node, NodeKind};

use crate::expand::Expansion;
use crate::limits::{MOST_FIELDS, MOST_VALUES};
use crate::parameter::Value;
use crate::parse;
use crate::script::Field;
use crate::variables::Variable;
use crate::walk::Walker;

/// Built-ins that set variables by their words, lists among them.
const DECLARING: [&str; 5] = ["declare", "export", "local", "readonly", "typeset"];

impl Variable {
    /// The keys of all elements, in their order.
    pub(crate) fn all_keys(&self) -> Vec<String> {
        if self.keys.is_empty() {
            (0..self.values.len()).map(|index| index.to_string()).collect()
        } else {
            self.keys.clone()
        }
    }

    /// Where the element of that key stands.
    fn place_of(&self, key: &str) -> Option<usize> {
        if self.keys.is_empty() {
            return key.parse().ok().filter(|at| *at < self.values.len());
        }
        self.keys.iter().position(|known| known == key)
    }

    /// The element of that key.
    fn element(&self, key: &str) -> Option<&String> {
        self.values.get(self.place_of(key)?)
    }

    /// The key behind all others that count.
    fn next_key(&self) -> String {
        if self.keys.is_empty() {
            return self.values.len().to_string();
        }
        let last = self.keys.iter().filter_map(|it| it.parse::<usize>().ok()).max();
        last.map_or(0, |last| last.saturating_add(1)).to_string()
    }

    /// The same as a list: one value is its first element.
    fn into_list(self) -> Self {
        if self.array {
            return self;
        }
        let mixed = self.values.len() > 1;
        Self { mixed, exported: self.exported, ..Self::array(self.values, self.open) }
            .from(self.sources)
    }

    /// The list with one element more, or another one in its place; without a key behind the others.
    pub(crate) fn with_element(self, key: Option<&str>, value: Self) -> Self {
        let mut list = self.into_list();
        list.missing = false;
        list.sources.extend(value.sources);
        list.sources.truncate(MOST_VALUES);
        let mut values = value.values.into_iter();
        let (first, more) = (values.next(), values.next().is_some());
        list.open |= value.open || first.is_none();
        list.mixed |= more;
        let next = list.next_key();
        let key = key.unwrap_or(&next);
        for text in first.into_iter().chain(values) {
            let at = list.place_of(key);
            let (count, mixed) = (list.values.len(), list.mixed);
            if let Some(known) = at.and_then(|at| list.values.get_mut(at)).filter(|_| !mixed) {
                *known = text;
            } else if count >= MOST_FIELDS {
                list.open = true;
            } else {
                if *key != count.to_string() || !list.keys.is_empty() {
                    list.keys = list.all_keys();
                    list.keys.push(key.to_owned());
                }
                list.values.push(text);
            }
        }
        list
    }

    /// The list with all elements of another one behind its own.
    fn with_all(self, more: Self) -> Self {
        let open = self.open || more.open;
        let mixed = self.mixed || more.mixed;
        let keyed = !more.keys.is_empty();
        let mut list = self.into_list();
        for (key, text) in more.all_keys().iter().zip(more.values) {
            list = list.with_element(keyed.then_some(key), Self::of(Some(text)));
        }
        Self { open, mixed, missing: false, ..list }
    }
}

impl Walker {
    /// What `$x` or `${x[…]}` may stand for where `x` is a list; one of them at a time.
    pub(crate) fn of_list(&mut self, variable: &Variable, subscript: Option<&str>) -> Vec<Value> {
        self.step(variable.values.len());
        let one = |text: &String| Value::Known(vec![text.clone()]);
        let all = || Value::Known(variable.values.clone());
        let any = || variable.values.iter().take(MOST_VALUES).map(one).collect::<Vec<_>>();
        let mut values = match subscript {
            Some("@" | "*") if variable.values.is_empty() && variable.open => Vec::new(),
            Some("@" | "*") => vec![all()],
            _ if variable.mixed || variable.open => any(),
            None => {
                let first = variable.element("0").map_or(Value::Unset, one);
                // To zsh a list is all of its elements.
                if variable.values.len() > 1 { vec![first, all()] } else { vec![first] }
            }
            Some(subscript) => match self.key(variable, subscript) {
                Some(key) => {
                    let mut found = vec![variable.element(&key).map_or(Value::Unset, one)];
                    // zsh counts from one.
                    let before = key.parse::<usize>().ok().and_then(|it| it.checked_sub(1));
                    let before = before.filter(|_| variable.keys.is_empty());
                    found.extend(before.and_then(|it| variable.values.get(it)).map(one));
                    found
                }
                None => any(),
            },
        };
        if variable.open || values.is_empty() {
            values.push(Value::Unknown);
        }
        if variable.missing {
            values.push(Value::Unset);
        }
        values
    }

    /// The key that a subscript means; `None` where only the run can tell.
    fn key(&mut self, variable: &Variable, subscript: &str) -> Option<String> {
        // What it runs was walked where it stands.
        if parse::substitutes(subscript) {
            return None;
        }
        let field = self.argument(subscript);
        let text = Some(field.text).filter(|_| field.known)?;
        let counted = variable.keys.iter().all(|key| key.parse::<usize>().is_ok());
        if !counted {
            return Some(text);
        }
        if let Ok(from) = text.parse::<isize>() {
            let index = match usize::try_from(from) {
                Ok(index) => index,
                Err(_) => variable.values.len().checked_sub(from.unsigned_abs())?,
            };
            return Some(index.to_string());
        }
        // A calculation: the name of a variable, or more than is worked out here.
        let is_name = text.chars().all(|one| one.is_ascii_alphanumeric() || one == '_');
        let value = if is_name { self.variable(&text)? } else { return None };
        match value.as_str() {
            "" => Some("0".to_owned()),
            number => number.parse::<usize>().ok().map(|index| index.to_string()),
        }
    }

    /// `"${!x[@]}"`: the keys.
    pub(crate) fn keys_of(&mut self, param: &str) -> Option<Expansion> {
        let name = param.strip_suffix("[@]").or_else(|| param.strip_suffix("[*]"))?;
        let unknown = Expansion::unknown(format!("${{!{param}}}"));
        let Some(variable) = self.variables.find(name, &self.world, self.place) else {
            return Some(Expansion { texts: Vec::new(), known: true });
        };
        if variable.open || variable.mixed || variable.missing {
            return Some(unknown);
        }
        Some(Expansion { texts: variable.all_keys(), known: true })
    }

    /// What a variable holds once one of its elements is set.
    pub(crate) fn element_set(
        &mut self,
        name: &str,
        subscript: &str,
        (adds, value): (bool, Variable),
    ) -> Variable {
        let before = self.variables.find(name, &self.world, self.place);
        let before = before.unwrap_or_else(|| Variable::array(Vec::new(), false));
        self.step(before.values.len().saturating_add(before.keys.len().saturating_mul(2)));
        let known = !parse::substitutes(subscript);
        let field = if known { self.argument(subscript) } else { Field::default() };
        let key = if before.keys.is_empty() && !before.values.is_empty() {
            self.key(&before, subscript)
        } else {
            Some(field.text).filter(|_| known && field.known)
        };
        let open = before.open;
        let list = match key {
            Some(key) if !adds => before.with_element(Some(&key), value),
            // It may be any of them.
            Some(_) | None => {
                let list = before.with_element(None, value);
                Variable { mixed: true, open: list.open || adds, ..list }
            }
        };
        Variable { open: list.open || open, ..list }
    }

    /// What a variable holds behind `x=…` or `x+=…`.
    pub(crate) fn value_set(&mut self, name: &str, adds: bool, value: Variable) -> Variable {
        if !adds && !self.variables.holds(name) {
            return value;
        }
        let before = self.variables.find(name, &self.world, self.place);
        let before = before.filter(|it| adds || it.array && !value.array);
        let length = before.as_ref().map_or(0, |it| it.values.len().saturating_add(it.keys.len()));
        if !self.step(length.saturating_add(value.values.len())) {
            return Variable::of(None);
        }
        match before {
            // Of a list it is the first element; to zsh it is all of it.
            Some(before) if !adds => before.with_element(Some("0"), value),
            Some(before) if value.array => before.with_all(value),
            Some(before) if before.array => {
                let list = before.with_element(None, value);
                Variable { mixed: true, open: true, ..list }
            }
            Some(_) => {
                let before = self.variable(name);
                let both = before.zip(value.values.first().filter(|_| !value.open));
                let both = both.map(|(before, more)| before + more);
                Variable::of(both).from(value.sources)
            }
            None => value,
        }
    }

    /// `(a b)`, `([1]=a [k]=b)`.
    pub(crate) fn array(&mut self, inside: &str) -> Variable {
        let Some(words) = parse::words(inside) else {
            self.unread(inside);
            return Variable::array(Vec::new(), true);
        };
        let mut list = Variable::array(Vec::new(), false);
        for word in &words {
            if let Some((key, value)) = keyed(word) {
                let key = self.argument(key);
                let value = self.scalar(value);
                let known = Some(key.text).filter(|_| key.known);
                list.mixed |= known.is_none();
                list = list.with_element(known.as_deref(), value);
                continue;
            }
            for field in self.fields(core::slice::from_ref(word)) {
                let value = Variable::of(field.known.then_some(field.text));
                list = list.with_element(None, value);
            }
            if !self.step(list.keys.len() / 8) {
                break;
            }
        }
        list
    }

    /// The words of a command; lists that a built-in sets are kept for it.
    pub(crate) fn fields_with_lists(&mut self, words: &[Node]) -> Vec<Field> {
        let declares = words.first().and_then(text).is_some_and(|it| DECLARING.contains(&it));
        let is_list = |word: &Node| {
            let name = text(word).and_then(|it| it.split_once("=(")).map(|(name, _)| name);
            name.is_some_and(|it| {
                it.chars().all(|one| one.is_ascii_alphanumeric() || "_+".contains(one))
            })
        };
        if !declares || !words.iter().any(is_list) {
            return self.fields(words);
        }
        let mut fields = Vec::new();
        for word in words {
            match Some(word).filter(|word| is_list(word)).and_then(|word| self.assignment(word)) {
                Some((name, variable)) => {
                    fields.push(Field::of(name.as_str()));
                    self.declared.push((name, variable));
                }
                None => fields.extend(self.fields(core::slice::from_ref(word))),
            }
        }
        fields
    }
}

fn text(word: &Node) -> Option<&str> {
    match &word.kind {
        NodeKind::Word { value, .. } => Some(value),
        _ => None,
    }
}

/// The two sides of `[key]=value`.
fn keyed(word: &Node) -> Option<(&str, &str)> {
    text(word)?.strip_prefix('[')?.split_once("]=")
}
