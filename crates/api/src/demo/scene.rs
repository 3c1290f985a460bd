//! What may happen in the demo, read from its data file.

use std::ffi::OsString;

use datafog_core::{ActionKind, Value};
use datafog_gate::What;
use serde::Deserialize;

use super::chance::Chance;
use super::value::fill;

/// The data file.
const SCENES: &str = include_str!("scenes.toml");

/// Through which door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Via {
    Api,
    Command,
    Shell,
    Tool,
}

/// Who may do it; anybody unless said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Who {
    Agent,
    #[default]
    Anybody,
}

/// Something that may happen.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scene {
    pub(super) via: Via,
    pub(super) weight: u64,
    #[serde(default)]
    pub(super) who: Who,
    #[serde(default)]
    run: Vec<String>,
    tool: Option<String>,
    #[serde(default)]
    arguments: Value,
    text: Option<String>,
    /// What runs in its place where it is rewritten.
    rewritten: Option<String>,
}

/// A scene with all its words.
#[derive(Clone, Debug)]
pub(super) struct Played {
    pub(super) what: What,
    pub(super) kind: ActionKind,
    pub(super) text: Option<String>,
    pub(super) rewritten: Option<String>,
}

#[derive(Deserialize)]
struct File {
    scene: Vec<Scene>,
}

/// Every scene.
///
/// # Errors
/// When the data file is not in its form, which a test forbids.
pub(super) fn scenes() -> Result<Vec<Scene>, toml::de::Error> {
    toml::from_str(SCENES).map(|File { scene }| scene)
}

impl Scene {
    /// The scene in a repository, with all its words.
    pub(super) fn play(&self, repository: &str, chance: &mut Chance) -> Played {
        let from = chance.clone();
        let mut said = |text: &str| fill(text, repository, chance);
        let (what, kind) = match &self.tool {
            Some(tool) => {
                let arguments = filled(&self.arguments, &mut said);
                (What::Tool(tool.clone(), arguments), ActionKind::ToolCall)
            }
            None => {
                let words = self.run.iter().map(|word| OsString::from(said(word))).collect();
                let is_shell = self.via == Via::Shell;
                let kind = if is_shell { ActionKind::ShellExec } else { ActionKind::CommandExec };
                (What::Command(words), kind)
            }
        };
        let text = self.text.as_deref().map(&mut said);
        // The words that both lines have come out the same.
        let rewritten = self.rewritten.as_deref();
        let rewritten = rewritten.map(|line| fill(line, repository, &mut from.clone()));
        Played { what, kind, text, rewritten }
    }
}

fn filled(value: &Value, said: &mut impl FnMut(&str) -> String) -> Value {
    match value {
        Value::Text(text) => Value::Text(said(text)),
        Value::List(all) => Value::List(all.iter().map(|one| filled(one, said)).collect()),
        Value::Table(members) => {
            let member = |(name, value): &(String, Value)| (name.clone(), filled(value, said));
            Value::Table(members.iter().map(member).collect())
        }
        Value::Bool(_) | Value::Float(_) | Value::Integer(_) | Value::Null => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scene_has_something_to_do_and_words_that_are_known() {
        let scenes = scenes().unwrap();
        assert!(scenes.len() > 40);
        for scene in &scenes {
            assert!(scene.tool.is_some() == scene.run.is_empty(), "{scene:?}");
            let played = scene.play("shop", &mut Chance::new(1));
            let text = format!("{:?} {:?} {:?}", played.what, played.text, played.rewritten);
            for name in ["repo", "email", "github", "number", "branch", "few", "file", "aws"] {
                assert!(!text.contains(&format!("{{{name}}}")), "{text}");
            }
        }
        for via in [Via::Api, Via::Command, Via::Shell, Via::Tool] {
            assert!(scenes.iter().any(|scene| scene.via == via));
        }
    }
}
