//! Lines for a shell that are made to wear a gate out: long, deep, never closed. The end-to-end
//! tests look at what is decided about each, `cargo xtask hostile` at what that costs.

/// A line, whether the gate has to stop it, and whether that takes no reading.
#[derive(Debug)]
pub(crate) struct HostileLine {
    pub(crate) name: &'static str,
    pub(crate) line: String,
    pub(crate) stopped: bool,
    pub(crate) unread: bool,
}

/// What must not run, wherever in a line it stands.
const DANGER: &str = "rm -rf /";

/// All of them. None is longer than an argument may be (128 KiB on Linux, execve(2)).
pub(crate) fn hostile_lines() -> Vec<HostileLine> {
    let statements: String =
        (0..300).map(|at| format!("x{at} = [{at}, 'a{at}', (1, 2)]  # line {at}\n")).collect();
    let heredoc = format!("python3 - <<'EOF'\n{statements}print('ok')\nEOF\n");
    let assignments: Vec<String> = (0..10_000).map(|at| format!("a{at}=1")).collect();
    let mut nested = DANGER.to_owned();
    for _ in 0..6 {
        nested = format!("sh -c '{}'", nested.replace('\'', "'\\''"));
    }
    let word = |bytes: usize| format!("echo '{}'; {DANGER}", "a".repeat(bytes));
    let deep = |depth: usize| format!("echo {}{DANGER}{}", "$(".repeat(depth), ")".repeat(depth));
    let many = |part: &dyn Fn(u32) -> String| (0..3_000).map(part).collect::<String>();
    let set = |value| ["u", "v", "w", "x", "y", "z"].map(|it| format!("{it}={value};")).concat();
    let several = format!("if a; then {} else {} fi;", set(1), set(2));
    let line = |name, line, stopped| HostileLine { name, line, stopped, unread: false };
    let unread = |name, line| HostileLine { name, line, stopped: true, unread: true };
    vec![
        line("a harmless heredoc of 300 lines", heredoc.clone(), false),
        line("the same with a dangerous command behind it", format!("{heredoc}{DANGER}\n"), true),
        unread("40 nested $(", deep(40)),
        unread("400 nested $(", deep(400)),
        unread("2,000 $( that are never closed", format!("echo {}{DANGER}", "$(".repeat(2_000))),
        unread("64 KiB of $(", "$(".repeat(32_768)),
        unread(
            "64 KiB of nested $(, each closed",
            format!("{}:{}", "$(".repeat(21_845), ")".repeat(21_845)),
        ),
        line("sh -c six deep", nested, true),
        line("2,000 commands", "git status;".repeat(2_000), false),
        line("2,000 commands, a dangerous one last", "git status;".repeat(2_000) + DANGER, true),
        line("a quoted word of 64 KiB", word(65_536), true),
        line("a quoted word of 120 KiB", word(122_880), true),
        line("3,000 commands that differ", many(&|at| format!("ls {at};")) + DANGER, true),
        line("3,000 files written", many(&|at| format!("ls > f{at};")) + DANGER, true),
        line("3,000 names for a program", many(&|at| format!("a{at}=rm;")) + "$a1 -rf /", true),
        line("10,000 assignments before a command", assignments.join(" ") + " " + DANGER, true),
        line("10,000 folders", "cd a;".repeat(10_000) + DANGER, true),
        line("4,000 longer and longer lists", "set -- \"$@\" a;".repeat(4_000) + DANGER, true),
        line(
            "2,500 times 64 ways to fill a word",
            several + &"a=$u$v$w$x$y$z;".repeat(2_500) + DANGER,
            true,
        ),
        line("10,000 assignments, then a command", assignments.join(";") + ";" + DANGER, true),
    ]
}
