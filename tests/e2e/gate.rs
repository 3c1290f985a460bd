//! What the gate stops, what it lets pass, and what it leaves behind: real commands, a server on
//! this machine that keeps whatever reaches it, and tokens made up for each test.

mod circumstances;
mod commands;
mod content;
mod dangerous;
mod everyday;
mod flow;
mod git_below_git;
mod homes;
mod hostile;
mod layers;
mod lines;
mod modes;
mod opened;
mod persistence;
mod pipes;
mod projects;
mod removal;
mod rewriting;
mod roundabout;
mod secrecy;
mod steps;
mod strangers;
mod tools;
mod ways;

/// Rule that stops a provider's secret on its way to a stranger.
const SECRET_RULE: &str = "no-secret-egress";
