//! `content`: what the command would use as content, above all which files.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use datafog_core::{Carrier, ContentSource, Facts, Flow, Flows, Invocation, readings};
use serde::{Deserialize, Serialize};

use super::{ConditionAbout, Cost, Kind, Leaf, Trial, anywhere, values};
use crate::Truth;
use crate::bytes::{Damaged, List, decode};
use crate::pattern::Pattern;
use crate::read::{Item, Reader, Sense};
use crate::truth::Which;
use crate::{glob, path_pattern};

pub(super) static KIND: Kind = Kind {
    about: ConditionAbout {
        name: "content",
        summary: "One source of content (in a rule that lets something through: every source) \
                  fits all that is given: the file's path, the channel, its role, which way it \
                  moves, and what its text holds, where that stands in an argument, a here-string \
                  or another program's words in front of a pipe; text elsewhere never fits.",
        form: "path pattern, list of them, or `{ path, except, channel, role, flow, matches, which }`",
        example: r#"content = { path = "~/.ssh/id_*", flow = "leaves" }"#,
        unknown: "when a file's path cannot be resolved, or the program has no profile",
        cost: "a walk over the content sources; resolved paths for `path`",
    },
    read,
    test,
    describe,
    seen,
    narrow: anywhere,
};

const CHANNELS: [&str; 4] = ["argument", "file", "inline", "stdin"];

/// The role of what holds the names of a tool's arguments, a line for each.
const NAMES: &str = "names";

#[derive(Serialize, Deserialize)]
struct Wanted<'a> {
    #[serde(borrow)]
    paths: List<'a>,
    /// Paths that do not count.
    #[serde(borrow)]
    except: List<'a>,
    #[serde(borrow)]
    channels: List<'a>,
    #[serde(borrow)]
    roles: List<'a>,
    #[serde(borrow)]
    flows: List<'a>,
    /// What the text must hold, where it stands in the line.
    #[serde(borrow)]
    regex: Option<Cow<'a, str>>,
    which: Which,
    /// What nobody tells of leaves no doubt.
    told_only: bool,
}

fn read(item: &Item<'_>, reader: &mut Reader<'_>, sense: Sense) -> Option<Leaf> {
    let wanted = if item.get_ref().is_table() {
        read_table(item, reader, sense)?
    } else {
        let paths = reader.paths(item)?.into_iter().collect();
        let none = List::default;
        let (except, channels, roles, flows) = (none(), none(), none(), none());
        let which = sense.which();
        Wanted { paths, except, channels, roles, flows, regex: None, which, told_only: false }
    };
    Some(Leaf::new(&KIND, Cost::Walk, &wanted))
}

fn read_table(item: &Item<'_>, reader: &mut Reader<'_>, sense: Sense) -> Option<Wanted<'static>> {
    let keys = ["channel", "except", "flow", "matches", "path", "role", "which"];
    let fields = reader.fields(item, &keys)?;
    let paths = values::at(&fields, "path", reader, values::paths);
    let except = values::at(&fields, "except", reader, values::paths);
    let roles = values::at(&fields, "role", reader, values::roles);
    let flows = values::at(&fields, "flow", reader, values::flows);
    let channels = values::at(&fields, "channel", reader, |item, reader| {
        values::channels(item, reader, &CHANNELS)
    });
    let regex = values::at(&fields, "matches", reader, values::regex);
    let which = values::which(&fields, reader, sense);
    values::check_something(&fields, "content", reader)?;
    values::check_except(&fields, reader)?;
    let (paths, channels) = (paths?, channels?);
    if !paths.is_empty() && !channels.is_empty() && !channels.has("file") {
        let help = "only content from a `file` has a path";
        reader.error_with_help(fields.key_span("path"), "the rule can never fire", help);
        return None;
    }
    let (except, roles, flows, regex, which) = (except?, roles?, flows?, regex?, which?);
    if regex.is_some() && !paths.is_empty() {
        let help = "what is in files is not read here; use two conditions";
        reader.error_with_help(fields.key_span("matches"), "`matches` beside `path`", help);
        return None;
    }
    values::check_left(&fields, &paths, &except, reader)?;
    Some(Wanted { paths, except, channels, roles, flows, regex, which, told_only: false })
}

/// The condition that one source of content is a file within these, but none of `except`. Without
/// exceptions the words of a program that nobody knows say it (`operand`): what else it may read is
/// no reason to stop each of them.
pub(super) fn within(paths: &[String], except: &[String]) -> Leaf {
    let none = List::default;
    let wanted = Wanted {
        paths: paths.iter().collect(),
        except: except.iter().collect(),
        channels: none(),
        roles: none(),
        flows: none(),
        regex: None,
        which: Which::Any,
        told_only: except.is_empty(),
    };
    Leaf::new(&KIND, Cost::Walk, &wanted)
}

