//! Lines that are each a little different, so that nothing that was judged stands there again: what
//! costs most to judge, true findings and what only looks like them.

use super::template::expand;

/// Templates, as those of the detectors' examples; each is to be expanded until a text is long.
pub(crate) const TEMPLATES: [&str; 61] = [
    "{luhn:4/16/4 4 4 4}\n",
    "{luhn:4/16}\n",
    "{digits:16}\n",
    "{digits:4} {digits:4} {digits:4} {digits:4}\n",
    "{lower:8}@{lower:7}.com\n",
    "{digits:3} {upper:1}{lower:6} Street, {upper:1}{lower:7}, CA 9{digits:4}\n",
    "10{digits:1}.{digits:2}.1{digits:2}.{digits:2}\n",
    "2{digits:2}-{digits:2}-{digits:4}\n",
    "+1 212 5{digits:2} {digits:4}\n",
    "DE{digits:20}\n",
    "password={base62:16}\n",
    "password={lower:9}\n",
    "\"api_key\": \"{base62:32}\",\n",
    "token: {hex:40}\n",
    "secret_key = get_{lower:6}({lower:5})\n",
    "Authorization: Bearer {base62:32}\n",
    "postgres://{lower:5}:{base62:12}@{lower:6}.example.org/db\n",
    "eyJ{base64url:17}.eyJ{base64url:40}.{base64url:43}\n",
    "{encodedurl:{\"alg\":\"HS256\",\"typ\":\"JWT\"}}.eyJ{base64url:41}.{base64url:43}\n",
    "-----BEGIN PRIVATE KEY-----\n{base64:64}\n-----END PRIVATE KEY-----\n",
    "-----BEGIN PRIVATE KEY-----\n{base64:64}\n",
    "ghp_{github-crc32:30}\n",
    "ghp_{base62:36}\n",
    "AKIA{base32:16}\n",
    "{uuid:4}\n",
    "{hex:40}\n",
    "{base64:76}\n",
    "%{HEX:2}%{HEX:2}%{HEX:2}%{HEX:2}",
    "{base36:6}={base36:6}&",
    "{base62:2} ",
    "PW: {base62:3} ",
    "--{lower:3}-password ",
    "{lower:4}://{lower:3}:{base62:4}@",
    "eyJ{base62:9}.",
    "-----BEGIN {upper:6} KEY-----{base62:10}\n",
    "{lower:2}@{lower:1}",
    "{digits:3}-{digits:2}.{digits:4}/",
    "+{digits:9} ",
    "AKIA{upper:15} ",
    "ghp_{base62:5}xoxb-{base62:3}",
    "password={lower:4}secret: {lower:5}\n",
    "\\u00{hex:2}",
    "\\1{digits:2}",
    "&#1{digits:2};",
    "={HEX:2}",
    "H4sIAAAAAAAA{base64:30} ",
    "\"{base62:3}\" + ",
    "<{lower:3}password>",
    "user,password\n{lower:4},{base62:8}\n\n",
    "{hex:2}:{hex:2}:{hex:2}:{hex:2}:{hex:2}:{hex:2} ",
    "0x{hex:40} ",
    "stripe {lower:5} key {base62:30}\n",
    "born 19{digits:2}-0{digits:1}-1{digits:1} ",
    "пароль: {lower:6}\n",
    "Cookie: session={base62:20}; ",
    "password: {lower:3} word\n",
    "password=word{lower:2} ",
    "2026-11-23 04:{digits:2}:{digits:2} INFO api_key={base62:32} user=10.1.{digits:2}.{digits:2}\n",
    "key_{lower:4}: {lower:6}\n",
    "{lower:5} token {lower:5}\n",
    "secret={lower:6}-{lower:5}\n",
];

/// At least `length` bytes of expansions of a template, each with other random characters.
pub(crate) fn text(template: &str, length: usize) -> Vec<u8> {
    let mut text = String::new();
    (0..).map(|index| expand(template, template, index)).find(|line| {
        text.push_str(&line.text);
        text.len() >= length
    });
    text.into_bytes()
}
