//! `finding`: what was found in the content.

use std::collections::BTreeSet;

use datafog_core::{Confidence, Facts, Finding, Severity};
use serde::{Deserialize, Serialize};

use super::values::channel_name;
use super::{ConditionAbout, Cost, Kind, Leaf, Scope, Trial, values};
use crate::Truth;
use crate::bytes::{Damaged, List, decode};
use crate::glob;
use crate::read::{Fields, Item, Reader, Sense};
use crate::truth::Which;

pub(super) static KIND: Kind = Kind {
    about: ConditionAbout {
        name: "finding",
        summary: "Something found in the content (in a rule that lets something through: \
                  everything found) fits all that is given.",
        form: "entity glob, list of them, or `{ entity, except, detector, confidence, severity, \
               count, going_home, channel, flow, role, except_role, which }`",
        example: r#"finding = { entity = "secret.*", confidence = "medium", going_home = false }"#,
        unknown: "when content could not be scanned, nothing fits, and the rule lets something \
                  through; elsewhere content that could not be scanned is the business of \
                  `unscannable` alone",
        cost: "a walk over the findings; resolved destinations for `going_home`",
    },
    read,
    test,
    describe,
    seen,
    narrow,
};

/// Names for confidences, in per cent.
const CONFIDENCES: [(&str, u8); 4] = [("certain", 100), ("high", 80), ("low", 30), ("medium", 50)];

/// The most different values that a rule may ask for: of so many of a kind a scan tells each, of more
/// perhaps not.
const MOST_VALUES: u32 = 1000;

#[derive(Serialize, Deserialize)]
struct Wanted<'a> {
    #[serde(borrow)]
    entities: List<'a>,
    /// Entities that do not count.
    #[serde(borrow)]
    except: List<'a>,
    #[serde(borrow)]
    detectors: List<'a>,
    /// At least, in per cent.
    confidence: u8,
    /// At least.
    severity: Severity,
    /// At least so many different values.
    count: u32,
    going_home: Option<bool>,
    #[serde(borrow)]
    channels: List<'a>,
    /// Names of flows: which way the content moves that holds the finding.
    #[serde(borrow)]
    flows: List<'a>,
    /// What that content is used as.
    #[serde(borrow)]
    roles: List<'a>,
    #[serde(borrow)]
    except_roles: List<'a>,
    which: Which,
    /// Content that was not scanned leaves doubt: in rules that let something through.
    doubts: bool,
}

impl Wanted<'_> {
    fn anything(sense: Sense) -> Self {
        Self {
            entities: List::default(),
            except: List::default(),
            detectors: List::default(),
            confidence: 0,
            severity: Severity::Low,
            count: 1,
            going_home: None,
            channels: List::default(),
            flows: List::default(),
            roles: List::default(),
            except_roles: List::default(),
            which: sense.which(),
            doubts: sense.loosens,
        }
    }
}

fn read(item: &Item<'_>, reader: &mut Reader<'_>, sense: Sense) -> Option<Leaf> {
    let wanted = if item.get_ref().is_table() {
        read_table(item, reader, sense)?
    } else {
        Wanted { entities: read_entities(item, reader)?, ..Wanted::anything(sense) }
    };
    let cost = if wanted.going_home.is_some() { Cost::Destinations } else { Cost::Walk };
    Some(Leaf::new(&KIND, cost, &wanted))
}

/// The condition that anything was found.
pub(super) fn any() -> Leaf {
    let wanted = Wanted::anything(Sense { loosens: false, negated: false });
    Leaf::new(&KIND, Cost::Walk, &wanted)
}

