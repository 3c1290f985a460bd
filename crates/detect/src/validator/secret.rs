//! Values that only their name makes secret: keys and passwords of any kind.

use super::called_key::{LEAST_BARE, LEAST_LONG, is_bare_key, is_long_key};
use super::census::{Census, marks};
use super::code::{UNDERSCORE, is_code};
use super::entropy;
use super::expression::{describes, is_cut_code, is_cut_short, is_expression, repeats};
use super::lookalike::{
    has_path_of_code, is_alphabet, is_chain_address, is_cursor, is_escapes, is_hash, is_public_key,
    is_rules, is_type, is_uuid, is_version,
};
use super::naming::{Promise, promise};
use super::parts::{is_salt, is_uuid_key};
use super::placeholder::{is_counted, is_foreign, is_placeholder, is_reference, refers, stands_in};
use super::standing::{
    ends_line, goes_on_as_text, is_given, is_inside, is_loose, is_one_word, is_other_option,
    is_tight, is_told, line_before, widen,
};
use super::told::is_told_word;
use super::wordy::{is_path_of_names, is_wordy};
use crate::assignment::Form;
use crate::bytes::{run, run_back};
use crate::candidate::{Candidate, Judgement};
use crate::words::{Words, words};

/// Words of names of keys that everybody knows: those with which a library checks itself, as FIPS
/// 140 wants it, and those of test vectors.
static PUBLIC: Words = words! {
    "fips" "pubkey" "pub_key" "test_vector" "testvector" "known_answer" "test-vector" "rfc"
};

/// Fewest bytes of a key whose name promises one, and of one whose name only might.
pub(super) const LEAST_KEY: usize = 16;
const LEAST_PERHAPS: usize = 20;

/// The same of one whose form a service describes.
pub(super) const LEAST_SERVICE: usize = 16;

/// Fewest bytes of a value in a line `pass: …`.
const LEAST_ENTRY: usize = 8;

/// Names that are words of prose as well.
static SHORT: Words = words! {
    "pass" "pw"
};

/// Names that end in a number and are no password.
static NUMBERED: Words = words! {
    "sha" "md" "crc" "utf" "base" "aes" "http" "oauth" "ipv" "int" "uint" "float" "key"
};

/// More of these, of what a password is kept or written as.
static TERMS: Words = words! {
    "char" "varchar" "nvarchar" "string" "text" "python" "php" "pbkdf" "bcrypt" "argon" "rfc" "iso" "latin"
    "unicode" "md" "x" "v" "version" "level" "step" "chapter" "section" "table" "figure"
};

/// Beginnings of names of calls whose argument is the name of a secret.
static ASKING: Words = words! {
    "unset" "remove" "delete" "clear" "forget" "has" "get" "find" "lookup" "need" "require" "read" "fetch" "load"
};

/// Fewest letters that are told to be no word.
const LEAST_SCRAMBLED: usize = 7;

/// Words of names that a value repeats when it is a name itself.
static SELVES: Words = words! {
    "password" "secret" "token" "passwd" "access_key"
};

/// A random value in the form of one service, assigned to a name that promises a key or is only the
/// name of that service, or close after both.
pub(super) fn key(candidate: &mut Candidate<'_>) -> Judgement {
    if is_of_service(candidate) {
        Judgement::refuse_unless(is_key(candidate, LEAST_SERVICE))
    } else {
        generic_key(candidate)
    }
}

/// Whether a name is one of a service, or says password of its key.
fn is_of_service(candidate: &Candidate<'_>) -> bool {
    let name = candidate.name;
    let words = name.iter().filter(|byte| !byte.is_ascii_alphanumeric()).count();
    let promised = candidate.promise();
    let one = words == 0 && promised.is_none() && is_one_word(name);
    candidate.form == Form::Near || promised == Some(Promise::Password) || one
}

