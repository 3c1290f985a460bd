//! Calls to a place that the command knows by itself: a registry, a cloud, a cluster, a database.
//!
//! The profile's `endpoint` tables say where a call goes when nothing else does; options,
//! variables and configuration files name another place. All of it is data: a new database client
//! needs no code here.

use datafog_core::{
    Destination, Flow, HostName, Invocation, OperandKind, Reach, Surroundings, Told, Void,
};

use crate::address::{self, Address, Style};
use crate::form::{Form, list};
use crate::profile::{Effect, Endpoint, EndpointHost};
use crate::read::Call;
use crate::redirect::{self, Redirected};
use crate::text::Text;
use crate::transport::http::straight_reach;
use crate::transport::{copy, sift};

/// Works out the places contacted.
pub(crate) fn contact(call: &Call<'_>, surroundings: &dyn Surroundings, to: &mut Invocation) {
    contact_with(call, surroundings, to, &Extra::default());
}

/// Places that stand neither in argv nor in a variable nor in a setting.
#[derive(Debug, Default)]
pub(crate) struct Extra {
    /// Each a URL or host.
    pub(crate) places: Vec<Vec<u8>>,
    /// They take the place of the usual one, unless an option names another.
    pub(crate) instead: bool,
}

/// The same, with further places.
pub(crate) fn contact_with(
    call: &Call<'_>,
    surroundings: &dyn Surroundings,
    to: &mut Invocation,
    extra: &Extra,
) {
    let copies = to.operands.iter().any(|operand| operand.kind == OperandKind::RemotePath);
    if copies {
        if !copy::direct(to, &remote_path) {
            return;
        }
        sift::settle(sift::Manner::S3, call, surroundings, to);
        copy::rehearse(call, to);
    }
    if !to.flows.has(Flow::Leaves) && !to.flows.has(Flow::Enters) {
        return;
    }
    let Some(endpoint) = endpoint(call, to) else { return };
    let reached = Reached { call, endpoint, redirected: Redirected::of(call, surroundings) };
    for place in reached.places(to, surroundings, extra) {
        let Some(destination) = reached.destination(&place, surroundings) else { continue };
        if let Place::Text(Text { place: Some(place), .. }) = place {
            to.told.push(Told { place, destination: destination.clone() });
        }
        copy::reach(to, destination);
    }
    if to.destinations.is_empty() {
        copy::stay(to);
    }
}

/// `s3://bucket/key` is a URL, `pod:path` another machine, anything else a path of this one.
fn remote_path(text: &[u8]) -> Option<OperandKind> {
    if text.windows(3).any(|window| window == b"://") {
        return Some(OperandKind::RemotePath);
    }
    let slash = text.iter().position(|byte| *byte == b'/').unwrap_or(text.len());
    let head = text.get(..slash).unwrap_or_default();
    // `namespace/pod:path` has a slash in front of its colon.
    let colon = text.iter().position(|byte| *byte == b':');
    let path = head.is_empty() || head.starts_with(b".");
    colon.filter(|_| !path).map(|_| OperandKind::RemotePath)
}

