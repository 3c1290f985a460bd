//! `/ui/keys`: credentials of the server and people who log in.
//!
//! Each change asks the gate first, as `datafog key` and `datafog user` do: it is refused where an agent
//! started the server, and leaves a receipt.

use std::time::Duration;

use axum::extract::Path;
use axum::response::Response;
use datafog_core::Secret;
use jiff::Timestamp;
use maud::{Markup, html};

use super::parts::{self, Tone};
use super::{Posted, Viewer, house, see};
use crate::desk::{self, Change};
use crate::server::noted::Noted;
use crate::server::problem::{Kind, Problem};
use crate::settings::duration;
use crate::store::{Account, Bounds, Error, Login, Role, StoredKey};

const TITLE: &str = "Keys and people";
const PATH: &str = "/ui/keys";

/// Answers `GET /ui/keys`.
pub(super) async fn list(viewer: Viewer) -> Result<Response, Problem> {
    show(&viewer, &html! {}).await
}

/// Answers `POST /ui/keys`: a new key, shown this once.
pub(super) async fn create(viewer: Viewer, posted: Posted) -> Result<Response, Problem> {
    let name = posted.text("name").ok_or_else(|| wrong("say what the key is called"))?;
    let role = role(&posted)?;
    let tenant = tenant(&viewer, &posted);
    let lasting = posted.text("expires").map(duration).transpose().map_err(|why| wrong(&why))?;
    let policy = policy(&viewer, &posted).await?;
    let by = policy.iter().map(|name| format!(", judged by the policy {name}"));
    let why = format!("with the role {role}{}", by.collect::<String>());
    let noted = noted(&viewer, format!("make key {name}"), why);
    viewer.permitted(noted.for_tenant(&tenant)).await?;
    let bounds = Bounds { policy, ..Bounds::default() };
    let within: (Option<Duration>, Bounds) = (lasting, bounds);
    let made = desk::create_key(&*viewer.app.store, name, (role, &tenant), within).await;
    let made = made.map_err(|error| failed(&error))?;
    let told = parts::notice(
        Tone::Good,
        &html! {
            p { b { "The key of " (parts::words(name)) ". " } "It is shown this once: copy it now." }
            pre.command #new-key tabindex="0" { (made.key.expose()) }
        },
    );
    show(&viewer, &told).await
}

/// Answers `POST /ui/keys/{id}`: the key is void from now on.
pub(super) async fn revoke(
    viewer: Viewer,
    Path(id): Path<String>,
    _: Posted,
) -> Result<Response, Problem> {
    let none = || Problem::new(Kind::NotFound, "no key of that id is in force");
    let key = viewer.app.store.key(&id).await.map_err(|error| Problem::unread(&error))?;
    let key = key.filter(|key| key.revoked.is_none() && is_theirs(&viewer, &key.tenant));
    let key = key.ok_or_else(none)?;
    let why = format!("named `{}`, with the role {}", key.name, key.role);
    viewer
        .permitted(noted(&viewer, format!("revoke key {id}"), why).for_tenant(&key.tenant))
        .await?;
    let now = Timestamp::now().as_microsecond();
    let done = viewer.app.store.revoke_key(&id, now).await;
    match done.map_err(|error| Problem::unstored(&error))? {
        true => Ok(see(PATH)),
        false => Err(none()),
    }
}

/// Answers `POST /ui/people`: somebody who may log in.
pub(super) async fn add(viewer: Viewer, posted: Posted) -> Result<Response, Problem> {
    let login = Login::new(posted.text("login").unwrap_or_default()).map_err(|why| wrong(&why))?;
    let name = posted.text("name").unwrap_or(login.as_str()).to_owned();
    let password = Secret::new(posted.whole("password").unwrap_or_default());
    let (role, tenant) = (role(&posted)?, tenant(&viewer, &posted));
    let account = desk::new_account((&login, &name), (role, &tenant), &password);
    let account = account.map_err(|error| failed(&error))?;
    let known = viewer.app.store.account(&login).await.map_err(|error| Problem::unread(&error))?;
    if known.is_some() {
        return Err(failed(&desk::Error::Store(Error::Exists(login.to_string()))));
    }
    let noted = noted(&viewer, format!("add user {login}"), format!("with the role {role}"));
    viewer.permitted(noted.for_tenant(&tenant)).await?;
    let done = viewer.app.store.add_account(account).await;
    done.map_err(|error| failed(&desk::Error::Store(error)))?;
    Ok(see(PATH))
}

