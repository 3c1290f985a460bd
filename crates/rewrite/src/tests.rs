//! What each rewrite makes of commands, lines and calls, and what holds for all of them.

use super::*;
use datafog_core::{Channel, Confidence, Invented, Key, Severity, Span};
use proptest::prelude::*;

mod steps;

const OWN: &str = "/home/u/.datafog/bin/datafog";

fn world() -> Invented {
    Invented::at("/home/u", "/home/u/work")
}

fn demand<'a>(name: &str, target: Target<'a>, findings: &'a [Finding]) -> Demand<'a> {
    Demand { way: Way::Builtin(builtin(name).unwrap()), target, findings, own: Path::new(OWN) }
}

fn words(line: &str) -> Vec<OsString> {
    let all = datafog_shell::simple_commands(line).unwrap();
    all[0].words.iter().map(|word| OsString::from(&word.text)).collect()
}

/// What becomes of a command line that is executed as it is.
fn argv(name: &str, line: &str) -> Result<Option<String>, Refusal> {
    let argv = words(line);
    let demand = demand(name, Target::Command(&argv), &[]);
    let made = rewrite(&Form::Command(argv.clone()), &demand, &world())?;
    Ok(made.map(|form| match form {
        Form::Command(argv) => {
            argv.iter().map(|word| shell_word(word).unwrap()).collect::<Vec<_>>().join(" ")
        }
        Form::Tool(..) => panic!("another form"),
    }))
}

/// What becomes of a line of which `target` is the command that a rule spoke of.
fn line(name: &str, line: &str, target: &[&str]) -> Result<Option<String>, Refusal> {
    let target: Vec<OsString> = target.iter().map(OsString::from).collect();
    let demand = demand(name, Target::Command(&target), &[]);
    line_of(line, &demand)
}

fn line_of(line: &str, demand: &Demand<'_>) -> Result<Option<String>, Refusal> {
    let form = Form::Command(["sh", "-c", line].map(OsString::from).to_vec());
    let made = rewrite(&form, demand, &world())?;
    Ok(made.map(|form| match form {
        Form::Command(argv) => argv[2].to_str().unwrap().to_owned(),
        Form::Tool(..) => panic!("another form"),
    }))
}

