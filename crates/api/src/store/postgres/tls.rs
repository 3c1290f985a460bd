//! TLS to the database, where its address asks for it.
//!
//! `sslmode=require` and `sslmode=verify-full` are one here: whoever answers shows a certificate for the
//! host that the address names, by an authority that this machine's store, or the file `sslrootcert`, holds.
//! There is no TLS with anybody who happens to answer. Without either the connection is plain.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_postgres::{Config, Socket};
use tokio_rustls::TlsConnector;
use tokio_rustls::client;

use crate::roots;
use crate::store::Error;

/// Parameters of an address that are about TLS.
const MODE: &str = "sslmode";
const AUTHORITIES: &str = "sslrootcert";

/// Speaks TLS with whom the store of certificates vouches for.
#[derive(Clone)]
pub(super) struct Secured(TlsConnector);

impl fmt::Debug for Secured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secured")
    }
}

/// What an address says: whom to ask, and how, where that is not plain.
pub(super) fn read(address: &str) -> Result<(Config, Option<Secured>), Error> {
    let said = Said::of(address)?;
    let plain: Config = said.rest.parse()?;
    let is_secured = match said.mode.as_deref() {
        None | Some("disable" | "prefer") => false,
        Some("require" | "verify-full") => true,
        Some(_) => return Err(wrong("`sslmode` is disable, prefer, require or verify-full")),
    };
    if !is_secured {
        return match said.authorities {
            Some(_) => Err(wrong("`sslrootcert` goes with `sslmode=verify-full`")),
            None => Ok((plain, None)),
        };
    }
    let mut settings = plain;
    settings.ssl_mode(tokio_postgres::config::SslMode::Require);
    Ok((settings, Some(Secured::believing(said.authorities.as_deref())?)))
}

/// What of an address is about TLS, and what is not.
#[derive(Debug, Default)]
struct Said {
    mode: Option<String>,
    authorities: Option<String>,
    rest: String,
}

impl Said {
    fn of(address: &str) -> Result<Self, Error> {
        let mut said = Self::default();
        let is_url = ["postgres://", "postgresql://"].iter().any(|it| address.starts_with(it));
        if is_url {
            let (place, query) = address.split_once('?').unwrap_or((address, ""));
            let kept: Vec<&str> = query.split('&').filter(|pair| !said.takes(pair)).collect();
            let kept = kept.join("&");
            said.rest = if kept.is_empty() { place.into() } else { format!("{place}?{kept}") };
            return Ok(said);
        }
        // Within quotes a word may be anything.
        if address.contains('\'') {
            if address.contains(AUTHORITIES) || address.contains("verify-full") {
                return Err(wrong("write an address with TLS as `postgres://…`"));
            }
            said.rest = address.to_owned();
            return Ok(said);
        }
        let words = address.split_ascii_whitespace();
        let kept: Vec<&str> = words.filter(|word| !said.takes(word)).collect();
        said.rest = kept.join(" ");
        Ok(said)
    }

    /// Takes a parameter that is about TLS.
    fn takes(&mut self, pair: &str) -> bool {
        let Some((name, value)) = url::form_urlencoded::parse(pair.as_bytes()).next() else {
            return false;
        };
        match &*name {
            MODE => self.mode = Some(value.into_owned()),
            AUTHORITIES => self.authorities = Some(value.into_owned()),
            _ => return false,
        }
        true
    }
}

impl Secured {
    fn believing(authorities: Option<&str>) -> Result<Self, Error> {
        let mut believed = RootCertStore::empty();
        match authorities {
            None => believed = roots::believed(),
            Some(path) => {
                let unread = |error| wrong(&format!("`sslrootcert`: {error}"));
                for certificate in CertificateDer::pem_file_iter(path).map_err(unread)? {
                    let refused = |error| wrong(&format!("`sslrootcert`: {error}"));
                    believed.add(certificate.map_err(unread)?).map_err(refused)?;
                }
            }
        }
        if believed.is_empty() {
            return Err(wrong("there is no certificate of an authority to believe"));
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| wrong(&error.to_string()))?;
        let config = config.with_root_certificates(believed).with_no_client_auth();
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }
}

fn wrong(what: &str) -> Error {
    Error::Unavailable(what.to_owned())
}

impl MakeTlsConnect<Socket> for Secured {
    type Stream = Through;
    type TlsConnect = To;
    type Error = io::Error;

    fn make_tls_connect(&mut self, host: &str) -> io::Result<To> {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        Ok(To(self.0.clone(), name))
    }
}

/// The one who is spoken to.
pub(super) struct To(TlsConnector, ServerName<'static>);

impl TlsConnect<Socket> for To {
    type Stream = Through;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Through>> + Send>>;

    fn connect(self, socket: Socket) -> Self::Future {
        let Self(connector, name) = self;
        Box::pin(
            async move { connector.connect(name, socket).await.map(|it| Through(Box::new(it))) },
        )
    }
}

/// A connection through TLS.
pub(super) struct Through(Box<client::TlsStream<Socket>>);

impl TlsStream for Through {
    /// The certificate is looked at, so whoever sits between cannot pass a password on.
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Through {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, into)
    }
}

impl AsyncWrite for Through {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_about_tls_is_taken_out_of_an_address() {
        for (address, mode, authorities, rest) in [
            ("postgres://a:b@h/d", None, None, "postgres://a:b@h/d"),
            ("postgres://h/d?sslmode=require", Some("require"), None, "postgres://h/d"),
            (
                "postgres://h/d?a=1&sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem&b=2",
                Some("verify-full"),
                Some("/etc/ca.pem"),
                "postgres://h/d?a=1&b=2",
            ),
            ("host=h sslmode=prefer user=u", Some("prefer"), None, "host=h user=u"),
            ("host=h password='a sslmode=b'", None, None, "host=h password='a sslmode=b'"),
        ] {
            let said = Said::of(address).unwrap();
            let found = (said.mode.as_deref(), said.authorities.as_deref(), said.rest.as_str());
            assert_eq!(found, (mode, authorities, rest), "{address}");
        }
        assert!(read("postgres://h/d").unwrap().1.is_none());
        for refused in [
            "postgres://h/d?sslmode=verify-ca",
            "postgres://h/d?sslrootcert=/x",
            "postgres://h/d?sslmode=verify-full&sslrootcert=/not/there",
            "host=h password='x y' sslmode=verify-full",
        ] {
            assert!(read(refused).is_err(), "{refused}");
        }
    }
}