/// Answers `POST /ui/people/{login}`: somebody may no longer log in, or may again, has another role, or is
/// logged out everywhere.
pub(super) async fn change(
    viewer: Viewer,
    Path(login): Path<String>,
    posted: Posted,
) -> Result<Response, Problem> {
    let none = || Problem::new(Kind::NotFound, "nobody logs in by that name");
    let login = Login::new(&login).map_err(|_| none())?;
    let account = viewer.app.store.account(&login).await;
    let account = account.map_err(|error| Problem::unread(&error))?;
    let account = account.filter(|account| is_theirs(&viewer, &account.tenant)).ok_or_else(none)?;
    let (change, what) = match posted.text("say") {
        Some("disable") => (Change::Disabled(true), format!("disable user {login}")),
        Some("enable") => (Change::Disabled(false), format!("enable user {login}")),
        Some("end") => (Change::Ended, format!("end every visit of user {login}")),
        Some("role") => {
            let role = role(&posted)?;
            (Change::Role(role), format!("give user {login} the role {role}"))
        }
        _ => return Err(wrong("say what is to be changed of them")),
    };
    let why = format!("who had the role {}", account.role);
    viewer.permitted(noted(&viewer, what, why).for_tenant(&account.tenant)).await?;
    let done = desk::change_account(&*viewer.app.store, &login, change).await;
    done.map_err(|error| failed(&error))?;
    Ok(see(PATH))
}

/// The line of a change that the viewer makes.
fn noted(viewer: &Viewer, what: String, why: String) -> Noted {
    Noted::of(&viewer.caller, what, why)
}

/// Whether it is of the viewer's tenant; who is of none manages all.
fn is_theirs(viewer: &Viewer, tenant: &str) -> bool {
    house::is_of_it(&viewer.caller) || viewer.caller.tenant == tenant
}

fn tenant(viewer: &Viewer, posted: &Posted) -> String {
    let own = viewer.caller.tenant.clone();
    if own.is_empty() { posted.text("tenant").unwrap_or_default().to_owned() } else { own }
}

/// The policy that a key is to be judged by, which has to be there. It may let through what the
/// installation's stops, so only who manages the installation chooses one.
async fn policy(viewer: &Viewer, posted: &Posted) -> Result<Option<String>, Problem> {
    let Some(name) = posted.text("policy").map(str::to_owned) else { return Ok(None) };
    if !house::is_of_it(&viewer.caller) {
        return Err(Problem::new(Kind::Forbidden, "policies are the installation's"));
    }
    let asked = name.clone();
    match viewer.app.judges.ask(move |judge| judge.has_policy(&asked)).await? {
        true => Ok(Some(name)),
        false => Err(wrong("there is no policy of that name that loads")),
    }
}

fn role(posted: &Posted) -> Result<Role, Problem> {
    posted.text("role").unwrap_or_default().parse().map_err(|why: String| wrong(&why))
}

fn wrong(message: &str) -> Problem {
    Problem::new(Kind::Invalid, message)
}

fn failed(error: &desk::Error) -> Problem {
    match error {
        desk::Error::Password(why) => wrong(why),
        desk::Error::Nobody(_) => Problem::new(Kind::NotFound, error.to_string()),
        desk::Error::Store(Error::Exists(_)) => {
            Problem::new(Kind::Conflict, "there is somebody of that name already")
        }
        desk::Error::Store(error) => Problem::unstored(error),
        desk::Error::Gate(error) => Problem::ours(error),
        desk::Error::Io(error) => Problem::ours(error),
        // Pages neither compare arguments nor encrypt anew.
        desk::Error::Arguments(..)
        | desk::Error::NoArguments
        | desk::Error::NoLine
        | desk::Error::Sealed(_) => Problem::ours(error),
    }
}

async fn show(viewer: &Viewer, told: &Markup) -> Result<Response, Problem> {
    let unread = |error: Error| Problem::unread(&error);
    let mut keys = viewer.app.store.keys().await.map_err(unread)?;
    let mut people = viewer.app.store.accounts().await.map_err(unread)?;
    keys.retain(|key| is_theirs(viewer, &key.tenant));
    people.retain(|account| is_theirs(viewer, &account.tenant));
    let content = html! {
        div.head { h1 { (TITLE) } }
        (told)
        section aria-labelledby="keys-title" {
            h2 #keys-title { "Keys " span.quiet { (keys.len()) } }
            @if keys.is_empty() { (parts::empty("No key yet", &html! { p { "Programs that ask show a key. Make one below." } })) }
            @else { (table("Keys", &["Key", "Name", "Role", "Made", "State", ""], &html! { @for key in &keys { (key_row(viewer, key)) } })) }
            details { summary { "Make a key" } (viewer.form(PATH, &key_form(viewer))) }
        }
        section aria-labelledby="people-title" {
            h2 #people-title { "People " span.quiet { (people.len()) } }
            @if people.is_empty() { (parts::empty("Nobody logs in by a password yet", &html! { p { "Somebody below gets one, or " code { "datafog user create" } " makes one." } })) }
            @else { (table("People", &["Log-in", "Name", "Role", "Made", "State", ""], &html! { @for account in &people { (person_row(viewer, account)) } })) }
            details { summary { "Add somebody" } (viewer.form("/ui/people", &person_form(viewer))) }
        }
    };
    viewer.page(TITLE, PATH, content).await
}

