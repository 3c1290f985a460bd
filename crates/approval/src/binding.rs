//! What an answer counts for: a call by everything that makes it that call.
//!
//! Digests are keyed, so a record that is read by somebody else tells nothing of the call, and
//! nobody without the key can make one that fits.

use datafog_core::{ApprovalScope, Key, KeyedDigest};
use serde::{Deserialize, Serialize};

/// Names a call, and what it belongs to, without telling what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// The call itself: user, arguments, working directory, program, contents, environment, policy.
    pub call: KeyedDigest,
    /// The session it came in; `None` when it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<KeyedDigest>,
    /// The rules that hold it, the program and the repository; `None` when the call is in none, or
    /// when what was found in it is why it is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<KeyedDigest>,
    /// The rules that hold it, the tool and the hosts that it reaches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<KeyedDigest>,
    /// The rules that hold it, and the tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<KeyedDigest>,
}

/// Everything that makes a call that call, as bytes.
#[derive(Clone, Debug, Default)]
pub struct Bound<'a> {
    /// The user who asks.
    pub user: u32,
    /// Digest of kind, working directory and arguments.
    pub action: &'a [u8],
    /// The program that would run: its path and what identifies the file.
    pub program: &'a [u8],
    /// Digest of the policy in force.
    pub policy: &'a [u8],
    /// What would be read or sent: each content with its name and digest.
    pub contents: Vec<Vec<u8>>,
    /// Variables with their values.
    pub environment: Vec<&'a [u8]>,
    /// The session, if there is one.
    pub session: Option<&'a [u8]>,
    /// The repository that the call is made in, if it may be approved as a whole.
    pub repository: Option<&'a [u8]>,
    /// The hosts that a tool reaches, if the call may be approved for all of them.
    pub target: Option<&'a [u8]>,
    /// The tool, if it may be approved as a whole.
    pub tool: Option<&'a [u8]>,
    /// Ids of the rules that hold it.
    pub rules: Vec<&'a str>,
}

impl Binding {
    /// The binding of a call. The order of variables, contents and rules plays no part.
    #[must_use]
    pub fn of(mut bound: Bound<'_>, key: &Key) -> Self {
        bound.environment.sort_unstable();
        bound.contents.sort_unstable();
        bound.rules.sort_unstable();
        let user = bound.user.to_le_bytes();
        let list = |domain: &str, parts: &mut dyn Iterator<Item = &[u8]>| {
            *key.digest(domain, parts).as_bytes()
        };
        let contents = list("contents", &mut bound.contents.iter().map(Vec::as_slice));
        let environment = list("environment", &mut bound.environment.iter().copied());
        let rules = list("rules", &mut bound.rules.iter().map(|rule| rule.as_bytes()));
        let parts = [&user, bound.action, bound.program, bound.policy, &contents, &environment];
        let call = key.digest("approved call", parts);
        let session = bound.session.map(|it| key.digest("approved session", [&user, it]));
        let whole = |domain: &str, it: &[u8]| {
            let parts = [user.as_slice(), bound.program, bound.policy, it, &rules];
            key.digest(domain, parts)
        };
        let place = bound.repository.map(|it| whole("approved place", it));
        let tool = bound.tool.map(|it| whole("approved tool", it));
        let target = bound.tool.zip(bound.target).map(|(tool, it)| {
            whole("approved target", key.digest("target", [tool, it]).as_bytes())
        });
        Self { call, session, place, target, tool }
    }

    /// Whether an answer of that scope to this call counts for `other`, too.
    #[must_use]
    pub fn covers(&self, scope: ApprovalScope, other: &Self) -> bool {
        let same = |one: Option<KeyedDigest>, two| one.is_some() && one == two;
        match scope {
            ApprovalScope::Once | ApprovalScope::Exact => self.call == other.call,
            ApprovalScope::Session => self.call == other.call && same(self.session, other.session),
            ApprovalScope::Repository => same(self.place, other.place),
            ApprovalScope::Target => same(self.target, other.target),
            ApprovalScope::Tool => same(self.tool, other.tool),
        }
    }

