//! Calls to URLs, as curl and wget make them.
//!
//! The host is the one that the client would really contact: `--resolve`, `--connect-to`, a
//! socket, proxies and redirects are weighed per URL. What bends a call is told as a [`Void`];
//! where the bend provably ends on this machine, the reach is loopback.
//!
//! `Void::Redirects` is per destination while content is per place, so it stands whenever
//! redirects are followed and *any* content is one that a client sends along to the next host:
//! bodies, cookies of `-b`, and headers other than `Authorization` and `Cookie`. Those two, `-u` and
//! the URL's own user are dropped by curl when the host changes, unless `--location-trusted` is
//! given. wget drops nothing.

use std::net::IpAddr;

use datafog_core::{
    Destination, Flow, HostName, Invocation, OperandKind, Reach, StdinUse, Surroundings, Void,
};

use crate::address::{self, Address, Style};
use crate::profile::Effect;
use crate::read::{Call, Given};
use crate::redirect::{self, Redirected};
use crate::transport::copy;

/// Works out one destination per URL.
pub(crate) fn contact(call: &Call<'_>, surroundings: &dyn Surroundings, to: &mut Invocation) {
    let redirected = Redirected::of(call, surroundings);
    let wiring = Wiring::of(call, to);
    let mut local = 0_usize;
    for text in urls(call, to) {
        let address = Address::read(&text, wiring.style);
        if address.scheme == "file" {
            local = local.saturating_add(1);
            continue;
        }
        if address.scheme == "telnet" {
            // What is typed, or piped in, is sent as it comes.
            to.stdin = StdinUse::Stream;
        }
        let mut destination = wiring.judge(&address, call, surroundings);
        destination.voids.extend(redirected.voids.iter().cloned());
        copy::reach(to, destination);
    }
    if on(call, Effect::UrlFile) {
        to.unclear.push("URLs are read from a file".to_owned());
        to.destinations.push(Destination {
            scheme: wiring.style.scheme.to_owned(),
            host: HostName::Unknown,
            port: None,
            reach: Reach::Unknown,
            voids: redirected.voids,
        });
    }
    if to.destinations.is_empty() && local > 0 {
        copy::stay(to);
    }
}

/// The URLs of a call: operands, and values of options.
fn urls(call: &Call<'_>, to: &Invocation) -> Vec<Vec<u8>> {
    let operands = to.operands.iter().filter(|operand| operand.kind == OperandKind::Url);
    let operands = operands.map(|operand| operand.text.as_encoded_bytes().to_vec());
    let options = values(call, Effect::Url).map(<[u8]>::to_vec);
    operands.chain(options).collect()
}

/// The values of options with that effect, in order.
fn values<'c>(call: &'c Call<'_>, effect: Effect) -> impl Iterator<Item = &'c [u8]> {
    standing(call, effect)
        .filter_map(|given| given.value.as_ref().map(|value| value.bytes.as_ref()))
}

/// The options with that effect that were not given to take it back.
fn standing<'c, 'a>(
    call: &'c Call<'a>,
    effect: Effect,
) -> impl Iterator<Item = &'c Given<'a>> + use<'c, 'a> {
    call.given.iter().filter(move |given| given.spec.effect == Some(effect) && !given.negated)
}

/// Whether the last option with that effect stands; of several calls in one line, any.
fn on(call: &Call<'_>, effect: Effect) -> bool {
    if several(call) {
        return standing(call, effect).next().is_some();
    }
    let last = call.given.iter().rev().find(|given| given.spec.effect == Some(effect));
    last.is_some_and(|given| !given.negated)
}

/// Whether one line makes several calls, each with options of its own (`--next`).
fn several(call: &Call<'_>) -> bool {
    call.given.iter().any(|given| given.spec.effect == Some(Effect::Next))
}

