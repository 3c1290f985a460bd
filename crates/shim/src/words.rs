//! The words of a profile, for those who check what others write about commands.

use datafog_core::Flows;

use crate::profile::{Profile, Scope, profiles};

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
        (!words.is_empty() && !words.iter().any(|word| word.ends_with('*'))).then_some(words)
    }

    /// Whether any word of the command is a subcommand.
    #[must_use]
    pub const fn has_subcommands(&self) -> bool {
        !self.command.words.is_empty()
    }

    /// The ways that data can move by this command, whatever its words are; `None` when more than
    /// its table has a say: what it starts, or whom it reaches.
    #[must_use]
    pub fn flows(&self) -> Option<Flows> {
        let more = self.wraps || self.starts || !self.endpoints.is_empty();
        (!more).then(|| flows_of(&self.command))
    }
}

/// What some command uses content as (`body`, `query`, …), as far as profiles say it and this crate
/// knows of itself, sorted.
#[must_use]
pub fn roles() -> Vec<&'static str> {
    let mut roles = BY_ITSELF.to_vec();
    for profile in profiles() {
        roles_of(&profile.command, &mut roles);
    }
    roles.retain(|role| !role.is_empty());
    roles.sort_unstable();
    roles.dedup();
    roles
}

/// Roles that content has where no table names it.
const BY_ITSELF: [&str; 9] = [
    "body",
    "config",
    "context",
    "credential",
    "environment",
    "names",
    "options",
    "package",
    "stdin",
];

fn roles_of(scope: &Scope, roles: &mut Vec<&'static str>) {
    roles.extend(scope.options.iter().map(|option| option.role));
    roles.extend(scope.operands.iter().map(|operand| operand.role));
    scope.scopes.iter().for_each(|inner| roles_of(inner, roles));
}

/// The ways of a scope and of those inside of it: by itself, by its options and by its operands.
fn flows_of(scope: &Scope) -> Flows {
    let by_options = scope.options.iter().map(|option| {
        let own = option.flow.into_iter().collect();
        option.adds.union(own)
    });
    let by_operands = scope.operands.iter().map(|operand| Flows::NONE.with(operand.flow));
    let inner = scope.scopes.iter().map(flows_of);
    by_options.chain(by_operands).chain(inner).fold(scope.flows, Flows::union)
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
    use super::roles;
    use crate::profile;

    #[test]
    fn roles_of_tables_and_of_code_are_listed() {
        let all = roles();
        assert!(["query", "stdin", "credential"].iter().all(|role| all.contains(role)), "{all:?}");
    }

    #[test]
    fn a_profile_lists_spellings_with_their_canonical_name() {
        let git = profile("git").unwrap();
        assert!(git.spellings().contains(&("-f", "--force")), "{:?}", git.spellings());
        assert!(git.subcommands().is_none_or(|words| words.contains(&"push")));
        assert_eq!(profile("cat").unwrap().subcommands(), None);
    }
}
