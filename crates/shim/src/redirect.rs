//! What outside of argv can redirect a call: environment variables and configuration files.
//!
//! Each profile lists them. One that is there, or that cannot be read, is a reason why the host
//! named is not surely the host reached. Proxies are judged per call, because `NO_PROXY` and the
//! scheme decide whether they are used.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use datafog_core::{HostName, Surroundings, Void};

use crate::profile::{Profile, ProxyFor, Redirect, RedirectBy};
use crate::read::Call;

/// Configuration files larger than this count as unreadable.
pub(crate) const FILE_LIMIT: usize = 256 * 1024;

/// What redirects every call of this command, proxies left out.
#[derive(Debug, Default)]
pub(crate) struct Redirected {
    pub(crate) voids: Vec<Void>,
    /// The place that a configuration file names instead of the usual one.
    pub(crate) place: Option<Vec<u8>>,
}

impl Redirected {
    /// Looks at the variables and files that the profile lists.
    pub(crate) fn of(call: &Call<'_>, surroundings: &dyn Surroundings) -> Self {
        let mut all = Self::default();
        let mut seen: Vec<PathBuf> = Vec::new();
        for redirect in in_force(call) {
            match redirect.by {
                RedirectBy::Variable(name) if redirect.proxy.is_none() => {
                    if set(surroundings, name).is_some() {
                        all.void(Void::Environment(name.to_owned()));
                    }
                }
                RedirectBy::Variable(_) => {}
                RedirectBy::File { path, keys, sets } => {
                    for file in paths(path, surroundings) {
                        if !seen.contains(&file) {
                            all.look_at(&file, (path, keys, sets), surroundings);
                            seen.push(file);
                        }
                    }
                }
            }
        }
        all
    }

    fn look_at(
        &mut self,
        file: &Path,
        (path, keys, sets): (&str, &[&str], &str),
        surroundings: &dyn Surroundings,
    ) {
        match surroundings.read(file, FILE_LIMIT) {
            Ok(bytes) => {
                let place =
                    settings(&bytes).find(|(key, _)| !sets.is_empty() && same_key(key, sets));
                if let Some((_, value)) = place {
                    self.place.get_or_insert_with(|| value.to_vec());
                }
                let any = keys.is_empty() && sets.is_empty() && !bytes.trim_ascii().is_empty();
                let redirects = |key: &[u8]| keys.iter().any(|known| same_key(key, known));
                if any || place.is_some() || settings(&bytes).any(|(key, _)| redirects(key)) {
                    self.void(Void::ConfigurationFile(shown(path)));
                }
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(_) => self.void(Void::ConfigurationFile(shown(path))),
        }
    }

    fn void(&mut self, void: Void) {
        if !self.voids.contains(&void) {
            self.voids.push(void);
        }
    }
}

/// The proxy that the environment names for a call, with the variable's name.
pub(crate) fn proxy<'s>(
    profile: &Profile,
    has: &dyn Fn(&str) -> bool,
    surroundings: &'s dyn Surroundings,
    encrypted: bool,
) -> Option<(&'static str, &'s OsStr)> {
    profile.redirects.iter().find_map(|redirect| {
        let RedirectBy::Variable(name) = redirect.by else { return None };
        if redirect.unless.iter().any(|name| has(name)) {
            return None;
        }
        let applies = match redirect.proxy? {
            ProxyFor::All => true,
            ProxyFor::Http => !encrypted,
            ProxyFor::Https => encrypted,
        };
        set(surroundings, name).filter(|_| applies).map(|value| (name, value))
    })
}

/// Whether a list of hosts without a proxy (`NO_PROXY`) names `host`, as the strictest curl reads it
/// (curl(1), `--noproxy`): a single `*` names all; an entry names a host itself or a domain above
/// it, an address itself or, with a slash, a range. Entries are parted by commas; a blank in
/// place of one ends the list, because versions differ there.
pub(crate) fn exempts(list: &[u8], host: &HostName) -> bool {
    let known = !matches!(host, HostName::Deferred(_) | HostName::Unknown);
    let mut ended = false;
    let fits = |entry: &[u8]| {
        let mut words = entry.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let first = words.next().filter(|_| !ended);
        ended |= words.next().is_some();
        first.is_some_and(|first| names(first, host))
    };
    known && (list == b"*" || list.split(|byte| *byte == b',').any(fits))
}

