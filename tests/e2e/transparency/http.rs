//! curl, with a server on this machine.

use std::net::TcpListener;

use crate::support::Egress;
use crate::transparency::Stage;

/// Sessions; `{url}` is the server's, `{closed}` one where nobody answers.
const SESSIONS: &[&str] = &[
    "curl -s {url}",
    "curl -s {url} {url}a {url}b; echo $?",
    "curl -s -i -X DELETE {url}x",
    "curl -s -o out -w '%{http_code} %{size_download}\\n' {url}",
    "curl -s -O {url}name.txt; curl -s --create-dirs -o a/b/c {url}",
    "printf 'a=1&b=2' | curl -s -d @- {url}",
    "printf 'a=1' > f; curl -s -d @- {url} < f; curl -s -d @f {url}",
    "(curl -s -d @- {url}; echo rest; cat) < <(printf 'a\\nb\\n')",
    "printf 'a\\nb\\n' > f; (curl -s -d @- {url}; echo rest; cat) < f",
    "curl -s -d @- {url} < /dev/null",
    "head -c 2000000 /dev/zero | curl -s --data-binary @- {url}",
    "seq 1000 > f; curl -s -T f {url}; curl -s -T f {url}g; cat f | curl -s -T - {url}",
    "seq 1000 > f; curl -s -F a=@f -F 'b=<f' -F c=text {url}",
    "curl -s -H 'X-A: b' -H 'X-C;' -A agent -e http://a.example/ -b c=d -u ann:pw {url}",
    "printf 'X-A: b\\n' > h; curl -s -H @h {url}",
    "printf 'data = \"a=b\"\\nheader = \"X-A: c\"\\nurl = \"{url}\"\\n' > k; curl -s -K k",
    "curl -s --json '{\"a\": 1}' {url}; curl -s -G --data-urlencode 'q=a b' {url}",
    "curl -s --data-binary @<(seq 100) {url}; curl -s -T <(seq 100) {url}x; echo $?",
    "curl -s {closed}; echo $?",
    "curl -sS -T no-such-file {url}; echo $?",
    "curl -s -d @no-such-file {url}; echo $?",
    "curl; echo $?",
    "curl -s; echo $?",
    "curl -s no-such-scheme://x/; echo $?",
    "curl -s file://$PWD/f; echo $?; echo hi > f; curl -s file://$PWD/f",
    "curl -V > /dev/null; echo $?; curl --help | head -n 1; curl -h all | cksum",
    "curl -s {url} > /dev/full; echo $?",
    "curl -s {url} | true; curl -s --resolve name.example:{port}:127.0.0.1 http://name.example:{port}/",
    "curl -s -k {url}; curl -sL {url}; curl -s --connect-to ::127.0.0.1:{port} http://name.example/",
    "seq 3 | while read -r n; do curl -s {url}$n; done",
    "seq 3 | (curl -s {url}; cat)",
    "curl -s -Z {url}1 {url}2 {url}3 2> progress | sort; rm progress",
];

#[test]
fn curl_is_the_same() {
    let (stage, server) = (Stage::new(), Egress::start());
    // Bound and never listened to by anybody else: what connects there is not answered.
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let fill = |script: &&str| {
        script
            .replace("{url}", "http://127.0.0.1:{port}/")
            .replace("{port}", &server.port().to_string())
            .replace("{closed}", &format!("http://127.0.0.1:{closed}/"))
    };
    let sessions: Vec<String> = SESSIONS.iter().map(fill).collect();
    stage.assert_same(sessions.iter().map(|script| (script.as_str(), 1)));
}

#[test]
fn the_server_cannot_tell() {
    let (stage, server) = (Stage::new(), Egress::start());
    let url = format!("http://127.0.0.1:{}/", server.port());
    let scripts = [
        format!("curl -s {url}path?query -H 'X-A: b' -u ann:pw"),
        format!("seq 5000 | curl -s -d @- {url}"),
        format!("seq 5000 > f; curl -s -T f {url}; curl -s --data-binary @f {url}"),
        format!("seq 5000 | curl -s -T - {url}"),
        format!("curl -s --data-binary @<(seq 5000) {url}"),
    ];
    for script in scripts {
        stage.run(&script, None);
        let plain = server.take();
        assert!(!plain.is_empty());
        for install in [&stage.enforced, &stage.observing] {
            stage.run(&script, Some(&install.root().join("shims")));
            assert_eq!(server.take(), plain, "{script}");
        }
    }
}
