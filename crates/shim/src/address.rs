//! Which host a URL really names.
//!
//! Every URL is read twice: by the generic syntax of RFC 3986 §3, as curl reads it (a scheme may
//! be missing, one to three slashes are taken for two, numbers are addresses), and by the WHATWG
//! rules of the `url` crate, as browsers and most libraries read it. Where the two name different
//! hosts, or the text holds anything that some client reads otherwise, the host is *ambiguous*
//! and nobody's home. It opens no connection and asks no name server.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use datafog_core::HostName;
use url::{Host, Url};

/// A URL, as far as it says where a call goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// Lower case; guessed when the text has none.
    pub(crate) scheme: String,
    /// Whether the scheme stands in the text.
    pub(crate) has_scheme: bool,
    pub(crate) host: HostName,
    pub(crate) port: Option<u16>,
    /// The text can be read as another host.
    pub(crate) ambiguous: bool,
}

/// How the client at hand reads URLs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style<'a> {
    /// The scheme of a URL without one.
    pub(crate) scheme: &'a str,
    /// `ftp.example.org` alone means `ftp://`, and so on.
    pub(crate) guess: bool,
    /// `{a,b}` and `[1-3]` make several URLs of one.
    pub(crate) globs: bool,
}

impl Address {
    /// Reads `text`; total: a text that names no host has [`HostName::Unknown`].
    pub(crate) fn read(text: &[u8], style: Style<'_>) -> Self {
        let parts = Parts::of(text);
        let Some(authority) = text.get(parts.authority.0..parts.authority.1) else {
            return Self::unknown(style.scheme);
        };
        let (host, port, mut ambiguous) = read_authority(authority, style.globs);
        let scheme = parts.scheme(text).unwrap_or_else(|| guess(&host, style).to_owned());
        ambiguous |= !parts.usual || text.iter().any(|byte| is_odd(*byte));
        let plain = authority.iter().all(|byte| is_name(*byte) || *byte == b':');
        if !(plain && matches!(host, HostName::Name(_))) {
            ambiguous |= by_whatwg(text, parts.after_scheme).as_ref() != Some(&host);
        }
        Self { scheme, has_scheme: parts.scheme.is_some(), host, port, ambiguous }
    }

    fn unknown(scheme: &str) -> Self {
        Self {
            scheme: scheme.to_owned(),
            has_scheme: false,
            host: HostName::Unknown,
            port: None,
            ambiguous: true,
        }
    }

    /// The port contacted: as spelled, or the scheme's own.
    pub(crate) fn effective_port(&self) -> Option<u16> {
        self.port.or_else(|| default_port(&self.scheme))
    }
}

/// Where name and password stand in a URL, if it has them.
pub(crate) fn userinfo(text: &[u8]) -> Option<(usize, usize)> {
    let (start, end) = Parts::of(text).authority;
    let authority = text.get(start..end)?;
    let at = authority.iter().rposition(|byte| *byte == b'@')?;
    Some((start, start.saturating_add(at)))
}

/// Where a secret stands in front of a URL's host: a password with its name, or what web
/// services take alone for a token. The bare name of `ssh://git@host` is none.
pub(crate) fn credential(text: &[u8]) -> Option<(usize, usize)> {
    let (start, end) = userinfo(text)?;
    let named = text.get(start..end)?.contains(&b':');
    let web = text.get(..4).is_some_and(|head| head.eq_ignore_ascii_case(b"http"));
    let has_scheme = Parts::of(text).scheme.is_some();
    (named || web || !has_scheme).then_some((start, end))
}

/// Where the query starts: one past the `?`.
pub(crate) fn query(text: &[u8]) -> Option<usize> {
    let rest = text.get(Parts::of(text).authority.1..)?;
    let mark = rest.iter().position(|byte| matches!(byte, b'?' | b'#'))?;
    Some(text.len().saturating_sub(rest.len()).saturating_add(mark).saturating_add(1))
}

/// A URL cut at its delimiters, RFC 3986 §3.
#[derive(Clone, Copy, Debug)]
struct Parts {
    /// End of the scheme, when there is one.
    scheme: Option<usize>,
    /// First byte behind `scheme:` and its slashes.
    after_scheme: usize,
    authority: (usize, usize),
    /// Two slashes after a scheme, none without.
    usual: bool,
}

