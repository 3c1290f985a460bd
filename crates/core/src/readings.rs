//! What a text may name besides all of it.

/// Most parts of one list that are told.
const MOST: usize = 64;

/// What a text that is meant as a name may stand for besides all of it: the same without blanks
/// around it, the parts of a list (`ok,.env`), what is behind a `=`, a file without the line in it
/// (`.env:10`). A text of several words is prose, and a URL no list. Linear in the size of the text.
#[must_use]
pub fn readings(text: &str) -> Vec<&str> {
    let whole = text.trim();
    let mut all = Vec::new();
    let parts = whole.split([',', ';']).map(str::trim).filter(|part| !part.is_empty());
    if !whole.contains("://") && parts.clone().all(|part| !part.contains(char::is_whitespace)) {
        for part in parts.take(MOST) {
            let part = part.trim_matches(['"', '\'', '`']);
            let value = part.split_once('=').map_or(part, |(_, value)| value);
            all.extend([part, value, without_line(value)]);
        }
    }
    all.push(whole);
    all.sort_unstable();
    all.dedup();
    all.retain(|part| *part != text && !part.is_empty());
    all
}

/// A file's name without the place in it: `a.rs:10`, `a.rs:10:5`, `a.rs#L10`.
fn without_line(text: &str) -> &str {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let cut = |text| match str::rsplit_once(text, ':') {
        Some((file, line)) if number(line) => file,
        _ => text,
    };
    match text.split_once("#L") {
        Some((file, _)) => file,
        None => cut(cut(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_else_a_text_may_name_is_told() {
        for (text, expected) in [
            (" .env", &[".env"][..]),
            (".env\n", &[".env"]),
            ("ok,.env", &[".env", "ok"]),
            ("ok; '.env'", &[".env", "ok"]),
            ("file=.env", &[".env"]),
            (".env:10", &[".env"]),
            ("a/.env:10:5", &["a/.env"]),
            ("a/.env#L10-L20", &["a/.env"]),
            ("a.rs", &[]),
            ("see a, .env, and b", &[]),
            ("https://a.example/x,.env", &[]),
            ("", &[]),
        ] {
            assert_eq!(readings(text), expected, "{text:?}");
        }
    }
}
