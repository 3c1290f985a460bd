//! Rewrites that a policy describes by steps, carried out.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use datafog_core::{Channel, CustomRewrite, Finding, RewriteStep, RewriteValue, Value};

use crate::builtin::redact;
use crate::command::Command;
use crate::draft::Draft;
use crate::tool::{Call, each_text, members};
use crate::{Refusal, address};

/// Takes the steps on a command.
pub(crate) fn command(
    rewrite: &CustomRewrite,
    command: &Command<'_>,
    draft: &mut Draft,
) -> Result<(), Refusal> {
    rewrite.steps.iter().try_for_each(|step| match step {
        RewriteStep::Append(words) => append(words, command, draft),
        RewriteStep::Cap { place, at } => cap(place, *at, command, draft),
        RewriteStep::DropFlag(names) => drop_flags(names, command, draft),
        RewriteStep::Redact(globs) => {
            let globs: Vec<&str> = globs.iter().map(String::as_str).collect();
            redact::words(&globs, command, draft)
        }
        RewriteStep::ReplaceScheme { from, to } => replace_scheme((from, to), command, draft),
        RewriteStep::Set { place, to } => set(place, to, command, draft),
    })
}

/// The words are put there once: a command that has them already is left as it is.
fn append(words: &[String], command: &Command<'_>, draft: &mut Draft) -> Result<(), Refusal> {
    let has =
        |word: &String| command.argv.iter().skip(1).any(|it| it.as_bytes() == word.as_bytes());
    if words.iter().all(has) {
        return Ok(());
    }
    // Behind `--` a word is an operand, whatever it looks like.
    let at = command.dashes().unwrap_or(command.words.len());
    words.iter().for_each(|word| draft.insert(at, word));
    Ok(())
}

fn drop_flags(names: &[String], command: &Command<'_>, draft: &mut Draft) -> Result<(), Refusal> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for option in command.options(&names) {
        known_word(command, option)?;
        draft.drop_option(option, &command.argv).ok_or_else(out_of_reach)?;
    }
    if !command.invocation.known {
        // Nothing is known of the program but that `--` ends options.
        let end = command.argv.iter().position(|word| word.as_bytes() == b"--");
        let words = command.argv.iter().enumerate().skip(1).take(end.unwrap_or(usize::MAX));
        for (at, word) in words {
            if names.iter().any(|name| word.as_bytes() == name.as_bytes()) {
                draft.drop_word(at);
            }
        }
    }
    Ok(())
}

fn out_of_reach() -> Refusal {
    Refusal("an option stands where it cannot be changed".to_owned())
}

fn known_word(command: &Command<'_>, option: &datafog_core::Opt) -> Result<(), Refusal> {
    let at = command.word_of(option).ok_or_else(out_of_reach)?;
    let known = |at: usize| command.words.get(at).is_some_and(|word| word.known);
    let value = option.place.map_or(at, |place| place.argument);
    if known(at) && known(value) { Ok(()) } else { Err(out_of_reach()) }
}

fn set(
    place: &str,
    to: &RewriteValue,
    command: &Command<'_>,
    draft: &mut Draft,
) -> Result<(), Refusal> {
    if !place.starts_with('-') {
        return Ok(());
    }
    let text = match to {
        RewriteValue::Bool(true) => None,
        RewriteValue::Bool(false) => return drop_flags(&[place.to_owned()], command, draft),
        RewriteValue::Integer(number) => Some(number.to_string()),
        RewriteValue::Text(text) => Some(text.clone()),
    };
    put_option(place, text.as_deref(), command, draft)
}

/// Gives an option once, with this value.
pub(crate) fn put_option(
    name: &str,
    value: Option<&str>,
    command: &Command<'_>,
    draft: &mut Draft,
) -> Result<(), Refusal> {
    let named = [name];
    let given: Vec<_> = command.options(&named).collect();
    let is = |option: &&datafog_core::Opt| option.value.as_deref() == value.map(OsStr::new);
    if given.len() == 1 && given.iter().all(is) {
        return Ok(());
    }
    for option in given {
        known_word(command, option)?;
        draft.drop_option(option, &command.argv).ok_or_else(out_of_reach)?;
    }
    let at = command.option_place().ok_or_else(out_of_reach)?;
    match value {
        None => draft.insert(at, name),
        // Of two words, since not every program takes `--x=y`.
        Some(value) => {
            draft.insert(at, name);
            draft.insert(at, value);
        }
    }
    Ok(())
}

