//! How rules add up: unknown, overriding, defaults, layers, nested parts, damage.

#![expect(clippy::panic, reason = "helpers of tests are tests")]

use datafog_core::{
    ApprovalScope, Destination, Facts, Flow, Flows, HostName, Obligation, Operand, OperandKind,
    Reach, RuleOrigin, Verdict,
};
use datafog_policy::{AnyWord, Given, Layer, Policy, RuleOutcome, Truth};

const EFFECTS: [(&str, Verdict); 5] = [
    ("allow", Verdict::Allow),
    ("allow_with_redaction", Verdict::Redact),
    ("transform", Verdict::Rewrite),
    ("require_approval", Verdict::RequireApproval),
    ("deny", Verdict::Deny),
];

fn head(default: &str) -> String {
    format!("[policy]\nid = 'test'\nversion = '1'\nextends = []\ndefault = '{default}'\n")
}

/// A rule with one line of conditions.
fn rule(id: &str, effect: &str, more: &str, when: &str) -> String {
    let extra = if effect == "transform" { "rewrite = 'dry-run'\n" } else { "" };
    format!(
        "[[rule]]\nid = '{id}'\neffect = '{effect}'\nreason = '{id} says so'\n{extra}{more}\n[rule.when]\n{when}\n"
    )
}

fn policy(default: &str, rules: &[String]) -> Policy {
    parse(&(head(default) + &rules.concat()))
}

