//! Numbers that look like chance and are the same each time.

use datafog_core::Digest;

/// A run of numbers (SplitMix64), which follows from where it begins.
#[derive(Clone, Debug)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 where there is none.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next().checked_rem(end).unwrap_or(0)
    }

    /// A number from `from` to just below `to`.
    pub(super) fn within(&mut self, from: u64, to: u64) -> u64 {
        from.saturating_add(self.below(to.saturating_sub(from)))
    }

    /// Whether what comes so often of a hundred comes now.
    pub(super) fn percent(&mut self, often: u64) -> bool {
        self.below(100) < often
    }

    /// One of many; `None` where there is none.
    pub(super) fn pick<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        let count = u64::try_from(all.len()).unwrap_or(u64::MAX);
        all.get(usize::try_from(self.below(count)).unwrap_or(0))
    }

    /// One of many that come as often as their weights say.
    pub(super) fn weighed<'a, T>(
        &mut self,
        all: &'a [T],
        weight: impl Fn(&T) -> u64,
    ) -> Option<&'a T> {
        let sum = all.iter().fold(0_u64, |sum, one| sum.saturating_add(weight(one)));
        let mut left = self.below(sum);
        all.iter().find(|one| match left.checked_sub(weight(one)) {
            Some(rest) => {
                left = rest;
                false
            }
            None => true,
        })
    }

    /// So many letters out of an alphabet.
    pub(super) fn letters(&mut self, alphabet: &str, count: usize) -> String {
        let alphabet: Vec<char> = alphabet.chars().collect();
        (0..count).filter_map(|_| self.pick(&alphabet).copied()).collect()
    }

    /// Ten bytes, for an id.
    pub(super) fn bytes(&mut self) -> [u8; 10] {
        let digest = Digest::of(&self.next().to_be_bytes());
        let mut bytes = [0; 10];
        bytes.iter_mut().zip(digest.as_bytes()).for_each(|(to, from)| *to = *from);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_beginning_leads_the_same_way() {
        let run = || {
            let mut chance = Chance::new(7);
            (0..8).map(|_| chance.below(10)).collect::<Vec<_>>()
        };
        assert_eq!(run(), run());
        assert_ne!(Chance::new(1).next(), Chance::new(2).next());
        assert_eq!(Chance::new(1).below(0), 0);
        assert_eq!(Chance::new(1).pick::<u8>(&[]), None);
    }

    #[test]
    fn weights_count() {
        let mut chance = Chance::new(3);
        let all = [("often", 90), ("seldom", 10), ("never", 0)];
        let picked: Vec<&str> =
            (0..200).map(|_| chance.weighed(&all, |it| it.1).unwrap().0).collect();
        let often = picked.iter().filter(|name| **name == "often").count();
        assert!((150..200).contains(&often) && !picked.contains(&"never"));
    }
}
