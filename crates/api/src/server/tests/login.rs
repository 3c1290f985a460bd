//! Who logs in, and what is made of a key; AgentGov's and Enforgate's cases by their ids (S1, K4).

use super::*;
use crate::identity::password;
use crate::store::{Account, Bounds, Login, Permission};

const PASSWORD: &str = "correct horse battery";

impl Place {
    /// Somebody of the north who may log in.
    pub(super) async fn account(&self, login: &str, role: Role) -> Account {
        self.account_of("north", login, role).await
    }

    pub(super) async fn account_of(&self, tenant: &str, login: &str, role: Role) -> Account {
        let account = Account {
            login: Login::new(login).unwrap(),
            name: "Ann Lee".into(),
            role,
            tenant: tenant.into(),
            password: password::hash(&datafog_core::Secret::new(PASSWORD.into())).unwrap(),
            epoch: 1,
            created: 0,
            disabled: None,
        };
        self.store.add_account(account.clone()).await.unwrap();
        account
    }

    async fn log_in(&self, email: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "password": password }).to_string();
        let request = anonymous("POST", "/login").header("content-type", "application/json");
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// As whoever has this token or key.
    async fn shown(&self, token: &str, path: &str, body: Option<Value>) -> Answer {
        let request = anonymous(if body.is_some() { "POST" } else { "GET" }, path);
        let request = request.header("authorization", format!("Bearer {token}"));
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.send(request.header("content-type", "application/json").body(body).unwrap()).await
    }
}

#[tokio::test]
async fn s1_who_logs_in_is_who_they_are() {
    let place = Place::new().await;
    place.account("ann@example.com", Role::Viewer).await;
    let told = place.log_in(" Ann@Example.com", PASSWORD).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    let user = &told.body["user"];
    assert_eq!(
        (&user["id"], &user["email"], &user["name"], &user["roles"]),
        (
            &json!("ann-example.com"),
            &json!("ann@example.com"),
            &json!("Ann Lee"),
            &json!(["viewer"])
        )
    );
    let token = told.body["token"].as_str().unwrap();
    let me = place.shown(token, "/me", None).await;
    assert_eq!((me.status, &me.body), (StatusCode::OK, user));
    assert!(!told.text.contains("argon2"));
    let seen = place.shown(token, "/v1/receipts", None).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.text);
    for path in ["/approve/x", "/v1/approvals/x/decision", "/tool/call", "/v1/tokens"] {
        let told = place.shown(token, path, Some(json!({}))).await;
        let expected = if path == "/v1/tokens" { 400 } else { 403 };
        assert_eq!(told.status.as_u16(), expected, "a viewer at {path}: {}", told.text);
    }
    let narrowed = json!({ "seconds": 60 });
    let told = place.shown(token, "/v1/tokens", Some(narrowed)).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN, "tokens are made of keys");
}

#[tokio::test]
async fn s1_wrong_passwords_are_told_alike_and_throttled() {
    let place = Place::new().await;
    let ann = place.account("ann@example.com", Role::Admin).await;
    let wrong = place.log_in("ann@example.com", "correct horse batterx").await;
    let nobody = place.log_in("eve@example.com", PASSWORD).await;
    for told in [&wrong, &nobody] {
        assert_eq!(told.status, StatusCode::UNAUTHORIZED, "{}", told.text);
        assert_eq!(told.body["error"], "wrong e-mail or password");
    }
    assert_eq!(place.log_in("ann@example.com", PASSWORD).await.status, StatusCode::OK);
    let gone = Account { epoch: 2, disabled: Some(1), ..ann };
    assert!(place.store.change_account(gone).await.unwrap());
    let disabled = place.log_in("ann@example.com", PASSWORD).await;
    assert_eq!(disabled.status, StatusCode::UNAUTHORIZED);
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(place.log_in("bob", "x").await);
    }
    let last = statuses.pop().unwrap();
    assert!(statuses.iter().all(|told| told.status == StatusCode::UNAUTHORIZED));
    assert_eq!(last.status, StatusCode::TOO_MANY_REQUESTS, "{}", last.text);
    assert!(last.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() > 1);
}

