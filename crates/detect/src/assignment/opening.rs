//! What stands between a name and the value that is assigned to it.

mod sentence;

use self::sentence::{dashed, told};
use super::{Form, MOST_BLANKS, is_blank};
use crate::bytes::{before, is_name, last_line, run, run_back};
use crate::words::{Words, words};

/// Most bytes between a name and the word that says that its value follows.
const MOST_MARKS: usize = 40;

/// Most bytes of attributes between a name and the element that holds its value.
const MOST_ATTRIBUTES: usize = 80;

/// Where the value opens, after the name's closing quote or bracket and an operator, and how.
pub(super) fn opening(
    text: &[u8],
    (name_start, name_end): (usize, usize),
) -> Option<(usize, Form)> {
    let rest = text.get(name_end..)?;
    if let Some(width) = plain_operator(text, name_start, rest) {
        return opened(text, name_end.checked_add(width)?, Form::Operator);
    }
    // Behind most names that are a word of a text a blank stands.
    let closing = match rest.first() {
        Some(b' ' | b'\t') => 0,
        _ => closing_marks(text, name_start, rest),
    };
    let rest = rest.get(closing..)?;
    let blanks = run(rest, is_blank);
    let operator_at = name_end.checked_add(closing)?.checked_add(blanks)?;
    let place = Place { text, name_start, operator_at, closing, blanks };
    if blanks > MOST_BLANKS {
        return None;
    }
    let (width, form) = match place.rest() {
        // No mark begins so, and nothing that stands without a mark.
        [b'-' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z', ..] if closing == 0 => {
            field(&place).or_else(|| word(&place))
        }
        _ => mark(&place),
    }?;
    opened(text, operator_at.checked_add(width)?, form)
}

/// A mark between the name and its value, or a word.
fn mark(place: &Place<'_>) -> Option<(usize, Form)> {
    property(place.rest())
        .or_else(|| operator(place))
        .or_else(|| field(place))
        .or_else(|| element(place))
        .or_else(|| argument(place))
        .or_else(|| word(place))
}

/// The field that holds the value of what was named.
fn field(place: &Place<'_>) -> Option<(usize, Form)> {
    let may_be = match place.rest() {
        // The first letters of such fields.
        [letter @ (b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z'), ..] => {
            matches!(letter, b'a' | b'c' | b'd' | b'v' | b'V')
        }
        [b'-' | b':' | b'=' | b'<' | b'>' | b'(' | b')', ..] => false,
        _ => true,
    };
    may_be.then(|| Some((value_field(place.rest())?, Form::Operator)))?
}

/// How many bytes close the name.
fn closing_marks(text: &[u8], name_start: usize, rest: &[u8]) -> usize {
    match closes_hash(text, name_start, rest) {
        // `the new one (api_key): …`.
        0 if rest.starts_with(b"):") && is_bracketed(text, name_start) => 1,
        0 => closing(rest),
        brace => brace,
    }
}

/// Length of the operator of most assignments, which stands close behind the name and is a part of no
/// longer one.
fn plain_operator(text: &[u8], name_start: usize, rest: &[u8]) -> Option<usize> {
    match rest {
        [b'=', next, ..] if !matches!(next, b'=' | b'>' | b'~') => {
            (!ASKED.end(text.get(..name_start)?)).then_some(1)
        }
        [b':', next, ..] if !matches!(next, b'=' | b':' | b'-' | b'?' | b'+' | b'*') => Some(1),
        _ => None,
    }
}

/// Where the value opens behind an operator that ends at `after`.
fn opened(text: &[u8], after: usize, form: Form) -> Option<(usize, Form)> {
    let blanks = run(text.get(after..)?, is_blank);
    if blanks > MOST_BLANKS {
        return None;
    }
    let start = after.checked_add(blanks)?;
    let rest = text.get(start..)?;
    let marks = match rest.first() {
        Some(b'{') => inner_value(rest).unwrap_or(0),
        Some(b'|' | b'>' | b'!') => tag(rest),
        _ => 0,
    };
    Some((start.checked_add(marks)?, form))
}

/// Whether a round bracket opens before the name, and not the list of what was changed in a program:
/// `* agent.c (ask_passphrase): Simplify.`
fn is_bracketed(text: &[u8], name_start: usize) -> bool {
    let head = text.get(..name_start).unwrap_or_default();
    let Some(head) = head.strip_suffix(b"(") else { return false };
    let near = head.get(head.len().saturating_sub(MOST_ATTRIBUTES)..).unwrap_or_default();
    let line = last_line(near).trim_ascii();
    !line.is_empty() && !line.windows(2).any(|mark| mark == b"* ")
}

/// Length up to the value of an object that holds nothing else: `{ "value": "…" }`.
fn inner_value(rest: &[u8]) -> Option<usize> {
    let inner = value_field(rest.strip_prefix(b"{")?)?.checked_add(1)?;
    let blanks = run(rest.get(inner..)?, is_blank);
    matches!(rest.get(inner.checked_add(blanks)?)?, b'"' | b'\'')
        .then(|| inner.saturating_add(blanks))
}

/// Where an operator may stand.
struct Place<'t> {
    text: &'t [u8],
    name_start: usize,
    operator_at: usize,
    /// Bytes that close the name.
    closing: usize,
    /// Blanks after them.
    blanks: usize,
}

