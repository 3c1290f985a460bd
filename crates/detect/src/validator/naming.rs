//! What a name says about the value assigned to it.
//!
//! A name is read from its end: the last word that means something is the thing, the words before
//! it qualify it. `db_password` is a password, `password_hash` a hash, `api_key_id` an id.

/// What a name promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Promise {
    /// A key or token that a machine made.
    Key,
    /// A password that a person may have chosen.
    Password,
}

/// Words after which the thing is still the same: `PASSWORD_PROD`, `token2`, `secretValue`.
const NEUTRAL: [&[u8]; 33] = [
    b"prod",
    b"production",
    b"dev",
    b"development",
    b"test",
    b"testing",
    b"stage",
    b"staging",
    b"live",
    b"local",
    b"value",
    b"val",
    b"string",
    b"str",
    b"text",
    b"plain",
    b"plaintext",
    b"raw",
    b"env",
    b"old",
    b"new",
    b"current",
    b"default",
    b"main",
    b"base",
    b"encoded",
    b"a",
    b"b",
    b"v",
    b"admin",
    b"root",
    b"user",
    b"db",
];

/// Endings of words that are passwords.
const PASSWORDS: [&[u8]; 8] = [
    b"password",
    b"passwd",
    b"passphrase",
    b"passcode",
    b"pwd",
    b"passwort",
    b"userpass",
    b"dbpass",
];

/// Endings of words that are keys, whatever stands before them.
const KEYS: [&[u8]; 12] = [
    b"apikey",
    b"accesskey",
    b"secretkey",
    b"privatekey",
    b"authtoken",
    b"accesstoken",
    b"secret",
    b"apitoken",
    b"authkey",
    b"masterkey",
    b"bearer",
    b"credential",
];

/// Words that make a following `key` a secret one.
const KEY_KINDS: [&[u8]; 42] = [
    b"access",
    b"account",
    b"admin",
    b"api",
    b"app",
    b"application",
    b"auth",
    b"aws",
    b"cipher",
    b"client",
    b"connection",
    b"consumer",
    b"crypto",
    b"customer",
    b"deploy",
    b"developer",
    b"encrypt",
    b"encryption",
    b"function",
    b"hmac",
    b"host",
    b"ingest",
    b"integration",
    b"jwt",
    b"license",
    b"master",
    b"private",
    b"s3",
    b"sas",
    b"secret",
    b"security",
    b"server",
    b"service",
    b"session",
    b"shared",
    b"sign",
    b"signing",
    b"signature",
    b"storage",
    b"subscription",
    b"webhook",
    b"write",
];

/// Words that make a following `token` something else.
const TOKEN_VETOES: [&[u8]; 26] = [
    b"bos",
    b"cancellation",
    b"cancel",
    b"cls",
    b"continuation",
    b"csrf",
    b"design",
    b"eos",
    b"id",
    b"lock",
    b"mask",
    b"max",
    b"min",
    b"n",
    b"next",
    b"num",
    b"pad",
    b"page",
    b"prev",
    b"sep",
    b"start",
    b"stop",
    b"sync",
    b"this",
    b"unk",
    b"xsrf",
];

/// What the name promises; `None` when it names no secret.
pub(super) fn promise(name: &[u8]) -> Option<Promise> {
    let mut words = Words { rest: name };
    let mut word = words.next()?;
    while is_in(word, &NEUTRAL) {
        word = words.next()?;
    }
    let before = words.next().unwrap_or_default();
    if ends_in(word, &PASSWORDS) || is_in(word, &[b"pass", b"pw"]) {
        return Some(Promise::Password);
    }
    let key = ends_in(word, &KEYS)
        || (is_in(word, &[b"key"]) && is_in(before, &KEY_KINDS))
        || (is_in(word, &[b"token"]) && !is_in(before, &TOKEN_VETOES))
        || is_in(word, &[b"credentials", b"creds"])
        || (is_in(word, &[b"auth"]) && before.is_empty() && name.starts_with(b"_"));
    key.then_some(Promise::Key)
}

fn is_in(word: &[u8], list: &[&[u8]]) -> bool {
    list.iter().any(|known| known.eq_ignore_ascii_case(word))
}

fn ends_in(word: &[u8], list: &[&[u8]]) -> bool {
    list.iter().any(|known| {
        word.len()
            .checked_sub(known.len())
            .and_then(|cut| word.get(cut..))
            .is_some_and(|tail| tail.eq_ignore_ascii_case(known))
    })
}

/// The words of a name, last one first: cut at what is no letter and where lower case meets upper.
struct Words<'n> {
    rest: &'n [u8],
}

impl<'n> Iterator for Words<'n> {
    type Item = &'n [u8];

    fn next(&mut self) -> Option<&'n [u8]> {
        let end = self.rest.iter().rposition(u8::is_ascii_alphabetic)?.checked_add(1)?;
        let text = self.rest.get(..end)?;
        let start = text
            .windows(2)
            .rposition(|pair| {
                matches!(pair, [a, b] if !a.is_ascii_alphabetic()
                    || (a.is_ascii_lowercase() && b.is_ascii_uppercase()))
            })
            .map_or(0, |at| at.saturating_add(1));
        self.rest = text.get(..start)?;
        text.get(start..)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_that_means_something_decides() {
        for name in
            ["password", "DB_PASSWORD", "dbPassword2", "PASSWORD_PROD", "mysqlpwd", "db.pass"]
        {
            assert_eq!(promise(name.as_bytes()), Some(Promise::Password), "{name}");
        }
        for name in ["OPENAI_API_KEY", "apiKey", "x-api-key", "MY_TOKEN", "clientSecret", "_auth"] {
            assert_eq!(promise(name.as_bytes()), Some(Promise::Key), "{name}");
        }
        for name in [
            "password_hash",
            "tokenizer",
            "max_token",
            "api_key_id",
            "public_key",
            "primaryKey",
            "secretName",
            "monkey",
            "keyboard",
            "password_reset_url",
            "passenger",
        ] {
            assert_eq!(promise(name.as_bytes()), None, "{name}");
        }
    }
}
