//! The reference page of detectors is made from the detectors themselves.
//!
//! Run with `UPDATE_REFERENCE=1` to write it anew.

use std::fs;
use std::path::Path;

use datafog_scan::{About, abouts};

const HEAD: &str = "\
# Detectors

What can be found, by who issues it. A finding names its detector; a policy names detectors and
entities. `datafog detectors show NAME` tells the same of one, `datafog detectors test TEXT` tries
them all.

A confidence is that of a sound value: with a right checksum where there is one. Where only the shape
is right it is lower, or there is no finding.

This page is made from `detectors/`; a test keeps it so.
";

fn page() -> String {
    let mut page = String::from(HEAD);
    let abouts = abouts();
    page += &format!("\n{} detectors.\n", abouts.len());
    let mut provider = "";
    for about in &abouts {
        if about.provider != provider {
            provider = about.provider;
            page += &format!("\n## {provider}\n\n");
            page +=
                "| detector | finds | entity | severity | confidence |\n|---|---|---|---|---|\n";
        }
        page += &row(about);
    }
    page
}

fn row(about: &About) -> String {
    let summary = about.summary.replace('|', "\\|");
    format!(
        "| [`{}`]({}) | {summary} | `{}` | {} | {} |\n",
        about.id, about.url, about.entity, about.severity, about.confidence
    )
}

#[test]
fn the_reference_page_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/detectors.md");
    #[expect(clippy::disallowed_methods, reason = "a switch for whoever runs the test")]
    let update = std::env::var_os("UPDATE_REFERENCE").is_some();
    if update {
        fs::write(&path, page()).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(written, page(), "run the test with UPDATE_REFERENCE=1");
}