impl<'t> Place<'t> {
    fn rest(&self) -> &'t [u8] {
        self.text.get(self.operator_at..).unwrap_or_default()
    }

    /// Whether the quoted name is the first argument of a call that keeps a value under a name.
    fn is_put(&self) -> bool {
        let quote = self.name_start.checked_sub(1).and_then(|at| self.text.get(..at));
        let head = self.text.get(..self.name_start).unwrap_or_default();
        // `setProperty("mail.name", …)`: a name may be longer than the word that was found.
        quote.is_some_and(|head| PUTTERS.end(head)) && matches!(head.last(), Some(b'"' | b'\''))
    }

    /// Whether one of the words stands shortly before the name in its line.
    fn sentence(&self, words: &Words) -> bool {
        let head = self.text.get(..self.name_start).unwrap_or_default();
        let near = head.get(head.len().saturating_sub(MOST_MARKS)..).unwrap_or_default();
        words.stand_near_end(last_line(near), MOST_MARKS)
    }

    /// Whether what stands before the name ends so, perhaps with the quote that opens the name.
    fn follows(&self, words: &Words) -> bool {
        let head = self.text.get(..self.name_start).unwrap_or_default();
        words.end(head)
    }
}

/// Bytes that close a name: quotes, a bracket, or the size of an array, `name[64]`.
fn closing(rest: &[u8]) -> usize {
    let array = match rest {
        [b'[', tail @ ..] => run(tail.get(..8.min(tail.len())).unwrap_or_default(), |byte| {
            byte.is_ascii_alphanumeric() || byte == b'_'
        })
        .saturating_add(1),
        _ => 0,
    };
    if array > 0 && rest.get(array) == Some(&b']') {
        return array.saturating_add(1);
    }
    run(rest.get(..4.min(rest.len())).unwrap_or_default(), |byte| {
        matches!(byte, b'"' | b'\'' | b'`' | b'\\' | b']' | b'*')
    })
}

/// Length of the brace that closes a key of a hash in Perl: `$cfg{name}`, `$self->{name}`.
fn closes_hash(text: &[u8], name_start: usize, rest: &[u8]) -> usize {
    let head = text.get(..name_start).unwrap_or_default();
    let hash = matches!(head, [.., b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'0'..=b'9' | b'>', b'{']);
    usize::from(hash && rest.first() == Some(&b'}'))
}

/// The accessors of a property of C# and the operator behind them: `Name { get; set; } = "…"`.
fn property(rest: &[u8]) -> Option<(usize, Form)> {
    let accessors = rest.strip_prefix(b"{ get;")?;
    let near = accessors.get(..MOST_MARKS.min(accessors.len()))?;
    let end = near.windows(4).position(|window| window == b"} = ")?;
    Some((b"{ get;".len().checked_add(end)?.checked_add(3)?, Form::Operator))
}

