//! One receipt as it was read.

use datafog_core::{Id, Receipt};
use serde::{Deserialize, Serialize};

use crate::folder::ledger_name;
use crate::scan::Line;

/// A receipt and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Name of the file inside the ledger's folder.
    pub file: String,
    /// Offset of the line's first byte in the file.
    pub offset: u64,
    /// The receipt.
    pub receipt: Receipt<'static>,
}

impl Entry {
    /// Reads a line; `None` when it is no receipt.
    pub(crate) fn read(line: &Line<'_>, file: u32) -> Option<Self> {
        if line.overlong || !line.whole {
            return None;
        }
        let receipt = serde_json::from_slice(line.bytes).ok()?;
        Some(Self { file: ledger_name(file), offset: line.offset, receipt })
    }
}

/// The id of a line alone, for a search that passes over most lines.
#[derive(Debug, Deserialize)]
pub(crate) struct Named {
    /// Id of the receipt.
    pub(crate) receipt_id: Id,
}
