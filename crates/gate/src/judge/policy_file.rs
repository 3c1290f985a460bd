//! The user's policy file, as whoever manages a server reads, tries and replaces it.
//!
//! It is the file that every call of the installation is judged by, read by the same code; there is no
//! other place where a policy stands. A text that would not load never takes its place.

use datafog_config::Change;
use datafog_core::{ActionKind, Event, Principal, ReceiptKind, Value, Verdict};
use datafog_policy::{Diagnostic, Level, Policy, SourceText};
use jiff::Timestamp;

use super::{Inquiry, Judge, What};
use crate::state::{State, read, trusted};
use crate::{Error, Ground, Translated, event};

/// Mode of a new policy file.
pub(super) const MODE: u32 = 0o600;

impl Judge<'_> {
    /// The text of the file; `None` where there is none.
    ///
    /// # Errors
    /// When it cannot be read, or others could have written it.
    pub fn policy_file(&self) -> Result<Option<String>, Error> {
        let path = self.layout.policy();
        trusted(&path, self.user)?.map(|_| read(&path)).transpose()
    }

    /// What would be in force with that text in the file. Nothing is changed.
    ///
    /// # Errors
    /// [`Error::Policy`] with everything that is wrong with it.
    pub fn try_policy_file(&self, text: &str) -> Result<Policy, Error> {
        State::supposing(&self.layout, text)
    }

    /// DataGuard's policy of that text as one for the file. Nothing is changed.
    ///
    /// # Errors
    /// [`Error::Policy`] with everything that is wrong with it, and with every rule that cannot be said.
    pub fn translate_dataguard(&self, text: &str) -> Result<Translated, Error> {
        let path = self.layout.policy();
        let nobody = || {
            let source = SourceText { path: "policy.json", text: "" };
            let message = String::from("nobody here reads policies of DataGuard");
            vec![source.diagnostic(Level::Error, 0..0, message)]
        };
        let done = self.way.ok_or_else(nobody).and_then(|way| way.translate_dataguard(text));
        done.map_err(|diagnostics| Error::Policy { path, diagnostics })
    }

    /// Everything there is to say about that text in the file, warnings included; the policy itself when
    /// it could be read. Its examples were tried.
    ///
    /// # Errors
    /// When what it would stand over cannot be read.
    pub fn lint_policy_file(&self, text: &str) -> Result<(Option<Policy>, Vec<Diagnostic>), Error> {
        Ok(Ground::of(&self.layout)?.lint(text, &self.layout.policy()))
    }

    /// Puts a text into the file, whole or not at all; the old one stays when it would not load. A file
    /// that is under version control and linked here stays a link.
    ///
    /// # Errors
    /// As [`Self::try_policy_file`]; when the file cannot be written.
    pub fn replace_policy_file(&self, text: &str) -> Result<(), Error> {
        self.try_policy_file(text)?;
        let change = Change::to_text(&self.layout.policy(), text.as_bytes().to_vec(), MODE)?;
        Ok(change.map_or(Ok(()), |change| change.apply(None))?)
    }

    /// Whether a text may take the file's place, as for whatever else would be done: by the policies in
    /// force, as a call of the tool `policy` that writes the file. To be stored before it does; `reason`
    /// is said where nothing is against it.
    ///
    /// # Errors
    /// When there are no random bytes for an id.
    pub fn ask_to_replace_policy_file(&self, text: &str, reason: String) -> Result<Event, Error> {
        let path = self.layout.policy().to_string_lossy().into_owned();
        let event =
            self.ask_to_change(ActionKind::FileWrite, ("policy", &[("path", &path)]), reason)?;
        let action_digest = self.key().digest("policy file", [text.as_bytes()]);
        Ok(Event { action_digest, ..event })
    }

    /// Whether something of datafog's own may be changed, as for whatever else would be done: by the
    /// policies in force, as a call of that tool with these arguments. To be stored before it is;
    /// `reason` is said where nothing is against it.
    ///
    /// # Errors
    /// When there are no random bytes for an id.
    pub fn ask_to_change(
        &self,
        kind: ActionKind,
        (tool, arguments): (&str, &[(&str, &str)]),
        reason: String,
    ) -> Result<Event, Error> {
        let text =
            |(name, value): &(&str, &str)| ((*name).to_owned(), Value::Text((*value).to_owned()));
        let what = What::Tool(tool.to_owned(), Value::Table(arguments.iter().map(text).collect()));
        let judged = self.judge(
            Inquiry {
                what,
                kind,
                text: None,
                stated: Vec::new(),
                cwd: self.layout.root().to_owned(),
                principal: Principal::default(),
            },
            &[],
        )?;
        let may = judged.decision.verdict == Verdict::Allow;
        let said = judged.event.reason.clone();
        Ok(Event { reason: if may { reason } else { said }, ..judged.event })
    }

    /// What is stored of a text that somebody else wrote into the file: that it is there, not that it may.
    ///
    /// # Errors
    /// When there are no random bytes for an id.
    pub fn policy_change(&self, text: &str, reason: String) -> Result<Event, Error> {
        Ok(Event {
            kind: ReceiptKind::Action,
            action_type: ActionKind::FileWrite,
            action_digest: self.key().digest("policy file", [text.as_bytes()]),
            reason,
            enforcement: String::from("write"),
            ..self.own(("policy", String::from("policy.toml")))?
        })
    }

    /// What is stored of something that was done to the server itself: who came in, which key was made,
    /// what was said of a finding. It is no decision; `may` tells whether it was let happen.
    ///
    /// # Errors
    /// When there are no random bytes for an id.
    pub fn server_event(&self, what: &str, reason: String, may: bool) -> Result<Event, Error> {
        let decision = if may { Verdict::Allow } else { Verdict::Deny };
        Ok(Event { reason, decision, ..self.own(("server", format!("tool:server {what}")))? })
    }

    /// An event of now about nothing but this installation.
    fn own(&self, (tool, command): (&str, String)) -> Result<Event, Error> {
        let (now, policy) = (Timestamp::now(), self.policy());
        let digest = self.key().digest("server", [command.as_bytes()]);
        let id = event::new_id(now)?;
        Ok(Event {
            kind: ReceiptKind::Outcome,
            action_type: ActionKind::ToolCall,
            tool: tool.to_owned(),
            command,
            cwd: self.layout.root().to_string_lossy().into_owned(),
            policy_id: policy.id().to_owned(),
            policy_version: policy.version().to_owned(),
            policy_digest: policy.digest(),
            ..Event::bare(id, event::shown(now), digest, Verdict::Allow)
        })
    }
}
