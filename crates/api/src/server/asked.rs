//! What a route is asked with, and what it gives: bodies of JSON with their limits (DataFog's contract
//! §3.3), parameters of the address, and an answer or a problem. Every dialect reads by these.
//!
//! A body is one value and nothing behind it.

use axum::Json;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use datafog_core::Named;
use serde::de::DeserializeOwned;

use super::problem::{Kind, Problem};

/// What a handler gives; a problem gets the form of its route from the guard.
pub(crate) type Reply<T> = Result<Json<T>, Problem>;

/// A body of JSON.
#[derive(Debug)]
pub(crate) struct Asked<T>(pub(crate) T);

/// Parameters of the address.
#[derive(Debug)]
pub(crate) struct Parameters<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        read(&parts.headers, body).await.map(Self)
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let wrong = |_| Problem::new(Kind::Invalid, "a parameter that cannot be read");
        Query::from_request_parts(parts, state).await.map(|Query(read)| Self(read)).map_err(wrong)
    }
}

/// A body of JSON as it was written, for who reads it with its lines.
#[derive(Debug)]
pub(crate) struct Written(pub(crate) String);

impl<S: Sync> FromRequest<S> for Written {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = bytes(&parts.headers, body).await?;
        let text = String::from_utf8(bytes.to_vec());
        text.map(Self).map_err(|_| Problem::new(Kind::Invalid, "the body is no text"))
    }
}

/// Most bytes of a body.
const MOST: usize = 1_048_576;

/// Reads a body of JSON.
async fn read<T: DeserializeOwned>(headers: &HeaderMap, body: Body) -> Result<T, Problem> {
    let bytes = bytes(headers, body).await?;
    let mut json = serde_json::Deserializer::from_slice(&bytes);
    let read = T::deserialize(Named(&mut json)).and_then(|read| json.end().map(|()| read));
    read.map_err(|error| {
        // Where it is wrong, and not what stands there.
        let place = format!("line {}, column {}", error.line(), error.column());
        let what = match error.classify() {
            serde_json::error::Category::Data => "a member of another type than expected",
            serde_json::error::Category::Eof => "it ends too early",
            serde_json::error::Category::Io | serde_json::error::Category::Syntax => "no JSON",
        };
        Problem::new(Kind::Invalid, "invalid json").with(format!("{what} at {place}"))
    })
}

/// The bytes of a body that says it is JSON.
async fn bytes(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let form = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media = form.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if !media.eq_ignore_ascii_case("application/json") {
        let message = "content type must be application/json";
        return Err(Problem::new(Kind::MediaType, message));
    }
    let too_large = |_| Problem::new(Kind::TooLarge, "request body too large");
    to_bytes(body, MOST).await.map_err(too_large)
}
