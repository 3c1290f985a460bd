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
use rustls::pki_types::CertificateDer;

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
    let believed: Vec<_> = match mailing.security {
        Security::None => Vec::new(),
        Security::Starttls | Security::Tls => roots::certificates().collect(),
    };
    send_believing(&believed, networks, (mailing, password), message).await
}

/// Sends it to whom these vouch for, where TLS is spoken.
async fn send_believing(
    believed: &[CertificateDer<'_>],
    networks: &Networks,
    (mailing, password): (&Mailing, Option<&str>),
    message: &Message,
) -> Result<(), String> {
    let mail = mail(mailing, message)?;
    let conversation = async {
        let found = networks.addresses(&mailing.host).await?;
        let mut said = String::from("the name leads nowhere");
        for address in found {
            let transport = transport((mailing, password), address, believed)?;
            match transport.send(mail.clone()).await {
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
    (mailing, password): (&Mailing, Option<&str>),
    address: IpAddr,
    believed: &[CertificateDer<'_>],
) -> Result<AsyncSmtpTransport<Tokio1Executor>, String> {
    let tls = match mailing.security {
        Security::None => Tls::None,
        Security::Starttls => Tls::Required(encryption(&mailing.host, believed)?),
        Security::Tls => Tls::Wrapper(encryption(&mailing.host, believed)?),
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

/// TLS that believes whom these vouch for, and nobody else.
fn encryption(host: &str, believed: &[CertificateDer<'_>]) -> Result<TlsParameters, String> {
    let mut building =
        TlsParameters::builder(host.to_owned()).certificate_store(CertificateStore::None);
    for certificate in believed {
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

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::Arc;
    use std::thread::JoinHandle;

    use rustls::crypto::ring;
    use rustls::pki_types::PrivateKeyDer;
    use rustls::{ServerConfig, ServerConnection, StreamOwned};

    use super::*;

    /// A server for one mail: its port, who vouches for it, and what it was told.
    struct Server {
        port: u16,
        authority: CertificateDer<'static>,
        told: JoinHandle<Vec<String>>,
    }

    impl Server {
        fn start(security: Security, name: &str) -> Self {
            let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
            let authority = made.cert.der().clone();
            let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
            let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(vec![authority.clone()], key)
                .unwrap();
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            let told = std::thread::spawn(move || {
                let (mut stream, _) = listener.accept().unwrap();
                let mut told = Vec::new();
                if security == Security::Starttls {
                    told = session(&mut stream, Greeting::Plain);
                    if told.last().is_none_or(|line| line != "STARTTLS") {
                        return told;
                    }
                }
                let connection = ServerConnection::new(Arc::new(config)).unwrap();
                let mut secured: StreamOwned<_, TcpStream> = StreamOwned::new(connection, stream);
                let greeting = match security {
                    Security::Starttls => Greeting::Over,
                    Security::None | Security::Tls => Greeting::Secured,
                };
                told.push(String::from("(secured)"));
                told.extend(session(&mut secured, greeting));
                told
            });
            Self { port, authority, told }
        }
    }

    #[derive(Clone, Copy, PartialEq)]
    enum Greeting {
        /// Before TLS, which is offered.
        Plain,
        /// Within TLS from the first byte.
        Secured,
        /// Once TLS was begun: nothing is said first.
        Over,
    }

    /// Speaks as a server for mail does (RFC 5321) until the other side quits, goes, or begins TLS.
    fn session(stream: &mut (impl Read + Write), greeting: Greeting) -> Vec<String> {
        let mut told = Vec::new();
        let say = |stream: &mut dyn Write, text: &str| stream.write_all(text.as_bytes()).is_ok();
        if greeting != Greeting::Over && !say(stream, "220 test\r\n") {
            return told;
        }
        let mut is_data = false;
        while let Some(line) = line(stream) {
            let word = line.split(' ').next().unwrap_or_default().to_owned();
            told.push(line);
            let answer = match &*word {
                "." if is_data => "250 kept\r\n",
                _ if is_data => continue,
                "EHLO" if greeting == Greeting::Plain => "250-test\r\n250 STARTTLS\r\n",
                "EHLO" => "250-test\r\n250 AUTH PLAIN\r\n",
                "AUTH" => "235 welcome\r\n",
                "DATA" => "354 go on\r\n",
                "STARTTLS" => "220 begin\r\n",
                "QUIT" => "221 bye\r\n",
                _ => "250 good\r\n",
            };
            is_data = word == "DATA" || (is_data && word != ".");
            if !say(stream, answer) || ["STARTTLS", "QUIT"].contains(&&*word) {
                break;
            }
        }
        told
    }

    fn line(stream: &mut impl Read) -> Option<String> {
        let mut line = Vec::new();
        let mut byte = [0_u8; 1];
        while stream.read(&mut byte).ok()? == 1 {
            match byte {
                [b'\n'] => return String::from_utf8(line).ok(),
                [b'\r'] => {}
                [byte] => line.push(byte),
            }
        }
        None
    }

    async fn mailed(
        server: &Server,
        security: Security,
        believed: &[CertificateDer<'_>],
    ) -> Result<(), String> {
        let mailing = Mailing {
            host: String::from("127.0.0.1"),
            port: server.port,
            security,
            user: Some(String::from("gate")),
            from: String::from("gate@example.com"),
            to: vec![String::from("ann@example.com")],
        };
        let networks = Networks::parse("127.0.0.0/8").unwrap();
        let message = Message::test("d1", "", None);
        let by = (&mailing, Some("of the mail server"));
        send_believing(believed, &networks, by, &message).await
    }

    #[tokio::test]
    async fn name_and_password_go_through_tls_to_whom_somebody_vouches_for() {
        for security in [Security::Starttls, Security::Tls] {
            let server = Server::start(security, "127.0.0.1");
            let believed = [server.authority.clone()];
            mailed(&server, security, &believed).await.unwrap();
            let told = server.told.join().unwrap();
            let at = |word: &str| told.iter().position(|line| line.starts_with(word));
            assert!(at("(secured)").unwrap() < at("AUTH PLAIN").unwrap(), "{told:?}");
            assert!(
                at("AUTH PLAIN") < at("DATA") && at("DATA") < at("Subject: datafog"),
                "{told:?}"
            );
        }
    }

    #[tokio::test]
    async fn whoever_else_answers_is_told_nothing() {
        for security in [Security::Starttls, Security::Tls] {
            for name in ["127.0.0.1", "mail.example.com"] {
                let server = Server::start(security, name);
                let other = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
                // Nobody vouches for the first; the second is vouched for under another name.
                let believed = match name {
                    "127.0.0.1" => [other.cert.der().clone()],
                    _ => [server.authority.clone()],
                };
                assert!(mailed(&server, security, &believed).await.is_err(), "{name}");
                let told = server.told.join().unwrap();
                assert!(!told.iter().any(|line| line.starts_with("AUTH")), "{told:?}");
            }
        }
    }
}
