//! What came of a decision: the answer where it was held, and every later line about it.

use std::sync::Arc;

use datafog_core::ApprovalState;
use maud::{Markup, html};

use super::Viewer;
use super::line::Line;
use crate::board::{Row, asked};
use crate::dashboard::activity::decision;
use crate::dashboard::became::{All, Became, KINDS};
use crate::dashboard::{parts, rows};
use crate::server::problem::Problem;

/// What came of one decision.
#[derive(Debug)]
pub(super) struct Later {
    /// The address of the decision.
    path: String,
    /// Where the request for approval stands, where there is one.
    became: Option<Became>,
    /// Who answered wrote this beside it.
    note: Option<String>,
    rows: Vec<Arc<Row>>,
}

impl Later {
    pub(super) async fn of(viewer: &Viewer, line: &Line) -> Result<Self, Problem> {
        let event = &line.receipt.event;
        let (id, noted) = (event.receipt_id, asked(event));
        let request = noted.as_ref().map_or(id, |noted| noted.id);
        let rows = rows::ask(viewer, move |shelf| shelf.follow_ups(id, request)).await?;
        let became = match &noted {
            Some(noted) if noted.state == ApprovalState::Pending => {
                let all = All::of(viewer, vec![(line.place, request)]).await?;
                Some(all.get(request).clone())
            }
            Some(noted) => Some(Became::Was(noted.state, noted.by.clone())),
            None => None,
        };
        let path = format!("/ui/decisions/{}/{id}", line.place.name());
        let note = noted.and_then(|noted| noted.note);
        Ok(Self { path, became, note, rows })
    }

    /// The part of the page; it looks again when something happens.
    pub(super) fn section(&self) -> Markup {
        let is_open = matches!(self.became, Some(Became::Was(ApprovalState::Pending, _)));
        html! {
            div #became data-live={ (self.path) "/part" } data-kinds=(KINDS) {
                @if self.became.is_some() || !self.rows.is_empty() {
                    h2 { "What came of it" }
                    @if let Some(became) = &self.became {
                        p {
                            (became.told())
                            @if let Some(note) = &self.note { " “" (parts::words(note)) "”" }
                            @if is_open { " " a href="/ui/approvals" { "Answer it" } }
                        }
                    }
                    @if !self.rows.is_empty() {
                        ul.later { @for row in &self.rows { li { (line(row)) } } }
                    }
                }
            }
        }
    }
}

fn line(row: &Row) -> Markup {
    html! {
        (rows::at(row.at)) " "
        @match row.approval.as_deref() {
            Some(noted) => (Became::Was(noted.state, noted.by.as_deref().map(str::to_owned)).told()),
            None => (parts::verdict(row.verdict)),
        }
        " " a href=(decision(row)) { "receipt" }
    }
}
