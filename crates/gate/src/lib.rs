/*!
The one gate: detect, decide, record, carry out.

[`Gate::run`] is the only function that leads to a running command. Shims, `run`, `check` and
every later surface translate what they are asked into a [`Request`] and translate the [`Outcome`]
back. What a failure means is decided in one place, and nothing runs that was not recorded first.

This crate knows no command, no pattern and no rule: those live in `shim`, `detect` and `policy`.
It prints nothing but the line that tells what runs in the place of a rewritten command, and reads no
command line; it does open files, start helper programs and replace
the process.
*/

mod begun;
mod canonical;
mod case;
mod circumstance;
mod clock;
mod compile;
mod concealed;
mod counter;
mod cut;
mod descriptor;
mod distant;
mod enforcement;
mod error;
mod event;
mod example;
mod filter;
mod flow;
mod foreign;
mod gate;
mod git_config;
mod git_folder;
mod ground;
mod hold;
mod inspect;
mod judge;
mod lint;
mod lookup;
mod losses;
mod marker;
mod notice;
mod on_error;
mod outside;
mod principal;
mod projects;
mod read;
mod remotes;
mod replay;
mod report;
mod request;
mod rewriting;
mod simulation;
mod started;
mod state;
mod step;
mod taint;
mod terminal;
mod veil;
mod vocabulary;
mod walk;
mod world;
mod write_back;

pub use clock::Clock;
pub use compile::{PROJECT_FILE, policy as compile_policy};
pub use enforcement::NotRun;
pub use error::Error;
pub use example::in_invented_world;
pub use filter::Ended;
pub use foreign::{
    Asked, Consulted, ForeignPolicies, ForeignPolicy, Heard, Reads, Spoken, Translated, TryText,
    stricter as join_decisions,
};
pub use gate::{Answerer, Approvals, Gate, of_machine};
pub use ground::Ground;
pub use judge::{
    Holder, Inquiry, Judge, Judged, Lenience, Trial, Tried, Waiting, What, read_tests,
    tried_examples, tried_tests,
};
pub use lint::lint_policy;
pub use notice::Notice;
pub use replay::{Replay, Replayed, Unreplayable};
pub use report::Report;
pub use request::{Call, Outcome, Purpose, Request};
pub use simulation::{Change, Changed, Draft, Simulation};
pub use terminal::{Question, Said, Terminal};
pub use vocabulary::KnownWords;

// What an explanation is made of, for those who show one.
pub use datafog_policy::{Diagnostic, Explanation, RuleOutcome, RuleTrace, Truth};
