//! Where in the value of an option, or in an operand, content is.
//!
//! A form knows how one family of programs writes content into an argument: literally, as
//! `@file`, as `name=@file`, as a header. It makes [`ContentSource`]s and opens nothing.

mod item;
pub(crate) mod list;
mod multipart;

use std::path::PathBuf;

use datafog_core::{Carrier, ContentSource, Deliver, Flow, StdinUse};

use crate::orders;
use crate::text::Text;
use crate::transport::endpoint;

/// A way to write content into an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The address of another machine, which is told what it says: a URL, `host:path`,
    /// `host.example/name`. A plain name or a path of this machine is none.
    Address,
    /// A file, by its path or as `file://path`, `fileb://path`.
    AwsFile,
    /// `file://path`, `fileb://path`, or the text itself.
    AwsValue,
    /// `file[:password]`.
    Certificate,
    /// A URL or `key=value` pairs that say how to reach a database, or only its name.
    Connection,
    /// `name=value`, or a file of cookies.
    Cookie,
    /// `@file`, `@-`, or the text itself.
    Data,
    /// A file; `-` is standard input.
    File,
    /// A file, a folder, or a URL that is fetched; `-` is standard input.
    FileOrUrl,
    /// A list of files, folders or URLs that are fetched, parted by commas; `-` is standard input.
    Files,
    /// A rule of rsync; `merge FILE` and `. FILE` are a file of such rules.
    Filter,
    /// `Name: value`, or `@file` with such lines.
    Header,
    /// An item of HTTPie: `Name:value`, `name=value`, `name==value`, `name@file`.
    Item,
    /// `name=file`, or a file; several, parted by commas.
    KeyFile,
    /// `name=value`; the value is the content.
    KeyValue,
    /// `name=value`, `name=@file,file;type=…`, `name=<file`.
    Multipart,
    /// Statements for a database, or orders that name files (`.read FILE` of sqlite3).
    Orders,
    /// The text itself, a secret.
    Password,
    /// A file; `-` is standard input that is shown or copied here, and of no interest.
    Path,
    /// The text itself.
    Text,
    /// A file to upload; `-` and `.` are standard input; `{a,b}` are several.
    Upload,
    /// A URL; a name and password in it are a secret.
    Url,
    /// `content`, `=content`, `name=content`, `@file`, `name@file`.
    UrlEncode,
    /// `user:password`.
    UserPassword,
    /// `name=content`, `name@file`.
    Variable,
}

/// Collects the content of one invocation.
#[derive(Debug)]
pub(crate) struct Collector<'c> {
    pub(crate) contents: &'c mut Vec<ContentSource>,
    pub(crate) stdin: &'c mut StdinUse,
    pub(crate) unclear: &'c mut Vec<String>,
    pub(crate) deliver: Deliver,
    /// What the content is used as.
    pub(crate) role: &'static str,
    /// Which way it moves.
    pub(crate) flow: Flow,
    /// The command talks to another machine.
    pub(crate) reaches: bool,
    /// Names of files to upload may be patterns.
    pub(crate) globs: bool,
}

