//! Counts for all servers of a database. One statement draws and fills: the row is locked by it, and the
//! clock is the database's. Nothing here is worth a wait for the disk, so the table is not logged.

use async_trait::async_trait;

use super::Postgres;
use crate::store::{Counter, Drawn, Error};

/// Fills the bucket by what has passed, and draws. `$1` is whose it is, `$2` what it holds and gains each
/// second, `$3` what is wanted.
const DRAW: &str = "\
INSERT INTO rate AS known (name, rest, granted, at) VALUES ($1, \
CAST($2 AS float8) - least(CAST($2 AS float8), CAST($3 AS float8)), \
least(CAST($2 AS float8), CAST($3 AS float8)), \
CAST(extract(epoch FROM clock_timestamp()) AS float8)) \
ON CONFLICT (name) DO UPDATE SET (rest, granted, at) = (\
SELECT filled - drawn, drawn, greatest(known.at, excluded.at) FROM (\
SELECT filled, least(floor(filled), CAST($3 AS float8)) AS drawn FROM (\
SELECT least(CAST($2 AS float8), known.rest \
+ greatest(0, excluded.at - known.at) * CAST($2 AS float8)) AS filled) AS bucket) AS drawing) \
RETURNING granted, rest";

/// Every bucket is full a second after it was last drawn from.
const FORGET: &str = "\
DELETE FROM rate WHERE at < CAST(extract(epoch FROM clock_timestamp()) AS float8) - 60";

#[async_trait]
impl Counter for Postgres {
    async fn draw(&self, name: &str, rate: u32, wanted: u32) -> Result<Drawn, Error> {
        let (rate, wanted) = (f64::from(rate), f64::from(wanted));
        let row = self.row(DRAW, &[&name, &rate, &wanted]).await?;
        let row = row.ok_or_else(|| Error::Form(String::from("nothing was drawn")))?;
        let granted: f64 = row.try_get(0)?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number, and no more than was wanted"
        )]
        let granted = granted as u32;
        Ok(Drawn { granted, rest: row.try_get(1)? })
    }

    async fn forget_full(&self) -> Result<u64, Error> {
        self.change(FORGET, &[]).await
    }
}
