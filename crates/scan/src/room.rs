//! How many findings of one text are listed: of more the most severe, the first of those.

use datafog_core::Severity;

use crate::found::Found;

/// Severities, as many as there are.
const SEVERITIES: usize = 4;

/// How many findings of each severity were taken.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Room([usize; SEVERITIES]);

impl Room {
    /// Takes a finding, unless `most` of its severity were taken: so what is severe finds room, however
    /// much there is that is not.
    pub(crate) fn take(&mut self, severity: Severity, most: usize) -> bool {
        let Some(taken) = self.0.get_mut(rank(severity)) else { return false };
        let room = *taken < most;
        *taken = taken.saturating_add(usize::from(room));
        room
    }

    /// Whether there is none left for a finding of that severity.
    pub(crate) fn is_full(&self, severity: Severity, most: usize) -> bool {
        self.0.get(rank(severity)).is_none_or(|taken| *taken >= most)
    }
}

/// Leaves the `most` most severe findings, in the order in which they stand; how many it takes out.
pub(crate) fn keep_worst(findings: &mut Vec<Found>, most: usize) -> usize {
    let before = findings.len();
    if before <= most {
        return 0;
    }
    let mut counts = [0_usize; SEVERITIES];
    for found in &*findings {
        if let Some(count) = counts.get_mut(rank(found.severity)) {
            *count = count.saturating_add(1);
        }
    }
    let mut left = most;
    for count in counts.iter_mut().rev() {
        *count = left.min(*count);
        left = left.saturating_sub(*count);
    }
    findings.retain(|found| {
        counts.get_mut(rank(found.severity)).is_some_and(|room| {
            let kept = *room > 0;
            *room = room.saturating_sub(1);
            kept
        })
    });
    before.saturating_sub(findings.len())
}

const fn rank(severity: Severity) -> usize {
    severity as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, Report, Text};
    use datafog_core::Key;

    #[test]
    fn each_severity_has_room_of_its_own() {
        let mut room = Room::default();
        let taken: Vec<_> = (0..3).map(|_| room.take(Severity::Low, 2)).collect();
        assert_eq!(taken, [true, true, false]);
        assert!(room.is_full(Severity::Low, 2) && !room.is_full(Severity::Low, 3));
        assert!(!room.is_full(Severity::Critical, 2));
        assert!(room.take(Severity::Critical, 2) && !room.take(Severity::Low, 2));
    }

    #[test]
    fn what_is_severe_is_listed_behind_thousands_of_others() {
        let key = Key::new(&[7; 32]);
        let block = "-----BEGIN EC PRIVATE KEY-----\n";
        let mail: String = (0..5000).map(|number| format!("jane{number}@acme.io\n")).collect();
        let text = format!("{mail}{block}");
        let mut report = Report::default();
        Text::whole(&Options::new(&key), "a", text.as_bytes(), &mut report);
        assert_eq!((report.findings.len(), report.not_listed), (1000, 4001));
        let last = report.findings.last().unwrap();
        assert_eq!((&*last.detector, last.severity), ("private-key", Severity::Critical));
        assert!(report.findings.is_sorted_by_key(|found| found.start));
    }

    #[test]
    fn secrets_in_commands_are_looked_for_as_long_as_one_can_be_listed() {
        let key = Key::new(&[7; 32]);
        let lines: String = (0..3000).map(|number| format!("mysql -pTr4vel{number}\n")).collect();
        let (mut whole, mut pieces) = (Report::default(), Report::default());
        let options = Options::new(&key);
        Text::whole(&options, "a", lines.as_bytes(), &mut whole);
        let mut text = Text::new(&options, "a");
        lines.as_bytes().chunks(777).for_each(|piece| text.push(piece));
        text.finish(&mut pieces);
        for report in [whole, pieces] {
            assert_eq!((report.findings.len(), report.not_listed), (1000, 1));
            assert_eq!(report.findings.last().unwrap().line, 1000);
        }
    }
}
