//! Checks by name: checksums, structure, ranges, and the judgement of a value in context.
//!
//! One file each; adding one is a file and a line in [`VALIDATORS`]. Each says where its algorithm
//! is published. A validator looks only at what it is given and takes time linear in it.

mod address;
mod base64;
mod card;
mod crc32;
mod email;
mod entropy;
mod jwt;
mod naming;
mod pem;
mod phone;
mod placeholder;
mod secret;
mod ssn;
mod url;

pub(crate) use placeholder::is_sample;

use crate::candidate::Validator;

/// All validators, sorted by name; the build script reads the names from here.
pub(crate) static VALIDATORS: &[(&str, Validator)] = &[
    ("card", card::card),
    ("database-url", url::database),
    ("email", email::email),
    ("github-crc32", crc32::github),
    ("ipv4", address::ipv4),
    ("jwt", jwt::jwt),
    ("key", secret::key),
    ("password", secret::password),
    ("phone", phone::phone),
    ("private-key", pem::private_key),
    ("ssn", ssn::ssn),
    ("url-credentials", url::credentials),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_unique() {
        assert!(VALIDATORS.is_sorted_by(|(one, _), (two, _)| one < two));
    }
}
