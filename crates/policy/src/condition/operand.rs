//! `operand`: what the command acts on, by path, text or kind.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use datafog_core::{Facts, Flow, Flows, Operand, OperandKind, readings};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

use super::{ConditionAbout, Cost, Kind, Leaf, Trial, anywhere, values};
use crate::Truth;
use crate::bytes::{Damaged, List, decode};
use crate::pattern::Pattern;
use crate::read::{Item, Reader, Sense};
use crate::truth::Which;
use crate::{glob, path_pattern};

pub(super) static KIND: Kind = Kind {
    about: ConditionAbout {
        name: "operand",
        summary: "One operand (in a rule that lets something through: every operand) fits all \
                  that is given: canonical path, text, kind, and what the command does with it. \
                  `empties` looks at them together: three or more, and nearly all that a shell's \
                  `*` names in one of these folders.",
        form: "path pattern, list of them, or `{ path, except, empties, text, matches, kind, flow, which }`",
        example: r#"operand = ["/", "~", "<cwd-ancestor>"]"#,
        unknown: "when a path cannot be resolved and its text does not settle it, or when a program \
                  without a profile names what is wanted",
        cost: "a walk over the operands",
    },
    read,
    test,
    describe,
    seen,
    narrow: anywhere,
};

const KINDS: [(&str, OperandKind); 8] = [
    ("command", OperandKind::Command),
    ("host", OperandKind::Host),
    ("path", OperandKind::Path),
    ("reference", OperandKind::Reference),
    ("remote", OperandKind::Remote),
    ("remote_path", OperandKind::RemotePath),
    ("text", OperandKind::Text),
    ("url", OperandKind::Url),
];

#[derive(Serialize, Deserialize)]
struct Wanted<'a> {
    #[serde(borrow)]
    paths: List<'a>,
    /// Paths that do not count.
    #[serde(borrow)]
    except: List<'a>,
    #[serde(borrow)]
    texts: List<'a>,
    #[serde(borrow)]
    regex: Option<Cow<'a, str>>,
    /// Names of [`KINDS`].
    #[serde(borrow)]
    kinds: List<'a>,
    /// Names of flows.
    #[serde(borrow)]
    flows: List<'a>,
    which: Which,
    /// Folders of which nearly everything is named.
    #[serde(borrow)]
    empties: List<'a>,
}

/// So many operands at least are a list that a shell made, or one as good as that.
const SEVERAL: usize = 3;

fn read(item: &Item<'_>, reader: &mut Reader<'_>, sense: Sense) -> Option<Leaf> {
    let wanted = if item.get_ref().is_table() {
        read_table(item, reader, sense)?
    } else {
        let paths = reader.paths(item)?.into_iter().collect();
        let none = List::default;
        let (except, texts, kinds, flows) = (none(), none(), none(), none());
        let (regex, empties) = (None, none());
        Wanted { paths, except, texts, regex, kinds, flows, which: sense.which(), empties }
    };
    Some(Leaf::new(&KIND, Cost::Walk, &wanted))
}

fn read_table(item: &Item<'_>, reader: &mut Reader<'_>, sense: Sense) -> Option<Wanted<'static>> {
    let keys = ["empties", "except", "flow", "kind", "matches", "path", "text", "which"];
    let fields = reader.fields(item, &keys)?;
    let paths = values::at(&fields, "path", reader, values::paths);
    let except = values::at(&fields, "except", reader, values::paths);
    let empties = values::at(&fields, "empties", reader, values::paths);
    let texts = values::at(&fields, "text", reader, values::globs);
    let regex = values::at(&fields, "matches", reader, values::regex);
    let flows = values::at(&fields, "flow", reader, values::flows);
    let kinds = values::at(&fields, "kind", reader, |item, reader| {
        let kinds = reader.words(item, "kind of operand", &KINDS)?;
        Some(kinds.into_iter().map(kind_name).collect::<List<'_>>())
    });
    let which = values::which(&fields, reader, sense);
    values::check_something(&fields, "operand", reader)?;
    values::check_except(&fields, reader)?;
    let (paths, kinds, empties) = (paths?, kinds?, empties?);
    let alone = ["except", "kind", "matches", "path", "text", "which"];
    if let Some(key) = alone.iter().find(|key| !empties.is_empty() && fields.item(key).is_some()) {
        let help = "`empties` is about all operands together; only `flow` goes with it";
        reader.error_with_help(fields.key_span(key), format!("`{key}` beside `empties`"), help);
        return None;
    }
    if !paths.is_empty() && !kinds.is_empty() && !kinds.has("path") {
        let help = "only operands of kind `path` have a canonical path; use `text` for others";
        reader.error_with_help(fields.key_span("path"), "the rule can never fire", help);
        return None;
    }
    let (except, texts, regex, flows, which) = (except?, texts?, regex?, flows?, which?);
    values::check_left(&fields, &paths, &except, reader)?;
    Some(Wanted { paths, except, texts, regex, kinds, flows, which, empties })
}

