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

The seeds below are looked at once per release (1000 to 1049 were those of the release before) and hold
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
with their lock files, the documentation and the Python and Perl libraries of a Debian system, and 30
popular Python packages with their tests, minified scripts and API descriptions. Nothing is left out.

";

const EXPLAINED: &str = "
What they are. Generic passwords and keys, cards and numbers of persons were looked at one by one; private keys,
hashes of passwords and URLs in samples or package by package; of the others some sixty:

* E-mail and street addresses, phone numbers, postal codes and hardware addresses are what they say: authors in
  manifests and copyright files, numbers in licence texts, samples in documentation.
* IP addresses stand in tests and documentation of network code. Three of sixty were none: the number of a section, an
  object identifier, a revision.
* Private keys, hashes of passwords and URLs with a password are well-formed ones that tests and API
  descriptions publish; all but one of the hashes stand in one library for such hashes.
* Generic passwords and keys are literals in tests and in examples of documentation
  (`password = \"secr3t\"`, the `oauth_token` of an RFC). Four in all hold no credential: the name of a field
  beside another, a type after a colon, a path into a table of results, an idempotency token.
* No number of a person that is told by its shape alone (`alone-…`), no bank card and no token with a head of its
  own was raised.

By that count the findings that are not what they say are under 5 per 100 MB, and those of secrets under 1.

That does not hold of every set of texts. A later look at 621 MB of crates' sources, Python and Perl libraries and Debian's documentation
with its compressed changelogs found far more: about half of 1,021 IP addresses were versions of packages, most of 447 phone numbers the
dates in such versions (`1~++20200902060857+…`), six dates of birth a wish, four tokens a part of longer base64. Rules
were made for each of these; the set has not been measured again since.
";

/// What the look at the seeds of the release taught; they are not looked at again.
const LEARNT: &str = "
The addresses that were missed stand in one of the contexts kept apart (`new … since Monday: …`): a word
for versions, `since`, was looked for too far before them. That is mended; the figures are those of the look.
";

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
    page += LEARNT;
    page += PROBES;
    page += EVERYDAY;
    page += "\n## False alarms by kind of decoy\n\n";
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
    if let Some(real) = real {
        page += REAL;
        page += &self::real(real);
        page += EXPLAINED;
    }
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
