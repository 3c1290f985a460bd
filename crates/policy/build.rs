//! Compiles the policies of `policies/` with the crate's own code.
//!
//! The modules below are those of the library, all but the one that embeds what is made here: a
//! policy that does not load stops the build, and an embedded policy is exactly what a user's file
//! of the same text would become.

#![expect(
    dead_code,
    reason = "the library's modules, of which a build script uses only the way from text to bytes"
)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
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

/// The names that an unknown one may be meant for: none are known while they are built.
mod builtin {
    pub(crate) const NAMES: [&str; 0] = [];
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
    #[expect(clippy::disallowed_methods, reason = "where a build script is told to write")]
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    println!("cargo::rerun-if-changed={}", folder.display());
    println!("cargo::rerun-if-changed=src");
    let packs = Packs { folder, done: RefCell::default() };
    for entry in fs::read_dir(&packs.folder)? {
        let file = entry?.path();
        let stem = file.file_stem().and_then(|stem| stem.to_str());
        if let Some(name) = stem.filter(|_| file.extension().is_some_and(|end| end == "toml")) {
            packs.built(name);
        }
    }
    let mut names = String::new();
    let mut all = String::new();
    for (name, policy) in packs.done.take() {
        let Built::Whole(policy) = policy? else { return Err("a policy was begun only".into()) };
        fs::write(out.join(&name).with_extension("policy"), policy.to_bytes())?;
        writeln!(names, "    {name:?},")?;
        writeln!(all, "    pack!({name:?}),")?;
    }
    let count = names.lines().count();
    let names = format!("pub(crate) static NAMES: [&str; {count}] = [\n{names}];\n");
    fs::write(
        out.join("packs.rs"),
        format!("{names}static PACKS: [Pack; {count}] = [\n{all}];\n"),
    )?;
    Ok(())
}

/// The policies of a folder, each built once, after those that it extends.
struct Packs {
    folder: PathBuf,
    done: RefCell<BTreeMap<String, Result<Built, Refused>>>,
}

/// How far a policy is. One that is begun only cannot be extended: it would extend itself.
enum Built {
    Begun,
    Whole(Policy),
}

impl Packs {
    /// The policy of that name, built now if it was not; `None` if there is none, or none that loads.
    fn built(&self, name: &str) -> Option<Policy> {
        if let Some(known) = self.done.borrow().get(name) {
            return match known {
                Ok(Built::Whole(policy)) => Some(policy.clone()),
                Ok(Built::Begun) | Err(_) => None,
            };
        }
        let text = fs::read_to_string(self.folder.join(name).with_extension("toml")).ok()?;
        self.done.borrow_mut().insert(name.to_owned(), Ok(Built::Begun));
        let others = |wanted: &str| self.built(wanted);
        let policy = Policy::parse_with(&text, name, Layer::Builtin, &AnyWord, &others);
        let kept = policy.as_ref().ok().cloned();
        let built = policy.map(Built::Whole).map_err(Refused);
        self.done.borrow_mut().insert(name.to_owned(), built);
        kept
    }
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