/// A random value of 16 bytes or more, assigned to a name that promises a key or token.
pub(super) fn generic_key(candidate: &mut Candidate<'_>) -> Judgement {
    let short = candidate.value().len() < LEAST_KEY;
    if short || candidate.form == Form::Near || PUBLIC.stand_in(candidate.name) {
        return Judgement::Refuse;
    }
    let promised = candidate.promise();
    if is_uuid_key(candidate, promised) {
        return Judgement::Shape;
    }
    let least = match promised {
        Some(Promise::Key) => LEAST_KEY,
        Some(Promise::PerhapsKey) => LEAST_PERHAPS,
        None if is_bare_key(candidate) => LEAST_BARE,
        None if is_salt(candidate) && is_key(candidate, LEAST_KEY) => return Judgement::Shape,
        None if is_long_key(candidate) => {
            return if is_key(candidate, LEAST_LONG) {
                Judgement::Shape
            } else {
                Judgement::Refuse
            };
        }
        Some(Promise::Password) | None => return Judgement::Refuse,
    };
    Judgement::refuse_unless(is_key(candidate, least))
}

/// Whether a value of `least` bytes or more looks made by a machine and is given. What is cheap to
/// know and refuses much is asked first.
pub(super) fn is_key(candidate: &Candidate<'_>, least: usize) -> bool {
    let value = candidate.value();
    if !(least..=LONGEST_KEY).contains(&value.len()) {
        return false;
    }
    let census = Census::of(value);
    census.is_made_of(KEY_MARKS)
        && !is_lettered(census)
        && (candidate.form != Form::Item
            || (is_item(value, census) && !repeats(candidate.name, value)))
        && entropy::is_random(value, census)
        && is_given(candidate)
        && !is_wordy(value, census)
        && !is_code(candidate, census)
        && !refers(value, census)
        && !stands_in(value, census)
        && !is_uuid(value)
        && !is_chain_address(value)
        && !is_public_key(value)
        && !is_type(value, census)
        && !is_cursor(value)
        && promise(value).is_none()
}

/// Whether one of several literals in a row may be a key: the names of things may not.
fn is_item(value: &[u8], census: Census) -> bool {
    let named = census.has(UNDERSCORE) && (census.lower() == 0 || census.upper() == 0);
    is_hex(value) || (census.kinds() > 2 && !named)
}

/// Most bytes of a key.
const LONGEST_KEY: usize = 400;

/// Marks that keys have.
const KEY_MARKS: u32 = marks(b"_-+/=.~");

/// Whether a value is letters of one case and marks: a name.
const fn is_lettered(census: Census) -> bool {
    census.digits() == 0 && (census.lower() == 0 || census.upper() == 0)
}

pub(super) fn is_hex(value: &[u8]) -> bool {
    value.iter().all(u8::is_ascii_hexdigit)
}

/// A value whose pattern says enough, assigned to a name that promises a key or token.
pub(super) fn named(candidate: &mut Candidate<'_>) -> Judgement {
    let promised = candidate.promise();
    let fits = (promised.is_some() || is_of_service(candidate))
        && !is_placeholder(candidate.value())
        && !is_reference(candidate.value());
    Judgement::refuse_unless(fits)
}

/// A value whose pattern says enough about where it stands, unless it is a placeholder.
pub(super) fn literal(candidate: &mut Candidate<'_>) -> Judgement {
    let value = candidate.value();
    Judgement::refuse_unless(
        !is_placeholder(value) && !is_reference(value) && !is_expression(value, Census::of(value)),
    )
}

