//! A person's answer as a server gives it to the installation that asked: a text, and a signature.
//!
//! What is signed is the text as it stands, after a line that no other signed message begins with. The
//! text names the question by the SHA-256 of its bytes, so an answer counts for what the person was
//! shown and for nothing else: who shows them another call under the same id has signed another
//! question. The key is the one that policies are signed with ([`crate::bundle`]).

use datafog_approval::{Record, Terms};
use datafog_core::{ApprovalScope, ApprovalState, Digest, Id, Key};
use serde::{Deserialize, Serialize};

use crate::bundle::{Signer, is_signed, sign};

/// Version of the form.
const SCHEMA: u32 = 1;

/// What the signed message begins with.
const KIND: &str = "datafog approval answer\n";

/// What is told to whoever asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Id of the request.
    pub id: Id,
    /// How it stands.
    pub state: ApprovalState,
    /// What a person said, once one did; it counts by its signature alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Signed>,
}

/// An answer with its signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    text: String,
    /// 64 bytes in base64.
    signature: String,
}

/// What a person said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    schema_version: u32,
    id: Id,
    /// SHA-256 of the question, in hex.
    question: String,
    decision: Decision,
    /// Who said it, as the server names them.
    pub by: Option<String>,
    /// What they wrote beside it.
    pub note: Option<String>,
}

/// A yes with what it covers, or a no.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Decision {
    Approve {
        scope: ApprovalScope,
        /// Until when it holds, in milliseconds since 1970.
        until: u64,
        uses: Option<u32>,
    },
    Deny {},
}

impl Answer {
    /// What was said to a request that was asked by `question`; `None` while nothing was that counts.
    #[must_use]
    pub fn of(record: &Record, state: ApprovalState, question: &[u8]) -> Option<Self> {
        let answer = record.answer()?;
        let decision = match (state, &answer.grant) {
            (ApprovalState::Approved, Some(grant)) => {
                let length = u64::from(grant.until.seconds).saturating_mul(1000);
                let until = grant.until.from.wall.saturating_add(length);
                Decision::Approve { scope: grant.scope, until, uses: grant.uses }
            }
            (ApprovalState::Denied, _) => Decision::Deny {},
            (
                ApprovalState::Approved
                | ApprovalState::Expired
                | ApprovalState::Pending
                | ApprovalState::Revoked
                | ApprovalState::Used,
                _,
            ) => return None,
        };
        let (by, note) = (answer.by.clone(), answer.note.clone());
        let question = Digest::of(question).to_string();
        Some(Self { schema_version: SCHEMA, id: record.id(), question, decision, by, note })
    }

    /// The same with its signature; `None` when there can be no key.
    #[must_use]
    pub fn signed(&self, key: &Key) -> Option<Signed> {
        let text = serde_json::to_string(self).ok()?;
        let signature = sign(key, &message(&text))?;
        Some(Signed { text, signature })
    }

    /// The answer to exactly this question, when `signer` signed it.
    #[must_use]
    pub fn believed(signed: &Signed, signer: &Signer, (id, question): (Id, &[u8])) -> Option<Self> {
        if !is_signed(signer, &message(&signed.text), &signed.signature) {
            return None;
        }
        let answer: Self = serde_json::from_str(&signed.text).ok()?;
        let is_ours = answer.id == id && answer.question == Digest::of(question).to_string();
        (is_ours && answer.schema_version == SCHEMA).then_some(answer)
    }

    /// What a yes covers at `now`, in milliseconds since 1970; `None` for a no. A yes whose time is
    /// over is no answer.
    ///
    /// # Errors
    /// When its time is over.
    pub fn terms(&self, now: u64) -> Result<Option<Terms>, Over> {
        let Decision::Approve { scope, until, uses } = self.decision else { return Ok(None) };
        let seconds = until.saturating_sub(now).div_ceil(1000);
        if seconds == 0 {
            return Err(Over);
        }
        let seconds = Some(u32::try_from(seconds).unwrap_or(u32::MAX));
        Ok(Some(Terms { scope, seconds, uses }))
    }
}