fn cap(place: &str, most: i64, command: &Command<'_>, draft: &mut Draft) -> Result<(), Refusal> {
    if !place.starts_with('-') {
        return Ok(());
    }
    let last = command.option(place);
    let value = last.and_then(|option| option.value.as_ref()?.to_str()?.parse::<f64>().ok());
    #[expect(clippy::cast_precision_loss, reason = "a limit is a small number")]
    let most_of = most as f64;
    // 0 means without limit to the programs that have one.
    if value.is_some_and(|value| value > 0.0 && value <= most_of) {
        return Ok(());
    }
    put_option(place, Some(&most.to_string()), command, draft)
}

/// Every word of the command that is a URL as a whole.
pub(crate) fn replace_scheme(
    (from, to): (&str, &str),
    command: &Command<'_>,
    draft: &mut Draft,
) -> Result<(), Refusal> {
    let head = format!("{from}://");
    for (at, word) in command.words.iter().enumerate().skip(1) {
        let text = word.text.to_string_lossy();
        let begins = text.trim_start().get(..head.len()).unwrap_or_default();
        if !begins.eq_ignore_ascii_case(&head) {
            continue;
        }
        let known = command.text(at).ok_or_else(|| {
            Refusal("which host the URL names only shows when the line runs".to_owned())
        })?;
        if let Some(url) = address::with_scheme(known, from, to)? {
            draft.replace(at, OsString::from(url));
        }
    }
    Ok(())
}

/// Takes the steps on the arguments of a tool.
pub(crate) fn tool(
    rewrite: &CustomRewrite,
    call: &Call<'_>,
    arguments: &mut Value,
) -> Result<(), Refusal> {
    for step in &rewrite.steps {
        match step {
            // Words and options are those of commands.
            RewriteStep::Append(_) | RewriteStep::DropFlag(_) => {}
            RewriteStep::Cap { place, at } => {
                change_at(arguments, place, &mut |value| capped(value, *at));
            }
            RewriteStep::Redact(globs) => {
                let globs: Vec<&str> = globs.iter().map(String::as_str).collect();
                redact::fields(&globs, call, arguments);
            }
            RewriteStep::ReplaceScheme { from, to } => schemes((from, to), arguments)?,
            RewriteStep::Set { place, to } => {
                change_at(arguments, place, &mut |value| {
                    *value = match to {
                        RewriteValue::Bool(flag) => Value::Bool(*flag),
                        RewriteValue::Integer(number) => Value::Integer(*number),
                        RewriteValue::Text(text) => Value::Text(text.clone()),
                    };
                });
            }
        }
    }
    Ok(())
}

/// A number that is at most `most`; what is none, or stands for no limit, becomes it.
pub(crate) fn capped(value: &mut Value, most: i64) {
    #[expect(clippy::cast_precision_loss, reason = "a limit is a small number")]
    let most_of = most as f64;
    let within = match value {
        Value::Integer(number) => *number > 0 && *number <= most,
        Value::Float(number) => *number > 0.0 && *number <= most_of,
        Value::Text(text) => {
            text.trim().parse::<f64>().is_ok_and(|number| number > 0.0 && number <= most_of)
        }
        Value::Bool(_) | Value::List(_) | Value::Null | Value::Table(_) => false,
    };
    // As a number, whatever it was: that is what a rule can compare.
    if !within || matches!(value, Value::Text(_)) {
        let least = match value {
            Value::Text(text) if within => text.trim().parse().unwrap_or(most),
            Value::Bool(_)
            | Value::Float(_)
            | Value::Integer(_)
            | Value::List(_)
            | Value::Null
            | Value::Table(_)
            | Value::Text(_) => most,
        };
        *value = Value::Integer(least);
    }
}

/// Changes what stands at a dot path; tables on the way there are made, other values are not.
fn change_at(value: &mut Value, path: &str, change: &mut dyn FnMut(&mut Value)) {
    if path.starts_with('-') {
        return;
    }
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let Some(all) = members(value) else { return };
    if !all.iter().any(|(known, _)| known == name) {
        let new = if rest.is_some() { Value::Table(Vec::new()) } else { Value::Null };
        all.push((name.to_owned(), new));
    }
    let Some((_, inner)) = all.iter_mut().find(|(known, _)| known == name) else { return };
    match rest {
        Some(rest) => change_at(inner, rest, change),
        None => change(inner),
    }
}

/// Texts that are URLs as a whole.
pub(crate) fn schemes((from, to): (&str, &str), arguments: &mut Value) -> Result<(), Refusal> {
    let mut refused = None;
    each_text(arguments, &mut |_, _, text| match address::with_scheme(text, from, to) {
        Ok(Some(url)) if !text.trim().contains(char::is_whitespace) => *text = url,
        Ok(_) => {}
        Err(why) => refused = Some(why),
    });
    refused.map_or(Ok(()), Err)
}

/// What was found in one argument of a command.
pub(crate) fn found_in(findings: &[Finding], argument: usize) -> Vec<&Finding> {
    findings.iter().filter(|it| it.channel == Channel::Argument(argument)).collect()
}
