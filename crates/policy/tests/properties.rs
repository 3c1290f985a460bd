//! What holds for every policy: layers never loosen, the strictest wins, bytes read back, garbage
//! is survived.

#![expect(clippy::panic, clippy::indexing_slicing, reason = "helpers of tests are tests")]

use datafog_core::{Flow, Flows, Mode, Opt, PrincipalKind, Verdict};
use datafog_policy::{AnyWord, Given, Layer, Policy, ReadAt};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Conditions that hold for some of [`situation`], are unknown for some and false for some.
const CONDITIONS: [&str; 14] = [
    "command = 'rm'",
    "command = ['git', 'curl']",
    "family = 'vcs'",
    "flow = 'leaves'",
    "flow = ['stays', 'destroys']",
    "mode = 'observe'",
    "principal = 'agent'",
    "agent = 'codex'",
    "option = '--force'",
    "option = { none = ['--force'] }",
    "operand = '/srv/**'",
    "subcommand = 'push'",
    "any = [{ unscanned = true }, { mode = 'observe' }]",
    "any = [{ unclear = true }, { stdin = 'ignore', mode = 'enforced' }]",
];

const EFFECTS: [&str; 5] =
    ["allow", "allow_with_redaction", "transform", "require_approval", "deny"];

/// One rule: effect, conditions, exceptions, and which earlier rules of its file it overrides.
#[derive(Clone, Debug)]
struct Sketch {
    effect: &'static str,
    when: Vec<&'static str>,
    unless: Vec<&'static str>,
    overrides: Vec<prop::sample::Index>,
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let conditions = |most| vec(select(&CONDITIONS[..]), 0..=most);
    let overrides = vec(any::<prop::sample::Index>(), 0..2);
    (select(&EFFECTS[..]), conditions(2), conditions(1), overrides).prop_map(
        |(effect, mut when, unless, overrides)| {
            when.sort_unstable();
            // One condition of each name, or the file would not be TOML.
            when.dedup_by_key(|line| line.split(' ').next());
            Sketch { effect, when, unless, overrides }
        },
    )
}

/// A policy file. Each rule has a condition of its own that always holds, so that none shadows
/// another.
fn file(prefix: &str, head: &str, rules: &[Sketch]) -> String {
    let mut text = format!("[policy]\nid = '{prefix}'\nversion = '1'\n{head}\n");
    for (number, rule) in rules.iter().enumerate() {
        text += &format!(
            "[[rule]]\nid = '{prefix}{number}'\neffect = '{}'\nreason = 'x'\n",
            rule.effect
        );
        if rule.effect == "transform" {
            text += "rewrite = 'x'\n";
        }
        let mut below: Vec<usize> = match number {
            0 => Vec::new(),
            _ => rule.overrides.iter().map(|index| index.index(number)).collect(),
        };
        below.sort_unstable();
        below.dedup();
        if !below.is_empty() {
            let names: Vec<String> = below.iter().map(|to| format!("'{prefix}{to}'")).collect();
            text += &format!("overrides = [{}]\n", names.join(", "));
        }
        text += &format!("[rule.when]\nnone = [{{ command = 'never-{prefix}{number}' }}]\n");
        for line in &rule.when {
            text += &format!("{line}\n");
        }
        if let Some(line) = rule.unless.first().filter(|line| !rule.when.contains(line)) {
            text += &format!("[rule.unless]\n{line}\n");
        }
    }
    text
}

fn base() -> impl Strategy<Value = Policy> {
    const HEADS: [&str; 5] = [
        "extends = []\ndefault = 'allow'",
        "extends = []\ndefault = 'deny'",
        "extends = []\ndefault = 'allow'\nunscannable = 'allow'",
        "extends = ['starter']",
        "extends = ['strict']",
    ];
    (select(&HEADS[..]), vec(sketch(), 0..6)).prop_map(|(head, rules)| {
        let text = file("b", head, &rules);
        Policy::parse(&text, "base", Layer::User, &AnyWord)
            .unwrap_or_else(|faults| panic!("{text}\n{}", faults[0]))
    })
}

