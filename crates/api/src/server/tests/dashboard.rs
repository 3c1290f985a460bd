//! The dashboard without a browser: the door, forms, pages, and what hostile texts do in them.

use axum::http::request::Builder;

use super::*;
use crate::identity::Permission;

/// What would run, hide or end a quotation if it were not escaped.
pub(super) const HOSTILE: &[&str] = &[
    "<script>document.title='run'</script>",
    "\"><img src=x onerror=document.title='run'>",
    "'><svg onload=document.title='run'>",
    "</code></pre><iframe srcdoc='<script>1</script>'>",
    "javascript:document.title='run'",
    "&lt;script&gt;&#60;b&#62;",
    "<!-- --><style>*{display:none}</style>",
    "\u{202e}txt.exe <b id=x>",
    "]]></textarea></title><script>1</script>",
];

/// Beginnings of tags that stand in no page of ours, and in no text that was escaped.
pub(super) const RAW: &[&str] = &[
    "<script>",
    "<img",
    "onerror=document.title='run'>",
    "<iframe",
    "<style>",
    "<svg onload",
    "<b id",
    "</textarea><",
];

impl Place {
    /// A browser that came in with this key: its cookie.
    pub(super) fn cookie(&self, key: &Minted) -> String {
        let visitor = crate::identity::Visitor::Key(key.stored.id.clone());
        let now = jiff::Timestamp::now().as_second();
        let token = self.whole.keyring.sessions().visit(visitor, now).unwrap();
        format!("datafog-8080={}", token.expose())
    }

    /// The request with what this route knows somebody by: a browser's cookie, or the key itself.
    pub(super) fn shows(&self, request: Builder, path: &str, key: &Minted) -> Builder {
        match crate::dashboard::is_page(path) {
            true => request.header("cookie", self.cookie(key)),
            false => request.header("x-api-key", key.key.expose()),
        }
    }

