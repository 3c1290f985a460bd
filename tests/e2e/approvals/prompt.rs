//! The prompt at the terminal, and `approvals approve` at another one.

use std::fs;
use std::time::Duration;

use super::tmux::Terminal;
use super::{delete, id_of, installation, listed, state, with_timeout};
use crate::support::Install;

const RUN: &str = "kubectl delete pod x";

/// States that receipts tell of approvals, in order.
fn told(install: &Install) -> Vec<String> {
    let receipts = install.receipts();
    let states = receipts.iter().filter_map(|it| it["approval"]["state"].as_str());
    states.map(str::to_owned).collect()
}

#[test]
fn yes_runs_it_once() {
    let install = installation();
    let terminal = Terminal::new(&install, "yes");
    terminal.types(RUN);
    let screen = terminal.answers("y");
    for part in
        ["deleting is for a person to say", RUN, "ask-first", "folder", "y  yes, once", "n  no"]
    {
        assert!(screen.contains(part), "{part}:\n{screen}");
    }
    terminal.sees("yes, once\nready>");
    assert_eq!(terminal.ended(), 0);
    assert_eq!(install.ran(), format!("{RUN}\n"));
    assert_eq!(told(&install), ["approved", "used"]);
    let receipts = install.receipts();
    let [.., held, approved, used] = receipts.as_slice() else { panic!("{receipts:?}") };
    assert_eq!(held["enforcement"], "hold");
    assert_eq!(
        (&approved["approval"]["way"], &approved["approval"]["scope"]),
        (&"prompt".into(), &"once".into())
    );
    assert_eq!((&used["enforcement"], &used["follows"]), (&"exec".into(), &held["receipt_id"]));
    terminal.is_as_before();
    // It was for one call.
    terminal.clear();
    terminal.types(RUN);
    terminal.answers("n");
    terminal.sees("said no");
    assert_eq!(install.ran(), "");
    install.datafog(["receipts", "verify"]).run().succeeds();
}

#[test]
fn no_ctrl_c_and_enter_deny() {
    for key in ["n", "C-c", "Enter", "C-d"] {
        let install = installation();
        let terminal = Terminal::new(&install, "no");
        terminal.types(RUN);
        terminal.answers(key);
        terminal.sees("said no");
        assert_eq!(terminal.ended(), 126, "{key}");
        assert_eq!(told(&install), ["denied"], "{key}");
        terminal.is_as_before();
        terminal.clear();
        terminal.types(RUN);
        terminal.sees("said no");
        assert!(!terminal.screen().contains("Run it?"), "{key}: it stays denied");
        assert_eq!(install.ran(), "", "{key}");
    }
}

#[test]
fn no_answer_in_time_denies() {
    let install = installation();
    with_timeout(&install, "2s");
    let terminal = Terminal::new(&install, "late");
    terminal.types(RUN);
    terminal.sees("Run it?");
    terminal.sees("nobody answered in time");
    assert_eq!(terminal.ended(), 126);
    assert_eq!((told(&install), install.ran()), (vec!["expired".to_owned()], String::new()));
    terminal.is_as_before();
}

#[test]
fn what_was_typed_ahead_or_pasted_is_no_answer() {
    let install = installation();
    with_timeout(&install, "3s");
    let terminal = Terminal::new(&install, "ahead");
    terminal.types(RUN);
    terminal.key("y");
    terminal.sees("Run it?");
    std::thread::sleep(Duration::from_millis(700));
    terminal.key("yy");
    terminal.sees("nobody answered in time");
    assert_eq!(install.ran(), "");
}

#[test]
fn a_wider_yes_covers_the_same_call_and_no_other() {
    let install = installation();
    fs::write(install.work().join("body"), "one").unwrap();
    fs::create_dir(install.work().join("other")).unwrap();
    let terminal = Terminal::new(&install, "exact");
    let send = "curl -d @body http://127.0.0.1:9/";
    terminal.types(send);
    terminal.answers("e");
    terminal.sees("for 10 minutes\nready>");
    assert_eq!(install.ran(), format!("{send}\n"));
    let runs = |line: &str| {
        terminal.clear();
        terminal.types(line);
        let asked = terminal.ended_or_asked();
        if asked {
            // Not answered: the next line would be the answer.
            terminal.key("C-c");
            terminal.sees("said no");
        }
        (!asked, install.ran())
    };
    assert_eq!(runs(send), (true, format!("{send}\n")), "the same again");
    let none = (false, String::new());
    assert_eq!(runs("curl -d @body http://127.0.0.1:9/x"), none, "another argument");
    assert_eq!(
        runs("cd other; curl -d @../body http://127.0.0.1:9/; cd .."),
        none,
        "another folder"
    );
    assert_eq!(runs(&format!("X=1 {send}")), none, "another environment");
    fs::write(install.work().join("body"), "two").unwrap();
    assert_eq!(runs(send), none, "another content");
}

#[test]
fn another_program_or_policy_is_another_call() {
    let install = installation();
    let terminal = Terminal::new(&install, "program");
    terminal.types(RUN);
    terminal.answers("e");
    terminal.sees("for 10 minutes\nready>");
    delete(&install).ends_with(126);
    assert_eq!(install.ran(), format!("{RUN}\n"), "the environment of another terminal");
    terminal.clear();
    terminal.types(RUN);
    assert!(!terminal.ended_or_asked(), "the same call runs");
    with_timeout(&install, "29s");
    terminal.clear();
    terminal.types(RUN);
    assert!(terminal.ended_or_asked(), "another policy");
    terminal.key("C-c");
    terminal.sees("said no");
    with_timeout(&install, "30s");
    let program = install.work().join("stand-ins/kubectl");
    let text = fs::read_to_string(&program).unwrap();
    fs::write(&program, format!("{text}# another\n")).unwrap();
    terminal.clear();
    terminal.types(RUN);
    assert!(terminal.ended_or_asked(), "another program");
}

