//! Counts calls for rules about how often something may happen.
//!
//! One small file for each rule, in `<root>/rate`, holds when the latest calls came. It is changed
//! under its own lock, so that two calls at once count as two. It is not touched unless a rule
//! asks.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;

/// How long the lock is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// The pause between two tries.
const PAUSE: Duration = Duration::from_millis(1);

/// Bytes of one moment: milliseconds since 1970, least byte first.
const ENTRY: usize = 8;

/// No counter is larger; one that is was not written by us.
const MOST_BYTES: u64 = 1 << 20;

/// How many calls came within the last `seconds`, this one included; of earlier ones no more than
/// `most` are remembered. With `keep` this call is written down.
///
/// # Errors
/// When the counter cannot be read, locked in time or written.
pub(crate) fn count(
    folder: &Path,
    name: &str,
    seconds: u32,
    most: u32,
    keep: bool,
) -> io::Result<u32> {
    let now = Timestamp::now().as_millisecond();
    // Ids of rules may be `.` and `..`.
    let path = folder.join(format!("rule-{name}"));
    if !keep {
        let bytes = match File::open(&path) {
            Ok(file) => read(&file)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        return Ok(number(&recent(&bytes, now, seconds)).saturating_add(1));
    }
    fs::create_dir_all(folder)?;
    let mut options = OpenOptions::new();
    let file =
        options.read(true).write(true).create(true).truncate(false).mode(0o600).open(&path)?;
    lock(&file)?;
    let mut moments = recent(&read(&file)?, now, seconds);
    moments.push(now);
    let counted = number(&moments);
    let most = usize::try_from(most).unwrap_or(usize::MAX).saturating_add(1);
    let latest = moments.get(moments.len().saturating_sub(most)..).unwrap_or_default();
    let bytes: Vec<u8> = latest.iter().flat_map(|moment| moment.to_le_bytes()).collect();
    write(&file, &bytes)?;
    Ok(counted)
}

fn number(moments: &[i64]) -> u32 {
    u32::try_from(moments.len()).unwrap_or(u32::MAX)
}

/// The moments that still count. One that lies ahead of the clock counts: setting the clock back
/// must not empty the counter.
fn recent(bytes: &[u8], now: i64, seconds: u32) -> Vec<i64> {
    let since = now.saturating_sub(i64::from(seconds).saturating_mul(1000));
    let moments = bytes.as_chunks::<ENTRY>().0.iter().map(|moment| i64::from_le_bytes(*moment));
    moments.filter(|moment| *moment > since).collect()
}

fn read(file: &File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut from = file;
    from.rewind()?;
    from.take(MOST_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn write(mut file: &File, bytes: &[u8]) -> io::Result<()> {
    file.rewind()?;
    file.write_all(bytes)?;
    file.set_len(bytes.len() as u64)
}

/// Waits for the lock, which ends with the file.
fn lock(file: &File) -> io::Result<()> {
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if start.elapsed() < PATIENCE => {
                std::thread::sleep(PAUSE);
            }
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_at_once_are_all_counted() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("rate");
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..10 {
                        count(&place, "r", 3600, 500, true).unwrap();
                    }
                });
            }
        });
        assert_eq!(count(&place, "r", 3600, 500, false).unwrap(), 81);
        assert_eq!(count(&place, "r", 3600, 500, false).unwrap(), 81, "a question does not count");
        assert_eq!(count(&place, "other", 3600, 500, true).unwrap(), 1);
    }

    #[test]
    fn only_what_matters_is_remembered() {
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..20 {
            count(folder.path(), "..", 3600, 5, true).unwrap();
        }
        assert_eq!(count(folder.path(), "..", 3600, 5, true).unwrap(), 7);
        assert_eq!(folder.path().join("rule-..").metadata().unwrap().len(), 6 * 8);
    }

    #[test]
    fn what_is_old_counts_no_more_and_a_clock_set_back_empties_nothing() {
        let bytes: Vec<u8> =
            [1_000_i64, 5_000, 99_000].iter().flat_map(|moment| moment.to_le_bytes()).collect();
        assert_eq!(recent(&bytes, 10_000, 5), [99_000]);
        assert_eq!(recent(&bytes, 10_000, 6), [5_000, 99_000]);
        assert_eq!(recent(&bytes[..11], 2_000, 6), [1_000]);
    }

    #[test]
    fn what_cannot_be_counted_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("rule-r")).unwrap();
        assert!(count(folder.path(), "r", 60, 5, true).is_err());
    }
}