/// A mark that assigns.
fn operator(place: &Place<'_>) -> Option<(usize, Form)> {
    let expanded = place.text.get(..place.name_start).is_some_and(|head| head.ends_with(b"${"));
    Some(match place.rest() {
        // `${NAME:-value}` of a shell; what follows `:?` and `:+` is no value of the name.
        [b':', b'-', ..] if expanded => (2, Form::Operator),
        [b':', b'?' | b'+', ..] if expanded => return None,
        [b'=', b'=', b'=', ..] | [b'|' | b'?', b'|' | b'?', b'=', ..] | [b'<', b'<', b'<', ..] => {
            (3, Form::Operator)
        }
        [b':' | b'=', b'=', ..] | [b'=', b'>' | b'~', ..] | [b'?', b'=', ..] => (2, Form::Operator),
        [b'<', b'-', b' ' | b'"' | b'\'', ..] => (2, Form::Operator),
        [b':', b':', ..] => return None,
        [b'=', b' ', ..] if is_compared(place) => return None,
        // What follows is shown to whoever is asked.
        [b'=', ..] if place.follows(&ASKED) => return None,
        // `**Password:** …` of Markdown.
        [b':', b'*', b'*', b' ', ..] => (3, Form::Operator),
        [b'=' | b':', ..] => (1, Form::Operator),
        // The colon and the sign of Chinese and Japanese texts.
        [0xEF, 0xBC, 0x9A | 0x9D, ..] => (3, Form::Operator),
        // An arrow, and what says `is` in texts that part no words.
        [0xE2, 0x86, 0x92, ..] => (3, Form::Prose),
        rest if place.closing == 0 && PARTICLES.begin(rest) => (3, Form::Prose),
        // `process.env.TOKEN || "…"`: what stands in for the value.
        [b'|', b'|', ..] | [b'?', b'?', ..]
            if opens_quote(place.text, place.operator_at.checked_add(1)?) =>
        {
            (2, Form::Operator)
        }
        // A cell of a table in Markdown.
        [b'|', b' ', ..] if place.blanks > 0 => (2, Form::Prose),
        _ => return None,
    })
}

/// Whether a shell compares the name and assigns nothing to it: `"$mode,$pass" = "lib,link"`.
fn is_compared(place: &Place<'_>) -> bool {
    place.closing > 0 && place.blanks > 0 && before(place.text, place.name_start) == Some(b'$')
}

/// What stands between the word for a password and the password in Chinese, Japanese and Korean.
static PARTICLES: Words = words! { "是" "为" "為" "は" "는" "은" };

/// A tag or an attribute that closes and holds the value after it.
fn element(place: &Place<'_>) -> Option<(usize, Form)> {
    let Place { text, name_start, closing, .. } = *place;
    match place.rest() {
        // `<Password> <Value>value</Value>` of an answer file of Windows.
        [b'>', rest @ ..] if in_tag(text, name_start) => {
            let inner = || child(rest, b"<Value>").or_else(|| child(rest, b"<value>"));
            let spaced = rest.first().is_some_and(u8::is_ascii_whitespace);
            let inner = if spaced || rest.starts_with(b"<") { inner().unwrap_or(0) } else { 0 };
            Some((inner.checked_add(1)?, Form::Element))
        }
        // `<ns:Password Type="…">value</ns:Password>`.
        rest @ [b' ', ..] if closing == 0 && in_tag(text, name_start) => {
            let near = rest.get(..MOST_ATTRIBUTES.min(rest.len()))?;
            let end = run(near, |byte| !matches!(byte, b'<' | b'>'));
            let open = rest.get(end) == Some(&b'>') && rest.get(end.checked_sub(1)?) != Some(&b'/');
            let told = near.get(..end)?.windows(6).any(|it| it.eq_ignore_ascii_case(b"value="));
            (open && !told).then_some((end.checked_add(1)?, Form::Element))
        }
        [b'>', ..] if closing > 0 && is_attribute(text, name_start) => Some((1, Form::Element)),
        // `<key>name</key> <string>value</string>`, `<param-name>name</param-name> <param-value>…`.
        rest @ [b'<', b'/', ..] => Some((sibling(rest)?, Form::Element)),
        // `<setting name="name" more="…"> <value>value</value>`.
        rest if closing > 0 && is_attribute(text, name_start) => {
            let near = rest.get(..MOST_ATTRIBUTES.min(rest.len()))?;
            let end = run(near, |byte| !matches!(byte, b'<' | b'>')).checked_add(1)?;
            let inner = child(rest.get(end..)?, b"<value>").unwrap_or(0);
            let open = rest.get(end.checked_sub(1)?) == Some(&b'>')
                && rest.get(end.checked_sub(2)?) != Some(&b'/');
            let told = near.get(..end)?.windows(6).any(|it| it.eq_ignore_ascii_case(b"value="));
            (open && !told).then_some((end.checked_add(inner)?, Form::Element))
        }
        _ => None,
    }
}

