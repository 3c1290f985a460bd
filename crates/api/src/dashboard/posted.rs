//! What a form sent, once it is known to be one of ours.
//!
//! INVARIANT: this is the only way to what a form of the dashboard sent, and there is none without the
//! token of the visit that the form was made for. The log-in alone has no visit yet ([`Posted::new`]).

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use url::form_urlencoded;

use super::cookie::Token;
use crate::server::App;
use crate::server::problem::{Kind, Problem};

/// Most bytes of what a form sends.
const MOST: usize = 1_048_576;

/// The field in which a form sends its token.
pub(super) const FIELD: &str = "form_token";

/// The fields of a form.
#[derive(Debug)]
pub(crate) struct Posted(BTreeMap<String, String>);

impl Posted {
    /// What a form sent that needs no token.
    pub(super) async fn new(headers: &HeaderMap, body: Body) -> Result<Self, Problem> {
        let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media = media.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        if !media.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Problem::new(Kind::MediaType, "this takes what a form sends"));
        }
        let too_large = |_| Problem::new(Kind::TooLarge, "the form sent too much");
        let bytes = to_bytes(body, MOST).await.map_err(too_large)?;
        Ok(Self(form_urlencoded::parse(&bytes).into_owned().collect()))
    }

    /// A field without blanks around it, where something stands in it.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|text| text.trim()).filter(|text| !text.is_empty())
    }

    /// A field as it was sent, with the line breaks that texts have here; forms send others.
    pub(crate) fn whole(&self, name: &str) -> Option<String> {
        self.0.get(name).map(|text| text.replace("\r\n", "\n"))
    }
}

impl FromRequest<Arc<App>> for Posted {
    type Rejection = Problem;

    async fn from_request(request: Request, _app: &Arc<App>) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let token = parts.extensions.get::<Token>().cloned();
        let posted = Self::new(&parts.headers, body).await?;
        let given = posted.0.get(FIELD).map_or("", String::as_str);
        match token.is_some_and(|token| token.is(given)) {
            true => Ok(posted),
            false => {
                let message =
                    "this form is not of your visit; go back, reload the page and try again";
                Err(Problem::new(Kind::Forbidden, message))
            }
        }
    }
}