impl Collector<'_> {
    /// Collects what `text` holds or names by `form`.
    pub(crate) fn collect(&mut self, form: Form, text: &Text<'_>) {
        match form {
            Form::Address => self.address(text),
            Form::AwsFile => self.aws_file(text),
            Form::AwsValue => self.aws_value(text),
            Form::Certificate => self.certificate(text),
            Form::Connection => self.connection(text),
            Form::Cookie => self.cookie(text),
            Form::Data => self.data(text),
            Form::File => self.file(text),
            Form::FileOrUrl => self.file_or_url(text),
            Form::Files => list::readings(text).iter().for_each(|part| self.file_or_url(part)),
            Form::Filter => self.filter(text),
            Form::Header => self.header(text),
            Form::Item => self.item(text),
            Form::KeyFile => self.key_files(text),
            Form::KeyValue => {
                if let Some((_, value)) = text.split_at_byte(b'=') {
                    self.text(&value, self.role);
                }
            }
            Form::Multipart => self.multipart(text),
            Form::Orders => self.orders(text),
            Form::Password => self.text(text, "credential"),
            Form::Path if *text.bytes == *b"-" => {}
            Form::Path => self.file(text),
            Form::Text => self.text(text, self.role),
            Form::Upload => self.upload(text),
            Form::Url => self.url(text),
            Form::UrlEncode => self.url_encode(text),
            Form::UserPassword => self.user_password(text),
            Form::Variable => self.variable(text),
        }
    }

    /// The text itself is content.
    pub(crate) fn text(&mut self, text: &Text<'_>, role: &str) {
        if !text.bytes.is_empty() {
            self.push(text.carrier(), role.to_owned());
        }
    }

    /// Standard input is content, read once to its end.
    pub(crate) fn stdin(&mut self) {
        *self.stdin = StdinUse::Content;
        self.push(Carrier::Stdin, self.role.to_owned());
    }

    fn push(&mut self, carrier: Carrier, role: String) {
        let deliver = match &carrier {
            Carrier::File(_) => self.deliver,
            Carrier::Argument(_) | Carrier::Inline(_) | Carrier::Stdin | Carrier::Untold(_) => {
                Deliver::Handle
            }
        };
        self.contents.push(ContentSource { carrier, flow: self.flow, role, deliver });
    }

    fn path(&mut self, path: PathBuf, role: &str) {
        self.push(Carrier::File(path), role.to_owned());
    }

    fn file(&mut self, text: &Text<'_>) {
        match text.bytes.as_ref() {
            b"" => {}
            b"-" => self.stdin(),
            _ => self.path(text.to_path(), self.role),
        }
    }

    fn file_or_url(&mut self, text: &Text<'_>) {
        if text.bytes.windows(3).any(|it| it == b"://") { self.url(text) } else { self.file(text) }
    }

    fn key_files(&mut self, text: &Text<'_>) {
        for part in list::readings(text) {
            let file = part.split_at_byte(b'=').map_or(part, |(_, file)| file);
            self.file(&file);
        }
    }

    fn item(&mut self, text: &Text<'_>) {
        match item::read(text) {
            Some(item::Item::Header) => self.header(text),
            Some(item::Item::File(path)) => self.file(&path),
            Some(item::Item::Value(value)) => self.text(&value, self.role),
            None => self.text(text, self.role),
        }
    }

    fn orders(&mut self, text: &Text<'_>) {
        self.text(text, self.role);
        for file in text.utf8().into_iter().flat_map(orders::files) {
            self.path(file, "script");
        }
    }

    fn address(&mut self, text: &Text<'_>) {
        let bytes = &text.bytes;
        let url = bytes.windows(3).any(|window| window == b"://");
        let here = [b"/".as_slice(), b"./", b"../", b"~"].iter().any(|head| text.starts_with(head));
        let slash = bytes.iter().position(|byte| *byte == b'/');
        let head = bytes.get(..slash.unwrap_or(0)).unwrap_or_default();
        if url {
            self.url(text);
        } else if !here && (bytes.contains(&b':') || head.contains(&b'.')) {
            let flow = self.flow;
            self.flow = if self.reaches { Flow::Leaves } else { flow };
            self.text(text, "url");
            self.flow = flow;
        }
    }

    fn aws_file(&mut self, text: &Text<'_>) {
        if text.bytes.is_empty() {
            return;
        }
        let scheme = aws_scheme(&text.bytes).unwrap_or(0);
        self.path(text.from(scheme).to_path(), self.role);
    }

    /// A value may also name files for its parts: `key@=file://path` (shorthand syntax).
    fn aws_value(&mut self, text: &Text<'_>) {
        if let Some(scheme) = aws_scheme(&text.bytes) {
            return self.path(text.from(scheme).to_path(), self.role);
        }
        self.text(text, self.role);
        let mut rest = text.clone();
        while let Some(at) = rest.bytes.windows(2).position(|window| window == b"@=") {
            rest = rest.from(at.saturating_add(2));
            let Some(scheme) = aws_scheme(&rest.bytes) else { continue };
            let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']');
            let end = rest.bytes.iter().position(ends).unwrap_or(rest.bytes.len());
            self.path(rest.part(scheme, end).to_path(), self.role);
        }
    }

    /// rsync(1), FILTER RULES: a short name with a blank or `_`, or a long one with a blank or
    /// comma; modifiers stand between name and file.
    fn filter(&mut self, text: &Text<'_>) {
        let long = text.bytes.strip_prefix(b"merge").map(|_| 5);
        let short = matches!(text.bytes.first(), Some(b'.')).then_some(1);
        let Some(name) = long.or(short) else { return };
        let parts = |byte: &u8| matches!(byte, b' ' | b'_' | b'\t');
        let rest = text.from(name);
        let blank = rest.bytes.iter().position(parts);
        self.file(&rest.from(blank.map_or(0, |at| at.saturating_add(1))));
    }

    /// The certificate itself is shown to the server; the key is only used to sign.
    fn certificate(&mut self, text: &Text<'_>) {
        let mut escaped = false;
        let colon = text.bytes.iter().position(|byte| {
            let found = *byte == b':' && !escaped;
            escaped = *byte == b'\\' && !escaped;
            found
        });
        if let Some(colon) = colon {
            self.text(&text.from(colon.saturating_add(1)), "credential");
        }
    }

    /// Whole connections hold passwords.
    fn connection(&mut self, text: &Text<'_>) {
        if text.bytes.windows(3).any(|window| window == b"://") {
            self.url(text);
        } else if let Some((start, end)) = endpoint::conninfo_span(&text.bytes, b"password") {
            self.text(&text.part(start, end), "credential");
        }
    }

    /// curl takes a value with `=` in it for cookies, any other, or one behind `@`, for a file of
    /// cookies, `-` for standard input. Each server gets only its own of them, but whoever wrote the file says whose they are.
    fn cookie(&mut self, text: &Text<'_>) {
        let named = text.starts_with(b"@");
        if !named && text.bytes.contains(&b'=') {
            // Unlike a `Cookie` header, curl sends these to every host of a chain of redirects.
            self.text(text, "cookie");
        } else {
            let role = std::mem::replace(&mut self.role, "cookies");
            self.file(&text.from(usize::from(named)));
            self.role = role;
        }
    }

    fn data(&mut self, text: &Text<'_>) {
        if text.starts_with(b"@") {
            self.file(&text.from(1));
        } else {
            self.text(text, self.role);
        }
    }

    fn header(&mut self, text: &Text<'_>) {
        if text.starts_with(b"@") {
            let role = std::mem::replace(&mut self.role, "header");
            self.file(&text.from(1));
            self.role = role;
            return;
        }
        let cut = text.bytes.iter().position(|byte| matches!(byte, b':' | b';'));
        let Some(cut) = cut else { return self.text(text, "header") };
        let name = text.part(0, cut).bytes.trim_ascii().to_ascii_lowercase();
        let known = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let role = match str::from_utf8(&name) {
            Ok(name) if name.len() <= 64 && name.bytes().all(|byte| known(&byte)) => {
                format!("header:{name}")
            }
            _ => "header".to_owned(),
        };
        let rest = text.from(cut.saturating_add(1));
        let blanks = rest.bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        self.text(&rest.from(blanks), &role);
    }

    fn multipart(&mut self, text: &Text<'_>) {
        let Some((_, value)) = text.split_at_byte(b'=') else { return self.text(text, self.role) };
        let (several, file) = match value.bytes.first() {
            Some(b'@') => (true, true),
            Some(b'<') => (false, true),
            Some(b'(') => (false, false),
            Some(_) | None => {
                self.text(&value, self.role);
                (false, false)
            }
        };
        let skip = usize::from(file || value.starts_with(b"("));
        for part in multipart::parts(value.bytes.get(skip..).unwrap_or_default(), several) {
            match part {
                multipart::Part::Content(name) if file => self.named(name),
                multipart::Part::HeaderFile(name) => self.named(name),
                multipart::Part::Header(line) if file => {
                    self.push(Carrier::Inline(line), "header".to_owned());
                }
                // It stands in the argument and is content as a whole.
                multipart::Part::Content(_) | multipart::Part::Header(_) => {}
            }
        }
    }

    /// A file of that name.
    fn named(&mut self, name: Vec<u8>) {
        self.file(&Text::of_file(name));
    }

    fn upload(&mut self, text: &Text<'_>) {
        match text.bytes.as_ref() {
            b"" => {}
            // Sent as it comes by curl; here it is waited for.
            b"." => self.stdin(),
            _ if !self.globs => self.file(text),
            bytes => match braces(bytes) {
                Some(names) => names.into_iter().for_each(|name| self.named(name)),
                None => {
                    let why = "the files to upload are a pattern; name each with its own `-T`";
                    self.unclear.push(why.to_owned());
                    self.push(Carrier::Untold(why.to_owned()), self.role.to_owned());
                }
            },
        }
    }

    fn url(&mut self, text: &Text<'_>) {
        // Even a call that only fetches shows its address to the host.
        let flow = self.flow;
        self.flow = if self.reaches { Flow::Leaves } else { flow };
        if let Some((start, end)) = crate::address::credential(&text.bytes) {
            self.text(&text.part(start, end), "credential");
        }
        self.text(text, "url");
        self.flow = flow;
    }

    /// An `=` anywhere makes it text, even behind an `@`.
    fn url_encode(&mut self, text: &Text<'_>) {
        let find = |mark: u8| text.bytes.iter().position(|byte| *byte == mark);
        let cut = find(b'=').or_else(|| find(b'@'));
        let value = text.from(cut.map_or(0, |cut| cut.saturating_add(1)));
        match cut.and_then(|cut| text.bytes.get(cut)) {
            Some(b'@') => self.file(&value),
            _ => self.text(&value, self.role),
        }
    }

    fn user_password(&mut self, text: &Text<'_>) {
        if let Some((_, password)) = text.split_at_byte(b':') {
            self.text(&password, "credential");
        }
    }

    /// `%NAME` takes a variable of the environment over; its text is not in argv.
    fn variable(&mut self, text: &Text<'_>) {
        let cut = text.bytes.iter().position(|byte| matches!(byte, b'=' | b'@'));
        let Some(cut) = cut else { return };
        let value = text.from(cut.saturating_add(1));
        match text.bytes.get(cut) {
            Some(b'@') => self.file(&value),
            _ => self.text(&value, self.role),
        }
    }
}

