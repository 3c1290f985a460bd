//! The commands of `docs/AUDIT_FORMAT.md` do what that page says.

#[cfg(test)]
#[path = "common/sample.rs"]
mod sample;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::process::{Command, Output};

    use datafog_audit::{Durability, Ledger};

    use crate::sample;

    const PAGE: &str = include_str!("../../../docs/AUDIT_FORMAT.md");

    /// The shell commands of the page, block by block.
    fn blocks() -> Vec<&'static str> {
        let after_fences = PAGE.split("```sh\n").skip(1);
        after_fences.map(|rest| rest.split("```").next().unwrap()).collect()
    }

    fn run(block: &str, dir: &Path) -> Output {
        Command::new("sh").args(["-ec", block]).current_dir(dir).output().unwrap()
    }

    fn ledger(dir: &Path) {
        let ledger = Ledger::open(dir).unwrap().with_rotation(6000);
        for number in 0..12 {
            ledger.append(&sample::event(number).unwrap(), Durability::Lazy).unwrap();
        }
        assert!(dir.join("00000003.jsonl").exists());
    }

    #[test]
    fn a_good_ledger_passes_every_check() {
        let home = tempfile::tempdir().unwrap();
        ledger(home.path());
        let blocks = blocks();
        assert_eq!(blocks.len(), 4);
        for block in &blocks {
            let output = run(block, home.path());
            assert!(output.status.success(), "{block}\n{output:?}");
        }
        let denials = String::from_utf8(run(blocks[3], home.path()).stdout).unwrap();
        assert_eq!(denials.lines().count(), 12);
    }

    #[test]
    fn the_checks_find_what_they_are_for() {
        let home = tempfile::tempdir().unwrap();
        ledger(home.path());
        let blocks = blocks();
        let change = |name: &str, from: &str, to: &str| {
            let path = home.path().join(name);
            let good = fs::read_to_string(&path).unwrap();
            let bad = good.replacen(from, to, 1);
            assert_ne!(good, bad);
            fs::write(&path, bad).unwrap();
            (path, good)
        };
        let (path, good) = change("00000001.jsonl", "block", "exec");
        let found = run(blocks[0], home.path());
        assert!(!found.status.success());
        assert_eq!(found.stdout, b"the chain is broken before seq 2\n");
        fs::write(path, good).unwrap();
        let (path, good) = change("head", "=", "!");
        assert!(!run(blocks[1], home.path()).status.success());
        fs::write(path, good).unwrap();
        let last = home.path().join("00000003.jsonl");
        let good = fs::read_to_string(&last).unwrap();
        let end = good.strip_suffix("41}\n").unwrap();
        for bad in [format!("{end}42}}\n"), format!("{good}x"), String::new()] {
            fs::write(&last, bad).unwrap();
            assert!(!run(blocks[2], home.path()).status.success());
        }
    }
}
