//! Ordinary lines of logs, made by a fixed seed: of a web server, a system, an application that
//! writes JSON, one that writes `key=value`, and a cluster. No line holds a secret; about one in
//! four holds a private or public address of a machine.

/// A small generator of numbers (xorshift64*), the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `most`.
    fn below(&mut self, most: u64) -> u64 {
        (self.roll() >> 11).checked_rem(most).unwrap_or_default()
    }

    fn of<'t>(&mut self, all: &[&'t str]) -> &'t str {
        let at = usize::try_from(self.below(all.len() as u64)).unwrap_or_default();
        all.get(at).copied().unwrap_or_default()
    }
}

const PATHS: [&str; 8] = [
    "/",
    "/index.html",
    "/api/v1/orders",
    "/api/v1/users/profile",
    "/static/app.3f9c1d.js",
    "/healthz",
    "/assets/img/logo.svg",
    "/api/v2/search?q=shoes&page=3",
];

const WORDS: [&str; 10] = [
    "request finished",
    "connection closed by peer",
    "retrying after backoff",
    "cache miss",
    "job scheduled",
    "lease renewed",
    "starting worker",
    "flushed memtable",
    "checkpoint complete",
    "slow query",
];

const NAMES: [&str; 8] =
    ["api", "billing", "ingress-nginx", "kubelet", "postgres", "scheduler", "sshd", "worker"];

const LEVELS: [&str; 5] = ["DEBUG", "INFO", "INFO", "WARN", "ERROR"];

const AGENTS: [&str; 3] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "curl/8.5.0",
    "kube-probe/1.29",
];

/// About `bytes` bytes of lines.
pub(crate) fn text(bytes: usize) -> Vec<u8> {
    let mut dice = Dice(0x5eed_0f10_9511_4e5a);
    let (mut text, mut millis) = (String::with_capacity(bytes.saturating_add(512)), 0_u64);
    while text.len() < bytes {
        millis = millis.saturating_add(dice.below(40));
        text.push_str(&line(&mut dice, millis));
        text.push('\n');
    }
    text.truncate(bytes);
    text.into_bytes()
}

fn line(dice: &mut Dice, millis: u64) -> String {
    let (name, word, level) = (dice.of(&NAMES), dice.of(&WORDS), dice.of(&LEVELS));
    let (seconds, rest) = (millis / 1000, millis % 1000);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let day = (seconds / 86_400 % 28).saturating_add(1);
    let iso = format!("2026-03-{day:02}T{hour:02}:{minute:02}:{second:02}.{rest:03}Z");
    let (size, took) = (dice.below(90_000), dice.below(4000));
    match dice.below(5) {
        0 => {
            let (path, agent) = (dice.of(&PATHS), dice.of(&AGENTS));
            let status = dice.of(&["200", "200", "200", "304", "404", "500"]);
            format!(
                "{} - - [{day:02}/Mar/2026:{hour:02}:{minute:02}:{second:02} +0000] \
                 \"GET {path} HTTP/1.1\" {status} {size} \"-\" \"{agent}\"",
                address(dice)
            )
        }
        1 => format!(
            "Mar {day:2} {hour:02}:{minute:02}:{second:02} node-{} {name}[{}]: {word} ({took} ms)",
            dice.below(40),
            dice.below(60_000)
        ),
        2 => format!(
            "{{\"ts\":\"{iso}\",\"level\":\"{level}\",\"service\":\"{name}\",\"trace_id\":\"{:016x}{:016x}\",\
             \"msg\":\"{word}\",\"duration_ms\":{took},\"bytes\":{size}}}",
            dice.roll(),
            dice.roll()
        ),
        3 => format!(
            "time={iso} level={level} component={name} request_id={} msg=\"{word}\" took={took}ms size={size} attempt={}",
            uuid(dice),
            dice.below(4)
        ),
        _ => format!(
            "{iso} {level} {name}-{:010x}-{:05x} {word} pod={name}-{} node={} offset={}",
            dice.below(1 << 40),
            dice.below(1 << 20),
            dice.below(100),
            address(dice),
            dice.below(1 << 40)
        ),
    }
}

fn address(dice: &mut Dice) -> String {
    let part = |dice: &mut Dice| dice.below(254).saturating_add(1);
    if dice.below(2) == 0 {
        format!("10.{}.{}.{}", part(dice), part(dice), part(dice))
    } else {
        let first = dice.below(120).saturating_add(40);
        format!("{first}.{}.{}.{}", part(dice), part(dice), part(dice))
    }
}

fn uuid(dice: &mut Dice) -> String {
    let [a, b] = [dice.roll(), dice.roll()];
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        a >> 32,
        a >> 16 & 0xffff,
        a & 0xfff,
        b >> 52,
        b & 0xffff_ffff_ffff
    )
}
