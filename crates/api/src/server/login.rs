//! Who one is: `POST /login` and `GET /me` in AgentGov's words (its contract §7), and
//! `POST /v1/tokens`, which makes a narrower credential of one's own key.
//!
//! Whoever shows a wrong password, one of somebody disabled, or a name that nobody has, is told the same,
//! after the same work. There is no password that nobody chose.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::{Extension, State};
use datafog_core::Secret;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::asked::{Asked, Reply};
use super::context::plain;
use super::noted::{Noted, refused};
use super::problem::{Kind, Problem};
use super::spoken::moment;
use crate::identity::{Caller, Issued, mint};
use crate::store::{Account, Bounds, Login, Permission};

/// Longest that a credential made of another one holds, in seconds: thirty days.
const LONGEST: u32 = 30 * 24 * 60 * 60;

/// Shortest, in seconds.
const SHORTEST: u32 = 60;

/// Most names of tools, or of scopes, that a credential is narrowed to.
const MOST: usize = 64;

/// Most letters of a name.
const MOST_LETTERS: usize = 128;

/// Who logs in. Unknown members are no error.
#[derive(Deserialize)]
pub(crate) struct Shown {
    email: String,
    password: String,
}

/// What a credential shall be narrowed to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Narrowed {
    /// For how long it holds.
    #[serde(deserialize_with = "datafog_core::whole")]
    seconds: u32,
    #[serde(default)]
    name: String,
    /// Tools that it may ask about, with `*` and `?`; all that one's own may for none.
    #[serde(default)]
    tools: Vec<String>,
    /// What of one's role it is for; all that one's own is for none.
    #[serde(default)]
    scopes: Vec<Permission>,
}

/// Answers `POST /login`.
pub(crate) async fn login(State(app): State<Arc<App>>, Asked(shown): Asked<Shown>) -> Reply<Value> {
    let Shown { email, password } = shown;
    let account = account(&app, &email, Secret::new(password)).await?;
    let issued = app.keyring.sessions().issue(&account, Timestamp::now().as_second());
    let Issued { token, session } = issued.map_err(|error| Problem::ours(&error))?;
    let caller = Caller {
        role: account.role,
        tenant: account.tenant.clone(),
        session: Some(session.clone()),
        ..Caller::anonymous()
    };
    let noted = Noted::of(&caller, String::from("log-in"), String::from("over the API"));
    noted.store(&app).await?;
    Ok(Json(json!({
        "token": token.expose(),
        "expires_at": seconds(session.until),
        "user": told(&account, session.since),
    })))
}

/// Whose account it is, by what they type: the one way in for who has a password.
pub(crate) async fn account(
    app: &App,
    login: &str,
    password: Secret<String>,
) -> Result<Account, Problem> {
    let wrong = || Problem::new(Kind::Unauthorized, "wrong e-mail or password");
    let login = Login::new(login).map_err(|_| wrong())?;
    app.throttle.take(login.as_str(), Instant::now()).map_err(|seconds| {
        Problem::new(Kind::Tries(seconds), "too many tries to log in; wait and try again")
    })?;
    let account = app.store.account(&login).await.map_err(|error| Problem::unread(&error))?;
    let known = account.clone();
    let Some(account) = app.passwords.compare(account, password).await else {
        refused(app, known.as_ref(), "a wrong name or password, or somebody disabled").await;
        return Err(wrong());
    };
    app.throttle.give_back(login.as_str(), Instant::now());
    Ok(account)
}

/// Answers `GET /me`: whoever logged in, or whose key it is.
pub(crate) async fn me(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
) -> Reply<Value> {
    let Some(session) = &caller.session else { return Ok(Json(of_credential(&caller))) };
    let account = app.store.account(&session.login).await;
    let account = account.map_err(|error| Problem::unread(&error))?;
    let gone = || Problem::new(Kind::Unauthorized, "invalid api token");
    Ok(Json(told(&account.ok_or_else(gone)?, session.since)))
}