#[tokio::test]
async fn s1_what_is_no_login_is_an_error_and_not_a_person() {
    let place = Place::new().await;
    for body in ["", "{", "[]", r#"{"email":"ann"}"#, r#"{"email":5,"password":"x"}"#] {
        let request = anonymous("POST", "/login").header("content-type", "application/json");
        let told = place.send(request.body(Body::from(body)).unwrap()).await;
        assert_eq!((told.status.as_u16(), &told.body["success"]), (400, &json!(false)), "{body}");
    }
    let long = "x".repeat(100_000);
    for (email, password) in [("", "x"), ("a b", "x"), ("ann", &*long), ("' OR 1=1 --", "x")] {
        assert_eq!(place.log_in(email, password).await.status, StatusCode::UNAUTHORIZED);
    }
    let unknown = place.shown("a.b.c", "/me", None).await;
    assert_eq!(unknown.status, StatusCode::UNAUTHORIZED);
    let shared = place.get("/me").await;
    assert_eq!(
        (&shared.body["id"], &shared.body["roles"]),
        (&json!("shared token"), &json!(["admin"]))
    );
}

#[tokio::test]
async fn k4_a_token_of_a_key_can_do_less_and_makes_no_other() {
    let place = Place::new().await;
    let key = place.key(Role::Agent, "north").await;
    let own = key.key.expose();
    let narrowed = json!({ "seconds": 60, "tools": ["crm__*"], "scopes": ["ask"] });
    let made = place.shown(own, "/v1/tokens", Some(narrowed.clone())).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    let token = made.body["token"].as_str().unwrap();
    let check = |tool: &str| json!({ "serverName": tool, "toolName": "read" });
    let inside = place.shown(token, "/v1/check", Some(check("crm"))).await;
    assert_eq!(inside.body["decision"], "allow", "{}", inside.text);
    let outside = place.shown(token, "/v1/check", Some(check("mail"))).await;
    assert_eq!(
        (&outside.body["decision"], &outside.body["reason"]),
        (&json!("deny"), &json!("the credential is for other tools"))
    );
    let command = json!({ "action": { "type": "shell.exec", "command": "ls", "args": ["-l"] } });
    let command = place.shown(token, "/v1/decide", Some(command)).await;
    assert_eq!(command.body["decision"], "deny", "{}", command.text);
    let again = place.shown(token, "/v1/tokens", Some(narrowed)).await;
    assert_eq!(again.status, StatusCode::FORBIDDEN, "it makes no other one");
    for (wrong, status) in [
        (json!({ "seconds": 59 }), 400),
        (json!({ "seconds": 2_592_001 }), 400),
        (json!({ "seconds": 60, "tools": [""] }), 400),
        (json!({ "seconds": 60, "more": 1 }), 400),
        (json!({ "seconds": 60, "scopes": ["read"] }), 403),
    ] {
        let told = place.shown(own, "/v1/tokens", Some(wrong.clone())).await;
        assert_eq!(told.status.as_u16(), status, "{wrong}");
    }
    assert!(place.store.revoke_key(&key.stored.id, 1).await.unwrap());
    tokio::time::sleep(Duration::from_secs(1)).await;
    let dead = place.shown(token, "/v1/check", Some(check("crm"))).await;
    assert_eq!(dead.status, StatusCode::UNAUTHORIZED, "it ends with its key");
}

#[tokio::test]
async fn a_key_is_for_its_scopes_alone() {
    let place = Place::new().await;
    let minted = mint("x", (Role::Admin, "north"), (0, None)).unwrap();
    let scopes = vec![Permission::Read];
    let minted = minted.within(Bounds { scopes, ..Bounds::default() });
    place.store.add_key(minted.stored.clone()).await.unwrap();
    for (method, path, permission) in routes::ROUTES {
        let request = place.shows(anonymous(method, path), path, &minted);
        let status = place.status(request.body(Body::empty()).unwrap()).await;
        if *method == "POST" && crate::dashboard::is_page(path) {
            continue;
        }
        let is_narrowed_away =
            matches!(permission, Some(Permission::Ask | Permission::Decide | Permission::Manage));
        assert_eq!(status == StatusCode::FORBIDDEN, is_narrowed_away, "{method} {path}: {status}");
    }
}
