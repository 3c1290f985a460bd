//! Calls over ssh and rsync: hosts from operands and options.
//!
//! The host behind an alias is left to the source `ssh-host`, which reads the ssh configuration.
//! Options that put another host or command in between (`-J`, `-o ProxyCommand=…`, `-e`) are
//! told as voids.

use datafog_core::{Destination, HostName, Invocation, OperandKind, Reach, Surroundings, Void};

use crate::address::{self, Address, Style};
use crate::profile::Effect;
use crate::read::Call;
use crate::redirect::Redirected;
use crate::transport::copy;
use crate::transport::http::straight_reach;

/// Works out hosts and the direction of copies.
pub(crate) fn contact(call: &Call<'_>, surroundings: &dyn Surroundings, to: &mut Invocation) {
    let logs_in = to.operands.iter().any(|operand| operand.kind == OperandKind::Host);
    if !logs_in && !copy::direct(to, &remote_path) {
        return;
    }
    let mut voids = Redirected::of(call, surroundings).voids;
    for given in call.given.iter().filter(|given| !given.negated) {
        let value = given.value.as_ref().map(|value| value.bytes.to_ascii_lowercase());
        let void = match given.spec.effect {
            Some(Effect::Jump | Effect::SshCommand | Effect::ConnectsElsewhere) => {
                Void::ConnectsElsewhere(given.spec.name.to_owned())
            }
            Some(Effect::ConfigFile) if value.as_deref() != Some(b"none") => {
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

/// `host:path` and URLs name another machine.
fn remote_path(text: &[u8]) -> Option<OperandKind> {
    let url = text.windows(3).any(|window| window == b"://");
    target(text).map(|_| if url { OperandKind::Url } else { OperandKind::RemotePath })
}

/// The void of an `-o key=value` in lower case, if it bends the way.
fn setting(text: &[u8]) -> Option<Void> {
    let cut = text.iter().position(|byte| matches!(byte, b'=' | b' ' | b'\t'))?;
    let (key, value) = text.split_at_checked(cut)?;
    let value = value.get(1..)?.trim_ascii();
    let name = match key.trim_ascii() {
        b"hostname" => "-o HostName",
        b"proxycommand" if value != b"none" => "-o ProxyCommand",
        b"proxyjump" if value != b"none" => "-o ProxyJump",
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
