//! Lines for a shell that stand among other text: recipes of make, orders of clients and editors,
//! entries of a crontab, commands of Tcl.
//!
//! What else such a text says is not looked at.

use std::borrow::Cow;

use crate::profile::Language;

/// Orders of clients and editors in front of a line for a shell (psql(1), mysql(1), ed(1), sqlite3).
const ORDERS: [&str; 7] = ["!", ".shell ", ".system ", "\\!", "r !", "system ", "w !"];

/// Orders within a statement that hand its rows to a line for a shell (psql(1)).
const HANDING: [&str; 4] = ["\\!", "\\g |", "\\o |", "\\w |"];

/// The lines for a shell in a text; `None` where the text is no such one.
#[must_use]
pub fn lines_within(language: Language, text: &str) -> Option<String> {
    let lines: Vec<Cow<'_, str>> = match language {
        Language::Code | Language::Shell => return None,
        Language::Orders => {
            text.lines().flat_map(orders).chain(programs(text)).map(Cow::Borrowed).collect()
        }
        Language::Rules => text.lines().filter_map(recipe).map(Cow::Borrowed).collect(),
        Language::Schedule => text.lines().filter_map(entry).map(Cow::Borrowed).collect(),
        Language::Tcl => text.split(['\n', ';', '[', ']']).filter_map(tcl).collect(),
    };
    Some(lines.join("\n"))
}

/// The recipe in a line of a makefile: behind the tab, or behind a rule and its semicolon, without
/// signs of make's own.
fn recipe(line: &str) -> Option<&str> {
    let recipe = line.strip_prefix('\t').or_else(|| {
        let (rule, recipe) = line.split_once(';')?;
        let is_rule = rule.contains(':') && !rule.contains('=');
        is_rule.then_some(recipe)
    })?;
    Some(recipe.trim_start_matches(['@', '-', '+', ' ']))
}

/// What a line of orders runs.
fn orders(line: &str) -> impl Iterator<Item = &str> {
    let line = line.trim_start().trim_start_matches(':');
    let line = ["silent! ", "silent ", "sil! ", "sil "]
        .iter()
        .find_map(|it| line.strip_prefix(it))
        .unwrap_or(line);
    // Behind the lines that are handed to it: `%!sort`.
    let filter =
        line.trim_start_matches(|one: char| one.is_ascii_digit() || "%,.$+-".contains(one));
    let line = if filter.starts_with('!') { filter } else { line };
    let head =
        |order: &&str| line.get(..order.len()).is_some_and(|it| it.eq_ignore_ascii_case(order));
    let first = ORDERS.iter().find(|order| head(order)).and_then(|order| line.get(order.len()..));
    let within = || HANDING.iter().filter_map(|order| Some(line.split_once(*order)?.1)).next();
    first.or_else(within).map(|rest| rest.trim_end_matches(';')).into_iter()
}

/// The programs that statements read from or write to: `COPY … TO PROGRAM '…'`.
fn programs(text: &str) -> impl Iterator<Item = &str> {
    let starts = text.char_indices().filter(|(_, letter)| matches!(letter, 'p' | 'P'));
    starts.filter_map(|(at, _)| {
        let rest = text.get(at..)?;
        let (word, rest) = rest.split_at_checked("program".len())?;
        let value = rest.trim_start().strip_prefix('\'')?;
        word.eq_ignore_ascii_case("program").then(|| value.split('\'').next()).flatten()
    })
}

/// What an entry of a crontab runs (crontab(5)); the rest behind a per cent sign is its input.
fn entry(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let fields = if line.starts_with('@') { 1 } else { 5 };
    let mut rest = line;
    for _ in 0..fields {
        rest = rest.trim_start().split_once([' ', '\t'])?.1;
    }
    let is_time = line.starts_with(|one: char| one.is_ascii_digit() || matches!(one, '*' | '@'));
    is_time.then(|| rest.split('%').next()).flatten().map(str::trim_start)
}

/// What a command of Tcl runs, or removes (exec(n), open(n), file(n), Expect's spawn). Braces are
/// quotes there.
fn tcl(command: &str) -> Option<Cow<'_, str>> {
    let bare = |text: &str| text.replace(['{', '}'], " ");
    let command =
        command.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '{');
    let (name, rest) = command.split_once(char::is_whitespace)?;
    let rest = rest.trim_start();
    let line = match name {
        "exec" | "spawn" | "system" => {
            let options = ["-ignorestderr", "-keepnewline", "-noecho", "--"];
            let skip = |rest| options.iter().find_map(|one| str::strip_prefix(rest, one));
            let mut rest = rest;
            while let Some(shorter) = skip(rest) {
                rest = shorter.trim_start();
            }
            bare(rest)
        }
        "file" => format!("rm -r {}", bare(rest.strip_prefix("delete")?)).replace("-force", "-f"),
        "open" => bare(rest.trim_start_matches(['"', '{']).strip_prefix('|')?).replace('"', " "),
        _ => return None,
    };
    Some(line.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_from_what_stands_around_them() {
        use Language::{Orders, Rules, Schedule, Tcl};
        for (language, text, expected) in [
            (Rules, "all: x\n\t@rm y\n", "rm y"),
            (Rules, "x:;rm y", "rm y"),
            (Rules, "x: a b ; @rm y", "rm y"),
            (Rules, "A = b;c:d\nx := a;b", ""),
            (Orders, "\\! rm x", " rm x"),
            (Orders, "select 1 \\g | rm x", " rm x"),
            (Orders, "SYSTEM rm x;", "rm x"),
            (Orders, "!rm x\nq", "rm x"),
            (Orders, "COPY t TO PROGRAM 'rm x'", "rm x"),
            (Orders, "\\copy t from program 'cat y' csv", "cat y"),
            (Orders, "select program from t where a <> 'x';", ""),
            (Orders, "update programs set name = 'system rm'", ""),
            (Schedule, "# a\nPATH=/bin\n*/5 * * * * rm x%in\n@daily rm y\n", "rm x\nrm y"),
            (Schedule, "0 4 * *", ""),
            (Tcl, "exec -ignorestderr -- rm -rf {/srv}", "rm -rf  /srv "),
            (Tcl, "set x [file delete -force /srv]; puts hi", "rm -r  -f /srv"),
            (Tcl, "set f [open \"|cat x\" r]", "cat x  r"),
            (Tcl, "puts {exec rm}\nset exec 1", ""),
        ] {
            assert_eq!(lines_within(language, text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(lines_within(Language::Shell, "rm x"), None);
    }
}
