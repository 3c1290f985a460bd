//! Requests that nobody answered in time are closed, with a line in the chain.

use datafog_approval::{Moment, Party, Record, Word};
use datafog_core::ApprovalWay;

use crate::server::App;
use crate::server::spoken::{Change, change};
use crate::store::Error;

/// Closes what nobody answered in time; how many were closed. Another replica, or a person, may have
/// been quicker: that is no failure.
///
/// # Errors
/// When the store cannot be read. What cannot be closed now is closed the next time; whoever looks at
/// it meanwhile sees that its time is over.
pub async fn expire_overdue(app: &App) -> Result<usize, Error> {
    let now = i64::try_from(Moment::now().wall).unwrap_or(i64::MAX);
    let mut closed = 0_usize;
    for (tenant, id) in app.store.overdue(now).await? {
        let Ok(id) = id.parse() else { continue };
        let (by, who) = (None, Party::default());
        let word = Word { by, way: ApprovalWay::Deadline, note: None, who };
        let expire: Change = Box::new(move |record: &mut Record, now| {
            record.expire(word.clone(), now).map_err(Into::into)
        });
        if change(app, (&tenant, "deadline"), id, expire).await.is_ok() {
            closed = closed.saturating_add(1);
        }
    }
    Ok(closed)
}
