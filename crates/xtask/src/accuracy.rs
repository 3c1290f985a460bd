//! `cargo xtask accuracy`: how much is found and how much is cried wolf about, on texts made here.
//!
//! Values are made from what issuers say about their shape, never from the patterns that find them,
//! so that a wrong pattern shows. Seeds are in two parts: one to tune on, whose misses are listed,
//! and one that is looked at once per release, of which only the figures are told.

mod contexts;
mod corpus;
mod decoys;
mod page;
mod personal;
mod random;
mod secrets;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use datafog_core::{Confidence, Key};
use datafog_scan::{Found, Options, Progress, Report, Text, walk};

use self::corpus::{Document, Label, documents, families};
use self::secrets::Class;
use crate::report;

/// Seeds to tune on.
const TUNE: RangeInclusive<u64> = 1..=50;

/// Seeds that are looked at once per release.
const RELEASE: RangeInclusive<u64> = 1200..=1249;

/// How much of a value must be covered to count as found.
const COVERED: usize = 80;

/// A token whose checksum is wrong may be told as a shape, at most this sure (per cent): issuers
/// change their constants. Told as sound it is a false alarm.
const SHAPE_ONLY: u8 = 80;

/// Misses and false alarms that are shown of each kind.
const SHOWN: usize = 3;

/// Counts of one family.
#[derive(Clone, Debug, Default)]
struct Score {
    labels: usize,
    found: usize,
    exact: usize,
    /// False alarms of the detectors that find this family.
    false_alarms: usize,
}

/// Everything that was counted.
#[derive(Default)]
struct Tally {
    families: BTreeMap<&'static str, Score>,
    /// How often a detector hit a family.
    hits: BTreeMap<String, BTreeMap<&'static str, usize>>,
    /// False alarms by detector and by what they were raised on.
    alarms: BTreeMap<(String, &'static str), usize>,
    /// Tokens with a wrong checksum that were told as a shape.
    shape_only: usize,
    decoys: usize,
    bytes: usize,
    examples: BTreeMap<String, Vec<String>>,
}

/// What was found in real texts.
struct Real {
    bytes: u64,
    files: usize,
    by_detector: BTreeMap<String, usize>,
}

/// Scores the part to tune on and lists what went wrong.
pub(crate) fn tune() -> Result<()> {
    let tally = score(TUNE, false)?;
    report(&page::text(&tally));
    for (kind, examples) in &tally.examples {
        report(&format!("{kind}\n"));
        examples.iter().for_each(|example| report(&format!("    {example}\n")));
    }
    Ok(())
}

/// Scores the part that is kept apart and writes `docs/ACCURACY.md`, with figures of the real texts
/// in `folders`; without any, what the page says of them stays.
pub(crate) fn release(folders: &[&str]) -> Result<()> {
    const PAGE: &str = "docs/ACCURACY.md";
    let before = std::fs::read_to_string(PAGE).context("run it at the root of the repository")?;
    let tally = score(RELEASE, true)?;
    let real = if folders.is_empty() { None } else { Some(in_real(folders)?.0) };
    let mut page = page::markdown(&tally, real.as_ref());
    if real.is_none() {
        page.push_str(page::real_part(&before));
    }
    std::fs::write(PAGE, page)?;
    report(&page::text(&tally));
    Ok(())
}

/// Lists what is found in real texts: everything that is no secret is a false alarm.
pub(crate) fn real(folders: &[&str]) -> Result<()> {
    let (real, findings) = in_real(folders)?;
    for found in &findings.findings {
        let Found { path, line, column, detector, preview, confidence, .. } = found;
        report(&format!("{path}:{line}:{column}  {detector}  {preview}  {confidence}\n"));
    }
    report(&page::real(&real));
    Ok(())
}

fn in_real(folders: &[&str]) -> Result<(Real, Report)> {
    let key = Key::new(&[7; 32]);
    let options = Options { ignore: false, archives: false, ..Options::new(&key) };
    let paths: Vec<PathBuf> = folders.iter().map(PathBuf::from).collect();
    let findings = walk(&paths, &options, &Progress::default());
    let mut by_detector = BTreeMap::new();
    for found in &findings.findings {
        count(by_detector.entry(found.detector.clone().into_owned()).or_default());
    }
    ensure!(findings.bytes > 0, "there is nothing to read");
    Ok((Real { bytes: findings.bytes, files: findings.files, by_detector }, findings))
}

fn score(seeds: RangeInclusive<u64>, scored: bool) -> Result<Tally> {
    let key = Key::new(&[7; 32]);
    let options = Options { most: usize::MAX, ..Options::new(&key) };
    let mut tally = Tally::default();
    for family in families() {
        tally.families.entry(family.name).or_default();
    }
    for document in seeds.flat_map(|seed| documents(seed, scored)) {
        let mut findings = Report::default();
        Text::whole(&options, "-", document.text.as_bytes(), &mut findings);
        tally.add(&document, &findings.findings);
    }
    ensure!(tally.families.values().all(|score| score.labels > 0), "a family has no context");
    tally.settle();
    Ok(tally)
}

impl Tally {
    fn add(&mut self, document: &Document, findings: &[Found]) {
        self.bytes = self.bytes.saturating_add(document.text.len());
        self.decoys = self.decoys.saturating_add(document.decoys.len());
        for label in &document.labels {
            self.add_label(label, document, findings);
        }
        for found in findings {
            let labelled = document
                .labels
                .iter()
                .any(|label| overlap(found, label.start, label.end) && is_kind(found, label.class));
            if !labelled {
                self.add_alarm(found, document);
            }
        }
    }

