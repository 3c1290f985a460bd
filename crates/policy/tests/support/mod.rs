//! A little world for policy tests: four commands, read just well enough for their examples.
//!
//! The real profiles live in another crate, and this one must not know them; what examples mean by
//! those is tested where both meet. Here it is enough that `rm -rf ~` is what everybody thinks.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests are tests, and the command lines are theirs"
)]

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use datafog_core::{
    Action, ActionKind, Carrier, ContentSource, Deliver, Destination, Facts, Flow, Flows, HostName,
    Id, Invocation, Operand, OperandKind, Opt, Place, Reach, Span, StdinUse, Void,
};
use datafog_policy::{Example, Given, Interpreter};

pub(crate) const HOME: &str = "/home/example";
pub(crate) const ROOT: &str = "/home/example/.datafog";

/// Judges examples in a world where nothing exists.
pub(crate) struct Pretend;

impl Interpreter for Pretend {
    fn facts<'a>(&'a self, example: &'a Example) -> Result<Box<dyn Facts + 'a>, String> {
        let (home, root) = (Path::new(HOME), Path::new(ROOT));
        let mut given = facts(&example.argv(home, root), &example.cwd(home, root))?;
        example.apply(&mut given);
        Ok(Box::new(given))
    }
}

/// The facts of a command line, run by a person.
pub(crate) fn facts(argv: &[OsString], cwd: &Path) -> Result<Given, String> {
    let words: Vec<&str> = argv.iter().map(|word| word.to_str().unwrap()).collect();
    let invocation = match *words.first().ok_or("no program")? {
        "rm" => rm(&words, cwd),
        "cat" => cat(&words, cwd),
        "git" => git(&words),
        "curl" => curl(&words),
        other => return Err(format!("`{other}` is not pretended")),
    };
    let action = Action {
        id: Id::new(0, [0; 10]),
        kind: ActionKind::CommandExec,
        argv: argv.to_vec(),
        cwd: cwd.to_path_buf(),
        invocation,
        parts: Vec::new(),
    };
    Ok(Given::action(action).home(HOME).root(ROOT))
}

fn known(program: &str, family: &str, flows: &[Flow]) -> Invocation {
    Invocation {
        program: program.into(),
        family: family.into(),
        known: true,
        flows: flows.iter().copied().collect(),
        ..Invocation::default()
    }
}

fn option(name: &str, value: Option<&str>) -> Opt {
    Opt { name: name.into(), value: value.map(Into::into), place: None }
}

fn rm(words: &[&str], cwd: &Path) -> Invocation {
    let mut call = known("rm", "file", &[Flow::Destroys]);
    for word in &words[1..] {
        match word.strip_prefix('-') {
            Some(long) if long.starts_with('-') => call.options.push(option(word, None)),
            Some(cluster) => call.options.extend(cluster.chars().map(|letter| match letter {
                'r' | 'R' => option("--recursive", None),
                'f' => option("--force", None),
                other => option(&format!("-{other}"), None),
            })),
            None => call.operands.push(path(word, Flow::Destroys, cwd)),
        }
    }
    call
}

fn cat(words: &[&str], cwd: &Path) -> Invocation {
    let mut call = known("cat", "file", &[Flow::Stays]);
    for word in &words[1..] {
        call.operands.push(path(word, Flow::Stays, cwd));
        call.contents.push(source(Carrier::File(word.into()), "file", Flow::Stays));
    }
    call
}

