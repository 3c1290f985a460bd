//! The server of kubectl's current context, as kubectl itself works it out.

use std::ffi::OsString;

use datafog_core::{Destination, HostName, Invocation, Reach, Surroundings, Void};

use crate::address::{self, Address, Style};
use crate::transport::http::straight_reach;

/// What kubectl prints: the server, then whether its certificate is not checked.
const QUERY: &str = "jsonpath={.clusters[0].cluster.server} \
                     {.clusters[0].cluster.insecure-skip-tls-verify} {.clusters[0].cluster.proxy-url}";

/// Asks kubectl for the context that the call would use.
pub(crate) fn find(
    invocation: &Invocation,
    deferred: &Destination,
    surroundings: &dyn Surroundings,
) -> Vec<Destination> {
    let mut arguments: Vec<OsString> =
        ["config", "view", "--minify", "-o", QUERY].map(OsString::from).into();
    for option in &invocation.options {
        let chooses = ["--cluster", "--context", "--kubeconfig", "--user"];
        if let Some(value) =
            option.value.as_ref().filter(|_| chooses.contains(&option.name.as_str()))
        {
            let mut joined = OsString::from(format!("{}=", option.name));
            joined.push(value);
            arguments.push(joined);
        }
    }
    let answer = surroundings.output_of("kubectl", &arguments).unwrap_or_default();
    let words: Vec<&[u8]> =
        answer.split(u8::is_ascii_whitespace).filter(|it| !it.is_empty()).collect();
    let Some((server, rest)) = words.split_first() else { return vec![unknown(deferred)] };
    let address = Address::read(server, Style { scheme: "https", guess: false, globs: false });
    let checks = [
        (address.ambiguous, Void::Ambiguous),
        (!address::is_encrypted(&address.scheme), Void::Plaintext),
        (rest.contains(&b"true".as_slice()), Void::Insecure),
        (rest.iter().any(|word| word.contains(&b':')), Void::Proxy),
    ];
    let reach = straight_reach(&address.host);
    let mut destination = Destination {
        scheme: address.scheme,
        host: address.host,
        port: address.port,
        reach,
        voids: Vec::new(),
    };
    let checks = checks.into_iter().filter(|(on, _)| *on).map(|(_, void)| void);
    for void in deferred.voids.iter().cloned().chain(checks) {
        destination.bend(void);
    }
    vec![destination]
}

fn unknown(deferred: &Destination) -> Destination {
    Destination { host: HostName::Unknown, reach: Reach::Unknown, ..deferred.clone() }
}
