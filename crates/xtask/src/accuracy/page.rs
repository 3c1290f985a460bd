//! The figures as a page and as text.

use super::corpus::families;
use super::secrets::Class;
use super::{RELEASE, Real, Score, Tally, share};

/// What each class has to reach: precision, recall.
const BARS: [(Class, &str, f64, f64); 3] = [
    (Class::Structured, "structured secrets", 0.99, 0.98),
    (Class::Generic, "generic secrets", 0.95, 0.90),
    (Class::Personal, "personal data", 0.97, 0.95),
];

const HEAD: &str = "\
# Accuracy

Measured by `cargo xtask accuracy release` on texts that it makes itself: values by what their issuers say
about the shape (never from the patterns that find them), in the places where they stand, among at least
as many decoys. It is a test of shapes and places that we thought of, made by those who made the
detectors; it says nothing of the frequency of anything in the world.

The seeds below are looked at once per release (1000 to 1199 were those of releases before) and hold
contexts that no other part has. The detectors are tuned on seeds 1 to 50: `cargo xtask accuracy` shows
what goes wrong there.

A value counts as found when a finding of its kind, secret or personal, covers at least 80 % of it; it is
exact when both ends are right. Precision is that of the detectors which find a family most.
";

/// What the starter policy stops of everyday commands; a test of the gate compares it.
const EVERYDAY: &str = include_str!("everyday.md");

/// What texts of other styles showed, and which families are known.
const PROBES: &str = include_str!("probes.md");
const REAL: &str = "
## Real texts

Every finding at the default confidence in public text that nobody made for this: sources of Rust packages
with their lock files, headers of C, and the documentation and the Python and Perl libraries of a Debian system.
Nothing is left out but what is compressed. The rules below were tuned on this set.

";

const EXPLAINED: &str = include_str!("real.md");

/// What a page says of real texts; nothing if it says nothing.
pub(super) fn real_part(page: &str) -> &str {
    let head = REAL.get(..REAL.find("\n\n").unwrap_or(REAL.len())).unwrap_or(REAL);
    page.find(head).and_then(|at| page.get(at..)).unwrap_or_default()
}

/// `docs/ACCURACY.md`.
pub(super) fn markdown(tally: &Tally, real: Option<&Real>) -> String {
    let mut page = String::from(HEAD);
    let (first, last) = RELEASE.into_inner();
    let labels: usize = tally.families.values().map(|score| score.labels).sum();
    page += &format!(
        "\nSeeds {first} to {last}: {labels} values of {} families, {} decoys, {} bytes.\n\n",
        tally.families.len(),
        tally.decoys,
        tally.bytes
    );
    page += "| | precision | at least | recall | at least | exact |\n|---|---|---|---|---|---|\n";
    for (class, name, precision, recall) in BARS {
        let score = tally.class(class);
        page += &format!(
            "| {name} | {:.4} | {precision:.2} | {:.4} | {recall:.2} | {:.4} |\n",
            score.precision(),
            score.recall(),
            score.exactness()
        );
    }
    page += &each_family(tally);
    page += PROBES;
    page += EVERYDAY;
    page += &alarms(tally);
    if let Some(real) = real {
        page += REAL;
        page += &self::real(real);
        page += EXPLAINED;
    }
    page
}

/// The scores of each family, by class.
fn each_family(tally: &Tally) -> String {
    let mut page = String::new();
    for (class, name, ..) in BARS {
        page += &format!(
            "\n## {}\n\n| family | values | precision | recall | exact |\n|---|---|---|---|---|\n",
            capital(name)
        );
        for family in families().filter(|family| family.class == class) {
            let score = tally.families.get(family.name).cloned().unwrap_or_default();
            page += &row(family.name, &score);
        }
    }
    page
}

/// What was raised where nothing is.
fn alarms(tally: &Tally) -> String {
    let mut page = String::from("\n## False alarms by kind of decoy\n\n");
    if tally.alarms.is_empty() {
        page += "None.\n";
    } else {
        page += "| detector | raised on | times |\n|---|---|---|\n";
        for ((detector, raised), times) in &tally.alarms {
            page += &format!("| `{detector}` | {raised} | {times} |\n");
        }
    }
    page += &format!(
        "\nTokens with a wrong checksum that were told as a shape, less sure than a sound one: {}.\n",
        tally.shape_only
    );
    page
}

fn row(name: &str, score: &Score) -> String {
    let Score { labels, .. } = score;
    let (precision, recall, exact) = (score.precision(), score.recall(), score.exactness());
    format!("| {name} | {labels} | {precision:.3} | {recall:.3} | {exact:.3} |\n")
}

/// The same for a terminal.
pub(super) fn text(tally: &Tally) -> String {
    let mut text = String::new();
    for family in families() {
        let score = tally.families.get(family.name).cloned().unwrap_or_default();
        text += &format!(
            "{:32} {:5}  precision {:.3}  recall {:.3}  exact {:.3}\n",
            family.name,
            score.labels,
            score.precision(),
            score.recall(),
            score.exactness()
        );
    }
    for (class, name, precision, recall) in BARS {
        let score = tally.class(class);
        text += &format!(
            "{name:32} precision {:.4} (at least {precision})  recall {:.4} (at least {recall})\n",
            score.precision(),
            score.recall()
        );
    }
    for ((detector, raised), times) in &tally.alarms {
        text += &format!("false alarms of {detector} on {raised}: {times}\n");
    }
    text
}

/// Findings in real texts by detector.
pub(super) fn real(real: &Real) -> String {
    let total: usize = real.by_detector.values().sum();
    let megabytes = usize::try_from(real.bytes / 1_000_000).unwrap_or(usize::MAX).max(1);
    let per = |count: usize| share(count, megabytes) * 100.0;
    let mut text = format!(
        "{total} findings in {megabytes} MB of {} files: {:.1} per 100 MB.\n\n\
         | detector | findings | per 100 MB |\n|---|---|---|\n",
        real.files,
        per(total)
    );
    for (detector, count) in &real.by_detector {
        text += &format!("| `{detector}` | {count} | {:.1} |\n", per(*count));
    }
    text
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
