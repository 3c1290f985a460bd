//! Beside the real bash: what is a line and what is not, and what words become.

use std::process::{Command, Stdio};

use datafog_shell::{Line, Place, Script, read};
use proptest::prelude::*;

use crate::support::World;

/// Commands to put together.
const SIMPLE: [&str; 26] = [
    "a",
    "a b 'c d' \"e $f\"",
    "a=1",
    "a=1 b c",
    "a >f",
    "a <f 2>&1",
    "a &>f",
    "a <<<x",
    "a <<E\nx\nE\n",
    "a <<'E'\n$(x\nE\n",
    "a <<-E\n\tx\n\tE\n",
    "a $(b)",
    "a `b`",
    "a \"$(b \"c\")\"",
    "a <(b) >(c)",
    "a $((1+2))",
    "a ${b:-c} ${#d} ${e[0]}",
    "a=(b c)",
    "[[ a == b* && -f c ]]",
    "(( a++ ))",
    "a {b,c}{1..3}",
    "a $'b\\'c'",
    "a \\\n b",
    "a # b",
    ":",
    "a;",
];

/// What to put them into, at `@`.
const AROUND: [&str; 30] = [
    "@",
    "(@\n)",
    "{ @\n}",
    "if @\nthen b; fi",
    "if b; then @\nelse c; fi",
    "while @\ndo b; done",
    "until b; do @\ndone",
    "for x in a b; do @\ndone",
    "for ((i=0;i<3;i++)); do @\ndone",
    "case a in b) @\n;; *) c;; esac",
    "f() { @\n}",
    "function f { @\n}",
    "x=$(@\n)",
    "echo \"$(@\n)\"",
    "! @",
    "time @",
    "a && @",
    "a || @",
    "a | @",
    "coproc @",
    "select x in a; do @\ndone",
    "@\nb & c",
    "b | while read x; do @\ndone",
    "(@\n) >f",
    "{ @\n} 2>&1 | b",
    "if a; then b; elif c; then @\nfi",
    // And what is no line.
    "if @",
    "(@",
    "@ )",
    "for x in @; done",
];

/// Lines that are none, and some that look so.
const ODD: [&str; 39] = [
    "a ;; b",
    "; a",
    "a | | b",
    "a && ",
    "| a",
    "a > ",
    "'a",
    "\"a",
    "a $(b",
    "a `b",
    "${a",
    "case a in",
    "esac",
    "fi",
    "done",
    "do a",
    "then b",
    "{ a }",
    "{ a; }",
    "()",
    "f() a",
    "f()\n{ a; }",
    "if a then b fi",
    "for a b",
    "for a; do b; done",
    "while; do a; done",
    "[[ a",
    "(( a",
    "a & & b",
    "a & b",
    "a &",
    "! ",
    "time",
    "a <<",
    "a <<E",
    "echo a)",
    "echo (a)",
    "a=(b",
    "a b=(c)",
];

/// Commands to put there, and the programs that each would start.
const HEADS: [(&str, &[&str]); 24] = [
    ("q1 x 'c d' \"e $f\"", &["q1"]),
    ("v=1 q1 c", &["q1"]),
    ("q1 $(q2)", &["q1", "q2"]),
    ("q1 `q2`", &["q1", "q2"]),
    ("q1 \"$(q2 \"c\")\"", &["q1", "q2"]),
    ("q1 <(q2) >(q3)", &["q1", "q2", "q3"]),
    ("q1 ${z:-$(q2)}", &["q1", "q2"]),
    ("q1 $(( $(q2) + 1 ))", &["q1", "q2"]),
    ("q1 <<E\n$(q2)\nE\n", &["q1", "q2"]),
    ("q1 <<'E'\n$(no)\nE\n", &["q1"]),
    ("[[ -n $(q1) ]]", &["q1"]),
    ("(( $(q1) ))", &["q1"]),
    ("z=$(q1)", &["q1"]),
    ("z=($(q1) x)", &["q1"]),
    ("q1 | q2 |& q3", &["q1", "q2", "q3"]),
    ("q1 && q2 || q3", &["q1", "q2", "q3"]),
    ("q1 >$(q2)", &["q1", "q2"]),
    ("q1 <<<\"$(q2)\"", &["q1", "q2"]),
    ("case $(q1) in $(q2)) q3;; esac", &["q1", "q2", "q3"]),
    ("eval 'q1 x'", &["q1"]),
    ("q1 ${ q2; }", &["q1", "q2"]),
    ("(q1; q2) & q3", &["q1", "q2", "q3"]),
    ("'q'1 x; q\\2 y", &["q1", "q2"]),
    ("{ q1; } 2>&1 | q2", &["q1", "q2"]),
];