impl Parts {
    fn of(text: &[u8]) -> Self {
        let scheme = scheme_end(text);
        let rest = scheme.map_or(0, |end| end.saturating_add(1));
        let slashes = text.iter().skip(rest).take_while(|byte| **byte == b'/').count();
        let start = rest.saturating_add(slashes);
        let end = text
            .iter()
            .skip(start)
            .position(|byte| matches!(byte, b'/' | b'?' | b'#'))
            .map_or(text.len(), |length| start.saturating_add(length));
        // `file:///path` names no host.
        let no_host = scheme.is_some_and(|end| text.get(..end) == Some(b"file".as_slice()));
        let start = if no_host { end.min(rest.saturating_add(2)) } else { start };
        let end = if no_host { start } else { end };
        let usual = slashes == if scheme.is_some() { 2 } else { 0 };
        Self { scheme, after_scheme: start, authority: (start, end), usual: usual || no_host }
    }

    fn scheme(&self, text: &[u8]) -> Option<String> {
        let scheme = text.get(..self.scheme?)?;
        Some(String::from_utf8_lossy(scheme).to_ascii_lowercase())
    }
}

/// The end of `scheme` in `scheme:/…`. As for curl, a colon without a slash belongs to a port.
fn scheme_end(text: &[u8]) -> Option<usize> {
    let end = text
        .iter()
        .take(41)
        .position(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'+' | b'-' | b'.'))?;
    let first = text.first()?.is_ascii_alphabetic();
    let colon = text.get(end..end.checked_add(2)?)? == b":/";
    (first && colon && end > 0).then_some(end)
}

fn read_authority(authority: &[u8], globs: bool) -> (HostName, Option<u16>, bool) {
    // Newer clients take a leading `@` for a file of URLs.
    let file = authority.starts_with(b"@");
    let mut ambiguous = file || authority.iter().filter(|byte| **byte == b'@').count() > 1;
    let at = authority.iter().rposition(|byte| *byte == b'@').map_or(0, |at| at.saturating_add(1));
    let place = authority.get(at..).unwrap_or_default();
    let userinfo = authority.get(..at).unwrap_or_default();
    if globs {
        ambiguous |= userinfo.iter().any(|byte| matches!(byte, b'{' | b'}' | b'[' | b']'));
    }
    let (host, port) = split_port(place);
    let port = match port {
        None | Some(b"") => None,
        Some(digits) => {
            let port =
                str::from_utf8(digits).ok().filter(|it| it.bytes().all(|b| b.is_ascii_digit()));
            let port = port.and_then(|port| port.parse::<u16>().ok());
            ambiguous |= port.is_none();
            port
        }
    };
    let (host, odd) = read_host(host);
    (host, port, ambiguous || odd)
}

/// Host and port of `host:port` or `[host]:port`.
fn split_port(place: &[u8]) -> (&[u8], Option<&[u8]>) {
    let bracket = if place.starts_with(b"[") {
        place.iter().position(|byte| *byte == b']').unwrap_or(0)
    } else {
        0
    };
    let colon = place.iter().skip(bracket).position(|byte| *byte == b':');
    match colon.map(|colon| place.split_at(colon.saturating_add(bracket))) {
        Some((host, port)) => (host, port.get(1..)),
        None => (place, None),
    }
}

/// The host of its text, and whether the text is odd.
pub(crate) fn read_host(text: &[u8]) -> (HostName, bool) {
    if let Some(inner) = text.strip_prefix(b"[") {
        let inner = inner.strip_suffix(b"]").unwrap_or_default();
        // A zone says through which interface, not to whom (RFC 6874).
        let address = inner.split(|byte| *byte == b'%').next().unwrap_or_default();
        let address = str::from_utf8(address).ok().and_then(|it| it.parse::<Ipv6Addr>().ok());
        return match address {
            Some(address) => (HostName::Ip(IpAddr::V6(address)), false),
            None => (HostName::Unknown, true),
        };
    }
    // A dot at the end asks the name server for what is otherwise known without asking.
    let (text, dotted) = text.strip_suffix(b".").map_or((text, false), |text| (text, true));
    if text.is_empty() {
        return (HostName::Unknown, true);
    }
    if let Some(address) = ipv4(text) {
        return (HostName::Ip(IpAddr::V4(address)), dotted);
    }
    if text.iter().all(|byte| is_name(*byte)) {
        // The parser of browsers takes a last label of digits for a broken address.
        let last = text.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
        let odd = last.iter().all(u8::is_ascii_digit) || text.windows(2).any(|it| it == b"..");
        let name = HostName::Name(String::from_utf8_lossy(text).to_ascii_lowercase());
        let odd = odd || (dotted && name.is_loopback());
        return (name, odd);
    }
    international(text)
}

