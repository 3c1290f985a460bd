//! Which words of a command line may lead to a secret, by a byte of each: nearly no line of a script does,
//! and to take one apart costs a hundred times as much as this look. It may say yes to a line that holds
//! none, never no to one that does.

use crate::naming;

/// What a program's words begin with that may hold a secret, or behind which one may stand. A byte is told
/// by its lowest six bits, of both cases of a letter.
#[derive(Debug)]
pub(crate) struct Telling {
    /// The first letters behind one hyphen.
    pub(crate) letters: u64,
    /// The first letters behind two.
    pub(crate) names: u64,
    /// The first bytes of words that are no options.
    pub(crate) words: u64,
    /// Whether any other word may hold one behind a name: `name=value`, `name: value`, `name value`.
    pub(crate) pairs: bool,
}

impl Telling {
    /// Whether a word behind the program's name may hold a secret, or one may stand behind it.
    pub(crate) fn may_lead(&self, word: &[u8]) -> bool {
        // Behind the last option, a word that looks like one may be a name, too.
        if self.pairs && is_pair_or_name(word) {
            return true;
        }
        match word {
            [b'-', b'-', name @ ..] => {
                name.first().is_some_and(|first| has(self.names, *first)) || is_telling(word)
            }
            // Letters may stand together, and a value directly behind the last.
            [b'-', letters @ ..] => letters.iter().any(|letter| has(self.letters, *letter)),
            [first, ..] => has(self.words, *first),
            [] => false,
        }
    }
}

/// Whether a word holds a mark of a pair, or says that the next one is a secret.
fn is_pair_or_name(word: &[u8]) -> bool {
    memchr::memchr2(b'=', b':', word).is_some() || naming::says(word).is_some()
}

/// Whether the name of an option says that its value is a secret, whoever takes it.
fn is_telling(option: &[u8]) -> bool {
    let name = option.split(|byte| *byte == b'=').next().unwrap_or_default();
    naming::says(name).is_some()
}

const fn has(bits: u64, byte: u8) -> bool {
    bits >> (byte & 63) & 1 == 1
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStrExt as _;

    use proptest::prelude::*;
    use proptest::sample::Index;

    use crate::profile::{NAMES, Scope, UNWRAPPED};

    /// Calls `see` with every spelling of an option of the scope, and of those in it, whose value is a secret.
    fn spellings(scope: &Scope, see: &mut impl FnMut(&str)) {
        for (spelling, option) in scope.spellings {
            if scope.options[usize::from(*option)].secret.is_some() {
                see(spelling);
            }
        }
        scope.scopes.iter().for_each(|inner| spellings(inner, see));
    }

    #[test]
    fn every_option_that_takes_a_secret_leads_to_it() {
        let mut seen = 0;
        for (name, profile) in NAMES.iter().chain(UNWRAPPED) {
            spellings(&profile.command, &mut |spelling| {
                seen += 1;
                for word in [spelling.to_owned(), format!("{spelling}=x"), format!("{spelling}x")] {
                    assert!(profile.telling.may_lead(word.as_bytes()), "{name} {word}");
                }
            });
        }
        assert!(seen > 300, "{seen}");
    }

    /// The words that a scope knows.
    fn words_of(scope: &Scope, words: &mut Vec<String>) {
        words.extend(scope.spellings.iter().map(|(spelling, _)| (*spelling).to_owned()));
        words.extend(scope.words.iter().map(|(word, _)| (*word).to_owned()));
        let operands = scope.operands.iter();
        words.extend(operands.flat_map(|it| it.prefix).map(|prefix| format!("{prefix}v9Xq")));
        scope.scopes.iter().for_each(|inner| words_of(inner, words));
    }

    /// Words that any program may be given.
    const COMMON: &[&str] = &[
        "v9Xq",
        "a=v9Xq",
        "token=v9Xq",
        "x:v9Xq",
        "--my-token",
        "-token",
        "password",
        "u:v9Xq@h",
        "--",
    ];

    proptest! {
        #[test]
        fn no_line_that_holds_a_secret_is_left_out(
            program: Index,
            picks in proptest::collection::vec((any::<Index>(), 0..4_u8), 1..7),
        ) {
            let (name, profile) = *program.get(&[NAMES, UNWRAPPED].concat());
            let mut known: Vec<String> = COMMON.iter().map(|word| (*word).to_owned()).collect();
            words_of(&profile.command, &mut known);
            let mut argv = vec![OsString::from(name)];
            for (pick, form) in picks {
                let word = pick.get(&known);
                argv.push(match form {
                    0 => format!("{word}=v9Xq"),
                    1 => format!("{word}v9Xq"),
                    _ => word.clone(),
                }.into());
                argv.extend((form == 2).then(|| OsString::from("v9Xq")));
            }
            let leads = argv.iter().skip(1).any(|word| profile.telling.may_lead(word.as_bytes()));
            prop_assert!(leads || crate::secrets_in(&argv).is_empty(), "{argv:?}");
        }
    }

    #[test]
    fn what_leads_to_none_is_told_apart() {
        let leads = |line: &str| {
            let mut words = line.split(' ');
            let profile = crate::secrets::known(words.next().unwrap().as_bytes()).unwrap();
            words.any(|word| profile.telling.may_lead(word.as_bytes()))
        };
        for line in ["cargo", "cargo build", "mysql", "mysql db", "git status -z", "make -j4"] {
            assert!(!leads(line), "{line}");
        }
        for line in [
            "cargo login x",
            "mysql -uroot -pX",
            "mysql -vp",
            "mysql password=x",
            "nmcli wifi-sec.psk x",
            "redis-cli x -token then",
            "make --my-token=x",
            "docker login -ux -py",
        ] {
            assert!(leads(line), "{line}");
        }
    }
}
