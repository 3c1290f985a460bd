//! The user's home folder, name and groups, read from the system's own files.
//!
//! `$HOME` is set by whoever starts us, and a static program has no name service switch; so the
//! file `/etc/passwd` (passwd(5)) is read. A user it does not list has no home here.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, getegid, getgroups};

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

/// The name of the user `uid`, by `/etc/passwd`; `None` when it lists none.
#[must_use]
pub fn user_name(uid: u32) -> Option<String> {
    name_in(BufReader::new(File::open("/etc/passwd").ok()?), |id| id == uid).pop()
}

/// Names of the groups that this process belongs to, by `/etc/group` (group(5)), sorted; `None`
/// when they cannot be read or the file does not list one of them.
#[must_use]
pub fn group_names() -> Option<Vec<String>> {
    let mut ids: Vec<u32> = getgroups().ok()?.into_iter().map(Gid::as_raw).collect();
    ids.push(getegid().as_raw());
    ids.sort_unstable();
    ids.dedup();
    let lines = BufReader::new(File::open("/etc/group").ok()?);
    let mut names = name_in(lines, |id| ids.contains(&id));
    names.sort_unstable();
    names.dedup();
    (names.len() >= ids.len()).then_some(names)
}

/// The names of the entries, of users or groups, whose third field is wanted.
fn name_in(mut lines: impl BufRead, wanted: impl Fn(u32) -> bool) -> Vec<String> {
    let mut names = Vec::new();
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
        let mut fields = line.trim_ascii_end().split(|byte| *byte == b':');
        let name = fields.next().and_then(|name| str::from_utf8(name).ok());
        let id = fields.nth(1).and_then(|id| str::from_utf8(id).ok()?.parse().ok());
        if let (Some(name), Some(id)) = (name, id)
            && wanted(id)
            && !name.is_empty()
        {
            names.push(name.to_owned());
        }
        line.clear();
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_before_their_number() {
        let file = b"root:x:0:\nbroken\nwheel:x:10:ann,bob\nstaff:x:50:\n:x:10:\n";
        assert_eq!(name_in(file.as_slice(), |id| id >= 10), ["wheel", "staff"]);
        assert!(name_in(file.as_slice(), |id| id == 7).is_empty());
    }

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
