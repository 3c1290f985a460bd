//! One mail to one server for mail.
//!
//! The server's name is looked up and its addresses are judged before anybody is asked; its certificate
//! must be for the name. Without TLS only this machine is asked. What a server says is not kept but for
//! its code: it could repeat anything.

use core::net::IpAddr;
use std::time::Duration;

use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::{AsyncSmtpTransport, Error};
use lettre::{AsyncTransport as _, Message as Mail, Tokio1Executor};

use super::form::{Mailing, Security};
use super::message::Message;
use crate::{Networks, roots};

/// How long a mail may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sends a mail.
pub(super) async fn send(
    networks: &Networks,
    mailing: &Mailing,
    password: Option<&str>,
    message: &Message,
) -> Result<(), String> {
    let mail = mail(mailing, message)?;
    let conversation = async {
        let found = networks.addresses(&mailing.host).await?;
        let mut said = String::from("the name leads nowhere");
        for address in found {
            match transport(mailing, password, address)?.send(mail.clone()).await {
                Ok(_) => return Ok(()),
                // Whoever answered has said it: another address of the same name is not asked.
                Err(error) if error.status().is_some() || error.is_tls() => {
                    return Err(told(&error));
                }
                Err(error) => said = told(&error),
            }
        }
        Err(said)
    };
    let bounded = tokio::time::timeout(PATIENCE, conversation).await;
    bounded.unwrap_or_else(|_| Err(String::from("the mail server took too long")))
}

/// Whether an address can be written to.
pub(super) fn mailbox(text: &str) -> Result<Mailbox, String> {
    let wrong = || String::from("`from` and `to` are addresses of mail, such as ann@example.com");
    text.parse().map_err(|_| wrong())
}

fn mail(mailing: &Mailing, message: &Message) -> Result<Mail, String> {
    let unmade = |error: lettre::error::Error| error.to_string();
    let mut building = Mail::builder()
        .from(mailbox(&mailing.from)?)
        .subject(format!("datafog: {}", message.title()))
        .message_id(Some(format!("<{}@datafog>", message.delivery)))
        .header(ContentType::TEXT_PLAIN);
    for to in &mailing.to {
        building = building.to(mailbox(to)?);
    }
    let mut mail = building.body(message.text()).map_err(unmade)?;
    // Answers of machines to machines stay out (RFC 3834).
    if let Ok(name) = HeaderName::new_from_ascii(String::from("Auto-Submitted")) {
        let value = HeaderValue::new(name, String::from("auto-generated"));
        mail.headers_mut().insert_raw(value);
    }
    Ok(mail)
}

fn transport(
    mailing: &Mailing,
    password: Option<&str>,
    address: IpAddr,
) -> Result<AsyncSmtpTransport<Tokio1Executor>, String> {
    let tls = match mailing.security {
        Security::None => Tls::None,
        Security::Starttls => Tls::Required(encryption(&mailing.host)?),
        Security::Tls => Tls::Wrapper(encryption(&mailing.host)?),
    };
    let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.to_string())
        .port(mailing.port)
        .tls(tls)
        .timeout(Some(PATIENCE));
    let transport = match (&mailing.user, password) {
        (Some(user), Some(password)) => transport
            .credentials(Credentials::new(user.clone(), password.to_owned()))
            .authentication(vec![Mechanism::Plain, Mechanism::Login]),
        _ => transport,
    };
    Ok(transport.build())
}

/// TLS that believes whom this machine believes, and nobody else.
fn encryption(host: &str) -> Result<TlsParameters, String> {
    let mut building =
        TlsParameters::builder(host.to_owned()).certificate_store(CertificateStore::None);
    for certificate in roots::certificates() {
        if let Ok(certificate) = Certificate::from_der(certificate.to_vec()) {
            building = building.add_root_certificate(certificate);
        }
    }
    building.build().map_err(|_| String::from("TLS cannot be spoken"))
}

fn told(error: &Error) -> String {
    match error.status() {
        Some(code) => format!("the mail server refused with {code}"),
        None if error.is_timeout() => String::from("the mail server took too long"),
        None if error.is_tls() => String::from("the mail server's TLS is not to be trusted"),
        None if error.is_client() => {
            String::from("the mail server offers no way to log in, or no STARTTLS")
        }
        None => String::from("the mail server cannot be reached"),
    }
}