/// Length of the end of an element that holds a name, and of the beginning of one with its value.
fn sibling(rest: &[u8]) -> Option<usize> {
    let near = rest.get(..MOST_MARKS.min(rest.len()))?;
    let close = run(near, |byte| byte != b'>').checked_add(1)?;
    let named = NAMING.iter().any(|tag| near.get(..close).is_some_and(|it| it.ends_with(tag)));
    let after = rest.get(close..).filter(|_| named)?;
    let open = VALUING.iter().find_map(|tag| child(after, tag))?;
    close.checked_add(open)
}

/// Ends of the names of elements that hold a name, and of those that hold the value.
const NAMING: [&[u8]; 3] = [b"key>", b"name>", b"Name>"];
const VALUING: [&[u8]; 4] = [b"<string>", b"<value>", b"<param-value>", b"<Value>"];

/// Length up to the end of `tag` when nothing but space stands before it.
fn child(rest: &[u8], tag: &[u8]) -> Option<usize> {
    let space = run(rest.get(..MOST_MARKS.min(rest.len()))?, |byte| byte.is_ascii_whitespace());
    rest.get(space..)?.starts_with(tag).then_some(space.checked_add(tag.len())?)
}

/// An argument of a call, or the next one.
fn argument(place: &Place<'_>) -> Option<(usize, Form)> {
    let Place { text, name_start, operator_at, closing, blanks } = *place;
    let quoted = closing > 0;
    match place.rest() {
        [b'(' | b'{', b'"' | b'\'', ..] if !quoted && blanks == 0 => Some((1, Form::Call)),
        [b',', ..] => next_argument(place),
        // `get('#name').type('value')`, `find(By.ID, "name").send_keys("value")`.
        [b')', b'.', ..] | [b')', b')', b'.', ..] if quoted => {
            Some((typing(place.rest())?, Form::Pair))
        }
        // `ENV.fetch('name') { 'value' }`, `let(:name) { 'value' }`.
        [b')', b' ', b'{', b' ', ..]
            if (quoted || before(text, name_start) == Some(b':'))
                && opens_quote(text, operator_at.checked_add(2)?) =>
        {
            Some((3, Form::Operator))
        }
        // `{:name "value"}` of Clojure.
        [b'"', ..]
            if !quoted
                && blanks == 1
                && matches!(
                    text.get(..name_start)?,
                    [b':'] | [.., b' ' | b'{' | b'\n' | b'\t', b':']
                ) =>
        {
            Some((0, Form::Operator))
        }
        // `config.name 'value'`, or alone on a line: a call without brackets.
        [b'"' | b'\'', ..]
            if !quoted
                && blanks == 1
                && (text.get(name_start..operator_at)?.contains(&b'.')
                    || begins_line(text, name_start)) =>
        {
            Some((0, Form::Call))
        }
        _ => None,
    }
}

