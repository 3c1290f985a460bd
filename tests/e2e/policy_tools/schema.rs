//! The schema takes what the reader takes, and refuses values of a wrong type.

use serde_json::{Map, Value};

use crate::support::Install;

/// A part of JSON Schema that is enough for ours; anything else in it fails the test.
struct Validator {
    definitions: Value,
}

impl Validator {
    fn accepts(&self, schema: &Value, value: &Value) -> bool {
        let Value::Object(schema) = schema else { panic!("{schema}") };
        schema.iter().all(|(key, wanted)| self.holds(schema, key, wanted, value))
    }

    fn holds(&self, schema: &Map<String, Value>, key: &str, wanted: &Value, value: &Value) -> bool {
        let number = |value: &Value| value.as_f64();
        match key {
            "$ref" => {
                let name = wanted.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
                self.accepts(&self.definitions[name], value)
            }
            "$schema" | "$defs" | "title" | "description" | "examples" => true,
            "type" => match wanted.as_array() {
                Some(types) => types.iter().any(|one| is_of(one, value)),
                None => is_of(wanted, value),
            },
            "enum" => wanted.as_array().unwrap().contains(value),
            "anyOf" => wanted.as_array().unwrap().iter().any(|one| self.accepts(one, value)),
            "items" => {
                value.as_array().is_none_or(|all| all.iter().all(|one| self.accepts(wanted, one)))
            }
            "minItems" => {
                value.as_array().is_none_or(|all| all.len() as u64 >= wanted.as_u64().unwrap())
            }
            "maxItems" => {
                value.as_array().is_none_or(|all| all.len() as u64 <= wanted.as_u64().unwrap())
            }
            "minLength" => {
                value.as_str().is_none_or(|text| text.len() as u64 >= wanted.as_u64().unwrap())
            }
            "minProperties" => value.as_object().is_none_or(|all| !all.is_empty()),
            "minimum" => number(value).is_none_or(|it| it >= number(wanted).unwrap()),
            "maximum" => number(value).is_none_or(|it| it <= number(wanted).unwrap()),
            "exclusiveMinimum" => number(value).is_none_or(|it| it > number(wanted).unwrap()),
            // Patterns are for editors; the reader has its own words for them.
            "pattern" => value.is_string(),
            "required" => value.as_object().is_none_or(|all| {
                wanted.as_array().unwrap().iter().all(|key| all.contains_key(key.as_str().unwrap()))
            }),
            "properties" => value.as_object().is_none_or(|all| {
                all.iter().all(|(key, one)| wanted.get(key).is_none_or(|it| self.accepts(it, one)))
            }),
            "additionalProperties" => value.as_object().is_none_or(|all| {
                let is_told =
                    |key| schema.get("properties").is_some_and(|it| it.get(key).is_some());
                let other = |one| wanted.is_object() && self.accepts(wanted, one);
                all.iter().all(|(key, one)| is_told(key) || other(one))
            }),
            other => panic!("unknown key `{other}`"),
        }
    }
}

fn is_of(kind: &Value, value: &Value) -> bool {
    match kind.as_str().unwrap() {
        "array" => value.is_array(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "object" => value.is_object(),
        "string" => value.is_string(),
        other => panic!("{other}"),
    }
}

fn json_of(toml: &str) -> Value {
    serde_json::to_value(toml.parse::<toml::Table>().unwrap()).unwrap()
}

fn validator(install: &Install) -> (Validator, Value) {
    let text = install.datafog(["policy", "schema"]).run().succeeds().stdout();
    let schema: Value = serde_json::from_str(&text).unwrap();
    (Validator { definitions: schema["$defs"].clone() }, schema)
}

#[test]
fn every_embedded_policy_and_every_example_of_a_condition_fits() {
    let install = Install::bare();
    let (validator, schema) = validator(&install);
    let packs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let mut count = 0;
    for entry in std::fs::read_dir(packs).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "toml") {
            let policy = json_of(&std::fs::read_to_string(&path).unwrap());
            assert!(validator.accepts(&schema, &policy), "{}", path.display());
            count += 1;
        }
    }
    assert!(count >= 15, "{count} policies");
    let conditions = &validator.definitions["conditions"]["properties"];
    for (name, condition) in conditions.as_object().unwrap() {
        for example in condition["examples"].as_array().into_iter().flatten() {
            let value = json_of(example.as_str().unwrap());
            assert!(
                validator.accepts(&validator.definitions["conditions"], &value),
                "{name}: {value}"
            );
        }
    }
}

#[test]
fn lists_fit_where_they_are_put_in() {
    let install = Install::bare();
    let (validator, schema) = validator(&install);
    let rule = "[policy]\nid = 'x'\nversion = '1'\n[lists]\nids = ['a']\n\
                [[rule]]\nid = 'one'\neffect = 'deny'\nreason = 'because'\n";
    for (toml, fits) in [
        ("overrides = { list = 'ids' }", true),
        ("notify = ['me', { list = 'ids' }]", true),
        ("when = { argument = { path = 'to', one_of = { list = 'ids' } } }", true),
        ("when = { argument = { path = 'to', one_of = [1, { list = 'ids' }] } }", true),
        ("when = { argument = { list = 'ids' } }", false),
        ("when = { argument = [{ list = 'ids' }] }", false),
        ("when = { operand = [{ list = 'ids', more = 1 }] }", false),
    ] {
        assert_eq!(
            validator.accepts(&schema, &json_of(&format!("{rule}{toml}\n"))),
            fits,
            "{toml}"
        );
    }
}

#[test]
fn a_value_of_a_wrong_type_does_not_fit() {
    let install = Install::bare();
    let (validator, _) = validator(&install);
    for toml in [
        "command = 1",
        "subcommand = []",
        "option = { nam = 'x' }",
        "finding = { going_home = 'no' }",
        "finding = { confidence = 7 }",
        "argument = { gt = 1 }",
        "argument = { path = 'a', gt = '1' }",
        "argument = { path = 'a', length_gt = -1 }",
        "category = 'paymnet'",
        "ci = 'true'",
        "flow = 'leave'",
        "mode = ['observe']",
        "operand = { kind = 'pat' }",
        "principal = 'person'",
        "rate = { over = 0, per = '1h' }",
        "rate = { over = 3 }",
        "risk = { at_least = 101 }",
        "scorer = { at_least = 5, on_error = 'allow' }",
        "time = { day = 'mon' }",
        "user = { name = 'x' }",
        "any = [{ command = [1] }]",
    ] {
        assert!(!validator.accepts(&validator.definitions["conditions"], &json_of(toml)), "{toml}");
    }
}