/// The flows that content is asked for, none when any will do; and whether its text is asked for.
pub(crate) fn asks(payload: &[u8]) -> Result<(Flows, bool), Damaged> {
    let wanted: Wanted<'_> = decode(payload)?;
    Ok((values::named_flows(&wanted.flows), wanted.regex.is_some()))
}

fn test(payload: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    let invocation = &trial.facts.action().invocation;
    let told = is_told(invocation);
    if invocation.contents.is_empty() && told {
        // Nothing fits nothing; most commands need not even read what was wanted.
        return Ok(Truth::False);
    }
    let wanted: Wanted<'_> = decode(payload)?;
    let joined = match invocation.contents.as_slice() {
        [] => Truth::False,
        all => wanted.which.join(all.iter().map(|one| wanted.fits(one, trial.facts))),
    };
    let doubt = !told && !wanted.told_only && joined == Truth::False;
    Ok(if doubt { Truth::Unknown } else { joined })
}

/// Whether all content is told that anybody knows of: by a profile, or, of a program that only its
/// name says to send, by its words.
const fn is_told(invocation: &Invocation) -> bool {
    invocation.known || invocation.flows.has(Flow::Leaves)
}

impl Wanted<'_> {
    fn fits(&self, source: &ContentSource, facts: &dyn Facts) -> Truth {
        let role = source.role.as_bytes();
        let cheap = (self.channels.is_empty() || self.channels.has(channel(&source.carrier)))
            && (self.flows.is_empty() || self.flows.has(source.flow.name()))
            && (self.roles.is_empty() || self.roles.raw().any(|glob| glob::matches(glob, role)));
        if let Some(regex) = self.regex.as_deref().filter(|_| cheap) {
            let found = |text| Pattern::new(regex).found_in(text);
            return text_of(source, facts).map_or(Truth::False, found);
        }
        if !cheap || self.paths.is_empty() {
            return Truth::of(cheap);
        }
        match &source.carrier {
            Carrier::File(path) => {
                facts.canonical(path).map_or(Truth::Unknown, |path| self.path(&path, facts))
            }
            // Nobody knows what an argument means to a tool, but one that spells a file that is
            // wanted may name it.
            Carrier::Inline(text) if facts.action().tool.is_some() => {
                let names = |text: &[u8]| self.may_name(text, facts);
                let text = text.trim_ascii_end();
                let all = source.role == NAMES || !text.contains(&b'\n');
                if all && text.split(|byte| *byte == b'\n').any(names) {
                    Truth::Unknown
                } else {
                    Truth::False
                }
            }
            Carrier::Argument(_) | Carrier::Inline(_) | Carrier::Stdin | Carrier::Untold(_) => {
                Truth::False
            }
        }
    }

    /// Whether a text, seen from the working directory, is the path of a file that is wanted. Any
    /// word is such a path where every path is wanted but some, so there it says nothing.
    fn may_name(&self, text: &[u8], facts: &dyn Facts) -> bool {
        let anything = self.paths.raw().any(|path| [b"/**".as_slice(), b"**"].contains(&path));
        let names = |text: &OsStr| {
            let real = facts.canonical(Path::new(text));
            real.is_some_and(|path| self.path(&path, facts) == Truth::True)
        };
        if anything || text.is_empty() {
            return false;
        }
        let parts = || str::from_utf8(text).map(readings).unwrap_or_default();
        names(OsStr::from_bytes(text)) || parts().into_iter().any(|part| names(OsStr::new(part)))
    }

    fn path(&self, path: &Path, facts: &dyn Facts) -> Truth {
        let any = |list: &List<'_>| {
            Which::Any.join(list.raw().map(|one| path_pattern::matches(one, path, facts)))
        };
        any(&self.paths).and(any(&self.except).negated())
    }
}

/// The text of a content that stands in the line itself.
fn text_of<'f>(source: &'f ContentSource, facts: &'f dyn Facts) -> Option<&'f [u8]> {
    match &source.carrier {
        Carrier::Argument(place) => {
            let span = place.span.start()..place.span.end();
            facts.action().argv.get(place.argument)?.as_bytes().get(span)
        }
        Carrier::Inline(text) => Some(text),
        Carrier::File(_) | Carrier::Stdin | Carrier::Untold(_) => None,
    }
}

const fn channel(carrier: &Carrier) -> &'static str {
    match carrier {
        Carrier::Argument(_) => "argument",
        Carrier::File(_) => "file",
        Carrier::Inline(_) => "inline",
        Carrier::Stdin => "stdin",
        Carrier::Untold(_) => "untold",
    }
}