/// The argument behind the comma that follows the name.
fn next_argument(place: &Place<'_>) -> Option<(usize, Form)> {
    let Place { text, name_start, operator_at, closing, .. } = *place;
    let quoted = closing > 0;
    // `fill_in 'name', with: 'value'`.
    if quoted && place.rest().starts_with(b", with: ") {
        return Some((8, Form::Operator));
    }
    if !opens_quote(text, operator_at) {
        return None;
    }
    // `strcpy(name, "value")`, `set :name, "value"`, `setProperty("name", "value")`.
    let kept = !quoted && place.follows(&KEEPERS);
    if kept || (quoted && place.is_put() && closes_pair(text, operator_at)) {
        return Some((1, Form::Operator));
    }
    // `fill('input[name="name"]', 'value')`.
    let selected = closing == 3;
    let pair = (selected || opens_pair(text, name_start)) && closes_pair(text, operator_at);
    quoted.then_some((1, if pair { Form::Pair } else { Form::Item }))
}

/// Length up to the bracket of a call that types its argument into the field named before, behind one
/// bracket or two.
fn typing(rest: &[u8]) -> Option<usize> {
    let dot = if rest.get(1) == Some(&b'.') { 2_usize } else { 3 };
    let call = rest.get(dot..)?;
    let name = run(call.get(..MOST_MARKS.min(call.len()))?, is_name);
    let open = name.checked_add(dot)?.checked_add(1)?;
    let typed = TYPING.contain(call.get(..name)?) && rest.get(open.checked_sub(1)?) == Some(&b'(');
    (typed && matches!(rest.get(open), Some(b'"' | b'\''))).then_some(open)
}

/// Methods that type text into a field.
static TYPING: Words = words! {
    "type" "fill" "sendkeys" "send_keys" "setvalue" "set_value" "typetext" "entertext" "addvalue"
};

/// Whether nothing but blanks stands before the name on its line.
fn begins_line(text: &[u8], name: usize) -> bool {
    let head = text.get(..name).unwrap_or_default();
    let recent = head.get(head.len().saturating_sub(MOST_BLANKS)..).unwrap_or_default();
    let line = name.saturating_sub(run_back(recent, is_blank));
    before(text, line).is_none_or(|byte| matches!(byte, b'\n' | b';'))
}

/// Words before or after the name that say that a value follows.
fn word(place: &Place<'_>) -> Option<(usize, Form)> {
    let Place { text, name_start, closing, blanks, .. } = *place;
    if blanks == 0 {
        return None;
    }
    let rest = place.rest();
    match rest {
        [b'\'' | b'"', ..] if closing == 0 && place.follows(&SETTERS) => Some((0, Form::Operator)),
        [b'\'' | b'"', ..] if closing == 0 && is_clause(text, name_start) => {
            Some((0, Form::Operator))
        }
        _ if closing == 0 && is_option(text, name_start) => Some((0, Form::Option)),
        _ if closing == 0 && is_declared(text, name_start) => Some((0, Form::Operator)),
        // A type of Go: `name string = "value"`, and of Visual Basic.
        _ if rest.starts_with(b"string = ") => Some((9, Form::Operator)),
        _ if rest.get(..12).is_some_and(|it| it.eq_ignore_ascii_case(b"as string = ")) => {
            Some((12, Form::Operator))
        }
        [b'`', ..] => Some((0, Form::Prose)),
        _ if blanks == 1
            && closing == 0
            && let Some(width) = told(place) =>
        {
            Some((width, Form::Prose))
        }
        [b'i', b's', b':' | b' ', ..] if blanks == 1 => Some((3, Form::Prose)),
        _ if closing == 0
            && let Some(width) = dashed(place) =>
        {
            Some((width, Form::Prose))
        }
        _ if closing == 0 && is_line_of_settings(place) => Some((0, Form::Prose)),
        _ => None,
    }
}

