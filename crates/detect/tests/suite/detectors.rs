//! Every detector's examples are found, its counter-examples are not.

use std::collections::BTreeSet;

use crate::files::{Described, files};
use crate::shared::template::{Example, expand};
use datafog_core::{Channel, Confidence, Finding, Key};
use datafog_detect::{Scanner, detector, detectors};

fn scan(text: &str) -> Vec<Finding> {
    let key = Key::from_bytes(&[7; 32]).unwrap();
    let mut out = Vec::new();
    let scanner = Scanner::new(&key).with_floor(Confidence::percent(0));
    scanner.scan(text.as_bytes(), &Channel::Stdin, &mut out);
    out
}

fn each(mut judge: impl FnMut(&Described) -> Vec<String>) {
    let wrong: Vec<String> =
        files().iter().flat_map(|file| &file.detector).flat_map(&mut judge).collect();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_example_is_found_where_it_stands() {
    each(|one| {
        let mut wrong = Vec::new();
        for (index, source) in one.examples.iter().enumerate() {
            let Example { text, span } = expand(source, &one.id, index);
            let found = scan(&text);
            let right =
                |f: &&Finding| f.detector == one.id && (f.span.start(), f.span.end()) == span;
            if !found.iter().any(|finding| right(&finding)) {
                let others: Vec<_> = found
                    .iter()
                    .map(|f| (f.detector.clone(), f.span.start(), f.span.end()))
                    .collect();
                wrong.push(format!("{}: {source} -> {text} {span:?}: {others:?}", one.id));
            }
        }
        wrong
    });
}

#[test]
fn no_counter_example_is_found() {
    each(|one| {
        let mut wrong = Vec::new();
        for (index, source) in one.counter_examples.iter().enumerate() {
            let Example { text, .. } = expand(source, &one.id, 1000 + index);
            if scan(&text).iter().any(|finding| finding.detector == one.id) {
                wrong.push(format!("{}: {source} -> {text}", one.id));
            }
        }
        wrong
    });
}

#[test]
fn no_value_shows_in_preview_or_debug() {
    each(|one| {
        let mut wrong = Vec::new();
        for (index, source) in one.examples.iter().enumerate() {
            let Example { text, .. } = expand(source, &one.id, index);
            for finding in scan(&text) {
                let value = &text[finding.span.start()..finding.span.end()];
                let secret = &value[value.len() / 2..];
                let shown = format!("{finding:?}");
                let fingerprint = finding.fingerprint.to_string();
                if secret.len() > 3 && shown.replace(&fingerprint, "").contains(secret) {
                    wrong.push(format!("{}: {shown}", one.id));
                }
            }
        }
        wrong
    });
}

#[test]
fn ids_are_unique_and_known() {
    let ids: BTreeSet<_> = detectors().iter().map(|one| one.id).collect();
    assert_eq!(ids.len(), detectors().len());
    let described: usize = files().iter().map(|file| file.detector.len()).sum();
    assert_eq!(described, detectors().len());
    for one in detectors() {
        assert_eq!(detector(one.id).map(|found| found.entity), Some(one.entity));
        assert!(one.url.starts_with("https://") && !one.revoke.is_empty(), "{}", one.id);
        assert!(one.hosts.iter().all(|host| !host.contains('/')), "{}", one.id);
    }
    assert!(detector("no-such-detector").is_none());
}

#[test]
fn no_whole_token_stands_in_the_data_files() {
    for file in files() {
        let found: Vec<_> = scan(&file.text)
            .into_iter()
            .filter(|one| {
                one.entity.starts_with("secret.") && one.confidence > Confidence::percent(80)
            })
            .filter(|one| !one.detector.starts_with("generic") && !one.detector.contains("url"))
            // A template is no token.
            .filter(|one| !one.span.of(file.text.as_bytes()).unwrap().contains(&b'{'))
            .map(|one| (one.detector, one.span))
            .collect();
        assert!(found.is_empty(), "{}: {found:?}", file.name);
    }
}

#[test]
fn tokens_that_touch_are_both_found() {
    let sources = [
        "ghp_{github-crc32:30}",
        "ghr_{github-crc32:70}",
        "sk_live_{base62:24}",
        "AKIA{base32:16}",
        "github_pat_{base62:22}_{base62:59}",
    ];
    for source in sources {
        let (one, two) = (expand(source, "touch", 1).text, expand(source, "touch", 2).text);
        let found = scan(&format!("{one}{two}"));
        let spans: Vec<_> = found.iter().map(|f| (f.span.start(), f.span.end())).collect();
        assert_eq!(spans, [(0, one.len()), (one.len(), one.len() + two.len())], "{source}");
    }
}
