//! Who asks, and what they may do.
//!
//! A credential is an API key of the store, what somebody was given who logged in, or the shared token
//! of the original's clients. It comes in a header, `Authorization: Bearer …` or `X-API-Key: …`, never
//! in an address, where logs would keep it. The tenant is the credential's, whatever a request says.

mod credential;
mod keyring;
mod known;
mod mint;
pub mod password;
mod session;
mod throttle;

pub use credential::{Credential, Refused, is_in_query};
pub use keyring::Keyring;
pub use mint::{Minted, mint};
pub(crate) use session::Visited;
pub use session::{Issued, Session, Sessions, Visit, Visitor};
pub(crate) use throttle::Throttle;

use datafog_approval::Party;

pub use crate::store::Permission;
use crate::store::{Bounds, Role};

/// Somebody whose credential holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// What they may do.
    pub role: Role,
    /// The tenant that they belong to; empty where there is only one.
    pub tenant: String,
    /// Id of their key, where they showed one.
    pub key: Option<String>,
    /// Who they are, where they logged in.
    pub session: Option<Session>,
    /// What their credential is narrowed to.
    pub bounds: Bounds,
    /// The visit to the dashboard that they ask in, where they ask in one.
    pub visit: Option<Visit>,
}

impl Caller {
    /// Whoever shows the shared token.
    #[must_use]
    pub fn sharing() -> Self {
        Self::without_key(Role::Admin)
    }

    /// Whoever shows nothing, where nothing needs to be shown.
    #[must_use]
    pub fn anonymous() -> Self {
        Self::without_key(Role::Agent)
    }

    fn without_key(role: Role) -> Self {
        let (tenant, bounds) = (String::new(), Bounds::default());
        Self { role, tenant, key: None, session: None, bounds, visit: None }
    }

    /// Whether they have a permission: by their role, and by what their credential is for.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        permission.is_given_to(self.role) && self.bounds.permit(permission)
    }

    /// By which names they are known: of two who share one, nobody knows that they are two.
    #[must_use]
    pub fn party(&self) -> Party {
        Party::new(self.names())
    }

    /// The same towards what the user `person` of this machine asked for. Who logs in by a name of their
    /// own, or has a key of somebody's, is known; of anybody else nobody can tell that they are not that
    /// user, and they count as such.
    #[must_use]
    pub(crate) fn party_here(&self, person: &str) -> Party {
        let login = self.session.as_ref().map(|session| session.login.as_str());
        let login = login.or(self.bounds.owner.as_deref());
        let is_same = |login: &str| {
            let name = login.split('@').next().unwrap_or_default();
            [login, name].iter().any(|name| name.eq_ignore_ascii_case(person))
        };
        let mut names = self.names();
        if login.is_none_or(is_same) {
            names.push(datafog_gate::of_machine(person));
        }
        Party::new(names)
    }

    fn names(&self) -> Vec<String> {
        let Bounds { owner, parent, .. } = &self.bounds;
        let parent = parent.as_ref().map(|parent| format!("key {parent}"));
        let owner = owner.as_ref().map(|owner| format!("user {owner}"));
        [Some(self.name()), parent, owner].into_iter().flatten().collect()
    }

    /// How they are named where somebody reads who asked or answered.
    #[must_use]
    pub fn name(&self) -> String {
        if let Some(session) = &self.session {
            return format!("user {}", session.login);
        }
        if let Some(name) = self.visit.as_ref().and_then(|visit| visit.local.as_ref()) {
            return format!("{name} at this machine");
        }
        match (&self.key, self.role) {
            (Some(key), _) => format!("key {key}"),
            (None, Role::Admin) => String::from("shared token"),
            // Who shows no credential asks as an agent: it is nobody in particular.
            (None, Role::Agent | Role::Approver | Role::Viewer) => String::from("anonymous"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_shows_nothing_is_not_taken_for_who_shows_the_shared_token() {
        let key = Caller { key: Some("1a2b3c4d".into()), ..Caller::anonymous() };
        let names = [Caller::sharing(), Caller::anonymous(), key].map(|caller| caller.name());
        assert_eq!(names, ["shared token", "anonymous", "key 1a2b3c4d"]);
    }

    #[test]
    fn towards_this_machines_user_only_who_is_known_to_be_another_is_another() {
        let asker = Party::new(vec![datafog_gate::of_machine("ann")]);
        let of = |login: &str| {
            let login = crate::store::Login::new(login).unwrap();
            let session = Some(Session { login, epoch: 1, since: 0, until: 0 });
            Caller { session, ..Caller::sharing() }
        };
        let bounds = Bounds { owner: Some("bob".into()), ..Bounds::default() };
        let owned = Caller { key: Some("1a2b3c4d".into()), bounds, ..Caller::sharing() };
        let key = Caller { bounds: Bounds::default(), ..owned.clone() };
        for (caller, is_other) in [
            (of("bob"), true),
            (of("bob@example.com"), true),
            (owned, true),
            (of("Ann"), false),
            (of("ann@example.com"), false),
            (key, false),
            (Caller::sharing(), false),
        ] {
            let party = caller.party_here("ann");
            assert_eq!(party.is_other_than(&asker), is_other, "{}", caller.name());
        }
    }

    #[test]
    fn a_credential_narrows_its_role_and_never_widens_it() {
        let scopes = vec![Permission::Ask, Permission::Read];
        let bounds = Bounds { scopes, ..Bounds::default() };
        let agent = Caller { bounds, ..Caller::anonymous() };
        let may = Permission::ALL.map(|permission| agent.may(permission));
        assert_eq!(may, [true, false, true, false, true, false]);
        let admin = Caller { role: Role::Admin, ..agent };
        let may = Permission::ALL.map(|permission| admin.may(permission));
        assert_eq!(may, [true, false, true, false, true, true]);
    }
}
