//! What bodies hold (contract §3.4).
//!
//! As with the original, unknown members are no error and `null` is as good as nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use crate::server::problem::{Kind, Problem};

/// `null` is as good as nothing.
fn given<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// What every request may say of itself.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Names {
    #[serde(default, deserialize_with = "given")]
    pub(super) request_id: String,
    #[serde(default, deserialize_with = "given")]
    pub(super) trace_id: String,
    #[serde(default, deserialize_with = "given")]
    pub(super) tenant_id: String,
    #[serde(default, deserialize_with = "given")]
    pub(super) actor_id: String,
    #[serde(default, deserialize_with = "given")]
    pub(super) session_id: String,
    #[serde(default, deserialize_with = "given")]
    pub(super) idempotency_key: String,
}

/// `POST /v1/scan`.
#[derive(Debug, Deserialize)]
pub(crate) struct Scan {
    #[serde(default, deserialize_with = "given")]
    pub(super) text: String,
    #[serde(default, deserialize_with = "given")]
    pub(super) entity_types: Vec<String>,
    #[serde(flatten)]
    pub(super) names: Names,
}

/// `POST /v1/decide`.
#[derive(Debug, Deserialize)]
pub(crate) struct Decide {
    #[serde(default, deserialize_with = "given")]
    pub(super) action: Action,
    #[serde(default, deserialize_with = "given")]
    pub(super) text: String,
    #[serde(default, deserialize_with = "given")]
    pub(super) findings: Option<Vec<Finding>>,
    #[serde(flatten)]
    pub(super) names: Names,
}

/// `POST /v1/transform`, and without its modes `POST /v1/anonymize`.
#[derive(Debug, Deserialize)]
pub(crate) struct Transform {
    #[serde(default, deserialize_with = "given")]
    pub(super) text: String,
    #[serde(default, deserialize_with = "given")]
    pub(super) findings: Vec<Finding>,
    #[serde(default, deserialize_with = "given")]
    pub(super) mode: String,
    #[serde(default, deserialize_with = "given")]
    pub(super) entity_modes: BTreeMap<String, String>,
    #[serde(flatten)]
    pub(super) names: Names,
}

/// An action in DataFog's words (contract §2.1).
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Action {
    #[serde(default, rename = "type", deserialize_with = "given")]
    pub(super) kind: String,
    #[serde(default, deserialize_with = "given")]
    pub(super) tool: String,
    #[serde(default, deserialize_with = "given")]
    pub(super) resource: String,
    #[serde(default, deserialize_with = "given")]
    pub(super) command: String,
    #[serde(default, deserialize_with = "given")]
    pub(super) args: Vec<String>,
    #[serde(default, deserialize_with = "given")]
    pub(super) sensitive: bool,
}

/// A finding, sent or told: offsets are bytes of UTF-8, the end is exclusive.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(super) struct Finding {
    pub(super) entity_type: String,
    /// What stands there. Told to nobody but who sent the text.
    #[serde(default)]
    pub(super) value: String,
    #[serde(default)]
    pub(super) start: usize,
    #[serde(default)]
    pub(super) end: usize,
    #[serde(default)]
    pub(super) confidence: f64,
}

impl Finding {
    /// The same where it says where it is: within the text where there is one, at whole letters, and
    /// with the value that stands there. An end that comes before the value's own, as in an example of
    /// the original's, is moved to that: the whole value is the place.
    pub(super) fn checked(self, text: &str) -> Result<Self, Problem> {
        let wrong = |message: &str| Err(Problem::new(Kind::Invalid, message));
        if self.entity_type.trim().is_empty() {
            return wrong("a finding without entity_type");
        }
        if self.start > self.end || !(0.0..=1.0).contains(&self.confidence) {
            return wrong("a finding whose end or confidence is out of range");
        }
        if text.is_empty() {
            return Ok(self);
        }
        match text.get(self.start..self.end) {
            Some(there) if self.value.is_empty() || there == self.value => Ok(self),
            Some(there) if self.value.starts_with(there) && self.stands_in(text) => {
                Ok(Self { end: self.start.saturating_add(self.value.len()), ..self })
            }
            Some(_) => wrong("a finding whose value is not what stands in the text"),
            None => wrong("a finding that is not within the text"),
        }
    }

    /// Whether its value begins where it says.
    fn stands_in(&self, text: &str) -> bool {
        text.get(self.start..).is_some_and(|rest| rest.starts_with(&self.value))
    }
}