/// Any literal of four bytes or more that is assigned to a name that promises a password. What
/// could as well be a word of code or prose is shape only.
pub(super) fn password(candidate: &mut Candidate<'_>) -> Judgement {
    let Some(promised) = candidate.promise().filter(|it| *it != Promise::PerhapsKey) else {
        return Judgement::Refuse;
    };
    if candidate.form == Form::Near {
        return Judgement::Refuse;
    }
    if promised == Promise::Password && is_uuid_key(candidate, Some(promised)) {
        return Judgement::Shape;
    }
    widen(candidate);
    let value = candidate.value();
    let least = if promised == Promise::Key { LEAST_TYPED } else { LEAST_PASSWORD };
    if !(least..=LONGEST_PASSWORD).contains(&value.len()) {
        return Judgement::Refuse;
    }
    let census = Census::of(value);
    let surety = how_sure(candidate, census);
    // What costs least to see and refuses most stands first.
    let refused = (candidate.known.sound_only && surety < Judgement::Sound)
        || (promised == Promise::Key && is_weak_key(candidate, census))
        || (!candidate.name.is_ascii() && (describes(value, census) || is_term(value)))
        || is_prose(candidate, census)
        || !is_literal(candidate, census)
        || (!candidate.quoted && census.kinds() < 2 && is_foreign(candidate.name));
    if refused { Judgement::Refuse } else { surety }
}

/// Fewest bytes of a password, and of any value that its name alone makes secret.
pub(crate) const LEAST_PASSWORD: usize = 4;

/// Fewest bytes of what is said to be a key and may be one that somebody typed.
const LEAST_TYPED: usize = 8;

/// Most bytes of a password.
const LONGEST_PASSWORD: usize = 128;

/// Whether what is assigned is a literal, and none that stands for or describes something else.
pub(super) fn is_literal(candidate: &Candidate<'_>, census: Census) -> bool {
    let value = candidate.value();
    let text = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ' || *byte >= 0x80;
    (census.is_ascii_graphic() || value.iter().all(text))
        && !is_other_option(candidate)
        && !is_number_of_constant(candidate, census)
        && (census.is_made_of(0) || !has_marks_of_others(candidate, census))
        && !says_its_name(candidate.name, value, census)
        && !refers(value, census)
        && !is_cut_code(value, census)
        && !is_cut_short(candidate)
        && !((census.has(BACKSLASH) || value.len() < 2) && is_escapes(value))
        && !is_chain_address(value)
        && !is_public_key(value)
        && !is_cursor(value)
        && !is_code(candidate, census)
        && (candidate.quoted
            || is_tight(candidate)
            || ends_line(candidate)
            || is_told(candidate, census)
            || is_told_word(candidate))
        && (!stands_in(value, census) || is_counted(value))
        && !goes_on_as_text(candidate)
        && is_given(candidate)
}

/// Whether a value has marks as something else has that is no secret; a value of letters and digits has
/// none.
fn has_marks_of_others(candidate: &Candidate<'_>, census: Census) -> bool {
    let value = candidate.value();
    value.ends_with(b"\\")
        || value.starts_with(b"--")
        || (!candidate.quoted && value.ends_with(b"):"))
        || is_uuid(value)
        || (census.has(HASH_MARKS) && is_hash(value))
        || (census.has(DOT) && is_version(value))
        || (census.has(BAR) && is_rules(value))
        || is_type(value, census)
        || is_expression(value, census)
        || is_alphabet(value, census)
        || has_path_of_code(value, census)
        || (is_path_of_names(value, census) && !is_numbered(value))
}

/// Whether a few digits follow a name with nothing but blanks between, as C numbers its constants:
/// `#define NID_psk 1043`.
fn is_number_of_constant(candidate: &Candidate<'_>, census: Census) -> bool {
    !candidate.quoted
        && census.digits() == candidate.value().len()
        && line_before(candidate).trim_ascii_start().starts_with(b"#define ")
}

/// Marks without which a value is no hash, no version and no list of rules.
const HASH_MARKS: u32 = marks(b"${");
const DOT: u32 = marks(b".");
const BAR: u32 = marks(b"|");
const BACKSLASH: u32 = marks(b"\\");

/// Whether what is said to be a key looks like no key: the name of something.
fn is_weak_key(candidate: &Candidate<'_>, census: Census) -> bool {
    let value = candidate.value();
    let typed = || {
        candidate.name.iter().all(|byte| !byte.is_ascii_lowercase())
            || candidate.name.starts_with(b"--")
    };
    census.kinds() < 2
        || value.contains(&b' ')
        || (census.digits() == 0 && census.upper() == 0 && census.is_made_of(BETWEEN_WORDS))
        || (!candidate.quoted && !typed() && !is_set(candidate, census))
        || is_wordy(value, census)
}

