//! Takes secrets out of text that is shown or kept: a token in a host, a path, an error.
//!
//! The command line has a form of its own that is shown ([`datafog_shim::display()`]), cut out by
//! place. What is derived from it, or comes from elsewhere, has no places any more; here every
//! value that was found in argv is taken out wherever it stands, and what a detector recognises in
//! the text itself.

use std::borrow::Cow;
use std::ffi::OsString;

use datafog_core::{Channel, Event, Facts, Finding, Key};
use datafog_detect::Scanner;
use datafog_shim::Mask;

use crate::case::Case;
use crate::concealed::Concealed;

/// What must not be seen.
#[derive(Debug)]
pub(crate) struct Veil<'a> {
    scanner: Scanner<'a>,
    /// Values as they stand in argv.
    values: Concealed,
    /// The program has no profile, or a tool of any name is called.
    strange: bool,
}

impl<'a> Veil<'a> {
    /// For texts about one action.
    pub(crate) fn of(case: &'a Case<'_>, key: &'a Key) -> Self {
        let masked = case.all().flat_map(|one| masks(one).map(|mask| (&one.action.argv, mask)));
        let strange = !case.action.invocation.known || case.action.tool.is_some();
        Self::over_arguments(key, masked, strange)
    }

    /// For texts about arguments of which parts are covered; `strange` where more may be secret than
    /// is known.
    pub(crate) fn over_arguments<'v>(
        key: &'a Key,
        covered: impl Iterator<Item = (&'v Vec<OsString>, (usize, Mask))>,
        strange: bool,
    ) -> Self {
        let values = Concealed::new(covered.filter_map(|(argv, (argument, mask))| {
            let text = argv.get(argument)?.as_encoded_bytes();
            Some((mask.span.of(text)?, mask.label))
        }));
        Self { scanner: Scanner::new(key), values, strange }
    }

    /// For texts about nothing in particular.
    pub(crate) fn plain(key: &'a Key) -> Self {
        Self { scanner: Scanner::new(key), values: Concealed::default(), strange: true }
    }

    /// `text` without the values known; hosts are in lower case, so case does not matter.
    pub(crate) fn known<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.values.hidden(text)
    }

    /// `text` without the values known, nor anything that a detector recognises in it.
    pub(crate) fn over(&self, text: &str) -> String {
        let mut shown = self.known(text).into_owned();
        let mut found = Vec::new();
        self.scanner.scan(shown.as_bytes(), &Channel::Output, &mut found);
        for finding in found.iter().rev() {
            let range = finding.span.start()..finding.span.end();
            if shown.is_char_boundary(range.start) && shown.is_char_boundary(range.end) {
                shown.replace_range(range, &format!("‹{}›", finding.entity));
            }
        }
        shown
    }

    /// An event without them: its folder, hosts, files and faults, and what a tool or a program that
    /// nobody knows is called.
    pub(crate) fn cover(&self, event: &mut Event) {
        if self.strange {
            event.tool = self.over(&event.tool);
        }
        if !event.faults.is_empty() {
            // Then it may speak of them, and they name files.
            event.reason = self.over(&event.reason);
        }
        let texts = event.destinations.iter_mut().chain(&mut event.faults);
        for text in texts.chain([&mut event.cwd]) {
            *text = self.over(text);
        }
        event.command = self.command(&event.command);
        let scanned = event.channels.iter_mut().map(|scan| &mut scan.channel);
        for channel in scanned.chain(event.findings.iter_mut().map(|found| &mut found.channel)) {
            *channel = self.channel(channel);
        }
    }

    /// A text about the command without them. The name of a program that nobody knows is looked at
    /// too; other arguments were.
    pub(crate) fn command(&self, text: &str) -> String {
        if self.strange { self.over(text) } else { self.known(text).into_owned() }
    }

    /// A channel without them: files may be called by a token.
    pub(crate) fn channel(&self, channel: &Channel) -> Channel {
        match channel {
            Channel::File(name) => Channel::File(self.over(name)),
            Channel::Environment(name) => Channel::Environment(self.over(name)),
            Channel::Field(name) => Channel::Field(self.over(name)),
            Channel::Argument(_) | Channel::Arguments | Channel::Output | Channel::Stdin => {
                channel.clone()
            }
        }
    }
}

/// What covers arguments: every finding, by its argument.
pub(crate) fn masks<'c>(case: &'c Case<'_>) -> impl Iterator<Item = (usize, Mask)> + 'c {
    masks_of(case.findings())
}

/// What covers arguments, of these findings.
pub(crate) fn masks_of(findings: &[Finding]) -> impl Iterator<Item = (usize, Mask)> {
    findings.iter().filter_map(|finding| match finding.channel {
        Channel::Argument(index) => {
            Some((index, Mask { span: finding.span, label: finding.entity.to_string() }))
        }
        Channel::Arguments
        | Channel::Environment(_)
        | Channel::Field(_)
        | Channel::File(_)
        | Channel::Output
        | Channel::Stdin => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_detector_knows_goes_too() {
        let key = Key::from_bytes(&[7; 32]).unwrap();
        let path = format!("/srv/AKIA{}/x", "Z7QFJ2PLMN4TXWVC");
        let shown = Veil::plain(&key).over(&path);
        assert!(!shown.contains("Z7QFJ2"), "{shown}");
        assert!(shown.starts_with("/srv/") && shown.ends_with("/x"), "{shown}");
        assert_eq!(Veil::plain(&key).over("/home/ann/src"), "/home/ann/src");
    }
}
