//! Where somebody is: hardware addresses of a network card, coordinates, streets.

use crate::bytes::{last_line, run, run_back};
use crate::candidate::{Candidate, Judgement};
use crate::words::{Words, words};

/// How far before a street a word may stand that says it is somebody's.
const CONTEXT: usize = 60;

/// Words for the address of a person or a delivery.
static ADDRESSES: Words = words! {
    "address" "lives" "living" "lived" "live at" "ship" "deliver" "home" "resid" "mail to" "mailing" "street" "addr" "billing"
    "patient" "customer" "located at" "moved"
};

/// Most words of the name of a street.
const MOST_WORDS: usize = 4;

/// Longest word of it in bytes.
const LONGEST_WORD: usize = 24;

/// A hardware address (IEEE 802 §8.2): the candidate is its first separator. Group addresses and
/// those of all zeros or ones belong to nobody.
pub(super) fn mac(candidate: &mut Candidate<'_>) -> Judgement {
    let Some(separator) = candidate.value().first() else { return Judgement::Refuse };
    let Some(start) = candidate.start.checked_sub(2) else { return Judgement::Refuse };
    let Some(value) = candidate.text.get(start..start.saturating_add(17)) else {
        return Judgement::Refuse;
    };
    // Most is the time of a day.
    let parted = |place: usize| value.get(place) == Some(separator);
    let digits =
        |pair: &[u8]| matches!(pair, [a, b, ..] if a.is_ascii_hexdigit() & b.is_ascii_hexdigit());
    let shape = parted(8) && parted(5) && parted(11) && parted(14) && value.chunks(3).all(digits);
    if !shape {
        return Judgement::Refuse;
    }
    let glued = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'-' | b'_');
    let open = start.checked_sub(1).and_then(|at| candidate.text.get(at)).is_some_and(glued)
        || candidate.text.get(start.saturating_add(17)).is_some_and(glued);
    let digit = |place: usize| value.get(place).and_then(|byte| char::from(*byte).to_digit(16));
    let group = digit(1).is_none_or(|digit| digit & 1 == 1);
    let mut digits = value.iter().filter(|byte| *byte != separator);
    let first = digits.next();
    let same = digits.all(|digit| Some(digit) == first);
    // Digits with dashes are a date and a time.
    let time = *separator == b'-' && !value.iter().any(u8::is_ascii_alphabetic);
    // All ones or all zeros but for one octet are a mask, or stand for any.
    let full = |octet: &&[u8]| matches!(octet, [b'0', b'0', ..] | [b'f' | b'F', b'f' | b'F', ..]);
    let mask = value.chunks(3).filter(full).count() >= 5;
    if open || group || same || time || mask || is_filler(value) || is_documented(value) {
        return Judgement::Refuse;
    }
    candidate.start = start;
    candidate.end = start.saturating_add(17);
    Judgement::Sound
}

/// Whether each octet is one digit twice and the next is one more: `aa:bb:cc:dd:ee:ff`.
fn is_filler(address: &[u8]) -> bool {
    let octet = |part: &[u8]| match part {
        [one, two, ..] if one == two => char::from(*one).to_digit(16),
        _ => None,
    };
    let mut octets = address.chunks(3).map(octet);
    let first = octets.next().flatten();
    first.is_some_and(|first| {
        octets.zip(first.saturating_add(1)..).all(|(it, next)| it == Some(next))
    })
}

/// Whether an address is one of those kept for documents (RFC 7042 §2.1.2): `00:00:5E:00:53:01`.
fn is_documented(address: &[u8]) -> bool {
    const DOCUMENTS: &[u8; 10] = b"00005E0053";
    let digits = address.chunks(3).flat_map(|part| part.get(..2).unwrap_or_default());
    digits.take(DOCUMENTS.len()).map(u8::to_ascii_uppercase).eq(DOCUMENTS.iter().copied())
}

/// Words for coordinates.
static PLACES: Words = words! {
    "lat" "latitude" "latlng" "latlon" "lon" "long" "longitude" "lng" "coord" "coords" "coordinate" "coordinates"
    "geo" "geolocation" "geopoint" "gps" "location" "locations" "place" "places" "home"
};