/// A host that is not plain ASCII: percent-encoded, or an IDN (RFC 5891, UTS 46).
fn international(text: &[u8]) -> (HostName, bool) {
    let Ok(text) = str::from_utf8(text) else { return (HostName::Unknown, true) };
    match Host::parse(text) {
        Ok(Host::Domain(name)) => {
            // Letters that only look like ASCII (full width, mathematical) are mapped to it by
            // some clients and refused by others.
            let mapped = text.is_ascii() || !name.contains("xn--");
            let name = name.strip_suffix('.').unwrap_or(&name);
            (HostName::Name(name.to_owned()), mapped)
        }
        Ok(Host::Ipv4(address)) => (HostName::Ip(address.into()), true),
        Ok(Host::Ipv6(address)) => (HostName::Ip(address.into()), true),
        Err(_) => (HostName::Unknown, true),
    }
}

/// An IPv4 address in any spelling of `inet_aton`: one to four numbers, decimal, octal (`0…`) or
/// hexadecimal (`0x…`), the last of which fills all bytes that are left.
pub(crate) fn ipv4(text: &[u8]) -> Option<Ipv4Addr> {
    let text = str::from_utf8(text).ok()?;
    let parts: Vec<&str> = text.splitn(5, '.').collect();
    let (last, heads) = parts.split_last()?;
    let room = 4_u32.checked_sub(u32::try_from(heads.len()).ok()?)?.checked_mul(8)?;
    let tail = number(last).filter(|_| room > 0)?;
    if room < 64 && tail.checked_shr(room).is_some_and(|over| over > 0) {
        return None;
    }
    let mut address = tail;
    for (index, head) in heads.iter().enumerate() {
        let value = number(head).filter(|value| *value <= 0xff)?;
        let shift = 24_u32.checked_sub(u32::try_from(index).ok()?.checked_mul(8)?)?;
        address |= value.checked_shl(shift)?;
    }
    u32::try_from(address).ok().map(Ipv4Addr::from)
}

fn number(text: &str) -> Option<u64> {
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None if text.len() > 1 && text.starts_with('0') => (text, 8),
        None => (text, 10),
    };
    let sound = !digits.is_empty() && !digits.starts_with(['+', '-']);
    sound.then(|| u64::from_str_radix(digits, radix).ok()).flatten()
}

/// The host by the WHATWG rules, in our form. Every scheme is read as a web scheme, because that
/// is the reading under which tricks work.
fn by_whatwg(text: &[u8], after_scheme: usize) -> Option<HostName> {
    let rest = str::from_utf8(text.get(after_scheme..)?).ok()?;
    let url = Url::parse(&format!("https://{rest}")).ok()?;
    Some(match url.host()? {
        Host::Domain(name) => {
            HostName::Name(name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase())
        }
        Host::Ipv4(address) => HostName::Ip(address.into()),
        Host::Ipv6(address) => HostName::Ip(address.into()),
    })
}

/// Bytes that some client drops, translates or stops at.
fn is_odd(byte: u8) -> bool {
    byte.is_ascii_control() || byte.is_ascii_whitespace() || byte == b'\\'
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')
}

/// The scheme that curl takes for a URL without one, by the host's first label.
fn guess<'a>(host: &HostName, style: Style<'a>) -> &'a str {
    let HostName::Name(name) = host else { return style.scheme };
    let label = name.split_once('.').map_or("", |(label, _)| label);
    let known = ["dict", "ftp", "imap", "ldap", "pop3", "smtp"];
    let guessed = known.into_iter().find(|known| style.guess && *known == label);
    guessed.unwrap_or(style.scheme)
}

/// The port that IANA gave the scheme.
pub(crate) fn default_port(scheme: &str) -> Option<u16> {
    Some(match scheme {
        "dict" => 2628,
        "ftp" => 21,
        "ftps" => 990,
        "git" => 9418,
        "gopher" | "gophers" => 70,
        "http" | "ws" => 80,
        "https" | "wss" => 443,
        "imap" => 143,
        "imaps" => 993,
        "ldap" => 389,
        "ldaps" => 636,
        "mqtt" => 1883,
        "pop3" => 110,
        "pop3s" => 995,
        "postgres" | "postgresql" => 5432,
        "rsync" => 873,
        "scp" | "sftp" | "ssh" => 22,
        "smb" | "smbs" => 445,
        "smtp" => 25,
        "smtps" => 465,
        "telnet" => 23,
        _ => return None,
    })
}

