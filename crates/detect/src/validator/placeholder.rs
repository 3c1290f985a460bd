//! Values that stand for a secret without being one: references, placeholders, samples.

use super::census::{Census, marks};
use crate::bytes::run;
use crate::marker;
use crate::words::{Words, words};

/// Words that occur in placeholders and in no secret that a machine made.
static PLACEHOLDERS: Words = words! {
    "changeme" "change_me" "change-me" "changethis" "change_this" "replace" "placeholder"
    "example" "sample" "dummy" "redacted" "your_" "your-" "yourp" "yours" "yourt" "yourk"
    "my_pass" "mypass" "my-pass" "my_secret" "mysecret" "xxxx" "****" "...." "____" "----"
    "anonymous" "insert" "todo" "fixme" "foobar" "enter_" "enter-" "not-a-real" "notareal" "not_a_real" "fake"
    "hmac-sha" "ugfzc3dvcmq6" "vxnlcm5hbwu6" "some_" "some-" "abcdefgh" "invalid" "lorem" "masked"
    "do-not-use" "do_not_use" "donotuse" "insecure-key"
};

/// What documented samples of tokens hold.
static SAMPLES: Words = words! {
    "example" "xxxxxx" "1234567890abcdef" "abcdefghijkl" "0123456789" "your-" "your_" "-here"
    "placeholder" "redacted"
};

/// Whole values that are no secret anywhere.
static NOTHING: Words = words! {
    "none" "null" "nil" "true" "false" "undefined" "string" "str" "bool" "boolean" "int" "number"
    "alphanumeric" "any" "object" "optional" "required" "empty" "unset" "default" "password" "passwd" "pass"
    "secret" "token" "key" "apikey" "api_key" "api-key" "access-token" "access_token" "geheim" "test" "foo" "bar" "baz" "value" "bytes" "text"
    "varchar" "inherit" "self" "this" "hidden" "env" "prompt" "file" "name" "yes" "no" "user" "username"
    "added" "always" "anoncvs" "changed" "deprecated" "fixed" "removed" "renamed" "anonymous" "correct" "encrypted" "guest" "ignored" "incorrect" "message"
    "auditsystem" "audituser" "generalize" "offlineservicing" "oobesystem" "specialize" "windowspe"
    "fail" "failed" "failure" "pending" "skipped"
    "confirmed" "incomplete" "mock" "never" "right" "stub" "oauth2" "x-oauth-basic" "private-token" "gitlab-ci-token" "testpass" "tiger" "entered" "given" "provided" "supplied" "miapass" "mipass" "unencrypted" "wrong"
};

/// The word for a password in other languages, which interfaces show where one is to be entered.
static TRANSLATED: Words = words! {
    "adgangskode" "clave" "contrasenya" "contraseña" "geslo" "haslo" "hasło" "heslo"
    "jelszo" "jelszó" "kata sandi" "kennwort" "lozinka" "losenord" "lösenord" "mot de passe" "mật khẩu"
    "palavra-passe" "parola" "parool" "passord" "passwort" "salasana" "senha" "slaptažodis"
    "wachtwoord" "zaporka" "şifre" "κωδικός" "пароль" "лозинка" "мојалозинка" "парола" "パスワード" "密码" "密碼" "비밀번호" "รหัสผ่าน" "סיסמה" "كلمة المرور" "كلمة السر" "비번"
};

/// Beginnings of references to where the value really is.
static REFERENCES: Words = words! {
    "$" "{{" "%{" "#{" "<%" "${" "@{" "op://" "vault:" "secret://" "arn:aws" "ssm:" "os.environ"
    "os.getenv" "process.env" "env." "env:" "getenv" "secrets." "vars." "file:" "http://"
    "https://" "keyring:" "sops:" "enc[" "!vault"
};

/// Whether a value names a variable, a store, a file or a URL instead of being the secret.
pub(crate) fn is_reference(value: &[u8]) -> bool {
    refers(value, Census::of(value))
}