/// The first endpoint that is for the call's subcommand.
fn endpoint(call: &Call<'_>, to: &Invocation) -> Option<&'static Endpoint> {
    let path = to.subcommand.join(" ");
    call.profile.endpoints.iter().find(|endpoint| {
        let starts = |scope: &str| {
            path.strip_prefix(scope).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        endpoint.scopes.is_empty() || endpoint.scopes.iter().any(|scope| starts(scope))
    })
}

/// A place named somewhere, before it is read.
enum Place {
    /// As text: of argv, with its place where nobody else is told it, or of a variable.
    Text(Text<'static>),
    /// The endpoint's own.
    Default,
}

struct Reached<'c> {
    call: &'c Call<'c>,
    endpoint: &'static Endpoint,
    redirected: Redirected,
}

impl Reached<'_> {
    /// Everything that is contacted: URLs among the operands, and the place of the endpoint.
    fn places(
        &self,
        to: &mut Invocation,
        surroundings: &dyn Surroundings,
        extra: &Extra,
    ) -> Vec<Place> {
        let mut places = Vec::new();
        let mut whole = extra.instead;
        whole |= self.operands(to, &mut places);
        whole |= self.options(&mut places);
        for place in &extra.places {
            places.extend(self.texts(place, None));
        }
        whole |= self.connections(to, &mut places);
        // Where nothing but settings could tell a place, one that is named is the place.
        let told = matches!(self.endpoint.default, EndpointHost::Untold) && !places.is_empty();
        if !whole && !told {
            places.extend(self.usual(to, surroundings));
        }
        places
    }

    /// Operands that are hosts or URLs; whether a host is among them, which stands for the
    /// endpoint's own.
    fn operands(&self, to: &mut Invocation, places: &mut Vec<Place>) -> bool {
        let mut whole = false;
        for operand in &mut to.operands {
            let text = operand.text.as_encoded_bytes();
            let url = is_url(text);
            let kind = operand.kind;
            let named = matches!(kind, OperandKind::Host | OperandKind::Url);
            if named || (kind == OperandKind::Remote && url) {
                let place = operand.place.filter(|_| url);
                places.extend(self.texts(text, place));
            }
            whole |= kind == OperandKind::Host;
            if kind == OperandKind::Remote && url {
                operand.kind = OperandKind::Url;
            }
        }
        whole
    }

    /// The same of the values of options.
    fn options(&self, places: &mut Vec<Place>) -> bool {
        let mut whole = false;
        for given in self.call.given.iter().filter(|given| !given.negated) {
            let Some(value) = &given.value else { continue };
            match given.spec.effect {
                Some(Effect::Endpoint) => {
                    whole = true;
                    places.extend(self.texts(&value.bytes, value.place));
                }
                Some(Effect::Database) if is_connection(&value.bytes) => {
                    whole = true;
                    places.extend(self.texts(&value.bytes, value.place));
                }
                // A path of this machine may stand where a URL may (`pip --find-links`).
                Some(Effect::Url) => {
                    let several = given.spec.content == Some(Form::Files);
                    let parts = if several { list::parts(value) } else { vec![value.clone()] };
                    for part in parts.into_iter().filter(|it| is_url(&it.bytes)) {
                        places.extend(self.texts(&part.bytes, part.place));
                    }
                }
                _ => {}
            }
        }
        whole
    }

    /// The places that a text names: of a database, any number of them, parted by commas.
    fn texts(&self, text: &[u8], place: Option<datafog_core::Place>) -> Vec<Place> {
        if self.endpoint.scheme != "postgres" {
            return vec![Place::Text(Text { bytes: text.to_vec().into(), place })];
        }
        let hosts = hosts(text).into_iter();
        hosts.map(|host| Place::Text(Text::of_file(host))).collect()
    }

    /// Operands that are whole connections (`psql postgres://…`, `psql "host=…"`).
    fn connections(&self, to: &Invocation, places: &mut Vec<Place>) -> bool {
        let database = self.endpoint.scheme == "postgres";
        let mut found = false;
        for operand in to.operands.iter().filter(|_| database) {
            let text = operand.text.as_encoded_bytes();
            let new = operand.kind == OperandKind::Remote && is_connection(text);
            found |= new || operand.kind == OperandKind::Url;
            if new {
                places.extend(self.texts(text, None));
            }
        }
        found
    }

    /// A variable, a configuration file, or the endpoint's own place.
    fn usual(&self, to: &Invocation, surroundings: &dyn Surroundings) -> Vec<Place> {
        let service = to.subcommand.first().map(String::as_str).unwrap_or_default();
        let service = service.to_ascii_uppercase().replace('-', "_");
        let variable = self
            .endpoint
            .variables
            .iter()
            .find_map(|name| redirect::set(surroundings, &name.replace('*', &service)));
        let variable = variable.map(|value| value.as_encoded_bytes().to_vec());
        match variable.or_else(|| self.redirected.place.clone()) {
            Some(place) => self.texts(&place, None),
            None => vec![Place::Default],
        }
    }

    fn destination(&self, place: &Place, surroundings: &dyn Surroundings) -> Option<Destination> {
        let mut destination = match place {
            Place::Text(text) => self.named(&text.bytes)?,
            Place::Default => match self.own() {
                Some(destination) => destination,
                None if matches!(self.endpoint.default, EndpointHost::Untold) => {
                    Destination::untold(self.endpoint.scheme)
                }
                // A socket of this machine, unless something says otherwise.
                None if self.redirected.voids.is_empty() => return None,
                None => Destination::untold(self.endpoint.scheme),
            },
        };
        let encrypted = address::is_encrypted(&destination.scheme);
        for void in &self.redirected.voids {
            destination.bend(void.clone());
        }
        self.weigh(&mut destination);
        let has = |name: &str| self.call.has(name);
        if let Some((name, _)) = redirect::proxy(self.call.profile, &has, surroundings, encrypted) {
            let list = redirect::no_proxy(surroundings).map(|list| list.as_encoded_bytes());
            if !list.is_some_and(|list| redirect::exempts(list, &destination.host)) {
                destination.bend(Void::Environment(name.to_owned()));
            }
        }
        Some(destination)
    }

    /// Voids that options add.
    fn weigh(&self, destination: &mut Destination) {
        // Who asks the command itself where it goes asks with that file.
        let asked = matches!(destination.host, HostName::Deferred(_));
        for given in self.call.given.iter().filter(|given| !given.negated) {
            let name = given.spec.name;
            let void = match given.spec.effect {
                Some(Effect::Insecure) => Void::Insecure,
                Some(Effect::Proxy) => Void::Proxy,
                Some(Effect::ConfigFile) if !asked => Void::ConfigurationFile(name.to_owned()),
                Some(Effect::ConnectsElsewhere) => Void::ConnectsElsewhere(name.to_owned()),
                _ => continue,
            };
            destination.bend(void);
        }
    }

    fn own(&self) -> Option<Destination> {
        let host = match self.endpoint.default {
            EndpointHost::Local | EndpointHost::Untold => return None,
            EndpointHost::Deferred(source) => HostName::Deferred(source.to_owned()),
            EndpointHost::Name(name) => {
                let service = self.call.subcommand.first().map(String::as_str).unwrap_or_default();
                HostName::Name(name.replace('*', service))
            }
        };
        let (scheme, port) = (self.endpoint.scheme.to_owned(), self.endpoint.port);
        let reach = straight_reach(&host);
        Some(Destination { scheme, host, port, reach, voids: Vec::new() })
    }

    /// A place given as text: a URL, `host[:port]`, a connection text; `None` for a socket of
    /// this machine.
    fn named(&self, text: &[u8]) -> Option<Destination> {
        let sockets = [b"/".as_slice(), b"unix:", b"fd:", b"npipe:", b"file:", b"@"];
        if sockets.iter().any(|head| text.starts_with(head)) {
            return None;
        }
        let scheme = self.endpoint.scheme;
        let host = conninfo(text, b"hostaddr").or_else(|| conninfo(text, b"host"));
        let text = match &host {
            Some(host) if host.starts_with(b"/") => return None,
            Some(host) => host.as_slice(),
            // A service is a section of a file that nobody has read.
            None if conninfo(text, b"service").is_some() => {
                return Some(Destination::untold(self.endpoint.scheme));
            }
            None if is_conninfo(text) => return self.own(),
            None => text,
        };
        let text = if scheme == "postgres" { text } else { reference(text) };
        let text = text.strip_prefix(b"git+").unwrap_or(text);
        let address = Address::read(text, Style { scheme, guess: false, globs: false });
        let empty = text.windows(4).any(|window| window == b":///");
        if empty && scheme == "postgres" && !text.contains(&b'?') {
            return None;
        }
        // A parameter of the query may name another host.
        let query = address::query(text).and_then(|at| text.get(at..)).unwrap_or_default();
        let bent = scheme == "postgres" && names_a_host(query);
        let (mut voids, encrypted) = (Vec::new(), address::is_encrypted(&address.scheme));
        if address.ambiguous || bent {
            voids.push(Void::Ambiguous);
        }
        if !encrypted {
            voids.push(Void::Plaintext);
        }
        let reach = if bent { Reach::Unknown } else { straight_reach(&address.host) };
        let port = address.port;
        Some(Destination { scheme: address.scheme, host: address.host, port, reach, voids })
    }
}

fn is_url(text: &[u8]) -> bool {
    text.windows(3).any(|window| window == b"://")
}

/// The URL of `name @ URL ; …` (pip) and `name@URL` (npm).
fn reference(text: &[u8]) -> &[u8] {
    let scheme = text.windows(3).position(|window| window == b"://");
    let before = scheme.and_then(|scheme| text.get(..scheme)).unwrap_or_default();
    let at = before.iter().rposition(|byte| *byte == b'@');
    let Some(url) = at.and_then(|at| text.get(at.saturating_add(1)..)) else { return text };
    let url = url.trim_ascii_start();
    url.split(u8::is_ascii_whitespace).next().unwrap_or(url)
}

/// The hosts of a list that a client of a database tries one after the other (libpq, Specifying
/// Multiple Hosts), each as a text of its own: names, or URLs that differ in their host.
fn hosts(text: &[u8]) -> Vec<Vec<u8>> {
    if is_conninfo(text) {
        let list = conninfo(text, b"hostaddr").or_else(|| conninfo(text, b"host"));
        return match list.filter(|list| list.contains(&b',')) {
            Some(list) => list.split(|byte| *byte == b',').map(<[u8]>::to_vec).collect(),
            None => vec![text.to_vec()],
        };
    }
    let scheme = text.windows(3).position(|window| window == b"://");
    let start = scheme.map_or(0, |at| at.saturating_add(3));
    let rest = text.get(start..).unwrap_or_default();
    let ends = |byte: &u8| scheme.is_some() && matches!(byte, b'/' | b'?' | b'#');
    let end = rest.iter().position(ends).unwrap_or(rest.len());
    let (list, tail) = rest.split_at(end);
    let user = list.iter().rposition(|byte| scheme.is_some() && *byte == b'@');
    let (user, list) = list.split_at(user.map_or(0, |at| at.saturating_add(1)));
    let head = text.get(..start).unwrap_or_default();
    let hosts = list.split(|byte| *byte == b',');
    hosts.map(|host| [head, user, host, tail].concat()).collect()
}

/// Whether the query of a connection URL has a parameter that can name another host. Keys may be
/// percent-encoded; one that is counts as such a parameter.
fn names_a_host(query: &[u8]) -> bool {
    query.split(|byte| *byte == b'&').any(|parameter| {
        let key = parameter.split(|byte| *byte == b'=').next().unwrap_or_default();
        key.contains(&b'%') || matches!(key, b"host" | b"hostaddr" | b"service" | b"servicefile")
    })
}

/// Whether a text is a whole connection and not only a name.
fn is_connection(text: &[u8]) -> bool {
    is_url(text) || is_conninfo(text)
}

/// `key=value` pairs parted by blanks (libpq).
fn is_conninfo(text: &[u8]) -> bool {
    let key = text.split(|byte| *byte == b'=').next().unwrap_or_default();
    key.len() < text.len()
        && !key.is_empty()
        && key.trim_ascii().iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
}

/// The value of a key of a connection text.
pub(crate) fn conninfo(text: &[u8], key: &[u8]) -> Option<Vec<u8>> {
    let (start, end) = conninfo_span(text, key)?;
    text.get(start..end).map(<[u8]>::to_vec)
}

/// Where the value of a key of a connection text stands, quotes left out.
pub(crate) fn conninfo_span(text: &[u8], key: &[u8]) -> Option<(usize, usize)> {
    if !is_conninfo(text) {
        return None;
    }
    let mut at = 0_usize;
    let mut found = None;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let blanks = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let rest = rest.get(blanks..)?;
        let equals = rest.iter().position(|byte| *byte == b'=')?;
        let name = rest.get(..equals)?.trim_ascii();
        let value = rest.get(equals.saturating_add(1)..)?;
        let lead = value.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let value = value.get(lead..)?;
        let start = at.saturating_add(blanks).saturating_add(equals).saturating_add(1);
        let start = start.saturating_add(lead);
        let (skip, length) = value_length(value);
        let start = start.saturating_add(skip);
        let end = start.saturating_add(length);
        if name == key {
            found = Some((start, end));
        }
        at = end.saturating_add(1);
    }
    found
}

