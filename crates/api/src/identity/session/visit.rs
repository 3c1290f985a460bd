//! What a browser is given whose person logged in to the dashboard.
//!
//! It is a token like that of [`Sessions::issue`], signed alike, from another issuer: what a browser
//! holds opens no route of the API, and no token of the API opens a page.

use std::io;

use datafog_core::Secret;
use jsonwebtoken::{Algorithm, Header, Validation, decode, encode};
use rustix::rand::{GetRandomFlags, getrandom};
use serde::{Deserialize, Serialize};

use super::Sessions;

/// Who issues what browsers hold.
const ISSUER: &str = "datafog dashboard";

/// Somebody who visits the dashboard: what they showed at the door, so that it ends with that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Visitor {
    /// The key of that id.
    Key(String),
    /// The user of this machine of that name, who came by a link that was used once.
    Local(String),
    /// Their password, when so much had changed of them.
    Person(String, i64),
    /// The shared token of that digest.
    Shared(String),
}

/// A visit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Its own name, by which it can be ended.
    pub id: String,
    /// Until when, in seconds since 1970.
    pub until: i64,
    /// The user of this machine who came by a link, where one did.
    pub local: Option<String>,
}

/// What a browser's token says.
#[derive(Debug)]
pub(crate) struct Visited {
    /// The visit's own name.
    pub(crate) id: String,
    /// Whose it is.
    pub(crate) who: Visitor,
    /// Since when, in seconds since 1970.
    pub(crate) since: i64,
    /// Until when.
    pub(crate) until: i64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    jti: String,
    who: Visitor,
    iat: i64,
    exp: i64,
}

impl Sessions {
    /// A token for a browser, from `now` on, in seconds since 1970.
    ///
    /// # Errors
    /// When it cannot be made, or there are no random bytes for its name.
    pub(crate) fn visit(&self, who: Visitor, now: i64) -> io::Result<Secret<String>> {
        let mut random = [0_u8; 16];
        getrandom(&mut random, GetRandomFlags::empty())?;
        let jti: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let exp = now.saturating_add(self.seconds());
        let claims = Claims { iss: ISSUER.to_owned(), jti, who, iat: now, exp };
        let made = encode(&Header::new(Algorithm::HS256), &claims, &self.signing);
        made.map(Secret::new).map_err(io::Error::other)
    }

    /// What a token says, when it is one of ours and its time is not over. Whether it was ended before,
    /// the store knows.
    pub(crate) fn visitor(&self, token: &str) -> Option<Visited> {
        let mut rules = Validation::new(Algorithm::HS256);
        rules.leeway = 0;
        rules.reject_tokens_expiring_in_less_than = 1;
        rules.set_issuer(&[ISSUER]);
        rules.set_required_spec_claims(&["exp", "iss"]);
        let Claims { who, iat, exp, jti, .. } =
            decode::<Claims>(token, &self.reading, &rules).ok()?.claims;
        Some(Visited { id: jti, who, since: iat, until: exp })
    }

    /// How long a browser keeps what it is given, in seconds.
    pub(crate) fn seconds(&self) -> i64 {
        i64::try_from(self.lasting.as_secs()).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ann, now, sessions};
    use super::*;

    #[test]
    fn a_visit_is_no_session_and_a_session_no_visit() {
        let sessions = sessions(1);
        let visit = sessions.visit(Visitor::Key("1a2b3c4d".into()), now()).unwrap();
        assert_eq!(sessions.read(visit.expose()), None);
        let one = sessions.visitor(visit.expose()).unwrap();
        assert_eq!((one.who, one.until - one.since), (Visitor::Key("1a2b3c4d".into()), 60));
        let again = sessions.visit(Visitor::Key("1a2b3c4d".into()), now()).unwrap();
        let again = sessions.visitor(again.expose()).unwrap();
        assert!(one.id.len() == 32 && one.id != again.id, "each has a name of its own");
        let session = sessions.issue(&ann(), now()).unwrap().token;
        assert!(sessions.visitor(session.expose()).is_none());
    }

    #[test]
    fn a_visit_ends_and_is_of_one_installation() {
        let over = sessions(1).visit(Visitor::Shared("x".into()), now() - 60).unwrap();
        assert!(sessions(1).visitor(over.expose()).is_none(), "over to the second");
        let visit = sessions(1).visit(Visitor::Person("ann".into(), 3), now()).unwrap();
        assert!(sessions(2).visitor(visit.expose()).is_none(), "another installation's key");
        assert!(sessions(1).visitor(&visit.expose().replace('.', "")).is_none());
    }
}
