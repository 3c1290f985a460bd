//! Examples are templates, so that no whole token stands in the repository.
//!
//! `{kind:n}` stands for `n` random characters of a kind, `{check:n}` for `n` random characters
//! and a checksum of what stands so far, `{text:…}` forms encode text. `«…»` marks the value; the
//! marks are taken out. The checksums here are written apart from those that they test.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// An expanded template.
#[derive(Debug)]
pub(crate) struct Example {
    pub(crate) text: String,
    /// The value: first byte and one past the last.
    pub(crate) span: (usize, usize),
}

/// Expands `source`; the random characters depend on `id` and `index` only.
pub(crate) fn expand(source: &str, id: &str, index: usize) -> Example {
    let mut random = Random::new(id, index);
    let mut text = String::new();
    let mut marks = (None, None);
    let mut value = 0;
    let mut rest = source;
    while let Some(character) = rest.chars().next() {
        if let Some((name, argument, after)) = placeholder(rest)
            && let Some(made) = generate(name, argument, &text[value..], &mut random)
        {
            text.push_str(&made);
            rest = after;
            continue;
        }
        rest = &rest[character.len_utf8()..];
        match character {
            '«' => {
                marks.0 = Some(text.len());
                value = text.len();
            }
            '»' => marks.1 = Some(text.len()),
            other => text.push(other),
        }
    }
    let span = (marks.0.unwrap_or(0), marks.1.unwrap_or(text.len()));
    Example { text, span }
}

fn placeholder(text: &str) -> Option<(&str, &str, &str)> {
    text.strip_prefix('{')?;
    let mut depth = 0_usize;
    let end = text.find(|character| {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        depth == 0
    })?;
    let (name, argument) = text.get(1..end)?.split_once(':')?;
    Some((name, argument, &text[end + 1..]))
}

/// What stands for `{name:argument}` after `before`; `None` when it is no placeholder.
fn generate(name: &str, argument: &str, before: &str, random: &mut Random) -> Option<String> {
    const DIGITS: &str = "0123456789";
    const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
    let both = format!("{UPPER}{LOWER}");
    let base62 = format!("{DIGITS}{both}");
    let alphabet = match name {
        "digits" => DIGITS.to_owned(),
        "upper" => UPPER.to_owned(),
        "lower" => LOWER.to_owned(),
        "letters" => both,
        "hex" => "0123456789abcdef".to_owned(),
        "HEX" => "0123456789ABCDEF".to_owned(),
        "base32" => format!("{UPPER}234567"),
        "base36" => format!("{DIGITS}{LOWER}"),
        "BASE36" => format!("{DIGITS}{UPPER}"),
        "base62" => base62,
        "base64" => format!("{base62}+/"),
        "base64url" => format!("{base62}-_"),
        "github-crc32" => {
            let body = random.text(&base62, argument.parse().ok()?);
            let sum = base62_digits(crc32(&body));
            return Some(body + &sum);
        }
        "github-crc32-of" => {
            return Some(format!("{argument}{}", base62_digits(crc32(argument))));
        }
        "keyword" => return Some(argument.to_owned()),
        "encoded" => return Some(base64(argument.as_bytes(), "+/", true)),
        "encodedurl" => return Some(base64(argument.as_bytes(), "-_", false)),
        "luhn" => return luhn(argument, random),
        "crc32hex" => {
            return Some(format!("{:0width$x}", crc32(before), width = argument.parse().ok()?));
        }
        "CRC32HEX" => {
            return Some(format!("{:0width$X}", crc32(before), width = argument.parse().ok()?));
        }
        "crc32hexle" => {
            let body = before.trim_end_matches('_');
            return Some(format!("{:08x}", crc32(body).swap_bytes()));
        }
        "crc32base36" => return Some(in_base(u64::from(crc32(before)), 36, 7)),
        "cloudflare-crc32" => {
            let body = random.text(&base62, argument.parse().ok()?);
            let sum = crc32(&body);
            return Some(format!("{body}{sum:08x}"));
        }
        "natsseed" => return Some(nats_seed(argument, random)),
        "agekey" => return Some(age_key(random)),
        "bech32" => return bech32(argument, random),
        "base58" => return base58(argument, random),
        "confluent" => return Some(confluent(random)),
        "crc32hexof" => {
            let body = random.text(&base62, argument.parse().ok()?);
            return Some(format!("{body}_{:08x}", crc32(&body)));
        }
        "devops" => return Some(devops(random)),
        "discord" => {
            let id = format!("8{}", random.text(DIGITS, argument.parse().ok()?));
            return Some(base64(id.as_bytes(), "-_", false));
        }
        "identifiable" => return identifiable(argument, random),
        "numbered" => {
            let text = format!("8{}:", random.text(DIGITS, 11));
            return Some(
                base64(text.as_bytes(), "+/", true).replace('=', "") + &random.text(&both, 26),
            );
        }
        "der" => return Some(wrapped_der(argument.parse().ok()?, random)),
        "openssh" => return Some(wrapped_openssh(argument.parse().ok()?, random)),
        "uuid" => return Some(uuid(random)),
        _ => return None,
    };
    Some(random.text(&alphabet, argument.parse().ok()?))
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(id: &str, index: usize) -> Self {
        let seed = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(seed.wrapping_add(index as u64))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Random characters; those of an alphabet with digits always hold one in the middle.
    pub(crate) fn text(&mut self, alphabet: &str, length: usize) -> String {
        let bytes = alphabet.as_bytes();
        (0..length)
            .map(|at| {
                let pick =
                    if at == length / 2 && bytes[0] == b'0' { 7 } else { self.next() as usize };
                char::from(bytes[pick % bytes.len()])
            })
            .collect()
    }
}

/// CRC-32, one bit at a time.
fn crc32(text: &str) -> u32 {
    let mut crc = u32::MAX;
    for byte in text.bytes() {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 * (crc & 1));
        }
    }
    !crc
}

