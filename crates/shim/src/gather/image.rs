//! The image that a push sends, as the program that pushes it would save it: a tape archive with the
//! layers in it. What is in them is for whoever takes it to read.
//!
//! Nothing is told of an image that is not there. The daemon keeps images; the one that is asked is the one of the call (`-H`, `--context`).

use std::ffi::OsString;
use std::io::{self, ErrorKind};

use datafog_core::{Channel, Invocation, Surroundings};

use super::{Gathered, Says, Take};

pub(super) const NAME: &str = "image";

/// Programs that push images, in the same words.
const PROGRAMS: [&str; 3] = ["docker", "nerdctl", "podman"];

/// Most bytes of an image that are looked at.
const MOST: u64 = 8 << 30;

/// Options before the subcommand that tell which daemon is meant.
const DAEMON: [&str; 8] = [
    "--config",
    "--connection",
    "--context",
    "--host",
    "--namespace",
    "--tlscacert",
    "--tlscert",
    "--tlskey",
];

/// Who gathers what a subcommand of docker sends.
pub(crate) fn of_docker(subcommand: &[String]) -> Option<&'static str> {
    let words: Vec<&str> = subcommand.iter().map(String::as_str).collect();
    matches!(words.as_slice(), ["push"] | ["image", "push"]).then_some(NAME)
}

/// Folders of an image in which packages of its system are, public as these are, with sample keys and
/// certificates of their tests.
const SYSTEM: [&str; 8] = [
    "lib/",
    "lib64/",
    "usr/include/",
    "usr/lib/",
    "usr/lib64/",
    "usr/local/lib/",
    "usr/share/",
    "var/lib/dpkg/",
];

/// Folders of packages of languages, wherever they stand.
const PACKAGES: [&str; 4] = ["node_modules", "site-packages", "dist-packages", "gems"];

/// Whether a file of a layer is part of a package that was installed there, rather than what the image is
/// made for. `path` is as the layer tells it, `./usr/lib/x` or `usr/lib/x`.
#[must_use]
pub fn is_installed(path: &str) -> bool {
    let path = path.trim_start_matches("./").trim_start_matches('/');
    // `..` leads elsewhere.
    let mut parts = path.split('/');
    !path.split('/').any(|part| part == "..")
        && (SYSTEM.iter().any(|folder| path.starts_with(folder))
            || parts.any(|part| PACKAGES.contains(&part)))
}

pub(super) fn gather(
    program: &str,
    call: &Invocation,
    surroundings: &dyn Surroundings,
    take: Take<'_>,
) -> Result<(), String> {
    let program = PROGRAMS.into_iter().find(|known| *known == program).unwrap_or("docker");
    let Some(image) = call.operands.first() else { return Ok(()) };
    let mut words: Vec<OsString> = Vec::new();
    for option in call.options.iter().filter(|option| DAEMON.contains(&option.name.as_str())) {
        words.push(option.name.clone().into());
        words.extend(option.value.clone());
    }
    words.extend(["save", "--"].map(OsString::from));
    words.push(image.text.clone());
    let mut left = MOST;
    let begin = || Gathered::Begin(Channel::Field("image".to_owned()), Says::Layers);
    let told = surroundings.pour(program, &words, b"", &mut |piece| {
        if left == MOST {
            take(begin());
        }
        left = left.saturating_sub(piece.len() as u64);
        take(Gathered::Bytes(piece));
        left > 0
    });
    if left == MOST {
        // Who has no such image, or nobody to ask for it, has none to push either.
        let failed =
            |error: &io::Error| matches!(error.kind(), ErrorKind::Other | ErrorKind::NotFound);
        if told.as_ref().is_err_and(failed) {
            return Ok(());
        }
        take(begin());
    }
    told.map_err(|error| match left {
        0 => "the image is larger than 8 GiB".to_owned(),
        _ => format!("{program} does not tell all that is in the image ({error})"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interpret;
    use crate::world::World;

    #[test]
    fn what_packages_bring_is_told_from_what_the_image_is_made_for() {
        for (path, expected) in [
            ("./usr/lib/python3/test/keycert.pem", true),
            ("usr/share/doc/openssl/key.pem", true),
            ("app/node_modules/tls/test/key.pem", true),
            ("opt/venv/lib/python3.12/site-packages/trio/key.pem", true),
            ("app/settings", false),
            ("./root/.aws/credentials", false),
            ("usr/src/app/.env", false),
            ("usr/lib/../../app/.env", false),
            ("home/ann/usr/lib/key", false),
            ("libx/key", false),
        ] {
            assert_eq!(is_installed(path), expected, "{path}");
        }
    }

    #[test]
    fn what_pushes_an_image_is_known() {
        for (line, expected) in [
            ("docker push a/b", Some(NAME)),
            ("docker image push a/b", Some(NAME)),
            ("podman push a/b", Some(NAME)),
            ("docker pull a/b", None),
            ("docker compose push", None),
        ] {
            let argv: Vec<OsString> = line.split(' ').map(Into::into).collect();
            assert_eq!(interpret(&argv, &World::default()).gathers, expected, "{line}");
        }
    }
}
