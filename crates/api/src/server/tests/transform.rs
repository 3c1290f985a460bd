//! Transform and anonymize.

use super::*;

const TEXT: &str = "Mail ann.lee@posteo.de, SSN 219-09-9998, ok";

async fn output(place: &Place, path: &str, body: &Value) -> String {
    let told = place.post(path, body).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    told.body["output"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_mode_removes_the_value_in_its_own_form() {
    let place = Place::new().await;
    for (mode, form) in [
        ("mask", "Mail *****************, SSN ***********, ok"),
        (" Redact ", "Mail [REDACTED], SSN [REDACTED], ok"),
        ("tokenize", "TOK-"),
        ("anonymize", "anon-"),
        ("replace", "[EMAIL_"),
        ("hash", "Mail "),
    ] {
        let body = json!({ "text": TEXT, "mode": mode });
        let first = output(&place, "/v1/transform", &body).await;
        assert!(first.contains(form), "{mode}: {first}");
        assert!(!first.contains("ann.lee") && !first.contains("219-09"), "{mode}: {first}");
        assert_eq!(first, output(&place, "/v1/transform", &body).await, "{mode}");
    }
    let anonymized = output(&place, "/v1/anonymize", &json!({ "text": TEXT })).await;
    assert_eq!(anonymized.matches("anon-").count(), 2, "{anonymized}");
}

#[tokio::test]
async fn modes_of_kinds_leave_other_kinds_alone_and_are_counted() {
    let place = Place::new().await;
    let both = json!({ "text": TEXT, "entity_modes": { "email": "mask", "pii.ssn": "tokenize" } });
    let told = place.post("/v1/transform", &both).await;
    assert_eq!(told.body["stats"]["entities_transformed"], 2);
    assert_eq!(told.body["stats"]["modes_applied"], "email:mask,ssn:tokenize");
    let one = json!({ "text": TEXT, "mode": "redact", "entity_modes": { " SSN ": "mask" } });
    let one = output(&place, "/v1/transform", &one).await;
    assert_eq!(one, "Mail ann.lee@posteo.de, SSN ***********, ok");
    let none = place.post("/v1/transform", &json!({ "text": "ok", "mode": "mask" })).await;
    assert_eq!(none.body["stats"], json!({ "entities_transformed": 0, "modes_applied": "" }));
}

#[tokio::test]
async fn no_mode_is_an_error_and_never_the_text_as_it_was() {
    let place = Place::new().await;
    for body in [
        json!({ "text": TEXT }),
        json!({ "text": TEXT, "mode": "" }),
        json!({ "text": TEXT, "mode": "shred" }),
        json!({ "text": TEXT, "entity_modes": { " ": "mask" } }),
        json!({ "text": TEXT, "entity_modes": { "email": "" } }),
        json!({ "text": "", "mode": "mask" }),
    ] {
        let told = place.post("/v1/transform", &body).await;
        assert_eq!(told.status, StatusCode::BAD_REQUEST, "{body}");
    }
}

#[tokio::test]
async fn findings_that_overlap_are_one_place_and_no_byte_survives() {
    let place = Place::new().await;
    let at = |kind: &str, start: usize, end: usize| json!({ "entity_type": kind, "start": start, "end": end, "confidence": 1.0 });
    // The first ends within the address, the second begins there.
    let findings = json!([at("person", 5, 12), at("organization", 13, 25)]);
    let body = json!({ "text": TEXT, "mode": "redact", "findings": findings });
    let told = output(&place, "/v1/transform", &body).await;
    assert_eq!(told, "Mail [REDACTED]SN [REDACTED], ok");
    let letter = json!({ "text": "xüx", "mode": "redact", "findings": [at("person", 1, 2)] });
    let told = place.post("/v1/transform", &letter).await;
    assert_eq!(told.status, StatusCode::BAD_REQUEST, "half a letter");
}

#[tokio::test]
async fn a_repeated_transform_keeps_its_names_and_another_one_is_a_conflict() {
    let place = Place::new().await;
    for path in ["/v1/transform", "/v1/anonymize"] {
        let mut body =
            json!({ "text": TEXT, "mode": "hash", "idempotency_key": "k", "request_id": "1" });
        let first = place.post(path, &body).await;
        body["request_id"] = json!("2");
        assert_eq!(place.post(path, &body).await.body, first.body);
        body["text"] = json!("other");
        assert_eq!(place.post(path, &body).await.status, StatusCode::CONFLICT, "{path}");
    }
    let bytes = std::fs::read(place.root().join("store.db-wal")).unwrap();
    let part = b"ann.lee";
    assert!(!bytes.windows(part.len()).any(|window| window == part));
}