/// The same for wget, which knows neither `*` nor ranges.
pub(crate) fn exempts_by_suffix(list: &[u8], host: &HostName) -> bool {
    let plain = |entry: &&[u8]| !entry.contains(&b'/');
    list.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(plain).any(|it| names(it, host))
}

/// Whether one entry of such a list names `host`.
fn names(entry: &[u8], host: &HostName) -> bool {
    match host {
        HostName::Name(name) => {
            let entry = entry.strip_suffix(b".").unwrap_or(entry);
            let entry = entry.strip_prefix(b".").unwrap_or(entry).to_ascii_lowercase();
            let tail = name.as_bytes().strip_suffix(entry.as_slice()).filter(|_| !entry.is_empty());
            tail.is_some_and(|head| head.is_empty() || head.ends_with(b"."))
        }
        HostName::Ip(ip) => str::from_utf8(entry).is_ok_and(|entry| is_in(*ip, entry)),
        HostName::Deferred(_) | HostName::Unknown => false,
    }
}

/// Whether an address is the one written, or lies in the range written (`127.0.0.0/8`).
fn is_in(ip: IpAddr, range: &str) -> bool {
    let (base, bits) =
        range.split_once('/').map_or((range, None), |(base, bits)| (base, Some(bits)));
    let width: u32 = if ip.is_ipv4() { 32 } else { 128 };
    let Ok(base) = base.parse::<IpAddr>() else { return false };
    let bits = bits.map_or(Some(width), |bits| bits.parse().ok());
    // A range of nothing is read as the address itself.
    let Some(bits) = bits.filter(|bits| *bits <= width) else { return false };
    let left = if bits == 0 { 0 } else { width.saturating_sub(bits) };
    let head = |number: u128| number.checked_shr(left);
    match (ip, base) {
        (IpAddr::V4(ip), IpAddr::V4(base)) => {
            head(ip.to_bits().into()) == head(base.to_bits().into())
        }
        (IpAddr::V6(ip), IpAddr::V6(base)) => head(ip.to_bits()) == head(base.to_bits()),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

/// The hosts that the environment lists as reached without a proxy.
pub(crate) fn no_proxy(surroundings: &dyn Surroundings) -> Option<&OsStr> {
    ["no_proxy", "NO_PROXY"].into_iter().find_map(|name| set(surroundings, name))
}

/// A variable that is set and not empty.
pub(crate) fn set<'s>(surroundings: &'s dyn Surroundings, name: &str) -> Option<&'s OsStr> {
    surroundings.variable(name).filter(|value| !value.is_empty())
}

/// The folders that a program may take for home: `$HOME`, which nearly all go by, and then that of
/// the password file, where some look as well or instead.
pub(crate) fn homes(surroundings: &dyn Surroundings) -> impl Iterator<Item = PathBuf> {
    let named = set(surroundings, "HOME").map(|home| surroundings.cwd().join(home));
    let own = surroundings.home().filter(|own| named.as_deref() != Some(*own)).map(Path::to_owned);
    named.into_iter().chain(own)
}

