//! Statuses, codes and bounds of the dialect.

use super::*;
use crate::server::problem::Form;

#[tokio::test]
async fn what_cannot_be_read_is_refused_by_code() {
    let place = Place::new().await;
    let large = format!("{{\"text\":\"{}\"}}", "x".repeat(1_048_576));
    for (path, body, status, code) in [
        ("/v1/scan", r#"{"text":""}"#, 400, "invalid_request"),
        ("/v1/scan", r#"{"text":7}"#, 400, "invalid_request"),
        ("/v1/scan", "{", 400, "invalid_request"),
        ("/v1/scan", r#"{"text":"x"} {}"#, 400, "invalid_request"),
        ("/v1/decide", "{}", 400, "invalid_request"),
        ("/v1/decide", r#"{"action":{"type":" "}}"#, 400, "invalid_request"),
        ("/v1/scan", &*large, 413, "request_too_large"),
        ("/v1/decide", &*large, 413, "request_too_large"),
    ] {
        let answer = place.post_text(path, body.to_owned()).await;
        assert_eq!(answer.status.as_u16(), status, "{path} {body:.40}");
        assert_eq!(answer.body["error"]["code"], code);
        assert!(answer.body["error"]["request_id"].is_string());
    }
    let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
    let deep = place.post_text("/v1/scan", format!("{{\"text\":{deep}}}")).await;
    assert_eq!(deep.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn only_json_is_read_whatever_its_letters() {
    let place = Place::new().await;
    for (form, status) in [
        ("application/json; charset=utf-8", 200),
        ("Application/JSON", 200),
        ("text/plain", 415),
        ("application/jsonx", 415),
        ("", 415),
    ] {
        let request = request("POST", "/v1/scan").header("content-type", form);
        let answer = place.send(request.body(Body::from(r#"{"text":"x"}"#)).unwrap()).await;
        assert_eq!(answer.status.as_u16(), status, "{form}");
    }
}

#[tokio::test]
async fn other_methods_and_routes_are_told_so() {
    let place = Place::new().await;
    // Pages tell people, who come by another way.
    let programs = routes::ROUTES.iter().filter(|(_, path, _)| !crate::dashboard::is_page(path));
    for (method, path, _) in programs {
        let has = |method: &str| routes::ROUTES.iter().any(|row| (row.0, row.1) == (method, *path));
        let other = ["GET", "POST", "PUT"].into_iter().find(|other| !has(other)).unwrap();
        assert!(has(method));
        let answer = place.send(request(other, path).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{other} {path}");
        let (place, code) = match routes::form(path) {
            Form::AgentGov => ("/code", "method_not_allowed"),
            Form::DataFog => ("/error/code", "method_not_allowed"),
            Form::Native => ("/type", "urn:datafog:problem:method_not_allowed"),
        };
        assert_eq!(answer.body.pointer(place), Some(&json!(code)), "{other} {path}");
    }
    for path in ["/", "/v1/receipts/none", "/v1/receipts/a/b", "/v2/decide"] {
        let answer = place.get(path).await;
        assert_eq!(
            (answer.status, &answer.body["error"]["code"]),
            (StatusCode::NOT_FOUND, &json!("not_found"))
        );
    }
}

#[tokio::test]
async fn a_request_keeps_its_id_or_gets_one() {
    let place = Place::new().await;
    let given = request("GET", "/nowhere").header("x-request-id", "abc-1");
    let answer = place.send(given.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.headers["x-request-id"], "abc-1");
    assert_eq!(answer.body["error"]["request_id"], "abc-1");
    for bad in ["a b".to_owned(), "x".repeat(129)] {
        let request = request("GET", "/health").header("x-request-id", &bad);
        let answer = place.send(request.body(Body::empty()).unwrap()).await;
        let id = answer.headers["x-request-id"].to_str().unwrap();
        assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    }
}

#[tokio::test]
async fn the_third_call_over_a_rate_of_two_waits() {
    let place = Place::with(Options { rate: 2, ..Options::default() }).await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(place.get("/v1/policy/version").await.status.as_u16());
    }
    assert_eq!(statuses, [200, 200, 429]);
}

#[tokio::test]
async fn arguments_in_which_a_name_stands_twice_are_refused_in_every_form() {
    let place = Place::new().await;
    for (path, body) in [
        ("/v1/check", r#"{"serverName":"a","toolName":"b","args":{"c":{"d":1,"d":2}}}"#),
        ("/v1/check", r#"{"serverName":"a","toolName":"b","toolName":"c"}"#),
        ("/tool/call", r#"{"tool_name":"b","args":{"c":1,"c":2}}"#),
        ("/v1/actions", r#"{"tool":{"name":"b","arguments":{"c":[{"d":1,"d":2}]}}}"#),
        ("/v1/governance/approve", r#"{"toolCall":{"toolName":"b","input":{"c":1,"c":2}}}"#),
        (
            "/v1/guardian/evaluate",
            r#"{"proposal":{"tool_name":"b","tool_args":{"c":1,"c":2}},"context":{"agent_id":"x"}}"#,
        ),
        (
            "/v1/guardian/evaluate-batch",
            r#"[{"proposal":{"tool_name":"b","tool_args":{"c":1,"c":2}},"context":{"agent_id":"x"}}]"#,
        ),
        ("/v1/decide", r#"{"action":{"type":"tool.call","tool":"a","tool":"b"}}"#),
    ] {
        let told = place.post_text(path, body.to_owned()).await;
        assert_eq!(told.status, StatusCode::BAD_REQUEST, "{path}: {}", told.text);
    }
}

#[tokio::test]
async fn a_head_of_more_than_the_bound_is_refused() {
    let place = Place::new().await;
    for (length, status) in [(65_000, 200), (65_536, 431), (100_000, 431)] {
        let request = request("GET", "/v1/policy/version").header("x-more", "x".repeat(length));
        let told = place.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(told.status.as_u16(), status, "{length}");
    }
}
