//! Labelled texts, byte for byte the same for a seed on every machine.

use super::contexts::CONTEXTS;
use super::decoys::DECOYS;
use super::personal::PERSONAL;
use super::random::Random;
use super::secrets::{Class, Family, GENERIC, STRUCTURED};

/// How often each family stands in the texts of a seed.
const EACH: usize = 6;

/// How often each decoy does: more often than all values together.
const EACH_DECOY: usize = 12;

/// Lines of a text.
const LINES: usize = 40;

/// A value and where it stands.
pub(super) struct Label {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) family: &'static str,
    pub(super) class: Class,
    pub(super) context: &'static str,
}

/// A text and what is in it.
#[derive(Default)]
pub(super) struct Document {
    pub(super) text: String,
    pub(super) labels: Vec<Label>,
    /// Where each decoy begins and ends.
    pub(super) decoys: Vec<(usize, usize, &'static str)>,
}

/// One line before it stands in a text.
struct Line {
    text: String,
    value: Option<(usize, usize, &'static Family, &'static str)>,
    decoy: Option<&'static str>,
}

/// All families.
pub(super) fn families() -> impl Iterator<Item = &'static Family> {
    STRUCTURED.iter().chain(GENERIC).chain(PERSONAL)
}

/// The texts of one seed; `scored` adds the contexts that nobody tunes on.
pub(super) fn documents(seed: u64, scored: bool) -> Vec<Document> {
    let mut random = Random::new(seed);
    let mut lines = Vec::new();
    for family in families() {
        let contexts: Vec<_> = CONTEXTS
            .iter()
            .filter(|context| context.fits.contains(&family.class) && (scored || !context.held))
            .collect();
        for _ in 0..EACH {
            if let Some(context) = contexts.get(random.below(contexts.len())) {
                lines.push(with_value(family, context.kind, context.line, &mut random));
            }
        }
    }
    for decoy in DECOYS {
        for _ in 0..EACH_DECOY {
            let text = (decoy.line)(&mut random);
            lines.push(Line { text, value: None, decoy: Some(decoy.name) });
        }
    }
    for place in (1..lines.len()).rev() {
        lines.swap(place, random.below(place.saturating_add(1)));
    }
    lines.chunks(LINES).map(|lines| document(lines, &mut random)).collect()
}

fn with_value(
    family: &'static Family,
    kind: &'static str,
    template: &str,
    random: &mut Random,
) -> Line {
    let value = (family.make)(random);
    let named = template.replace("{k}", family.key).replace("{K}", &family.key.to_uppercase());
    let marked = if value.contains('«') { value } else { format!("«{value}»") };
    let text = named.replacen("{v}", &marked, 1);
    let start = text.find('«').unwrap_or_default();
    let text = text.replacen('«', "", 1);
    let end = text.find('»').unwrap_or(text.len());
    let text = text.replacen('»', "", 1);
    Line { text, value: Some((start, end, family, kind)), decoy: None }
}

fn document(lines: &[Line], random: &mut Random) -> Document {
    const FILLER: [&str; 8] = [
        "",
        "## Notes on the rollout",
        "for item in items: process(item)",
        "  # keep in step with the schema",
        "See the runbook before you change this.",
        "if retries > 3 { return Err(Timeout); }",
        "<p>Thank you for your order.</p>",
        "INFO worker started",
    ];
    let mut made = Document::default();
    for line in lines {
        let at = made.text.len();
        made.text.push_str(&line.text);
        if let Some((start, end, family, context)) = line.value {
            made.labels.push(Label {
                start: at.saturating_add(start),
                end: at.saturating_add(end),
                family: family.name,
                class: family.class,
                context,
            });
        }
        if let Some(name) = line.decoy {
            made.decoys.push((at, made.text.len(), name));
        }
        made.text.push('\n');
        made.text.push_str(random.pick(&FILLER));
        made.text.push('\n');
    }
    made
}
