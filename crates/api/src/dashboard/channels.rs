//! Channels on `/ui/settings`: who is told what happens, whether that works, and what became of it.
//!
//! Every change goes through the same functions as over the API, and asks the gate besides, as those of
//! keys and people do. What is secret is typed here and shown nowhere.

use std::collections::BTreeSet;

use axum::extract::Path;
use axum::response::Response;
use maud::{Markup, html};

use super::parts::{self, Tone};
use super::settings::{self, SETTINGS};
use super::{Posted, Viewer, see};
use crate::server::native::channels::{added, of_tenant, removed, replayed, tested};
use crate::server::noted::Noted;
use crate::server::problem::{Kind as Wrong, Problem};
use crate::store::{Delivery, DeliveryState, StoredChannel};
use crate::tell::form::{Form, Kind, New, Security};
use crate::tell::occasion::Occasion;
use crate::tell::send::{NO_KEY, form};

/// Deliveries on the page.
const SHOWN: u32 = 30;

/// Answers `POST /ui/channels`: somebody else to be told.
pub(super) async fn add(viewer: Viewer, posted: Posted) -> Result<Response, Problem> {
    let new = new(&posted)?;
    viewer.asked(&noted(&viewer, "add a channel")).await?;
    let (channel, secret) = added(&viewer.app, &viewer.caller, new).await?;
    let name = form(&channel).map(|form| form.name).unwrap_or_default();
    let told = parts::notice(
        Tone::Good,
        &html! {
            p { b { (parts::words(&name)) " is told from now on." } }
            @if let Some(secret) = secret {
                p { "What it is told is signed with this. It is shown this once: copy it now." }
                pre.command #new-secret tabindex="0" { (secret) }
            }
        },
    );
    settings::show(&viewer, &told).await
}

