//! What a caller shows, as the headers have it.

use core::fmt;

use datafog_core::{Digest, Secret};
use subtle::ConstantTimeEq as _;

use super::mint::{HEAD, ID_LETTERS, SECRET_LETTERS};

/// No credential is longer, in bytes.
const MOST: usize = 1024;

/// Names of parameters in which others put their credentials into addresses.
const PARAMETERS: [&str; 7] =
    ["access_token", "api_key", "apikey", "authorization", "key", "token", "x-api-key"];

/// A credential that was shown.
#[derive(Debug)]
pub struct Credential {
    text: Secret<String>,
    digest: [u8; 32],
}

/// Why nobody is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// A credential stands in the address.
    InAddress,
    /// There is none, or one that is not in its form.
    None,
    /// It is not known, expired or revoked: which of these is not told.
    Unknown,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InAddress => "a credential in an address is refused; send it in a header",
            Self::None => "missing api token",
            Self::Unknown => "invalid api token",
        })
    }
}

impl Credential {
    /// The credential in the values of `Authorization` and `X-API-Key`, in this order. The scheme
    /// is `Bearer`, in any case (RFC 9110 §11.1).
    ///
    /// # Errors
    /// [`Refused::None`] when neither holds one.
    pub fn of(authorization: Option<&str>, api_key: Option<&str>) -> Result<Self, Refused> {
        let bearer = authorization.and_then(|value| {
            let (scheme, token) = value.trim().split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        let text = bearer.or_else(|| api_key.map(str::trim)).ok_or(Refused::None)?;
        if text.is_empty() || text.len() > MOST {
            return Err(Refused::None);
        }
        let digest = *Digest::of(text.as_bytes()).as_bytes();
        Ok(Self { text: Secret::new(text.to_owned()), digest })
    }

    /// Whether it is what this digest was made of; how much of it fits makes no difference in time.
    #[must_use]
    pub fn has(&self, digest: &[u8; 32]) -> bool {
        self.digest.ct_eq(digest).into()
    }

    /// The whole text, when it has the form of a token of somebody who logged in (RFC 7519).
    pub(super) fn session(&self) -> Option<&str> {
        let text = self.text.expose();
        let is_plain =
            text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        (is_plain && text.bytes().filter(|byte| *byte == b'.').count() == 2).then_some(text)
    }

    /// The part that names a key, when it has the form of one.
    pub(super) fn key_id(&self) -> Option<&str> {
        let (id, secret) = self.text.expose().strip_prefix(HEAD)?.split_once('_')?;
        let is_hex =
            |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let fits = id.len() == ID_LETTERS && secret.len() == SECRET_LETTERS;
        (fits && is_hex(id) && is_hex(secret)).then_some(id)
    }
}

/// Whether a credential stands in the query of an address, however it is written there.
#[must_use]
pub fn is_in_query(query: &str) -> bool {
    url::form_urlencoded::parse(query.as_bytes()).any(|(name, value)| {
        let named = PARAMETERS.iter().any(|known| name.eq_ignore_ascii_case(known));
        (named && !value.is_empty()) || name.contains(HEAD) || value.contains(HEAD)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::mint;
    use crate::store::Role;

    #[test]
    fn either_header_is_taken_and_the_scheme_in_any_case() {
        let digest = *Digest::of(b"abc").as_bytes();
        for (authorization, api_key) in [
            (Some("Bearer abc"), None),
            (Some("bEARER  abc "), None),
            (None, Some("abc")),
            (Some("Bearer abc"), Some("other")),
            (Some("Basic eDp5"), Some(" abc")),
        ] {
            let credential = Credential::of(authorization, api_key).unwrap();
            assert!(credential.has(&digest), "{authorization:?} {api_key:?}");
        }
        let long = "x".repeat(MOST + 1);
        for (authorization, api_key) in [
            (None, None),
            (Some("Bearer"), None),
            (Some("Bearer "), None),
            (Some("abc"), None),
            (None, Some(" ")),
            (None, Some(&*long)),
        ] {
            assert_eq!(Credential::of(authorization, api_key).unwrap_err(), Refused::None);
        }
    }

    #[test]
    fn a_key_names_itself_and_nothing_else_does() {
        let minted = mint("x", (Role::Viewer, ""), (0, None)).unwrap();
        let key = minted.key.expose();
        let id = |text: &str| {
            let shown = Credential::of(None, Some(text)).unwrap();
            shown.key_id().map(str::to_owned)
        };
        assert_eq!(id(key), Some(minted.stored.id));
        let (cut, _) = key.split_at(key.len() - 1);
        for other in [cut, &key.to_uppercase(), &format!("{key}0"), "dfg_", "dfg_a_b", "abc"] {
            assert_eq!(id(other), None, "{other}");
        }
    }

    #[test]
    fn a_credential_in_an_address_is_seen() {
        for query in [
            "token=x",
            "a=b&API_KEY=x",
            "q=dfg_12345678_0",
            "key=1",
            "q=%64fg_12345678_0",
            "t%6Fken=x",
            "Authorization=Bearer+x",
            "dfg_12345678_0",
        ] {
            assert!(is_in_query(query), "{query}");
        }
        for query in ["", "limit=5&after=x", "token=", "monkey=1"] {
            assert!(!is_in_query(query), "{query}");
        }
    }
}
