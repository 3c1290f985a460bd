//! The URLs behind a git remote, as git itself works them out.
//!
//! git is asked (`git config --list`, `git remote get-url`), with the global options of the call,
//! so that `insteadOf`, `pushInsteadOf`, `pushurl`, includes and worktrees count. Settings that
//! bend or weaken the connection (`http.proxy`, `http.sslVerify`, `core.sshCommand`, …) become
//! voids.

use std::ffi::OsString;

use datafog_core::{Destination, HostName, Invocation, OperandKind, Reach, Surroundings, Void};

use crate::profile::profile;
use crate::transport::git::{self, Place};
use crate::{redirect, source};

/// The destinations of every remote that the call names.
pub(crate) fn find(
    invocation: &Invocation,
    deferred: &Destination,
    surroundings: &dyn Surroundings,
) -> Vec<Destination> {
    let git = Git { globals: globals(invocation), surroundings };
    let Some(settings) = git.settings() else { return vec![unknown(deferred)] };
    let push = invocation.subcommand.iter().any(|word| word == "push" || word == "send-pack");
    let mut found: Vec<Destination> = Vec::new();
    for remote in remotes(invocation, &git, &settings, push) {
        for url in git.urls(&remote, &settings, push) {
            let Some(mut destination) = destination(&url, deferred, surroundings) else { continue };
            weigh(&mut destination, &remote, &settings, invocation, surroundings);
            if !found.contains(&destination) {
                found.push(destination);
            }
        }
    }
    found
}

/// git's settings, and the remotes that a push names; `None` when git does not tell.
pub(crate) fn named(
    invocation: &Invocation,
    surroundings: &dyn Surroundings,
) -> Option<(Settings, Vec<Vec<u8>>)> {
    let mut globals: Vec<OsString> = vec!["-C".into(), surroundings.cwd().into()];
    globals.extend(self::globals(invocation));
    let git = Git { globals, surroundings };
    let settings = git.settings()?;
    let remotes = remotes(invocation, &git, &settings, true);
    Some((settings, remotes))
}

fn unknown(deferred: &Destination) -> Destination {
    Destination { host: HostName::Unknown, reach: Reach::Unknown, ..deferred.clone() }
}

/// The destination of an effective URL, with what bends every call weighed; `None` for a path of
/// this machine.
fn destination(
    url: &[u8],
    deferred: &Destination,
    surroundings: &dyn Surroundings,
) -> Option<Destination> {
    let mut destination = match git::place(url) {
        Place::Here => return None,
        Place::There(destination) => destination,
    };
    if destination.scheme == "ssh" {
        source::settle_ssh(&mut destination, surroundings);
    }
    for void in &deferred.voids {
        destination.bend(void.clone());
    }
    Some(destination)
}

/// Adds what keeps the host from being home: settings, variables, an ssh alias.
fn weigh(
    destination: &mut Destination,
    remote: &[u8],
    settings: &Settings,
    invocation: &Invocation,
    surroundings: &dyn Surroundings,
) {
    if settings.last(&[b"remote.".as_slice(), remote, b".vcs"].concat()).is_some() {
        destination.bend(Void::ConnectsElsewhere("remote.*.vcs".into()));
    }
    if destination.scheme == "ssh" {
        if settings.last(b"core.sshcommand").is_some() {
            destination.bend(Void::ConnectsElsewhere("core.sshCommand".into()));
        }
        return;
    }
    for void in settings.bending(remote) {
        destination.bend(void);
    }
    let encrypted = destination.scheme == "https";
    let has = |name: &str| invocation.has_option(name);
    let Some(git) = profile(&invocation.program) else { return };
    let Some((name, _)) = redirect::proxy(git, &has, surroundings, encrypted) else { return };
    let list = redirect::no_proxy(surroundings).map(|list| list.as_encoded_bytes());
    if !list.is_some_and(|list| redirect::exempts(list, &destination.host)) {
        destination.bend(Void::Environment(name.to_owned()));
    }
}