fn base62_digits(value: u32) -> String {
    let swapped = |c: char| {
        if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }
    };
    in_base(u64::from(value), 62, 6).chars().map(swapped).collect()
}

/// `width` digits of `value`: `0-9a-zA-Z`.
fn in_base(value: u64, base: u64, width: u32) -> String {
    let digits = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    (0..width)
        .rev()
        .map(|place| char::from(digits[(value / base.pow(place) % base) as usize]))
        .collect()
}

/// A NATS seed of the kind whose two letters are given.
fn nats_seed(kind: &str, random: &mut Random) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let digit = |letter: u8| ALPHABET.iter().position(|known| *known == letter).unwrap() as u16;
    let kind = kind.as_bytes();
    let prefix = (digit(kind[0]) << 11) | (digit(kind[1]) << 6);
    let mut bytes = prefix.to_be_bytes().to_vec();
    bytes.extend((0..32).map(|_| random.next() as u8));
    let mut crc = 0_u32;
    for byte in &bytes {
        crc ^= u32::from(*byte) << 8;
        for _ in 0..8 {
            crc <<= 1;
            if crc > 0xffff {
                crc ^= 0x1_1021;
            }
        }
    }
    bytes.extend((crc as u16).to_le_bytes());
    let bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
    bits.as_bytes()
        .chunks(5)
        .map(|five| format!("{:0<5}", str::from_utf8(five).unwrap()))
        .map(|five| char::from(ALPHABET[usize::from_str_radix(&five, 2).unwrap()]))
        .collect()
}

/// An age identity: bech32 of 52 random digits.
fn age_key(random: &mut Random) -> String {
    bech32_of("age-secret-key-", 52, random).to_uppercase()
}

/// `head/digits`: bech32 of so many random digits.
fn bech32(argument: &str, random: &mut Random) -> Option<String> {
    let (head, digits) = argument.split_once('/')?;
    Some(bech32_of(head, digits.parse().ok()?, random))
}

