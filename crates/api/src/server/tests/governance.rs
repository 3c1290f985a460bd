//! pi-governance's masking shapes (contract §2.4), and places in its units.

use super::*;

#[tokio::test]
async fn places_are_counted_in_units_of_utf_16() {
    let place = Place::new().await;
    // Two units, four bytes.
    let text = format!("\u{1f600} {}", token());
    let told = place.post("/v1/dlp/scan", &json!({ "text": text })).await;
    let found = &told.body["matches"][0];
    assert_eq!((&found["start"], &found["end"]), (&json!(3), &json!(43)), "{}", told.text);
    assert_eq!((&found["category"], &told.body["count"]), (&json!("secret"), &json!(1)));
    assert!(!told.text.contains(&token()));
    assert_eq!(place.store.verify().await.unwrap().entries, 0);
}

#[tokio::test]
async fn masks_have_the_shapes_of_the_contract() {
    let place = Place::new().await;
    let token = token();
    let (_, last) = token.split_at(36);
    let (_, two) = token.split_at(38);
    for (more, expected) in [
        (json!({}), format!("x ***{last} y")),
        (json!({ "show_chars": 2 }), format!("x ***{two} y")),
        // The original shows the whole value for each of these.
        (json!({ "show_chars": 0 }), String::from("x *** y")),
        (json!({ "show_chars": 40 }), String::from("x *** y")),
        (json!({ "show_chars": 999 }), String::from("x *** y")),
        (json!({ "strategy": "full", "placeholder": "#" }), String::from("x # y")),
    ] {
        let mut asked = json!({ "text": format!("x {token} y") });
        asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let told = place.post("/v1/dlp/mask", &asked).await;
        assert_eq!(told.body["text"], expected, "{more}");
    }
    let hashed = json!({ "text": format!("x {token} y"), "strategy": "hash" });
    let text = place.post("/v1/dlp/mask", &hashed).await.body["text"].clone();
    let digits = text.as_str().unwrap().strip_prefix("x [REDACTED:").unwrap();
    let digits = digits.strip_suffix("] y").unwrap();
    assert!(digits.len() == 8 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()), "{digits}");
    for wrong in [json!({}), json!({ "text": "" }), json!({ "text": "x", "strategy": "none" })] {
        assert_eq!(place.post("/v1/dlp/mask", &wrong).await.status, 400, "{wrong}");
    }
}
