/*!
The words of datafog: what is asked, what was found, what was decided.

Every other crate speaks in these types and none of them does I/O: no file, clock, environment or
process is touched here. A value flows one way, [`Action`] → [`Finding`]s → [`Decision`] →
[`Receipt`], and each step is made by exactly one crate. This crate holds no rule, no pattern and
no policy; it only makes wrong states hard to write down.
*/

mod action;
mod approval;
mod channel;
mod circumstance;
mod decision;
mod destination;
mod digest;
mod facts;
mod finding;
mod flow;
mod id;
mod invented;
mod invocation;
mod mode;
mod named;
mod principal;
mod readings;
mod receipt;
mod rewrite;
mod risk;
mod secret;
mod shown;
mod somewhere;
mod span;
mod surroundings;
mod temporary;
mod tool_call;
mod transform;
mod value;
mod verdict;
mod whole;

pub use action::{Action, ActionKind};
pub use approval::{ApprovalNote, ApprovalScope, ApprovalState, ApprovalWay, PATIENCE};
pub use channel::Channel;
pub use circumstance::{Account, Automation, LocalTime, Remote, Repository};
pub use decision::{Decision, Obligation, RuleMatch};
pub use destination::{Destination, HostName, Reach, Void, is_resent};
pub use digest::{Digest, Key, KeyedDigest, KeyedHasher};
pub use facts::Facts;
pub use finding::{Confidence, Finding, Severity};
pub use flow::{Flow, Flows};
pub use id::{Id, IdPrefix, ParseIdError};
pub use invented::Invented;
pub use invocation::{
    Carrier, ContentSource, Deliver, Invocation, Operand, OperandKind, Opt, Place, SecretPlace,
    StdinUse, Told,
};
pub use mode::{Mode, ParseModeError};
pub use named::Named;
pub use principal::{Principal, PrincipalKind};
pub use readings::readings;
pub use receipt::{ChannelScan, Event, PolicyUse, Receipt, ReceiptKind, RuleOrigin};
pub use rewrite::{CustomRewrite, RewriteStep, RewriteValue, Rewritten};
pub use risk::{Risk, RiskSignal};
pub use secret::Secret;
pub use shown::is_unseen;
pub use somewhere::{BELOW, SOMEWHERE, above, behind_somewhere, is_somewhere};
pub use span::Span;
pub use surroundings::Surroundings;
pub use temporary::{in_temporary, in_temporary_home};
pub use tool_call::{Category, ToolCall};
pub use transform::Transform;
pub use value::Value;
pub use verdict::Verdict;
pub use whole::{whole, whole_or_none};