/// A pair of coordinates: degrees with three to eight places each, latitude first, alone and not
/// part of a longer row of numbers.
pub(super) fn coordinates(candidate: &mut Candidate<'_>) -> Judgement {
    // Most groups of digits end here.
    if !matches!(candidate.after(), [b'.', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', ..]) {
        return Judgement::Refuse;
    }
    // Next come the seconds of a time.
    if matches!(candidate.before(), [.., b'0'..=b'9', b':' | b'.']) {
        return Judgement::Refuse;
    }
    let text = candidate.text.get(candidate.start..).unwrap_or_default();
    let Some((latitude, one)) = degrees(text, 90) else { return Judgement::Refuse };
    let rest = text.get(one..).unwrap_or_default();
    // Four numbers with dots are an address, and looking for words costs more than to see that.
    if rest.starts_with(b".") {
        return Judgement::Refuse;
    }
    if let Some(judgement) = named_pair(candidate, text, one) {
        return judgement;
    }
    let Some((longitude, two)) = longitude_behind(rest) else { return Judgement::Refuse };
    let length = one.saturating_add(two);
    let head = candidate.before();
    let negative =
        matches!(head, [.., before, b'-'] if !before.is_ascii_alphanumeric()) || head == b"-";
    let head = head.get(..head.len().saturating_sub(usize::from(negative))).unwrap_or_default();
    // Near the origin are more constants than people.
    let tiny = latitude < 10 && longitude < 10;
    let border = is_of_polygon(candidate.before());
    if goes_on(text.get(length..).unwrap_or_default()) || is_led_to(head) || tiny || border {
        return Judgement::Refuse;
    }
    candidate.start = candidate.start.saturating_sub(usize::from(negative));
    candidate.end = candidate.start.saturating_add(usize::from(negative)).saturating_add(length);
    let line = last_line(candidate.before());
    Judgement::sound_if(stands_alone(candidate) || PLACES.stand_whole_near_end(line, CONTEXT))
}

/// The longitude behind a comma and few blanks, and where it ends.
fn longitude_behind(rest: &[u8]) -> Option<(u32, usize)> {
    let gap = run(rest, |byte| matches!(byte, b',' | b' '));
    let sign = usize::from(rest.get(gap) == Some(&b'-'));
    let from = gap.checked_add(sign)?;
    let (longitude, length) = degrees(rest.get(from..)?, 180)?;
    (rest.starts_with(b",") && gap <= 3).then_some((longitude, from.checked_add(length)?))
}

/// Whether a row of numbers, or a word, goes on there.
fn goes_on(after: &[u8]) -> bool {
    matches!(after, [b',' | b' ', b'0'..=b'9' | b'-' | b'.', ..])
        || matches!(after, [b',', b' ', b'0'..=b'9' | b'-' | b'.', ..])
        || after.first().is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

/// Whether a row of numbers, or a word, leads up to it.
fn is_led_to(head: &[u8]) -> bool {
    matches!(head, [.., b'0'..=b'9' | b'.', b',' | b' '] | [.., b'0'..=b'9', b',', b' '])
        || head.last().is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'.')
}

/// Rows of numbers are as likely; what has a line or quotes of its own is no row.
fn stands_alone(candidate: &Candidate<'_>) -> bool {
    let mark = |byte: Option<&u8>| byte.is_none_or(|it| matches!(it, b'\n' | b'\r' | b'"' | b'\''));
    // An attribute of an element may be anything that has two numbers.
    let attribute = candidate.before().ends_with(b"=\"");
    mark(candidate.before().last()) && mark(candidate.after().first()) && !attribute
}

/// Whether a pair is a corner of an area as GeoJSON writes it (RFC 7946 §3.1.6): of a town or a country,
/// not where somebody is.
fn is_of_polygon(before: &[u8]) -> bool {
    let near = before.get(before.len().saturating_sub(AREA)..).unwrap_or_default();
    let line = last_line(near);
    before.trim_ascii_end().ends_with(b"[") && line.windows(7).any(|part| part == b"Polygon")
}

/// How far before a corner the name of the area's kind may stand.
const AREA: usize = 160;

/// Two coordinates each of which has its name before it: `"lat": 48.8584, "lng": 2.2945`.
fn named_pair(candidate: &mut Candidate<'_>, text: &[u8], first: usize) -> Option<Judgement> {
    let head = candidate.before();
    let near = head.get(head.len().saturating_sub(NAME_OF_PLACE)..)?;
    let rest = text.get(first..)?;
    let gap = run(rest.get(..NAME_OF_PLACE.min(rest.len()))?, |byte| !byte.is_ascii_digit());
    let between = rest.get(..gap)?;
    LONGITUDES.stand_whole_near_end(between, NAME_OF_PLACE).then_some(())?;
    LATITUDES.stand_whole_near_end(near, NAME_OF_PLACE).then_some(())?;
    let (_, second) = degrees(rest.get(gap..)?, 180)?;
    let sign = usize::from(head.ends_with(b"-"));
    candidate.end = candidate.start.checked_add(first)?.checked_add(gap)?.checked_add(second)?;
    candidate.start = candidate.start.checked_sub(sign)?;
    Some(Judgement::Sound)
}

/// Names of the two, and how far before a number they stand.
static LATITUDES: Words = words! { "lat" "latitude" };
static LONGITUDES: Words = words! { "lon" "lng" "long" "longitude" };
const NAME_OF_PLACE: usize = 28;

/// Whole degrees of at most `most`, and the bytes of the number.
fn degrees(text: &[u8], most: u32) -> Option<(u32, usize)> {
    let whole = run(text, |byte| byte.is_ascii_digit());
    let number: u32 = str::from_utf8(text.get(..whole)?).ok()?.parse().ok()?;
    let places = text.get(whole..)?.strip_prefix(b".")?;
    let places = run(places, |byte| byte.is_ascii_digit());
    let fits = whole <= 3 && number <= most && (3..=8).contains(&places);
    fits.then_some((number, whole.checked_add(1)?.checked_add(places)?))
}

/// A street with its house number before it: the candidate is the kind of street, with the blank
/// before it.
pub(super) fn street(candidate: &mut Candidate<'_>) -> Judgement {
    let Some(kind) = candidate.value().get(1) else { return Judgement::Refuse };
    if !kind.is_ascii_uppercase() {
        return Judgement::Refuse;
    }
    let mut at = candidate.start;
    for words in 0..=MOST_WORDS {
        let head = candidate.text.get(..at).unwrap_or_default();
        let length = run_back(head, |byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'\'' | b'-') || byte >= 0x80
        });
        let start = at.saturating_sub(length);
        let word = head.get(start..).unwrap_or_default();
        let digits = run(word, |byte| byte.is_ascii_digit());
        let house = (1..=5).contains(&digits)
            && word.len() <= digits.saturating_add(1)
            && word.get(digits).is_none_or(u8::is_ascii_alphabetic);
        if house && words > 0 {
            let glued = head.get(..start).and_then(<[u8]>::last);
            if glued.is_some_and(|byte| matches!(byte, b'.' | b'$' | b'#' | b'/' | b'_')) {
                return Judgement::Refuse;
            }
            let near = head.get(..start).unwrap_or_default();
            candidate.start = start;
            let delivered = is_delivered(candidate.after())
                && !PUBLISHERS.stand_near_end(near, CONTEXT)
                && !PUBLISHED.begin(candidate.value());
            return Judgement::sound_if(delivered || ADDRESSES.stand_near_end(near, CONTEXT));
        }
        let capital = word.first().is_some_and(|byte| byte.is_ascii_uppercase() || *byte >= 0x80);
        let ordinal =
            digits > 0 && matches!(word.get(digits..), Some(b"st" | b"nd" | b"rd" | b"th"));
        let blank = start.checked_sub(1).and_then(|at| head.get(at)) == Some(&b' ');
        if word.is_empty() || word.len() > LONGEST_WORD || !(capital || ordinal) || !blank {
            return Judgement::Refuse;
        }
        at = start.saturating_sub(1);
    }
    Judgement::Refuse
}

