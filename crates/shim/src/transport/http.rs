//! Calls to URLs, as curl and wget make them.
//!
//! The host is the one that the client would really contact: `--resolve`, `--connect-to`, a
//! socket, proxies and redirects are weighed per URL. What bends a call is told as a [`Void`];
//! where the bend provably ends on this machine, the reach is loopback.
//!
//! `Void::Redirects` stands whenever redirects are followed and *any* content is one that a client
//! sends along to the next host: bodies, cookies of `-b`, and headers other than `Authorization`
//! and `Cookie`. Those two, `-u` and the URL's own user are dropped by curl when the host changes,
//! so a secret in them is not concerned, unless `--location-trusted` is given. wget drops nothing.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use datafog_core::{
    Carrier, ContentSource, Deliver, Destination, Flow, HostName, Invocation, Operand, OperandKind,
    Reach, StdinUse, Surroundings, Void, is_resent,
};
use url::Url;

use crate::address::{self, Address, Style};
use crate::netrc;
use crate::profile::{Dialect, Effect};
use crate::read::{Call, Given};
use crate::redirect::{self, FILE_LIMIT, Redirected};
use crate::transport::copy;

/// Works out one destination per URL.
pub(crate) fn contact(call: &Call<'_>, surroundings: &dyn Surroundings, to: &mut Invocation) {
    let wiring = Wiring::of(call, to);
    let listed = listed(call, surroundings, to);
    let mut local = 0_usize;
    for text in urls(call, to).into_iter().chain(listed) {
        let address = Address::read(&text, wiring.style);
        match address.scheme.as_str() {
            "file" => {
                local = local.saturating_add(1);
                overwrite(&text, call, to);
                continue;
            }
            // What is typed, or piped in, is sent.
            "telnet" => stdin(to, "body"),
            _ => {}
        }
        copy::reach(to, wiring.judge(&address, call, surroundings));
    }
    netrc(call, surroundings, to);
    let redirected = Redirected::of(call, surroundings);
    for void in redirected.voids {
        to.destinations.iter_mut().for_each(|destination| destination.bend(void.clone()));
    }
    if to.destinations.is_empty() && local > 0 {
        copy::stay(to);
    }
}

/// An upload to a `file` URL overwrites a file of this machine.
fn overwrite(text: &[u8], call: &Call<'_>, to: &mut Invocation) {
    let url = str::from_utf8(text).ok().and_then(|text| Url::parse(text).ok());
    let path = url.filter(|_| call.has("--upload-file")).and_then(|url| url.to_file_path().ok());
    to.operands.extend(path.map(|path| Operand {
        text: path.into_os_string(),
        kind: OperandKind::Path,
        flow: Flow::Destroys,
        place: None,
        canonical: None,
    }));
}

/// What a `.netrc` holds for the hosts contacted is sent to them.
fn netrc(call: &Call<'_>, surroundings: &dyn Surroundings, to: &mut Invocation) {
    let assumed = call.profile.assumes.contains(&Effect::Netrc) && !call.has("--no-netrc");
    let usual = assumed || standing(call, Effect::Netrc).any(|given| given.value.is_none());
    let home = redirect::paths("~/.netrc", surroundings).into_iter().take(1);
    let named = values(call, Effect::Netrc);
    let named = named.map(|file| PathBuf::from(OsString::from_vec(file.to_vec())));
    let named: Vec<PathBuf> = named.collect();
    for path in home.filter(|_| usual).chain(named.iter().cloned()) {
        match surroundings.read(&surroundings.cwd().join(&path), FILE_LIMIT) {
            Ok(text) => {
                let hosts = to.destinations.iter().map(|destination| &destination.host);
                let secrets: Vec<_> = hosts.flat_map(|host| netrc::secrets(&text, host)).collect();
                for secret in secrets {
                    content(to, Carrier::Inline(secret), "credential");
                }
            }
            Err(_) if named.contains(&path) => {
                let why = "a file of passwords cannot be read; make it a small plain file";
                to.unclear.push(why.to_owned());
                content(to, Carrier::Untold(why.to_owned()), "credential");
            }
            Err(_) => {}
        }
    }
}

