//! Calls of docker: to the registry that an image's name holds, and to the daemon.
//!
//! The daemon is on this machine unless `-H`, `DOCKER_HOST` or a context says otherwise; then
//! everything that is handed to it leaves.

use std::io::ErrorKind;
use std::path::PathBuf;

use datafog_core::{
    Destination, Digest, Flow, HostName, Invocation, Operand, OperandKind, Surroundings, Void,
};

use crate::address::{self, Address, Style};
use crate::gather::image;
use crate::json::strings_at;
use crate::profile::Effect;
use crate::read::Call;
use crate::redirect::{self, FILE_LIMIT, Redirected};
use crate::text::Text;
use crate::transport::http::straight_reach;
use crate::transport::{context, copy, ssh};

/// The registry of images whose name holds none.
const HUB: &str = "docker.io";

/// Works out registry and daemon.
pub(crate) fn contact(call: &Call<'_>, surroundings: &dyn Surroundings, to: &mut Invocation) {
    let voids = Redirected::of(call, surroundings).voids;
    let daemon = daemon(call, surroundings);
    if to.operands.iter().any(|operand| operand.kind == OperandKind::RemotePath) {
        copy::direct(to, &container_path);
        if matches!(daemon, Daemon::Here) {
            copy::stay(to);
        }
    }
    pushes(call, to);
    if to.flows.has(Flow::Leaves) || matches!(daemon, Daemon::There(_)) {
        context::settle(surroundings, to);
    }
    to.gathers = image::of_docker(&to.subcommand);
    registries(call, to, &voids);
    fetched(to);
    match daemon {
        Daemon::Here => {
            // What is pushed by a file's word (`compose push`) goes to nobody knows where.
            if to.destinations.is_empty() && to.flows.has(Flow::Leaves) {
                copy::reach(to, Destination::untold("docker"));
            } else if to.destinations.is_empty() {
                copy::stay(to);
            }
        }
        Daemon::There(destination) => {
            to.flows = to.flows.with(Flow::Leaves);
            for content in &mut to.contents {
                content.flow = Flow::Leaves;
            }
            copy::reach(to, *destination);
        }
    }
}

/// A build that ends in a registry (`--push`, `--output type=registry`, `--cache-to`) takes its
/// arguments and labels along, and what of its context is copied into it.
fn pushes(call: &Call<'_>, to: &mut Invocation) {
    if outputs(call).next().is_some() {
        to.flows = to.flows.with(Flow::Leaves);
    }
    if !to.flows.has(Flow::Leaves) {
        return;
    }
    let baked = |role: &str| matches!(role, "environment" | "label");
    for content in to.contents.iter_mut().filter(|content| baked(&content.role)) {
        content.flow = Flow::Leaves;
    }
}

/// The values of options that send what is built to a registry.
fn outputs<'c>(call: &'c Call<'_>) -> impl Iterator<Item = &'c [u8]> {
    let outputs = call.given.iter().filter(|given| given.spec.effect == Some(Effect::Setting));
    let outputs = outputs.filter_map(|given| given.value.as_ref().map(|value| &*value.bytes));
    outputs.filter(|value| {
        let mut parts = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
        parts.any(|part| matches!(part, b"type=registry" | b"push=true" | b"push=1"))
    })
}

/// Build contexts that are fetched: their host is told the address.
fn fetched(to: &mut Invocation) {
    let url = |operand: &Operand| {
        let text = operand.text.as_encoded_bytes();
        text.windows(3).any(|window| window == b"://") && operand.kind == OperandKind::Path
    };
    let mut hosts = Vec::new();
    for operand in to.operands.iter_mut().filter(|operand| url(operand)) {
        operand.kind = OperandKind::Url;
        hosts.push(operand.text.clone());
    }
    for text in hosts {
        to.flows = to.flows.with(Flow::Leaves);
        let urls = to.contents.iter_mut();
        let urls = urls.filter(|it| matches!(it.role.as_str(), "credential" | "url"));
        urls.for_each(|content| content.flow = Flow::Leaves);
        copy::reach(to, registry_destination(text.as_encoded_bytes(), &[]));
    }
}

