//! Marks in the place of what was found.

use datafog_core::{Finding, Span};

/// What stands in the place of a finding of that entity type.
pub(crate) fn mark(entity: &str) -> String {
    format!("[REDACTED:{entity}]")
}

/// Whether a glob over entity types (`secret.*`, `*`) has room for this one.
pub(crate) fn covers(globs: &[&str], entity: &str) -> bool {
    globs.iter().any(|glob| match glob.strip_suffix('*') {
        Some(head) => entity.starts_with(head),
        None => *glob == entity,
    })
}

/// `text` with a mark in the place of each finding; `None` when there is none. Findings that overlap
/// become one mark, the widest one's.
pub(crate) fn marked(text: &[u8], found: &[&Finding]) -> Option<Vec<u8>> {
    let mut spans: Vec<(Span, &str)> = found.iter().map(|it| (it.span, &*it.entity)).collect();
    spans.sort_by_key(|(span, _)| (span.start(), core::cmp::Reverse(span.end())));
    let (mut made, mut done) = (Vec::with_capacity(text.len()), 0_usize);
    let mut any = false;
    for (span, entity) in spans {
        if span.end() <= done && any {
            continue;
        }
        // What two findings share is covered by the first; the rest of the second goes, too.
        if span.start() >= done || !any {
            made.extend_from_slice(text.get(done..span.start())?);
            made.extend_from_slice(mark(entity).as_bytes());
        }
        text.get(span.start()..span.end())?;
        done = span.end();
        any = true;
    }
    made.extend_from_slice(text.get(done..)?);
    any.then_some(made)
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafog_core::{Channel, Confidence, Key, Severity};

    fn finding(entity: &'static str, start: usize, end: usize) -> Finding {
        Finding {
            detector: "d".into(),
            entity: entity.into(),
            channel: Channel::Argument(1),
            span: Span::new(start, end).unwrap(),
            confidence: Confidence::CERTAIN,
            severity: Severity::High,
            fingerprint: Key::from_bytes(&[1; 32]).unwrap().digest("x", [b"".as_slice()]),
            preview: String::new(),
        }
    }

    #[test]
    fn what_overlaps_becomes_one_mark_and_the_rest_stays() {
        let (a, b, c) =
            (finding("secret.a", 2, 4), finding("secret.b", 3, 6), finding("pii.c", 7, 8));
        let text = b"0123456789";
        assert_eq!(
            marked(text, &[&c, &b, &a]).unwrap(),
            b"01[REDACTED:secret.a]6[REDACTED:pii.c]89"
        );
        assert_eq!(marked(text, &[]), None);
        assert_eq!(marked(text, &[&finding("x", 8, 12)]), None, "it stands elsewhere");
    }

    #[test]
    fn globs_cover_families() {
        assert!(covers(&["secret.*"], "secret.github.pat") && covers(&["*"], "pii.email"));
        assert!(!covers(&["secret.*"], "pii.email") && !covers(&["secret"], "secret.x"));
    }
}
