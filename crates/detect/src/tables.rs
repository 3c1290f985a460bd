//! What the build script made of `detectors/`: static tables, no code.

use datafog_core::{Confidence, Severity};

use crate::Detector;
use crate::planes::Plane;
use crate::rule::{Boundary, Keyword, Layer, NumberRule, Rule, Step, Trigger, Window};

include!(concat!(env!("OUT_DIR"), "/tables.rs"));
