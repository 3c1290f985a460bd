//! Checks by name: checksums, structure, ranges, and the judgement of a value in context.
//!
//! One file each; adding one is a file and a line in [`VALIDATORS`]. Each says where its algorithm
//! is published. A validator looks only at what it is given and takes time linear in it.

mod address;
mod armour;
mod around;
mod azure;
mod bare;
mod base58;
mod base64;
mod basic;
mod bech32;
mod beside;
mod called_key;
mod card;
mod cell;
mod census;
mod code;
mod crc32;
mod digits;
mod document;
mod email;
mod encoded;
mod entropy;
mod ethereum;
mod europe;
mod expression;
mod iban;
mod jwt;
mod lookalike;
mod name;
mod naming;
mod national;
mod national_phone;
mod nats;
mod nuget;
mod parts;
mod pem;
mod phone;
mod pin;
mod place;
mod placeholder;
mod secret;
mod seed;
mod shape;
mod ssn;
mod standing;
mod told;
mod url;
mod vehicle;
mod wordy;
mod world;

pub(crate) use naming::{Promise, promise};
pub(crate) use placeholder::is_sample;
pub(crate) use secret::LEAST_PASSWORD;

use crate::candidate::Validator;

/// All validators, sorted by name; the build script reads the names from here.
pub(crate) static VALIDATORS: &[(&str, Validator)] = &[
    ("alone-au-abn", bare::au_abn),
    ("alone-au-medicare", bare::au_medicare),
    ("alone-au-number", bare::au_number),
    ("alone-bitcoin", bare::bitcoin),
    ("alone-es-dni", bare::es_dni),
    ("alone-es-nie", bare::es_nie),
    ("alone-es-nie-dashed", bare::es_nie_dashed),
    ("alone-fi-hetu", bare::fi_hetu),
    ("alone-gb-nino", bare::gb_nino),
    ("alone-in-aadhaar", bare::in_aadhaar),
    ("alone-in-gstin", bare::in_gstin),
    ("alone-in-pan", bare::in_pan),
    ("alone-in-vehicle", bare::in_vehicle),
    ("alone-it-card", bare::it_card),
    ("alone-it-fiscal", bare::it_fiscal),
    ("alone-it-vat", bare::it_vat),
    ("alone-kr-rrn", bare::kr_rrn),
    ("alone-pl-pesel", bare::pl_pesel),
    ("alone-sg-nric", bare::sg_nric),
    ("alone-sg-uen", bare::sg_uen),
    ("alone-th-id", bare::th_id),
    ("alone-us-mbi", bare::us_mbi),
    ("answer", beside::answer),
    ("apart", shape::apart),
    ("ar-cuit", world::ar_cuit),
    ("at-svnr", europe::at_svnr),
    ("atlassian-crc32", crc32::atlassian),
    ("au-abn", world::au_abn),
    ("au-acn", world::au_acn),
    ("au-medicare", world::au_medicare),
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
    ("be-national", europe::be_national),
    ("bech32", bech32::bech32),
    ("beside-user", beside::user),
    ("bg-egn", europe::bg_egn),
    ("br-cpf", national::br_cpf),
    ("ca-sin", national::ca_sin),
    ("call", beside::call),
    ("card", card::card),
    ("card-in-text", card::card_in_text),
    ("cell-key", cell::key),
    ("cell-password", cell::password),
    ("ch-ahv", europe::ch_ahv),
    ("cl-rut", world::cl_rut),
    ("client-id", parts::client_id),
    ("cloudflare-crc32", crc32::cloudflare),
    ("cn-resident", world::cn_resident),
    ("confluent-crc32", crc32::confluent),
    ("cookie", shape::cookie),
    ("coordinates", place::coordinates),
    ("cz-birth", europe::cz_birth),
    ("database-url", url::database),
    ("date", shape::date),
    ("date-of-column", shape::date_of_column),
    ("de-tax-id", national::de_tax_id),
    ("discord", encoded::discord),
    ("dk-cpr", europe::dk_cpr),
    ("document-account", document::account),
    ("document-licence", document::licence),
    ("document-licence-italian", document::licence_italian),
    ("document-medicare", document::medicare),
    ("document-member", document::member),
    ("document-passport", document::passport),
    ("document-voter", document::voter),
    ("ee-isikukood", europe::ee_isikukood),
    ("email", email::email),
    ("es-nif", europe::es_nif),
    ("ethereum", ethereum::address),
    ("fi-hetu", europe::fi_hetu),
    ("fr-nir", europe::fr_nir),
    ("fr-spi", europe::fr_spi),
    ("gb-nino", europe::gb_nino),
    ("generic-key", secret::generic_key),
    ("github-crc32", crc32::github),
    ("gitlab-crc32", crc32::gitlab),
    ("gr-afm", europe::gr_afm),
    ("gr-amka", europe::gr_amka),
    ("grafana-crc32", crc32::grafana),
    ("hk-id", world::hk_id),
    ("hr-oib", europe::hr_oib),
    ("iban", iban::iban),
    ("id-nik", world::id_nik),
    ("identified", shape::identified),
    ("ie-pps", europe::ie_pps),
    ("il-id", world::il_id),
    ("in-aadhaar", national::in_aadhaar),
    ("in-pan", world::in_pan),
    ("in-vehicle-told", bare::in_vehicle_told),
    ("ipv4", address::ipv4),
    ("ipv6", address::ipv6),
    ("it-fiscal", europe::it_fiscal),
    ("it-vat", europe::it_vat),
    ("jp-my-number", world::jp_my_number),
    ("jwk", shape::jwk),
    ("jwt", jwt::jwt),
    ("key", secret::key),
    ("kr-rrn", world::kr_rrn),
    ("literal", secret::literal),
    ("mac", place::mac),
    ("mx-curp", world::mx_curp),
    ("my-kad", world::my_kad),
    ("name-following", name::following),
    ("name-leading", name::leading),
    ("named", secret::named),
    ("nats", nats::nats),
    ("nl-bsn", national::nl_bsn),
    ("no-fodselsnummer", europe::no_fodselsnummer),
    ("nuget", nuget::api_key),
    ("numbered", encoded::numbered),
    ("numbered-random", shape::numbered_random),
    ("nz-ird", world::nz_ird),
    ("openai", shape::openai),
    ("password", secret::password),
    ("pgpass", shape::pgpass),
    ("phone", phone::phone),
    ("phone-called", national_phone::called),
    ("phone-national", national_phone::national),
    ("pin", pin::pin),
    ("pl-pesel", national::pl_pesel),
    ("plate", vehicle::plate),
    ("plate-german", vehicle::plate_german),
    ("private-key", pem::private_key),
    ("pt-nif", europe::pt_nif),
    ("putty", shape::putty),
    ("random", shape::random),
    ("random-base64", shape::random_base64),
    ("ro-cnp", europe::ro_cnp),
    ("ru-snils", europe::ru_snils),
    ("se-personnummer", europe::se_personnummer),
    ("seed-phrase", seed::phrase),
    ("segwit", bech32::segwit),
    ("sentry", encoded::sentry),
    ("sg-nric", world::sg_nric),
    ("sg-uen", world::sg_uen),
    ("slack", shape::slack),
    ("ssn", ssn::ssn),
    ("street", place::street),
    ("street-before-number", place::street_before_number),
    ("street-spanish", place::street_spanish),
    ("th-id", world::th_id),
    ("told", told::told),
    ("told-for", told::told_for),
    ("told-key", told::told_key),
    ("tr-kimlik", world::tr_kimlik),
    ("tw-id", world::tw_id),
    ("ua-rnokpp", europe::ua_rnokpp),
    ("uk-nhs", national::uk_nhs),
    ("unquoted", beside::unquoted),
    ("url-credentials", url::credentials),
    ("us-aba", world::us_aba),
    ("us-dea", world::us_dea),
    ("us-npi", world::us_npi),
    ("vin", vehicle::vin),
    ("za-id", world::za_id),
    ("zuplo-crc32", crc32::zuplo),
];

