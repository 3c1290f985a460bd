//! Translations through the whole program: what is printed, what is said, and that the two decide alike.

use std::fs;
use std::path::Path;

use super::shipped;
use crate::support::Install;

fn import(install: &Install, file: &Path, further: &[&str], code: i32) -> (String, String) {
    let verbs = ["policy", "import"].map(std::ffi::OsStr::new);
    let told = install.datafog(verbs).args(further).args([file]).run().ends_with(code);
    (told.stdout(), told.stderr())
}

#[test]
fn a_translation_that_is_not_the_same_says_so_and_fails_unless_that_is_wanted() {
    let install = Install::new(&["git"]);
    // File · calls of all that are alike · whether anything is looser than the original.
    for (name, code, alike, looser) in [
        ("datafog-second.json", 0, 128, 0),
        ("datafog-first.json", 1, 128, 0),
        ("datafog-demo.json", 1, 128, 0),
        ("dataguard-strict.json", 1, 128, 0),
        ("dataguard.json", 1, 125, 1),
    ] {
        let (toml, said) = import(&install, &shipped(name), &[], code);
        let count = |word: &str| -> usize {
            let line = said.lines().find(|line| line.starts_with("compared over")).unwrap();
            let before = line.split(word).next().unwrap().trim_end();
            before.rsplit(' ').next().unwrap().parse().unwrap()
        };
        assert!(said.contains("compared over 128 calls"), "{name}: {said}");
        assert!(count("alike") >= alike && count("looser") <= looser, "{name}: {said}");
        assert_eq!(said.contains("is not the same as the original"), code == 1, "{name}: {said}");
        let (again, _) = import(&install, &shipped(name), &["--partial"], 0);
        assert_eq!(again, toml, "{name}");
        let file = install.work().join("policy.toml");
        fs::write(&file, &toml).unwrap();
        let lint = ["policy", "lint"].map(std::ffi::OsStr::new);
        install.datafog(lint).args([&file]).run().succeeds();
    }
}

#[test]
fn what_is_looser_is_shown_first_with_the_call() {
    let install = Install::new(&["git"]);
    let file = install.work().join("p.json");
    let rules =
        r#"{"name":"p","defaultDecision":"deny","rules":[{"tool":"bash","decision":"allow"}]}"#;
    fs::write(&file, rules).unwrap();
    let (toml, said) = import(&install, &file, &[], 1);
    assert!(toml.contains("default = \"deny\"") && toml.contains("effect = \"allow\""), "{toml}");
    assert!(said.contains("names of tools are compared in any case of letters"), "{said}");
    assert!(said.contains("deny there, allow here: Bash {\"command\": \"ls\"}"), "{said}");
}
