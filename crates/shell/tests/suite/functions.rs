//! Functions of a line, and what their names stand for.

use datafog_shell::{Line, Place, read};

use crate::support::{World, lines};

fn found(line: &str) -> Vec<String> {
    lines(&read(&Line::of(line, Place::Here), &World::new()))
}

#[test]
fn a_program_is_judged_where_its_name_may_be_no_function() {
    for line in [
        "rm() { c; }; command rm /",
        "rm() { c; }; builtin rm /",
        "rm() { c; }; unset -f rm; rm /",
        "rm() { c; }; unset rm; rm /",
        "rm() { c; }; c && unset -f rm; rm /",
        "f() { return; rm() { c; }; }; f; rm /",
        "f() { if c; then return; fi; rm() { c; }; }; f; rm /",
        "c && rm() { c; }; rm /",
        "while c; do rm() { d; }; done; rm /",
        "(rm() { c; }); rm /",
        "rm() { command rm /; }; rm a",
        "f() { c; }; c && f() { rm /; }; f",
        "f() { rm /; }; c && f() { c; }; f",
        "f() { rm /; }; g() { f() { c; }; }; c && g; f",
    ] {
        assert!(found(line).iter().any(|it| it.ends_with("rm /")), "{line}: {:?}", found(line));
    }
    for line in [
        "rm() { c; }; rm /",
        "rm() { c; }; \\rm /",
        "c && unset -f rm; rm() { c; }; rm /",
        "if c; then rm() { c; }; else rm() { d; }; fi; rm /",
        "f() { rm() { c; }; }; f; rm /",
    ] {
        assert!(!found(line).iter().any(|it| it.ends_with("rm /")), "{line}: {:?}", found(line));
    }
}

/// A later definition holds; the first one still is a function that a later line may call.
#[test]
fn the_last_definition_holds() {
    assert_eq!(found("f() { a $1; }; f() { b $1; }; f 1"), ["b 1", "a $1?"]);
    assert_eq!(found("f() { a $1; }; f 1; f() { b $1; }; f 2"), ["a 1", "b 2"]);
}

#[test]
fn what_stands_before_a_function_holds_within_the_call() {
    for (line, expected) in [
        ("f() { rm $x; }; x=a; x=/ f", "x=/ rm /"),
        ("x=a; x=/ eval 'rm $x'", "x=/ rm /"),
        ("f() { g; }; g() { rm $x; }; x=/ f", "x=/ rm /"),
        ("f() { c; }; x=/; x=a f; rm $x", "rm /"),
        // Some shells keep what stands before a built-in of the special kind.
        ("x=a; x=/ :; rm $x", "rm /"),
        ("x=a; x=/ eval c; rm $x", "rm /"),
        ("x=/; x=a eval c; rm $x", "rm /"),
    ] {
        let found = found(line);
        let ends =
            |it: &String| it.ends_with(expected) || it.ends_with(&expected.replace("x=/ ", "x=? "));
        assert!(found.iter().any(ends), "{line}: {found:?}");
    }
}

#[test]
fn a_function_that_multiplies_is_not_understood() {
    let is_opaque = |line: &str| {
        let script = read(&Line::of(line, Place::Here), &World::new());
        script.opaque.iter().any(|why| format!("{why:?}").contains("starts itself"))
    };
    for line in [
        ":(){ :|:& };:",
        ":() { : | : & }; :",
        "bomb() { bomb | bomb & }; bomb",
        "f() { f & f; }; f",
        "f() { (f &) ; { f | c | f; }; }; f",
        "function f { a; f |& f; }; f x",
    ] {
        assert!(is_opaque(line), "{line}");
    }
    for line in [
        ":(){ :|:& }",
        "f() { f; f; }; f",
        "f() { a; f & }; f",
        "f() { [ -d $1 ] && f $1/a | f $1/b; }; f x",
        "f() { if a; then f | f; fi; }; f",
        "f() { g | g & }; g() { a; }; f",
        "a | a &",
    ] {
        assert!(!is_opaque(line), "{line}");
    }
}