fn bech32_of(head: &str, count: usize, random: &mut Random) -> String {
    const ALPHABET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    let mut digits: Vec<u8> = (0..count).map(|_| random.next() as u8 % 32).collect();
    let mut all: Vec<u8> = head.bytes().map(|byte| byte >> 5).collect();
    all.push(0);
    all.extend(head.bytes().map(|byte| byte & 31));
    all.extend(&digits);
    all.extend([0; 6]);
    let sum = polymod(&all) ^ 1;
    digits.extend((0..6).map(|place| (sum >> (5 * (5 - place))) as u8 & 31));
    let data: String =
        digits.iter().map(|digit| char::from(ALPHABET[usize::from(*digit)])).collect();
    format!("{head}1{data}")
}

/// The remainder of BIP-173, by long division over the field of 32 elements.
fn polymod(values: &[u8]) -> u32 {
    let generator = [0x3b6a_57b2_u32, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let mut check = 1_u32;
    for value in values {
        let top = check >> 25;
        check = ((check & 0x01ff_ffff) << 5) ^ u32::from(*value);
        for (bit, constant) in generator.iter().enumerate() {
            if top >> bit & 1 == 1 {
                check ^= constant;
            }
        }
    }
    check
}

pub(crate) fn base64(bytes: &[u8], last: &str, pad: bool) -> String {
    let alphabet = format!("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789{last}");
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let mut block = [0_u8; 3];
        block[..chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes([0, block[0], block[1], block[2]]);
        for place in 0..=chunk.len() {
            out.push(char::from(alphabet.as_bytes()[(bits >> (18 - 6 * place)) as usize & 63]));
        }
        if pad {
            out.push_str(&"=".repeat(3 - chunk.len()));
        }
    }
    out
}

/// `prefix/length` or `prefix/length/groups`: a number whose last digit makes the Luhn sum right.
fn luhn(argument: &str, random: &mut Random) -> Option<String> {
    let mut parts = argument.split('/');
    let mut digits = parts.next()?.to_owned();
    let length: usize = parts.next()?.parse().ok()?;
    digits.push_str(&random.text("0123456789", length - 1 - digits.len()));
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte - b'0');
            if place % 2 == 0 { digit * 2 / 10 + digit * 2 % 10 } else { digit }
        })
        .sum();
    write!(digits, "{}", (10 - sum % 10) % 10).ok()?;
    let Some(groups) = parts.next() else { return Some(digits) };
    let separator = groups.chars().find(|c| !c.is_ascii_digit())?;
    let mut rest = digits.as_str();
    let mut out = Vec::new();
    for width in groups.split(separator) {
        let (head, tail) = rest.split_at(width.parse().ok()?);
        out.push(head);
        rest = tail;
    }
    Some(out.join(&separator.to_string()))
}

/// Base64 of a DER sequence with `length` random bytes, in lines of 64.
fn wrapped_der(length: usize, random: &mut Random) -> String {
    let mut bytes = vec![0x30, 0x82];
    bytes.extend(u16::try_from(length).unwrap().to_be_bytes());
    bytes.extend((0..length).map(|_| random.next() as u8));
    wrap(&base64(&bytes, "+/", true))
}

/// Base64 of an unencrypted OpenSSH key with `length` random bytes in each half, in lines of 64.
fn wrapped_openssh(length: usize, random: &mut Random) -> String {
    let mut bytes = b"openssh-key-v1\0".to_vec();
    let mut half = || (0..length).map(|_| random.next() as u8).collect::<Vec<u8>>();
    let check = [1, 2, 3, 4, 1, 2, 3, 4];
    let private = [&check[..], &half()].concat();
    let parts: [&[u8]; 4] = [b"none", b"none", b"", &half()];
    for (index, part) in parts.iter().chain([&private.as_slice()]).enumerate() {
        if index == 3 {
            bytes.extend([0, 0, 0, 1]);
        }
        bytes.extend(u32::try_from(part.len()).unwrap().to_be_bytes());
        bytes.extend(*part);
    }
    wrap(&base64(&bytes, "+/", true))
}

fn wrap(text: &str) -> String {
    let lines: Vec<_> =
        text.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    lines.join("\n")
}

