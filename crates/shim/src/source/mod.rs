//! Answers that cost something: hosts that only the command itself, or its configuration, knows.
//!
//! Each source is one file and one line in [`SOURCES`]. It is asked by [`crate::resolve`] alone,
//! when a destination matters.

use datafog_core::{Destination, Invocation, Surroundings};

pub(crate) mod git_alias;
mod git_remote;
mod kube_server;
mod ssh_host;

pub(crate) use git_remote::{
    Settings as GitSettings, globals as git_globals, named as git_remotes,
};
pub(crate) use ssh_host::settle as settle_ssh;

/// One source of hosts.
#[derive(Debug)]
pub(crate) struct Source {
    /// The name in `HostName::Deferred`.
    pub(crate) name: &'static str,
    /// The destinations that stand in for the deferred one.
    pub(crate) find: fn(&Invocation, &Destination, &dyn Surroundings) -> Vec<Destination>,
}

/// Every source, sorted by name.
pub(crate) static SOURCES: &[Source] = &[
    Source { name: "git-alias", find: git_alias::find },
    Source { name: "git-remote", find: git_remote::find },
    Source { name: "kube-server", find: kube_server::find },
    Source { name: "ssh-host", find: ssh_host::find },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_sorted_and_unique() {
        assert!(SOURCES.windows(2).all(|pair| pair[0].name < pair[1].name));
    }
}
