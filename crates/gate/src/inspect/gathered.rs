//! Looks at content that another program tells: commits that a push sends, lines that a commit
//! takes in.
//!
//! It is asked for where the content leaves the machine, and where some rule of the policy could
//! want to know what was found in such a call; else nothing is started. What was told before
//! something went wrong is looked at, and the rest is unscanned.

use datafog_core::{Channel, ChannelScan, Finding, Flow, KeyedHasher};
use datafog_shim::{Gathered, Says, gather};

use super::Inspector;
use crate::state::State;
use crate::world::World;

/// Most bytes of a content that are held to be looked at as a whole.
const WHOLE: usize = 8 << 20;

/// Most findings of all gathered content: of more nobody reads each.
const MOST: usize = 1000;

/// The name of all gathered content in a receipt.
const TOLD: &str = "gathered";

/// The content at hand.
struct Current {
    channel: Channel,
    says: Says,
    text: Vec<u8>,
}

impl Inspector<'_> {
    pub(super) fn gathered(&mut self, state: &State, world: &World<'_>) {
        let invocation = &self.action.invocation;
        let leaves = invocation.flows.has(Flow::Leaves);
        if !leaves && !state.policy.may_ask_for_findings(invocation) {
            return;
        }
        let world = world.at(&self.action.cwd);
        let mut hasher: KeyedHasher = self.key.hasher("content");
        let (mut bytes, mut current) = (0_u64, None);
        let done = gather(invocation, &world, &mut |piece| match piece {
            Gathered::Begin(channel, says) => {
                let next = Current { channel, says, text: Vec::new() };
                current.replace(next).into_iter().for_each(|done| self.look(&done));
            }
            Gathered::Bytes(more) => {
                hasher.update(more);
                bytes = bytes.saturating_add(more.len() as u64);
                self.hold(&mut current, more);
            }
        });
        current.into_iter().for_each(|done| self.look(&done));
        if let Err(why) = done {
            if leaves { self.seen.unscanned.push(why) } else { self.seen.faults.push(why) }
        }
        let channel = Channel::Field(String::from(TOLD));
        self.seen.channels.push(ChannelScan { channel, bytes, digest: Some(hasher.finish()) });
    }

    /// Adds to the content at hand. One that grows too long is looked at in parts that overlap by
    /// more than any secret is long.
    fn hold(&mut self, current: &mut Option<Current>, more: &[u8]) {
        let Some(current) = current else { return };
        current.text.extend_from_slice(more);
        if current.text.len() < WHOLE {
            return;
        }
        let text = core::mem::take(&mut current.text);
        let kept = text.len().saturating_sub(OVERLAP);
        current.text.extend_from_slice(text.get(kept..).unwrap_or_default());
        self.look(&Current { channel: current.channel.clone(), says: current.says, text });
    }

    fn look(&mut self, content: &Current) {
        let before = self.seen.findings.len();
        self.text(&content.text, &content.channel);
        let wanted =
            |one: &Finding| content.says == Says::Anything || one.entity.starts_with("secret.");
        let new = self.seen.findings.split_off(before);
        let room = MOST.saturating_sub(before);
        self.seen.findings.extend(new.into_iter().filter(wanted).take(room));
    }
}

/// Bytes that are looked at twice: more than the longest key block.
const OVERLAP: usize = 64 << 10;
