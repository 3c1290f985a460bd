//! Files that a shell opens for a command are operands and content of it, however they are opened;
//! files that a tool is given are looked at whatever the argument is called.

use std::fs;

use serde_json::json;

use crate::support::Install;

const HEAD: &str = "[policy]\nid = \"own\"\nversion = \"1\"\n";

/// Lines that read `keys/credentials`, by `cat` where the second is true.
const READING: [(&str, bool); 27] = [
    ("cat keys/credentials", true),
    ("cat < keys/credentials", true),
    ("cat 0< keys/credentials", true),
    ("< keys/credentials cat", true),
    ("3< keys/credentials cat <&3", true),
    ("cat <> keys/credentials", true),
    ("cat < keys/cred*", true),
    ("cat < \"$PWD\"/keys/../keys/credentials", true),
    ("cd keys && cat < credentials", true),
    ("{ cat; } < keys/credentials", true),
    ("{ cd /; cat; } < keys/credentials", true),
    ("(cat) < keys/credentials", true),
    ("if true; then cat; fi < keys/credentials", true),
    ("f() { cat; }; f < keys/credentials", true),
    ("sudo cat < keys/credentials", true),
    ("env A=b cat < keys/credentials", true),
    ("bash -c cat < keys/credentials", true),
    ("x=$(cat < keys/credentials)", true),
    ("grep . < keys/credentials", false),
    ("while read -r l; do echo \"$l\"; done < keys/credentials", false),
    ("mapfile < keys/credentials", false),
    ("exec 3< keys/credentials", false),
    ("x=$(<keys/credentials)", false),
    (". keys/credentials", false),
    ("source \"$PWD\"/keys/credentials", false),
    ("BASH_ENV=keys/credentials bash -c ls", false),
    ("cat <<< \"$(<keys/credentials)\"", false),
];

fn install(rules: &str) -> Install {
    let install = Install::new(&[]);
    fs::create_dir(install.work().join("keys")).unwrap();
    fs::write(install.work().join("keys/credentials"), "x\n").unwrap();
    fs::write(install.root().join("policy.toml"), format!("{HEAD}{rules}")).unwrap();
    install
}

fn denying(when: &str) -> Install {
    let rule = "[[rule]]\nid = \"own-rule\"\neffect = \"deny\"\nreason = \"r\"\ninstead = \"i\"\n";
    install(&format!("{rule}[rule.when]\n{when}\n"))
}

fn rule(install: &Install, line: &str) -> String {
    let json = install.datafog(["check", "--json", "-c", line]).run().json();
    json["rule"].as_str().unwrap_or("none").to_owned()
}

fn tool(install: &Install, name: &str, arguments: &serde_json::Value) -> String {
    let arguments = arguments.to_string();
    let asked = ["check", "--json", "--tool", name, "--args", &arguments];
    install.datafog(asked).run().json()["rule"].as_str().unwrap_or("none").to_owned()
}

#[test]
fn a_file_that_a_shell_opens_is_an_operand_and_content_of_its_command() {
    let role = "[[role]]\nname = \"all\"\ndefault = true\nblocked_paths = [\"<cwd>/keys/**\"]\n";
    for (rules, expected, by_cat) in [
        (denying("operand = \"**/keys/*\""), "own-rule", false),
        (denying("content = { path = \"**/keys/*\" }"), "own-rule", false),
        (denying("operand = { path = \"**/keys/*\", flow = \"stays\" }"), "own-rule", false),
        (denying("command = \"cat\"\noperand = \"**/keys/*\""), "own-rule", true),
        (install(&role.replace("<cwd>", "**")), "role-all-blocked-paths", false),
    ] {
        for (line, _) in READING.iter().filter(|(_, cat)| *cat || !by_cat) {
            assert_eq!(rule(&rules, line), expected, "{line}");
        }
        let shown = tool(&rules, "Bash", &json!({ "command": "cat < keys/credentials" }));
        assert_eq!(shown, expected);
        rules.datafog(["shell", "cat < keys/credentials"]).run().ends_with(126);
        for line in [
            "cat < other",
            "cat <<< keys/credentials",
            "while read -r l; do cat \"$l\"; done < <(ls other)",
            "cat <<E\nkeys/credentials\nE",
            "cat < /dev/null",
        ] {
            assert_eq!(rule(&rules, line), "none", "{line}");
        }
    }
}

