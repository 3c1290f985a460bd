//! How risky a policy takes an action to be, and why.

use core::fmt;

use serde::{Deserialize, Serialize};

/// The score of an action by the signals of a policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Risk {
    /// The points of all signals together, 100 at most.
    pub score: u32,
    /// Every signal that counted, in the order of the policy.
    pub signals: Vec<RiskSignal>,
}

/// One signal that counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskSignal {
    /// Its id in the policy.
    pub id: String,
    /// What it adds.
    pub points: u32,
    /// Where it was seen: findings with their place, else the conditions that hold. No value.
    pub source: String,
    /// `false` when it cannot be told whether it holds; then it counts.
    pub certain: bool,
}

impl fmt::Display for Risk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "risk {} of 100", self.score)?;
        for (index, signal) in self.signals.iter().enumerate() {
            let before = if index == 0 { ": " } else { ", " };
            write!(f, "{before}{} {}", signal.id, signal.points)?;
        }
        Ok(())
    }
}