fn read_table(item: &Item<'_>, reader: &mut Reader<'_>, sense: Sense) -> Option<Wanted<'static>> {
    let fields = reader.fields(item, &KEYS)?;
    let entities = values::at(&fields, "entity", reader, read_entities);
    let except = values::at(&fields, "except", reader, read_entities);
    let detectors = values::at(&fields, "detector", reader, read_detectors);
    let confidence = values::at(&fields, "confidence", reader, read_confidence);
    let severity = values::at(&fields, "severity", reader, |item, reader| {
        reader.word(item, "severity", &crate::read::SEVERITIES).map(Some)
    });
    let count = values::at(&fields, "count", reader, read_count);
    let going_home =
        values::at(&fields, "going_home", reader, |item, reader| reader.flag(item).map(Some));
    let channels = values::at(&fields, "channel", reader, |item, reader| {
        values::channels(item, reader, &CHANNELS)
    });
    let flows = values::at(&fields, "flow", reader, values::flows);
    let roles = values::at(&fields, "role", reader, values::roles);
    let except_roles = values::at(&fields, "except_role", reader, values::roles);
    let which = values::which(&fields, reader, sense);
    values::check_something(&fields, "findings", reader)?;
    let (entities, except) = (entities?, except?);
    check_left(&fields, &entities, &except, reader)?;
    Some(Wanted {
        entities,
        except,
        detectors: detectors?,
        confidence: confidence?,
        severity: severity?.unwrap_or(Severity::Low),
        count: count?.max(1),
        going_home: going_home?,
        channels: channels?,
        flows: flows?,
        roles: roles?,
        except_roles: except_roles?,
        which: which?,
        doubts: sense.loosens,
    })
}

/// The keys of the table, sorted.
const KEYS: [&str; 12] = [
    "channel",
    "confidence",
    "count",
    "detector",
    "entity",
    "except",
    "except_role",
    "flow",
    "going_home",
    "role",
    "severity",
    "which",
];

/// The kinds of channels by name.
const CHANNELS: [&str; 6] = ["argument", "environment", "field", "file", "output", "stdin"];

