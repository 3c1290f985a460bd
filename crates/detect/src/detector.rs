//! What people and policies may know about a detector.

use datafog_core::{Confidence, Severity};

use crate::tables::{BY_ENTITY, BY_ID, DETECTORS};

/// One recognised shape, as described in its data file.
#[derive(Debug)]
#[non_exhaustive]
pub struct Detector {
    /// Unique name, for example `github-pat`.
    pub id: &'static str,
    /// What is found, for example `secret.github.pat`.
    pub entity: &'static str,
    /// One line for people.
    pub summary: &'static str,
    /// Who issues such values, or the family of data they belong to.
    pub provider: &'static str,
    /// Where the format is described.
    pub url: &'static str,
    /// What to do when one has leaked.
    pub revoke: &'static str,
    /// Host patterns where the value belongs, as [`datafog_core::Destination::is_home`] reads
    /// them; empty when it belongs nowhere.
    pub hosts: &'static [&'static str],
    /// How bad it is if one leaves.
    pub severity: Severity,
    /// How sure a finding is at best.
    pub confidence: Confidence,
}

/// All detectors, by file and place in it.
#[must_use]
pub fn detectors() -> &'static [Detector] {
    &DETECTORS
}

/// The detector with this id.
#[must_use]
pub fn detector(id: &str) -> Option<&'static Detector> {
    looked_up(&BY_ID, id, |detector| detector.id)
}

/// The first detector that finds values of this entity type: that of a value which its place makes one.
#[must_use]
pub fn detector_of(entity: &str) -> Option<&'static Detector> {
    looked_up(&BY_ENTITY, entity, |detector| detector.entity)
}

/// The detector of that name in a list of places, which is in the order of the names.
fn looked_up(
    places: &[u16],
    wanted: &str,
    name: impl Fn(&Detector) -> &str,
) -> Option<&'static Detector> {
    let detector = |place: &u16| DETECTORS.get(usize::from(*place));
    let at = places.binary_search_by(|place| detector(place).map_or("", &name).cmp(wanted)).ok()?;
    places.get(at).and_then(detector)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entity_leads_to_the_first_detector_that_finds_it() {
        for one in detectors() {
            let first = detectors().iter().find(|it| it.entity == one.entity).unwrap();
            assert!(std::ptr::eq(detector_of(one.entity).unwrap(), first), "{}", one.entity);
        }
        assert!(detector_of("").is_none() && detector_of("secret.generic").is_none());
    }

    #[test]
    fn every_detector_is_found_by_its_id_and_nothing_else_is() {
        for one in detectors() {
            assert!(std::ptr::eq(detector(one.id).unwrap(), one), "{}", one.id);
        }
        assert!(detector("").is_none() && detector("no-such-detector").is_none());
    }
}
