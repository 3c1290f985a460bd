//! Keywords: which four bytes of each betray it, and what stands for `\d` and its kin.

use crate::grams::Grams;
use crate::hashes::WINDOW;

/// How many windows one keyword may stand for.
const MOST_WINDOWS: usize = 512;

/// A long keyword of many windows does without those that are met this often in a million bytes: `path` costs
/// every text more than one token in thirty is worth, which its name still tells.
const MANY: usize = 30;
const LONG: usize = 12;
const COMMON: u32 = 100;

/// Windows that were not counted are met at most this often in a million bytes.
const RARE: f64 = 11.0;

/// Classes by letter; `src/prefilter.rs` knows them by their places here, counted from 1.
const CLASSES: [u8; 6] = *b"dhwstu";

/// Whether a byte of a keyword stands for a class.
fn is_class(byte: u8) -> bool {
    (1..=CLASSES.len()).contains(&usize::from(byte))
}

/// A keyword in folded form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Keyword {
    /// One byte each, lower case; where a class stands, its number in `CLASSES`.
    pub(crate) text: Vec<u8>,
    /// Where its window begins.
    pub(crate) offset: u8,
    /// All values of its window, folded as the prefilter folds.
    pub(crate) windows: Vec<u32>,
    /// The rarest of the literal bytes outside its window, folded: how far from the window's first byte it
    /// stands, and what it is.
    pub(crate) beside: Option<(i8, u8)>,
}

impl Keyword {
    /// Its first eight bytes as a number, the bits of it that a text must have, and which of these bytes
    /// stand for classes, a byte each with the bit of its class.
    pub(crate) fn head(&self) -> (u64, u64, u64) {
        let mask = |byte: u8| match byte {
            _ if is_class(byte) => 0,
            b'a'..=b'z' => !0x20,
            _ => u8::MAX,
        };
        let class = |byte: u8| if is_class(byte) { 1_u8.unbounded_shl(byte.into()) } else { 0 };
        let (mut head, mut masks, mut classes) = ([0; 8], [0; 8], [0; 8]);
        let slots = head.iter_mut().zip(&mut masks).zip(&mut classes);
        for (((known, slot), wanted), byte) in slots.zip(&self.text) {
            (*known, *slot, *wanted) = (*byte, mask(*byte), class(*byte));
        }
        (u64::from_le_bytes(head), u64::from_le_bytes(masks), u64::from_le_bytes(classes))
    }

    /// Reads a keyword and chooses its rarest window.
    pub(crate) fn new(source: &str, grams: &Grams) -> Result<Self, String> {
        Self::of(source.as_bytes(), grams)
    }

    /// The same of any bytes.
    pub(crate) fn of(source: &[u8], grams: &Grams) -> Result<Self, String> {
        let places = read(source)?;
        if places.len() < WINDOW {
            return Err(format!("keyword `{}` is shorter than {WINDOW} bytes", name(source)));
        }
        let best = places
            .windows(WINDOW)
            .enumerate()
            .filter(|(_, window)| combinations(window) <= MOST_WINDOWS)
            .min_by(|(_, one), (_, two)| frequency(one, grams).total_cmp(&frequency(two, grams)));
        let Some((offset, window)) = best else {
            let most = format!("stands for more than {MOST_WINDOWS} windows");
            return Err(format!("keyword `{}` {most}", name(source)));
        };
        let offset = u8::try_from(offset).map_err(|_| format!("`{}` is too long", name(source)))?;
        let text = places.iter().map(|place| place.literal()).collect();
        let beside = beside(&places, usize::from(offset));
        let mut windows = expand(window);
        if windows.len() >= MANY && places.len() >= LONG {
            windows.retain(|it| grams.count(*it).is_none_or(|count| count < COMMON));
        }
        Ok(Self { text, offset, windows, beside })
    }
}

enum Place {
    Class(u8, Vec<u8>),
    Literal(u8),
}

