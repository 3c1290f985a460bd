//! Many at once, and processes that are killed while they wait.

use std::thread;

use super::tmux::Terminal;
use super::{delete, id_of, installation, listed, state};

const MANY: usize = 20;

#[test]
fn of_twenty_processes_that_answer_one_wins() {
    let install = installation();
    let id = id_of(&delete(&install).ends_with(126));
    let won = thread::scope(|scope| {
        let runs: Vec<_> = (0..MANY)
            .map(|_| scope.spawn(|| install.datafog(["approvals", "deny", &id]).run().code()))
            .collect();
        let codes: Vec<i32> = runs.into_iter().map(|run| run.join().unwrap()).collect();
        assert!(codes.iter().all(|code| [0, 1].contains(code)), "{codes:?}");
        codes.iter().filter(|code| **code == 0).count()
    });
    assert_eq!(won, 1);
    let denied = install.receipts();
    let denied = denied.iter().filter(|it| it["approval"]["state"] == "denied").count();
    assert_eq!(denied, 1, "and one receipt says so");
    install.datafog(["receipts", "verify"]).run().succeeds();
}

#[test]
fn of_twenty_calls_one_uses_the_approval() {
    let install = installation();
    let id = id_of(&delete(&install).ends_with(126));
    let terminal = Terminal::new(&install, "race");
    let datafog = install.root().join("bin/datafog").display().to_string();
    terminal.types(&format!("'{datafog}' approvals approve {id}"));
    terminal.answers("y");
    terminal.sees("answered");
    let codes: Vec<i32> = thread::scope(|scope| {
        let runs: Vec<_> = (0..MANY).map(|_| scope.spawn(|| delete(&install).code())).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    assert_eq!(codes.iter().filter(|code| **code == 0).count(), 1, "{codes:?}");
    assert_eq!(install.ran(), "kubectl delete pod x\n");
    assert_eq!(state(&install, &id), "used");
    install.datafog(["receipts", "verify"]).run().succeeds();
}

#[test]
fn a_call_that_is_killed_while_it_waits_never_runs() {
    let install = installation();
    let (one, two) = (Terminal::new(&install, "killed"), Terminal::new(&install, "person"));
    let datafog = install.root().join("bin/datafog").display().to_string();
    one.types("kubectl delete pod x");
    one.sees("Run it?");
    assert!(one.kills("kubectl"));
    one.sees("Killed");
    let id = listed(&install)[0]["id"].as_str().unwrap().get(24..).unwrap().to_owned();
    two.types(&format!("'{datafog}' approvals approve {id}"));
    two.answers("y");
    two.sees("answered");
    thread::sleep(std::time::Duration::from_secs(1));
    assert_eq!(install.ran(), "", "nobody is left to run it");
    assert_eq!(state(&install, &id), "approved");
    install.datafog(["receipts", "verify"]).run().succeeds();
}

#[test]
fn killed_at_any_moment_after_the_yes_nothing_ran_whose_use_is_not_recorded() {
    let install = installation();
    let terminal = Terminal::new(&install, "moments");
    let (mut killed, mut number) = (0, 0_u32);
    // On a busy machine the first ones may all be through before they are killed.
    while number < 8 || killed == 0 && number < 40 {
        terminal.clear();
        terminal.types(&format!("kubectl delete pod {number}"));
        terminal.answers_once("y");
        thread::sleep(std::time::Duration::from_millis(u64::from(number % 8) * 5));
        killed += u32::from(terminal.kills("kubectl"));
        number += 1;
    }
    terminal.clear();
    let ran = install.ran();
    let used: Vec<String> = listed(&install)
        .iter()
        .filter(|it| it["state"] == "used")
        .map(|it| it["event"]["command"].as_str().unwrap().to_owned())
        .collect();
    let receipts = install.receipts();
    for line in ran.lines() {
        assert!(used.iter().any(|command| command == line), "{line} ran, {used:?} were used");
        let told = |it: &&serde_json::Value| {
            it["approval"]["state"] == "used"
                && it["command"] == line
                && it["enforcement"] == "exec"
        };
        assert_eq!(receipts.iter().filter(told).count(), 1, "{line}");
    }
    assert!(killed > 0, "some were killed in time");
    install.datafog(["receipts", "verify"]).run().succeeds();
}
