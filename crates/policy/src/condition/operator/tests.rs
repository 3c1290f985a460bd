//! What each operator says to values of each type.

use super::super::testing::{call, test};
use super::*;

/// One value of each type, as in the table of `docs/POLICY.md`.
const VALUES: [(&str, &str); 8] = [
    ("text", "\"10.0.0.5\""),
    ("number", "5"),
    ("fraction", "5.0"),
    ("flag", "true"),
    ("list", "[\"10.0.0.5\",\"x\"]"),
    ("table", "{\"a\":1}"),
    ("null", "null"),
    ("empty list", "[]"),
];

/// Operators and what they say to each of [`VALUES`]: true, false, unknown.
const TABLE: [(&str, &str); 20] = [
    ("eq = '10.0.0.5'", "tuuutuuf"),
    ("eq = 5", "uttuuuuf"),
    ("eq = true", "uuutuuuf"),
    ("one_of = ['x', 5]", "uttutuuf"),
    ("contains = '0.0'", "tuuufuuf"),
    ("contains = 5", "uuuuuuuf"),
    ("like = '10.*'", "tuuutuuf"),
    ("matches = '^10'", "tuuutuuf"),
    ("gt = 4", "uttuuuuf"),
    ("gte = 5", "uttuuuuf"),
    ("lt = 5", "uffuuuuf"),
    ("lte = 5.0", "uttuuuuf"),
    ("between = [5, 6]", "uttuuuuf"),
    ("length_gt = 3", "tuuuffuf"),
    ("length_eq = 2", "fuuutfuf"),
    ("length_lt = 2", "fuuuftut"),
    ("cidr = '10.0.0.0/8'", "tuuutuuf"),
    ("domain_in = '10.0.0.5'", "tuuutuuf"),
    ("domain_not_in = '10.0.0.5'", "fuuutuuf"),
    ("exists = true", "ttttttft"),
];

#[test]
fn every_operator_against_every_type() {
    for (operator, expected) in TABLE {
        let mut said = String::new();
        for (_, json) in VALUES {
            let facts = call("t", &format!("{{\"v\":{json}}}"));
            let truth = test(&format!("argument = {{ path = 'v', {operator} }}"), &facts);
            said.push_str(truth.name().get(..1).unwrap());
        }
        assert_eq!(said, expected, "{operator}");
    }
}

#[test]
fn whole_numbers_and_fractions_compare_by_value() {
    let of = |one: Number, other: Number| one.compare(other);
    assert!(of(Number::Integer(i64::MAX), Number::Integer(i64::MAX - 1)).is_gt());
    assert!(of(Number::Integer(2), Number::Float(1.5)).is_gt());
    assert!(of(Number::Float(-0.0), Number::Integer(0)).is_eq());
}
