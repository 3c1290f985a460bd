//! Checks by name: checksums, structure, ranges, and the judgement of a value in context.
//!
//! One file each; adding one is a file and a line in [`VALIDATORS`]. Each says where its algorithm
//! is published. A validator looks only at what it is given and takes time linear in it.

mod address;
mod azure;
mod base58;
mod base64;
mod basic;
mod bech32;
mod card;
mod crc32;
mod email;
mod encoded;
mod entropy;
mod ethereum;
mod iban;
mod jwt;
mod naming;
mod national;
mod nats;
mod pem;
mod phone;
mod placeholder;
mod secret;
mod shape;
mod ssn;
mod url;

pub(crate) use placeholder::is_sample;

use crate::candidate::Validator;

/// All validators, sorted by name; the build script reads the names from here.
pub(crate) static VALIDATORS: &[(&str, Validator)] = &[
    ("atlassian-crc32", crc32::atlassian),
    ("au-tfn", national::au_tfn),
    ("aws-key-id", encoded::aws_key_id),
    ("azure-devops", azure::devops),
    ("azure-identifiable", azure::identifiable),
    ("azure-sas", shape::azure_sas),
    ("base58-address", base58::address),
    ("base58-extended-key", base58::extended_key),
    ("base58-import-format", base58::import_format),
    ("base64-json", basic::json),
    ("basic-credentials", basic::basic),
    ("bech32", bech32::bech32),
    ("br-cpf", national::br_cpf),
    ("ca-sin", national::ca_sin),
    ("card", card::card),
    ("cloudflare-crc32", crc32::cloudflare),
    ("confluent-crc32", crc32::confluent),
    ("database-url", url::database),
    ("date", shape::date),
    ("de-tax-id", national::de_tax_id),
    ("discord", encoded::discord),
    ("email", email::email),
    ("ethereum", ethereum::address),
    ("github-crc32", crc32::github),
    ("gitlab-crc32", crc32::gitlab),
    ("grafana-crc32", crc32::grafana),
    ("iban", iban::iban),
    ("in-aadhaar", national::in_aadhaar),
    ("ipv4", address::ipv4),
    ("ipv6", address::ipv6),
    ("jwk", shape::jwk),
    ("jwt", jwt::jwt),
    ("key", secret::key),
    ("literal", secret::literal),
    ("named", secret::named),
    ("nats", nats::nats),
    ("nl-bsn", national::nl_bsn),
    ("numbered", encoded::numbered),
    ("openai", shape::openai),
    ("password", secret::password),
    ("pgpass", shape::pgpass),
    ("phone", phone::phone),
    ("pl-pesel", national::pl_pesel),
    ("private-key", pem::private_key),
    ("putty", shape::putty),
    ("random", shape::random),
    ("sentry", encoded::sentry),
    ("slack", shape::slack),
    ("ssn", ssn::ssn),
    ("uk-nhs", national::uk_nhs),
    ("url-credentials", url::credentials),
    ("zuplo-crc32", crc32::zuplo),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_unique() {
        assert!(VALIDATORS.is_sorted_by(|(one, _), (two, _)| one < two));
    }
}
