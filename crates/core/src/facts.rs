//! What a policy may ask about an action.

use std::path::{Component, Path, PathBuf};

use crate::{
    Account, Action, Automation, Destination, Finding, Flows, LocalTime, Mode, Principal, Remote,
    Repository, ToolCall,
};

/// Everything a condition can look at. Costly answers are worked out when first asked for.
pub trait Facts {
    /// What is asked.
    fn action(&self) -> &Action;

    /// The folder that the call as a whole is made in. What it starts may work elsewhere
    /// (`cd x && …`).
    fn called_in(&self) -> &Path {
        &self.action().cwd
    }

    /// The call of a tool that is asked about, or that the command at hand is a part of.
    fn tool(&self) -> Option<&ToolCall> {
        self.action().tool.as_deref()
    }

    /// The facts of what this action starts (the commands of a line for a shell, the command behind
    /// `sudo`), in order: each was looked at by itself, with findings of its own.
    fn started(&self) -> Vec<&dyn Facts> {
        Vec::new()
    }

    /// Which way data moves, with destinations taken into account: a call that ends on this
    /// machine has [`crate::Flow::Loopback`] in place of [`crate::Flow::Leaves`].
    fn flows(&self) -> Flows;

    /// Where it goes, deferred hosts resolved.
    fn destinations(&self) -> &[Destination];

    /// What was found in its content.
    fn findings(&self) -> &[Finding];

    /// Whether `finding` would only go where its secret belongs; `false` when it would go
    /// elsewhere, or nobody can tell where.
    fn going_home(&self, finding: &Finding) -> bool;

    /// Content that could not be read or was not understood, in words for a person.
    fn unscanned(&self) -> &[String];

    /// Whether decisions are carried out.
    fn mode(&self) -> Mode;

    /// Who asks, parent processes included.
    fn principal(&self) -> &Principal;

    /// The account that the process runs as; `None` when the system's files do not tell.
    fn account(&self) -> Option<&Account> {
        None
    }

    /// The repository that `folder` belongs to: `None` when that cannot be told, `Some(None)` when
    /// it belongs to none.
    fn repository(&self, _folder: &Path) -> Option<Option<Repository>> {
        None
    }

    /// Where the remotes of the repository at `folder` are, each `None` when that one cannot be
    /// told; `None` when they cannot be told at all.
    fn remotes(&self, _folder: &Path) -> Option<Vec<Option<Remote>>> {
        None
    }

    /// Whether files that git keeps in the repository at `folder` have changes that no commit holds;
    /// `None` when that cannot be told.
    fn uncommitted(&self, _folder: &Path) -> Option<bool> {
        None
    }

    /// Whether the action removes, empties or overwrites work that no commit holds: files of a
    /// repository that have changes or that git does not know yet and is not told to ignore, and
    /// what is in no repository and no temporary folder. Paths that `is_spared` names do not count;
    /// `None` when that cannot be told.
    fn discards(&self, _is_spared: &dyn Fn(&Path) -> bool) -> Option<bool> {
        None
    }

    /// The moment in the zone of that name (`Europe/Berlin`, `UTC`, `local`); `None` when the zone
    /// is not known.
    fn local_time(&self, _zone: &str) -> Option<LocalTime> {
        None
    }

    /// Whether a machine runs this by itself.
    fn automation(&self) -> Automation {
        Automation::Unknown
    }

    /// How many calls the counter of that name has seen in the last `seconds`, this one included.
    /// Of those before no more than `most` need to be remembered. A call that is to run is counted
    /// by asking, once; `None` when nobody could count.
    fn calls(&self, _counter: &str, _seconds: u32, _most: u32) -> Option<u32> {
        None
    }

    /// How risky a scorer outside of datafog takes the call to be, of 100; `None` when there is none
    /// or it failed. It is asked once.
    fn outside_score(&self) -> Option<u32> {
        None
    }

    /// The user's home folder, by the password file, in canonical form.
    fn home(&self) -> Option<&Path>;

    /// The folder that `$HOME` names, in canonical form, where it is another one (a container, a
    /// build). Programs and shells take it for home, but whoever starts a command sets it: it may
    /// tighten a judgement and never loosens one.
    fn named_home(&self) -> Option<&Path> {
        None
    }

    /// The root of the installation.
    fn root(&self) -> &Path;

    /// How many entries a folder has that a shell's `*` names: all but those that start with a dot.
    /// `None` when that cannot be told.
    fn entries(&self, _folder: &Path) -> Option<usize> {
        None
    }

    /// `path` as the command would open it: absolute, with `.`, `..` and symbolic links resolved
    /// as far as it exists. `None` when that cannot be told.
    ///
    /// Without a file system to ask, the text alone is resolved; who has one should do better.
    fn canonical(&self, path: &Path) -> Option<PathBuf> {
        let mut resolved = PathBuf::new();
        for part in self.action().cwd.join(path).components() {
            match part {
                Component::CurDir => {}
                Component::ParentDir => {
                    resolved.pop();
                }
                Component::Normal(_) | Component::Prefix(_) | Component::RootDir => {
                    resolved.push(part);
                }
            }
        }
        Some(resolved)
    }
}
