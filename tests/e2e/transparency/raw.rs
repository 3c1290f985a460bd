//! Starts a program with exactly the environment, arguments and signal mask that a test asks for.
//!
//! The standard library tidies all three before it starts anything, so this test program starts
//! itself once more and becomes the other program from there.

use std::ffi::{CString, OsStr};
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use nix::sys::signal::{SigSet, Signal};
use nix::unistd::{dup2_stdout, execve};

/// Where the call to be made is described, for the second start.
const CALL: &str = "DATAFOG_TEST_CALL";

/// A call to be made as it is.
#[derive(Debug)]
pub(super) struct Raw<'a> {
    pub(super) program: &'a Path,
    pub(super) arguments: &'a [&'a [u8]],
    pub(super) environment: &'a [&'a [u8]],
    pub(super) blocked: bool,
}

impl Raw<'_> {
    /// Makes the call with `folder` for its notes; returns how it ended and its standard output.
    pub(super) fn run(&self, folder: &Path) -> (ExitStatus, Vec<u8>) {
        let join = |list: &[&[u8]]| {
            list.iter().map(|text| [text, b"\0".as_slice()].concat()).collect::<Vec<_>>().concat()
        };
        let program = self.program.as_os_str().as_bytes();
        fs::write(folder.join("program"), program).unwrap();
        fs::write(folder.join("arguments"), join(self.arguments)).unwrap();
        fs::write(folder.join("environment"), join(self.environment)).unwrap();
        fs::write(folder.join("blocked"), if self.blocked { "1" } else { "" }).unwrap();
        let status = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "--ignored",
                "--nocapture",
                "transparency::raw::becomes_another_program",
            ])
            .env(CALL, folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        (status, fs::read(folder.join("output")).unwrap())
    }
}

#[test]
#[ignore = "no test: started by others as a process of its own"]
fn becomes_another_program() {
    #[expect(clippy::disallowed_methods, reason = "the one way to be told by the process before")]
    let Some(folder) = std::env::var_os(CALL) else { return };
    let folder = Path::new(&folder);
    let list = |name: &str| -> Vec<CString> {
        let text = fs::read(folder.join(name)).unwrap();
        let mut parts: Vec<&[u8]> = text.split(|byte| *byte == 0).collect();
        parts.pop();
        parts.into_iter().map(|part| CString::new(part).unwrap()).collect()
    };
    let program = fs::read(folder.join("program")).unwrap();
    if !fs::read(folder.join("blocked")).unwrap().is_empty() {
        let mut signals = SigSet::empty();
        for signal in [Signal::SIGUSR1, Signal::SIGTERM, Signal::SIGSEGV] {
            signals.add(signal);
        }
        signals.thread_block().unwrap();
    }
    dup2_stdout(File::create(folder.join("output")).unwrap()).unwrap();
    let program = CString::new(OsStr::from_bytes(&program).as_bytes()).unwrap();
    let Err(error) = execve(&program, &list("arguments"), &list("environment"));
    panic!("{error}");
}
