//! Path globs of pi-governance, matched on absolute paths.

use std::path::{Path, PathBuf};

use globset::{Glob, GlobBuilder, GlobMatcher};

/// One glob, with the place it starts at.
#[derive(Clone, Debug)]
pub(crate) struct PathGlob {
    start: Start,
    /// What follows the place, as written.
    rest: String,
    matcher: GlobMatcher,
    /// The folder itself, where the glob ends in `/**`.
    folder: Option<GlobMatcher>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    Anywhere,
    Home,
    Project,
}

const PROJECT: &str = "{{project_path}}";

impl PathGlob {
    /// Reads a glob; what is blocked is blocked whatever its letters' case.
    pub(crate) fn new(text: &str, any_case: bool) -> Result<Self, String> {
        let (start, rest) = if let Some(rest) = text.strip_prefix(PROJECT) {
            (Start::Project, rest.to_owned())
        } else if let Some(rest) = text.strip_prefix('~') {
            (Start::Home, rest.to_owned())
        } else if text.starts_with('/') || text == "**" || text.starts_with("**/") {
            (Start::Anywhere, text.to_owned())
        } else {
            (Start::Project, format!("/{}", text.strip_prefix("./").unwrap_or(text)))
        };
        if rest.contains("{{") {
            return Err(format!("`{PROJECT}` may only stand at the beginning"));
        }
        if start != Start::Anywhere && !(rest.is_empty() || rest.starts_with('/')) {
            return Err(String::from("a `/` is missing after the place it starts at"));
        }
        if rest.split('/').any(|part| matches!(part, "." | "..")) {
            return Err(String::from("`.` and `..` never match: paths are compared without them"));
        }
        let matcher = |text: &str| {
            let glob: Result<Glob, _> =
                GlobBuilder::new(text).literal_separator(true).case_insensitive(any_case).build();
            glob.map(|glob| glob.compile_matcher()).map_err(|error| error.kind().to_string())
        };
        let folder = rest.strip_suffix("/**").map(&matcher).transpose()?;
        let matcher = matcher(&rest)?;
        Ok(Self { start, rest, matcher, folder })
    }

    /// The same paths as a native pattern, when there is one.
    pub(crate) fn native(&self) -> Option<String> {
        let odd = |letter: char| matches!(letter, '{' | '}' | '[' | ']' | '!' | '\\');
        let parts_are_whole = self.rest.split('/').all(|part| part == "**" || !part.contains("**"));
        if self.rest.contains(odd) || !parts_are_whole {
            return None;
        }
        Some(match self.start {
            Start::Anywhere => self.rest.clone(),
            Start::Home => format!("~{}", self.rest),
            Start::Project => format!("<cwd>{}", self.rest),
        })
    }

    /// Whether an absolute path fits, in this project and home.
    pub(crate) fn matches(&self, path: &Path, project: &Path, home: Option<&Path>) -> bool {
        let within = |folder: &Path| {
            let rest = path.strip_prefix(folder).ok()?;
            Some(if rest.as_os_str().is_empty() {
                PathBuf::new()
            } else {
                Path::new("/").join(rest)
            })
        };
        let rest = match self.start {
            Start::Anywhere => Some(path.to_owned()),
            Start::Home => home.and_then(within),
            Start::Project => within(project),
        };
        rest.is_some_and(|rest| {
            self.matcher.is_match(&rest)
                || self.folder.as_ref().is_some_and(|folder| folder.is_match(&rest))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(glob: &str, path: &str) -> bool {
        let (project, home) = (Path::new("/home/u/work"), Path::new("/home/u"));
        PathGlob::new(glob, false).unwrap().matches(Path::new(path), project, Some(home))
    }

    #[test]
    fn globs_by_component() {
        for (glob, path) in [
            ("{{project_path}}/**", "/home/u/work/src/a.rs"),
            ("{{project_path}}/**", "/home/u/work"),
            ("~/.ssh/**", "/home/u/.ssh/id"),
            ("**/.env*", "/home/u/work/.env.local"),
            ("**/.env*", "/.env"),
            ("/etc/*", "/etc/passwd"),
            ("src/*.rs", "/home/u/work/src/a.rs"),
            ("**", "/x/y"),
            ("**/{a,b}", "/x/b"),
        ] {
            assert!(hit(glob, path), "{glob} {path}");
        }
        for (glob, path) in [
            ("{{project_path}}/**", "/home/u/worker/x"),
            ("{{project_path}}/**", "/home/u"),
            ("/etc/*", "/etc/ssh/config"),
            ("src/*.rs", "/home/u/work/src/x/a.rs"),
            ("~/.ssh/**", "/home/uu/.ssh/id"),
        ] {
            assert!(!hit(glob, path), "{glob} {path}");
        }
        for glob in ["[", "{{project_path}}x", "/a/{{project_path}}", "../x", "/a/../b"] {
            assert!(PathGlob::new(glob, false).is_err(), "{glob}");
        }
        let blocked = PathGlob::new("**/.env", true).unwrap();
        assert!(blocked.matches(Path::new("/x/.ENV"), Path::new("/"), None));
    }
}
