//! The build context of an image: which of its files go into what is pushed.
//!
//! Of a folder those files count that `.dockerignore` leaves over and a `COPY` or `ADD` of the last
//! stage, or of a stage that it is built on, names (Dockerfile reference, "COPY", "ADD", "RUN
//! --mount"; "Build context", ".dockerignore files"). What an earlier stage made of others and the
//! last one takes over (`COPY --from`) nobody knows before. Where the file of instructions cannot be
//! read, all of the context counts.

use std::path::{Path, PathBuf};

use datafog_core::{Carrier, ContentSource, Deliver, Flow, Invocation, Surroundings};

use crate::carriers::fits;
use crate::redirect::FILE_LIMIT;

/// Most files of a context that are looked at one by one.
const MOST_FILES: usize = 20_000;

/// Puts the files that go into an image in the place of the folder that holds them.
pub(super) fn settle(surroundings: &dyn Surroundings, to: &mut Invocation) {
    let named = to.options.iter().find(|option| option.name == "--file");
    let named = named.and_then(|option| option.value.clone()).map(PathBuf::from);
    let target = to.options.iter().find(|option| option.name == "--target");
    let target = target.and_then(|option| option.value.as_ref()?.to_str().map(str::to_owned));
    let is_file = |path: &Path| named.as_deref() == Some(path);
    let folder = |content: &ContentSource| match &content.carrier {
        Carrier::File(path) if content.role == "context" && !is_file(path) => {
            let place = surroundings.cwd().join(path);
            surroundings.names(&place).is_ok().then_some(place)
        }
        Carrier::Argument(_)
        | Carrier::File(_)
        | Carrier::Inline(_)
        | Carrier::Stdin
        | Carrier::Untold(_) => None,
    };
    let folders: Vec<PathBuf> = to.contents.iter().filter_map(folder).collect();
    to.contents.retain(|content| folder(content).is_none());
    // What cannot be listed goes as a whole.
    for content in to.contents.iter_mut().filter(|content| content.role == "context") {
        if matches!(&content.carrier, Carrier::File(path) if !is_file(path)) {
            content.flow = Flow::Leaves;
        }
    }
    for place in folders {
        let file = named.clone().unwrap_or_else(|| place.join("Dockerfile"));
        let file = surroundings.cwd().join(file);
        let read = |path: &Path| {
            let bytes = surroundings.read(path, FILE_LIMIT).ok()?;
            Some(String::from_utf8_lossy(&bytes).into_owned())
        };
        let own = PathBuf::from(format!("{}.dockerignore", file.display()));
        let ignored = read(&own).or_else(|| read(&place.join(".dockerignore")));
        let context = Context {
            ignored: rules(&ignored.unwrap_or_default()),
            copied: read(&file).and_then(|text| copied(&text, target.as_deref())),
        };
        to.contents.extend(context.contents(&place, surroundings));
    }
}

/// Which files of a context count.
#[derive(Debug)]
struct Context {
    /// Patterns in order, and whether one takes back what those before it said.
    ignored: Vec<(String, bool)>,
    /// What the instructions name; all where that is not known.
    copied: Option<Vec<String>>,
}

impl Context {
    fn contents(&self, place: &Path, surroundings: &dyn Surroundings) -> Vec<ContentSource> {
        let content = |carrier| ContentSource {
            carrier,
            flow: Flow::Leaves,
            role: String::from("context"),
            deliver: Deliver::Path,
        };
        let (mut found, mut open) = (Vec::new(), vec![String::new()]);
        while let Some(below) = open.pop() {
            if found.len().saturating_add(open.len()) > MOST_FILES {
                let why = "the build context holds too many files to look at; leave some out in \
                           `.dockerignore`";
                return vec![content(Carrier::Untold(why.to_owned()))];
            }
            // What holds nothing that is named is a file.
            let Ok(names) = surroundings.names(&place.join(&below)) else {
                if self.takes(&below) {
                    found.push(content(Carrier::File(place.join(&below))));
                }
                continue;
            };
            for name in names.iter().filter_map(|name| name.to_str()) {
                let path =
                    if below.is_empty() { name.to_owned() } else { format!("{below}/{name}") };
                if !self.leaves_out(&path) && path.matches('/').count() < DEEPEST {
                    open.push(path);
                }
            }
        }
        found
    }

    /// Whether nothing below a path can count. With exceptions something may.
    fn leaves_out(&self, path: &str) -> bool {
        self.is_ignored(path) && !self.ignored.iter().any(|(_, back)| *back)
    }

    fn is_ignored(&self, path: &str) -> bool {
        let mut ignored = false;
        for (pattern, back) in &self.ignored {
            if covers(pattern, path) {
                ignored = !back;
            }
        }
        ignored
    }

    fn takes(&self, path: &str) -> bool {
        let named = || match &self.copied {
            Some(sources) => sources.iter().any(|source| covers(source, path)),
            None => true,
        };
        !self.is_ignored(path) && named()
    }
}

/// Folders within folders that are followed: links may lead in circles.
const DEEPEST: usize = 40;

/// Whether a pattern names a path or a folder that it lies in.
fn covers(pattern: &str, path: &str) -> bool {
    let parts: Vec<&str> =
        pattern.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let path: Vec<&str> = path.split('/').collect();
    parts.is_empty() || begins(&parts, &path, 0)
}