/// Standard input is sent, read to its end first.
fn stdin(to: &mut Invocation, role: &str) {
    to.stdin = StdinUse::Content;
    content(to, Carrier::Stdin, role);
}

fn content(to: &mut Invocation, carrier: Carrier, role: &str) {
    let (role, deliver) = (role.to_owned(), Deliver::Path);
    to.contents.push(ContentSource { carrier, flow: Flow::Leaves, role, deliver });
}

/// The URLs of files of them (`wget -i FILE`, `curl --url @FILE`), each line one; the host of a
/// URL sees all of it, so the file is content.
fn listed(call: &Call<'_>, surroundings: &dyn Surroundings, to: &mut Invocation) -> Vec<Vec<u8>> {
    let named = values(call, Effect::Url).filter_map(|value| value.strip_prefix(b"@"));
    let mut urls = Vec::new();
    for file in values(call, Effect::UrlFile).chain(named) {
        // The list is fetched itself, and says where to go on.
        if file.windows(3).any(|window| window == b"://") {
            urls.push(file.to_vec());
            somewhere(to);
            continue;
        }
        if file == b"-" {
            stdin(to, "url");
            untold(to, "URLs are read from standard input; put them into a file");
            continue;
        }
        let path = PathBuf::from(OsString::from_vec(file.to_vec()));
        match surroundings.read(&surroundings.cwd().join(&path), FILE_LIMIT) {
            Ok(bytes) => {
                content(to, Carrier::File(path), "url");
                let lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
                urls.extend(lines.filter(|line| !line.is_empty()).map(<[u8]>::to_vec));
            }
            // The command will say so itself. Should the file appear meanwhile, it may go anywhere.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                content(to, Carrier::File(path), "url");
                somewhere(to);
            }
            Err(_) => untold(to, "a file of URLs cannot be read; make it a small plain file"),
        }
        if call.has("--force-html") || call.has("--base") {
            somewhere(to);
        }
    }
    urls
}

/// Content and places that nobody could look at.
fn untold(to: &mut Invocation, why: &str) {
    to.unclear.push(why.to_owned());
    content(to, Carrier::Untold(why.to_owned()), "url");
    somewhere(to);
}

/// A call to somebody unknown.
fn somewhere(to: &mut Invocation) {
    let (host, reach) = (HostName::Unknown, Reach::Unknown);
    let scheme = "http".to_owned();
    copy::reach(to, Destination { scheme, host, port: None, reach, voids: Vec::new() });
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
    /// Proxies given by options; an empty one switches proxies off.
    proxies: Vec<&'c [u8]>,
    /// A proxy in front of the proxy, which no empty value takes back.
    preproxy: bool,
    no_proxy: Option<&'c [u8]>,
    insecure: bool,
    /// What following redirects means for what is sent.
    redirects: Option<Void>,
    /// Each scheme has a proxy of its own, and lists of hosts without one are read as wget does.
    wget: bool,
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
        let wget = call.profile.startup.as_ref().is_some_and(|it| it.dialect == Dialect::Wgetrc);
        Self {
            style,
            resolve: values(call, Effect::Resolve).map(Entry::of_resolve).collect(),
            connect_to: values(call, Effect::ConnectTo).map(Entry::of_connect_to).collect(),
            socket: standing(call, Effect::UnixSocket).last().map(|given| given.spec.name),
            elsewhere: standing(call, Effect::ConnectsElsewhere).map(|it| it.spec.name).collect(),
            proxies: values(call, Effect::Proxy).filter(|it| !wget || !it.is_empty()).collect(),
            wget,
            preproxy: standing(call, Effect::Jump).any(|given| given.value.is_some()),
            no_proxy: values(call, Effect::NoProxy).last().filter(|_| !several),
            insecure: on(call, Effect::Insecure),
            redirects: redirects(call, to),
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
        for name in &self.elsewhere {
            bend.elsewhere(name);
            bend.reach = Reach::Unknown;
        }
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
        ];
        bend.voids.extend(checks.into_iter().filter(|(on, _)| *on).map(|(_, void)| void));
        bend.voids.extend(self.redirects.clone());
        // A gateway fetches it, and nobody says which.
        let somebody = matches!(address.scheme.as_str(), "ipfs" | "ipns");
        Destination {
            scheme: address.scheme.clone(),
            host: if somebody { HostName::Unknown } else { address.host.clone() },
            port: address.port,
            reach: if somebody { Reach::Unknown } else { bend.reach },
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
        let variable =
            variable.filter(|_| off.is_none() && (proxies.is_empty() || self.several || self.wget));
        let own = own_variables(&address.scheme);
        let own =
            own.iter().find_map(|name| Some((name.as_str(), redirect::set(surroundings, name)?)));
        let variable = own.filter(|_| !self.wget).or(variable);
        let variable =
            variable.filter(|_| off.is_none() && (proxies.is_empty() || self.several || self.wget));
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
        let variable = if self.wget {
            redirect::set(surroundings, "no_proxy")
        } else {
            redirect::no_proxy(surroundings)
        };
        let list = self.no_proxy.or_else(|| variable.map(|list| list.as_encoded_bytes()));
        let exempts = if self.wget { redirect::exempts_by_suffix } else { redirect::exempts };
        list.is_some_and(|list| exempts(list, host))
    }
}

