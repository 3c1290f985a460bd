//! The dashboard of an installation: its own desk, its policy, keys and people, and the one-time link.

use std::path::PathBuf;
use std::sync::Mutex;

use datafog_approval::{Moment, Record, Word, testing};
use datafog_core::{ApprovalWay, Id};

use super::*;
use crate::dashboard::enter::Once;
use crate::house::{Answer as Say, Check, House, Level, Proof, Said};

/// What is hostile in whatever the house says.
const HOSTILE: &str = "<script>1</script> & \"'><img src=x>";

/// An installation with one request at its desk.
#[derive(Debug)]
struct Stand {
    requests: Mutex<Vec<Record>>,
    folder: PathBuf,
    is_agents: bool,
}

impl House for Stand {
    fn person(&self) -> String {
        "ann".into()
    }

    fn require_person(&self, _: &str, _: &str) -> Result<(), String> {
        if self.is_agents { Err("an agent is behind this process".into()) } else { Ok(()) }
    }

    fn requests(&self) -> Result<Vec<Record>, datafog_gate::Error> {
        Ok(self.requests.lock().unwrap().clone())
    }

    fn answer(&self, id: Id, answer: Say) -> Result<Record, datafog_gate::Error> {
        let mut all = self.requests.lock().unwrap();
        let found = all.iter_mut().find(|record| record.id() == id);
        let record = found.ok_or(datafog_approval::Error::Unknown(id))?;
        let Say { by, eyes, said, note } = answer;
        let word = Word { by: Some(by.name), way: ApprovalWay::Dashboard, note, who: by.party };
        let now = Moment::now();
        record.demand(eyes);
        let done = match said {
            Said::No => record.deny(word, &now),
            Said::TakenBack => record.revoke(word, &now),
            Said::Yes(scope) => record.approve(word, (scope, None), &now),
        };
        done.map_err(datafog_approval::Error::from)?;
        Ok(record.clone())
    }

    fn refresh(&self) -> Result<(), datafog_gate::Error> {
        Ok(())
    }

    fn folder(&self) -> PathBuf {
        self.folder.clone()
    }

    fn examine(&self, shells: bool) -> Vec<Check> {
        let (about, level) = (HOSTILE.to_owned(), Level::Problem);
        let detail = if shells { "every shell" } else { HOSTILE };
        vec![Check { about, level, detail: detail.to_owned(), remedy: Some(HOSTILE.into()) }]
    }

    fn verify(&self) -> Result<Proof, String> {
        Ok(Proof { is_proven: false, facts: vec![(HOSTILE.into(), HOSTILE.into())] })
    }

    fn settings(&self) -> Vec<(String, String, String)> {
        vec![("mode".into(), HOSTILE.into(), HOSTILE.into())]
    }
}

/// A server of an installation, and the id of the request at its desk.
async fn place(is_agents: bool) -> (Place, String) {
    let record = Record::new(testing::request(7, "curl"), &Moment::now());
    let id = record.id().to_string();
    let folder = std::env::temp_dir();
    let stand = Stand { requests: Mutex::new(vec![record]), folder, is_agents };
    let house: Arc<dyn House> = Arc::new(stand);
    (Place::with(Options { house: Some(house), ..Options::default() }).await, id)
}

async fn cookie(place: &Place, role: Role, tenant: &str) -> String {
    place.cookie(&place.key(role, tenant).await)
}