/// Marks between the words of a name: `text.xml`, `my-twitter-id`.
const BETWEEN_WORDS: u32 = marks(b".-_");

/// Whether a whole line is a name and a value of letters and digits in it: `secret = b_atgB~_KFaq4`.
fn is_set(candidate: &Candidate<'_>, census: Census) -> bool {
    let enough = if is_tight(candidate) { 2 } else { 3 };
    let line = line_before(candidate).trim_ascii();
    let line = line.strip_suffix(b"=").or_else(|| line.strip_suffix(b":")).unwrap_or(line);
    census.digits() > 0
        && census.kinds() >= enough
        && line.trim_ascii_end() == candidate.name
        && ends_line(candidate)
        && !matches!(candidate.after(), [b';' | b',', ..])
}

/// Whether a value is only a word or more that follow a name: prose, a variable, one of a list.
fn is_prose(candidate: &Candidate<'_>, census: Census) -> bool {
    let value = candidate.value();
    let words = blanks(value, census);
    // Words of other scripts and nothing else are shown to somebody: `"password": "Пароль"`.
    (!census.is_ascii_graphic() && !value.is_ascii() && is_text(value))
        || (SHORT.contain(candidate.name) && is_of_prose(candidate, census, words))
        || words > 2
        || (words > 0 && (census.kinds() < 2 || is_text(value)))
        || match candidate.form {
            Form::Item => is_of_list(candidate, census, words),
            Form::Prose => is_no_value_told(candidate, census, words),
            Form::Call => is_name_called(candidate, census, words),
            Form::Pair => {
                !is_constant(candidate.name)
                    && (census.kinds() < 2 || is_identifier(census))
                    && !is_scrambled(value, census)
            }
            Form::Element | Form::Near | Form::Operator | Form::Option => {
                is_word_of_prose(candidate, census)
            }
        }
}

/// The same of a name that is a word of prose as well, and a value with so many blanks.
fn is_of_prose(candidate: &Candidate<'_>, census: Census, words: usize) -> bool {
    let tight = is_tight(candidate);
    // What follows `PASS:` is the name of a test.
    (!candidate.quoted && !tight && !is_entry(candidate, census))
        // Nor is what a step of a program does, several words of it.
        || (words > 0 && !tight)
        // Nor is a field or a variable that a program shortened: `{pass:"shadow"}`, `Pw=class`.
        || is_shortened(candidate, census)
        // Nor is the result of a test, whose name is quoted.
        || (is_constant(candidate.name) && (words > 0 || (census.kinds() < 2 && !tight)))
}

/// The same of one of several literals in a row. The last argument is more likely a value than one in the
/// middle.
fn is_of_list(candidate: &Candidate<'_>, census: Census, words: usize) -> bool {
    let value = candidate.value();
    let last = matches!(candidate.after(), [b'"' | b'\'', b')', ..]);
    census.kinds() < if last { 2 } else { 3 }
        || words > 0
        || census.digits() == 0
        || (census.has(UNDERSCORE) && is_name(value, census))
        || are_of_one_list(candidate.name, value)
}

/// The same of what a sentence says of a name.
fn is_no_value_told(candidate: &Candidate<'_>, census: Census, words: usize) -> bool {
    let value = candidate.value();
    let mixed = || census.digits() > 0 && census.letters() > 0 && !census.has(DASH);
    SHORT.contain(candidate.name)
        || words > 0
        || value.len() < 6
        || is_term(value)
        || (census.kinds() < 3
            && !mixed()
            && !is_scrambled(value, census)
            && !is_told_word(candidate))
}

