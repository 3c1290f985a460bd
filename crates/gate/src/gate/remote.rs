//! When the policy comes from a server: whether it is time to ask for it again, and what follows when
//! nobody answers.
//!
//! The policy lies in its file and is compiled like any other, so nearly every call asks nobody. When
//! the last answer is older than the settings allow, one call asks, within bounds, and the others go on
//! meanwhile. How it is asked for and believed is the business of whoever hands the gate its way there.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use datafog_audit::{Durability, Ledger};
use datafog_config::{Layout, Remote, Settings};
use datafog_core::{Digest, Key, Verdict};

use crate::gate::Gate;
use crate::judge::path_of;
use crate::state::{State, trusted};
use crate::{Error, Judge};

/// After a try that failed, nobody tries for so long.
const PAUSE: Duration = Duration::from_secs(30);

/// What came of asking.
enum Asked {
    /// The file holds another text now.
    Other,
    /// It holds what it held.
    Same,
}

impl Gate<'_> {
    /// What is in force once the server was asked, where it was time to.
    #[cold]
    #[inline(never)]
    pub(super) fn refreshed(&self, mut state: State, key: &Key) -> State {
        let Some(remote) = state.settings.remote.clone() else { return state };
        let age = age(&self.layout.pulled());
        let minutes = |minutes: u32| Duration::from_secs(u64::from(minutes).saturating_mul(60));
        let is_due = remote.refresh_minutes > 0
            && age.is_none_or(|age| age >= minutes(remote.refresh_minutes));
        let told = match is_due {
            true => self.ask_for_policy(&remote),
            false => Ok(Asked::Same),
        };
        let kept = minutes(remote.keep_hours.saturating_mul(60));
        let is_kept = age.is_some_and(|age| remote.keep_hours == 0 || age < kept);
        match told {
            Ok(Asked::Other) => State::load(self.layout, self.own, self.user, key),
            Ok(Asked::Same) => state,
            Err(_) if is_kept => state,
            Err(why) => {
                state.fault = state.fault.or(Some(Error::Remote { why }));
                state
            }
        }
    }

    fn ask_for_policy(&self, remote: &Remote) -> Result<Asked, String> {
        let marker = self.layout.not_pulled();
        if age(&marker).is_some_and(|age| age < PAUSE) {
            return Err(std::fs::read_to_string(&marker).unwrap_or_default());
        }
        let _alone = alone(self.layout).map_err(|error| error.to_string())?;
        let way = self.foreign.ok_or("there is no way to a server")?;
        match way.pull(self.layout, remote, &|text| self.admit_policy_file(text, &remote.url)) {
            Ok(true) => Ok(Asked::Other),
            Ok(false) => Ok(Asked::Same),
            Err(why) => {
                // Without the marker the next call tries again at once: slower, not wrong.
                let _noted: io::Result<()> = std::fs::write(&marker, &why);
                Err(why)
            }
        }
    }

    /// Whether a text could stand in the policy file. Nothing is changed.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn try_policy_file(&self, text: &str) -> Result<(), Error> {
        State::supposing(self.layout, text).map(drop)
    }

    /// Asks whether a text that a server gave may take the policy file's place, as for whatever else
    /// would be done: by the policies in force. The answer is on disk before anything is written.
    /// `from` is the server's address.
    ///
    /// # Errors
    /// Everything that is wrong with the text; that nothing is in force to ask, that what is in force
    /// does not let it, or that the answer could not be recorded.
    pub fn admit_policy_file(&self, text: &str, from: &str) -> Result<(), Error> {
        self.try_policy_file(text)?;
        let judge = Judge::open(self.layout.clone(), self.own, self.user, self.foreign)?;
        let old = judge.policy_file()?.map(|old| Digest::of(old.as_bytes()).to_string());
        let (old, new) = (old.as_deref().unwrap_or("none"), Digest::of(text.as_bytes()));
        let reason = format!("the policy file is replaced: {old} by {new}, pulled from {from}");
        let event = judge.ask_to_replace_policy_file(text, reason)?;
        let ledger = Ledger::open_as(&self.layout.receipts(), self.user);
        let recorded = ledger.and_then(|ledger| ledger.append(&event, Durability::Synced));
        recorded.map_err(Error::Ledger)?;
        let may = event.decision == Verdict::Allow;
        if may { Ok(()) } else { Err(Error::Kept { why: event.reason }) }
    }

    /// Whether the policy of that name, for keys of the server, could be in force.
    ///
    /// # Errors
    /// Everything that is wrong with it; that there is none.
    pub fn try_named_policy(&self, name: &str) -> Result<(), Error> {
        let none = || Error::NoPolicy { name: name.to_owned() };
        let path = path_of(self.layout, name).ok_or_else(none)?;
        trusted(&path, self.user)?.ok_or_else(none)?;
        State::named(self.layout, &path, &Settings::default()).map(drop)
    }
}

/// Holds the one place of those who ask: five hundred calls at once are one question.
fn alone(layout: &Layout) -> io::Result<File> {
    let path = layout.pulled().with_extension("lock");
    let file = File::options().create(true).truncate(false).write(true).open(path)?;
    file.try_lock()?;
    Ok(file)
}

/// How long ago a file was written; `None` when there is none. A time to come is as good as long ago:
/// a clock that was set back must not keep a policy for ever.
fn age(path: &Path) -> Option<Duration> {
    let written = std::fs::symlink_metadata(path).and_then(|it| it.modified()).ok()?;
    Some(SystemTime::now().duration_since(written).unwrap_or(Duration::MAX))
}
