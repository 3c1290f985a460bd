//! Who does something in the demo, and when: sessions over thirty days.

use datafog_core::{Principal, PrincipalKind};

use super::chance::Chance;
use super::scene::{Scene, Via, Who};

/// Days that the demo looks back.
pub(super) const DAYS: u64 = 30;

/// Microseconds of a day, of an hour, and of a second.
pub(super) const DAY: i64 = 24 * HOUR;
const HOUR: i64 = 3600 * SECOND;
pub(super) const SECOND: i64 = 1_000_000;

/// People with the number of their account.
const PEOPLE: [(&str, u32); 4] = [("ann", 1000), ("bob", 1001), ("chidi", 1002), ("dora", 1003)];

/// Agents on their machines, and how often each comes.
const AGENTS: [(&str, u64); 4] = [("claude-code", 9), ("codex", 6), ("cursor", 4), ("gemini", 2)];

/// Bots that ask over HTTP.
const BOTS: [&str; 3] = ["support-bot", "billing-bot", "crm-assistant"];

/// Repositories, and how often each is worked on.
const REPOSITORIES: [(&str, u64); 5] =
    [("shop", 8), ("search", 5), ("billing-api", 4), ("mobile", 3), ("infra", 2)];

/// How busy each hour of a day is.
const HOURS: [u64; 24] =
    [1, 1, 0, 0, 0, 1, 3, 8, 18, 28, 32, 30, 18, 26, 32, 30, 26, 18, 9, 6, 5, 4, 3, 2];

/// One run of somebody.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) principal: Principal,
    /// The bot's name, where one asks over HTTP.
    pub(super) bot: Option<&'static str>,
    pub(super) repository: &'static str,
    pub(super) cwd: String,
    pub(super) id: String,
}

/// Something that is done in a session.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// When, in microseconds since 1970.
    pub(super) at: i64,
    /// Number of the session.
    pub(super) session: usize,
    /// What of this step is chance.
    pub(super) seed: u64,
}

/// About so many steps within the days before `now`, in order of time.
pub(super) fn plan(count: usize, now: i64, chance: &mut Chance) -> (Vec<Session>, Vec<Step>) {
    let (mut sessions, mut steps) = (Vec::new(), Vec::new());
    while steps.len() < count {
        let session = Session::new(chance);
        let many = if session.bot.is_some() { (10, 60) } else { (4, 30) };
        let (mut at, number) = (begin(now, chance), sessions.len());
        for _ in 0..chance.within(many.0, many.1) {
            if at >= now || steps.len() >= count {
                break;
            }
            steps.push(Step { at, session: number, seed: chance.next() });
            let pause = i64::try_from(chance.within(2, 240)).unwrap_or(60);
            at = at.saturating_add(pause.saturating_mul(SECOND));
        }
        sessions.push(session);
    }
    steps.sort_by_key(|step| step.at);
    (sessions, steps)
}

/// When a session begins: on weekdays and in the hours of work more often than else.
fn begin(now: i64, chance: &mut Chance) -> i64 {
    loop {
        let back = i64::try_from(chance.below(DAYS)).unwrap_or(0).saturating_mul(DAY);
        let day = now.saturating_sub(back);
        let midnight = day.saturating_sub(day.rem_euclid(DAY));
        // The first of January 1970 was a Thursday.
        let weekday = midnight.div_euclid(DAY).rem_euclid(7);
        if matches!(weekday, 2 | 3) && !chance.percent(20) {
            continue;
        }
        let hours: Vec<(i64, u64)> = (0..).zip(HOURS).collect();
        let hour = chance.weighed(&hours, |hour| hour.1).map_or(12, |hour| hour.0);
        let within = i64::try_from(chance.below(3600)).unwrap_or(0).saturating_mul(SECOND);
        let at = midnight.saturating_add(hour.saturating_mul(HOUR)).saturating_add(within);
        if at < now {
            return at;
        }
    }
}

impl Session {
    fn new(chance: &mut Chance) -> Self {
        let (user, uid) = *chance.pick(&PEOPLE).unwrap_or(&("ann", 1000));
        let repository = chance.weighed(&REPOSITORIES, |one| one.1).map_or("shop", |one| one.0);
        let bot = if chance.percent(22) { chance.pick(&BOTS).copied() } else { None };
        let agent = chance.weighed(&AGENTS, |one| one.1).map(|one| one.0.to_owned());
        let agent = agent.filter(|_| bot.is_none() && chance.percent(75));
        let kind = match (bot, &agent) {
            (Some(_), _) => PrincipalKind::Unknown,
            (None, Some(_)) => PrincipalKind::Agent,
            (None, None) => PrincipalKind::Human,
        };
        let id = format!("{:012x}", chance.next() >> 16);
        let cwd = match bot {
            Some(_) => String::from("/"),
            None => format!("/home/{user}/src/{repository}"),
        };
        let terminal = kind == PrincipalKind::Human;
        let session = (!terminal).then(|| id.clone());
        let parents = Vec::new();
        let principal = Principal { kind, uid, agent, session, parents, terminal };
        Self { principal, bot, repository, cwd, id }
    }

    /// Whether a scene may happen in it.
    pub(super) fn has(&self, scene: &Scene) -> bool {
        match (scene.via, self.bot.is_some()) {
            (Via::Api, is_bot) => is_bot,
            (Via::Command | Via::Shell | Via::Tool, true) => false,
            (Via::Command | Via::Shell | Via::Tool, false) => {
                scene.who == Who::Anybody || self.principal.kind == PrincipalKind::Agent
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_in_order_and_in_the_past() {
        let now = 1_795_132_800_000_000;
        let (sessions, steps) = plan(500, now, &mut Chance::new(1));
        assert_eq!(steps.len(), 500);
        assert!(steps.is_sorted_by_key(|step| step.at));
        let first = now - i64::try_from(DAYS + 1).unwrap() * DAY;
        assert!(steps.iter().all(|step| step.at < now && step.at > first));
        let kinds = |kind| sessions.iter().any(|session| session.principal.kind == kind);
        assert!(kinds(PrincipalKind::Agent) && kinds(PrincipalKind::Human));
        assert!(sessions.iter().any(|session| session.bot.is_some()));
    }
}
