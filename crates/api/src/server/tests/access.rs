//! Who may ask what, and from where.

use super::*;
use crate::dashboard;
use crate::identity::Permission;

#[tokio::test]
async fn either_header_is_taken_and_nothing_else() {
    let place = Place::new().await;
    let bearer = format!("bearer {TOKEN}");
    for (name, value, status) in [
        ("authorization", &*bearer, 200),
        ("x-api-key", TOKEN, 200),
        ("x-api-key", "wrong", 401),
        ("authorization", "Basic eDp5", 401),
        ("cookie", TOKEN, 401),
    ] {
        let request = anonymous("GET", "/v1/policy/version").header(name, value);
        let answer = place.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status.as_u16(), status, "{name}: {value}");
        assert_eq!(answer.headers.contains_key("www-authenticate"), status == 401);
    }
    for (method, path, permission) in routes::ROUTES {
        let answer = place.send(anonymous(method, path).body(Body::empty()).unwrap()).await;
        let expected = match (*method, *path) {
            // Whoever logs in has nothing to show yet, and has sent nothing here.
            ("POST", "/login" | "/ui/login" | "/ui/enter") => 415,
            // To programs there is nothing; browsers are led on.
            ("GET", "/" | "/ui/assets/{name}") => 404,
            ("GET", "/ui") => 303,
            // A page leads to the log-in, what a script asks for does not.
            ("GET", path) if dashboard::is_page(path) && permission.is_some() => {
                if path == "/ui/live" || path.ends_with("/part") { 401 } else { 303 }
            }
            _ if permission.is_some() => 401,
            _ => 200,
        };
        assert_eq!(answer.status.as_u16(), expected, "{method} {path}");
    }
}

#[tokio::test]
async fn every_route_is_for_the_roles_that_its_permission_names() {
    let place = Place::new().await;
    for role in Role::ALL {
        let minted = place.key(role, "").await;
        for (method, path, permission) in routes::ROUTES {
            let request = place.shows(anonymous(method, path), path, &minted);
            let status = place.status(request.body(Body::empty()).unwrap()).await;
            // A form without its token is refused as well; that is another test's.
            let is_form = *method == "POST" && dashboard::is_page(path);
            if is_form && permission.is_some_and(|permission| permission.is_given_to(role)) {
                continue;
            }
            let may = permission.is_none_or(|permission| permission.is_given_to(role));
            let refused = status == StatusCode::FORBIDDEN;
            assert_eq!(refused, !may, "{role} {method} {path}: {status}");
        }
    }
    assert_eq!(
        routes::permission("GET", "/v1/new"),
        Some(Permission::Manage),
        "what is not listed"
    );
}

#[tokio::test]
async fn pages_and_other_names_are_turned_away() {
    let place =
        Place::with(Options { hosts: vec!["gate.test".into()], ..Options::default() }).await;
    for (host, status) in [
        ("localhost", 200),
        ("127.0.0.1:8080", 200),
        ("[::1]:8080", 200),
        ("Gate.Test:443", 200),
        ("evil.example", 403),
        ("localhost.evil.example", 403),
        ("127.0.0.1:1@evil.example", 403),
        ("localhost:", 403),
        ("[::1]:8080", 200),
        ("[::1]evil.example", 403),
        ("", 403),
    ] {
        let request = Request::builder().uri("/health").header("host", host);
        let answer = place.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status.as_u16(), status, "{host}");
    }
    for origin in ["https://evil.example", "http://localhost:8080", "null"] {
        let request = request("GET", "/v1/receipts").header("origin", origin);
        let answer = place.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{origin}");
        assert!(!answer.headers.contains_key("access-control-allow-origin"));
    }
}

#[tokio::test]
async fn a_credential_in_an_address_is_refused_even_a_right_one() {
    let place = Place::new().await;
    let address = format!("/v1/receipts?token={TOKEN}");
    let answer = place.get(&address).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(!answer.text.contains(TOKEN));
}

#[tokio::test]
async fn a_tenant_sees_its_own_receipts_alone() {
    let place = Place::new().await;
    let (north, south) =
        (place.key(Role::Admin, "north").await, place.key(Role::Viewer, "south").await);
    let ask = |key: &Minted, method: &str, path: &str, body: String| {
        let request = anonymous(method, path).header("x-api-key", key.key.expose());
        request.header("content-type", "application/json").body(Body::from(body)).unwrap()
    };
    let mut body = harmless();
    body["tenant_id"] = json!("south");
    let told = place.send(ask(&north, "POST", "/v1/decide", body.to_string())).await;
    let path = format!("/v1/receipts/{}", told.body["receipt_id"].as_str().unwrap());
    for (key, status, total) in [(&north, 200, 1), (&south, 403, 0)] {
        let one = place.send(ask(key, "GET", &path, String::new())).await;
        assert_eq!(one.status.as_u16(), status);
        let all = place.send(ask(key, "GET", "/v1/receipts", String::new())).await;
        assert_eq!(all.body["total"], total);
    }
}

#[tokio::test]
async fn a_broken_policy_leaves_the_last_good_one_and_health_says_so() {
    let place = Place::new().await;
    std::fs::write(place.root().join("policy.toml"), "nonsense").unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    let health = place.get("/health").await;
    assert!(health.body["stale"].is_string(), "{}", health.text);
    assert_eq!(place.post("/v1/decide", &leak()).await.body["decision"], "deny");
}
