//! What a program starts of itself for its own work: steps of a call, and no calls of their own.
//!
//! They stand in `shims/steps/<program>.toml`, by the subcommand that starts them and by their first
//! words. Only words are compared here. Who really started whom is for the gate to find out.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;

use crate::profile::STEPS;

/// What some subcommands of a program start.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) program: &'static str,
    pub(crate) by: &'static [&'static str],
    pub(crate) starts: &'static [&'static str],
    #[cfg(test)]
    pub(crate) examples: &'static [&'static str],
    #[cfg(test)]
    pub(crate) counter_examples: &'static [&'static str],
}

/// Whether `program`, called for its subcommand `by`, starts itself with these words.
#[must_use]
pub fn is_step(program: &str, by: &str, words: &[OsString]) -> bool {
    let starts = |step: &&Step| {
        let any = step.by.contains(&"*") || step.by.contains(&by);
        any && step.starts.iter().any(|pattern| begins(pattern, words))
    };
    STEPS.iter().filter(|step| step.program == program).any(|step| starts(&step))
}

/// Whether the words begin as the pattern's do.
fn begins(pattern: &str, words: &[OsString]) -> bool {
    let mut words = words.iter().map(|word| word.as_bytes());
    pattern.split(' ').all(|wanted| {
        let word = words.next();
        word.is_some_and(|word| match wanted.strip_suffix('*') {
            Some(head) => word.starts_with(head.as_bytes()),
            None => word == wanted.as_bytes(),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(program: &str, example: &str) -> bool {
        let (by, words) = example.split_once(": ").unwrap();
        is_step(program, by, &words.split(' ').map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn examples_are_steps_and_counter_examples_are_none() {
        assert!(STEPS.len() > 5);
        for step in STEPS {
            assert!(!step.examples.is_empty() && !step.counter_examples.is_empty(), "{step:?}");
            for example in step.examples {
                assert!(holds(step.program, example), "{example}");
            }
            for example in step.counter_examples {
                assert!(!holds(step.program, example), "{example}");
            }
        }
    }

    #[test]
    fn what_anybody_may_start_neither_removes_nor_sends() {
        let harms =
            ["push", "reset", "clean", "checkout", "prune", "filter", "-d", "fetch", "drop"];
        let any = STEPS.iter().filter(|step| step.by.contains(&"*"));
        for pattern in any.flat_map(|step| step.starts) {
            assert!(!pattern.split([' ', '-']).any(|word| harms.contains(&word)), "{pattern}");
        }
    }
}
