//! The made-up world in which a policy's examples are judged.
//!
//! An example must mean the same on every machine: so the home folder, the installation and the
//! working directory are invented, no file exists, no variable is set, and what stands in the
//! content is what the example declares.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Component, Path, PathBuf};

use datafog_core::{
    Action, ActionKind, Destination, Facts, Finding, Flows, Id, Mode, OperandKind, Principal,
    Surroundings,
};
use datafog_policy::{Example, Interpreter};

/// The invented user's home.
const HOME: &str = "/home/example";
/// The invented installation.
const ROOT: &str = "/home/example/.datafog";
/// Where an example runs unless it says otherwise.
const PROJECT: &str = "/home/example/project";

/// Judges examples by the real profiles in an invented world.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InventedWorld;

impl Interpreter for InventedWorld {
    fn facts<'a>(&'a self, example: &'a Example) -> Result<Box<dyn Facts + 'a>, String> {
        Ok(Box::new(ExampleFacts::new(example)))
    }
}

/// A machine with nothing on it.
struct Nothing {
    cwd: PathBuf,
}

impl Surroundings for Nothing {
    fn variable(&self, _name: &str) -> Option<&OsStr> {
        None
    }

    fn cwd(&self) -> &Path {
        &self.cwd
    }

    fn home(&self) -> Option<&Path> {
        Some(Path::new(HOME))
    }

    fn read(&self, _path: &Path, _limit: usize) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn output_of(&self, _program: &str, _arguments: &[OsString]) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

struct ExampleFacts<'a> {
    example: &'a Example,
    action: Action,
    findings: Vec<Finding>,
    unscanned: Vec<String>,
    principal: Principal,
}

impl<'a> ExampleFacts<'a> {
    fn new(example: &'a Example) -> Self {
        let (home, root) = (Path::new(HOME), Path::new(ROOT));
        let cwd =
            example.cwd.as_ref().map_or_else(|| PROJECT.into(), |word| word.expand(home, root));
        let world = Nothing { cwd: PathBuf::from(cwd) };
        let argv = example.argv(home, root);
        let mut invocation = datafog_shim::interpret(&argv, &world);
        datafog_shim::resolve(&mut invocation, &world);
        for operand in &mut invocation.operands {
            if operand.kind == OperandKind::Path {
                operand.canonical = Some(by_text(&world.cwd.join(&operand.text)));
            }
        }
        let action = Action {
            id: Id::new(0, [0; 10]),
            kind: ActionKind::CommandExec,
            argv,
            cwd: world.cwd,
            invocation,
            parts: Vec::new(),
        };
        let unscanned = if example.unscanned { vec!["declared".to_owned()] } else { Vec::new() };
        let principal = Principal {
            kind: example.principal,
            agent: example.agent.clone(),
            ..Principal::default()
        };
        Self { example, action, findings: example.findings(), unscanned, principal }
    }
}

/// Absolute, with `.` and `..` resolved by text: here there are no links.
fn by_text(path: &Path) -> PathBuf {
    let mut plain = PathBuf::from("/");
    for component in path.components() {
        match component {
            Component::Normal(name) => plain.push(name),
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir | Component::Prefix(_) | Component::RootDir => {}
        }
    }
    plain
}

impl Facts for ExampleFacts<'_> {
    fn action(&self) -> &Action {
        &self.action
    }

    fn flows(&self) -> Flows {
        self.action.invocation.flows.toward(self.destinations())
    }

    fn destinations(&self) -> &[Destination] {
        &self.action.invocation.destinations
    }

    fn findings(&self) -> &[Finding] {
        &self.findings
    }

    fn going_home(&self, finding: &Finding) -> bool {
        let declared = self.findings.iter().position(|known| known == finding);
        let declared = declared.and_then(|index| self.example.findings.get(index));
        if let Some(stated) = declared.and_then(|finding| finding.going_home) {
            return stated;
        }
        let homes = datafog_detect::detectors()
            .iter()
            .filter(|detector| detector.entity == finding.entity)
            .flat_map(|detector| detector.hosts);
        let homes: Vec<&str> = homes.copied().collect();
        let content = self.action.invocation.content_of(finding);
        let role = content.map_or("", |content| content.role.as_str());
        let destinations = self.destinations();
        !destinations.is_empty() && destinations.iter().all(|place| place.is_home_for(role, &homes))
    }

    fn unscanned(&self) -> &[String] {
        &self.unscanned
    }

    fn mode(&self) -> Mode {
        self.example.mode
    }

    fn principal(&self) -> &Principal {
        &self.principal
    }

    fn home(&self) -> Option<&Path> {
        Some(Path::new(HOME))
    }

    fn root(&self) -> &Path {
        Path::new(ROOT)
    }
}
