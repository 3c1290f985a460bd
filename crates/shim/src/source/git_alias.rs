//! Where a subcommand that the table does not know leads: an alias, or a program called `git-x`.
//!
//! git is asked for the alias. One for a subcommand of git's own goes where that goes; one that
//! runs something (`!…`), and every program of another, may go anywhere.

use std::ffi::{OsStr, OsString};

use datafog_core::{Destination, Flow, HostName, Invocation, OperandKind, Reach, Surroundings};

use crate::profile::profile;
use crate::source::git_remote;

/// The destinations of the subcommand; none when it does not leave this machine.
pub(crate) fn find(
    invocation: &Invocation,
    deferred: &Destination,
    surroundings: &dyn Surroundings,
) -> Vec<Destination> {
    let unknown =
        || vec![Destination { host: HostName::Unknown, reach: Reach::Unknown, ..deferred.clone() }];
    let Some(alias) = alias(invocation, surroundings) else { return unknown() };
    let mut words = alias.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    // Options before the subcommand are settings of their own.
    let Some(first) = words.next().filter(|word| !word.starts_with(b"-")) else { return unknown() };
    let scope = profile("git").and_then(|git| git.command.subcommand(first));
    let Some((name, scope)) = scope else { return unknown() };
    let nested = scope.flows.has(Flow::Leaves) || scope.flows.has(Flow::Enters);
    if !nested {
        // What subcommands of it do, or options, is not looked into.
        return if scope.scopes.is_empty() && !runs(scope) { Vec::new() } else { unknown() };
    }
    git_remote::find(&expanded(invocation, name, words), deferred, surroundings)
}

/// Whether some option of the subcommand runs a command or reaches a remote.
fn runs(scope: &crate::profile::Scope) -> bool {
    scope.options.iter().any(|option| option.role == "command" || option.adds.has(Flow::Enters))
}

/// Whether the call names no subcommand of git's own: an alias, or a program called `git-x`.
#[must_use]
pub fn names_alias(invocation: &Invocation) -> bool {
    let name = invocation.subcommand.first().filter(|_| invocation.program == "git");
    name.zip(profile("git"))
        .is_some_and(|(name, git)| git.command.subcommand(name.as_bytes()).is_none())
}

/// The text of an alias as git knows it, asked with the words that stand before its name; `None`
/// when there is none.
pub(crate) fn value(
    globals: impl Iterator<Item = OsString>,
    name: &OsStr,
    surroundings: &dyn Surroundings,
) -> Option<String> {
    let mut key = OsString::from("alias.");
    key.push(name);
    let words = ["config", "--get"].map(OsString::from).into_iter().chain([key]);
    let answer = surroundings.output_of("git", &globals.chain(words).collect::<Vec<_>>()).ok()?;
    let text = String::from_utf8(answer).ok()?;
    Some(text.strip_suffix('\n').unwrap_or(&text).to_owned()).filter(|text| !text.is_empty())
}

/// The words of an alias, parted as git parts them: at blanks, with quotes and backslashes.
pub(crate) fn words(text: &str) -> Vec<String> {
    let (mut words, mut quote, mut letters) = (vec![None::<String>], None, text.chars());
    while let Some(letter) = letters.next() {
        let Some(word) = words.last_mut() else { break };
        match (letter, quote) {
            (letter, Some(open)) if letter == open => quote = None,
            ('\\', Some('"') | None) => word.get_or_insert_default().extend(letters.next()),
            ('\'' | '"', None) => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (letter, None) if letter.is_ascii_whitespace() => words.push(None),
            (letter, _) => word.get_or_insert_default().push(letter),
        }
    }
    words.into_iter().flatten().collect()
}

fn alias(invocation: &Invocation, surroundings: &dyn Surroundings) -> Option<Vec<u8>> {
    // A name that is not told in full is `?`.
    let name = invocation.subcommand.first().filter(|name| *name != "?")?;
    let mut arguments = git_remote::globals(invocation);
    arguments.extend(["config".into(), "--get".into(), format!("alias.{name}").into()]);
    let value = surroundings.output_of("git", &arguments).ok()?;
    (!value.starts_with(b"!")).then_some(value)
}

/// The call with the alias put in place, as far as it says which remotes are meant.
fn expanded<'w>(
    invocation: &Invocation,
    subcommand: &str,
    words: impl Iterator<Item = &'w [u8]>,
) -> Invocation {
    let mut call = invocation.clone();
    call.subcommand = vec![subcommand.to_owned()];
    let given = words.filter(|word| !word.starts_with(b"-"));
    let given = given.map(|word| datafog_core::Operand {
        text: OsString::from(String::from_utf8_lossy(word).into_owned()),
        kind: OperandKind::Text,
        flow: Flow::Stays,
        place: None,
        canonical: None,
    });
    call.operands.splice(0..0, given.collect::<Vec<_>>());
    if let Some(first) = call.operands.first_mut() {
        first.kind = OperandKind::Remote;
    }
    call
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_parted_as_git_parts_them() {
        let cases: [(&str, &[&str]); 5] = [
            ("push --force", &["push", "--force"]),
            ("  log  --format='%h %s' ", &["log", "--format=%h %s"]),
            (r#"a "b \" c" ''"#, &["a", "b \" c", ""]),
            (r"a\ b", &["a b"]),
            ("", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(words(text), expected, "{text}");
        }
    }
}
