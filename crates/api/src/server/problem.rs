//! Errors, and how the clients of each dialect read them.
//!
//! A handler returns a [`Problem`] and knows nothing of forms: the guard gives it the form of the route
//! that was asked, and the request's id.

use axum::Json;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};

use crate::dashboard::{self, door};
use crate::store::Error;

/// Something that is answered instead of what was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    kind: Kind,
    message: String,
    details: Option<String>,
    /// What is wrong with a text, by line.
    errors: Vec<Value>,
}

/// What kind of problem it is. Each has a code and a status of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Conflict,
    Forbidden,
    /// The head of the request is.
    HeadTooLarge,
    Internal,
    Invalid,
    MediaType,
    Method,
    NotFound,
    Rate,
    /// What is to be judged by is not there.
    Policy,
    /// What was decided could not be stored, so it is not told.
    Receipt,
    /// What was to be changed is not what the caller saw.
    Changed,
    /// The caller does not say what they saw.
    Unconditional,
    /// A request for approval that somebody else answered, or nobody in time.
    Settled,
    /// The store does not answer.
    Store,
    TooLarge,
    /// Too many tries to log in; how many seconds to wait.
    Tries(u64),
    Unauthorized,
    /// What is wanted does not fit to what is there already.
    Unfit,
    /// What somebody came with is not for them, and no other credential helps.
    Unsuited,
    /// An upstream failed.
    Upstream,
    /// An upstream took too long.
    UpstreamSlow,
}

impl Kind {
    const fn wire(self) -> (&'static str, StatusCode) {
        match self {
            Self::Changed => ("precondition_failed", StatusCode::PRECONDITION_FAILED),
            Self::Unconditional => ("precondition_required", StatusCode::PRECONDITION_REQUIRED),
            Self::Conflict => ("idempotency_conflict", StatusCode::CONFLICT),
            Self::Forbidden => ("forbidden", StatusCode::FORBIDDEN),
            Self::HeadTooLarge => ("head_too_large", StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
            Self::Internal => ("internal_error", StatusCode::INTERNAL_SERVER_ERROR),
            Self::Invalid => ("invalid_request", StatusCode::BAD_REQUEST),
            Self::MediaType => ("unsupported_media_type", StatusCode::UNSUPPORTED_MEDIA_TYPE),
            Self::Method => ("method_not_allowed", StatusCode::METHOD_NOT_ALLOWED),
            Self::NotFound => ("not_found", StatusCode::NOT_FOUND),
            Self::Policy => ("policy_unavailable", StatusCode::SERVICE_UNAVAILABLE),
            Self::Rate | Self::Tries(_) => ("rate_limited", StatusCode::TOO_MANY_REQUESTS),
            Self::Receipt => ("receipt_error", StatusCode::SERVICE_UNAVAILABLE),
            Self::Settled => ("already_settled", StatusCode::CONFLICT),
            Self::Store => ("store_unavailable", StatusCode::SERVICE_UNAVAILABLE),
            Self::TooLarge => ("request_too_large", StatusCode::PAYLOAD_TOO_LARGE),
            Self::Unauthorized => ("unauthorized", StatusCode::UNAUTHORIZED),
            Self::Unfit => ("conflict", StatusCode::CONFLICT),
            Self::Unsuited => ("forbidden", StatusCode::FORBIDDEN),
            Self::Upstream => ("upstream_error", StatusCode::BAD_GATEWAY),
            Self::UpstreamSlow => ("upstream_timeout", StatusCode::GATEWAY_TIMEOUT),
        }
    }
}

/// How a problem is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// AgentGov's: `success`, which is false, and `error` in words.
    AgentGov,
    /// DataFog's (contract §3.3): an object `error` with `code` and `message`, and where there is one
    /// the request's id and details.
    DataFog,
    /// RFC 9457, as native routes give it.
    Native,
}

#[derive(Serialize)]
struct Envelope<'a> {
    error: Body<'a>,
}

#[derive(Serialize)]
struct Body<'a> {
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<&'a str>,
    /// What is wrong with a text, by line.
    #[serde(skip_serializing_if = "<[Value]>::is_empty")]
    errors: &'a [Value],
}

