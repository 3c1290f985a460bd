//! Personal data with right check digits, by the rules that issuers publish.

use super::random::{Random, base58check, luhn, remainder};
use super::secrets::{Class, Family};

const fn personal(
    name: &'static str,
    key: &'static str,
    make: fn(&mut Random) -> String,
) -> Family {
    Family { name, class: Class::Personal, key, make }
}

/// Personal data, by name.
pub(super) const PERSONAL: &[Family] = &[
    personal("bitcoin address", "btc_address", |r| {
        let mut payload = vec![0];
        payload.extend(r.bytes(20));
        base58check(&payload)
    }),
    personal("card", "card_number", |r| {
        // Issuer ranges of ISO/IEC 7812: Visa, Mastercard, American Express, Discover, JCB.
        let (head, length) = match r.below(5) {
            0 => ("4".to_owned(), 16),
            1 => (format!("5{}", r.between(1, 5)), 16),
            2 => (r.pick(&["34", "37"]).to_owned(), 15),
            3 => ("6011".to_owned(), 16),
            _ => ("3530".to_owned(), 16_usize),
        };
        let rest = length.saturating_sub(head.len()).saturating_sub(1);
        let body = format!("{head}{}", r.digits(rest));
        let digits = format!("{body}{}", luhn(&body));
        let gap = if length == 16 { r.pick(&["", " ", "-"]) } else { "" };
        grouped(&digits, 4, gap)
    }),
    personal("e-mail", "email", |r| {
        let first = r.pick(&["anna", "joao", "mia", "li.wei", "r.novak", "sara", "tom_b", "k-ito"]);
        let host = r.pick(&["northwind", "lakeside-clinic", "bluepine", "kontor", "studio-seven"]);
        let end = r.pick(&["com", "de", "co.uk", "org", "io", "fr"]);
        format!("{first}{}@{host}.{end}", r.digits(2))
    }),
    personal("finnish identity code", "henkilotunnus", |r| {
        // Day, month, year, a sign for the century, a number, and the remainder of all by 31.
        let date = format!("{:02}{:02}{}", r.between(1, 28), r.between(1, 12), r.between(30, 99));
        let number = format!("{:03}", r.between(2, 899));
        let rest = usize::try_from(remainder(&format!("{date}{number}"), 31)).unwrap_or_default();
        let check = "0123456789ABCDEFHJKLMNPRSTUVWXY".get(rest..rest.saturating_add(1));
        format!("{date}-{number}{}", check.unwrap_or_default())
    }),
    personal("polish pesel", "pesel", |r| {
        let body = format!(
            "{}{:02}{:02}{}",
            r.between(30, 99),
            r.between(1, 12),
            r.between(1, 28),
            r.digits(4)
        );
        let check =
            10_u32.saturating_sub(weighted(&body, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10) % 10;
        format!("{body}{check}")
    }),
    personal("singaporean nric", "nric", |r| {
        let (kind, digits) = (r.pick(&["S", "T"]), r.digits(7));
        let extra = if kind == "T" { 4 } else { 0 };
        let sum = weighted(&digits, &[2, 7, 6, 5, 4, 3, 2]).saturating_add(extra);
        let rest = usize::try_from(sum % 11).unwrap_or_default();
        let check = "JZIHGFEDCBA".get(rest..rest.saturating_add(1)).unwrap_or_default();
        format!("{kind}{digits}{check}")
    }),
    personal("spanish dni", "dni", |r| {
        // Eight digits that are no date, and the remainder by 23 as a letter.
        let digits = format!("{}{}", r.between(3, 9), r.digits(7));
        let rest = usize::try_from(remainder(&digits, 23)).unwrap_or_default();
        let letter = "TRWAGMYFPDXBNJZSQVHLCKE".get(rest..rest.saturating_add(1));
        format!("{digits}{}", letter.unwrap_or_default())
    }),
    personal("german tax id", "steuer_id", |r| {
        // Eleven digits, the first not 0, one digit twice among the first ten (§ 139b AO); the
        // check digit is that of ISO/IEC 7064, MOD 11,10.
        let mut digits: Vec<usize> = (0..10).collect();
        for place in (1..10_usize).rev() {
            let other = r.below(place.saturating_add(1));
            digits.swap(place, other);
        }
        let last = r.below(9);
        if let (Some(twice), Some(place)) = (digits.get(last).copied(), digits.get_mut(9)) {
            *place = twice;
        }
        if digits.first() == Some(&0) {
            digits.swap(0, 1);
        }
        let mut product = 10_usize;
        for digit in &digits {
            let sum = match digit.saturating_add(product) % 10 {
                0 => 10,
                sum => sum,
            };
            product = sum.saturating_mul(2) % 11;
        }
        let check = 11_usize.saturating_sub(product) % 10;
        digits.iter().chain([&check]).map(ToString::to_string).collect()
    }),
    personal("iban", "iban", |r| {
        // Lengths and shapes of the SWIFT registry, for countries whose account part is digits.
        let (country, digits) =
            *[("DE", 18), ("ES", 20), ("AT", 16), ("BE", 12), ("PT", 21), ("PL", 24)]
                .get(r.below(6))
                .unwrap_or(&("DE", 18));
        let account = r.digits(digits);
        let number: String = country
            .bytes()
            .map(|letter| u32::from(letter.saturating_sub(b'A')).saturating_add(10).to_string())
            .collect();
        let check = 98_u32.saturating_sub(remainder(&format!("{account}{number}00"), 97));
        let gap = r.pick(&["", " "]);
        grouped(&format!("{country}{check:02}{account}"), 4, gap)
    }),
    personal("ip address", "client_ip", |r| {
        let first = *[81_usize, 93, 146, 178, 203].get(r.below(5)).unwrap_or(&81);
        format!("{first}.{}.{}.{}", r.between(1, 99), r.between(1, 254), r.between(1, 254))
    }),
    personal("nhs number", "nhs_number", |r| {
        loop {
            // Ten digits, the last so that the weighted sum is a multiple of eleven.
            let body = format!("{}{}", r.between(4, 7), r.digits(8));
            let weights = (2..=10_u32).rev();
            let sum: u32 = body
                .bytes()
                .zip(weights)
                .map(|(digit, weight)| u32::from(digit.saturating_sub(b'0')).saturating_mul(weight))
                .sum();
            let check = 11_u32.saturating_sub(sum % 11) % 11;
            if check < 10 {
                let digits = format!("{body}{check}");
                let (one, rest) = digits.split_at_checked(3).unwrap_or_default();
                let (two, three) = rest.split_at_checked(3).unwrap_or_default();
                return format!("{one} {two} {three}");
            }
        }
    }),
    personal("phone, international", "phone", |r| match r.below(3) {
        0 => format!("+49 30 {}", r.between(2_000_000, 8_999_999)),
        1 => format!("+44 20 7{} {}", r.between(100, 999), r.between(1000, 9999)),
        _ => format!("+33 1 4{} {} {} {}", r.digits(1), two(r), two(r), two(r)),
    }),
    personal("phone, north america", "phone", |r| {
        // Area and exchange begin with 2 to 9; 555 is fiction.
        let (area, exchange) = (r.pick(&["212", "415", "303", "617", "206"]), r.between(220, 499));
        let line = r.between(1000, 9999);
        match r.below(3) {
            0 => format!("({area}) {exchange}-{line}"),
            1 => format!("{area}-{exchange}-{line}"),
            _ => format!("+1 {area} {exchange} {line}"),
        }
    }),
    personal("us social security number", "ssn", |r| {
        format!("{}-{}-{}", r.between(100, 665), r.between(10, 99), r.between(1000, 9999))
    }),
];

/// The sum of each digit times its weight.
fn weighted(digits: &str, weights: &[u32]) -> u32 {
    digits
        .bytes()
        .zip(weights)
        .map(|(digit, weight)| u32::from(digit.saturating_sub(b'0')).saturating_mul(*weight))
        .sum()
}

fn two(r: &mut Random) -> String {
    r.digits(2)
}

fn grouped(digits: &str, size: usize, gap: &str) -> String {
    let letters: Vec<char> = digits.chars().collect();
    let groups = letters.chunks(size).map(|group| group.iter().collect::<String>());
    groups.collect::<Vec<_>>().join(gap)
}