fn bash(arguments: &[&str]) -> Option<(bool, String)> {
    let mut command = Command::new("bash");
    command.args(arguments).env_clear().envs([
        ("HOME", "/home/u"),
        ("EDITOR", "vi"),
        ("LC_ALL", "C.UTF-8"),
    ]);
    let output = command.stdin(Stdio::null()).output().ok()?;
    Some((output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned()))
}

fn script(line: &str) -> Script {
    read(&Line::of(line, Place::Here), &World::new())
}

fn is_line(script: &Script) -> bool {
    !script.opaque.iter().any(|why| why.contains("not one that a shell understands"))
}

#[test]
fn what_is_a_line_is_one_to_bash() {
    if bash(&["-c", "[[ $BASH_VERSION == 5* ]]"]).is_none_or(|(works, _)| !works) {
        return;
    }
    let made = AROUND.iter().flat_map(|around| SIMPLE.iter().map(|one| around.replace('@', one)));
    let all: Vec<String> = made.chain(ODD.iter().map(|odd| (*odd).to_owned())).collect();
    assert!(all.len() > 800, "{}", all.len());
    let mut wrong = Vec::new();
    for line in &all {
        let (accepts, _) = bash(&["-n", "-c", line]).unwrap();
        if accepts != is_line(&script(line)) {
            wrong.push((line, accepts));
        }
    }
    // To refuse what bash takes costs a question; to take what bash refuses runs nothing. Neither may
    // become common.
    let missed: Vec<_> = wrong.iter().filter(|(_, accepts)| *accepts).collect();
    assert!(missed.is_empty(), "bash takes these: {missed:#?}");
    assert!(wrong.len() <= 30, "{} of {}: {wrong:#?}", wrong.len(), all.len());
}

/// What a line would start is known from how it was put together: 2,800 of them, two deep.
#[test]
fn every_program_that_a_line_would_start_is_found() {
    let around: Vec<&str> = AROUND.iter().copied().take(26).collect();
    let mut all = 0;
    let (mut refused, mut missed) = (Vec::new(), Vec::new());
    let pairs = around.iter().flat_map(|outer| around.iter().map(move |inner| (outer, inner)));
    let all_of = pairs.flat_map(|pair| HEADS.iter().map(move |(one, heads)| (pair, one, heads)));
    for ((outer, inner), one, heads) in all_of.step_by(5) {
        all += 1;
        let line = outer.replace('@', &inner.replace('@', one));
        let script = script(&line);
        let started = |name: &&&str| {
            // Behind a pipe `time` is a program like any other, which starts one.
            let by_time =
                |it: &&datafog_shell::Command| it.words.iter().any(|it| it.text == "time");
            let timed = script.commands.iter().filter(by_time).flat_map(|it| &it.words);
            let heads = script.commands.iter().filter_map(|it| it.words.first());
            heads.chain(timed).any(|head| head.text == **name)
        };
        if heads.iter().all(|head| started(&head)) {
            continue;
        }
        // What is not understood is asked about; it never passes.
        if script.opaque.is_empty() {
            missed.push((line, heads, script.commands));
        } else {
            refused.push(line);
        }
    }
    assert!(all > 2800, "{all}");
    assert!(missed.is_empty(), "{missed:#?}");
    assert!(refused.len() * 50 < all, "{} of {all}: {refused:#?}", refused.len());
}

