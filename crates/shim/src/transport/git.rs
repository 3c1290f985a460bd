//! Calls of git to its remotes.
//!
//! The remote's URL is left to the source `git-remote`, because any URL, even one in argv, can be
//! rewritten by git's settings. Settings on the command line (`-c`) are content where they carry
//! some. A path of this machine is no destination.

use datafog_core::{
    Carrier, ContentSource, Deliver, Destination, Flow, HostName, Invocation, Operand, OperandKind,
    Reach, Surroundings, Void,
};

use crate::address::{self, Address, Style};
use crate::behind::git_may_start;
use crate::gather;
use crate::profile::Effect;
use crate::read::{Call, Given};
use crate::redirect::Redirected;
use crate::text::Text;
use crate::transport::http::straight_reach;
use crate::transport::ssh;

/// Works out whether a remote is contacted.
pub(crate) fn contact(call: &Call<'_>, surroundings: &dyn Surroundings, to: &mut Invocation) {
    settle_files(call, to);
    settings(call, surroundings, to);
    helpers(to);
    commands(to);
    to.gathers = gather::of_git(&to.subcommand);
    to.starts = to.starts || git_may_start(call, surroundings);
    if call.stray.is_some() {
        to.starts = true;
        // An alias or a program of another: it may go anywhere.
        to.flows = to.flows.with(Flow::Leaves);
        reach(call, surroundings, to, HostName::Deferred("git-alias".into()));
    }
    if call.stray.is_some() || !reaches(to) {
        return;
    }
    let remote = |kind| matches!(kind, OperandKind::Remote | OperandKind::Url);
    let named = to.operands.iter().filter(|operand| remote(operand.kind));
    let mut here = named.map(|operand| is_plain_path(operand.text.as_encoded_bytes())).peekable();
    let bundled = to.has_option("--bundle-uri");
    if here.peek().is_some() && here.all(|here| here) && !bundled {
        to.flows = to.flows.without(Flow::Enters).with(Flow::Stays);
        if to.destinations.is_empty() {
            to.flows = to.flows.without(Flow::Leaves);
        }
        return;
    }
    // These have servers of their own in settings that are not looked at.
    let elsewhere = ["imap-send", "lfs", "p4", "send-email", "submodule", "svn"];
    let other = to.subcommand.first().is_some_and(|word| elsewhere.contains(&word.as_str()));
    // A new submodule is cloned from the URL that is given.
    let url = |operand: &Operand| operand.text.as_encoded_bytes().windows(3).any(|it| it == b"://");
    let adds = to.subcommand == ["submodule", "add"] && to.operands.first().is_some_and(url);
    let other = other && !adds;
    let deferred = HostName::Deferred("git-remote".into());
    let contacts = to.subcommand.last().is_none_or(|word| word != "foreach");
    if contacts && moves(call, to) {
        reach(call, surroundings, to, if other { HostName::Unknown } else { deferred });
    }
}

/// Files of content are named as seen from the folder that git works in.
fn settle_files(call: &Call<'_>, to: &mut Invocation) {
    let folders = call.given.iter().filter(|it| it.spec.effect == Some(Effect::Directory));
    let folders = folders.filter_map(|given| Some(given.value.as_ref()?.to_path()));
    let Some(folder) = folders.reduce(|folder, next| folder.join(next)) else { return };
    for content in &mut to.contents {
        if let Carrier::File(path) = &mut content.carrier {
            *path = folder.join(&*path);
        }
    }
}

/// Whether the subcommand itself goes to a remote, whatever commands it was given.
fn moves(call: &Call<'_>, to: &Invocation) -> bool {
    let scope = call.scope().flows;
    let adds = call.given.iter().any(|given| given.spec.adds.has(Flow::Enters));
    let drops = to.flows.has(Flow::Enters) || to.flows.has(Flow::Leaves);
    drops && (scope.has(Flow::Leaves) || scope.has(Flow::Enters) || adds)
}

fn reach(call: &Call<'_>, surroundings: &dyn Surroundings, to: &mut Invocation, host: HostName) {
    let mut voids = Redirected::of(call, surroundings).voids;
    let elsewhere = |given: &&Given<'_>| given.spec.effect == Some(Effect::ConnectsElsewhere);
    let elsewhere = call.given.iter().filter(elsewhere).filter(|given| given.value.is_some());
    voids.extend(elsewhere.map(|given| Void::ConnectsElsewhere(given.spec.name.to_owned())));
    to.destinations.push(Destination {
        scheme: "git".into(),
        host,
        port: None,
        reach: Reach::Unknown,
        voids,
    });
}

