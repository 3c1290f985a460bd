//! Commands that run another command (`env A=b git status`).
//!
//! Assignments come first, then the command, then its own arguments. Here they are only named; what
//! the command does is added by [`crate::wrapped()`].

use datafog_core::{
    Carrier, ContentSource, Deliver, Flow, Invocation, OperandKind, Place, Span, Surroundings,
};

use crate::read::Call;
use crate::split::split;

/// Names the command and the assignments before it.
pub(crate) fn contact(call: &Call<'_>, surroundings: &dyn Surroundings, to: &mut Invocation) {
    let texts = call.given.iter().filter(|given| given.spec.role == "command");
    for text in texts.filter_map(|given| given.value.as_ref()) {
        if split(&text.bytes, surroundings).is_none() {
            to.unclear.push("a command stands in one argument".to_owned());
        }
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
