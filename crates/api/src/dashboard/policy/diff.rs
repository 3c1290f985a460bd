//! What changed between two texts, line by line.

/// Most pairs of lines that are compared; beyond that all of the one is replaced by the other.
const MOST: usize = 4_000_000;

/// A line of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// It stands in the new text alone.
    Added(&'a str),
    /// It stands in both.
    Kept(&'a str),
    /// It stood in the old text alone.
    Removed(&'a str),
}

/// What has to be done to `old` to get `new`: the longest common lines are kept.
pub(super) fn diff<'a>(old: &'a str, new: &'a str) -> Vec<Line<'a>> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let same = |(one, two): &(&&str, &&str)| one == two;
    let head = old.iter().zip(&new).take_while(same).count();
    let rest = old.len().min(new.len()).saturating_sub(head);
    let tail = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(same).count();
    let middle = |all: &[&'a str]| -> Vec<&'a str> {
        let end = all.len().saturating_sub(tail);
        all.get(head..end).unwrap_or_default().to_vec()
    };
    let mut lines: Vec<Line<'a>> = old.iter().take(head).map(|line| Line::Kept(line)).collect();
    lines.extend(changed(&middle(&old), &middle(&new)));
    let end = old.len().saturating_sub(tail);
    lines.extend(old.iter().skip(end).map(|line| Line::Kept(line)));
    lines
}

/// The same for what differs at both ends.
fn changed<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Line<'a>> {
    if old.len().saturating_mul(new.len()) > MOST {
        let removed = old.iter().map(|line| Line::Removed(line));
        return removed.chain(new.iter().map(|line| Line::Added(line))).collect();
    }
    let common = common(old, new);
    let at = |one: usize, two: usize| {
        common.get(one).and_then(|row| row.get(two)).copied().unwrap_or_default()
    };
    let (mut one, mut two, mut lines) = (0_usize, 0_usize, Vec::new());
    loop {
        match (old.get(one), new.get(two)) {
            (Some(line), Some(other)) if line == other => {
                lines.push(Line::Kept(line));
                (one, two) = (one.saturating_add(1), two.saturating_add(1));
            }
            (Some(line), other)
                if other.is_none()
                    || at(one.saturating_add(1), two) >= at(one, two.saturating_add(1)) =>
            {
                lines.push(Line::Removed(line));
                one = one.saturating_add(1);
            }
            (_, Some(other)) => {
                lines.push(Line::Added(other));
                two = two.saturating_add(1);
            }
            (Some(_) | None, None) => return lines,
        }
    }
}

/// How many lines two tails have in common, by where they begin.
fn common(old: &[&str], new: &[&str]) -> Vec<Vec<u32>> {
    let width = new.len().saturating_add(1);
    let mut rows = vec![vec![0_u32; width]];
    for line in old.iter().rev() {
        let mut row = vec![0_u32; width];
        let below = rows.last().cloned().unwrap_or_default();
        for (place, other) in new.iter().enumerate().rev() {
            let next = place.saturating_add(1);
            let found = |row: &[u32], place: usize| row.get(place).copied().unwrap_or_default();
            let longest = match line == other {
                true => found(&below, next).saturating_add(1),
                false => found(&below, place).max(found(&row, next)),
            };
            if let Some(cell) = row.get_mut(place) {
                *cell = longest;
            }
        }
        rows.push(row);
    }
    rows.reverse();
    rows
}

#[cfg(test)]
mod tests {
    use super::Line::{Added, Kept, Removed};
    use super::*;

    #[test]
    fn what_both_have_is_kept() {
        assert_eq!(diff("a\nb\nc", "a\nx\nc"), [Kept("a"), Removed("b"), Added("x"), Kept("c")]);
        assert_eq!(diff("", "a"), [Added("a")]);
        assert_eq!(diff("a\nb", ""), [Removed("a"), Removed("b")]);
        assert_eq!(diff("a\na", "a"), [Kept("a"), Removed("a")]);
        assert_eq!(diff("same", "same"), [Kept("same")]);
    }

    #[test]
    fn both_texts_can_be_read_from_it() {
        let texts = ["", "a", "a\nb", "b\na", "a\nb\na\nc", "c\nb\na", "x\ny\nz\na\nb\na\nc"];
        for old in texts {
            for new in texts {
                let lines = diff(old, new);
                let olds = lines.iter().filter_map(|line| match line {
                    Kept(line) | Removed(line) => Some(*line),
                    Added(_) => None,
                });
                let news = lines.iter().filter_map(|line| match line {
                    Kept(line) | Added(line) => Some(*line),
                    Removed(_) => None,
                });
                assert_eq!(olds.collect::<Vec<_>>(), old.lines().collect::<Vec<_>>());
                assert_eq!(news.collect::<Vec<_>>(), new.lines().collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn very_long_texts_are_told_whole() {
        let old: String = (0..3000).map(|number| format!("a{number}\n")).collect();
        let new: String = (0..3000).map(|number| format!("b{number}\n")).collect();
        assert_eq!(diff(&old, &new).len(), 6000);
    }
}
