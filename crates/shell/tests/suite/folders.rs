//! Where the commands of a line work.

use std::collections::BTreeSet;
use std::path::PathBuf;

use datafog_shell::{Line, Place, read};

use crate::support::World;

/// The folders in which the line may run `x`; `?` where only the run can tell.
fn folders(line: &str) -> BTreeSet<String> {
    let script = read(&Line::of(line, Place::Here), &World::new());
    let is_x = |words: &[datafog_shell::Field]| words.first().is_some_and(|it| it.text == "x");
    let all = script.commands.iter().filter(|it| is_x(&it.words));
    let plain = |folder: &PathBuf| folder.components().collect::<PathBuf>().display().to_string();
    all.map(|it| it.cwd.as_ref().map_or_else(|| "?".to_owned(), plain)).collect()
}

fn check(table: &[(&str, &[&str])]) {
    let mut wrong = Vec::new();
    for (line, expected) in table {
        let found = folders(line);
        let expected: BTreeSet<String> = expected.iter().map(ToString::to_string).collect();
        if found != expected {
            wrong.push(format!("{line}\n  expected {expected:?}\n  found    {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const HERE: &str = "/home/u/work";

/// All that is there is below `/bin`; where a `cd` may fail the line may go on where it was.
#[test]
fn a_folder_is_followed_where_a_cd_is_certain() {
    check(&[
        ("cd /bin; x", &["/bin"]),
        ("cd /bin; cd a/b; cd ..; x", &["/bin/a"]),
        ("cd /bin; (cd a; y); x", &["/bin"]),
        ("cd /bin; cd a & x", &["/bin"]),
        ("cd a && x", &["/home/u/work/a"]),
        ("cd a && cd b && x", &["/home/u/work/a/b"]),
        ("cd a || exit 1; x", &["/home/u/work/a"]),
        ("cd a || { y; exit 1; }; x", &["/home/u/work/a"]),
        ("die() { y; exit 1; }; cd a || die; x", &["/home/u/work/a"]),
        ("if cd a; then x; fi", &["/home/u/work/a"]),
        ("if cd a && y; then x; fi", &["/home/u/work/a"]),
        ("if ! cd a; then x; fi", &[HERE]),
        ("if ! cd a; then exit 1; fi; x", &["/home/u/work/a"]),
        ("! cd a || x", &["/home/u/work/a"]),
        ("set -e; cd a; x", &["/home/u/work/a"]),
        ("set -euo pipefail; cd a; x", &["/home/u/work/a"]),
        ("set -o errexit; cd a; x", &["/home/u/work/a"]),
        ("mkdir a; cd a; x", &["/home/u/work/a"]),
        ("mkdir -p a/b && cd a/b; x", &["/home/u/work/a/b", HERE]),
        ("mkdir -p a/b; cd a; x", &["/home/u/work/a"]),
        ("f() { cd /bin; }; f; x", &["/bin"]),
        ("for i in 1 2; do cd /bin; done; x", &["/bin"]),
        (
            "for d in a b; do cd $d || continue; x; cd ..; done",
            &["/home/u/work/a", "/home/u/work/b"],
        ),
        ("for d in a b; do cd $d || break; cd ..; done; x", &[HERE]),
        ("cd /bin/a; cd -; x", &[HERE]),
        ("cd /bin/a; cd /bin/b; cd \"$OLDPWD\"; x", &["/bin/a"]),
        ("cd \"$(dirname /bin/a/b)\"; x", &["/bin/a"]),
        ("cd \"$(pwd)\"; x", &[HERE]),
        ("cd $(mktemp -d); x", &["/tmp/tmp.0000000001"]),
        ("a=$(mktemp -d); cd $(mktemp -d); x", &["/tmp/tmp.0000000002"]),
        ("TMPDIR=/t; cd $(mktemp -d); x", &["/t/tmp.0000000001"]),
        ("cd /bin/a/b; cd \"$(git rev-parse --show-toplevel)\"; x", &["/bin/a/b"]),
        ("cd -P /bin/a/..; x", &["/bin/a/.."]),
    ]);
}

#[test]
fn behind_a_branch_and_a_cd_that_may_fail_either_folder_holds() {
    check(&[
        ("cd a; x", &["/home/u/work/a", HERE]),
        ("false && cd /bin; x", &["/bin", HERE]),
        ("if y; then cd /bin; fi; x", &["/bin", HERE]),
        ("case $1 in a) cd /bin;; esac; x", &["/bin", HERE]),
        ("while y; do cd /bin; done; x", &["/bin", HERE]),
        ("f() { return; cd /bin; }; f; x", &["/bin", HERE]),
        ("f() { cd /bin; }; y && f; x", &["/bin", HERE]),
        ("f() { y && cd /bin; x; }; f", &["/bin", HERE]),
        // zsh does the last command of a pipeline by itself.
        ("cd /bin; y | cd a; x", &["/bin", "/bin/a"]),
        ("cd /bin more; x", &["/bin", HERE]),
        ("cd \"\"; x", &[HERE]),
        ("cd nosuch || x", &[HERE]),
        ("cd nosuch || y; x", &["/home/u/work/nosuch", HERE]),
        ("y && mkdir a; cd a; x", &["/home/u/work/a", HERE]),
        ("rm -r /bin/a; cd /bin/a/b; x", &["/bin/a/b", HERE]),
        ("rm -r /bin/a; mkdir /bin/a; cd /bin/a; x", &["/bin/a"]),
        ("set -e; f() { cd a; x; }; f || y", &["/home/u/work/a", HERE]),
        ("set -e; set +e; cd a; x", &["/home/u/work/a", HERE]),
        ("y && set -e; cd a; x", &["/home/u/work/a", HERE]),
        ("cd $(y); x", &["?", HERE]),
        ("cd /bin; cd $(y); x", &["?", "/bin"]),
        ("for d in /bin/a /bin/b; do cd $d; x; done", &["/bin/a", "/bin/b"]),
        ("for d in 1 2 3 4 5 6 7 8; do cd /bin/$d; x; done", &["/bin/(below)"]),
        ("trap x EXIT; y && exit; cd /bin", &["/bin", HERE]),
    ]);
}

#[test]
fn what_was_left_is_found_again() {
    check(&[
        ("pushd /bin; x", &["/bin"]),
        ("pushd /bin; popd; x", &[HERE]),
        ("pushd /bin; pushd /bin/a; popd; x", &["/bin"]),
        ("pushd /bin; (popd); x", &["/bin"]),
        ("pushd a; popd; x", &[HERE]),
        ("pushd a; x", &["/home/u/work/a", HERE]),
        ("pushd a && x", &["/home/u/work/a"]),
        ("pushd /bin; pushd; x", &[HERE]),
        ("pushd /bin; pushd +1; x", &["/bin", HERE]),
        ("pushd -n /bin; x", &[HERE]),
        ("pushd -n /bin; popd; x", &["/bin"]),
        ("y && pushd /bin; popd; x", &["/bin", HERE]),
        ("popd; x", &["?"]),
    ]);
}

#[test]
fn relative_folders_are_looked_for_where_the_shell_does() {
    check(&[
        ("CDPATH=/; cd bin; x", &["/bin"]),
        ("CDPATH=/ cd bin; x", &["/bin"]),
        ("CDPATH=/ cd bin; cd /bin/t; cd bin; x", &["/bin/t/bin"]),
        ("CDPATH=/tmp:/; cd bin; x", &["/bin"]),
        ("CDPATH=/; cd etc; x", &["/home/u/work/etc", HERE]),
        ("CDPATH=/; cd ./bin; x", &["/home/u/work/bin", HERE]),
        ("CDPATH=$(y); cd a; x", &["?", HERE]),
    ]);
    for line in [
        "git init a; cd \"$(git rev-parse --show-toplevel)\"; x",
        "GIT_DIR=/bin/a cd /bin; cd \"$(GIT_WORK_TREE=/ git rev-parse --show-toplevel)\"; x",
    ] {
        assert!(folders(line).contains("?"), "{line}");
    }
}
