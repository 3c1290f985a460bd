//! Which host a text of a tool call names, and whether an address lies in a network.
//!
//! Only what can be read in one way has a host here: a URL, a host with or without a port, or a
//! mail address, in ASCII, without user names, escapes and backslashes. Clients read anything else
//! in more than one way, so the answer to it is unknown.

use core::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use datafog_core::HostName;
use serde::{Deserialize, Serialize};

/// Schemes of URLs that name the host that is contacted. Of others (`javascript`, `data`, `file`,
/// `blob`) what stands there is no host, whatever it looks like.
const SCHEMES: [&str; 40] = [
    "amqp",
    "amqps",
    "ftp",
    "ftps",
    "git",
    "git+https",
    "git+ssh",
    "grpc",
    "grpcs",
    "http",
    "https",
    "imap",
    "imaps",
    "irc",
    "ircs",
    "ldap",
    "ldaps",
    "mongodb",
    "mqtt",
    "mqtts",
    "mysql",
    "nats",
    "postgres",
    "postgresql",
    "redis",
    "rediss",
    "rsync",
    "rtsp",
    "sftp",
    "smb",
    "smtp",
    "smtps",
    "ssh",
    "svn",
    "tcp",
    "telnet",
    "tls",
    "udp",
    "ws",
    "wss",
];

/// The host that `text` names; `None` when it names none, or not for certain.
pub(super) fn host_of(text: &str) -> Option<HostName> {
    let text = text.trim();
    let odd = |byte: u8| byte <= b' ' || byte >= 0x7f || b"\\\"'<>^`{|}".contains(&byte);
    if text.bytes().any(odd) {
        return None;
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return match text.split_once('@') {
            Some((user, host)) if !user.is_empty() && !host.contains([':', '/', '@']) => name(host),
            Some(_) => None,
            // A host alone, perhaps with a port or a path.
            None => authority(text.split(['/', '?', '#']).next()?),
        };
    };
    if !SCHEMES.iter().any(|known| known.eq_ignore_ascii_case(scheme)) {
        return None;
    }
    authority(rest.split(['/', '?', '#']).next()?)
}

fn authority(text: &str) -> Option<HostName> {
    if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let address: Ipv6Addr = address.parse().ok()?;
        let fits = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return fits.then(|| HostName::Ip(plain(address.into())));
    }
    let host = match text.split_once(':') {
        None => text,
        Some((host, port)) if is_port(port) => host,
        Some(_) => return None,
    };
    name(host)
}

fn is_port(text: &str) -> bool {
    text.is_empty() || text.parse::<u16>().is_ok_and(|_| text.bytes().all(|it| it.is_ascii_digit()))
}

fn name(text: &str) -> Option<HostName> {
    let text = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    if let Ok(ip) = text.parse::<Ipv4Addr>() {
        return Some(HostName::Ip(ip.into()));
    }
    let last = text.rsplit('.').next().unwrap_or_default();
    // Old ways to write addresses end in a number, in base ten, eight or sixteen.
    let number = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x");
    let label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    (!number && text.split('.').all(label)).then_some(HostName::Name(text))
}

/// An address of version 4 in the clothes of version 6 is that of version 4.
fn plain(ip: IpAddr) -> IpAddr {
    ip.to_canonical()
}

/// A block of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// `10.0.0.0/8`, `fd00::/8`, or a single address.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(most);
        (prefix <= most).then_some(Self { address, prefix })
    }

    /// The same network by its first address, where another one of it was written.
    pub(super) fn first(&self) -> Option<Self> {
        let address = match self.address {
            IpAddr::V4(ip) => {
                let shift = 32_u32.saturating_sub(self.prefix.into());
                let head = ip.to_bits().checked_shr(shift).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from_bits(head.checked_shl(shift).unwrap_or(0)))
            }
            IpAddr::V6(ip) => {
                let shift = 128_u32.saturating_sub(self.prefix.into());
                let head = ip.to_bits().checked_shr(shift).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(head.checked_shl(shift).unwrap_or(0)))
            }
        };
        (address != self.address).then_some(Self { address, prefix: self.prefix })
    }

    pub(super) fn has(&self, ip: IpAddr) -> bool {
        match (self.address, plain(ip)) {
            (IpAddr::V4(network), IpAddr::V4(ip)) => {
                let shift = 32_u32.saturating_sub(self.prefix.into());
                let head = |ip: Ipv4Addr| ip.to_bits().checked_shr(shift).unwrap_or(0);
                head(network) == head(ip)
            }
            (IpAddr::V6(network), IpAddr::V6(ip)) => {
                let shift = 128_u32.saturating_sub(self.prefix.into());
                let head = |ip: Ipv6Addr| ip.to_bits().checked_shr(shift).unwrap_or(0);
                head(network) == head(ip)
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }

    /// Whether `localhost` is in it, by either version.
    pub(super) fn has_loopback(&self) -> bool {
        self.has(Ipv4Addr::LOCALHOST.into()) || self.has(Ipv6Addr::LOCALHOST.into())
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_told_only_where_all_read_the_same() {
        for (text, host) in [
            ("https://API.Example.com./x?y#z", "api.example.com"),
            ("example.com:443", "example.com"),
            ("example.com/path", "example.com"),
            ("ann@example.com", "example.com"),
            ("http://10.1.2.3:80/", "10.1.2.3"),
            ("http://[::1]:80/", "::1"),
            ("http://[::ffff:10.0.0.1]/", "10.0.0.1"),
        ] {
            assert_eq!(host_of(text).unwrap().to_string(), host, "{text}");
        }
        for text in [
            "https://a.com@evil.test/",
            "https://a.com\\@evil.test/",
            "http://0x7f.1/",
            "http://2130706433/",
            "ann@a.com@evil.test",
            "https://ex%61mple.com/",
            "b\u{fc}cher.de",
            "two words",
            "",
            "https:///x",
            "a..b",
            "http://1.2.3/",
            "http://a.com:99999/",
            "http://a.com:8a/",
            "javascript://a.com/%0aalert(1)",
            "file://a.com/etc/passwd",
            "x://a.com/",
        ] {
            assert_eq!(host_of(text), None, "{text}");
        }
    }

    #[test]
    fn a_network_has_a_first_address() {
        let first = |text: &str| Some(Network::parse(text)?.first()?.to_string());
        assert_eq!(first("10.1.2.3/8").as_deref(), Some("10.0.0.0/8"));
        assert_eq!(first("10.1.2.3/0").as_deref(), Some("0.0.0.0/0"));
        assert_eq!(first("fd00::1/8").as_deref(), Some("fd00::/8"));
        for text in ["10.0.0.0/8", "10.1.2.3", "::/0", "fd00::1/128"] {
            assert_eq!(first(text), None, "{text}");
        }
    }

    #[test]
    fn networks_hold_their_addresses() {
        let has =
            |network: &str, ip: &str| Network::parse(network).unwrap().has(ip.parse().unwrap());
        assert!(has("10.0.0.0/8", "10.255.1.2") && !has("10.0.0.0/8", "11.0.0.0"));
        assert!(has("0.0.0.0/0", "1.2.3.4") && has("::/0", "::5"));
        assert!(has("10.0.0.1", "10.0.0.1") && !has("10.0.0.1", "10.0.0.2"));
        assert!(has("10.0.0.0/8", "::ffff:10.0.0.1") && !has("fd00::/8", "10.0.0.1"));
        for text in ["10.0.0.0/33", "::/129", "10.0.0/8", "x", "10.0.0.0/-1", "10.0.0.0/"] {
            assert!(Network::parse(text).is_none(), "{text}");
        }
    }
}
