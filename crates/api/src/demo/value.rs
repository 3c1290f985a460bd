//! What stands in the place of a word in braces.
//!
//! Values with the form of a secret are put together here and belong to nobody: heads are kept in
//! pieces, so that no file of the project has the form, and the rest is chance.

use super::chance::Chance;

const BASE62: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Fills all words in braces. One that nobody knows stays as it is, which a test forbids.
pub(super) fn fill(text: &str, repository: &str, chance: &mut Chance) -> String {
    let (mut filled, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, end)) = after.split_once('}') else {
            filled.push('{');
            rest = after;
            continue;
        };
        match value(name, repository, chance) {
            Some(value) => filled.push_str(&value),
            None => filled.push_str(&format!("{{{name}}}")),
        }
        rest = end;
    }
    filled.push_str(rest);
    filled
}

fn value(name: &str, repository: &str, chance: &mut Chance) -> Option<String> {
    let mut one = |all: &[&str]| chance.pick(all).map(|one| (*one).to_owned());
    match name {
        "branch" => one(&["fix-cart-total", "search-filters", "bump-deps", "retry-webhooks"]),
        "change" => one(&[
            "Round totals once, at the end",
            "Retry webhooks with back-off",
            "Drop an unused index",
            "Say why a coupon is refused",
        ]),
        "file" => one(&["README.md", "src/cart.ts", "src/search/index.ts", "docs/runbook.md"]),
        "package" => one(&["zod", "pino", "vitest", "undici"]),
        "repo" => Some(repository.to_owned()),
        "task" => one(&["build", "test", "lint", "typecheck"]),
        "few" => Some(chance.within(1, 4).to_string()),
        "number" => Some(chance.within(20, 4000).to_string()),
        "email" => {
            let first = ["mara", "jonas", "leila", "tom", "aiko", "petra", "sam"];
            let last = ["weber", "okafor", "lind", "tanaka", "duarte", "novak"];
            let (first, last) = (chance.pick(&first)?, chance.pick(&last)?);
            Some(format!("{first}.{last}@acme.io"))
        }
        "aws" => Some(head(["AK", "IA"], 16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", chance)),
        "github" => Some(head(["gh", "p_"], 36, BASE62, chance)),
        "slack" => {
            let numbers = chance.letters("123456789", 12);
            Some(head(["xo", &format!("xb-{numbers}-{numbers}-")], 24, BASE62, chance))
        }
        "stripe" => Some(head(["sk_", "live_"], 24, BASE62, chance)),
        "card" => Some(card(&format!("4539{}", chance.letters("0123456789", 11)))),
        "iban" => Some(iban(&chance.letters("0123456789", 18))),
        _ => None,
    }
}

/// Chance behind a head. A few values come again and again, as they do where one leaks.
fn head(pieces: [&str; 2], count: usize, alphabet: &str, chance: &mut Chance) -> String {
    let mut again = Chance::new(chance.below(6));
    let from = if chance.percent(85) { &mut again } else { chance };
    format!("{}{}", pieces.concat(), from.letters(alphabet, count))
}

/// A number of a card with the digit that its check demands (ISO/IEC 7812-1).
fn card(digits: &str) -> String {
    let sum = digits.chars().rev().zip([2_u32, 1].into_iter().cycle()).fold(0_u32, |sum, it| {
        let digit = it.0.to_digit(10).unwrap_or(0).saturating_mul(it.1);
        sum.saturating_add(if digit > 9 { digit.saturating_sub(9) } else { digit })
    });
    let check = 10_u32.saturating_sub(sum.rem_euclid(10)).rem_euclid(10);
    format!("{digits}{check}")
}

/// A German IBAN with its check digits (ISO 13616, ISO 7064 MOD 97-10).
fn iban(account: &str) -> String {
    // `DE00` behind the account, letters as numbers from A = 10.
    let rest = format!("{account}131400").chars().fold(0_u32, |rest, digit| {
        let digit = digit.to_digit(10).unwrap_or(0);
        rest.saturating_mul(10).saturating_add(digit).rem_euclid(97)
    });
    format!("DE{:02}{account}", 98_u32.saturating_sub(rest))
}

#[cfg(test)]
mod tests {
    use datafog_core::{Channel, Key};
    use datafog_detect::Scanner;

    use super::*;

    #[test]
    fn every_value_is_found_for_what_it_is() {
        let key = Key::from_bytes(&[1; 32]).unwrap();
        let mut chance = Chance::new(1);
        for (name, entity) in [
            ("aws", "secret.aws"),
            ("card", "pii.credit_card"),
            ("email", "pii.email"),
            ("github", "secret.github.pat"),
            ("iban", "pii.iban"),
            ("slack", "secret.slack"),
            ("stripe", "secret.stripe"),
        ] {
            let text = fill(&format!("{name} {{{name}}} y"), "shop", &mut chance);
            let mut found = Vec::new();
            Scanner::new(&key).scan(text.as_bytes(), &Channel::Stdin, &mut found);
            assert!(found.iter().any(|one| one.entity.starts_with(entity)), "{name}: {found:?}");
        }
    }

    #[test]
    fn what_is_no_word_stays() {
        let mut chance = Chance::new(1);
        assert_eq!(fill("a {nothing} {repo} {", "shop", &mut chance), "a {nothing} shop {");
    }
}