impl Problem {
    /// A problem in words. They hold nothing of what was sent.
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), details: None, errors: Vec::new() }
    }

    /// Whether it is of that kind.
    pub(crate) fn is(&self, kind: Kind) -> bool {
        self.kind == kind
    }

    /// The same with what a reader of the body said of it.
    pub(crate) fn with(self, details: String) -> Self {
        Self { details: Some(details), ..self }
    }

    /// The same with what is wrong with a text, by line.
    pub(crate) fn naming(self, errors: Vec<Value>) -> Self {
        Self { errors, ..self }
    }

    /// What cannot be judged, stored or read, for whatever reason of ours.
    pub(crate) fn ours(error: &dyn core::error::Error) -> Self {
        Self::new(Kind::Internal, error.to_string())
    }

    /// Why something was not read. What a database says of itself is not for callers.
    pub(crate) fn unread(error: &Error) -> Self {
        match error {
            Error::Form(_) => Self::ours(error),
            Error::Approval(_)
            | Error::Closed
            | Error::Exists(_)
            | Error::Newer { .. }
            | Error::Unavailable(_) => Self::new(Kind::Store, "the store does not answer"),
        }
    }

    /// Why something was not stored, so that it is not told.
    pub(crate) fn unstored(error: &Error) -> Self {
        use datafog_approval::{Error as Refused, Refusal};
        let Error::Approval(refused) = error else {
            return Self::new(Kind::Receipt, "the receipt could not be stored");
        };
        let kind = if let Refused::Refused(refusal) = &**refused {
            let is_anothers = matches!(refusal, Refusal::OwnRequest | Refusal::SaidBefore);
            let is_over = matches!(refusal, Refusal::Settled(_) | Refusal::OtherCall);
            match (is_anothers, is_over) {
                (true, _) => Kind::Forbidden,
                (false, true) => Kind::Settled,
                (false, false) => Kind::Invalid,
            }
        } else if matches!(**refused, Refused::Crowded { .. }) {
            Kind::Rate
        } else if matches!(**refused, Refused::Unknown(_)) {
            Kind::NotFound
        } else {
            Kind::Receipt
        };
        Self::new(kind, refused.to_string())
    }

    /// What is said of it.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// What is wrong with a text, by line.
    pub(crate) fn errors(&self) -> &[Value] {
        &self.errors
    }

    /// Its status.
    pub(crate) fn status(&self) -> StatusCode {
        self.kind.wire().1
    }

    /// The problem as an element of a list of answers.
    pub(crate) fn as_value(&self) -> Value {
        json!({ "error": { "code": self.kind.wire().0, "message": self.message } })
    }

    /// The answer to the request of that id.
    pub(crate) fn told(&self, form: Form, request_id: &str) -> Response {
        let (code, status) = self.kind.wire();
        let answer = match form {
            Form::AgentGov => {
                let body = json!({ "success": false, "error": self.message, "code": code,
                    "request_id": request_id });
                (status, Json(body)).into_response()
            }
            Form::DataFog => {
                let details = self.details.as_deref();
                let (message, errors) = (&*self.message, &*self.errors);
                let error = Body { code, message, request_id, details, errors };
                (status, Json(Envelope { error })).into_response()
            }
            Form::Native => self.native(request_id),
        };
        self.with_headers(answer)
    }

    /// The same for a person who asked for a page of the dashboard.
    pub(crate) fn shown(&self, (method, page): (&Method, &Uri), request_id: &str) -> Response {
        let status = self.kind.wire().1;
        if self.kind == Kind::Unauthorized
            && let Some(answer) = door::to_login(method, page)
        {
            return answer;
        }
        let answer = dashboard::problem::page(status, &self.message, request_id);
        self.with_headers(answer)
    }

    fn native(&self, request_id: &str) -> Response {
        let (code, status) = self.kind.wire();
        let mut body = json!({
            "type": format!("urn:datafog:problem:{code}"),
            "title": status.canonical_reason().unwrap_or(code),
            "status": status.as_u16(),
            "detail": self.message,
            "request_id": request_id,
        });
        if let (Some(details), Some(body)) = (&self.details, body.as_object_mut()) {
            body.insert(String::from("problem"), json!(details));
        }
        if let (false, Some(body)) = (self.errors.is_empty(), body.as_object_mut()) {
            body.insert(String::from("errors"), json!(self.errors));
        }
        (status, [("content-type", "application/problem+json")], body.to_string()).into_response()
    }

    /// What a status asks for besides.
    fn with_headers(&self, mut answer: Response) -> Response {
        let headers = answer.headers_mut();
        if self.kind == Kind::Unauthorized {
            headers.insert("www-authenticate", axum::http::HeaderValue::from_static("Bearer"));
        }
        let seconds = if let Kind::Tries(seconds) = self.kind {
            Some(seconds)
        } else {
            (self.kind == Kind::Rate).then_some(1)
        };
        if let Some(seconds) = seconds {
            headers.insert("retry-after", seconds.into());
        }
        answer
    }
}

/// Its status, with the problem beside it for the guard.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut answer = self.kind.wire().1.into_response();
        answer.extensions_mut().insert(self);
        answer
    }
}

impl From<crate::judges::Error> for Problem {
    fn from(error: crate::judges::Error) -> Self {
        Self::ours(&error)
    }
}

impl From<datafog_gate::Error> for Problem {
    fn from(error: datafog_gate::Error) -> Self {
        if matches!(error, datafog_gate::Error::NoPolicy { .. }) {
            return Self::new(Kind::Policy, "the policy of this credential is not there");
        }
        Self::ours(&error)
    }
}

impl From<serde_json::Error> for Problem {
    fn from(error: serde_json::Error) -> Self {
        Self::ours(&error)
    }
}
