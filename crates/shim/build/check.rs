//! Finds contradictions in a data file that its types cannot rule out.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;

use crate::format::{Effect, File, Form, Opt, Options, Scope, Takes, Topic};

/// What is wrong with a file, and where.
#[derive(Debug)]
pub(crate) struct Fault {
    span: Range<usize>,
    what: String,
}

/// A check that passed, or the first fault.
type Checked = Result<(), Fault>;

/// The Rust modules that a data file may name.
#[derive(Debug)]
pub(crate) struct Modules {
    pub(crate) transports: Vec<String>,
    pub(crate) sources: Vec<String>,
}

impl Fault {
    fn at<T>(place: &Spanned<T>, what: String) -> Self {
        Self { span: place.span(), what }
    }

    pub(crate) fn from_toml(error: &toml::de::Error) -> Self {
        Self { span: error.span().unwrap_or_default(), what: error.message().to_owned() }
    }

    /// `file:line: what`.
    pub(crate) fn located(self, path: &Path, text: &str) -> String {
        let before = text.get(..self.span.start).unwrap_or_default();
        let line = before.lines().count().max(1);
        let line = if before.ends_with('\n') { line.saturating_add(1) } else { line };
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        format!("{}:{line}: {}", path.display(), self.what)
    }
}

/// Checks one file by itself.
pub(crate) fn file(file: &File, path: &Path, modules: &Modules) -> Checked {
    let name = file.name.get_ref();
    if path.file_stem().and_then(|stem| stem.to_str()) != Some(name) {
        return Err(Fault::at(&file.name, format!("the file of `{name}` is called `{name}.toml`")));
    }
    program(file, modules)
}

/// Checks one file of programs without wrappers.
pub(crate) fn topic(topic: &Topic, modules: &Modules) -> Checked {
    topic.program.iter().try_for_each(|file| program(file, modules))
}

fn program(file: &File, modules: &Modules) -> Checked {
    module(&file.transport, file.transport.get_ref(), &modules.transports, "src/transport")?;
    for endpoint in &file.endpoint {
        if let Some(source) = endpoint.default.get_ref().strip_prefix("deferred:") {
            module(&endpoint.default, source, &modules.sources, "src/source")?;
        }
        for path in &endpoint.scopes {
            scope_exists(&file.command, path)?;
        }
    }
    for redirect in &file.redirect {
        let (place, both) = match (&redirect.variable, &redirect.file) {
            (Some(place), file) => (place, file.is_some()),
            (None, Some(place)) => (place, redirect.proxy.is_some()),
            (None, None) => return Err(Fault::at(&file.name, "a redirect of nothing".into())),
        };
        if both {
            return Err(Fault::at(place, "a redirect is one variable or one file".into()));
        }
        known(&redirect.unless, &spellings(file, &file.command)?)?;
    }
    if let Some(startup) = &file.startup {
        let known_here = spellings(file, &file.command)?;
        known(&startup.unless, &known_here)?;
        let named = startup.names.values().filter(|option| !option.get_ref().is_empty());
        known(&named.cloned().collect::<Vec<_>>(), &known_here)?;
    }
    if file.command.names.is_some() {
        return Err(Fault::at(&file.name, "the program's own scope has no `names`".into()));
    }
    scope(file, &file.command, &BTreeSet::new(), 0)
}

fn module(place: &Spanned<String>, name: &str, known: &[String], folder: &str) -> Checked {
    if known.iter().any(|known| known == name) {
        return Ok(());
    }
    Err(Fault::at(
        place,
        format!("`{name}` is no module in {folder}; there are {}", known.join(", ")),
    ))
}

fn scope_exists(root: &Scope, path: &Spanned<String>) -> Checked {
    let found = path.get_ref().split(' ').try_fold(root, |scope, word| {
        scope
            .subcommand
            .iter()
            .find(|sub| words(sub.names.as_ref()).any(|name| name == word || name == "*"))
    });
    found.map(|_| ()).ok_or_else(|| Fault::at(path, format!("no subcommand `{}`", path.get_ref())))
}

fn words(names: Option<&Spanned<String>>) -> impl Iterator<Item = &str> {
    names.into_iter().flat_map(|names| names.get_ref().split(' '))
}

fn scope(file: &File, scope_: &Scope, outer: &BTreeSet<String>, depth: usize) -> Checked {
    let mut visible = spellings(file, scope_)?;
    visible.extend(outer.iter().cloned());
    for option in options(file, scope_)? {
        self::option(option)?;
    }
    operands(scope_, &visible)?;
    if let Some(piped) = &scope_.piped {
        known(&piped.when, &visible)?;
    }
    let mut seen = BTreeSet::new();
    for sub in &scope_.subcommand {
        let Some(names) = &sub.names else {
            return Err(Fault::at(&file.name, "a subcommand without `names`".into()));
        };
        for word in names.get_ref().split(' ') {
            if word.is_empty() || !seen.insert(word) {
                return Err(Fault::at(names, format!("subcommand `{word}` is given twice")));
            }
        }
        scope(file, sub, &visible, depth.saturating_add(1))?;
    }
    Ok(())
}

