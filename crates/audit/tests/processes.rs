//! Many processes at once, killed at any moment, with a full disk, or without rights: what the
//! ledger promises of processes is tested with processes.
//!
//! A child is this test binary itself, started with the name of the ignored test [`child`] and one
//! more filter that no test has as its name and that tells the child what to do.

#[cfg(test)]
#[path = "common/sample.rs"]
mod sample;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read;
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::{CommandExt, ExitStatusExt};
    use std::path::{Path, PathBuf};
    use std::process::{Child, ChildStderr, Command, Stdio};
    use std::time::Duration;

    use datafog_audit::{Durability, Error, Flaw, Ledger, Report, verify};
    use datafog_core::Receipt;
    use nix::libc::SIGXFSZ;

    use crate::sample;

    /// What the last argument of a child starts with.
    const ORDER: &str = "datafog-child";

    /// A lock is always had in the end, however slow the machine is.
    const PATIENCE: Duration = Duration::from_secs(600);

    #[test]
    #[ignore = "the other tests start it as a process of its own"]
    fn child() {
        let Some(order) = std::env::args().find(|argument| argument.starts_with(ORDER)) else {
            return;
        };
        let [_, what, number, dir] = order.splitn(4, ':').collect::<Vec<_>>().try_into().unwrap();
        let number: u64 = number.parse().unwrap();
        let dir = Path::new(dir);
        match what {
            "once" => once(dir, number),
            "loop" => forever(dir, number),
            "closed" => without_descriptors(dir),
            "refused" => refused(dir),
            other => panic!("unknown order {other}"),
        }
    }

    /// Appends one event when standard input ends.
    fn once(dir: &Path, number: u64) {
        std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
        let ledger = Ledger::open(dir).unwrap().with_wait(PATIENCE);
        ledger.append(&sample::event(number).unwrap(), Durability::Lazy).unwrap();
    }

    /// Appends events until killed, and writes one byte for each that was acknowledged.
    fn forever(dir: &Path, first: u64) {
        let ledger = Ledger::open(dir).unwrap().with_wait(PATIENCE).with_rotation(50_000);
        for number in first.. {
            ledger.append(&sample::event(number).unwrap(), Durability::Lazy).unwrap();
            nix::unistd::write(std::io::stderr(), b"+").unwrap();
        }
    }

    /// Appends with the first three descriptors closed, and checks that none of them is used.
    fn without_descriptors(dir: &Path) {
        for descriptor in 0..3 {
            nix::unistd::close(descriptor).unwrap();
        }
        let ledger = Ledger::open(dir).unwrap();
        let taken = (0..3).any(|fd| Path::new(&format!("/dev/fd/{fd}")).symlink_metadata().is_ok());
        ledger.append(&sample::event(0).unwrap(), Durability::Synced).unwrap();
        assert!(!taken, "the ledger's folder took the place of a standard stream");
    }

    /// Tries to append, and writes why it could not.
    fn refused(dir: &Path) {
        let event = sample::event(0).unwrap();
        let result = Ledger::open(dir).and_then(|ledger| ledger.append(&event, Durability::Lazy));
        let kind = match result {
            Ok(()) => "recorded",
            Err(Error::Untrusted { .. }) => "untrusted",
            Err(Error::Io { .. }) => "io",
            Err(_) => "other",
        };
        nix::unistd::write(std::io::stderr(), kind.as_bytes()).unwrap();
    }

    /// A command that starts a child.
    fn order(program: &Path, what: &str, number: u64, dir: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .args(["--exact", "--ignored", "--nocapture", "tests::child"])
            .arg(format!("{ORDER}:{what}:{number}:{}", dir.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command
    }

    fn this_program() -> PathBuf {
        std::env::current_exe().unwrap()
    }

    /// All receipts of a ledger.
    fn receipts(dir: &Path) -> Vec<Receipt<'static>> {
        let mut files: Vec<_> = fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
        files.retain(|path| path.extension().is_some_and(|e| e == "jsonl"));
        files.sort();
        let text: String = files.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn intact(dir: &Path) -> Report {
        let report = verify(dir, None).unwrap();
        assert!(report.is_intact(), "{report:?}");
        report
    }

    #[test]
    fn five_hundred_processes_at_once_lose_nothing() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("receipts");
        let (gate, opener) = std::io::pipe().unwrap();
        let children: Vec<Child> = (0..500)
            .map(|number| {
                let mut command = order(&this_program(), "once", number, &dir);
                command.stdin(gate.try_clone().unwrap()).spawn().unwrap()
            })
            .collect();
        // All of them wait for the end of their input; the folder is not even made yet.
        assert!(!dir.exists());
        drop(opener);
        for mut child in children {
            assert!(child.wait().unwrap().success());
        }
        let report = intact(&dir);
        assert_eq!((report.lines, report.recovery_count, report.unheaded), (500, 0, 0));
        let mut ids: Vec<_> = receipts(&dir).iter().map(|r| r.event.receipt_id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 500);
    }

    /// A child in an endless loop, and what tells its acknowledged appends.
    fn looping(dir: &Path, first: u64) -> (Child, ChildStderr) {
        let mut command = order(&this_program(), "loop", first, dir);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut acknowledged = child.stderr.take().unwrap();
        // It is killed while it appends, not while it starts.
        acknowledged.read_exact(&mut [0]).unwrap();
        (child, acknowledged)
    }

    #[test]
    fn kills_at_any_moment_are_survived() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("receipts");
        let mut acknowledged = 0;
        for round in 0..120_u64 {
            // Two writers, so that one is often killed while the other waits for the lock.
            let pair = [0, 1].map(|which| looping(&dir, (2 * round + which) * 1_000_000));
            std::thread::sleep(Duration::from_micros(round * 7919 % 1500));
            for (mut child, mut rest) in pair {
                child.kill().unwrap();
                child.wait().unwrap();
                let mut marks = Vec::new();
                rest.read_to_end(&mut marks).unwrap();
                acknowledged += 1 + marks.len();
            }
            if round % 10 == 0 {
                let report = verify(&dir, None).unwrap();
                let torn = matches!(&report.first_bad, Some(bad) if bad.flaw == Flaw::Torn);
                assert!(report.is_intact() || torn, "{report:?}");
            }
        }
        let event = sample::event(u64::MAX).unwrap();
        Ledger::open(&dir).unwrap().append(&event, Durability::Synced).unwrap();
        let report = intact(&dir);
        assert_eq!(report.recovery_count, report.quarantine_count, "{report:?}");
        let written = report.lines - report.recovery_count - 1;
        let killed_before_it_could_tell = written - acknowledged as u64;
        assert!(killed_before_it_could_tell <= 240, "{killed_before_it_could_tell}");
        assert!(report.files > 1, "the files were rotated meanwhile");
    }

    #[test]
    fn a_limit_on_file_size_fails_closed() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("receipts");
        let ledger = Ledger::open(&dir).unwrap();
        for number in 0..4 {
            ledger.append(&sample::event(number).unwrap(), Durability::Lazy).unwrap();
        }
        let file = dir.join("00000001.jsonl");
        let before = fs::read(&file).unwrap();
        // The limit, in blocks of 512 bytes, lies within the next line.
        let blocks = before.len() / 512 + 1;
        let shell = |prepare: &str| {
            let child = order(&this_program(), "refused", 0, &dir);
            let mut command = Command::new("sh");
            command.args(["-c", &format!("{prepare} ulimit -f {blocks}; exec \"$0\" \"$@\"")]);
            command.arg(child.get_program()).args(child.get_args()).output().unwrap()
        };
        let refused = shell("trap '' XFSZ;");
        assert_eq!(String::from_utf8(refused.stderr).unwrap(), "io");
        assert_eq!(fs::read(&file).unwrap(), before, "the partial line was cut off again");
        intact(&dir);
        // Unless the signal is ignored, it ends the process: nothing is run either.
        assert_eq!(shell("").status.signal(), Some(SIGXFSZ));
        ledger.append(&sample::event(9).unwrap(), Durability::Lazy).unwrap();
        let report = intact(&dir);
        assert_eq!((report.recovery_count, report.quarantine_count), (1, 1));
    }

    #[test]
    fn closed_standard_streams_are_not_taken() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("receipts");
        let status = order(&this_program(), "closed", 0, &dir).status().unwrap();
        assert!(status.success());
        assert_eq!(intact(&dir).lines, 1);
    }

    #[test]
    fn a_strange_umask_changes_no_mode() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("receipts");
        let child = order(&this_program(), "refused", 0, &dir);
        let mut command = Command::new("sh");
        command.args(["-c", "umask 0777; exec \"$0\" \"$@\""]);
        let output = command.arg(child.get_program()).args(child.get_args()).output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "recorded");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode(&dir), 0o700);
        assert_eq!([mode(&dir.join("head")), mode(&dir.join("00000001.jsonl"))], [0o600, 0o600]);
    }

    #[test]
    fn folders_of_others_are_refused() {
        if !nix::unistd::geteuid().is_root() {
            // Only root can make a folder that belongs to somebody else.
            return;
        }
        const OTHER: u32 = 54_321;
        let home = tempfile::tempdir().unwrap();
        open_to_all(home.path());
        let program = home.path().join("program");
        // By another process: a file that a thread of ours has open for writing while another one
        // forks cannot be started.
        let copied = Command::new("cp").args([&this_program(), &program]).status().unwrap();
        assert!(copied.success());
        open_to_all(&program);
        let try_as = |user: u32, dir: &Path| {
            let mut command = order(&program, "refused", 0, dir);
            let output = command.uid(user).gid(user).current_dir("/").output().unwrap();
            String::from_utf8(output.stderr).unwrap()
        };
        let folder = |name: &str, owner: u32, mode: u32| {
            let dir = home.path().join(name);
            fs::create_dir(&dir).unwrap();
            fs::set_permissions(&dir, fs::Permissions::from_mode(mode)).unwrap();
            std::os::unix::fs::chown(&dir, Some(owner), Some(owner)).unwrap();
            dir
        };
        assert_eq!(try_as(OTHER, &folder("own", OTHER, 0o700)), "recorded");
        assert_eq!(try_as(OTHER, &folder("read-only", OTHER, 0o500)), "io");
        assert_eq!(try_as(OTHER, &folder("foreign", OTHER + 1, 0o755)), "untrusted");
        assert_eq!(try_as(OTHER, &folder("of root", 0, 0o755)), "io");
        // Even root does not use what somebody else can change.
        let foreign = Ledger::open(&home.path().join("own")).unwrap_err();
        assert!(matches!(foreign, Error::Untrusted { .. }), "{foreign}");
        let head = folder("foreign head", 0, 0o755);
        Ledger::open(&head).unwrap().append(&sample::event(0).unwrap(), Durability::Lazy).unwrap();
        std::os::unix::fs::chown(head.join("head"), Some(OTHER), None).unwrap();
        let foreign = Ledger::open(&head).unwrap();
        let error = foreign.append(&sample::event(1).unwrap(), Durability::Lazy).unwrap_err();
        assert!(matches!(error, Error::Untrusted { .. }), "{error}");
    }

    fn open_to_all(path: &Path) {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
}
