//! What the system's own files do not say of users: `users.toml`.
//!
//! It gives names to users whom `/etc/passwd` does not list (those of a directory service or a
//! container), adds groups to those of `/etc/group`, and says which tenant a user belongs to. It
//! comes from the installation or from the machine, never from a variable: whoever is governed
//! must not choose who they are.

use std::path::Path;

use datafog_core::Account;
use serde::Deserialize;

use crate::Error;
use crate::settings::{by_name, line_at};

/// The users and groups of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Users {
    #[serde(default, rename = "user")]
    users: Vec<User>,
    #[serde(default, rename = "group")]
    groups: Vec<Group>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct User {
    name: String,
    /// Stands for users whom the password file does not list.
    uid: Option<u32>,
    #[serde(default)]
    groups: Vec<String>,
    tenant: Option<String>,
}

/// Everybody in a group.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    name: String,
    tenant: String,
}

impl Users {
    /// Reads the text of a users file; `path` is for messages only.
    ///
    /// # Errors
    /// [`Error::Settings`] with the line of the first mistake.
    pub fn parse(text: &str, path: &Path) -> Result<Self, Error> {
        let mistake = |offset: usize, message: String| Error::Settings {
            path: path.to_owned(),
            line: line_at(text, offset),
            message,
        };
        let users: Self = by_name(text).map_err(|error| {
            mistake(error.span().map_or(0, |span| span.start), error.message().to_owned())
        })?;
        match users.contradiction() {
            Some((name, message)) => {
                let shown = toml::Value::from(name).to_string();
                Err(mistake(text.rfind(&shown).unwrap_or(0), message))
            }
            None => Ok(users),
        }
    }

    /// The name of an entry that is empty, or stands twice.
    fn contradiction(&self) -> Option<(&str, String)> {
        let users = self.users.iter().map(|user| ("user", user.name.as_str()));
        let names: Vec<_> =
            users.chain(self.groups.iter().map(|group| ("group", group.name.as_str()))).collect();
        if names.iter().any(|(_, name)| name.is_empty()) {
            return Some(("", String::from("a name is empty")));
        }
        let again = names
            .iter()
            .enumerate()
            .find(|(at, name)| names.get(..*at).is_some_and(|earlier| earlier.contains(name)));
        if let Some((_, (kind, name))) = again {
            return Some((name, format!("the {kind} `{name}` stands twice")));
        }
        let uids: Vec<_> = self.users.iter().filter_map(|user| Some((user.uid?, user))).collect();
        let again = uids.iter().enumerate().find(|(at, (uid, _))| {
            uids.get(..*at).is_some_and(|earlier| earlier.iter().any(|(other, _)| other == uid))
        });
        again.map(|(_, (uid, user))| (user.name.as_str(), format!("two users have the uid {uid}")))
    }

    /// The account of `uid`, whose name and groups the system's files tell as far as they do.
    /// `None` when nobody knows the user, or not all groups.
    ///
    /// A user whom the password file lists is known by that name; an entry with another name and
    /// the same number is not theirs.
    #[must_use]
    pub fn account(
        &self,
        uid: u32,
        name: Option<String>,
        groups: Option<Vec<String>>,
    ) -> Option<Account> {
        let entry = match &name {
            Some(name) => self.users.iter().find(|user| user.name == *name),
            None => self.users.iter().find(|user| user.uid == Some(uid)),
        };
        let entry = entry.filter(|user| user.uid.is_none_or(|it| it == uid));
        let user = name.or_else(|| entry.map(|user| user.name.clone()))?;
        // Who is named by number is described here as a whole; of all others every group counts.
        let stated = || entry.filter(|user| user.uid.is_some()).map(|_| Vec::new());
        let mut groups = groups.or_else(stated)?;
        groups.extend(entry.into_iter().flat_map(|user| user.groups.iter().cloned()));
        groups.sort_unstable();
        groups.dedup();
        let tenant = self.tenant(entry, &groups);
        Some(Account { user, groups, tenant })
    }