/// The condition that one operand is a path within these, but none of `except`.
pub(super) fn within(paths: &[String], except: &[String]) -> Leaf {
    let none = List::default;
    let wanted = Wanted {
        paths: paths.iter().collect(),
        except: except.iter().collect(),
        texts: none(),
        regex: None,
        kinds: none(),
        flows: none(),
        which: Which::Any,
        empties: none(),
    };
    Leaf::new(&KIND, Cost::Walk, &wanted)
}

/// The flows that operands are asked for, none when any will do; and whether their text is asked for.
pub(crate) fn asks(payload: &[u8]) -> Result<(Flows, bool), Damaged> {
    let wanted: Wanted<'_> = decode(payload)?;
    let text = wanted.regex.is_some() || !wanted.texts.is_empty();
    Ok((values::named_flows(&wanted.flows), text))
}

fn kind_name(kind: OperandKind) -> &'static str {
    KINDS.iter().find(|(_, one)| *one == kind).map_or("", |(name, _)| name)
}

fn test(payload: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    let invocation = &trial.facts.action().invocation;
    if invocation.operands.is_empty() {
        // Nothing fits nothing; most commands need not even read what was wanted.
        return Ok(Truth::False);
    }
    let wanted: Wanted<'_> = decode(payload)?;
    if !wanted.empties.is_empty() {
        return Ok(wanted.together(&invocation.operands, trial.facts));
    }
    let regex = wanted.regex.as_deref().map(Pattern::new);
    let fits = |operand: &Operand| {
        // A path is known of a program without a profile where the shell opens the file, or where it is
        // known to read what its words name.
        if invocation.known || invocation.says || operand.kind == OperandKind::Path {
            wanted.fits(operand, regex.as_ref(), trial.facts)
        } else {
            wanted.may_fit(operand, trial.facts)
        }
    };
    Ok(wanted.which.join(invocation.operands.iter().map(fits)))
}

impl Wanted<'_> {
    /// For a command without a profile: nobody knows what an argument means to it, but an argument
    /// that does not even spell what is wanted is no such operand.
    fn may_fit(&self, operand: &Operand, facts: &dyn Facts) -> Truth {
        let whole = operand.text.as_encoded_bytes();
        // `--file=/path`, `-f/path` and `@/path` name the path, too.
        let value = whole.iter().position(|byte| *byte == b'=');
        let value = value.and_then(|at| whole.get(at.saturating_add(1)..));
        let attached = match whole {
            [b'-', letter, rest @ ..] if *letter != b'-' && !rest.is_empty() => Some(rest),
            [b'@', rest @ ..] if !rest.is_empty() => Some(rest),
            _ => None,
        };
        let parts = operand.text.to_str().map(readings).unwrap_or_default();
        let parts = parts.into_iter().map(str::as_bytes);
        let named = [Some(whole), value, attached].into_iter().flatten();
        let spelled = named.chain(parts).any(|text| {
            let word = OsStr::from_bytes(text);
            let globbed =
                self.texts.is_empty() || self.texts.raw().any(|glob| glob::matches(glob, text));
            globbed && (self.paths.is_empty() || self.leads(Path::new(word), facts))
        });
        if spelled { Truth::Unknown } else { Truth::False }
    }

    /// Whether `path`, resolved, may be one that is wanted.
    fn leads(&self, path: &Path, facts: &dyn Facts) -> bool {
        let resolved = facts.canonical(path);
        resolved.is_none_or(|path| self.one_of(&path, facts) != Truth::False)
    }

    fn one_of(&self, path: &Path, facts: &dyn Facts) -> Truth {
        let listed = |list: &List<'_>| {
            Which::Any.join(list.raw().map(|one| path_pattern::matches(one, path, facts)))
        };
        listed(&self.paths).and(listed(&self.except).negated())
    }

    /// Whether the operands are nearly all that stands in one of the folders. A folder that cannot
    /// be looked into leaves doubt.
    fn together(&self, operands: &[Operand], facts: &dyn Facts) -> Truth {
        if operands.len() < SEVERAL {
            return Truth::False;
        }
        let mut named: BTreeMap<&Path, BTreeSet<&OsStr>> = BTreeMap::new();
        for operand in operands {
            let path = operand.canonical.as_deref();
            let flow = self.flows.is_empty() || self.flows.has(operand.flow.name());
            if let Some((folder, name)) =
                path.filter(|_| flow).and_then(|path| Some((path.parent()?, path.file_name()?)))
            {
                named.entry(folder).or_default().insert(name);
            }
        }
        named.retain(|_, names| names.len() >= SEVERAL);
        Which::Any.join(named.into_iter().map(|(folder, names)| {
            let meant = Which::Any
                .join(self.empties.raw().map(|one| path_pattern::matches(one, folder, facts)));
            if meant == Truth::False {
                return Truth::False;
            }
            // Nine of ten: what is named by hand leaves more behind.
            let nearly = facts
                .entries(folder)
                .map(|all| names.len().saturating_mul(10) >= all.saturating_mul(9));
            meant.and(nearly.map_or(Truth::Unknown, Truth::of))
        }))
    }

    fn fits(&self, operand: &Operand, regex: Option<&Pattern<'_>>, facts: &dyn Facts) -> Truth {
        let kind = self.kinds.is_empty() || self.kinds.has(kind_name(operand.kind));
        let flow = self.flows.is_empty() || self.flows.has(operand.flow.name());
        if !kind || !flow {
            return Truth::False;
        }
        let text = operand.text.as_encoded_bytes();
        let globbed =
            self.texts.is_empty() || self.texts.raw().any(|glob| glob::matches(glob, text));
        let matched = match regex {
            None => Truth::True,
            Some(regex) if globbed => regex.found_in(text),
            Some(_) => Truth::False,
        };
        let path = if self.paths.is_empty() { Truth::True } else { self.path(operand, facts) };
        Truth::of(globbed).and(matched).and(path)
    }

    fn path(&self, operand: &Operand, facts: &dyn Facts) -> Truth {
        if operand.kind != OperandKind::Path {
            let named = named_otherwise(operand);
            let leads = named.is_some_and(|path| self.leads(Path::new(path), facts));
            return if leads { Truth::Unknown } else { Truth::False };
        }
        match &operand.canonical {
            Some(path) => self.one_of(path, facts),
            // What cannot be resolved may still hit by its text; a miss says nothing.
            None => match facts
                .canonical(Path::new(&operand.text))
                .map(|path| self.one_of(&path, facts))
            {
                Some(Truth::True) => Truth::True,
                _ => Truth::Unknown,
            },
        }
    }
}

