//! Policies of many rules, of which few name a command.

use datafog_core::Flow;
use datafog_policy::{AnyWord, Given, Layer, Policy};

/// A policy of so many rules. Five of them name `git`; the others name commands of their own, or
/// tools, and none matches [`call`].
pub(crate) fn policy(rules: usize) -> Option<Policy> {
    let mut text = String::from(
        "[policy]\nid = 'many'\nversion = '1'\nextends = []\ndefault = 'allow'\nunscannable = 'allow'\n",
    );
    for number in 0..rules {
        let when = match number {
            0 => String::from("command = 'git'\nsubcommand = 'push'\noption = '--force'"),
            1 => String::from("command = 'git'\nflow = 'leaves'\nfinding = 'secret.*'"),
            2 => String::from("command = ['git', 'hg']\noperand = ['/etc/**', '~/.ssh/**']"),
            3 => String::from("command = 'git'\nbranch = 'main'\nsubcommand = 'commit'"),
            4 => String::from(
                "family = 'vcs'\nsubcommand = 'clean'\noption = { all = ['-d', '-x'] }",
            ),
            other if other % 3 == 0 => {
                format!("tool = 'tool_{other}'\nargument = {{ path = 'amount', gt = {other} }}")
            }
            other => format!(
                "command = 'command-{other}'\noption = '--all'\noperand = '/srv/{other}/**'"
            ),
        };
        text += &format!(
            "[[rule]]\nid = 'r{number}'\neffect = 'deny'\nreason = 'x'\ninstead = 'y'\n[rule.when]\n{when}\n"
        );
    }
    Policy::parse(&text, "many", Layer::User, &AnyWord).ok()
}

/// `git status` in a folder of its own.
pub(crate) fn call() -> Given {
    let mut facts = Given::command("git", "/home/user/project");
    let call = facts.invocation();
    call.family = String::from("vcs");
    call.subcommand = vec![String::from("status")];
    call.flows = [Flow::Stays].into_iter().collect();
    facts
}
