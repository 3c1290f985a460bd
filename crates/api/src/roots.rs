//! Whose certificates are believed: those that this machine's administrators put into its store.
//!
//! A list within the binary would know no authority of the house, which is the one that signs for a
//! server of the house; and it would go on believing one that was taken out of the store. The files
//! are named here and no variable can name others: a governed process sets its own.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// Where systems keep all of them in one file: Debian and Alpine, Fedora, SUSE, macOS and BSD.
const STORES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The certificates of the first store that is there. One that cannot be read counts as not in it:
/// that can only make fewer servers believed.
pub(crate) fn believed() -> RootCertStore {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(stored());
    store
}

/// The same certificates one by one, for who keeps a store of its own.
#[cfg(feature = "server")]
pub(crate) fn certificates() -> impl Iterator<Item = CertificateDer<'static>> {
    let is_parsable =
        |certificate: &CertificateDer<'_>| RootCertStore::empty().add(certificate.clone()).is_ok();
    stored().filter(is_parsable)
}

fn stored() -> impl Iterator<Item = CertificateDer<'static>> {
    let found = STORES.iter().find_map(|path| CertificateDer::pem_file_iter(path).ok());
    found.into_iter().flatten().flatten()
}