/// The options before the subcommand that decide which repository and settings count.
pub(crate) fn globals(invocation: &Invocation) -> Vec<OsString> {
    let mut globals = Vec::new();
    for option in &invocation.options {
        let takes_next = ["-C", "-c"].contains(&option.name.as_str());
        let attached = ["--git-dir", "--work-tree", "--config-env", "--namespace"];
        match &option.value {
            Some(value) if takes_next => {
                globals.extend([option.name.clone().into(), value.clone()])
            }
            // What a clone is told to set counts for its first fetch already.
            Some(value) if option.name == "--config" => {
                globals.extend(["-c".into(), value.clone()]);
            }
            Some(value) if attached.contains(&option.name.as_str()) => {
                let mut joined = OsString::from(format!("{}=", option.name));
                joined.push(value);
                globals.push(joined);
            }
            None if option.name == "--bare" => globals.push("--bare".into()),
            Some(_) | None => {}
        }
    }
    globals
}

/// The remotes that the call names: operands, options, all of them, or the default one.
fn remotes(
    invocation: &Invocation,
    git: &Git<'_>,
    settings: &Settings,
    push: bool,
) -> Vec<Vec<u8>> {
    let every = invocation.has_option("--multiple")
        || invocation.subcommand.iter().any(|word| word == "update")
        || (!push
            && invocation.subcommand.iter().any(|word| word == "fetch")
            && invocation.has_option("--all"));
    if every {
        return settings.remotes();
    }
    let remote = |kind| matches!(kind, OperandKind::Remote | OperandKind::Url);
    let operands = invocation.operands.iter().filter(|operand| remote(operand.kind));
    let mut named: Vec<Vec<u8>> =
        operands.map(|operand| operand.text.as_encoded_bytes().to_vec()).collect();
    let options = invocation
        .options
        .iter()
        .filter(|option| ["--repo", "--remote"].contains(&option.name.as_str()));
    if named.is_empty() {
        named.extend(options.filter_map(|it| Some(it.value.as_ref()?.as_encoded_bytes().to_vec())));
    }
    if named.is_empty() {
        named.push(default_remote(git, settings, push));
    }
    let bundles = invocation.options.iter().filter(|option| option.name == "--bundle-uri");
    named.extend(bundles.filter_map(|it| Some(it.value.as_ref()?.as_encoded_bytes().to_vec())));
    named.into_iter().flat_map(|name| settings.group(name)).collect()
}

/// The remote of the current branch, `remote.pushDefault`, the only one, or `origin`
/// (git-config(1), `branch.<name>.remote`).
fn default_remote(git: &Git<'_>, settings: &Settings, push: bool) -> Vec<u8> {
    let branch = git.ask(&["symbolic-ref", "-q", "--short", "HEAD"]).unwrap_or_default();
    let branch = branch.trim_ascii();
    let of_branch = |key: &[u8]| settings.last(&[b"branch.".as_slice(), branch, key].concat());
    let for_push = || {
        of_branch(b".pushremote").or_else(|| settings.last(b"remote.pushdefault")).filter(|_| push)
    };
    let found = for_push().or_else(|| of_branch(b".remote")).map(<[u8]>::to_vec);
    found.unwrap_or_else(|| match settings.remotes().as_slice() {
        [only] => only.clone(),
        _ => b"origin".to_vec(),
    })
}

/// The real git, asked with the call's own global options.
struct Git<'s> {
    globals: Vec<OsString>,
    surroundings: &'s dyn Surroundings,
}

impl Git<'_> {
    fn ask(&self, arguments: &[&str]) -> Option<Vec<u8>> {
        let arguments = arguments.iter().map(OsString::from);
        let all: Vec<OsString> = self.globals.iter().cloned().chain(arguments).collect();
        self.surroundings.output_of("git", &all).ok()
    }

    fn settings(&self) -> Option<Settings> {
        Some(Settings::read(&self.ask(&["config", "--list", "-z"])?))
    }

    /// The effective URLs of a remote, or of a URL given in its place.
    fn urls(&self, remote: &[u8], settings: &Settings, push: bool) -> Vec<Vec<u8>> {
        let name = str::from_utf8(remote).ok().filter(|name| !name.starts_with('-'));
        let known = settings.has_remote(remote);
        let told = name.and_then(|name| match known {
            true => self.urls_of_known(name, settings, push),
            false => self.url_of_file(name).map(|url| vec![url]),
        });
        told.unwrap_or_else(|| vec![settings.rewritten(remote, push)])
    }

    fn urls_of_known(&self, name: &str, settings: &Settings, push: bool) -> Option<Vec<Vec<u8>>> {
        let mut arguments = vec!["remote", "get-url", "--all"];
        arguments.extend(push.then_some("--push"));
        arguments.push(name);
        if let Some(urls) = self.ask(&arguments) {
            let lines = urls.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            return Some(lines.map(<[u8]>::to_vec).collect());
        }
        // A remote that only the call itself or a variable sets up is none for `git remote`.
        let set = settings.urls_of(name, push);
        (!set.is_empty()).then_some(set)
    }

    /// The URL of a remote that a file of its own names, as old repositories have them
    /// (gitrepository-layout(5), `branches` and `remotes`).
    fn url_of_file(&self, name: &str) -> Option<Vec<u8>> {
        if name.contains(['/', ':']) || name.trim_matches('.').is_empty() {
            return None;
        }
        let url = self.ask(&["ls-remote", "--get-url", name])?.trim_ascii().to_vec();
        (!url.is_empty() && url != name.as_bytes()).then_some(url)
    }
}

