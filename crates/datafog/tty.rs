//! The terminal of this process, where a person is asked.
//!
//! It is always the controlling terminal, never standard input or output: those belong to the
//! command. Keys are read one at a time, without echo, and only a key that comes by itself is an
//! answer, so that nothing typed ahead or pasted says yes. What is shown was made visible before;
//! nothing of a command reaches the terminal as it is. However the question ends, the terminal is
//! as it was before; a signal that would end this process is held back until then.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

use datafog_core::ApprovalScope;
use datafog_gate::{Question, Said, Terminal};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc::{self, O_NOCTTY};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use nix::sys::termios::{
    FlushArg, LocalFlags, SetArg, SpecialCharacterIndices, Termios, tcflush, tcgetattr, tcsetattr,
};
use nix::unistd::{getpgrp, getsid, tcgetpgrp};

/// The controlling terminal of whoever opens it (tty(4)).
const TTY: &str = "/dev/tty";

/// How often it is looked whether the question still stands.
const TICK: u16 = 100;

/// For so long after it was shown nobody can have read the question.
const TOO_SOON: Duration = Duration::from_millis(300);

/// Ctrl-C and Ctrl-D, which a terminal hands on while it sends no signals; Escape.
const ENDINGS: [u8; 3] = [0x03, 0x04, 0x1b];

/// The controlling terminal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tty;

impl Terminal for Tty {
    /// A process whose streams all lead elsewhere has nobody who would see it wait.
    fn is_there(&self) -> bool {
        let seen = io::stdin().is_terminal() || io::stdout().is_terminal();
        (seen || io::stderr().is_terminal()) && open().is_ok()
    }

    fn ask(&self, question: &Question, goes_on: &mut dyn FnMut() -> bool) -> Said {
        ask(question, goes_on).unwrap_or(Said::Nobody)
    }

    fn tell(&self, line: &str) {
        // Nobody listening is no reason to stop waiting.
        let _told: io::Result<()> = io::stderr().write_all(format!("{line}\n").as_bytes());
    }
}

fn open() -> io::Result<File> {
    OpenOptions::new().read(true).write(true).custom_flags(O_NOCTTY).open(TTY)
}

/// Whether the terminal is this process's to read from: another process would be stopped.
fn is_ours(tty: &File) -> bool {
    tcgetpgrp(tty).is_ok_and(|group| group == getpgrp())
}

fn ask(question: &Question, goes_on: &mut dyn FnMut() -> bool) -> io::Result<Said> {
    let tty = open()?;
    if !is_ours(&tty) {
        return Ok(Said::Nobody);
    }
    // Of the commands of a pipeline one asks after the other.
    while !has_turn(&tty) {
        if !goes_on() {
            return Ok(Said::Nothing);
        }
        std::thread::sleep(Duration::from_millis(u64::from(TICK)));
    }
    (&tty).write_all(shown(question).as_bytes())?;
    let said = {
        let quiet = Quiet::begin(&tty)?;
        std::thread::sleep(TOO_SOON);
        tcflush(&tty, FlushArg::TCIFLUSH)?;
        quiet.listen(question, goes_on)?
    };
    (&tty).write_all(format!("{}\n", told(said)).as_bytes())?;
    Ok(said)
}

/// Takes the only turn there is at a terminal, without waiting for it; it ends with this process or
/// when the file is closed.
fn has_turn(tty: &File) -> bool {
    let Ok(session) = getsid(None) else { return true };
    let range = libc::flock {
        l_type: i16::try_from(libc::F_WRLCK).unwrap_or_default(),
        l_whence: i16::try_from(libc::SEEK_SET).unwrap_or_default(),
        l_start: libc::off_t::from(session.as_raw()),
        l_len: 1,
        l_pid: 0,
    };
    // Where a terminal cannot be locked, two questions may be mixed up; each still needs its key.
    !matches!(fcntl(tty, FcntlArg::F_SETLK(&range)), Err(Errno::EAGAIN | Errno::EACCES))
}

/// The terminal without echo, lines and signals, as long as this lives.
struct Quiet<'t> {
    tty: &'t File,
    before: Termios,
    mask: SigSet,
    signals: Signals,
}

impl<'t> Quiet<'t> {
    fn begin(tty: &'t File) -> io::Result<Self> {
        let before = tcgetattr(tty)?;
        let held: SigSet =
            [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM, Signal::SIGTSTP]
                .into_iter()
                .collect();
        let signals = Signals::of(&held)?;
        let mask = held.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
        let quiet = Self { tty, before: before.clone(), mask, signals };
        let mut now = before;
        now.local_flags.remove(LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::ISIG);
        for (index, value) in
            [(SpecialCharacterIndices::VMIN, 1), (SpecialCharacterIndices::VTIME, 0)]
        {
            if let Some(place) = now.control_chars.get_mut(index as usize) {
                *place = value;
            }
        }
        tcsetattr(tty, SetArg::TCSADRAIN, &now)?;
        Ok(quiet)
    }

