//! Which rows somebody wants, as an address says it.
//!
//! Every field that is set must fit. A filter is read from a query and written as one, and both ways
//! lead back to the same.

use core::fmt;
use core::str::FromStr;

use datafog_core::{KeyedDigest, Mode, ReceiptKind, Verdict};
use url::form_urlencoded::{Serializer, parse};

use super::when::When;
use super::{Place, Row, Surface};

/// No text of a filter is longer, in bytes.
const LONGEST: usize = 1024;

/// Which rows are wanted; all decisions unless something is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Asked by this agent or person.
    pub agent: Option<String>,
    /// With exactly this command line.
    pub command: Option<String>,
    /// In which something of this kind was found: `pii.email`, or all of `pii`.
    pub entity: Option<String>,
    /// In which this was found, by its fingerprint.
    pub finding: Option<KeyedDigest>,
    /// Not before.
    pub from: Option<When>,
    /// Receipts of this kind; decisions of any kind unless set.
    pub kind: Option<ReceiptKind>,
    /// In this mode.
    pub mode: Option<Mode>,
    /// Would have been stopped or changed, had decisions been carried out.
    pub observed: bool,
    /// In this chain.
    pub place: Option<Place>,
    /// By this program or tool.
    pub program: Option<String>,
    /// With this text in command line, folder, rules, agent or session; ASCII case does not matter.
    pub q: Option<String>,
    /// Something was taken out.
    pub redacted: bool,
    /// In this folder or below it; or, without a slash, in a folder of this name or below it.
    pub repository: Option<String>,
    /// With so many points of risk, or more.
    pub risk: Option<u32>,
    /// A rule of this id matched.
    pub rule: Option<String>,
    /// In this session.
    pub session: Option<String>,
    /// Through this door.
    pub surface: Option<Surface>,
    /// Before.
    pub to: Option<When>,
    /// With this verdict.
    pub verdict: Option<Verdict>,
}

/// What of an address says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The field.
    pub field: String,
    /// What it may be.
    pub message: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.field, self.message)
    }
}

impl Filter {
    /// Reads a query. Fields that no filter has are passed over, for they may be the page's own; empty
    /// ones too, which forms send.
    ///
    /// # Errors
    /// The first field whose value says nothing.
    pub fn parse(query: &str) -> Result<Self, Wrong> {
        let mut filter = Self::default();
        for (name, value) in parse(query.as_bytes()).filter(|(_, value)| !value.is_empty()) {
            let wrong = |message| Wrong { field: name.clone().into_owned(), message };
            if value.len() > LONGEST {
                return Err(wrong(format!("longer than {LONGEST} bytes")));
            }
            filter.set(&name, &value).map_err(wrong)?;
        }
        Ok(filter)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let text = || Some(value.to_owned());
        match name {
            "agent" => self.agent = text(),
            "command" => self.command = text(),
            "entity" => self.entity = text(),
            "finding" => self.finding = Some(fingerprint(value)?),
            "from" => self.from = Some(value.parse()?),
            "kind" => self.kind = Some(wire(value, "action, check, outcome, recovery")?),
            "mode" => self.mode = Some(wire(value, "observe, enforced")?),
            "observed" => self.observed = flag(value)?,
            "program" => self.program = text(),
            "q" => self.q = text(),
            "redacted" => self.redacted = flag(value)?,
            "repository" => self.repository = text(),
            "risk" => self.risk = Some(read(value, "a number of points")?),
            "rule" => self.rule = text(),
            "session" => self.session = text(),
            "surface" => self.surface = Some(read(value, SURFACES)?),
            "to" => self.to = Some(value.parse()?),
            "verdict" => self.verdict = Some(wire(value, VERDICTS)?),
            "where" => {
                self.place = Some(Place::of(value).ok_or_else(|| one_of("local, server"))?);
            }
            _ => {}
        }
        Ok(())
    }

    /// Its fields that are set, by name.
    #[must_use]
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let shown = |when: Option<When>| when.map(|when| when.to_string());
        let fields = [
            ("agent", self.agent.clone()),
            ("command", self.command.clone()),
            ("entity", self.entity.clone()),
            ("finding", self.finding.map(|digest| digest.to_string())),
            ("from", shown(self.from)),
            ("kind", self.kind.map(|kind| kind_name(kind).to_owned())),
            ("mode", self.mode.map(|mode| mode.name().to_owned())),
            ("observed", self.observed.then(|| String::from("1"))),
            ("program", self.program.clone()),
            ("q", self.q.clone()),
            ("redacted", self.redacted.then(|| String::from("1"))),
            ("repository", self.repository.clone()),
            ("risk", self.risk.map(|points| points.to_string())),
            ("rule", self.rule.clone()),
            ("session", self.session.clone()),
            ("surface", self.surface.map(|surface| surface.name().to_owned())),
            ("to", shown(self.to)),
            ("verdict", self.verdict.map(|verdict| verdict.name().to_owned())),
            ("where", self.place.map(|place| place.name().to_owned())),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// The query that says the same; empty for all.
    #[must_use]
    pub fn query(&self) -> String {
        Serializer::new(String::new()).extend_pairs(self.fields()).finish()
    }

    /// The same with one field more, or with another value in it. A value that says nothing changes
    /// nothing.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut narrowed = self.clone();
        match narrowed.set(name, value) {
            Ok(()) => narrowed,
            Err(_) => self.clone(),
        }
    }