#[tokio::test]
async fn this_machines_calls_are_answered_by_who_has_a_say_here() {
    let (place, id) = place(false).await;
    let path = format!("/ui/approvals/here/{id}");
    for (role, tenant) in [(Role::Viewer, ""), (Role::Admin, "north"), (Role::Approver, "north")] {
        let cookie = cookie(&place, role, tenant).await;
        let page = place.look(&cookie, "/ui/approvals").await.text;
        assert!(page.contains("data-count=\"0\"") && !page.contains(&id), "{role} of `{tenant}`");
        assert_eq!(place.look(&cookie, &path).await.status, StatusCode::NOT_FOUND);
        let token = place.token(&cookie).await;
        let fields = [("form_token", &*token), ("say", "approve")];
        let told = place.sends(&cookie, &path, &fields).await;
        assert!(told.status.is_client_error(), "{role} of `{tenant}`: {}", told.status);
    }
    let cookie = cookie(&place, Role::Approver, "").await;
    let page = place.look(&cookie, "/ui/approvals").await.text;
    assert!(page.contains("data-count=\"1\"") && page.contains("on this machine"), "{page}");
    let token = place.token(&cookie).await;
    let fields = [("form_token", &*token), ("say", "approve"), ("scope", "once")];
    assert_eq!(place.sends(&cookie, &path, &fields).await.status, StatusCode::SEE_OTHER);
    let again = place.sends(&cookie, &path, &fields).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.text);
    let page = place.look(&cookie, &path).await.text;
    assert!(page.contains("(dashboard)") && page.contains("Take the answer back"), "{page}");
}

#[tokio::test]
async fn four_eyes_hold_for_this_machines_calls() {
    let record = Record::new(testing::request(7, "curl"), &Moment::now());
    let id = record.id().to_string();
    let stand = Stand {
        requests: Mutex::new(vec![record]),
        folder: std::env::temp_dir(),
        is_agents: false,
    };
    let eyes = datafog_approval::Eyes { others: false, count: 2 };
    let house: Arc<dyn House> = Arc::new(stand);
    let place = Place::with(Options { house: Some(house), eyes, ..Options::default() }).await;
    let path = format!("/ui/approvals/here/{id}");
    let one = cookie(&place, Role::Approver, "").await;
    let other = cookie(&place, Role::Admin, "").await;
    for (cookie, status) in [(&one, 303), (&one, 403), (&other, 303), (&other, 409)] {
        let token = place.token(cookie).await;
        let fields = [("form_token", &*token), ("say", "approve")];
        let told = place.sends(cookie, &path, &fields).await;
        assert_eq!(told.status.as_u16(), status, "{}", told.text);
    }
}

#[tokio::test]
async fn who_cannot_be_told_from_this_machines_user_does_not_answer_what_that_user_asked() {
    let mut request = testing::request(7, "curl");
    request.asker = datafog_approval::Party::new(vec![datafog_gate::of_machine("ann")]);
    let record = Record::new(request, &Moment::now());
    let id = record.id().to_string();
    let stand = Stand {
        requests: Mutex::new(vec![record]),
        folder: std::env::temp_dir(),
        is_agents: false,
    };
    let eyes = datafog_approval::Eyes { others: true, count: 1 };
    let house: Arc<dyn House> = Arc::new(stand);
    let place = Place::with(Options { house: Some(house), eyes, ..Options::default() }).await;
    let path = format!("/ui/approvals/here/{id}");
    let key = cookie(&place, Role::Admin, "").await;
    place.account_of("", "ann@example.com", Role::Approver).await;
    place.account_of("", "bob@example.com", Role::Approver).await;
    let person = async |login: &str| {
        let fields = [("email", login), ("password", "correct horse battery")];
        let entered = place.sends("", "/ui/login", &fields).await;
        entered.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
    };
    let (ann, bob) = (person("ann@example.com").await, person("bob@example.com").await);
    for (cookie, status) in [(&key, 403), (&ann, 403), (&bob, 303)] {
        let token = place.token(cookie).await;
        let fields = [("form_token", &*token), ("say", "approve")];
        let told = place.sends(cookie, &path, &fields).await;
        assert_eq!(told.status.as_u16(), status, "{}", told.text);
        let says = told.text.contains("nobody can tell that you are somebody else");
        assert_eq!(says, status == 403, "{}", told.text);
    }
}

