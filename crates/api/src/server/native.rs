//! Our own form: actions, approvals, policy. `docs/openapi.json` describes it; errors are those of
//! RFC 9457.

mod actions;
mod approvals;
mod expiry;
mod policy;
mod policy_file;

pub(crate) use actions::actions;
pub(crate) use approvals::{approval, approvals, decision, revocation, whole};
pub use expiry::expire_overdue;
pub(crate) use policy::policy;
pub(crate) use policy_file::{put, restore, text, version, versions};
