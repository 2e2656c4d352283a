//! What can be found in a clip.

use serde::{Deserialize, Serialize};

/// A kind of finding, in the order of what explains more: a T that melts also jumps, one that jumps also moves without contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A T that melts: translucent, gray where no T is, none where it is.
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
    /// A goal that is elsewhere or has another shape.
    GoalChanged,
    /// An agent that is faster than the environment allows.
    AgentJump,
    /// A T that is faster than any push.
    BlockJump,
    /// A T that moves without being pushed.
    #[serde(alias = "untouched")]
    MotionWithoutContact,
    /// A picture with the marks of a codec.
    Compression,
    /// A noisy picture.
    Noise,
    /// A blurred picture.
    Blur,
    /// Colors of the frame or the T that are others.
    #[serde(alias = "colour")]
    Color,
}

impl Kind {
    /// All, in order.
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

    /// Its name in JSON.
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

    /// A description for people.
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

    /// True where the world that the clip shows is wrong, not only its picture.
    pub const fn is_physical(self) -> bool {
        !matches!(self, Self::Compression | Self::Noise | Self::Blur | Self::Color)
    }
}

/// Multiple of a threshold from which a finding is gross.
pub(crate) const GROSS: f64 = 3.0;

/// Something that is wrong with a clip, in which frames, and by how much.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// What.
    pub kind: Kind,
    /// First and last frame, counted from 0.
    pub frames: [usize; 2],
    /// The most that was measured in these frames, in the unit of the kind (`docs/audit.md`).
    pub value: f64,
    /// From what value on it is a finding.
    pub threshold: f64,
    /// The frame in which it was measured.
    pub worst: usize,
    /// Where on the board, px; none where it is everywhere.
    pub at: Option<[f64; 2]>,
}

impl Finding {
    /// How many times the threshold; what is there or not at least three times.
    pub fn severity(&self) -> f64 {
        let least = match self.kind {
            Kind::SeveralAgents | Kind::AgentGone | Kind::BlockSplit | Kind::BlockGone => GROSS,
            _ => 0.0,
        };
        (self.value / self.threshold).max(least)
    }
}
