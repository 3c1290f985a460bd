//! Whoever looks at a page.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::{Html, IntoResponse as _, Response};
use datafog_approval::Moment;
use maud::{Markup, html};

use super::cookie::Token;
use super::frame;
use super::posted::FIELD;
use crate::identity::{Caller, Permission};
use crate::server::App;
use crate::server::problem::{Kind, Problem};

/// Whoever looks at a page: known by the guard, which has seen that they may.
#[derive(Debug)]
pub(crate) struct Viewer {
    pub(crate) app: Arc<App>,
    pub(crate) caller: Caller,
    token: Token,
}

impl FromRequestParts<Arc<App>> for Viewer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let (caller, token) = (parts.extensions.get::<Caller>(), parts.extensions.get::<Token>());
        let (Some(caller), Some(token)) = (caller, token) else {
            return Err(Problem::new(Kind::Unauthorized, "log in first"));
        };
        Ok(Self { app: Arc::clone(app), caller: caller.clone(), token: token.clone() })
    }
}

impl Viewer {
    /// A page of theirs. `path` is that of its entry in the navigation.
    pub(crate) async fn page(
        &self,
        title: &str,
        path: &str,
        content: Markup,
    ) -> Result<Response, Problem> {
        let waiting = self.waiting().await?;
        Ok(Html(frame::whole(self, (title, path), waiting, &content).into_string()).into_response())
    }

    /// A part of a page by itself, for the script that keeps the page current.
    pub(crate) fn part(content: Markup) -> Response {
        Html(content.into_string()).into_response()
    }

    /// Whether they may.
    pub(crate) fn may(&self, permission: Permission) -> bool {
        self.caller.may(permission)
    }

    /// How many requests wait for an answer that they could see.
    pub(crate) async fn waiting(&self) -> Result<u64, Problem> {
        if !self.may(Permission::Read) {
            return Ok(0);
        }
        let now = i64::try_from(Moment::now().wall).unwrap_or(i64::MAX);
        let waiting = self.app.store.waiting(&self.caller.tenant, now).await;
        let waiting = waiting.map_err(|error| Problem::unread(&error))?;
        Ok(waiting.saturating_add(self.waiting_here().await?))
    }

    /// A form that changes something, with its token.
    pub(crate) fn form(&self, action: &str, content: &Markup) -> Markup {
        html! {
            form method="post" action=(action) {
                input type="hidden" name=(FIELD) value=(self.token.as_str());
                (content)
            }
        }
    }

    /// The token for a script that sends what a form would.
    pub(super) fn token(&self) -> &str {
        self.token.as_str()
    }
}
