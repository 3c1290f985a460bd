//! Networks, and which addresses are not of the public one.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::Host;

use super::Names;

/// Networks that are asked although they are not of the public one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Vec<Network>);

impl Networks {
    /// Reads networks, with commas between them.
    ///
    /// # Errors
    /// What is expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        let wrong = || String::from("expected networks with commas, such as `10.0.0.0/8, ::1/128`");
        items.map(|item| Network::parse(item).ok_or_else(wrong)).collect::<Result<_, _>>().map(Self)
    }

    /// One more.
    pub(super) fn push(&mut self, network: Network) {
        self.0.push(network);
    }

    /// Whether an address may be asked.
    pub(crate) fn may(&self, address: IpAddr) -> bool {
        !is_private(address) || self.0.iter().any(|network| network.has(address))
    }

    /// Refuses a host that is written as an address which may not be asked. What a name leads to is
    /// judged when it is looked up.
    pub(crate) fn require(&self, host: &Host) -> Result<(), String> {
        let address = match host {
            Host::Domain(name) if name == crate::LOCALHOST => IpAddr::from(Ipv4Addr::LOCALHOST),
            Host::Domain(_) => return Ok(()),
            Host::Ipv4(address) => IpAddr::from(*address),
            Host::Ipv6(address) => IpAddr::from(*address),
        };
        match self.may(address) {
            true => Ok(()),
            false => Err(String::from(
                "it is not of the public network; list its network in `channel_networks` \
                 (`DATAFOG_CHANNEL_NETWORKS`), such as `127.0.0.0/8`",
            )),
        }
    }

    /// The addresses that a host leads to and that may be asked, at least one.
    pub(crate) async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, String> {
        let host = Host::parse(host).map_err(|_| String::from("it is no host"))?;
        self.require(&host)?;
        match host {
            Host::Domain(name) if name == crate::LOCALHOST => Ok(vec![Ipv4Addr::LOCALHOST.into()]),
            Host::Domain(name) => {
                let found = Names::of(self.clone()).found(&name).await;
                found.map_err(|error| error.to_string())
            }
            Host::Ipv4(address) => Ok(vec![address.into()]),
            Host::Ipv6(address) => Ok(vec![address.into()]),
        }
    }
}

/// A network by its first bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    first: IpAddr,
    bits: u32,
}

impl Network {
    /// Reads `10.0.0.0/8` or `fd00::/8`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (first, bits) = text.split_once('/')?;
        let (first, bits) = (first.parse::<IpAddr>().ok()?, bits.parse::<u32>().ok()?);
        let most = if first.is_ipv4() { 32 } else { 128 };
        (bits <= most).then_some(Self { first, bits })
    }

    /// Whether an address lies in it.
    pub(crate) fn has(self, address: IpAddr) -> bool {
        let differing = match (self.first, address.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                (first.to_bits() ^ address.to_bits()).leading_zeros()
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                (first.to_bits() ^ address.to_bits()).leading_zeros()
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return false,
        };
        differing >= self.bits
    }
}

/// Whether an address is not one of the public network: of this machine, of a private network, or of a
/// range that nobody owns (RFC 6890). What carries another address within it is judged by that.
pub(crate) fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_private_v4(address),
        IpAddr::V6(address) => is_private_v6(address),
    }
}

const fn is_private_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    a == 0
        || a >= 224
        || address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_documentation()
        || (a == 100 && b & 0xc0 == 64)
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && b & 0xfe == 18)
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let last = |high: u16, low: u16| Ipv4Addr::from_bits((u32::from(high) << 16) | u32::from(low));
    match (a, b) {
        // Translated (RFC 6052) and 6to4 (RFC 3056).
        (0x64, 0xff9b) => [c, d, e, f] != [0; 4] || is_private_v4(last(g, h)),
        (0x2002, _) => is_private_v4(last(b, c)),
        // Only this eighth is given out; within it are Teredo and others, and documentation.
        (0x2001, b) => b < 0x200 || b == 0xdb8,
        (a, _) => a & 0xe000 != 0x2000 || a == 0x3fff,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_known_in_every_spelling() {
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.0.0.1",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "fc00::1",
            "fe80::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "64:ff9b:1::1",
        ] {
            assert!(is_private(address.parse().unwrap()), "{address}");
        }
        for address in [
            "1.1.1.1",
            "100.128.0.1",
            "172.32.0.1",
            "2606:4700::1111",
            "64:ff9b::101:101",
            "2002:101:101::",
        ] {
            assert!(!is_private(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn a_network_is_its_first_bits() {
        let has = |network: &str, address: &str| {
            Network::parse(network).unwrap().has(address.parse().unwrap())
        };
        assert!(has("10.0.0.0/8", "10.255.0.1") && has("10.0.0.0/8", "::ffff:10.0.0.1"));
        assert!(!has("10.0.0.0/8", "11.0.0.1") && !has("10.0.0.0/8", "fd00::1"));
        assert!(
            has("0.0.0.0/0", "1.2.3.4") && has("fd00::/8", "fdff::1") && !has("::1/128", "::2")
        );
        for text in ["10.0.0.0", "10.0.0.0/33", "::/129", "x/8", "10.0.0.0/-1"] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
