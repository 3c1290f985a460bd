//! Calls over ssh and rsync: hosts from operands and options.
//!
//! The host behind an alias is left to the source `ssh-host`, which reads the ssh configuration.
//! Options that put another host or command in between (`-J`, `-o ProxyCommand=…`, `-e`) are
//! told as voids.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use datafog_core::{
    Carrier, ContentSource, Deliver, Destination, Flow, HostName, Invocation, Operand, OperandKind,
    Reach, Surroundings, Void,
};

use crate::address::{self, Address, Style};
use crate::profile::Effect;
use crate::read::Call;
use crate::redirect::{FILE_LIMIT, Redirected};
use crate::transport::http::straight_reach;
use crate::transport::{copy, sift};

/// Works out hosts and the direction of copies.
pub(crate) fn contact(call: &Call<'_>, surroundings: &dyn Surroundings, to: &mut Invocation) {
    let logs_in = to.operands.iter().any(|operand| operand.kind == OperandKind::Host);
    if !logs_in && !copy::direct(to, &remote_path) {
        return;
    }
    if !logs_in {
        copied_from_here(surroundings, to);
        listed(call, surroundings, to);
        sift::settle(sift::Manner::Rsync, call, surroundings, to);
        copy::rehearse(call, to);
    }
    let mut voids = Redirected::of(call, surroundings).voids;
    for given in call.given.iter().filter(|given| !given.negated) {
        let value = given.value.as_ref().map(|value| value.bytes.to_ascii_lowercase());
        let none = value.as_deref() == Some(b"none");
        let void = match given.spec.effect {
            Some(Effect::Jump | Effect::ConnectsElsewhere) if none => continue,
            Some(Effect::Jump | Effect::SshCommand | Effect::ConnectsElsewhere) => {
                Void::ConnectsElsewhere(given.spec.name.to_owned())
            }
            Some(Effect::ConfigFile) if !none => {
                Void::ConfigurationFile(given.spec.name.to_owned())
            }
            Some(Effect::Setting) => match setting(&value.unwrap_or_default()) {
                Some(void) => void,
                None => continue,
            },
            _ => continue,
        };
        if !voids.contains(&void) {
            voids.push(void);
        }
    }
    to.destinations.push(Destination {
        scheme: "ssh".into(),
        host: HostName::Deferred("ssh-host".into()),
        port: None,
        reach: Reach::Unknown,
        voids,
    });
}

/// A copy from this machine by its own name (`scp localhost:x other:`) reads a file of this
/// machine. Paths are those of the user's home, unless absolute.
fn copied_from_here(surroundings: &dyn Surroundings, to: &mut Invocation) {
    let Some((last, sources)) = to.operands.split_last() else { return };
    if last.kind == OperandKind::Path {
        return;
    }
    let home = surroundings.home().unwrap_or_else(|| surroundings.cwd());
    let here = |operand: &Operand| {
        let text = operand.text.as_encoded_bytes();
        let target = target(text).filter(|target| target.host.is_loopback())?;
        let url = operand.kind == OperandKind::Url;
        let path = if url { url_path(text) } else { path_of(text) };
        let path = path.filter(|_| target.scheme == "ssh")?;
        let path = path.strip_prefix(b"~/").unwrap_or(path);
        Some(home.join(OsStr::from_bytes(path)))
    };
    let files: Vec<PathBuf> = sources.iter().filter_map(here).collect();
    to.contents.extend(files.into_iter().map(|path| ContentSource {
        carrier: Carrier::File(path),
        flow: Flow::Leaves,
        role: "file".to_owned(),
        deliver: Deliver::Path,
    }));
}

/// The path of `[user@]host:path`.
fn path_of(text: &[u8]) -> Option<&[u8]> {
    let bracket = text.iter().position(|byte| *byte == b']').unwrap_or(0);
    let colon = text.iter().skip(bracket).position(|byte| *byte == b':')?;
    text.get(bracket.saturating_add(colon).checked_add(1)?..)
}

/// The path of `scp://host/path`, which is relative to home; `//path` is absolute.
fn url_path(text: &[u8]) -> Option<&[u8]> {
    let rest = text.get(text.windows(3).position(|window| window == b"://")?.checked_add(3)?..)?;
    rest.get(rest.iter().position(|byte| *byte == b'/')?.checked_add(1)?..)
}

/// With a list of files (`--files-from`) only what it names below the source is copied. A list
/// that cannot be read here leaves the whole source as content, which is more.
fn listed(call: &Call<'_>, surroundings: &dyn Surroundings, to: &mut Invocation) {
    let list = call.given.iter().rev().find(|given| given.spec.effect == Some(Effect::FileList));
    let Some(list) = list.and_then(|given| given.value.as_ref()) else { return };
    let Ok(bytes) = surroundings.read(&surroundings.cwd().join(list.to_path()), FILE_LIMIT) else {
        return;
    };
    sift::exchange(to, |_, base| {
        Some(names(&bytes, call.has("--from0")).map(|name| base.join(name)).collect())
    });
}

/// The names of a list: one a line without comments, or each up to a zero byte. A leading slash
/// means the source itself.
fn names(list: &[u8], zero: bool) -> impl Iterator<Item = &OsStr> {
    let ends = move |byte: &u8| if zero { *byte == 0 } else { matches!(byte, b'\r' | b'\n' | 0) };
    let plain = move |name: &&[u8]| match name.first() {
        None => false,
        Some(first) => zero || !matches!(first, b'#' | b';'),
    };
    let names = list.split(ends).filter(plain);
    names.map(|name| OsStr::from_bytes(name.strip_prefix(b"/").unwrap_or(name)))
}

