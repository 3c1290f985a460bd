//! A page that says what is wrong and what to do.

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Response};
use maud::html;

use super::frame;

/// The page of a problem: its status, what it says, and the request's id.
pub(crate) fn page(status: StatusCode, message: &str, id: &str) -> Response {
    let title = status.canonical_reason().unwrap_or("Something is wrong");
    let instead = match status {
        StatusCode::UNAUTHORIZED => "Your visit is over or was never begun: log in.",
        StatusCode::FORBIDDEN => "Nothing was changed. Somebody with another role may do it.",
        StatusCode::NOT_FOUND => "It may be gone, or the address has a slip in it.",
        StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED => {
            "Somebody was quicker. Look at it as it is now."
        }
        StatusCode::TOO_MANY_REQUESTS => "Wait a little, then try again.",
        StatusCode::SERVICE_UNAVAILABLE => {
            "The server's store does not answer; nothing was changed. `datafog doctor` says more."
        }
        _ => "Nothing was changed. Go back and try again.",
    };
    let content = html! {
        section.notice.bad aria-labelledby="problem" {
            h1 #problem { (title) }
            p { (message) }
            p.quiet { (instead) }
            p.quiet { "Request " code { (id) } }
            p { a.button href="/ui/" { "To the dashboard" } " " a.button.plain href="/ui/login" { "Log in" } }
        }
    };
    (status, Html(frame::bare(title, false, &content).into_string())).into_response()
}
