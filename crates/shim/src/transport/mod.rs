//! Where a call goes: one file per way of reaching other machines.
//!
//! A transport reads the effects of options and the operands of a call and writes destinations
//! into the invocation. Profiles name it by its file's name (`transport = "http"`).

use datafog_core::{Invocation, Surroundings};

use crate::read::Call;

pub(crate) mod cargo;
mod context;
pub(crate) mod copy;
pub(crate) mod docker;
pub(crate) mod endpoint;
pub(crate) mod git;
pub(crate) mod http;
pub(crate) mod local;
pub(crate) mod npm;
pub(crate) mod pip;
pub(crate) mod psql;
mod sift;
pub(crate) mod ssh;
pub(crate) mod wrapper;

/// Works out destinations, and mends kinds and flows of operands that depend on them.
pub(crate) type Contact = fn(&Call<'_>, &dyn Surroundings, &mut Invocation);
