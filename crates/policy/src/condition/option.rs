//! `option`: which options were given, by canonical name, and with which values.

use core::ops::Range;
use std::borrow::Cow;
use std::ffi::OsStr;
use std::path::Path;

use datafog_core::{Carrier, Facts, Invocation, Opt, readings};
use serde::{Deserialize, Serialize};

use super::{ConditionAbout, Cost, Kind, Leaf, Trial, anywhere, values};
use crate::Truth;
use crate::bytes::{Damaged, List, decode};
use crate::pattern::Pattern;
use crate::read::{Fields, Item, Reader, Sense};
use crate::spelling::nearest;
use crate::truth::Which;
use crate::{glob, path_pattern};

pub(super) static KIND: Kind = Kind {
    about: ConditionAbout {
        name: "option",
        summary: "The options given, by canonical name (`-rf` is `--recursive` and `--force`), \
                  fit; a list means any of them. `path` without `name` is the file that any \
                  option's value names.",
        form: "name, list of names, or `{ any, all, none }`, or `{ name, value, matches, path, which }`",
        example: r#"option = { all = ["--recursive"], none = ["--dry-run"] }"#,
        unknown: "when it depends on an option not seen and the command line was not fully \
                  understood",
        cost: "nothing",
    },
    read,
    test,
    describe,
    seen: |facts| {
        let names: Vec<String> = shown_names(facts);
        if names.is_empty() { String::from("none") } else { names.join(" ") }
    },
    narrow: anywhere,
};

#[derive(Serialize, Deserialize)]
enum Options<'a> {
    Names {
        #[serde(borrow)]
        any: List<'a>,
        #[serde(borrow)]
        all: List<'a>,
        #[serde(borrow)]
        none: List<'a>,
    },
    Value {
        #[serde(borrow)]
        names: List<'a>,
        /// Path patterns for the file that the value names.
        #[serde(borrow)]
        paths: List<'a>,
        #[serde(borrow)]
        globs: List<'a>,
        #[serde(borrow)]
        regex: Option<Cow<'a, str>>,
        which: Which,
    },
}

fn read(item: &Item<'_>, reader: &mut Reader<'_>, sense: Sense) -> Option<Leaf> {
    let value = if item.get_ref().is_table() {
        let keys = ["all", "any", "matches", "name", "none", "path", "value", "which"];
        let fields = reader.fields(item, &keys)?;
        match fields.item("name") {
            Some(name) => read_value(&fields, Some(name), reader, sense)?,
            None if fields.item("path").is_some() => read_value(&fields, None, reader, sense)?,
            None => read_names(&fields, reader)?,
        }
    } else {
        let any = read_list(item, reader)?;
        Options::Names { any, all: List::default(), none: List::default() }
    };
    let cost = if matches!(value, Options::Value { .. }) { Cost::Walk } else { Cost::Invocation };
    Some(Leaf::new(&KIND, cost, &value))
}

