//! Values that can mean nothing: empty, negative, over-large, listed twice, of a wrong type. Each is
//! put at every key of the language, and must be refused where it stands. The keys are asked of the
//! reader itself, so a key that is added is tried, too.

#![expect(clippy::panic, reason = "helpers of tests are tests")]

use datafog_policy::{AnyWord, Diagnostic, Layer, Policy, TestFile};

const IMPOSSIBLE: [&str; 14] = [
    "''",
    "'  '",
    "[]",
    "['']",
    "{}",
    "[{}]",
    "-1",
    "0",
    "4294967296",
    "1e300",
    "nan",
    "['x', 'x']",
    "true",
    "\"\\u0001\"",
];

const HEAD: &str = "[policy]\nid = 'p'\nversion = '1'\n";
const RULE: &str = "[[rule]]\nid = 'r'\neffect = 'deny'\nreason = 'x'\ninstead = 'y'\n";
const WHEN: &str = "when = { command = 'git' }\n";

/// A place in a file: its name, a file with `@` where a key and its value may stand on a line of their
/// own, and the values that are right there: `key=value`, `*` for every key.
struct Place {
    name: &'static str,
    text: String,
    right: &'static [&'static str],
}

fn policy(name: &'static str, rest: &str, right: &'static [&'static str]) -> Place {
    Place { name, text: format!("{HEAD}{rest}"), right }
}

/// A condition that is a table; `given` makes it one that could hold.
fn condition(name: &'static str, given: &str, right: &'static [&'static str]) -> Place {
    policy(name, &format!("{RULE}[rule.when]\n[rule.when.{name}]\n{given}\n@\n"), right)
}

fn example(name: &'static str, given: &str, right: &'static [&'static str]) -> Place {
    let text = format!("{RULE}{WHEN}[[rule.match]]\n{given}\n@\n");
    policy(name, &text, right)
}

fn places() -> Vec<Place> {
    let signal =
        "[risk]\nallow = [0, 59]\ndeny = [60, 100]\n[[risk.signal]]\nid = 's'\npoints = 60\n";
    let risk = format!("{signal}when = {{ command = 'git' }}\n");
    let test = "[[test]]\ncall = 'git push'\nexpect = 'deny'\n";
    vec![
        Place {
            name: "head",
            text: String::from("[policy]\nid = 'p'\nversion = '1'\ndefault = 'deny'\n@\n"),
            // An empty list means to build on nothing.
            right: &["extends=[]", "locked=true"],
        },
        policy("rule", &format!("{RULE}{WHEN}@\n"), &["locked=true"]),
        policy(
            "rule.when",
            &format!("{risk}{RULE}[rule.when]\nuser = 'ann'\n@\n"),
            &["ci=true", "discards=true", "unclear=true", "uncommitted=true", "unscanned=true"],
        ),
        policy(
            "approval",
            &format!(
                "{}{WHEN}[rule.approval]\nscope = 'once'\n@\n",
                RULE.replace("deny", "require_approval")
            ),
            &[],
        ),
        policy(
            "redact",
            &format!(
                "{}{WHEN}[rule.redact]\nentity = 'a.*'\n@\n",
                RULE.replace("deny", "allow_with_redaction")
            ),
            &[],
        ),
        policy(
            "risk",
            &format!(
                "[risk]\n@\n[[risk.signal]]\nid = 's'\npoints = 60\nwhen = {{ command = 'git' }}\n{RULE}when = {{ risk = {{ at_least = 60 }} }}\n"
            ),
            &[],
        ),
        policy("signal", &format!("{risk}@\n"), &[]),
        policy(
            "role",
            "[[role]]\nname = 'a'\nusers = ['ann']\ntools = ['x']\n@\n",
            &["default=true"],
        ),
        policy(
            "calls",
            "[[role]]\nname = 'a'\nusers = ['ann']\n[role.calls]\nover = 5\nper = '1h'\n@\n",
            &[],
        ),
        condition("finding", "entity = 'a.*'", &["going_home=true"]),
        condition("operand", "path = '/a'", &[]),
        condition("content", "path = '/a'", &[]),
        condition("option", "name = '-a'\nvalue = 'x'", &[]),
        condition("option", "all = ['-a']", &[]),
        condition("host", "name = 'a.example'", &[]),
        condition("time", "days = 'mon'", &[]),
        condition("rate", "over = 5\nper = '1h'", &[]),
        policy(
            "risk condition",
            &format!("{risk}{RULE}[rule.when]\n[rule.when.risk]\nat_least = 30\n@\n"),
            &[],
        ),
        condition(
            "argument",
            "path = 'a'\nexists = true",
            &[
                "eq=''",
                "eq='  '",
                "eq=\"\\u0001\"",
                "eq=-1",
                "eq=0",
                "eq=4294967296",
                "eq=1e300",
                "eq=true",
                "contains='  '",
                "contains=\"\\u0001\"",
                "contains=-1",
                "contains=0",
                "contains=4294967296",
                "contains=1e300",
                "contains=true",
                "gt=-1",
                "gt=0",
                "gt=4294967296",
                "gt=1e300",
                "gte=-1",
                "gte=0",
                "gte=4294967296",
                "gte=1e300",
                "lt=-1",
                "lt=0",
                "lt=4294967296",
                "lt=1e300",
                "lte=-1",
                "lte=0",
                "lte=4294967296",
                "lte=1e300",
                "length_eq=0",
                "length_gt=0",
                "length_lte=0",
                "exists=true",
                "one_of=['']",
            ],
        ),
        example(
            "example",
            "run = 'git push'",
            &[
                "unscanned=true",
                "ci=true",
                "uncommitted=true",
                "finding=['x', 'x']",
                "run=['x', 'x']",
            ],
        ),
        example(
            "tool",
            "tool = 't'",
            &["args={}", "unscanned=true", "ci=true", "uncommitted=true", "finding=['x', 'x']"],
        ),
        example(
            "declared",
            "run = 'git push'\n[rule.match.finding]\nentity = 'a.b'",
            &["going_home=true", "confidence=0"],
        ),
        Place { name: "tests", text: format!("@\n{test}"), right: &[] },
        Place { name: "test", text: format!("{test}@\n"), right: &["call=['x', 'x']"] },
    ]
}

/// What is said against a file.
fn told(text: &str) -> Vec<Diagnostic> {
    if text.contains("[policy]") {
        Policy::parse(text, "p.toml", Layer::User, &AnyWord).err().unwrap_or_default()
    } else {
        TestFile::parse(text, "p.test.toml", &AnyWord).err().unwrap_or_default()
    }
}

/// The keys that the reader knows at a place: what it offers in place of an unknown one.
fn keys(place: &Place) -> Vec<String> {
    let faults = told(&place.text.replace('@', "qzqzqzqzqzqz = 1"));
    let help = faults.iter().find(|one| one.message.contains("`qzqzqzqzqzqz`"));
    let Some(help) = help.and_then(|one| one.help.as_deref()) else {
        panic!("{}: no keys are told: {faults:?}", place.name)
    };
    let all = help.split('`').skip(1).step_by(2);
    // What the file needs to be one, and what is another form of the same place.
    let fixed = |key: &&str| {
        place
            .text
            .contains(&format!("[[{}{key}]]", if place.name == "risk" { "risk." } else { "" }))
            || (place.name == "tool" && *key == "run")
    };
    all.filter(|key| !fixed(key)).map(str::to_owned).collect()
}

/// The file with `key` set to `value` in place of what stood there for it.
fn with(place: &Place, key: &str, value: &str) -> (String, usize) {
    let start = format!("{key} = ");
    let (head, rest) = place.text.split_once('@').unwrap_or((&place.text, ""));
    let section = head.rfind("]\n").map_or(0, |at| at.saturating_add(2));
    let (before, own) = head.split_at(section);
    let own = own.lines().filter(|line| !line.starts_with(&start));
    let own: String = own.map(|line| format!("{line}\n")).collect();
    let before = format!("{before}{own}");
    let line = before.matches('\n').count().saturating_add(1);
    (format!("{before}{key} = {value}{rest}"), line)
}

#[test]
fn a_value_that_can_mean_nothing_is_refused_at_every_key() {
    let (mut tried, mut passed) = (0_usize, Vec::new());
    for place in places() {
        let sound = told(&place.text.replace('@', ""));
        assert!(!sound.iter().any(Diagnostic::is_error), "{}: {sound:?}", place.name);
        for key in keys(&place) {
            for value in IMPOSSIBLE {
                tried = tried.saturating_add(1);
                let (text, line) = with(&place, &key, value);
                let faults = told(&text);
                let here = faults
                    .iter()
                    .any(|one| one.is_error() && usize::try_from(one.line) == Ok(line));
                let right = place.right.contains(&format!("{key}={value}").as_str());
                if here == right {
                    passed.push(format!("{}: {key} = {value}: {faults:?}", place.name));
                }
            }
        }
    }
    assert!(tried > 1500, "{tried}");
    assert!(passed.is_empty(), "{} of {tried}:\n{}", passed.len(), passed.join("\n"));
}

/// Values each of which is well formed, and which no call could ever answer, or every call does.
#[test]
fn what_never_or_always_holds_is_refused_with_a_remedy() {
    for condition in [
        "finding = {}",
        "finding = { which = 'every' }",
        "finding = { entity = 'a.*', except = 'a.*' }",
        "finding = { except = '*' }",
        "finding = { confidence = 0.0 }",
        "operand = { path = ['/a', '/b'], except = ['/b', '/a'] }",
        "operand = { path = '/a', except = '/**' }",
        "operand = { text = 'x', matches = '.*' }",
        "content = { path = '/a', except = '**' }",
        "option = '--'",
        "option = '--force=yes'",
        "option = '--message text'",
        "user = '*'",
        "user = ' ann'",
        "group = ['staff', '*']",
        "parent = '*'",
        "branch = 'main '",
        "cwd = '/**'",
        "stdin = ['content', 'ignore', 'stream']",
        "time = { days = 'mon-sun' }",
        "time = { hours = '00:00-24:00' }",
        "time = { days = 'wed-tue', hours = '00:00-24:00' }",
        "rate = { over = 0, per = '1h' }",
        "rate = { over = 10001, per = '1h' }",
        "rate = { over = 1, per = '0s' }",
        "rate = { over = 1, per = '400d' }",
        "risk = { at_least = 61 }",
        "risk = { at_least = 101 }",
        "argument = { path = 'a', contains = '' }",
        "argument = { path = 'a', matches = 'a*' }",
        "argument = { path = 'a', gt = 5, lt = 5 }",
        "argument = { path = 'a', gte = 5, lt = 5 }",
        "argument = { path = 'a', gt = 5.5, lte = 5 }",
        "argument = { path = 'a', between = [1, 2], gt = 2 }",
        "argument = { path = 'a', length_gt = 4, length_lt = 5 }",
        "argument = { path = 'a', length_eq = 4, length_lt = 3 }",
        "argument = { path = 'a', length_gte = 0 }",
        "argument = { path = 'a', length_lt = 0 }",
        "argument = { path = 'a', eq = 5, gt = 6 }",
        "argument = { path = 'a', eq = 'x', gt = 6 }",
        "argument = { path = 'a', one_of = ['ab', 'c'], like = 'x*' }",
        "argument = { path = 'a', one_of = [1, 1.0] }",
        "argument = { path = 'a', domain_in = '' }",
        "argument = { path = 'a', cidr = '' }",
    ] {
        let signal = "[risk]\nallow = [0, 59]\ndeny = [60, 100]\n[[risk.signal]]\nid = 's'\npoints = 60\nwhen = { command = 'git' }\n";
        let faults = told(&format!("{HEAD}{signal}{RULE}[rule.when]\n{condition}\n"));
        let fault = faults.iter().find(|one| one.is_error());
        let Some(fault) = fault else { panic!("{condition} is accepted: {faults:?}") };
        assert_eq!(fault.line, 17, "{fault}");
    }
    for condition in [
        "argument = { path = 'a', gt = 4, lt = 5 }",
        "argument = { path = 'a', gte = 5, lte = 5 }",
        "argument = { path = 'a', between = [1, 2], gte = 2 }",
        "argument = { path = 'a', length_gt = 4, length_lt = 6 }",
        "argument = { path = 'a', length_eq = 0 }",
        "argument = { path = 'a', one_of = [1, 9], gt = 6 }",
        "argument = { path = 'a', eq = '' }",
        "finding = { entity = 'a.*', except = 'a.b' }",
        "operand = { path = '/a/**', except = '/a/b' }",
        "time = { days = 'mon-sun', hours = '09:00-17:00' }",
        "finding = { count = 1 }",
    ] {
        let faults = told(&format!("{HEAD}{RULE}[rule.when]\n{condition}\n"));
        assert!(faults.is_empty(), "{condition}: {faults:?}");
    }
}

/// What is read and has no effect on anything.
#[test]
fn what_changes_nothing_is_told() {
    let signal = "[[risk.signal]]\nid = 's'\npoints = 60\nwhen = { command = 'git' }\n";
    let role = "[[role]]\nname = 'a'\nusers = 'ann'\n";
    for (text, said) in [
        (signal.to_owned(), "nothing follows from the score"),
        (format!("[risk]\nallow = [0, 100]\n{signal}"), "nothing follows from the score"),
        (format!("{role}tools = '*'\n"), "`tools` changes nothing"),
        (format!("{role}paths = ['/a', '/**']\n"), "`paths` changes nothing"),
        (
            format!("{role}approve = 'a'\nauto_approve = ['b', 'a']\n"),
            "`auto_approve` changes nothing",
        ),
        (format!("{role}auto_approve = 'a'\n"), "`auto_approve` without `approve`"),
        (String::from("rule = []\n"), "the list is empty"),
        (format!("{RULE}{WHEN}match = []\n"), "the list is empty"),
        (format!("{RULE}{WHEN}match = ['git push', 'git  push']\n"), "listed twice"),
    ] {
        // Values of the whole file stand before its tables.
        let (top, rest) =
            if text.starts_with("rule") { (text.as_str(), "") } else { ("", text.as_str()) };
        let faults = told(&format!("{top}{HEAD}{rest}"));
        let fault = faults.iter().find(|one| one.is_error() && one.message.contains(said));
        assert!(fault.is_some_and(|one| one.line > 0), "{text}: {faults:?}");
    }
    for (text, said) in [
        (
            format!("[risk]\nallow = [0, 59]\napprove = [60, 80]\ndeny = [81, 100]\n{signal}"),
            "`deny` begins at 81",
        ),
        (role.to_owned(), "the role `a` changes nothing"),
    ] {
        let policy =
            Policy::parse(&format!("{HEAD}{text}"), "p.toml", Layer::User, &AnyWord).unwrap();
        let warned =
            policy.warnings().iter().any(|one| one.message.contains(said) && one.help.is_some());
        assert!(warned, "{text}: {:?}", policy.warnings());
    }
    let used = format!("{HEAD}{role}{RULE}when = {{ role = 'a' }}\n");
    assert!(Policy::parse(&used, "p.toml", Layer::User, &AnyWord).unwrap().warnings().is_empty());
}
