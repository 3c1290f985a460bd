//! `time`: days of the week and hours of the day.

use datafog_core::LocalTime;
use serde::{Deserialize, Serialize};

use super::{ConditionAbout, Cost, Kind, Leaf, Trial, anywhere};
use crate::Truth;
use crate::bytes::{Damaged, decode};
use crate::read::{Fields, Item, Reader, Sense};

pub(super) static KIND: Kind = Kind {
    about: ConditionAbout {
        name: "time",
        summary: "It is one of these days and between these hours, in the zone given. The end does \
                  not belong to the hours; hours that end before they begin go on past midnight, \
                  and then both days count as the one they began on.",
        form: "`{ days, hours, zone }`: `mon` to `sun`, `mon-fri` or list of them; `09:00-17:30`; \
               `UTC`, `Europe/Berlin`, or `local` (when missing)",
        example: r#"time = { days = "mon-fri", hours = "09:00-17:30", zone = "Europe/Berlin" }"#,
        unknown: "when the zone cannot be read on this machine",
        cost: "the zone's file; nothing for `UTC`",
    },
    read,
    test,
    describe,
    seen: |facts| match facts.local_time("UTC") {
        None => String::from("unknown"),
        Some(LocalTime { weekday, minute }) => {
            let day = DAYS.get(usize::from(weekday)).copied().unwrap_or_default();
            format!("{day} {} UTC", clock(minute))
        }
    },
    narrow: anywhere,
};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

#[derive(Serialize, Deserialize)]
struct Wanted<'a> {
    /// One bit for each day, the lowest for Monday.
    days: u8,
    /// Minutes since midnight; the second does not belong to it.
    hours: Option<(u16, u16)>,
    zone: &'a str,
}

fn read(item: &Item<'_>, reader: &mut Reader<'_>, _: Sense) -> Option<Leaf> {
    let fields = reader.fields(item, &["days", "hours", "zone"])?;
    let days = fields.item("days").map(|item| read_days(item, reader));
    let hours = fields.item("hours").map(|item| read_hours(item, reader));
    let zone = read_zone(&fields, reader);
    if days.is_none() && hours.is_none() {
        let help = "write `time = { days = \"mon-fri\", hours = \"09:00-17:00\" }`";
        reader.error_with_help(fields.span, "neither `days` nor `hours` is given", help);
        return None;
    }
    let days = days.unwrap_or(Some(0x7f))?;
    let hours = match hours {
        Some(hours) => Some(hours?),
        None => None,
    };
    let zone = zone?;
    if days == 0x7f && hours.is_none_or(|hours| hours == (0, 24 * 60)) {
        let help = "leave the condition out, or leave out some days or hours";
        reader.error_with_help(fields.span, "it is always one of these days and hours", help);
        return None;
    }
    Some(Leaf::new(&KIND, Cost::Files, &Wanted { days, hours, zone: &zone }))
}

fn read_days(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<u8> {
    let texts = reader.texts(item)?;
    let mut days = 0_u8;
    for text in texts {
        let word = text.get_ref();
        let (first, last) = word.split_once('-').unwrap_or((word, word));
        let (Some(first), Some(last)) = (day(first), day(last)) else {
            let help = "write `mon`, `tue`, `wed`, `thu`, `fri`, `sat`, `sun`, or `mon-fri`";
            reader.error_with_help(text.span(), format!("unknown day `{word}`"), help);
            return None;
        };
        // `sat-mon` goes on past Sunday.
        let mut at = first;
        loop {
            days |= 1_u8.checked_shl(at.into()).unwrap_or(0);
            if at == last {
                break;
            }
            at = if at >= 6 { 0 } else { at.saturating_add(1) };
        }
    }
    Some(days)
}

fn read_hours(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<(u16, u16)> {
    let text = reader.text(item)?;
    let ends = text.split_once('-').and_then(|(from, to)| Some((minute(from)?, minute(to)?)));
    let Some((from, to)) = ends.filter(|(from, to)| from != to && *from < 24 * 60) else {
        let help = "write `09:00-17:30`; `22:00-06:00` goes on past midnight";
        reader.error_with_help(item.span(), "these are no hours of a day", help);
        return None;
    };
    Some((from, to))
}

/// The number of a day, from 0 for `mon`.
pub(crate) fn day(name: &str) -> Option<u8> {
    DAYS.iter().position(|known| *known == name).and_then(|number| u8::try_from(number).ok())
}

/// Minutes since midnight, 24:00 included.
pub(crate) fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hour) || !digits(minute) {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    let whole = hour.checked_mul(60)?.checked_add(minute)?;
    (minute < 60 && whole <= 24 * 60).then_some(whole)
}

fn read_zone(fields: &Fields<'_, '_>, reader: &mut Reader<'_>) -> Option<String> {
    let Some(item) = fields.item("zone") else { return Some(String::from("local")) };
    let zone = reader.text(item)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_+-/".contains(&byte);
    let known =
        zone.bytes().all(plain) && !zone.starts_with('/') && reader.vocabulary.has_zone(zone);
    if !known {
        let help = "write a name such as `Europe/Berlin`, `UTC` or `local`";
        reader.error_with_help(item.span(), format!("there is no time zone `{zone}`"), help);
        return None;
    }
    Some(zone.to_owned())
}

fn test(payload: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    let wanted: Wanted<'_> = decode(payload)?;
    let time = trial.facts.local_time(wanted.zone);
    Ok(time.map_or(Truth::Unknown, |time| Truth::of(wanted.holds(time))))
}

impl Wanted<'_> {
    fn holds(&self, LocalTime { weekday, minute }: LocalTime) -> bool {
        let on = |day: u8| self.days.checked_shr(day.into()).is_some_and(|bits| bits & 1 == 1);
        let before = if weekday == 0 { 6 } else { weekday.saturating_sub(1) };
        match self.hours {
            None => on(weekday),
            Some((from, to)) if from < to => on(weekday) && (from..to).contains(&minute),
            Some((from, to)) => (minute >= from && on(weekday)) || (minute < to && on(before)),
        }
    }
}

fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute.checked_div(60).unwrap_or(0), minute.checked_rem(60).unwrap_or(0))
}

fn describe(payload: &[u8]) -> Result<String, Damaged> {
    let Wanted { days, hours, zone } = decode(payload)?;
    let named = DAYS.iter().enumerate();
    let on = |day: usize| {
        let day = u32::try_from(day).unwrap_or(u32::MAX);
        days.checked_shr(day).is_some_and(|bits| bits & 1 == 1)
    };
    let named: Vec<&str> = named.filter(|(day, _)| on(*day)).map(|(_, name)| *name).collect();
    let hours = hours.map(|(from, to)| format!(" {}-{}", clock(from), clock(to)));
    Ok(format!("{}{} ({zone})", named.join(" "), hours.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{refused, test};
    use super::*;
    use crate::Given;

    fn at(condition: &str, weekday: u8, hour: u16, minute: u16) -> Truth {
        let mut facts = Given::command("git", "/");
        facts.time =
            Some(LocalTime { weekday, minute: hour.saturating_mul(60).saturating_add(minute) });
        test(&format!("time = {{ {condition} }}"), &facts)
    }

    #[test]
    fn days_and_hours() {
        let work = "days = 'mon-fri', hours = '09:00-17:30'";
        assert_eq!(at(work, 0, 9, 0), Truth::True);
        assert_eq!(at(work, 4, 17, 29), Truth::True);
        assert_eq!(at(work, 4, 17, 30), Truth::False);
        assert_eq!(at(work, 5, 12, 0), Truth::False);
        assert_eq!(at("days = ['sat-mon', 'wed']", 0, 3, 0), Truth::True);
        assert_eq!(at("days = ['sat-mon', 'wed']", 1, 3, 0), Truth::False);
        let facts = Given::command("git", "/");
        assert_eq!(test("time = { days = 'mon' }", &facts), Truth::Unknown);
    }

    #[test]
    fn nights_belong_to_the_day_they_begin_on() {
        let night = "days = 'fri', hours = '22:00-06:00'";
        assert_eq!(at(night, 4, 23, 0), Truth::True);
        assert_eq!(at(night, 5, 5, 59), Truth::True);
        assert_eq!(at(night, 4, 5, 0), Truth::False);
        assert_eq!(at(night, 5, 23, 0), Truth::False);
        assert_eq!(at("days = 'sun', hours = '22:00-06:00'", 0, 1, 0), Truth::True);
    }

    #[test]
    fn slips_are_named() {
        for (value, said) in [
            ("{ days = 'monday' }", "`mon`, `tue`"),
            ("{ hours = '9-17' }", "`09:00-17:30`"),
            ("{ hours = '09:00-09:00' }", "no hours"),
            ("{ hours = '25:00-26:00' }", "no hours"),
            ("{ zone = 'UTC' }", "neither `days` nor `hours`"),
            ("{ days = 'mon', zone = '../etc' }", "no time zone"),
            ("{ day = 'mon' }", "did you mean `days`?"),
        ] {
            let answer = refused(&format!("time = {value}"));
            assert!(answer.contains(said), "{value}: {answer}");
        }
    }
}
