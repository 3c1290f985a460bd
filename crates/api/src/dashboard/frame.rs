//! What stands around every page: head, navigation, who is logged in, the mark that says it is live.

use maud::{DOCTYPE, Markup, html};

use super::{Viewer, house};
use crate::identity::Permission;

/// A page in the navigation.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Its address.
    pub(crate) path: &'static str,
    /// What it is called.
    pub(crate) label: &'static str,
    /// The group that it stands in.
    pub(crate) group: Group,
    /// What it takes to see it.
    pub(crate) permission: Permission,
    /// Whether it is for those of the installation alone, and of no tenant.
    pub(crate) of_house: bool,
}

/// Groups of the navigation, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    /// What happens.
    Now,
    /// What is kept of it, and by which rules.
    Guard,
    /// The installation itself.
    House,
}

impl Group {
    const ALL: [Self; 3] = [Self::Now, Self::Guard, Self::House];

    const fn label(self) -> &'static str {
        match self {
            Self::Now => "Now",
            Self::Guard => "Guard",
            Self::House => "House",
        }
    }
}

/// Every page of the navigation, in its order. The first that somebody may see is where they begin.
pub(crate) const ENTRIES: &[Entry] = &[
    row("/ui/overview", "Overview", Group::Now, Permission::Read),
    row("/ui/approvals", "Approvals", Group::Now, Permission::Read),
    row("/ui/activity", "Activity", Group::Now, Permission::Read),
    row("/ui/findings", "Findings", Group::Now, Permission::Read),
    row("/ui/drift", "Risk and drift", Group::Now, Permission::Read),
    row("/ui/policy", "Policy", Group::Guard, Permission::Read),
    row("/ui/simulation", "Simulation", Group::Guard, Permission::Read),
    row("/ui/integrity", "Integrity", Group::Guard, Permission::Read),
    row("/ui/keys", "Keys and people", Group::House, Permission::Manage),
    of_house("/ui/settings", "Settings", Group::House, Permission::Manage),
    of_house("/ui/checks", "Set-up", Group::House, Permission::Manage),
];

const fn of_house(
    path: &'static str,
    label: &'static str,
    group: Group,
    permission: Permission,
) -> Entry {
    Entry { of_house: true, ..row(path, label, group, permission) }
}

const fn row(
    path: &'static str,
    label: &'static str,
    group: Group,
    permission: Permission,
) -> Entry {
    Entry { path, label, group, permission, of_house: false }
}

/// The address whose entry wears the number of what waits.
const APPROVALS: &str = "/ui/approvals";

/// A whole page for somebody who is logged in.
pub(super) fn whole(
    viewer: &Viewer,
    (title, path): (&str, &str),
    waiting: u64,
    content: &Markup,
) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            (head(title))
            body data-token=(viewer.token()) {
                a.skip href="#main" { "Skip to the page" }
                (bar(viewer))
                (navigation(viewer, path, waiting))
                main #main tabindex="-1" { (demo(viewer.app.around.is_demo)) (content) }
                (help())
                dialog #sheet aria-labelledby="sheet-title" {}
            }
        }
    }
}

/// A page for somebody who is not, or for whom nothing can be shown.
pub(super) fn bare(title: &str, is_demo: bool, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            (head(title))
            body.bare {
                main #main {
                    p.brand { (mark()) "datafog" }
                    (demo(is_demo))
                    (content)
                }
            }
        }
    }
}

/// What every page of made-up data says.
fn demo(is_demo: bool) -> Markup {
    html! {
        @if is_demo { p.demo role="note" { b { "Demo. " } "Everything here is made up." } }
    }
}

fn head(title: &str) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            title { (title) " · datafog" }
            link rel="icon" href="/ui/assets/icon.svg" type="image/svg+xml";
            link rel="stylesheet" href="/ui/assets/style.css";
            link rel="stylesheet" href="/ui/assets/board.css";
            script type="module" src="/ui/assets/app.js" {}
        }
    }
}

fn bar(viewer: &Viewer) -> Markup {
    let caller = &viewer.caller;
    html! {
        header.bar {
            a.brand href="/ui/" { (mark()) "datafog" }
            p #live.live role="status" { span.dot aria-hidden="true" {} span.word { "not live" } }
            p.who {
                span { (caller.name()) }
                span.quiet { " · " (caller.role) @if !caller.tenant.is_empty() { " of " (caller.tenant) } }
            }
            (viewer.form("/ui/logout", &html! { button.plain type="submit" { "Log out" } }))
        }
    }
}

fn navigation(viewer: &Viewer, path: &str, waiting: u64) -> Markup {
    let seen = || {
        ENTRIES.iter().filter(|entry| {
            viewer.may(entry.permission) && (!entry.of_house || house::is_of_it(&viewer.caller))
        })
    };
    html! {
        nav.pages aria-label="Pages" {
            @for group in Group::ALL {
                @if seen().any(|entry| entry.group == group) {
                    p.group #(format!("group-{}", group.label())) { (group.label()) }
                    ul aria-labelledby=(format!("group-{}", group.label())) {
                        @for entry in seen().filter(|entry| entry.group == group) {
                            li {
                                a href=(entry.path) aria-current=[(entry.path == path).then_some("page")] {
                                    (entry.label)
                                    @if entry.path == APPROVALS { (badge(waiting)) }
                                }
                            }
                        }
                    }
                }
            }
            p.hint.script { kbd { "?" } " shows the keys" }
        }
    }
}

/// How many requests wait, beside their entry.
pub(super) fn badge(waiting: u64) -> Markup {
    html! {
        span #waiting.count hidden[waiting == 0] data-count=(waiting) data-live="/ui/waiting/part"
            data-kinds="held answered desk" {
            (waiting) span.unseen { " waiting" }
        }
    }
}

/// The same on the first page: both queues, the server's and this machine's own.
pub(super) fn waiting_tile(waiting: u64) -> Markup {
    html! {
        li #waiting-now.tile.asks[waiting > 0] data-live="/ui/waiting/part" data-kinds="held answered desk" {
            a.number href="/ui/approvals" { (waiting) } span { "waiting now" }
        }
    }
}

/// The keys, in a dialog that `?` opens.
fn help() -> Markup {
    let keys = [
        ("/", "to the filter of the page"),
        ("j", "to the next entry"),
        ("k", "to the one before"),
        ("Enter", "open the entry"),
        ("a", "approve it: asks again before it counts"),
        ("d", "deny it: asks again before it counts"),
        ("?", "show these keys"),
        ("Esc", "close what is open"),
    ];
    html! {
        dialog #help aria-labelledby="help-title" {
            h2 #help-title { "Keys" }
            dl.keys { @for (key, does) in keys { div { dt { kbd { (key) } } dd { (does) } } } }
            form method="dialog" { button type="submit" { "Close" } }
        }
    }
}

/// The mark: a shield in fog.
fn mark() -> Markup {
    html! {
        svg.mark viewBox="0 0 24 24" width="22" height="22" aria-hidden="true" {
            path.shield d="M12 2 4 5v6c0 5 3.4 8.9 8 11 4.6-2.1 8-6 8-11V5z" {}
            path.fog d="M7 10h10M9 13.5h6M8 17h4" {}
        }
    }
}
