//! The files that a patch changes: unified differences, those of git, and the envelope that agents
//! write (`*** Update File: name`).
//!
//! A text is a patch when a line says so; prose about patches names no files. The form is that of
//! diff(1), *Unified Format*, and git-diff(1), *Generating patch text with -p*.

/// Most files of one patch that are told; more are written by no agent at once.
const MOST: usize = 256;

/// Before the names of files in the envelope of agents.
const ENVELOPE: [&str; 4] =
    ["*** Add File: ", "*** Delete File: ", "*** Move to: ", "*** Update File: "];

/// Before the names of files in a difference.
const HEADS: [&str; 6] = ["+++ ", "--- ", "copy from ", "copy to ", "rename from ", "rename to "];

/// The files that a patch names, each as it stands there and without the folder that git puts in
/// front (`a/`, `b/`); none when the text is no patch. Linear in the size of the text.
pub(crate) fn patched(text: &str) -> Vec<String> {
    let is_patch = text.lines().any(|line| {
        line.starts_with("@@ ") || line.starts_with("diff --git ") || in_envelope(line).is_some()
    });
    let mut names: Vec<String> = Vec::new();
    if !is_patch {
        return names;
    }
    for line in text.lines() {
        let named = match HEADS.iter().find_map(|head| line.strip_prefix(head)) {
            Some(rest) => Some(rest),
            None => in_envelope(line),
        };
        // A time may stand behind a tab.
        let named = named.and_then(|rest| rest.split('\t').next()).map(str::trim);
        let named = named.map(|name| name.trim_matches('"')).filter(|name| *name != "/dev/null");
        let Some(name) = named.filter(|name| !name.is_empty()) else { continue };
        let bare = name.strip_prefix("a/").or_else(|| name.strip_prefix("b/"));
        for name in bare.into_iter().chain([name]) {
            if names.len() < MOST && !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
    }
    names
}

fn in_envelope(line: &str) -> Option<&str> {
    ENVELOPE.iter().find_map(|head| line.strip_prefix(head))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_a_patch_are_told() {
        for (text, names) in [
            (
                "*** Begin Patch\n*** Update File: .env\n@@\n-A=1\n+A=2\n*** Move to: x/y\n",
                &[".env", "x/y"][..],
            ),
            ("*** Add File: a b.txt\n+x", &["a b.txt"]),
            (
                "--- a/src/x.rs\t2026-01-01\n+++ b/src/y.rs\n@@ -1 +1 @@\n-a\n+b\n",
                &["src/x.rs", "a/src/x.rs", "src/y.rs", "b/src/y.rs"],
            ),
            (
                "diff --git a/x b/y\nrename from x\nrename to \"y\"\n--- a/x\n+++ /dev/null\n",
                &["x", "y", "a/x"],
            ),
            ("see *** Update File: x\n--- a\n+++ b\n", &[]),
            ("# Title\n\n--- \nrename from x to y", &[]),
        ] {
            assert_eq!(patched(text), names, "{text}");
        }
    }
}
