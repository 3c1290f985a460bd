//! curl's variables: `--variable name=content`, and options whose value is made of them
//! (`--expand-data '{{name}}'`), by curl(1), VARIABLES.
//!
//! What a variable holds decides whether a value is text or names a file (`@file`), so values are
//! put together as curl does. Functions (`{{name:b64}}`) are not worked out: where their result
//! could name a file or a host, the value is told as not understood.

use datafog_core::Surroundings;

use crate::form::Form;
use crate::read::{Call, Given};
use crate::redirect::FILE_LIMIT;
use crate::text::Text;

/// Most bytes that one value may grow to.
const MOST: usize = 1 << 20;

/// Variables as set so far; `None` is a value that was not worked out.
#[derive(Debug, Default)]
pub(super) struct Variables(Vec<(Vec<u8>, Option<Vec<u8>>)>);

/// A value put together.
struct Whole {
    bytes: Vec<u8>,
    /// From here on it is not known.
    known: usize,
}

impl Variables {
    /// `name=content`, `name@file`, `%NAME` with or without a default of either kind. Gives what
    /// was taken out of the environment, as `name=content`.
    pub(super) fn set(
        &mut self,
        text: &Text<'_>,
        surroundings: &dyn Surroundings,
    ) -> Option<Vec<u8>> {
        let text = text.bytes.as_ref();
        let (imports, text) = text.strip_prefix(b"%").map_or((false, text), |rest| (true, rest));
        let end = text.iter().position(|byte| !is_name(*byte)).unwrap_or(text.len());
        let (name, rest) = text.split_at_checked(end).unwrap_or_default();
        let variable = str::from_utf8(name).ok().filter(|_| imports);
        let imported = variable.and_then(|name| surroundings.variable(name));
        let content = match (imported, rest.split_first()) {
            (Some(value), _) => Some(value.as_encoded_bytes().to_vec()),
            (None, Some((b'=', content))) => Some(content.to_vec()),
            (None, Some((b'@', file))) => {
                let path = Text::of_file(file.to_vec()).to_path();
                surroundings.read(&surroundings.cwd().join(path), FILE_LIMIT).ok()
            }
            (None, _) => None,
        };
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_vec(), content));
        imported.map(|value| [name, b"=", value.as_encoded_bytes()].concat())
    }

    /// The value of an option put together; that it is not known is told where it matters.
    pub(super) fn expanded<'b>(&self, option: &Given<'_>, call: &mut Call<'_>) -> Option<Text<'b>> {
        let value = option.value.as_ref().filter(|_| option.expanded)?;
        if !value.bytes.windows(2).any(|it| it == b"{{") {
            return None;
        }
        let whole = self.whole(&value.bytes);
        let head = whole.bytes.get(..whole.known).unwrap_or_default();
        if whole.known == whole.bytes.len() {
            return Some(Text::of_file(whole.bytes));
        }
        if !is_settled(option.spec.content, head) {
            let name = option.name.trim_start_matches('-');
            super::untold(
                call,
                format!("`--expand-{name}` takes a value that is not worked out; write it out"),
            );
        }
        None
    }

    fn whole(&self, text: &[u8]) -> Whole {
        let mut whole = Whole { bytes: Vec::new(), known: usize::MAX };
        let mut rest = text;
        while let Some(open) = rest.windows(2).position(|it| it == b"{{") {
            let (head, tail) = rest.split_at_checked(open).unwrap_or_default();
            let close = tail.windows(2).position(|it| it == b"}}");
            let Some((name, after)) = close
                .and_then(|close| Some((tail.get(2..close)?, tail.get(close.checked_add(2)?..)?)))
            else {
                break;
            };
            rest = after;
            if let Some(head) = head.strip_suffix(b"\\") {
                whole.push(head);
                whole.push(b"{{");
                rest = tail.get(2..).unwrap_or_default();
                continue;
            }
            whole.push(head);
            match self.value(name) {
                Some(value) => whole.push(value),
                None => whole.forget(),
            }
        }
        whole.push(rest);
        whole.known = whole.known.min(whole.bytes.len());
        whole
    }

    /// The value of a name without functions; one that is not set is empty.
    fn value(&self, name: &[u8]) -> Option<&[u8]> {
        if !name.iter().all(|byte| is_name(*byte)) {
            return None;
        }
        match self.0.iter().find(|(known, _)| known == name) {
            Some((_, value)) => value.as_deref(),
            None => Some(b""),
        }
    }
}

