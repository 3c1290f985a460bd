//! What the tests of the engine, those of the whole and the benchmark share: texts made from
//! templates, and texts made to cost time.

pub(crate) mod template;
pub(crate) mod units;
pub(crate) mod varied;