/// The same of the argument of a call.
fn is_name_called(candidate: &Candidate<'_>, census: Census, words: usize) -> bool {
    // What is asked for or taken away by a name is not given: `unsetPassphrase("personal")`.
    if ASKING.begin(candidate.name) {
        return true;
    }
    if SHORT.contain(candidate.name) {
        return words > 0 || census.kinds() < 3;
    }
    // `auth_pass("set_privileges")` calls what is named so with the name of something.
    (candidate.name.ends_with(b"_pass") && is_identifier(census))
        || is_word_of_prose(candidate, census)
}

/// Whether a short name and a word stand without blanks as in code that a program wrote.
fn is_shortened(candidate: &Candidate<'_>, census: Census) -> bool {
    let value = candidate.value();
    let field = candidate.quoted
        && matches!(candidate.before(), [.., b's' | b'S', b':', b'"' | b'\''])
        && census.upper() == 0;
    census.digits() == 0 && (field || candidate.name == b"Pw") && is_wordy(value, census)
}

/// Whether a value that an operator or an option assigns is a word of prose, or another variable.
fn is_word_of_prose(candidate: &Candidate<'_>, census: Census) -> bool {
    let value = candidate.value();
    let one = census.kinds() < 2;
    let compared = || {
        matches!(candidate.before(), [.., b'=', b'=', b' ', b'"' | b'\''] | [.., b'=', b'=', b' '])
    };
    let word = || one && !is_scrambled(value, census);
    let named = || is_name(value, census) && census.digits() == 0 && is_wordy(value, census);
    // One word after an option or a spaced `=` is prose, or another variable.
    (!candidate.quoted && is_loose(candidate) && (word() || named()))
        || (one && compared())
        || (!candidate.quoted && is_inside(candidate) && word() && !is_told_word(candidate))
}

/// Whether both begin with one letter and number, as names of one list do: `'n3ChgPassword', 'n3Capture'`.
fn are_of_one_list(name: &[u8], value: &[u8]) -> bool {
    matches!((name, value), ([a, b'0'..=b'9', ..], [c, d, ..])
        if a == c && name.get(1) == Some(d) && a.is_ascii_alphabetic())
}

/// Whether a name has no small letter.
fn is_constant(name: &[u8]) -> bool {
    name.iter().all(|byte| !byte.is_ascii_lowercase())
}

/// How many blanks a value has.
fn blanks(value: &[u8], census: Census) -> usize {
    if census.is_ascii_graphic() { 0 } else { value.iter().filter(|byte| **byte == b' ').count() }
}

/// The mark between words that are no password.
const DASH: u32 = marks(b"-");

/// Whether `pass: value` is a whole line, all of the name in lower case, and the value more than a
/// word: an entry of a file in YAML, and not the result of a test.
fn is_entry(candidate: &Candidate<'_>, census: Census) -> bool {
    let lower = candidate.name.iter().all(u8::is_ascii_lowercase);
    lower
        && census.kinds() > 1
        && candidate.value().len() >= LEAST_ENTRY
        && (ends_line(candidate) || is_told(candidate, census))
        && (!is_inside(candidate) || census.kinds() > 2)
}

/// Whether a value is words and perhaps a mark at its end: `Enter it again`, `Forgotten?`.
fn is_text(value: &[u8]) -> bool {
    let marks = run_back(value, |byte| matches!(byte, b'.' | b'?' | b'!' | b':'));
    let words = value.get(..value.len().saturating_sub(marks)).unwrap_or_default();
    words
        .iter()
        .all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b' ' | b'\'') || *byte >= 0x80)
}

/// Whether letters of one kind are no word of any language: what somebody typed at random.
fn is_scrambled(value: &[u8], census: Census) -> bool {
    value.len() >= LEAST_SCRAMBLED && census.letters() == value.len() && !is_wordy(value, census)
}

/// Whether a value is words that end in a number, as people make passwords and seldom name things:
/// `silver.river44`, `Mallard.7` and not `token.7`.
pub(super) fn is_numbered(value: &[u8]) -> bool {
    let digits = run_back(value, |byte| byte.is_ascii_digit());
    let letters = value.get(..value.len().saturating_sub(digits)).unwrap_or_default();
    let words = || letters.split(|byte| !byte.is_ascii_alphanumeric());
    let named = |word: &[u8]| SELVES.contain(word) || NUMBERED.contain(word);
    let named_alone = digits == 1 && !value.first().is_some_and(u8::is_ascii_uppercase);
    (1..=4).contains(&digits) && !named_alone && words().count() == 2 && !words().any(named)
}

