//! A line of a chain by its id, with what vouches for it.

use std::sync::Arc;

use datafog_core::{Digest, Id, Receipt};

use super::Viewer;
use crate::board::Place;
use crate::dashboard::rows;
use crate::server::context::{Context, Stored};
use crate::server::problem::Problem;

/// A line of a chain.
#[derive(Debug)]
pub(in crate::dashboard) struct Line {
    pub(in crate::dashboard) place: Place,
    pub(in crate::dashboard) receipt: Receipt<'static>,
    /// What the server knows besides.
    pub(super) context: Context,
    /// The hash that the line after it carries.
    pub(super) next: Option<Digest>,
    text: String,
}

impl Line {
    /// The receipt of that id, where the viewer's tenant has it.
    pub(super) async fn find(
        viewer: &Viewer,
        place: Place,
        id: Id,
    ) -> Result<Option<Self>, Problem> {
        match place {
            Place::Local => Self::local(viewer, id).await,
            Place::Server => Self::stored(viewer, id).await,
        }
    }

    async fn stored(viewer: &Viewer, id: Id) -> Result<Option<Self>, Problem> {
        let store = &viewer.app.store;
        let found = store.entry(Some(&viewer.caller.tenant), &id.to_string()).await;
        let found = found.map_err(|error| Problem::unread(&error))?;
        let Some(entry) = found else { return Ok(None) };
        let context = Stored::of(&entry)?.server;
        let receipt = serde_json::from_str(&entry.line)?;
        let after = store.tail(entry.seq).await.map_err(|error| Problem::unread(&error))?;
        let carries = |line: &str| serde_json::from_str::<Receipt<'_>>(line).ok().map(|it| it.prev);
        let next = after.first().and_then(|(_, entry)| carries(&entry.line));
        Ok(Some(Self { place: Place::Server, receipt, context, next, text: entry.line }))
    }

    /// Of the ledger of this machine: the index has it for those alone who may see it.
    async fn local(viewer: &Viewer, id: Id) -> Result<Option<Self>, Problem> {
        let row = rows::ask(viewer, move |shelf| shelf.find(id)).await?;
        let spot = row.filter(|row| row.place == Place::Local).and_then(|row| row.spot.clone());
        let (Some(spot), Some(folder)) = (spot, viewer.app.around.receipts.clone()) else {
            return Ok(None);
        };
        let file = Arc::clone(&spot.file);
        let found =
            tokio::task::spawn_blocking(move || datafog_audit::at(&folder, &file, spot.offset));
        let found = found.await.map_err(|error| Problem::ours(&error))?;
        let found = found.map_err(|error| Problem::ours(&error))?;
        // Files may have moved meanwhile.
        let found = found.filter(|it| it.entry.receipt.event.receipt_id == id);
        Ok(found.map(|it| Self {
            place: Place::Local,
            receipt: it.entry.receipt,
            context: Context::default(),
            next: it.next.map(|next| next.receipt.prev),
            text: it.line,
        }))
    }

    /// The hash of its bytes.
    pub(super) fn hash(&self) -> Digest {
        Digest::of(self.text.as_bytes())
    }

    /// Its JSON, for a person.
    pub(super) fn pretty(&self) -> String {
        let value: Option<serde_json::Value> = serde_json::from_str(&self.text).ok();
        let pretty = value.and_then(|value| serde_json::to_string_pretty(&value).ok());
        pretty.unwrap_or_else(|| self.text.clone())
    }
}
