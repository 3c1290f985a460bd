//! Keeps a redacted text from being written over the original.
//!
//! An agent that was shown `[REDACTED]` in the place of a secret and writes the text back destroys
//! the secret. So a tool that changes a file is refused a text with such a marker, unless the file
//! held the marker before: then it is part of the file and no trace of a redaction.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use datafog_core::{Action, Carrier, Decision, Flow, ToolCall, Value, Verdict};
use datafog_detect::marker;

use crate::case::Case;

/// Bytes of a file that are looked at for a marker that was there before.
const MOST: u64 = 4 << 20;

/// The marker without digits, which people write, too: only over a file that does not hold it.
const PLAIN: &str = "[REDACTED]";

/// The decision against writing a redacted text into a file; `None` when nothing speaks against
/// this action.
pub(crate) fn refusal(case: &Case<'_>) -> Option<Decision> {
    let actions = case.all().map(|one| one.action);
    by_call(case.action).or_else(|| by_line(actions)).map(|found| denied(&found))
}

/// The marker that a tool would write by itself.
fn by_call(action: &Action) -> Option<String> {
    let call = action.tool.as_deref()?;
    if !action.invocation.flows.has(Flow::Destroys) {
        return None;
    }
    let (new, old) = texts(call);
    let file = old_content(call, &action.cwd);
    let there = |found: &str| {
        let before = old.iter().map(String::as_bytes).chain(file.as_deref());
        let holds = |text: &[u8]| contains(text, found.as_bytes());
        // Where there is nothing, nothing is destroyed.
        before.into_iter().any(holds) || found == PLAIN && file.is_none() && old.is_empty()
    };
    new.iter().flat_map(|text| markers(text)).find(|found| !there(found))
}

/// The marker that a command of a line would write: one that stands in what it prints or is given,
/// where it changes files or its output goes into one. `actions` stand in the order of the line, each
/// redirection before its command.
fn by_line<'a>(actions: impl Iterator<Item = &'a Action>) -> Option<String> {
    let mut written: Vec<PathBuf> = Vec::new();
    for action in actions {
        let destroyed = action.invocation.operands.iter().filter(|it| it.flow == Flow::Destroys);
        written.extend(destroyed.map(|it| action.cwd.join(&it.text)));
        if action.argv.is_empty() {
            continue;
        }
        let files = core::mem::take(&mut written);
        let there = |found: &String| {
            let held = files.iter().filter_map(|path| content_of(path));
            held.into_iter().any(|text| contains(&text, found.as_bytes()))
        };
        let texts = printed(action);
        let found = texts.iter().flat_map(|text| markers(text).map(move |found| (text, found)));
        // People write the marker without digits, too: it counts where the file has such a line.
        let counts = |text: &str, found: &str| {
            found != PLAIN || files.iter().any(|path| hides_a_line(text, path))
        };
        let mut found = found.filter(|(text, found)| counts(text, found));
        if let Some((_, found)) = found.find(|(_, found)| !files.is_empty() && !there(found)) {
            return Some(found);
        }
    }
    None
}

/// Whether a file has a line that begins as one of the text does, up to its marker.
fn hides_a_line(text: &str, path: &Path) -> bool {
    let heads = text.lines().filter_map(|line| Some(line.split_once(PLAIN)?.0));
    let heads = heads.filter(|head| head.trim().len() >= SHORTEST_HEAD);
    let heads: Vec<&str> = heads.take(MOST_HEADS).collect();
    let held = if heads.is_empty() { None } else { content_of(path) };
    held.is_some_and(|held| {
        let begins = |line: &[u8]| heads.iter().any(|head| line.starts_with(head.as_bytes()));
        held.split(|byte| *byte == b'\n').any(begins)
    })
}

/// So much of a line tells it from others.
const SHORTEST_HEAD: usize = 2;

/// No more of them are looked for: each is held against every line of the file.
const MOST_HEADS: usize = 256;

/// Programs that write what their words say.
const PRINTING: [&str; 5] = ["awk", "echo", "perl", "printf", "sed"];

/// The texts that a command writes, as far as they stand in the line.
fn printed(action: &Action) -> Vec<String> {
    let invocation = &action.invocation;
    let given = invocation.contents.iter().filter_map(|source| match &source.carrier {
        Carrier::Inline(text) => Some(String::from_utf8_lossy(text).into_owned()),
        Carrier::Argument(_) | Carrier::File(_) | Carrier::Stdin | Carrier::Untold(_) => None,
    });
    let prints = PRINTING.contains(&invocation.program.as_str());
    let words = action.argv.iter().skip(1).filter(|_| prints);
    let words: Vec<String> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    std::iter::once(words.join(" ")).chain(given).collect()
}

fn denied(found: &str) -> Decision {
    let reason = format!(
        "the text holds {found}, which a redaction put in the place of a value; written into the \
         file it would destroy that value"
    );
    let instead = "change only other lines, by an edit that leaves the line of the value alone, or \
                   have a person do it";
    Decision { instead: Some(instead.to_owned()), ..Decision::without_rule(Verdict::Deny, reason) }
}

/// The texts of a call: what it writes, and what it says that stood there.
fn texts(call: &ToolCall) -> (Vec<String>, Vec<String>) {
    let (mut new, mut old) = (Vec::new(), Vec::new());
    call.arguments.each_leaf(&mut |path, value| {
        let Some(text) = value.as_text() else { return };
        let name = path.rsplit('.').find(|part| part.parse::<usize>().is_err());
        let name = name.unwrap_or_default().to_ascii_lowercase();
        let is_old = ["old", "before", "search", "find"].iter().any(|it| name.starts_with(it));
        if is_old { &mut old } else { &mut new }.push(text.to_owned());
    });
    (new, old)
}

