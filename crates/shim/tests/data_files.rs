//! A slip in a data file is a build error that names file, line and what is wrong.

use std::path::{Path, PathBuf};

#[path = "../build/check.rs"]
mod check;
#[path = "../build/format.rs"]
#[expect(dead_code, reason = "the emitter uses the rest")]
mod format;

/// What the build says of the file `x.toml` with that text.
fn said(text: &str) -> Result<(), String> {
    let path = Path::new("x.toml");
    let modules = check::Modules {
        transports: vec!["http".into(), "local".into()],
        sources: vec!["git-remote".into()],
    };
    let file: format::File =
        toml::from_str(text).map_err(|it| check::Fault::from_toml(&it).located(path, text))?;
    check::file(&file, path, &modules).map_err(|fault| fault.located(path, text))
}

const HEAD: &str = "name = \"x\"\ndeliver = \"path\"\n";

#[test]
fn a_sound_file_is_taken() {
    assert_eq!(said(&format!("{HEAD}[command]\nflags = [\"--all -a\"]\n")), Ok(()));
}

#[test]
fn every_slip_names_its_line() {
    let cases = [
        ("colour = 1\n[command]\n", "x.toml:3: unknown field `colour`"),
        ("[command]\nflagz = []\n", "x.toml:4: unknown field `flagz`"),
        ("[command]\nflow = [\"away\"]\n", "x.toml:4: unknown variant `away`"),
        ("transport = \"pigeon\"\n[command]\n", "x.toml:3: `pigeon` is no module in src/transport"),
        ("[command]\nflags = [\"--a\",\n \"--a\"]\n", "x.toml:5: option `--a` is given twice"),
        ("[command]\nflags = [\"all\"]\n", "x.toml:4: `all` is not spelled like an option"),
        (
            "[command]\noption = [\n { names = \"-p\", content = \"text\" },\n]\n",
            "x.toml:5: `content` without a `role`",
        ),
        (
            "[command]\noption = [\n { names = \"-p\", value = \"none\", content = \"password\" },\n]\n",
            "x.toml:5: content of an option that takes no value",
        ),
        (
            "[command]\noption = [{ names = \"-n\", adds = [\"leaves\"], drops = [\"leaves\"] }]\n",
            "x.toml:4: a flow is both added and dropped",
        ),
        (
            "[command]\noperand = [{ at = \"rest\", kind = \"path\", unless = [\"-t\"] }]\n",
            "x.toml:4: no option `-t` here",
        ),
        (
            "[command]\noption = [{ names = \"-x\", value = \"required\", prefix = [\"a=\"] }]\n",
            "x.toml:4: a `prefix` without `starts`",
        ),
        ("[command]\nuse = [\"diff\"]\n", "x.toml:4: no set `diff` in this file"),
        ("[command]\n[[command.subcommand]]\n", "x.toml:1: a subcommand without `names`"),
        (
            "endpoint = [{ for = [\"push\"], scheme = \"https\", default = \"h\" }]\n[command]\n",
            "x.toml:3: no subcommand `push`",
        ),
        (
            "endpoint = [{ scheme = \"https\", default = \"deferred:oracle\" }]\n[command]\n",
            "x.toml:3: `oracle` is no module in src/source",
        ),
    ];
    for (tail, expected) in cases {
        let fault = said(&format!("{HEAD}{tail}")).unwrap_err();
        assert!(fault.starts_with(expected), "{tail}\n{fault}");
    }
    assert!(
        said("name = \"y\"\ndeliver = \"path\"\n[command]\n").unwrap_err().starts_with("x.toml:1")
    );
}

#[test]
fn programs_without_wrappers_are_checked_alike() {
    let path = Path::new("x.toml");
    let modules = check::Modules { transports: vec!["local".into()], sources: Vec::new() };
    let said = |text: &str| {
        let topic: format::Topic =
            toml::from_str(text).map_err(|it| check::Fault::from_toml(&it).located(path, text))?;
        check::topic(&topic, &modules).map_err(|fault| fault.located(path, text))
    };
    let head = "[[program]]\nname = \"x\"\n[program.command]\n";
    assert_eq!(
        said(&format!(
            "{head}option = [{{ names = \"-p\", value = \"required\", secret = {{ is = \"password\" }} }}]"
        )),
        Ok(())
    );
    let slips = [
        ("flags = [\"p\"]", "x.toml:4: `p` is not spelled"),
        (
            "option = [{ names = \"-p\", value = \"none\", secret = { is = \"key\" } }]",
            "x.toml:4: a `secret`",
        ),
        (
            "option = [{ names = \"-p\", secret = { is = \"song\" } }]",
            "x.toml:4: unknown variant `song`",
        ),
    ];
    for (tail, expected) in slips {
        let fault = said(&format!("{head}{tail}\n")).unwrap_err();
        assert!(fault.starts_with(expected), "{tail}\n{fault}");
    }
}

#[test]
fn no_two_files_claim_one_name() {
    let file = |name: &str| {
        let text = format!("name = \"{name}\"\naliases = [\"z\"]\ndeliver = \"path\"\n[command]\n");
        (PathBuf::from(format!("{name}.toml")), toml::from_str(&text).unwrap())
    };
    let fault = check::names(&[file("x"), file("y")], &[]).unwrap_err();
    assert_eq!(fault, "y.toml: `z` is also claimed by x.toml");
}