/// The same of a value whose bytes are counted.
pub(super) fn refers(value: &[u8], census: Census) -> bool {
    let percent = || matches!(value, [b'%', inner @ .., b'%'] | [b'{', inner @ .., b'}'] if !inner.is_empty());
    // What a program fills in that knows the name: `pass=%passes`.
    let named = || matches!(value, [b'%', name @ ..] if name.len() > 2 && name.iter().all(u8::is_ascii_lowercase));
    // What Ant and Maven fill in: `@version@`, `#version#`.
    let filtered = || {
        matches!(value, [b'@', inner @ .., b'@'] | [b'#', inner @ .., b'#']
            if inner.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')))
    };
    let ticks = || value.iter().filter(|byte| **byte == b'`').count() >= 2;
    let expanded = || value.windows(2).any(|pair| matches!(pair, b"${" | b"{{" | b"$("));
    REFERENCES.begin(value)
        || (census.has(PAGES) && is_part_of_page(value))
        || (census.has(EXPANSIONS)
            && (percent() || named() || expanded() || ticks() || is_format(value)))
        || (census.has(FILTERS) && filtered())
        || (census.has(SLASH) && is_path(value))
}

/// Whether a value is a place within a page: `classToken.html#a57ecbd86`.
fn is_part_of_page(value: &[u8]) -> bool {
    value.len() > PAGE.len() && value.windows(PAGE.len()).any(|it| it == PAGE)
}

/// The end of the name of a page and the mark behind it.
const PAGE: &[u8] = b".html#";

/// Whether a value has a place in it that a program fills in with a value in some form:
/// `{base62:32}`, `sk-{name:>8}`, `token_{index}`.
fn is_format(value: &[u8]) -> bool {
    value.split(|byte| *byte == b'{').skip(1).any(|rest| {
        let name = run(rest, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        let form = rest.get(name..).unwrap_or_default();
        let known = rest.get(..name).is_some_and(|it| !it.iter().any(u8::is_ascii_uppercase));
        name > 1
            && match form {
                [b':', rest @ ..] => rest.contains(&b'}'),
                [b'}', ..] => known,
                _ => false,
            }
    })
}

/// Marks of what is replaced by a value, and of paths.
const EXPANSIONS: u32 = marks(b"%{$`");
const FILTERS: u32 = marks(b"@#");
const SLASH: u32 = marks(b"/");
const PAGES: u32 = marks(b"#");

/// Whether a value is the path of a file, rather than bytes in base64.
fn is_path(value: &[u8]) -> bool {
    let slashes = value.iter().filter(|byte| **byte == b'/').count();
    is_coordinate(value)
        || slashes >= 2
            && matches!(value, [b'/' | b'~', ..] | [b'.', b'/' | b'.', ..])
            && !is_base64(value)
        || has_extension(value)
}

/// Whether a value is a name with dots, a slash and names, all in lower case, as hosts and packages of
/// Java have: `org.slf4j/slf4j-api`.
fn is_coordinate(value: &[u8]) -> bool {
    let mut parts = value.splitn(2, |byte| *byte == b'/');
    let (group, rest) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let plain =
        |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._/".contains(byte);
    let mut labels = group.split(|byte| *byte == b'.');
    labels.next().is_some_and(|first| first.len() > 1 && first.iter().all(u8::is_ascii_lowercase))
        && labels.next().is_some_and(|next| next.first().is_some_and(u8::is_ascii_lowercase))
        && rest.first().is_some_and(u8::is_ascii_lowercase)
        && value.iter().all(plain)
}

/// Whether a value that begins like a path is rather bytes in base64: whole groups of four, of all
/// kinds of characters, and no mark that names have.
fn is_base64(value: &[u8]) -> bool {
    let kinds: [fn(&u8) -> bool; 3] =
        [u8::is_ascii_lowercase, u8::is_ascii_uppercase, u8::is_ascii_digit];
    value.len() >= 24
        && value.len().is_multiple_of(4)
        && kinds.iter().all(|kind| value.iter().any(kind))
        && value.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'+' | b'='))
}

/// Whether a value ends like the name of a file: `.rs`, `.json`.
fn has_extension(value: &[u8]) -> bool {
    let extension = value.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    let plain = |byte: &u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/' | b'*')
    };
    (1..=5).contains(&extension.len())
        && extension.len() < value.len()
        && extension.iter().all(u8::is_ascii_lowercase)
        && value.iter().all(plain)
}

/// Whether a name ends with the word for a password in another language.
pub(super) fn is_foreign(name: &[u8]) -> bool {
    TRANSLATED.end(name)
}

/// Whether a value is filler that somebody is meant to replace.
pub(crate) fn is_placeholder(value: &[u8]) -> bool {
    stands_in(value, Census::of(value))
}

/// The same of a value whose bytes are counted.
pub(super) fn stands_in(value: &[u8], census: Census) -> bool {
    is_filler(value)
        || (!census.is_made_of(0) && has_placeholder_marks(value))
        || NOTHING.contain(value)
        || TRANSLATED.contain(value)
        || PLACEHOLDERS.stand_in(value)
}

/// The same of what marks say, and bytes beyond ASCII.
fn has_placeholder_marks(value: &[u8]) -> bool {
    // `String!` is a type, too, and a text ends an example with ’.
    let bare = value
        .strip_suffix(b"!")
        .or_else(|| value.strip_suffix(b"$"))
        .or_else(|| value.strip_suffix("’".as_bytes()));
    let bare = bare.unwrap_or(value);
    value.starts_with(b"<")
        || value.starts_with(b"&lt;")
        || in_quotes(value).is_some_and(|it| NOTHING.contain(it))
        || (value.starts_with(b"*") && value.ends_with(b"*"))
        || value.ends_with(b"...")
        || value.ends_with("…".as_bytes())
        || marker::is_marker(value)
        || (bare.len() < value.len() && NOTHING.contain(bare))
        || is_constant(value)
        || (value.contains(&b':')
            && value
                .split(|byte| *byte == b':')
                .all(|it| NOTHING.contain(it) || TRANSLATED.contain(it) || it == b"oauth"))
}