#[tokio::test]
async fn the_link_lets_one_in_once() {
    let (place, _) = place(false).await;
    let (once, code) = Once::new("ann".into()).unwrap();
    *place.whole.once.lock().unwrap() = Some(once);
    for wrong in ["", "00", &"0".repeat(64)] {
        let told = place.sends("", "/ui/enter", &[("code", wrong)]).await;
        assert_eq!(told.status, StatusCode::FORBIDDEN, "{wrong}");
    }
    let come = place.sends("", "/ui/enter", &[("code", code.expose())]).await;
    assert_eq!(come.status, StatusCode::SEE_OTHER, "{}", come.text);
    let cookie = come.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap();
    let page = place.look(cookie, "/ui/approvals").await.text;
    assert!(page.contains("ann at this machine") && page.contains("admin"), "{page}");
    let again = place.sends("", "/ui/enter", &[("code", code.expose())]).await;
    assert_eq!(again.status, StatusCode::FORBIDDEN, "once");
    let page = place.look("", "/ui/enter").await.text;
    assert!(!page.contains(code.expose()));
}

#[tokio::test]
async fn a_policy_is_saved_by_who_has_seen_it_and_never_with_a_mistake() {
    let (place, _) = place(false).await;
    let admin = cookie(&place, Role::Admin, "").await;
    let token = place.token(&admin).await;
    let save = async |text: &str, seen: &str| {
        let fields = [("form_token", &*token), ("text", text), ("seen", seen), ("note", "why")];
        place.sends(&admin, "/ui/policy/edit", &fields).await
    };
    let wrong = save(&ASKS_ABOUT_TERRAFORM.replace("effect =", "efect ="), "").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(
        wrong.text.contains("policy.toml:7") && wrong.text.contains("efect ="),
        "{}",
        wrong.text
    );
    assert!(!place.root().join("policy.toml").exists(), "nothing was written");
    let saved = save(&ASKS_ABOUT_TERRAFORM.replace('\n', "\r\n"), "").await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let written = std::fs::read_to_string(place.root().join("policy.toml")).unwrap();
    assert!(!written.contains('\r') && written.contains("ask-first"));
    let late = save(ASKS_ABOUT_MONEY, "").await;
    assert_eq!(late.status, StatusCode::PRECONDITION_FAILED);
    assert!(late.text.contains("money is for a person"), "what was typed is kept");
    let lint = [("form_token", &*token), ("text", "nonsense")];
    let lint = place.sends(&admin, "/ui/policy/lint", &lint).await;
    assert_eq!((lint.status.as_u16(), &lint.body["usable"]), (200, &json!(false)));
    assert_eq!(lint.body["found"][0]["line"], 1, "{}", lint.text);
    let versions = place.look(&admin, "/ui/policy/versions").await.text;
    assert!(versions.contains("Version 1") && versions.contains("why"), "{versions}");
    let north = cookie(&place, Role::Admin, "north").await;
    let page = place.look(&north, "/ui/policy/edit").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "it is the installation's");
}

