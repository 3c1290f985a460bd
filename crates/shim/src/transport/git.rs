//! Calls of git to its remotes.
//!
//! The remote's URL is left to the source `git-remote`, because any URL, even one in argv, can be
//! rewritten by git's settings. Settings on the command line (`-c`) are content where they carry
//! some. A path of this machine is no destination.

use datafog_core::{
    Carrier, ContentSource, Deliver, Destination, Flow, Flows, HostName, Invocation, OperandKind,
    Reach, Surroundings, Void,
};

use crate::address::{self, Address, Style};
use crate::profile::Effect;
use crate::read::Call;
use crate::redirect::Redirected;
use crate::text::Text;
use crate::transport::http::straight_reach;
use crate::transport::ssh;

/// Works out whether a remote is contacted.
pub(crate) fn contact(call: &Call<'_>, surroundings: &dyn Surroundings, to: &mut Invocation) {
    settings(call, surroundings, to);
    if !reaches(to) {
        return;
    }
    let named = to.operands.iter().filter(|operand| operand.kind == OperandKind::Remote);
    let mut here = named.map(|operand| is_plain_path(operand.text.as_encoded_bytes())).peekable();
    if here.peek().is_some() && here.all(|here| here) {
        to.flows = to.flows.without(Flow::Leaves).without(Flow::Enters).with(Flow::Stays);
        return;
    }
    // These have servers of their own in settings that are not looked at.
    let elsewhere = ["imap-send", "lfs", "p4", "send-email", "submodule", "svn"];
    let other = to.subcommand.first().is_some_and(|word| elsewhere.contains(&word.as_str()));
    let deferred = HostName::Deferred("git-remote".into());
    to.destinations.push(Destination {
        scheme: "git".into(),
        host: if other { HostName::Unknown } else { deferred },
        port: None,
        reach: Reach::Unknown,
        voids: Redirected::of(call, surroundings).voids,
    });
}

fn reaches(to: &Invocation) -> bool {
    to.flows.has(Flow::Leaves) || to.flows.has(Flow::Enters)
}

/// Settings given in argv: `-c key=value`, `--config-env key=NAME`.
fn settings(call: &Call<'_>, surroundings: &dyn Surroundings, to: &mut Invocation) {
    for given in &call.given {
        let Some(value) = &given.value else { continue };
        let Some((key, value)) = value.split_at_byte(b'=') else { continue };
        let key = key.bytes.to_ascii_lowercase();
        let value = match given.spec.effect {
            Some(Effect::Setting) => value,
            Some(Effect::SettingFromVariable) => {
                let name = value.utf8().unwrap_or_default();
                let found = surroundings.variable(name).map(|value| value.as_encoded_bytes());
                Text::of_file(found.unwrap_or_default().to_vec())
            }
            _ => continue,
        };
        setting(&key, &value, to);
    }
}

fn setting(key: &[u8], value: &Text<'_>, to: &mut Invocation) {
    if key.ends_with(b".extraheader") {
        let lower = value.bytes.to_ascii_lowercase();
        let role =
            if lower.starts_with(b"authorization") { "header:authorization" } else { "header" };
        let carrier = value.carrier();
        to.contents.push(content(carrier, role, to.flows));
    } else if key.starts_with(b"alias.") && value.starts_with(b"!") {
        to.unclear.push("a git alias runs a command of its own".to_owned());
    }
}

fn content(carrier: Carrier, role: &str, flows: Flows) -> ContentSource {
    let moves = flows.has(Flow::Leaves) || flows.has(Flow::Enters);
    let flow = if moves { Flow::Leaves } else { Flow::Stays };
    ContentSource { carrier, flow, role: role.to_owned(), deliver: Deliver::Handle }
}

/// A path that no setting rewrites into a host: it starts as paths do.
fn is_plain_path(text: &[u8]) -> bool {
    [b"/".as_slice(), b"./", b"../", b"~/"].iter().any(|head| text.starts_with(head))
        || matches!(text, b"." | b"..")
}

/// Where an effective URL leads.
pub(crate) enum Place {
    /// To a repository of this machine.
    Here,
    /// To another machine.
    There(Destination),
}

/// Reads an effective URL of git: `scheme://…`, `transport::address`, `host:path`, or a path.
pub(crate) fn place(url: &[u8]) -> Place {
    if url.starts_with(b"file://") {
        return Place::Here;
    }
    let style = Style { scheme: "https", guess: false, globs: false };
    let address = Address::read(url, style);
    if !address.has_scheme {
        let helper = url.windows(2).position(|pair| pair == b"::");
        if helper.is_some_and(|at| url.iter().take(at).all(u8::is_ascii_alphanumeric)) {
            return Place::There(there("git", HostName::Unknown, None, vec![Void::Ambiguous]));
        }
        return match ssh::target(url) {
            Some(target) => Place::There(ssh::destination(&target, &Invocation::default())),
            None => Place::Here,
        };
    }
    let mut voids = Vec::new();
    let scheme = address.scheme.trim_start_matches("git+").to_owned();
    if address.ambiguous {
        voids.push(Void::Ambiguous);
    }
    if !address::is_encrypted(&scheme) && !scheme.contains("ssh") {
        voids.push(Void::Plaintext);
    }
    let scheme = if scheme.contains("ssh") { "ssh".to_owned() } else { scheme };
    Place::There(there(&scheme, address.host, address.port, voids))
}

fn there(scheme: &str, host: HostName, port: Option<u16>, voids: Vec<Void>) -> Destination {
    let reach = straight_reach(&host);
    Destination { scheme: scheme.to_owned(), host, port, reach, voids }
}
