//! Exceptions of a policy file whose last day is over, for `lint`.

use toml::de::{DeTable, DeValue};

use crate::diagnostic::{Diagnostic, Level, SourceText};
use crate::read::Item;

/// A warning for every exception (`[[allow]]`) that expired before `today`, a day as `2027-01-31`. A
/// file that is no TOML has none.
#[must_use]
pub fn expired_exceptions(text: &str, path: &str, today: &str) -> Vec<Diagnostic> {
    let source = SourceText { path, text };
    let (table, _) = DeTable::parse_recoverable(text);
    let exceptions = table.get_ref().get("allow").and_then(|item| item.get_ref().as_array());
    let days = exceptions
        .into_iter()
        .flatten()
        .filter_map(|one| one.get_ref().as_table()?.get("expires").map(|item: &Item<'_>| item));
    let warn = |item: &Item<'_>| {
        let DeValue::String(day) = item.get_ref() else { return None };
        // Days in this form sort as they follow one another.
        let is_day =
            day.len() == today.len() && day.bytes().filter(|byte| *byte == b'-').count() == 2;
        if !is_day || &**day >= today {
            return None;
        }
        let message = format!("the exception expired on {day}: it lets nothing stay any more");
        let help = "take it out, or, if it is still meant, give it a later day";
        let warning = source.diagnostic(Level::Warning, item.span(), message);
        Some(Diagnostic { help: Some(help.to_owned()), ..warning })
    };
    days.filter_map(warn).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_days_that_are_over_are_told_with_their_line() {
        let text = "[[allow]]\npath = 'a'\nreason = 'r'\nexpires = '2026-01-31'\n\
                    [[allow]]\npath = 'b'\nreason = 'r'\nexpires = '2026-02-01'\n\
                    [[allow]]\npath = 'c'\nreason = 'r'\n[[allow]]\nexpires = 'soon'\n";
        let told = expired_exceptions(text, "p.toml", "2026-02-01");
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!((told[0].line, told[0].level), (4, Level::Warning));
        assert!(told[0].message.contains("2026-01-31"));
    }
}