#[tokio::test]
async fn keys_and_people_are_made_by_a_person_for_their_own_tenant() {
    let (agents, _) = place(true).await;
    let admin = cookie(&agents, Role::Admin, "").await;
    let token = agents.token(&admin).await;
    let fields = [("form_token", &*token), ("name", "x"), ("role", "admin")];
    let told = agents.sends(&admin, "/ui/keys", &fields).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN, "{}", told.text);
    let (place, _) = place(false).await;
    let north = cookie(&place, Role::Admin, "north").await;
    let token = place.token(&north).await;
    let fields =
        [("form_token", &*token), ("name", "laptop"), ("role", "agent"), ("tenant", "south")];
    let made = place.sends(&north, "/ui/keys", &fields).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    let (_, rest) = made.text.split_once("dfg_").unwrap();
    let key = place.store.key(rest.get(..8).unwrap()).await.unwrap().unwrap();
    assert_eq!((&*key.tenant, key.role), ("north", Role::Agent), "no other tenant's");
    let others = place.key(Role::Agent, "south").await.stored.id;
    let page = place.look(&north, "/ui/keys").await.text;
    assert!(page.contains(&key.id) && !page.contains(&others) && !page.contains("dfg_"));
    for (id, status) in [(&others, 404), (&key.id, 303), (&key.id, 404)] {
        let told = place.sends(&north, &format!("/ui/keys/{id}"), &[("form_token", &token)]).await;
        assert_eq!(told.status.as_u16(), status, "{id}");
    }
    let person =
        [("form_token", &*token), ("login", "bob"), ("role", "viewer"), ("password", "too short")];
    assert_eq!(place.sends(&north, "/ui/people", &person).await.status, StatusCode::BAD_REQUEST);
    let person = [
        ("form_token", &*token),
        ("login", "bob"),
        ("role", "viewer"),
        ("password", "correct horse battery"),
    ];
    assert_eq!(place.sends(&north, "/ui/people", &person).await.status, StatusCode::SEE_OTHER);
    let said = [("form_token", &*token), ("say", "disable")];
    assert_eq!(place.sends(&north, "/ui/people/bob", &said).await.status, StatusCode::SEE_OTHER);
    let bob =
        place.store.account(&crate::store::Login::new("bob").unwrap()).await.unwrap().unwrap();
    assert!(bob.disabled.is_some() && bob.tenant == "north");
    // Who did it stands in the chain of the tenant whom it concerns.
    let lines = place.store.tail(0).await.unwrap();
    let said: Vec<String> = lines
        .iter()
        .map(|(tenant, entry)| {
            let line: Value = serde_json::from_str(&entry.line).unwrap();
            assert_eq!(tenant, "north");
            assert!(line["server"]["actor_id"].as_str().unwrap().starts_with("key "), "{line}");
            line["command"].as_str().unwrap().to_owned()
        })
        .collect();
    let revoked = format!("tool:server revoke key {}", key.id);
    let expected = [
        "tool:server make key laptop",
        &revoked,
        "tool:server add user bob",
        "tool:server disable user bob",
    ];
    assert_eq!(said, expected);
}

#[tokio::test]
async fn an_admin_ends_somebodys_visits_and_changes_what_they_may() {
    let (place, _) = place(false).await;
    place.account_of("", "ann@example.com", Role::Admin).await;
    let fields = [("email", "ann@example.com"), ("password", "correct horse battery")];
    let comes = async || {
        let entered = place.sends("", "/ui/login", &fields).await;
        entered.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
    };
    let admin = cookie(&place, Role::Admin, "").await;
    let token = place.token(&admin).await;
    for (say, role) in [("end", ""), ("role", "viewer")] {
        let ann = comes().await;
        assert_eq!(place.look(&ann, "/ui/keys").await.status, StatusCode::OK);
        let said = [("form_token", &*token), ("say", say), ("role", role)];
        let told = place.sends(&admin, "/ui/people/ann@example.com", &said).await;
        assert_eq!(told.status, StatusCode::SEE_OTHER, "{}", told.text);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(place.look(&ann, "/ui/approvals").await.status, StatusCode::SEE_OTHER, "{say}");
    }
    let ann = comes().await;
    assert_eq!(place.look(&ann, "/ui/keys").await.status, StatusCode::FORBIDDEN, "she looks now");
    for wrong in [("role", "king"), ("perhaps", "")] {
        let said = [("form_token", &*token), ("say", wrong.0), ("role", wrong.1)];
        let told = place.sends(&admin, "/ui/people/ann@example.com", &said).await;
        assert_eq!(told.status, StatusCode::BAD_REQUEST, "{wrong:?}");
    }
    let north = cookie(&place, Role::Admin, "north").await;
    let token = place.token(&north).await;
    let said = [("form_token", &*token), ("say", "end")];
    let told = place.sends(&north, "/ui/people/ann@example.com", &said).await;
    assert_eq!(told.status, StatusCode::NOT_FOUND, "another tenant's");
}

