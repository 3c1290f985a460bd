//! Texts made to slow a scanner down: one unit again and again, and a search for the worst unit.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::Deserialize;

/// What stands between keywords, and between letters, in a search.
const MARKS: [&str; 24] = [
    " ", "=", ":", "\"", "'", "-", "_", ".", "/", "@", "%", "\\", "\n", "a", "B", "7", "1", "+",
    "(", "<", "://", "='", ": \"", "\0",
];

#[derive(Deserialize)]
struct File {
    detector: Vec<Detector>,
}

#[derive(Deserialize)]
struct Detector {
    #[serde(default)]
    keywords: Vec<String>,
    examples: Vec<String>,
    counter_examples: Vec<String>,
}

/// Every keyword of the data files alone and with a mark behind it, the beginnings of all examples,
/// and `random` units of 2 to 16 bytes put together from keywords and marks.
pub(crate) fn candidates(folder: &Path, random: usize) -> BTreeSet<String> {
    let detectors = detectors(folder);
    let keywords: BTreeSet<String> =
        detectors.iter().flat_map(|one| &one.keywords).map(|keyword| plain(keyword)).collect();
    let mut units = keywords.clone();
    for keyword in &keywords {
        units.insert(keyword.to_uppercase());
        units.extend(MARKS.map(|mark| format!("{keyword}{mark}")));
        units.extend(["a", "7", "aB3"].map(|value| format!("{keyword}={value} ")));
    }
    for example in detectors.iter().flat_map(|one| &one.examples) {
        units.extend(
            [8, 12, 16, 24, 40].iter().filter_map(|most| example.get(..*most)).map(str::to_owned),
        );
    }
    let parts: Vec<&str> = keywords.iter().map(String::as_str).collect();
    let mut state = 1_u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        usize::try_from(state >> 33).unwrap_or_default() % below.max(1)
    };
    for _ in 0..random {
        let mut unit = String::new();
        let most = 2 + next(15);
        while unit.len() < most {
            let part = if next(4) == 0 {
                parts.get(next(parts.len()))
            } else {
                MARKS.get(next(MARKS.len()))
            };
            unit.push_str(part.copied().unwrap_or_default());
        }
        units.insert(unit);
    }
    units
}

/// The examples and counter-examples of the data files as lines.
pub(crate) fn lines(folder: &Path) -> BTreeSet<String> {
    let texts = detectors(folder).into_iter().flat_map(|one| [one.examples, one.counter_examples]);
    texts.flatten().map(|text| format!("{text}\n")).collect()
}

fn detectors(folder: &Path) -> Vec<Detector> {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| fs::read_to_string(entry.path()).ok())
        .filter_map(|text| toml::from_str::<File>(&text).ok())
        .flat_map(|file| file.detector)
        .collect()
}

/// A keyword with a byte in place of each class.
fn plain(keyword: &str) -> String {
    keyword
        .replace("\\\\", "\u{1}")
        .replace("\\d", "7")
        .replace("\\h", "a")
        .replace("\\w", "a")
        .replace("\\s", "=")
        .replace('\u{1}', "\\")
}
