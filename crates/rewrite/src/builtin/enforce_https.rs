//! `enforce-https`: what would be asked over plain HTTP is asked over TLS.

use datafog_core::Value;

use super::Builtin;
use crate::Refusal;
use crate::command::Command;
use crate::custom::{replace_scheme, schemes};
use crate::draft::Draft;
use crate::tool::{Call, is_named, members};

pub(super) const REWRITE: Builtin = Builtin {
    name: "enforce-https",
    summary: "`http://` becomes `https://`, except on this machine",
    command: Some(command),
    tool: Some(tool),
};

/// Arguments that hold the address that is called.
const URLS: &[&str] = &["endpoint", "href", "uri", "url", "urls"];

fn command(command: &Command<'_>, draft: &mut Draft) -> Result<(), Refusal> {
    replace_scheme(("http", "https"), command, draft)
}

fn tool(_: &Call<'_>, arguments: &mut Value) -> Result<(), Refusal> {
    let Some(all) = members(arguments) else { return Ok(()) };
    let mut urls = all.iter_mut().filter(|(name, _)| is_named(name, URLS));
    urls.try_for_each(|(_, value)| schemes(("http", "https"), value))
}