    /// The same without a field.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        let rest = self.fields().into_iter().filter(|field| field.0 != name);
        rest.fold(Self::default(), |filter, (name, value)| filter.with(name, &value))
    }

    /// Whether it wants all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a row fits, for somebody to whom it is `now`.
    #[must_use]
    pub fn takes(&self, row: &Row, now: i64) -> bool {
        fn same(wanted: Option<&String>, there: &str) -> bool {
            wanted.is_none_or(|wanted| wanted == there)
        }
        self.kind.map_or_else(|| row.is_decision(), |kind| row.kind == kind)
            && self.verdict.is_none_or(|verdict| row.verdict == verdict)
            && self.surface.is_none_or(|surface| row.surface == surface)
            && self.mode.is_none_or(|mode| row.mode == mode)
            && self.place.is_none_or(|place| row.place == place)
            && self.from.is_none_or(|from| row.at >= from.micros(now))
            && self.to.is_none_or(|to| row.at < to.micros(now))
            && (!self.observed || row.is_would_have())
            && (!self.redacted || row.redactions > 0)
            && self.risk.is_none_or(|least| row.risk.is_some_and(|points| points >= least))
            && same(self.agent.as_ref(), &row.agent)
            && same(self.command.as_ref(), &row.command)
            && same(self.program.as_ref(), &row.program)
            && same(self.session.as_ref(), &row.session)
            && self.rule.as_ref().is_none_or(|rule| row.rules.iter().any(|one| **one == **rule))
            && self.repository.as_ref().is_none_or(|folder| is_below(&row.folder, folder))
            && self.finds(row)
            && self.q.as_ref().is_none_or(|text| says(row, text))
    }

    /// Whether a kind of finding is among those that are wanted.
    pub(super) fn wants(&self, entity: &str) -> bool {
        self.entity.as_ref().is_none_or(|wanted| is_of(entity, wanted))
    }

    fn finds(&self, row: &Row) -> bool {
        let Self { entity, finding, .. } = self;
        let of_kind = |wanted: &String| row.found.iter().any(|seen| is_of(&seen.entity, wanted));
        entity.as_ref().is_none_or(of_kind)
            && finding.is_none_or(|it| row.found.iter().any(|seen| seen.fingerprint == it))
    }
}

/// Whether a name is another one, or one below it: `pii.email` is of `pii`.
fn is_of(name: &str, wanted: &str) -> bool {
    name.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Whether a folder is another one or below it, or below one of that name.
pub(super) fn is_below(folder: &str, wanted: &str) -> bool {
    if !wanted.contains('/') {
        return folder.split('/').any(|part| part == wanted);
    }
    let wanted = wanted.trim_end_matches('/');
    folder.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn says(row: &Row, text: &str) -> bool {
    let texts = [&row.command, &row.folder, &row.agent, &row.session];
    let mut texts = texts.into_iter().chain(&row.rules);
    texts.any(|there| contains(there, text))
}

/// Whether a text is in another; ASCII case does not matter.
fn contains(there: &str, text: &str) -> bool {
    let (there, text) = (there.as_bytes(), text.as_bytes());
    text.is_empty() || there.windows(text.len()).any(|part| part.eq_ignore_ascii_case(text))
}

fn fingerprint(value: &str) -> Result<KeyedDigest, String> {
    KeyedDigest::from_hex(value).ok_or_else(|| String::from("a fingerprint has 64 hex digits"))
}

fn flag(value: &str) -> Result<bool, String> {
    match value {
        "1" => Ok(true),
        "0" => Ok(false),
        _ => Err(one_of("0, 1")),
    }
}

fn one_of(names: &str) -> String {
    format!("one of {names}")
}

fn read<T: FromStr>(value: &str, names: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("expected {names}"))
}

/// Reads a name as receipts spell it.
fn wire<T: serde::de::DeserializeOwned>(value: &str, names: &str) -> Result<T, String> {
    serde_json::from_value(serde_json::Value::from(value)).map_err(|_| one_of(names))
}

/// The kind as receipts spell it.
const fn kind_name(kind: ReceiptKind) -> &'static str {
    match kind {
        ReceiptKind::Action => "action",
        ReceiptKind::Check => "check",
        ReceiptKind::Outcome => "outcome",
        ReceiptKind::Recovery => "recovery",
    }
}

