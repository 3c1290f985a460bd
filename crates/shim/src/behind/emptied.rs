//! Files that an edit leaves empty: `ex -sc '%d|x' a`, `ed a` with `1,$d`, `gawk -i inplace '{}' a`.
//!
//! What an edit leaves of a file is weighed no further: only orders and programs that write nothing at
//! all count, and such a file is told as one that `truncate` empties.

use super::{Gathering, What, Word};
use crate::interpret::operand_specs;
use crate::profile::{Language, Starts};

/// Words before an order that change nothing of what it does.
const BEFORE: [&str; 9] =
    [":", " ", "argdo ", "bufdo ", "keepjumps ", "sil! ", "silent! ", "sil ", "silent "];

/// All lines of a file, to ed and Vim.
const ALL: [&str; 5] = ["%", "1,$", "0,$", "0;$", ","];

/// Orders that leave no line, whole.
const EMPTYING: [&str; 6] = ["g/^/d", "g/.*/d", "v/x^/d", "%!true", "%!:", "%!cat /dev/null"];

/// Keys in Vim's normal mode that do the same.
const KEYS: [&str; 3] = ["ggdG", "ggVGd", "gg\"_dG"];

/// What orders begin with that put lines into a file.
const PUTTING: [&str; 5] = ["a", "i", "norm", "pu", "r"];

/// What programs of Perl and Ruby write with.
const WRITING: [&str; 7] = ["print", "say", "puts", "putc", "write", "STDOUT", "stdout"];

/// Programs of Perl that leave nothing of a line, without blanks.
const NOTHING: [&str; 6] = ["undef$_", "$_=undef", "$_=\"\"", "$_=''", "$_=q()", "s/.*//s"];

impl Gathering<'_, '_> {
    /// The files that the edit leaves empty, as emptied.
    pub(super) fn emptied(&mut self) {
        if !self.leaves_nothing() {
            return;
        }
        let words = self.call.words.iter().zip(operand_specs(self.call));
        let files = words.filter(|(_, spec)| spec.is_none_or(|spec| spec.starts.is_none()));
        let files: Vec<Word> = files.map(|(word, _)| self.word(word)).collect();
        if !files.is_empty() {
            let head = ["truncate", "-s", "0", "--"].into_iter().map(Word::of);
            self.push(What::Command(head.chain(files).collect()));
        }
    }

    fn leaves_nothing(&self) -> bool {
        let call = self.call;
        let has = |name: &str| call.has(name);
        match call.profile.name {
            "ed" | "ex" | "vim" => leaves_no_line(&self.scripts().join("\n")),
            "sed" if has("--in-place") => {
                self.scripts().iter().any(|script| sed_prints_nothing(script, has("--quiet")))
            }
            "perl" | "ruby" if has("-i") => {
                let scripts = self.scripts();
                let writes = |script: &String| WRITING.iter().any(|word| script.contains(word));
                !scripts.is_empty()
                    && match has("-p") {
                        true => scripts.iter().all(|script| undoes(script)),
                        false => has("-n") && !scripts.iter().any(writes),
                    }
            }
            "awk" => {
                let value = |text: &crate::text::Text<'_>| &*text.bytes == b"inplace";
                let mut values = call.given.iter().filter_map(|given| given.value.as_ref());
                let scripts = self.scripts();
                values.any(value) && !scripts.is_empty() && scripts.iter().all(|it| awk_is_mute(it))
            }
            _ => false,
        }
    }

    /// The programs and orders that stand in the line, or come in.
    fn scripts(&self) -> Vec<String> {
        let holds = |starts: Option<Starts>| {
            matches!(starts, Some(Starts::Code | Starts::Orders | Starts::Sed))
        };
        let given = self.call.given.iter().filter(|given| holds(given.spec.starts));
        let given = given.filter_map(|given| given.value.as_ref());
        let words = self.call.words.iter().zip(operand_specs(self.call));
        let words = words.filter_map(|(word, spec)| holds(spec?.starts).then_some(word));
        let texts =
            given.chain(words).map(|text| text.to_os_string().to_string_lossy().into_owned());
        let mut texts: Vec<String> = texts.collect();
        if self.call.scope().reads == Some(Language::Orders) || self.call.profile.name == "vim" {
            texts.extend(self.input.map(str::to_owned));
        }
        texts
    }
}

