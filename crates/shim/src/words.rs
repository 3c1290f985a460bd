//! The words of a profile, for those who check what others write about commands.

use crate::profile::{Profile, Scope};

impl Profile {
    /// Every spelling of every option of the command and its subcommands, each with its canonical
    /// name; sorted, each pair once.
    #[must_use]
    pub fn spellings(&self) -> Vec<(&'static str, &'static str)> {
        let mut pairs = Vec::new();
        collect(&self.command, &mut pairs);
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    }

    /// First words of the command's subcommands, sorted; `None` when it has none, or when its
    /// profile takes any word for one.
    #[must_use]
    pub fn subcommands(&self) -> Option<Vec<&'static str>> {
        let words: Vec<&str> = self.command.words.iter().map(|(word, _)| *word).collect();
        (!words.is_empty() && !words.contains(&"*")).then_some(words)
    }
}

fn collect(scope: &Scope, pairs: &mut Vec<(&'static str, &'static str)>) {
    for (spelling, index) in scope.spellings {
        if let Some(option) = scope.options.get(usize::from(*index)) {
            pairs.push((spelling, option.name));
        }
    }
    // Profiles nest two or three deep, by the data files.
    for inner in scope.scopes {
        collect(inner, pairs);
    }
}

#[cfg(test)]
mod tests {
    use crate::profile;

    #[test]
    fn a_profile_lists_spellings_with_their_canonical_name() {
        let git = profile("git").unwrap();
        assert!(git.spellings().contains(&("-f", "--force")), "{:?}", git.spellings());
        assert!(git.subcommands().is_none_or(|words| words.contains(&"push")));
        assert_eq!(profile("cat").unwrap().subcommands(), None);
    }
}