fn table(label: &str, heads: &[&str], rows: &Markup) -> Markup {
    html! {
        div.table tabindex="0" role="region" aria-label=(label) { table {
            thead { tr { @for head in heads { th scope="col" { @if head.is_empty() { span.unseen { "Change" } } @else { (head) } } } } }
            tbody { (rows) }
        } }
    }
}

fn when(microseconds: i64) -> Markup {
    parts::moment(u64::try_from(microseconds / 1000).unwrap_or(0))
}

fn of_tenant(role: Role, tenant: &str) -> Markup {
    html! { (role) @if !tenant.is_empty() { " of " (parts::words(tenant)) } }
}

fn key_row(viewer: &Viewer, key: &StoredKey) -> Markup {
    let is_valid = key.is_valid_at(Timestamp::now().as_microsecond());
    html! {
        tr.entry tabindex="-1" {
            td { (parts::code(&key.id)) }
            td { (parts::words(&key.name)) @if let Some(owner) = &key.bounds.owner { span.note { "of " (parts::words(owner)) } } }
            td { (of_tenant(key.role, &key.tenant)) @if !key.bounds.scopes.is_empty() || !key.bounds.tools.is_empty() { span.note { "narrowed" } } @if let Some(policy) = &key.bounds.policy { span.note { "policy " (parts::words(policy)) } } }
            td { (when(key.created)) }
            td {
                @if is_valid { (parts::badge(Tone::Good, "in force")) } @else { (parts::badge(Tone::Plain, "void")) }
                @if let Some(revoked) = key.revoked { span.note { "revoked " (when(revoked)) } }
                @else if let Some(expires) = key.expires { span.note { "until " (when(expires)) } }
            }
            td {
                @if is_valid {
                    details.confirm { summary { "Revoke…" }
                        (viewer.form(&format!("{PATH}/{}", key.id), &html! { button.bad type="submit" { "Revoke " (key.id) } }))
                    }
                }
            }
        }
    }
}

fn person_row(viewer: &Viewer, account: &Account) -> Markup {
    let login: String =
        url::form_urlencoded::byte_serialize(account.login.as_str().as_bytes()).collect();
    let (say, label) = match account.disabled {
        Some(_) => ("enable", "Let them in again"),
        None => ("disable", "Disable"),
    };
    html! {
        tr.entry tabindex="-1" {
            td { (parts::words(account.login.as_str())) }
            td { (parts::words(&account.name)) }
            td { (of_tenant(account.role, &account.tenant)) }
            td { (when(account.created)) }
            td {
                @if let Some(since) = account.disabled { (parts::badge(Tone::Plain, "disabled")) span.note { (when(since)) } }
                @else { (parts::badge(Tone::Good, "may log in")) }
            }
            td {
                @let path = format!("/ui/people/{}", login.replace('+', "%20"));
                details.confirm { summary { "Change…" }
                    (viewer.form(&path, &html! {
                        button.plain type="submit" name="say" value=(say) { (label) } " "
                        button.plain type="submit" name="say" value="end" { "Log them out everywhere" }
                    }))
                    (viewer.form(&path, &html! {
                        input type="hidden" name="say" value="role";
                        (roles(account.role)) " "
                        button.plain type="submit" { "Give this role" }
                    }))
                }
            }
        }
    }
}

fn roles(chosen: Role) -> Markup {
    let all = [
        (Role::Agent, "agent – asks, sees nothing"),
        (Role::Viewer, "viewer – looks"),
        (Role::Approver, "approver – looks and answers"),
        (Role::Admin, "admin – everything"),
    ];
    html! {
        label { "Role"
            select name="role" { @for (role, says) in all {
                option value=(role.name()) selected[role == chosen] { (says) }
            } }
        }
    }
}

fn tenants(viewer: &Viewer) -> Markup {
    html! { @if viewer.caller.tenant.is_empty() { label { "Tenant, where there are several" input name="tenant" autocomplete="off"; } } }
}

fn key_form(viewer: &Viewer) -> Markup {
    html! {
        div.stack.narrow {
            label { "Name" input name="name" required maxlength="128" autocomplete="off"; }
            (roles(Role::Agent))
            label { "Holds for, such as 90d; for ever where nothing stands" input name="expires" autocomplete="off"; }
            (tenants(viewer))
            @if house::is_of_it(&viewer.caller) { label { "Judged by this file of " code { "policies" } "; by the installation's policy where nothing stands" input name="policy" maxlength="64" autocomplete="off"; } }
            button type="submit" { "Make the key" }
        }
    }
}

fn person_form(viewer: &Viewer) -> Markup {
    html! {
        div.stack.narrow {
            label { "E-mail or name to log in by" input name="login" required maxlength="254" autocomplete="off"; }
            label { "Name" input name="name" maxlength="128" autocomplete="off"; }
            label { "Password, twelve letters or more" input name="password" type="password" required minlength="12" autocomplete="new-password"; }
            (roles(Role::Agent))
            (tenants(viewer))
            button type="submit" { "Add them" }
        }
    }
}