/// Whether the scheme itself encrypts and proves whom it talks to.
pub(crate) fn is_encrypted(scheme: &str) -> bool {
    matches!(
        scheme,
        "ftps"
            | "gophers"
            | "hkps"
            | "https"
            | "imaps"
            | "ldaps"
            | "oci"
            | "pop3s"
            | "rtmps"
            | "scp"
            | "sftp"
            | "smbs"
            | "smtps"
            | "ssh"
            | "wss"
            | "tls"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const CURL: Style<'_> = Style { scheme: "http", guess: true, globs: true };

    /// `scheme host port`, with `?` behind an ambiguous one.
    fn judged(text: &str) -> String {
        let address = Address::read(text.as_bytes(), CURL);
        let host = match &address.host {
            HostName::Ip(ip) => ip.to_string(),
            HostName::Name(name) => name.clone(),
            HostName::Deferred(_) | HostName::Unknown => "-".into(),
        };
        let port = address.port.map_or(String::new(), |port| format!(" {port}"));
        let doubt = if address.ambiguous { " ?" } else { "" };
        format!("{} {host}{port}{doubt}", address.scheme)
    }

    #[test]
    fn plain_urls_are_read_as_everybody_reads_them() {
        let cases = [
            ("https://api.github.com/user", "https api.github.com"),
            ("HTTPS://API.GitHub.com:443", "https api.github.com 443"),
            ("https://api.github.com.", "https api.github.com"),
            ("https://api.github.com?x=@evil.net", "https api.github.com"),
            ("https://api.github.com#@evil.net/", "https api.github.com"),
            ("https://api.github.com/a@evil.net", "https api.github.com"),
            ("https://u:p@api.github.com/", "https api.github.com"),
            ("https://api.github.com:@evil.net/", "https evil.net"),
            ("https://api.github.com:443@evil.net/", "https evil.net"),
            ("https://api.github.com@evil.net/", "https evil.net"),
            ("api.github.com", "http api.github.com"),
            ("api.github.com:8080/x", "http api.github.com 8080"),
            ("localhost:3000/x", "http localhost 3000"),
            ("ftp.example.org/x", "ftp ftp.example.org"),
            ("ftpx.example.org/x", "http ftpx.example.org"),
            ("https://[2001:db8::1]:8443/", "https 2001:db8::1 8443"),
            ("https://[::1]/", "https ::1"),
            ("https://bücher.example/", "https xn--bcher-kva.example"),
            ("https://x/{a,b}/[1-3]", "https x"),
        ];
        for (text, expected) in cases {
            assert_eq!(judged(text), expected, "{text}");
        }
    }

    #[test]
    fn odd_spellings_of_addresses_are_the_address() {
        let spellings = ["127.1", "0x7f.1", "0177.0.0.1", "2130706433", "0x7f000001", "127.0.1"];
        for text in spellings {
            assert_eq!(judged(&format!("http://{text}/")), "http 127.0.0.1", "{text}");
        }
        assert_eq!(judged("http://0/"), "http 0.0.0.0");
        assert_eq!(judged("http://0300.0250.1.1/"), "http 192.168.1.1");
        assert_eq!(judged("http://[::ffff:127.0.0.1]/"), "http ::ffff:127.0.0.1");
    }

    #[test]
    fn whatever_can_be_read_twice_is_ambiguous() {
        let tricks = [
            "https://api.github.com\\@evil.net/",
            "https://evil.net\\@api.github.com/",
            "https://a@b@api.github.com/",
            "@urls.txt",
            "https://api.github.com%2f@evil.net%40x/",
            "https://api%2egithub.com/",
            "https://{api.github.com,evil.net}/",
            "https://api.github.com[1-2]/",
            "https://api.github.com /",
            " https://api.github.com/",
            "https://api.github.com\t.evil.net/",
            "https://api.github.com\n/",
            "https:/api.github.com/",
            "https:///api.github.com/",
            "//api.github.com/",
            "https://api.github.com:99999/",
            "https://api.github.com:4 43/",
            "https://api.github.com:x/",
            "https://ａpi.github.com/",
            "https://api。github。com/",
            "https://127.0.0.1.5.6/",
            "https://127.0.0.1./",
            "https://localhost./",
            "https://1.2.3.999/",
            "https://08.0.0.1/",
            "https://4294967296/",
            "https://api..github.com/",
            "https://[::1/",
            "https://[::1]x@evil.net]/",
            "https://",
            "https:///",
            "",
        ];
        for text in tricks {
            assert!(Address::read(text.as_bytes(), CURL).ambiguous, "{text:?}: {}", judged(text));
        }
        assert!(Address::read(b"https://api.github\xff.com/", CURL).ambiguous);
    }

    #[test]
    fn parts_of_a_url_are_found() {
        let url = b"https://user:pw@host:1/path?query#x";
        assert_eq!(userinfo(url), Some((8, 15)));
        assert_eq!(query(url).and_then(|at| url.get(at..)), Some(&b"query#x"[..]));
        assert_eq!(userinfo(b"https://host/a@b"), None);
        assert_eq!(credential(b"ssh://git@host/"), None);
        assert_eq!(credential(b"ssh://git:pw@host/"), Some((6, 12)));
        assert_eq!(credential(b"https://token@host/"), Some((8, 13)));
        assert_eq!(query(b"https://host/"), None);
        assert_eq!(judged("file:///etc/passwd"), "file - ?");
    }
}
