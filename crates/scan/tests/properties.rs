//! A text is told the same whether it comes whole, in pieces, from a file or out of an archive.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]

use std::fs;
use std::io::{self, Read, Write};

use datafog_core::{Channel, Confidence, Key};
use datafog_detect::Scanner;
use datafog_scan::{Options, Progress, Report, Text, read, stream, walk};
use proptest::prelude::*;

/// What a person can see of a report.
fn shown(mut report: Report) -> serde_json::Value {
    report.sort();
    report.findings.iter_mut().for_each(|found| found.path = "-".to_owned());
    serde_json::to_value(&report).unwrap()
}

/// A reader that gives as many bytes as it likes.
struct Cut<'t, I> {
    text: &'t [u8],
    cuts: I,
}

impl<I: Iterator<Item = usize>> Read for Cut<'_, I> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.cuts.next().unwrap_or(usize::MAX).clamp(1, buffer.len());
        self.text.read(&mut buffer[..count])
    }
}

/// Lines that hold something, and what may stand between them. Values are put together here, so
/// that no whole one stands in this file.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let token = format!("{}{}", "glpat-", "Zx8pQ2vK9sLm4TnR7wYb");
    let lines = [
        format!("token = \"{token}\"\n"),
        format!("token = \"{token}\" # datafog:allow\n"),
        format!("# datafog:allow gitlab-pat\ncurl -H 'PRIVATE-TOKEN: {token}' x\n"),
        format!("mysql -u root -p{} db\n", "Tr4vel5"),
        format!("mysql -u root \\\n  -p{} db\n", "Tr4vel6"),
        format!("mysql -p{token}\r\n"),
        "someone@company.org, 4111 1111 1111 1111\n".to_owned(),
        "äöü ".to_owned(),
        "\n".to_owned(),
        " ".to_owned(),
        "# datafog:allow\n".to_owned(),
        "password: hunter2hunter\\\n".to_owned(),
    ];
    let piece = prop_oneof![
        8 => proptest::sample::select(lines.to_vec()).prop_map(String::into_bytes),
        1 => proptest::collection::vec(1..=255_u8, 0..40),
        1 => (32..=126_u8, 0..20_000_usize).prop_map(|(byte, count)| vec![byte; count]),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn every_way_tells_the_same(
        text in text(),
        cuts in proptest::collection::vec(1..70_000_usize, 1..40),
        repeat in 1..6_usize,
    ) {
        let text = text.repeat(repeat);
        let key = Key::new(&[7; 32]);
        let options = Options { binary: true, archives: true, ..Options::new(&key) };
        let mut whole = Report::default();
        Text::whole(&options, "-", &text, &mut whole);
        let whole = shown(whole);

        let mut pieces = Report::default();
        stream(Cut { text: &text, cuts: cuts.iter().copied().cycle() }, "-", &options, &mut pieces);
        prop_assert_eq!(&whole, &shown(pieces));

        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), &text).unwrap();
        let files = walk(&[folder.path().to_owned()], &options, &Progress::default());
        prop_assert_eq!(&whole, &shown(files));

        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(&text).unwrap();
        let mut archived = Report::default();
        read(packed.finish().unwrap().as_slice(), "-", &options, &mut archived);
        prop_assert_eq!(&whole, &shown(archived));
    }

    #[test]
    fn what_the_detectors_find_is_told_unless_something_longer_stands_there(text in text()) {
        let key = Key::new(&[7; 32]);
        let options = Options { floor: Confidence::percent(0), ..Options::new(&key) };
        let mut findings = Vec::new();
        let scanner = Scanner::new(&key).with_floor(options.floor);
        scanner.scan(&text, &Channel::Stdin, &mut findings);
        let mut report = Report::default();
        Text::whole(&options, "-", &text, &mut report);
        prop_assert_eq!(report.allowed.inline > 0, report.findings.len() < told(&text, &options));
        for finding in findings {
            let span = finding.span;
            let same = |start, end, detector: &str| {
                (start, end) == (span.start(), span.end()) && detector == finding.detector
            };
            let longer = |start: usize, end: usize| {
                start < span.end() && span.start() < end && end - start > span.len()
            };
            let stands = report.findings.iter().any(|found| {
                same(found.start, found.end, &found.detector) || longer(found.start, found.end)
            });
            prop_assert!(stands || report.allowed.inline > 0, "{:?}", finding);
        }
    }
}

/// Findings of the same text without its comments.
fn told(text: &[u8], options: &Options<'_>) -> usize {
    let mut text = text.to_vec();
    let mark = b"datafog:allow";
    for at in 0..text.len().saturating_sub(mark.len() - 1) {
        if text[at..].starts_with(mark) {
            text[at] = b'D';
        }
    }
    let mut report = Report::default();
    Text::whole(options, "-", &text, &mut report);
    report.findings.len()
}
