//! Tables, version by version. A step is never changed once it was released: another one follows.

use deadpool_postgres::ClientWrapper;

use crate::store::Error;

/// What makes each version out of the one before it.
const STEPS: [&str; 7] = [
    include_str!("0001.sql"),
    include_str!("0002.sql"),
    include_str!("0003.sql"),
    include_str!("0004.sql"),
    include_str!("0005.sql"),
    include_str!("0006.sql"),
    include_str!("0007.sql"),
];

/// Where the version stands, and a lock so that replicas that start together do so one by one. The
/// number names this product's migrations and nothing else.
const BEGIN: &str = "\
SELECT pg_advisory_xact_lock(6713028451); \
CREATE TABLE IF NOT EXISTS store_version (\
one integer PRIMARY KEY CHECK (one = 1), version bigint NOT NULL); \
INSERT INTO store_version VALUES (1, 0) ON CONFLICT DO NOTHING;";

/// Brings the tables forward to this version.
pub(super) async fn forward(client: &mut ClientWrapper) -> Result<(), Error> {
    let known = STEPS.len() as i64;
    let within = client.transaction().await?;
    within.batch_execute(BEGIN).await?;
    let found: i64 =
        within.query_one("SELECT version FROM store_version", &[]).await?.try_get(0)?;
    let Some(done) = usize::try_from(found).ok().filter(|done| *done <= STEPS.len()) else {
        return Err(Error::Newer { found, known });
    };
    for step in STEPS.iter().skip(done) {
        within.batch_execute(step).await?;
    }
    within.execute("UPDATE store_version SET version = $1", &[&known]).await?;
    within.commit().await?;
    Ok(())
}
