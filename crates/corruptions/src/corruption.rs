//! Ground truth for the audit: corruptions of known kind and strength.
//!
//! A clip has frames and states, from the simulator (`Clip::simulated`) or recorded. [`Corruption::apply`] changes it;
//! the frames before the corruption begins are unchanged. The kinds in [`Corruption::TUNED`] were used to set the
//! audit's thresholds, on seeds 0 to 199; those in [`Corruption::HELD_OUT`] were not.

use serde::{Deserialize, Serialize};

/// A kind of corruption.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Corruption {
    /// The clip mixed with a cross-fade of its first into its last frame; the strength is the share of the latter. With
    /// 1 the clip is the cross-fade, which the paper calls morphing.
    CrossFade,
    /// A second agent moves away from the first one; the strength is its distance, px.
    AgentSplit,
    /// The agent disappears; the strength is the number of frames (below 1: one frame, in which it is translucent).
    AgentGone,
    /// Bar and stem of the T come apart; the strength is the distance, px.
    BlockSplit,
    /// The T moves while the agent is elsewhere; the strength is the distance, px.
    BlockDrift,
    /// The T grows over the clip; the strength is the relative growth.
    BlockGrowth,
    /// Agent or T jump from one frame to the next; the strength is the distance, px.
    Teleport,
    /// The goal moves; the strength is the distance, px.
    GoalMoved,
    /// Gaussian blur; the strength is its standard deviation in pixels of a 96 × 96 frame.
    Blur,
    /// White noise; the strength is its standard deviation in levels of 255.
    Noise,
    /// H.264; the strength is the quantizer.
    Compression,
    /// The colors of the frame or of the T change; the strength is the change in levels of 255.
    #[serde(alias = "colour-shift")]
    ColorShift,
    /// The agent stands still while the T keeps moving as if it were pushed; the strength is the distance that the T
    /// moves, px.
    AgentFrozen,
    /// The stem of the T slides along the bar, toward an L; the strength is the distance, px.
    BlockBend,
    /// The T turns against the push, over three pushed steps; the strength is the turn, degrees.
    BlockCounterturn,
    /// The T slides farther than it is pushed, in three pushed steps; the strength is the additional distance, px.
    BlockSlide,
    /// The T is pushed but stays; the strength is the distance by which the pushes would have moved it, px.
    BlockStuck,
}

/// Strength of a corruption. Every viewer sees a clear one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    /// Hardly visible.
    Faint,
    /// Visible on close inspection.
    Mild,
    /// Visible to every viewer.
    Clear,
    /// Stronger than clear.
    Strong,
}

impl Strength {
    /// All strengths, from faint to strong.
    pub const ALL: [Self; 4] = [Self::Faint, Self::Mild, Self::Clear, Self::Strong];

    /// Name of the strength.
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
    /// The kinds that were used to set the audit's thresholds.
    pub const TUNED: [Self; 16] = [
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
        Self::BlockBend,
        Self::BlockCounterturn,
        Self::BlockSlide,
        Self::BlockStuck,
    ];

    /// The kinds that were not used to set thresholds.
    pub const HELD_OUT: [Self; 1] = [Self::AgentFrozen];

    /// Name of the kind.
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
            Self::BlockCounterturn => "block-counterturn",
            Self::BlockSlide => "block-slide",
            Self::BlockStuck => "block-stuck",
        }
    }

    /// True if the corruption degrades the images but not the world that they show.
    pub const fn is_of_the_picture(self) -> bool {
        matches!(self, Self::Blur | Self::Noise | Self::Compression | Self::ColorShift)
    }

    /// The amount of a strength, in the unit of the kind.
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
            Self::BlockCounterturn => [2.0, 8.0, 20.0, 45.0],
            Self::BlockSlide => [4.0, 12.0, 30.0, 75.0],
            Self::BlockStuck => [5.0, 15.0, 45.0, 90.0],
        };
        amounts[strength as usize]
    }
}
