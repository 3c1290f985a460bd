//! What an answer leads to: which of its members other routes take.

use serde_json::{Map, Value, json};

/// A route, and what its answer leads to: the operations, the parameter that they take, and where it
/// stands in the answer.
type Lead = ((&'static str, &'static str), &'static [&'static str], &'static str, &'static str);

const OF_APPROVALS: &[&str] =
    &["getApproval", "decideApproval", "revokeApproval", "withdrawApproval"];

const OF_CHANNELS: &[&str] = &["getChannel", "changeChannel", "testChannel", "removeChannel"];

const OF_VERSIONS: &[&str] = &["getPolicyVersion", "restorePolicy"];

const LEADS: [Lead; 8] = [
    (("GET", "/v1/approvals"), OF_APPROVALS, "id", "/approvals/0/id"),
    (("POST", "/v1/approvals"), OF_APPROVALS, "id", "/id"),
    (("POST", "/v1/actions"), OF_APPROVALS, "id", "/approval/id"),
    (("GET", "/v1/channels"), OF_CHANNELS, "id", "/channels/0/id"),
    (("POST", "/v1/channels"), OF_CHANNELS, "id", "/id"),
    (("GET", "/v1/deliveries"), &["replayDelivery"], "id", "/deliveries/0/id"),
    (("GET", "/v1/policy/versions"), OF_VERSIONS, "number", "/versions/0/version"),
    (("PUT", "/v1/policy/text"), OF_VERSIONS, "number", "/version"),
];

/// What the answer of a route leads to.
pub(super) fn of(route: (&str, &str)) -> Option<Value> {
    let (_, operations, parameter, place) = LEADS.iter().find(|(known, ..)| *known == route)?;
    let link = |operation: &&str| {
        let taken = format!("$response.body#{place}");
        (
            (*operation).to_owned(),
            json!({ "operationId": operation, "parameters": { *parameter: taken } }),
        )
    };
    Some(Value::Object(operations.iter().map(link).collect::<Map<_, _>>()))
}
