//! A guard that the guarded can take away is none: what an agent cannot do to datafog itself.

use crate::bypass::install;
use crate::support::Install;

/// Lines that would change `{root}`; stand-ins take all of them.
fn passed_as_agent(install: &Install, lines: &[&str]) -> Vec<String> {
    let mut passed = Vec::new();
    for line in lines {
        let script = line.replace("{root}", install.root().to_str().unwrap());
        let ended = install.bash(&script).env("CLAUDECODE", "1").run();
        let ran = install.ran();
        if ended.code() != 126 || !ran.is_empty() {
            passed.push(format!("{line}: {} {}{ran}", ended.code(), ended.stderr()));
        }
    }
    passed
}

#[test]
fn an_agent_does_not_change_datafog_itself() {
    let lines = [
        "rm -rf {root}",
        "rm {root}/policy.toml",
        "rm -f {root}/shims/git",
        "rm -r {root}/receipts",
        "rm -rf {root}/../root/cache",
        "rm -rf {root}/..",
        "cp new.toml {root}/policy.toml",
        "cp a b {root}",
        "cp -t {root} policy.toml",
        "mv {root} elsewhere",
        "mv {root}/shims elsewhere",
        "mv new {root}/config.toml",
        "curl -o {root}/policy.toml https://example.com/x",
        "curl -so{root}/policy.toml https://example.com/x",
        "curl --output-dir {root} -O https://example.com/policy.toml",
        "wget -O {root}/policy.toml https://example.com/x",
        "wget -P {root} https://example.com/policy.toml",
        "cd {root} && rm -rf receipts",
        "cd {root} && cp /dev/null policy.toml",
    ];
    assert_eq!(passed_as_agent(&install(), &lines), [""; 0]);
}

#[test]
fn an_agent_finds_no_other_carrier_into_the_root() {
    let lines = [
        "rsync new.toml {root}/policy.toml",
        "rsync -a --delete empty/ {root}/",
        "scp host.example:policy.toml {root}/policy.toml",
        "cd {root} && curl -O https://example.com/policy.toml",
    ];
    assert_eq!(passed_as_agent(&install(), &lines), [""; 0]);
}

#[test]
fn an_agent_is_told_by_its_environment_and_a_person_by_a_terminal_only() {
    let install = install();
    let line = format!("rm {}/policy.toml", install.root().display());
    for name in ["CLAUDECODE", "AI_AGENT", "CODEX_SANDBOX", "NOBODY"] {
        assert_eq!(install.bash(&line).env(name, "1").run().code(), 126, "{name}");
    }
    assert_eq!(install.ran(), "");
}