#[test]
fn a_blocked_path_is_found_in_urls_commits_and_arguments_of_code() {
    let blocked =
        install("[[role]]\nname = \"all\"\ndefault = true\nblocked_paths = [\"**/keys/**\"]\n");
    let work = blocked.work();
    for line in [
        format!("curl file://{}/keys/credentials", work.display()),
        format!("curl FILE://localhost{}/keys/credentials", work.display()),
        "git show HEAD:keys/credentials".to_owned(),
        "git show :keys/credentials".to_owned(),
        "git blame keys/credentials".to_owned(),
        "git archive HEAD keys/credentials".to_owned(),
        "perl -pe 1 keys/credentials".to_owned(),
        "ruby -pe 1 keys/credentials".to_owned(),
        "python3 -m json.tool keys/credentials".to_owned(),
        "node -e 1 keys/credentials".to_owned(),
        "python3 -c 'print(open(\"keys/credentials\").read())'".to_owned(),
        "node -p 'require(\"fs\").readFileSync(\"keys/credentials\", \"utf8\")'".to_owned(),
        "ruby -e 'puts File.read(\"./keys/credentials\")'".to_owned(),
        "perl -e 'open(F, \"<\", \"keys/credentials\"); print <F>'".to_owned(),
    ] {
        assert_eq!(rule(&blocked, &line), "role-all-blocked-paths", "{line}");
    }
    for line in [
        "git show HEAD:other",
        "git blame keys.txt",
        "curl https://keys.example/keys/x",
        "python3 -c 'print(\"keys/credentials\")'",
        "python3 -c 'print(open(\"other\").read())'",
    ] {
        assert_eq!(rule(&blocked, line), "none", "{line}");
    }
}

#[test]
fn a_file_that_a_shell_writes_is_an_operand_that_is_destroyed() {
    let written =
        denying("command = \"cat\"\noperand = { path = \"**/keys/*\", flow = \"destroys\" }");
    for line in [
        "cat x > keys/credentials",
        "cat >> keys/new",
        "cat <> keys/credentials",
        "cat x &> keys/n",
    ] {
        assert_eq!(rule(&written, line), "own-rule", "{line}");
    }
    assert_eq!(rule(&written, "cat < keys/credentials"), "none");
    // What a program without a profile is given is known where the shell opens it.
    let read = denying("operand = { path = \"**/keys/*\", flow = \"stays\" }");
    assert_eq!(rule(&read, "unheard-of > keys/credentials"), "none");
    assert_eq!(rule(&read, "unheard-of < keys/credentials"), "own-rule");
}

/// What a program that nobody knows may read besides its words stops none of them.
#[test]
fn a_blocked_path_leaves_other_programs_alone() {
    let install = Install::new(&[]);
    let policy = "[policy]\nid = \"p\"\nversion = \"1\"\nextends = [\"starter\"]\n\
        [[role]]\nname = \"all\"\ndefault = true\nblocked_paths = [\"**/.env\"]\n";
    fs::write(install.root().join("policy.toml"), policy).unwrap();
    let verdict = |line: &str| {
        let json = install.datafog(["check", "--json", "-c", line]).run().json();
        json["decision"].as_str().unwrap().to_owned()
    };
    for line in [
        "date",
        "pwd",
        "ps aux",
        "mkdir -p src/x",
        "touch a.txt",
        "jq . a.json",
        "tail -f log",
        "eslint --fix src",
        "awk '{print $1}' a.txt",
        "ln -s a b",
    ] {
        assert_eq!(verdict(line), "allow", "{line}");
    }
    for line in [
        "touch .env",
        "tail -n1 ./.env",
        "jq . src/../.env",
        "awk 1 .env",
        "tool --file=.env",
        "tool -f.env",
        "tool @.env",
        "tool in=.env",
        "tool < .env",
    ] {
        assert_eq!(verdict(line), "deny", "{line}");
    }
}