/// Answers `POST /ui/channels/{id}`: a channel is tested, or told no more.
pub(super) async fn change(
    viewer: Viewer,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, Problem> {
    match posted.text("say") {
        Some("remove") => {
            viewer.asked(&noted(&viewer, "remove a channel")).await?;
            removed(&viewer.app, &viewer.caller, &id).await?;
            Ok(see(SETTINGS))
        }
        Some("test") => {
            let told = match tested(&viewer.app, &viewer.caller, &id).await? {
                Ok(()) => parts::notice(Tone::Good, &html! { p { b { "It was told." } } }),
                Err(why) => parts::notice(
                    Tone::Bad,
                    &html! { p { b { "It was not told: " } (parts::words(&why)) } },
                ),
            };
            settings::show(&viewer, &told).await
        }
        _ => Err(Problem::new(Wrong::Invalid, "say what is to be done with the channel")),
    }
}

/// Answers `POST /ui/deliveries/{id}`: it is told anew.
pub(super) async fn again(
    viewer: Viewer,
    Path(id): Path<String>,
    _: Posted,
) -> Result<Response, Problem> {
    replayed(&viewer.app, &viewer.caller, &id).await?;
    Ok(see(SETTINGS))
}

/// What the gate is asked about; the line in the chain is that of the change itself.
fn noted(viewer: &Viewer, what: &str) -> Noted {
    Noted::of(&viewer.caller, what.to_owned(), String::new())
}

/// The part of the page.
pub(super) async fn section(viewer: &Viewer) -> Result<Markup, Problem> {
    let channels = of_tenant(&viewer.app, &viewer.caller).await?;
    let deliveries = viewer.app.store.deliveries(&viewer.caller.tenant, None, SHOWN).await;
    let deliveries = deliveries.map_err(|error| Problem::unread(&error))?;
    Ok(html! {
        section aria-labelledby="channels-title" {
            h2 #channels-title { "Channels " span.quiet { (channels.len()) } }
            p.quiet { "Who is told when something waits, is answered or is blocked. No argument of a call is told." }
            @if viewer.app.teller.sealer.is_none() { (parts::notice(Tone::Warning, &html! { p { (NO_KEY) "." } })) }
            @if channels.is_empty() { (parts::empty("Nobody is told yet", &html! { p { "Add a channel below." } })) }
            @else { (table("Channels", &["Name", "By", "Of what", "Where", ""], &html! { @for channel in &channels { (row(viewer, channel)) } })) }
            details { summary { "Add a channel" } (viewer.form("/ui/channels", &fields())) }
        }
        section aria-labelledby="deliveries-title" {
            h2 #deliveries-title { "Lately told" }
            @if deliveries.is_empty() { p.quiet { "Nothing yet." } }
            @else { (table("Lately told", &["When", "Channel", "What", "State", ""], &html! { @for delivery in &deliveries { (told(viewer, delivery, &channels)) } })) }
        }
    })
}

fn table(label: &str, heads: &[&str], rows: &Markup) -> Markup {
    html! {
        div.table tabindex="0" role="region" aria-label=(label) { table {
            thead { tr { @for head in heads { th scope="col" { @if head.is_empty() { span.unseen { "Change" } } @else { (head) } } } } }
            tbody { (rows) }
        } }
    }
}

fn row(viewer: &Viewer, channel: &StoredChannel) -> Markup {
    let action = format!("/ui/channels/{}", channel.id);
    let say = |say: &str, label: &str, class: &str| {
        viewer.form(
            &action,
            &html! {
                input type="hidden" name="say" value=(say);
                button class=(class) type="submit" { (label) }
            },
        )
    };
    html! {
        tr.entry tabindex="-1" {
            @match form(channel) {
                Ok(form) => {
                    td { (parts::words(&form.name)) @if !form.enabled { span.note { "switched off" } } }
                    td { (form.kind.name()) }
                    td { (form.events.iter().map(|event| event.name()).collect::<Vec<_>>().join(", ")) @if form.least_risk > 0 { span.note { "from " (form.least_risk) " points of risk" } } }
                    td { (place(&form)) }
                }
                Err(why) => { td colspan="4" { (parts::words(&why)) } }
            }
            td {
                (say("test", "Send a test", "plain"))
                details.confirm { summary { "Remove…" } (say("remove", "Remove it", "bad")) }
            }
        }
    }
}

fn place(form: &Form) -> Markup {
    let shown = match (&form.mail, &form.telegram) {
        (Some(mail), _) => format!("{} by {}", mail.to.join(", "), mail.host),
        (None, Some(bot)) => bot.chat.clone(),
        (None, None) => form.previews.get("url").cloned().unwrap_or_default(),
    };
    html! {
        (parts::code(&shown))
        @if let Some(hint) = form.previews.get("secret") { span.note { "signed, secret " (parts::words(hint)) } }
    }
}

fn told(viewer: &Viewer, delivery: &Delivery, channels: &[StoredChannel]) -> Markup {
    let channel = channels.iter().find(|channel| channel.id == delivery.channel);
    let name = channel.and_then(|channel| form(channel).ok()).map(|form| form.name);
    let (tone, word) = match delivery.state {
        DeliveryState::Dead => (Tone::Bad, "given up"),
        DeliveryState::Told => (Tone::Good, "told"),
        DeliveryState::Waiting => (Tone::Warning, "waiting"),
    };
    html! {
        tr.entry tabindex="-1" {
            td { (parts::moment(u64::try_from(delivery.at / 1000).unwrap_or(0))) }
            td { (parts::words(&name.unwrap_or_default())) }
            td { a href={ "/ui/decisions/server/" (delivery.receipt) } { (delivery.occasion) } }
            td {
                (parts::badge(tone, word))
                @if delivery.tries > 0 { span.note { (delivery.tries) " tried" } }
                @if !delivery.note.is_empty() { span.note { (parts::words(&delivery.note)) } }
            }
            td {
                @if delivery.state != DeliveryState::Waiting {
                    (viewer.form(&format!("/ui/deliveries/{}", delivery.id), &html! { button.plain type="submit" { "Send again" } }))
                }
            }
        }
    }
}

fn fields() -> Markup {
    let field =
        |label: &str, name: &str| html! { label { (label) input name=(name) autocomplete="off"; } };
    let hidden = |label: &str, name: &str| html! { label { (label) input name=(name) type="password" autocomplete="new-password"; } };
    html! {
        div.stack.narrow {
            label { "Name" input name="name" required maxlength="128" autocomplete="off"; }
            label { "By" select name="kind" { @for kind in Kind::ALL { option value=(kind.name()) selected[kind == Kind::Webhook] { (kind.name()) } } } }
            fieldset {
                legend { "Of what" }
                @for occasion in Occasion::ALL {
                    label.check { input type="checkbox" name={ "event-" (occasion.name()) } value="yes" checked[matches!(occasion, Occasion::Held | Occasion::Expired)]; " " (occasion.name()) }
                }
            }
            (field("From so many points of risk on; 0 for all", "least_risk"))
            (hidden("Webhook, Slack, Teams: the address", "url"))
            (hidden("Webhook: a secret to sign with; one is made where nothing stands", "secret"))
            (hidden("Telegram: the bot's token", "token"))
            (field("Telegram: the chat", "chat"))
            (field("Mail: the server, such as smtp.example.com", "host"))
            (field("Mail: its port, where it is another than usual", "port"))
            label { "Mail: encrypted" select name="security" { option value="starttls" { "STARTTLS" } option value="tls" { "TLS from the beginning" } option value="none" { "not at all; this machine alone" } } }
            (field("Mail: the user", "user"))
            (hidden("Mail: the password", "password"))
            (field("Mail: from", "from"))
            (field("Mail: to, with commas", "to"))
            button type="submit" { "Add the channel" }
        }
    }
}

/// What the form says. Fields of other kinds are left out: the form has all of them.
fn new(posted: &Posted) -> Result<New, Problem> {
    let wrong = |why: &'static str| Problem::new(Wrong::Invalid, why);
    let text = |name: &str| posted.text(name).map(str::to_owned);
    let named = posted.text("kind");
    let kind = Kind::ALL.into_iter().find(|kind| Some(kind.name()) == named);
    let kind = kind.ok_or_else(|| wrong("say by what somebody is told"))?;
    let wants = |it: &Occasion| posted.text(&format!("event-{}", it.name())).is_some();
    let events: BTreeSet<Occasion> = Occasion::ALL.into_iter().filter(wants).collect();
    let number = |name: &str| posted.text(name).map(str::parse).transpose();
    let least_risk = number("least_risk").map_err(|_| wrong("points of risk are 0 to 100"))?;
    let port = posted.text("port").map(str::parse).transpose();
    let port = port.map_err(|_| wrong("a port is a number"))?;
    let security = match posted.text("security") {
        Some("none") => Security::None,
        Some("tls") => Security::Tls,
        _ => Security::Starttls,
    };
    let is = |wanted: Kind| kind == wanted;
    let to = posted.text("to").unwrap_or_default();
    let to = to.split(',').map(|to| to.trim().to_owned()).filter(|to| !to.is_empty()).collect();
    Ok(New {
        name: text("name").unwrap_or_default(),
        kind,
        events,
        least_risk: least_risk.unwrap_or(0),
        enabled: Some(true),
        url: text("url").filter(|_| !is(Kind::Mail) && !is(Kind::Telegram)),
        secret: text("secret").filter(|_| is(Kind::Webhook)),
        token: text("token").filter(|_| is(Kind::Telegram)),
        chat: text("chat").filter(|_| is(Kind::Telegram)),
        api: None,
        host: text("host").filter(|_| is(Kind::Mail)),
        port: port.filter(|_| is(Kind::Mail)),
        security: is(Kind::Mail).then_some(security),
        user: text("user").filter(|_| is(Kind::Mail)),
        password: posted.whole("password").filter(|it| is(Kind::Mail) && !it.is_empty()),
        from: text("from").filter(|_| is(Kind::Mail)),
        to: is(Kind::Mail).then_some(to),
    })
}