impl Whole {
    fn push(&mut self, bytes: &[u8]) {
        if self.bytes.len().saturating_add(bytes.len()) > MOST {
            self.forget();
        } else {
            self.bytes.extend_from_slice(bytes);
        }
    }

    /// Something stands here that is not known.
    fn forget(&mut self) {
        self.known = self.known.min(self.bytes.len());
        if self.bytes.len() < MOST {
            self.bytes.push(b'?');
        }
    }
}

/// Whether what follows `head` can only be text, and neither a file nor a host.
fn is_settled(form: Option<Form>, head: &[u8]) -> bool {
    let first = head.first();
    match form {
        Some(Form::Text | Form::Password | Form::UserPassword | Form::KeyValue) => true,
        Some(Form::Data | Form::Header) => first.is_some_and(|first| *first != b'@'),
        Some(Form::UrlEncode | Form::Variable) => head.contains(&b'='),
        Some(Form::Url) => {
            let slashes = head.windows(3).position(|it| it == b"://");
            let host = slashes.and_then(|at| head.get(at.checked_add(3)?..));
            host.is_some_and(|host| host.iter().any(|byte| matches!(byte, b'/' | b'?')))
        }
        Some(_) | None => false,
    }
}

const fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use crate::interpret;
    use crate::world::World;
    use datafog_core::{Carrier, Invocation};

    fn read(words: &[&str]) -> Invocation {
        let mut world = World::default();
        world.variables.insert("NAME".into(), "@named".into());
        world.files.insert("/home/u/work/f".into(), b"@inner".to_vec());
        let argv = [&["curl"], words, &["https://h.example/"]].concat();
        let argv: Vec<std::ffi::OsString> = argv.iter().map(Into::into).collect();
        interpret(&argv, &world)
    }

    fn files(invocation: &Invocation) -> Vec<String> {
        let file = |carrier: &Carrier| {
            let Carrier::File(path) = carrier else { return None };
            Some(path.display().to_string())
        };
        invocation.contents.iter().filter_map(|content| file(&content.carrier)).collect()
    }

    fn is_told(invocation: &Invocation) -> bool {
        !invocation.contents.iter().any(|it| matches!(it.carrier, Carrier::Untold(_)))
    }

    #[test]
    fn a_file_named_by_a_variable_is_that_file() {
        let cases: [(&[&str], &[&str]); 6] = [
            (&["--variable", "v=@x", "--expand-data", "{{v}}"], &["x"]),
            (&["--variable", "v=x", "--expand-data", "@{{v}}"], &["{{v}}", "x"]),
            (&["--variable", "%NAME", "--expand-data", "{{NAME}}"], &["named"]),
            (&["--variable", "%NONE=@d", "--expand-data", "{{NONE}}"], &["d"]),
            (&["--variable", "v@f", "--expand-data", "{{v}}"], &["f", "inner"]),
            (&["--variable", "v=x", "--expand-form", "a=@{{v}}"], &["{{v}}", "x"]),
        ];
        for (words, expected) in cases {
            let invocation = read(words);
            assert_eq!(files(&invocation), expected, "{words:?}");
            assert!(is_told(&invocation), "{words:?}");
        }
    }

    #[test]
    fn what_is_not_worked_out_is_told_where_it_matters() {
        let matters: [&[&str]; 5] = [
            &["--variable", "v=QHg=", "--expand-data", "{{v:64dec}}"],
            &["--variable", "v@missing", "--expand-data", "{{v}}"],
            &["--variable", "v=x", "--expand-form", "a={{v:trim}}"],
            &["--variable", "v=x", "--expand-url", "https://{{v:trim}}/"],
            &["--variable", "v=x", "--expand-config", "{{v:trim}}"],
        ];
        for words in matters {
            assert!(!is_told(&read(words)), "{words:?}");
        }
        let harmless: [&[&str]; 4] = [
            &["--variable", "v@missing", "--expand-header", "Authorization: {{v:trim}}"],
            &["--variable", "v=x", "--expand-data", "k={{v:url}}"],
            &["--variable", "v=x", "--expand-user", "me:{{v:trim}}"],
            &["--variable", "v=x", "--expand-url", "https://h.example/{{v:url}}"],
        ];
        for words in harmless {
            assert!(is_told(&read(words)), "{words:?}");
        }
        assert_eq!(files(&read(&["--expand-data", "\\{{@x}}"])), [""; 0]);
    }
}
