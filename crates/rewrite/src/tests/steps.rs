//! Rewrites that a policy describes by steps.

use super::*;

fn steps(name: &str, steps: Vec<datafog_core::RewriteStep>) -> CustomRewrite {
    CustomRewrite { name: name.to_owned(), steps }
}

#[test]
fn steps_of_a_policy_are_taken_in_order() {
    use datafog_core::{RewriteStep, RewriteValue};
    let own = steps(
        "careful",
        vec![
            RewriteStep::DropFlag(vec!["--insecure".into()]),
            RewriteStep::ReplaceScheme { from: "http".into(), to: "https".into() },
            RewriteStep::Cap { place: "--max-time".into(), at: 20 },
            RewriteStep::Set {
                place: "--user-agent".into(),
                to: RewriteValue::Text("datafog".into()),
            },
            RewriteStep::Append(vec!["--fail".into()]),
        ],
    );
    let before: Vec<OsString> =
        ["curl", "-sk", "-A", "me", "http://h.example/"].map(OsString::from).to_vec();
    let demand = Demand {
        way: Way::Custom(&own),
        target: Target::Command(&before),
        findings: &[],
        own: Path::new(OWN),
    };
    let Some(Form::Command(made)) =
        rewrite(&Form::Command(before.clone()), &demand, &world()).unwrap()
    else {
        panic!("unchanged");
    };
    let after = [
        "curl",
        "--max-time",
        "20",
        "--user-agent",
        "datafog",
        "-s",
        "https://h.example/",
        "--fail",
    ];
    assert_eq!(made, after);
    let demand = Demand { target: Target::Command(&made), ..demand };
    assert_eq!(rewrite(&Form::Command(made.clone()), &demand, &world()), Ok(None));
    let set = steps(
        "quiet",
        vec![RewriteStep::Set { place: "options.verbose".into(), to: RewriteValue::Bool(false) }],
    );
    let demand = Demand { way: Way::Custom(&set), target: Target::Tool, ..demand };
    let made = rewrite(&Form::Tool("t".into(), json(r#"{"a":1}"#)), &demand, &world());
    assert_eq!(
        made,
        Ok(Some(Form::Tool("t".into(), json(r#"{"a":1,"options":{"verbose":false}}"#))))
    );
}

#[test]
fn steps_are_taken_on_the_command_behind_a_wrapper() {
    use datafog_core::RewriteStep;
    let own = steps(
        "careful",
        vec![
            RewriteStep::DropFlag(vec!["--insecure".into()]),
            RewriteStep::Cap { place: "--max-time".into(), at: 20 },
        ],
    );
    for (wrapper, target) in
        [("env A=b", 0), ("nice -n 5", 3), ("timeout 60", 2), ("env -i nice", 3)]
    {
        let words = |rest: &str| -> Vec<OsString> {
            format!("{wrapper} {rest}").split(' ').map(OsString::from).collect()
        };
        let before = words("curl -k https://h.example/");
        // Of `env` the whole call is told, of others the command that they start.
        let target = before.get(target..).unwrap();
        let demand = Demand {
            way: Way::Custom(&own),
            target: Target::Command(target),
            findings: &[],
            own: Path::new(OWN),
        };
        let made = rewrite(&Form::Command(before.clone()), &demand, &world()).unwrap();
        let after = words("curl --max-time 20 https://h.example/");
        assert_eq!(made, Some(Form::Command(after.clone())), "{wrapper}");
        let again = Demand { target: Target::Any, ..demand };
        let again = rewrite(&Form::Command(after), &again, &world());
        assert_eq!(again, Ok(None), "{wrapper}");
    }
}
