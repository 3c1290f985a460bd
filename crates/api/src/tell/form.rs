//! What a channel is: as somebody says it, as it is stored, and as it is shown.
//!
//! What is secret (passwords, tokens, addresses that hold one) is parted from the rest here, at the
//! door; only a preview of it is kept beside the rest. Who changes a channel and leaves a secret out
//! keeps the one that is there, unless it would be sent somewhere else then.

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

use rustix::rand::{GetRandomFlags, getrandom};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Host;

use super::mail::mailbox;
use super::occasion::Occasion;
use crate::{Endpoint, Networks};

/// Most letters of a name.
const MOST: usize = 128;

/// Most people of one mail.
const MOST_PEOPLE: usize = 20;

/// Where Telegram's bots are asked.
const TELEGRAM: &str = "https://api.telegram.org";

/// What people are told by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Mail,
    Slack,
    Teams,
    Telegram,
    Webhook,
}

impl Kind {
    /// Every kind, in order of name.
    pub(crate) const ALL: [Self; 5] =
        [Self::Mail, Self::Slack, Self::Teams, Self::Telegram, Self::Webhook];

    /// The name over the API.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Slack => "slack",
            Self::Teams => "teams",
            Self::Telegram => "telegram",
            Self::Webhook => "webhook",
        }
    }
}

/// How a server for mail is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Security {
    /// As it is; with this machine alone.
    None,
    /// Encrypted after a word in the clear (RFC 3207).
    Starttls,
    /// Encrypted from the beginning (RFC 8314).
    Tls,
}

/// A channel as it is stored, without secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Form {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) events: BTreeSet<Occasion>,
    /// What is known to be less risky is not told.
    pub(crate) least_risk: u32,
    pub(crate) enabled: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mail: Option<Mailing>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) telegram: Option<Bot>,
    /// What is shown of each secret.
    pub(crate) previews: BTreeMap<String, String>,
}

/// To whom mails go, and by which server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mailing {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) security: Security,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
}

/// Where a Telegram bot writes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Bot {
    pub(crate) api: String,
    pub(crate) chat: String,
}

/// A channel's secrets.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Secrets {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) password: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) secret: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
}

/// A channel as somebody says it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct New {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) events: BTreeSet<Occasion>,
    #[serde(default, deserialize_with = "datafog_core::whole")]
    pub(crate) least_risk: u32,
    pub(crate) enabled: Option<bool>,
    pub(crate) url: Option<String>,
    pub(crate) secret: Option<String>,
    pub(crate) token: Option<String>,
    pub(crate) chat: Option<String>,
    pub(crate) api: Option<String>,
    pub(crate) host: Option<String>,
    #[serde(default, deserialize_with = "datafog_core::whole_or_none")]
    pub(crate) port: Option<u16>,
    pub(crate) security: Option<Security>,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) from: Option<String>,
    pub(crate) to: Option<Vec<String>>,
}

/// Why a channel is not made.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// No channel is like that.
    Form(String),
    /// It does not fit to what is there: another change of it would.
    Kept(String),
}

impl From<String> for Unfit {
    fn from(why: String) -> Self {
        Self::Form(why)
    }
}

/// A channel that can be stored.
pub(crate) struct Made {
    pub(crate) form: Form,
    pub(crate) secrets: Secrets,
    /// The secret of signatures, where it was made here: the one moment it can be shown.
    pub(crate) shown: Option<String>,
}

impl New {
    /// The channel, which takes the place of `old` where there is one.
    pub(crate) fn made(
        self,
        old: Option<(&Form, Secrets)>,
        networks: &Networks,
    ) -> Result<Made, Unfit> {
        let missing: fn(String) -> Unfit = if old.is_some() { Unfit::Kept } else { Unfit::Form };
        if old.as_ref().is_some_and(|(form, _)| form.kind != self.kind) {
            let why = "the kind of a channel stays as it is; make another channel";
            return Err(Unfit::Kept(why.into()));
        }
        self.require_plain()?;
        let form = Form {
            name: self.name.trim().to_owned(),
            kind: self.kind,
            events: self.events.clone(),
            least_risk: self.least_risk,
            enabled: self.enabled.unwrap_or(true),
            mail: (self.kind == Kind::Mail).then(|| self.mailing(networks)).transpose()?,
            telegram: (self.kind == Kind::Telegram).then(|| self.bot(networks)).transpose()?,
            previews: BTreeMap::new(),
        };
        let kept = match old {
            Some((old, secrets)) if form.leads_to_the_same(old) => secrets,
            Some(_) | None => Secrets::default(),
        };
        self.with_secrets(form, (kept, missing), networks)
    }

