//! `show-script`: a program that was just fetched is kept in a file and shown, not run.
//!
//! `curl … | sh` becomes a pipe into our own program, which keeps what comes in and says where. The
//! same for `bash <(…)`, `sh -c "$(…)"` and `eval "$(…)"`.

use super::Builtin;
use crate::Refusal;
use crate::command::Command;
use crate::draft::Draft;

pub(super) const REWRITE: Builtin = Builtin {
    name: "show-script",
    summary: "a script from elsewhere is kept in a file and shown, not run",
    command: Some(command),
    tool: None,
};

/// Programs that run what they are given.
const RUNNERS: [&str; 15] = [
    "ash", "bash", "dash", "fish", "ksh", "node", "perl", "php", "python", "python2", "python3",
    "ruby", "sh", "source", "zsh",
];

/// Options of theirs that only say how.
const HOW: [&str; 8] = ["-", "-e", "-eu", "-ex", "-i", "-l", "-s", "-x"];

fn command(command: &Command<'_>, draft: &mut Draft) -> Result<(), Refusal> {
    let program = command.program();
    let runs = RUNNERS.contains(&program);
    if !runs && !matches!(program, "." | "eval") {
        return Ok(());
    }
    let given = command.words.iter().enumerate().skip(1);
    let mut rest = given.skip_while(|(_, word)| {
        word.known && word.text.to_str().is_some_and(|text| HOW.contains(&text))
    });
    let first = rest.next();
    let is_dash_c = first.is_some_and(|(_, word)| word.known && word.text.to_str() == Some("-c"));
    let line = if is_dash_c { rest.next() } else { first };
    match line {
        // Arguments behind `-s` go with the shell that would have taken them.
        None => keep_none(command, draft),
        Some(_) if runs && !is_dash_c && reads_input(command) => keep_none(command, draft),
        Some((at, word)) if !word.known => {
            let text = is_dash_c || program == "eval";
            (1..command.words.len()).filter(|it| *it != at).for_each(|it| draft.drop_word(it));
            show(command, draft);
            if text {
                draft.insert(at, "--text");
            }
        }
        Some(_) => {}
    }
    Ok(())
}

fn reads_input(command: &Command<'_>) -> bool {
    command.argv.iter().any(|word| word.to_str() == Some("-s"))
}

fn keep_none(command: &Command<'_>, draft: &mut Draft) {
    (1..command.words.len()).for_each(|at| draft.drop_word(at));
    show(command, draft);
}

fn show(command: &Command<'_>, draft: &mut Draft) {
    draft.insert(0, command.own);
    draft.replace(0, "show-script");
}