/// Everything on the command line that says how connections are made.
struct Wiring<'c> {
    style: Style<'c>,
    resolve: Vec<Entry<'c>>,
    connect_to: Vec<Entry<'c>>,
    socket: Option<&'c str>,
    elsewhere: Vec<&'c str>,
    /// Options that name another configuration file.
    files: Vec<&'c str>,
    /// Proxies given by options; an empty one switches proxies off.
    proxies: Vec<&'c [u8]>,
    /// A proxy in front of the proxy, which no empty value takes back.
    preproxy: bool,
    no_proxy: Option<&'c [u8]>,
    insecure: bool,
    redirects: bool,
    /// Options may be another call's: what they weaken counts for all, what they mend for none.
    several: bool,
}

impl<'c> Wiring<'c> {
    fn of(call: &'c Call<'_>, to: &Invocation) -> Self {
        let several = several(call);
        let scheme = values(call, Effect::DefaultScheme)
            .last()
            .filter(|_| !several)
            .and_then(|it| str::from_utf8(it).ok());
        let style = Style {
            scheme: scheme.unwrap_or("http"),
            guess: scheme.is_none(),
            globs: several || !on(call, Effect::Globoff),
        };
        let trusted = on(call, Effect::LocationTrusted);
        let all = call.profile.assumes.contains(&Effect::LocationAll);
        let follows = on(call, Effect::Location) || trusted;
        Self {
            style,
            resolve: values(call, Effect::Resolve).map(Entry::of_resolve).collect(),
            connect_to: values(call, Effect::ConnectTo).map(Entry::of_connect_to).collect(),
            socket: standing(call, Effect::UnixSocket).last().map(|given| given.spec.name),
            elsewhere: standing(call, Effect::ConnectsElsewhere).map(|it| it.spec.name).collect(),
            files: standing(call, Effect::ConfigFile).map(|given| given.spec.name).collect(),
            proxies: values(call, Effect::Proxy).collect(),
            preproxy: standing(call, Effect::Jump).any(|given| given.value.is_some()),
            no_proxy: values(call, Effect::NoProxy).last().filter(|_| !several),
            insecure: on(call, Effect::Insecure),
            redirects: trusted
                || (follows && to.contents.iter().any(is_resent))
                || (all && to.contents.iter().any(is_more_than_url)),
            several,
        }
    }

    fn judge(
        &self,
        address: &Address,
        call: &Call<'_>,
        surroundings: &dyn Surroundings,
    ) -> Destination {
        let mut bend = Bend::straight(&address.host);
        self.resolve(address, &mut bend);
        self.connect_to(address, &mut bend);
        bend.voids.extend(self.files.iter().map(|name| Void::ConfigurationFile((*name).into())));
        bend.voids
            .extend(self.elsewhere.iter().map(|name| Void::ConnectsElsewhere((*name).into())));
        if let Some(name) = self.socket {
            bend =
                Bend { reach: Reach::Loopback, voids: vec![Void::ConnectsElsewhere(name.into())] };
        } else {
            self.proxy(address, call, surroundings, &mut bend);
        }
        if self.several && !bend.voids.is_empty() && bend.reach == Reach::Loopback {
            bend.reach = Reach::Remote;
        }
        let checks = [
            (address.ambiguous, Void::Ambiguous),
            (self.insecure, Void::Insecure),
            (!address::is_encrypted(&address.scheme), Void::Plaintext),
            (self.redirects, Void::Redirects),
        ];
        bend.voids.extend(checks.into_iter().filter(|(on, _)| *on).map(|(_, void)| void));
        Destination {
            scheme: address.scheme.clone(),
            host: address.host.clone(),
            port: address.port,
            reach: bend.reach,
            voids: bend.voids,
        }
    }