fn read_names(fields: &Fields<'_, '_>, reader: &mut Reader<'_>) -> Option<Options<'static>> {
    for key in ["value", "matches", "which"] {
        if fields.item(key).is_some() {
            let help = "say which option's value is meant: `name = \"--option\"`";
            reader.error_with_help(fields.key_span(key), format!("`{key}` without `name`"), help);
        }
    }
    let any = values::at(fields, "any", reader, read_list);
    let all = values::at(fields, "all", reader, read_list);
    let none = values::at(fields, "none", reader, read_list);
    let (any, all, none) = (any?, all?, none?);
    if any.is_empty() && all.is_empty() && none.is_empty() {
        reader.error(fields.span.clone(), "the condition names no option");
        return None;
    }
    let contradiction = none
        .iter()
        .find(|name| all.has(name) || (any.has(name) && any.iter().all(|one| none.has(one))));
    if let Some(name) = contradiction {
        let help = "the rule can never fire";
        let message = format!("`{name}` is both wanted and excluded");
        reader.error_with_help(fields.key_span("none"), message, help);
        return None;
    }
    Some(Options::Names { any, all, none })
}

fn read_value(
    fields: &Fields<'_, '_>,
    name: Option<&Item<'_>>,
    reader: &mut Reader<'_>,
    sense: Sense,
) -> Option<Options<'static>> {
    for key in ["any", "all", "none"] {
        if fields.item(key).is_some() {
            let help = "use two conditions: `all = [{ option = … }, { option = … }]`";
            let message = format!("`{key}` beside `name`");
            reader.error_with_help(fields.key_span(key), message, help);
        }
    }
    // Without a name, any option's value may name the file.
    let names = name.map_or_else(|| Some(List::default()), |name| read_list(name, reader));
    let paths = values::at(fields, "path", reader, values::paths);
    let globs = values::at(fields, "value", reader, values::globs);
    let regex = values::at(fields, "matches", reader, values::regex);
    let which = values::which(fields, reader, sense);
    let (names, paths, globs, regex, which) = (names?, paths?, globs?, regex?, which?);
    if globs.is_empty() && regex.is_none() && paths.is_empty() {
        let help = "write `option = \"--name\"` when only its presence matters";
        reader.error_with_help(
            fields.span.clone(),
            "neither `value`, `matches` nor `path` is given",
            help,
        );
        return None;
    }
    Some(Options::Value { names, paths, globs, regex, which })
}

fn read_list(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<List<'static>> {
    let texts = reader.texts(item)?;
    if !reader.check_whole(&texts, "option") {
        return None;
    }
    let names: Vec<Option<String>> =
        texts.into_iter().map(|text| canonical(text.get_ref(), text.span(), reader)).collect();
    let names: Option<Vec<String>> = names.into_iter().collect();
    Some(names?.into_iter().collect())
}

/// The canonical name of an option for the commands that the rule is about.
fn canonical(name: &str, span: Range<usize>, reader: &mut Reader<'_>) -> Option<String> {
    if let Err((message, help)) = bare_name(name) {
        reader.error_with_help(span, message, help);
        return None;
    }
    let vocabulary = reader.vocabulary;
    let tables: Option<Vec<Vec<(&str, &str)>>> =
        reader.commands.iter().map(|command| vocabulary.options(command)).collect();
    let table = tables.unwrap_or_default().concat();
    if table.is_empty() {
        return Some(name.to_owned());
    }
    let mut meanings: Vec<&str> =
        table.iter().filter(|(spelling, _)| *spelling == name).map(|(_, to)| *to).collect();
    meanings.sort_unstable();
    meanings.dedup();
    match meanings.as_slice() {
        [one] => Some((*one).to_owned()),
        // An option that is called so means more than one that may be written so.
        several if several.contains(&name) => Some(name.to_owned()),
        [] => {
            let of = reader.commands.join("` or `");
            let spellings = table.iter().map(|(spelling, _)| *spelling);
            let help = nearest(name, spellings).map_or_else(
                || format!("`{of}` has no such option in its profile"),
                |near| format!("did you mean `{near}`?"),
            );
            reader.error_with_help(span, format!("unknown option `{name}`"), help);
            None
        }
        _ => {
            let help = format!("write {}", crate::read::quoted(&meanings));
            let message = format!("`{name}` means different options of these commands");
            reader.error_with_help(span, message, help);
            None
        }
    }
}

/// Whether this is the name of an option and no more; else what is wrong, and what helps.
fn bare_name(name: &str) -> Result<(), (String, String)> {
    let no_option = || format!("`{name}` is not an option");
    if !name.starts_with(['-', '+']) {
        return Err((no_option(), format!("did you mean `--{name}`?")));
    }
    if name.trim_start_matches(['-', '+']).is_empty() || name.contains(char::is_whitespace) {
        let help = "write its name as on a command line: `--force`, `-f`";
        return Err((no_option(), help.to_owned()));
    }
    if let Some((name, value)) = name.split_once('=') {
        let help = format!("write `option = {{ name = \"{name}\", value = \"{value}\" }}`");
        return Err((String::from("an option's name holds no value"), help));
    }
    Ok(())
}

