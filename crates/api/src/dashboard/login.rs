//! `/ui/login` and `/ui/logout`: how a browser comes to its cookie and loses it.
//!
//! Somebody shows the password of their account, throttled as at `POST /login`, or a key of theirs; the
//! browser gets neither back but a token of its own, which ends with what was shown.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::response::{Html, IntoResponse as _, Response};
use datafog_core::Secret;
use jiff::Timestamp;
use maud::{Markup, html};

use super::{Posted, Viewer, cookie, door, frame, see};
use crate::identity::{Caller, Credential, Permission, Visitor};
use crate::server::App;
use crate::server::asked::Parameters;
use crate::server::login::account;
use crate::server::noted::{self, Noted};
use crate::server::problem::{Kind, Problem};

/// Where somebody wanted to go.
#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct Wanted {
    next: Option<String>,
}

/// Answers `GET /ui/login`.
pub(super) async fn page(
    State(app): State<Arc<App>>,
    Parameters(Wanted { next }): Parameters<Wanted>,
) -> Response {
    Html(form(&app, door::next(next.as_deref()), None).into_string()).into_response()
}

/// Answers `POST /ui/login`.
pub(super) async fn login(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body): (_, Body) = request.into_parts();
    let posted = Posted::new(&parts.headers, body).await?;
    let next = door::next(posted.text("next"));
    match visitor(&app, &posted).await {
        Ok(visitor) => enter(&app, &parts.headers, visitor, next).await,
        Err(problem) => {
            let page = form(&app, next, Some(problem.message()));
            Ok((problem.status(), Html(page.into_string())).into_response())
        }
    }
}

/// Answers `POST /ui/logout`: the visit ends here, and not in the browser alone.
pub(super) async fn logout(
    viewer: Viewer,
    headers: HeaderMap,
    _: Posted,
) -> Result<Response, Problem> {
    if let Some(visit) = &viewer.caller.visit {
        let noted = Noted::of(&viewer.caller, "log-out".into(), "of the dashboard".into());
        let entry = noted.entry(&viewer.app).await?;
        let ended = viewer.app.keyring.end(visit, entry).await;
        ended.map_err(|error| Problem::unstored(&error))?;
    }
    let mut answer = see("/ui/login");
    if let Some(gone) = cookie::set(&headers, viewer.app.secure, ("", 0)) {
        answer.headers_mut().insert(header::SET_COOKIE, gone);
    }
    Ok(answer)
}

/// Gives the browser its cookie, once the line that says so is stored.
pub(super) async fn enter(
    app: &App,
    headers: &HeaderMap,
    visitor: Visitor,
    next: &str,
) -> Result<Response, Problem> {
    let sessions = app.keyring.sessions();
    let token = sessions.visit(visitor, Timestamp::now().as_second());
    let token = token.map_err(|error| Problem::ours(&error))?;
    let came = app.keyring.visiting(token.expose()).await;
    let refused = || Problem::new(Kind::Unauthorized, "this does not hold any more");
    let caller = came.map_err(|error| Problem::unread(&error))?.ok_or_else(refused)?;
    Noted::of(&caller, "log-in".into(), "to the dashboard".into()).store(app).await?;
    let value = (token.expose().as_str(), sessions.seconds());
    let value = cookie::set(headers, app.secure, value);
    let failed = || Problem::new(Kind::Internal, "no cookie can be made of it");
    let mut answer = see(next);
    answer.headers_mut().insert(header::SET_COOKIE, value.ok_or_else(failed)?);
    Ok(answer)
}

/// Who it is, by what they typed.
async fn visitor(app: &App, posted: &Posted) -> Result<Visitor, Problem> {
    if let Some(key) = posted.text("key") {
        return of_key(app, key).await;
    }
    let (Some(login), Some(password)) = (posted.text("email"), posted.text("password")) else {
        return Err(Problem::new(Kind::Invalid, "type your name and your password, or a key"));
    };
    let account = account(app, login, Secret::new(password.to_owned())).await?;
    require_sight(Permission::Read.is_given_to(account.role))?;
    Ok(Visitor::Person(account.login.to_string(), account.epoch))
}

async fn of_key(app: &App, key: &str) -> Result<Visitor, Problem> {
    let refused = || Problem::new(Kind::Unauthorized, "this key is not known, or void by now");
    let found = match Credential::of(None, Some(key)) {
        Ok(shown) => app.keyring.caller(&shown).await.map_err(|error| Problem::unread(&error))?,
        Err(why) => Err(why),
    };
    let Ok(caller): Result<Caller, _> = found else {
        noted::refused(app, None, "a key that is not known, or void").await;
        return Err(refused());
    };
    require_sight(caller.may(Permission::Read))?;
    app.keyring.visitor(&caller).ok_or_else(refused)
}

fn require_sight(may: bool) -> Result<(), Problem> {
    let message = "this is for who asks, not for who looks: an agent's key opens no page";
    if may { Ok(()) } else { Err(Problem::new(Kind::Forbidden, message)) }
}

fn form(app: &App, next: &str, wrong: Option<&str>) -> Markup {
    let content = html! {
        h1 { "Log in" }
        @if let Some(wrong) = wrong { p.notice.bad role="alert" { (wrong) } }
        form.stack method="post" action="/ui/login" {
            input type="hidden" name="next" value=(next);
            label { "E-mail or name" input name="email" autocomplete="username" required autofocus; }
            label {
                "Password"
                input name="password" type="password" autocomplete="current-password" required;
            }
            button type="submit" { "Log in" }
        }
        details {
            summary { "Use a key instead" }
            form.stack method="post" action="/ui/login" {
                input type="hidden" name="next" value=(next);
                label {
                    "Key"
                    input name="key" type="password" autocomplete="off" placeholder="dfg_…" required;
                }
                button type="submit" { "Log in with the key" }
            }
        }
        p.quiet {
            "Nobody has a password until somebody makes one: " code { "datafog user create" } ". "
            "On this machine " code { "datafog serve --open" } " needs none."
        }
    };
    frame::bare("Log in", app.around.is_demo, &content)
}