/// Where the path begins in `file://path` and `fileb://path`.
fn aws_scheme(bytes: &[u8]) -> Option<usize> {
    let found = [b"file://".as_slice(), b"fileb://"].into_iter().find(|it| bytes.starts_with(it));
    found.map(<[u8]>::len)
}

/// The names that `a{b,c}d` stands for; `None` for patterns of more than one list or of ranges.
fn braces(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let special = |byte: &u8| matches!(byte, b'{' | b'}' | b'[' | b']' | b'\\');
    if !bytes.iter().any(|byte| special(byte) && *byte != b'\\') {
        return Some(vec![bytes.to_vec()]);
    }
    let open = bytes.iter().position(|byte| *byte == b'{')?;
    let close = bytes.iter().position(|byte| *byte == b'}').filter(|close| *close > open)?;
    let (head, rest) = bytes.split_at_checked(open)?;
    let list = rest.get(1..close.checked_sub(open)?)?;
    let tail = bytes.get(close.checked_add(1)?..)?;
    let items = || list.split(|byte| *byte == b',');
    let odd = head.iter().chain(list).chain(tail).any(special) || items().any(<[u8]>::is_empty);
    if odd || list.len() > 4096 {
        return None;
    }
    Some(items().map(|item| [head, item, tail].concat()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;

    /// `role carrier` of everything that `text` holds by `form`.
    fn collected(form: Form, text: &str) -> (Vec<String>, StdinUse) {
        let (mut contents, mut stdin, mut unclear) = (Vec::new(), StdinUse::Ignore, Vec::new());
        let argument = OsString::from(text);
        Collector {
            contents: &mut contents,
            stdin: &mut stdin,
            unclear: &mut unclear,
            deliver: Deliver::Path,
            role: "body",
            flow: Flow::Leaves,
            reaches: true,
            globs: true,
        }
        .collect(form, &Text::of_argument(&argument, 0, 0));
        let show = |source: ContentSource| match source.carrier {
            Carrier::Argument(place) => {
                let bytes = place.span.of(text.as_bytes()).unwrap();
                format!("{}={}", source.role, str::from_utf8(bytes).unwrap())
            }
            Carrier::File(path) => format!("{}@{}", source.role, path.display()),
            Carrier::Inline(_) => format!("{}:inline", source.role),
            Carrier::Untold(_) => "untold".to_owned(),
            Carrier::Stdin => format!("{}@-", source.role),
        };
        (contents.into_iter().map(show).collect(), stdin)
    }

    #[test]
    fn every_form_finds_its_content() {
        let cases: &[(Form, &str, &[&str])] = &[
            (Form::Data, "a=b", &["body=a=b"]),
            (Form::Data, "@x y", &["body@x y"]),
            (Form::Data, "@-", &["body@-"]),
            (Form::Data, "", &[]),
            (Form::UrlEncode, "plain", &["body=plain"]),
            (Form::UrlEncode, "=plain@x", &["body=plain@x"]),
            (Form::UrlEncode, "name=va@lue", &["body=va@lue"]),
            (Form::UrlEncode, "name@file", &["body@file"]),
            (Form::UrlEncode, "@file", &["body@file"]),
            (Form::Multipart, "f=@a,b;type=x/y,c", &["body@a", "body@b", "body@c"]),
            (Form::Multipart, r#"f=@"a,\"b";filename=z"#, &["body@a,\"b"]),
            (Form::Multipart, "f=<a,b", &["body@a,b"]),
            (Form::Multipart, "f=@-", &["body@-"]),
            (Form::Multipart, "f=@a;headers=@h", &["body@a", "body@h"]),
            (Form::Multipart, "f=value;type=x", &["body=value;type=x"]),
            (Form::Multipart, "f=v;headers=@h", &["body=v;headers=@h", "body@h"]),
            (Form::Multipart, "f=@a;headers=X: y", &["body@a", "header:inline"]),
            (Form::UrlEncode, "x@f=y", &["body=y"]),
            (Form::Header, "Authorization: Bearer x", &["header:authorization=Bearer x"]),
            (Form::Header, "X-Empty;", &[]),
            (Form::Header, "@file", &["header@file"]),
            (Form::Cookie, "a=b", &["cookie=a=b"]),
            (Form::Cookie, "jar", &["cookies@jar"]),
            (Form::Cookie, "@a=b", &["cookies@a=b"]),
            (Form::Cookie, "-", &["cookies@-"]),
            (Form::Cookie, "@-", &["cookies@-"]),
            (Form::Cookie, "", &[]),
            (Form::Upload, "{a,b}.txt", &["body@a.txt", "body@b.txt"]),
            (Form::Upload, "-", &["body@-"]),
            (Form::Upload, ".", &["body@-"]),
            (Form::Upload, "a[1-2]", &["untold"]),
            (Form::Upload, "{}", &["untold"]),
            (Form::Upload, "{a,b}{c}", &["untold"]),
            (Form::Upload, "{a\\,b}", &["untold"]),
            (Form::Upload, "a\\b", &["body@a\\b"]),
            (Form::Certificate, r"c\:d:pw", &["credential=pw"]),
            (Form::Variable, "v@f", &["body@f"]),
            (Form::Variable, "v=x", &["body=x"]),
            (Form::Variable, "%HOME", &[]),
            (Form::AwsValue, "fileb://a/b", &["body@a/b"]),
            (Form::AwsValue, "file:/a", &["body=file:/a"]),
            (
                Form::AwsValue,
                "a=1,b@=file://x,c={d@=fileb://y}",
                &["body=a=1,b@=file://x,c={d@=fileb://y}", "body@x", "body@y"],
            ),
            (Form::AwsFile, "a/b", &["body@a/b"]),
            (Form::AwsFile, "fileb://a/b", &["body@a/b"]),
            (Form::FileOrUrl, "https://h/x", &["url=https://h/x"]),
            (Form::FileOrUrl, "a:b", &["body@a:b"]),
            (Form::FileOrUrl, "-", &["body@-"]),
            (Form::Filter, "merge rules", &["body@rules"]),
            (Form::Filter, "merge,n- rules", &["body@rules"]),
            (Form::Filter, ". rules", &["body@rules"]),
            (Form::Filter, "._rules", &["body@rules"]),
            (Form::Filter, "- *.o", &[]),
            (Form::Filter, "dir-merge .rules", &[]),
            (Form::Address, "https://h/x", &["url=https://h/x"]),
            (Form::Address, "git@h:x", &["url=git@h:x"]),
            (Form::Address, "h.example/x", &["url=h.example/x"]),
            (Form::Address, "team/x", &[]),
            (Form::Address, "./a:b", &[]),
            (Form::Address, "origin", &[]),
            (Form::Files, "a", &["body@a"]),
            (Form::Files, "a,b", &["body@a,b", "body@a", "body@b"]),
            (Form::Files, "a,https://h/", &["url=a,https://h/", "body@a", "url=https://h/"]),
            (Form::KeyFile, "k=a,l=b", &["body@a,l=b", "body@a", "body@b"]),
            (Form::KeyFile, "k=dir/f", &["body@dir/f"]),
            (Form::KeyFile, "dir/f", &["body@dir/f"]),
            (Form::UserPassword, "u:p:q", &["credential=p:q"]),
            (Form::UserPassword, "u", &[]),
            (Form::Url, "https://u:p@h/", &["credential=u:p", "url=https://u:p@h/"]),
        ];
        for (form, text, expected) in cases {
            assert_eq!(collected(*form, text).0, *expected, "{form:?} {text}");
        }
    }

    #[test]
    fn only_a_one_shot_input_is_content() {
        assert_eq!(collected(Form::Data, "@-").1, StdinUse::Content);
        assert_eq!(collected(Form::Upload, "-").1, StdinUse::Content);
        assert_eq!(collected(Form::Upload, ".").1, StdinUse::Content);
        assert_eq!(collected(Form::Data, "x").1, StdinUse::Ignore);
    }
}
