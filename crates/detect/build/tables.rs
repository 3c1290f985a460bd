//! From checked files to Rust source.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::format::{Boundary, Detector, Source, Trigger};
use crate::grams::Grams;
use crate::hashes::{BIT, fnv, hash, place, set};
use crate::keyword::Keyword;
use crate::layer;
use crate::numbers::Numbers;
use crate::pattern::{self, Sets, Step};
use crate::planes;

/// Bits of the number of a place in the fine bitmap: 128 KiB, for long texts.
const FINE_BITS: u32 = 20;

/// The same for the coarse bitmap: 8 KiB, for short texts, which should touch few pages.
const COARSE_BITS: u32 = 16;

/// Bits of the place in the second bitmap, which is asked after the first has said yes.
const SECOND_BITS: u32 = 16;

/// The multiplier of the second bitmap's hash (Knuth, volume 3, section 6.4).
const SECOND: u32 = 0x9E37_79B1;

/// Bits of the bucket number; a bucket holds the windows with the same high hash bits.
const BUCKET_BITS: u32 = 14;

/// Bytes of a name to which a value is assigned.
const NAME: &str = "[A-Za-z0-9_.-]{64}";

/// Bytes of a value that stands without quotes.
const VALUE: &str = r#"[^\x00-\x20"'`,;<>(){}\[\]|&\\\x7f]{512}"#;

/// Bytes of a key that stands without an operator; `=` and `:` only where they are part of one.
const NEAR: &str = "[A-Za-z0-9_+/.:-]{512}";

/// Fewest examples and counter-examples of a detector.
const FEWEST_EXAMPLES: usize = 3;

/// What the crate's source says about its validators.
pub(crate) struct Validators {
    /// The names of `VALIDATORS` in order.
    pub(crate) names: Vec<String>,
    /// Those of `PROVING`.
    pub(crate) proving: Vec<String>,
    /// Those of `OF_KEYS`.
    pub(crate) of_keys: Vec<String>,
}

/// Fewest bytes of a value that those of `OF_KEYS` do not refuse.
const LEAST_KEY: u16 = 16;

impl Validators {
    /// Whether a value may be proven right by this one.
    fn prove(&self, name: &str) -> bool {
        self.proving.iter().any(|known| known == name)
    }

    /// Fewest bytes of a value that is assigned and that this one does not refuse.
    fn least(&self, name: &str) -> u16 {
        if self.of_keys.iter().any(|known| known == name) { LEAST_KEY } else { 0 }
    }
}

/// Compiles all files.
pub(crate) fn compile(sources: &[Source], validators: &Validators) -> Result<String, String> {
    let grams = Grams::read()?;
    let mut tables = Tables { layers: layer::keywords(&grams)?, ..Tables::default() };
    let name = pattern::compile_back(NAME, &mut tables.sets)?.0;
    let value = pattern::compile_back(VALUE, &mut tables.sets)?.0;
    let near = pattern::compile_back(NEAR, &mut tables.sets)?.0;
    for source in sources {
        for detector in &source.detectors {
            tables
                .add(source, detector.get_ref(), validators, &grams)
                .map_err(|what| source.error(detector, &what))?;
        }
    }
    let consts = format!(
        "pub(crate) const NAME: u16 = {name};\npub(crate) const VALUE: u16 = {value};\n\
            pub(crate) const NEAR_KEY: u16 = {near};\n"
    );
    Ok(consts + &tables.print(&grams).map_err(|error| error.to_string())?)
}

#[derive(Default)]
struct Tables {
    /// Each id and its place in the table of detectors.
    ids: BTreeMap<String, usize>,
    /// Each entity type and the place of the first detector that finds it.
    entities: BTreeMap<String, usize>,
    sets: Sets,
    keywords: BTreeMap<Keyword, Vec<usize>>,
    layers: Vec<(Keyword, &'static str)>,
    by_trigger: BTreeMap<&'static str, Vec<usize>>,
    numbers: Numbers,
    detectors: String,
    rules: String,
    count: usize,
}

/// The digests of a value that everybody knows, from its pieces: with and without `0x`.
fn known(pieces: &[String]) -> Vec<u64> {
    let value = pieces.concat();
    let digits = value.strip_prefix("0x").map(|digits| fnv(digits.as_bytes()));
    std::iter::once(fnv(value.as_bytes())).chain(digits).collect()
}

impl Tables {
    fn add(
        &mut self,
        source: &Source,
        detector: &Detector,
        validators: &Validators,
        grams: &Grams,
    ) -> Result<(), String> {
        self.entities.entry(detector.entity.clone()).or_insert(self.count);
        if self.ids.insert(detector.id.clone(), self.count).is_some() {
            return Err("the id is taken".to_owned());
        }
        check(detector)?;
        self.place(detector, grams)?;
        let rule = self.rule(detector, validators)?;
        self.rules.push_str(&rule);
        let words = describe(source, detector).map_err(|error| error.to_string())?;
        self.detectors.push_str(&words);
        self.count = self.count.saturating_add(1);
        Ok(())
    }

