//! A scan that finds nothing, however unsure, allocates nothing: the gate looks at every command
//! line.

use datafog_core::{Channel, Key};
use datafog_detect::Scanner;

/// Texts in which much is looked at and nothing is found.
const NOTHING: [&str; 9] = [
    "",
    "run --release --target x86_64-unknown-linux-gnu -p server -- --listen on port 80",
    "git commit -m 'Fix the password prompt: do not echo' -- src/login.rs",
    "curl -sSf https://static.example.com/v1.2.3/tool-x86_64.tar.gz -o tool.tar.gz",
    "password=${PASSWORD} token=<your token> api_key = os.environ['KEY']",
    "ghp_ AKIA sk_live_ eyJ -----BEGIN CERTIFICATE----- 4111 1111 123-45 +1 212 1.1.1",
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 v2.5.29.14",
    "crates/detect/src/validator/SecretKeyBaseOfTheValidators/AnotherLongerName.rs",
    "let message = concat!(\"no\", \"thing\"); // user@localhost, 10:20:30, 2024-02-40",
];

/// Calls of the allocator while `text` is scanned, and how much is found.
fn scanned(key: &Key, text: &[u8]) -> (u64, usize) {
    let scanner = Scanner::new(key);
    let mut found = Vec::new();
    let counted = allocation_counter::measure(|| {
        scanner.scan(text, &Channel::Stdin, &mut found);
    });
    (counted.count_total, found.len())
}

#[test]
fn nothing_found_allocates_nothing() {
    let key = Key::from_bytes(&[7; 32]).unwrap();
    for text in NOTHING {
        assert_eq!(scanned(&key, text.as_bytes()), (0, 0), "{text}");
    }
    let long = NOTHING.join("\n").repeat(300);
    assert_eq!(scanned(&key, long.as_bytes()), (0, 0));
}

#[test]
fn the_counter_counts() {
    let key = Key::from_bytes(&[7; 32]).unwrap();
    let text = "mail jane.roe@mail-host.org";
    let (allocations, found) = scanned(&key, text.as_bytes());
    assert!(found == 1 && allocations > 0);
}
