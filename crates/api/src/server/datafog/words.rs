//! Names of what was found: ours and DataFog's (contract §1.6).

use std::borrow::Cow;

use datafog_core::{Channel, Confidence, Finding, Severity, Span};
use datafog_gate::Judge;

use super::body;

/// The group of our entity types that DataFog calls `api_key`.
const SECRETS: &str = "secret.";

/// The group of those that it knows by the same name.
const PERSONAL: &str = "pii.";

/// Our name for one of DataFog's, or of ours.
pub(super) fn ours(name: &str) -> String {
    let name = name.trim().to_lowercase();
    let ours = |start: &str| name.starts_with(start);
    if ours(SECRETS) || ours(PERSONAL) {
        name
    } else if name == "api_key" {
        String::from("secret.generic.api_key")
    } else {
        format!("{PERSONAL}{name}")
    }
}

/// DataFog's name for one of ours: that of the kind, without the provider.
pub(super) fn theirs(entity: &str) -> Cow<'_, str> {
    if entity.starts_with(SECRETS) {
        return Cow::Borrowed("api_key");
    }
    Cow::Borrowed(entity.strip_prefix(PERSONAL).unwrap_or(entity))
}

/// What stands in `text` of the kinds that are wanted, by the policy of that name; of every kind when
/// none is named.
pub(super) fn found(
    judge: &Judge<'_>,
    policy: Option<&str>,
    (text, wanted): (&str, &[String]),
) -> Result<Vec<body::Finding>, datafog_gate::Error> {
    let wanted: Vec<String> = wanted
        .iter()
        .map(|name| name.trim().to_lowercase())
        .filter(|name| !name.is_empty())
        .collect();
    let is_wanted = |finding: &Finding| {
        let known = |name: &String| *name == finding.entity || *name == theirs(&finding.entity);
        wanted.is_empty() || wanted.iter().any(known)
    };
    let channel = Channel::Field(String::from("text"));
    let found = judge.scan_for(policy, text.as_bytes(), &channel)?;
    Ok(found.iter().filter(|finding| is_wanted(finding)).map(|it| told(it, text)).collect())
}

/// A finding as it is told to who sent the text.
fn told(finding: &Finding, text: &str) -> body::Finding {
    let (start, end) = (finding.span.start(), finding.span.end());
    body::Finding {
        entity_type: theirs(&finding.entity).into_owned(),
        value: text.get(start..end).unwrap_or_default().to_owned(),
        start,
        end,
        confidence: f64::from(finding.confidence.as_percent()) / 100.0,
    }
}

/// A finding that the caller states, as a policy may ask about it. It is said by whom it comes from,
/// and it counts as what our own detectors would report of that kind.
pub(super) fn stated(judge: &Judge<'_>, finding: &body::Finding) -> Option<Finding> {
    let entity = ours(&finding.entity_type);
    let known = datafog_detect::detectors().iter().find(|detector| detector.entity == entity);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and 100, as was checked"
    )]
    let percent = (finding.confidence * 100.0).round() as u8;
    Some(Finding {
        detector: Cow::Borrowed("stated"),
        entity: Cow::Owned(entity),
        channel: Channel::Field(String::from("text")),
        span: Span::new(finding.start, finding.end)?,
        confidence: Confidence::percent(percent),
        severity: known.map_or(Severity::Medium, |detector| detector.severity),
        fingerprint: judge.key().digest("finding", [finding.value.as_bytes()]),
        preview: String::from("stated by the caller"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways() {
        for (name, our_name) in [
            ("email", "pii.email"),
            (" SSN ", "pii.ssn"),
            ("api_key", "secret.generic.api_key"),
            ("pii.iban", "pii.iban"),
            ("secret.github.pat", "secret.github.pat"),
        ] {
            assert_eq!(ours(name), our_name);
        }
        assert_eq!(theirs("secret.github.pat"), "api_key");
        assert_eq!(theirs("pii.zip_code"), "zip_code");
        assert_eq!(theirs("internal.project"), "internal.project");
    }
}
