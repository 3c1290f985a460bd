//! Calls of docker: to the registry that an image's name holds, and to the daemon.
//!
//! The daemon is on this machine unless `-H`, `DOCKER_HOST` or a context says otherwise; then
//! everything that is handed to it leaves.

use datafog_core::{
    Destination, Flow, HostName, Invocation, OperandKind, Reach, Surroundings, Void,
};

use crate::address::{self, Address, Style};
use crate::profile::Effect;
use crate::read::Call;
use crate::redirect::{self, Redirected};
use crate::transport::http::straight_reach;
use crate::transport::{copy, ssh};

/// The registry of images whose name holds none.
const HUB: &str = "docker.io";

/// Works out registry and daemon.
pub(crate) fn contact(call: &Call<'_>, surroundings: &dyn Surroundings, to: &mut Invocation) {
    let voids = Redirected::of(call, surroundings).voids;
    let daemon = daemon(call, surroundings);
    if to.operands.iter().any(|operand| operand.kind == OperandKind::RemotePath) {
        copy::direct(to, &container_path);
    }
    let registry = to.flows.has(Flow::Leaves) || to.flows.has(Flow::Enters);
    let images: Vec<_> = to
        .operands
        .iter()
        .filter(|operand| {
            registry && matches!(operand.kind, OperandKind::Remote | OperandKind::Host)
        })
        .map(|operand| (operand.kind, operand.text.as_encoded_bytes().to_vec()))
        .collect();
    for (kind, text) in &images {
        let host = if *kind == OperandKind::Host { text.as_slice() } else { registry_of(text) };
        push(to, registry_destination(host, &voids));
    }
    let login = to.subcommand.last().is_some_and(|word| word == "login" || word == "logout");
    if images.is_empty() && login && registry {
        push(to, registry_destination(HUB.as_bytes(), &voids));
    }
    match daemon {
        Daemon::Here => {
            if to.destinations.is_empty() {
                copy::stay(to);
            }
        }
        Daemon::There(destination) => {
            to.flows = to.flows.with(Flow::Leaves);
            for content in &mut to.contents {
                content.flow = Flow::Leaves;
            }
            push(to, *destination);
        }
    }
}

fn push(to: &mut Invocation, destination: Destination) {
    if !to.destinations.contains(&destination) {
        to.destinations.push(destination);
    }
}

/// `container:path`; an absolute or dotted path is one of this machine.
fn container_path(text: &[u8]) -> Option<OperandKind> {
    let colon = text.iter().position(|byte| *byte == b':')?;
    let path = text.starts_with(b"/") || text.starts_with(b".");
    let head = text.get(..colon)?;
    (!path && !head.contains(&b'/')).then_some(OperandKind::RemotePath)
}

/// The registry part of `[registry/]name[:tag][@digest]`: a first component with a dot or a
/// colon, or `localhost`.
fn registry_of(image: &[u8]) -> &[u8] {
    let Some(slash) = image.iter().position(|byte| *byte == b'/') else { return HUB.as_bytes() };
    let head = image.get(..slash).unwrap_or_default();
    let host = head.iter().any(|byte| matches!(byte, b'.' | b':')) || head == b"localhost";
    if host { head } else { HUB.as_bytes() }
}

fn registry_destination(host: &[u8], voids: &[Void]) -> Destination {
    let address = Address::read(host, Style { scheme: "https", guess: false, globs: false });
    let mut voids = voids.to_vec();
    if address.ambiguous {
        voids.push(Void::Ambiguous);
    }
    if !address::is_encrypted(&address.scheme) {
        voids.push(Void::Plaintext);
    }
    let host = match address.host {
        HostName::Name(name) if name == "index.docker.io" => HostName::Name(HUB.to_owned()),
        host => host,
    };
    let reach = straight_reach(&host);
    Destination { scheme: "https".into(), host, port: address.port, reach, voids }
}

enum Daemon {
    Here,
    There(Box<Destination>),
}

/// The daemon by `-H`, then `DOCKER_HOST`; a named context could be any.
fn daemon(call: &Call<'_>, surroundings: &dyn Surroundings) -> Daemon {
    let given = call.given.iter().rev().find(|given| given.spec.effect == Some(Effect::Endpoint));
    let option = given.and_then(|given| given.value.as_ref()).map(|value| value.bytes.to_vec());
    let variable = || {
        redirect::set(surroundings, "DOCKER_HOST").map(|value| value.as_encoded_bytes().to_vec())
    };
    let context = call.given.iter().find(|given| given.spec.effect == Some(Effect::Remote));
    let named =
        context.and_then(|given| given.value.as_ref()).filter(|it| *it.bytes != *b"default");
    let Some(text) = option.or_else(variable) else {
        let elsewhere = named.is_some() || redirect::set(surroundings, "DOCKER_CONTEXT").is_some();
        return if elsewhere { Daemon::There(Box::new(unknown())) } else { Daemon::Here };
    };
    if [b"unix:".as_slice(), b"fd:", b"npipe:", b"/"].iter().any(|it| text.starts_with(it)) {
        return Daemon::Here;
    }
    if text.starts_with(b"ssh://") {
        let target = ssh::host_operand(&text);
        return Daemon::There(Box::new(ssh::destination(&target, &Invocation::default())));
    }
    let address = Address::read(&text, Style { scheme: "tcp", guess: false, globs: false });
    let tls = call.has("--tlsverify") || redirect::set(surroundings, "DOCKER_TLS_VERIFY").is_some();
    let checks = [(address.ambiguous, Void::Ambiguous), (!tls, Void::Plaintext)];
    Daemon::There(Box::new(Destination {
        scheme: "docker".into(),
        reach: straight_reach(&address.host),
        host: address.host,
        port: address.port,
        voids: checks.into_iter().filter(|(on, _)| *on).map(|(_, void)| void).collect(),
    }))
}

fn unknown() -> Destination {
    Destination {
        scheme: "docker".into(),
        host: HostName::Unknown,
        port: None,
        reach: Reach::Unknown,
        voids: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_stands_in_the_name() {
        let cases = [
            ("alpine", HUB),
            ("library/alpine:3", HUB),
            ("ghcr.io/a/b:1", "ghcr.io"),
            ("localhost/a", "localhost"),
            ("registry:5000/a", "registry:5000"),
            ("a/b/c", HUB),
        ];
        for (image, registry) in cases {
            assert_eq!(registry_of(image.as_bytes()), registry.as_bytes(), "{image}");
        }
    }
}
