//! Which way data moves when an action runs.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::Destination;

/// One direction in which an action moves data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flow {
    /// It destroys or overwrites data.
    Destroys,
    /// Data comes in from another machine.
    Enters,
    /// Data leaves this machine.
    Leaves,
    /// Data goes to another program on this machine through the network stack.
    Loopback,
    /// Data is read, shown or copied on this machine.
    Stays,
}

impl Flow {
    /// Every flow, in order of name.
    pub const ALL: [Self; 5] =
        [Self::Destroys, Self::Enters, Self::Leaves, Self::Loopback, Self::Stays];

    /// The name used in policies, profiles and receipts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Destroys => "destroys",
            Self::Enters => "enters",
            Self::Leaves => "leaves",
            Self::Loopback => "loopback",
            Self::Stays => "stays",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A set of flows.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Vec<Flow>", into = "Vec<Flow>")]
pub struct Flows(u8);

impl Flows {
    /// No flow at all.
    pub const NONE: Self = Self(0);

    /// The set that also holds `flow`.
    #[must_use]
    pub const fn with(self, flow: Flow) -> Self {
        Self(self.0 | flow.bit())
    }

    /// The set without `flow`.
    #[must_use]
    pub const fn without(self, flow: Flow) -> Self {
        Self(self.0 & !flow.bit())
    }

    /// All flows of both sets.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether `flow` is in the set.
    #[must_use]
    pub const fn has(self, flow: Flow) -> bool {
        self.0 & flow.bit() != 0
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The same flows for a call that goes to `destinations`: one that ends on this machine, by
    /// every one of them, does not leave it.
    #[must_use]
    pub fn toward(self, destinations: &[Destination]) -> Self {
        let ends_here =
            !destinations.is_empty() && destinations.iter().all(Destination::is_loopback);
        if ends_here && self.has(Flow::Leaves) {
            self.without(Flow::Leaves).with(Flow::Loopback)
        } else {
            self
        }
    }

    /// The flows in the set, in order of name.
    pub fn iter(self) -> impl Iterator<Item = Flow> {
        Flow::ALL.into_iter().filter(move |flow| self.has(*flow))
    }
}

impl FromIterator<Flow> for Flows {
    fn from_iter<I: IntoIterator<Item = Flow>>(flows: I) -> Self {
        flows.into_iter().fold(Self::NONE, Self::with)
    }
}

impl From<Vec<Flow>> for Flows {
    fn from(flows: Vec<Flow>) -> Self {
        flows.into_iter().collect()
    }
}

impl From<Flows> for Vec<Flow> {
    fn from(flows: Flows) -> Self {
        flows.iter().collect()
    }
}

impl fmt::Debug for Flows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Flow::name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_leaves_unless_every_host_is_here() {
        let place = |ip: &str| Destination {
            scheme: "http".into(),
            host: crate::HostName::Ip(ip.parse().unwrap()),
            port: None,
            reach: crate::Reach::Loopback,
            voids: Vec::new(),
        };
        let leaves = Flows::NONE.with(Flow::Leaves);
        let mut abroad = place("10.0.0.1");
        abroad.reach = crate::Reach::Remote;
        assert_eq!(leaves.toward(&[place("127.0.0.1")]), Flows::NONE.with(Flow::Loopback));
        assert_eq!(leaves.toward(&[place("127.0.0.1"), abroad]), leaves);
        assert_eq!(leaves.toward(&[]), leaves);
    }

    #[test]
    fn a_set_holds_what_was_put_in() {
        let set = Flows::from_iter([Flow::Leaves, Flow::Stays]);
        assert!(set.has(Flow::Leaves) && !set.has(Flow::Destroys));
        assert_eq!(serde_json::to_string(&set).unwrap(), r#"["leaves","stays"]"#);
        assert_eq!(serde_json::from_str::<Flows>(r#"["stays","leaves"]"#).unwrap(), set);
        assert!(set.without(Flow::Leaves).without(Flow::Stays).is_empty());
    }
}
