//! AgentGov: Rego in both syntaxes, modules of both interfaces, and what they must not do.

use datafog_core::Verdict;
use serde_json::{Value, json};

use super::{shown, tool};
use crate::{Call, Format, NoFiles, Policy};
use Verdict::{Allow, Deny, RequireApproval as Ask};

fn rego(text: &str) -> Policy {
    Policy::load(text.as_bytes(), "p.rego", None, &NoFiles)
        .unwrap_or_else(|faults| panic!("{}", shown(&faults)))
}

fn wasm(bytes: &[u8]) -> Result<Policy, String> {
    Policy::load(bytes, "p.wasm", None, &NoFiles).map_err(|faults| shown(&faults))
}

fn says(policy: &Policy, arguments: Value) -> Verdict {
    policy.decide(&tool("x", arguments)).verdict
}

#[test]
fn v1_then_v0_and_any_package() {
    let v1 = rego(
        "package policy\nimport rego.v1\ndefault allow := false\nallow if input.args.a == 1\n",
    );
    assert_eq!((v1.format(), v1.id()), (Format::AgentGov, "p"));
    assert!(v1.notices().is_empty());
    assert_eq!((says(&v1, json!({"a": 1})), says(&v1, json!({"a": 2}))), (Allow, Deny));
    let v0 = rego("package a.b.c\ndefault allow = false\nallow {\n  input.args.a == 1\n}\n");
    assert!(shown(v0.notices()).contains("read as Rego v0"));
    assert_eq!((says(&v0, json!({"a": 1})), says(&v0, json!({}))), (Allow, Deny));
    let all = rego("package policy\n\ndefault allow = true\n");
    assert_eq!(says(&all, json!({})), Allow);
}

#[test]
fn sets_objects_and_reasons() {
    let policy = rego(include_str!("../../policies/agentgov-shipped.rego"));
    let ask = |name: &str, arguments: Value| policy.decide(&tool(name, arguments));
    assert_eq!(ask("read", json!({"parameters": {"path": "a"}})).verdict, Allow);
    let held = ask("db", json!({"action": "read", "parameters": {"column": "SSN"}}));
    assert_eq!((held.verdict, &*held.reason), (Ask, "a sensitive word"));
    assert_eq!(ask("db", json!({"action": "delete_rows", "parameters": {}})).verdict, Ask);
    assert_eq!(ask("db", json!({"action": "update", "parameters": {"count": 5000}})).verdict, Ask);
    let denied = ask("db", json!({"action": "delete", "parameters": {"count": 20000}}));
    assert_eq!((denied.verdict, &*denied.reason), (Deny, "more than 10000 rows at once"));
    let object = rego(
        "package p\ndecision := {\"allow\": false, \"human_required\": true, \"reason\": \"ask Ann\"}\n",
    );
    let decision = object.decide(&Call::default());
    assert_eq!((decision.verdict, &*decision.reason), (Ask, "ask Ann"));
}

#[test]
fn undefined_and_errors_deny() {
    for text in [
        "package p\n",
        "package p\nallow if input.args.nothing\n",
        "package p\nallow := \"yes\"\n",
        "package p\ndeny contains \"x\" if false\n",
        "package p\nallow := true\nallow := false if input.tool\n",
        "package p\nallow if 1 / input.args.zero > 0\n",
        "package p\nallow if to_number(\"x\") > 0\n",
        "package p\nallow if regex.match(\"(\", \"x\")\n",
    ] {
        let decision = rego(text).decide(&tool("x", json!({"zero": 0})));
        assert_eq!(decision.verdict, Deny, "{text}: {}", decision.reason);
    }
    let failed = rego("package p\nallow if to_number(\"x\") > 0\n").decide(&tool("x", json!({})));
    assert!(failed.reason.contains("p.rego:2:"), "{}", failed.reason);
}

#[test]
fn endless_work_is_stopped() {
    let policy = rego(
        "package p\nallow if count([1 | some a in numbers.range(1, 3000); some b in numbers.range(1, 3000); a * b == 7]) > 0\n",
    );
    let started = std::time::Instant::now();
    let decision = policy.decide(&Call::default());
    assert_eq!(decision.verdict, Deny);
    assert!(
        started.elapsed().as_secs() < 5 && decision.reason.contains("time"),
        "{}",
        decision.reason
    );
}

#[test]
fn the_same_question_has_the_same_answer() {
    let policy = rego(include_str!("../../policies/agentgov-shipped.rego"));
    let call = tool("db", json!({"action": "delete secret", "parameters": {"count": 20000}}));
    let first = policy.decide(&call);
    for _ in 0..50 {
        assert_eq!(policy.decide(&call), first);
    }
}

