//! Values of settings, as they are written.

use core::time::Duration;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use datafog_core::Secret;
use url::Url;

use crate::listen::Address;
use crate::store::Place;

/// The port of the original service.
const PORT: u16 = 8080;

/// Where a server listens that was told nothing.
pub(super) fn here() -> Address {
    Address::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)))
}

/// As many as there are processors.
pub(super) fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// A value of the file as it would be typed; `None` for what has no such form.
pub(super) fn plain(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(truth) => Some(truth.to_string()),
        toml::Value::Array(all) => {
            let all: Option<Vec<&str>> = all.iter().map(toml::Value::as_str).collect();
            all.map(|all| all.join(","))
        }
        toml::Value::Datetime(_) | toml::Value::Float(_) | toml::Value::Table(_) => None,
    }
}

/// An address that nobody but this machine reaches.
pub(super) fn local(text: &str) -> Result<SocketAddr, String> {
    match address(text)? {
        Address::Tcp(address) if address.ip().is_loopback() => Ok(address),
        Address::Tcp(_) | Address::Unix(_) => {
            Err(String::from("expected an address of this machine alone, such as `127.0.0.1:6060`"))
        }
    }
}

/// `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`, `:8080` (every address), `unix:/path`.
pub(super) fn address(text: &str) -> Result<Address, String> {
    if let Some(path) = text.strip_prefix("unix:") {
        let path = PathBuf::from(path);
        return match path.is_absolute() {
            true => Ok(Address::Unix(path)),
            false => Err(String::from("the path of a socket begins with `/`")),
        };
    }
    let expected = || String::from("expected an address and a port, such as `127.0.0.1:8080`");
    let port = |port: &str| port.parse::<u16>().map_err(|_| expected());
    let address = if let Some(number) = text.strip_prefix(':') {
        SocketAddr::from((Ipv6Addr::UNSPECIFIED, port(number)?))
    } else if let Some(number) = text.strip_prefix("localhost:") {
        SocketAddr::from((Ipv4Addr::LOCALHOST, port(number)?))
    } else {
        text.parse().map_err(|_| expected())?
    };
    Ok(Address::Tcp(address))
}

/// The words that Go's flags know, in any case.
pub(super) fn truth(text: &str) -> Result<bool, String> {
    match text.to_lowercase().as_str() {
        "1" | "t" | "true" | "y" | "yes" | "on" => Ok(true),
        "0" | "f" | "false" | "n" | "no" | "off" => Ok(false),
        _ => Err(String::from("expected true or false")),
    }
}

/// Names with commas between them.
pub(super) fn list(text: &str) -> Result<Vec<String>, String> {
    let names: Vec<String> = text
        .split(',')
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect();
    let is_name = |name: &String| {
        name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:_".contains(&byte))
    };
    match names.iter().all(is_name) {
        true => Ok(names),
        false => Err(String::from("expected names of hosts with commas, without ports")),
    }
}

/// A whole number.
pub(super) fn number(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| String::from("expected a whole number, 0 or more"))
}

/// How many persons.
pub(super) fn approvers(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| (1..=5).contains(number));
    number.ok_or_else(|| String::from("expected a whole number from 1 to 5"))
}

/// At least one, and no more threads than anybody has use for.
pub(super) fn count(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=256).contains(number));
    number.ok_or_else(|| String::from("expected a whole number from 1 to 256"))
}

/// A length of time as Go writes it (`1m30s`, `250ms`), days besides (`30d`); more than none.
///
/// # Errors
/// What is expected.
pub fn duration(text: &str) -> Result<Duration, String> {
    let expected = || String::from("expected a length of time, such as `1m30s`, longer than none");
    let (mut rest, mut whole) = (text, Duration::ZERO);
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at_checked(digits).ok_or_else(expected)?;
        let number: u64 = number.parse().map_err(|_| expected())?;
        let units = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, after) = after.split_at_checked(units).ok_or_else(expected)?;
        let milliseconds = MILLISECONDS.iter().find(|(name, _)| *name == unit);
        let (_, milliseconds) = milliseconds.ok_or_else(expected)?;
        let part = number.checked_mul(*milliseconds).ok_or_else(expected)?;
        whole = whole.checked_add(Duration::from_millis(part)).ok_or_else(expected)?;
        rest = after;
    }
    // No clock of ours counts further than a century.
    let fits = !whole.is_zero() && whole.as_secs() < 3_153_600_000;
    if fits { Ok(whole) } else { Err(expected()) }
}

/// Units of time in milliseconds.
const MILLISECONDS: [(&str, u64); 5] =
    [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// A file, or a database by its address.
pub(super) fn place(text: &str) -> Result<Place, String> {
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        return Ok(Place::Postgres(Secret::new(text.to_owned())));
    }
    match text.contains("://") || text.is_empty() {
        true => Err(String::from("expected a file, or an address that begins with `postgres://`")),
        false => Ok(Place::File(PathBuf::from(text))),
    }
}

/// Where people reach the server, without a `/` at the end.
pub(super) fn public(text: &str) -> Result<String, String> {
    let wrong = || String::from("expected an address such as `https://datafog.example.com`");
    let url = Url::parse(text).map_err(|_| wrong())?;
    let is_plain = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if is_plain { Ok(url.as_str().trim_end_matches('/').to_owned()) } else { Err(wrong()) }
}

/// How often something is tried.
pub(super) fn tries(text: &str) -> Result<u32, String> {
    let tries = text.parse().ok().filter(|tries| (1..=100).contains(tries));
    tries.ok_or_else(|| String::from("expected a number from 1 to 100"))
}

/// The path of a file.
pub(super) fn path(text: &str) -> Result<PathBuf, String> {
    match text.is_empty() {
        true => Err(String::from("expected the path of a file")),
        false => Ok(PathBuf::from(text)),
    }
}

/// Fewest letters of a shared token: who can try as fast as a network lets them finds a shorter one.
const FEWEST_OF_A_TOKEN: usize = 16;

/// A token that nobody guesses.
pub(super) fn secret(text: &str) -> Result<Secret<String>, String> {
    match text.len() < FEWEST_OF_A_TOKEN {
        true => {
            Err(format!("expected at least {FEWEST_OF_A_TOKEN} characters that nobody guesses"))
        }
        false => Ok(Secret::new(text.to_owned())),
    }
}
