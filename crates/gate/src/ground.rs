//! What a policy file of this machine would be laid over: the machine's own policy, where it has one.

use std::path::Path;

use datafog_config::Layout;
use datafog_policy::{Diagnostic, Layer, Policy};

use crate::lint::lint_policy;
use crate::state::{ROOT, read, trusted};
use crate::{Error, compile, vocabulary};

/// The layers below a user's file.
#[derive(Debug)]
pub struct Ground {
    policy: Policy,
    /// Detectors and exceptions of the machine.
    custom: Option<Vec<u8>>,
    /// Programs that the user wraps.
    wrapped: Vec<String>,
}

impl Ground {
    /// The embedded policy, with the machine's laid over it where there is one.
    ///
    /// # Errors
    /// When the machine's policy cannot be read, could have been written by others, or is wrong.
    pub fn of(layout: &Layout) -> Result<Self, Error> {
        let (path, base) = (layout.system_policy(), Policy::builtin());
        let wrapped = vocabulary::wrapped(layout);
        if trusted(&path, ROOT)?.is_none() {
            return Ok(Self { policy: base, custom: None, wrapped });
        }
        let text = read(&path)?;
        let laid = compile::file_over((&base, None), (&text, &path, Layer::System), &wrapped)?;
        Ok(Self { policy: laid.policy, custom: laid.custom, wrapped })
    }

    /// The policy file at `path` as it would be in force on this machine.
    ///
    /// # Errors
    /// [`Error::Policy`] with everything that is wrong with it.
    pub fn compile(&self, text: &str, path: &Path) -> Result<Policy, Error> {
        let file = (text, path, compile::layer_of(path));
        Ok(compile::file_over(self.below(), file, &self.wrapped)?.policy)
    }

    /// Everything there is to say about a policy file, warnings included; the policy itself when it
    /// could be read.
    #[must_use]
    pub fn diagnose(&self, text: &str, path: &Path) -> (Option<Policy>, Vec<Diagnostic>) {
        let file = (text, path, compile::layer_of(path));
        let (laid, found) = compile::diagnose_over(self.below(), file, &self.wrapped);
        (laid.map(|laid| laid.policy), found)
    }

    /// The same with what is odd about a policy that loads, by line.
    #[must_use]
    pub fn lint(&self, text: &str, path: &Path) -> (Option<Policy>, Vec<Diagnostic>) {
        let (policy, mut found) = self.diagnose(text, path);
        if let Some(policy) = &policy {
            found.extend(lint_policy(policy, text, path));
        }
        found.sort_by_key(|one| (one.line, one.column));
        (policy, found)
    }

    fn below(&self) -> (&Policy, Option<&[u8]>) {
        (&self.policy, self.custom.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_embedded_policy_as_a_file_is_nothing_new() {
        let folder = tempfile::tempdir().unwrap();
        let ground = Ground::of(&Layout::at(folder.path()).with_system(folder.path().join("etc")));
        let ground = ground.unwrap();
        let starter = Policy::packs().find(|(name, _)| *name == "starter").unwrap().1;
        let path = Path::new("starter.toml");
        let (policy, found) = ground.diagnose(starter, path);
        assert!(found.is_empty(), "{found:?}");
        assert_eq!(policy.unwrap().digest(), Policy::builtin().digest());
        assert!(ground.compile(starter, path).is_ok());
        let (_, found) = ground.diagnose(&starter.replace("version", "version "), path);
        assert!(found.iter().any(|one| one.message.contains("is taken")), "a copy is another file");
    }

    #[test]
    fn a_file_is_looked_at_on_top_of_the_machines_policy() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::at(folder.path()).with_system(folder.path().join("etc"));
        let own = "[policy]\nid = \"own\"\nversion = \"1\"\n[[rule]]\nid = \"mine\"\neffect = \"allow\"\n\
                   overrides = [\"theirs\"]\nreason = \"r\"\n[rule.when]\ncommand = \"git\"\nsubcommand = \"push\"\n";
        let path = Path::new("own.toml");
        let alone = Ground::of(&layout).unwrap();
        assert!(alone.compile(own, path).is_err(), "nobody knows `theirs` here");
        let machine = "[policy]\nid = \"org\"\nversion = \"1\"\n[[rule]]\nid = \"theirs\"\neffect = \"deny\"\n\
                       reason = \"r\"\ninstead = \"i\"\n[rule.when]\ncommand = \"git\"\n";
        fs::create_dir_all(layout.system_policy().parent().unwrap()).unwrap();
        fs::write(layout.system_policy(), machine).unwrap();
        let Ok(ground) = Ground::of(&layout) else {
            // Only root can write the machine's policy; anybody else's is refused.
            assert!(!nix::unistd::geteuid().is_root());
            return;
        };
        let policy = ground.compile(own, path).unwrap();
        assert!(policy.rules().iter().any(|rule| rule.id == "theirs"));
        assert!(ground.diagnose(own, path).0.is_some());
        // A machine's policy that is wrong is said, whatever the user's file is like.
        fs::write(layout.system_policy(), "[policy]\nid = 1\n").unwrap();
        assert!(Ground::of(&layout).is_err());
    }
}
