//! What a push sends: commits that the other side does not have, as far as this repository knows.
//!
//! Of each commit its message, its makers and the lines that it adds; of a merge what no parent has;
//! of a tag its text. What some other side has already is taken from the references that were left by
//! earlier calls (`refs/remotes`): a fork sends again what came from upstream, and nobody learns
//! anything new by that. So whoever writes those by hand hides commits, and what a private remote
//! has is not looked at again. An address without a name has nothing yet.

use std::fmt::Write as _;

use datafog_core::{Invocation, OperandKind, Surroundings};

use super::Take;
use super::added::Added;
use super::git::{Git, PATCH};
use super::objects::Objects;
use crate::source::{GitSettings, git_remotes};

pub(super) const NAME: &str = "git-outgoing";

/// Most bytes of patches that are looked at in one push; they are not held.
const MOST_BYTES: u64 = 8 << 30;

pub(super) fn gather(
    call: &Invocation,
    surroundings: &dyn Surroundings,
    take: Take<'_>,
) -> Result<(), String> {
    let (settings, remotes) = git_remotes(call, surroundings).ok_or(UNTOLD)?;
    let git = Git::of(call, surroundings);
    let sources = Sources::of(call, &settings, &remotes);
    match sent(&git, &sources, (&settings, &remotes), take) {
        // Git itself ends there, too, and nothing is sent.
        Err(_) if git.is_outside() => Ok(()),
        result => result,
    }
}

fn sent(
    git: &Git<'_>,
    sources: &Sources,
    (settings, remotes): (&GitSettings, &[Vec<u8>]),
    take: Take<'_>,
) -> Result<(), String> {
    let named = git.kinds(&sources.names)?;
    if let Some(tree) = named.iter().find(|one| one.kind == "tree") {
        return Err(format!("the push sends the tree `{}` by itself", tree.name));
    }
    let commits = git.commits(sources, &named, settings, remotes)?;
    let mut objects = commits.clone();
    for one in named.iter().filter(|one| one.kind != "commit") {
        objects.extend_from_slice(one.object.as_bytes());
        objects.push(b'\n');
    }
    if sources.tags {
        objects.extend(git.tags());
    }
    if objects.is_empty() {
        return Ok(());
    }
    git.objects(&objects, take)?;
    git.patches(&commits, take)
}

const UNTOLD: &str = "git does not tell where this push goes";

/// What is to be sent, as the call and the settings name it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sources {
    /// Names of commits, branches and tags.
    names: Vec<String>,
    /// Options of `git rev-list` that stand for many.
    many: Vec<String>,
    /// Whether all tags go along.
    tags: bool,
}

impl Sources {
    fn of(call: &Invocation, settings: &GitSettings, remotes: &[Vec<u8>]) -> Self {
        let mut sources = Self::default();
        let has = |name: &str| call.has_option(name);
        if has("--delete") {
            return sources;
        }
        sources.tags = has("--tags") || has("--mirror") || has("--follow-tags");
        let options =
            [("--mirror", "--all"), ("--all", "--branches"), ("--branches", "--branches")];
        let many = options.iter().filter(|(option, _)| has(option));
        sources.many.extend(many.map(|(_, revisions)| (*revisions).to_owned()));
        sources.many.extend(has("--tags").then(|| "--tags".to_owned()));
        let refs = call.operands.iter().filter(|it| it.kind == OperandKind::Reference);
        let refs: Vec<String> = refs.map(|it| it.text.to_string_lossy().into_owned()).collect();
        if refs.is_empty() && sources.many.iter().all(|one| one == "--tags") {
            sources.usual(settings, remotes);
        }
        let mut refs = refs.iter();
        while let Some(spec) = refs.next() {
            match spec.as_str() {
                "tag" => sources.names.extend(refs.next().map(|tag| format!("refs/tags/{tag}"))),
                spec => sources.add(spec),
            }
        }
        sources
    }

    /// What goes without being named (git-config(1), `push.default`, `remote.<name>.push`).
    fn usual(&mut self, settings: &GitSettings, remotes: &[Vec<u8>]) {
        let mut specs = Vec::new();
        for remote in remotes {
            let key = [b"remote.".as_slice(), remote, b".push"].concat();
            specs.extend(settings.every(&key).map(|it| String::from_utf8_lossy(it).into_owned()));
        }
        match settings.last(b"push.default") {
            _ if !specs.is_empty() => specs.iter().for_each(|spec| self.add(spec)),
            Some(b"matching") => self.add(":"),
            Some(_) | None => self.names.push("HEAD".to_owned()),
        }
    }

    /// What a `+source:target` sends.
    fn add(&mut self, spec: &str) {
        let spec = spec.strip_prefix('+').unwrap_or(spec);
        match spec.split_once(':').map_or(spec, |(source, _)| source) {
            // All branches that both sides have.
            "" if spec == ":" => self.many.push("--branches".to_owned()),
            "" => {}
            source if source.starts_with('^') => {}
            source if source.contains('*') => self.many.push(format!("--glob={source}")),
            source => self.names.push(source.to_owned()),
        }
    }
}

/// Something with a name.
struct Named {
    name: String,
    object: String,
    kind: String,
}