/// The redirections that no option switches off.
fn in_force(call: &Call<'_>) -> impl Iterator<Item = &'static Redirect> {
    let stands = |redirect: &&Redirect| !redirect.unless.iter().any(|name| call.has(name));
    call.profile.redirects.iter().filter(stands)
}

/// A path of a profile, for people.
fn shown(path: &str) -> String {
    path.strip_prefix("^/").unwrap_or(path).to_owned()
}

/// The files that a path of a profile stands for.
pub(crate) fn paths(path: &str, surroundings: &dyn Surroundings) -> Vec<PathBuf> {
    if let Some(rest) = path.strip_prefix("~/") {
        return homes(surroundings).map(|home| home.join(rest)).collect();
    }
    if let Some((name, rest)) = path.strip_prefix('$').and_then(|path| path.split_once('/')) {
        let folder = set(surroundings, name).map(PathBuf::from);
        return folder
            .map(|folder| surroundings.cwd().join(folder).join(rest))
            .into_iter()
            .collect();
    }
    if let Some(name) = path.strip_prefix('$') {
        // Some variables hold a list (`KUBECONFIG`); a path with a colon in it is read in both ways.
        let Some(value) = set(surroundings, name) else { return Vec::new() };
        let parts = value.as_encoded_bytes().split(|byte| *byte == b':');
        let parts = parts.filter(|part| part.len() < value.len() && !part.is_empty());
        let files = std::iter::once(value).chain(parts.map(OsStr::from_bytes));
        return files.map(|file| surroundings.cwd().join(file)).collect();
    }
    match path.strip_prefix("^/") {
        Some(rest) => surroundings.cwd().ancestors().map(|folder| folder.join(rest)).collect(),
        None => vec![surroundings.cwd().join(path)],
    }
}

/// A text without blanks and double quotes around it.
fn bare(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii();
    text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or(text)
}

/// Whether a key of a file is the one known: case, `-` and `_` do not matter, and a known one may
/// begin with `*`.
fn same_key(key: &[u8], known: &str) -> bool {
    let plain = |byte: &u8| (!matches!(byte, b'-' | b'_')).then_some(byte.to_ascii_lowercase());
    let key: Vec<u8> = key.iter().filter_map(plain).collect();
    let known: Vec<u8> = known.as_bytes().iter().filter_map(plain).collect();
    match known.strip_prefix(b"*") {
        Some(tail) => key.ends_with(tail),
        None => key == known,
    }
}

/// `key = value` lines, whatever the file's dialect: blanks around, `:` or `=` between, comments
/// with `#` or `;`, sections passed over. A line with both marks is read in both ways.
fn settings(bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let plain = |line: &&[u8]| !matches!(line.first(), None | Some(b'#' | b';' | b'['));
    let cut = |line: &'_ [u8], mark: u8| line.iter().position(|byte| *byte == mark);
    lines.filter(plain).flat_map(move |line| {
        [b'=', b':'].into_iter().filter_map(move |mark| {
            let (key, rest) = line.split_at_checked(cut(line, mark)?)?;
            let value = rest.get(1..)?.trim_ascii();
            Some((bare(key), bare(value.strip_suffix(b",").unwrap_or(value))))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_hosts_without_a_proxy_name_domains_and_below() {
        let name = |name: &str| HostName::Name(name.into());
        assert!(exempts(b"localhost,.example.org", &name("a.example.org")));
        assert!(exempts(b"example.org", &name("example.org")));
        assert!(exempts(b"*", &name("anything")));
        assert!(exempts(b"127.0.0.1", &HostName::Ip([127, 0, 0, 1].into())));
        assert!(!exempts(b"example.org", &name("badexample.org")));
        assert!(!exempts(b"", &name("example.org")));
        assert!(!exempts(b"*", &HostName::Unknown));
    }

    #[test]
    fn a_list_is_read_no_wider_than_curl_reads_it() {
        let here = HostName::Ip([127, 0, 0, 1].into());
        let name = HostName::Name("h.example".into());
        for list in ["127.0.0.1", "x,127.0.0.0/8", "127.0.0.1/32", " 127.0.0.1 ,x", "127.0.0.0/31"]
        {
            assert!(exempts(list.as_bytes(), &here), "{list}");
        }
        for list in ["0.0.1", ".0.0.1", "127.0.0.0/33", "126.0.0.0/8", "127.0.0.0/0", "x/8", "*,x"]
        {
            assert!(!exempts(list.as_bytes(), &here), "{list}");
        }
        for list in ["x,*", "* ", ",*", "x h.example", "a b,h.example", "example.", "xample"] {
            let wide = list == "example.";
            assert_eq!(exempts(list.as_bytes(), &name), wide, "{list}");
        }
        assert!(exempts(b"h.example x", &name) && exempts(b"h.example", &name));
        let six = HostName::Ip("2001:db8::1".parse().unwrap());
        assert!(exempts(b"2001:db8::/32", &six) && !exempts(b"2001:db9::/32", &six));
        assert!(!exempts_by_suffix(b"*", &name) && !exempts_by_suffix(b"127.0.0.0/8", &here));
        assert!(exempts_by_suffix(b"x,.example", &name) && exempts_by_suffix(b"127.0.0.1", &here));
    }

    #[test]
    fn settings_are_read_in_any_dialect() {
        let text = b"# c\n[global]\nindex-url = x\nregistry=\"y\"\n ;z=1\nproxy : p\n\"c\": \"d\",";
        let all: Vec<_> = settings(text).collect();
        let expected: [(&[u8], &[u8]); 4] =
            [(b"index-url", b"x"), (b"registry", b"y"), (b"proxy", b"p"), (b"c", b"d")];
        assert_eq!(all, expected);
        assert_eq!(settings(b"proxy: http://p/?a=b").count(), 2);
        assert!(same_key(b"Index_URL", "index-url") && same_key(b"@a:registry", "*:registry"));
        assert!(!same_key(b"registry", "*:registry"));
    }
}
