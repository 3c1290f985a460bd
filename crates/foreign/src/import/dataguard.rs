//! DataGuard's rules that have a native counterpart.
//!
//! The first match wins there, the strictest here. The two agree as long as no rule stands before a
//! stricter one that could match as well; what stands after a rule that loosens is left out.

use datafog_core::Verdict;

use super::{Sheet, list};
use crate::dataguard::{DataGuard, Known, Names, Rule, Test};
use crate::names::{self, Class};

pub(super) fn translate(policy: &DataGuard, sheet: &mut Sheet<'_>) {
    let mut loosened = false;
    for rule in &policy.rules {
        if rule.verdict == Verdict::Allow {
            loosened = true;
            sheet.leave_out(
                &rule.head.id,
                rule.head.line,
                "an allow in first place overrides what follows; write it as an exception by hand",
            );
            continue;
        }
        if loosened {
            sheet.leave_out(
                &rule.head.id,
                rule.head.line,
                "an allow rule stands before it, which would not be one here",
            );
            continue;
        }
        match conditions(rule) {
            Ok((when, unless)) => sheet.rule(
                &rule.head.id,
                rule.verdict.name(),
                &rule.head.reason,
                &[],
                &when,
                &unless,
            ),
            Err(why) => sheet.leave_out(&rule.head.id, rule.head.line, why),
        }
    }
    let (allow, rewrite) = (policy.thresholds.allow_max, policy.thresholds.rewrite_max);
    let message = format!("`risk_thresholds` ({allow}, {rewrite}) are not translated");
    sheet.notice(
        1,
        message,
        "what no rule names is allowed in the translation; the score is only kept with `--policy`",
    );
}

type Conditions = (Vec<String>, Vec<String>);

fn conditions(rule: &Rule) -> Result<Conditions, &'static str> {
    if rule.verdict == Verdict::Rewrite {
        return Err("its rewrite has no counterpart in a native rule");
    }
    match (rule.known, &rule.field, &rule.contains, &rule.category) {
        (Some(Known::Removal), None, _, None) => {
            let when = vec![
                String::from("command = \"rm\""),
                String::from("option = [\"--recursive\", \"--force\"]"),
            ];
            Ok((when, Vec::new()))
        }
        (None, Some(field), None, None) if is_http(rule) => match field.tests.as_slice() {
            [Test::DomainNotIn(hosts)] => {
                Ok((http(), vec![format!("host = {}", list(&native_hosts(hosts)))]))
            }
            [Test::DomainIn(hosts)] => {
                let mut when = http();
                when.push(format!("host = {}", list(&native_hosts(hosts))));
                Ok((when, Vec::new()))
            }
            _ => Err("it is about a field of a tool's arguments"),
        },
        (_, Some(_), _, _) => Err("it is about a field of a tool's arguments"),
        (_, _, _, Some(_)) => Err("it is about a tool's category"),
        (_, _, Some(_), _) => {
            Err("it searches a text, where a native rule looks at parsed options, paths and hosts")
        }
        (_, None, None, None) => Err("it is about a tool's name alone"),
    }
}

fn http() -> Vec<String> {
    vec![String::from("family = \"http\"")]
}

fn is_http(rule: &Rule) -> bool {
    matches!(&rule.tool, Some(Names::In(names)) if names.iter().any(|name| names::class(name) == Some(Class::Http)))
}

/// Hosts as native rules write them: this machine by one word.
fn native_hosts(hosts: &[String]) -> Vec<String> {
    let mut all: Vec<String> = hosts
        .iter()
        .map(|host| match host.as_str() {
            "localhost" | "127.0.0.1" | "::1" => String::from("loopback"),
            other => other.to_owned(),
        })
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}
