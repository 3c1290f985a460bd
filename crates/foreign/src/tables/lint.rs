//! Names that match nothing: told by every format, with the name that was meant.

use super::shown;
use crate::{NoFiles, Policy};

/// What a policy says when it is loaded.
fn told(text: &str, path: &str) -> String {
    match Policy::load(text.as_bytes(), path, None, &NoFiles) {
        Ok(policy) => shown(policy.notices()),
        Err(faults) => format!("refused {}", shown(&faults)),
    }
}

#[test]
fn names_that_are_nearly_known_are_told() {
    let datafog = |matching: &str| {
        format!(
            "{{\"policy_id\":\"p\",\"policy_version\":\"1\",\"rules\":[{{\"id\":\"r\",\"effect\":\"deny\",\"match\":{{{matching}}}}}]}}"
        )
    };
    let dataguard = |name: &str| {
        format!(
            "{{\"policy_id\":\"p\",\"rules\":[{{\"rule_id\":\"r\",\"match\":{{\"tool_name\":{{\"in\":[\"{name}\"]}}}},\"action\":\"deny\"}}]}}"
        )
    };
    let enforgate =
        |glob: &str| format!("{{\"rules\":[{{\"tool\":\"{glob}\",\"decision\":\"deny\"}}]}}");
    let pi = |name: &str| format!("roles:\n  a: {{allowed_tools: all, blocked_tools: [{name}]}}\n");
    for (text, path, said) in [
        (datafog(r#""action_types":["shel.exec"]"#), "p.json", "did you mean `shell.exec`?"),
        (datafog(r#""adapters":["vsc"]"#), "p.json", "did you mean `vcs`?"),
        (datafog(r#""tools":["gti"]"#), "p.json", "did you mean `git`?"),
        (dataguard("bsah"), "p.json", "did you mean `bash`?"),
        (dataguard("http_requets"), "p.json", "did you mean `http_request`?"),
        (enforgate("bsah"), "p.json", "did you mean `bash`?"),
        (enforgate("ops/shel"), "p.json", "did you mean `shell`?"),
        (pi("bsah"), "p.yaml", "did you mean `bash`?"),
        (pi("wriet"), "p.yaml", "did you mean `write`?"),
    ] {
        let told = told(&text, path);
        assert!(told.contains(said) && told.contains("may never match"), "{text}: {told}");
    }
    for (text, path) in [
        (datafog(r#""tools":["crm"],"adapters":["vcs"],"action_types":["db.query"]"#), "p.json"),
        (dataguard("crm_lookup"), "p.json"),
        (enforgate("bsa*"), "p.json"),
        (pi("mcp__crm__lookup"), "p.yaml"),
    ] {
        let told = told(&text, path);
        assert!(!told.contains("may never match"), "{text}: {told}");
    }
}

#[test]
fn a_policy_without_rules_says_so() {
    for (text, said) in [
        (r#"{"policy_id":"p","version":"1","rules":[]}"#, "the policy has no rules"),
        (r#"{"name":"p","defaultDecision":"allow","rules":[]}"#, "policy `p` has no rules"),
    ] {
        assert!(told(text, "p.json").contains(said), "{text}");
    }
}

#[test]
fn a_mistyped_root_names_the_key_that_was_meant() {
    for (text, path, said) in [
        (
            "rols:\n  admin: {allowed_tools: all}\n",
            "r.yaml",
            "did you mean `roles`, a key of pi-governance?",
        ),
        ("# x\ndpl:\n  enabled: true\n", "g.yaml", "did you mean `dlp`, a key of pi-governance?"),
        ("{\"polcies\":{}}", "e.json", "did you mean `policies`, a key of enforgate?"),
        ("{\"x\":1}", "x.json", "--format"),
    ] {
        let told = told(text, path);
        assert!(told.starts_with("refused") && told.contains(said), "{text}: {told}");
    }
}

#[cfg(feature = "rego")]
#[test]
fn slips_in_rego_are_told_with_their_line() {
    for (text, said, line) in [
        (
            "package p\ndefault allow := true\n\ndenny contains \"x\" if input.tool == \"a\"\n",
            "did you mean `deny`?",
            ":4:1",
        ),
        (
            "package p\ndefault allow := true\ndeny contains \"x\" if {\n\tinput.args.comand == \"x\"\n}\n",
            "did you mean `command`?",
            ":4:13",
        ),
        (
            "package p\ndefault allow := false\nallow if not destuctive\ndestructive if input.tool == \"x\"\n",
            "`destuctive`",
            ":3:14",
        ),
        ("package p\nallow if inptu.tool == \"x\"\n", "did you mean `input`?", ":2:10"),
    ] {
        let told = told(text, "p.rego");
        assert!(
            told.starts_with("refused") && told.contains(said) && told.contains(line),
            "{text}: {told}"
        );
    }
}
