//! The user's home folder, read from the password file itself.
//!
//! `$HOME` is set by whoever starts us, and a static program has no name service switch; so the
//! file `/etc/passwd` (passwd(5)) is read. A user it does not list has no home here.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The home folder of `uid`, or `None` when the password file does not tell an absolute one.
#[must_use]
pub fn home_of(uid: u32) -> Option<PathBuf> {
    home_in(BufReader::new(File::open("/etc/passwd").ok()?), uid)
}

fn home_in(mut lines: impl BufRead, uid: u32) -> Option<PathBuf> {
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).ok()? > 0 {
        if let Some(home) = home_of_entry(&line, uid) {
            return Some(home);
        }
        line.clear();
    }
    None
}

/// Fields are name, password, uid, gid, comment, home, shell.
fn home_of_entry(line: &[u8], uid: u32) -> Option<PathBuf> {
    let mut fields = line.trim_ascii_end().split(|byte| *byte == b':').skip(2);
    let entry: u32 = str::from_utf8(fields.next()?).ok()?.parse().ok()?;
    let home = Path::new(OsStr::from_bytes(fields.nth(2)?));
    (entry == uid && home.is_absolute()).then(|| home.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sixth_field_of_the_users_line_is_home() {
        let file =
            b"root:x:0:0:root:/root:/bin/sh\nbroken\nann:x:7:7:A:/home/ann:/bin/zsh\nno:x:8:8:::\n";
        assert_eq!(home_in(file.as_slice(), 7), Some(PathBuf::from("/home/ann")));
        assert_eq!(home_in(file.as_slice(), 0), Some(PathBuf::from("/root")));
        assert_eq!(home_in(file.as_slice(), 8), None);
        assert_eq!(home_in(file.as_slice(), 9), None);
    }
}