    fn require_plain(&self) -> Result<(), String> {
        let name = self.name.trim();
        if name.is_empty() || name.chars().count() > MOST || name.chars().any(char::is_control) {
            return Err(format!("a channel has a name of {MOST} letters at most"));
        }
        if self.events.is_empty() || self.events.contains(&Occasion::Test) {
            let names = Occasion::ALL.map(Occasion::name).join(", ");
            return Err(format!("`events` are one or more of {names}"));
        }
        if self.least_risk > 100 {
            return Err(String::from("`least_risk` is 0 to 100"));
        }
        let is_mail = self.kind == Kind::Mail;
        let of_mail = [&self.host, &self.user, &self.password, &self.from];
        let has_mail = of_mail.iter().any(|it| it.is_some()) || self.to.is_some();
        let is_bot = self.kind == Kind::Telegram;
        let has_bot = self.token.is_some() || self.chat.is_some() || self.api.is_some();
        let has_url = self.url.is_some() && (is_mail || is_bot);
        let has_secret = self.secret.is_some() && self.kind != Kind::Webhook;
        let has_port = self.port.is_some() || self.security.is_some();
        match (has_mail || has_port) && !is_mail || has_bot && !is_bot || has_url || has_secret {
            true => {
                Err(format!("there is something that no channel of `{}` has", self.kind.name()))
            }
            false => Ok(()),
        }
    }

    fn mailing(&self, networks: &Networks) -> Result<Mailing, String> {
        let expected = |what: &str| format!("a channel by mail needs `{what}`");
        let host = self.host.as_deref().map(str::trim).ok_or_else(|| expected("host"))?;
        let known =
            Host::parse(host).map_err(|_| String::from("`host` is a name or an address"))?;
        networks.require(&known)?;
        let security = self.security.unwrap_or(Security::Starttls);
        if security == Security::None && !is_here(&known) {
            return Err(String::from("`security` may be `none` with this machine alone"));
        }
        let port = match security {
            Security::None => 25,
            Security::Starttls => 587,
            Security::Tls => 465,
        };
        let from = self.from.clone().ok_or_else(|| expected("from"))?;
        let to = self.to.clone().ok_or_else(|| expected("to"))?;
        mailbox(&from)?;
        to.iter().try_for_each(|to| mailbox(to).map(drop))?;
        if to.is_empty() || to.len() > MOST_PEOPLE {
            return Err(format!("`to` are 1 to {MOST_PEOPLE} addresses"));
        }
        let user = self.user.clone().filter(|user| !user.is_empty());
        let port = self.port.unwrap_or(port);
        Ok(Mailing { host: host.to_owned(), port, security, user, from, to })
    }

    fn bot(&self, networks: &Networks) -> Result<Bot, String> {
        let api = self.api.as_deref().unwrap_or(TELEGRAM).trim_end_matches('/');
        endpoint(api, networks)?;
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_@".contains(letter);
        let chat = self.chat.as_deref().unwrap_or_default();
        match !chat.is_empty() && chat.len() <= MOST && chat.chars().all(is_plain) {
            true => Ok(Bot { api: api.to_owned(), chat: chat.to_owned() }),
            false => Err(String::from("`chat` is the id of a chat, or `@` and a channel's name")),
        }
    }

    /// Puts the secrets that were typed over those that are kept.
    fn with_secrets(
        self,
        mut form: Form,
        (kept, missing): (Secrets, fn(String) -> Unfit),
        networks: &Networks,
    ) -> Result<Made, Unfit> {
        let typed = |text: Option<String>| text.filter(|text| !text.is_empty());
        let mut secrets = Secrets {
            password: typed(self.password).or(kept.password),
            secret: typed(self.secret).or(kept.secret),
            token: typed(self.token).or(kept.token),
            url: typed(self.url).or(kept.url),
        };
        secrets.fit(&form, missing, networks)?;
        let mut shown = None;
        if form.kind == Kind::Webhook && secrets.secret.is_none() {
            let secret = random()?;
            shown = Some(secret.clone());
            secrets.secret = Some(secret);
        }
        if secrets.secret.as_ref().is_some_and(|secret| secret.chars().count() < 16) {
            return Err(Unfit::Form(String::from("`secret` has 16 characters or more")));
        }
        form.previews = secrets.previews();
        Ok(Made { form, secrets, shown })
    }
}

