//! Names that only the run can tell, of which enough is known: numbers and times in them, and what
//! `mktemp` makes up. They stand for something that is not there yet.

use std::path::{Path, PathBuf};

use crate::limits::MOST_FIELDS;
use crate::read::Place;
use crate::walk::Walker;

/// A number that no process has, and that says which one it is as little as the real one.
pub(crate) const NUMBER: &str = "9999999999";

/// Digits that only such a number or time holds.
const MARK: &str = "9999";

/// Variables that hold some number.
const NUMBERS: [&str; 4] = ["$", "EPOCHSECONDS", "RANDOM", "SRANDOM"];

/// What a variable holds that is some number: it may stand in a name.
pub(crate) fn number(param: &str) -> Option<&'static str> {
    NUMBERS.contains(&param).then_some(NUMBER)
}

/// Whether an operator may make of a text what it would not make of the real number or time.
pub(crate) fn depends_on_number(text: &str, op: &str, pattern: &str) -> bool {
    let counts = |one: char| one.is_ascii_digit() || matches!(one, '?' | '[');
    text.contains(MARK) && (op == ":" || pattern.contains(counts))
}

/// What `date` writes by a format: digits and what stands between them; `None` for names of days and
/// the like.
pub(crate) fn date(format: &str) -> Option<String> {
    let (mut made, mut letters) = (String::new(), format.strip_prefix('+')?.chars());
    while let Some(letter) = letters.next() {
        if letter != '%' {
            made.push(letter);
            continue;
        }
        let kind =
            letters.by_ref().find(|one| !matches!(one, '-' | '_' | '0' | '3' | '6' | '9'))?;
        made.push_str(match kind {
            's' => NUMBER,
            'N' => "999999999",
            'Y' | 'G' => "9999",
            'y' | 'm' | 'd' | 'H' | 'I' | 'M' | 'S' | 'V' | 'U' | 'W' | 'g' => "99",
            'j' => "999",
            'u' | 'w' => "9",
            'F' => "9999-99-99",
            'T' => "99:99:99",
            'R' => "99:99",
            'z' => "+9999",
            _ => return None,
        });
    }
    Some(made + "\n")
}

impl Walker {
    /// Whether a folder is one that `mktemp` made.
    pub(crate) fn is_temporary(&self, folder: &Path) -> bool {
        self.made.iter().any(|made| made == folder)
    }

    /// The name of a new file or folder for a while (mktemp(1)): no other one that the line makes
    /// has it.
    pub(crate) fn temporary(&mut self, words: &[&str]) -> Option<String> {
        if self.place == Place::Elsewhere || self.made.len() >= MOST_FIELDS {
            return None;
        }
        let (mut folder, mut template, mut usual) = (None, None, false);
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "-d" | "-q" | "-dq" | "--directory" | "--quiet" => {}
                "-p" => folder = Some((*words.next()?).to_owned()),
                "-t" | "-dt" | "--tmpdir" => usual = true,
                long if long.starts_with("--tmpdir=") => {
                    folder = long.split_once('=').map(|(_, it)| it.to_owned());
                }
                flag if flag.starts_with('-') => return None,
                _ if template.is_some() => return None,
                name => template = Some(name),
            }
        }
        let number = format!("{:010}", self.made.len().saturating_add(1));
        let name = match template {
            Some(template) => {
                let end = template.trim_end_matches(|one| one != 'X');
                let rest = template.get(end.len()..).unwrap_or_default();
                let start = end.trim_end_matches('X');
                // What has no place for a number is a head of the name to some systems.
                if end.len().saturating_sub(start.len()) < 3 {
                    return None;
                }
                format!("{start}{number}{rest}")
            }
            None => format!("tmp.{number}"),
        };
        let below = template.is_none() || usual || folder.is_some();
        let folder = if below { folder.or_else(|| self.folder_for_a_while()) } else { None };
        let path = folder.map_or_else(|| name.clone(), |folder| format!("{folder}/{name}"));
        let whole = self.cwd().map_or_else(|| PathBuf::from(&path), |cwd| cwd.join(&path));
        self.made.push(whole);
        Some(path + "\n")
    }

    fn folder_for_a_while(&mut self) -> Option<String> {
        if self.variables.holds("TMPDIR") || self.world.variable("TMPDIR").is_some() {
            return self.variable("TMPDIR");
        }
        Some(String::from("/tmp"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_digits() {
        assert_eq!(date("+%s").unwrap(), "9999999999\n");
        assert_eq!(date("+%Y%m%d-%H%M%S").unwrap(), "99999999-999999\n");
        assert_eq!(date("+x/%F").unwrap(), "x/9999-99-99\n");
        assert_eq!(date("+%D"), None);
        assert_eq!(date("+%A"), None);
        assert!(depends_on_number("/a/9999999999", ":", "3"));
        assert!(depends_on_number("/a/9999999999", "%", "?"));
        assert!(!depends_on_number("/a/9999999999", "%", "/*"));
    }
}