    /// Waits for a key that is an answer.
    fn listen(&self, question: &Question, goes_on: &mut dyn FnMut() -> bool) -> io::Result<Said> {
        let mut tty = self.tty;
        loop {
            if !goes_on() || self.signals.has_come() {
                return Ok(Said::Nothing);
            }
            let mut polled = [PollFd::new(tty.as_fd(), PollFlags::POLLIN)];
            match poll(&mut polled, PollTimeout::from(TICK)) {
                Ok(0) | Err(Errno::EINTR) => continue,
                Ok(_) => {}
                Err(error) => return Err(error.into()),
            }
            let mut keys = [0_u8; 64];
            let count = tty.read(&mut keys)?;
            match keys.get(..count).unwrap_or_default() {
                [] => return Ok(Said::Nothing),
                [key] => match answer(*key, question) {
                    Some(said) => return Ok(said),
                    None => continue,
                },
                several if several.contains(&0x03) => return Ok(Said::No),
                // A paste, or a key that sends several bytes.
                _ => tcflush(tty, FlushArg::TCIFLUSH)?,
            }
        }
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        // There is nobody left to tell. The terminal first: a signal that was held back ends us.
        let _restored = tcsetattr(self.tty, SetArg::TCSADRAIN, &self.before).is_ok();
        let _lifted = self.mask.thread_set_mask().is_ok();
    }
}

/// Whether one of the signals that are held back has come.
#[cfg(target_os = "linux")]
struct Signals(nix::sys::signalfd::SignalFd);

#[cfg(target_os = "linux")]
impl Signals {
    fn of(held: &SigSet) -> io::Result<Self> {
        use nix::sys::signalfd::{SfdFlags, SignalFd};
        Ok(Self(SignalFd::with_flags(held, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?))
    }

    /// It is not taken: it comes again when it is held back no longer.
    fn has_come(&self) -> bool {
        let mut polled = [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)];
        poll(&mut polled, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
    }
}

/// Other systems do not tell; there such a signal comes when the question is over.
#[cfg(not(target_os = "linux"))]
struct Signals;

#[cfg(not(target_os = "linux"))]
impl Signals {
    const fn of(_held: &SigSet) -> io::Result<Self> {
        Ok(Self)
    }

    const fn has_come(&self) -> bool {
        false
    }
}

/// The key for a scope, and what a person reads beside it.
const fn key(scope: ApprovalScope) -> (u8, &'static str) {
    match scope {
        ApprovalScope::Once => (b'y', "yes, once"),
        ApprovalScope::Exact => (b'e', "yes, and the same command for 10 minutes"),
        ApprovalScope::Session => (b's', "yes, and the same command in this session"),
        ApprovalScope::Repository => (b'r', "yes, and whatever this rule holds in this repository"),
        ApprovalScope::Target => {
            (b't', "yes, and whatever this rule holds of this tool to this host")
        }
        ApprovalScope::Tool => (b'a', "yes, and whatever this rule holds of this tool"),
    }
}

/// What a key says; `None` for one that says nothing.
fn answer(typed: u8, question: &Question) -> Option<Said> {
    if ENDINGS.contains(&typed) || matches!(typed, b'n' | b'N' | b'q' | b'Q' | b'\r' | b'\n') {
        return Some(Said::No);
    }
    let typed = typed.to_ascii_lowercase();
    question.scopes.iter().find(|scope| key(**scope).0 == typed).map(|scope| Said::Yes(*scope))
}

fn shown(question: &Question) -> String {
    let mut text = format!("\ndatafog: a person is asked: {}\n", question.title);
    for (word, fact) in &question.facts {
        text.push_str(&format!("  {word:<9} {fact}\n"));
    }
    for scope in &question.scopes {
        let (key, meaning) = key(*scope);
        text.push_str(&format!("    {}  {meaning}\n", char::from(key)));
    }
    text.push_str("    n  no (Enter, Ctrl-C, or no answer");
    text.push_str(&format!(" within {} s)\nRun it? ", question.seconds));
    text
}

fn told(said: Said) -> String {
    match said {
        Said::No => String::from("no"),
        Said::Nobody | Said::Nothing => String::from("no answer here"),
        Said::Yes(scope) => key(scope).1.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(scopes: &[ApprovalScope]) -> Question {
        Question { title: String::new(), facts: Vec::new(), scopes: scopes.to_vec(), seconds: 9 }
    }

    #[test]
    fn only_what_is_offered_can_be_chosen_and_all_else_is_no_yes() {
        let narrow = question(&[ApprovalScope::Once]);
        assert_eq!(answer(b'y', &narrow), Some(Said::Yes(ApprovalScope::Once)));
        for typed in 0..=255_u8 {
            let said = answer(typed, &narrow);
            assert_eq!(matches!(said, Some(Said::Yes(_))), matches!(typed, b'y' | b'Y'), "{typed}");
        }
        for typed in [b'n', b'\r', 0x03, 0x04, 0x1b] {
            assert_eq!(answer(typed, &narrow), Some(Said::No));
        }
        let wide = question(&ApprovalScope::ALL);
        assert_eq!(answer(b'r', &wide), Some(Said::Yes(ApprovalScope::Repository)));
    }
}
