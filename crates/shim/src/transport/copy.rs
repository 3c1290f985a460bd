//! The direction of copies: the last operand is where data goes, the others where it comes from.

use std::collections::HashSet;
use std::ffi::OsString;

use datafog_core::{Carrier, Destination, Flow, Invocation, OperandKind};

use crate::read::{Call, Given};

/// Tells operands on other machines from paths of this one, and sets the flows that follow.
/// Returns whether another machine takes part.
///
/// `remote` reads an operand declared as `remote-path`: `None` is a path of this machine.
pub(crate) fn direct(to: &mut Invocation, remote: &dyn Fn(&[u8]) -> Option<OperandKind>) -> bool {
    for operand in to.operands.iter_mut().filter(|it| it.kind == OperandKind::RemotePath) {
        operand.kind = remote(operand.text.as_encoded_bytes()).unwrap_or(OperandKind::Path);
    }
    let away = |kind| matches!(kind, OperandKind::RemotePath | OperandKind::Url);
    if !to.operands.iter().any(|operand| away(operand.kind)) {
        stay(to);
        overwrite(to);
        return false;
    }
    let (enters, leaves) = match to.operands.split_last() {
        Some((last, [])) => (away(last.kind), false),
        Some((last, sources)) => (sources.iter().any(|it| away(it.kind)), away(last.kind)),
        None => (false, false),
    };
    // An option that is not understood may have taken the last operand for its value.
    let leaves = leaves || !to.unclear.is_empty();
    to.flows = to.flows.without(Flow::Leaves).without(Flow::Enters).without(Flow::Stays);
    to.flows = if enters { to.flows.with(Flow::Enters) } else { to.flows };
    to.flows = if leaves { to.flows.with(Flow::Leaves) } else { to.flows };
    let elsewhere: HashSet<OsString> =
        to.operands.iter().filter(|it| away(it.kind)).map(|it| it.text.clone()).collect();
    to.contents.retain(|content| match &content.carrier {
        Carrier::File(path) => !elsewhere.contains(path.as_os_str()),
        Carrier::Argument(_) | Carrier::Inline(_) | Carrier::Stdin | Carrier::Untold(_) => true,
    });
    let flow = if leaves { Flow::Leaves } else { Flow::Stays };
    // What is no copied file (rules, commands) is told to the other side whichever way files go.
    let copied = to.contents.iter_mut().filter(|content| content.role == "file");
    copied.for_each(|content| content.flow = flow);
    for operand in &mut to.operands {
        operand.flow = if operand.flow == Flow::Leaves { flow } else { operand.flow };
    }
    overwrite(to);
    true
}

/// The place on this machine that is copied to is written, as with `cp`.
fn overwrite(to: &mut Invocation) {
    let several = to.operands.len() > 1;
    let last = to.operands.last_mut().filter(|last| several && last.kind == OperandKind::Path);
    if let Some(last) = last {
        last.flow = Flow::Destroys;
    }
}

/// Adds a destination, unless it is one of the last few: repeats come in a row, and looking at
/// all of thousands for each would not be linear.
pub(crate) fn reach(to: &mut Invocation, destination: Destination) {
    if !to.destinations.iter().rev().take(32).any(|known| *known == destination) {
        to.destinations.push(destination);
    }
}

/// A dry run tells the names of files to the other side, and nothing of what is in them.
pub(crate) fn rehearse(call: &Call<'_>, to: &mut Invocation) {
    let dry = |given: &Given<'_>| given.spec.drops.has(Flow::Leaves) && !given.negated;
    if !call.given.iter().any(dry) {
        return;
    }
    for content in to.contents.iter_mut().filter(|content| content.role == "file") {
        if matches!(content.carrier, Carrier::File(_)) {
            content.flow = Flow::Stays;
        }
    }
}

/// Nobody is contacted: what would have left stays.
pub(crate) fn stay(to: &mut Invocation) {
    let moves = to.flows.has(Flow::Leaves) || to.flows.has(Flow::Enters);
    to.flows = to.flows.without(Flow::Leaves).without(Flow::Enters);
    if moves {
        to.flows = to.flows.with(Flow::Stays);
    }
    for content in &mut to.contents {
        content.flow = Flow::Stays;
    }
    for operand in to.operands.iter_mut().filter(|operand| operand.flow == Flow::Leaves) {
        operand.flow = Flow::Stays;
    }
}