/// Those that refuse every value of fewer bytes than a key has, sorted; the build script reads them from
/// here, so that none of them is asked about a short one.
#[cfg(test)]
static OF_KEYS: &[&str] = &[
    // Of any name that says so.
    "generic-key",
    // Of a service.
    "key",
];

/// Those that may say [`crate::candidate::Judgement::Proven`], sorted; the build script reads them
/// from here, so that no other one is asked about a token inside a word.
#[cfg(test)]
static PROVING: &[&str] = &[
    "alone-bitcoin",
    "atlassian-crc32",
    "azure-devops",
    "azure-identifiable",
    "base58-address",
    "base58-extended-key",
    "base58-import-format",
    "bech32",
    "cloudflare-crc32",
    "confluent-crc32",
    "ethereum",
    "github-crc32",
    "gitlab-crc32",
    "grafana-crc32",
    "nats",
    "segwit",
    "zuplo-crc32",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{Rule, Trigger};
    use crate::tables::RULES;

    #[test]
    fn what_proves_is_a_validator() {
        for name in PROVING {
            assert!(VALIDATORS.iter().any(|(known, _)| known == name), "{name}");
        }
    }

    #[test]
    fn no_validator_of_keys_is_asked_about_a_short_value() {
        assert_eq!(secret::LEAST_KEY.min(secret::LEAST_SERVICE), 16);
        let of_keys = |rule: &&Rule| {
            let name = rule.validator.and_then(|at| VALIDATORS.get(usize::from(at)));
            rule.trigger == Trigger::Assignment && name.is_some_and(|it| OF_KEYS.contains(&it.0))
        };
        assert!(RULES.iter().filter(of_keys).count() > OF_KEYS.len());
        assert!(RULES.iter().filter(of_keys).all(|rule| usize::from(rule.least) >= 16));
    }

    #[test]
    fn names_are_sorted_and_unique() {
        assert!(VALIDATORS.is_sorted_by(|(one, _), (two, _)| one < two));
    }
}
