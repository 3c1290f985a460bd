//! How long is waited for more before what has come is shown, and how much of it then.
//!
//! Nobody knows whether a writer that is silent waits for an answer or was only interrupted. So it
//! goes by steps: the longer the silence, the less is kept back.

use core::time::Duration;

/// A writer that gathers what it writes gives it away in blocks of a multiple of this size (`BUFSIZ`
/// of stdio(3): 1024 for a terminal, 4096 and more for a pipe).
const BLOCK: usize = 1024;

/// How long something is kept back that is no secret: a prompt must appear within 5 ms.
const SHORT: Duration = Duration::from_millis(4);

/// How long a last word is kept back then that could become an address or a name.
const LONG: Duration = Duration::from_millis(200);

/// How long what has begun like a finding is kept back then.
const LAST: Duration = Duration::from_millis(500);

/// How long nothing has come, as far as it matters, and what is shown by then of what is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Patience {
    /// A moment behind full blocks, which cut the text where they like: a last word is kept back.
    Cut,
    /// A moment: prompts are written, also one that ends in a word of a few letters or in the head of
    /// a token. A last word that looks like more is kept back.
    Short,
    /// So long that a last word is taken for what it is; what has begun like a secret, a number or
    /// an address is kept back.
    Long,
    /// So long that whoever wrote this waits for an answer: all is judged as it stands. A secret of
    /// which a part is there is replaced, with whatever more comes of it.
    Last,
}

impl Patience {
    /// What to wait first once `count` bytes came, and what it is then.
    #[must_use]
    pub const fn first(count: usize) -> (Duration, Self) {
        let full = count.is_multiple_of(BLOCK);
        (SHORT, if full { Self::Cut } else { Self::Short })
    }

    /// What to wait when something is kept back still. The last step takes out what may turn out to
    /// be no finding, so it is only for a reader to whom a writer may be `talking`: a file has time.
    #[must_use]
    pub const fn next(self, talking: bool) -> Option<(Duration, Self)> {
        match self {
            Self::Cut | Self::Short => Some((LONG, Self::Long)),
            Self::Long if talking => Some((LAST, Self::Last)),
            Self::Long | Self::Last => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_waits_least_and_a_file_has_no_last_step() {
        assert!(Patience::first(5).0 < Duration::from_millis(5));
        assert_eq!(Patience::first(5).1, Patience::Short);
        assert_eq!(Patience::first(3 * 4096).1, Patience::Cut);
        for (talking, last) in [(true, Patience::Last), (false, Patience::Long)] {
            let steps = std::iter::successors(Some(Patience::Cut), |it| Some(it.next(talking)?.1));
            let steps: Vec<Patience> = steps.collect();
            assert!(steps.is_sorted() && steps.last() == Some(&last), "{steps:?}");
        }
    }
}
