//! `redact-secrets` and `redact-pii`: what was found is replaced by a mark.

use datafog_core::Value;

use super::Builtin;
use crate::Refusal;
use crate::command::Command;
use crate::custom::found_in;
use crate::draft::Draft;
use crate::mark::{covers, mark, marked};
use crate::tool::{Call, each_text, is_named};

pub(super) const SECRETS: Builtin = Builtin {
    name: "redact-secrets",
    summary: "secrets are replaced by a mark",
    command: Some(|command, draft| words(&["secret.*", "custom.*"], command, draft)),
    tool: Some(|call, arguments| {
        fields(&["secret.*", "custom.*"], call, arguments);
        named_secrets(arguments);
        Ok(())
    }),
};

pub(super) const PII: Builtin = Builtin {
    name: "redact-pii",
    summary: "personal data is replaced by a mark",
    command: Some(|command, draft| words(&["pii.*"], command, draft)),
    tool: Some(|call, arguments| {
        fields(&["pii.*"], call, arguments);
        Ok(())
    }),
};

/// Members whose text is a secret by their name alone.
const NAMES: &[&str] = &[
    "access_token",
    "api_key",
    "auth_token",
    "client_secret",
    "passphrase",
    "passwd",
    "password",
    "private_key",
    "refresh_token",
    "secret",
    "secret_key",
    "token",
];

/// Marks in the words of a command.
pub(crate) fn words(
    globs: &[&str],
    command: &Command<'_>,
    draft: &mut Draft,
) -> Result<(), Refusal> {
    for at in 1..command.words.len() {
        let mut found = found_in(command.findings, at);
        found.retain(|finding| covers(globs, &finding.entity));
        if found.is_empty() {
            continue;
        }
        let Some(text) = command.text(at) else {
            return Refusal::because("the value only shows when the line runs");
        };
        let new = marked(text.as_bytes(), &found).and_then(|new| String::from_utf8(new).ok());
        let new =
            new.ok_or_else(|| Refusal("the value cannot be told from the rest".to_owned()))?;
        draft.replace(at, new);
    }
    Ok(())
}

/// Marks in the fields of a call.
pub(crate) fn fields(globs: &[&str], call: &Call<'_>, arguments: &mut Value) {
    each_text(arguments, &mut |path, _, text| {
        let mut found = call.found_at(path);
        found.retain(|finding| covers(globs, &finding.entity));
        let new = marked(text.as_bytes(), &found).and_then(|new| String::from_utf8(new).ok());
        if let Some(new) = new {
            *text = new;
        }
    });
}

fn named_secrets(arguments: &mut Value) {
    let made = mark("secret.generic.password");
    each_text(arguments, &mut |_, name, text| {
        if is_named(name, NAMES) && !text.is_empty() && !text.contains("[REDACTED:") {
            text.clone_from(&made);
        }
    });
}