/// The condition that the value of any option names a path within these.
pub(super) fn within(paths: &[String]) -> Leaf {
    let none = List::default;
    let value = Options::Value {
        names: none(),
        paths: paths.iter().collect(),
        globs: none(),
        regex: None,
        which: Which::Any,
    };
    Leaf::new(&KIND, Cost::Walk, &value)
}

fn test(payload: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    let invocation = &trial.facts.action().invocation;
    // An option that was not seen may still have been given when the line was not understood.
    let doubt = !invocation.known || !invocation.unclear.is_empty();
    let given = |name: &str| Truth::unless_doubt(invocation.has_option(name), doubt);
    Ok(match decode(payload)? {
        Options::Names { any, all, none } => {
            let wanted =
                if any.is_empty() { Truth::True } else { Which::Any.join(any.iter().map(given)) };
            let all = all.iter().map(given).fold(wanted, Truth::and);
            none.iter().map(|name| given(name).negated()).fold(all, Truth::and)
        }
        Options::Value { names, paths, globs, regex, which } => {
            let values = invocation.options.iter().filter(|option| {
                if names.is_empty() { option.value.is_some() } else { names.has(&option.name) }
            });
            let regex = regex.as_deref().map(Pattern::new);
            let fits = |option: &Opt| {
                let Some(value) = option.value.as_deref() else { return Truth::False };
                let path = || match is_command(option, invocation) && !paths.is_empty() {
                    true => Truth::False,
                    false => path_fits(value, &paths, trial.facts),
                };
                value_fits(value, &globs, regex.as_ref()).and(path())
            };
            let joined = which.join(values.map(fits));
            // Without a name only what is there to see is meant.
            let missed = doubt && !names.is_empty() && joined == Truth::False;
            if missed { Truth::Unknown } else { joined }
        }
    })
}

/// Whether the value is a command of its own (`git rebase -x`), which names no file and is judged by
/// itself.
fn is_command(option: &Opt, invocation: &Invocation) -> bool {
    let Some(place) = option.place else { return false };
    let mut contents = invocation.contents.iter().filter(|source| source.role == "command");
    contents.any(|source| matches!(source.carrier, Carrier::Argument(it) if it == place))
}

fn value_fits(value: &OsStr, globs: &List<'_>, regex: Option<&Pattern<'_>>) -> Truth {
    let bytes = value.as_encoded_bytes();
    let by_glob = globs.is_empty() || globs.raw().any(|glob| glob::matches(glob, bytes));
    if !by_glob {
        return Truth::False;
    }
    regex.map_or(Truth::True, |regex| regex.found_in(bytes))
}

/// Whether the file that a value names is one of these.
fn path_fits(value: &OsStr, paths: &List<'_>, facts: &dyn Facts) -> Truth {
    if paths.is_empty() {
        return Truth::True;
    }
    let fits = |value: &OsStr| match facts.canonical(Path::new(value)) {
        Some(path) => {
            Which::Any.join(paths.raw().map(|one| path_pattern::matches(one, &path, facts)))
        }
        None => Truth::Unknown,
    };
    let found = fits(value);
    // What is parted by commas or stands behind a `=` may be a list to the program.
    let parts = || value.to_str().map(readings).unwrap_or_default();
    let doubt =
        found == Truth::False && parts().iter().any(|part| fits(OsStr::new(part)) != Truth::False);
    if doubt { Truth::Unknown } else { found }
}

fn shown_names(facts: &dyn Facts) -> Vec<String> {
    let Invocation { options, .. } = &facts.action().invocation;
    options.iter().map(|option| format!("`{}`", option.name)).collect()
}