/// Whether a value is a constant that is called after the secret it stands for: `ADMIN_PASS`.
fn is_constant(value: &[u8]) -> bool {
    let mut words = value.rsplit(|byte| *byte == b'_');
    words.next().is_some_and(|last| CONSTANTS.contain(last))
        && words.next().is_some_and(|word| !word.is_empty())
        && value.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_')
}

/// Last words of such constants.
static CONSTANTS: Words = words! {
    "pass" "dbpass" "password" "passwd" "passphrase" "pwd" "secret" "token" "key" "apikey"
};

/// What stands in the quotes that a value has of its own: `'"secret"'`.
fn in_quotes(value: &[u8]) -> Option<&[u8]> {
    value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""))
}

/// Whether a value counts up from 1 in eight digits or more: filler in a sample, and a password that
/// many people have.
pub(super) fn is_counted(value: &[u8]) -> bool {
    value.len() >= LEAST_COUNTED && b"1234567890".starts_with(value)
}

/// Fewest digits of such a password; shorter ones are samples everywhere.
const LEAST_COUNTED: usize = 8;

/// Whether a token with the right head is a documented sample: its first `head` bytes do not count.
pub(crate) fn is_sample(value: &[u8], head: usize) -> bool {
    let body = value.get(head..).unwrap_or(value);
    is_filler(body) || SAMPLES.stand_in(body)
}

/// Whether one or two characters, or a counting sequence, make up the whole.
fn is_filler(value: &[u8]) -> bool {
    let (Some(first), Some(last)) = (value.first(), value.last()) else { return true };
    if *first >= 0x80 {
        // One character again and again: `••••••`.
        let mut letters = str::from_utf8(value).unwrap_or_default().chars();
        let first = letters.next();
        return first.is_some() && letters.all(|letter| Some(letter) == first);
    }
    let two = value.iter().all(|byte| byte == first || byte == last);
    let mut jumps =
        value.windows(2).filter(|pair| !matches!(pair, [a, b] if a.wrapping_add(1) == *b));
    // One jump is allowed: `1234567890`.
    two || (value.len() >= 6 && jumps.nth(1).is_none()) || is_counting(value)
}

/// Whether a value is bytes in hex of which each is one more than the byte before: `0001020304050607`.
fn is_counting(value: &[u8]) -> bool {
    let (pairs, rest) = value.as_chunks::<2>();
    let byte = |pair: &[u8; 2]| {
        str::from_utf8(pair).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok())
    };
    let follows = |(one, next): (&[u8; 2], &[u8; 2])| {
        byte(one).is_some_and(|one| byte(next) == Some(one.wrapping_add(1)))
    };
    rest.is_empty() && pairs.len() >= 8 && pairs.iter().zip(pairs.iter().skip(1)).all(follows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_known() {
        for value in [
            "${TOKEN}",
            "$TOKEN",
            "'`pwd`'",
            "{{ token }}",
            "%TOKEN%",
            "op://a/b",
            "/run/secrets/x",
            "x${Y}z",
            "{base62:32}",
            "xoxb-{digits:12}-a",
        ] {
            assert!(is_reference(value.as_bytes()), "{value}");
        }
        assert!(!is_reference(b"hunter2") && !is_reference(b"/x+9kd"));
        assert!(!is_reference(b"k{9:xQ2m}Z") && !is_reference(b"a{bc:Q2m"));
        assert!(!is_reference(b"/TNedg5BZWZSB0o1t/1ZdXDdb8n3e4I1uZPm5R9w"));
    }

    #[test]
    fn placeholders_are_known() {
        for value in [
            "changeme",
            "CHANGEME",
            "PASSWORD’",
            "user:passwd",
            "000102030405060708090A0B0C0D0E0F",
            "xxxxxxxx",
            "<token>",
            "your-token",
            "********",
            "123456",
        ] {
            assert!(is_placeholder(value.as_bytes()), "{value}");
        }
        assert!(
            ["Passwort", "CONTRASEñA", "mot de passe"]
                .iter()
                .all(|it| is_placeholder(it.as_bytes()))
        );
        assert!(is_placeholder("••••••".as_bytes()) && !is_placeholder("•••x••".as_bytes()));
        assert!(is_placeholder(b"NOVA_DBPASS") && !is_placeholder(b"NOVA_DBPASS7"));
        assert!(!is_placeholder(b"hunter2") && !is_placeholder(b"00010203040506070809ff0A"));
    }
}
