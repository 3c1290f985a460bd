//! `discards`: whether the command takes away work that no commit holds.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{ConditionAbout, Cost, Kind, Leaf, Trial, anywhere, values};
use crate::bytes::{Damaged, List, decode};
use crate::read::{Item, Reader, Sense};
use crate::truth::Which;
use crate::{Truth, path_pattern};

pub(super) static KIND: Kind = Kind {
    about: ConditionAbout {
        name: "discards",
        summary: "The command removes, empties or overwrites work that no commit holds: files of a \
                  repository that have changes or that git does not know yet, and what is in no \
                  repository and no temporary folder. What git is told to ignore and what `except` \
                  names does not count. Of git itself `checkout`, `checkout-index` and `restore` are \
                  understood: a name is a path to them unless it names a commit.",
        form: "`true`, `false` or `{ except }`",
        example: r#"discards = { except = ["**/target/**", "**/*.pyc"] }"#,
        unknown: "when git does not answer, or a path only shows when the command runs",
        cost: "questions to git (`git rev-parse`, `git status`), of three seconds at most each",
    },
    read,
    test,
    describe,
    seen: |facts| {
        String::from(match facts.discards(&|_| false) {
            None => "unknown",
            Some(true) => "work that no commit holds",
            Some(false) => "none",
        })
    },
    narrow: anywhere,
};

#[derive(Serialize, Deserialize)]
struct Wanted<'a> {
    discards: bool,
    /// Paths that do not count.
    #[serde(borrow)]
    except: List<'a>,
}

fn read(item: &Item<'_>, reader: &mut Reader<'_>, _: Sense) -> Option<Leaf> {
    let wanted = if item.get_ref().is_table() {
        let fields = reader.fields(item, &["except"])?;
        values::check_something(&fields, "discards", reader)?;
        let except = values::at(&fields, "except", reader, values::paths)?;
        Wanted { discards: true, except }
    } else {
        Wanted { discards: reader.flag(item)?, except: List::default() }
    };
    Some(Leaf::new(&KIND, Cost::Files, &wanted))
}

fn test(payload: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    let Wanted { discards, except } = decode(payload)?;
    let facts = trial.facts;
    let is_spared = |path: &Path| {
        let fits = except.raw().map(|one| path_pattern::matches(one, path, facts));
        Which::Any.join(fits) == Truth::True
    };
    Ok(facts.discards(&is_spared).map_or(Truth::Unknown, |found| Truth::of(found == discards)))
}

fn describe(payload: &[u8]) -> Result<String, Damaged> {
    let Wanted { discards, except } = decode(payload)?;
    let except = values::shown("except", &except);
    Ok(except.map_or_else(|| discards.to_string(), |except| format!("{discards}; {except}")))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{refused, test};
    use super::*;
    use crate::Given;

    #[test]
    fn work_that_is_nowhere_else() {
        let mut facts = Given::command("rm", "/srv/a");
        assert_eq!(test("discards = true", &facts), Truth::Unknown);
        facts.discarded = Some(vec!["/srv/a/target/x".into()]);
        assert_eq!(test("discards = true", &facts), Truth::True);
        assert_eq!(test("discards = false", &facts), Truth::False);
        assert_eq!(test("discards = { except = '**/src/**' }", &facts), Truth::True);
        assert_eq!(test("discards = { except = ['**/target/**'] }", &facts), Truth::False);
        facts.discarded = Some(Vec::new());
        assert_eq!(test("discards = true", &facts), Truth::False);
        assert!(refused("discards = {}").contains("says nothing"));
        assert!(refused("discards = 'src'").contains("policy.toml:1:12"));
    }
}