/// The registries of images that are pushed, pulled or run, and of logins.
fn registries(call: &Call<'_>, to: &mut Invocation, voids: &[Void]) {
    if !to.flows.has(Flow::Leaves) && !to.flows.has(Flow::Enters) {
        return;
    }
    let mut hosts: Vec<Vec<u8>> = Vec::new();
    for operand in &to.operands {
        let text = operand.text.as_encoded_bytes();
        if operand.kind == OperandKind::Host {
            hosts.push(text.to_vec());
        } else if operand.kind == OperandKind::Remote {
            hosts.push(registry_of(text).to_vec());
        }
    }
    // Tags of a build name registries once it pushes.
    let tags = call.given.iter().filter(|given| given.spec.effect == Some(Effect::Url));
    let tags = tags.filter_map(|given| given.value.as_ref());
    if to.flows.has(Flow::Leaves) {
        hosts.extend(tags.map(|tag| registry_of(&tag.bytes).to_vec()));
        let names = outputs(call).flat_map(|value| value.split(|byte| *byte == b','));
        let names = names
            .filter_map(|part| part.strip_prefix(b"name=").or_else(|| part.strip_prefix(b"ref=")));
        hosts.extend(names.map(|name| registry_of(name).to_vec()));
    }
    let word = to.subcommand.last().map(String::as_str);
    if hosts.is_empty() && matches!(word, Some("login" | "logout" | "search")) {
        hosts.push(HUB.as_bytes().to_vec());
    }
    for host in hosts {
        copy::reach(to, registry_destination(&host, voids));
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
    let hub = address.host == HostName::Name("index.docker.io".to_owned());
    let host = if hub { HostName::Name(HUB.to_owned()) } else { address.host };
    let reach = straight_reach(&host);
    Destination { scheme: "https".into(), host, port: address.port, reach, voids }
}

enum Daemon {
    Here,
    There(Box<Destination>),
}

/// The daemon by `-H`, then `DOCKER_HOST`, then a context: by option, variable, or the current one.
fn daemon(call: &Call<'_>, surroundings: &dyn Surroundings) -> Daemon {
    let given = call.given.iter().rev().find(|given| given.spec.effect == Some(Effect::Endpoint));
    let option = given.and_then(|given| given.value.as_ref()).map(|value| value.bytes.to_vec());
    let context = call.given.iter().find(|given| given.spec.effect == Some(Effect::Remote));
    let context = context.and_then(|given| given.value.as_ref()).map(|it| it.bytes.to_vec());
    let variable =
        |name| redirect::set(surroundings, name).map(|value| value.as_encoded_bytes().to_vec());
    // A context that is named wins over the variable of a host, which wins over the usual one.
    let host = option.or_else(|| variable("DOCKER_HOST").filter(|_| context.is_none()));
    let text = match host {
        Some(text) => text,
        None => match host_of_context(
            call,
            context.or_else(|| variable("DOCKER_CONTEXT")),
            surroundings,
        ) {
            Context::Default => return Daemon::Here,
            Context::Host(text) => text,
            Context::Unknown => return Daemon::There(Box::new(Destination::untold("docker"))),
        },
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

/// What a context says of its daemon.
enum Context {
    /// The one without a context: a socket of this machine.
    Default,
    Host(Vec<u8>),
    Unknown,
}

/// The host of the context called `named`, else of the current one. Contexts are described in files
/// below docker's configuration, in folders called by the digest of their names.
fn host_of_context(
    call: &Call<'_>,
    named: Option<Vec<u8>>,
    surroundings: &dyn Surroundings,
) -> Context {
    let option = call.given.iter().rev().find(|given| given.spec.name == "--config");
    let option = option.and_then(|given| given.value.as_ref()).map(Text::to_path);
    let variable = || redirect::set(surroundings, "DOCKER_CONFIG").map(PathBuf::from);
    let usual = || redirect::homes(surroundings).next().map(|home| home.join(".docker"));
    let Some(folder) = option.or_else(variable).or_else(usual) else { return Context::Unknown };
    let folder = surroundings.cwd().join(folder);
    let name = match named {
        Some(name) => name,
        None => match surroundings.read(&folder.join("config.json"), FILE_LIMIT) {
            Ok(text) => match strings_at(&text, b"\"currentContext\"").pop() {
                Some(name) => name,
                None => return Context::Default,
            },
            Err(error) if error.kind() == ErrorKind::NotFound => return Context::Default,
            Err(_) => return Context::Unknown,
        },
    };
    if name.is_empty() || name == b"default" {
        return Context::Default;
    }
    let meta = folder.join("contexts/meta").join(Digest::of(&name).to_string()).join("meta.json");
    let Ok(text) = surroundings.read(&meta, FILE_LIMIT) else { return Context::Unknown };
    match <[Vec<u8>; 1]>::try_from(strings_at(&text, b"\"Host\"")) {
        Ok([host]) if !host.contains(&b'\\') => Context::Host(host),
        Ok(_) | Err(_) => Context::Unknown,
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