fn situation() -> impl Strategy<Value = Given> {
    let flows = vec(select(&Flow::ALL[..]), 0..3).prop_map(Flows::from_iter);
    let programs = select(&["rm", "git", "curl", "ls"][..]);
    let bits = any::<[bool; 7]>();
    (programs, flows, bits).prop_map(|(program, flows, bits)| {
        let [known, force, observe, agent, named, unscanned, push] = bits;
        let mut facts = Given::command(program, "/srv/work");
        facts.mode = if observe { Mode::Observe } else { Mode::Enforced };
        facts.principal.kind = if agent { PrincipalKind::Unknown } else { PrincipalKind::Human };
        facts.principal.agent = named.then(|| "codex".into());
        facts.unscanned = if unscanned { vec!["x".into()] } else { Vec::new() };
        let call = facts.invocation();
        call.known = known;
        call.flows = flows;
        call.family = if push { "vcs".into() } else { String::new() };
        call.subcommand = if push { vec!["push".into()] } else { Vec::new() };
        if force {
            call.options.push(Opt { name: "--force".into(), value: None, place: None });
        }
        facts
    })
}

/// Leaves of a policy that was not read whole.
#[derive(Debug)]
struct Elsewhere(Vec<u8>);

impl ReadAt for Elsewhere {
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> std::io::Result<()> {
        let start = usize::try_from(offset).map_err(std::io::Error::other)?;
        let there = self.0.get(start..).and_then(|rest| rest.get(..bytes.len()));
        bytes.copy_from_slice(there.ok_or(std::io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn is_damaged(&self) {}
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_tightening_layer_never_loosens(
        base in base(),
        rules in vec(sketch(), 0..5),
        head in select(&["", "extends = ['agents']", "extends = ['strict']", "unscannable = 'deny'"][..]),
        layer in select(&[Layer::Project, Layer::Env, Layer::Cli][..]),
        facts in vec(situation(), 8),
    ) {
        let text = file("p", head, &rules);
        let layered = base.layer(&text, "project", layer, &AnyWord);
        let layered = layered.unwrap_or_else(|faults| panic!("{text}\n{}", faults[0]));
        for facts in &facts {
            let (before, after) = (base.decide(facts), layered.decide(facts));
            prop_assert!(after.verdict >= before.verdict, "{before:?}\n{after:?}\n{text}");
            for obligation in &before.obligations {
                prop_assert!(after.obligations.contains(obligation));
            }
        }
    }

    #[test]
    fn nothing_takes_out_what_a_layer_below_locks(
        rules in vec((sketch(), any::<bool>()), 1..6),
        above in vec(sketch(), 0..5),
        overrides in vec(any::<prop::sample::Index>(), 0..3),
        facts in vec(situation(), 8),
    ) {
        let sketches: Vec<Sketch> = rules.iter().map(|(rule, _)| rule.clone()).collect();
        let mut text = file("b", "extends = []\ndefault = 'allow'", &sketches);
        for (number, (_, locked)) in rules.iter().enumerate() {
            if *locked {
                let id = format!("id = 'b{number}'\n");
                text = text.replace(&id, &format!("{id}locked = true\n"));
            }
        }
        // A file that overrides what it locks itself is refused.
        let Ok(base) = Policy::parse(&text, "base", Layer::System, &AnyWord) else { return Ok(()) };
        let mut over = file("u", "", &above);
        let wanted: Vec<usize> = overrides.iter().map(|index| index.index(rules.len())).collect();
        for (number, target) in wanted.iter().enumerate() {
            over += &format!(
                "[[rule]]\nid = 'x{number}'\neffect = 'allow'\nreason = 'x'\noverrides = ['b{target}']\n\
                 [rule.when]\nnone = [{{ command = 'never-x{number}' }}]\n"
            );
        }
        let layered = base.layer(&over, "user", Layer::User, &AnyWord);
        let asks_locked = wanted.iter().any(|target| rules[*target].1);
        prop_assert_eq!(layered.is_err(), asks_locked, "{}", over);
        let Ok(layered) = layered else { return Ok(()) };
        for facts in &facts {
            let (before, after) = (base.decide(facts), layered.decide(facts));
            for rule in before.matched.iter().filter(|rule| {
                base.rules().iter().any(|one| one.id == rule.id && one.locked)
            }) {
                prop_assert!(after.matched.iter().any(|one| one.id == rule.id), "{}", rule.id);
                prop_assert!(after.verdict >= rule.verdict);
            }
        }
    }

    #[test]
    fn the_strictest_match_or_the_default_decides(base in base(), facts in situation()) {
        let decision = base.decide(&facts);
        let strictest = decision.matched.iter().map(|rule| rule.verdict).max();
        let strictest = strictest.unwrap_or(Verdict::Allow);
        prop_assert!(decision.verdict == strictest || decision.verdict == base.default_verdict());
        prop_assert!(decision.verdict >= strictest);
        prop_assert!(decision.matched.is_sorted_by(|one, next| one.verdict >= next.verdict));
        prop_assert_eq!(&base.explain(&facts).decision, &decision);
    }

    #[test]
    fn bytes_read_back(base in base(), facts in situation()) {
        let back = Policy::from_bytes(base.to_bytes().to_vec()).unwrap();
        prop_assert_eq!(back.to_bytes(), base.to_bytes());
        prop_assert_eq!(back.digest(), base.digest());
        prop_assert_eq!(back.rules(), base.rules());
        prop_assert_eq!(back.decide(&facts), base.decide(&facts));
        // Laying nothing over it changes identity alone.
        let nothing = "[policy]\nid = 'b'\nversion = '1'\nextends = []\n";
        let same = back.layer(nothing, "base", Layer::User, &AnyWord).unwrap();
        prop_assert_eq!(same.to_bytes(), base.to_bytes());
    }

    #[test]
    fn leaves_that_are_fetched_decide_alike_and_damaged_ones_deny(
        base in base(),
        facts in situation(),
        damage in vec((any::<prop::sample::Index>(), 1..=u8::MAX), 1..4),
    ) {
        let bytes = base.to_bytes();
        let (front, leaves) = bytes.split_at(base.front_len());
        let fetched = |leaves: &[u8]| {
            Policy::from_front(front.to_vec(), Box::new(Elsewhere(leaves.to_vec()))).unwrap()
        };
        let same = fetched(leaves);
        prop_assert_eq!(same.decide(&facts), base.decide(&facts));
        prop_assert_eq!(same.explain(&facts), base.explain(&facts));
        prop_assert_eq!(same.to_bytes(), base.to_bytes());
        let mut changed = leaves.to_vec();
        for (index, bits) in damage.into_iter().filter(|_| !leaves.is_empty()) {
            let index = index.index(changed.len());
            changed[index] ^= bits;
        }
        for leaves in [changed.as_slice(), &[]] {
            let decision = fetched(leaves).decide(&facts);
            let as_before = decision == base.decide(&facts);
            prop_assert!(as_before || &*decision.reason == "the compiled policy is damaged");
        }
    }

    #[test]
    fn damaged_bytes_never_panic(
        base in base(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in any::<prop::sample::Index>(),
        facts in situation(),
    ) {
        let mut bytes = base.to_bytes().to_vec();
        for (index, byte) in damage {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        for bytes in [bytes.clone(), bytes[..cut.index(bytes.len())].to_vec()] {
            let Ok(policy) = Policy::from_bytes(bytes) else { continue };
            let (decision, explanation) = (policy.decide(&facts), policy.explain(&facts));
            // Explaining reads every rule and so may meet damage that deciding does not.
            if explanation.parts.is_empty() {
                prop_assert_eq!(explanation.decision.verdict, Verdict::Deny);
            } else {
                prop_assert_eq!(explanation.decision, decision);
            }
            prop_assert!(policy.rules().len() <= usize::from(u16::MAX));
        }
    }

    #[test]
    fn garbage_is_refused(bytes in vec(any::<u8>(), 0..200)) {
        prop_assert!(Policy::from_bytes(bytes).is_err());
    }

    #[test]
    fn no_text_is_too_odd(
        text in "(\\[policy\\]\n|\\[\\[rule\\]\\]\n|\\[rule\\.when\\]\n|(id|effect|match|option|any|finding) = ('[a-z*/~<>{}\\[\\]]{0,8}'|\\[\\]|\\{\\}|3|-1|1e99|true)\n|[ -~é\n]){0,24}",
    ) {
        let parsed = Policy::parse(&text, "p", Layer::User, &AnyWord);
        prop_assert!(parsed.is_ok() || !parsed.unwrap_err().is_empty());
    }
}
