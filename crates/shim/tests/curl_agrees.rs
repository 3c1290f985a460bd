//! The host that we judge is the host that the curl of this machine contacts.
//!
//! curl is asked with every name bent to the discard port of this machine, so nothing is sent
//! anywhere; its own words tell which host it took from the URL. Where curl refuses the URL,
//! anything may be judged. Without curl nothing is tested.

use std::ffi::OsString;
use std::process::{Command, Stdio};

use datafog_core::{Destination, HostName, Invented, Void};
use datafog_shim::interpret;
use proptest::prelude::*;

/// The hosts that curl looks up for a URL, in its own words.
fn contacted(url: &str) -> Option<Vec<String>> {
    let output = Command::new("curl")
        .args(["-q", "-sv", "--noproxy", "*", "--max-time", "2", "--resolve", "*:9:127.0.0.1", url])
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    let host = |line: &str| {
        let rest = line.strip_prefix("* Hostname ")?;
        Some(rest.strip_suffix(" was found in DNS cache")?.to_owned())
    };
    Some(talk.lines().filter_map(host).collect())
}

fn judged(url: &str) -> Option<Destination> {
    let argv: Vec<OsString> = ["curl", url].map(Into::into).into();
    interpret(&argv, &Invented::default()).destinations.into_iter().next()
}

fn name_of(host: &HostName) -> String {
    match host {
        HostName::Ip(ip) => ip.to_string(),
        HostName::Name(name) => name.clone(),
        HostName::Deferred(_) | HostName::Unknown => "?".into(),
    }
}

/// Whoever curl contacts is the one we named, or we said that nobody can tell.
fn agrees(url: &str) -> Result<(), String> {
    let mine = judged(url).ok_or_else(|| format!("{url:?}: nobody"))?;
    if mine.voids.contains(&Void::Ambiguous) {
        return Ok(());
    }
    let name = name_of(&mine.host);
    let theirs = contacted(url).unwrap_or_default();
    let same = |host: &String| host.to_ascii_lowercase().trim_end_matches('.') == name;
    if theirs.iter().all(same) { Ok(()) } else { Err(format!("{url:?}: {name}, but {theirs:?}")) }
}

#[test]
fn curl_tells_whom_it_contacts() {
    let hosts = contacted("http://api.github.com:9/");
    assert!(hosts.is_none_or(|hosts| hosts == ["api.github.com"]));
}

#[test]
fn tricks_with_urls_do_not_part_us_from_curl() {
    let hosts = [
        "api.github.com:9",
        "API.GitHub.com:9",
        "api.github.com.:9",
        "a@api.github.com:9",
        "api.github.com:9@evil.net:9",
        "api.github.com:@evil.net:9",
        "api.github.com;@evil.net:9",
        "api.github.com\\@evil.net:9",
        "evil.net\\.api.github.com:9",
        "a@b@api.github.com:9",
        "api%2egithub.com:9",
        "api.github.com%00.evil.net:9",
        "127.1:9",
        "0177.0.0.01:9",
        "0x7f000001:9",
        "1.2.3.999:9",
        "08.1.1.1:9",
        "4294967296:9",
        "1.16777215:9",
        "1.2.65536:9",
        "1.2.3.4.:9",
        "[::1]:9",
        "[::1%25lo]:9",
        "[::ffff:1.2.3.4]:9",
        "api.github.com:09",
        "api.github.com:9x",
        "bücher.example:9",
        "ＡＰＩ.github.com:9",
        "api。github。com:9",
        "faß.de:9",
        ".api.github.com:9",
        "ap_i.github.com:9",
        "a,b:9",
        "{a,b}.github.com:9",
        "api[1-2].github.com:9",
        "x.localhost:9",
        "xn--bcher-kva.example:9",
        "api.github.com:9#@e.net",
        "api.github.com:9?@e.net",
        "u:p@[::1]:9",
        "api.github.com%2f.evil.net:9",
    ];
    let schemes = ["http://", "", "http:/", "http:///", "HTTP://", "https://"];
    let urls = schemes.iter().flat_map(|scheme| hosts.map(|host| format!("{scheme}{host}/x")));
    let wrong: Vec<String> = urls.filter_map(|url| agrees(&url).err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..Default::default() })]

    #[test]
    fn random_authorities_do_not_part_us_from_curl(
        scheme in "(https?://)?",
        authority in r"([a-c0-2x.@:%\\_;,~!$&'()*+=é-]|git|0x|::|\[|\]|%25|%2e){1,10}",
        rest in ":9(/|#x|\\?@y|)",
    ) {
        // curl takes a leading dash for an option.
        prop_assume!(!(scheme.is_empty() && authority.starts_with('-')));
        prop_assert_eq!(agrees(&format!("{scheme}{authority}{rest}")), Ok(()));
    }
}
