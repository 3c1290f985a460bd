//! What stands between a name in a sentence and the value that the sentence gives it.

use super::{MOST_MARKS, Place};
use crate::bytes::run;
use crate::words::{Words, words};

/// Length of the words between a name in a sentence and its value: `password for the router is …`, with a colon for the verb,
/// `Passwort ist …`, `set the password to …`, `with password …`.
pub(super) fn told(place: &Place<'_>) -> Option<usize> {
    let rest = place.rest();
    let near = rest.get(..MOST_MARKS.min(rest.len()))?;
    // Most words begin like none of the verbs.
    if let Some(b'b' | b'e' | b'h' | b'i' | b'l' | b'w') = near.first()
        && let Some(verb) = VERBS.into_iter().find(|verb| near.starts_with(verb))
    {
        return Some(verb.len());
    }
    if near.starts_with(b"to ") && place.sentence(&SET) {
        return Some(3);
    }
    if FOR.begin(near) {
        let at = |mark: &[u8]| near.windows(mark.len()).position(|window| window == mark);
        let (verb, width) = MIDDLES.into_iter().find_map(|mark| Some((at(mark)?, mark.len())))?;
        let between = near.get(..verb)?;
        let plain = |byte: &u8| {
            byte.is_ascii_alphanumeric()
                || matches!(byte, b' ' | b'-' | b'_' | b'.')
                || *byte >= 0x80
        };
        return between.iter().all(plain).then(|| verb.saturating_add(width));
    }
    let mixed = || {
        let value = near.get(..run(near, |byte| byte.is_ascii_graphic())).unwrap_or_default();
        value.iter().any(u8::is_ascii_digit) && value.iter().any(u8::is_ascii_alphabetic)
    };
    ((place.follows(&WITH) && mixed()) || is_noted(place, near)).then_some(0)
}

/// Whether so many letters and digits follow the word token that they are one: `acme token 4fK…`.
fn is_noted(place: &Place<'_>, near: &[u8]) -> bool {
    let Place { text, name_start, operator_at, blanks, .. } = *place;
    let name = text.get(name_start..operator_at.saturating_sub(blanks)).unwrap_or_default();
    if !NOTED.end(name) {
        return false;
    }
    let value = run(near, |byte| byte.is_ascii_alphanumeric());
    let digits = near.iter().take(value).filter(|byte| byte.is_ascii_digit()).count();
    value >= LEAST_NOTED && digits > 2
}

/// Ends of such names, and fewest bytes of what follows.
static NOTED: Words = words! { "token" };
const LEAST_NOTED: usize = 24;

/// Length of a dash between a name and what somebody noted behind it: `password - …`.
pub(super) fn dashed(place: &Place<'_>) -> Option<usize> {
    let Place { text, name_start, operator_at, blanks, .. } = *place;
    // Most words begin like no dash.
    if !matches!(place.rest(), [b'-' | 0xE2, ..]) {
        return None;
    }
    let name = text.get(name_start..operator_at.saturating_sub(blanks))?;
    let dash = DASHES.into_iter().find(|dash| place.rest().starts_with(dash.as_bytes()))?;
    (blanks == 1 && DASHED.end(name)).then_some(dash.len())
}

/// Dashes that people write, and ends of names before them.
const DASHES: [&str; 4] = ["- ", "– ", "— ", "-> "];
static DASHED: Words = words! {
    "password" "passwd" "passphrase" "passcode" "pwd" "contraseña" "hasło" "heslo" "jelszó" "kennwort" "lösenord"
    "mật khẩu" "passwort" "salasana" "senha" "wachtwoord" "şifre" "Şifre" "κωδικός" "Κωδικός" "пароль" "Пароль" "лозинка"
    "Лозинка" "סיסמה" "كلمة المرور" "كلمة السر" "รหัสผ่าน" "パスワード" "密码" "密碼" "비밀번호" "비번"
};

/// Verbs that lead from a name to its value.
const VERBS: [&[u8]; 13] = [
    b"is now ",
    b"is set to ",
    b"was changed to ",
    b"was reset to ",
    b"was set to ",
    b"has been changed to ",
    b"has been reset to ",
    b"was ",
    b"ist ",
    b"lautet ",
    b"becomes ",
    b"es ",
    b"est ",
];

/// Words before what a password is for, and what stands between that and the password.
static FOR: Words =
    words! { "for " "für " "fuer " "del " "de la " "du " "per " "voor " "от " "для " "к " };
const MIDDLES: [&[u8]; 8] =
    [b" is ", b" ist ", b" lautet ", b" es ", b" est ", b": ", b" - ", "\u{2014} ".as_bytes()];

/// What begins a sentence that gives a name a value, and what stands before a name and its value.
static SET: Words = words! { "set" "change" "changed" "reset" "update" "updated" };
static WITH: Words = words! { ", " "with " "with the " "using " "and " "use " "used " "via " };