    /// Whether an answer to this call can have that scope at all.
    #[must_use]
    pub const fn allows(&self, scope: ApprovalScope) -> bool {
        match scope {
            ApprovalScope::Once | ApprovalScope::Exact => true,
            ApprovalScope::Session => self.session.is_some(),
            ApprovalScope::Repository => self.place.is_some(),
            ApprovalScope::Target => self.target.is_some(),
            ApprovalScope::Tool => self.tool.is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound() -> Bound<'static> {
        Bound {
            user: 7,
            action: b"action",
            program: b"/usr/bin/git",
            policy: b"policy",
            contents: vec![b"stdin:1".to_vec(), b"file:2".to_vec()],
            environment: vec![b"A=1", b"B=2"],
            session: Some(b"s1"),
            repository: Some(b"/r"),
            target: Some(b"crm.example"),
            tool: Some(b"crm__write"),
            rules: vec!["one", "two"],
        }
    }

    fn binding(bound: Bound<'_>) -> Binding {
        Binding::of(bound, &Key::new(&[3; 32]))
    }

    #[test]
    fn order_plays_no_part() {
        let other = Bound {
            contents: vec![b"file:2".to_vec(), b"stdin:1".to_vec()],
            environment: vec![b"B=2", b"A=1"],
            rules: vec!["two", "one"],
            ..bound()
        };
        assert_eq!(binding(bound()), binding(other));
    }

    #[test]
    fn every_part_makes_another_call() {
        let call = binding(bound());
        let others = [
            Bound { user: 8, ..bound() },
            Bound { action: b"Action", ..bound() },
            Bound { program: b"/tmp/git", ..bound() },
            Bound { policy: b"Policy", ..bound() },
            Bound { contents: vec![b"stdin:1".to_vec(), b"file:3".to_vec()], ..bound() },
            Bound { contents: vec![b"stdin:1".to_vec()], ..bound() },
            Bound { environment: vec![b"A=1", b"B=3"], ..bound() },
            Bound { environment: vec![b"A=1B=2"], ..bound() },
        ];
        for other in others {
            let told = format!("{other:?}");
            let other = binding(other);
            for scope in [ApprovalScope::Once, ApprovalScope::Exact, ApprovalScope::Session] {
                assert!(!call.covers(scope, &other), "{told}");
            }
        }
    }

    #[test]
    fn wider_scopes_end_at_session_and_place() {
        let call = binding(bound());
        let with = |bound| binding(bound);
        let session = with(Bound { session: Some(b"s2"), ..bound() });
        assert!(call.covers(ApprovalScope::Exact, &session));
        assert!(!call.covers(ApprovalScope::Session, &session));
        let none = with(Bound { session: None, repository: None, ..bound() });
        assert!(
            !none.covers(ApprovalScope::Session, &none) && !none.allows(ApprovalScope::Session)
        );
        assert!(!none.covers(ApprovalScope::Repository, &none));
        let arguments = with(Bound { action: b"Action", contents: Vec::new(), ..bound() });
        assert!(call.covers(ApprovalScope::Repository, &arguments));
        let others = [
            Bound { user: 8, ..bound() },
            Bound { program: b"/tmp/git", ..bound() },
            Bound { policy: b"Policy", ..bound() },
            Bound { repository: Some(b"/q"), ..bound() },
            Bound { rules: vec!["one"], ..bound() },
            Bound { rules: vec!["one", "two", "three"], ..bound() },
        ];
        for other in others {
            let told = format!("{other:?}");
            assert!(!call.covers(ApprovalScope::Repository, &with(other)), "{told}");
        }
    }

    #[test]
    fn a_tool_is_approved_for_its_hosts_or_for_all() {
        use ApprovalScope::{Target, Tool};
        let call = binding(bound());
        let same = binding(Bound { action: b"Action", contents: Vec::new(), ..bound() });
        let there = binding(Bound { target: Some(b"mail.example"), ..bound() });
        assert!(call.covers(Target, &same) && call.covers(Tool, &same));
        assert!(!call.covers(Target, &there) && call.covers(Tool, &there));
        let others = [
            Bound { tool: Some(b"mail__send"), ..bound() },
            Bound { user: 8, ..bound() },
            Bound { program: b"key 2", ..bound() },
            Bound { policy: b"Policy", ..bound() },
            Bound { rules: vec!["one", "two", "three"], ..bound() },
        ];
        for other in others {
            let told = format!("{other:?}");
            let other = binding(other);
            assert!(!call.covers(Target, &other) && !call.covers(Tool, &other), "{told}");
        }
        let none = binding(Bound { tool: None, ..bound() });
        assert!(!none.allows(Target) && !none.allows(Tool) && !none.covers(Tool, &none));
    }
}
