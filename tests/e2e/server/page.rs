//! What `docs/SERVER.md` gives to be copied: the unit, the container file, the objects of a cluster. Each is
//! read as what it is, and its words are given to the server.

use std::collections::BTreeSet;
use std::fs;

use saphyr_parser::{Event, Parser};

use super::*;

/// The blocks of a language.
fn block(language: &str) -> String {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/SERVER.md")).unwrap();
    let fence = format!("```{language}\n");
    let mut blocks = page.split(&fence).skip(1);
    let block = blocks.next().unwrap_or_else(|| panic!("no block of {language}"));
    block.split("```").next().unwrap().to_owned()
}

/// The server's arguments in a command, with an address of this machine.
fn served(words: &[&str]) -> Vec<String> {
    let place = words.iter().position(|word| *word == "serve").unwrap();
    let mut words: Vec<String> = words[place..].iter().map(|word| (*word).to_owned()).collect();
    let address = words.iter_mut().skip_while(|word| *word != "--addr").nth(1);
    *address.unwrap() = String::from("127.0.0.1:0");
    words
}

/// The words of a list as JSON writes it.
fn list(text: &str) -> Vec<String> {
    serde_json::from_str(text).unwrap_or_else(|_| panic!("{text}"))
}

#[test]
fn the_unit_has_known_settings_and_starts_a_server() {
    let unit = block("ini");
    let mut section = String::new();
    let mut start = None;
    for line in unit.lines().filter(|line| !line.is_empty()) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.to_owned();
            continue;
        }
        let (name, value) = line.split_once('=').unwrap_or_else(|| panic!("{line}"));
        let known: &[&str] = match &*section {
            "Unit" => &["Description", "After"],
            "Service" => &[
                "User",
                "ExecStart",
                "EnvironmentFile",
                "Restart",
                "NoNewPrivileges",
                "ProtectSystem",
                "ProtectHome",
                "ReadWritePaths",
                "PrivateTmp",
            ],
            "Install" => &["WantedBy"],
            _ => panic!("[{section}]"),
        };
        assert!(known.contains(&name), "[{section}] {name}");
        if name == "ExecStart" {
            start = Some(value.to_owned());
        }
    }
    let start = start.unwrap();
    let words: Vec<&str> = start.split(' ').collect();
    assert!(words[0].starts_with('/') && words[0].ends_with("/.datafog/bin/datafog"), "{start}");
    assert!(
        unit.contains(&format!("ReadWritePaths={}", words[0].trim_end_matches("/bin/datafog")))
    );
    let install = Install::bare();
    let server = Server::with(install.datafog(served(&words)));
    assert_eq!(server.curl("/health", &[]).status, 200);
}

/// What a container file says, by instruction.
fn instructions(text: &str) -> Vec<(&str, &str)> {
    text.lines().map(|line| line.split_once(' ').unwrap_or_else(|| panic!("{line}"))).collect()
}

#[test]
fn the_container_has_its_binary_outside_of_the_volume_and_everything_else_in_it() {
    let file = block("dockerfile");
    let said = instructions(&file);
    let of = |name: &str| said.iter().find(|(known, _)| *known == name).unwrap().1;
    let order = ["FROM", "RUN", "COPY", "ENV", "USER", "VOLUME", "EXPOSE", "ENTRYPOINT"];
    assert_eq!(said.iter().map(|(name, _)| *name).collect::<Vec<_>>(), order);
    let entry = list(of("ENTRYPOINT"));
    let binary = of("COPY").split(' ').nth(1).unwrap();
    assert_eq!(entry[0], binary);
    let (volume, home) = (of("VOLUME"), of("ENV").strip_prefix("DATAFOG_HOME=").unwrap());
    assert!(home.starts_with(&format!("{volume}/")) && !binary.starts_with(volume));
    assert!(of("RUN").contains(&format!("-u {} ", of("USER"))), "{file}");
    assert!(of("RUN").ends_with(&format!("-o datafog {volume}")), "{file}");
    // A binary among programs that everybody shares, and a volume with nothing in it.
    let place = tempfile::tempdir().unwrap();
    let (shared, root) = (place.path().join(".local/bin"), place.path().join("volume/root"));
    fs::create_dir_all(&shared).unwrap();
    fs::create_dir(place.path().join("volume")).unwrap();
    fs::copy(crate::support::binary(), shared.join("datafog")).unwrap();
    let words: Vec<&str> = entry.iter().map(String::as_str).collect();
    let mut command = Command::new(shared.join("datafog"));
    command.args(served(&words)).env_clear().env("HOME", place.path()).env("DATAFOG_HOME", &root);
    let server = Server::with(Start(command));
    let key = server.first_key.clone().unwrap();
    assert_eq!(server.get(&key, "/v1/policy").status, 200);
    server.kill();
    let kept: BTreeSet<_> =
        fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    for name in ["key", "server.db"] {
        assert!(kept.contains(std::ffi::OsStr::new(name)), "{kept:?}");
    }
}

/// Every text in a document of YAML, in order.
fn texts(yaml: &str) -> Vec<String> {
    let mut texts = Vec::new();
    for event in Parser::new_from_str(yaml) {
        if let (Event::Scalar(text, ..), _) = event.unwrap() {
            texts.push(text.into_owned());
        }
    }
    texts
}

#[test]
fn the_objects_of_a_cluster_name_options_variables_and_probes_that_are_there() {
    let texts = texts(&block("yaml"));
    let after = |name: &str| {
        let places = texts.windows(2).filter(|pair| pair[0] == name);
        places.map(|pair| pair[1].clone()).collect::<Vec<_>>()
    };
    let install = Install::bare();
    let help = install.datafog(["serve", "--help"]).run().succeeds().stdout();
    let options: Vec<&String> = texts.iter().filter(|text| text.starts_with("--")).collect();
    assert!(!options.is_empty());
    for option in &options {
        assert!(help.contains(&format!("{option} <")), "{option}");
    }
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/SERVER.md")).unwrap();
    let variables: Vec<&String> = texts.iter().filter(|it| it.starts_with("DATAFOG_")).collect();
    assert_eq!(variables.len(), 2);
    for variable in variables {
        assert!(page.contains(&format!("| `{variable}` |")), "{variable}");
    }
    let file = block("dockerfile");
    let home = instructions(&file).iter().find(|(name, _)| *name == "ENV").unwrap().1.to_owned();
    assert!(texts.contains(&format!("{}/key", home.strip_prefix("DATAFOG_HOME=").unwrap())));
    // What probes ask is answered under the name that they send, and not under a pod's address.
    let server = Server::start(&install);
    let paths = after("path");
    assert!(paths.contains(&String::from("/health")) && paths.contains(&String::from("/ready")));
    for path in paths.iter().filter(|path| path.starts_with('/')) {
        assert_eq!(server.curl(path, &["-H", "Host: localhost"]).status, 200, "{path}");
        assert_eq!(server.curl(path, &["-H", "Host: 10.1.2.3:8080"]).status, 403, "{path}");
    }
    assert_eq!(after("value"), ["localhost", "localhost"]);
}