    /// All entries for host and port must end here for the call to end here, whichever of them
    /// the client takes.
    fn resolve(&self, address: &Address, bend: &mut Bend) {
        let mut addresses = Vec::new();
        for entry in self.resolve.iter().filter(|entry| entry.fits(address)) {
            bend.elsewhere("--resolve");
            addresses.extend(entry.target.split(|byte| *byte == b','));
        }
        if !addresses.is_empty() {
            bend.reach = reach_of(addresses.into_iter().map(ip));
        }
    }

    /// The first entry that fits counts.
    fn connect_to(&self, address: &Address, bend: &mut Bend) {
        let Some(entry) = self.connect_to.iter().find(|entry| entry.fits(address)) else { return };
        bend.elsewhere("--connect-to");
        if !entry.target.is_empty() {
            let (target, odd) = address::read_host(entry.target);
            let here = target.is_loopback() && !odd && self.resolve.is_empty();
            bend.reach = if here { Reach::Loopback } else { Reach::Remote };
        }
    }

    /// Proxies, by option or variable. The call ends elsewhere whatever `--resolve` says; only
    /// proxies on this machine that carry an encrypted call, whose certificate is checked end to
    /// end, can neither read nor bend it.
    fn proxy(
        &self,
        address: &Address,
        call: &Call<'_>,
        surroundings: &dyn Surroundings,
        bend: &mut Bend,
    ) {
        let encrypted = address::is_encrypted(&address.scheme);
        let mut proxies: Vec<&[u8]> = Vec::new();
        // An empty value takes back what options before it said, and the environment.
        let off = self.proxies.iter().rposition(|proxy| proxy.is_empty() && !self.several);
        let from = off.map_or(0, |at| at.saturating_add(1));
        let given = self.proxies.get(from..).unwrap_or_default();
        proxies.extend(given.iter().filter(|proxy| !proxy.is_empty()));
        let has = |name: &str| call.has(name);
        let variable = redirect::proxy(call.profile, &has, surroundings, encrypted);
        let variable = variable.filter(|_| off.is_none() && (proxies.is_empty() || self.several));
        let void = match variable {
            Some((name, value)) => {
                proxies.push(value.as_encoded_bytes());
                Void::Environment(name.to_owned())
            }
            None => Void::Proxy,
        };
        let none = proxies.is_empty() && !self.preproxy;
        if none || self.is_exempt(&address.host, surroundings) {
            return;
        }
        let here = !self.preproxy && proxies.iter().all(|proxy| is_here(proxy));
        let opaque = here && encrypted && !self.insecure;
        bend.reach = if opaque { Reach::Loopback } else { Reach::Remote };
        bend.voids.push(void);
    }

    fn is_exempt(&self, host: &HostName, surroundings: &dyn Surroundings) -> bool {
        let variable = || redirect::no_proxy(surroundings).map(|list| list.as_encoded_bytes());
        self.no_proxy.or_else(variable).is_some_and(|list| redirect::exempts(list, host))
    }
}

/// One value of `--resolve` or `--connect-to`.
struct Entry<'c> {
    /// The host it is for; `None` for every one.
    host: Option<HostName>,
    /// The port it is for; `None` for every one.
    port: Option<u16>,
    /// It can never fit, because it is not written well.
    broken: bool,
    /// Addresses, or another host.
    target: &'c [u8],
}

impl<'c> Entry<'c> {
    /// `[+|-]HOST:PORT:ADDRESS[,ADDRESS]…`; `*` is every host. One that takes an entry back leaves
    /// the name to name servers.
    fn of_resolve(text: &'c [u8]) -> Self {
        let removes = text.starts_with(b"-");
        let text = text.strip_prefix(b"+").or_else(|| text.strip_prefix(b"-")).unwrap_or(text);
        let (host, rest) = split_host(text);
        let (port, list) = split_once(rest, b':');
        let number = number(port);
        Self {
            host: (host != b"*").then(|| address::read_host(host).0),
            port: number,
            broken: number.is_none(),
            target: if removes { b"?" } else { list },
        }
    }