/// Length of a mark of YAML between the operator and the value: `|`, `>-` and the line end after
/// it, or `!!str `.
fn tag(rest: &[u8]) -> usize {
    match rest {
        [b'|' | b'>', tail @ ..] => {
            let marks = run(tail, |byte| matches!(byte, b'-' | b'+' | b'0'..=b'9' | b'\r'));
            let Some([b'\n', line @ ..]) = tail.get(marks..) else { return 0 };
            let indent = run(line, is_blank);
            if indent == 0 { 0 } else { marks.saturating_add(2).saturating_add(indent) }
        }
        [b'!', b'!', tail @ ..] => {
            let name = run(tail, |byte| byte.is_ascii_lowercase());
            let blank = run(tail.get(name..).unwrap_or_default(), is_blank);
            if blank == 1 { name.saturating_add(3) } else { 0 }
        }
        _ => 0,
    }
}

/// Whether the bracket that holds a pair closes after the literal that follows the comma at
/// `comma`: what goes on is a list.
fn closes_pair(text: &[u8], comma: usize) -> bool {
    let rest = comma.checked_add(1).and_then(|at| text.get(at..)).unwrap_or_default();
    let rest = rest.get(run(rest, is_blank)..).unwrap_or_default();
    let Some((quote, rest)) = rest.split_first() else { return false };
    let length = run(rest, |byte| byte != *quote && byte != b'\n');
    let after = rest.get(length.saturating_add(1)..).unwrap_or_default();
    matches!(after.get(run(after, is_blank)), Some(b')' | b']' | b'}'))
}

/// Whether a bracket opens before the quote that stands before the name at `name`.
fn opens_pair(text: &[u8], name: usize) -> bool {
    let head = name.checked_sub(1).and_then(|at| text.get(..at)).unwrap_or_default();
    // `fill("#name", "value")`: the mark of an element's id.
    let head = head.strip_suffix(b"\"").or_else(|| head.strip_suffix(b"'")).unwrap_or(head);
    let recent = head.get(head.len().saturating_sub(MOST_BLANKS)..).unwrap_or_default();
    let blanks = run_back(recent, |byte| is_blank(byte) || byte == b'\n');
    let bracket = head.len().checked_sub(blanks.saturating_add(1)).and_then(|at| head.get(at));
    matches!(bracket, Some(b'(' | b'[' | b'{'))
}

/// Length up to the operator's end when the next thing said is the value of what was named:
/// `name: X` and on the next line `value: …`, `key="X" value="…"`, `variable "x" { default = "…"`.
fn value_field(rest: &[u8]) -> Option<usize> {
    let near = rest.get(..MOST_MARKS.min(rest.len()))?;
    let marks =
        run(near, |byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b'{' | b'"' | b'\''));
    let field = rest.get(marks..)?;
    let word = VALUE_FIELDS.into_iter().find(|word| {
        field.starts_with(word) && !field.get(word.len()).is_some_and(|b| is_name(*b))
    })?;
    let after = field.get(word.len()..)?;
    let closing = run(after.get(..1)?, |byte| byte == b'"' || byte == b'\'');
    let blanks = run(after.get(closing..)?, is_blank);
    let operator = word.len().checked_add(closing)?.checked_add(blanks)?;
    matches!(field.get(operator)?, b'=' | b':').then_some(())?;
    marks.checked_add(operator)?.checked_add(1)
}

/// Names of what holds the value of what was named before.
const VALUE_FIELDS: [&[u8]; 7] =
    [b"value", b"Value", b"val", b"content", b"default", b"defaultValue", b"android:value"];

/// Whether a word before the name at `start` says that its value follows: `ENV NAME …`.
fn is_declared(text: &[u8], start: usize) -> bool {
    let head = text.get(..start).unwrap_or_default();
    let named = text.get(start..).is_some_and(|name| DIRECTIVES.begin(name));
    let first = before(text, start).is_none_or(|byte| byte == b'\n');
    (head.ends_with(b" ") && DECLARERS.iter().any(|word| head.ends_with(word))) || (named && first)
}

/// Ends of names that stand without an operator before their value.
static SETTINGS: Words = words! { "password" "passwd" "passphrase" "secret" "bindpw" "bind-pw" "rootpw" "apikey" "api_key" "api-key" "authtoken" "auth_token" };

