//! What somebody is given who logs in: a token that says who they are, until when (RFC 7519).
//!
//! INVARIANT: a token is signed by HMAC-SHA256 (`HS256`) with a key of this installation, and by
//! nothing else: the code that checks signatures knows no other way, whatever a token's head asks for.
//! It names the state of its account, so it ends with whatever is changed of that.

mod visit;

use core::fmt;
use std::sync::Once;
use std::time::Duration;

use datafog_core::Secret;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use signature::{Signer, Verifier};

use crate::store::{Account, Login};
pub(crate) use visit::Visited;
pub use visit::{Visit, Visitor};

/// Who issues tokens.
const ISSUER: &str = "datafog";

/// What the tokens of a server are made with.
pub struct Sessions {
    signing: EncodingKey,
    reading: DecodingKey,
    rules: Validation,
    lasting: Duration,
}

/// Somebody who logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Who.
    pub login: Login,
    /// What had changed of them by then.
    pub epoch: i64,
    /// When, in seconds since 1970.
    pub since: i64,
    /// Until when, in seconds since 1970.
    pub until: i64,
}

/// A token that was just made.
#[derive(Debug)]
pub struct Issued {
    /// The token.
    pub token: Secret<String>,
    /// What it says.
    pub session: Session,
}

/// What stands in a token.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    iat: i64,
    exp: i64,
    epoch: i64,
}

impl Sessions {
    /// Signed with `secret`, and over after `lasting`.
    #[must_use]
    pub fn new(secret: &[u8], lasting: Duration) -> Self {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            // Nobody else in this process sets one; were one set, signatures would not fit.
            let _first: Result<(), &CryptoProvider> = HS256.install_default();
        });
        let mut rules = Validation::new(Algorithm::HS256);
        rules.leeway = 0;
        // Over at that second, not after it.
        rules.reject_tokens_expiring_in_less_than = 1;
        rules.set_issuer(&[ISSUER]);
        rules.set_required_spec_claims(&["exp", "iss", "sub"]);
        let signing = EncodingKey::from_secret(secret);
        Self { signing, reading: DecodingKey::from_secret(secret), rules, lasting }
    }

    /// A token for somebody who has just shown their password.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn issue(
        &self,
        account: &Account,
        now: i64,
    ) -> Result<Issued, jsonwebtoken::errors::Error> {
        let lasting = i64::try_from(self.lasting.as_secs()).unwrap_or(i64::MAX);
        let login = account.login.clone();
        let (epoch, until) = (account.epoch, now.saturating_add(lasting));
        let session = Session { login, epoch, since: now, until };
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: session.login.to_string(),
            iat: session.since,
            exp: session.until,
            epoch,
        };
        let token = encode(&Header::new(Algorithm::HS256), &claims, &self.signing)?;
        Ok(Issued { token: Secret::new(token), session })
    }

    /// What a token says, when it is one of ours and its time is not over.
    #[must_use]
    pub fn read(&self, token: &str) -> Option<Session> {
        let Claims { sub, iat, exp, epoch, .. } =
            decode::<Claims>(token, &self.reading, &self.rules).ok()?.claims;
        Some(Session { login: Login::new(&sub).ok()?, epoch, since: iat, until: exp })
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").field("lasting", &self.lasting).finish_non_exhaustive()
    }
}

/// All the cryptography that tokens are made and read with.
static HS256: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| Ok(Box::new(Hs256::of(*algorithm, key.as_bytes())?)),
    verifier_factory: |algorithm, key| {
        Ok(Box::new(Hs256::of(*algorithm, key.try_get_as_bytes()?)?))
    },
    key_utils: KeyUtils::new_unimplemented(),
};

/// HMAC-SHA256 with a key.
struct Hs256(Hmac<Sha256>);

impl Hs256 {
    fn of(algorithm: Algorithm, key: &[u8]) -> jsonwebtoken::errors::Result<Self> {
        if algorithm != Algorithm::HS256 {
            return Err(ErrorKind::InvalidAlgorithm.into());
        }
        let mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| ErrorKind::InvalidKeyFormat)?;
        Ok(Self(mac))
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        let mac = self.0.clone().chain_update(message);
        Ok(mac.finalize().into_bytes().to_vec())
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let mac = self.0.clone().chain_update(message);
        // In constant time.
        mac.verify_slice(signature).map_err(|_| signature::Error::new())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::store::{PasswordHash, Role};

