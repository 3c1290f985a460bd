//! The recursion marker: lets the gate refuse a loop of its own, and nothing else.
//!
//! A wrapper script that hides itself from PATH and starts its own name again would come back to
//! the shim for ever: in one process when both sides replace it by exec, in ever more processes when
//! the script starts a child each time. The marker names the process, the moment, the call, and how
//! deep the same call is already nested in itself. It is a loop when the *same process* asks for the
//! *same call* again, where the start time tells a process id that was given out anew, or when the
//! same call is nested deeper than any wrapper that steps aside would be.

use std::borrow::Cow;
use std::ffi::{CStr, CString};
use std::fs;

use datafog_core::KeyedDigest;
use nix::time::{ClockId, clock_gettime};
use nix::unistd::{SysconfVar, getpid, sysconf};

/// The marker's variable and the equals sign.
pub(crate) const PREFIX: &str = "DATAFOG_MARKER=";

/// How often one call may be nested in itself. A wrapper or version manager in between takes one;
/// nobody chains this many.
const MOST_NESTED: u32 = 16;

/// `pid.milliseconds-since-boot.first-16-digits-of-the-call's-digest.depth`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Marker {
    pid: i32,
    milliseconds: u64,
    call: String,
    /// How many calls around this one are the same.
    depth: u32,
}

impl Marker {
    /// The marker of this process for the call with that digest, inside of the call that `earlier`
    /// names.
    pub(crate) fn of_this_call(call: &KeyedDigest, earlier: Option<&Self>) -> Self {
        let mut call = call.to_string();
        call.truncate(16);
        let same = earlier.filter(|earlier| earlier.call == call);
        let depth = same.map_or(0, |earlier| earlier.depth.saturating_add(1));
        Self { pid: getpid().as_raw(), milliseconds: since_boot(), call, depth }
    }

    /// Reads a marker's value; `None` for anything we did not write.
    pub(crate) fn parse(value: &[u8]) -> Option<Self> {
        let mut parts = str::from_utf8(value).ok()?.splitn(4, '.');
        let (pid, milliseconds) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let (call, depth) = (parts.next()?, parts.next()?.parse().ok()?);
        let fits = call.len() == 16 && call.bytes().all(|digit| digit.is_ascii_hexdigit());
        fits.then(|| Self { pid, milliseconds, call: call.to_owned(), depth })
    }

    /// Whether `earlier`, found in our environment, shows that we are in a loop.
    pub(crate) fn repeats(&self, earlier: &Self) -> bool {
        let by_exec =
            || self.pid == earlier.pid && started_before(earlier.milliseconds).unwrap_or(true);
        self.call == earlier.call && (self.depth > MOST_NESTED || by_exec())
    }

    /// The environment with this marker in place of any other.
    pub(crate) fn add_to<'a>(&self, environment: &[&'a CStr]) -> Vec<Cow<'a, CStr>> {
        // Without a template, which would lie in a page of its own.
        let (pid, milliseconds) = (self.pid.to_string(), self.milliseconds.to_string());
        let parts = [pid.as_str(), &milliseconds, &self.call, &self.depth.to_string()];
        let text = [PREFIX, &parts.join(".")].concat();
        let others = environment.iter().filter(|entry| !is_marker(entry));
        let mut list: Vec<_> = others.map(|entry| Cow::Borrowed(*entry)).collect();
        list.extend(CString::new(text).ok().map(Cow::Owned));
        list
    }
}

/// The marker in an environment, if there is one.
pub(crate) fn find(environment: &[&CStr]) -> Option<Marker> {
    let value = environment.iter().find_map(|e| e.to_bytes().strip_prefix(PREFIX.as_bytes()))?;
    Marker::parse(value)
}

fn is_marker(entry: &CStr) -> bool {
    entry.to_bytes().starts_with(PREFIX.as_bytes())
}

