//! What a server is told, and what it refuses.

use std::collections::BTreeSet;
use std::fs;

use base64::Engine as _;

use super::*;

#[test]
fn a_bad_setting_is_an_error_that_names_it() {
    let install = Install::bare();
    let refused = |start: Start, named: &str| {
        let ended = start.run().ends_with(4);
        assert!(ended.stderr().contains(named), "{}", ended.stderr());
        assert_eq!(ended.stdout(), "");
    };
    refused(install.datafog(["serve", "--judges", "none"]), "`--judges`");
    refused(
        install.datafog(["serve"]).env("DATAFOG_READ_TIMEOUT", "soon"),
        "`DATAFOG_READ_TIMEOUT`",
    );
    refused(
        install.datafog(["serve"]).env("DATAFOG_POLICY_PATH", "/p.yaml"),
        "`DATAFOG_POLICY_PATH`",
    );
    fs::write(install.root().join("server.toml"), "adress = \"x\"\n").unwrap();
    refused(install.datafog(["serve"]), "`adress`");
    let none = install.datafog(["serve", "--config", "/nowhere.toml"]).run().ends_with(5);
    assert!(none.stderr().contains("/nowhere.toml"), "{}", none.stderr());
}

#[test]
fn others_are_not_answered_in_plain_text_and_nobody_without_a_credential() {
    let install = Install::bare();
    let open = install.datafog(["serve", "--addr", "0.0.0.0:0"]).run().ends_with(2);
    assert!(open.stderr().contains("tls_cert"), "{}", open.stderr());
    let anonymous = install.datafog(["serve", "--addr", ":0", "--anonymous"]).run().ends_with(4);
    assert!(anonymous.stderr().contains("anonymous"), "{}", anonymous.stderr());
}

#[test]
fn an_anonymous_caller_may_ask_and_sees_nothing() {
    let install = Install::bare();
    fs::write(install.root().join("server.toml"), "anonymous = true\n").unwrap();
    let server = Server::start(&install);
    let asked = ["-H", "Content-Type: application/json", "-d", r#"{"text":"ann@posteo.de"}"#];
    assert_eq!(server.curl("/v1/scan", &asked).status, 200);
    assert_eq!(server.curl("/v1/receipts", &[]).status, 403);
    let wrong = [&["-H", "X-API-Key: wrong"], &asked[..]].concat();
    assert_eq!(server.curl("/v1/scan", &wrong).status, 401, "a wrong credential is none");
    let page = [&["-H", "Origin: https://evil.example"], &asked[..]].concat();
    assert_eq!(server.curl("/v1/scan", &page).status, 403);
}

#[test]
fn the_original_services_variables_hold() {
    let install = Install::bare();
    let start = install.datafog(["serve"]).env("DATAFOG_ADDR", "localhost:0");
    let start = start.env("DATAFOG_API_TOKEN", "a-shared-token-of-25-letters");
    let server = Server::with(start.env("DATAFOG_RATE_LIMIT_RPS", "2"));
    assert_eq!(server.first_key, None, "who shares a token needs no key");
    let statuses: Vec<u16> = (0..5)
        .map(|_| server.get("a-shared-token-of-25-letters", "/v1/policy/version").status)
        .collect();
    assert_eq!(statuses[0], 200, "{statuses:?}");
    assert!(statuses.contains(&429), "{statuses:?}");
}

#[test]
fn a_unix_socket_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let install = Install::bare();
    let socket = install.root().join("socket");
    let address = format!("unix:{}", socket.display());
    let server = Server::with(install.datafog(["serve", "--addr", &address]));
    assert_eq!(server.address, address);
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    let path = socket.to_str().unwrap();
    assert_eq!(curl(&["--unix-socket", path, "http://localhost/health"]).status, 200);
}

/// Bytes as PEM (RFC 7468).
fn pem(kind: &str, bytes: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(bytes);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", lines.join("\n"))
}

#[test]
fn with_a_certificate_it_speaks_tls_and_nothing_else() {
    let install = Install::bare();
    let made = rcgen::generate_simple_self_signed([String::from("localhost")]).unwrap();
    let (certificate, key) = (install.work().join("cert.pem"), install.work().join("key.pem"));
    fs::write(&certificate, pem("CERTIFICATE", made.cert.der())).unwrap();
    fs::write(&key, pem("PRIVATE KEY", &made.signing_key.serialize_der())).unwrap();
    let files = ["--tls-cert", certificate.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    let server = Server::with(install.datafog(["serve", "--addr", "0.0.0.0:0"]).args(files));
    let port = server.address.rsplit(':').next().unwrap();
    let address = format!("https://localhost:{port}/health");
    let trusted = ["--cacert", certificate.to_str().unwrap(), "--ipv4", &address];
    assert_eq!(curl(&trusted).status, 200);
    assert_eq!(curl(&["--ipv4", &address]).status, 0, "a certificate that nobody vouches for");
    assert_eq!(curl(&[&format!("http://127.0.0.1:{port}/health")]).status, 0);
    let wrong = ["--tls-cert", key.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    let refused = install.datafog(["serve"]).args(wrong).run().ends_with(4);
    assert!(refused.stderr().contains("key.pem"), "{}", refused.stderr());
}

/// The long options in a text.
fn options(text: &str) -> BTreeSet<String> {
    let names = text
        .split("--")
        .skip(1)
        .filter_map(|rest| rest.split(|c: char| !c.is_ascii_lowercase() && c != '-').next());
    let is_name = |name: &&str| name.starts_with(|c: char| c.is_ascii_lowercase());
    names.filter(is_name).map(str::to_owned).collect()
}

#[test]
fn every_option_that_the_page_names_is_there_and_the_page_names_every_option() {
    let install = Install::bare();
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/SERVER.md");
    let page = options(&fs::read_to_string(page).unwrap());
    let help = |words: &[&str]| {
        options(&install.datafog(words).args(["--help"]).run().succeeds().stdout())
    };
    let (serve, key) = (help(&["serve"]), help(&["key", "create"]));
    let others = [help(&["receipts", "verify"]), help(&["policy", "pull"])];
    for option in &page {
        let known = serve.contains(option) || key.contains(option);
        let known = known || others.iter().any(|other| other.contains(option));
        assert!(known, "the page names `--{option}`, which no command has");
    }
    for option in serve.union(&key).filter(|it| !["color", "help", "json"].contains(&it.as_str())) {
        assert!(page.contains(option), "the page does not name `--{option}`");
    }
}
