//! `/ui/integrity`: whether what was recorded is what was written.

use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use datafog_core::Digest;
use futures_util::stream::unfold;
use maud::{Markup, html};
use serde_json::json;

use super::house::at;
use super::job::Job;
use super::parts::{self, Tone};
use super::{Posted, Viewer, see};
use crate::house::Proof;
use crate::server::problem::Problem;

const TITLE: &str = "Integrity";
const PATH: &str = "/ui/integrity";

/// Answers `GET /ui/integrity`.
pub(super) async fn page(viewer: Viewer) -> Result<Response, Problem> {
    let head = viewer.app.store.head().await.map_err(|error| Problem::unread(&error))?;
    let is_running = viewer.app.around.store_proof.stand().is_running();
    let content = html! {
        div.head { h1 { (TITLE) } }
        p.quiet {
            "Every decision is a line that names the digest of the line before it. Whoever changes, removes or moves one breaks all that follow. "
            "Against somebody who rewrites everything only a copy elsewhere helps: keep the last digest where they cannot write."
        }
        (parts::facts([
            ("Lines in the store", Some(html! { (head) })),
            ("Algorithm", Some(html! { "SHA-256 over each line, which holds the digest of the one before" })),
        ]))
        (viewer.form(PATH, &html! { p.actions { button type="submit" disabled[is_running] { "Verify now" } a.button.plain href="/ui/integrity/chain" download="chain.jsonl" { "Download your lines" } } }))
        p.quiet { "The same at a terminal: " code { "datafog receipts verify" } " and " code { "datafog receipts verify --store" } "." }
        (found(&viewer))
    };
    viewer.page(TITLE, PATH, content).await
}

/// Answers `GET /ui/integrity/part`: what was found.
pub(super) async fn part(viewer: Viewer) -> Response {
    Viewer::part(found(&viewer))
}

/// Answers `POST /ui/integrity`: both chains are read from their beginnings, beside this request.
pub(super) async fn verify(viewer: Viewer, _: Posted) -> Response {
    let store = Arc::clone(&viewer.app.store);
    Job::begin(&viewer.app, |app| &app.around.store_proof, async move {
        let found = store.verify().await.map_err(|error| error.to_string())?;
        let facts = vec![(String::from("lines"), found.entries.to_string())];
        let mut proof = Proof { is_proven: found.flaw.is_none(), facts };
        proof.facts.extend(found.flaw.map(|flaw| (String::from("first flaw"), flaw.to_string())));
        Ok(proof)
    });
    if let Some(house) = viewer.managed() {
        Job::begin(&viewer.app, |app| &app.around.ledger_proof, async move {
            let read = at(house, |house| house.verify()).await;
            read.unwrap_or_else(|problem| Err(problem.message().to_owned()))
        });
    }
    see(PATH)
}

/// What came of the last reading, or that it goes on.
fn found(viewer: &Viewer) -> Markup {
    let part = |what| (what, "/ui/integrity/part");
    let around = &viewer.app.around;
    let (store, ledger) = (around.store_proof.stand(), around.ledger_proof.stand());
    html! {
        div #found aria-live="polite" {
            (store.told(part("The server's store is being read"), |found| proof("The server's store", found)))
            @if viewer.managed().is_some() {
                (ledger.told(part("This machine's ledger is being read"), |found| proof("This machine's ledger", found)))
            }
        }
    }
}

fn proof(what: &str, proof: &Result<Proof, String>) -> Markup {
    let (tone, word) = match proof {
        Ok(proof) if proof.is_proven => (Tone::Good, "intact"),
        Ok(_) => (Tone::Bad, "NOT INTACT"),
        Err(_) => (Tone::Bad, "cannot be read"),
    };
    html! {
        section.card {
            header { h3 { (what) } (parts::badge(tone, word)) }
            @match proof {
                Ok(proof) => dl.facts { @for (name, value) in &proof.facts { div { dt { (parts::words(name)) } dd { (parts::words(value)) } } } },
                Err(why) => p { (parts::words(why)) },
            }
        }
    }
}

/// Answers `GET /ui/integrity/chain`: the tenant's lines, oldest first, one JSON text each with its number
/// and its digest.
pub(super) async fn chain(viewer: Viewer) -> Result<Response, Problem> {
    let tenant = viewer.caller.tenant.clone();
    let lines = unfold((viewer.app, 0_u64), move |(app, after)| {
        let tenant = tenant.clone();
        async move {
            // A store that fails cuts the answer off, which whoever reads it sees.
            let added = match app.store.tail(after).await {
                Ok(added) => added,
                Err(error) => return Some((Err(error), (app, after))),
            };
            let last = added.last().map(|(_, entry)| entry.seq)?;
            let own = added.iter().filter(|(of, _)| *of == tenant);
            let text: String = own
                .map(|(_, entry)| {
                    let digest = Digest::of(entry.line.as_bytes()).to_string();
                    format!(
                        "{}\n",
                        json!({ "seq": entry.seq, "sha256": digest, "line": entry.line })
                    )
                })
                .collect();
            Some((Ok(text), (app, last)))
        }
    });
    let about = [
        ("content-type", "application/jsonl"),
        ("content-disposition", "attachment; filename=\"chain.jsonl\""),
    ];
    Ok((about, Body::from_stream(lines)).into_response())
}
