//! Commands that run another command (`env A=b git status`).
//!
//! Assignments come first, then the command, then its own arguments. The command runs through its
//! own shim when it has one; here it is only named.

use datafog_core::{
    Carrier, ContentSource, Deliver, Flow, Invocation, OperandKind, Place, Span, Surroundings,
};

use crate::read::Call;

/// Names the command and the assignments before it.
pub(crate) fn contact(call: &Call<'_>, _: &dyn Surroundings, to: &mut Invocation) {
    if call.given.iter().any(|given| given.spec.role == "command") {
        to.unclear.push("a command stands in one argument".to_owned());
    }
    for operand in &mut to.operands {
        let bytes = operand.text.as_encoded_bytes();
        let Some(equals) = bytes.iter().position(|byte| *byte == b'=') else {
            operand.kind = OperandKind::Command;
            return;
        };
        let value = equals.saturating_add(1);
        let place = operand.place.map(|place| Place {
            argument: place.argument,
            span: Span::at(value, bytes.len().saturating_sub(value)),
        });
        if let Some(place) = place.filter(|place| !place.span.is_empty()) {
            to.contents.push(ContentSource {
                carrier: Carrier::Argument(place),
                flow: Flow::Stays,
                role: "environment".to_owned(),
                deliver: Deliver::Handle,
            });
        }
    }
}