impl Git<'_> {
    /// What the names stand for; those that stand for nothing are left out: git sends nothing then.
    fn kinds(&self, names: &[String]) -> Result<Vec<Named>, String> {
        let mut input = String::new();
        let plain = |name: &&String| !name.contains('\n');
        for name in names.iter().filter(plain) {
            if writeln!(input, "{name}").is_err() {}
        }
        if input.is_empty() {
            return Ok(Vec::new());
        }
        let mut output = Vec::new();
        self.pour(&["cat-file", "--batch-check"], input.as_bytes(), |piece| {
            output.extend_from_slice(piece);
            true
        })?;
        let text = String::from_utf8_lossy(&output).into_owned();
        let named = text.lines().zip(names.iter().filter(plain)).filter_map(|(line, name)| {
            let mut words = line.split(' ');
            let (object, kind, size) = (words.next()?, words.next()?, words.next()?);
            size.parse::<u64>().ok()?;
            Some(Named { name: name.clone(), object: object.to_owned(), kind: kind.to_owned() })
        });
        Ok(named.collect())
    }

    /// The names of the commits that go, oldest first, one a line.
    fn commits(
        &self,
        sources: &Sources,
        named: &[Named],
        settings: &GitSettings,
        remotes: &[Vec<u8>],
    ) -> Result<Vec<u8>, String> {
        let mut words = vec!["rev-list", "--topo-order"];
        words.extend(sources.many.iter().map(String::as_str));
        let leads = |one: &&Named| matches!(one.kind.as_str(), "commit" | "tag");
        let starts: Vec<&str> = named.iter().filter(leads).map(|it| it.object.as_str()).collect();
        if starts.is_empty() && sources.many.is_empty() {
            return Ok(Vec::new());
        }
        words.extend(starts);
        if let [one] = remotes
            && settings.has_remote(one)
        {
            words.extend(["--not", "--remotes"]);
        }
        words.push("--");
        let mut commits = Vec::new();
        // A tag of something else than a commit leads nowhere, which is no failure of the others.
        self.pour(&words, b"", |piece| {
            commits.extend_from_slice(piece);
            true
        })?;
        Ok(commits)
    }

    /// The names of all tags that are objects of their own, one a line.
    fn tags(&self) -> Vec<u8> {
        let form = "--format=%(objecttype) %(objectname)";
        let listed = self.ask(&["for-each-ref", form, "refs/tags"]).unwrap_or_default();
        let lines = listed.split_inclusive(|byte| *byte == b'\n');
        lines.filter_map(|line| line.strip_prefix(b"tag ")).flatten().copied().collect()
    }

    fn objects(&self, names: &[u8], take: Take<'_>) -> Result<(), String> {
        let mut objects = Objects::new(take);
        self.pour(&["cat-file", "--batch"], names, |piece| objects.push(piece))?;
        let odd = objects.is_odd.then(|| "git lacks something that the push sends".to_owned());
        odd.map_or(Ok(()), Err)
    }

    fn patches(&self, commits: &[u8], take: Take<'_>) -> Result<(), String> {
        if commits.is_empty() {
            return Ok(());
        }
        let mut added = Added::new(take);
        let words: Vec<&str> =
            ["diff-tree", "--stdin", "--root", "-c"].into_iter().chain(PATCH).collect();
        let mut left = MOST_BYTES;
        let poured = self.pour(&words, commits, |piece| {
            added.push(piece);
            left = left.saturating_sub(piece.len() as u64);
            left > 0
        });
        if left == 0 {
            return Err(TOO_MUCH.to_owned());
        }
        poured?;
        added.missed.take().map_or(Ok(()), |path| Err(format!("git does not show `{path}`")))
    }
}

const TOO_MUCH: &str = "the push sends more than 8 GiB of changes; push older commits first: \
                        `git push origin COMMIT:refs/heads/BRANCH`";

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::interpret;
    use crate::world::World;

    fn sources(line: &str, settings: &str) -> Sources {
        let argv: Vec<OsString> = line.split(' ').map(Into::into).collect();
        let call = interpret(&argv, &World::default());
        Sources::of(&call, &GitSettings::read(settings.as_bytes()), &[b"origin".to_vec()])
    }

    fn shown(line: &str, settings: &str) -> String {
        let Sources { names, many, tags } = sources(line, settings);
        let all: Vec<String> = names.into_iter().chain(many).collect();
        format!("{}{}", all.join(" "), if tags { " +tags" } else { "" })
    }

    #[test]
    fn what_goes_is_read_as_git_reads_it() {
        for (line, expected) in [
            ("git push", "HEAD"),
            ("git push origin", "HEAD"),
            ("git push origin main", "main"),
            ("git push origin +a:b c", "a c"),
            ("git push origin :gone", ""),
            ("git push -d origin gone", ""),
            ("git push origin tag v1", "refs/tags/v1"),
            ("git push origin refs/heads/*:refs/heads/*", "--glob=refs/heads/*"),
            ("git push --all origin", "--branches"),
            ("git push --mirror origin", "--all +tags"),
            ("git push --tags origin", "HEAD --tags +tags"),
            ("git push --follow-tags origin x", "x +tags"),
            ("git push origin :", "--branches"),
        ] {
            assert_eq!(shown(line, ""), expected, "{line}");
        }
        assert_eq!(shown("git push", "push.default\nmatching\0"), "--branches");
        assert_eq!(shown("git push", "remote.origin.push\n+a:b\0"), "a");
    }
}
