//! The installation of this server, for those whom it concerns: who is of no tenant.
//!
//! What is asked of it waits on files and locks, so it is asked on threads that may wait.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use datafog_approval::{Error as Refused, Moment, Record, Refusal};
use datafog_core::{ApprovalState, Id};
use datafog_gate::Answerer;

use super::Viewer;
use crate::house::{Answer, House, Said};
use crate::identity::{Caller, Permission};
use crate::server::App;
use crate::server::context::plain;
use crate::server::noted::Noted;
use crate::server::problem::{Kind, Problem};
use crate::store;

/// How often it is looked whether anything changed at this machine's desk, while somebody listens.
const OFTEN: Duration = Duration::from_millis(500);

/// Whether somebody is of the installation itself, and of no tenant.
pub(super) fn is_of_it(caller: &Caller) -> bool {
    caller.tenant.is_empty()
}

/// The house, where the caller is of it and may do that.
pub(crate) fn house(app: &App, caller: &Caller, what: Permission) -> Option<Arc<dyn House>> {
    app.house.clone().filter(|_| is_of_it(caller) && caller.may(what))
}

impl Viewer {
    /// The house, where they may answer in it.
    pub(super) fn desk(&self) -> Option<Arc<dyn House>> {
        house(&self.app, &self.caller, Permission::Decide)
    }

    /// The house, where they manage it.
    pub(super) fn managed(&self) -> Option<Arc<dyn House>> {
        house(&self.app, &self.caller, Permission::Manage)
    }

    /// The same for a page that is about nothing else.
    pub(super) fn house(&self) -> Result<Arc<dyn House>, Problem> {
        let none = || match is_of_it(&self.caller) {
            true => Problem::new(Kind::NotFound, "this server belongs to no installation"),
            false => Problem::new(Kind::Forbidden, "this is for who manages the installation"),
        };
        self.managed().ok_or_else(none)
    }

    /// Requests of this machine, oldest first; none for who has no say here.
    pub(super) async fn requests(&self) -> Result<Vec<Record>, Problem> {
        match self.desk() {
            Some(house) => {
                at(house, |house| house.requests()).await?.map_err(|error| refused(&error))
            }
            None => Ok(Vec::new()),
        }
    }

    /// How many of them wait.
    pub(super) async fn waiting_here(&self) -> Result<u64, Problem> {
        let (all, now) = (self.requests().await?, Moment::now());
        let waits = |record: &&Record| record.state(&now) == ApprovalState::Pending;
        Ok(u64::try_from(all.iter().filter(waits).count()).unwrap_or(u64::MAX))
    }

    /// Whether something may be done that opens the server to others, or says that something needs nothing:
    /// the gate is asked, as `datafog key` asks it, and the line that says who does it is stored.
    pub(super) async fn permitted(&self, noted: Noted) -> Result<(), Problem> {
        self.asked(&noted).await?;
        noted.store(&self.app).await
    }

    /// Asks the gate alone.
    pub(super) async fn asked(&self, noted: &Noted) -> Result<(), Problem> {
        let none = || Problem::new(Kind::Forbidden, "nobody here can ask the gate");
        let house = self.app.house.clone().ok_or_else(none)?;
        let (who, what) = (self.caller.name(), noted.what().to_owned());
        // Somebody may have typed a secret in the wrong place.
        let what = self.app.judges.ask(move |judge| plain(judge, &what)).await?;
        let asked = at(house, move |house| house.require_person(&who, &what)).await?;
        asked.map_err(|why| Problem::new(Kind::Forbidden, why))
    }

    /// Answers a request of this machine.
    pub(super) async fn say_here(
        &self,
        id: Id,
        said: Said,
        note: Option<String>,
    ) -> Result<(), Problem> {
        let none =
            || Problem::new(Kind::Forbidden, "this machine's requests are not yours to answer");
        let house = self.desk().ok_or_else(none)?;
        let (name, caller, eyes) = (self.caller.name(), self.caller.clone(), self.app.eyes);
        let done = at(house, move |house| {
            let person = house.person();
            // Two keys are two persons; that neither is the one who asked is another question.
            let here = caller.party_here(&person);
            let party = if eyes.others { here.clone() } else { caller.party() };
            let by = Answerer { name, party, here };
            house.answer(id, Answer { by, eyes, said, note }).map_err(|error| (error, person))
        });
        done.await?.map(drop).map_err(|(error, person)| {
            let is_own = matches!(
                &error,
                datafog_gate::Error::Approval(Refused::Refused(Refusal::OwnRequest))
            );
            if is_own {
                Problem::new(Kind::Forbidden, own_request(&person))
            } else {
                refused(&error)
            }
        })
    }
}

/// Asks the house on a thread that may wait.
pub(super) async fn at<T: Send + 'static>(
    house: Arc<dyn House>,
    work: impl FnOnce(&dyn House) -> T + Send + 'static,
) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(move || work(&*house)).await;
    done.map_err(|error| Problem::ours(&error))
}

/// Why somebody may not say yes to what this machine's user asked.
fn own_request(person: &str) -> String {
    format!(
        "`{person}` of this machine asked for this, and nobody can tell that you are somebody else. \
         Four eyes are asked for: somebody who logs in by another name, or with a key of their own \
         (`datafog key create --user`), has to say yes"
    )
}

/// Why an answer does not count, as answers over the API are told it.
fn refused(error: &datafog_gate::Error) -> Problem {
    let datafog_gate::Error::Approval(why) = error else {
        return Problem::new(Kind::Receipt, error.in_full());
    };
    if let Refused::Refused(refusal) = why {
        return Problem::unstored(&store::Error::from(Refused::from(*refusal)));
    }
    let is_gone = matches!(why, Refused::Unknown(_));
    Problem::new(if is_gone { Kind::NotFound } else { Kind::Receipt }, why.to_string())
}

/// Says that something changed at this machine's desk, while anybody listens.
pub(crate) async fn watch(app: Arc<App>) {
    let Some(folder) = app.house.as_ref().map(|house| house.folder()) else { return };
    let mut often = tokio::time::interval(OFTEN);
    let mut last = stamp(&folder);
    loop {
        often.tick().await;
        if app.moved.receiver_count() == 0 {
            continue;
        }
        let now = stamp(&folder);
        if now != last {
            last = now;
            app.moved.send_replace(());
        }
    }
}

/// Each change of a request is a file renamed into the folder, which is a change of the folder.
fn stamp(folder: &Path) -> Option<(i64, i64, u64)> {
    let metadata = folder.metadata().ok()?;
    Some((metadata.mtime(), metadata.mtime_nsec(), metadata.ino()))
}