fn git(words: &[&str]) -> Invocation {
    let mut call = known("git", "vcs", &[]);
    let mut rest = words[1..].iter();
    while let Some(word) = rest.next() {
        match *word {
            "-C" => drop(rest.next()),
            "-m" => call.options.push(option("--message", rest.next().copied())),
            "-f" | "-fdx" => call.options.push(option("--force", None)),
            long if long.starts_with('-') => call.options.push(option(long, None)),
            name if call.subcommand.is_empty() => call.subcommand.push(name.into()),
            name if call.subcommand == ["stash"] => call.subcommand.push(name.into()),
            url if url.contains("://") => call.destinations.push(destination(url)),
            _ => {}
        }
    }
    let network = ["push", "fetch", "pull", "clone"];
    let leaves = call.subcommand.first().is_some_and(|name| network.contains(&name.as_str()));
    call.flows = Flows::NONE.with(if leaves { Flow::Leaves } else { Flow::Stays });
    if leaves && call.destinations.is_empty() {
        call.destinations.push(Destination {
            scheme: "git".into(),
            host: HostName::Unknown,
            port: None,
            reach: Reach::Unknown,
            voids: Vec::new(),
        });
    }
    call
}

/// Options of curl that take a value, each with its long name.
const VALUED: [(&str, &str); 12] = [
    ("-d", "--data"),
    ("--data", "--data"),
    ("--data-binary", "--data-binary"),
    ("--data-urlencode", "--data-urlencode"),
    ("-F", "--form"),
    ("-H", "--header"),
    ("-o", "--output"),
    ("-T", "--upload-file"),
    ("-u", "--user"),
    ("-X", "--request"),
    ("--retry", "--retry"),
    ("--max-time", "--max-time"),
];

fn curl(words: &[&str]) -> Invocation {
    let mut call = known("curl", "http", &[Flow::Enters, Flow::Leaves]);
    let mut rest = words.iter().enumerate().skip(1);
    while let Some((index, word)) = rest.next() {
        if let Some((_, name)) = VALUED.iter().find(|(short, _)| short == word) {
            let (index, value) = rest.next().unwrap();
            call.options.push(option(name, Some(value)));
            content(&mut call, name, value, index);
        } else if word.starts_with('-') {
            call.options.push(option(word, None));
        } else {
            call.destinations.push(destination(word));
            call.contents.push(argument(index, "url"));
        }
    }
    if call.has_option("-k") {
        call.destinations.iter_mut().for_each(|one| one.voids.push(Void::Insecure));
    }
    call
}

fn content(call: &mut Invocation, option: &str, value: &str, index: usize) {
    let (role, file) = match option {
        "--data" | "--data-binary" | "--data-urlencode" => ("body", value.strip_prefix('@')),
        "--upload-file" => ("body", Some(value)),
        "--form" => ("form", value.split_once("=@").map(|(_, file)| file)),
        "--user" => ("credential", None),
        "--header" => ("header:authorization", None),
        _ => return,
    };
    call.contents.push(match file {
        Some("-") => {
            call.stdin = StdinUse::Content;
            source(Carrier::Stdin, role, Flow::Leaves)
        }
        Some(file) => source(Carrier::File(file.into()), role, Flow::Leaves),
        None => argument(index, role),
    });
}

fn argument(argument: usize, role: &str) -> ContentSource {
    let place = Place { argument, span: Span::at(0, 100) };
    source(Carrier::Argument(place), role, Flow::Leaves)
}

fn source(carrier: Carrier, role: &str, flow: Flow) -> ContentSource {
    ContentSource { carrier, flow, role: role.into(), deliver: Deliver::Path }
}

fn destination(url: &str) -> Destination {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    let host = host.parse().map_or_else(|_| HostName::Name(host.into()), HostName::Ip);
    let reach = if host.is_loopback() { Reach::Loopback } else { Reach::Remote };
    Destination { scheme: scheme.into(), host, port: None, reach, voids: Vec::new() }
}

fn path(text: &str, flow: Flow, cwd: &Path) -> Operand {
    let mut canonical = PathBuf::new();
    for part in cwd.join(text).components() {
        match part {
            std::path::Component::ParentDir => drop(canonical.pop()),
            std::path::Component::CurDir => {}
            std::path::Component::Normal(_)
            | std::path::Component::Prefix(_)
            | std::path::Component::RootDir => canonical.push(part),
        }
    }
    Operand {
        text: text.into(),
        kind: OperandKind::Path,
        flow,
        place: None,
        canonical: Some(canonical),
    }
}
