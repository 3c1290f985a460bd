//! `sandbox-code-exec`: a tool that runs code is asked to do so apart and without writing.

use datafog_core::Value;

use super::Builtin;
use crate::Refusal;
use crate::tool::{Call, is_named, members};

pub(super) const REWRITE: Builtin = Builtin {
    name: "sandbox-code-exec",
    summary: "the tool is asked to run code in a sandbox that writes nothing",
    command: None,
    tool: Some(tool),
};

fn tool(_: &Call<'_>, arguments: &mut Value) -> Result<(), Refusal> {
    let Some(all) = members(arguments) else {
        return Refusal::because("the tool takes no named arguments");
    };
    for name in ["sandbox", "read_only"] {
        let mut any = false;
        // However a tool spells it: one that stays `false` would win.
        for (_, value) in all.iter_mut().filter(|(known, _)| is_named(known, &[name])) {
            *value = Value::Bool(true);
            any = true;
        }
        if !any {
            all.push((name.to_owned(), Value::Bool(true)));
        }
    }
    Ok(())
}
