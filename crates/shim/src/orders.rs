//! Orders among the statements for a database that name files: `.read FILE` of sqlite3 and duckdb
//! (sqlite.org/cli.html, *Special commands*).

use std::path::PathBuf;

/// Orders whose words are files that are read or written.
const WITH_FILES: [&str; 14] = [
    "backup", "cd", "clone", "excel", "import", "load", "log", "once", "open", "output", "read",
    "restore", "save", "trace",
];

/// Most files that are told of one text.
const MOST: usize = 64;

/// The files that the orders in a text name. Linear in the size of the text.
pub(crate) fn files(text: &str) -> Vec<PathBuf> {
    let orders = text.lines().filter_map(|line| line.trim_start().strip_prefix('.'));
    let words = orders.filter_map(|order| {
        let mut words = order.split_whitespace();
        // Any beginning of an order's name that stands for one of them is the order.
        let name = words.next()?;
        WITH_FILES.iter().any(|known| known.starts_with(name)).then_some(words)
    });
    let files = words.flatten().map(|word| word.trim_matches(['"', '\'']));
    let files = files.filter(|word| !word.starts_with(['-', '|']) && !word.is_empty());
    files.take(MOST).map(PathBuf::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_orders_are_told() {
        for (text, expected) in [
            (".read .env", &[".env"][..]),
            (".rea 'a'\nselect 1;\n  .import --csv b.csv t", &["a", "b.csv", "t"]),
            (".restore x.db", &["x.db"]),
            (".read |cmd", &[]),
            (".mode json", &[]),
            ("select '.read x'", &[]),
        ] {
            let found = files(text);
            let found: Vec<&str> = found.iter().filter_map(|file| file.to_str()).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