    /// Enters the detector under what triggers it.
    fn place(&mut self, detector: &Detector, grams: &Grams) -> Result<(), String> {
        match detector.trigger {
            Trigger::Assignment | Trigger::Column | Trigger::Token => {
                for keyword in &detector.keywords {
                    let rules = self.keywords.entry(Keyword::new(keyword, grams)?).or_default();
                    rules.push(self.count);
                }
            }
            Trigger::At => self.by_trigger.entry("AT_RULES").or_default().push(self.count),
            Trigger::Number => {
                for shape in &detector.digits {
                    self.numbers.add(shape, detector.letters, self.count)?;
                }
            }
            Trigger::Userinfo => {
                self.by_trigger.entry("USERINFO_RULES").or_default().push(self.count);
            }
        }
        Ok(())
    }

    fn rule(&mut self, detector: &Detector, validators: &Validators) -> Result<String, String> {
        let steps = match &detector.pattern {
            Some(text) => pattern::compile(text, &mut self.sets)?,
            None => Vec::new(),
        };
        let least = match &detector.pattern {
            Some(text) => pattern::least(text)?,
            None => 0,
        };
        let floor = detector.validator.as_ref().map_or(0, |name| validators.least(name));
        let least = if detector.trigger == Trigger::Assignment { least.max(floor) } else { least };
        let back = detector.back.as_ref().map(|text| pattern::compile_back(text, &mut self.sets));
        let back = back.transpose()?;
        let validator = match &detector.validator {
            Some(name) => {
                Some(validators.names.iter().position(|known| known == name).ok_or_else(|| {
                    let known = validators.names.join(", ");
                    format!("there is no validator `{name}`; known are {known}")
                })?)
            }
            None => None,
        };
        let published: Vec<u64> = detector.published.iter().flat_map(|it| known(it)).collect();
        let head = head_of(detector, &steps);
        let proves = detector.validator.as_ref().is_some_and(|name| validators.prove(name));
        Ok(format!(
            "Rule {{ trigger: {}, steps: &{}, least: {least}, back: {back:?}, boundary: Boundary::{:?}, \
             validator: {validator:?}, confidence: {}, shape: {:?}, rank: {}, head: {head}, \
             published: &{published:?}, secret: {}, proves: {proves} }},\n",
            trigger(detector),
            print_steps(&steps),
            boundary(detector),
            detector.confidence,
            detector.shape,
            rank(detector),
            detector.entity.starts_with("secret."),
        ))
    }

