//! Beside another parser and beside bash: made-up lines, sound and damaged, and the scripts of the
//! machine where somebody asks for it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use datafog_shell::{Line, Place, Script, read};

use crate::brush::{BY_THE_SHELL, Second, second_opinion};
use crate::generator::{damaged, snippet};
use crate::support::World;

/// How many lines are made up.
const SNIPPETS: u64 = 3200;

/// The names in the place of a program's that we find; behind a pipe `time` is a program, which
/// starts another one.
fn found(script: &Script) -> BTreeSet<&str> {
    let starts = |name: &str| name == "time";
    let heads = script.commands.iter().flat_map(|command| {
        let timed = command.words.first().is_some_and(|head| starts(&head.text));
        command.words.iter().take(if timed { 3 } else { 1 })
    });
    heads.map(|head| head.text.as_str()).collect()
}

/// What the other parser finds and we do not, where we claim to have understood.
fn missed(script: &Script, second: &Second) -> Vec<String> {
    let found = found(script);
    let theirs = second.heads.iter().filter(|head| {
        !BY_THE_SHELL.contains(&head.as_str()) && !second.functions.contains(head.as_str())
    });
    theirs.filter(|head| !found.contains(head.as_str())).cloned().collect()
}

fn ours(text: &str) -> Script {
    read(&Line::of(text, Place::Here), &World::new())
}

fn has_bash() -> bool {
    let mut bash = Command::new("bash");
    bash.args(["-c", "[[ $BASH_VERSION == 5* ]]"]).env_clear();
    bash.status().is_ok_and(|status| status.success())
}

/// Whether bash takes it for a line; nothing of it is run.
fn bash_takes(text: &str) -> bool {
    let mut bash = Command::new("bash");
    bash.args(["-n", "-c", text]).env_clear().env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
    bash.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

#[test]
fn no_program_is_missed_that_another_parser_finds() {
    let (mut wrong, mut unsure, mut compared) = (Vec::new(), 0_u64, 0);
    let (mut told, mut known) = (0, 0);
    for seed in 0..SNIPPETS {
        let made = snippet(seed);
        let (script, second) = (ours(&made.text), second_opinion(&made.text));
        if !second.refused {
            compared += 1;
            told += second.heads.iter().filter(|head| made.heads.contains(head)).count();
            known += made.heads.len();
        }
        if !script.opaque.is_empty() {
            unsure += 1;
            continue;
        }
        let found = found(&script);
        let unfound = made.heads.iter().filter(|head| !found.contains(head.as_str()));
        // Where nothing runs the other parser may see something; it is known here that nothing does.
        let theirs = missed(&script, &second).into_iter().filter(|head| made.heads.contains(head));
        let all: BTreeSet<_> = unfound.cloned().chain(theirs).collect();
        if !all.is_empty() {
            wrong.push((seed, all, made.text));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} missed: {:#?}",
        wrong.len(),
        wrong.iter().take(8).collect::<Vec<_>>()
    );
    // An oracle that knows nothing, and a parser that gives up, would agree on everything.
    assert!(compared >= 2000, "the other parser takes {compared} only");
    assert!(told * 10 >= known * 9, "the other parser finds {told} of {known}");
    assert!(unsure * 20 <= SNIPPETS, "{unsure} of {SNIPPETS} are not understood");
}

#[test]
fn made_up_lines_are_lines_to_bash_and_to_us() {
    if !has_bash() {
        return;
    }
    let texts = (0..SNIPPETS).step_by(4).map(|seed| snippet(seed).text);
    let odd: Vec<String> = texts.filter(|text| !bash_takes(text)).collect();
    assert!(
        odd.is_empty(),
        "{} are no lines: {:#?}",
        odd.len(),
        odd.iter().take(5).collect::<Vec<_>>()
    );
}

#[test]
fn damaged_lines_are_never_understood_as_less_than_would_run() {
    if !has_bash() {
        return;
    }
    let (mut wrong, mut refused) = (Vec::new(), 0);
    for seed in 0..SNIPPETS / 2 {
        // Bash runs line by line: what stands above the damage runs, whatever comes behind.
        let first = format!("q{seed} x");
        let text = format!("{first}\n{}", damaged(&snippet(seed).text, seed));
        let script = ours(&text);
        let takes = bash_takes(&text);
        refused += usize::from(!takes);
        if !script.opaque.is_empty() {
            continue;
        }
        let runs = found(&script).contains(format!("q{seed}").as_str());
        let mut missed = if takes { missed(&script, &second_opinion(&text)) } else { Vec::new() };
        // The other parser loses its way in heredocs that stand in substitutions.
        missed.retain(|head| head != "no");
        if !runs || !missed.is_empty() {
            wrong.push((takes, missed, text));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} missed: {:#?}",
        wrong.len(),
        wrong.iter().take(8).collect::<Vec<_>>()
    );
    assert!(refused > 300, "only {refused} damaged lines were refused by bash");
}

/// The scripts of this machine, as far as bash takes them: `cargo nextest run --run-ignored only`.
#[test]
#[ignore = "reads scripts of the machine, which differ from one to the next"]
fn scripts_of_the_machine_start_nothing_that_is_not_found() {
    let (mut all, mut unsure, mut wrong) = (0_usize, Vec::new(), Vec::new());
    for piece in machine_pieces() {
        let second = second_opinion(&piece);
        if second.refused || second.heads.is_empty() {
            continue;
        }
        all += 1;
        // What a variable that is set would keep from running may run elsewhere.
        let script = read(&Line::of(&piece, Place::Here), &World::bare());
        let missed = missed(&script, &second);
        if missed.is_empty() {
            continue;
        }
        if script.opaque.is_empty() {
            wrong.push((missed, piece));
        } else {
            unsure.push(missed);
        }
    }
    let wrong_shown: Vec<_> = wrong.iter().take(40).collect();
    assert!(wrong.is_empty(), "{} of {all} missed: {wrong_shown:#?}", wrong.len());
    assert!(all >= 2000 && unsure.len() * 20 < all, "{} of {all} unsure", unsure.len());
}

/// Pieces of scripts: paragraphs, and whole files that are short.
fn machine_pieces() -> Vec<String> {
    let roots = ["/etc", "/usr/bin", "/usr/lib", "/usr/libexec", "/usr/sbin", "/usr/share"];
    let mut open: Vec<PathBuf> = roots.iter().map(PathBuf::from).collect();
    let mut pieces = Vec::new();
    while let Some(path) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&path) else { continue };
        for entry in entries.flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => open.push(entry.path()),
                Ok(kind) if kind.is_file() => pieces.extend(script_pieces(&entry.path())),
                _ => {}
            }
        }
    }
    pieces.sort();
    pieces.dedup();
    pieces
}

fn script_pieces(path: &Path) -> Vec<String> {
    let small = std::fs::metadata(path).is_ok_and(|it| it.len() < 200_000);
    let named = path.extension().is_some_and(|it| it == "sh" || it == "bash");
    let text =
        if small { std::fs::read_to_string(path).unwrap_or_default() } else { String::new() };
    let first = text.lines().next().unwrap_or_default();
    let shell = first.starts_with("#!") && first.contains("sh") && !first.contains("fish");
    if !named && !shell {
        return Vec::new();
    }
    let whole = Some(text.clone()).filter(|text| text.len() < 20_000);
    whole.into_iter().chain(text.split("\n\n").map(str::to_owned)).collect()
}
