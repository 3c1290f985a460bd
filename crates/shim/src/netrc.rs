//! Passwords that a `.netrc` gives for a host.
//!
//! The file is a row of words: `machine NAME`, `login NAME`, `password TEXT`, `account TEXT`, and
//! `default` for every host not named (netrc(5)). curl and wget send a password to the machine that
//! stands before it, so to that host it is content, and to no other.

use datafog_core::HostName;

/// What the file holds for `host`; for a host that cannot be told, everything.
pub(crate) fn secrets(text: &[u8], host: &HostName) -> Vec<Vec<u8>> {
    let name = match host {
        HostName::Ip(ip) => Some(ip.to_string()),
        HostName::Name(name) => Some(name.clone()),
        HostName::Deferred(_) | HostName::Unknown => None,
    };
    let fits = |machine: &[u8]| {
        name.as_ref().is_none_or(|name| machine.eq_ignore_ascii_case(name.as_bytes()))
    };
    let mut words = words(text).into_iter();
    let mut concerned = false;
    let mut secrets = Vec::new();
    while let Some(word) = words.next() {
        match word.as_slice() {
            b"machine" => concerned = words.next().is_some_and(|machine| fits(&machine)),
            b"default" => concerned = true,
            b"account" | b"login" | b"password" => {
                secrets.extend(words.next().filter(|_| concerned));
            }
            _ => {}
        }
    }
    secrets
}

/// Words parted by blanks; one in quotes may hold blanks, and escapes by a backslash. A `#` in
/// place of a word makes the rest of the line a comment.
fn words(text: &[u8]) -> Vec<Vec<u8>> {
    let mut words = Vec::new();
    for line in text.split(|byte| *byte == b'\n') {
        let mut bytes = line.iter().copied().peekable();
        while let Some(first) = bytes.find(|byte| !byte.is_ascii_whitespace()) {
            if first == b'#' {
                break;
            }
            let quoted = first == b'"';
            let mut word = if quoted { Vec::new() } else { vec![first] };
            while let Some(byte) = bytes.next() {
                match byte {
                    b'"' if quoted => break,
                    b'\\' if quoted => word.extend(bytes.next()),
                    byte if byte.is_ascii_whitespace() && !quoted => break,
                    byte => word.push(byte),
                }
            }
            words.push(word);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, host: &HostName) -> String {
        let all = secrets(text.as_bytes(), host).into_iter();
        all.map(|it| String::from_utf8(it).unwrap()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_host_is_told_its_own_lines() {
        let text = "machine a.example login me password p1\n# password no\nmachine B.example\n \
                    login you password \"p \\\"2\"\ndefault login any password p3\n";
        let name = |name: &str| HostName::Name(name.into());
        assert_eq!(read(text, &name("a.example")), "me p1 any p3");
        assert_eq!(read(text, &name("b.example")), "you p \"2 any p3");
        assert_eq!(read(text, &name("c.example")), "any p3");
        assert_eq!(read(text, &HostName::Unknown), "me p1 you p \"2 any p3");
        assert_eq!(read("machine 127.0.0.1 password x", &HostName::Ip([127, 0, 0, 1].into())), "x");
        assert_eq!(read("machine", &HostName::Unknown), "");
    }
}