    /// The user's own tenant, else that of the groups: unknown when these have several.
    fn tenant(&self, entry: Option<&User>, groups: &[String]) -> Option<Option<String>> {
        if let Some(tenant) = entry.and_then(|user| user.tenant.clone()) {
            return Some(Some(tenant));
        }
        let mut tenants = self.groups.iter().filter(|group| groups.contains(&group.name));
        let first = tenants.next().map(|group| group.tenant.clone());
        let agree = tenants.all(|group| Some(&group.tenant) == first.as_ref());
        agree.then_some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
        [[user]]
        name = "ann"
        groups = ["analysts"]
        tenant = "acme"
        [[user]]
        name = "cat"
        uid = 70123
        groups = ["devs"]
        [[group]]
        name = "devs"
        tenant = "umbrella"
        [[group]]
        name = "guests"
        tenant = "none-of-us"
    "#;

    fn read(text: &str) -> Result<Users, Error> {
        Users::parse(text, Path::new("users.toml"))
    }

    fn account(uid: u32, name: Option<&str>, groups: Option<&[&str]>) -> Option<Account> {
        let groups = groups.map(|groups| groups.iter().map(|it| (*it).to_owned()).collect());
        read(FILE).unwrap().account(uid, name.map(str::to_owned), groups)
    }

    fn known(user: &str, groups: &[&str], tenant: Option<Option<&str>>) -> Option<Account> {
        let groups = groups.iter().map(|it| (*it).to_owned()).collect();
        let tenant = tenant.map(|tenant| tenant.map(str::to_owned));
        Some(Account { user: user.to_owned(), groups, tenant })
    }

    #[test]
    fn a_list_is_no_entry() {
        let read = |text: &str| Users::parse(text, Path::new("users.toml"));
        assert!(read("user = [[\"ann\", 7]]").is_err());
        assert!(read("[[user]]\nname = \"ann\"\nuid = 7").is_ok());
        assert!(read("group = [[\"devs\", \"acme\"]]").is_err());
    }

    #[test]
    fn the_file_adds_to_what_the_system_says() {
        let ann = account(1, Some("ann"), Some(&["staff"]));
        assert_eq!(ann, known("ann", &["analysts", "staff"], Some(Some("acme"))));
        let bob = account(2, Some("bob"), Some(&["staff"]));
        assert_eq!(bob, known("bob", &["staff"], Some(None)));
        let dan = account(3, Some("dan"), Some(&["devs"]));
        assert_eq!(dan, known("dan", &["devs"], Some(Some("umbrella"))));
        let both = account(3, Some("dan"), Some(&["devs", "guests"]));
        assert_eq!(both, known("dan", &["devs", "guests"], None), "whose is dan?");
    }

    #[test]
    fn a_number_stands_for_who_has_no_name_here() {
        assert_eq!(account(70123, None, None), known("cat", &["devs"], Some(Some("umbrella"))));
        assert_eq!(account(70124, None, Some(&[])), None);
        assert_eq!(account(1, Some("ann"), None), None, "a group may be missing");
        // A name of the system's own is not another user's because of a number.
        let eve = account(70123, Some("eve"), Some(&[]));
        assert_eq!(eve, known("eve", &[], Some(None)));
        let imposter = account(5, Some("cat"), Some(&[]));
        assert_eq!(imposter, known("cat", &[], Some(None)));
    }

    #[test]
    fn the_guide_shows_a_file_that_loads() {
        let guide = include_str!("../../../docs/POLICY.md");
        let shown = guide.split("```toml\n").find(|block| block.starts_with("[[user]]"));
        let users = read(shown.unwrap().split("```").next().unwrap()).unwrap();
        assert_eq!((users.users.len(), users.groups.len()), (2, 1));
    }

    #[test]
    fn mistakes_have_their_line() {
        for (text, line, said) in [
            ("[[user]]\nnam = 'x'\n", 2, "unknown field `nam`"),
            ("[[user]]\nuid = 1\n", 1, "missing field `name`"),
            ("[[user]]\nname = ''\n", 1, "empty"),
            ("[[user]]\nname = \"a\"\n[[user]]\nname = \"a\"\n", 4, "stands twice"),
            (
                "[[group]]\nname = \"a\"\ntenant = \"x\"\n[[group]]\nname = \"a\"\ntenant = \"y\"\n",
                5,
                "the group `a`",
            ),
            ("[[user]]\nname = \"a\"\nuid = 1\n[[user]]\nname = \"b\"\nuid = 1\n", 5, "uid 1"),
            ("[[role]]\nname = \"a\"\n", 1, "unknown field `role`"),
        ] {
            let Err(Error::Settings { line: at, message, .. }) = read(text) else {
                panic!("accepted: {text}")
            };
            assert!(at == line && message.contains(said), "{text}: {at}: {message}");
        }
    }
}