#[test]
fn what_reaches_out_or_is_not_there_is_refused_with_its_place() {
    for (line, said) in [
        ("allow if http.send({\"url\": \"http://x\"}).status == 200", "reaches out"),
        ("allow if net.lookup_ip_addr(\"x\")", "reaches out"),
        ("allow if opa.runtime().env.X == 1", "reaches out"),
        ("allow if io.jwt.decode(\"x\")", "`io.jwt.decode` is not there"),
        ("allow if time.now_ns() > 0", "`time.now_ns` is not there"),
        ("allow if regex.mtch(\"a\", \"b\")", "did you mean `regex.match`?"),
        ("allow if frobnicate(1)", "could not find function"),
        ("allow if {", "not Rego"),
        ("allow if x ==", "not Rego"),
    ] {
        let text = format!("package p\n# http.send(\nx := \"http.send(\"\n{line}\n");
        let faults = Policy::load(text.as_bytes(), "p.rego", None, &NoFiles).expect_err(line);
        let told = shown(&faults);
        assert!(told.contains(said), "{line}: {told}");
        assert!(told.contains("p.rego:4:") || told.contains("p.rego:5:"), "{line}: {told}");
    }
    for text in [
        &"(".repeat(5000),
        &format!("package p\nx := {}1{}\n", "[".repeat(3000), "]".repeat(3000)),
        "",
        "\u{feff}",
        "package",
        &format!("package p\nx := {}1{}\n", "(".repeat(11), ")".repeat(11)),
        &format!("package p\nx := {}\n", "[".repeat(10)),
    ] {
        assert!(Policy::load(text.as_bytes(), "p.rego", None, &NoFiles).is_err());
    }
}

/// A module of AgentGov's interface that answers with `answer`, after running `code`.
fn module(answer: &str, code: &str) -> Vec<u8> {
    let (escaped, length) = (answer.replace('"', "\\\""), answer.len().saturating_add(1));
    let text = format!(
        r#"(module
          (import "env" "log" (func $log (param i32 i32)))
          (import "env" "get_env" (func $env (param i32 i32 i32 i32) (result i32)))
          (memory (export "memory") 2)
          (global $next (mut i32) (i32.const 4096))
          (data (i32.const 16) "{escaped}\00")
          (func (export "allocate") (param $size i32) (result i32)
            (global.get $next)
            (global.set $next (i32.add (global.get $next) (local.get $size))))
          (func (export "evaluate") (param $in i32) (param $len i32) (param $out i32) (param $max i32) (result i32)
            {code}
            (memory.copy (local.get $out) (i32.const 16) (i32.const {length}))
            (i32.const 0)))"#
    );
    wat::parse_str(text).unwrap()
}

