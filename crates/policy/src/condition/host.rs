//! `host`: where a call goes.

use datafog_core::{Destination, HostName};
use serde::{Deserialize, Serialize};

use super::{ConditionAbout, Cost, Kind, Leaf, Trial, anywhere, values};
use crate::Truth;
use crate::bytes::{Damaged, List, decode};
use crate::read::{Item, Reader, Sense};
use crate::truth::Which;

pub(super) static KIND: Kind = Kind {
    about: ConditionAbout {
        name: "host",
        summary: "A host that would be contacted is one of these (in a rule that lets something \
                  through: every host is, and nothing bends the call elsewhere).",
        form: "`name`, `*.name` (any host below it), an address, `loopback`, list of them, or \
               `{ name, which }`",
        example: r#"host = ["github.com", "*.github.com"]"#,
        unknown: "when a host cannot be told",
        cost: "resolved destinations",
    },
    read,
    test,
    describe,
    seen: |facts| {
        let hosts = facts.destinations().iter().map(|one| format!("`{}`", one.host));
        let hosts: Vec<String> = hosts.collect();
        if hosts.is_empty() { String::from("none") } else { hosts.join(", ") }
    },
    narrow: anywhere,
};

/// The word for this machine.
const LOOPBACK: &str = "loopback";

#[derive(Serialize, Deserialize)]
struct Wanted<'a> {
    #[serde(borrow)]
    hosts: List<'a>,
    which: Which,
    /// A host counts only when the call really ends there: in rules that let something through.
    surely: bool,
}

fn read(item: &Item<'_>, reader: &mut Reader<'_>, sense: Sense) -> Option<Leaf> {
    let (item, which) = values::named(item, reader, sense)?;
    let hosts = names(item, reader)?;
    let surely = sense.which() == Which::Every;
    Some(Leaf::new(&KIND, Cost::Destinations, &Wanted { hosts, which, surely }))
}

/// Host patterns, in lower case.
pub(super) fn names(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<List<'static>> {
    let texts = reader.texts(item)?;
    let mut sound = true;
    for text in &texts {
        if let Err((message, help)) = check(text.get_ref()) {
            reader.error_with_help(text.span(), message, help);
            sound = false;
        }
    }
    let hosts = texts.into_iter().map(|text| text.into_inner().to_ascii_lowercase()).collect();
    sound.then_some(hosts)
}

fn check(host: &str) -> Result<(), (&'static str, &'static str)> {
    let name = host.strip_prefix("*.").unwrap_or(host);
    if host.contains("://") || host.contains('/') {
        return Err(("a host is meant, not a URL", "leave out the scheme and the path"));
    }
    if host.parse::<std::net::IpAddr>().is_ok() {
        return Ok(());
    }
    if host.contains(':') {
        return Err(("a host is meant, without a port", "leave out the port"));
    }
    if name.contains('*') {
        return Err(("`*` can only stand for all that is before a dot", "write `*.example.com`"));
    }
    if !name.is_ascii() {
        return Err(("hosts are compared in ASCII", "write an IDN in its `xn--` form"));
    }
    let odd = |byte: u8| !(byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    if name.is_empty() || name.starts_with('.') || name.ends_with('.') || name.bytes().any(odd) {
        return Err(("this is no host name", "write it as in a URL, without scheme and port"));
    }
    Ok(())
}

fn test(payload: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    let wanted: Wanted<'_> = decode(payload)?;
    let destinations = trial.facts.destinations().iter();
    Ok(wanted.which.join(destinations.map(|destination| wanted.fits(destination))))
}

impl Wanted<'_> {
    fn fits(&self, destination: &Destination) -> Truth {
        if matches!(destination.host, HostName::Deferred(_) | HostName::Unknown) {
            return Truth::Unknown;
        }
        Truth::of(self.hosts.iter().any(|pattern| match (pattern, self.surely) {
            (LOOPBACK, true) => destination.is_loopback(),
            (LOOPBACK, false) => destination.host.is_loopback(),
            (_, true) => destination.voids.is_empty() && destination.host.matches(pattern),
            (_, false) => destination.host.matches(pattern),
        }))
    }
}

fn describe(payload: &[u8]) -> Result<String, Damaged> {
    let wanted: Wanted<'_> = decode(payload)?;
    Ok(format!("{} host: {}", wanted.which.name(), wanted.hosts.shown()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{refused, test, test_loosening};
    use super::*;
    use crate::Given;
    use datafog_core::{Reach, Void};

    fn facts(hosts: &[(&str, Reach)]) -> Given {
        let mut facts = Given::command("curl", "/");
        facts.invocation().destinations = hosts
            .iter()
            .map(|(host, reach)| Destination {
                scheme: "https".into(),
                host: host.parse().map_or_else(|_| HostName::Name((*host).into()), HostName::Ip),
                port: None,
                reach: *reach,
                voids: Vec::new(),
            })
            .collect();
        facts
    }

    #[test]
    fn one_host_stops_but_all_must_fit_to_pass() {
        let facts = facts(&[("api.github.com", Reach::Remote), ("evil.net", Reach::Remote)]);
        assert_eq!(test("host = 'EVIL.net'", &facts), Truth::True);
        assert_eq!(test("host = '*.github.com'", &facts), Truth::True);
        assert_eq!(test("host = 'github.com'", &facts), Truth::False);
        assert_eq!(test_loosening("host = '*.github.com'", &facts), Truth::False);
        assert_eq!(test_loosening("host = ['*.github.com', 'evil.net']", &facts), Truth::True);
        assert_eq!(test("host = { name = 'evil.net', which = 'every' }", &facts), Truth::False);
    }

    #[test]
    fn addresses_and_this_machine() {
        let facts = facts(&[("127.0.0.1", Reach::Loopback)]);
        assert_eq!(test("host = 'loopback'", &facts), Truth::True);
        assert_eq!(test_loosening("host = 'loopback'", &facts), Truth::True);
        assert_eq!(test("host = '127.0.0.1'", &facts), Truth::True);
        assert_eq!(test("host = '127.0.0.2'", &facts), Truth::False);
    }

    #[test]
    fn a_bent_call_is_not_surely_there() {
        let mut facts = facts(&[("github.com", Reach::Remote)]);
        facts.invocation().destinations[0].voids.push(Void::Proxy);
        assert_eq!(test("host = 'github.com'", &facts), Truth::True);
        assert_eq!(test_loosening("host = 'github.com'", &facts), Truth::False);
        facts.invocation().destinations[0].host = HostName::Unknown;
        assert_eq!(test("host = 'github.com'", &facts), Truth::Unknown);
    }

    #[test]
    fn slips_are_named() {
        for (host, said) in [
            ("https://x.com/", "not a URL"),
            ("x.com:443", "without a port"),
            ("api.*.com", "before a dot"),
            ("*", "before a dot"),
            ("bücher.de", "`xn--` form"),
            (".x", "no host name"),
        ] {
            assert!(refused(&format!("host = '{host}'")).contains(said), "{host}");
        }
        assert!(refused("host = { which = 'any' }").contains("`name` is missing"));
    }
}
