//! A temporary installation, and processes started in a clean environment.

mod egress;

use std::collections::hash_map::RandomState;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::hash::BuildHasher;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

pub(crate) use egress::Egress;

/// Where the real programs of the machine are.
pub(crate) const SYSTEM_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// The binary under test: the one that was just built, or the one named by
/// `DATAFOG_TEST_BINARY` (a release build).
pub(crate) fn binary() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "tests are told which binary to try")]
    let named = std::env::var_os("DATAFOG_TEST_BINARY");
    named.map_or_else(|| env!("CARGO_BIN_EXE_datafog").into(), PathBuf::from)
}

/// Whether the binary under test is one that fails when it is asked to.
pub(crate) fn fails_on_demand() -> bool {
    cfg!(debug_assertions) && binary() == Path::new(env!("CARGO_BIN_EXE_datafog"))
}

/// A user with no rights of its own, on every system (`nobody` on most).
const ORDINARY: u32 = 65534;

/// An installation of its own with a home of its own. Gone when dropped.
#[derive(Debug)]
pub(crate) struct Install {
    folder: TempDir,
    root: PathBuf,
}

impl Install {
    /// The binary alone in `root/bin`, nothing set up.
    pub(crate) fn bare() -> Self {
        Self::bare_at("root")
    }

    /// The same with another place for the root, below the temporary folder.
    pub(crate) fn bare_at(root: impl AsRef<Path>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap().join(root);
        fs::create_dir_all(root.join("bin")).unwrap();
        fs::create_dir_all(folder.path().join("home")).unwrap();
        fs::create_dir_all(folder.path().join("work")).unwrap();
        // A link would do for the file, but not for its place: the root is found from it.
        fs::copy(binary(), root.join("bin/datafog")).unwrap();
        fs::set_permissions(root.join("bin/datafog"), fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder, root }
    }

    /// An installation with these commands wrapped, in enforced mode.
    pub(crate) fn new(commands: &[&str]) -> Self {
        let install = Self::bare();
        install.datafog(["hooks", "install"]).args(commands).run().succeeds();
        install
    }

    /// The same in observe mode.
    pub(crate) fn observing(commands: &[&str]) -> Self {
        let install = Self::new(commands);
        install.datafog(["mode", "observe"]).run().succeeds();
        install
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The temporary home.
    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join("home")
    }

    /// The working directory of everything that is started.
    pub(crate) fn work(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join("work")
    }

    /// PATH with the shims first.
    pub(crate) fn path(&self) -> OsString {
        let mut path = self.root.join("shims").into_os_string();
        path.push(":");
        path.push(SYSTEM_PATH);
        path
    }

    /// The management command.
    pub(crate) fn datafog<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Start {
        self.start(&self.root.join("bin/datafog"), arguments)
    }

    /// A wrapped command, through its shim.
    pub(crate) fn shim<S: AsRef<OsStr>>(
        &self,
        name: &str,
        arguments: impl IntoIterator<Item = S>,
    ) -> Start {
        self.start(&self.root.join("shims").join(name), arguments)
    }

    /// Any program, in the clean environment of this installation.
    pub(crate) fn start<S: AsRef<OsStr>>(
        &self,
        program: &Path,
        arguments: impl IntoIterator<Item = S>,
    ) -> Start {
        let mut command = Command::new(program);
        command.args(arguments).env_clear().current_dir(self.work());
        command.env("HOME", self.home()).env("PATH", self.path());
        command.env("LANG", "C.UTF-8").stdin(Stdio::null());
        Start(command)
    }