/// Whether the name is one of a password and begins a line, as in files of settings that are a name
/// and a value, or stands in a line of a router that sets something: `password …`, `set admin password …`.
fn is_line_of_settings(place: &Place<'_>) -> bool {
    let Place { text, name_start, operator_at, blanks, .. } = *place;
    let name = text.get(name_start..operator_at.saturating_sub(blanks)).unwrap_or_default();
    if !SETTINGS.end(name) {
        return false;
    }
    let head = text.get(..name_start).unwrap_or_default();
    let near = head.get(head.len().saturating_sub(MOST_ATTRIBUTES)..).unwrap_or_default();
    let line = last_line(near).trim_ascii_start();
    let whole = near.contains(&b'\n') || near.len() == head.len();
    whole && (line.is_empty() || line.starts_with(b"set "))
}

/// Whether the name at `start` is a clause of SQL: `WITH PASSWORD '…'`.
fn is_clause(text: &[u8], start: usize) -> bool {
    let named = |word: &[u8]| text.get(start..).is_some_and(|name| name.starts_with(word));
    let head = text.get(..start).unwrap_or_default();
    named(b"PASSWORD ") || (named(b"password ") && CLAUSES.end(head))
}

/// What stands before a clause: `with password "…"`, `user "bob" password "…"`, `:user "bob" :password "…"`.
static CLAUSES: Words = words! { "with " "and " "\" " "' " "{:" " :" };

/// Whether the name at `start` is the value of an XML attribute: `key="name"`.
fn is_attribute(text: &[u8], start: usize) -> bool {
    start.checked_sub(2).and_then(|at| text.get(at..start)) == Some(b"=\"")
}

/// Words after which a name and, after a blank, its value follow.
const DECLARERS: [&[u8]; 6] =
    [b"ENV ", b"setx ", b"setenv ", b"set -gx ", b"#define ", b"fastcgi_param "];

/// Words after which a name and, after a blank, its value in quotes follow.
static SETTERS: Words =
    words! { "set " "set :" "set -x " "set -gx " "setq " "set(" "def " "define " };

/// Calls whose first two arguments are a name and its value.
static PUTTERS: Words = words! {
    "property(" "put(" "putstring(" "setenv(" "setdefault(" "setitem(" ".set(" ".add(" "define(" "header("
};

/// Words after which a name and what is shown to ask for its value follow.
static ASKED: Words = words! { "set /p " "set /p \"" };

/// Words after which a name, a comma and its value follow.
static KEEPERS: Words = words! { "cpy(" "cat(" "set :" "define(" "{" };

/// Lines of configuration that are a name, a blank and a value.
static DIRECTIVES: Words = words! { "requirepass " "masterauth " };

/// Whether a quote follows the comma at `comma`.
fn opens_quote(text: &[u8], comma: usize) -> bool {
    let rest = comma.checked_add(1).and_then(|at| text.get(at..)).unwrap_or_default();
    let blanks = run(rest, is_blank);
    matches!(rest.get(blanks), Some(b'"' | b'\''))
}

/// Whether the name at `start` is a command-line option: `--name`.
fn is_option(text: &[u8], start: usize) -> bool {
    // `--name` everywhere, `-Name` in PowerShell.
    text.get(start..).is_some_and(|name| matches!(name, [b'-', b'-' | b'A'..=b'Z', ..]))
        && before(text, start)
            .is_none_or(|byte| !byte.is_ascii_graphic() || matches!(byte, b'"' | b'\''))
}

/// Whether the name at `start` is an XML tag: `<name`.
fn in_tag(text: &[u8], start: usize) -> bool {
    let head = text.get(..start).unwrap_or_default();
    let space = head
        .strip_suffix(b":")
        .map_or(0, |head| run_back(head, |byte| byte.is_ascii_alphanumeric()).saturating_add(1));
    before(text, start.saturating_sub(space)) == Some(b'<')
}
