//! A guard ends the text at what must not go: nothing of it is written, and all before it is as it
//! was.

use std::cell::Cell;

use datafog_core::{Channel, Finding, Transform};
use datafog_redact::{Guard, Patience, Plan, Redactor};
use proptest::prelude::*;

use crate::streams::{custom, key, shows, text};

/// Lets everything through, or nothing.
#[derive(Debug)]
struct Says {
    lets: bool,
    asked: Cell<bool>,
}

impl Guard for Says {
    fn passes(&self, found: &[Finding], certain: bool) -> bool {
        assert!(!found.is_empty());
        self.asked.set(self.asked.get() || certain);
        self.lets
    }
}

/// What is written of `text`, cut so, with pauses: none, short or long. And whether it ended early.
fn written(guard: &Says, plan: &Plan<'_>, text: &[u8], cuts: &[(usize, u8)]) -> (Vec<u8>, bool) {
    let (key, custom) = (key(), custom());
    let redactor = Redactor::new(&key, Some(&custom), plan, Channel::Stdin);
    let mut redactor = redactor.guarded_by(guard);
    let (mut rest, mut out) = (text, Vec::new());
    for (cut, pause) in cuts.iter().cycle() {
        let (piece, after) = rest.split_at((*cut).min(rest.len()));
        redactor.push(piece, &mut out).unwrap();
        let patience = [None, Some(Patience::Short), Some(Patience::Long)][usize::from(*pause)];
        patience.map(|patience| redactor.pause(patience, &mut out).unwrap());
        rest = after;
        if rest.is_empty() || redactor.is_stopped() {
            break;
        }
    }
    let stopped = redactor.is_stopped();
    redactor.finish(&mut out).unwrap();
    (out, stopped)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 24,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn nothing_of_a_finding_goes_that_is_refused(
        seed: u64,
        cuts in prop::collection::vec((1_usize..900, 0_u8..3), 1..40),
    ) {
        let (text, hidden) = text(seed, 3);
        let guard = Says { lets: false, asked: Cell::new(false) };
        let plan = Plan::new(|_| None);
        let (out, _) = written(&guard, &plan, &text, &cuts);
        prop_assert!(guard.asked.get(), "the text holds some");
        prop_assert!(text.starts_with(&out) && out.len() < text.len());
        for part in hidden {
            prop_assert!(!shows(&out, &part), "{} in {}", part, String::from_utf8_lossy(&out));
        }
    }

    #[test]
    fn what_is_let_through_is_as_it_was(
        seed: u64,
        cuts in prop::collection::vec((1_usize..900, 0_u8..3), 1..40),
    ) {
        let (text, _) = text(seed, 3);
        let guard = Says { lets: true, asked: Cell::new(false) };
        let (out, stopped) = written(&guard, &Plan::new(|_| None), &text, &cuts);
        prop_assert!(!stopped && out == text);
    }
}

#[test]
fn a_text_ends_where_silence_says_that_a_finding_is_whole() {
    let secret = format!("gh{}_{}", 'p', "kZ8qWv3LmT5xRb2NcY7dHf4sPjA9eUgX1oQi");
    let (key, plan) = (key(), Plan::all(Transform::Redact));
    let guard = Says { lets: false, asked: Cell::new(false) };
    let mut redactor = Redactor::new(&key, None, &plan, Channel::Stdin).guarded_by(&guard);
    let mut out = Vec::new();
    redactor.push(format!("before\nkey={secret}").as_bytes(), &mut out).unwrap();
    assert!(redactor.pause(Patience::Long, &mut out).unwrap());
    assert_eq!(String::from_utf8_lossy(&out), "before\nkey=");
    assert!(!redactor.is_stopped(), "it may go on");
    redactor.push(b"\n", &mut out).unwrap();
    redactor.pause(Patience::Short, &mut out).unwrap();
    assert!(!redactor.is_stopped());
    redactor.pause(Patience::Long, &mut out).unwrap();
    assert!(redactor.is_stopped() && guard.asked.get());
    redactor.push(b"more", &mut out).unwrap();
    redactor.finish(&mut out).unwrap();
    assert_eq!(String::from_utf8_lossy(&out), "before\nkey=");
}
