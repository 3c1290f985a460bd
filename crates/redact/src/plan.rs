//! Which findings are replaced, and by what.

use core::fmt;

use datafog_core::Transform;

/// What is asked for each entity type.
type Choose<'p> = dyn Fn(&str) -> Option<Transform> + 'p;

/// Says for each entity type by what its findings are replaced.
pub struct Plan<'p> {
    choose: Box<Choose<'p>>,
}

impl<'p> Plan<'p> {
    /// The plan that asks `choose` for each finding, by its entity type; `None` leaves it alone.
    #[must_use]
    pub fn new(choose: impl Fn(&str) -> Option<Transform> + 'p) -> Self {
        Self { choose: Box::new(choose) }
    }

    /// Replaces everything in the same way.
    #[must_use]
    pub fn all(transform: Transform) -> Self {
        Self::new(move |_| Some(transform))
    }

    /// By what findings of `entity` are replaced.
    #[must_use]
    pub fn transform(&self, entity: &str) -> Option<Transform> {
        (self.choose)(entity)
    }
}

impl fmt::Debug for Plan<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plan")
    }
}
