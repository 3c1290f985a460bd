//! Where a store is.

use std::path::PathBuf;
use std::sync::Arc;

use datafog_core::Secret;

use super::{Error, Postgres, Sqlite, Store};

/// Where a store is.
#[derive(Debug)]
pub enum Place {
    /// In a file of SQLite.
    File(PathBuf),
    /// In a database of PostgreSQL, whose address may hold a password.
    Postgres(Secret<String>),
}

impl Place {
    /// Opens the store there, and makes it where there is none.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn open(&self) -> Result<Arc<dyn Store>, Error> {
        Ok(match self {
            Self::File(path) => Arc::new(Sqlite::open(path)?),
            Self::Postgres(address) => Arc::new(Postgres::open(address.expose()).await?),
        })
    }
}
