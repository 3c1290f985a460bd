//! Which names say that a secret stands behind them, and which values only stand for one.

/// What a name ends with when its value is a password.
const PASSWORDS: &[&str] = &["password", "passwd", "passphrase", "passcode"];

/// The same, where it is a part of the name by itself.
const PASSWORD_PARTS: &[&str] = &["pass", "pwd", "pw", "psk"];

/// What a name ends with when its value is a key or a token.
const KEYS: &[&str] = &[
    "token",
    "secret",
    "apikey",
    "secretkey",
    "accesskey",
    "privatekey",
    "authkey",
    "sharedkey",
    "accountkey",
    "signingkey",
    "encryptionkey",
    "masterkey",
    "credential",
    "authorization",
    "cookie",
];

/// The same, where it is a part of the name by itself.
const KEY_PARTS: &[&str] = &["auth", "pat"];

/// The last letters of all these words.
const LAST_LETTERS: &[u8] = b"dehklnstwy";

/// Words that end like `pass` in `dbpass` and mean something else.
const OTHERS: &[&str] = &[
    "bypass",
    "compass",
    "multipass",
    "overpass",
    "singlepass",
    "surpass",
    "trespass",
    "underpass",
];

/// The longest name that is looked at, in bytes.
const LONGEST: usize = 96;

/// What kind of secret a name tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// A key or token.
    Key,
    /// A password or passphrase.
    Password,
}

/// What a name (`--db-password`, `AWS_SECRET_ACCESS_KEY`, `db.password`, `//host/:_authToken`)
/// says of its value; `None` for any other name.
pub(crate) fn says(name: &[u8]) -> Option<Named> {
    let name = name.get(name.len().saturating_sub(LONGEST)..).unwrap_or_default();
    let mut buffer = [0_u8; LONGEST];
    let plain = name.iter().filter(|byte| byte.is_ascii_alphanumeric());
    let length = buffer.iter_mut().zip(plain).map(|(slot, byte)| *slot = byte.to_ascii_lowercase());
    let length = length.count();
    let bare = buffer.get(..length).unwrap_or_default();
    if !bare.last().is_some_and(|last| LAST_LETTERS.contains(last)) {
        return None;
    }
    let part = last_part(name).to_ascii_lowercase();
    let is = |word: &&str| word.as_bytes() == part;
    let ends = |word: &&str| bare.ends_with(word.as_bytes());
    // The working directory, and a word too short to stand alone.
    if matches!(bare, b"pwd" | b"oldpwd" | b"pw" | b"pat") {
        return None;
    }
    let joined = part.ends_with(b"pass") && !OTHERS.iter().any(is);
    if joined || PASSWORDS.iter().any(ends) || PASSWORD_PARTS.iter().any(is) {
        Some(Named::Password)
    } else if KEYS.iter().any(ends) || KEY_PARTS.iter().any(is) {
        Some(Named::Key)
    } else {
        None
    }
}

/// Whether a header's name tells of a token that is made for one form and no more.
pub(crate) fn is_of_request(name: &[u8]) -> bool {
    let lower = name.to_ascii_lowercase();
    [&b"csrf"[..], b"xsrf"].iter().any(|part| contains(&lower, part))
}

/// Whether a cookie of that name keeps somebody logged in.
pub(crate) fn is_session(name: &[u8]) -> bool {
    let lower = name.to_ascii_lowercase();
    contains(&lower, b"sess")
        || [&b"sid"[..], b"jwt", b"auth"].iter().any(|end| lower.ends_with(end))
}

/// The last word of a name: behind the last mark, or the last small letter before a capital.
fn last_part(name: &[u8]) -> &[u8] {
    let end = name.iter().rposition(u8::is_ascii_alphanumeric).map_or(0, |at| at.saturating_add(1));
    let name = name.get(..end).unwrap_or_default();
    let mark = name.iter().rposition(|byte| !byte.is_ascii_alphanumeric());
    let part = name.get(mark.map_or(0, |at| at.saturating_add(1))..).unwrap_or_default();
    let hump = part.windows(2).rposition(
        |pair| matches!(pair, [low, high] if low.is_ascii_lowercase() && high.is_ascii_uppercase()),
    );
    part.get(hump.map_or(0, |at| at.saturating_add(1))..).unwrap_or_default()
}

/// Whether a value is no secret but stands for one, or for nothing: empty, `-`, a variable, a
/// file, a reference to a store, a word of an instruction.
pub(crate) fn is_placeholder(value: &[u8]) -> bool {
    let value = value.trim_ascii();
    let lower = value.to_ascii_lowercase();
    value.len() < 2
        || matches!(value.first(), Some(b'$' | b'@' | b'<' | b'`' | b'/' | b'-' | b'(' | b'['))
        || [b"%(".as_slice(), b"{{", b"./", b"~/", b"${", b"%{"]
            .iter()
            .any(|it| value.starts_with(it))
        || (value.starts_with(b"%") && value.ends_with(b"%"))
        || value.ends_with(b">")
        || value.ends_with(b"...")
        || value.ends_with("…".as_bytes())
        || (value.starts_with(b"{") && value.ends_with(b"}"))
        || contains(value, b"${")
        || contains(value, b"{{")
        || contains(value, b"$(")
        || value.windows(2).all(|pair| pair.first() == pair.last())
        || REFERENCES.iter().any(|head| lower.starts_with(head.as_bytes()))
        || is_instruction(value, &lower)
}