/// Quote and length of a value: in single quotes with backslash escapes, or up to a blank.
fn value_length(value: &[u8]) -> (usize, usize) {
    if !value.starts_with(b"'") {
        let end = value.iter().position(u8::is_ascii_whitespace).unwrap_or(value.len());
        return (0, end);
    }
    let mut escaped = false;
    let end = value.iter().skip(1).position(|byte| {
        let closes = *byte == b'\'' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        closes
    });
    (1, end.unwrap_or_else(|| value.len().saturating_sub(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connection_texts_are_read() {
        let text = b"host=db.example  password = 'a\\'b c' port=5 dbname=x";
        assert_eq!(conninfo(text, b"host").as_deref(), Some(&b"db.example"[..]));
        assert_eq!(conninfo(text, b"password").as_deref(), Some(&b"a\\'b c"[..]));
        assert_eq!(conninfo(text, b"port").as_deref(), Some(&b"5"[..]));
        assert_eq!(conninfo(text, b"user"), None);
        assert_eq!(conninfo(b"mydb", b"host"), None);
        assert!(is_connection(b"postgres://x") && !is_connection(b"mydb"));
    }

    #[test]
    fn lists_of_hosts_are_taken_apart() {
        let cases = [
            ("/tmp,evil.example", "/tmp evil.example"),
            ("db", "db"),
            ("host=/tmp,evil.example dbname=x", "/tmp evil.example"),
            ("host=a,b hostaddr='192.0.2.1,192.0.2.2'", "192.0.2.1 192.0.2.2"),
            ("postgres://u:p@a:1,b/x?y", "postgres://u:p@a:1/x?y postgres://u:p@b/x?y"),
        ];
        for (text, expected) in cases {
            let found: Vec<_> = hosts(text.as_bytes());
            assert_eq!(String::from_utf8(found.join(&b' ')).unwrap(), expected);
        }
    }

    #[test]
    fn a_requirement_names_its_url() {
        let cases = [
            ("x @ git+https://t@h/a ; python_version > '3'", "git+https://t@h/a"),
            ("x@https://t@h/a", "https://t@h/a"),
            ("@s/x@https://h", "https://h"),
            ("https://t@h/a", "https://t@h/a"),
            ("x@1.2", "x@1.2"),
        ];
        for (text, url) in cases {
            assert_eq!(reference(text.as_bytes()), url.as_bytes(), "{text}");
        }
    }

    #[test]
    fn paths_of_other_machines_are_told() {
        for remote in ["s3://b/k", "pod:/x", "ns/pod:/x", "web:x"] {
            assert!(remote_path(remote.as_bytes()).is_some(), "{remote}");
        }
        for local in ["/x:y", "./a:b", "plain", "dir/plain"] {
            assert!(remote_path(local.as_bytes()).is_none(), "{local}");
        }
    }
}
