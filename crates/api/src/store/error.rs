//! What can go wrong with a store.

use std::sync::Arc;

use deadpool_postgres::PoolError as Pool;

/// Why something was not stored or read. Many writers share one commit, so it can be cloned.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The database cannot be reached or opened, is locked by others for too long, or its disk is
    /// full.
    #[error("the store does not answer: {0}")]
    Unavailable(String),
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// The database has tables that this version does not know.
    #[error("the store has version {found}, and this datafog knows versions up to {known}")]
    Newer {
        /// Its version.
        found: i64,
        /// The newest that is known.
        known: i64,
    },
    /// Something of that id is there.
    #[error("`{0}` is there already")]
    Exists(String),
    /// A request for approval, or an answer to one, was refused.
    #[error(transparent)]
    Approval(Arc<datafog_approval::Error>),
    /// What is to be stored, or what stands in a row, is not in its form.
    #[error("not in the store's form: {0}")]
    Form(String),
}

impl Error {
    /// What to do about it.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => {
                "check that the database runs, that its disk has room, and its address"
            }
            Self::Closed => "the server is going down; ask again",
            Self::Newer { .. } => "use the version of datafog that wrote it, or a newer one",
            Self::Exists(_) => "use another id",
            Self::Approval(_) => "`GET /v1/approvals` shows how it stands",
            Self::Form(_) => "run `datafog receipts verify --store` and keep a copy of the store",
        }
    }
}

impl From<datafog_approval::Error> for Error {
    fn from(error: datafog_approval::Error) -> Self {
        if let datafog_approval::Error::Store(why) = error {
            return Self::Unavailable(why);
        }
        Self::Approval(Arc::new(error))
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::Unavailable(error.to_string())
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        // Its own words are only `db error`; what the server said is the source.
        let why = error.as_db_error().map_or_else(|| error.to_string(), ToString::to_string);
        Self::Unavailable(why)
    }
}

impl From<Pool> for Error {
    fn from(error: Pool) -> Self {
        match error {
            Pool::Backend(error) => error.into(),
            Pool::Closed => Self::Closed,
            Pool::Timeout(_) | Pool::NoRuntimeSpecified | Pool::PostCreateHook(_) => {
                Self::Unavailable(error.to_string())
            }
        }
    }
}
