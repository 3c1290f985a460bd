//! The scripts that put the shims first on PATH, one for each kind of shell.
//!
//! Each does nothing when the shims are gone, and moves their folder to the front when it stands
//! further back: whoever sources the script last wins, so it may be sourced often.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// For `sh`, bash, zsh, ksh: only POSIX words (XCU §2.6.2 for the `%%` and `#` forms), and safe
/// under `set -eu`. Empty entries of PATH, which name the working directory, are kept.
const SH: &str = r#"# Puts the datafog shims first on PATH. Written by `datafog init`; sourced by one marked line
# in your shell's start files, which `datafog uninstall` removes.
_datafog_shims=@SHIMS@
if [ -d "$_datafog_shims" ]; then
    case "${PATH-}" in
    "$_datafog_shims" | "$_datafog_shims":*) ;;
    '')
        PATH="$_datafog_shims"
        export PATH
        ;;
    *)
        _datafog_path=":$PATH:"
        while :; do
            case "$_datafog_path" in
            *":$_datafog_shims:"*)
                _datafog_path="${_datafog_path%%":$_datafog_shims:"*}:${_datafog_path#*":$_datafog_shims:"}"
                ;;
            *) break ;;
            esac
        done
        _datafog_path="${_datafog_path#:}"
        PATH="$_datafog_shims:${_datafog_path%:}"
        export PATH
        unset _datafog_path
        ;;
    esac
fi
unset _datafog_shims
"#;

const FISH: &str = "# Puts the datafog shims first on PATH. Written by `datafog init`.
if test -d @SHIMS@
    fish_add_path --path --move --prepend @SHIMS@
end
";

const NUSHELL: &str = "# Puts the datafog shims first on PATH. Written by `datafog init`.
@COMMAND@
";

/// The scripts by file name. Nushell's is missing when the path is not UTF-8.
pub(super) fn all(shims: &Path) -> Vec<(&'static str, Vec<u8>)> {
    let mut scripts = vec![
        ("env", filled(SH, "@SHIMS@", &sh_quoted(shims))),
        ("env.fish", filled(FISH, "@SHIMS@", &fish_quoted(shims))),
    ];
    let command = nushell_command(shims);
    scripts.extend(command.map(|command| ("env.nu", filled(NUSHELL, "@COMMAND@", &command))));
    scripts
}

/// The command that puts `shims` first in nushell, on one line.
pub(super) fn nushell_command(shims: &Path) -> Option<Vec<u8>> {
    let text = shims.to_str()?.replace('\\', r"\\").replace('"', "\\\"");
    let rest = format!("$env.PATH | split row (char esep) | where $it != \"{text}\"");
    Some(format!("$env.PATH = ({rest} | prepend \"{text}\")").into_bytes())
}

/// The path as one word of a POSIX shell.
pub(super) fn sh_quoted(path: &Path) -> Vec<u8> {
    let bytes = path.as_os_str().as_bytes();
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-".contains(byte);
    if !bytes.is_empty() && bytes.iter().all(plain) {
        return bytes.to_vec();
    }
    let quoted = bytes.split(|byte| *byte == b'\'').collect::<Vec<_>>().join(br"'\''".as_slice());
    [b"'".as_slice(), &quoted, b"'"].concat()
}

/// The path as one word of fish.
pub(super) fn fish_quoted(path: &Path) -> Vec<u8> {
    let mut quoted = vec![b'\''];
    for byte in path.as_os_str().as_bytes() {
        if matches!(byte, b'\\' | b'\'') {
            quoted.push(b'\\');
        }
        quoted.push(*byte);
    }
    quoted.push(b'\'');
    quoted
}

fn filled(template: &str, hole: &str, with: &[u8]) -> Vec<u8> {
    let pieces: Vec<_> = template.split(hole).map(str::as_bytes).collect();
    pieces.join(with)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::process::Command;

    /// PATH after `shell` sourced its script with `path`, or `None` when there is no such shell.
    fn sourced(shell: &str, script: &str, shims: &Path, path: &str) -> Option<String> {
        let script = shims.with_file_name(script);
        let program = ["/bin", "/usr/bin"].map(|folder| Path::new(folder).join(shell));
        let program = program.iter().find(|program| program.exists())?;
        let ask = match shell {
            "fish" => "source $argv[1]; source $argv[1]; string join : -- $PATH",
            _ => "set -eu; . \"$1\"; . \"$1\"; printf '%s\\n' \"$PATH\"",
        };
        let mut command = Command::new(program);
        if shell == "fish" {
            command.args(["--no-config", "-c", ask]);
        } else {
            command.args(["-c", ask, shell]);
        }
        let output =
            command.arg(script).env_clear().env("PATH", path).env("HOME", "/").output().unwrap();
        assert!(output.status.success(), "{shell}: {}", String::from_utf8_lossy(&output.stderr));
        Some(String::from_utf8(output.stdout).unwrap().trim_end().to_owned())
    }

    fn install(folder: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let home = tempfile::tempdir().unwrap();
        let shims = home.path().join(folder).join("shims");
        fs::create_dir_all(&shims).unwrap();
        for (name, text) in all(&shims) {
            fs::write(shims.with_file_name(name), text).unwrap();
        }
        (home, shims)
    }

    #[test]
    fn the_shims_come_first_once_in_every_shell() {
        for folder in [".datafog", "it's [odd] $HOME *", "back\\slash \"q\""] {
            let (_home, shims) = install(folder);
            let front = shims.display().to_string();
            for shell in ["sh", "dash", "bash", "zsh", "ksh", "mksh"] {
                let check = |before: &str, after: &str| {
                    if let Some(path) = sourced(shell, "env", &shims, before) {
                        assert_eq!(path, after, "{shell} from {before}");
                    }
                };
                check("/usr/bin:/bin", &format!("{front}:/usr/bin:/bin"));
                check(&format!("/bin:{front}:/x:{front}"), &format!("{front}:/bin:/x"));
                check(&format!("{front}:/bin"), &format!("{front}:/bin"));
                check(":/bin:", &format!("{front}::/bin:"));
                check(&front, &front);
            }
            let before = format!("/bin:{front}:/usr/bin");
            if let Some(path) = sourced("fish", "env.fish", &shims, &before) {
                assert_eq!(path, format!("{front}:/bin:/usr/bin"));
            }
        }
    }

    #[test]
    fn without_shims_nothing_changes() {
        let (_home, shims) = install("gone");
        fs::remove_dir(&shims).unwrap();
        for (shell, script) in [("sh", "env"), ("zsh", "env"), ("fish", "env.fish")] {
            let path = sourced(shell, script, &shims, "/usr/bin:/bin");
            assert!(path.is_none_or(|path| path == "/usr/bin:/bin"), "{shell}");
        }
    }

    #[test]
    fn nushell_gets_one_line() {
        let command = nushell_command(Path::new("/a \"b\"")).unwrap();
        let text = String::from_utf8(command).unwrap();
        let list = r#"$env.PATH | split row (char esep) | where $it != "/a \"b\"""#;
        assert_eq!(text, format!(r#"$env.PATH = ({list} | prepend "/a \"b\"")"#));
    }
}