fn reaches(to: &Invocation) -> bool {
    to.flows.has(Flow::Leaves) || to.flows.has(Flow::Enters)
}

/// A remote `ext::COMMAND` is a command (gitremote-helpers(7)).
fn helpers(to: &mut Invocation) {
    let helper = |operand: &&Operand| operand.text.as_encoded_bytes().starts_with(b"ext::");
    let places: Vec<_> = to.operands.iter().filter(helper).filter_map(|it| it.place).collect();
    let contents = places.into_iter().map(|place| content(Carrier::Argument(place), "command"));
    to.contents.splice(0..0, contents.collect::<Vec<_>>());
}

/// Commands that git is given to run (`rebase -x`, `bisect run`, aliases) do what they say, below
/// git's own folder of programs, where no wrapper is first on PATH: whatever they hold may leave.
fn commands(to: &mut Invocation) {
    let mut any = false;
    for content in to.contents.iter_mut().filter(|content| content.role == "command") {
        content.flow = Flow::Leaves;
        any = true;
    }
    if any {
        leave_unknown(to);
    }
}

/// The call may go anywhere.
fn leave_unknown(to: &mut Invocation) {
    to.flows = to.flows.with(Flow::Leaves);
    to.destinations.push(Destination::untold("command"));
}

/// Settings given in argv: `-c key=value`, `--config-env key=NAME`, `clone --config key=value`.
fn settings(call: &Call<'_>, surroundings: &dyn Surroundings, to: &mut Invocation) {
    for given in &call.given {
        let Some(whole) = &given.value else { continue };
        let Some((key, value)) = whole.split_at_byte(b'=') else { continue };
        let key = key.bytes.to_ascii_lowercase();
        let (whole, value) = match given.spec.effect {
            Some(Effect::Setting) => (whole.clone(), value),
            Some(Effect::SettingFromVariable) => {
                let name = value.utf8().unwrap_or_default();
                let found = surroundings.variable(name).map(|value| value.as_encoded_bytes());
                let value = Text::of_file(found.unwrap_or_default().to_vec());
                (value.clone(), value)
            }
            _ => continue,
        };
        setting(&key, &whole, &value, to);
    }
}

fn setting(key: &[u8], whole: &Text<'_>, value: &Text<'_>, to: &mut Invocation) {
    let alias = key.starts_with(b"alias.") && value.starts_with(b"!");
    if key.ends_with(b".extraheader") {
        let lower = value.bytes.to_ascii_lowercase();
        let role =
            if lower.starts_with(b"authorization") { "header:authorization" } else { "header" };
        let mut header = content(value.carrier(), role);
        // Which of git's programs reach a host in the end is not told by the first word alone.
        header.flow = Flow::Leaves;
        to.contents.push(header);
        if !reaches(to) {
            leave_unknown(to);
        }
    } else if alias || runs(key, &value.bytes) {
        if alias {
            to.unclear.push("a git alias runs a command of its own".to_owned());
        }
        to.contents.push(content(whole.carrier(), "command"));
    } else if reaches(to) {
        to.contents.push(content(whole.carrier(), "setting"));
    }
}

/// Whether the value of a setting is a command, or leads to some (git-config(1)).
fn runs(key: &[u8], value: &[u8]) -> bool {
    const COMMANDS: [&[u8]; 20] = [
        b"askpass",
        b"clean",
        b"cmd",
        b"command",
        b"difffilter",
        b"driver",
        b"editor",
        b"external",
        b"fsmonitor",
        b"gitproxy",
        b"hookspath",
        b"pager",
        b"packobjectshook",
        b"process",
        b"program",
        b"receivepack",
        b"recentobjectshook",
        b"smudge",
        b"sshcommand",
        b"textconv",
    ];
    let name = key.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    let pager = key.starts_with(b"pager.");
    let helper = name == b"helper" && (value.starts_with(b"!") || value.contains(&b'/'));
    let on = !matches!(value, b"" | b"true" | b"false");
    (COMMANDS.contains(&name) || name == b"uploadpack" || pager || helper) && on
}

fn content(carrier: Carrier, role: &str) -> ContentSource {
    ContentSource { carrier, flow: Flow::Leaves, role: role.to_owned(), deliver: Deliver::Handle }
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