#[test]
fn agentgov_modules() {
    for (answer, verdict) in [
        (r#"{"allow":true,"reason":"fine"}"#, Allow),
        (r#"{"allowed":true,"confidence":1}"#, Allow),
        (r#"{"allow":true,"human_required":true}"#, Ask),
        (r#"{"allowed":false}"#, Deny),
        ("{}", Deny),
        ("not json", Deny),
        ("", Deny),
    ] {
        let policy = wasm(&module(answer, "")).unwrap();
        assert_eq!(says(&policy, json!({"a": "é"})), verdict, "{answer}");
    }
    let no_environment = "(if (i32.ne (call $env (i32.const 16) (i32.const 1) (i32.const 0) (i32.const 9)) (i32.const -1)) (then unreachable))";
    assert_eq!(
        says(&wasm(&module(r#"{"allow":true}"#, no_environment)).unwrap(), json!({})),
        Allow
    );
    for (code, said) in [
        ("(loop $l (br $l))", "too many steps"),
        ("(drop (memory.grow (i32.const 5000)))", ""),
        ("unreachable", "unreachable"),
        ("(return (i32.const 3))", "returned 3"),
        ("(drop (i32.load (i32.const -4)))", "out of bounds"),
    ] {
        let decision = wasm(&module(r#"{"allow":true}"#, code)).unwrap().decide(&Call::default());
        assert!(
            decision.verdict == Deny && decision.reason.contains(said),
            "{code}: {}",
            decision.reason
        );
    }
}

/// A module of OPA's interface whose one entry point gives `result`; `builtins` names functions it
/// wants of its host.
fn opa(result: &str, builtins: &str) -> Vec<u8> {
    let text = |text: &str| text.replace('"', "\\\"");
    let answer = format!("[{{\"result\":{result}}}]");
    let module = format!(
        r#"(module
          (import "env" "memory" (memory 2))
          (import "env" "opa_abort" (func (param i32)))
          (import "env" "opa_builtin1" (func (param i32 i32 i32) (result i32)))
          (global $next (mut i32) (i32.const 8192))
          (data (i32.const 1024) "{}\00")
          (data (i32.const 2048) "{{\"p/allow\":0}}\00")
          (data (i32.const 3072) "{}\00")
          (func (export "opa_malloc") (param $size i32) (result i32)
            (global.get $next)
            (global.set $next (i32.add (global.get $next) (local.get $size))))
          (func (export "opa_heap_ptr_get") (result i32) (global.get $next))
          (func (export "opa_json_parse") (param i32 i32) (result i32) (i32.const 4))
          (func (export "opa_json_dump") (param i32) (result i32) (local.get 0))
          (func (export "entrypoints") (result i32) (i32.const 2048))
          (func (export "builtins") (result i32) (i32.const 3072))
          (func (export "opa_eval") (param i32 i32 i32 i32 i32 i32 i32) (result i32) (i32.const 1024)))"#,
        text(&answer),
        text(builtins)
    );
    wat::parse_str(module).unwrap()
}

fn bundle(files: &[(&str, &[u8])]) -> Vec<u8> {
    use std::io::Write;
    let mut archive = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        archive.append_data(&mut header, name, *content).unwrap();
    }
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&archive.into_inner().unwrap()).unwrap();
    packed.finish().unwrap()
}

#[test]
fn opa_modules_raw_and_in_a_bundle() {
    for (result, verdict) in [
        ("true", Allow),
        ("false", Deny),
        (r#"{"allow":true}"#, Allow),
        ("null", Deny),
        (r#""allow""#, Allow),
    ] {
        let module = opa(result, "{}");
        assert_eq!(says(&wasm(&module).unwrap(), json!({})), verdict, "{result}");
        let bundle = bundle(&[
            ("./policy.wasm", &module),
            ("data.json", b"{\"a\":1}"),
            (".manifest", b"{}"),
        ]);
        assert_eq!(says(&wasm(&bundle).unwrap(), json!({})), verdict, "{result}");
    }
    let told = wasm(&opa("true", "{\"http.send\":0}")).unwrap_err();
    assert!(told.contains("http.send"), "{told}");
}

#[test]
fn modules_that_want_more_or_are_none_are_refused() {
    let wants = |import: &str| {
        let text = format!(
            "(module (import {import} (func)) (memory (export \"memory\") 1) (func (export \"allocate\") (param i32) (result i32) (i32.const 0)) \
             (func (export \"evaluate\") (param i32 i32 i32 i32) (result i32) (i32.const 0)))"
        );
        wasm(&wat::parse_str(text).unwrap()).unwrap_err()
    };
    for import in
        ["\"wasi_snapshot_preview1\" \"fd_write\"", "\"env\" \"http_get\"", "\"env\" \"opa_abort\""]
    {
        assert!(wants(import).contains("asks for"), "{import}");
    }
    let empty = wat::parse_str("(module)").unwrap();
    assert!(wasm(&empty).unwrap_err().contains("neither"));
    for bytes in [
        &b"\0asm"[..],
        b"\0asm\x01\0\0\0\xff",
        b"\x1f\x8b",
        b"\x1f\x8b\x08\0\0\0\0\0",
        &bundle(&[("x", b"y")]),
        &bundle(&[("policy.wasm", b"no")]),
    ] {
        assert!(wasm(bytes).is_err());
    }
    let bad = bundle(&[("policy.wasm", &opa("true", "{}")), ("data.json", b"{")]);
    assert!(wasm(&bad).unwrap_err().contains("data.json"));
    let bomb = bundle(&[("policy.wasm", &vec![0; 20 << 20])]);
    assert!(wasm(&bomb).unwrap_err().contains("unpacks to more"));
}

#[test]
fn every_function_that_is_said_to_be_there_is() {
    for name in crate::agentgov::there() {
        // Whatever it says about the arguments, it is found.
        let text = format!("package p\nallow if {name}(1, 2, 3, 4, 5, 6)\n");
        let told = match Policy::load(text.as_bytes(), "p.rego", None, &NoFiles) {
            Ok(policy) => policy.decide(&Call::default()).reason.into_owned(),
            Err(faults) => shown(&faults),
        };
        assert!(!told.contains("could not find function"), "{name}: {told}");
    }
}
