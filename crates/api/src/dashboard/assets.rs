//! Files that pages are sent with: one stylesheet, small modules, an icon. They are in the program.

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use datafog_core::Digest;

use crate::server::problem::{Kind, Problem};

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Every file by its name, with its type and what stands in it.
pub(super) const ASSETS: &[(&str, &str, &str)] = &[
    ("answer.js", SCRIPT, include_str!("assets/answer.js")),
    ("app.js", SCRIPT, include_str!("assets/app.js")),
    ("board.css", "text/css; charset=utf-8", include_str!("assets/board.css")),
    ("enter.js", SCRIPT, include_str!("assets/enter.js")),
    ("icon.svg", "image/svg+xml", include_str!("assets/icon.svg")),
    ("keys.js", SCRIPT, include_str!("assets/keys.js")),
    ("live.js", SCRIPT, include_str!("assets/live.js")),
    ("news.js", SCRIPT, include_str!("assets/news.js")),
    ("policy.js", SCRIPT, include_str!("assets/policy.js")),
    ("poll.js", SCRIPT, include_str!("assets/poll.js")),
    ("style.css", "text/css; charset=utf-8", include_str!("assets/style.css")),
    ("time.js", SCRIPT, include_str!("assets/time.js")),
];

/// Answers `GET /ui/assets/{name}`: a browser keeps the file and asks whether it still is that.
pub(super) async fn asset(
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found = ASSETS.iter().find(|(known, ..)| *known == name);
    let none = || Problem::new(Kind::NotFound, "there is no such file");
    let (_, form, text) = found.ok_or_else(none)?;
    let tag = format!("\"{}\"", Digest::of(text.as_bytes()));
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let is_known = known.is_some_and(|tags| tags.split(',').any(|known| known.trim() == tag));
    let about = [("cache-control", "no-cache"), ("etag", &tag), ("content-type", form)];
    Ok(match is_known {
        true => (StatusCode::NOT_MODIFIED, about).into_response(),
        false => (about, *text).into_response(),
    })
}