/// Whether a value is the name of a kind of something, with the number that such names have:
/// `sha256-hashed`, `varchar2`.
pub(super) fn is_term(value: &[u8]) -> bool {
    let letters = run(value, |byte| byte.is_ascii_alphabetic());
    let (kind, rest) = value.split_at(letters);
    let rest = rest.strip_prefix(b"-").unwrap_or(rest);
    // `V7zTmpKiv` begins like a version and is none.
    let lower = || rest.iter().all(|byte| !byte.is_ascii_uppercase());
    rest.first().is_some_and(u8::is_ascii_digit)
        && (NUMBERED.contain(kind) || TERMS.contain(kind))
        && (letters > 1 || lower())
}

/// How sure a password is that nothing speaks against.
fn how_sure(candidate: &Candidate<'_>, census: Census) -> Judgement {
    let whole = candidate.quoted || blanks(candidate.value(), census) == 0;
    Judgement::sound_if(census.kinds() >= 2 && whole && !is_identifier(census))
}

/// Whether a value is a name in code: letters, `_` and few digits.
pub(super) fn is_name(value: &[u8], census: Census) -> bool {
    value.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
        && census.is_made_of(UNDERSCORE)
        && census.digits().saturating_mul(5) <= value.len()
}

/// Whether a value is letters with `_` between words: as likely a name as a password.
fn is_identifier(census: Census) -> bool {
    census.digits() == 0 && census.is_made_of(UNDERSCORE | DASH) && census.kinds() > 0
}

/// The same as [`names_itself`] of a value whose bytes are counted: many have digits as no name has them.
fn says_its_name(name: &[u8], value: &[u8], census: Census) -> bool {
    let named = !census.is_made_of(UNDERSCORE | DASH)
        || census.digits() <= 1
        || census.has(UNDERSCORE)
        || census.digits() == run_back(value, |byte| byte.is_ascii_digit());
    named && names_itself(name, value)
}

/// `password = password1`, `"password": "Password="`, `password: @DB_PASSWORD`: the value says again
/// what it is.
pub(super) fn names_itself(name: &[u8], value: &[u8]) -> bool {
    let marks = run_back(value, |byte| matches!(byte, b'=' | b':' | b' '));
    let value = value.get(..value.len().saturating_sub(marks)).unwrap_or_default();
    // `@` and `:` stand before names of parameters, `#` before what a page calls its field.
    let value = match value {
        [b'@' | b':' | b'#', rest @ ..] => rest,
        _ => value,
    };
    let digits = run_back(value, |byte| byte.is_ascii_digit());
    let letters = value.get(..value.len().saturating_sub(digits)).unwrap_or_default();
    let is_name = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-' | b' ');
    let constant = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    let told =
        || value.eq_ignore_ascii_case(name) || SELVES.stand_in(value) || promise(value).is_some();
    // `password1` is a password that people have, `new_password1` the name of a field, and beside
    // `password2` it is one, too.
    let numbered = name.last().is_some_and(u8::is_ascii_digit);
    let plain = run(letters, is_name) == letters.len()
        && (digits == 0 || numbered || value.contains(&b'_'));
    // `externalPop3AccountPassword`: so long a name with one digit is the name of a field.
    let long = value.len() >= LONG_NAME
        && digits == 0
        && run(value, |byte| byte.is_ascii_alphanumeric()) == value.len()
        && value.iter().filter(|byte| byte.is_ascii_digit()).count() == 1;
    (plain || long || (value.contains(&b'_') && run(value, constant) == value.len())) && told()
}

/// Fewest bytes of a name of a field that has a digit within it.
const LONG_NAME: usize = 20;
