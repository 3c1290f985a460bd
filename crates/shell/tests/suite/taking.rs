//! What is taken away by the names or the numbers that another command prints.

use datafog_shell::{Line, Place, read};

use crate::support::{World, lines};

fn has(line: &str, command: &str) -> bool {
    let told = lines(&read(&Line::of(line, Place::Here), &World::new()));
    told.iter().any(|it| it == command || it.starts_with(&format!("{command} |")))
}

#[test]
fn processes_that_are_looked_up_and_ended_are_ended_by_the_same_search() {
    for (line, command) in [
        ("kill -9 $(pgrep -u root)", "pkill -u root"),
        ("sudo kill `pgrep -f node`", "pkill -f node"),
        ("pgrep -u ann | xargs kill -9", "pkill -u ann"),
        ("x=$(pgrep -u root); kill $x", "pkill -u root"),
        ("kill $(pidof sshd)", "killall sshd"),
    ] {
        assert!(has(line, command), "{line}");
    }
    for line in ["pgrep -u root", "echo $(pgrep -u root)", "pgrep -u root | xargs echo kill"] {
        assert!(!has(line, "pkill -u root"), "{line}");
    }
}

#[test]
fn what_git_says_has_changed_stands_for_all_that_is_there() {
    for names in [
        "git status -s | cut -c4-",
        "git status --short | sed 's/^...//'",
        "git status --porcelain | awk '{print $2}'",
    ] {
        assert!(has(&format!("rm -f $({names})"), "rm -f ./"), "{names}");
    }
    // A pattern picks some out, and which, only the run can tell.
    assert!(!has("rm -f $(git status --porcelain | awk '/orig$/{print $2}')", "rm -f ./"));
}