#[test]
fn words_become_what_bash_makes_of_them() {
    let prefix = "x='a b' y=/usr/lib z=() w=(p 'q r') n=Name; ";
    let words = [
        "$x",
        "\"$x\"",
        "'$x'",
        "${x}c",
        "$x$x",
        "\"$x\"$x",
        "$nothing",
        "\"$nothing\"",
        "${nothing:-d e}",
        "\"${nothing:-d e}\"",
        "${x:+s}",
        "${y#*/}",
        "${y##*/}",
        "${y%/*}",
        "${y%%/*}",
        "${y/usr/opt}",
        "${y//\\//-}",
        "${x:1}",
        "${x:0:1}",
        "${x: -1}",
        "${n^^} ${n,,} ${n^} ${n,}",
        "${w[@]}",
        "\"${w[@]}\"",
        "${w[1]}",
        "\"${w[*]}\"",
        "\"${z[@]}\"",
        "$w",
        "{a,b}{1..3}",
        "a{,b}",
        "{x,$x}",
        "'{a,b}'",
        "~",
        "~/x",
        "'~'",
        "a~",
        "$'a\\tb\\x41'",
        "$\"x $x\"",
        "\"a\\\"b\\$c\\d\"",
        "a\\ b",
        "\\\\",
        "\"\"",
        "''",
        "$(echo a b)",
        "\"$(echo a b)\"",
        "`echo a`",
        "$(printf '%s-' 1 2)",
        "\"$@\"",
        "$*",
        "${!n}",
        "$(echo cm0= | base64 -d)",
        "$(echo olleh | rev)",
        "$(echo abc | tr a-c b-d)",
        "\"x $(echo \"in $x\")\"",
        "${x+y}",
    ];
    for word in words {
        let line = format!("{prefix}printf '<%s>' {word}");
        let Some((true, expected)) = bash(&["-c", &line]) else { continue };
        let script = script(&line);
        // Where shells differ there is one command for each of them.
        let is_printf =
            |it: &&datafog_shell::Command| it.words.first().is_some_and(|it| it.text == "printf");
        let shown = |it: &datafog_shell::Command| {
            let fields = it.words.iter().skip(2);
            let found: String = fields.map(|field| format!("<{}>", field.text)).collect();
            if found.is_empty() { "<>".to_owned() } else { found }
        };
        let printed: Vec<String> = script.commands.iter().filter(is_printf).map(shown).collect();
        let last = printed.last().unwrap();
        let found = printed.iter().find(|it| **it == expected).unwrap_or(last);
        assert_eq!(*found, expected, "{word}: {:?}", script.opaque);
    }
}

#[test]
fn a_line_lists_folders_only_so_often() {
    assert!(script(&"echo *;".repeat(300)).opaque.is_empty());
    let (globs, outputs) = ("echo *;".repeat(500), "ls . | sh;".repeat(500));
    assert!(!script(&globs).opaque.is_empty() && !script(&outputs).opaque.is_empty());
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        script(&text);
    }

    #[test]
    fn nor_does_what_shells_are_made_of(
        parts in proptest::collection::vec(proptest::sample::select(vec![
            "$(", ")", "`", "${", "}", "{", "(", "((", "))", "[[", "]]", "'", "\"", "\\", "|", "&", "&&", ";", ";;", "\n", " ", "<<E\n", "E\n", "<(", ">", "<<<",
            "if", "then", "fi", "for", "in", "do", "done", "case", "esac", "while", "x=", "$x", "${!x}", "${x:-", "${x:1:2}", "$'", "$\"", "~", "*", "[a-", "eval",
            "read x", "cd", "set --", "function f", "a", "é", "$((", "$[", "]", "!", "#", "{a,b}", "{1..9}", "coproc", "time", "export", "printf", "%s",
        ]), 0..40),
        blanks in any::<bool>(),
    ) {
        script(&parts.join(if blanks { " " } else { "" }));
    }
}
