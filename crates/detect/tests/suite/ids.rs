//! Ids of rows, orders, traces and users are no numbers of persons.
//!
//! Agents read pages full of them. Every number here is random and stands where a program prints
//! the ids of its own records; a detector that takes one of a thousand for a card or a person is
//! one that people switch off.

use std::collections::BTreeMap;

use datafog_core::{Channel, Key};
use datafog_detect::Scanner;

use crate::shared::template::Random;

/// Lines of logs, of data and of tools' answers; `#` is one id, each another.
const LINES: &[&str] = &[
    "2026-03-01T10:22:31Z INFO sync id=# status=ok",
    "2026-03-01 10:22:31,114 DEBUG [worker-3] processed # in 12 ms",
    "[INFO] request # finished",
    "INFO loaded record # from cache",
    "level=info msg=\"job done\" job=# trace=# span=#",
    "{\"id\": #, \"parentId\": #, \"state\": \"open\"}",
    "{\"id\":\"#\",\"order_id\":\"#\",\"user\":{\"uid\":#}}",
    "  \"tabId\": #,",
    "[#, #, #, #]",
    "[#,#,#]",
    "  #,",
    "#",
    "#\t#\topen",
    "#,2026-03-01,shipped,#",
    "#;anna;#;7",
    "\"#\",\"blue\",\"#\"",
    "| # | running | # |",
    "#  running  #",
    "row # updated",
    "created issue # for #",
    "order no. #",
    "loaded # from cache",
    "{\"items\":[{\"key\":#},{\"key\":#}]}",
    "Deleted #",
    "worker-3: # done",
    "GET /v2/items/# HTTP/1.1",
    "https://example.org/posts/#?after=#",
    "- # (closed)",
    "(#, 'open', #)",
    "commit offset # of partition 3",
    "id: #",
    "  run_id: '#'",
    "<item id=\"#\"/><id>#</id>",
    "trace # span #",
];

/// Lines of each shape per length.
const ROUNDS: usize = 400;

/// A random number of so many digits, as an id is printed.
fn id(random: &mut Random, length: usize) -> String {
    let mut digits = random.text("0123456789", length).into_bytes();
    if digits[0] == b'0' {
        digits[0] = b'1' + (random.next() % 9) as u8;
    }
    String::from_utf8(digits).unwrap()
}

/// The line with an id in place of each `#`, and how many they are.
fn filled(line: &str, random: &mut Random, length: usize) -> (String, usize) {
    let mut out = String::new();
    let mut ids = 0;
    for character in line.chars() {
        if character == '#' {
            out.push_str(&id(random, length));
            ids += 1;
        } else {
            out.push(character);
        }
    }
    out.push('\n');
    (out, ids)
}

#[test]
fn of_a_thousand_ids_at_most_one_is_taken_for_something_else() {
    let key = Key::from_bytes(&[7; 32]).unwrap();
    let mut alarms: BTreeMap<(String, usize), usize> = BTreeMap::new();
    let mut ids: BTreeMap<usize, usize> = BTreeMap::new();
    let mut samples: BTreeMap<(String, usize), String> = BTreeMap::new();
    for length in 8..=19 {
        let mut random = Random::new("ids", length);
        for line in LINES {
            // Ten lines of one shape are a text, as a program prints them.
            for _ in 0..ROUNDS / 10 {
                let lines: Vec<_> = (0..10).map(|_| filled(line, &mut random, length)).collect();
                let text: String = lines.iter().map(|(line, _)| line.as_str()).collect();
                *ids.entry(length).or_default() += lines.iter().map(|(_, ids)| ids).sum::<usize>();
                let mut found = Vec::new();
                Scanner::new(&key).scan(text.as_bytes(), &Channel::Stdin, &mut found);
                for one in found {
                    let kind = (one.detector.to_string(), length);
                    *alarms.entry(kind.clone()).or_default() += 1;
                    let place = text[..one.span.start()].rfind('\n').map_or(0, |at| at + 1);
                    samples
                        .entry(kind)
                        .or_insert_with(|| text[place..].lines().next().unwrap().to_owned());
                }
            }
        }
    }
    let too_many: Vec<_> = alarms
        .iter()
        .filter(|((_, length), alarms)| **alarms * 1000 > ids[length])
        .map(|(kind, alarms)| {
            let rate = *alarms as f64 * 1000.0 / ids[&kind.1] as f64;
            format!("{} of {} digits: {rate:.1}, such as `{}`", kind.0, kind.1, samples[kind])
        })
        .collect();
    assert!(too_many.is_empty(), "alarms per thousand ids:\n{}", too_many.join("\n"));
}