fn read_count(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<u32> {
    let count = reader.count(item)?;
    if count > MOST_VALUES {
        reader.error(item.span(), "at most 1000 different values of a kind are counted");
        return None;
    }
    Some(count)
}

fn read_confidence(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<u8> {
    if item.get_ref().as_str().is_some() {
        return reader.word(item, "confidence", &CONFIDENCES);
    }
    let share = reader.share(item)?;
    if share == 0 {
        let help = "leave it out when any confidence will do";
        reader.error_with_help(item.span(), "every finding has at least this confidence", help);
        return None;
    }
    Some(share)
}

/// Refuses `except` that leaves nothing over of what is asked for.
fn check_left(
    fields: &Fields<'_, '_>,
    entities: &List<'_>,
    except: &List<'_>,
    reader: &mut Reader<'_>,
) -> Option<()> {
    let vocabulary = reader.vocabulary;
    let known = vocabulary.entities();
    let left = |entity: &&str| any_glob(entities, entity) && !any_glob(except, entity);
    let nothing = match known.is_empty() {
        true => {
            except.has("*") || (!entities.is_empty() && entities.iter().all(|it| except.has(it)))
        }
        false => !known.iter().any(left),
    };
    if except.is_empty() || !nothing {
        return Some(());
    }
    let help = "`except` takes out everything that `entity` names";
    reader.error_with_help(fields.key_span("except"), "the rule can never fire", help);
    None
}

/// Globs over ids of detectors, each of which fits one.
fn read_detectors(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<List<'static>> {
    let globs = reader.globs(item)?;
    let vocabulary = reader.vocabulary;
    let known = vocabulary.detectors();
    for glob in &globs {
        let fits = |id: &&str| glob::matches(glob.as_bytes(), id.as_bytes());
        if !known.is_empty() && !known.iter().any(fits) {
            let near = crate::spelling::nearest(glob, known.iter().copied());
            let help = near.map_or_else(
                || String::from("`datafog detectors` lists them"),
                |near| format!("did you mean `{near}`?"),
            );
            reader.error_with_help(item.span(), format!("there is no detector `{glob}`"), help);
            return None;
        }
    }
    Some(globs.into_iter().collect())
}

pub(crate) fn read_entities(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<List<'static>> {
    let globs = reader.globs(item)?;
    let vocabulary = reader.vocabulary;
    let known = vocabulary.entities();
    for glob in &globs {
        let fits = |entity: &&str| glob::matches(glob.as_bytes(), entity.as_bytes());
        if !known.is_empty() && !known.iter().any(fits) {
            let message = format!("no detector reports `{glob}`");
            reader.error_with_help(item.span(), message, help_for(glob, &known));
            return None;
        }
    }
    Some(globs.into_iter().collect())
}

/// A near entity type, or near first words of one.
fn help_for(glob: &str, known: &[&str]) -> String {
    let mut families: Vec<&str> =
        known.iter().filter_map(|entity| entity.split('.').next()).collect();
    families.sort_unstable();
    families.dedup();
    let first = glob.split('.').next().unwrap_or_default();
    let near = crate::spelling::nearest(glob, known.iter().copied()).map(str::to_owned);
    near.or_else(|| {
        let family = crate::spelling::nearest(first, families.iter().copied())?;
        Some(glob.replacen(first, family, 1))
    })
    .map_or_else(
        || format!("entity types start with {}", crate::read::quoted(&families)),
        |near| format!("did you mean `{near}`?"),
    )
}

fn test(payload: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    let wanted: Wanted<'_> = decode(payload)?;
    let facts = trial.facts;
    let findings = facts.findings();
    let fits = |finding: &Finding| wanted.fits(finding, facts);
    let holds = match wanted.which {
        Which::Any => wanted.enough(findings.iter().filter(|finding| fits(finding))),
        Which::Every => wanted.enough(findings.iter()) && findings.iter().all(fits),
    };
    if holds {
        let numbered = findings.iter().enumerate().filter(|(_, finding)| fits(finding));
        trial.findings.extend(numbered.map(|(index, _)| index));
    }
    Ok(Truth::unless_doubt(holds, wanted.doubts && !facts.unscanned().is_empty()))
}

impl Wanted<'_> {
    /// Cheap questions first; where the call goes is asked last.
    fn fits(&self, finding: &Finding, facts: &dyn Facts) -> bool {
        finding.confidence >= Confidence::percent(self.confidence)
            && finding.severity >= self.severity
            && any_glob(&self.entities, &finding.entity)
            && (self.except.is_empty() || !any_glob(&self.except, &finding.entity))
            && any_glob(&self.detectors, &finding.detector)
            && (self.channels.is_empty() || self.channels.has(channel_name(&finding.channel)))
            && self.source_fits(finding, facts)
            && self.going_home.is_none_or(|home| facts.going_home(finding) == home)
    }

    /// Whether the content that holds the finding moves and is used as wanted. What stands outside
    /// of all known content has no role, and moves as the whole action does.
    fn source_fits(&self, finding: &Finding, facts: &dyn Facts) -> bool {
        if self.flows.is_empty() && self.roles.is_empty() && self.except_roles.is_empty() {
            return true;
        }
        let source = facts.action().invocation.content_of(finding);
        let role = source.map_or("", |source| source.role.as_str());
        let flow = match source {
            Some(source) => self.flows.has(source.flow.name()),
            None => facts.flows().iter().any(|flow| self.flows.has(flow.name())),
        };
        (self.flows.is_empty() || flow)
            && any_glob(&self.roles, role)
            && (self.except_roles.is_empty() || !any_glob(&self.except_roles, role))
    }

    /// Whether there are as many different values as wanted. The same address a hundred times is
    /// one person, not a hundred.
    fn enough<'f>(&self, mut findings: impl Iterator<Item = &'f Finding>) -> bool {
        if self.count <= 1 {
            return findings.next().is_some();
        }
        let values: BTreeSet<_> = findings.map(|finding| finding.fingerprint).collect();
        u32::try_from(values.len()).unwrap_or(u32::MAX) >= self.count
    }
}

