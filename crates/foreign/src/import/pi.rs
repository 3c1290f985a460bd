//! Of pi-governance: the paths that no role may touch.

use super::{Sheet, list};
use crate::pi::Pi;

pub(super) fn translate(policy: &Pi, sheet: &mut Sheet<'_>) {
    let mut roles = policy.roles.iter();
    let first: Vec<String> = roles
        .next()
        .map(|role| role.blocked_paths.iter().filter_map(|glob| glob.native()).collect())
        .unwrap_or_default();
    let everybody: Vec<String> = first
        .into_iter()
        .filter(|path| {
            policy.roles.iter().all(|role| {
                role.blocked_paths.iter().any(|glob| glob.native().as_ref() == Some(path))
            })
        })
        .collect();
    if !everybody.is_empty() {
        let when = [format!("operand = {{ path = {} }}", list(&everybody))];
        sheet.rule("blocked-paths", "deny", "no role may touch this path", &[], &when, &[]);
    }
    for role in &policy.roles {
        let why =
            "native rules know no roles of their own; what every role may not touch is translated";
        sheet.leave_out(&role.name, role.heads.tool.line, why);
    }
}