impl Place {
    fn literal(&self) -> u8 {
        match self {
            Self::Class(number, _) => *number,
            Self::Literal(byte) => *byte,
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Class(_, bytes) => bytes,
            Self::Literal(byte) => core::slice::from_ref(byte),
        }
    }
}

fn name(source: &[u8]) -> String {
    source.escape_ascii().to_string()
}

fn read(source: &[u8]) -> Result<Vec<Place>, String> {
    let mut places = Vec::new();
    let mut bytes = source.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            places.push(Place::Literal(byte.to_ascii_lowercase()));
            continue;
        }
        let class = bytes.next();
        if class == Some(b'\\') {
            places.push(Place::Literal(b'\\'));
            continue;
        }
        let number = (1_u8..).zip(CLASSES).find(|(_, known)| Some(*known) == class);
        let bytes = match class {
            Some(b'd') => (b'0'..=b'9').collect(),
            Some(b'h') => (b'0'..=b'9').chain(b'a'..=b'f').collect(),
            Some(b'w') => (b'0'..=b'9').chain(b'a'..=b'z').collect(),
            Some(b's') => b" \"':=_-".to_vec(),
            // The third and the fourth of four characters that are three digits in base64.
            Some(b't') => b"aeimquycgk".to_vec(),
            Some(b'u') => b"wxyz012345".to_vec(),
            _ => {
                let known = "a keyword knows \\d, \\h, \\w, \\s, \\t, \\u and \\\\";
                return Err(format!("`{}`: {known}", name(source)));
            }
        };
        places.push(Place::Class(number.map_or(0, |(number, _)| number), bytes));
    }
    Ok(places)
}

/// The rarest literal byte outside the window at `offset`.
fn beside(places: &[Place], offset: usize) -> Option<(i8, u8)> {
    let window = |at: usize| at.checked_sub(offset).is_some_and(|at| at < WINDOW);
    let others = places.iter().enumerate().filter(|(at, _)| !window(*at));
    let literals = others.filter_map(|(at, place)| match place {
        Place::Literal(byte) => {
            let away = i8::try_from(at).ok()?.checked_sub(i8::try_from(offset).ok()?)?;
            Some((away, *byte | 0x20))
        }
        Place::Class(..) => None,
    });
    literals.min_by(|(_, one), (_, two)| byte_share(*one).total_cmp(&byte_share(*two)))
}

fn combinations(window: &[Place]) -> usize {
    window.iter().map(|place| place.bytes().len()).fold(1, usize::saturating_mul)
}

fn expand(window: &[Place]) -> Vec<u32> {
    let mut values = vec![0_u32];
    for (place, shift) in window.iter().zip([0_u32, 8, 16, 24]) {
        values = values
            .iter()
            .flat_map(|value| {
                place.bytes().iter().map(move |byte| value | (u32::from(*byte | 0x20) << shift))
            })
            .collect();
    }
    values.sort_unstable();
    values.dedup();
    values
}

/// How often a window is met in a million bytes: as was counted, or else as its bytes' shares let
/// expect, but no more than what was counted least.
fn frequency(window: &[Place], grams: &Grams) -> f64 {
    let share = |place: &Place| place.bytes().iter().map(|byte| byte_share(*byte)).sum::<f64>();
    let expected = window.iter().map(share).product::<f64>() * 1e6;
    let counted: u32 = expand(window).iter().filter_map(|value| grams.count(*value)).sum();
    f64::from(counted) + expected.min(RARE)
}

fn byte_share(byte: u8) -> f64 {
    match byte {
        b' ' => 0.15,
        b'e' | b't' => 0.07,
        b'a' | b'i' | b'n' | b'o' | b'r' | b's' => 0.05,
        b'c' | b'd' | b'l' | b'm' | b'p' | b'u' => 0.03,
        b'b' | b'f' | b'g' | b'h' | b'v' | b'y' => 0.015,
        0x7f | b'"' | b'.' | b',' | b'/' | b'-' | b'=' | b':' | b'0' | b'1' | b'2' => 0.012,
        b'k' | b'w' | b'x' | b'3'..=b'9' => 0.006,
        _ => 0.003,
    }
}
