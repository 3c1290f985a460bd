//! Groups of windows that are asked about together, many bytes at once.
//!
//! A group passes a place when each of its four bytes is one that some window of the group has there.
//! With 64 groups, eight to a plane, most places of a text pass none. Windows that are alike are put
//! into one group, so that what it passes by chance is rare in ordinary text.

use std::collections::BTreeMap;

use crate::grams::Grams;
use crate::hashes::{CLASSES, PLANES, WINDOW, class};

/// What [`sorted`] makes: for each plane and place of a window, which of the plane's groups have each
/// class there.
pub(crate) type Planes = Vec<[[u8; CLASSES]; WINDOW]>;

/// The classes of a group at each place, a bit for each.
type Sets = [u64; WINDOW];

/// Share of a class that is not among the commonest windows.
const LEAST_SHARE: f64 = 0.0005;

/// How common each class is, added up for all sets of eight neighbours.
struct Shares([[f64; 256]; CLASSES / 8]);

impl Shares {
    fn of(grams: &Grams) -> Self {
        let mut counts = [0.0; CLASSES];
        for (window, count) in grams.all() {
            let [first, ..] = window.to_le_bytes();
            if let Some(slot) = counts.get_mut(usize::from(class(first))) {
                *slot += f64::from(count);
            }
        }
        let all: f64 = counts.iter().sum();
        let share = |class: usize| counts.get(class).map_or(0.0, |it| it / all).max(LEAST_SHARE);
        let mut sums = [[0.0; 256]; CLASSES / 8];
        for (eight, sums) in sums.iter_mut().enumerate() {
            for (set, sum) in sums.iter_mut().enumerate() {
                let members = (0..8).filter(|bit| set >> bit & 1 == 1);
                *sum = members.map(|bit| share(eight.saturating_mul(8).saturating_add(bit))).sum();
            }
        }
        Self(sums)
    }

    /// How much of a text passes a group, were its bytes independent of each other.
    fn passing(&self, sets: &Sets) -> f64 {
        let share = |set: &u64| -> f64 {
            let eights = self.0.iter().zip(set.to_le_bytes());
            eights.filter_map(|(sums, eight)| sums.get(usize::from(eight))).sum()
        };
        sets.iter().map(share).product()
    }
}

/// A group while groups are joined, and which of those behind it is joined with it at the least cost.
struct Group {
    sets: Sets,
    passing: f64,
    next: Option<(f64, usize)>,
}

/// Sorts windows into groups: at first by their first two bytes, then those are joined, again and
/// again, of which together the least more passes than of each.
pub(crate) fn sorted(windows: &[u32], grams: &Grams) -> Planes {
    let shares = Shares::of(grams);
    let mut first: BTreeMap<[u8; 2], Sets> = BTreeMap::new();
    for window in windows {
        let classes = window.to_le_bytes().map(class);
        let sets = first.entry([classes[0], classes[1]]).or_default();
        sets.iter_mut().zip(classes).for_each(|(set, class)| *set |= 1 << class);
    }
    let mut groups: Vec<Group> = first
        .into_values()
        .map(|sets| Group { passing: shares.passing(&sets), sets, next: None })
        .collect();
    for at in 0..groups.len() {
        seek(&mut groups, at, &shares);
    }
    while groups.len() > PLANES.saturating_mul(8) {
        join(&mut groups, &shares);
    }
    print(&groups)
}

/// Joins the two groups of which that costs least.
fn join(groups: &mut Vec<Group>, shares: &Shares) {
    let costs = groups.iter().enumerate().filter_map(|(at, group)| Some((group.next?, at)));
    let least = costs.min_by(|((one, _), _), ((two, _), _)| one.total_cmp(two));
    let Some(((_, other), at)) = least else { return };
    let last = groups.len().saturating_sub(1);
    let gone = groups.swap_remove(other).sets;
    if let Some(group) = groups.get_mut(at) {
        group.sets.iter_mut().zip(gone).for_each(|(set, more)| *set |= more);
        group.passing = shares.passing(&group.sets);
    }
    // Those for which one of them was the best, and what stands before a group that moved, seek again.
    for again in 0..groups.len() {
        let stale = [at, other, last];
        let next = groups.get(again).and_then(|group| group.next);
        if again == at || again == other || next.is_some_and(|(_, it)| stale.contains(&it)) {
            seek(groups, again, shares);
        }
        if again < at {
            compare(groups, again, at, shares);
        }
        if again < other {
            compare(groups, again, other, shares);
        }
    }
}

/// Looks among those behind it for what is joined with a group at the least cost.
fn seek(groups: &mut [Group], at: usize, shares: &Shares) {
    if let Some(group) = groups.get_mut(at) {
        group.next = None;
    }
    for other in at.saturating_add(1)..groups.len() {
        compare(groups, at, other, shares);
    }
}

/// Notes that `other` is joined with the group `at` at less cost than what is noted.
fn compare(groups: &mut [Group], at: usize, other: usize, shares: &Shares) {
    let Some((one, two)) = groups.get(at).zip(groups.get(other)) else { return };
    let mut sets = one.sets;
    sets.iter_mut().zip(two.sets).for_each(|(set, more)| *set |= more);
    let cost = shares.passing(&sets) - one.passing - two.passing;
    if one.next.is_none_or(|(least, _)| cost < least)
        && let Some(group) = groups.get_mut(at)
    {
        group.next = Some((cost, other));
    }
}

/// The tables of the groups.
fn print(groups: &[Group]) -> Planes {
    let mut planes = vec![[[0_u8; CLASSES]; WINDOW]; PLANES];
    for (number, group) in groups.iter().enumerate() {
        let Some(plane) = planes.get_mut(number % PLANES) else { continue };
        for (table, set) in plane.iter_mut().zip(group.sets) {
            for (class, slot) in table.iter_mut().enumerate() {
                *slot |= u8::from(set >> class & 1 == 1) << (number / PLANES);
            }
        }
    }
    planes
}