    /// The text of a file below the root.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.root.join(name)).unwrap()
    }

    /// Every receipt, oldest first.
    pub(crate) fn receipts(&self) -> Vec<serde_json::Value> {
        let Ok(entries) = fs::read_dir(self.root.join("receipts")) else { return Vec::new() };
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        files.retain(|path| path.extension().is_some_and(|end| end == "jsonl"));
        files.sort();
        let texts = files.iter().map(|path| fs::read_to_string(path).unwrap());
        let lines: Vec<String> =
            texts.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
        lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Whether `bytes` stand anywhere in a file below the root, the program aside.
    pub(crate) fn holds(&self, bytes: &[u8]) -> bool {
        let mut waiting = vec![self.root.clone()];
        while let Some(path) = waiting.pop() {
            if path.is_dir() && !path.is_symlink() {
                waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            } else if path.is_file() && !path.is_symlink() && !path.ends_with("bin/datafog") {
                let text = fs::read(&path).unwrap();
                if memchr::memmem::find(&text, bytes).is_some() {
                    return true;
                }
            }
        }
        false
    }

    /// A file below the root, the program aside, that holds the token in any of its forms.
    pub(crate) fn leak_of(&self, token: &str) -> Option<PathBuf> {
        let forms = forms_of(token);
        let mut waiting = vec![self.root.clone()];
        while let Some(path) = waiting.pop() {
            if path.is_dir() && !path.is_symlink() {
                waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            } else if path.is_file() && !path.is_symlink() && !path.ends_with("bin/datafog") {
                let name = path.file_name().unwrap().as_encoded_bytes();
                if holds_any(&fs::read(&path).unwrap(), &forms) || holds_any(name, &forms) {
                    return Some(path);
                }
            }
        }
        None
    }

    /// Makes everything in the temporary folder belong to `user`. Only root can, and need.
    pub(crate) fn give_to(&self, user: u32) {
        let mut waiting = vec![self.folder.path().to_owned()];
        while let Some(path) = waiting.pop() {
            std::os::unix::fs::lchown(&path, Some(user), Some(user)).unwrap();
            if path.is_dir() && !path.is_symlink() {
                waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            }
        }
    }

    /// The same, to a user for whom permissions count; does nothing when we are one.
    pub(crate) fn give_to_an_ordinary_user(&self) {
        if nix::unistd::geteuid().is_root() {
            self.give_to(ORDINARY);
        }
    }

    /// A line for bash, which stands for whatever starts commands by name; wrapped commands first.
    pub(crate) fn bash(&self, script: &str) -> Start {
        self.start("/bin/bash".as_ref(), ["-c", script])
    }

    /// The same line with nothing of ours on PATH.
    pub(crate) fn plain_bash(&self, script: &str) -> Start {
        self.bash(script).env("PATH", SYSTEM_PATH)
    }

    /// Puts a stand-in for `name` behind the shim, where the real program would be: it notes that
    /// it ran, with its arguments, in `work/ran`. What it stands for is never started.
    pub(crate) fn stand_in(&self, name: &str) {
        let note = self.work().join("ran");
        let text = format!("#!/bin/sh\nprintf '%s\\n' \"{name} $*\" >> '{}'\n", note.display());
        let program = self.program(&format!("stand-ins/{name}"), &text);
        let target = ["hooks", "install", name, "--target"].map(OsStr::new);
        self.datafog(target).args([program]).run().succeeds();
    }

    /// What stand-ins noted since the last time.
    pub(crate) fn ran(&self) -> String {
        let note = self.work().join("ran");
        let text = fs::read_to_string(&note).unwrap_or_default();
        if note.exists() {
            fs::remove_file(note).unwrap();
        }
        text
    }

    /// A program at `work/<name>` with the given text, executable.
    pub(crate) fn program(&self, name: &str, text: &str) -> PathBuf {
        let path = self.work().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }
}

/// A process that is about to be started.
#[derive(Debug)]
pub(crate) struct Start(pub(crate) Command);

impl Start {
    pub(crate) fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.0.args(arguments);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.0.env(name, value);
        self
    }

    /// The program's own name for itself.
    pub(crate) fn arg0(mut self, name: &str) -> Self {
        std::os::unix::process::CommandExt::arg0(&mut self.0, name);
        self
    }

    /// Starts it as another user; only root can.
    pub(crate) fn by_user(mut self, user: u32) -> Self {
        std::os::unix::process::CommandExt::uid(&mut self.0, user);
        std::os::unix::process::CommandExt::gid(&mut self.0, user);
        self
    }

    /// Starts it as a user for whom permissions count.
    pub(crate) fn by_an_ordinary_user(self) -> Self {
        if nix::unistd::geteuid().is_root() { self.by_user(ORDINARY) } else { self }
    }

    /// Starts it, waits for its end, and keeps what it wrote.
    pub(crate) fn run(mut self) -> Ended {
        Ended(self.0.output().unwrap())
    }

    /// The same with `bytes` on standard input.
    pub(crate) fn run_with(mut self, bytes: &[u8]) -> Ended {
        let streams = [Stdio::piped(), Stdio::piped(), Stdio::piped()];
        let [stdin, stdout, stderr] = streams;
        let mut child = self.0.stdin(stdin).stdout(stdout).stderr(stderr).spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        std::thread::scope(|scope| {
            // A child that does not read to the end is no error of the test.
            scope.spawn(move || std::io::Write::write_all(&mut pipe, bytes).is_ok());
            Ended(child.wait_with_output().unwrap())
        })
    }
}