    /// `HOST1:PORT1:HOST2:PORT2`, where an empty part is any host or port, or the same.
    fn of_connect_to(text: &'c [u8]) -> Self {
        let (host, rest) = split_host(text);
        let (port, rest) = split_once(rest, b':');
        let (target, _) = split_host(rest);
        Self {
            host: (!host.is_empty()).then(|| address::read_host(host).0),
            port: number(port),
            broken: !port.is_empty() && number(port).is_none(),
            target,
        }
    }

    fn fits(&self, address: &Address) -> bool {
        !self.broken
            && self.host.as_ref().is_none_or(|host| *host == address.host)
            && self.port.is_none_or(|port| address.effective_port() == Some(port))
    }
}

/// Whether a proxy is on this machine.
fn is_here(proxy: &[u8]) -> bool {
    let address = Address::read(proxy, Style { scheme: "http", guess: false, globs: false });
    address.host.is_loopback() && !address.ambiguous
}

/// Content that is sent again to the host that a redirect names.
fn is_resent(content: &datafog_core::ContentSource) -> bool {
    let dropped = ["credential", "header:authorization", "header:cookie", "url"];
    content.flow == Flow::Leaves && !dropped.contains(&content.role.as_str())
}

/// Content besides the URL itself.
fn is_more_than_url(content: &datafog_core::ContentSource) -> bool {
    content.flow == Flow::Leaves && content.role != "url"
}

/// Where a connection ends, and what bends it.
struct Bend {
    reach: Reach,
    voids: Vec<Void>,
}

impl Bend {
    /// Straight to the host named.
    fn straight(host: &HostName) -> Self {
        Self { reach: straight_reach(host), voids: Vec::new() }
    }

    fn elsewhere(&mut self, option: &str) {
        let void = Void::ConnectsElsewhere(option.to_owned());
        if !self.voids.contains(&void) {
            self.voids.push(void);
        }
    }
}

/// The reach of a connection straight to `host`.
pub(crate) fn straight_reach(host: &HostName) -> Reach {
    match host {
        host if host.is_loopback() => Reach::Loopback,
        HostName::Ip(_) | HostName::Name(_) => Reach::Remote,
        HostName::Deferred(_) | HostName::Unknown => Reach::Unknown,
    }
}

fn number(text: &[u8]) -> Option<u16> {
    str::from_utf8(text).ok()?.parse().ok()
}

/// `host` and the rest behind its colon; a host in brackets may hold colons.
fn split_host(entry: &[u8]) -> (&[u8], &[u8]) {
    let close = entry.iter().position(|byte| *byte == b']').filter(|_| entry.starts_with(b"["));
    let from = close.unwrap_or(0);
    let colon = entry.iter().skip(from).position(|byte| *byte == b':');
    let Some(colon) = colon.map(|colon| colon.saturating_add(from)) else { return (entry, b"") };
    let (host, rest) = entry.split_at(colon);
    (host, rest.get(1..).unwrap_or_default())
}

fn split_once(text: &[u8], byte: u8) -> (&[u8], &[u8]) {
    let at = text.iter().position(|other| *other == byte).unwrap_or(text.len());
    let (head, tail) = text.split_at(at);
    (head, tail.get(1..).unwrap_or_default())
}

/// An address of a list, plain or in brackets.
fn ip(text: &[u8]) -> Option<IpAddr> {
    let text = text.trim_ascii();
    let text = text.strip_prefix(b"[").and_then(|text| text.strip_suffix(b"]")).unwrap_or(text);
    str::from_utf8(text).ok()?.parse().ok()
}

/// Loopback when there are addresses and all of them are loopback.
fn reach_of(addresses: impl Iterator<Item = Option<IpAddr>>) -> Reach {
    let mut here = true;
    for address in addresses {
        here &= address.is_some_and(|address| HostName::Ip(address).is_loopback());
    }
    if here { Reach::Loopback } else { Reach::Remote }
}
