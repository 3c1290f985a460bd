//! How long a decision takes with 10 and with 1,000 rules, of which five name the command.
//!
//! `cargo bench -p datafog-policy` prints times. For instructions, which do not wobble, run the
//! program that it builds under `valgrind --tool=callgrind --toggle-collect='*decide::decisions*'`
//! with a number of rules and of decisions.

#[path = "../tests/support/many.rs"]
mod many;

use std::hint::black_box;
use std::io::Write;
use std::time::Instant;

use datafog_policy::{Given, Policy};

fn main() -> std::io::Result<()> {
    let mut numbers = std::env::args().skip(1).filter_map(|text| text.parse::<usize>().ok());
    let rules = numbers.next().map_or_else(|| vec![10, 1000], |rules| vec![rules]);
    let times = numbers.next().unwrap_or(100_000);
    for rules in rules {
        let policy = many::policy(rules).ok_or_else(|| std::io::Error::other("no policy"))?;
        let facts = many::call();
        let start = Instant::now();
        decisions(&policy, &facts, times);
        let each = start.elapsed().as_nanos().checked_div(times as u128).unwrap_or(0);
        writeln!(std::io::stdout(), "{rules} rules: {each} ns for one decision")?;
    }
    Ok(())
}

#[inline(never)]
fn decisions(policy: &Policy, facts: &Given, times: usize) {
    for _ in 0..times {
        drop(black_box(policy.decide(black_box(facts))));
    }
}
