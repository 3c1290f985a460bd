//! `/ui/enter`: the link that `serve --open` prints, used once and for two minutes.
//!
//! Its secret stands behind `#`, which browsers send to nobody: the page that is led to sends it in a form,
//! so it is in no log and in no address that was asked. Whoever started the server was asked for by the
//! gate, as for a new key.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{Html, IntoResponse as _, Response};
use datafog_core::{Digest, Secret};
use maud::html;
use rustix::rand::{GetRandomFlags, getrandom};
use subtle::ConstantTimeEq as _;

use super::door::HOME;
use super::{Posted, frame, login};
use crate::identity::Visitor;
use crate::server::App;
use crate::server::noted;
use crate::server::problem::{Kind, Problem};

/// How long the link may be used.
const HOLDS: Duration = Duration::from_secs(120);

/// A link that was not used yet.
#[derive(Debug)]
pub(crate) struct Once {
    digest: [u8; 32],
    made: Instant,
    person: String,
}

impl Once {
    /// A new link for somebody, and its secret.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub(crate) fn new(person: String) -> std::io::Result<(Self, Secret<String>)> {
        let mut random = [0_u8; 32];
        getrandom(&mut random, GetRandomFlags::empty())?;
        let code: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let digest = *Digest::of(code.as_bytes()).as_bytes();
        Ok((Self { digest, made: Instant::now(), person }, Secret::new(code)))
    }

    fn is(&self, code: &str, now: Instant) -> bool {
        let is_young = now.saturating_duration_since(self.made) < HOLDS;
        let fits: bool = self.digest.ct_eq(Digest::of(code.as_bytes()).as_bytes()).into();
        is_young && fits
    }
}

/// Answers `GET /ui/enter`.
pub(super) async fn page(State(app): State<Arc<App>>) -> Response {
    let content = html! {
        h1 { "Come in" }
        p.quiet { "The link of " code { "datafog serve --open" } " holds for two minutes, and once." }
        form #enter.stack method="post" action="/ui/enter" {
            label { "What stands behind the # of the link"
                input #code name="code" type="password" autocomplete="off" required; }
            button type="submit" { "Come in" }
        }
    };
    Html(frame::bare("Come in", app.around.is_demo, &content).into_string()).into_response()
}

/// Answers `POST /ui/enter`.
pub(super) async fn enter(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body): (_, Body) = request.into_parts();
    let posted = Posted::new(&parts.headers, body).await?;
    let code = posted.text("code").unwrap_or_default();
    let over = || Problem::new(Kind::Unsuited, "the link was used, or its two minutes are over");
    let Some(person) = taken(&app, code) else {
        noted::refused(&app, None, "a link that was used, is over, or is none").await;
        return Err(over());
    };
    login::enter(&app, &parts.headers, Visitor::Local(person), HOME).await
}

/// Uses the link up. A wrong try leaves it: nobody finds 256 bits by trying.
fn taken(app: &App, code: &str) -> Option<String> {
    let mut once = app.once.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let fits = once.as_ref().is_some_and(|once| once.is(code, Instant::now()));
    once.take_if(|_| fits).map(|once| once.person)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_for_two_minutes_and_for_who_has_it() {
        let (once, code) = Once::new("ann".into()).unwrap();
        assert_eq!(code.expose().len(), 64);
        assert!(once.is(code.expose(), once.made));
        assert!(!once.is(code.expose(), once.made + HOLDS), "too late");
        for wrong in ["", "0", &code.expose().to_uppercase().repeat(2)] {
            assert!(!once.is(wrong, once.made), "{wrong}");
        }
    }
}