/// Whether the first parts of a path fit a pattern's, `**` being any number of them.
fn begins(parts: &[&str], path: &[&str], depth: usize) -> bool {
    let Some((first, rest)) = parts.split_first() else { return true };
    if *first == "**" {
        let tails = (0..=path.len()).filter_map(|from| path.get(from..));
        return depth < DEEPEST
            && tails.into_iter().any(|tail| begins(rest, tail, depth.saturating_add(1)));
    }
    let Some((name, tail)) = path.split_first() else { return false };
    fits(first, name, false) && begins(rest, tail, depth)
}

/// The patterns of a `.dockerignore`.
fn rules(text: &str) -> Vec<(String, bool)> {
    let lines =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let rule = |line: &str| match line.strip_prefix('!') {
        Some(rest) => (rest.trim().to_owned(), true),
        None => (line.to_owned(), false),
    };
    lines.map(rule).collect()
}

/// One stage of a Dockerfile.
#[derive(Debug, Default)]
struct Stage {
    /// What it is built on.
    from: String,
    name: String,
    copied: Vec<String>,
}

/// The sources that the instructions of the last stage name, or of the one called `target`; `None`
/// when they cannot be told.
fn copied(text: &str, target: Option<&str>) -> Option<Vec<String>> {
    let joined = text.replace("\\\r\n", " ").replace("\\\n", " ");
    let mut stages: Vec<Stage> = Vec::new();
    for line in joined.lines().map(str::trim) {
        let (word, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
        let rest = rest.trim();
        match word.to_ascii_uppercase().as_str() {
            "FROM" => {
                let words: Vec<&str> =
                    rest.split_whitespace().filter(|it| !it.starts_with("--")).collect();
                let name = words.get(2).copied().unwrap_or_default().to_owned();
                let from = words.first()?.to_string();
                stages.push(Stage { from, name, copied: Vec::new() });
            }
            "COPY" | "ADD" => {
                let stage = stages.last_mut()?;
                stage.copied.extend(sources(rest)?);
            }
            // The whole context is at hand while it runs.
            "RUN" if rest.contains("type=bind") && !rest.contains("from=") => return None,
            _ => {}
        }
    }
    let mut wanted = match target {
        Some(name) => stages.iter().position(|stage| stage.name == name)?,
        None => stages.len().checked_sub(1)?,
    };
    let mut all = Vec::new();
    // A stage is built on one before it, so this ends.
    loop {
        let stage = stages.get(wanted)?;
        all.extend(stage.copied.iter().cloned());
        let before = stages.get(..wanted)?;
        match before.iter().rposition(|one| !one.name.is_empty() && one.name == stage.from) {
            Some(next) => wanted = next,
            None => return Some(all),
        }
    }
}

/// The sources of one `COPY` or `ADD`; `None` when they are made of variables.
fn sources(rest: &str) -> Option<Vec<String>> {
    let mut words: Vec<String> = if rest.trim_start().starts_with('[') {
        quoted_list(rest)
    } else {
        rest.split_whitespace().map(str::to_owned).collect()
    };
    let flags: Vec<String> = words.iter().take_while(|it| it.starts_with("--")).cloned().collect();
    if flags.iter().any(|flag| flag.starts_with("--from=")) {
        return Some(Vec::new());
    }
    words.drain(..flags.len());
    words.pop();
    if words.iter().any(|word| word.contains('$')) {
        return None;
    }
    // Addresses and texts of their own come from elsewhere.
    Some(words.into_iter().filter(|it| !it.contains("://") && !it.starts_with("<<")).collect())
}

/// The texts of `["a", "b"]`, flags in front kept.
fn quoted_list(rest: &str) -> Vec<String> {
    rest.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(dockerfile: Option<&str>, ignored: &str, path: &str) -> bool {
        let copied = dockerfile.and_then(|text| copied(text, None));
        Context { ignored: rules(ignored), copied }.takes(path)
    }

    #[test]
    fn what_goes_into_an_image_is_what_the_last_stage_copies() {
        let all = Some("FROM a\nCOPY . .\n");
        for (dockerfile, ignored, path, taken) in [
            (all, "", "x/.env", true),
            (all, ".env", ".env", false),
            (all, ".env", "x/.env", true),
            (all, "**/.env", "x/y/.env", false),
            (all, "x", "x/y", false),
            (all, "*\n!src", "src/a", true),
            (all, "*\n!src", "key", false),
            (all, "# key\n*.key", "a.key", false),
            (Some("FROM a\nCOPY src /src\n"), "", "src/a", true),
            (Some("FROM a\nCOPY src /src\n"), "", ".env", false),
            (Some("FROM a\nADD --chown=1 a*.txt b \\\n  c /x/\n"), "", "ab.txt", true),
            (Some("FROM a\nCOPY [\"k e\", \"/x\"]\n"), "", "k e", true),
            (Some("FROM a AS b\nCOPY . .\nFROM c\nCOPY --from=b /x /x\n"), "", ".env", false),
            (Some("FROM a AS b\nCOPY . .\nFROM b\nRUN x\n"), "", ".env", true),
            (Some("FROM a\nCOPY $X /\n"), "", ".env", true),
            (Some("FROM a\nRUN --mount=type=bind,target=. make\n"), "", ".env", true),
            (None, "", ".env", true),
        ] {
            assert_eq!(takes(dockerfile, ignored, path), taken, "{dockerfile:?} {ignored} {path}");
        }
    }
}
