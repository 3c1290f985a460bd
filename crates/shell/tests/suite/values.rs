//! What variables, lists and words behind `set` hold, as shells have it.

use datafog_shell::{Line, Place, read};

use crate::support::{World, lines};

fn found(line: &str) -> Vec<String> {
    lines(&read(&Line::of(line, Place::Here), &World::new()))
}

/// Each line runs the command; other shells may run another one.
fn runs(table: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (line, expected) in table {
        let found = found(line);
        let words = |it: &String| it.split(" << ").next().unwrap_or_default().to_owned();
        if !found.iter().map(words).any(|it| it.ends_with(expected)) {
            wrong.push(format!("{line}\n  expected {expected:?}\n  found    {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn never(table: &[(&str, &str)]) {
    for (line, refused) in table {
        let found = found(line);
        assert!(!found.iter().any(|it| it.ends_with(refused)), "{line}: {found:?}");
    }
}

#[test]
fn words_behind_set_are_counted_as_shells_count_them() {
    runs(&[
        ("set /; rm $1", "rm /"),
        ("set -e /; rm $1", "rm /"),
        ("set -o pipefail /; rm $1", "rm /"),
        ("set -- -e /; rm $2", "rm /"),
        ("f() { shift 3; rm $1; }; f / a", "rm /"),
        ("set -- a /; shift $(c); rm $1", "rm /"),
        ("set -- a /; rm ${@:2}", "rm /"),
        ("set -- a /; rm ${@: -1}", "rm /"),
        ("set -- a /; rm ${*:2:1}", "rm /"),
        ("set -- a /; rm ${!#}", "rm /"),
        ("set -- a /; rm ${@:$#}", "rm /"),
        ("set -- a //; rm ${@%/}", "rm a /"),
        ("set -- a; c || set -- /; rm $@", "rm / a"),
        ("IFS=-; set -- a b; rm \"$*\"", "rm a-b"),
        ("set -A x / a; rm $x", "rm /"),
        ("set -- a /; for i; do c; done; rm $i", "rm /"),
    ]);
    never(&[
        ("set -- a /; shift; rm ${1:-x}", "rm a"),
        ("set -- a; [ $# -gt 1 ] && rm $2/b", "rm /b"),
        ("f() { while [ $# -gt 0 ]; do rm $1/b; shift; done; }; f x y", "rm /b"),
        ("f() { [ -n \"$2\" ] || return; rm $2/b; }; f x", "rm /b"),
        ("f() { if [ -n \"$2\" ]; then rm $2/b; fi; }; f x", "rm /b"),
        ("f() { case ${2:-} in '') ;; *) rm $2/b;; esac; }; f x", "rm /b"),
        ("x=; [ -n \"$x\" ] && rm $x/b", "rm /b"),
        ("[ $# -ge 1 ] || exit; rm $1/b", "rm /b"),
        ("[ $# -eq 0 ] && exit 1; rm $1/b", "rm /b"),
    ]);
}

#[test]
fn lists_hold_what_they_are_given() {
    runs(&[
        ("x=(a /); rm ${x[1]}", "rm /"),
        ("x=(a); x+=(/); rm ${x[1]}", "rm /"),
        ("x=(a); x[1]=/; rm ${x[@]}", "rm a /"),
        ("x=(a); x[0]=/; rm $x", "rm /"),
        ("x=a; x[0]=/; rm $x", "rm /"),
        ("x=(a /); x=b; rm ${x[1]}", "rm /"),
        ("x=([3]=/ [1]=a); rm ${x[3]}", "rm /"),
        ("x=(a /); rm ${x[-1]}", "rm /"),
        ("x=(a /); i=1; rm ${x[i]} ${x[$i]}", "rm / /"),
        ("x=(a /); rm ${x[1+0]}", "rm /"),
        ("x=(a /); for ((i=0;i<2;i++)); do rm ${x[i]}; done", "rm /"),
        ("x=(a /); i=0; while c; do rm ${x[i]}; ((i++)); done", "rm /"),
        ("x=(a /); rm ${x[@]:1}", "rm /"),
        ("x=(a b/); rm ${x[@]%/}", "rm a b"),
        ("x=(a b); rm ${x[@]/b/c}", "rm a c"),
        ("x=(a /); rm \"${x[@]+\"${x[@]}\"}\"", "rm a /"),
        ("x=(a /); for i in ${!x[@]}; do rm ${x[i]}; done", "rm /"),
        ("declare -A x=([k]=/ [j]=a); rm ${x[k]}", "rm /"),
        ("declare -A x; x[k]=/; rm ${x[k]}", "rm /"),
        ("declare -A x=([k]=/); rm ${!x[@]}", "rm k"),
        ("declare -a x=(a /); rm ${x[1]}", "rm /"),
        ("f() { local -a x=(a /); rm ${x[1]}; }; f", "rm /"),
        ("readonly x=(a /); rm ${x[1]}", "rm /"),
        // zsh counts from one, and a list by its name is all of it.
        ("x=(/ a); rm ${x[1]}", "rm /"),
        ("x=(a /); rm $x", "rm a /"),
        ("x=(/ a); rm $x[1]", "rm /"),
        ("x=/a; rm $x[1]", "rm /"),
        ("x=(a); c && x=(/); rm ${x[0]}", "rm /"),
    ]);
    never(&[
        ("x=(a /); rm ${x[0]}", "rm /"),
        ("declare -A x=([k]=/ [j]=a); rm ${x[j]}", "rm /"),
        ("x=(a b); for p in ${!x[@]}; do rm $p; done", "rm /"),
    ]);
}

#[test]
fn built_ins_set_what_they_are_told_to() {
    runs(&[
        ("x=a; printf -vx /; rm $x", "rm /"),
        ("x=a; printf -v x -- /; rm $x", "rm /"),
        ("x=a; printf -v 'x[0]' /; rm $x", "rm /"),
        ("declare -n x=y; y=/; rm $x", "rm /"),
        ("y=a; declare -n x=y; x=/; rm $y", "rm /"),
        ("readonly x=/; export x=a; rm $x", "rm /"),
        ("readonly x=/; unset x; rm $x", "rm /"),
        ("x=/; export x+=a; rm $x", "rm /a"),
        ("declare -u x=a; rm $x", "rm A"),
        ("x=ab; rm ${x/#a//} ${x/%b/c} ${x/?/c}", "rm /b ac cb"),
        ("x=a.b.c; rm ${x%.*} ${x//./-}", "rm a.b a-b-c"),
        ("x=a; c && x=/; rm $(echo $x)", "rm /"),
        ("x=a; c && x=/; y=$(echo $x); rm $y", "rm /"),
        ("x=a; c && x=/; for i in $x; do rm $i; done", "rm /"),
        ("rm ${RANDOM_WORD:-/}", "rm /"),
        ("rm ${FUNCNAME:-/}", "rm /"),
        ("rm ${BASH_VERSION:+/}", "rm /"),
    ]);
}

#[test]
fn what_comes_in_is_read_as_read_reads_it() {
    runs(&[
        ("{ read a; read b; } <<< $'x\n/'; rm $b", "rm /"),
        ("IFS=: read a b <<< x:/; rm $b", "rm /"),
        ("IFS=: read -r a b <<< x:y:z; rm $b", "rm y:z"),
        ("read <<< /; rm $REPLY", "rm /"),
        ("x=a; read -rp '> ' x <<< /; rm $x", "rm /"),
        ("read -ra x <<< 'a /'; rm ${x[1]}", "rm /"),
        ("mapfile -t x <<< $'a\n/'; rm ${x[1]}", "rm /"),
        ("readarray -t < <(c); x=/; rm $x", "rm /"),
        ("while IFS=: read -r a x; do rm $x; done <<< a:/", "rm /"),
        ("printf 'a\\n/\\n' | { read a; read b; rm $b; }", "rm /"),
        ("set -- -d /; getopts d: o; rm $OPTARG", "rm /"),
        ("f() { while getopts d: o; do rm $OPTARG; done; }; f -d/", "rm /"),
        ("x=a; echo / | read x; rm $x", "rm /"),
        ("while read -r a b; do rm $b; done < <(echo a /)", "rm /"),
        ("mapfile -t x < <(printf '%s\\n' a /); rm ${x[1]}", "rm /"),
        ("x=/; read x < nosuch; rm $x", "rm /"),
    ]);
}

#[test]
fn traps_and_files_that_cannot_be_opened_leave_what_was() {
    runs(&[
        ("trap 'x=/' DEBUG; x=a; rm $x", "rm /"),
        ("trap 'x=/' USR1; x=a; rm $x", "rm /"),
        ("x=a; trap 'rm $x' DEBUG; x=/; c; x=b", "rm /"),
        ("x=/; trap 'x=a' EXIT; rm $x", "rm /"),
        ("(trap 'rm $x' EXIT; x=/)", "rm /"),
        ("x=/; for x in \"${y[@]}\"; do c; done; rm $x", "rm /"),
        ("x=/; x=a > /no/such/f; rm $x", "rm /"),
        ("x=/; export x=a < nosuch; rm $x", "rm /"),
        ("x=/; f() { x=a; }; f < nosuch; rm $x", "rm /"),
        ("x=/; { x=a; } < nosuch; rm $x", "rm /"),
        ("x=/; f() { x=a; } < nosuch; f; rm $x", "rm /"),
        ("set -- /; set -- a < nosuch; rm $1", "rm /"),
    ]);
    never(&[("x=/; x=a > f; rm $x", "rm /"), ("x=/; x=a 2>&1; rm $x", "rm /")]);
}

#[test]
fn what_is_known_not_to_be_empty_is_not() {
    never(&[
        ("x=; c && x=a; [ ! -n \"$x\" ] && exit; rm $x/b", "rm /b"),
        ("x=; c && x=a; [ \"x$x\" = x ] && exit; rm $x/b", "rm /b"),
        ("x=; c && x=a; [ \"$x\" = \"\" ] && exit; rm $x/b", "rm /b"),
        ("x=; c && x=a; [[ $x == '' ]] && exit; rm $x/b", "rm /b"),
        ("x=; c && x=a; [[ -z $x || ! -d $x ]] && exit; rm $x/b", "rm /b"),
        ("x=; c && x=a; if [ -n \"$x\" ] && [ -d y ]; then rm $x/b; fi", "rm /b"),
        ("x=; c && x=a; if [ -d \"$x\" ]; then rm $x/b; fi", "rm /b"),
        ("x=; c && x=a; while [ -n \"$x\" ]; do rm $x/b; done", "rm /b"),
        ("x=; c && x=a; case $x in '') ;; *) rm $x/b;; esac", "rm /b"),
        ("x=; c && x=a; case $x in a*) rm $x/b;; esac", "rm /b"),
        ("set -e; x=; c && x=a; test -n \"$x\"; rm $x/b", "rm /b"),
    ]);
    runs(&[
        ("x=; c && x=a; if [ -n \"$x\" ] || c; then rm $x/b; fi", "rm /b"),
        ("x=; c && x=a; if [ -n \"$x\" ] && x=; then rm $x/b; fi", "rm /b"),
        ("x=; c && x=a; case $x in *) rm $x/b;; esac", "rm /b"),
        ("x=; c && x=a; [ -d $x ] && rm $x/b", "rm /b"),
        ("x=; c && x=a; test -n \"$x\"; rm $x/b", "rm /b"),
    ]);
}

#[test]
fn names_with_numbers_are_known() {
    runs(&[
        ("x=/tmp/w-$$; rm $x/a", "rm /tmp/w-9999999999/a"),
        ("x=/tmp/w-$(date +%F); rm $x", "rm /tmp/w-9999-99-99"),
        ("x=$(mktemp -d /tmp/w.XXXXXX); rm $x", "rm /tmp/w.0000000001"),
        ("x=$(mktemp -d -t w.XXXX); rm $x", "rm /tmp/w.0000000001"),
        ("x=/tmp/w-$$; rm ${x%/*}", "rm /tmp"),
        ("x=$(git rev-parse --show-toplevel || pwd); rm $x/a", "rm /home/u/work/a"),
        ("x=$(true && echo a); rm $x", "rm a"),
        ("x=$(false || echo a); rm $x", "rm a"),
    ]);
    // Of what depends on the number nothing is said.
    never(&[("x=/$$; rm ${x:3}", "rm 99999999"), ("x=$$; rm /${x%%?*}", "rm /")]);
}
