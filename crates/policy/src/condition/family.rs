//! `family`: the kind of program, as its profile says.

use serde::{Deserialize, Serialize};

use super::{ConditionAbout, Cost, Kind, Leaf, Scope, Trial};
use crate::Truth;
use crate::bytes::{Damaged, List, decode};
use crate::read::{Item, Reader, Sense};

pub(super) static KIND: Kind = Kind {
    about: ConditionAbout {
        name: "family",
        summary: "The program's profile belongs to one of these families; a program without a \
                  profile belongs to none.",
        form: "name or list of names",
        example: r#"family = "http""#,
        unknown: "never",
        cost: "nothing",
    },
    read,
    test,
    describe,
    seen: |facts| match facts.action().invocation.family.as_str() {
        "" => String::from("no family"),
        family => format!("`{family}`"),
    },
    narrow,
};

#[derive(Serialize, Deserialize)]
struct Family<'a>(#[serde(borrow)] List<'a>);

fn read(item: &Item<'_>, reader: &mut Reader<'_>, _: Sense) -> Option<Leaf> {
    let names = reader.texts(item)?;
    if !reader.check_whole(&names, "family") {
        return None;
    }
    let vocabulary = reader.vocabulary;
    let known = vocabulary.families();
    let mut sound = true;
    for name in names.iter().filter(|name| !known.is_empty() && !known.contains(name.get_ref())) {
        reader.unknown_word(name.span(), "family", name.get_ref(), &known);
        sound = false;
    }
    let names = Family(names.into_iter().map(toml::Spanned::into_inner).collect());
    sound.then(|| Leaf::new(&KIND, Cost::Invocation, &names))
}

fn test(payload: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    let Family(names) = decode(payload)?;
    let family = &trial.facts.action().invocation.family;
    Ok(Truth::of(!family.is_empty() && names.has(family)))
}

fn describe(payload: &[u8]) -> Result<String, Damaged> {
    let Family(names) = decode(payload)?;
    Ok(names.shown())
}

fn narrow(payload: &[u8], scope: &mut Scope) {
    if let Ok(Family(names)) = decode(payload) {
        scope.families.extend(names.iter().map(str::to_owned));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{refused, test};
    use crate::{Given, Truth};

    #[test]
    fn families_are_whole() {
        let mut facts = Given::command("git", "/");
        assert_eq!(test("family = 'vcs'", &facts), Truth::False);
        facts.invocation().family = String::from("vcs");
        assert_eq!(test("family = ['http', 'vcs']", &facts), Truth::True);
        assert!(refused("family = '*'").contains("leave `family` out"));
        assert!(refused("family = 'vsc'").contains("did you mean `vcs`?"));
    }
}
