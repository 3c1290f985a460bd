//! Refuses what does more than can be looked at, whatever the policy says.
//!
//! A policy may let pass what is not understood (`unscannable = "allow"`): one program that only
//! shows when it runs, in a line of which the rest is judged. A line that is cut short is another
//! thing. Behind as many harmless commands as are looked at stands whatever its writer wants.

use datafog_core::{Action, Carrier, Decision, Verdict};

use crate::case::Case;
use crate::started::{OPAQUE, TOO_DEEP, TOO_MANY};

/// The decision against an action that was not followed to its end; `None` for all others.
pub(crate) fn refusal(case: &Case<'_>) -> Option<Decision> {
    let why = case.all().find_map(|one| reason(one.action))?;
    Some(Decision::without_rule(Verdict::Deny, why))
}

/// Why nobody looked further here.
fn reason(action: &Action) -> Option<&'static str> {
    let invocation = &action.invocation;
    if invocation.program != OPAQUE {
        return None;
    }
    invocation.contents.iter().find_map(|source| match &source.carrier {
        Carrier::Untold(why) => [TOO_DEEP, TOO_MANY].into_iter().find(|limit| limit == why),
        Carrier::Argument(_) | Carrier::File(_) | Carrier::Inline(_) | Carrier::Stdin => None,
    })
}