/// Whether a town, a state of the US and its postal code follow: `, Brooklyn, NY 11215`.
fn is_delivered(after: &[u8]) -> bool {
    let near = after.get(..TOWN.min(after.len())).unwrap_or_default();
    let near = near.strip_prefix(b".").unwrap_or(near);
    near.starts_with(b",")
        && near.windows(POSTAL.len()).any(|part| {
            part.iter().zip(POSTAL).all(|(byte, kind)| match kind {
                b'A' => byte.is_ascii_uppercase(),
                b'9' => byte.is_ascii_digit(),
                _ => byte == kind,
            })
        })
}

/// Words before addresses of who published something, as licences give them.
static PUBLISHERS: Words = words! {
    "inc" "foundation" "corp" "ltd" "llc" "oracle" "gmbh" "company" "software" "an office at"
    "offices at" "headquarter" "incorporated"
};

/// Where the Free Software Foundation is and was, as the GNU licences say.
static PUBLISHED: Words = words! { "51 franklin st" "59 temple pl" "675 mass ave" };

/// How far behind a street that ends, and what a state and its code look like.
const TOWN: usize = 64;
const POSTAL: &[u8] = b", AA 99999";

/// A street whose kind ends its name and whose house number follows, as in German: the candidate
/// is the kind and the number.
pub(super) fn street_before_number(candidate: &mut Candidate<'_>) -> Judgement {
    let head = candidate.before();
    let length = run_back(head, |byte| byte.is_ascii_alphabetic() || byte == b'-' || byte >= 0x80);
    let name = head.get(head.len().saturating_sub(length)..).unwrap_or_default();
    let capital = name.first().is_some_and(|byte| byte.is_ascii_uppercase() || *byte >= 0x80);
    let alone = candidate.value().first().is_some_and(u8::is_ascii_uppercase);
    if (name.is_empty() && !alone) || (!name.is_empty() && !capital) || length > 32 {
        return Judgement::Refuse;
    }
    candidate.start = candidate.start.saturating_sub(length);
    Judgement::Sound
}