#[test]
fn a_blocked_path_is_found_in_every_argument_of_a_tool() {
    let role = "[[role]]\nname = \"all\"\ndefault = true\nblocked_paths = [\"**/.env\", \"**/ledger.dat\"]\n";
    let blocked = install(role);
    for arguments in [
        json!({ "p": "a/.env" }),
        json!({ "p": ".env" }),
        json!({ "p": "ledger.dat" }),
        json!({ "p": "sub/x/../ledger.dat" }),
        json!({ "x": [["b"], ["a/.env"]] }),
        json!({ "x": { "y": { "z": "a/.env" } } }),
        json!({ "files": ["b", "ledger.dat"] }),
        json!({ "a/.env": true }),
        json!({ "p": " .env" }),
        json!({ "p": ".env\n" }),
        json!({ "p": ".env:10" }),
        json!({ "p": "a/.env#L3" }),
        json!({ "p": "ok,.env" }),
        json!({ "p": "ok, ledger.dat" }),
        json!({ "p": "from=ledger.dat" }),
        json!({ "input": "*** Begin Patch\n*** Update File: a/.env\n@@\n-A=1\n+A=2\n*** End Patch" }),
        json!({ "x": "--- a/.env\n+++ b/.env\n@@ -1 +1 @@\n-A=1\n+A=2\n" }),
        json!({ "x": "diff --git a/x b/.env\nrename from x\nrename to .env\n" }),
    ] {
        assert_eq!(
            tool(&blocked, "frobnicate", &arguments),
            "role-all-blocked-paths",
            "{arguments}"
        );
    }
    for arguments in [
        json!({ "p": "a/.envrc" }),
        json!({ "note": "what stands in .env is secret" }),
        json!({ "text": "build/\n.env\n" }),
        json!({ "text": "see a, .env, and b" }),
        json!({ "url": "https://a.example/x,.env" }),
        json!({ "text": "write `--- a/.env` in the head\nof a patch" }),
        json!({ "n": 7, "b": true }),
    ] {
        assert_eq!(tool(&blocked, "frobnicate", &arguments), "none", "{arguments}");
    }
    // A word is no path outside of what is allowed.
    let allowed = "[[role]]\nname = \"all\"\ndefault = true\npaths = [\"<cwd>/src/**\"]\n";
    let allowed = install(allowed);
    let inside = json!({ "p": "src/main.rs", "mode": "fast", "kind": "a/b" });
    assert_eq!(tool(&allowed, "frobnicate", &inside), "none");
    assert_eq!(tool(&allowed, "frobnicate", &json!({ "p": "docs/a.md" })), "role-all-paths");
}

#[test]
fn a_blocked_path_is_found_in_patches_mounts_and_orders() {
    let blocked =
        install("[[role]]\nname = \"all\"\ndefault = true\nblocked_paths = [\"**/.env\"]\n");
    for line in [
        "docker run -v ./.env:/x image",
        "docker run --volume=$PWD/a/.env:/x:ro image",
        "docker run --mount type=bind,source=./.env,target=/x image",
        "docker run --env-file=.env image",
        "podman run -v ./.env:/x image",
        "sqlite3 x.db '.read .env'",
        "sqlite3 x.db 'select 1' '.read .env'",
        "sqlite3 -cmd '.read .env' x.db",
        "sqlite3 -init .env x.db",
        "sqlite3 x.db <<< '.read .env'",
        "echo .read .env | sqlite3 x.db",
        "deno run .env",
        "deno run --env-file=.env main.ts",
        "deno run -A --env-file=.env main.ts",
        "node --env-file=.env main.js",
        "node --env-file .env main.js",
        "apply_patch '*** Begin Patch\n*** Update File: .env\n*** End Patch'",
        "apply_patch <<'E'\n*** Begin Patch\n*** Update File: .env\n@@\n-a\n+b\n*** End Patch\nE",
        "git apply <<'E'\n--- a/.env\n+++ b/.env\n@@ -1 +1 @@\n-a\n+b\nE",
        "patch -p1 <<'E'\n--- a/.env\n+++ b/.env\n@@ -1 +1 @@\n-a\n+b\nE",
        "unheard-of ok,.env",
        "unheard-of --files=ok,.env",
    ] {
        assert_eq!(rule(&blocked, line), "role-all-blocked-paths", "{line}");
    }
    for line in [
        "docker run -v ./env:/app/env image",
        "docker run -v data:/x image",
        "sqlite3 x.db \"select '.env'\"",
        "deno run main.ts",
        "git commit -m 'see a, .env, and b'",
        "git apply <<'E'\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+.env\nE",
        "cat <<'E'\n*** Update File: .env\nE",
    ] {
        assert_eq!(rule(&blocked, line), "none", "{line}");
    }
    // What a mount names is an operand to every rule.
    let mounted = denying("command = \"docker\"\noperand = \"**/keys/**\"");
    assert_eq!(rule(&mounted, "docker run -v ./keys:/x image"), "own-rule");
    assert_eq!(rule(&mounted, "docker run -v ./other:/keys image"), "none");
}

#[test]
fn what_a_tool_removes_may_stand_under_any_name() {
    let install = install("");
    for (name, arguments) in [
        ("delete_file", json!({ "where": "sub/../../.." })),
        ("remove_folder", json!({ "what": ["~"] })),
        ("remove_directory", json!({ "target": { "at": "/" } })),
    ] {
        assert_eq!(tool(&install, name, &arguments), "no-root-removal", "{name} {arguments}");
    }
    for (name, arguments) in
        [("delete_file", json!({ "where": "build/a.o" })), ("delete_label", json!({ "name": "/" }))]
    {
        assert_eq!(tool(&install, name, &arguments), "none", "{name} {arguments}");
    }
}