/// What stands in the file that the call names, as far as it can be read.
fn old_content(call: &ToolCall, cwd: &Path) -> Option<Vec<u8>> {
    let Value::Table(members) = &call.arguments else { return None };
    let texts = members.iter().filter_map(|(_, value)| value.as_text());
    let short = texts.filter(|text| text.len() < 4096 && !text.contains('\n'));
    content_of(&short.map(|text| cwd.join(text)).find(|path| path.is_file())?)
}

/// The beginning of a file.
fn content_of(path: &Path) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    File::open(path).ok()?.take(MOST).read_to_end(&mut text).ok()?;
    Some(text)
}

/// Every marker in a text.
fn markers(text: &str) -> impl Iterator<Item = String> + '_ {
    let mut rest = text.as_bytes();
    core::iter::from_fn(move || {
        let place = marker::find(rest)?;
        let found = String::from_utf8_lossy(rest.get(place.clone())?).into_owned();
        rest = rest.get(place.end..)?;
        Some(found)
    })
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len().max(1)).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use datafog_core::{ActionKind, Flows, Id, Invocation};

    use super::*;
    use crate::read;
    use crate::started::Files;

    const KEYED: &str = "KEY=[REDACTED:0123abcd]\n";

    fn action(cwd: &Path, name: &str, arguments: &[(&str, &str)], changes: bool) -> Action {
        let members = arguments
            .iter()
            .map(|(name, text)| ((*name).to_owned(), Value::Text((*text).to_owned())));
        let arguments = Value::Table(members.collect());
        let flow = if changes { Flow::Destroys } else { Flow::Stays };
        let flows = Flows::NONE.with(flow);
        let call = ToolCall { name: name.to_owned(), arguments, categories: Vec::new() };
        Action {
            id: Id::new(1, [0; 10]),
            kind: ActionKind::ToolCall,
            argv: Vec::new(),
            cwd: cwd.to_owned(),
            invocation: Invocation { flows, ..Invocation::default() },
            tool: Some(Box::new(call)),
            parts: Vec::new(),
        }
    }

    fn refused(cwd: &Path, arguments: &[(&str, &str)]) -> bool {
        by_call(&action(cwd, "Write", arguments, true)).is_some()
    }

    #[test]
    fn a_redacted_text_is_not_written_over_the_original() {
        let folder = tempfile::tempdir().unwrap();
        let cwd = folder.path();
        std::fs::write(cwd.join(".env"), "KEY=hunter2\n").unwrap();
        std::fs::write(cwd.join("log.rs"), "print(\"[REDACTED]\")").unwrap();
        let file = |path, text| [("file_path", path), ("content", text)];
        assert!(refused(cwd, &file(".env", KEYED)));
        assert!(refused(cwd, &file(".env", "KEY=[REDACTED]\n")));
        assert!(refused(cwd, &file("new", KEYED)), "a copy would be as broken");
        assert!(!refused(cwd, &file("new", "KEY=[REDACTED]\n")), "nothing is there");
        assert!(!refused(cwd, &file("log.rs", "x(\"[REDACTED]\")")), "the file holds it");
        assert!(!refused(cwd, &file(".env", "KEY=hunter3\n")));
        assert!(by_call(&action(cwd, "Read", &file(".env", KEYED), false)).is_none());
        let found = by_call(&action(cwd, "Write", &file(".env", KEYED), true)).unwrap();
        let decision = denied(&found);
        assert_eq!(decision.verdict, Verdict::Deny);
        assert!(decision.reason.contains("[REDACTED:0123abcd]"), "{}", decision.reason);
    }

    #[test]
    fn a_line_does_not_write_it_either() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("held"), KEYED).unwrap();
        std::fs::write(folder.path().join("real"), "A=b\nKEY=hunter2\n").unwrap();
        let refused = |line: &str| {
            let argv = ["sh", "-c", line].map(Into::into).to_vec();
            let id = (Id::new(1, [0; 10]), ActionKind::CommandExec);
            let world = crate::example::nothing(folder.path());
            let (_, started) = read::command(id, argv, &world, Files::None);
            by_line(started.iter().map(|one| &one.action)).is_some()
        };
        for line in [
            "echo 'KEY=[REDACTED:0123abcd]' > .env",
            "cat > .env <<'E'\nKEY=[REDACTED:0123abcd]\nE",
            "printf 'x[REDACTED:0123abcd]' >> .env",
            "tee .env <<< 'KEY=[REDACTED:0123abcd]'",
            "echo 'KEY=[REDACTED]' > real",
            "echo KEY=[REDACTED] > real",
            "cat > real <<'E'\nA=b\nKEY=[REDACTED]\nE",
        ] {
            assert!(refused(line), "{line}");
        }
        for line in [
            "echo 'KEY=[REDACTED:0123abcd]'",
            "echo 'KEY=[REDACTED]' > .env",
            "echo 'KEY=[REDACTED:0123abcd]' > held",
            "echo 'a note on [REDACTED]' >> real",
            "sed -i 's/hunter2/[REDACTED]/' real",
            "grep '[REDACTED:0123abcd]' .env > out.txt",
            "rm -f .env; echo '[REDACTED:0123abcd]'",
        ] {
            assert!(!refused(line), "{line}");
        }
    }

    #[test]
    fn an_edit_may_keep_a_marker_and_not_bring_one() {
        let folder = tempfile::tempdir().unwrap();
        let edit = |old, new| [("file_path", "x"), ("old_string", old), ("new_string", new)];
        assert!(refused(folder.path(), &edit("KEY=a", KEYED)));
        assert!(!refused(folder.path(), &edit(KEYED, KEYED)));
        assert!(!refused(folder.path(), &edit(KEYED, "KEY=a")));
    }
}
