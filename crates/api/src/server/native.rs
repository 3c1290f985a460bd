//! Our own form: actions, approvals, policy. `docs/openapi.json` describes it; errors are those of
//! RFC 9457.

mod actions;
mod approvals;
mod bundle;
pub(crate) mod channels;
mod elsewhere;
mod expiry;
mod policy;
mod policy_file;

pub(crate) use actions::actions;
pub(crate) use approvals::{approval, approvals, decision, revocation, whole};
pub(crate) use bundle::bundle;
pub(crate) use elsewhere::{ask, withdraw};
pub use expiry::expire_overdue;
pub(crate) use policy::policy;
pub(crate) use policy_file::{
    broken, check_tests, current, current_tests, put, put_back, replace_tests, replaced,
    require_seen, restore, text, told_versions, version, version_at, versions,
};