/// git's effective settings: keys (section and last part in lower case) and values, in order.
#[derive(Debug)]
pub(crate) struct Settings(Vec<(Vec<u8>, Vec<u8>)>);

impl Settings {
    pub(crate) fn read(listing: &[u8]) -> Self {
        let entries = listing.split(|byte| *byte == 0).filter(|entry| !entry.is_empty());
        let pair = |entry: &[u8]| {
            let cut = entry.iter().position(|byte| *byte == b'\n');
            let key = entry.get(..cut.unwrap_or(entry.len())).unwrap_or_default().to_vec();
            let value = cut.and_then(|cut| entry.get(cut.checked_add(1)?..));
            (key, value.unwrap_or(b"true").to_vec())
        };
        Self(entries.map(pair).collect())
    }

    /// Every value of a key, in order.
    pub(crate) fn every<'s>(&'s self, key: &'s [u8]) -> impl Iterator<Item = &'s [u8]> {
        self.0.iter().filter(move |(known, _)| known == key).map(|(_, value)| value.as_slice())
    }

    pub(crate) fn last(&self, key: &[u8]) -> Option<&[u8]> {
        let entry = self.0.iter().rev().find(|(known, _)| known == key)?;
        Some(entry.1.as_slice()).filter(|value| !value.is_empty())
    }

    pub(crate) fn has_remote(&self, name: &[u8]) -> bool {
        let head = [b"remote.".as_slice(), name, b"."].concat();
        self.0.iter().any(|(key, _)| key.starts_with(&head))
    }

    /// Where the settings say that a remote is, rewritten as git would.
    fn urls_of(&self, name: &str, push: bool) -> Vec<Vec<u8>> {
        let set = |last: &str| {
            let key = format!("remote.{name}.{last}").into_bytes();
            let entries = self.0.iter().filter(|(known, _)| *known == key);
            entries.map(|(_, url)| url.clone()).filter(|url| !url.is_empty()).collect::<Vec<_>>()
        };
        let for_push = if push { set("pushurl") } else { Vec::new() };
        if !for_push.is_empty() {
            return for_push.iter().map(|url| self.rewritten(url, false)).collect();
        }
        set("url").iter().map(|url| self.rewritten(url, push)).collect()
    }

    /// Every remote, in order of definition.
    fn remotes(&self) -> Vec<Vec<u8>> {
        let mut names: Vec<Vec<u8>> = Vec::new();
        for (key, _) in &self.0 {
            let name = key.strip_prefix(b"remote.").and_then(|rest| rest.strip_suffix(b".url"));
            if let Some(name) = name.filter(|name| !names.iter().any(|known| known == name)) {
                names.push(name.to_vec());
            }
        }
        names
    }

    /// The remotes of a group (`remotes.<group>`), or the name itself.
    fn group(&self, name: Vec<u8>) -> Vec<Vec<u8>> {
        match self.last(&[b"remotes.".as_slice(), &name].concat()) {
            Some(group) if !self.has_remote(&name) => group
                .split(u8::is_ascii_whitespace)
                .filter(|it| !it.is_empty())
                .map(<[u8]>::to_vec)
                .collect(),
            _ => vec![name],
        }
    }