    pub(super) fn ann() -> Account {
        Account {
            login: Login::new("ann@example.com").unwrap(),
            name: "Ann".into(),
            role: Role::Viewer,
            tenant: String::new(),
            password: PasswordHash::new(String::new()),
            epoch: 5,
            created: 0,
            disabled: None,
        }
    }

    pub(super) fn sessions(secret: u8) -> Sessions {
        Sessions::new(&[secret; 32], Duration::from_secs(60))
    }

    pub(super) fn now() -> i64 {
        jiff::Timestamp::now().as_second()
    }

    /// Base64 for addresses (RFC 4648 §5), without filling.
    fn encoded(bytes: &[u8]) -> String {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut text = String::new();
        for group in bytes.chunks(3) {
            let number = (0..3).fold(0_usize, |number, place| {
                number << 8 | usize::from(group.get(place).copied().unwrap_or(0))
            });
            for shift in [18, 12, 6, 0].into_iter().take(group.len().saturating_add(1)) {
                text.push(char::from(LETTERS[number >> shift & 63]));
            }
        }
        text
    }

    /// A token with that head and those claims, signed with `secret`.
    fn forged(head: &Value, claims: &Value, secret: u8) -> String {
        let message = format!(
            "{}.{}",
            encoded(head.to_string().as_bytes()),
            encoded(claims.to_string().as_bytes())
        );
        let mac = Hmac::<Sha256>::new_from_slice(&[secret; 32]).unwrap();
        let signed = mac.chain_update(message.as_bytes()).finalize().into_bytes();
        format!("{message}.{}", encoded(&signed))
    }

    fn claims() -> Value {
        json!({ "iss": "datafog", "sub": "ann@example.com", "iat": now(), "exp": now().saturating_add(60),
            "epoch": 5 })
    }

    #[test]
    fn s1_a_token_says_who_and_until_when() {
        let issued = sessions(1).issue(&ann(), now()).unwrap();
        assert_eq!(sessions(1).read(issued.token.expose()), Some(issued.session.clone()));
        assert_eq!(issued.session.until - issued.session.since, 60);
        assert_eq!(sessions(2).read(issued.token.expose()), None, "another installation's key");
        let head = json!({ "alg": "HS256", "typ": "JWT" });
        let own = sessions(1).read(&forged(&head, &claims(), 1)).unwrap();
        assert_eq!((own.login.as_str(), own.epoch), ("ann@example.com", 5));
    }

    #[test]
    fn s1_expired_foreign_and_unsigned_tokens_are_nobodys() {
        let hs256 = json!({ "alg": "HS256", "typ": "JWT" });
        let with = |name: &str, value: Value| {
            let mut claims = claims();
            claims[name] = value;
            claims
        };
        let over = sessions(1).issue(&ann(), now().saturating_sub(60)).unwrap();
        assert_eq!(sessions(1).read(over.token.expose()), None, "over to the second");
        for alg in ["none", "None", "RS256", "HS384", "HS512", "ES256", "EdDSA", "hs256", ""] {
            let token = forged(&json!({ "alg": alg, "typ": "JWT" }), &claims(), 1);
            assert_eq!(sessions(1).read(&token), None, "{alg}");
            let (unsigned, _) = token.rsplit_once('.').unwrap();
            assert_eq!(sessions(1).read(&format!("{unsigned}.")), None, "{alg}, unsigned");
        }
        for wrong in [
            with("exp", Value::Null),
            with("exp", json!("later")),
            with("exp", json!(-1)),
            with("iss", json!("governance-sidecar")),
            with("iss", Value::Null),
            with("sub", json!(7)),
            with("sub", json!("")),
            with("epoch", json!("5")),
            json!({}),
            json!([]),
        ] {
            assert_eq!(sessions(1).read(&forged(&hs256, &wrong, 1)), None, "{wrong}");
        }
        let token = forged(&hs256, &claims(), 1);
        let (head, tail) = token.split_at(1);
        for cut in [tail, head, &token.replace('.', ""), "", "..", "a.b.c", &token.repeat(2)] {
            assert_eq!(sessions(1).read(cut), None, "{cut}");
        }
    }
}
