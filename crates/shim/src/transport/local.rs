//! Commands that reach nobody.

use datafog_core::{Invocation, Surroundings};

use crate::read::Call;

/// Nothing to work out.
pub(crate) fn contact(_: &Call<'_>, _: &dyn Surroundings, _: &mut Invocation) {}