/// `host:path` and URLs name another machine.
fn remote_path(text: &[u8]) -> Option<OperandKind> {
    let url = text.windows(3).any(|window| window == b"://");
    target(text).map(|_| if url { OperandKind::Url } else { OperandKind::RemotePath })
}

/// The void of an `-o key=value` in lower case, if it bends or weakens the way (ssh_config(5)).
///
/// ssh takes blanks and one `=` between key and value, blanks around, and quotes.
fn setting(text: &[u8]) -> Option<Void> {
    let text = text.trim_ascii_start();
    let parts = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'=';
    let cut = text.iter().position(parts).unwrap_or(text.len());
    let (key, rest) = text.split_at_checked(cut)?;
    let rest = rest.trim_ascii();
    let value = rest.strip_prefix(b"=").unwrap_or(rest).trim_ascii();
    let value = value.strip_prefix(b"\"").and_then(|it| it.strip_suffix(b"\"")).unwrap_or(value);
    let key = key.strip_prefix(b"\"").and_then(|it| it.strip_suffix(b"\"")).unwrap_or(key);
    let set = value != b"none" && value != b"no";
    let name = match key {
        b"canonicaldomains" => "-o CanonicalDomains",
        b"canonicalizehostname" if set => "-o CanonicalizeHostname",
        b"canonicalizepermittedcnames" if set => "-o CanonicalizePermittedCNAMEs",
        b"controlpath" if set => "-o ControlPath",
        b"hostname" => "-o HostName",
        b"include" => "-o Include",
        b"proxycommand" if set => "-o ProxyCommand",
        b"proxyjump" if set => "-o ProxyJump",
        // Another key may be taken for the host's.
        b"globalknownhostsfile"
        | b"hostkeyalias"
        | b"knownhostscommand"
        | b"userknownhostsfile"
        | b"verifyhostkeydns" => return Some(Void::Insecure),
        b"stricthostkeychecking" if value == b"no" || value == b"off" => {
            return Some(Void::Insecure);
        }
        _ => return None,
    };
    Some(Void::ConnectsElsewhere(name.to_owned()))
}

/// A host as ssh, scp and rsync write it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Target {
    scheme: &'static str,
    host: HostName,
    port: Option<u16>,
    ambiguous: bool,
}

/// Reads `[user@]host[:path]`, `host::module`, `ssh://…`, `rsync://…`; `None` for a path of this
/// machine: no colon before the first slash.
pub(crate) fn target(text: &[u8]) -> Option<Target> {
    for (prefix, scheme) in [
        (b"rsync://".as_slice(), "rsync"),
        (b"ssh://", "ssh"),
        (b"scp://", "ssh"),
        (b"sftp://", "ssh"),
    ] {
        if text.starts_with(prefix) {
            let address = Address::read(text, Style { scheme, guess: false, globs: false });
            let Address { host, port, ambiguous, .. } = address;
            return Some(Target { scheme, host, port, ambiguous });
        }
    }
    let slash = text.iter().position(|byte| *byte == b'/').unwrap_or(text.len());
    let head = text.get(..slash).unwrap_or_default();
    let user = head.iter().rposition(|byte| *byte == b'@').map_or(0, |at| at.saturating_add(1));
    let rest = head.get(user..).unwrap_or_default();
    let bracket = rest.iter().position(|byte| *byte == b']').filter(|_| rest.starts_with(b"["));
    let colon = rest.iter().skip(bracket.unwrap_or(0)).position(|byte| *byte == b':')?;
    let colon = colon.saturating_add(bracket.unwrap_or(0));
    let (host, path) = rest.split_at_checked(colon)?;
    let scheme = if path.starts_with(b"::") { "rsync" } else { "ssh" };
    Some(named(scheme, host, text))
}

/// Reads the host operand of ssh, which needs no colon.
pub(crate) fn host_operand(text: &[u8]) -> Target {
    if text.starts_with(b"ssh://") {
        return target(text).unwrap_or_else(|| named("ssh", b"", text));
    }
    let user = text.iter().rposition(|byte| *byte == b'@').map_or(0, |at| at.saturating_add(1));
    named("ssh", text.get(user..).unwrap_or_default(), text)
}

fn named(scheme: &'static str, host: &[u8], text: &[u8]) -> Target {
    let odd_byte =
        |byte: &u8| byte.is_ascii_control() || byte.is_ascii_whitespace() || *byte == b'\\';
    let ipv6 = str::from_utf8(host).ok().and_then(|host| host.parse::<std::net::Ipv6Addr>().ok());
    let (host, odd) = match ipv6 {
        Some(ip) => (HostName::Ip(ip.into()), false),
        None => address::read_host(host),
    };
    Target { scheme, host, port: None, ambiguous: odd || text.iter().any(odd_byte) }
}

/// The destination of a target, with the options of the call weighed.
pub(crate) fn destination(target: &Target, invocation: &Invocation) -> Destination {
    let option = invocation
        .options
        .iter()
        .find(|option| ["-p", "-P", "--port"].contains(&option.name.as_str()));
    let port = option.and_then(|option| option.value.as_ref()?.to_str()?.parse().ok());
    let mut voids = Vec::new();
    if target.ambiguous {
        voids.push(Void::Ambiguous);
    }
    if target.scheme == "rsync" {
        voids.push(Void::Plaintext);
    }
    Destination {
        scheme: target.scheme.to_owned(),
        host: target.host.clone(),
        port: target.port.or(port),
        reach: straight_reach(&target.host),
        voids,
    }
}