/// A process that ended.
#[derive(Debug)]
pub(crate) struct Ended(pub(crate) Output);

impl Ended {
    /// The exit code; for a signal, 128 and its number, as shells say it.
    pub(crate) fn code(&self) -> i32 {
        use std::os::unix::process::ExitStatusExt;
        let status = self.0.status;
        status.code().unwrap_or_else(|| status.signal().unwrap().saturating_add(128))
    }

    pub(crate) fn stdout(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }

    /// Asserts the exit code, and shows what was said when it is another.
    #[track_caller]
    pub(crate) fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code(), code, "\n{}\n{}", self.stdout(), self.stderr());
        self
    }

    /// Asserts that it was blocked by `rule`, that the notice has the form of the contract, and
    /// that the receipt it names says the same; returns the receipt.
    #[track_caller]
    pub(crate) fn assert_denied(self, install: &Install, rule: &str) -> serde_json::Value {
        let ended = self.ends_with(126);
        let stderr = ended.stderr();
        assert_eq!(ended.stdout(), "");
        assert!((1..=5).contains(&stderr.lines().count()), "{stderr}");
        let first = stderr.lines().next().unwrap();
        let id = first.strip_prefix("receipt=").and_then(|rest| rest.split(' ').next()).unwrap();
        assert!(id.len() == 32 && id.bytes().all(|digit| digit.is_ascii_hexdigit()), "{first}");
        assert!(first.contains(&format!(" decision=deny rule={rule}")), "{stderr}");
        let receipts = install.receipts();
        let receipt = receipts.iter().find(|receipt| receipt["receipt_id"] == id).unwrap().clone();
        assert_eq!(receipt["decision"], "deny");
        assert_eq!(receipt["enforcement"], "block");
        assert_eq!(receipt["matched_rules"][0], rule);
        receipt
    }

    #[track_caller]
    pub(crate) fn succeeds(self) -> Self {
        self.ends_with(0)
    }

    /// Standard output as JSON, its schema version checked.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        let value: serde_json::Value = serde_json::from_str(&self.stdout()).unwrap();
        assert_eq!(value["schema_version"], 1);
        value
    }
}

/// A made-up GitHub token that no earlier run had.
pub(crate) fn random_token() -> String {
    github_token((RandomState::new().hash_one(std::process::id()) >> 32) as u32)
}

/// What betrays a token: every piece of twelve characters of its body, and its base64 form in each
/// of the three places it can have in a longer text.
pub(crate) fn forms_of(token: &str) -> Vec<Vec<u8>> {
    let pieces = token.as_bytes()[4..].windows(12).map(<[u8]>::to_vec);
    pieces.chain((0..3).map(|shift| base64_middle(token.as_bytes(), shift))).collect()
}

pub(crate) fn holds_any(text: &[u8], forms: &[Vec<u8>]) -> bool {
    forms.iter().any(|form| memchr::memmem::find(text, form).is_some())
}

/// The part of the base64 form of `text` that does not depend on what stands around it, when it
/// begins `shift` bytes into a group of three (RFC 4648 §4).
fn base64_middle(text: &[u8], shift: usize) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let whole = text[[0, 2, 1][shift]..].chunks_exact(3);
    let groups = whole.flat_map(|group| {
        let bits = u32::from(group[0]) << 16 | u32::from(group[1]) << 8 | u32::from(group[2]);
        [18, 12, 6, 0].map(|low| DIGITS[(bits >> low) as usize & 63])
    });
    groups.collect()
}

/// A well-formed but made-up GitHub token. Its six last digits are the CRC-32 of the thirty before
/// them in base 62, as GitHub described for its token format, so it stands nowhere as a literal.
pub(crate) fn github_token(seed: u32) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    let body: Vec<u8> = (0..30)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            DIGITS[(state >> 16) as usize % 62]
        })
        .collect();
    let mut crc = !0_u32;
    for byte in &body {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    let mut check = !crc;
    let mut tail = [b'0'; 6];
    for digit in tail.iter_mut().rev() {
        *digit = DIGITS[check as usize % 62];
        check /= 62;
    }
    format!(
        "gh{}_{}{}",
        'p',
        String::from_utf8(body).unwrap(),
        String::from_utf8(tail.to_vec()).unwrap()
    )
}
