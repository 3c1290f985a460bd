//! The reference page of conditions is made from the conditions themselves.
//!
//! Run with `UPDATE_REFERENCE=1` to write it anew.

use std::fs;
use std::path::Path;

const HEAD: &str = "\
# Conditions

What may stand in `[rule.when]` and `[rule.unless]`. The guide is [POLICY.md](../POLICY.md).

This page is made from the table of conditions in `crates/policy/src/condition`; a test keeps it so.
";

const GROUPS: &str = "
## Groups

| key | holds when |
|---|---|
| `all = [{ … }, { … }]` | every table holds |
| `any = [{ … }, { … }]` | at least one table holds |
| `none = [{ … }, { … }]` | no table holds |

Within one table all conditions must hold. Groups nest, eight deep at most.
";

fn page() -> String {
    let mut page = String::from(HEAD);
    for about in datafog_policy::conditions() {
        let datafog_policy::ConditionAbout { name, summary, form, example, unknown, cost } = about;
        page += &format!(
            "\n## `{name}`\n\n{summary}\n\n```toml\n{example}\n```\n\n\
             - Takes: {form}\n- Unknown: {unknown}\n- Costs: {cost}\n"
        );
    }
    page + GROUPS
}

#[test]
fn the_reference_page_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/conditions.md");
    #[expect(clippy::disallowed_methods, reason = "a switch for whoever runs the test")]
    let update = std::env::var_os("UPDATE_REFERENCE").is_some();
    if update {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, page()).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(written, page(), "run the test with UPDATE_REFERENCE=1");
}

/// The role and the signals that examples speak of.
const ROLE: &str = "[[role]]\nname = 'analyst'\nusers = ['ann']\ntools = ['t']\n\
                    [risk]\nallow = [0, 89]\ndeny = [90, 100]\n\
                    [[risk.signal]]\nid = 's'\npoints = 95\nwhen = { mode = 'observe' }\n";

#[test]
fn every_example_of_the_reference_loads() {
    for about in datafog_policy::conditions() {
        let text = format!(
            "[policy]\nid = 'a'\nversion = '1'\n{ROLE}[[rule]]\nid = 'b'\neffect = 'deny'\nreason = 'c'\n\
             instead = 'd'\n[rule.when]\n{}\n",
            about.example
        );
        let parsed = datafog_policy::Policy::parse(
            &text,
            "p",
            datafog_policy::Layer::User,
            &datafog_policy::AnyWord,
        );
        assert!(parsed.is_ok(), "{}: {}", about.name, parsed.unwrap_err()[0]);
    }
}

/// A cache written by an older binary must not be read by a newer one that takes the same bytes
/// for something else. When this digest changes, raise `FORMAT` in `src/compiled.rs`, then accept
/// the snapshot.
#[test]
fn the_format_number_belongs_to_these_bytes() {
    let mut text =
        format!("[policy]\nid = 'a'\nversion = '1'\nextends = []\ndefault = 'deny'\n{ROLE}");
    for (number, about) in datafog_policy::conditions().enumerate() {
        text += &format!(
            "[[rule]]\nid = 'r{number}'\neffect = 'deny'\nreason = 'c'\ninstead = 'd'\n\
             [rule.when]\nnone = [{{ mode = 'observe' }}, {{ principal = 'human' }}]\n{}\n",
            about.example
        );
    }
    let policy = datafog_policy::Policy::parse(
        &text,
        "policy.toml",
        datafog_policy::Layer::User,
        &datafog_policy::AnyWord,
    );
    let policy = policy.unwrap();
    let format: Vec<u8> = policy.to_bytes().iter().copied().skip(4).take(4).collect();
    insta::assert_snapshot!(format!("{format:?} {}", policy.digest()));
}
