//! Arguments of a tool's call, as they were sent: a table of JSON in which no name stands twice.
//!
//! What is judged has to be what the tool is given. Of a name that stands twice one reader takes the first
//! value and another the last, so that is no table here.
//!
//! Of arguments the store has a digest: HMAC-SHA-256 under the installation's key of their canonical form.
//! Equal arguments have the same one however they are written, and nobody without the key can find by trying
//! which they are. The canonical form is JSON without blanks, names in order of their bytes, texts in
//! UTF-8 with as few escapes as can be, and numbers by what they are worth: whole ones in digits (`1`, `1.0`
//! and `1e0` alike), others as the shortest text that is read as the same double.

use core::fmt;

use datafog_core::{Key, KeyedDigest};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, Serializer};
use serde_json::{Map, Number, Value};

/// Doubles of no more than this are the whole numbers that they look like, and fit into 128 bits.
const LARGEST_WHOLE: f64 = 1e37;

/// Arguments.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Arguments(pub(crate) Map<String, Value>);

impl Arguments {
    /// Their digest under the installation's key.
    pub(crate) fn digest(&self, key: &Key) -> KeyedDigest {
        key.digest("arguments", [&*self.canonical()])
    }

    fn canonical(&self) -> Vec<u8> {
        let mut out = Vec::new();
        table(&self.0, &mut out);
        out
    }
}

fn value(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Array(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                self::value(item, out);
            }
            out.push(b']');
        }
        Value::Number(number) => out.extend_from_slice(self::number(number).as_bytes()),
        Value::Object(members) => table(members, out),
        // These have one form each.
        Value::Bool(_) | Value::Null | Value::String(_) => {
            out.extend_from_slice(value.to_string().as_bytes());
        }
    }
}

fn table(members: &Map<String, Value>, out: &mut Vec<u8>) {
    let mut sorted: Vec<_> = members.iter().collect();
    sorted.sort_by(|(one, _), (other, _)| one.as_bytes().cmp(other.as_bytes()));
    out.push(b'{');
    for (index, (name, member)) in sorted.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(Value::String(name.clone()).to_string().as_bytes());
        out.push(b':');
        value(member, out);
    }
    out.push(b'}');
}

fn number(number: &Number) -> String {
    match number.as_f64().filter(|_| number.is_f64()) {
        #[expect(clippy::cast_possible_truncation, reason = "it is whole, and small enough")]
        Some(worth) if worth.fract() == 0.0 && worth.abs() <= LARGEST_WHOLE => {
            (worth as i128).to_string()
        }
        Some(_) | None => number.to_string(),
    }
}

impl Serialize for Arguments {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Arguments {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members).map(Self)
    }
}

/// Any value whose tables name nothing twice.
#[derive(Clone, Debug, Default)]
pub(crate) struct Single(pub(crate) Value);

impl<'de> Deserialize<'de> for Single {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any).map(Self)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut table = Map::new();
        while let Some((name, Single(value))) = members.next_entry::<String, Single>()? {
            if table.insert(name, value).is_some() {
                return Err(A::Error::custom("a name stands twice in one table"));
            }
        }
        Ok(table)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value);
        number.map(Value::Number).ok_or_else(|| E::custom("a number without a value"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Single(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Value, A::Error> {
        Members.visit_map(members).map(Value::Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Arguments {
        serde_json::from_str(json).unwrap()
    }

    fn canonical(json: &str) -> String {
        String::from_utf8(read(json).canonical()).unwrap()
    }

    #[test]
    fn e2_how_arguments_are_written_makes_no_difference_and_what_they_are_does() {
        let known = canonical(r#"{"a":1,"b":{"c":"é\n","d":[1.5,null,true]}}"#);
        assert_eq!(known, r#"{"a":1,"b":{"c":"é\n","d":[1.5,null,true]}}"#);
        for same in [
            r#"{"b":{"d":[1.5,null,true],"c":"\u00e9\u000a"},"a":1.0}"#,
            "{ \"a\" : 1e0,\r\n\t\"b\":{\"c\":\"é\\n\",\"d\":[15e-1, null, true]}}",
        ] {
            assert_eq!(canonical(same), known);
        }
        for (one, other) in [
            (r#"{"a":1}"#, r#"{"a":2}"#),
            (r#"{"a":1}"#, r#"{"a":"1"}"#),
            (r#"{"a":null}"#, "{}"),
            (r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#),
            (r#"{"a":[[1],2]}"#, r#"{"a":[[1,2]]}"#),
            (r#"{"a":"b\",\"c"}"#, r#"{"a":"b","c":1}"#),
            (r#"{"a":9007199254740993}"#, r#"{"a":9007199254740992}"#),
            (r#"{"a":1e37}"#, r#"{"a":1e38}"#),
        ] {
            assert_ne!(canonical(one), canonical(other), "{one} {other}");
        }
        assert_eq!(canonical(r#"{"a":-0.0,"b":1e3}"#), r#"{"a":0,"b":1000}"#);
    }

    #[test]
    fn e2_the_digest_is_that_of_fixed_vectors() {
        let key = Key::new(&[7; 32]);
        for (json, expected) in VECTORS {
            assert_eq!(read(json).digest(&key).to_string(), expected, "{json}");
        }
        assert_ne!(read("{}").digest(&key), read("{}").digest(&Key::new(&[8; 32])));
    }

    #[test]
    fn a_name_that_stands_twice_is_refused_at_any_depth() {
        for json in [r#"{"a":1,"a":1}"#, r#"{"a":[{"b":{"c":1,"c":2}}]}"#, r#"{"a":1,"\u0061":2}"#]
        {
            assert!(serde_json::from_str::<Arguments>(json).is_err(), "{json}");
        }
        for json in ["[]", "1", "null", "\"a\""] {
            assert!(serde_json::from_str::<Arguments>(json).is_err(), "{json}");
        }
    }

    /// Under a key of 32 bytes of value 7. The message is the length of `arguments` in 8 bytes, the least first,
    /// `arguments`, the length of the canonical form likewise, and that form.
    const VECTORS: [(&str, &str); 3] = [
        (r#"{}"#, "cee79b05d5f48b1cb3a286cd827a838e10b5415604e5eddaac001fb149dd3696"),
        (
            r#"{"to":"a@example.com","n":1.0}"#,
            "fc2a80e91a312eef608daa582bfa6912ba120d1543023becff277447142cfd88",
        ),
        (
            r#"{"x":[1.5,"\u00e9",{"b":false,"a":null}]}"#,
            "67b203e7eb28eec99476f0127e1637916ae44bc56aebce1eef03d4151c7038ca",
        ),
    ];
}
