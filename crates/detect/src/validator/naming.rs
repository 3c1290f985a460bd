//! What a name says about the value assigned to it.
//!
//! A name is read from its end: the last word that means something is the thing, the words before
//! it qualify it. `db_password` is a password, `password_hash` a hash, `api_key_id` an id.

use super::census::Census;
use super::wordy::is_wordy;
use crate::bytes::table;
use crate::words::{Words, words};

/// Whole words that are passwords.
static SHORT_PASSWORDS: Words = words! {
    "pass" "pw"
};

/// Words that make a following `pass` a password.
static HOLDERS: Words = words! {
    "account" "admin" "app" "auth" "basic" "become" "cert" "database" "default" "enable" "env" "jenkins"
    "key" "keystore" "master" "mssql" "oracle" "rpc" "service" "store" "system" "temp" "truststore" "vnc"
    "wifi" "wpa" "backup" "bind" "bmc" "cifs" "docker" "elastic" "git" "grafana" "ilo" "ipmi" "kafka" "nexus" "pdf" "radius"
    "registry" "repl" "replication" "samba" "smb" "snmp" "vpn" "wlan" "zip" "db" "email" "ftp" "http" "imap" "ldap" "login" "mail"
    "amqp" "exchange" "influx" "jira" "mariadb" "minio" "mongo" "mqtt" "my" "mysql" "ntlm" "ota" "rds" "router" "snowflake" "svn" "tomcat" "webdav" "xmpp" "zabbix" "pg" "postgres" "proxy" "rabbitmq" "redis" "root" "sftp" "smtp" "sql" "ssh"
    "sudo" "user"
};

/// What a name promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Promise {
    /// A key or token that a machine made.
    Key,
    /// A password that a person may have chosen.
    Password,
    /// A key of some kind that is not known: `acme_key`.
    PerhapsKey,
}

/// Words after which the thing is still the same: `PASSWORD_PROD`, `token2`, `secretValue`.
static NEUTRAL: Words = words! {
    "prod" "production" "dev" "development" "test" "testing" "stage" "staging" "live" "local"
    "value" "val" "string" "str" "text" "plain" "plaintext" "raw" "env" "old" "new" "current"
    "default" "main" "base" "encoded" "a" "b" "v" "admin" "root" "user" "db"
};

/// Endings of words that are passwords.
static PASSWORDS: Words = words! {
    "password" "passwd" "passphrase" "passcode" "pwd" "passwort" "kennwort" "wachtwoord" "hasło" "senha" "contraseña" "пароль" "Пароль" "パスワード" "密码" "密碼" "비밀번호" "ПАРОЛЬ" "лозинка" "口令" "암호" "şifre" "jelszó" "lösenord" "haslo" "heslo" "contrasena" "sifre" "salasana" "losenord" "passord" "adgangskode" "jelszo" "motdepasse" "mdp" "userpass" "dbpass" "requirepass" "masterauth" "rootpw" "bindpw" "psk"
    "Şifre" "Лозинка" "κωδικός" "Κωδικός" "סיסמה" "كلمة المرور" "كلمة السر" "รหัสผ่าน" "mật khẩu" "비번"
};

/// Endings of words that are keys, whatever stands before them.
static KEYS: Words = words! {
    "apikey" "accesskey" "secretkey" "privatekey" "authtoken" "accesstoken" "secret" "apitoken"
    "authkey" "keystring" "masterkey" "bearer" "authorization" "sessionid" "phpsessid" "sessid" "credential" "credentials" "creds"
};

/// Words that make a following `key` a secret one.
static KEY_KINDS: Words = words! {
    "access" "account" "admin" "api" "app" "application" "auth" "aws" "cipher" "client"
    "connection" "consumer" "crypto" "customer" "deploy" "developer" "encrypt" "encryption"
    "function" "hmac" "host" "ingest" "integration" "jwt" "license" "master" "private" "s3" "sas"
    "secret" "security" "server" "service" "session" "shared" "sign" "signing" "signature"
    "storage" "subscription" "webhook" "write"
};

