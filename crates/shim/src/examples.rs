//! The table test: every example of every data file.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use datafog_core::{Flow, Invocation};

use crate::normal_form::{content_line, destination_line, kind_name, stdin_name};
use crate::world::world;
use crate::{interpret, likely_places, profiles, resolve};

#[path = "../build/format.rs"]
#[expect(dead_code, reason = "only the examples are read here")]
mod format;

fn files() -> Vec<(PathBuf, format::File)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shims");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        (path, toml::from_str(&text).unwrap())
    };
    paths.filter(|path| path.extension().is_some_and(|it| it == "toml")).map(read).collect()
}

#[test]
fn every_example_means_what_its_file_says() {
    let mut wrong = Vec::new();
    for (path, file) in files() {
        for example in &file.example {
            let faults = check(example);
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            wrong.extend(
                faults.into_iter().map(|it| format!("{name}: {:?}\n{it}", example.argv.get_ref())),
            );
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_command_has_examples() {
    let files = files();
    assert_eq!(files.len(), profiles().count());
    for (path, file) in &files {
        assert!(file.example.len() >= 8, "{}: {} examples", path.display(), file.example.len());
        let name = file.name.get_ref();
        assert!(file.example.iter().all(|it| {
            let called = it.argv.get_ref().first().unwrap();
            called == name || file.aliases.iter().any(|alias| alias.get_ref() == called)
        }));
    }
}

#[test]
fn every_line_holds_the_secrets_that_its_file_marks() {
    let topics = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shims/secrets");
    let topics = fs::read_dir(topics).unwrap().map(|entry| entry.unwrap().path()).map(|path| {
        let topic: format::Topic = toml::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        (path, topic)
    });
    let unwrapped = topics.flat_map(|(path, topic)| {
        topic.program.into_iter().map(move |program| (path.clone(), program))
    });
    let mut wrong = Vec::new();
    for (path, program) in unwrapped.chain(files()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for line in &program.lines {
            let line = line.get_ref();
            let plain = line.replace(['«', '»'], "");
            let found = mark(&plain);
            if found != *line {
                wrong.push(format!("{name}:\n  said  {line}\n  found {found}"));
            }
            let whole = Some(0..plain.len());
            let mut likely = likely_places(plain.as_bytes(), 0, plain.len(), whole);
            if found != plain && likely.next().is_none() {
                wrong.push(format!("{name}: not thought likely: {line}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n\n{}", wrong.len(), wrong.join("\n"));
}

/// The line with the secrets in it marked.
fn mark(line: &str) -> String {
    let mut marked = line.to_owned();
    for found in crate::secrets_in_line(line.as_bytes()).iter().rev() {
        marked.insert(found.span.end(), '»');
        marked.insert(found.span.start(), '«');
    }
    marked
}

/// What an example says otherwise than the invocation.
fn check(example: &format::Example) -> Vec<String> {
    let world = world(&example.environment, &example.files, &example.outputs);
    let argv: Vec<OsString> = example.argv.get_ref().iter().map(OsString::from).collect();
    let mut invocation = interpret(&argv, &world);
    resolve(&mut invocation, &world);
    let said = [
        ("subcommand", &example.subcommand, invocation.subcommand.clone()),
        ("options", &example.options, options(&invocation)),
        ("operands", &example.operands, operands(&invocation)),
        ("flows", &example.flows, invocation.flows.iter().map(|it| it.name().into()).collect()),
        ("hosts", &example.hosts, invocation.destinations.iter().map(destination_line).collect()),
        ("contents", &example.contents, invocation.contents.iter().map(content_line).collect()),
    ];
    let mut wrong = Vec::new();
    for (what, expected, found) in said {
        if let Some(expected) = expected.as_ref().filter(|expected| **expected != found) {
            wrong.push(format!("  {what}\n    said  {expected:?}\n    found {found:?}"));
        }
    }
    let stdin = stdin_name(invocation.stdin);
    if example.stdin.as_deref().is_some_and(|expected| expected != stdin) {
        wrong.push(format!("  stdin is {stdin}"));
    }
    if invocation.unclear.len() != example.unclear {
        wrong.push(format!("  unclear: {:?}", invocation.unclear));
    }
    wrong
}

fn options(invocation: &Invocation) -> Vec<String> {
    let show = |option: &datafog_core::Opt| match &option.value {
        Some(value) => format!("{}={}", option.name, value.to_string_lossy()),
        None => option.name.clone(),
    };
    invocation.options.iter().map(show).collect()
}

fn operands(invocation: &Invocation) -> Vec<String> {
    let flow = |flow: Flow| flow.name();
    let operands = invocation.operands.iter();
    operands
        .map(|it| format!("{} {} {}", kind_name(it.kind), it.text.to_string_lossy(), flow(it.flow)))
        .collect()
}
