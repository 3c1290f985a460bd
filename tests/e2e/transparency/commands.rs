//! Every command that has a data file: a stand-in that writes its arguments, environment and input
//! byte by byte gets the same with and without a shim, and the real ones of this machine do the same.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Install, SYSTEM_PATH};
use crate::transparency::Stage;

/// A data file of `shims/`, as far as it is of interest here.
struct Profile {
    /// The program's name and its other ones.
    names: Vec<String>,
    /// The command lines of its examples.
    lines: Vec<Vec<String>>,
}

fn profiles() -> Vec<Profile> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("shims");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.filter(|path| path.extension().is_some_and(|it| it == "toml"));
    let mut all: Vec<Profile> = files.map(|path| profile(&path)).collect();
    all.sort_by(|one, other| one.names.cmp(&other.names));
    all
}

fn profile(path: &Path) -> Profile {
    let table: toml::Table = fs::read_to_string(path).unwrap().parse().unwrap();
    let words = |value: &toml::Value| -> Vec<String> {
        value.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    let aliases = table.get("aliases").map(words).unwrap_or_default();
    let names = [table["name"].as_str().unwrap().to_owned()].into_iter().chain(aliases).collect();
    let examples = table["example"].as_array().unwrap();
    Profile { names, lines: examples.iter().map(|example| words(&example["argv"])).collect() }
}

/// Writes everything that it was given, and ends with a status of its own. What bash says of the
/// place that a program was found at is left out: that is the shim.
const STAND_IN: &str = "#!/bin/sh\n\
    printf '<%s>' \"$0\" \"$@\"\n\
    /usr/bin/env -0 | /bin/grep -zv -e ^_= -e ^DATAFOG_MARKER=\n\
    /bin/cat\n\
    echo 'to a person' >&2\n\
    exit 7\n";

/// One word of a line for a shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// The lines of a profile as a script that starts them in `$BIN`, each with input of its own.
fn script(profile: &Profile) -> String {
    let own = profile.names.iter().map(|name| vec![name.clone(), String::from("--version")]);
    let line = |words: Vec<String>| {
        let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        format!("printf 'in\\0put' | \"$BIN\"/{}; echo \"=$?\"", words.join(" "))
    };
    own.chain(profile.lines.iter().cloned()).map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_command_of_every_data_file_gets_what_it_was_given() {
    let profiles = profiles();
    assert!(profiles.len() > 80, "{}", profiles.len());
    let names: Vec<&str> = profiles.iter().flat_map(|it| &it.names).map(String::as_str).collect();
    let install = Install::observing(&names);
    for name in &names {
        install.program(&format!("fakes/{name}"), STAND_IN);
    }
    let fakes = install.work().join("fakes");
    let mut told = Vec::new();
    for profile in &profiles {
        let run = |folder: &Path| {
            let path = format!("{}:{SYSTEM_PATH}", fakes.display());
            // The place is nobody's business but the script's.
            let script = format!("BIN='{}'\n{}", folder.display(), script(profile));
            install.bash(&script).env("PATH", path).run().0
        };
        let (plain, gated) = (run(&fakes), run(&install.root().join("shims")));
        if plain != gated {
            told.push(format!("{:?}\n{plain:?}\n{gated:?}", profile.names));
        }
        let calls = profile.names.len() + profile.lines.len();
        let ended = String::from_utf8_lossy(&plain.stdout).matches("=7\n").count();
        assert_eq!(ended, calls, "{:?}: the stand-in itself ran", profile.names);
    }
    assert!(told.is_empty(), "{}", told.join("\n\n"));
    let calls: usize = profiles.iter().map(|it| it.names.len() + it.lines.len()).sum();
    assert!(install.receipts().len() >= calls, "{} of {calls}", install.receipts().len());
}

/// Programs that take seconds to say who they are, or fetch something first.
const SLOW: [&str; 15] = [
    "aws", "az", "bq", "cdk", "claude", "codex", "gcloud", "gke", "gradle", "gsutil", "mvn", "npm",
    "pnpm", "sam", "yarn",
];

#[test]
fn the_programs_of_this_machine_say_who_they_are() {
    let known = profiles();
    let names: BTreeSet<&str> = known.iter().flat_map(|it| &it.names).map(String::as_str).collect();
    let place = |name: &str| {
        SYSTEM_PATH.split(':').map(|it| PathBuf::from(it).join(name)).find(|it| it.exists())
    };
    let installed: Vec<&str> =
        names.into_iter().filter(|name| !SLOW.contains(name) && place(name).is_some()).collect();
    assert!(installed.len() > 20, "{installed:?}");
    let (enforced, observing) = (Install::new(&installed), Install::observing(&installed));
    for name in installed {
        for word in ["--version", "--help"] {
            let run = |program: &Path| {
                let start = enforced.start(program, [word]).env("PATH", SYSTEM_PATH).arg0(name);
                start.run().0
            };
            let plain = run(&place(name).unwrap());
            for install in [&enforced, &observing] {
                let gated = run(&install.root().join("shims").join(name));
                assert_eq!(gated, plain, "{name} {word}");
            }
        }
    }
}

/// Real calls that do no harm, and how many of their commands are judged at least.
const SESSIONS: &[(&str, usize)] = &[
    ("printf 'b\\na\\n' | tee f g | cksum; tee -a f < g; cksum f g; tee nowhere/x < f; echo $?", 3),
    (
        "printf abcdef | dd of=f status=none; dd if=f bs=1 skip=2 count=2 status=none; dd if=nowhere; echo $?",
        3,
    ),
    (
        "echo a > f; tar --mtime=@0 -cf a.tar f; tar tf a.tar; mkdir d; tar -xf a.tar -C d; cat d/f; tar xf nowhere; echo $?",
        4,
    ),
    (
        "mkdir -p a/b; touch a/b/c a/d; find a -type f -exec echo '<{}>' ';' | sort; find a -name d -delete; find a | sort",
        3,
    ),
    (
        "printf 'x y\\nz' | xargs -n 1 echo; printf 'x\\0y z' | xargs -0 -I{} echo '[{}]'; xargs false < /dev/null; echo $?",
        3,
    ),
    (
        "sh -c 'echo $0 $1; exit 4' x y; echo $?; echo 'echo in $1' | sh -s a; bash -c 'kill -TERM $$'; echo $?",
        3,
    ),
    ("printf 'a\\0b' | base64 | base64 -d | od -c; base64 nowhere; echo $?", 3),
    (
        "touch f; chmod 640 f; stat -c %a f; chmod 9 f; echo $?; truncate -s 5 f; od -c f; truncate f; echo $?",
        4,
    ),
    ("printf 'all:\\n\\t@echo made $(X)\\n' | make -sf - X=1; make -f nowhere; echo $?", 2),
    (
        "perl -e 'print \"@ARGV\\n\"; exit 3' a b; echo $?; printf 'print 1+1' | perl; perl -pe 's/a/b/' <<< aaa",
        3,
    ),
    ("printf x | openssl dgst -sha256; openssl nonsense; echo $?", 2),
    (
        "sqlite3 a.db 'create table t(x); insert into t values(1); select x from t'; echo 'select 2;' | sqlite3 a.db",
        2,
    ),
    ("echo a > f; shred -n 1 -u f; ls; mkfs.ext4 nowhere 2> /dev/null; echo $?", 1),
];

#[test]
fn harmless_calls_do_what_they_do() {
    let names = [
        "base64", "bash", "chmod", "dd", "find", "make", "mkfs", "openssl", "perl", "sh", "shred",
        "sqlite3", "tar", "tee", "truncate", "xargs",
    ];
    Stage::of(&names).assert_same(SESSIONS.iter().copied());
}
