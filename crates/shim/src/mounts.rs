//! Folders and files of this machine that a container gets (`docker run -v /here:/there`).
//!
//! Which options say so stands in the option tables (`mounts` in `shims/*.toml`). The name of a
//! volume is no path of this machine.

use crate::form::list;
use crate::text::Text;

/// Of `/here:/there:ro` and `type=bind,source=/here,target=/there` what is here; `None` for a volume.
pub(crate) fn mounted<'t>(value: &Text<'t>) -> Option<Text<'t>> {
    let source = |part: Text<'t>| {
        let (key, path) = part.split_at_byte(b'=')?;
        matches!(&*key.bytes, b"source" | b"src").then_some(path)
    };
    let named = list::parts(value).into_iter().find_map(source);
    let here = named.or_else(|| value.split_at_byte(b':').map(|(here, _)| here))?;
    let is_path = here.starts_with(b".") || here.starts_with(b"~") || here.bytes.contains(&b'/');
    is_path.then_some(here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_here_is_told_from_what_is_there() {
        for (value, here) in [
            ("/srv/data:/data", Some("/srv/data")),
            ("./x:/x:ro", Some("./x")),
            (".:/x", Some(".")),
            ("a/b:/x", Some("a/b")),
            ("data:/x", None),
            ("/data", None),
            ("type=bind,source=/srv,target=/x", Some("/srv")),
            ("type=bind,\"src=/a,b\",dst=/x", Some("/a,b")),
            ("type=volume,source=data,target=/x", None),
            ("type=tmpfs,target=/x", None),
        ] {
            let found = mounted(&Text::of_file(value.as_bytes().to_vec()));
            assert_eq!(found.as_ref().and_then(Text::utf8), here, "{value}");
        }
    }
}