fn seen(facts: &dyn Facts) -> String {
    let operands = &facts.action().invocation.operands;
    // Texts may hold secrets; the kind, the flow and where a path leads do not give them away.
    let show = |operand: &Operand| match &operand.canonical {
        Some(path) => format!("{} `{}`", operand.flow.name(), path.display()),
        None => format!("{} a {}", operand.flow.name(), kind_name(operand.kind)),
    };
    if operands.is_empty() {
        return String::from("none");
    }
    operands.iter().map(show).collect::<Vec<_>>().join(", ")
}

fn describe(payload: &[u8]) -> Result<String, Damaged> {
    let wanted: Wanted<'_> = decode(payload)?;
    let parts = [
        values::shown("kind", &wanted.kinds),
        values::shown("flow", &wanted.flows),
        values::shown("path", &wanted.paths),
        values::shown("except", &wanted.except),
        values::shown("nearly all in", &wanted.empties),
        values::shown("text", &wanted.texts),
        wanted.regex.as_ref().map(|regex| format!("text matching `{regex}`")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    Ok(format!("{} operand: {}", wanted.which.name(), parts.join("; ")))
}

/// The file that an operand names which is no path itself: of a URL `file:…` what is behind the
/// host, of a reference of git what is behind the commit (gitrevisions(7)), or all of it, since a
/// word that names no commit is a path to git.
fn named_otherwise(operand: &Operand) -> Option<&OsStr> {
    let text = operand.text.as_encoded_bytes();
    let path = match operand.kind {
        OperandKind::Reference if operand.flow != Flow::Destroys => text
            .iter()
            .rposition(|byte| *byte == b':')
            .map_or(Some(text), |at| text.get(at.saturating_add(1)..)),
        OperandKind::Url => text.split_at_checked(5).and_then(|(scheme, rest)| {
            let path = rest.strip_prefix(b"//").map_or(rest, |rest| {
                let slash = rest.iter().position(|byte| *byte == b'/');
                slash.and_then(|at| rest.get(at..)).unwrap_or_default()
            });
            scheme.eq_ignore_ascii_case(b"file:").then_some(path)
        }),
        OperandKind::Command
        | OperandKind::Host
        | OperandKind::Path
        | OperandKind::Reference
        | OperandKind::Remote
        | OperandKind::RemotePath
        | OperandKind::Text => None,
    };
    path.filter(|path| !path.is_empty()).map(OsStr::from_bytes)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{refused, test, test_loosening};
    use crate::{Given, Truth};
    use datafog_core::{Flow, Operand, OperandKind};

    fn facts(operands: &[(&str, Flow, Option<&str>)]) -> Given {
        let mut facts = Given::command("rm", "/home/user/work");
        facts.invocation().operands = operands
            .iter()
            .map(|(text, flow, canonical)| Operand {
                text: (*text).into(),
                kind: OperandKind::Path,
                flow: *flow,
                place: None,
                canonical: canonical.map(Into::into),
            })
            .collect();
        facts
    }

    #[test]
    fn one_operand_stops_but_all_must_fit_to_pass() {
        let facts = facts(&[
            ("target", Flow::Destroys, Some("/home/user/work/target")),
            ("..", Flow::Destroys, Some("/home/user")),
        ]);
        assert_eq!(test("operand = ['/', '<cwd-ancestor>']", &facts), Truth::True);
        assert_eq!(test("operand = '/'", &facts), Truth::False);
        let except = "operand = { path = '<cwd-ancestor>', except = ['/home/*', '/srv'] }";
        assert_eq!(test(except, &facts), Truth::False);
        assert_eq!(test_loosening("operand = '<cwd>/**'", &facts), Truth::False);
        assert_eq!(test_loosening("operand = ['<cwd>/**', '~']", &facts), Truth::True);
        assert_eq!(test("operand = { path = '~', flow = 'stays' }", &facts), Truth::False);
        assert_eq!(test("operand = { text = 'tar*', kind = 'path' }", &facts), Truth::True);
        assert_eq!(test("operand = { matches = '^t.*t$' }", &facts), Truth::True);
        assert_eq!(test("operand = { kind = 'url' }", &facts), Truth::False);
    }

    #[test]
    fn a_path_not_resolved_is_doubt_unless_its_text_hits() {
        let facts = facts(&[("../..", Flow::Destroys, None)]);
        assert_eq!(test("operand = '/home'", &facts), Truth::True);
        assert_eq!(test("operand = '/srv'", &facts), Truth::Unknown);
    }

    #[test]
    fn no_operand_fits_nothing() {
        assert_eq!(test("operand = '/'", &facts(&[])), Truth::False);
    }

    #[test]
    fn what_a_command_without_a_profile_does_with_a_path_it_names_is_doubt() {
        let of = |text: &'static str| {
            let mut facts = facts(&[(text, Flow::Stays, None)]);
            facts.invocation().known = false;
            facts.invocation().operands[0].kind = OperandKind::Text;
            facts
        };
        let wanted = "operand = { path = '/srv/**', flow = 'destroys' }";
        let mut opened = of("/srv/x");
        opened.invocation().operands[0].kind = OperandKind::Path;
        assert_eq!(test(wanted, &opened), Truth::False, "the shell opens it to be read");
        assert_eq!(test("operand = { path = '/srv/**', flow = 'stays' }", &opened), Truth::True);
        assert_eq!(test(wanted, &of("/srv/x")), Truth::Unknown);
        assert_eq!(test(wanted, &of("--file=/srv/x")), Truth::Unknown);
        assert_eq!(test(wanted, &of("test")), Truth::False);
        assert_eq!(test("operand = { text = 'te*' }", &of("test")), Truth::Unknown);
        assert_eq!(test("operand = { text = 'te*' }", &of("best")), Truth::False);
    }

    #[test]
    fn a_folder_is_emptied_by_naming_nearly_all_of_it() {
        let named = |count: usize| {
            let paths: Vec<String> = (0..count).map(|it| format!("/home/user/{it}")).collect();
            let operands: Vec<_> =
                paths.iter().map(|path| ("x", Flow::Destroys, Some(path.as_str()))).collect();
            facts(&operands)
        };
        let wanted = "operand = { empties = ['/', '~'] }";
        let of = |count: usize, all: usize| {
            let mut facts = named(count);
            facts.entries.insert("/home/user".into(), all);
            test(wanted, &facts)
        };
        assert_eq!(of(20, 20), Truth::True);
        assert_eq!(of(18, 20), Truth::True, "some were left out");
        assert_eq!(of(17, 20), Truth::False);
        assert_eq!(of(2, 2), Truth::False, "two are named by hand");
        assert_eq!(test(wanted, &named(3)), Truth::Unknown, "nobody can look");
        assert_eq!(test("operand = { empties = '/srv' }", &named(3)), Truth::False);
        assert_eq!(test("operand = { empties = '~', flow = 'stays' }", &named(3)), Truth::False);
        assert!(refused("operand = { empties = '~', text = 'x' }").contains("beside `empties`"));
    }

    #[test]
    fn slips_are_named() {
        assert!(refused("operand = 'etc/passwd'").contains("where it starts"));
        assert!(refused("operand = '/{a,b}'").contains("policy.toml:1:13"));
        assert!(refused("operand = {}").contains("says nothing"));
        assert!(refused("operand = { which = 'any' }").contains("says nothing"));
        assert!(refused("operand = { kind = 'pth' }").contains("did you mean `path`?"));
        assert!(refused("operand = { kind = 'url', path = '/' }").contains("never fire"));
    }
}