fn uuid(random: &mut Random) -> String {
    let hex = random.text("0123456789abcdef", 32);
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// `version/bytes/last`: base 58 of a version in hex, random bytes, last bytes in hex, and the
/// first four bytes of the double SHA-256 of all.
fn base58(argument: &str, random: &mut Random) -> Option<String> {
    let mut parts = argument.split('/');
    let mut bytes = unhex(parts.next()?)?;
    let count: usize = parts.next()?.parse().ok()?;
    bytes.extend((0..count).map(|_| random.next() as u8));
    bytes.extend(unhex(parts.next().unwrap_or_default())?);
    let digest = Sha256::digest(Sha256::digest(&bytes));
    bytes.extend(&digest[..4]);
    // Long division of the whole by 58, digit by digit.
    let alphabet = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let mut digits = Vec::new();
    while bytes.iter().any(|byte| *byte > 0) {
        let mut rest = 0_u32;
        for byte in &mut bytes {
            rest = rest * 256 + u32::from(*byte);
            *byte = (rest / 58) as u8;
            rest %= 58;
        }
        digits.push(char::from(alphabet[rest as usize]));
    }
    digits.extend("1".repeat(zeros).chars());
    Some(digits.into_iter().rev().collect())
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

/// A secret of Confluent: `cflt`, 54 random characters, six characters of checksum.
fn confluent(random: &mut Random) -> String {
    let body = random.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 54);
    let sum = base64(&crc32(&body).to_le_bytes(), "+/", true);
    format!("cflt{body}{}", &sum[..6])
}

/// A token of Azure DevOps in base 32, its checksum scattered.
fn devops(random: &mut Random) -> String {
    let mut bytes: Vec<u8> = (0..28).map(|_| random.next() as u8 % 128).collect();
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    let sum = (crc32(&text) ^ 0xE0B9_692D).to_be_bytes();
    for (place, byte) in [2, 7, 8, 22].into_iter().zip(sum) {
        bytes.insert(place, byte);
    }
    let bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
    let alphabet = b"abcdefghijklmnopqrstuvwxyz234567";
    bits.as_bytes()
        .chunks(5)
        .map(|five| format!("{:0<5}", str::from_utf8(five).unwrap()))
        .map(|five| char::from(alphabet[usize::from_str_radix(&five, 2).unwrap()]))
        .collect()
}

/// `digits/signature/seed`: so many random base64 digits, the signature, and six digits that hold
/// Marvin32 of the bytes before; none of them is `+` or `/`.
fn identifiable(argument: &str, random: &mut Random) -> Option<String> {
    let mut parts = argument.split('/');
    let count: usize = parts.next()?.parse().ok()?;
    let (signature, seed) = (parts.next()?, parts.next()?);
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let value = |byte: u8| alphabet.bytes().position(|known| known == byte).unwrap();
    loop {
        let head = random.text(&alphabet[..62], count) + signature;
        let mut bits: String = head.bytes().map(|byte| format!("{:06b}", value(byte))).collect();
        let bytes = (count + 10) * 6 / 8;
        bits.push_str(&"0".repeat((bytes - 4) * 8 - bits.len()));
        let body: Vec<u8> = bits
            .as_bytes()
            .chunks(8)
            .map(|eight| u8::from_str_radix(str::from_utf8(eight).unwrap(), 2).unwrap())
            .collect();
        let sum = marvin(&body, seed.as_bytes()).to_le_bytes();
        let text = base64(&[&body[..], &sum].concat(), "+/", false);
        if text[count + 4..].bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Some(text);
        }
    }
}

/// Marvin32, its message padded first and then taken four bytes at a time.
fn marvin(body: &[u8], seed: &[u8]) -> u32 {
    let mut message = body.to_vec();
    message.push(0x80);
    while !message.len().is_multiple_of(4) {
        message.push(0);
    }
    message.extend([0; 4]);
    let mut high = u32::from_be_bytes(seed[..4].try_into().unwrap());
    let mut low = u32::from_be_bytes(seed[4..].try_into().unwrap());
    for word in message.chunks(4) {
        low = low.wrapping_add(u32::from_le_bytes(word.try_into().unwrap()));
        high ^= low;
        low = low.rotate_left(20);
        low = low.wrapping_add(high);
        high = high.rotate_left(9);
        high ^= low;
        low = low.rotate_left(27);
        low = low.wrapping_add(high);
        high = high.rotate_left(19);
    }
    low ^ high
}