/// Whether orders take all lines away and put none there.
fn leaves_no_line(orders: &str) -> bool {
    let mut orders = orders.split(['\n', '|']).map(bare);
    orders.any(empties) && !orders.any(puts)
}

/// An order without what stands in front of it.
fn bare(order: &str) -> &str {
    let mut order = order.trim().trim_start_matches('+');
    while let Some(rest) = BEFORE.iter().find_map(|before| order.strip_prefix(before)) {
        order = rest;
    }
    order
}

fn empties(order: &str) -> bool {
    if let Some(keys) = order.strip_prefix("norm") {
        return KEYS.iter().any(|all| keys.contains(all));
    }
    let deletes = |rest: &str| {
        let verb = rest.trim_start().split(|one: char| !one.is_ascii_alphabetic()).next();
        verb.is_some_and(|verb| !verb.is_empty() && "delete".starts_with(verb))
    };
    EMPTYING.contains(&order) || ALL.iter().filter_map(|all| order.strip_prefix(all)).any(deletes)
}

fn puts(order: &str) -> bool {
    let order = order.trim_start_matches(|one: char| one.is_ascii_digit() || ".,$".contains(one));
    PUTTING.iter().any(|putting| order.starts_with(putting))
}

/// Whether a script of sed writes no line: it deletes each, or is quiet and never prints one.
fn sed_prints_nothing(script: &str, quiet: bool) -> bool {
    let script = script.trim();
    matches!(script, "d" | "1,$d" | "1,$ d" | "/^/d")
        || (quiet && !script.contains(['p', 'P', 'w', '=', 'i', 'a', 'c', 'r', 'R']))
}

/// Whether a program that prints each line at its end leaves nothing of it.
fn undoes(script: &str) -> bool {
    let bare: String = script.split_whitespace().collect();
    NOTHING.contains(&bare.trim_end_matches(';'))
}

/// Whether a program of awk never prints: no pattern stands by itself, and no action says so.
fn awk_is_mute(script: &str) -> bool {
    let mut depth = 0_usize;
    let mut patterns = String::new();
    for letter in script.chars() {
        match letter {
            '{' => depth = depth.saturating_add(1),
            '}' => depth = depth.saturating_sub(1),
            _ if depth == 0 => patterns.push(letter),
            _ => {}
        }
    }
    let pattern = |word: &str| !matches!(word, "BEGIN" | "END" | ";");
    script.contains('{') && !script.contains("print") && !patterns.split_whitespace().any(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_that_leave_nothing_are_told_from_edits() {
        for orders in [
            "%d|x",
            ":%d _",
            "1,$d\nw\nq",
            ",d\nw",
            "%delete\nwq",
            "argdo %d",
            "normal! ggdG",
            "norm ggVGd\nwq",
            "silent! %d",
            "g/^/d",
        ] {
            assert!(leaves_no_line(orders), "{orders}");
        }
        for orders in [
            "%s/a/b/|x",
            "1,5d\nw",
            "g/debug/d\nw",
            "%d\n0r new.txt\nw",
            "1,$d\na\nnew\n.\nw",
            "wq",
            "%!sort",
            "normal! ggO",
            "$d\nw",
            "%diffput",
            "d",
        ] {
            assert!(!leaves_no_line(orders), "{orders}");
        }
    }

    #[test]
    fn programs_that_write_nothing_are_told_from_others() {
        assert!(sed_prints_nothing("d", false) && sed_prints_nothing("", true));
        assert!(!sed_prints_nothing("5d", false) && !sed_prints_nothing("1,5p", true));
        assert!(undoes("undef $_") && undoes("$_ = \"\";") && !undoes("s/a/b/"));
        assert!(!undoes("$_ = '' if /debug/"));
        for mute in ["{}", "BEGIN{exit}", "{ x = $1 }"] {
            assert!(awk_is_mute(mute), "{mute}");
        }
        for loud in ["{print}", "1", "{gsub(/a/, \"b\")} 1", "{gsub(/a/, \"b\")}1", "/x/", "NR > 1"]
        {
            assert!(!awk_is_mute(loud), "{loud}");
        }
    }
}
