//! The page itself: every test it names exists, and those of open ways are the ignored ones.

use std::fs;
use std::path::Path;

#[test]
fn every_row_names_tests_that_exist_and_says_whether_they_hold() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/BYPASSES.md")).unwrap();
    let mut named = 0;
    for row in page.lines().filter(|line| line.starts_with("| ")) {
        // A row that is closed in part names the tests of both parts.
        let open = row.contains("**open**") || row.contains("**not seen**");
        let mut ignored = 0;
        for (file, name) in row.split('`').filter_map(|word| word.split_once(".rs: ")) {
            let folder = if file.starts_with("crates/") { "" } else { "tests/e2e/" };
            let text = fs::read_to_string(root.join(format!("{folder}{file}.rs"))).unwrap();
            let head = format!("fn {}", name.trim_end_matches('…'));
            let before = text.split_once(&head).unwrap_or_else(|| panic!("{file}: {name}")).0;
            ignored += usize::from(before.rsplit_once("#[test]").unwrap().1.contains("#[ignore"));
            named += 1;
        }
        assert!(ignored == 0 || open, "an ignored test holds nothing: {row}");
        assert!(ignored > 0 || !open || !row.contains(".rs: "), "it is not open any more: {row}");
    }
    assert!(named > 40, "{named}");
}

#[test]
fn every_way_that_a_test_tries_is_on_the_page() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/BYPASSES.md")).unwrap();
    for entry in fs::read_dir(root.join("tests/e2e/bypass")).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        let names = text.lines().filter_map(|line| line.strip_prefix("fn ")?.strip_suffix("() {"));
        for name in names.filter(|_| file != "table") {
            assert!(page.contains(&format!("`bypass/{file}.rs: {name}`")), "{file}: {name}");
        }
    }
}