impl Form {
    /// Whether secrets that are kept would be shown to nobody else than before. Where the address is the
    /// secret, there is no other place for it.
    fn leads_to_the_same(&self, old: &Self) -> bool {
        let server = |form: &Self| {
            form.mail.as_ref().map(|mail| {
                (mail.host.clone(), mail.port, mail.security == Security::None, mail.user.clone())
            })
        };
        let bot = |form: &Self| form.telegram.as_ref().map(|bot| bot.api.clone());
        server(self) == server(old) && bot(self) == bot(old)
    }

    /// Whether it is to be told of that.
    pub(crate) fn wants(&self, occasion: Occasion, risk: Option<u32>) -> bool {
        let is_risky = risk.is_none_or(|risk| risk >= self.least_risk);
        self.enabled && self.events.contains(&occasion) && is_risky
    }

    /// What is shown.
    pub(crate) fn shown(&self) -> Value {
        let mut shown = json!({
            "name": self.name,
            "kind": self.kind,
            "events": self.events,
            "least_risk": self.least_risk,
            "enabled": self.enabled,
            "secrets": self.previews,
        });
        let more = match (&self.mail, &self.telegram) {
            (Some(mail), _) => serde_json::to_value(mail).ok(),
            (None, Some(bot)) => serde_json::to_value(bot).ok(),
            (None, None) => None,
        };
        if let (Some(shown), Some(Value::Object(more))) = (shown.as_object_mut(), more) {
            shown.extend(more);
        }
        shown
    }
}

impl Secrets {
    /// Nothing is missing that a channel of that form needs, and what it has no use for is gone.
    fn fit(
        &mut self,
        form: &Form,
        missing: fn(String) -> Unfit,
        networks: &Networks,
    ) -> Result<(), Unfit> {
        match form.kind {
            Kind::Mail => {
                let has_user = form.mail.as_ref().is_some_and(|mail| mail.user.is_some());
                if !has_user {
                    self.password = None;
                } else if self.password.is_none() {
                    return Err(missing(String::from(
                        "`user` needs a `password`; it is typed again when the server changes",
                    )));
                }
            }
            Kind::Telegram => {
                let is_plain =
                    |letter: char| letter.is_ascii_alphanumeric() || ":_-".contains(letter);
                let token = self.token.as_deref().unwrap_or_default();
                if token.is_empty() || !token.chars().all(is_plain) {
                    return Err(missing(String::from(
                        "`token` is the token of a bot; it is typed again when `api` changes",
                    )));
                }
            }
            Kind::Slack | Kind::Teams | Kind::Webhook => {
                let none = || missing(String::from("this needs `url`, where to post"));
                endpoint(self.url.as_deref().ok_or_else(none)?, networks)?;
            }
        }
        Ok(())
    }

    /// Whether there is any.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What is shown of them: an address's host, the last letters of what signs, else that it is there.
    fn previews(&self) -> BTreeMap<String, String> {
        let hint = |secret: &String| {
            let letters: Vec<char> = secret.chars().collect();
            let last = letters.get(letters.len().saturating_sub(4)..).unwrap_or_default();
            format!("…{}", last.iter().collect::<String>())
        };
        let host = |url: &String| {
            Endpoint::parse(url).map_or_else(|_| "(set)".into(), |url| format!("{url}/…"))
        };
        let set = |_: &String| String::from("(set)");
        let rows = [
            ("password", self.password.as_ref().map(set)),
            ("secret", self.secret.as_ref().map(hint)),
            ("token", self.token.as_ref().map(set)),
            ("url", self.url.as_ref().map(host)),
        ];
        let told = |(name, value): (&str, Option<String>)| value.map(|it| (name.to_owned(), it));
        rows.into_iter().filter_map(told).collect()
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(hidden)")
    }
}

impl fmt::Debug for New {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "New({}, {:?})", self.kind.name(), self.name)
    }
}

/// An address that may be posted to, as far as its spelling tells.
pub(super) fn endpoint(text: &str, networks: &Networks) -> Result<Endpoint, String> {
    let endpoint =
        Endpoint::parse(text).map_err(|why| format!("the address is not asked: {why}"))?;
    let host = endpoint.url().host().ok_or("the address is not asked: it names no host")?;
    networks.require(&host.to_owned())?;
    Ok(endpoint)
}

fn is_here(host: &Host) -> bool {
    match host {
        Host::Domain(name) => name == crate::LOCALHOST,
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

fn random() -> Result<String, String> {
    let mut bytes = [0_u8; 32];
    let read = getrandom(&mut bytes, GetRandomFlags::empty()).map_err(|error| error.to_string())?;
    match read == bytes.len() {
        true => Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect()),
        false => Err(String::from("the system gives no random bytes")),
    }
}