/// One value of `--resolve` or `--connect-to`.
struct Entry<'c> {
    /// The host it is for; `None` for every one.
    host: Option<HostName>,
    /// The port it is for; `None` for every one.
    port: Option<u16>,
    /// It is not written well. What a client makes of it is anybody's guess, so it fits all.
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
            target: if removes || number.is_none() { b"?" } else { list },
        }
    }

    /// `HOST1:PORT1:HOST2:PORT2`, where an empty part is any host or port, or the same.
    fn of_connect_to(text: &'c [u8]) -> Self {
        let (host, rest) = split_host(text);
        let (port, rest) = split_once(rest, b':');
        let (target, _) = split_host(rest);
        let broken = !port.is_empty() && number(port).is_none();
        Self {
            host: (!host.is_empty()).then(|| address::read_host(host).0),
            port: number(port),
            broken,
            target: if broken { b"?" } else { target },
        }
    }

    fn fits(&self, address: &Address) -> bool {
        let host = self.host.as_ref().is_none_or(|host| *host == address.host);
        let port = self.port.is_none_or(|port| address.effective_port() == Some(port));
        self.broken || (host && port)
    }
}

/// The variables that name a proxy for a scheme that profiles do not list (curl(1), `[scheme]_proxy`).
fn own_variables(scheme: &str) -> Vec<String> {
    if matches!(scheme, "http" | "https" | "ftp" | "ws" | "wss") {
        return Vec::new();
    }
    let name = format!("{scheme}_proxy");
    let upper = name.to_ascii_uppercase();
    vec![name, upper]
}

/// Whether a proxy is on this machine.
fn is_here(proxy: &[u8]) -> bool {
    let address = Address::read(proxy, Style { scheme: "http", guess: false, globs: false });
    address.host.is_loopback() && !address.ambiguous
}

/// What following redirects means, when they are followed and there is anything to resend.
fn redirects(call: &Call<'_>, to: &Invocation) -> Option<Void> {
    let most = values(call, Effect::MaxRedirects).last();
    // Pages fetched in turn may lie elsewhere, too.
    if most == Some(b"0") && !several(call) && !call.has("--span-hosts") {
        return None;
    }
    let leaving = || to.contents.iter().filter(|content| content.flow == Flow::Leaves);
    let trusted = on(call, Effect::LocationTrusted);
    let follows = on(call, Effect::Location) || trusted;
    // The next host is told the URL before it.
    let referer = |given: &Given<'_>| {
        let value = given.value.as_ref().filter(|_| given.spec.role == "header:referer");
        value.is_some_and(|value| value.bytes.ends_with(b";auto"))
    };
    let all = call.profile.assumes.contains(&Effect::LocationAll);
    if trusted
        || (follows && call.given.iter().any(referer))
        || (all && leaving().any(|content| content.role != "url"))
    {
        return Some(Void::RedirectsTrusted);
    }
    (follows && leaving().any(|content| is_resent(&content.role))).then_some(Void::Redirects)
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

/// A port in digits alone.
fn number(text: &[u8]) -> Option<u16> {
    let digits = text.iter().all(u8::is_ascii_digit);
    str::from_utf8(text).ok().filter(|_| digits)?.parse().ok()
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
