//! Keys whose value says little: a UUID, a salt, the number of a client. The parts of their name say the
//! rest.

use super::lookalike::is_uuid;
use super::naming::Promise;
use super::placeholder::{is_placeholder, is_reference};
use super::standing::is_given;
use crate::assignment::Form;
use crate::candidate::{Candidate, Judgement};
use crate::words::{Words, words};

/// Whether a random UUID is assigned to a name that says key or token of something, `api_key` or
/// `acme_token`, or says password: many services give such ones out, and ids have other names.
pub(super) fn is_uuid_key(candidate: &Candidate<'_>, promised: Option<Promise>) -> bool {
    is_random_uuid(candidate.value())
        && !matches!(candidate.form, Form::Item | Form::Near)
        && match promised {
            Some(Promise::Password) => true,
            Some(Promise::Key) => STRICT.end(candidate.name) || is_token_of(candidate.name),
            Some(Promise::PerhapsKey) => is_constant_key(candidate.name),
            None => false,
        }
        && is_given(candidate)
        && !is_placeholder(candidate.value())
}

/// Whether a value is a UUID of version 4 that is no filler.
fn is_random_uuid(value: &[u8]) -> bool {
    matches!(value.get(14), Some(b'4'))
        && matches!(value.get(19), Some(b'8' | b'9' | b'a' | b'b' | b'A' | b'B'))
        && is_uuid(value)
        && b"0123456789abcdef"
            .iter()
            .filter(|it| value.iter().any(|byte| byte.eq_ignore_ascii_case(it)))
            .count()
            >= LEAST_DIGITS
}

/// Fewest different digits of a UUID that is no filler.
const LEAST_DIGITS: usize = 8;

/// Ends of names that say what is a key.
static STRICT: Words = words! {
    "api_key" "api-key" "apikey" "secret_key" "secretkey" "auth_token" "authtoken" "access_token" "accesstoken"
    "api_token" "apitoken" "auth-token" "access-token" "api-token" "secret-key" "client_secret" "client-secret" "clientsecret" "api_secret" "apisecret" "access_key" "accesskey"
    "_secret" "api key" "auth_key" "auth-key" "authkey" "api.key" "api.token"
};

/// Whether a name is that of a token of something, and not `token` alone.
fn is_token_of(name: &[u8]) -> bool {
    let head = name.len().saturating_sub(b"token".len());
    name.get(head..).is_some_and(|end| end.eq_ignore_ascii_case(b"token"))
        && name.get(..head).is_some_and(|head| {
            head.iter().filter(|byte| byte.is_ascii_alphabetic()).count() >= LEAST_OWNER
                && !OF_CALLS.stand_in(head)
        })
}

/// What tells one call from another is no key: `clientRequestToken`.
static OF_CALLS: Words = words! { "request" "idempoten" "lifecycle" "correlation" };

/// Fewest letters of the name of a service before `token`.
const LEAST_OWNER: usize = 4;

/// Whether a name is a constant that ends in `_KEY`.
fn is_constant_key(name: &[u8]) -> bool {
    name.ends_with(b"_KEY") && !name.iter().any(u8::is_ascii_lowercase)
}

/// Whether a literal is assigned by `=` or `=>` to what is called a salt and no more. Stored beside the
/// hash of a password, as `"salt": "…"`, it is no secret.
pub(super) fn is_salt(candidate: &Candidate<'_>) -> bool {
    let head = candidate.before();
    let head = head.strip_suffix(b"\"").or_else(|| head.strip_suffix(b"'")).unwrap_or_default();
    let head = head.trim_ascii_end();
    let name = candidate.name.rsplit(|byte| !byte.is_ascii_alphabetic()).next();
    candidate.quoted
        && candidate.form == Form::Operator
        && name.is_some_and(|name| name.eq_ignore_ascii_case(b"salt"))
        && (head.ends_with(b"=") || head.ends_with(b"=>"))
        && !head.ends_with(b"==")
}

/// The number or name under which a service knows a client, which goes with its secret: under a name that
/// says so, or says key.
pub(super) fn client_id(candidate: &mut Candidate<'_>) -> Judgement {
    let name = candidate.name;
    let named = IDS.end(name) || candidate.promise() == Some(Promise::Key);
    Judgement::refuse_unless(
        named
            && !matches!(candidate.form, Form::Item | Form::Near | Form::Prose)
            && is_given(candidate)
            && !is_placeholder(candidate.value())
            && !is_reference(candidate.value()),
    )
}

/// Ends of names of such a number.
static IDS: Words = words! {
    "client_id" "client-id" "clientid" "client.id" "access_id" "access-id" "accessid" "client_key" "clientkey"
};