    /// Counts whether a labelled value was found.
    fn add_label(&mut self, label: &Label, document: &Document, findings: &[Found]) {
        let covers = |found: &&Found| {
            let shared = found.end.min(label.end).saturating_sub(found.start.max(label.start));
            let length = label.end.saturating_sub(label.start);
            is_kind(found, label.class)
                && shared.saturating_mul(100) >= length.saturating_mul(COVERED)
        };
        let hit = findings.iter().find(covers);
        let score = self.families.entry(label.family).or_default();
        count(&mut score.labels);
        match hit {
            Some(found) => {
                count(&mut score.found);
                if (found.start, found.end) == (label.start, label.end) {
                    count(&mut score.exact);
                }
                let detector = found.detector.clone().into_owned();
                count(self.hits.entry(detector).or_default().entry(label.family).or_default());
            }
            None => {
                let kind = format!("missed: {}", label.family);
                self.example(kind, label.context, &document.text, label.start);
            }
        }
    }

    /// Counts a finding where there is no value of its kind.
    fn add_alarm(&mut self, found: &Found, document: &Document) {
        let decoy = document.decoys.iter().find(|(start, end, _)| overlap(found, *start, *end));
        let raised = decoy.map_or("the rest of the text", |(_, _, name)| *name);
        if raised.starts_with("checksum-broken")
            && found.confidence <= Confidence::percent(SHAPE_ONLY)
        {
            count(&mut self.shape_only);
            return;
        }
        let detector = found.detector.clone().into_owned();
        count(self.alarms.entry((detector.clone(), raised)).or_default());
        let kind = format!("false alarm: {detector}");
        self.example(kind, raised, &document.text, found.start);
    }

    fn example(&mut self, kind: String, what: &str, text: &str, at: usize) {
        let examples = self.examples.entry(kind).or_default();
        if examples.len() < SHOWN {
            let line = text.get(..at).map_or(0, |before| before.matches('\n').count());
            examples.push(format!("{what}: {}", text.lines().nth(line).unwrap_or_default()));
        }
    }

    /// Gives false alarms to the family that their detector finds most often.
    fn settle(&mut self) {
        for ((detector, _), alarms) in &self.alarms {
            let hits = self.hits.get(detector);
            let family = hits.and_then(|hits| hits.iter().max_by_key(|(_, count)| **count));
            if let Some(score) = family.and_then(|(name, _)| self.families.get_mut(name)) {
                score.false_alarms = score.false_alarms.saturating_add(*alarms);
            }
        }
    }

    /// Labels, found ones and false alarms of a class.
    fn class(&self, class: Class) -> Score {
        let mut sum = Score::default();
        for family in families().filter(|family| family.class == class) {
            if let Some(score) = self.families.get(family.name) {
                sum.labels = sum.labels.saturating_add(score.labels);
                sum.found = sum.found.saturating_add(score.found);
                sum.exact = sum.exact.saturating_add(score.exact);
            }
        }
        for ((detector, _), alarms) in &self.alarms {
            if class_of(detector) == class {
                sum.false_alarms = sum.false_alarms.saturating_add(*alarms);
            }
        }
        sum
    }
}

impl Score {
    fn recall(&self) -> f64 {
        share(self.found, self.labels)
    }

    fn precision(&self) -> f64 {
        share(self.found, self.found.saturating_add(self.false_alarms))
    }

    fn exactness(&self) -> f64 {
        share(self.exact, self.found)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn share(part: usize, of: usize) -> f64 {
    if of == 0 { 1.0 } else { part as f64 / of as f64 }
}

/// Whether a finding and what stands from `start` to `end` share anything.
const fn overlap(found: &Found, start: usize, end: usize) -> bool {
    found.start < end && start < found.end
}

/// Whether a finding says of a value what it is: a secret or personal data.
fn is_kind(found: &Found, class: Class) -> bool {
    found.entity.starts_with("pii.") == (class == Class::Personal)
}

/// The class that a detector's findings count for.
fn class_of(detector: &str) -> Class {
    let entity = datafog_scan::about(detector).map_or("", |about| about.entity);
    if entity.starts_with("pii.") {
        Class::Personal
    } else if entity.starts_with("secret.generic") {
        Class::Generic
    } else {
        Class::Structured
    }
}

const fn count(number: &mut usize) {
    *number = number.saturating_add(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_gives_the_same_texts() {
        let texts =
            |seed| documents(seed, true).into_iter().map(|one| one.text).collect::<String>();
        assert_eq!(texts(7), texts(7));
        assert_ne!(texts(7), texts(8));
    }

    #[test]
    fn labels_name_their_values_and_there_are_more_decoys() {
        let documents: Vec<_> = TUNE.take(3).flat_map(|seed| documents(seed, false)).collect();
        let labels: usize = documents.iter().map(|one| one.labels.len()).sum();
        let decoys: usize = documents.iter().map(|one| one.decoys.len()).sum();
        assert!(decoys >= labels && labels > 500, "{decoys} {labels}");
        for document in &documents {
            for label in &document.labels {
                let value = document.text.get(label.start..label.end).unwrap();
                assert!(!value.is_empty() && !value.contains('\n'), "{}: {value}", label.family);
            }
        }
    }

    #[test]
    fn held_contexts_stand_in_the_release_part_only() {
        let held: Vec<_> = contexts::CONTEXTS.iter().filter(|context| context.held).collect();
        let documents: Vec<_> = TUNE.flat_map(|seed| documents(seed, false)).collect();
        let labels = documents.iter().flat_map(|one| &one.labels);
        let seen: std::collections::BTreeSet<_> = labels.map(|label| label.context).collect();
        for context in held {
            let shared =
                contexts::CONTEXTS.iter().any(|other| !other.held && other.kind == context.kind);
            assert!(shared || !seen.contains(context.kind), "{}", context.kind);
        }
    }
}