const SURFACES: &str = "api, command, file, http, mcp, shell, tool";

const VERDICTS: &str = "allow, allow_with_redaction, transform, require_approval, deny";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::board::sample;

    prop_compose! {
        fn filters()(
            texts in proptest::collection::vec(proptest::option::of(".{1,40}"), 8),
            numbers in any::<[u8; 8]>(),
            micros in 0_i64..4_000_000_000_000_000,
            ago in 0_i64..LONGEST as i64,
        ) -> Filter {
            let [verdict, surface, mode, kind, place, redacted, risk, from] = numbers;
            let mut texts = texts.into_iter();
            let mut text = || texts.next().flatten();
            let pick = |by: u8, names: &str| -> Option<String> {
                let names: Vec<&str> = names.split(", ").collect();
                names.get(usize::from(by % 8)).map(|name| (*name).to_owned())
            };
            let mut filter = Filter {
                agent: text(),
                command: text(),
                entity: text(),
                program: text(),
                q: text(),
                repository: text(),
                rule: text(),
                session: text(),
                redacted: redacted & 1 == 0,
                observed: redacted & 2 == 0,
                risk: (risk & 1 == 0).then_some(u32::from(risk)),
                from: (from & 1 == 0).then_some(When::At(micros)),
                to: (from & 2 == 0).then_some(When::Ago(ago)),
                finding: (from & 4 == 0).then(|| sample::event(1).action_digest),
                ..Filter::default()
            };
            let chosen = [
                ("verdict", pick(verdict, VERDICTS)),
                ("surface", pick(surface, SURFACES)),
                ("mode", pick(mode, "observe, enforced")),
                ("kind", pick(kind, "action, check, outcome, recovery")),
                ("where", pick(place, "local, server")),
            ];
            for (name, value) in chosen {
                if let Some(value) = value {
                    filter.set(name, &value).unwrap();
                }
            }
            filter
        }
    }

    proptest! {
        #[test]
        fn a_filter_comes_back_from_its_address(filter in filters()) {
            prop_assert_eq!(Filter::parse(&filter.query()), Ok(filter));
        }

        #[test]
        fn no_query_is_too_strange(query in ".{0,200}") {
            let _read: Result<Filter, Wrong> = Filter::parse(&query);
        }
    }

    #[test]
    fn a_value_that_says_nothing_is_told() {
        for query in [
            "from=soon",
            "verdict=maybe",
            "surface=door",
            "mode=on",
            "kind=x",
            "where=here",
            "redacted=yes",
            "risk=-1",
            "finding=12",
        ] {
            let wrong = Filter::parse(query).unwrap_err();
            assert!(query.starts_with(&wrong.field), "{wrong}");
        }
        assert!(Filter::parse(&format!("q={}", "x".repeat(2000))).is_err());
        assert!(Filter::parse("cursor=7&verdict=&agent=").unwrap().is_empty());
    }

    #[test]
    fn folders_and_kinds_are_taken_with_what_is_below_them() {
        assert!(is_below("/w/shop/api", "/w/shop") && is_below("/w/shop/api", "/w/shop/"));
        assert!(is_below("/w/shop/api", "shop") && !is_below("/w/shopping", "/w/shop"));
        assert!(is_below("/x", "/") && !is_below("", "shop"));
        assert!(is_of("pii.email", "pii") && !is_of("piix", "pii"));
    }

    #[test]
    fn every_field_must_fit() {
        let row = sample::row(5);
        let takes = |query: &str| Filter::parse(query).unwrap().takes(&row, sample::BEGINNING);
        for query in [
            "",
            "agent=claude-code",
            "program=curl",
            "verdict=deny&rule=no-secret-egress",
            "entity=secret&repository=shop",
            "q=API.example",
            "session=s0&surface=command&where=local&mode=enforced&kind=action",
            "from=2026-11-20T00:05:00Z&to=2026-11-20T00:05:00.000001Z",
        ] {
            assert!(takes(query), "{query}");
        }
        for query in [
            "agent=codex",
            "verdict=allow",
            "rule=no-secret",
            "entity=secret.git",
            "q=nothing+like+it",
            "kind=outcome",
            "redacted=1",
            "risk=1",
            "from=2026-11-20T00:05:00.000001Z",
            "to=2026-11-20T00:05:00Z",
        ] {
            assert!(!takes(query), "{query}");
        }
    }
}