fn seen(facts: &dyn Facts) -> String {
    let show = |source: &ContentSource| match &source.carrier {
        Carrier::File(path) => {
            format!("{} from `{}` {}", source.role, path.display(), source.flow.name())
        }
        other @ (Carrier::Argument(_)
        | Carrier::Inline(_)
        | Carrier::Stdin
        | Carrier::Untold(_)) => {
            format!("{} from {} {}", source.role, channel(other), source.flow.name())
        }
    };
    let sources: Vec<String> = facts.action().invocation.contents.iter().map(show).collect();
    if sources.is_empty() { String::from("none") } else { sources.join(", ") }
}

fn describe(payload: &[u8]) -> Result<String, Damaged> {
    let wanted: Wanted<'_> = decode(payload)?;
    let parts = [
        values::shown("channel", &wanted.channels),
        values::shown("role", &wanted.roles),
        values::shown("flow", &wanted.flows),
        values::shown("path", &wanted.paths),
        values::shown("except", &wanted.except),
        wanted.regex.as_ref().map(|regex| format!("matching `{regex}`")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    Ok(format!("{} content: {}", wanted.which.name(), parts.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{refused, test, test_loosening};
    use super::*;
    use crate::Given;
    use datafog_core::{Deliver, Flow, Place, Span};

    fn facts(sources: &[(Carrier, &str, Flow)]) -> Given {
        let mut facts = Given::command("curl", "/home/user/work");
        facts.invocation().contents = sources
            .iter()
            .map(|(carrier, role, flow)| ContentSource {
                carrier: carrier.clone(),
                flow: *flow,
                role: (*role).into(),
                deliver: Deliver::Handle,
            })
            .collect();
        facts
    }

    #[test]
    fn files_by_where_they_really_are() {
        let facts = facts(&[
            (Carrier::File("../.ssh/id_rsa".into()), "body", Flow::Leaves),
            (Carrier::Stdin, "form", Flow::Leaves),
        ]);
        assert_eq!(test("content = '~/.ssh/id_*'", &facts), Truth::True);
        assert_eq!(test("content = ['~/.aws/**', '**/*.pem']", &facts), Truth::False);
        assert_eq!(test("content = { path = '~/.ssh/**', flow = 'stays' }", &facts), Truth::False);
        assert_eq!(test("content = { role = 'fo*', channel = 'stdin' }", &facts), Truth::True);
        assert_eq!(test_loosening("content = '~/**'", &facts), Truth::False);
        assert_eq!(test_loosening("content = { flow = 'leaves' }", &facts), Truth::True);
    }

    #[test]
    fn exceptions_leave_the_rest() {
        let facts =
            facts(&[(Carrier::File("/home/user/.ssh/id_rsa.pub".into()), "", Flow::Leaves)]);
        assert_eq!(test("content = '~/.ssh/id_*'", &facts), Truth::True);
        let private = "content = { path = '~/.ssh/id_*', except = '**/*.pub' }";
        assert_eq!(test(private, &facts), Truth::False);
        assert!(refused("content = { except = '/x', role = 'y' }").contains("without `path`"));
    }

    #[test]
    fn texts_that_stand_in_the_line() {
        let place = Place { argument: 2, span: Span::at(1, 10) };
        let mut facts = facts(&[
            (Carrier::Argument(place), "query", Flow::Stays),
            (Carrier::Inline(b"select 2".to_vec()), "stdin", Flow::Stays),
            (Carrier::File("x.sql".into()), "query", Flow::Stays),
            (Carrier::Stdin, "stdin", Flow::Stays),
        ]);
        facts.action.argv = ["psql", "-c", "(drop table) x"].map(Into::into).to_vec();
        for (condition, holds) in [
            ("matches = '^drop table$'", Truth::True),
            ("role = 'query', matches = 'select'", Truth::False),
            ("role = ['query', 'stdin'], matches = '^select 2$'", Truth::True),
            ("channel = ['file', 'stdin'], matches = 'select|drop'", Truth::False),
        ] {
            assert_eq!(test(&format!("content = {{ {condition} }}"), &facts), holds, "{condition}");
        }
        assert_eq!(test_loosening("content = { matches = 'select|drop' }", &facts), Truth::False);
        let both = refused("content = { path = '~/x', matches = 'a' }");
        assert!(both.contains("`matches` beside `path`"));
    }

    #[test]
    fn slips_are_named() {
        assert!(refused("content = { path = '~/x', channel = 'stdin' }").contains("never fire"));
        assert!(refused("content = { role = 'quey' }").contains("did you mean `query`?"));
        assert!(refused("content = {}").contains("says nothing"));
        assert!(refused("content = 'x'").contains("where it starts"));
    }
}