/// Somebody in AgentGov's words; the id is made of the login as it makes it.
fn told(account: &Account, since: i64) -> Value {
    json!({
        "id": account.login.as_str().replace('@', "-"),
        "email": account.login.as_str(),
        "name": account.name,
        "roles": [account.role],
        "tenant": account.tenant,
        "iat": since,
    })
}

fn of_credential(caller: &Caller) -> Value {
    json!({
        "id": caller.name(),
        "email": caller.bounds.owner,
        "name": caller.name(),
        "roles": [caller.role],
        "tenant": caller.tenant,
        "policy": caller.bounds.policy,
        "scopes": caller.bounds.scopes,
        "tools": caller.bounds.tools,
    })
}

/// Answers `POST /v1/tokens`: a credential that can do no more than the key that was shown, ends when
/// that ends, and makes no other one.
pub(crate) async fn token(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Asked(narrowed): Asked<Narrowed>,
) -> Reply<Value> {
    let Some(parent) = caller.key.clone().filter(|_| caller.bounds.parent.is_none()) else {
        return Err(Problem::new(Kind::Forbidden, "tokens are made of a key, and of no token"));
    };
    let seconds = i64::from(narrowed.seconds);
    let (name, role) = (narrowed.name.clone(), caller.role);
    let name = app.judges.ask(move |judge| plain(judge, &name)).await?;
    let bounds = narrowed.bounds(&caller, parent)?;
    let now = Timestamp::now().as_microsecond();
    let until = now.saturating_add(seconds.saturating_mul(1_000_000));
    let minted = mint(&name, (role, &caller.tenant), (now, Some(until)));
    let minted = minted.map_err(|error| Problem::ours(&error))?.within(bounds);
    let stored = minted.stored.clone();
    let (what, why) = (format!("make token {}", stored.id), format!("named `{}`", stored.name));
    Noted::of(&caller, what, why).store(&app).await?;
    app.store.add_key(stored.clone()).await.map_err(|error| Problem::unstored(&error))?;
    Ok(Json(json!({
        "token": minted.key.expose(),
        "id": stored.id,
        "expires_at": moment(u64::try_from(until / 1000).unwrap_or(0)),
        "scopes": stored.bounds.scopes,
        "tools": stored.bounds.tools,
    })))
}

impl Narrowed {
    /// What is asked for, where it is no more than the caller may.
    fn bounds(self, caller: &Caller, parent: String) -> Result<Bounds, Problem> {
        let wrong = |message: &str| Err(Problem::new(Kind::Invalid, message));
        let Self { seconds, name, tools, scopes } = self;
        if !(SHORTEST..=LONGEST).contains(&seconds) {
            return wrong("`seconds` is 60 to 2592000");
        }
        let is_name = |name: &String| {
            name.chars().count() <= MOST_LETTERS && !name.chars().any(char::is_control)
        };
        let plain = tools.iter().all(|tool| !tool.is_empty() && is_name(tool)) && is_name(&name);
        if !plain || tools.len() > MOST || scopes.len() > MOST {
            return wrong("names have 1 to 128 letters, and there are 64 at most");
        }
        if scopes.iter().any(|scope| !caller.may(*scope)) {
            return Err(Problem::new(
                Kind::Forbidden,
                "your own credential is not for all of that",
            ));
        }
        // Two lists of patterns have no list for what fits both.
        let of_parent = &caller.bounds.tools;
        if !tools.is_empty()
            && !of_parent.is_empty()
            && tools.iter().any(|it| !of_parent.contains(it))
        {
            return Err(Problem::new(Kind::Forbidden, "your own credential is for other tools"));
        }
        let or_own = |given: Vec<String>| if given.is_empty() { of_parent.clone() } else { given };
        let scopes = if scopes.is_empty() { caller.bounds.scopes.clone() } else { scopes };
        let owner = caller.bounds.owner.clone();
        let (mode, policy) = (caller.bounds.mode, caller.bounds.policy.clone());
        Ok(Bounds { mode, owner, parent: Some(parent), policy, scopes, tools: or_own(tools) })
    }
}

/// Seconds since 1970 as RFC 3339.
fn seconds(at: i64) -> String {
    moment(u64::try_from(at).unwrap_or(0).saturating_mul(1000))
}
