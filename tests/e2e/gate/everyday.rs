//! A day's work: nothing of it is stopped, and all of it is on record.

use std::fs;

use crate::support::Install;

/// Lines for a shell in a repository with one commit. Programs that would reach out or need a
/// service are stand-ins; the rest are the real ones.
const LINES: &[&str] = &[
    "git status",
    "git status --short --branch",
    "git log --oneline -n 5",
    "git diff HEAD",
    "git add -A",
    "git commit -q -m 'Fix the build'",
    "printf 'Longer\\n\\nmessage\\n' | git commit -q --allow-empty -F -",
    "git checkout -q -b topic",
    "git stash list",
    "git rebase -q HEAD",
    "git remote -v",
    "git show --stat HEAD",
    "git rev-parse HEAD",
    "git config user.name",
    "git ls-files",
    "git blame README.md",
    "git tag v1.0.0",
    "git grep -n build",
    "cat README.md",
    "cat README.md | head -n 1",
    "head -c 10 README.md",
    "cp README.md copy.md",
    "cp -r src other",
    "mv copy.md moved.md",
    "env FOO=bar sh -c 'test \"$FOO\" = bar'",
    "rm -f moved.md",
    "rm -rf build",
    "curl -sSL https://example.com/archive.tar.gz -o archive.tar.gz",
    "curl -I https://example.com",
    "curl -X POST -H 'Content-Type: application/json' -d '{\"name\":\"Ann\"}' https://api.example.com/users",
    "curl -u ann:hunter2hunter2 https://registry.example.com/v2/",
    "curl -H \"Authorization: Bearer $SESSION\" https://api.example.com/me",
    "curl http://localhost:8080/healthz",
    "wget -q https://example.com/file",
    "npm install",
    "npm run build -- --watch",
    "npm test",
    "pip install -r requirements.txt",
    "cargo build --release",
    "cargo test -p core",
    "docker build -t app .",
    "docker run --rm -it -v \"$PWD:/work\" alpine sh",
    "docker compose up -d",
    "kubectl get pods -n default",
    "kubectl apply -f manifest.yaml",
    "psql -h db.example.com -c 'select 1'",
    "aws s3 ls",
    "ssh host.example uptime",
    "scp README.md host.example:",
    "rsync -av src/ host.example:src/",
];

const STAND_INS: &[&str] = &[
    "aws", "cargo", "curl", "docker", "kubectl", "npm", "pip", "psql", "rm", "rsync", "scp", "ssh",
    "wget",
];

#[test]
fn nothing_of_a_days_work_is_stopped() {
    let install = Install::new(&["git", "cat", "head", "cp", "mv", "env"]);
    STAND_INS.iter().for_each(|name| install.stand_in(name));
    let work = install.work();
    fs::create_dir_all(work.join("src")).unwrap();
    fs::write(work.join("README.md"), "# build\n\nsha 3f786850e387550fdab836ed7e6dc881de23001b\n")
        .unwrap();
    fs::write(work.join("manifest.yaml"), "kind: Pod\n").unwrap();
    fs::write(work.join("requirements.txt"), "requests==2.32.0\n").unwrap();
    fs::write(work.join("src/main.rs"), "fn main() {}\n").unwrap();
    let prepare = "git init -q && git config user.name Ann && git config user.email a@example.com \
        && git add README.md && git commit -q -m First";
    install.plain_bash(prepare).run().succeeds();
    for line in LINES {
        let before = install.receipts().len();
        let ended = install.bash(line).env("SESSION", "opaque").run();
        assert_eq!((ended.code(), ended.stderr().as_str()), (0, ""), "{line}");
        let receipts = install.receipts();
        assert!(receipts.len() > before, "{line} left no receipt");
        for receipt in &receipts[before..] {
            assert_eq!(receipt["decision"], "allow", "{line}: {receipt}");
            assert_eq!(receipt["enforcement"], "exec", "{line}: {receipt}");
        }
    }
    assert_eq!(
        install.ran().lines().count(),
        LINES.iter().filter(|line| by_stand_in(line)).count()
    );
    install.datafog(["receipts", "verify"]).run().succeeds();
}

fn by_stand_in(line: &str) -> bool {
    STAND_INS.iter().any(|name| line.split(' ').next() == Some(name))
}

/// Lines of shell histories' shapes, which `docs/ACCURACY.md` speaks of.
const CORPUS: &str = include_str!("../../corpus/everyday.txt");

/// The one that is stopped: a program from the network would run that nobody has seen.
const STOPPED: &str = "curl -sSL https://install.python-poetry.org | python3 -";

/// Asked through the binary, as a person would, where none of the files are there that they name.
#[test]
fn of_a_thousand_lines_one_is_stopped() {
    let install = Install::new(&[]);
    let lines: Vec<&str> = CORPUS.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(lines.len() >= 1000);
    let stopped = std::thread::scope(|scope| {
        let shares = lines.chunks(lines.len().div_ceil(4));
        let asked = shares.map(|share| scope.spawn(|| stopped(&install, share)));
        let asked: Vec<_> = asked.collect();
        asked.into_iter().flat_map(|share| share.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(stopped, [STOPPED]);
}

fn stopped<'l>(install: &Install, lines: &[&'l str]) -> Vec<&'l str> {
    let runs = |line: &str| install.datafog(["check", "-c", line]).run().code() == 0;
    lines.iter().copied().filter(|line| !runs(line)).collect()
}
