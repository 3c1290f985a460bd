//! Which texts among a tool's arguments are meant as paths.

use std::ffi::OsString;
use std::path::Path;

/// A path as a tool takes it: most expand `~` as a shell does.
pub(crate) fn expanded(text: &str, home: Option<&Path>) -> OsString {
    match (text.strip_prefix('~'), home) {
        (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => {
            home.join(rest.trim_start_matches('/')).into_os_string()
        }
        _ => OsString::from(text),
    }
}

/// Whether a text is meant as a path, whatever its argument is called: one that begins like a path,
/// or several names without a blank (`a/.env`), the last of which has a dot in it.
pub(super) fn is_path(text: &str) -> bool {
    let begins =
        text == "~" || ["/", "~/", "./", "../"].iter().any(|start| text.starts_with(start));
    let last = text.rsplit('/').next().unwrap_or_default();
    let leads = !text.contains(char::is_whitespace)
        && (text.contains('/') && last.contains('.') || text.starts_with('.'));
    (begins || leads)
        && !text.contains(['\n', '\0'])
        && Path::new(text).components().next().is_some()
}
