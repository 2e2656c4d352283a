//! Kinds of findings.
//! A new kind is a variant here; the rule that detects it is in `rules.rs`.

use serde::{Deserialize, Serialize};

/// A kind of finding. Kinds that explain others come first: a T that melts also jumps, one that jumps also moves
/// without contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A T that melts: translucent, gray where there is no T, or missing where there is one.
    Morph,
    /// More than one agent.
    SeveralAgents,
    /// No agent.
    AgentGone,
    /// A T in pieces.
    BlockSplit,
    /// No T.
    BlockGone,
    /// A T that is larger, smaller, squeezed or sheared.
    BlockResized,
    /// An agent that is too large or too small.
    AgentResized,
    /// A goal at another place or of another shape.
    GoalChanged,
    /// An agent that is faster than the environment allows.
    AgentJump,
    /// A T that is faster than any push.
    BlockJump,
    /// A T that moves without being pushed.
    #[serde(alias = "untouched")]
    MotionWithoutContact,
    /// Images with compression artifacts.
    Compression,
    /// Noisy images.
    Noise,
    /// Blurred images.
    Blur,
    /// Wrong colors of the frame or the T.
    #[serde(alias = "colour")]
    Color,
}

impl Kind {
    /// All kinds, in order.
    pub const ALL: [Self; 15] = [
        Self::Morph,
        Self::SeveralAgents,
        Self::AgentGone,
        Self::BlockSplit,
        Self::BlockGone,
        Self::BlockResized,
        Self::AgentResized,
        Self::GoalChanged,
        Self::AgentJump,
        Self::BlockJump,
        Self::MotionWithoutContact,
        Self::Compression,
        Self::Noise,
        Self::Blur,
        Self::Color,
    ];

    /// Name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Morph => "morph",
            Self::SeveralAgents => "several-agents",
            Self::AgentGone => "agent-gone",
            Self::BlockGone => "block-gone",
            Self::BlockSplit => "block-split",
            Self::BlockResized => "block-resized",
            Self::AgentResized => "agent-resized",
            Self::GoalChanged => "goal-changed",
            Self::AgentJump => "agent-jump",
            Self::BlockJump => "block-jump",
            Self::MotionWithoutContact => "motion-without-contact",
            Self::Compression => "compression",
            Self::Noise => "noise",
            Self::Blur => "blur",
            Self::Color => "color",
        }
    }

    /// Human-readable description.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Morph => "the T melts or fades",
            Self::SeveralAgents => "there is more than one agent",
            Self::AgentGone => "the agent is gone",
            Self::BlockGone => "the T is gone",
            Self::BlockSplit => "the T is in pieces",
            Self::BlockResized => "the T changes its size or shape",
            Self::AgentResized => "the agent changes its size",
            Self::GoalChanged => "the goal changes",
            Self::AgentJump => "the agent jumps",
            Self::BlockJump => "the T jumps",
            Self::MotionWithoutContact => "the T moves without being pushed",
            Self::Compression => "the picture has a codec's marks",
            Self::Noise => "the picture is noisy",
            Self::Blur => "the picture is blurred",
            Self::Color => "colors change",
        }
    }

    /// True if the finding concerns the world that the clip shows, not only the quality of its images.
    pub const fn is_physical(self) -> bool {
        !matches!(self, Self::Compression | Self::Noise | Self::Blur | Self::Color)
    }
}

/// Severity from which a finding is gross.
pub(crate) const GROSS: f64 = 3.0;

/// A defect of a clip, with its frames and its size.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Kind of the finding.
    pub kind: Kind,
    /// First and last frame, counted from 0.
    pub frames: [usize; 2],
    /// The largest value measured in these frames, in the unit of the kind (`docs/audit.md`).
    pub value: f64,
    /// Value from which a measurement is a finding.
    pub threshold: f64,
    /// The frame in which `value` was measured.
    pub worst: usize,
    /// Position on the board, px; `None` if it concerns the whole frame.
    pub at: Option<[f64; 2]>,
}

impl Finding {
    /// `value` over `threshold`; at least 3 for things that are either there or not.
    pub fn severity(&self) -> f64 {
        let least = match self.kind {
            Kind::SeveralAgents | Kind::AgentGone | Kind::BlockSplit | Kind::BlockGone => GROSS,
            _ => 0.0,
        };
        (self.value / self.threshold).max(least)
    }
}