fn call(name: &str, tool: &str, arguments: &str) -> Result<Option<Value>, Refusal> {
    let arguments: Value = serde_json::from_str(arguments).unwrap();
    let made =
        rewrite(&Form::Tool(tool.into(), arguments), &demand(name, Target::Tool, &[]), &world())?;
    Ok(made.map(|form| match form {
        Form::Tool(_, arguments) => arguments,
        Form::Command(_) => panic!("another form"),
    }))
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Rewrite, command line, what comes of it; the same is left alone the second time.
const COMMANDS: &[(&str, &str, &str)] = &[
    ("strip-force-flags", "git push --force origin main", "git push origin main"),
    ("strip-force-flags", "git push -fu origin 'a b'", "git push -u origin 'a b'"),
    ("strip-force-flags", "git push -v --force origin +main", "git push -v origin main"),
    ("strip-force-flags", "git clean -fdx", "git clean -dx"),
    ("strip-force-flags", "rm -rf x", "rm -r x"),
    ("strip-force-flags", "frob --force x -- --force", "frob x -- --force"),
    ("strip-force-flags", "sudo systemctl restart x --force", "sudo systemctl restart x"),
    (
        "force-with-lease",
        "git push --force origin topic",
        "git push --force-with-lease origin topic",
    ),
    (
        "force-with-lease",
        "git push -fu origin topic",
        "git push --force-with-lease -u origin topic",
    ),
    (
        "force-with-lease",
        "git -C d push origin +topic",
        "git -C d push --force-with-lease origin topic",
    ),
    (
        "force-with-lease",
        "git push -uf --force-with-lease origin t",
        "git push -u --force-with-lease origin t",
    ),
    ("force-with-lease", "env A=b git push -f", "env 'A=b' git push --force-with-lease"),
    ("force-with-lease", "nice -n 5 git push -f", "nice -n 5 git push --force-with-lease"),
    (
        "move-to-trash",
        "rm -rf a 'b c' -- -d",
        "/home/u/.datafog/bin/datafog trash put -r -f -- a 'b c' -d",
    ),
    ("move-to-trash", "/bin/rm x -v", "/home/u/.datafog/bin/datafog trash put -v -- x"),
    ("move-to-trash", "sudo rm x", "sudo /home/u/.datafog/bin/datafog trash put -- x"),
    (
        "stash-first",
        "git reset --hard HEAD~1",
        "/home/u/.datafog/bin/datafog keep -- git reset --hard HEAD~1",
    ),
    (
        "stash-first",
        "git -C d clean -fd",
        "/home/u/.datafog/bin/datafog keep -- git -C d clean -fd",
    ),
    ("downgrade-write-to-dryrun", "git push origin main", "git push --dry-run origin main"),
    ("downgrade-write-to-dryrun", "git -c a.b=c push", "git -c a.b=c push --dry-run"),
    (
        "downgrade-write-to-dryrun",
        "kubectl apply -f x.yaml",
        "kubectl apply --dry-run=client -f x.yaml",
    ),
    ("downgrade-write-to-dryrun", "rsync -a a/ b/", "rsync --dry-run -a a/ b/"),
    (
        "downgrade-write-to-dryrun",
        "cp 'a b' c",
        "/home/u/.datafog/bin/datafog would-run -- cp 'a b' c",
    ),
    ("cap-http-timeout", "curl https://h.example/", "curl --max-time 30 https://h.example/"),
    ("cap-http-timeout", "curl -m 300 https://h.example/", "curl --max-time 30 https://h.example/"),
    (
        "cap-http-timeout",
        "curl -sm300 https://h.example/",
        "curl --max-time 30 -s https://h.example/",
    ),
    ("enforce-https", "curl -o f http://h.example:80/x", "curl -o f https://h.example/x"),
    ("limit-query-rows", "psql -c 'SELECT * FROM t'", "psql -c 'SELECT * FROM t LIMIT 1000'"),
    (
        "limit-query-rows",
        "psql '--command=SELECT a FROM t;' db",
        "psql '--command=SELECT a FROM t LIMIT 1000;' db",
    ),
    ("neutralize-sudo", "sudo ls -l", "ls -l"),
    ("neutralize-sudo", "sudo -E make", "make"),
    ("neutralize-sudo", "sudo -n true", "true"),
    ("neutralize-sudo", "sudo -u root -p x -- ls", "ls"),
    ("neutralize-sudo", "sudo -nu root A=b make", "env 'A=b' make"),
    ("neutralize-sudo", "/usr/bin/doas -n ls", "ls"),
    ("neutralize-sudo", "pkexec --user root ls", "ls"),
    ("neutralize-sudo", "su - root -c 'ls -l'", "sh -c 'ls -l'"),
    ("neutralize-sudo", "sudo sudo ls", "ls"),
];

#[test]
fn commands_become_what_they_should_and_stay_so() {
    for (name, before, after) in COMMANDS {
        let mut now = (*before).to_owned();
        // A rule that still matches asks again.
        for _ in 0..3 {
            match argv(name, &now) {
                Ok(Some(next)) => now = next,
                Ok(None) => break,
                Err(why) => panic!("{before}: {why:?}"),
            }
        }
        assert_eq!(now, *after, "{name}: {before}");
        assert_eq!(argv(name, &now), Ok(None), "{name}: {now}");
    }
}

/// Rewrites that have nothing to do with a command.
#[test]
fn what_is_no_concern_is_left_alone() {
    for (name, line) in [
        ("strip-force-flags", "git push --force-with-lease"),
        ("strip-force-flags", "tail -f x"),
        ("strip-force-flags", "grep -f pats x"),
        ("strip-force-flags", "tar -x -f a.tar"),
        ("strip-force-flags", "ps -f"),
        ("strip-force-flags", "kubectl apply -f x"),
        ("strip-force-flags", "docker compose -f a.yml up"),
        ("strip-force-flags", "echo --force-me"),
        ("force-with-lease", "git push origin main"),
        ("force-with-lease", "git commit -m '--force'"),
        ("neutralize-sudo", "echo sudo x"),
        ("neutralize-sudo", "visudo"),
        ("move-to-trash", "git rm x"),
        ("downgrade-write-to-dryrun", "git push --dry-run"),
        ("downgrade-write-to-dryrun", "git push -n"),
        ("downgrade-write-to-dryrun", "git status"),
        ("enforce-https", "curl http://localhost:3000/"),
        ("enforce-https", "curl https://h.example/?u=http://x"),
        ("limit-query-rows", "psql -c 'SELECT a FROM t LIMIT 5'"),
        ("cap-http-timeout", "curl -m 10 https://h.example/"),
        ("replace-wildcard-delete", "rm x"),
    ] {
        assert_eq!(argv(name, line), Ok(None), "{name}: {line}");
    }
}

#[test]
fn without_a_safe_form_there_is_a_reason() {
    for (name, line) in [
        ("force-with-lease", "git push --mirror -f backup"),
        ("force-with-lease", "git push origin --delete -f topic"),
        ("move-to-trash", "rm -i x"),
        ("move-to-trash", "rm --no-preserve-root -rf /"),
        ("move-to-trash", "rm --frob x"),
        ("move-to-trash", "rm -rf"),
        ("neutralize-sudo", "sudo -u postgres psql"),
        ("neutralize-sudo", "sudo --user=postgres psql"),
        ("neutralize-sudo", "sudo -i"),
        ("neutralize-sudo", "sudo -v"),
        ("neutralize-sudo", "sudo -D /x ls"),
        ("neutralize-sudo", "sudo -g wheel ls"),
        ("neutralize-sudo", "su postgres -c psql"),
        ("neutralize-sudo", "su -"),
        ("downgrade-write-to-dryrun", "git reset --hard"),
        ("enforce-https", "curl http://10.0.0.1/"),
        ("enforce-https", "curl http://h.example:8080/"),
        ("limit-query-rows", "psql -c 'SELECT a FROM t; DROP TABLE t'"),
        ("limit-query-rows", "psql -c 'DELETE FROM t'"),
    ] {
        assert!(argv(name, line).is_err(), "{name}: {line}: {:?}", argv(name, line));
    }
}

#[test]
fn in_a_line_only_the_command_in_question_is_printed_again() {
    for (name, before, target, after) in [
        (
            "strip-force-flags",
            "cd a  &&  git   push\t--force   \"or  igin\" 'x y' >log 2>&1 # --force",
            vec!["git", "push", "--force", "or  igin", "x y"],
            "cd a  &&  git   push   \"or  igin\" 'x y' >log 2>&1 # --force",
        ),
        (
            "move-to-trash",
            "for f in *.o; do rm -f \"$f\"; done; cat <<EOF\nrm -f x\nEOF",
            vec!["rm", "-f", "a.o"],
            "for f in *.o; do /home/u/.datafog/bin/datafog trash put -f -- \"$f\"; done; cat <<EOF\nrm -f x\nEOF",
        ),
        ("replace-wildcard-delete", "rm -rf *", vec!["rm", "-rf", "a", "b"], "ls -d -- *"),
        (
            "replace-wildcard-delete",
            "x; rm *.log ~/y[ab] -v",
            vec!["rm", "a.log", "/home/u/ya", "-v"],
            "x; ls -d -- *.log ~/y[ab]",
        ),
        (
            "downgrade-write-to-dryrun",
            "rm x; git push",
            vec!["rm", "x"],
            "/home/u/.datafog/bin/datafog would-run -- rm x; git push",
        ),
        (
            "neutralize-sudo",
            "echo sudo x; a=sudo ls; sudo\tls -l && git commit -m 'sudo ls'",
            vec!["sudo", "ls", "-l"],
            "echo sudo x; a=sudo ls; ls -l && git commit -m 'sudo ls'",
        ),
        (
            "force-with-lease",
            "bash -c 'git push -f origin \"a b\"' && sh -c \"git push -f origin 'a b'\"",
            vec!["git", "push", "-f", "origin", "a b"],
            "bash -c 'git push --force-with-lease origin \"a b\"' && sh -c 'git push --force-with-lease origin '\\''a b'\\'''",
        ),
        (
            "force-with-lease",
            "if git push -f; then :; fi; (git push -f) | cat; f() { git push -f; }",
            vec!["git", "push", "-f"],
            "if git push --force-with-lease; then :; fi; (git push --force-with-lease) | cat; f() { git push --force-with-lease; }",
        ),
    ] {
        assert_eq!(line(name, before, &target), Ok(Some(after.to_owned())), "{before}");
    }
}

#[test]
fn a_command_that_nobody_spoke_of_is_not_touched() {
    let target = ["git", "push", "-f", "origin", "main"];
    for text in [
        "git push -f origin topic",
        "echo git push -f origin main",
        "git commit -m 'git push -f origin main'",
        "cat <<EOF\ngit push -f origin main\nEOF",
        "x=$(git push -f origin main)",
    ] {
        assert_eq!(line("force-with-lease", text, &target), Ok(None), "{text}");
    }
}

#[test]
fn names_of_files_stay_names_of_files() {
    for name in ["-rf", "a\nb", "it's", "\"", "$(id)", "`id`", "; id", "--", "~", "*"] {
        let quoted = shell_word(name.as_ref()).unwrap();
        let before = format!("rm -f -- {quoted}");
        let after = line("move-to-trash", &before, &["rm", "-f", "--", name]).unwrap().unwrap();
        assert_eq!(words(&after).last().unwrap(), name, "{after}");
        let shown = line("downgrade-write-to-dryrun", &before, &["rm", "-f", "--", name]);
        assert_eq!(words(&shown.unwrap().unwrap()).last().unwrap(), name);
    }
}

#[test]
fn a_script_from_elsewhere_is_shown() {
    let own = OWN;
    for (before, after) in [
        (
            "curl -fsSL https://x.example/i | sh",
            format!("curl -fsSL https://x.example/i | {own} show-script"),
        ),
        (
            "curl https://x.example/i | bash -s -- a b >log",
            format!("curl https://x.example/i | {own} show-script >log"),
        ),
        (
            "wget -qO- https://x.example/i | python3 -",
            format!("wget -qO- https://x.example/i | {own} show-script"),
        ),
        (
            "bash <(curl https://x.example/i)",
            format!("{own} show-script <(curl https://x.example/i)"),
        ),
        (
            "sh -c \"$(curl https://x.example/i)\"",
            format!("{own} show-script --text \"$(curl https://x.example/i)\""),
        ),
        (
            "eval \"$(curl https://x.example/i)\"",
            format!("{own} show-script --text \"$(curl https://x.example/i)\""),
        ),
    ] {
        assert_eq!(
            line_of(before, &demand("show-script", Target::Any, &[])),
            Ok(Some(after.clone())),
            "{before}"
        );
        assert_eq!(line_of(&after, &demand("show-script", Target::Any, &[])), Ok(None), "{after}");
    }
}

#[test]
fn calls_of_tools_are_changed_in_their_fields() {
    for (name, tool, before, after) in [
        (
            "sandbox-code-exec",
            "run_code",
            r#"{"code":"x","sandbox":false}"#,
            r#"{"code":"x","sandbox":true,"read_only":true}"#,
        ),
        (
            "sandbox-code-exec",
            "exec",
            r#"{"cmd":"x","readOnly":false}"#,
            r#"{"cmd":"x","readOnly":true,"sandbox":true}"#,
        ),
        (
            "cap-http-timeout",
            "http_request",
            r#"{"url":"https://x.example/"}"#,
            r#"{"url":"https://x.example/","timeout":30000}"#,
        ),
        ("cap-http-timeout", "http_request", r#"{"timeout":"120000"}"#, r#"{"timeout":30000}"#),
        (
            "cap-http-timeout",
            "http_request",
            r#"{"timeoutSeconds":90}"#,
            r#"{"timeoutSeconds":30}"#,
        ),
        (
            "enforce-https",
            "http_request",
            r#"{"url":"HTTP://api.github.com/x","body":"http://y.example"}"#,
            r#"{"url":"https://api.github.com/x","body":"http://y.example"}"#,
        ),
        (
            "limit-query-rows",
            "sql",
            r#"{"query":"SELECT a FROM t"}"#,
            r#"{"query":"SELECT a FROM t LIMIT 1000"}"#,
        ),
        (
            "limit-query-rows",
            "sql",
            r#"{"query":"SELECT a FROM t","dialect":"mssql"}"#,
            r#"{"query":"SELECT TOP 1000 a FROM t","dialect":"mssql"}"#,
        ),
        (
            "truncate-recipients",
            "send_email",
            r#"{"recipients":["a","b","c","d","e","f"],"body":"x"}"#,
            r#"{"recipients":["a","b","c","d","e"],"body":"x"}"#,
        ),
        (
            "truncate-recipients",
            "email",
            r#"{"to":"a@x.example, \"B, C\" <b@x.example>; A@X.example","cc":["c@x.example","d@x.example"],"bcc":"e@x.example,f@x.example"}"#,
            r#"{"to":"a@x.example, \"B, C\" <b@x.example>; A@X.example","cc":["c@x.example","d@x.example"],"bcc":"e@x.example"}"#,
        ),
        (
            "redact-secrets",
            "post",
            r#"{"auth":{"password":"hunter2","user":"u"}}"#,
            r#"{"auth":{"password":"[REDACTED:secret.generic.password]","user":"u"}}"#,
        ),
    ] {
        let made = call(name, tool, before).unwrap().unwrap_or_else(|| panic!("{name}: {before}"));
        assert_eq!(made, json(after), "{name}: {before}");
        assert_eq!(call(name, tool, after), Ok(None), "{name}: {after}");
    }
    assert!(call("limit-query-rows", "sql", r#"{"query":"DELETE FROM t"}"#).is_err());
    assert!(call("truncate-recipients", "email", r#"{"to":{"x":1}}"#).is_err());
}

#[test]
fn a_command_in_a_tool_is_changed_where_it_stands() {
    let target: Vec<OsString> = ["git", "push", "-f"].map(OsString::from).to_vec();
    for (before, after) in [
        (
            r#"{"command":"git push -f","note":"git push -f"}"#,
            r#"{"command":"git push --force-with-lease","note":"git push -f"}"#,
        ),
        (r#"{"cmd":["git","push","-f"]}"#, r#"{"cmd":["git","push","--force-with-lease"]}"#),
        (
            r#"{"commands":["ls","git push -f"]}"#,
            r#"{"commands":["ls","git push --force-with-lease"]}"#,
        ),
        (
            r#"{"program":"git","args":["push","-f"]}"#,
            r#"{"program":"git","args":["push","--force-with-lease"]}"#,
        ),
    ] {
        let form = Form::Tool("Bash".into(), json(before));
        let demand = demand("force-with-lease", Target::Command(&target), &[]);
        let made = rewrite(&form, &demand, &world()).unwrap();
        assert_eq!(made, Some(Form::Tool("Bash".into(), json(after))), "{before}");
    }
}

#[test]
fn findings_become_marks_and_delimiters_stay() {
    let text = "Authorization: Bearer abcdef\"'";
    let finding = Finding {
        detector: "d".into(),
        entity: "secret.bearer".into(),
        channel: Channel::Argument(2),
        span: Span::new(22, 28).unwrap(),
        confidence: Confidence::CERTAIN,
        severity: Severity::High,
        fingerprint: Key::from_bytes(&[1; 32]).unwrap().digest("x", [b"".as_slice()]),
        preview: String::new(),
    };
    let argv: Vec<OsString> = ["curl", "-H", text].map(OsString::from).to_vec();
    let findings = [finding];
    let demand = demand("redact-secrets", Target::Command(&argv), &findings);
    let Some(Form::Command(made)) =
        rewrite(&Form::Command(argv.clone()), &demand, &world()).unwrap()
    else {
        panic!("unchanged");
    };
    assert_eq!(made[2], "Authorization: Bearer [REDACTED:secret.bearer]\"'");
}

/// Words that commands are made of, odd ones among them.
fn some_words() -> impl Strategy<Value = Vec<String>> {
    let word = prop_oneof![
        proptest::sample::select(vec![
            "git",
            "push",
            "-f",
            "--force",
            "-fu",
            "+main",
            "rm",
            "-rf",
            "--",
            "curl",
            "-m",
            "sudo",
            "-u",
            "root",
            "psql",
            "-c",
            "SELECT a FROM t",
            "http://h.example/",
            "env",
            "A=b",
            "sh",
            "reset",
            "--hard",
            "-r",
            "origin",
            "xargs",
        ])
        .prop_map(str::to_owned),
        "[ -~]{0,8}",
    ];
    proptest::collection::vec(word, 1..7)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Whatever is asked of whatever command: no panic, and the second time nothing is left to do.
    #[test]
    fn every_rewrite_comes_to_rest(words in some_words(), which in 0..15_usize) {
        let name = builtins()[which].name;
        let mut argv: Vec<OsString> = words.iter().map(OsString::from).collect();
        for round in 0..8 {
            let form = Form::Command(argv.clone());
            match rewrite(&form, &demand(name, Target::Command(&argv), &[]), &world()) {
                Ok(Some(Form::Command(next))) => argv = next,
                Ok(_) | Err(_) => break,
            }
            prop_assert!(round < 7, "{name} changes {words:?} for ever: {argv:?}");
        }
    }

    /// In a line every other command keeps its bytes, and the line is read with the same commands.
    #[test]
    fn the_rest_of_a_line_keeps_its_bytes(words in some_words(), which in 0..15_usize) {
        let name = builtins()[which].name;
        let quoted: Vec<String> = words.iter().map(|word| shell_word(word.as_ref()).unwrap()).collect();
        let (head, tail) = ("echo  'a  b' \"$x\" &&  ", "  | tee \"a b\" # rm -rf\n");
        let text = format!("{head}{}{tail}", quoted.join(" "));
        let target: Vec<OsString> = words.iter().map(OsString::from).collect();
        if let Ok(Some(made)) = line_of(&text, &demand(name, Target::Command(&target), &[])) {
            prop_assert!(made.starts_with(head) && made.ends_with(tail), "{text} -> {made}");
            let before = datafog_shell::simple_commands(&text).unwrap().len();
            prop_assert_eq!(datafog_shell::simple_commands(&made).unwrap().len(), before, "{}", made);
        }
    }

    /// Flags that force are gone, and nothing was added that the command did not have.
    #[test]
    fn stripping_adds_nothing(words in some_words()) {
        let argv: Vec<OsString> = words.iter().map(OsString::from).collect();
        let made = rewrite(&Form::Command(argv.clone()), &demand("strip-force-flags", Target::Command(&argv), &[]), &world());
        if let Ok(Some(Form::Command(made))) = made {
            let bytes = |argv: &[OsString]| argv.iter().map(|word| word.len()).sum::<usize>();
            prop_assert!(made.len() <= argv.len() && bytes(&made) < bytes(&argv));
        }
    }
}