/// The time of a yes is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the time of the answer is over")]
pub struct Over;

fn message(text: &str) -> Vec<u8> {
    [KIND.as_bytes(), text.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafog_approval::testing::{at, request, word};
    use proptest::prelude::*;

    const QUESTION: &[u8] = b"{\"command\":\"git push --force\"}";

    fn key() -> Key {
        Key::new(&[7; 32])
    }

    fn record(is_yes: bool) -> Record {
        let mut record = Record::new(request(1, "git push"), &at(0));
        match is_yes {
            true => record.approve(word(), (ApprovalScope::Exact, Some(60)), &at(1)).unwrap(),
            false => record.deny(word(), &at(1)).unwrap(),
        }
        record
    }

    fn signed(is_yes: bool) -> (Signed, Id) {
        let record = record(is_yes);
        let answer = Answer::of(&record, record.state(&at(2)), QUESTION).unwrap();
        (answer.signed(&key()).unwrap(), record.id())
    }

    #[test]
    fn what_was_said_is_believed_for_that_question_and_by_that_key_alone() {
        let signer = Signer::of(&key()).unwrap();
        let other = Signer::of(&Key::new(&[8; 32])).unwrap();
        for is_yes in [true, false] {
            let (signed, id) = signed(is_yes);
            let answer = Answer::believed(&signed, &signer, (id, QUESTION)).unwrap();
            assert_eq!(answer.by.as_deref(), Some("ann"));
            assert_eq!(answer.terms(at(2).wall).unwrap().is_some(), is_yes);
            assert!(Answer::believed(&signed, &other, (id, QUESTION)).is_none());
            assert!(Answer::believed(&signed, &signer, (id, b"{}")).is_none());
            let another = Id::new(1, [2; 10]);
            assert!(Answer::believed(&signed, &signer, (another, QUESTION)).is_none());
        }
    }

    #[test]
    fn a_yes_holds_as_long_as_it_was_given_for() {
        let (signed, id) = signed(true);
        let signer = Signer::of(&key()).unwrap();
        let answer = Answer::believed(&signed, &signer, (id, QUESTION)).unwrap();
        let terms = answer.terms(at(31).wall).unwrap().unwrap();
        assert_eq!((terms.scope, terms.seconds), (ApprovalScope::Exact, Some(30)));
        assert_eq!(answer.terms(at(61).wall), Err(Over));
    }

    #[test]
    fn nothing_is_said_of_what_is_not_answered_or_taken_back() {
        let asked = Record::new(request(1, "git push"), &at(0));
        assert!(Answer::of(&asked, asked.state(&at(2)), QUESTION).is_none());
        let mut taken = record(true);
        taken.revoke(word(), &at(3)).unwrap();
        assert!(Answer::of(&taken, taken.state(&at(4)), QUESTION).is_none());
        let late = record(true);
        assert!(Answer::of(&late, late.state(&at(70)), QUESTION).is_none());
    }

    #[test]
    fn a_policy_is_no_answer() {
        let (signed, id) = signed(true);
        let signer = Signer::of(&key()).unwrap();
        let signature = sign(&key(), signed.text.as_bytes()).unwrap();
        let other = Signed { signature, ..signed };
        assert!(
            Answer::believed(&other, &signer, (id, QUESTION)).is_none(),
            "its first line counts"
        );
    }

    proptest! {
        #[test]
        fn no_other_text_is_believed(at: prop::sample::Index, byte: u8) {
            let (signed, id) = signed(true);
            let mut text = signed.text.clone().into_bytes();
            *at.get_mut(&mut text) = byte;
            let Ok(text) = String::from_utf8(text) else { return Ok(()) };
            let signer = Signer::of(&key()).unwrap();
            let changed = Signed { text, ..signed.clone() };
            let believed = Answer::believed(&changed, &signer, (id, QUESTION));
            prop_assert_eq!(believed.is_some(), changed == signed);
        }
    }
}
