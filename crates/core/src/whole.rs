//! Whole numbers as JSON writes them: `60` and `60.0` are one number (RFC 8259 §6), and a schema that
//! says `integer` takes both.

use core::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// Numbers from here on are not told apart from their neighbours once they are written with a point.
const LARGEST: f64 = 9_007_199_254_740_992.0;

struct Whole(u64);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyWhole;
        impl Visitor<'_> for AnyWhole {
            type Value = Whole;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Whole, E> {
                Ok(Whole(number))
            }

            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "0 to 2^53 without a fraction by the check"
            )]
            fn visit_f64<E: Error>(self, number: f64) -> Result<Whole, E> {
                let is_whole = (0.0..LARGEST).contains(&number) && number.fract() == 0.0;
                let wrong = || E::custom("not a whole number");
                is_whole.then_some(Whole(number as u64)).ok_or_else(wrong)
            }
        }
        deserializer.deserialize_any(AnyWhole)
    }
}

/// A whole number, for `deserialize_with`.
///
/// # Errors
/// When it is none, or too large.
pub fn whole<'de, D: Deserializer<'de>, T: TryFrom<u64>>(from: D) -> Result<T, D::Error> {
    fitting(Whole::deserialize(from)?.0)
}

/// A whole number, or none, for `deserialize_with`.
///
/// # Errors
/// When it is neither, or too large.
pub fn whole_or_none<'de, D: Deserializer<'de>, T: TryFrom<u64>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    Option::<Whole>::deserialize(from)?.map(|whole| fitting(whole.0)).transpose()
}

fn fitting<T: TryFrom<u64>, E: Error>(number: u64) -> Result<T, E> {
    T::try_from(number).map_err(|_| E::custom("a number that is too large"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Read {
        #[serde(deserialize_with = "whole")]
        one: u16,
        #[serde(default, deserialize_with = "whole_or_none")]
        two: Option<u32>,
    }

    #[test]
    fn a_number_is_the_same_with_a_point() {
        for (text, expected) in [
            (r#"{"one":60}"#, Some((60, None))),
            (r#"{"one":60.0,"two":null}"#, Some((60, None))),
            (r#"{"one":6e1,"two":7.0}"#, Some((60, Some(7)))),
            (r#"{"one":60.5}"#, None),
            (r#"{"one":-1}"#, None),
            (r#"{"one":-1.0}"#, None),
            (r#"{"one":65536}"#, None),
            (r#"{"one":1e300}"#, None),
            (r#"{"one":"60"}"#, None),
            (r#"{}"#, None),
        ] {
            let read: Option<Read> = serde_json::from_str(text).ok();
            assert_eq!(read.map(|read| (read.one, read.two)), expected, "{text}");
        }
    }
}
