//! Policies that ask for more memory or time than there is.

use std::fs;
use std::path::Path;

use nix::sys::resource::{UsageWho, getrusage};

use crate::support::Install;

/// Most memory that any process which was started here may have had, in KiB: that of the evaluating
/// process is bounded to 256 MiB of addresses.
const MOST_KIB: i64 = 300 << 10;

fn doubling(rule: &str, first: &str) -> String {
    let line = |(this, next): (u32, u32)| {
        rule.replace("NEXT", &next.to_string()).replace("THIS", &this.to_string())
    };
    let lines: String = (0..40).zip(1..=40).map(line).collect();
    format!("package p\nallow := x40 == 1\nx0 := {first}\n{lines}")
}

#[test]
fn a_rego_policy_that_asks_for_all_memory_is_a_denial_and_takes_little() {
    let install = Install::new(&["git"]);
    let hostile = [
        ("range", "package p\nallow := count(numbers.range(1, 1000000000)) > 0\n".to_owned()),
        ("text", doubling("xNEXT := concat(\"\", [xTHIS, xTHIS])\n", "\"aaaaaaaa\"")),
        ("list", doubling("xNEXT := array.concat(xTHIS, xTHIS)\n", "[1, 2]")),
        (
            "shared",
            doubling("xNEXT := [xTHIS, xTHIS]\n", "[1]")
                .replace("allow := x40 == 1", "allow := json.marshal(x40) == \"\""),
        ),
        ("number", doubling("xNEXT := xTHIS * xTHIS\n", "12345678901234567890")),
        ("replace", doubling("xNEXT := replace(xTHIS, \"a\", \"aaaaaaaaaaaaaaaa\")\n", "\"a\"")),
        ("shift", "package p\nallow := bits.lsh(1, 100000000000) > 0\n".to_owned()),
    ];
    for (name, text) in hostile {
        let path = install.work().join(format!("{name}.rego"));
        fs::write(&path, text).unwrap();
        assert_denied(&install, &path);
    }
    assert_little_memory();
}

#[test]
fn a_module_that_asks_for_all_memory_or_all_time_is_a_denial_and_takes_little() {
    let install = Install::new(&["git"]);
    let module = |body: &str| {
        format!(
            "(module (memory (export \"memory\") 2)\n\
             (func (export \"allocate\") (param i32) (result i32) (i32.const 1024))\n\
             (func (export \"evaluate\") (param i32 i32 i32 i32) (result i32) {body}))"
        )
    };
    for (name, body) in [
        (
            "grows",
            "(loop (br_if 0 (i32.ne (memory.grow (i32.const 1000)) (i32.const -1)))) (i32.const 0)",
        ),
        ("spins", "(loop (br 0)) (i32.const 0)"),
        ("recurses", "(call 1 (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))"),
    ] {
        let path = install.work().join(format!("{name}.wasm"));
        fs::write(&path, wat::parse_str(module(body)).unwrap()).unwrap();
        assert_denied(&install, &path);
    }
    assert_little_memory();
}

/// Asserts that the policy denies what it is asked about.
#[track_caller]
fn assert_denied(install: &Install, policy: &Path) {
    let check = ["check", "--json", "--policy"].map(std::ffi::OsStr::new);
    let check = install.datafog(check).args([policy]).args(["--", "git", "status"]).run();
    let name = policy.display();
    assert_eq!(check.code(), 1, "{name}: {}{}", check.stdout(), check.stderr());
    assert_eq!(check.json()["decision"], "deny", "{name}");
}

/// Asserts that no process started so far took more memory than a policy may.
#[track_caller]
fn assert_little_memory() {
    let most = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss();
    assert!(most < MOST_KIB, "{most} KiB");
}