    /// A URL with the longest fitting `pushInsteadOf` or `insteadOf` put in place.
    fn rewritten(&self, url: &[u8], push: bool) -> Vec<u8> {
        let rewrite = |suffix: &[u8]| {
            let fitting = self.0.iter().filter_map(|(key, prefix)| {
                let base = key.strip_prefix(b"url.")?.strip_suffix(suffix)?;
                Some((prefix.len(), [base, url.strip_prefix(prefix.as_slice())?].concat()))
            });
            fitting.max_by_key(|(length, _)| *length).map(|(_, url)| url)
        };
        let for_push = push.then(|| rewrite(b".pushinsteadof")).flatten();
        for_push.or_else(|| rewrite(b".insteadof")).unwrap_or_else(|| url.to_vec())
    }

    /// What settings do to an HTTP connection, whichever URL they are scoped to.
    fn bending(&self, remote: &[u8]) -> Vec<Void> {
        let mut voids = Vec::new();
        let of_remote = [b"remote.".as_slice(), remote, b".proxy"].concat();
        for (key, value) in &self.0 {
            let http = key.strip_prefix(b"http.");
            let ends = |name: &[u8]| {
                http.is_some_and(|rest| rest == name || rest.ends_with(&[b".", name].concat()))
            };
            let void = if (ends(b"proxy") || *key == of_remote || key == b"core.gitproxy")
                && !value.is_empty()
            {
                Void::Proxy
            } else if ends(b"sslverify") && !is_true(value) {
                Void::Insecure
            } else if ends(b"curloptresolve") && !value.is_empty() {
                Void::ConnectsElsewhere("http.curloptResolve".into())
            } else {
                continue;
            };
            if !voids.contains(&void) {
                voids.push(void);
            }
        }
        voids
    }
}

/// A truth value as git reads it: a word in any case, or a number that is not zero, which may
/// have a sign, a base and a unit (git-config(1), boolean). What is neither counts as not true.
fn is_true(value: &[u8]) -> bool {
    let value = value.to_ascii_lowercase();
    if matches!(value.as_slice(), b"true" | b"yes" | b"on") {
        return true;
    }
    let digits = value.strip_prefix(b"-").or_else(|| value.strip_prefix(b"+")).unwrap_or(&value);
    let digits = digits.strip_suffix(b"k").or_else(|| digits.strip_suffix(b"m")).unwrap_or(digits);
    let plain = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    plain && digits.iter().any(|digit| *digit != b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings::read(
            b"remote.origin.url\nhttps://a/\0remote.up.url\nx\0remotes.all\norigin up\0\
              url.https://evil/.insteadof\nhttps://github.com/\0\
              url.https://deep/.insteadof\nhttps://github.com/x/\0\
              url.ssh://push/.pushinsteadof\nhttps://github.com/\0http.https://a/.sslverify\nfalse\0\
              core.bare\0",
        )
    }

    #[test]
    fn the_longest_prefix_is_rewritten() {
        let settings = settings();
        assert_eq!(settings.rewritten(b"https://github.com/x/y", false), b"https://deep/y");
        assert_eq!(settings.rewritten(b"https://github.com/z", false), b"https://evil/z");
        assert_eq!(settings.rewritten(b"https://github.com/z", true), b"ssh://push/z");
        assert_eq!(settings.rewritten(b"https://gitlab.com/z", true), b"https://gitlab.com/z");
    }

    #[test]
    fn truth_is_read_as_git_reads_it() {
        for on in ["true", "YES", "On", "1", "-1", "2k"] {
            assert!(is_true(on.as_bytes()), "{on}");
        }
        for off in ["false", "No", "OFF", "0", "00", "+0", "0k", "", "0x0", "x"] {
            assert!(!is_true(off.as_bytes()), "{off}");
        }
    }

    #[test]
    fn remotes_and_groups_are_known() {
        let settings = settings();
        assert_eq!(settings.remotes(), [b"origin".to_vec(), b"up".to_vec()]);
        assert_eq!(settings.group(b"all".to_vec()).len(), 2);
        assert_eq!(settings.group(b"origin".to_vec()), [b"origin".to_vec()]);
        assert_eq!(settings.bending(b"origin"), [Void::Insecure]);
        assert_eq!(settings.last(b"core.bare"), Some(b"true".as_slice()));
    }
}
