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

/// The common parts of a module of AgentGov's own interface.
const ALLOCATE: &str = "(func (export \"allocate\") (param i32) (result i32) (i32.const 1024))";
const EVALUATE: &str =
    "(func (export \"evaluate\") (param i32 i32 i32 i32) (result i32) (i32.const 0))";
const MEMORY: &str = "(memory (export \"memory\") 2)";

/// One that writes this answer.
fn answering(answer: &str, code: i32) -> String {
    let length = answer.len();
    let escaped: String = answer.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    format!(
        "(module {MEMORY} (data (i32.const 16) \"{escaped}\") {ALLOCATE}
         (func (export \"evaluate\") (param i32 i32 i32 i32) (result i32)
           (memory.copy (local.get 2) (i32.const 16) (i32.const {length})) (i32.const {code})))"
    )
}

#[test]
fn a_module_that_is_broken_in_any_way_is_a_denial_with_a_reason() {
    let install = Install::new(&["git"]);
    let module = |parts: &[&str]| format!("(module {})", parts.concat());
    let texts = [
        ("nothing-exported", module(&[])),
        ("no-memory", module(&[ALLOCATE, EVALUATE])),
        ("no-allocate", module(&[MEMORY, EVALUATE])),
        ("no-evaluate", module(&[MEMORY, ALLOCATE])),
        (
            "other-types",
            module(&[
                MEMORY,
                ALLOCATE,
                "(func (export \"evaluate\") (param i64) (result i64) (local.get 0))",
            ]),
        ),
        (
            "traps",
            module(&[
                MEMORY,
                ALLOCATE,
                "(func (export \"evaluate\") (param i32 i32 i32 i32) (result i32) unreachable)",
            ]),
        ),
        (
            "divides-by-nothing",
            module(&[
                MEMORY,
                ALLOCATE,
                "(func (export \"evaluate\") (param i32 i32 i32 i32) (result i32) (i32.div_s (i32.const 1) (i32.const 0)))",
            ]),
        ),
        (
            "allocates-outside",
            module(&[
                MEMORY,
                "(func (export \"allocate\") (param i32) (result i32) (i32.const -8))",
                EVALUATE,
            ]),
        ),
        (
            "imports-what-is-not-there",
            module(&["(import \"env\" \"open_socket\" (func))", MEMORY, ALLOCATE, EVALUATE]),
        ),
        (
            "imports-files",
            module(&[
                "(import \"wasi_snapshot_preview1\" \"fd_write\" (func (param i32 i32 i32 i32) (result i32)))",
                MEMORY,
                ALLOCATE,
                EVALUATE,
            ]),
        ),
        (
            "starts-without-end",
            module(&[MEMORY, ALLOCATE, EVALUATE, "(func $s (loop (br 0))) (start $s)"]),
        ),
        (
            "starts-with-a-trap",
            module(&[MEMORY, ALLOCATE, EVALUATE, "(func $s unreachable) (start $s)"]),
        ),
        ("data-outside", module(&[MEMORY, ALLOCATE, EVALUATE, "(data (i32.const 999999) \"x\")"])),
        ("too-much-memory", module(&["(memory (export \"memory\") 60000)", ALLOCATE, EVALUATE])),
        (
            "opa-without-parts",
            module(&[MEMORY, "(func (export \"opa_eval\") (result i32) (i32.const 0))"]),
        ),
        ("says-nothing", module(&[MEMORY, ALLOCATE, EVALUATE])),
        ("fails", answering("{\"allow\":true}\0", 1)),
        ("no-json", answering("allow\0", 0)),
        ("half-json", answering("{\"allow\":tru\0", 0)),
        ("not-text", answering("\u{80}{\"allow\":true}\0", 0)),
        ("another-type", answering("{\"allow\":1}\0", 0)),
        ("undefined", answering("{}\0", 0)),
    ];
    for (name, text) in texts {
        let path = install.work().join(format!("{name}.wasm"));
        fs::write(&path, wat::parse_str(&text).unwrap()).unwrap();
        assert_refuses(&install, &path);
    }
    let sound = wat::parse_str(answering("{\"allow\":true}\0", 0)).unwrap();
    let cut = &sound[..sound.len() / 2];
    for (name, bytes) in [
        ("empty", &b""[..]),
        ("head-alone", &sound[..8]),
        ("cut", cut),
        ("another-version", b"\0asm\x09\0\0\0"),
        ("garbage", b"\0asm\x01\0\0\0\xff\xff\xff\xff\xff"),
        ("no-module", b"MZ\x90\0 this is something else"),
        ("bundle-of-garbage", b"\x1f\x8b\x08\0\0\0\0\0\0\x03garbage"),
    ] {
        let path = install.work().join(format!("{name}.wasm"));
        fs::write(&path, bytes).unwrap();
        assert_refuses(&install, &path);
    }
    // The same module whole does what it says.
    let path = install.work().join("sound.wasm");
    fs::write(&path, &sound).unwrap();
    let check = ["check", "--policy"].map(std::ffi::OsStr::new);
    install.datafog(check).args([&path]).args(["--", "git", "status"]).run().succeeds();
    assert_little_memory();
}

#[test]
fn a_bundle_without_a_policy_or_larger_than_there_is_room_is_a_denial() {
    let install = Install::new(&["git"]);
    let pack = |name: &str, what: &str, size: usize| {
        let folder = install.work().join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(what), vec![0; size]).unwrap();
        let bundle = install.work().join(format!("{name}.wasm"));
        let tar = std::process::Command::new("tar")
            .args([
                "-C".as_ref(),
                folder.as_os_str(),
                "-czf".as_ref(),
                bundle.as_os_str(),
                what.as_ref(),
            ])
            .status();
        assert!(tar.unwrap().success());
        bundle
    };
    assert_refuses(&install, &pack("no-policy", "data.json", 2));
    assert_refuses(&install, &pack("no-module", "policy.wasm", 10));
    // 200 MB of zeros are a few hundred kilobytes packed.
    assert_refuses(&install, &pack("bomb", "policy.wasm", 200_000_000));
    assert_little_memory();
}

/// Asserts that nothing is allowed by it and that somebody is told why, whether it cannot be loaded
/// or fails when it is asked; and that nothing runs.
#[track_caller]
fn assert_refuses(install: &Install, policy: &Path) {
    let name = policy.display();
    let check = ["check", "--json", "--policy"].map(std::ffi::OsStr::new);
    let check = install.datafog(check).args([policy]).args(["--", "git", "--version"]).run();
    assert!([1, 4].contains(&check.code()), "{name}: {}{}", check.stdout(), check.stderr());
    let told = check.json();
    assert_eq!(told["decision"], "deny", "{name}: {told}");
    assert!(told["reason"].as_str().is_some_and(|why| why.len() > 10), "{name}: {told}");
    let run = ["run", "--policy"].map(std::ffi::OsStr::new);
    let run = install.datafog(run).args([policy]).args(["--", "git", "--version"]).run();
    assert!(!run.stdout().contains("git version"), "{name}");
    assert!([125, 126].contains(&run.code()), "{name}: {}", run.stderr());
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
