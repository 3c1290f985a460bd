//! Sending a message by a channel, once.
//!
//! What is answered is not kept but for its status: it could repeat anything.

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;
use sha2::Sha256;

use super::form::{Form, Kind, Secrets, endpoint};
use super::message::Message;
use super::{Teller, forms, mail};
use crate::ask;
use crate::store::StoredChannel;
use crate::upstream::Names;
use crate::{Networks, roots};

/// How long somebody may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Most bytes of an answer, which nobody reads.
const MOST: usize = 64 << 10;

/// A signature of a body at a moment, in seconds since 1970: HMAC-SHA256 (RFC 2104) over the moment in
/// digits, a full stop, and the body.
pub(crate) fn signature(secret: &str, at: i64, body: &[u8]) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(format!("{at}.").as_bytes());
    mac.update(body);
    let code: String =
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    Some(format!("t={at},v1={code}"))
}

/// A channel's form.
pub(crate) fn form(channel: &StoredChannel) -> Result<Form, String> {
    serde_json::from_str(&channel.form).map_err(|_| String::from("the channel cannot be read"))
}

/// Whom a channel's secrets are sealed for.
pub(crate) fn whom(id: &str, tenant: &str) -> String {
    format!("{id}\u{1f}{tenant}")
}

impl Teller {
    /// A channel's secrets, opened.
    pub(crate) async fn secrets(&self, channel: &StoredChannel) -> Result<Secrets, String> {
        let Some(sealed) = channel.sealed.clone() else { return Ok(Secrets::default()) };
        let sealer = self.sealer.clone().ok_or(NO_KEY)?;
        let whom = whom(&channel.id, &channel.tenant);
        let opened = tokio::task::spawn_blocking(move || sealer.open(&whom, &sealed)).await;
        let opened = opened.map_err(|error| error.to_string())??;
        serde_json::from_slice(opened.expose()).map_err(|_| String::from("its secrets are strange"))
    }

    /// Secrets as they are stored; `None` where there is none.
    pub(crate) async fn sealed(
        &self,
        whom: String,
        secrets: &Secrets,
    ) -> Result<Option<Vec<u8>>, String> {
        if secrets.is_empty() {
            return Ok(None);
        }
        let sealer = self.sealer.clone().ok_or(NO_KEY)?;
        let plain = serde_json::to_vec(secrets).map_err(|error| error.to_string())?;
        let plain = datafog_core::Secret::new(plain);
        let sealed = tokio::task::spawn_blocking(move || sealer.seal(&whom, plain.expose())).await;
        sealed.map_err(|error| error.to_string())?.map(Some)
    }

    /// Tells a channel something.
    pub(crate) async fn send(
        &self,
        channel: &StoredChannel,
        message: &Message,
    ) -> Result<(), String> {
        let (form, secrets) = (form(channel)?, self.secrets(channel).await?);
        let networks = &self.telling.networks;
        let incomplete = || String::from("the channel is not complete; change it");
        match form.kind {
            Kind::Mail => {
                let mailing = form.mail.as_ref().ok_or_else(incomplete)?;
                mail::send(networks, mailing, secrets.password.as_deref(), message).await
            }
            Kind::Slack | Kind::Teams => {
                let url = secrets.url.as_ref().ok_or_else(incomplete)?;
                let body = if form.kind == Kind::Slack { forms::slack } else { forms::teams };
                post(networks, url, bytes(&body(message))?, &[]).await
            }
            Kind::Telegram => {
                let bot = form.telegram.as_ref().ok_or_else(incomplete)?;
                let token = secrets.token.as_ref().ok_or_else(incomplete)?;
                let url = format!("{}/bot{token}/sendMessage", bot.api);
                post(networks, &url, bytes(&forms::telegram(message, &bot.chat))?, &[]).await
            }
            Kind::Webhook => {
                let (url, secret) = (secrets.url.as_ref(), secrets.secret.as_ref());
                let (url, secret) = url.zip(secret).ok_or_else(incomplete)?;
                let body = serde_json::to_vec(message).map_err(|error| error.to_string())?;
                let signed = signature(secret, Timestamp::now().as_second(), &body);
                let headers = [
                    ("datafog-signature", signed.ok_or_else(incomplete)?),
                    ("datafog-event", message.occasion.name().to_owned()),
                    ("datafog-delivery", message.delivery.clone()),
                ];
                post(networks, url, body, &headers).await
            }
        }
    }
}

/// Why secrets are neither taken nor opened.
pub(crate) const NO_KEY: &str = "secrets of channels are kept only encrypted: set `smtp_secret_key` (`SMTP_SECRET_KEY`) to a text \
     of 16 characters or more that nobody guesses, and start the server anew";

fn bytes(body: &Value) -> Result<Vec<u8>, String> {
    serde_json::to_vec(body).map_err(|error| error.to_string())
}

/// Posts a document; any status of success will do.
async fn post(
    networks: &Networks,
    url: &str,
    body: Vec<u8>,
    headers: &[(&str, String)],
) -> Result<(), String> {
    let to = endpoint(url, networks)?;
    let believed = if to.is_encrypted() { roots::believed() } else { ask::nobody() };
    let conversation = async {
        let client = ask::builder(&to, believed)?.dns_resolver(Names::new(networks.clone()));
        let mut request = ask::built(client)?.post(to.url().clone());
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let request = request.header(CONTENT_TYPE, "application/json").body(body);
        let response = request.send().await.map_err(ask::unreached)?;
        let status = response.status();
        // What is answered is read so that whoever answers can end in order.
        let _unread: Result<Vec<u8>, _> = ask::body(response, MOST).await;
        if status.is_success() { Ok(()) } else { Err(ask::NoAnswer::Status(status.as_u16())) }
    };
    let bounded = tokio::time::timeout(PATIENCE, conversation).await;
    let said = bounded.unwrap_or(Err(ask::NoAnswer::TooSlow(PATIENCE.as_millis())));
    said.map_err(|why| why.to_string())
}
