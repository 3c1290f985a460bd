//! The real git, asked in a way that the settings of a repository cannot turn into something else.
//!
//! Plumbing only. Hooks, the file system monitor, pagers, external diffs, text conversions and
//! filters are off, and objects that a partial clone lacks are not fetched: nothing that somebody
//! else wrote into a repository is started.

use std::ffi::OsString;
use std::io;

use datafog_core::{Invocation, Surroundings};

use crate::source::git_globals;

/// Settings that would start a program, reach the network, or change the form of what is told.
const OFF: [&str; 12] = [
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.pager=cat",
    "core.quotePath=false",
    "core.sshCommand=false",
    "core.askPass=",
    "diff.external=",
    "diff.orderFile=/dev/null",
    "diff.suppressBlankEmpty=false",
    "log.showSignature=false",
    "protocol.allow=never",
    "submodule.recurse=false",
];

/// How patches are asked for: only lines that differ, of every file, as they are.
pub(super) const PATCH: [&str; 13] = [
    "-r",
    "-p",
    "-U0",
    "--text",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--no-relative",
    "--find-renames",
    "--full-index",
    "--ignore-submodules=all",
    "--src-prefix=a/",
    "--dst-prefix=b/",
];

/// git, in the repository that a call is about.
pub(super) struct Git<'s> {
    globals: Vec<OsString>,
    pub(super) surroundings: &'s dyn Surroundings,
}

impl<'s> Git<'s> {
    pub(super) fn of(call: &Invocation, surroundings: &'s dyn Surroundings) -> Self {
        let mut globals: Vec<OsString> = vec!["-C".into(), surroundings.cwd().into()];
        globals.extend(git_globals(call));
        globals.extend(["--no-pager".into(), "--no-optional-locks".into()]);
        // What is sent are the objects themselves, whatever stands in for them here.
        globals.push("--no-replace-objects".into());
        for setting in OFF {
            globals.extend(["-c".into(), setting.into()]);
        }
        let mut git = Self { globals, surroundings };
        git.drop_filters();
        git
    }

    /// Turns every filter off that a setting names: git would start it to read a file.
    fn drop_filters(&mut self) {
        let names = ["config", "--name-only", "-z", "--get-regexp", "^filter\\."];
        let listed = self.ask(&names).unwrap_or_default();
        for name in listed.split(|byte| *byte == 0) {
            let off = match name.rsplit(|byte| *byte == b'.').next() {
                Some(b"clean" | b"smudge" | b"process") => "",
                Some(b"required") => "false",
                Some(_) | None => continue,
            };
            let Ok(name) = str::from_utf8(name) else { continue };
            self.globals.extend(["-c".into(), format!("{name}={off}").into()]);
        }
    }

    fn words(&self, arguments: &[&str]) -> Vec<OsString> {
        self.globals.iter().cloned().chain(arguments.iter().map(OsString::from)).collect()
    }

    /// What a command writes, when it ends well.
    pub(super) fn ask(&self, arguments: &[&str]) -> Option<Vec<u8>> {
        self.surroundings.output_of("git", &self.words(arguments)).ok()
    }

    /// Whether there is no repository here: git was started and said so.
    pub(super) fn is_outside(&self) -> bool {
        let asked = self.surroundings.output_of("git", &self.words(&["rev-parse", "--git-dir"]));
        asked.is_err_and(|error| error.kind() == io::ErrorKind::Other)
    }

    /// Hands on what a command writes that reads `input`.
    pub(super) fn pour(
        &self,
        arguments: &[&str],
        input: &[u8],
        mut take: impl FnMut(&[u8]) -> bool,
    ) -> Result<(), String> {
        self.surroundings
            .pour("git", &self.words(arguments), input, &mut take)
            .map_err(|error| format!("git does not tell all of it ({error})"))
    }
}