/// Words that make a following `key` the name of a thing among others.
static KEY_VETOES: Words = words! {
    "a" "accept" "and" "any" "arrow" "attr" "attribute" "bucket" "by" "cache" "child" "column" "composite"
    "config" "context" "csrf" "current" "data" "dedup" "dict" "display" "each" "enter" "entry" "env"
    "error" "escape" "event" "every" "field" "file" "filter" "first" "for" "foreign" "group" "hash"
    "header" "host" "hot" "i18n" "idempotency" "index" "input" "item" "json" "lang" "language" "last"
    "locale" "lookup" "map" "message" "meta" "metadata" "missing" "modifier" "msg" "my" "natural" "next"
    "no" "node" "null" "object" "of" "order" "other" "output" "parent" "partition" "path" "pixel" "pre"
    "press" "prev" "primary" "project" "prop" "property" "public" "query" "react" "record" "registry" "resource"
    "result" "route" "routing" "row" "same" "search" "set" "setting" "socket" "shard" "shortcut" "sort" "state" "storage"
    "surrogate" "tab" "table" "tag" "template" "that" "the" "theme" "this" "translation" "trace"
    "tree" "unique" "unknown" "valid" "websocket" "widget" "with" "word" "xml" "yaml" "your"
};

/// Words that make a following `cookie` the secret that the nodes of a cluster share.
static CLUSTERS: Words = words! { "erlang" "release" };

/// Words that make a following `salt` one that is kept secret: those of all passwords and cookies, not of one hash.
static SALTED: Words = words! {
    "app" "auth" "cookie" "encryption" "hashids" "in" "jwt" "nonce" "password" "passwd" "secret" "security" "session" "signing" "site"
};

/// Words that make a following `token` something else.
static TOKEN_VETOES: Words = words! {
    "authenticity" "backward" "bos" "cancellation" "cancel" "change" "cls" "continuation" "csrf" "cursor" "design" "eos" "export" "forward" "id" "idempotency" "import" "lock" "mask"
    "max" "min" "n" "next" "num" "pad" "page" "prev" "product" "redir" "redirect" "sep" "start" "starting" "stop" "sync" "unk"
    "xsrf"
};

/// Words of names that hold nothing secret, whatever stands after them.
static PUBLIC: Words = words! { "publickey" "public_key" "public-key" };

/// The sorts of bytes: a bit for each letter, for a digit and, left free here, for a second one, for the
/// marks of a query and for what is beyond ASCII.
static SORTS: [u32; 256] = table!(byte => match byte {
    b'a'..=b'z' | b'A'..=b'Z' => 1 << (byte & 31),
    b'0'..=b'9' => DIGIT,
    b'?' | b'&' => QUERY,
    0x80.. => OTHER,
    _ => 0,
});
const DIGIT: u32 = 1 << 27;
const DIGITS: u32 = DIGIT << 1;
const QUERY: u32 = 1 << 29;
const OTHER: u32 = 1 << 30;

/// The letters that all of them have.
const LETTERS: u32 = {
    let mut letters = 0;
    let mut rest: &[u8] = b"publickey";
    while let [letter, more @ ..] = rest {
        letters |= 1 << (*letter & 31);
        rest = more;
    }
    letters
};

/// What the name promises; `None` when it names no secret.
pub(crate) fn promise(name: &[u8]) -> Option<Promise> {
    let sorts = name.iter().fold(0, |all, byte| {
        let sorts = SORTS.get(usize::from(*byte)).copied().unwrap_or_default();
        all | sorts | (all & sorts & DIGIT) << 1
    });
    let promised = last_words(name, sorts)?;
    // Most names have not all letters of the first and no digits for the second.
    let public = sorts & LETTERS == LETTERS && PUBLIC.stand_in(name);
    let random = sorts & DIGITS != 0 && is_random(name);
    (!public && !random).then_some(promised)
}