/// A street with its house number behind it as Spanish writes it. Without a comma before the number only what
/// is called a street is one: a `Plaza` and an `Avenida` may be a house or a town. Calle is a name as well, so
/// without one the rest says that it is a place.
pub(super) fn street_spanish(candidate: &mut Candidate<'_>) -> Judgement {
    let value = candidate.value();
    let digits = run_back(value, |byte| byte.is_ascii_digit());
    let (name, number) =
        value.split_at_checked(value.len().saturating_sub(digits)).unwrap_or_default();
    let parted = name.contains(&b',') || name.windows(2).any(|pair| matches!(pair, [b'n', 0xC2]));
    let street = name.starts_with(b"Calle ");
    let mut names = name.split(|byte| *byte == b' ').skip(1);
    let named = names.any(|word| word.first().is_some_and(|it| !it.is_ascii_lowercase()));
    let whole = name.split(|byte| *byte == b' ').all(|word| !matches!(word, b"y" | b"el"));
    // `Plaza Hotel, 300 rooms`.
    let counts = matches!(candidate.after(), [b' ', b'a'..=b'z', ..]) && !street;
    // `Copyright Calle Lindqvist, 2017`.
    let year = matches!(number, [b'1', b'9', _, _] | [b'2', b'0', _, _]);
    let dated = year || candidate.after().starts_with(b" de ");
    let certain = parted || (street && is_of_place(candidate, name));
    Judgement::refuse_unless(certain && !counts && !dated && named && whole)
}

/// Whether more than its first word says that it is a street: what it is named after, the words before it,
/// or a floor, a postal code or a town behind it. `Calle Lindqvist 14 goals` is somebody.
fn is_of_place(candidate: &Candidate<'_>, name: &[u8]) -> bool {
    let before = candidate.before();
    let after = candidate.after();
    let linked = name.split(|byte| *byte == b' ').any(|word| LINKS.contain(word));
    let told = || ADDRESSES.stand_near_end(before, CONTEXT) || SPANISH_LEADS.end(before);
    let goes_on = || match after {
        [b',', b' ', rest @ ..] if is_town(rest) => true,
        [b',' | b'.', b' ', rest @ ..] | [b' ', rest @ ..] => {
            FLOORS.begin(rest) || run(rest, |byte| byte.is_ascii_digit()) == SPANISH_CODE
        }
        _ => false,
    };
    linked || told() || goes_on()
}

/// Whether the rest of a line begins like the name of a town and no number follows, as in a list of players.
fn is_town(rest: &[u8]) -> bool {
    let near = rest.get(..CONTEXT.min(rest.len())).unwrap_or_default();
    let line = near.split(|byte| *byte == b'\n').next().unwrap_or_default();
    line.first().is_some_and(|byte| byte.is_ascii_uppercase() || *byte >= 0x80)
        && !line.iter().any(u8::is_ascii_digit)
}

/// Words between those of a street's name, words before its address, and what is told behind it.
static LINKS: Words = words! { "de" "del" "la" "las" "los" };
static SPANISH_LEADS: Words = words! {
    " en " "vive en " "dirección: " "direccion: " "domicilio: " "calle: " "dirección\": \"" "direccion\": \""
    "domicilio\": \"" "calle\": \""
};
static FLOORS: Words = words! { "piso" "bajo" "portal" "puerta" "escalera" "esc." "local" "planta" "interior" "esquina" "col." "colonia" };

/// Digits of a postal code of Spain or Mexico.
const SPANISH_CODE: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(text: &str) -> Judgement {
        let start = text.find(" Street").unwrap();
        let end = start.checked_add(" Street".len()).unwrap();
        street(&mut Candidate::of(text.as_bytes(), (start, end)))
    }

    #[test]
    fn a_town_behind_a_street_says_that_it_is_an_address() {
        assert_eq!(judged("350 Fifth Street, Brooklyn, NY 11215"), Judgement::Sound);
        assert_eq!(judged("350 Fifth Street, Brooklyn"), Judgement::Shape);
        let published = "Foundation, Inc., 51 Franklin Street, Boston, MA 02110";
        assert_eq!(judged(published), Judgement::Shape);
        let office = "Initiatives, having an office at 160 Saratoga Street, Santa Clara, CA 95051";
        assert_eq!(judged(office), Judgement::Shape);
        assert_eq!(judged("51 Franklin Street, Fifth Floor, Boston, MA 02110"), Judgement::Shape);
    }
}