fn any_glob(globs: &List<'_>, text: &str) -> bool {
    globs.is_empty() || globs.raw().any(|glob| glob::matches(glob, text.as_bytes()))
}

fn seen(facts: &dyn Facts) -> String {
    let show = |finding: &Finding| {
        let Finding { entity, channel, confidence, severity, .. } = finding;
        format!("{entity}:{} ({severity}, {confidence})", channel_name(channel))
    };
    let findings: Vec<String> = facts.findings().iter().map(show).collect();
    if findings.is_empty() { String::from("nothing found") } else { findings.join(", ") }
}

fn describe(payload: &[u8]) -> Result<String, Damaged> {
    let wanted: Wanted<'_> = decode(payload)?;
    let home = wanted.going_home.map(|home| if home { "going home" } else { "not going home" });
    let parts = [
        values::shown("like", &wanted.entities),
        values::shown("except", &wanted.except),
        values::shown("by", &wanted.detectors),
        values::shown("in", &wanted.channels),
        values::shown("in content that", &wanted.flows),
        values::shown("used as", &wanted.roles),
        values::shown("not used as", &wanted.except_roles),
        (wanted.confidence > 0)
            .then(|| format!("confidence at least {}", Confidence::percent(wanted.confidence))),
        (wanted.severity > Severity::Low).then(|| format!("severity at least {}", wanted.severity)),
        (wanted.count > 1).then(|| format!("at least {} different values", wanted.count)),
        home.map(str::to_owned),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    Ok(format!("{} finding: {}", wanted.which.name(), parts.join(", ")))
}

fn narrow(payload: &[u8], scope: &mut Scope) {
    if let Ok(Wanted { doubts: false, .. }) = decode(payload) {
        scope.needs_finding = true;
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{refused, test, test_loosening};
    use super::*;
    use datafog_core::{Carrier, ContentSource, Deliver, Flow, Flows, Place, Span};

    use crate::{DeclaredFinding, Given};

    fn facts(findings: &[(&'static str, u8, Severity)]) -> Given {
        let mut facts = Given::command("curl", "/");
        let make = |(number, (entity, percent, severity)): (u64, &(&str, u8, Severity))| {
            let declared = DeclaredFinding {
                confidence: Confidence::percent(*percent),
                severity: *severity,
                ..DeclaredFinding::new((*entity).to_owned())
            };
            declared.finding(number).unwrap()
        };
        facts.findings = (0..).zip(findings).map(make).collect();
        facts
    }

    const TOKEN: (&str, u8, Severity) = ("secret.github.pat", 95, Severity::High);
    const EMAIL: (&str, u8, Severity) = ("pii.email", 60, Severity::Low);

    #[test]
    fn one_finding_stops_but_all_must_fit_to_pass() {
        let both = facts(&[TOKEN, EMAIL]);
        assert_eq!(test("finding = 'secret.*'", &both), Truth::True);
        assert_eq!(test("finding = 'secret.aws.*'", &facts(&[EMAIL])), Truth::False);
        assert_eq!(test_loosening("finding = 'pii.*'", &both), Truth::False);
        assert_eq!(test_loosening("finding = 'pii.*'", &facts(&[EMAIL])), Truth::True);
        assert_eq!(test_loosening("finding = 'pii.*'", &facts(&[])), Truth::False);
    }

    #[test]
    fn thresholds() {
        let both = facts(&[TOKEN, EMAIL]);
        assert_eq!(test("finding = { confidence = 'high' }", &both), Truth::True);
        assert_eq!(test("finding = { entity = 'pii.*', confidence = 0.7 }", &both), Truth::False);
        assert_eq!(test("finding = { entity = 'pii.*', confidence = 0.6 }", &both), Truth::True);
        assert_eq!(test("finding = { severity = 'critical' }", &both), Truth::False);
        assert_eq!(test("finding = { channel = 'argument' }", &both), Truth::True);
        assert_eq!(test("finding = { channel = ['file', 'stdin'] }", &both), Truth::False);
        assert_eq!(test("finding = { detector = 'example' }", &both), Truth::True);
    }

    #[test]
    fn counts_are_of_different_values() {
        let mut many = facts(&[EMAIL, EMAIL, EMAIL]);
        assert_eq!(test("finding = { count = 3 }", &many), Truth::True);
        many.findings[2].fingerprint = many.findings[1].fingerprint;
        assert_eq!(test("finding = { count = 3 }", &many), Truth::False);
    }

    #[test]
    fn home() {
        let mut facts = facts(&[TOKEN, EMAIL]);
        let away = "finding = { entity = 'secret.*', going_home = false }";
        assert_eq!(test(away, &facts), Truth::True);
        facts.going_home = vec![true, false];
        assert_eq!(test(away, &facts), Truth::False);
    }

    #[test]
    fn exceptions_leave_the_rest() {
        let both = facts(&[TOKEN, EMAIL]);
        assert_eq!(test("finding = { except = 'pii.*' }", &both), Truth::True);
        assert_eq!(test("finding = { except = ['pii.*', 'secret.*'] }", &both), Truth::False);
    }

    #[test]
    fn the_narrowest_content_gives_the_role() {
        let mut facts = facts(&[TOKEN]);
        facts.findings[0].span = Span::at(2, 3);
        let source = |span: Span, role: &str, flow| ContentSource {
            carrier: Carrier::Argument(Place { argument: 1, span }),
            flow,
            role: role.into(),
            deliver: Deliver::Path,
        };
        assert_eq!(test("finding = { role = 'url' }", &facts), Truth::False);
        assert_eq!(test("finding = { except_role = 'url' }", &facts), Truth::True);
        assert_eq!(test("finding = { flow = 'leaves' }", &facts), Truth::False);
        facts.invocation().flows = Flows::NONE.with(Flow::Leaves);
        assert_eq!(test("finding = { flow = 'leaves' }", &facts), Truth::True);
        facts.invocation().contents = vec![
            source(Span::at(0, 40), "url", Flow::Stays),
            source(Span::at(0, 8), "credential", Flow::Leaves),
            source(Span::at(8, 4), "other", Flow::Leaves),
        ];
        assert_eq!(test("finding = { role = 'cred*', flow = 'leaves' }", &facts), Truth::True);
        assert_eq!(test("finding = { except_role = 'credential' }", &facts), Truth::False);
        assert_eq!(test("finding = { flow = 'stays' }", &facts), Truth::False);
    }

    #[test]
    fn unscanned_content_is_doubt_only_for_letting_through() {
        let mut facts = facts(&[]);
        facts.unscanned.push("stdin".into());
        assert_eq!(test("finding = 'secret.*'", &facts), Truth::False);
        assert_eq!(test_loosening("finding = 'pii.*'", &facts), Truth::Unknown);
    }

    #[test]
    fn slips_are_named() {
        assert!(refused("finding = 'secrte.*'").contains("did you mean `secret.*`?"));
        assert!(refused("finding = 'pii.emial'").contains("did you mean `pii.email`?"));
        assert!(refused("finding = 'x'").contains("start with `pii` or `secret`"));
        assert!(refused("finding = { confidence = 2 }").contains("between 0 and 1"));
        assert!(refused("finding = { confidence = 'hihg' }").contains("did you mean `high`?"));
        assert!(refused("finding = { count = 0 }").contains("at least 1"));
        assert!(refused("finding = { count = 1001 }").contains("at most 1000"));
        let both = refused("finding = { count = 0, going_home = 'no' }");
        assert!(both.contains("at least 1") && both.contains("`true` or `false`"), "{both}");
    }
}