/// What begins a reference to a place where the secret is kept.
const REFERENCES: &[&str] = &[
    "env:",
    "file:",
    "fd:",
    "stdin",
    "op://",
    "vault:",
    "secret://",
    "secrets://",
    "ref+",
    "ssm:",
    "aws-sm:",
    "sm://",
    "gcp-sm:",
    "azure-kv:",
    "keyring:",
    "keychain:",
    "age:",
    "sops:",
    "kms:",
    "%env",
    "process.env",
    "os.environ",
    "pkcs11:",
];

/// Words that an instruction has where the reader's own secret is to stand.
const INSTRUCTIONS: &[&str] = &[
    "and",
    "or",
    "in",
    "is",
    "of",
    "to",
    "for",
    "from",
    "with",
    "lookup",
    "renew",
    "revoke",
    "password",
    "passwd",
    "pass",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "key",
    "changeme",
    "dummy",
    "change-me",
    "change_me",
    "true",
    "false",
    "yes",
    "no",
    "none",
    "null",
    "nil",
    "undefined",
    "prompt",
    "ask",
    "redacted",
    "hidden",
    "masked",
    "example",
    "sample",
    "placeholder",
    "your",
    "my",
    "api_key",
    "apikey",
    "api-key",
    "access_token",
    "auth_token",
    "credentials",
    "basic",
    "bearer",
    "digest",
    "plain",
    "login",
    "interactive",
    "public",
    "private",
    "auto",
    "always",
    "never",
    "disabled",
    "enabled",
    "required",
    "optional",
    "allow",
    "deny",
    "file",
    "string",
    "value",
];

/// What begins a word that speaks to the reader.
const ADDRESSED: &[&str] = &["your", "my_", "my-", "enter_", "enter-", "insert_", "some_", "the_"];

fn is_instruction(value: &[u8], lower: &[u8]) -> bool {
    let capitals = |byte: &u8| byte.is_ascii_uppercase() || matches!(byte, b'_' | b'-');
    let addressed = ADDRESSED.iter().any(|head| lower.starts_with(head.as_bytes()));
    INSTRUCTIONS.iter().any(|word| word.as_bytes() == lower)
        || (value.iter().all(capitals) && says(value).is_some())
        || (addressed && (says(lower).is_some() || lower.ends_with(b"here")))
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_ends_with_a_last_letter() {
        let words = [PASSWORDS, PASSWORD_PARTS, KEYS, KEY_PARTS].concat();
        assert!(words.iter().all(|word| LAST_LETTERS.contains(word.as_bytes().last().unwrap())));
        assert!(
            LAST_LETTERS
                .iter()
                .all(|last| words.iter().any(|word| word.as_bytes().last() == Some(last)))
        );
    }

    #[test]
    fn names_say_what_stands_behind_them() {
        let passwords = [
            "--password",
            "DB_PASS",
            "dbPass",
            "DBPASS",
            "db.password",
            "MYSQL_PWD",
            "wifi-sec.psk",
            "--storepass",
            "pass",
            "rootpw-pw",
            "set-password",
            "PGPASSWORD",
            "Passphrase",
        ];
        for name in passwords {
            assert_eq!(says(name.as_bytes()), Some(Named::Password), "{name}");
        }
        let keys = [
            "--token",
            "GITHUB_TOKEN",
            "client_secret",
            "AWS_SECRET_ACCESS_KEY",
            "apiKey",
            "//registry.npmjs.org/:_authToken",
            "X-Auth",
            "authToken",
            "npm_auth",
            "Cookie",
        ];
        for name in keys {
            assert_eq!(says(name.as_bytes()), Some(Named::Key), "{name}");
        }
        let others = [
            "PWD",
            "OLDPWD",
            "bypass",
            "compass",
            "--key",
            "max_tokens",
            "password_file",
            "path",
            "secret_name",
            "token-url",
            "author",
            "AWS_ACCESS_KEY_ID",
            "format",
            "oauth",
            "",
            "spat",
        ];
        for name in others {
            assert_eq!(says(name.as_bytes()), None, "{name}");
        }
    }

    #[test]
    fn what_stands_for_a_secret_is_none() {
        let placeholders = [
            "",
            "-",
            "$PASS",
            "${PASS}",
            "x${PASS}",
            "@file",
            "<password>",
            "%PASS%",
            "{{ pass }}",
            "$(cat f)",
            "`cat f`",
            "/run/secrets/db",
            "env:PASS",
            "xxxxxx",
            "***",
            "PASSWORD",
            "YOUR_TOKEN",
            "your-password-here",
            "changeme",
            "op://vault/item/field",
            "true",
            "my_password",
            "~/pass",
            "{}",
            "{token}",
            "deny",
            "sk-ant-...",
            "eyJ…",
            "and",
            "lookup",
        ];
        for value in placeholders {
            assert!(is_placeholder(value.as_bytes()), "{value}");
        }
        for value in ["S3cret", "hunter2", "correct horse", "myS3cret", "aB", "Passw0rd!", "abc$"] {
            assert!(!is_placeholder(value.as_bytes()), "{value}");
        }
    }
}