fn describe(payload: &[u8]) -> Result<String, Damaged> {
    Ok(match decode(payload)? {
        Options::Names { any, all, none } => {
            let parts = [("any of", any), ("all of", all), ("none of", none)];
            let shown = parts.iter().filter(|(_, list)| !list.is_empty());
            let shown: Vec<String> =
                shown.map(|(what, list)| format!("{what} {}", list.shown())).collect();
            shown.join(", ")
        }
        Options::Value { names, paths, globs, regex, which } => {
            let paths = (!paths.is_empty()).then(|| format!("naming {}", paths.shown()));
            let globs = (!globs.is_empty()).then(|| format!("like {}", globs.shown()));
            let regex = regex.map(|regex| format!("matching `{regex}`"));
            let tests: Vec<String> = globs.into_iter().chain(regex).chain(paths).collect();
            format!("{} value of {} {}", which.name(), names.shown(), tests.join(" and "))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{refused, test, test_known};
    use datafog_core::Opt;

    use crate::{Given, Truth};

    fn facts(options: &[(&str, Option<&str>)]) -> Given {
        let mut facts = Given::command("rm", "/");
        facts.invocation().options = options
            .iter()
            .map(|(name, value)| Opt {
                name: (*name).into(),
                value: value.map(Into::into),
                place: None,
            })
            .collect();
        facts
    }

    #[test]
    fn presence() {
        let facts = facts(&[("--recursive", None), ("--force", None)]);
        assert_eq!(test("option = '--recursive'", &facts), Truth::True);
        assert_eq!(test("option = ['--x', '--force']", &facts), Truth::True);
        assert_eq!(test("option = { all = ['--x', '--force'] }", &facts), Truth::False);
        assert_eq!(test("option = { none = ['--x'] }", &facts), Truth::True);
        assert_eq!(
            test("option = { any = ['--force'], none = ['--recursive'] }", &facts),
            Truth::False
        );
    }

    #[test]
    fn a_line_not_understood_leaves_doubt() {
        let mut facts = facts(&[("--force", None)]);
        facts.invocation().unclear.push("unknown option".into());
        assert_eq!(test("option = '--force'", &facts), Truth::True);
        assert_eq!(test("option = '--recursive'", &facts), Truth::Unknown);
        assert_eq!(test("option = { none = ['--recursive'] }", &facts), Truth::Unknown);
        assert_eq!(test("option = { none = ['--force'] }", &facts), Truth::False);
        assert_eq!(test("option = { name = '--x', value = 'y' }", &facts), Truth::Unknown);
        assert_eq!(test("option = { path = '/srv/**' }", &facts), Truth::False, "nothing to see");
    }

    #[test]
    fn any_option_may_name_the_file() {
        let facts = facts(&[("--force", None), ("--output", Some("/srv/a"))]);
        assert_eq!(test("option = { path = '/srv/**' }", &facts), Truth::True);
        assert_eq!(test("option = { path = '/etc' }", &facts), Truth::False);
    }

    #[test]
    fn values() {
        let facts = facts(&[("--data", Some("@key")), ("--data", Some("plain")), ("-k", None)]);
        assert_eq!(test("option = { name = '--data', value = '@*' }", &facts), Truth::True);
        assert_eq!(
            test("option = { name = '--data', value = '@*', which = 'every' }", &facts),
            Truth::False
        );
        assert_eq!(test("option = { name = '--data', matches = '^pl' }", &facts), Truth::True);
        assert_eq!(test("option = { name = '-k', value = '*' }", &facts), Truth::False);
        assert_eq!(test("option = { name = ['-k', '--data'], path = '/@*' }", &facts), Truth::True);
        assert_eq!(test("option = { name = '--data', path = '/plain/x' }", &facts), Truth::False);
    }

    #[test]
    fn slips_are_named() {
        assert!(refused("option = { all = ['-a'], none = ['-a'] }").contains("never fire"));
        assert!(refused("option = { any = ['-a'], none = ['-a'] }").contains("never fire"));
        assert!(refused("option = {}").contains("names no option"));
        assert!(refused("option = 'force'").contains("did you mean `--force`?"));
        assert!(refused("option = { value = 'x', any = ['-a'] }").contains("without `name`"));
        assert!(refused("option = { name = '-x' }").contains("neither `value`, `matches`"));
        assert!(refused("option = { name = '-x', matches = '(' }").contains("unclosed group"));
        assert!(
            refused("command = 'rm'\noption = '--recusive'")
                .contains("did you mean `--recursive`?")
        );
    }

    #[test]
    fn aliases_become_canonical() {
        let facts = facts(&[("--recursive", None)]);
        assert_eq!(test_known("command = 'rm'\noption = '-R'", &facts), Truth::True);
    }
}
