//! "Did you mean": the nearest known word to a mistyped one.

/// The known word nearest to `word`, when it is near enough to be a slip of the fingers: at most
/// one edit for every three characters, two for short words with a swap.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| (1..=limit).contains(distance))
        .min()
        .map(|(_, candidate)| candidate)
}

/// Edits between two words: insert, delete, replace, or swap two neighbours, one each
/// (the restricted Damerau-Levenshtein distance).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    let mut previous = None;
    for (row, letter) in one.chars().enumerate() {
        let mut current = vec![row.saturating_add(1)];
        for (column, &target) in other.iter().enumerate() {
            let at = |line: &[usize], back: usize| {
                column
                    .checked_add(1)
                    .and_then(|right| right.checked_sub(back))
                    .and_then(|index| line.get(index))
                    .copied()
                    .unwrap_or(usize::MAX)
            };
            let replaced = at(&last, 1).saturating_add(usize::from(letter != target));
            let edited = at(&last, 0).min(at(&current, 1)).saturating_add(1);
            let swapped = column.checked_sub(1).and_then(|left| other.get(left)) == Some(&letter)
                && previous == Some(target);
            let swap = if swapped { at(&before, 2).saturating_add(1) } else { usize::MAX };
            current.push(replaced.min(edited).min(swap));
        }
        before = core::mem::replace(&mut last, current);
        previous = Some(letter);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_slips() {
        for (one, other, expected) in [
            ("", "abc", 3),
            ("git", "git", 0),
            ("gti", "git", 1),
            ("curl", "crul", 1),
            ("kitten", "sitting", 3),
            ("comand", "command", 1),
            ("ca", "abc", 3),
        ] {
            assert_eq!(distance(one, other), expected, "{one} {other}");
            assert_eq!(distance(other, one), expected, "{other} {one}");
        }
    }

    #[test]
    fn only_near_words_are_offered() {
        let known = ["git", "curl", "cargo"];
        assert_eq!(nearest("gti", known), Some("git"));
        assert_eq!(nearest("crago", known), Some("cargo"));
        assert_eq!(nearest("docker", known), None);
        assert_eq!(nearest("git", known), None, "it is known");
    }
}