/// Milliseconds since the machine started, sleep included: the clock of process start times.
fn since_boot() -> u64 {
    let Ok(now) = clock_gettime(ClockId::CLOCK_BOOTTIME) else { return 0 };
    let seconds = u64::try_from(now.tv_sec()).unwrap_or(0);
    let nanoseconds = u64::try_from(now.tv_nsec()).unwrap_or(0);
    seconds.saturating_mul(1000).saturating_add(nanoseconds.checked_div(1_000_000).unwrap_or(0))
}

/// Whether this process had started at that moment; `None` when the kernel does not tell.
///
/// Field 22 of proc_pid_stat(5), in clock ticks. The name in field 2 may hold anything, so fields
/// are counted from its closing bracket.
fn started_before(milliseconds: u64) -> Option<bool> {
    let stat = fs::read("/proc/self/stat").ok()?;
    let after_name = stat.iter().rposition(|byte| *byte == b')')?;
    let fields = str::from_utf8(stat.get(after_name..)?).ok()?;
    let ticks: u64 = fields.split_ascii_whitespace().nth(20)?.parse().ok()?;
    let per_second = u64::try_from(sysconf(SysconfVar::CLK_TCK).ok()??).ok()?;
    let started = ticks.checked_mul(1000)?.checked_div(per_second)?;
    Some(started <= milliseconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafog_core::Key;

    fn digest(text: &str) -> KeyedDigest {
        Key::from_bytes(&[1; 32]).unwrap().digest("test", [text.as_bytes()])
    }

    #[test]
    fn the_same_call_of_the_same_process_is_a_loop() {
        let marker = Marker::of_this_call(&digest("git status"), None);
        let environment = marker.add_to(&[c"A=1", c"DATAFOG_MARKER=old"]);
        let entries: Vec<&CStr> = environment.iter().map(|entry| entry.as_ref()).collect();
        assert_eq!(entries.len(), 2, "the old marker is replaced");
        let earlier = find(&entries).unwrap();
        assert!(Marker::of_this_call(&digest("git status"), Some(&earlier)).repeats(&earlier));
        assert!(!Marker::of_this_call(&digest("git log"), Some(&earlier)).repeats(&earlier));
    }

    #[test]
    fn the_same_call_in_ever_more_processes_is_a_loop() {
        let mut marker = Marker::of_this_call(&digest("x"), None);
        for _ in 0..MOST_NESTED {
            marker.pid += 1;
            let inner = Marker::of_this_call(&digest("x"), Some(&marker));
            assert!(!inner.repeats(&marker), "{inner:?}");
            marker = inner;
        }
        marker.pid += 1;
        assert!(Marker::of_this_call(&digest("x"), Some(&marker)).repeats(&marker));
        let other = Marker::of_this_call(&digest("y"), Some(&marker));
        assert!(!other.repeats(&marker) && other.depth == 0, "another call begins anew");
    }

    #[test]
    fn a_marker_from_before_this_process_is_stale() {
        let mut earlier = Marker::of_this_call(&digest("x"), None);
        earlier.milliseconds = 0;
        assert!(!Marker::of_this_call(&digest("x"), Some(&earlier)).repeats(&earlier));
        earlier.pid += 1;
        assert!(!Marker::of_this_call(&digest("x"), Some(&earlier)).repeats(&earlier));
    }

    #[test]
    fn what_we_did_not_write_is_ignored() {
        for text in
            ["", "1", "1.2", "1.2.zz.0", "x.2.0123456789abcdef.0", "1.2.0123456789abcdef0.0"]
        {
            assert_eq!(Marker::parse(text.as_bytes()), None, "{text}");
        }
        for text in ["1.2.0123456789abcdef", "1.2.0123456789abcdef.", "1.2.0123456789abcdef.-1"] {
            assert_eq!(Marker::parse(text.as_bytes()), None, "{text}");
        }
        assert!(Marker::parse(b"1.2.0123456789abcdef.3").is_some());
    }
}
