//! URLs, proxies and `--resolve`: URL · proxy · resolve, as curl gets them.
//!
//! Asserts: nothing panics; a URL that counts as a secret's home names that very host for the WHATWG
//! parser too; a password and a query are never shown.

#![no_main]

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use datafog_core::Invocation;
use datafog_fuzz::{World, assert_places, assert_resolved, parts};
use datafog_shim::{display, interpret, normal_form, resolve};
use libfuzzer_sys::fuzz_target;

const HOME: &str = "api.github.com";
const VALUE: &str = "Tk3q9Zr7Lw";

fuzz_target!(|data: &[u8]| {
    let mut parts = parts(data).map(<[u8]>::to_vec);
    let url = parts.next().unwrap_or_default();
    let plain = read(vec![url.clone()]);
    assert_home_is_what_it_says(&url, &plain);
    if let Some(proxy) = parts.next() {
        let resolve = parts.next().unwrap_or_default();
        let words = [b"--proxy".to_vec(), proxy, b"--resolve".to_vec(), resolve, url.clone()];
        let bent = read(words.to_vec());
        let home =
            |it: &Invocation| it.destinations.iter().filter(|one| one.is_home(&[HOME])).count();
        assert!(
            home(&bent) <= home(&plain)
                || bent
                    .destinations
                    .iter()
                    .all(|it| it.is_loopback() || it.reach == datafog_core::Reach::Loopback),
            "a proxy makes no home: {bent:?}"
        );
    }
    assert_hidden(&url);
});

fn read(words: Vec<Vec<u8>>) -> Invocation {
    let argv = argv(words);
    let mut invocation = interpret(&argv, &World::default());
    assert_places(&argv, &invocation);
    resolve(&mut invocation, &World::default());
    assert_resolved(&invocation);
    invocation
}

fn argv(words: Vec<Vec<u8>>) -> Vec<OsString> {
    let words = words.into_iter().map(|word| word.into_iter().filter(|byte| *byte != 0).collect());
    std::iter::once(b"curl".to_vec()).chain(words).map(OsString::from_vec).collect()
}

/// A second parser must agree before a secret may go there. Globs name many hosts, judged one by
/// one, and are left out.
fn assert_home_is_what_it_says(text: &[u8], invocation: &Invocation) {
    let Some(text) = str::from_utf8(text).ok().filter(|text| !text.contains(['{', '[', '\0']))
    else {
        return;
    };
    if invocation.destinations.iter().any(|it| it.is_home(&[HOME])) && !text.starts_with('-') {
        let whole = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let parsed = url::Url::parse(&whole).ok();
        let host =
            parsed.as_ref().and_then(url::Url::host_str).map(|host| host.trim_end_matches('.'));
        assert!(host.is_some_and(|host| host.eq_ignore_ascii_case(HOME)), "{text:?} {parsed:?}");
    }
}

/// What stands before the `@` and behind the `?` is not shown, whatever the rest looks like.
fn assert_hidden(rest: &[u8]) {
    if rest.windows(VALUE.len()).any(|window| window == VALUE.as_bytes()) {
        return;
    }
    let with_user = [format!("https://me:{VALUE}@").as_bytes(), rest].concat();
    assert_not_shown(with_user);
    if !rest.contains(&b'#') {
        assert_not_shown([b"https://h.example/".as_slice(), rest, b"?", VALUE.as_bytes()].concat());
    }
}

fn assert_not_shown(url: Vec<u8>) {
    let argv = argv(vec![url]);
    let invocation = interpret(&argv, &World::default());
    let line = display(&argv, &invocation, &|_| Vec::new());
    assert!(!line.contains(VALUE), "{line}");
    let form = normal_form(&invocation, &[]);
    assert!(!form.contains(VALUE), "{form}");
}
