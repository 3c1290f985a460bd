//! A test for `datafog policy test`, made of a receipt; and the way to try a draft.

use datafog_core::{Event, Finding, PrincipalKind};
use maud::{Markup, html};
use toml::Value;

use crate::dashboard::parts;

/// What somebody may do with a decision that they want kept, or changed.
pub(super) fn section(event: &Event, name: &str, may_edit: bool) -> Markup {
    html! {
        section aria-labelledby="trial" {
            h2 #trial { "Keep it so, or try another way" }
            details {
                summary { "Make a test of this" }
                p { "Put it into " code { "policy.test.toml" } " beside the policy; " code { "datafog policy test" } " then fails when a change of the policy decides this otherwise. Values that receipts do not hold stand as " code { "x" } "." }
                pre.command tabindex="0" role="group" aria-label="Test" { (parts::code(&test(event))) }
            }
            p.actions {
                a.button.plain href={ "/ui/simulation?decision=" (name) } { "Try a draft on this" }
                @if may_edit { a.button.plain href={ "/ui/policy/edit?test=" (name) } { "Add a test of this to the draft" } }
            }
        }
    }
}

/// The text of a test.
pub(super) fn test(event: &Event) -> String {
    let quoted = |text: &str| Value::from(text).to_string();
    let mut call = match event.command.strip_prefix("tool:") {
        Some(line) => {
            let mut words = line.split_whitespace();
            let tool = quoted(words.next().unwrap_or(&event.tool));
            let args = words.map(|name| format!("{} = \"x\"", key(name))).collect::<Vec<_>>();
            vec![format!("tool = {tool}"), format!("args = {{ {} }}", args.join(", "))]
        }
        None => vec![format!("run = {}", quoted(&plain(&event.command)))],
    };
    call.push(format!("cwd = {}", quoted(&event.cwd)));
    let kind = event.principal.kind;
    if kind != PrincipalKind::Unknown {
        call.push(format!("principal = {}", quoted(kind.name())));
    }
    if !event.findings.is_empty() {
        let found: Vec<String> = event.findings.iter().map(finding).collect();
        call.push(format!("finding = [{}]", found.join(", ")));
    }
    let rule = event.matched_rules.first().map_or("default", String::as_str);
    format!(
        "[[test]]\nname = {}\ncall = {{ {} }}\nexpect = {}\nrule = {}\n",
        quoted(&event.reason),
        call.join(", "),
        quoted(event.decision.name()),
        quoted(rule),
    )
}

fn finding(finding: &Finding) -> String {
    let quoted = |text: &str| Value::from(text).to_string();
    let (entity, channel) = (quoted(&finding.entity), quoted(&finding.channel.to_string()));
    format!("{{ entity = {entity}, channel = {channel} }}")
}

/// A name as a key of TOML.
fn key(name: &str) -> String {
    let is_bare =
        name.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-".contains(letter));
    if is_bare { name.to_owned() } else { Value::from(name).to_string() }
}

/// The line with `x` in place of what was taken out.
fn plain(command: &str) -> String {
    let (mut plain, mut rest) = (String::new(), command);
    while let Some((before, after)) = rest.split_once('‹') {
        let Some((_, end)) = after.split_once('›') else { break };
        plain.push_str(before);
        plain.push('x');
        rest = end;
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::sample;

    #[test]
    fn a_test_is_toml_that_says_what_was_decided() {
        let mut event = sample::event(1);
        event.reason = String::from("a \"quoted\" reason\n</pre>");
        let read: toml::Table = test(&event).parse().unwrap();
        let case = &read["test"][0];
        assert_eq!(
            case["call"]["run"].as_str(),
            Some("curl -d x https://api.example.com/v1/items")
        );
        assert_eq!(case["expect"].as_str(), Some("deny"));
        assert_eq!(case["rule"].as_str(), Some("no-secret-egress"));
        assert_eq!(case["call"]["finding"][0]["entity"].as_str(), Some("secret.github.pat"));
        event.command = String::from("tool:send a b.c \"d");
        let read: toml::Table = test(&event).parse().unwrap();
        assert_eq!(read["test"][0]["call"]["args"]["b.c"].as_str(), Some("x"));
    }
}
