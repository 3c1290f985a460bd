//! The host behind an ssh alias, by the user's and the system's ssh configuration.
//!
//! `Host` blocks with `HostName`, `ProxyJump` and `ProxyCommand` are read as ssh reads them (the
//! first value found counts). `Match` and `Include` may hold anything: with one of them the file
//! counts as a redirection.

use std::collections::HashSet;
use std::path::PathBuf;

use datafog_core::{Destination, HostName, Invocation, OperandKind, Surroundings, Void};

use crate::address;
use crate::redirect::FILE_LIMIT;
use crate::transport::ssh;

/// The destinations of ssh, scp and rsync operands.
pub(crate) fn find(
    invocation: &Invocation,
    deferred: &Destination,
    surroundings: &dyn Surroundings,
) -> Vec<Destination> {
    let remote =
        |kind| matches!(kind, OperandKind::Host | OperandKind::RemotePath | OperandKind::Url);
    let named = invocation.operands.iter().filter(|operand| remote(operand.kind));
    let mut found: Vec<Destination> = Vec::new();
    let mut seen = HashSet::new();
    for operand in named {
        let text = operand.text.as_encoded_bytes();
        let host = operand.kind == OperandKind::Host;
        let target = if host { Some(ssh::host_operand(text)) } else { ssh::target(text) };
        let Some(target) = target else { continue };
        let mut destination = ssh::destination(&target, invocation);
        if seen.insert((destination.host.clone(), destination.port)) {
            if destination.scheme == "ssh" {
                settle(&mut destination, surroundings);
            }
            // After the alias is settled: what bends the way bends it whatever the alias says.
            for void in &deferred.voids {
                destination.bend(void.clone());
            }
            found.push(destination);
        }
    }
    found
}

/// Replaces an alias by the host that the configuration gives it.
pub(crate) fn settle(destination: &mut Destination, surroundings: &dyn Surroundings) {
    // An address can be an alias too.
    let alias = &match &destination.host {
        HostName::Name(name) => name.clone(),
        HostName::Ip(ip) => ip.to_string(),
        HostName::Deferred(_) | HostName::Unknown => return,
    };
    let mut answer = Answer::default();
    for (path, shown) in files(surroundings) {
        match surroundings.read(&path, FILE_LIMIT) {
            Ok(text) => answer.read(&text, alias, shown),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(_) => answer.opaque(shown),
        }
    }
    if let Some(name) = answer.host_name {
        let name = name.replace("%h", alias).replace("%%", "%");
        let (host, odd) = address::read_host(name.as_bytes());
        destination.host = host;
        if odd {
            destination.voids.push(Void::Ambiguous);
        }
    }
    destination.reach = crate::transport::http::straight_reach(&destination.host);
    if let Some(option) = answer.bent {
        destination.bend(Void::ConnectsElsewhere(option));
    }
    for file in answer.opaque {
        destination.bend(Void::ConfigurationFile(file));
    }
}

fn files(surroundings: &dyn Surroundings) -> Vec<(PathBuf, &'static str)> {
    let user = surroundings.home().map(|home| (home.join(".ssh/config"), "~/.ssh/config"));
    let system = (PathBuf::from("/etc/ssh/ssh_config"), "/etc/ssh/ssh_config");
    user.into_iter().chain([system]).collect()
}

/// What the configuration says of one alias.
#[derive(Debug, Default)]
struct Answer {
    host_name: Option<String>,
    /// The option that puts another host in between.
    bent: Option<String>,
    decided: bool,
    /// Files that cannot be judged.
    opaque: Vec<String>,
}

impl Answer {
    fn opaque(&mut self, file: &str) {
        if !self.opaque.iter().any(|known| known == file) {
            self.opaque.push(file.to_owned());
        }
    }

    fn read(&mut self, text: &[u8], alias: &str, file: &str) {
        let mut applies = true;
        for line in String::from_utf8_lossy(text).lines() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let cut = line.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(line.len());
            let (key, value) = line.split_at_checked(cut).unwrap_or((line, ""));
            let value = value.trim_start_matches(|c: char| c.is_whitespace() || c == '=');
            let value = value.trim_matches('"');
            match key.to_ascii_lowercase().as_str() {
                "host" => applies = host_block_applies(value, alias),
                "match" => {
                    applies = false;
                    self.opaque(file);
                }
                // The system's file of Debian and Fedora includes a folder that is usually empty.
                "include" if applies && !file.starts_with("/etc/") => self.opaque(file),
                "hostname" if applies => {
                    self.host_name.get_or_insert_with(|| value.to_owned());
                }
                key @ ("proxycommand" | "proxyjump") if applies && !self.decided => {
                    self.decided = true;
                    let none = value.eq_ignore_ascii_case("none");
                    self.bent = (!none).then(|| key.to_owned());
                }
                _ => {}
            }
        }
    }
}

/// Whether a `Host` line names the alias: some pattern fits and none with `!` does.
fn host_block_applies(patterns: &str, alias: &str) -> bool {
    let mut fits = false;
    for pattern in patterns.split_whitespace().map(|pattern| pattern.trim_matches('"')) {
        match pattern.strip_prefix('!') {
            Some(pattern) if glob(pattern.as_bytes(), alias.as_bytes()) => return false,
            Some(_) => {}
            None => fits |= glob(pattern.as_bytes(), alias.as_bytes()),
        }
    }
    fits
}

/// `*` is any text, `?` any byte; ASCII case does not matter. Goes back to the last star only,
/// so it costs at most the product of both lengths.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut in_text) = (0_usize, 0_usize);
    let mut star: Option<(usize, usize)> = None;
    while let Some(byte) = text.get(in_text) {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at.saturating_add(1), in_text));
                at = at.saturating_add(1);
            }
            Some(other) if *other == b'?' || other.eq_ignore_ascii_case(byte) => {
                at = at.saturating_add(1);
                in_text = in_text.saturating_add(1);
            }
            _ => {
                let Some((after, from)) = star else { return false };
                at = after;
                in_text = from.saturating_add(1);
                star = Some((after, in_text));
            }
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(text: &str, alias: &str) -> Answer {
        let mut answer = Answer::default();
        answer.read(text.as_bytes(), alias, "~/.ssh/config");
        answer
    }

    #[test]
    fn the_first_value_of_a_fitting_block_counts() {
        let text = "Host gh !ghx\n  HostName github.com\nHost *\n  HostName=other.example\n";
        assert_eq!(answer(text, "gh").host_name.as_deref(), Some("github.com"));
        assert_eq!(answer(text, "x").host_name.as_deref(), Some("other.example"));
        assert!(answer(text, "gh").bent.is_none());
    }

    #[test]
    fn what_bends_the_way_is_told() {
        assert_eq!(answer("Host g*\nProxyJump bastion", "gh").bent.as_deref(), Some("proxyjump"));
        assert_eq!(answer("Host g*\nProxyJump none", "gh").bent, None);
        assert_eq!(answer("Host other\nProxyCommand nc x", "gh").bent, None);
        assert_eq!(answer("Match exec true\nHostName x", "gh").opaque.len(), 1);
        assert_eq!(answer("Include conf.d/*", "gh").opaque.len(), 1);
    }

    #[test]
    fn patterns_fit_as_in_ssh() {
        assert!(glob(b"*.example.?rg", b"a.b.Example.org"));
        assert!(!glob(b"*.example.org", b"example.org"));
        assert!(glob(b"**", b"") && !glob(b"?", b""));
    }
}
