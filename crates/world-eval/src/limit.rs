//! The limits of the gate.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What the gate limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum GateMeasure {
    /// Share of frames with exactly one agent.
    OneAgent,
    /// Mean distance of the agent from its given path, px of 96.
    OffPath,
    /// Mean deformation of the T.
    Deformation,
    /// Median distance of the T from the simulator's after 16 steps, px of 96.
    PoseAfter16,
    /// The same after 47 steps.
    PoseAfter47,
    /// Share of the steps that the simulator reproduces, of those in which the T moves or is pushed.
    Reproduced,
    /// Share of clips without any finding of the audit.
    NoFinding,
    /// Seconds for 20 clips of 48 frames.
    Sampling,
}

impl GateMeasure {
    /// Name in tables, with the unit.
    pub const fn description(self) -> &'static str {
        match self {
            Self::OneAgent => "exactly one agent, frames",
            Self::OffPath => "agent off its given path, mean, px of 96",
            Self::Deformation => "T deformation, mean",
            Self::PoseAfter16 => "T off the simulator's after 16 steps, median, px of 96",
            Self::PoseAfter47 => "T off the simulator's after 47 steps, median, px of 96",
            Self::Reproduced => "steps that the simulator reproduces",
            Self::NoFinding => "clips with no finding of the audit",
            Self::Sampling => "sampling 20 clips of 48 frames, s",
        }
    }

    /// Whether a higher value is better.
    pub const fn higher_is_better(self) -> bool {
        matches!(self, Self::OneAgent | Self::Reproduced | Self::NoFinding)
    }

    /// Decimals in tables.
    pub(crate) const fn digits(self) -> usize {
        match self {
            Self::OneAgent | Self::Deformation | Self::Reproduced => 3,
            Self::OffPath | Self::PoseAfter16 | Self::PoseAfter47 | Self::NoFinding => 2,
            Self::Sampling => 1,
        }
    }
}

impl fmt::Display for GateMeasure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.description())
    }
}

/// A limit of the gate.
///
/// ```
/// use world_eval::{GateLimit, GateMeasure};
///
/// let agents = GateLimit::of(GateMeasure::OneAgent);
/// assert_eq!((agents.gate, agents.aim), (0.99, 1.0));
/// let judged = agents.judge(0.995);
/// assert!(judged.passes && !judged.reaches_aim);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GateLimit {
    /// What is limited.
    pub measure: GateMeasure,
    /// The limit that a world has to keep.
    pub gate: f64,
    /// What a good world reaches.
    pub aim: f64,
}

impl GateLimit {
    /// All limits, in the order of the table.
    pub const ALL: [Self; 8] = [
        Self::of(GateMeasure::OneAgent),
        Self::of(GateMeasure::OffPath),
        Self::of(GateMeasure::Deformation),
        Self::of(GateMeasure::PoseAfter16),
        Self::of(GateMeasure::PoseAfter47),
        Self::of(GateMeasure::Reproduced),
        Self::of(GateMeasure::NoFinding),
        Self::of(GateMeasure::Sampling),
    ];

    /// The limit of a measure.
    pub const fn of(measure: GateMeasure) -> Self {
        let (gate, aim) = match measure {
            GateMeasure::OneAgent => (0.99, 1.0),
            GateMeasure::OffPath => (0.5, 0.2),
            GateMeasure::Deformation => (0.05, 0.03),
            GateMeasure::PoseAfter16 => (1.0, 0.5),
            GateMeasure::PoseAfter47 => (3.0, 1.5),
            GateMeasure::Reproduced => (0.95, 0.99),
            GateMeasure::NoFinding => (0.9, 0.98),
            GateMeasure::Sampling => (10.0, 3.0),
        };
        Self { measure, gate, aim }
    }

    /// Compares a value with the limit.
    pub fn judge(&self, value: f64) -> GateOutcome {
        let keeps = |limit: f64| match self.measure.higher_is_better() {
            true => value >= limit,
            false => value <= limit,
        };
        GateOutcome {
            measure: self.measure,
            value,
            passes: keeps(self.gate),
            reaches_aim: keeps(self.aim),
        }
    }
}

/// A measured value beside its limit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GateOutcome {
    /// What was measured.
    pub measure: GateMeasure,
    /// The value.
    pub value: f64,
    /// Whether it keeps the gate's limit.
    pub passes: bool,
    /// Whether it reaches the aim.
    pub reaches_aim: bool,
}