#[test]
fn a_yes_at_another_terminal_lets_the_waiting_call_through() {
    let install = installation();
    let (one, two) = (Terminal::new(&install, "one"), Terminal::new(&install, "two"));
    let datafog = install.root().join("bin/datafog").display().to_string();
    one.types(RUN);
    one.sees("Run it?");
    let id = listed(&install)[0]["id"].as_str().unwrap().get(24..).unwrap().to_owned();
    two.types(&format!("'{datafog}' approvals approve {id} --note fine"));
    two.answers("y");
    two.sees("answered");
    one.sees("no answer here\nready>");
    assert_eq!(one.ended(), 0);
    assert_eq!(install.ran(), format!("{RUN}\n"));
    assert_eq!(told(&install), ["approved", "used"]);
    one.is_as_before();
}

#[test]
fn an_approved_request_runs_when_the_call_comes_again() {
    let install = installation();
    let id = id_of(&delete(&install).ends_with(126));
    let terminal = Terminal::new(&install, "queue");
    let datafog = install.root().join("bin/datafog").display().to_string();
    terminal.types(&format!("'{datafog}' approvals approve {id}"));
    let screen = terminal.answers("y");
    assert!(screen.contains(RUN), "{screen}");
    terminal.sees("answered");
    delete(&install).succeeds();
    assert_eq!((install.ran(), state(&install, &id).as_str()), (format!("{RUN}\n"), "used"));
    // Used up: the next one asks anew.
    delete(&install).ends_with(126);
    assert_eq!(install.ran(), "");
}

#[test]
fn a_used_approval_that_is_put_back_lets_nothing_through() {
    let install = installation();
    let id = id_of(&delete(&install).ends_with(126));
    let terminal = Terminal::new(&install, "replay");
    let datafog = install.root().join("bin/datafog").display().to_string();
    terminal.types(&format!("'{datafog}' approvals approve {id}"));
    terminal.answers("y");
    terminal.sees("answered");
    let full = listed(&install)[0]["id"].as_str().unwrap().to_owned();
    let path = install.root().join("approvals").join(full);
    let good = fs::read(&path).unwrap();
    delete(&install).succeeds();
    assert_eq!(install.ran(), format!("{RUN}\n"));
    fs::write(&path, good).unwrap();
    let replayed = delete(&install);
    assert_eq!((replayed.code(), install.ran()), (125, String::new()), "{}", replayed.stderr());
    assert!(replayed.stderr().contains("used before"), "{}", replayed.stderr());
}

#[test]
fn an_agent_at_a_terminal_waits_and_cannot_answer() {
    let install = installation();
    with_timeout(&install, "4s");
    let terminal = Terminal::new(&install, "agent");
    terminal.types(&format!("CLAUDECODE=1 {RUN}"));
    terminal.sees("waiting up to 4 s for a person");
    terminal.types("y");
    let screen = terminal.sees("nobody answered in time");
    assert!(!screen.contains("Run it?"), "{screen}");
    // Not from below a shell that an agent started either, whatever it takes away.
    let id = listed(&install)[0]["id"].as_str().unwrap().get(24..).unwrap().to_owned();
    let datafog = install.root().join("bin/datafog").display().to_string();
    for way in ["", "env -i ", "env -i setsid -w ", "env -i nohup ", "env -i script -qec "] {
        terminal.clear();
        let line = match way.contains("script") {
            true => format!("{way} \"'{datafog}' approvals approve {id}\" /dev/null"),
            false => format!("{way}'{datafog}' approvals approve {id}"),
        };
        fs::write(install.work().join("try"), line + "\ncat nohup.out\n").unwrap();
        terminal.types("CLAUDECODE=1 bash ./try");
        let screen = terminal.sees("error:");
        assert!(
            screen.contains("only a person") || screen.contains("no terminal"),
            "{way}: {screen}"
        );
    }
    assert_eq!(install.ran(), "");
    assert_eq!(state(&install, &id), "expired");
}

#[test]
fn one_person_at_a_terminal_is_one_of_two_and_no_more() {
    let install = installation();
    let rule = super::RULE.replace("timeout = \"30s\"", "timeout = \"5m\", approvers = 2");
    fs::write(install.root().join("policy.toml"), rule).unwrap();
    let terminal = Terminal::new(&install, "one");
    terminal.types(RUN);
    let screen = terminal.sees("2 different persons");
    assert!(!screen.contains("Run it?") && screen.contains("HELD"), "{screen}");
    let other = Terminal::new(&install, "two");
    let datafog = install.root().join("bin/datafog").display().to_string();
    let id = listed(&install)[0]["id"].as_str().unwrap().to_owned();
    let approve = |name: &str| {
        other.types(&format!("clear; '{datafog}' approvals approve {id}; echo {name}=$?"));
        other.answers("y");
    };
    approve("first");
    other.sees("first=0");
    other.sees("1 of 2 have said yes");
    approve("second");
    other.sees("another person has to say yes, too");
    other.sees("second=1");
    assert_eq!((state(&install, &id).as_str(), install.ran().as_str()), ("pending", ""));
    install.datafog(["approvals", "deny", &id]).run().succeeds();
    terminal.sees("said no");
    assert_eq!(install.ran(), "");
}
