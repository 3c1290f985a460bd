//! Properties that hold for any command line at all.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::time::Duration;

use datafog_core::{Carrier, Place};
use nix::time::{ClockId, clock_gettime};
use proptest::prelude::*;

use crate::world::World;
use crate::{display, interpret, normal_form, profiles, resolve};

/// Words that mean something to some command, so that random lines reach deep.
const WORDS: &[&str] = &[
    "--",
    "-",
    "-d",
    "-d@-",
    "-F",
    "f=@a;type=x,b",
    "-K",
    "c",
    "-T",
    "{a,b}",
    "-H",
    "@h",
    "X: y",
    "https://u:p@h.example/?q",
    "http://[::1]:80",
    "a\\@b",
    "push",
    "origin",
    "-c",
    "x=y",
    "s3",
    "cp",
    "s3://b/k",
    "host:path",
    "me@h",
    "-o",
    "ProxyCommand=x",
    "run",
    "-it",
    "img",
    "--x=y",
    "--resolve",
    "h.example:443:1.2.3.4",
    "--connect-to",
    ":::",
    "+x",
    "-9",
    "config",
    "set",
];

fn argument() -> impl Strategy<Value = OsString> {
    let word = proptest::sample::select(WORDS).prop_map(OsString::from);
    let bytes = proptest::collection::vec(1_u8.., 0..24).prop_map(OsString::from_vec);
    let option = "--?[a-z-]{1,12}(=[!-~]{0,12})?".prop_map(OsString::from);
    prop_oneof![4 => word, 1 => bytes, 2 => option]
}

fn argv() -> impl Strategy<Value = Vec<OsString>> {
    let names: Vec<&str> = profiles().map(|profile| profile.name).collect();
    let name = proptest::sample::select(names).prop_map(OsString::from);
    (name, proptest::collection::vec(argument(), 0..24)).prop_map(|(name, mut rest)| {
        rest.insert(0, name);
        rest
    })
}

/// Files of options that name each other, without end.
fn world() -> World {
    let mut world = World::default();
    let text =
        "config = c\nurl = https://{x\ndata = \"@-\nheader @h\n-K c\nform = a=@b\n".repeat(3);
    world.files.insert("/home/u/work/c".into(), text.into_bytes());
    world
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn every_place_lies_inside_its_argument(argv in argv()) {
        let world = world();
        let mut invocation = interpret(&argv, &world);
        let inside = |place: Place| {
            argv.get(place.argument).is_some_and(|it| place.span.of(it.as_bytes()).is_some())
        };
        for option in &invocation.options {
            prop_assert!(option.place.is_none_or(inside), "{option:?}");
            if let (Some(place), Some(value)) = (option.place, &option.value) {
                prop_assert_eq!(place.span.of(argv[place.argument].as_bytes()), Some(value.as_bytes()));
            }
        }
        for operand in &invocation.operands {
            prop_assert!(operand.place.is_none_or(inside), "{operand:?}");
        }
        for content in &invocation.contents {
            if let Carrier::Argument(place) = content.carrier {
                prop_assert!(inside(place), "{content:?}");
            }
        }
        prop_assert_eq!(&invocation, &interpret(&argv, &world));
        resolve(&mut invocation, &world);
        let deferred = |host: &_| matches!(host, datafog_core::HostName::Deferred(_));
        prop_assert!(!invocation.destinations.iter().any(|it| deferred(&it.host)));
        prop_assert!(!normal_form(&invocation, &[]).is_empty());
        prop_assert!(display(&argv, &invocation, &|_| Vec::new()).len() <= 512);
    }
}

/// A call with `count` times `words` behind `head`.
fn repeated(head: &[&str], words: &[&str], count: usize) -> Vec<OsString> {
    let tail = words.iter().cycle().take(words.len().saturating_mul(count));
    head.iter().chain(tail).map(OsString::from).collect()
}

/// The processor's time of this thread: what other processes take does not count.
fn spent() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap().into()
}

/// The cheapest of a few runs.
fn cost(argv: &[OsString]) -> Duration {
    let world = World::default();
    let run = || {
        let start = spent();
        let invocation = interpret(argv, &world);
        let _line = display(argv, &invocation, &|_| Vec::new());
        spent().saturating_sub(start)
    };
    (0..5).map(|_| run()).min().unwrap()
}

#[test]
fn long_command_lines_cost_in_proportion() {
    let long = "x".repeat(200);
    let url = format!("https://{long}.example/");
    let cases: &[(&[&str], &[&str])] = &[
        (&["cat"], &[&long]),
        (&["curl"], &["-d", "@file", &url]),
        (&["curl"], &["-F", "f=@a,b,c;headers=x"]),
        (&["scp"], &["host.example:a", "b"]),
        (&["docker", "pull"], &["ghcr.io/a/b"]),
        (&["aws", "ec2", "x"], &["--y", "a", "b"]),
        (&["git", "log"], &["-C5", "--no-foo"]),
    ];
    for (head, words) in cases {
        let small = cost(&repeated(head, words, 2_500));
        let large = cost(&repeated(head, words, 10_000));
        // Four times the words may cost ten times as much, for noise; a square law costs 16 times.
        assert!(large < small * 10 + Duration::from_millis(5), "{head:?} {small:?} {large:?}");
    }
}
