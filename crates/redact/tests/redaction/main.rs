//! The redaction as its users see it.

#[cfg(test)]
mod guarded;
#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    clippy::string_slice,
    reason = "small numbers and ASCII texts of the tests"
)]
mod streams;