    fn print(&self, grams: &Grams) -> Result<String, std::fmt::Error> {
        let rules = self.keywords.iter().map(|(key, rules)| (key, rules, None));
        let layers = self.layers.iter().map(|(key, layer)| (key, &NO_RULES, Some(*layer)));
        let keywords: Vec<Placed<'_>> = rules.chain(layers).collect();
        let mut code = String::new();
        print_search(&mut code, &keywords, grams)?;
        print_keywords(&mut code, &keywords)?;
        let sets = self.sets.by_byte();
        writeln!(code, "pub(crate) static SETS: [[u8; 256]; {}] = {sets:?};", sets.len())?;
        for name in ["AT_RULES", "USERINFO_RULES"] {
            let rules = self.by_trigger.get(name).map_or(&[][..], Vec::as_slice);
            writeln!(code, "pub(crate) static {name}: [u16; {}] = {rules:?};", rules.len())?;
        }
        code.push_str(&self.numbers.print()?);
        let Self { count, rules, detectors, .. } = self;
        let by_id: Vec<usize> = self.ids.values().copied().collect();
        writeln!(code, "pub(crate) static BY_ID: [u16; {count}] = {by_id:?};")?;
        let by_entity: Vec<usize> = self.entities.values().copied().collect();
        let entities = by_entity.len();
        writeln!(code, "pub(crate) static BY_ENTITY: [u16; {entities}] = {by_entity:?};")?;
        writeln!(code, "pub(crate) static RULES: [Rule; {count}] = [\n{rules}];")?;
        writeln!(code, "pub(crate) static DETECTORS: [Detector; {count}] = [\n{detectors}];")?;
        Ok(code)
    }
}

/// How a window of a keyword is found: the bitmaps that are asked first, and the buckets.
fn print_search(
    code: &mut String,
    keywords: &[Placed<'_>],
    grams: &Grams,
) -> Result<(), std::fmt::Error> {
    let all: Vec<u32> = keywords.iter().flat_map(|(it, ..)| &it.windows).copied().collect();
    let fine = grams.multiplier(&all, FINE_BITS);
    let coarse = grams.multiplier(&all, COARSE_BITS);
    let (buckets, windows) = buckets(keywords, fine);
    writeln!(code, "pub(crate) const MULTIPLIER: u32 = {fine};")?;
    writeln!(code, "pub(crate) const COARSE_MULTIPLIER: u32 = {coarse};")?;
    for (name, bits) in [("COARSE", COARSE_BITS), ("FINE", FINE_BITS), ("BUCKET", BUCKET_BITS)] {
        writeln!(code, "pub(crate) const {name}_BITS: u32 = {bits};")?;
    }
    writeln!(code, "pub(crate) const SECOND_MULTIPLIER: u32 = {SECOND};")?;
    writeln!(code, "pub(crate) const SECOND_BITS: u32 = {SECOND_BITS};")?;
    for (name, bits, multiplier) in [("COARSE", COARSE_BITS, coarse), ("FINE", FINE_BITS, fine)] {
        let bitmap = bitmap(&windows, |window| place(window, bits, multiplier), bits);
        writeln!(code, "pub(crate) static {name}: [u32; {}] = {bitmap:?};", bitmap.len())?;
    }
    let second = bitmap(&windows, |window| hash(window, SECOND_BITS, SECOND), SECOND_BITS);
    writeln!(code, "pub(crate) static SECOND: [u32; {}] = {second:?};", second.len())?;
    let planes = planes::sorted(&all, grams);
    print_list(code, "PLANES", "Plane", planes.iter().map(|plane| format!("Plane({plane:?})")))?;
    writeln!(code, "pub(crate) static BUCKETS: [u16; {}] = {buckets:?};", buckets.len())?;
    let window = |(window, number): &(u32, u16)| {
        let beside = keywords.get(usize::from(*number)).and_then(|(it, ..)| it.beside);
        // Where there is no other byte, the window's first one says nothing new.
        let [first, ..] = window.to_le_bytes();
        let (away, beside) = beside.unwrap_or((0, first));
        format!("Window {{ window: {window}, keyword: {number}, away: {away}, beside: {beside} }}")
    };
    print_list(code, "WINDOWS", "Window", windows.iter().map(window))
}

fn print_keywords(code: &mut String, keywords: &[Placed<'_>]) -> Result<(), std::fmt::Error> {
    let keyword = |(keyword, rules, layer): &Placed<'_>| {
        let Keyword { text, offset, .. } = keyword;
        let (head, mask, classes) = keyword.head();
        let layer = layer.map_or("None".to_owned(), |name| format!("Some(Layer::{name})"));
        format!(
            "Keyword {{ text: &{text:?}, head: {head}, mask: {mask}, classes: {classes}, offset: {offset}, rules: &{rules:?}, layer: {layer} }}"
        )
    };
    print_list(code, "KEYWORDS", "Keyword", keywords.iter().map(keyword))
}

/// One static with an item on each line.
fn print_list(
    code: &mut String,
    name: &str,
    kind: &str,
    items: impl ExactSizeIterator<Item = String>,
) -> Result<(), std::fmt::Error> {
    writeln!(code, "pub(crate) static {name}: [{kind}; {}] = [", items.len())?;
    for item in items {
        writeln!(code, "{item},")?;
    }
    writeln!(code, "];")
}

/// What can be said about a detector without compiling it.
fn check(detector: &Detector) -> Result<(), String> {
    let wants_keyword =
        matches!(detector.trigger, Trigger::Assignment | Trigger::Column | Trigger::Token);
    let examples = detector.examples.len().min(detector.counter_examples.len());
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let kind = ["secret.", "pii."].iter().any(|kind| detector.entity.starts_with(kind));
    let problem = if !detector.id.bytes().all(plain) {
        "an id has lower-case letters, digits and dashes"
    } else if !kind {
        "an entity begins with `secret.` or `pii.`"
    } else if detector.keywords.is_empty() == wants_keyword {
        "keywords belong to `token`, `assignment` and `column`, and there they must be"
    } else if detector.trigger == Trigger::Token && detector.pattern.is_none() {
        "a token needs a pattern"
    } else if detector.trigger != Trigger::Token && detector.back.is_some() {
        "only a token has something before its keyword"
    } else if (detector.trigger == Trigger::Number) == detector.digits.is_empty() {
        "`digits` belongs to `number`, and there it must be"
    } else if detector.trigger == Trigger::Column && detector.pattern.is_some() {
        "a validator alone judges the cells of a column"
    } else if (!wants_keyword || detector.trigger == Trigger::Column)
        && detector.validator.is_none()
    {
        "a validator must judge what no keyword or pattern tells"
    } else if detector.confidence > 100 || detector.shape.is_some_and(|s| s > detector.confidence) {
        "shape <= confidence <= 100"
    } else if examples < FEWEST_EXAMPLES {
        "at least three examples and three counter-examples"
    } else {
        return Ok(());
    };
    Err(problem.to_owned())
}

fn trigger(detector: &Detector) -> String {
    match detector.trigger {
        Trigger::Assignment => "Trigger::Assignment".to_owned(),
        Trigger::At => "Trigger::At".to_owned(),
        Trigger::Column => "Trigger::Column".to_owned(),
        Trigger::Number => "Trigger::Number".to_owned(),
        Trigger::Token => "Trigger::Token".to_owned(),
        Trigger::Userinfo => "Trigger::Userinfo".to_owned(),
    }
}

/// What may stand around the value: with a head of four literal bytes it is distinct enough to
/// follow an underscore, with a class in its place it is not.
fn boundary(detector: &Detector) -> Boundary {
    let literal = detector.keywords.iter().all(|keyword| !keyword.contains('\\'));
    match detector.boundary {
        Boundary::Word if !literal || detector.back.is_some() => Boundary::Whole,
        Boundary::None | Boundary::Right | Boundary::Whole | Boundary::Word => detector.boundary,
    }
}

/// How telling a detector is, for values that two of them claim.
fn rank(detector: &Detector) -> u8 {
    match detector.trigger {
        _ if detector.generic => 0,
        Trigger::At | Trigger::Number | Trigger::Userinfo => 1,
        Trigger::Assignment | Trigger::Column => 2,
        Trigger::Token => 3,
    }
}

/// How many first bytes of a value are public: the literal head of a token.
fn head_of(detector: &Detector, steps: &[Step]) -> usize {
    if detector.trigger == Trigger::Token && detector.back.is_none() {
        let opened = steps.contains(&Step::Open);
        if opened && steps.first() != Some(&Step::Open) {
            return 0;
        }
        return pattern::public_head(steps).len();
    }
    0
}

fn print_steps(steps: &[Step]) -> String {
    let steps: Vec<String> = steps
        .iter()
        .map(|step| match step {
            Step::Literal(bytes) => format!("Step::Literal(&{bytes:?})"),
            Step::Close | Step::Fork { .. } | Step::Jump(_) | Step::Open | Step::Run { .. } => {
                format!("Step::{step:?}")
            }
        })
        .collect();
    format!("[{}]", steps.join(", "))
}

fn describe(source: &Source, detector: &Detector) -> Result<String, std::fmt::Error> {
    let provider = &source.provider;
    let mut code = String::new();
    writeln!(
        code,
        "Detector {{ id: {:?}, entity: {:?}, summary: {:?}, provider: {:?}, url: {:?}, \
         revoke: {:?}, hosts: &{:?}, severity: Severity::{:?}, confidence: Confidence::percent({}) }},",
        detector.id,
        detector.entity,
        detector.summary,
        provider.name,
        detector.url.as_ref().unwrap_or(&provider.url),
        detector.revoke.as_ref().unwrap_or(&provider.revoke),
        detector.hosts.as_ref().unwrap_or(&provider.hosts),
        detector.severity,
        detector.confidence,
    )?;
    Ok(code)
}

type Windows = Vec<(u32, u16)>;

/// A keyword with its rules or its layer.
type Placed<'a> = (&'a Keyword, &'a Vec<usize>, Option<&'static str>);

/// What a keyword of a layer leads to.
static NO_RULES: Vec<usize> = Vec::new();

/// First window of each bucket, and the windows in bucket order.
fn buckets(keywords: &[Placed<'_>], multiplier: u32) -> (Vec<usize>, Windows) {
    let mut windows = Vec::new();
    for (number, (keyword, ..)) in (0_u16..).zip(keywords) {
        windows.extend(keyword.windows.iter().map(|window| (*window, number)));
    }
    let bucket = |window: u32| hash(window, BUCKET_BITS, multiplier);
    windows.sort_by_key(|(window, number)| (bucket(*window), *window, *number));
    let starts = (0..=1_usize << BUCKET_BITS)
        .map(|number| windows.partition_point(|(window, _)| bucket(*window) < number))
        .collect();
    (starts, windows)
}

/// One bit for each of `1 << bits` places, set where a window has that place.
fn bitmap(windows: &Windows, place: impl Fn(u32) -> usize, bits: u32) -> Vec<u32> {
    let mut bitmap = vec![0_u32; 1_usize.checked_shl(bits.saturating_sub(BIT)).unwrap_or_default()];
    for (window, _) in windows {
        set(&mut bitmap, place(*window));
    }
    bitmap
}
