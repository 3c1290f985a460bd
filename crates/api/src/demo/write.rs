//! Writes lines into both chains, by those who write them always.

use std::path::Path;
use std::sync::Arc;

use datafog_audit::{Durability, Ledger};
use datafog_core::{Digest, Event};
use futures_util::stream::{FuturesOrdered, StreamExt as _};

use super::Error;
use crate::server::context::{self, Context};
use crate::server::follow::Reported;
use crate::store::{NewEntry, NewPolicy, Store, Write};

/// So many lines are on their way to the store at once: they share a commit.
const AT_ONCE: usize = 512;

/// A line that is to be written.
#[derive(Debug)]
pub(super) struct Line {
    /// When, in microseconds since 1970.
    pub(super) at: i64,
    pub(super) event: Event,
    pub(super) what: What,
}

/// Into which chain, and what else is known.
#[derive(Debug)]
pub(super) enum What {
    Ledger,
    Policy(Context, &'static str),
    Server(Context, Option<Reported>),
}

impl Line {
    /// Of a request to the server where there is a context, else of this machine.
    pub(super) fn of(at: i64, event: Event, context: Option<Context>) -> Self {
        let what = context.map_or(What::Ledger, |context| What::Server(context, None));
        Self { at, event, what }
    }
}

/// Both chains.
#[derive(Debug)]
pub(super) struct Writer {
    ledger: Ledger,
    pub(super) store: Arc<dyn Store>,
}

impl Writer {
    pub(super) fn new(receipts: &Path, store: Arc<dyn Store>) -> Result<Self, Error> {
        Ok(Self { ledger: Ledger::open(receipts)?, store })
    }

    /// Adds a line to the ledger.
    pub(super) fn record(&self, event: &Event) -> Result<(), Error> {
        Ok(self.ledger.append(event, Durability::Lazy)?)
    }

    /// Writes lines, in their order.
    pub(super) async fn write(&self, lines: Vec<Line>) -> Result<(), Error> {
        let mut writing = FuturesOrdered::new();
        for Line { at, event, what } in lines {
            match what {
                What::Ledger => self.record(&event)?,
                What::Server(context, outcome) => {
                    let line =
                        context::Line { outcome: outcome.as_ref(), ..line(&event, &context) };
                    let entry = Some(NewEntry::of(&line)?);
                    // Begun when it is first asked, which is in order.
                    writing.push_back(self.store.write(Write { entry, answer: None }));
                }
                What::Policy(context, text) => {
                    drain(&mut writing, 0).await?;
                    let entry = NewEntry::of(&line(&event, &context))?;
                    let policy = NewPolicy {
                        at,
                        author: context.actor_id.clone(),
                        note: event.reason.clone(),
                        digest: Digest::of(text.as_bytes()).to_string(),
                        text: Some(text.to_owned()),
                    };
                    self.store.add_policy(policy, entry).await?;
                }
            }
            drain(&mut writing, AT_ONCE).await?;
        }
        drain(&mut writing, 0).await
    }
}

const fn line<'a>(event: &'a Event, context: &'a Context) -> context::Line<'a> {
    context::Line::of(event, context)
}

/// Waits until no more than `left` are on their way.
async fn drain<F>(writing: &mut FuturesOrdered<F>, left: usize) -> Result<(), Error>
where
    F: Future<Output = Result<crate::store::Written, crate::store::Error>>,
{
    while writing.len() > left {
        if let Some(written) = writing.next().await {
            let _stored: crate::store::Written = written?;
        }
    }
    Ok(())
}
