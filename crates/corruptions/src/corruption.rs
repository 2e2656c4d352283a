//! Known answers for the audit: clips with a corruption that was put in, of a known kind and strength.
//!
//! A clip has frames and states, from the simulator (`Clip::simulated`) or recorded. [`Corruption::apply`] changes it;
//! the frames before the corruption begins stay as they are. The kinds in [`Corruption::TUNED`] were looked at when the audit's
//! thresholds were fixed, on seeds 0 to 99; those in [`Corruption::HELD_OUT`] never were.

use serde::{Deserialize, Serialize};

/// A kind of corruption.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Corruption {
    /// The clip mixed with a cross-fade of its first into its last frame; the strength is the share of the latter. With 1
    /// the clip is the cross-fade: what the paper calls morphing.
    CrossFade,
    /// A second agent leaves the first one; the strength is how far, px.
    AgentSplit,
    /// The agent is gone; the strength is for how many frames (below 1: one frame, in which it is translucent).
    AgentGone,
    /// Bar and stem of the T come apart; the strength is how far, px.
    BlockSplit,
    /// The T moves while the agent is elsewhere; the strength is how far, px.
    BlockDrift,
    /// The T grows over the clip; the strength is by which share.
    BlockGrowth,
    /// Agent or T are elsewhere from one frame to the next; the strength is how far, px.
    Teleport,
    /// The goal moves; the strength is how far, px.
    GoalMoved,
    /// Gaussian blur; the strength is its standard deviation in pixels of a 96 × 96 frame.
    Blur,
    /// White noise; the strength is its standard deviation in levels of 255.
    Noise,
    /// H.264; the strength is the quantizer.
    Compression,
    /// The colors of the frame or of the T change; the strength is by how many levels of 255.
    #[serde(alias = "colour-shift")]
    ColorShift,
    /// The agent stands still while the T goes on as if it were pushed; the strength is how far the T goes, px.
    AgentFrozen,
    /// The stem of the T slides along the bar, toward an L; the strength is how far, px.
    BlockBend,
}

/// How strong a corruption is. *Clear* is what every viewer sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    /// Hardly to be seen.
    Faint,
    /// Seen by who looks for it.
    Mild,
    /// Seen by everybody.
    Clear,
    /// More than that.
    Strong,
}

impl Strength {
    /// All, from faint to strong.
    pub const ALL: [Self; 4] = [Self::Faint, Self::Mild, Self::Clear, Self::Strong];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Faint => "faint",
            Self::Mild => "mild",
            Self::Clear => "clear",
            Self::Strong => "strong",
        }
    }
}

impl Corruption {
    /// The kinds that thresholds were fixed with.
    pub const TUNED: [Self; 12] = [
        Self::CrossFade,
        Self::AgentSplit,
        Self::AgentGone,
        Self::BlockSplit,
        Self::BlockDrift,
        Self::BlockGrowth,
        Self::Teleport,
        Self::GoalMoved,
        Self::Blur,
        Self::Noise,
        Self::Compression,
        Self::ColorShift,
    ];

    /// The kinds that no threshold ever saw.
    pub const HELD_OUT: [Self; 2] = [Self::AgentFrozen, Self::BlockBend];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CrossFade => "cross-fade",
            Self::AgentSplit => "agent-split",
            Self::AgentGone => "agent-gone",
            Self::BlockSplit => "block-split",
            Self::BlockDrift => "block-drift",
            Self::BlockGrowth => "block-growth",
            Self::Teleport => "teleport",
            Self::GoalMoved => "goal-moved",
            Self::Blur => "blur",
            Self::Noise => "noise",
            Self::Compression => "compression",
            Self::ColorShift => "color-shift",
            Self::AgentFrozen => "agent-frozen",
            Self::BlockBend => "block-bend",
        }
    }

    /// True where the picture is worse and the world it shows is not.
    pub const fn is_of_the_picture(self) -> bool {
        matches!(self, Self::Blur | Self::Noise | Self::Compression | Self::ColorShift)
    }

    /// What the strength amounts to, in the unit that the kind says.
    pub const fn amount(self, strength: Strength) -> f64 {
        let amounts: [f64; 4] = match self {
            Self::CrossFade => [0.1, 0.25, 0.6, 1.0],
            Self::AgentSplit => [10.0, 20.0, 45.0, 100.0],
            Self::AgentGone => [0.5, 1.0, 6.0, 20.0],
            Self::BlockSplit => [6.0, 15.0, 40.0, 90.0],
            Self::BlockDrift | Self::GoalMoved => [5.0, 12.0, 40.0, 100.0],
            Self::BlockGrowth => [0.04, 0.08, 0.2, 0.5],
            Self::Teleport => [12.0, 25.0, 60.0, 150.0],
            Self::Blur => [0.3, 0.6, 1.2, 2.5],
            Self::Noise => [3.0, 8.0, 20.0, 40.0],
            Self::Compression => [20.0, 27.0, 34.0, 42.0],
            Self::ColorShift => [8.0, 20.0, 45.0, 90.0],
            Self::AgentFrozen => [5.0, 15.0, 40.0, 100.0],
            Self::BlockBend => [5.0, 12.0, 25.0, 45.0],
        };
        amounts[strength as usize]
    }
}
