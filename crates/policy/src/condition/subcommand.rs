//! `subcommand`: the words after the program and its global options.

use serde::{Deserialize, Serialize};

use super::{ConditionAbout, Cost, Kind, Leaf, Trial, anywhere};
use crate::Truth;
use crate::bytes::{Damaged, List, decode};
use crate::read::{Item, Reader, Sense};

pub(super) static KIND: Kind = Kind {
    about: ConditionAbout {
        name: "subcommand",
        summary: "The subcommand starts with these words, global options left out.",
        form: "words or list of them",
        example: r#"subcommand = ["push", "remote add"]"#,
        unknown: "when the program has no profile",
        cost: "nothing",
    },
    read,
    test,
    describe,
    seen: |facts| match facts.action().invocation.subcommand.as_slice() {
        [] => String::from("none"),
        words => format!("`{}`", words.join(" ")),
    },
    narrow: anywhere,
};

#[derive(Serialize, Deserialize)]
struct Subcommand<'a>(#[serde(borrow)] List<'a>);

fn read(item: &Item<'_>, reader: &mut Reader<'_>, _: Sense) -> Option<Leaf> {
    let texts = reader.texts(item)?;
    if !reader.check_whole(&texts, "subcommand") {
        return None;
    }
    let vocabulary = reader.vocabulary;
    let tables: Option<Vec<Vec<&str>>> =
        reader.commands.iter().map(|command| vocabulary.subcommands(command)).collect();
    let known = tables.unwrap_or_default().concat();
    let mut sound = true;
    for text in &texts {
        let first = text.get_ref().split_whitespace().next().unwrap_or_default();
        if first.starts_with('-') {
            let help = "write options under `option`; subcommands are found without them";
            reader.error_with_help(text.span(), format!("`{first}` is an option"), help);
            sound = false;
        } else if !known.is_empty() && !known.contains(&first) {
            reader.unknown_word(text.span(), "subcommand", first, &known);
            sound = false;
        }
    }
    let words = |text: toml::Spanned<&str>| {
        let words: Vec<&str> = text.into_inner().split_whitespace().collect();
        words.join(" ")
    };
    let texts = Subcommand(texts.into_iter().map(words).collect());
    sound.then(|| Leaf::new(&KIND, Cost::Invocation, &texts))
}

fn test(payload: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    let Subcommand(texts) = decode(payload)?;
    let invocation = &trial.facts.action().invocation;
    let starts = |text: &str| {
        let mut given = invocation.subcommand.iter();
        text.split(' ').all(|word| given.next().is_some_and(|given| given == word))
    };
    Ok(Truth::unless_doubt(texts.iter().any(starts), !invocation.known))
}

fn describe(payload: &[u8]) -> Result<String, Damaged> {
    let Subcommand(texts) = decode(payload)?;
    Ok(texts.shown())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{refused, test};
    use crate::{Given, Truth};

    #[test]
    fn words_match_from_the_front() {
        let mut facts = Given::command("git", "/");
        facts.invocation().subcommand = vec!["remote".into(), "add".into()];
        assert_eq!(test("subcommand = 'remote'", &facts), Truth::True);
        assert_eq!(test("subcommand = 'remote  add'", &facts), Truth::True);
        assert_eq!(test("subcommand = 'rem'", &facts), Truth::False);
        assert_eq!(test("subcommand = 'remote add x'", &facts), Truth::False);
        facts.invocation().known = false;
        assert_eq!(test("subcommand = 'push'", &facts), Truth::Unknown);
    }

    #[test]
    fn slips_are_named() {
        assert!(refused("command = 'git'\nsubcommand = 'psuh'").contains("did you mean `push`?"));
        for about in ["", "command = 'git'\n", "command = 'nobody-knows-it'\n"] {
            let told = refused(&format!("{about}subcommand = 'remote *'"));
            assert!(told.contains("leave `subcommand` out to mean every"), "{told}");
        }
        assert!(refused("subcommand = '-C'").contains("is an option"));
    }
}
