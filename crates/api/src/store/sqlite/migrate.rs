//! Tables, version by version. A step is never changed once it was released: another one follows.

use rusqlite::{Connection, TransactionBehavior};

use crate::store::Error;

/// What makes each version out of the one before it. The version is the file's `user_version`.
const STEPS: [&str; 6] = [
    include_str!("0001.sql"),
    include_str!("0002.sql"),
    include_str!("0003.sql"),
    include_str!("0004.sql"),
    include_str!("0005.sql"),
    include_str!("0006.sql"),
];

/// Brings the tables forward to this version. Two that do so at once are harmless: one waits.
pub(super) fn forward(connection: &mut Connection) -> Result<(), Error> {
    let known = STEPS.len() as i64;
    let within = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: i64 = within.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let Some(done) = usize::try_from(found).ok().filter(|done| *done <= STEPS.len()) else {
        return Err(Error::Newer { found, known });
    };
    for step in STEPS.iter().skip(done) {
        within.execute_batch(step)?;
    }
    within.pragma_update(None, "user_version", known)?;
    Ok(within.commit()?)
}
