//! Where a secret may go: to the service that issued it, and anywhere on this machine.

use crate::support::{Egress, Install, github_token};

#[test]
fn what_stays_on_this_machine_passes_and_is_recorded() {
    let (install, server) = (Install::new(&["curl"]), Egress::start());
    let body = format!("key={}", github_token(21));
    for host in ["127.0.0.1", "localhost", "127.0.0.2", "2130706433", "0x7f000001", "0177.0.0.1"] {
        let url = format!("http://{host}:{}/", server.port());
        // The fixed port may be bound on one of the loopback addresses only.
        let plain = install.plain_bash(&format!("curl -s -d '{body}' {url}")).run();
        let sent = server.take();
        let gated = install.shim("curl", ["-s", "-d", &body, &url]).run();
        assert_eq!(gated.0, plain.0, "{host}: {}", gated.stderr());
        assert_eq!(server.take(), sent, "{host}");
        let receipt = install.receipts().pop().unwrap();
        assert_eq!(receipt["decision"], "allow", "{host}");
        assert_eq!(receipt["findings"][0]["entity_type"], "secret.github.pat", "{host}");
        assert!(receipt["flows"].as_array().unwrap().contains(&"loopback".into()), "{receipt}");
    }
    assert_eq!(install.leak_of(&github_token(21)), None);
}

#[test]
fn a_token_goes_home() {
    let (install, server) = (Install::new(&["curl"]), Egress::hanging_up());
    let header = format!("Authorization: token {}", github_token(22));
    let resolve = format!("api.github.com:{}:127.0.0.1", server.port());
    let url = format!("https://api.github.com:{}/user", server.port());
    let line = format!("curl -s -H '{header}' --resolve {resolve} {url}");
    let plain = install.plain_bash(&line).run();
    let gated = install.bash(&line).run();
    assert_eq!(gated.0, plain.0, "the other side speaks no TLS, which is curl's own error");
    assert_eq!(plain.code(), 35);
    assert_eq!(server.connections(), 2, "both called");
    let receipt = install.receipts().pop().unwrap();
    assert_eq!((&receipt["decision"], &receipt["enforcement"]), (&"allow".into(), &"exec".into()));
    assert_eq!(receipt["findings"][0]["detector"], "github-pat");
}

#[test]
fn a_redirect_is_followed_by_curl_alone_and_only_without_a_secret() {
    let (install, end) = (Install::new(&["curl"]), Egress::start());
    let server = Egress::redirecting(&format!("http://leak.example:{}/", end.port()));
    let resolve = format!("*:{}:127.0.0.1", end.port());
    let url = format!("http://127.0.0.1:{}/", server.port());
    let arguments = ["-sL", "-d", "name=Ann", "--resolve", &resolve, &url];
    assert_eq!(install.shim("curl", arguments).run().succeeds().stdout(), "received\n");
    assert_eq!((server.connections(), end.connections()), (1, 1));
}