/// What somebody says of a value that was found holds until it is seen again, or its time is over.
#[tokio::test]
async fn findings_have_states_that_people_set() {
    let (place, _) = place(false).await;
    let agent = place.key(Role::Agent, "").await;
    let found = async || {
        assert_eq!(place.as_key(&agent, "/v1/decide", Some(&leak())).await.status, StatusCode::OK);
        crate::board::catch_up(&place.whole.board, &*place.store).await;
    };
    found().await;
    let approver = cookie(&place, Role::Approver, "").await;
    let token = place.token(&approver).await;
    let page = place.look(&approver, "/ui/findings").await.text;
    let (_, rest) = page.split_once("action=\"/ui/findings/").unwrap();
    let path = format!("/ui/findings/{}", rest.split_once('"').unwrap().0);
    let says = async |say: &str, reason: &str, lasting: &str| {
        let fields =
            [("form_token", &*token), ("say", say), ("reason", reason), ("lasting", lasting)];
        place.sends(&approver, &path, &fields).await
    };
    let shown = async |state: &str| {
        let page = place.look(&approver, &format!("/ui/findings?state={state}")).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        page.text.contains("article").then_some(page.text)
    };
    assert_eq!(says("ignored", "", "").await.status, StatusCode::BAD_REQUEST, "say why");
    assert_eq!(says("perhaps", "x", "").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(says("ignored", "x", "soon").await.status, StatusCode::BAD_REQUEST);
    let why = format!("{HOSTILE} {}", token_of_nobody());
    assert_eq!(says("ignored", &why, "").await.status, StatusCode::SEE_OTHER);
    let ignored = shown("ignored").await.unwrap();
    assert!(!ignored.contains("<script>1") && !ignored.contains(&token_of_nobody()), "{ignored}");
    assert!(shown("open").await.is_none());
    found().await;
    assert!(shown("ignored").await.is_some(), "seen again, it stays ignored");
    assert_eq!(says("ignored", "a sample", "1ms").await.status, StatusCode::SEE_OTHER);
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(shown("open").await.unwrap().contains("the time is over"));
    assert_eq!(says("fixed", "", "").await.status, StatusCode::SEE_OTHER);
    assert!(shown("fixed").await.unwrap().contains(">fixed<") && shown("open").await.is_none());
    found().await;
    assert!(shown("open").await.unwrap().contains("open again"), "seen again, it is open");
    let lines = place.store.tail(0).await.unwrap();
    let words = lines.iter().filter(|(_, it)| it.line.contains("tool:server finding ")).count();
    assert_eq!(words, 3, "each with its line");
    for (role, tenant, status) in
        [(Role::Viewer, "", 403), (Role::Approver, "north", 404), (Role::Admin, "", 303)]
    {
        let other = cookie(&place, role, tenant).await;
        let token = place.token(&other).await;
        let fields = [("form_token", &*token), ("say", "ignored"), ("reason", "so")];
        let told = place.sends(&other, &path, &fields).await;
        assert_eq!(told.status.as_u16(), status, "{role} of `{tenant}`: {}", told.text);
    }
    assert_eq!(
        place.look(&approver, "/ui/findings?state=lost").await.status,
        StatusCode::BAD_REQUEST
    );
    let (agents, _) = self::place(true).await;
    let admin = cookie(&agents, Role::Admin, "").await;
    assert!(agents.look(&admin, "/ui/findings").await.status.is_success());
}

/// What looks like a secret, typed as a reason.
fn token_of_nobody() -> String {
    super::token()
}

#[tokio::test]
async fn the_house_is_shown_to_its_own_and_nothing_of_it_runs() {
    let (place, _) = place(false).await;
    let admin = cookie(&place, Role::Admin, "").await;
    let token = place.token(&admin).await;
    for path in ["/ui/settings", "/ui/checks", "/ui/integrity", "/ui/keys", "/ui/policy"] {
        let page = place.look(&admin, path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
        assert!(!page.text.contains("<script>1") && !page.text.contains("<img"), "{path}");
    }
    let north = cookie(&place, Role::Admin, "north").await;
    let done = async |path: &str| {
        let begun = place.sends(&admin, path, &[("form_token", &token)]).await;
        assert_eq!(begun.status, StatusCode::SEE_OTHER, "{path}: it goes on beside the request");
        loop {
            let part = place.look(&admin, &format!("{path}/part")).await.text;
            if !part.contains("data-poll") {
                return place.look(&admin, path).await.text;
            }
        }
    };
    assert!(done("/ui/checks").await.contains("every shell"));
    let proof = done("/ui/integrity").await;
    assert!(proof.contains("NOT INTACT") && proof.contains(">intact<"), "{proof}");
    assert!(!proof.contains("<script>1"));
    let seen = place.look(&north, "/ui/integrity").await.text;
    assert!(!seen.contains("NOT INTACT") && seen.contains(">intact<"), "the store alone: {seen}");
    for path in ["/ui/checks", "/ui/checks/part"] {
        assert_eq!(place.look(&north, path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    for path in ["/ui/settings", "/ui/checks"] {
        assert_eq!(place.look(&north, path).await.status, StatusCode::FORBIDDEN, "{path}");
        assert!(!place.look(&north, "/ui/approvals").await.text.contains(path), "nor shown");
    }
    let key = place.key(Role::Agent, "").await;
    assert_eq!(place.as_key(&key, "/v1/decide", Some(&harmless())).await.status, StatusCode::OK);
    let chain = place.look(&admin, "/ui/integrity/chain").await;
    assert_eq!(chain.text.lines().count(), 1, "{}", chain.text);
    assert!(place.look(&north, "/ui/integrity/chain").await.text.is_empty(), "their own alone");
}

#[tokio::test(flavor = "multi_thread")]
async fn channels_are_added_tested_and_removed_by_a_person() {
    let stand = |is_agents| {
        let stand = Stand { requests: Mutex::default(), folder: std::env::temp_dir(), is_agents };
        let (house, telling): (Arc<dyn House>, _) = (Arc::new(stand), super::telling::telling());
        Options { house: Some(house), telling, ..Options::default() }
    };
    let receiver = super::receivers::Receiver::new(&[500]).await;
    let url = receiver.url("/tokentokentoken");
    let fields = |token: &str| {
        [
            ("form_token", token),
            ("name", HOSTILE),
            ("kind", "webhook"),
            ("url", &url),
            ("event-held", "yes"),
            ("security", "starttls"),
            ("host", ""),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    for is_agents in [true, false] {
        let place = Place::with(stand(is_agents)).await;
        let admin = cookie(&place, Role::Admin, "").await;
        let token = place.token(&admin).await;
        let fields = fields(&token);
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (&**name, &**value)).collect();
        let made = place.sends(&admin, "/ui/channels", &fields).await;
        if is_agents {
            assert_eq!(made.status, StatusCode::FORBIDDEN, "{}", made.text);
            continue;
        }
        assert_eq!(made.status, StatusCode::OK, "{}", made.text);
        assert!(made.text.contains("new-secret"), "it is shown once");
        let page = place.look(&admin, "/ui/settings").await.text;
        assert!(!page.contains("new-secret") && !page.contains("tokentokentoken"), "{page}");
        assert!(!page.contains("<script>1") && !page.contains("<img") && page.contains("…"));
        let id = place.store.channels().await.unwrap().remove(0).id;
        let path = format!("/ui/channels/{id}");
        let test = [("form_token", &*token), ("say", "test")];
        let told = place.sends(&admin, &path, &test).await;
        assert!(told.text.contains("It was not told") && told.text.contains("500"));
        let told = place.sends(&admin, &path, &test).await;
        assert!(told.text.contains("It was told."), "{}", told.text);
        let remove = [("form_token", &*token), ("say", "remove")];
        assert_eq!(place.sends(&admin, &path, &remove).await.status, StatusCode::SEE_OTHER);
        assert_eq!(place.store.channels().await.unwrap(), []);
    }
}