/// Whether a name is letters and digits by chance, whose last letters make a word: `x90hhPbB4Psk`.
fn is_random(name: &[u8]) -> bool {
    let runs = name
        .windows(2)
        .filter(|pair| matches!(pair, [a, b] if a.is_ascii_digit() && b.is_ascii_alphabetic()));
    name.len() >= LEAST_RANDOM
        && runs.count() >= 2
        && name.iter().all(u8::is_ascii_alphanumeric)
        && !is_wordy(name, Census::of(name))
}

/// Fewest bytes of such a name.
const LEAST_RANDOM: usize = 10;

/// What the last words promise, of a name of such sorts of bytes.
fn last_words(name: &[u8], sorts: u32) -> Option<Promise> {
    // Words of other scripts have no letters of ASCII, by which words are told below.
    if sorts & OTHER != 0 && PASSWORDS.end(name) {
        return Some(Promise::Password);
    }
    // What stands before the mark of a query is the name of a page.
    let asked = || name.rsplit(|byte| matches!(byte, b'?' | b'&')).next();
    let name = if sorts & QUERY != 0 { asked().unwrap_or(name) } else { name };
    let mut words = Parts { rest: name };
    let mut word = words.next()?;
    while NEUTRAL.contain(word) {
        word = words.next()?;
    }
    // Few words depend on the one before.
    let before = || Parts { rest: words.rest }.next().unwrap_or_default();
    if is_password(word, before) {
        return Some(Promise::Password);
    }
    let key = KEYS.end(word)
        || (word.eq_ignore_ascii_case(b"key") && KEY_KINDS.contain(before()))
        || (word.eq_ignore_ascii_case(b"token") && !TOKEN_VETOES.contain(before()))
        || (word.eq_ignore_ascii_case(b"cookie") && CLUSTERS.contain(before()))
        || (word.eq_ignore_ascii_case(b"salt") && SALTED.contain(before()))
        || (matches!(word, b"PAT" | b"AUTH") && !before().is_empty())
        || (word.eq_ignore_ascii_case(b"auth") && before().is_empty() && name.starts_with(b"_"));
    let perhaps = word.eq_ignore_ascii_case(b"key")
        && before().len() >= 2
        && !KEY_VETOES.contain(before())
        && !name.contains(&b' ');
    // `azure_pat` may be a token, and a pattern.
    let perhaps = perhaps
        || (matches!(word, b"pat" | b"Pat" | b"auth") && name.len() > 5 && before().len() >= 2);
    match (key, perhaps) {
        (true, _) => Some(Promise::Key),
        (false, true) => Some(Promise::PerhapsKey),
        (false, false) => None,
    }
}

/// Whether a word is one for a password, perhaps by the one before it.
#[inline]
fn is_password<'n>(word: &[u8], before: impl Fn() -> &'n [u8]) -> bool {
    PASSWORDS.end(word)
        || (word.eq_ignore_ascii_case(b"passe") && before().eq_ignore_ascii_case(b"de"))
        || (SHORT_PASSWORDS.contain(word) && (before().is_empty() || HOLDERS.contain(before())))
}

/// The words of a name, last one first: cut at what is no letter and where lower case meets upper.
struct Parts<'n> {
    rest: &'n [u8],
}

impl<'n> Iterator for Parts<'n> {
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
        for name in ["пароль", "パスワード", "数据库密码", "şifre", "mot_de_passe", "db_contrasena"]
        {
            assert_eq!(promise(name.as_bytes()), Some(Promise::Password), "{name}");
        }
        for name in ["acme_key", "stripeKey"] {
            assert_eq!(promise(name.as_bytes()), Some(Promise::PerhapsKey), "{name}");
        }
        for name in ["OPENAI_API_KEY", "apiKey", "x-api-key", "MY_TOKEN", "clientSecret", "_auth"] {
            assert_eq!(promise(name.as_bytes()), Some(Promise::Key), "{name}");
        }
        for name in [
            "password_hash",
            "tokenizer",
            "max_token",
            "idempotency-token",
            "nextForwardToken",
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
