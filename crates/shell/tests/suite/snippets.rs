//! Lines and what they would run.

use datafog_shell::{Line, Place, Source, read};

use crate::support::{World, lines};

fn check(table: &[(&str, &[&str])]) {
    let mut wrong = Vec::new();
    for (line, expected) in table {
        let found = lines(&read(&Line::of(line, Place::Here), &World::new()));
        if found != *expected {
            wrong.push(format!("{line}\n  expected {expected:?}\n  found    {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn r_fuzz_the_message_for_a_missing_value_is_made_first() {
    check(&[
        ("a ${x:?$(b)}", &["b", "a"]),
        ("a ${x?$$:-$(b)}c", &["b", "a c"]),
        ("x=1; a ${x:?$(b)}", &["a 1"]),
    ]);
    // What scripts say there is no more than text.
    for line in ["a ${1:?usage: a <file> [-x]}", ": \"${X:?must be set; see README (1)}\""] {
        let read = read(&Line::of(line, Place::Here), &World::new());
        assert!(read.opaque.is_empty(), "{line}");
    }
}

#[test]
fn what_stands_for_a_missing_value_is_run_where_it_may_be_missing() {
    for line in ["x=1; a ${x-$(b)}", "a ${x=1}; a ${x-$(b)}", "x=1; a ${x:=$(b)}"] {
        let read = read(&Line::of(line, Place::Here), &World::new());
        assert!(!lines(&read).iter().any(|it| it == "b"), "{line}");
    }
    let mut missed = Vec::new();
    for line in [
        "(x=1); a ${x-$(b)}",
        "x=1 | c; a ${x-$(b)}",
        "f() { x=1; }; a ${x-$(b)}",
        "false && x=1; a ${x-$(b)}",
        "c || x=1; a ${x-$(b)}",
        "if c; then x=1; fi; a ${x-$(b)}",
        "while c; do x=1; done; a ${x-$(b)}",
        "for x in $y; do c; done; a ${x-$(b)}",
        "x=1 c; a ${x-$(b)}",
        "x=1 & a ${x-$(b)}",
        "x=; a ${x:-$(b)}",
        "a ${x:=}; a ${x:-$(b)}",
        "x=$y; a ${x:-$(b)}",
        "x=1; unset x; a ${x-$(b)}",
        "c $(x=1); a ${x-$(b)}",
        "x[1]=1; a ${x-$(b)}",
        "read x; a ${x:-$(b)}",
    ] {
        let read = read(&Line::of(line, Place::Here), &World::new());
        let found = lines(&read).iter().any(|it| it == "b");
        if !found && read.opaque.is_empty() {
            missed.push(line);
        }
    }
    assert_eq!(missed, [""; 0]);
}

#[test]
fn what_a_branch_sets_may_not_be_set_behind_it() {
    let stays: &[(&str, &str)] = &[
        ("x=/; c && x=a; rm $x", "rm /"),
        ("x=/; c || x=a; rm $x", "rm /"),
        ("c && x=a; rm $x/b", "rm /b"),
        ("x=a; while c; do rm $x; x=/; done", "rm /"),
        ("x=a; y=b; while c; do rm $x; x=$y; y=/; done", "rm /"),
        ("x=/; c && unset x; rm $x", "rm /"),
        ("x=/; if c; then unset x; fi; rm $x", "rm /"),
        ("x=/; case $1 in a) x=a;; esac; rm $x", "rm /"),
        ("x=/; for d in $1; do x=$d; done; rm $x", "rm /"),
        ("x=/; for d in a b; do continue; x=$d; done; rm $x", "rm /"),
        ("x=/; f() { x=a; }; c && f; rm $x", "rm /"),
        ("x=/; if c; then x=a; exit; fi; rm $x", "rm /"),
        ("x=/; c && { d; x=a; } || e; rm $x", "rm /"),
        ("x=/; c && x=a || rm $x", "rm /"),
        ("set -- /; c && set -- a; rm $1", "rm /"),
        ("set -- a; c && set -- /; rm $1", "rm /"),
        ("set -- a b; c && shift; rm $1", "rm b"),
        ("x=/; c && x=a; x=${x%z}; rm $x", "rm /"),
        ("x=a; c && x=/; x=${x:-b}; rm $x", "rm /"),
        ("x=/; c && x=a; export x=\"$x\"; rm $x", "x=? rm /"),
        ("x=/; c && x=a; eval 'x=$x'; rm $x", "rm /"),
        ("x=a; c && x=/; set -- \"$x\"; rm \"$1\"", "rm /"),
        ("x=a; c && x=/; y=(\"$x\"); rm \"${y[@]}\"", "rm a /"),
        ("x=/; if c; then x=/; exit --help; else x=a; fi; rm $x", "rm /"),
        ("if c; then x=/; return; else x=a; fi; rm $x", "rm /"),
        ("if c; then x=/; exit </no; else x=a; fi; rm $x", "rm /"),
        ("exit() { c; }; if c; then x=/; exit; else x=a; fi; rm $x", "rm /"),
        ("while c; do x=/; break; x=a; done; rm $x", "rm /"),
        ("for i in 1; do x=/; if c; then break; fi; x=a; done; rm $x", "rm /"),
        ("for i in 1; do for j in 1; do x=/; c && break 2; x=a; done; x=b; done; rm $x", "rm /"),
        ("while x=/; c; do x=a; done; rm $x", "rm /"),
        ("x=; [ -n $x ] || x=a; rm $x/b", "rm /b"),
        ("[ -z \"$x\" ] </no && x=a; rm $x/b", "rm /b"),
        ("x=/; for i in 1; do x=a; done </no; rm $x", "rm /"),
        ("x=/; c && x=; : \"${x:=a}\"; rm $x", "rm /"),
        ("n=x; c && n=y; x=/; export $n=a; rm $x", "x=? y=? rm /"),
        ("x=/; f() { local x=a; }; f; rm $x", "rm /"),
        ("x=/; f() { local x; x=a; }; f; rm $x", "rm /"),
        ("x=a; trap 'rm $x' EXIT; x=/", "rm /"),
        ("x=(/); c && x=(a); rm ${x[@]}", "rm / a"),
        ("if c; then f=-r; else f=-v; fi; if c; then x=a; else x=/; fi; rm $f $x", "rm -r /"),
        ("if c; then f=-r; else f=-v; fi; if c; then x=a; else x=/; fi; rm $f $x", "rm -v a"),
        ("[ -n \"$x\" ] && x=a; rm $x/b", "rm /b"),
        ("x=; test() { c; }; test -z \"$x\" && x=a; rm $x/b", "rm /b"),
        ("x=1; if [ -z \"$x\" ]; then c; else rm $x; fi", "rm 1"),
        ("x=/; x=a && c & rm $x", "rm /"),
        ("f() { x=/; return; x=a; }; f; rm $x", "rm /"),
        ("f() { if c; then x=/; return; fi; x=a; }; f; rm $x", "rm /"),
        ("trap 'rm $x' EXIT; if c; then x=/; exit; fi; x=a", "rm /"),
        ("[ -z \"$x\" ] || x=a; rm $x/b", "rm /b"),
    ];
    for (line, expected) in stays {
        let found = lines(&read(&Line::of(line, Place::Here), &World::new()));
        assert!(found.iter().any(|it| it == expected), "{line}: {found:?}");
    }
    for line in [
        "c && x=a && rm $x/b",
        "if c; then x=a; rm $x/b; fi",
        "if c; then x=a; else x=a/c; fi; rm $x/b",
        "if c; then x=a; else d; exit 1; fi; rm $x/b",
        "if c; then d; exit 1; else x=a; fi; rm $x/b",
        "case $1 in a) x=a;; *) x=b;; esac; rm $x/b",
        "case $1 in a) x=a;; *) d; exit 1;; esac; rm $x/b",
        "[ -z \"$x\" ] && x=a; rm $x/b",
        "[ -n \"${x:-}\" ] || x=a; rm $x/b",
        "[[ -z $x ]] && x=a; rm $x/b",
        "if [ -z \"$x\" ]; then x=a; fi; rm $x/b",
        "if test -z \"$x\"; then x=a; fi; rm $x/b",
        "for d in a b; do x=$d; rm $x/b; done; rm $x/b",
        "x=a && c || d; rm $x/b",
        "while c; do x=a; rm $x/b; done",
        "f() { x=a; }; f; rm $x/b",
        "x=$(mktemp -d) || exit 1; rm $x/b",
        "x=; c && x=a; rm ${x:?}/b",
        "x=; c && x=a; [ -n \"$x\" ] && rm $x/b",
        "x=; c && x=a; [ -z \"$x\" ] || rm $x/b",
        "x=; c && x=a; if [ -n \"$x\" ]; then rm $x/b; fi",
        "x=; c && x=a; [ -z \"$x\" ] && exit 1; rm $x/b",
        "x=; c && x=a; [ -z \"$x\" ] && { d; exit 1; }; rm $x/b",
        "x=; c && x=a; [ -n \"$x\" ] || exit 1; rm $x/b",
        "x=; c && x=a; if [ -z \"$x\" ]; then exit 1; fi; rm $x/b",
        "die() { d; exit 1; }; case $1 in a) x=a;; *) die;; esac; rm $x/b",
        "die() { d; exit 1; }; x=; c && x=a; [ -n \"$x\" ] || die; rm $x/b",
        "f() { if c; then x=a; else return 1; fi; rm $x/b; }; f",
    ] {
        let found = lines(&read(&Line::of(line, Place::Here), &World::new()));
        assert!(found.iter().any(|it| it.starts_with("rm")), "{line}: {found:?}");
        assert!(!found.iter().any(|it| it == "rm /b"), "{line}: {found:?}");
    }
}

#[test]
fn r_fuzz_a_word_that_braces_make_is_no_remark() {
    check(&[("a {,#$(b)}", &["b", "a ‹›? #$(…)?"]), ("a {x,#}", &["a x #"])]);
}

#[test]
fn r_fuzz_braces_that_only_the_parser_sees_hide_nothing() {
    let read = read(&Line::of("a t{$(b)`$( `x,}c", Place::Here), &World::new());
    let found = read.commands.iter().any(|it| it.words.first().is_some_and(|it| it.text == "b"));
    assert!(found || !read.opaque.is_empty());
    check(&[("a {x,y}z", &["a xz yz"]), ("a {1..3}", &["a 1 2 3"])]);
}

#[test]
fn r_fuzz_zsh_runs_what_stands_in_the_name_of_a_function() {
    for line in ["x`a`$$() &", "x$(a)() { b; }", "function x`a` { b; }", "x$y() { b; }"] {
        let read = read(&Line::of(line, Place::Here), &World::new());
        assert!(!read.opaque.is_empty(), "{line}");
    }
}

#[test]
fn r_fuzz_a_function_that_may_not_be_there_leaves_the_program() {
    let programs = [
        "f `f()` x",
        "f $(f() { a; }) x",
        "(f() { a; }); f x",
        "f() { a; } | b; f x",
        "f() { a; } & f x",
        "false && f() { a; }; f x",
        "if b; then f() { a; }; fi; f x",
    ];
    for line in programs {
        let read = read(&Line::of(line, Place::Here), &World::new());
        let found =
            read.commands.iter().any(|it| it.words.first().is_some_and(|it| it.text == "f"));
        assert!(found || !read.opaque.is_empty(), "{line}");
    }
    check(&[("f() { a; }; f x", &["a"]), ("(f() { a; }; f x)", &["a"])]);
}

#[test]
fn r_fuzz_quotes_beside_an_old_calculation_are_kept() {
    let read = read(&Line::of("i[`i\"\"d`$[1]]", Place::Here), &World::new());
    let found = read.commands.iter().any(|it| it.words.first().is_some_and(|it| it.text == "id"));
    assert!(found || !read.opaque.is_empty());
}

#[test]
fn r_fuzz_what_shells_end_at_different_places_is_not_understood() {
    for line in ["a <<E$(\nb\n0)c", "a <<`b`\nc", "((##i;i++)); a <<x\nb))\nx", "`#``a\n`"] {
        let read = read(&Line::of(line, Place::Here), &World::new());
        assert!(!read.opaque.is_empty(), "{line}");
    }
    for line in ["a <<E\n$x # b\nE", "a <<'E'\n`b\nE", "((16#ff > $#)); a", "a `b # c`"] {
        let read = read(&Line::of(line, Place::Here), &World::new());
        assert!(read.opaque.is_empty(), "{line}");
    }
}

#[test]
fn what_zsh_alone_runs_is_not_understood() {
    let odd = [
        "echo =(a b)",
        "echo *(e:'a':)",
        "echo *(+a)",
        "echo ${(e)x}",
        "x==(a)",
        "=a b",
        "repeat 2 a",
        "noglob a",
        "zpty x a",
        "for x in *(e:'a':); do b; done",
        "echo ${${:-$(a)}}",
    ];
    for line in odd {
        let read = read(&Line::of(line, Place::Here), &World::new());
        assert!(!read.opaque.is_empty(), "{line}");
    }
    check(&[("x=(1 2); a ${x[0]}", &["a 1"]), ("a '=(b)' \"*(e:c:)\"", &["a =(b) *(e:c:)"])]);
}

#[test]
fn structure_is_followed() {
    check(&[
        ("", &[]),
        ("# only this", &[]),
        ("a b 'c d'", &["a b ‹c d›"]),
        ("a; b && c || d & e", &["a", "b", "c", "d", "e"]),
        ("a\nb", &["a", "b"]),
        ("a | b |& c", &["a", "b | 0..1", "c | 0..2"]),
        ("! a", &["a"]),
        ("time -p a b", &["a b"]),
        ("(a; b)", &["a", "b"]),
        ("{ a; b; } > f", &["> f", "a", "b"]),
        ("if a; then b; elif c; then d; else e; fi", &["a", "b", "c", "d", "e"]),
        ("while a; do b; done; until c; do d; done", &["a", "b", "c", "d"]),
        ("for x in 1 2; do a $x; done", &["a 1", "a 2"]),
        ("for ((i=$(a);i<2;i++)); do b; done", &["a", "b"]),
        ("case $(a) in x|y) b;; *) c;; esac", &["a", "b", "c"]),
        ("select x in 1; do a; done", &["a"]),
        ("coproc a", &["a", "!"]),
        ("f() { a $1; }; f b", &["a b"]),
        ("f() { a $1; }", &["a $1?"]),
        ("[[ -f $(a) && x =~ `b` ]]", &["b", "a"]),
        ("(( x = $(a) ))", &["a"]),
        ("if x; then f() { a; }; else f() { b; }; fi; f", &["x", "b", "a"]),
        ("f() { a; }; (f() { b; }); f", &["a", "b"]),
        ("f() { a; }; f; f() { b; }", &["a", "b"]),
        ("f() { a; }; f() { b; }; f", &["b", "a"]),
        ("{ a; } |& b", &["a", "b | 0..1"]),
        ("x[1]=a y[i+1]=b c", &["x=? y=? c"]),
        ("time -p ( ! a b )", &["! a b", "!"]),
        ("time -p coproc a", &["coproc a", "!"]),
        ("a <<E\n$(b) $HOME\nE\n", &["b", "a << $(…) /home/u\\n"]),
        ("a <<'E'\n$(b)\nE\n", &["a << $(b)\\n"]),
        ("a <<E\nnever ends", &["a << never ends\\n"]),
        ("a; ;b", &["!"]),
        ("if a; then", &["!"]),
        ("a 'b", &["!"]),
    ]);
}

#[test]
fn texts_that_a_shell_reads_once_more_are_read() {
    check(&[
        ("trap -- 'a b' EXIT", &["a b"]),
        ("eval -- a b", &["a b"]),
        ("builtin -- eval 'a b'; command -p eval 'c d'", &["a b", "c d"]),
        ("source -- x", &["< x"]),
        ("x='y[$(a b)]'; echo $((x))", &["a b", "echo $((…))?"]),
        ("declare -i x='y[$(a)]'", &["a", "a"]),
        ("let 'x=y[$(a)]'", &["a", "let x=y[$(a)]"]),
        ("test -v 'y[$(a)]'", &["a", "test -v y[$(a)]"]),
        ("printf -v 'y[$(a)]' x", &["a"]),
        ("unset 'y[$(a)]'", &["a"]),
        ("(( x = '$(a)' ))", &["a"]),
        ("x='see [1] and $(b)'; a", &["a"]),
        ("x='$(a b)'; echo ${x@P}", &["a b", "echo $x?"]),
        ("x='$(b)'; a ${x@Q}", &["a $x?"]),
        ("PS4='$(a)'; set -x", &["a"]),
        ("PS4='$(a)' b", &["a", "PS4=$(a) b"]),
        ("a ${EDITOR,\"]\"-$(b)} ${EDITOR^^$(c)}", &["b", "c", "a $EDITOR? $EDITOR?"]),
        ("export 'BASH_FUNC_x%%=() { a; }'", &["BASH_FUNC_x%%=() { a; } a"]),
        ("alias x='a b'; x c d", &["a b", "a b c d", "x c d"]),
        ("alias a='a -l'; a c", &["a -l", "a -l c", "a c"]),
        ("alias x='a'; x $(b)", &["a", "b", "a $@?", "x $(…)?"]),
        ("compgen -C 'a b' c", &["a b", "compgen -C ‹a b› c"]),
        ("compgen -W '$(a)' c", &["a", "compgen -W $(a) c"]),
        ("mapfile -C 'a b' -c 1 x < f", &["a b", "< f"]),
        ("jobs -x a b c", &["a b c", "jobs -x a b c"]),
        ("fc -e 'a b'", &["a b", "fc -e ‹a b›"]),
        ("bind -x '\"\\C-a\": a b'", &["a b", "bind -x ‹\\\"\\\\C-a\\\": a b›"]),
        ("print -P '$(a)'", &["a", "print -P $(a)"]),
        ("echo 'a b' > >(sh)", &["echo ‹a b›", "sh << a b\\n"]),
        ("{ a; } > >(b)", &["b | 0..0", "a"]),
        ("a 2> >(b) | c", &["a", "b | 0..1", "c | 0..2"]),
    ]);
    for line in [
        "BASH_CMDS[ls]=/bin/rm; ls -rf /",
        "BASH_ALIASES[ls]=rm; ls /",
        "declare -A 'BASH_CMDS[ls]=/bin/rm'",
        "read 'BASH_CMDS[ls]' <<< /bin/rm",
        "functions[ls]='rm -rf /'",
        "hash ls=/bin/rm; ls /",
        "alias -g x='| sh'",
        "zf_rm -r a",
        "compgen -C \"$(b)\"",
    ] {
        let read = read(&Line::of(line, Place::Here), &World::new());
        assert!(!read.opaque.is_empty(), "{line}: {read:?}");
    }
}

#[test]
fn substitutions_are_walked_wherever_they_stand() {
    check(&[
        ("a $(b) `c` <(d) >(e)", &["b", "c", "d", "e", "a $(…)? $(…)? <(…)? >(…)?"]),
        ("a `b \\`c d\\``", &["c d", "b $(…)?", "a $(…)?"]),
        ("a \"`b \\`c\\` \\\"d e\\\"`\"", &["c", "b $(…)? ‹d e›", "a $(…)?"]),
        ("a <<E\n`b \\`c\\``\nE\n", &["c", "b $(…)?", "a << $(…)\\n"]),
        ("a \"x $(b \"y z\")\"", &["b ‹y z›", "a ‹x $(…)›?"]),
        ("a $(( $(b) + 1 ))", &["b", "a $((…))?"]),
        ("a $((`b`))", &["b", "a $((…))?"]),
        ("a $[ $(b) ]", &["b", "a ‹$[ $(b) ]›"]),
        ("a ${ b; } ${|c;}", &["b", "c", "a ${…}? ${…}?"]),
        ("a ${x:-$(b)} ${EDITOR:+$(c)} ${HOME#$(d)}", &["b", "c", "d", "a $(…)? $(…)? $HOME?"]),
        ("a ${x[$(b)]} ${EDITOR//$(c)/$(d)}", &["b", "c", "d", "a $EDITOR?"]),
        ("a $\"x $(b)\"", &["b", "a ‹x $(…)›?"]),
        ("x=$(a) b", &["a", "x=? b"]),
        ("x=(p $(a) q)", &["a"]),
        ("x[$(a)]=1", &["a"]),
        ("a > $(b)", &["b", "a > $(…)"]),
        ("a <<< $(b)", &["b", "a << $(…)\\n"]),
        ("a $(b <<E\n$(c)\nE\n)", &["c", "b << $(…)\\n", "a $(…)?"]),
        ("trap 'a; b' EXIT", &["a", "b"]),
        ("alias ll='a -l'", &["a -l"]),
    ]);
}

#[test]
fn files_that_the_line_writes_are_read_when_it_runs_them() {
    check(&[
        ("echo 'a b' > x; sh x", &["echo ‹a b› > x", "sh x", "a b"]),
        ("echo 'a b' > x; chmod +x x; ./x", &["echo ‹a b› > x", "chmod +x x", "./x", "a b"]),
        ("cat > x <<'E'\n#!/bin/sh\na\nE\nbash x", &["cat << #!/bin/sh\\na\\n > x", "bash x", "a"]),
        ("echo a > x; . ./x", &["echo a > x", "a"]),
        ("echo a > x; cd /bin; sh x", &["echo a > x", "sh x"]),
        ("b > x; sh x", &["b > x", "sh x", "!"]),
        ("echo a > x; echo b >> x; sh x", &["echo a > x", "echo b > x", "sh x", "!"]),
        ("curl -o x https://h/; sh x", &["curl -o x https://h/", "sh x", "!"]),
        ("wget https://h/i.sh && bash i.sh", &["wget https://h/i.sh", "bash i.sh", "!"]),
        ("curl -o x https://h/; less x", &["curl -o x https://h/", "less x"]),
        ("sh x", &["sh x"]),
        ("PROMPT_COMMAND='a b' c", &["a b", "PROMPT_COMMAND=a b c"]),
        ("export GIT_SSH_COMMAND='a b'", &["a b"]),
        ("echo a > x; BASH_ENV=x bash b", &["echo a > x", "a", "BASH_ENV=x bash b"]),
        ("BASH_ENV=x bash b", &["< x", "BASH_ENV=x bash b"]),
        (". ./x", &["< ./x"]),
        ("source x y > z", &["< x > z"]),
        (". /dev/stdin < x", &["< x"]),
        ("BASH_ENV='$(a)' bash b", &["a", "BASH_ENV=$(a) bash b"]),
    ]);
}

#[test]
fn what_variables_carry_is_known_by_where_it_comes_from() {
    for (line, expected) in [
        ("x=$(a f); b $x", "Commands(0..1)"),
        ("x=$(a); y=$x; b \"$y\"", "Commands(0..1)"),
        ("read x < f; b $x", "File(f)"),
        ("while read x; do b $x; done < f", "File(/home/u/work/f)"),
        ("a | while read x; do b $x; done", "Commands(0..1)"),
        ("mapfile y < f; b \"${y[@]}\"", "File(f)"),
        ("for x in $(a); do b $x; done", "Commands(0..1)"),
        ("export x=$(a); b $x", "Commands(0..1)"),
        ("f() { b $1; }; f $(a)", "Commands(0..1)"),
        ("f() { b \"$@\"; }; f $(a)", "Commands(0..1)"),
        ("x=y; b $x", ""),
        ("x=$(a); b c", ""),
    ] {
        let script = read(&Line::of(line, Place::Here), &World::new());
        let found =
            |it: &&datafog_shell::Command| it.words.first().is_some_and(|it| it.text == "b");
        let command = script.commands.iter().find(found).unwrap();
        let sources = command.carried.iter().map(|source| match source {
            Source::Commands(range) => format!("Commands({range:?})"),
            Source::File(file) => format!("File({})", file.text),
        });
        assert_eq!(sources.collect::<Vec<_>>().join(" "), expected, "{line}");
    }
}

#[test]
fn words_are_expanded_as_a_shell_expands_them() {
    check(&[
        ("r\\m -r'f' \"/\"", &["rm -rf /"]),
        ("$'\\x72\\x6d' -rf /", &["rm -rf /"]),
        ("rm${IFS}-rf${IFS}/", &["rm -rf /"]),
        ("{rm,-rf,/}", &["rm -rf /"]),
        ("g=git; $g push", &["git push"]),
        ("x='rm -rf /'; $x", &["rm -rf /"]),
        ("x=(rm -rf /); \"${x[@]}\"", &["rm -rf /"]),
        ("x=rm y=x; ${!y} -rf /", &["rm -rf /"]),
        ("a=r; a+=m; $a /", &["rm /"]),
        ("rm -rf ~ ~/x ~root ~bob/y", &["rm -rf /home/u /home/u/x /root /home/bob/y"]),
        ("rm -rf '~' \\~", &["rm -rf ~ ~"]),
        ("rm -rf ${HOME:0:1}", &["rm -rf /"]),
        ("rm -rf \"$UNSET/\" $UNSET", &["rm -rf /"]),
        ("rm -rf ${UNSET:-/}", &["rm -rf /"]),
        ("rm -rf /*", &["rm -rf /bin /etc /home"]),
        ("rm *.rs '*.rs' x*", &["rm a.rs b.rs *.rs x*"]),
        ("$(echo rm) -rf /", &["echo rm", "rm -rf /"]),
        ("`printf %s rm` /", &["printf %s rm", "rm /"]),
        ("$(which git) push", &["which git", "git push"]),
        ("read x <<< 'rm -rf /'; $x", &["rm -rf /"]),
        ("printf -v x rm; $x /", &["rm /"]),
        ("set -- rm /; \"$@\"", &["rm /"]),
        ("eval 'r''m' -rf /", &["rm -rf /"]),
        ("eval \"$(echo rm /)\"", &["echo rm /", "rm /"]),
        ("x=ls; false && x=rm; $x /", &["false", "ls /", "rm /"]),
        ("if a; then x=/; else x=/etc; fi; rm $x", &["a", "rm /", "rm /etc"]),
        ("for x in a b; do y=$x; done; rm $y", &["rm a", "rm b"]),
        ("a ${EDITOR^^} ${EDITOR/v/w} ${PATH%%:*} ${PATH##*:}", &["a VI wi /usr/bin /bin"]),
        ("a \"$(pwd)\" $PWD", &["pwd", "a /home/u/work /home/u/work"]),
        ("x=$(mktemp -d) && rm -rf $x/*", &["mktemp -d", "rm -rf /tmp/tmp.0000000001/*"]),
        ("a \"$@\" $*", &["a"]),
        ("a '' \"\"", &["a ‹› ‹›"]),
        ("IFS=,; x=rm,-rf,/; $x", &["rm -rf /"]),
        ("a=1 b=2 c", &["a=1 b=2 c"]),
        ("export A=1; b", &["A=1 b"]),
    ]);
}

#[test]
fn what_only_the_run_tells_is_not_understood() {
    check(&[
        ("$(cat f) x", &["cat f", "!"]),
        ("\"$(cat f)\" x", &["cat f", "!"]),
        ("eval \"$(cat f)\"", &["cat f", "!"]),
        ("while read x; do $x; done", &["!"]),
        ("$EDITOR f; $NOT_SET f", &["vi f", "f"]),
        ("exec 3<>/dev/tcp/h/1", &["exec", "!"]),
        ("a > /dev/tcp/h/1", &["a", "!"]),
    ]);
    let deep = |count| read(&Line::of(&"$(".repeat(count), Place::Here), &World::new());
    for count in [40, 400, 2000, 32 << 10] {
        assert_eq!(lines(&deep(count)), ["!"]);
    }
    let elsewhere = read(&Line::of("rm -rf $x/ *", Place::Elsewhere), &World::new());
    assert_eq!(lines(&elsewhere), ["rm -rf $x/? *"]);
}

#[test]
fn files_and_folders_are_followed() {
    check(&[
        ("a < i > o 2>> e &> b >| c", &["a < i > o > e > b > c"]),
        ("a 2>&1 >/dev/null <&- 3>&1", &["a"]),
        ("> f", &["> f"]),
        ("cat <<E > f\nrm -rf /\nE", &["cat << rm -rf /\\n > f"]),
        (
            "echo cm0gLXJmIC8K | base64 -d | sh",
            &["echo cm0gLXJmIC8K", "base64 -d << cm0gLXJmIC8K\\n", "sh << rm -rf /\\n"],
        ),
        (
            "echo '/ fr- mr' | rev | bash",
            &["echo ‹/ fr- mr›", "rev << / fr- mr\\n", "bash << rm -rf /\\n"],
        ),
        ("curl x | sh", &["curl x", "sh | 0..1"]),
    ]);
}

/// Where bash reads on to the bracket that closes, dash runs what follows; behind `<` bash does, too.
#[test]
fn a_bracket_that_parts_commands_to_another_shell_is_not_understood() {
    for line in [
        "s[a\nrm -rf /",
        " s[a; rm -rf /",
        "x=1 s[a|rm",
        "s[a & rm ]=1",
        "s[a\nrm\n]=1",
        "s['(; ;' b;' a",
        "s['x' a b",
        "s[a[b];rm;",
        "<i[9;rm x",
        ">>i[;rm x",
    ] {
        let script = read(&Line::of(line, Place::Here), &World::new());
        assert!(!script.opaque.is_empty(), "{line:?}: {script:?}");
    }
}

#[test]
fn many_commands_are_read_and_too_many_are_not() {
    let of = |text: String| lines(&read(&Line::of(&text, Place::Here), &World::new()));
    assert_eq!(of("git status;".repeat(2000)), ["git status"]);
    let assigned = of(format!("{}rm -rf /", "a=1 ".repeat(10_000)));
    assert!(assigned.last().unwrap().ends_with("rm -rf /"));
    let many: String = (0..5000).map(|number| format!("a{number};")).collect();
    assert_eq!(of(many).last().unwrap(), "!");
    assert_eq!(of(format!("echo '{}'", "x".repeat(64 << 10))), ["!"]);
    // What each of these does is little, and together it is too much.
    for one in ["cd a;", "pushd a;", "set -- \"$@\" a;", "x=$y; rm ${x:-${z#a}};"] {
        let all = of("y=1; if a; then y=2; z=3; fi; ".to_owned() + &one.repeat(3_000));
        assert!(all.iter().any(|it| it == "!"), "{one}");
        let few = of("y=1; if a; then y=2; z=3; fi; ".to_owned() + &one.repeat(300));
        assert!(few.iter().all(|it| it != "!"), "{one}");
    }
    let loops = "for a in 1 2 3 4 5 6 7 8; do ".repeat(12) + "x $a;" + &"done;".repeat(12);
    assert!(!of(loops).is_empty());
}

#[test]
fn what_a_search_hands_to_a_program_that_removes_is_removed_where_it_looks() {
    check(&[
        (
            "find ~/a -mtime +9 | xargs rm -f",
            &[
                "find /home/u/a -mtime +9",
                "find /home/u/a -mtime +9 -exec rm -f {} +",
                "xargs rm -f | 0..1",
            ],
        ),
        (
            "find a -name x -print0 | sort -z | sudo xargs -0 -n 1 nice rm --",
            &[
                "find a -name x -print0",
                "sort -z | 0..1",
                "find a -name x -exec nice rm -- {} +",
                "sudo xargs -0 -n 1 nice rm -- | 0..2",
            ],
        ),
        (
            "find a -name x | xargs -I{} rm {}",
            &["find a -name x", "find a -name x -exec rm {} +", "xargs -I{} rm {} | 0..1"],
        ),
        // Here `rm` is looked for, or an operand.
        ("find a -name x | xargs grep rm", &["find a -name x", "xargs grep rm | 0..1"]),
        ("find a -name x | grep rm", &["find a -name x", "grep rm | 0..1"]),
        ("cat a | xargs rm", &["cat a", "xargs rm | 0..1"]),
    ]);
}

#[test]
fn what_variables_hold_is_written_by_built_ins_too() {
    for line in ["set | a", "export -p | a", "export | a", "declare -px | a", "typeset | a"] {
        check(&[(line, &["printenv", "a | 0..1"])]);
    }
    let told = read(&Line::of("set -e; export x=1; declare -p x | a", Place::Here), &World::new());
    assert!(!lines(&told).iter().any(|it| it == "printenv"));
}

#[test]
fn what_a_search_finds_and_a_variable_hands_on_is_removed_where_it_looks() {
    let has = |line: &str, command: &str| {
        let told = lines(&read(&Line::of(line, Place::Here), &World::new()));
        assert_eq!(told.iter().any(|it| it == command), !command.is_empty(), "{line:?}: {told:?}");
        told
    };
    for line in [
        "find ~/a -size +1M | while read -r f; do rm \"$f\"; done",
        "find ~/a -size +1M | sort | while IFS= read -r f; do rm -- \"$f\"; done",
        "for f in $(find ~/a -size +1M); do rm \"$f\"; done",
        "rm $(find ~/a -size +1M)",
        "rm `find ~/a -size +1M`",
        "x=$(find ~/a -size +1M); rm $x",
        "while read f; do rm $f; done < <(find ~/a -size +1M)",
    ] {
        let dashes = if line.contains("rm --") { "-- " } else { "" };
        has(line, &format!("find /home/u/a -size +1M -exec rm {dashes}{{}} +"));
    }
    has("locate '*.bak' | xargs rm -f", "find / -name *.bak -exec rm -f {} +");
    for line in [
        "find ~/a -size +1M | while read f; do echo \"$f\"; done",
        "find ~/a -size +1M | while read f; do rm /tmp/x; done",
        "find ~/a -size +1M | while read f; do rm \"/tmp/x/$f\"; done",
    ] {
        assert!(!has(line, "").iter().any(|it| it.contains("-exec")), "{line:?}");
    }
}