fn parse(text: &str) -> Policy {
    Policy::parse(text, "policy.toml", Layer::User, &AnyWord).unwrap_or_else(|faults| {
        panic!("{}", faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })
}

fn matched(policy: &Policy, facts: &dyn Facts) -> Vec<String> {
    policy.decide(facts).matched.into_iter().map(|rule| rule.id).collect()
}

/// A program without a profile that names `/srv`: nobody knows what it does there, so conditions on
/// `/srv` are unknown for it.
fn doubtful() -> Given {
    let mut facts = Given::command("rm", "/home/user/work");
    facts.invocation().known = false;
    facts.invocation().operands = vec![Operand {
        text: "/srv".into(),
        kind: OperandKind::Text,
        flow: Flow::Stays,
        place: None,
        canonical: None,
    }];
    facts
}

#[test]
fn an_unknown_never_allows_and_counts_for_everything_stricter() {
    let facts = doubtful();
    for (default, fallback) in [("allow", Verdict::Allow), ("deny", Verdict::Deny)] {
        for (name, effect) in EFFECTS {
            let policy = policy(default, &[rule("r", name, "", "operand = '/srv'")]);
            let decision = policy.decide(&facts);
            // What might match is added to the default, but does not take its place.
            assert_eq!(decision.verdict, fallback.max(effect), "{default} {name}");
            assert_eq!(decision.matched.is_empty(), effect == Verdict::Allow, "{default} {name}");
        }
    }
}

#[test]
fn a_certain_match_takes_the_place_of_the_default() {
    let facts = Given::command("rm", "/");
    for (name, effect) in EFFECTS {
        for default in ["allow", "deny"] {
            let policy = policy(default, &[rule("r", name, "", "command = 'rm'")]);
            assert_eq!(policy.decide(&facts).verdict, effect, "{default} {name}");
        }
    }
    let policy = policy("deny", &[rule("r", "allow", "", "command = 'git'")]);
    let decision = policy.decide(&facts);
    assert_eq!(decision.verdict, Verdict::Deny);
    assert!(decision.decider().is_none());
    assert_eq!(decision.reason, "no rule matched; the default is deny");
}

#[test]
fn terms_of_approval_have_defaults_and_nobody_need_wait() {
    for (terms, scope, seconds) in [
        ("timeout = '0s'", ApprovalScope::WIDEST, 0),
        ("timeout = '5m'", ApprovalScope::WIDEST, 300),
        ("scope = 'exact'", ApprovalScope::Exact, 60),
    ] {
        let terms = format!("approval = {{ {terms} }}");
        let rules = [rule("ask", "require_approval", &terms, "command = 'rm'")];
        let decision = policy("allow", &rules).decide(&Given::command("rm", "/"));
        let within = Obligation::ApproveWithin { scope, seconds };
        assert_eq!(decision.obligations, [Obligation::Approve, within], "{terms}");
    }
}

#[test]
fn a_rule_may_ask_for_several_persons() {
    for (terms, more) in [
        ("approvers = 2", vec![Obligation::ApproveBy { persons: 2 }]),
        ("approvers = 1", Vec::new()),
        (
            "approvers = 5, timeout = '5m'",
            vec![
                Obligation::ApproveBy { persons: 5 },
                Obligation::ApproveWithin { scope: ApprovalScope::WIDEST, seconds: 300 },
            ],
        ),
    ] {
        let terms = format!("approval = {{ {terms} }}");
        let rules = [rule("ask", "require_approval", &terms, "command = 'rm'")];
        let decision = policy("allow", &rules).decide(&Given::command("rm", "/"));
        let expected = [vec![Obligation::Approve], more].concat();
        assert_eq!(decision.obligations, expected, "{terms}");
    }
}

#[test]
fn the_strictest_wins_and_all_obligations_stay() {
    let rules = [
        rule("redact", "allow_with_redaction", "redact = ['pii.*']", "command = 'rm'"),
        rule("approve", "require_approval", "instead = 'wait'", "mode = 'enforced'"),
        rule("rewrite", "transform", "", "command = ['rm', 'cp']"),
    ];
    let decision = policy("allow", &rules).decide(&Given::command("rm", "/"));
    assert_eq!(decision.verdict, Verdict::RequireApproval);
    assert_eq!(
        decision.obligations,
        [
            Obligation::Approve,
            Obligation::Rewrite("dry-run".into()),
            Obligation::Redact(vec!["pii.*".into()]),
        ]
    );
    assert_eq!(decision.decider().unwrap().id, "approve");
    assert_eq!(decision.reason, "approve says so");
    assert_eq!(decision.instead.as_deref(), Some("wait"));
    let line = match &decision.matched[0].origin {
        RuleOrigin::File { path, line } => (path.as_str(), *line),
        RuleOrigin::Builtin => panic!("not built in"),
    };
    assert_eq!(line, ("policy.toml", 13));
}

#[test]
fn overriding_takes_a_rule_out_and_only_certainty_overrides() {
    let rules = |condition: &str| {
        [
            rule("no", "deny", "", "command = 'rm'"),
            rule("but", "allow", "overrides = ['no']", condition),
        ]
    };
    let facts = doubtful();
    let certain = policy("allow", &rules("mode = 'enforced'"));
    assert_eq!(matched(&certain, &facts), ["but"]);
    let unknown = policy("allow", &rules("operand = '/srv'"));
    assert_eq!(matched(&unknown, &facts), ["no"]);
    // An approval that may apply is added to the denial; it does not soften it.
    let softer = policy(
        "allow",
        &[
            rule("no", "deny", "", "command = 'rm'"),
            rule("ask", "require_approval", "overrides = ['no']", "operand = '/srv'"),
        ],
    );
    assert_eq!(softer.decide(&facts).verdict, Verdict::Deny);
    assert_eq!(matched(&softer, &facts), ["no", "ask"]);
}

#[test]
fn an_overridden_rule_overrides_nothing() {
    let rules = [
        rule("bottom", "deny", "", "command = 'rm'"),
        rule("middle", "allow", "overrides = ['bottom']", "command = 'rm'"),
        rule("top", "require_approval", "overrides = ['middle']", "command = 'rm'"),
    ];
    for rules in [rules.clone(), {
        let mut other = rules;
        other.reverse();
        other
    }] {
        let policy = policy("allow", &rules);
        let facts = Given::command("rm", "/");
        assert_eq!(matched(&policy, &facts), ["bottom", "top"]);
        let explanation = policy.explain(&facts);
        let outcome = |id: &str| {
            let rules = &explanation.parts[0].rules;
            rules.iter().find(|trace| trace.rule.id == id).unwrap().outcome.clone()
        };
        assert_eq!(outcome("middle"), RuleOutcome::Override("top".into()));
        assert_eq!(outcome("bottom"), RuleOutcome::Match);
    }
}

#[test]
fn unless_is_the_contrary_of_all_its_conditions() {
    let text = head("allow")
        + &rule("r", "deny", "", "command = 'rm'")
        + "[rule.unless]\nmode = 'observe'\nprincipal = 'human'\n";
    let policy = parse(&text);
    let mut facts = Given::command("rm", "/");
    assert_eq!(policy.decide(&facts).verdict, Verdict::Deny);
    facts.mode = datafog_core::Mode::Observe;
    assert_eq!(policy.decide(&facts).verdict, Verdict::Allow);
}

#[test]
fn an_exception_must_cover_every_host() {
    let text = head("allow")
        + &rule("r", "deny", "", "command = 'curl'")
        + "[rule.unless]\nhost = 'example.com'\n";
    let denies_others = parse(&text);
    let allows = policy("deny", &[rule("r", "allow", "", "host = 'example.com'")]);
    let mut facts = Given::command("curl", "/");
    for (hosts, verdict) in [
        (&["example.com"][..], Verdict::Allow),
        (&["example.com", "evil.net"], Verdict::Deny),
        (&["evil.net"], Verdict::Deny),
        (&[], Verdict::Deny),
    ] {
        facts.invocation().destinations = hosts
            .iter()
            .map(|host| Destination {
                scheme: "https".into(),
                host: HostName::Name((*host).into()),
                port: None,
                reach: Reach::Remote,
                voids: Vec::new(),
            })
            .collect();
        assert_eq!(denies_others.decide(&facts).verdict, verdict, "{hosts:?}");
        assert_eq!(allows.decide(&facts).verdict, verdict, "{hosts:?}");
    }
}

#[test]
fn what_leaves_unscanned_is_unscannable() {
    let mut facts = Given::command("curl", "/");
    facts.unscanned.push("stdin".into());
    let of = |setting: &str| parse(&(head("allow") + setting));
    for (setting, verdict) in [
        ("", Verdict::Deny),
        ("unscannable = 'require_approval'", Verdict::RequireApproval),
        ("unscannable = 'allow'", Verdict::Allow),
    ] {
        let policy = of(setting);
        facts.flows = Some(Flows::NONE.with(Flow::Leaves));
        facts.invocation().flows = Flows::NONE.with(Flow::Leaves);
        assert_eq!(policy.decide(&facts).verdict, verdict, "{setting}");
        assert_eq!(policy.unscannable(Flow::Leaves), verdict);
        facts.flows = Some(Flows::NONE.with(Flow::Loopback));
        assert_eq!(policy.decide(&facts).verdict, Verdict::Allow, "{setting}");
        assert_eq!(policy.unscannable(Flow::Stays), Verdict::Allow);
    }
    let exception = rule("but", "allow", "overrides = ['unscannable']", "command = 'curl'");
    let policy = policy("allow", &[exception]);
    facts.flows = Some(Flows::NONE.with(Flow::Leaves));
    assert_eq!(matched(&policy, &facts), ["but"]);
}

#[test]
fn a_user_file_builds_on_the_starter() {
    let text = "[policy]\nid = 'mine'\nversion = '7'\n".to_owned()
        + &rule(
            "mine",
            "allow",
            "overrides = ['no-root-removal']",
            "command = 'rm'\noperand = '/srv/**'",
        );
    let policy = parse(&text);
    assert_eq!((policy.id(), policy.version()), ("mine", "7"));
    let rules = policy.rules();
    assert!(
        rules.iter().any(|rule| rule.id == "no-root-removal" && rule.origin == RuleOrigin::Builtin)
    );
    let bare = parse(&head("deny"));
    assert_eq!(bare.rules().len(), 1, "only `unscannable`");
}

#[test]
fn layers_that_only_tighten() {
    let base = policy("allow", &[rule("ask", "require_approval", "", "command = 'git'")]);
    let project = |text: &str| {
        let text = "[policy]\nid = 'p'\nversion = '2'\n".to_owned() + text;
        base.layer(&text, ".datafog.toml", Layer::Project, &AnyWord)
    };
    let deny = project(&rule("no", "deny", "", "command = 'git'")).unwrap();
    assert_eq!(deny.decide(&Given::command("git", "/")).verdict, Verdict::Deny);
    assert_eq!((deny.id(), deny.version()), ("test+p", "1+2"));
    let said = |text: &str| project(text).unwrap_err()[0].to_string();
    assert!(
        said(&rule("x", "allow", "overrides = ['ask']", "command = 'git'"))
            .contains("cannot be overridden here")
    );
    let strict = policy("deny", &[]);
    let looser = "[policy]\nid = 'p'\nversion = '1'\ndefault = 'allow'\nunscannable = 'allow'\n";
    let faults = strict.layer(looser, "p", Layer::Cli, &AnyWord).unwrap_err();
    assert_eq!(
        faults.iter().filter(|one| one.message.contains("can only be tightened")).count(),
        2
    );
    // An allow of such a layer neither loosens the default nor anything else.
    let allow = "[policy]\nid = 'p'\nversion = '1'\n".to_owned()
        + &rule("x", "allow", "", "command = 'git'");
    let layered = strict.layer(&allow, "p", Layer::Env, &AnyWord).unwrap();
    assert_eq!(layered.decide(&Given::command("git", "/")).verdict, Verdict::Deny);
    assert!(layered.warnings()[0].message.contains("changes nothing"));
}

#[test]
fn a_locked_policy_can_only_be_tightened() {
    let locked = parse(&(head("deny") + "locked = true\n"));
    let user = head("allow").replace("extends = []\n", "");
    let faults = locked.layer(&user, "u", Layer::User, &AnyWord).unwrap_err();
    assert!(faults[0].help.as_ref().unwrap().contains("locked"), "{}", faults[0]);
}

#[test]
fn every_part_of_an_action_is_judged() {
    let policy = policy("allow", &[rule("no", "deny", "", "command = 'rm'")]);
    let mut facts = Given::command("env", "/");
    facts.action.parts.push(Given::command("nice", "/").action);
    assert_eq!(policy.decide(&facts).verdict, Verdict::Allow);
    facts.action.parts[0].parts.push(Given::command("rm", "/").action);
    assert_eq!(policy.decide(&facts).verdict, Verdict::Deny);
    let programs = policy.explain(&facts).parts.into_iter().map(|part| part.program);
    assert_eq!(programs.collect::<Vec<_>>(), ["env", "nice", "rm"]);
}

#[test]
fn one_allowed_part_does_not_allow_the_others() {
    let policy = policy("deny", &[rule("yes", "allow", "", "command = 'git'")]);
    let mut facts = Given::command("git", "/");
    assert_eq!(policy.decide(&facts).verdict, Verdict::Allow);
    facts.action.parts.push(Given::command("curl", "/").action);
    assert_eq!(policy.decide(&facts).verdict, Verdict::Deny);
}

#[test]
fn damage_denies() {
    let good = policy("allow", &[rule("no", "allow_with_redaction", "", "command = 'git'")]);
    let mut bytes = good.to_bytes().to_vec();
    let at = bytes.windows(3).rposition(|window| window == b"git").unwrap();
    // The length before the name now reaches past the end of the condition.
    bytes[at - 1] = 0x70;
    let bad = Policy::from_bytes(bytes).unwrap();
    let decision = bad.decide(&Given::command("git", "/"));
    assert_eq!(
        (decision.verdict, &*decision.reason),
        (Verdict::Deny, "the compiled policy is damaged")
    );
    assert_eq!(bad.decide(&Given::command("rm", "/")).verdict, Verdict::Allow, "not reached");
    assert_eq!(bad.explain(&Given::command("git", "/")).decision.verdict, Verdict::Deny);
    for bytes in [
        &b""[..],
        b"dfpl",
        b"garbage that is long enough to hold a head, but does not start like one",
    ] {
        assert!(Policy::from_bytes(bytes.to_vec()).is_err());
    }
}

#[test]
fn explanations_show_every_condition() {
    let policy = policy(
        "allow",
        &[rule(
            "no",
            "deny",
            "",
            "command = ['rm', 'cp']\nany = [{ mode = 'observe' }, { operand = '/srv' }]",
        )],
    );
    let explanation = policy.explain(&doubtful());
    let trace = &explanation.parts[0].rules[1];
    assert_eq!((trace.truth, &trace.outcome), (Truth::Unknown, &RuleOutcome::Match));
    let lines: Vec<String> = trace
        .conditions
        .iter()
        .map(|one| {
            format!(
                "{}{} {} | {} | {}",
                "  ".repeat(one.depth),
                one.name,
                one.truth,
                one.wanted,
                one.seen
            )
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    command true | `rm`, `cp` | `rm`
    any unknown |  | 
      mode false | observe | enforced
      operand unknown | any operand: path `/srv` | stays a text
    ");
}