/// Every option table of the scope with a meaning, its shared sets included.
fn options<'a>(file: &'a File, scope: &'a Scope) -> Result<Vec<&'a Opt>, Fault> {
    let mut all: Vec<&Opt> = scope.option.iter().collect();
    for set in sets(file, scope)? {
        all.extend(&set.option);
    }
    Ok(all)
}

/// The shared sets that a scope includes.
pub(crate) fn sets<'a>(file: &'a File, scope: &'a Scope) -> Result<Vec<&'a Options>, Fault> {
    let find = |name: &Spanned<String>| {
        let missing = || Fault::at(name, format!("no set `{}` in this file", name.get_ref()));
        file.set.get(name.get_ref()).ok_or_else(missing)
    };
    scope.uses.iter().map(find).collect()
}

/// Every spelling of the scope's options; each may stand there once.
fn spellings(file: &File, scope: &Scope) -> Result<BTreeSet<String>, Fault> {
    let mut places: Vec<&Spanned<String>> = Vec::new();
    places.extend(scope.flags.iter().chain(&scope.valued).chain(&scope.optional));
    places.extend(scope.option.iter().map(|option| &option.names));
    for set in sets(file, scope)? {
        places.extend(set.flags.iter().chain(&set.valued).chain(&set.optional));
        places.extend(set.option.iter().map(|option| &option.names));
    }
    let mut seen = BTreeSet::new();
    for place in places {
        for name in place.get_ref().split(' ') {
            let sound = name == "+" || (name.len() > 1 && name.starts_with('-'));
            if !sound {
                return Err(Fault::at(place, format!("`{name}` is not spelled like an option")));
            }
            if !seen.insert(name.to_owned()) {
                return Err(Fault::at(place, format!("option `{name}` is given twice")));
            }
        }
    }
    Ok(seen)
}

fn option(option: &Opt) -> Checked {
    let fault = |what: &str| Err(Fault::at(&option.names, what.to_owned()));
    let valueless = option.value == Some(Takes::None);
    if valueless && option.secret.is_some() {
        return fault("a `secret` of an option that takes no value");
    }
    if valueless && option.content.is_some() {
        return fault("content of an option that takes no value");
    }
    if option.role.is_some() && option.content.is_none() && option.stdin.is_none() {
        return fault("a `role` without `content`");
    }
    if option.flow.is_some() && option.content.is_none() && option.stdin.is_none() {
        return fault("a `flow` without `content`; `adds` is for the command's own flow");
    }
    if option.content.is_some_and(needs_role) && option.role.is_none() {
        return fault("`content` without a `role`");
    }
    let works_there = option.effect == Some(Effect::Directory);
    if !option.prefix.is_empty() && option.starts.is_none() && !works_there {
        return fault("a `prefix` without `starts` or `effect = \"directory\"`");
    }
    if option.adds.iter().any(|flow| option.drops.contains(flow)) {
        return fault("a flow is both added and dropped");
    }
    Ok(())
}

/// Forms that know the role of their content by themselves need none.
fn needs_role(form: Form) -> bool {
    !matches!(
        form,
        Form::Address
            | Form::Connection
            | Form::Cookie
            | Form::Header
            | Form::Password
            | Form::Url
            | Form::UserPassword
    )
}

fn operands(scope: &Scope, visible: &BTreeSet<String>) -> Checked {
    for operand in &scope.operand {
        known(&operand.unless, visible)?;
        known(&operand.when, visible)?;
        let alike = scope.operand.iter().filter(|other| {
            other.at.get_ref() == operand.at.get_ref()
                && other.unless.is_empty()
                && other.when.is_empty()
                && other.prefix.is_empty()
        });
        if alike.count() > 1 {
            return Err(Fault::at(&operand.at, "this position is given twice".into()));
        }
        if operand.role.is_some() && operand.content.is_none() {
            return Err(Fault::at(&operand.at, "a `role` without `content`".into()));
        }
        if operand.content.is_some_and(needs_role) && operand.role.is_none() {
            return Err(Fault::at(&operand.at, "`content` without a `role`".into()));
        }
    }
    Ok(())
}

fn known(names: &[Spanned<String>], visible: &BTreeSet<String>) -> Checked {
    for name in names {
        if !visible.contains(name.get_ref()) {
            return Err(Fault::at(name, format!("no option `{}` here", name.get_ref())));
        }
    }
    Ok(())
}

/// Checks that no two files claim one name.
pub(crate) fn names(files: &[(PathBuf, File)], topics: &[(PathBuf, Topic)]) -> Result<(), String> {
    let mut owners: BTreeMap<&str, &Path> = BTreeMap::new();
    let wrapped = files.iter().map(|(path, file)| (path, file));
    let programs = topics
        .iter()
        .flat_map(|(path, topic)| topic.program.iter().map(move |program| (path, program)));
    for (path, file) in wrapped.chain(programs) {
        for name in std::iter::once(&file.name).chain(&file.aliases) {
            if let Some(other) = owners.insert(name.get_ref(), path) {
                let (other, path) = (other.display(), path.display());
                return Err(format!("{path}: `{}` is also claimed by {other}", name.get_ref()));
            }
        }
    }
    Ok(())
}