    pub(super) async fn look(&self, cookie: &str, path: &str) -> Answer {
        let request = anonymous("GET", path).header("cookie", cookie);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(super) async fn sends(&self, cookie: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body: String =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = anonymous("POST", path)
            .header("cookie", cookie)
            .header("origin", "http://localhost:8080")
            .header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// The token that the forms of this visit have.
    pub(super) async fn token(&self, cookie: &str) -> String {
        let page = self.look(cookie, "/ui/approvals").await.text;
        let (_, rest) = page.split_once("name=\"form_token\" value=\"").unwrap();
        rest.split_once('"').unwrap().0.to_owned()
    }
}

fn location(answer: &Answer) -> &str {
    answer.headers.get("location").map_or("", |value| value.to_str().unwrap())
}

/// The cookie that an answer sets, as a browser sends it back.
fn taken(answer: &Answer) -> String {
    let set = answer.headers["set-cookie"].to_str().unwrap();
    assert!(set.contains("; HttpOnly; SameSite=Strict"), "{set}");
    set.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn who_logs_in_gets_a_cookie_that_opens_pages_and_nothing_else() {
    let place = Place::new().await;
    place.account("ann@example.com", Role::Viewer).await;
    let fields = [
        ("email", "Ann@example.com"),
        ("password", "correct horse battery"),
        ("next", "/ui/approvals?q=x"),
    ];
    let entered = place.sends("", "/ui/login", &fields).await;
    assert_eq!((entered.status.as_u16(), location(&entered)), (303, "/ui/approvals?q=x"));
    let cookie = taken(&entered);
    let page = place.look(&cookie, "/ui/approvals").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(page.text.contains("user ann@example.com"), "{}", page.text);
    let (_, token) = cookie.split_once('=').unwrap();
    for (name, value) in [("cookie", cookie.clone()), ("authorization", format!("Bearer {token}"))]
    {
        let request = anonymous("GET", "/v1/receipts").header(name, value);
        let told = place.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(told.status, StatusCode::UNAUTHORIZED, "the API by {name}");
    }
    let form = place.token(&cookie).await;
    let other = taken(&place.sends("", "/ui/login", &fields).await);
    let gone = place.sends(&cookie, "/ui/logout", &[("form_token", &form)]).await;
    assert_eq!((gone.status.as_u16(), location(&gone)), (303, "/ui/login"));
    assert!(gone.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    // Whoever copied the cookie has nothing any more; another visit of the same person goes on.
    let copied = place.look(&cookie, "/ui/approvals").await;
    assert_eq!(location(&copied), "/ui/login?next=%2Fui%2Fapprovals");
    let told = place.sends(&cookie, "/ui/logout", &[("form_token", &form)]).await;
    assert_eq!(told.status, StatusCode::UNAUTHORIZED);
    assert_eq!(place.look(&other, "/ui/approvals").await.status, StatusCode::OK);
    // The store knows it, so every replica does.
    let (replica, token) = (place.replica().await, cookie.split_once('=').unwrap().1);
    assert_eq!(replica.keyring.visiting(token).await.unwrap(), None);
    let (_, other) = other.split_once('=').unwrap();
    assert!(replica.keyring.visiting(other).await.unwrap().is_some());
}

/// What the chain says of the server itself, oldest first: what, by whom, whether it was let happen.
async fn noted(place: &Place) -> Vec<(String, String, String)> {
    let lines = place.store.tail(0).await.unwrap();
    let lines = lines.iter().map(|(_, entry)| serde_json::from_str::<Value>(&entry.line).unwrap());
    let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
    lines
        .filter(|line| line["tool"] == "server")
        .map(|line| {
            let what = text(&line, "command").replace("tool:server ", "");
            (what, text(&line["server"], "actor_id"), text(&line, "decision"))
        })
        .collect()
}

#[tokio::test]
async fn who_comes_in_who_goes_and_who_does_not_come_in_is_in_the_chain() {
    let place = Place::new().await;
    place.account("ann@example.com", Role::Viewer).await;
    let try_in = async |login: &str, password: &str| {
        place.sends("", "/ui/login", &[("email", login), ("password", password)]).await
    };
    let cookie = taken(&try_in("ann@example.com", "correct horse battery").await);
    try_in("ann@example.com", "hunter2hunter2").await;
    try_in("hunter2hunter2", "typed in the wrong field").await;
    place.sends("", "/ui/login", &[("key", "dfg_1a2b3c4d_x")]).await;
    place.sends("", "/ui/enter", &[("code", "0")]).await;
    let body = json!({ "email": "ann@example.com", "password": "correct horse battery" });
    let request = anonymous("POST", "/login").header("content-type", "application/json");
    let told = place.send(request.body(Body::from(body.to_string())).unwrap()).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    let form = place.token(&cookie).await;
    place.sends(&cookie, "/ui/logout", &[("form_token", &form)]).await;
    let line = |what: &str, who: &str, said: &str| (what.into(), who.into(), said.into());
    let ann = "user ann@example.com";
    let expected: [(String, String, String); 7] = [
        line("log-in", ann, "allow"),
        line("log-in", ann, "deny"),
        line("log-in", "somebody", "deny"),
        line("log-in", "somebody", "deny"),
        line("log-in", "somebody", "deny"),
        line("log-in", ann, "allow"),
        line("log-out", ann, "allow"),
    ];
    assert_eq!(noted(&place).await, expected);
    let whole = place.store.tail(0).await.unwrap();
    assert!(
        whole.iter().all(|(_, entry)| !entry.line.contains("hunter2")),
        "nothing typed is kept"
    );
    for number in 0..40 {
        place.sends("", "/ui/login", &[("key", &format!("dfg_{number:08}_x"))]).await;
    }
    assert_eq!(noted(&place).await.len(), 7 + 20 - 4, "so many of those that fail have lines");
    crate::board::catch_up(&place.whole.board, &*place.store).await;
    let north = place.cookie(&place.key(Role::Viewer, "north").await);
    let page = place.look(&north, "/ui/drift").await.text;
    assert!(page.contains("log-out") && page.contains("refused"), "{page}");
    let list = place.look(&north, "/ui/activity").await.text;
    assert!(list.contains("Nothing was decided yet"), "they are no decisions: {list}");
}

#[tokio::test]
async fn wrong_passwords_and_agents_come_no_further_than_the_door() {
    let place = Place::new().await;
    place.account("ann@example.com", Role::Admin).await;
    place.account("bot", Role::Agent).await;
    let agent = place.key(Role::Agent, "").await;
    let viewer = place.key(Role::Viewer, "").await;
    let bearer = place.key(Role::Viewer, "").await;
    let agents = agent.key.expose().clone();
    for (fields, status) in [
        (vec![("email", "ann@example.com"), ("password", "wrong")], 401),
        (vec![("email", "nobody"), ("password", "correct horse battery")], 401),
        (vec![("email", "bot"), ("password", "correct horse battery")], 403),
        (vec![("key", "dfg_1a2b3c4d_x")], 401),
        (vec![("key", &*agents)], 403),
        (vec![("key", TOKEN)], 303),
        (vec![("key", viewer.key.expose())], 303),
        (vec![], 400),
    ] {
        let told = place.sends("", "/ui/login", &fields).await;
        assert_eq!(told.status.as_u16(), status, "{fields:?}: {}", told.text);
        assert_eq!(told.headers.contains_key("set-cookie"), status == 303);
    }
    let mut last = 0;
    for _ in 0..6 {
        let fields = [("email", "carl"), ("password", "x")];
        last = place.sends("", "/ui/login", &fields).await.status.as_u16();
    }
    assert_eq!(last, 429, "tries are counted as at the API");
    let by_header = anonymous("GET", "/ui/approvals").header("x-api-key", bearer.key.expose());
    let told = place.send(by_header.body(Body::empty()).unwrap()).await;
    assert_eq!(location(&told), "/ui/login?next=%2Fui%2Fapprovals", "a header is no cookie");
}

#[tokio::test]
async fn a_visit_ends_with_what_was_shown_at_the_door() {
    let place = Place::new().await;
    let key = place.key(Role::Viewer, "").await;
    let cookie = place.cookie(&key);
    assert_eq!(place.look(&cookie, "/ui/approvals").await.status, StatusCode::OK);
    assert!(place.store.revoke_key(&key.stored.id, 1).await.unwrap());
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(place.look(&cookie, "/ui/approvals").await.status, StatusCode::SEE_OTHER);
    for other in ["datafog-8080=", "datafog-8080=a.b.c", "datafog-8081=a.b.c", "session=x"] {
        assert_eq!(place.look(other, "/ui/approvals").await.status, StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn nothing_changes_without_the_forms_token_or_from_elsewhere() {
    let place = Place::new().await;
    let admin = place.key(Role::Admin, "").await;
    let other = place.key(Role::Admin, "").await;
    let cookie = place.cookie(&admin);
    let others = place.token(&place.cookie(&other)).await;
    let posts = routes::ROUTES.iter().filter(|(method, path, permission)| {
        *method == "POST" && crate::dashboard::is_page(path) && permission.is_some()
    });
    for (_, path, _) in posts {
        for fields in [vec![], vec![("form_token", "")], vec![("form_token", &*others)]] {
            let told = place.sends(&cookie, path, &fields).await;
            assert_eq!(told.status, StatusCode::FORBIDDEN, "{path} {fields:?}: {}", told.text);
            assert!(told.text.contains("<h1"), "a page says so");
        }
    }
    let token = place.token(&cookie).await;
    for origin in ["https://evil.example", "http://localhost:9", "null"] {
        for path in ["/ui/logout", "/ui/login"] {
            let request = anonymous("POST", path)
                .header("cookie", &cookie)
                .header("origin", origin)
                .header("content-type", "application/x-www-form-urlencoded");
            let body = Body::from(format!("form_token={token}"));
            let told = place.send(request.body(body).unwrap()).await;
            assert_eq!(told.status, StatusCode::FORBIDDEN, "{path} from {origin}");
            assert!(!told.headers.contains_key("set-cookie"));
        }
    }
}

#[tokio::test]
async fn every_answer_is_closed_to_what_is_not_ours() {
    let place = Place::new().await;
    let admin = place.key(Role::Admin, "").await;
    let cookie = place.cookie(&admin);
    for path in
        ["/ui/login", "/ui/approvals", "/ui/nothing", "/ui/approvals/server/x", "/ui/assets/app.js"]
    {
        let told = place.look(&cookie, path).await;
        let policy = told.headers["content-security-policy"].to_str().unwrap();
        for part in [
            "default-src 'self'",
            "script-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "form-action 'self'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(told.headers["x-content-type-options"], "nosniff");
        assert_eq!(told.headers["referrer-policy"], "same-origin");
        let kept = if path.contains("assets") { "no-cache" } else { "no-store" };
        assert_eq!(told.headers["cache-control"], kept, "{path}");
        assert!(!told.text.contains(" style=") && !told.text.contains(" onclick="), "{path}");
    }
    let told = place.send(anonymous("GET", "/").body(Body::empty()).unwrap()).await;
    assert_eq!(told.status, StatusCode::NOT_FOUND, "programs find nothing");
    let browser = anonymous("GET", "/").header("accept", "text/html,*/*;q=0.8");
    assert_eq!(location(&place.send(browser.body(Body::empty()).unwrap()).await), "/ui/");
    assert_eq!(location(&place.look(&cookie, "/ui/").await), "/ui/overview");
}

#[tokio::test]
async fn files_are_kept_until_they_change() {
    let place = Place::new().await;
    for name in ["app.js", "live.js", "style.css", "icon.svg"] {
        let path = format!("/ui/assets/{name}");
        let first = place.look("", &path).await;
        assert_eq!(first.status, StatusCode::OK);
        let tag = first.headers["etag"].to_str().unwrap();
        assert!(tag.starts_with('"'), "a strong one: {tag}");
        let again = anonymous("GET", &path).header("if-none-match", tag);
        let again = place.send(again.body(Body::empty()).unwrap()).await;
        assert_eq!((again.status.as_u16(), again.text.len()), (304, 0));
    }
    for path in ["/ui/assets/none.js", "/ui/assets/..%2f..%2fCargo.toml"] {
        assert_eq!(place.look("", path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

/// Asks for a command, which is held; the request's id.
async fn hold(place: &Place, key: &Minted, command: &[&str], cwd: &str) -> String {
    let asked = json!({ "command": command, "cwd": cwd });
    let told = place.as_key(key, "/v1/actions", Some(&asked)).await;
    told.body["approval"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_waits_is_shown_and_answered() {
    let place = Place::new().await.under(ASKS_ABOUT_TERRAFORM).await;
    let (agent, ann) = place.agent_and_approver().await;
    let viewer = place.key(Role::Viewer, "north").await;
    let (cookie, looks) = (place.cookie(&ann), place.cookie(&viewer));
    let empty = place.look(&cookie, "/ui/approvals").await.text;
    assert!(empty.contains("Nothing waits for you"), "{empty}");
    let yes = hold(&place, &agent, &["terraform", "apply"], "/one").await;
    let no = hold(&place, &agent, &["terraform", "apply"], "/two").await;
    let page = place.look(&cookie, "/ui/approvals").await.text;
    assert!(page.contains("infrastructure is for a person to change"), "{page}");
    assert!(page.contains("data-count=\"2\"") && page.contains("ask-first"), "{page}");
    assert!(page.contains(&format!("/ui/approvals/server/{yes}?say=approve")));
    let path = |id: &str| format!("/ui/approvals/server/{id}");
    let seen = place.look(&looks, &path(&yes)).await.text;
    assert!(!seen.contains("name=\"say\"") && !seen.contains("Approve"), "a viewer: {seen}");
    let confirm = place.look(&cookie, &format!("{}?say=approve", path(&yes))).await.text;
    assert!(confirm.contains("value=\"approve\"") && !confirm.contains("value=\"deny\""));
    let token = place.token(&cookie).await;
    let token = ("form_token", &*token);
    let fields = [token, ("say", "approve"), ("scope", "once"), ("note", "<b>agreed</b>")];
    let said = place.sends(&cookie, &path(&yes), &fields).await;
    assert_eq!(location(&said), "/ui/approvals?done=approve", "{}", said.text);
    let said = place.sends(&cookie, &path(&no), &[token, ("say", "deny")]).await;
    assert_eq!(said.status, StatusCode::SEE_OTHER);
    let again = place.sends(&cookie, &path(&no), &[token, ("say", "approve")]).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "the first answer stands");
    for (fields, status) in [
        (vec![token, ("say", "perhaps")], 400),
        (vec![token, ("say", "approve"), ("scope", "world")], 400),
    ] {
        assert_eq!(place.sends(&cookie, &path(&yes), &fields).await.status.as_u16(), status);
    }
    let record = place.store.approval("north", &yes).await.unwrap().unwrap();
    let answer = record.answer().unwrap();
    assert_eq!(answer.way.name(), "dashboard");
    assert_eq!(answer.by, Some(format!("key {}", ann.stored.id)));
    let page = place.look(&cookie, "/ui/approvals/part").await.text;
    assert!(page.contains("&lt;b&gt;agreed&lt;/b&gt;"), "{page}");
    let count = place.look(&cookie, "/ui/waiting/part").await.text;
    assert!(count.contains("data-count=\"0\""), "{count}");
    let back = place.sends(&cookie, &path(&no), &[token, ("say", "revoke")]).await;
    assert_eq!(location(&back), "/ui/approvals?done=revoke", "{}", back.text);
}

#[tokio::test]
async fn requests_of_other_tenants_are_not_there() {
    let place = Place::new().await.under(ASKS_ABOUT_TERRAFORM).await;
    let (agent, _) = place.agent_and_approver().await;
    let id = hold(&place, &agent, &["terraform", "apply"], "/one").await;
    let stranger = place.key(Role::Admin, "south").await;
    let cookie = place.cookie(&stranger);
    let page = place.look(&cookie, "/ui/approvals").await.text;
    assert!(!page.contains(&id) && page.contains("data-count=\"0\""));
    let path = format!("/ui/approvals/server/{id}");
    assert_eq!(place.look(&cookie, &path).await.status, StatusCode::NOT_FOUND);
    let token = place.token(&cookie).await;
    let fields = [("form_token", &*token), ("say", "approve")];
    assert_eq!(place.sends(&cookie, &path, &fields).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn hostile_texts_stand_in_pages_and_do_nothing() {
    let policy = ASKS_ABOUT_TERRAFORM
        .replace("infrastructure is for a person to change", "<script>1</script> & <b id=x>why");
    let place = Place::new().await.under(&policy).await;
    let agent = place.key(Role::Agent, "<b id=x>north").await;
    let admin = place.key(Role::Admin, "<b id=x>north").await;
    let cookie = place.cookie(&admin);
    let mut ids = Vec::new();
    for text in HOSTILE {
        let command = ["terraform", "apply", text];
        let asked = json!({ "command": command, "cwd": format!("/{text}"),
            "principal": { "session": text } });
        let told = place.as_key(&agent, "/v1/actions", Some(&asked)).await;
        let told = match told.status {
            StatusCode::OK => told,
            _ => {
                let plain = json!({ "command": command, "cwd": format!("/{text}") });
                place.as_key(&agent, "/v1/actions", Some(&plain)).await
            }
        };
        ids.extend(told.body["approval"]["id"].as_str().map(str::to_owned));
    }
    assert_eq!(ids.len(), HOSTILE.len(), "each is held");
    let token = place.token(&cookie).await;
    for (id, text) in ids.iter().zip(HOSTILE).take(4) {
        let fields = [("form_token", &*token), ("say", "deny"), ("note", text)];
        let path = format!("/ui/approvals/server/{id}");
        assert_eq!(place.sends(&cookie, &path, &fields).await.status, StatusCode::SEE_OTHER);
    }
    let mut pages = vec![
        String::from("/ui/approvals"),
        String::from("/ui/approvals/part"),
        String::from("/ui/approvals?done=%3Cscript%3E"),
    ];
    for text in HOSTILE {
        let text: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        pages.push(format!("/ui/approvals?q={text}"));
        pages.push(format!("/ui/login?next=/ui/{text}"));
        pages.push(format!("/ui/{text}"));
        pages.push(format!("/ui/approvals/server/{text}"));
    }
    pages.extend(ids.iter().map(|id| format!("/ui/approvals/server/{id}?say=approve")));
    for path in pages {
        let page = place.look(&cookie, &path).await.text;
        for raw in RAW {
            assert!(!page.contains(raw), "{path}: {raw} stands in {page}");
        }
        // What somebody typed into the filter is theirs.
        assert!(path.contains("?q=") || !page.contains('\u{202e}'), "{path}: it hides");
    }
}

#[tokio::test]
async fn what_a_role_may_not_do_is_not_shown() {
    let place = Place::new().await;
    for role in [Role::Viewer, Role::Approver, Role::Admin] {
        let key = place.key(role, "").await;
        let page = place.look(&place.cookie(&key), "/ui/approvals").await.text;
        for entry in crate::dashboard::frame::ENTRIES {
            let may = Permission::is_given_to(entry.permission, role);
            let shown = page.contains(&format!("href=\"{}\"", entry.path));
            assert_eq!(shown, may, "{role}: {}", entry.label);
        }
    }
}
