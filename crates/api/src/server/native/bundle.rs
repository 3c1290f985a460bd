//! `GET /v1/policy/bundle`: the policy file, signed, for installations that take their policy from here.
//!
//! A tag says which text it is, so that whoever has it already is told so in a few bytes. The time in
//! it is that of the text's version in the store: replicas that share one give the same, and an older
//! text cannot be passed off as a newer one.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::policy_file::{current, newest_version, refuse_secrets};
use crate::bundle::Bundle;
use crate::server::App;
use crate::server::problem::{Kind, Problem};

/// Answers `GET /v1/policy/bundle`.
pub(crate) async fn bundle(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let newest = newest_version(&app).await?;
    let none = || Problem::new(Kind::NotFound, "there is no policy file to hand out");
    let (text, digest) = current(&app).await?.ok_or_else(none)?;
    let newest = newest.filter(|version| version.about.digest == digest);
    let changing = || Problem::new(Kind::Changed, "the policy is being replaced; ask again");
    let issued_at = newest.ok_or_else(changing)?.about.at;
    let tag = format!("\"{digest}\"");
    let value = HeaderValue::from_str(&tag).map_err(|error| Problem::ours(&error))?;
    let tagged = [(header::ETAG, value)];
    if is_known(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, tagged).into_response());
    }
    let signing = move |judge: &datafog_gate::Judge<'_>| {
        refuse_secrets(judge, &text)?;
        let key = || Problem::new(Kind::Internal, "the policy cannot be signed");
        Bundle::sign(judge.key(), text, issued_at).ok_or_else(key)
    };
    let bundle = app.judges.ask(signing).await??;
    Ok((tagged, Json(bundle)).into_response())
}

/// Whether whoever asks has the text of this tag already (RFC 9110 §13.1.2).
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let named = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let plain = |one: &str| one.trim().trim_start_matches("W/") == tag;
    named.is_some_and(|named| named.trim() == "*" || named.split(',').any(plain))
}
