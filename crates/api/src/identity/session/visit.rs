//! What a browser is given whose person logged in to the dashboard.
//!
//! It is a token like that of [`Sessions::issue`], signed alike, from another issuer: what a browser
//! holds opens no route of the API, and no token of the API opens a page.

use datafog_core::Secret;
use jsonwebtoken::{Algorithm, Header, Validation, decode, encode};
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
    /// Until when, in seconds since 1970.
    pub until: i64,
    /// The user of this machine who came by a link, where one did.
    pub local: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    who: Visitor,
    iat: i64,
    exp: i64,
}

impl Sessions {
    /// A token for a browser, from `now` on, in seconds since 1970.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) fn visit(
        &self,
        who: Visitor,
        now: i64,
    ) -> Result<Secret<String>, jsonwebtoken::errors::Error> {
        let exp = now.saturating_add(self.seconds());
        let claims = Claims { iss: ISSUER.to_owned(), who, iat: now, exp };
        encode(&Header::new(Algorithm::HS256), &claims, &self.signing).map(Secret::new)
    }

    /// Whose token it is, since when and until when, when it is one of ours and its time is not over.
    pub(crate) fn visitor(&self, token: &str) -> Option<(Visitor, i64, i64)> {
        let mut rules = Validation::new(Algorithm::HS256);
        rules.leeway = 0;
        rules.reject_tokens_expiring_in_less_than = 1;
        rules.set_issuer(&[ISSUER]);
        rules.set_required_spec_claims(&["exp", "iss"]);
        let Claims { who, iat, exp, .. } =
            decode::<Claims>(token, &self.reading, &rules).ok()?.claims;
        Some((who, iat, exp))
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
        let (who, since, until) = sessions.visitor(visit.expose()).unwrap();
        assert_eq!((who, until - since), (Visitor::Key("1a2b3c4d".into()), 60));
        let session = sessions.issue(&ann(), now()).unwrap().token;
        assert_eq!(sessions.visitor(session.expose()), None);
    }

    #[test]
    fn a_visit_ends_and_is_of_one_installation() {
        let over = sessions(1).visit(Visitor::Shared("x".into()), now() - 60).unwrap();
        assert_eq!(sessions(1).visitor(over.expose()), None, "over to the second");
        let visit = sessions(1).visit(Visitor::Person("ann".into(), 3), now()).unwrap();
        assert_eq!(sessions(2).visitor(visit.expose()), None, "another installation's key");
        assert_eq!(sessions(1).visitor(&visit.expose().replace('.', "")), None);
    }
}
