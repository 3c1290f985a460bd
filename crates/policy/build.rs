//! Compiles the policies of `policies/` with the crate's own code.
//!
//! The modules below are those of the library, all but the one that embeds what is made here: a
//! policy that does not load stops the build, and an embedded policy is exactly what a user's file
//! of the same text would become.

#![expect(
    dead_code,
    reason = "the library's modules, of which a build script uses only the way from text to bytes"
)]

use std::error::Error;
use std::path::Path;
use std::{env, fmt, fs};

#[path = "src/bytes.rs"]
mod bytes;
#[path = "src/compiled.rs"]
mod compiled;
#[path = "src/condition/mod.rs"]
mod condition;
#[path = "src/decide.rs"]
mod decide;
#[path = "src/diagnostic.rs"]
mod diagnostic;
#[path = "src/example.rs"]
mod example;
#[path = "src/explain.rs"]
mod explain;
#[path = "src/given.rs"]
mod given;
#[path = "src/glob.rs"]
mod glob;
#[path = "src/join.rs"]
mod join;
#[path = "src/layer.rs"]
mod layer;
#[path = "src/leaves.rs"]
mod leaves;
#[path = "src/node.rs"]
mod node;
#[path = "src/packs.rs"]
mod packs;
#[path = "src/path_pattern.rs"]
mod path_pattern;
#[path = "src/pattern.rs"]
mod pattern;
#[path = "src/policy.rs"]
mod policy;
#[path = "src/range.rs"]
mod range;
#[path = "src/read/mod.rs"]
mod read;
#[path = "src/rewrite_example.rs"]
mod rewrite_example;
#[path = "src/rule.rs"]
mod rule;
#[path = "src/spelling.rs"]
mod spelling;
#[path = "src/test_file.rs"]
mod test_file;
#[path = "src/truth.rs"]
mod truth;
#[path = "src/vocabulary.rs"]
mod vocabulary;
#[path = "src/wider.rs"]
mod wider;
#[path = "src/words.rs"]
mod words;

pub use condition::{ConditionAbout, conditions};
pub use diagnostic::{Diagnostic, Level, SourceText};
pub use example::{DeclaredFinding, Example, Interpreter, Stated, Word};
pub use explain::{ConditionTrace, Explanation, PartTrace, RuleOutcome, RuleTrace};
pub use given::Given;
pub use layer::Layer;
pub use leaves::ReadAt;
pub use policy::{NotCompiled, Policy};
pub use range::{Question, Range};
pub use rewrite_example::{RewriteExample, RewriteSample};
pub use rule::Rule;
pub use spelling::nearest;
pub use test_file::{TestCase, TestFile};
pub use truth::Truth;
pub use vocabulary::{AnyWord, Vocabulary};

/// What others extend, and so is built before them.
const FIRST: &str = "starter";

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
    #[expect(clippy::disallowed_methods, reason = "where a build script is told to write")]
    let out = env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?;
    println!("cargo::rerun-if-changed={}", folder.display());
    println!("cargo::rerun-if-changed=src");
    let mut done: Vec<(&str, Policy)> = Vec::new();
    let others = packs::NAMES.into_iter().filter(|name| *name != FIRST);
    for name in std::iter::once(FIRST).chain(others) {
        let text = fs::read_to_string(folder.join(name).with_extension("toml"))?;
        let packs = |wanted: &str| {
            done.iter().find(|(name, _)| *name == wanted).map(|(_, policy)| policy.clone())
        };
        let policy =
            Policy::parse_with(&text, name, Layer::Builtin, &AnyWord, &packs).map_err(Refused)?;
        fs::write(Path::new(&out).join(name).with_extension("policy"), policy.to_bytes())?;
        done.push((name, policy));
    }
    Ok(())
}

/// The reasons why a policy cannot be embedded, shown as a person would see them.
struct Refused(Vec<Diagnostic>);

impl Error for Refused {}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|diagnostic| writeln!(f, "\n{diagnostic}"))
    }
}

impl fmt::Debug for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
