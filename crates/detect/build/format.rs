//! The format of a detector file. `docs/ADDING.md` shows one; unknown keys are errors.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

/// One file of the folder, with its text for line numbers.
pub(crate) struct Source {
    name: String,
    text: String,
    pub(crate) provider: Provider,
    pub(crate) detectors: Vec<Spanned<Detector>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    provider: Provider,
    detector: Vec<Spanned<Detector>>,
}

/// Who issues the secrets of this file, or the family of data that it describes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Provider {
    /// Name for people.
    pub(crate) name: String,
    /// The provider's own description of the format.
    pub(crate) url: String,
    /// Host patterns where these secrets belong; a detector may name its own.
    #[serde(default)]
    pub(crate) hosts: Vec<String>,
    /// What to do when one has leaked.
    pub(crate) revoke: String,
    /// Values that everybody knows, in pieces: no detector of this file finds them.
    #[serde(default)]
    published: Vec<Vec<String>>,
}

/// One recognised shape.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Detector {
    /// Unique, in kebab case.
    pub(crate) id: String,
    /// What is found, for example `secret.github.pat`.
    pub(crate) entity: String,
    /// One line for people.
    pub(crate) summary: String,
    /// What starts the search.
    #[serde(default)]
    pub(crate) trigger: Trigger,
    /// Literals, one of which is always there. `\d` a digit, `\h` a hex digit, `\w` a letter or
    /// digit, `\s` a byte that ends a name, `\\` a backslash.
    #[serde(default)]
    pub(crate) keywords: Vec<String>,
    /// The shape, as a regular expression that one byte of look-ahead decides. It starts at the
    /// keyword (`token`) or at the value (`assignment`); `(?<value>…)` is the value when it is not all.
    pub(crate) pattern: Option<String>,
    /// Class and greatest number of the bytes that may stand before the keyword and belong to
    /// the value: `[A-Za-z0-9_-]{180}`. The pattern then starts at the first of them.
    pub(crate) back: Option<String>,
    /// `number` only: lengths of the first group of digits, `9` or `13..19`; with those of the
    /// second where one follows after one or two bytes, `3 2`; with `A` or `a` where a capital or
    /// any letter follows directly; with `+` where one stands before.
    #[serde(default)]
    pub(crate) digits: Vec<String>,
    /// `number` only: how many letters stand directly before the first digit.
    #[serde(default)]
    pub(crate) letters: u8,
    /// What may stand before and after.
    #[serde(default)]
    pub(crate) boundary: Boundary,
    /// A check by name, one of `VALIDATORS`.
    pub(crate) validator: Option<String>,
    pub(crate) severity: Severity,
    /// Per cent, when the validator agrees or there is none.
    pub(crate) confidence: u8,
    /// Per cent, when only the shape is right. Without it such a value is no finding.
    pub(crate) shape: Option<u8>,
    /// Whether a more telling detector wins over this one on the same bytes.
    #[serde(default)]
    pub(crate) generic: bool,
    /// Replaces the provider's.
    pub(crate) hosts: Option<Vec<String>>,
    /// Replaces the provider's.
    pub(crate) url: Option<String>,
    /// Replaces the provider's.
    pub(crate) revoke: Option<String>,
    /// Values that the provider itself publishes and that are therefore no finding, in pieces. One
    /// that begins with `0x` is none without that either.
    #[serde(default)]
    pub(crate) published: Vec<Vec<String>>,
    /// Texts that hold the value; `«…»` marks it. Run by a test.
    pub(crate) examples: Vec<String>,
    /// Texts in which this detector finds nothing. Run by a test.
    pub(crate) counter_examples: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Trigger {
    /// A word of a name to which a value is assigned.
    Assignment,
    /// The character `@`.
    At,
    /// A word of the name of a column in a table, whose cells are the values.
    Column,
    /// A group of digits.
    Number,
    /// A literal that is part of the value.
    #[default]
    Token,
    /// The character `@` after the user part of a URL.
    Userinfo,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Boundary {
    /// Anything may stand around the value: its head is unmistakable.
    None,
    /// Anything may stand before the value, no letter or digit after it.
    Right,
    /// No letter or digit on either side and no underscore after. Before, an underscore may stand
    /// when every keyword is a literal head of the value, else it may not.
    #[default]
    Word,
    /// No letter, digit or underscore on either side, whatever the keywords are.
    Whole,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

impl Source {
    /// Reads and parses one file.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let name = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
        let File { provider, detector: mut detectors } =
            toml::from_str(&text).map_err(|error| format!("{name}: {error}"))?;
        for detector in &mut detectors {
            detector.get_mut().published.extend_from_slice(&provider.published);
        }
        Ok(Self { name, text, provider, detectors })
    }

    /// An error at `detector`: file, line, id and what is wrong.
    pub(crate) fn error(&self, detector: &Spanned<Detector>, what: &str) -> String {
        let line = self.line_of(&detector.get_ref().id, detector.span().start);
        format!("{}:{line}: {}: {what}", self.name, detector.get_ref().id)
    }

    fn line_of(&self, id: &str, from: usize) -> usize {
        let quoted = format!("\"{id}\"");
        let place = self.text.find(&quoted).unwrap_or(from);
        self.text.bytes().take(place).filter(|byte| *byte == b'\n').count().saturating_add(1)
    }
}
