//! Kinds of findings.
//! A new kind is a variant here; the rule that detects it is in `rules.rs`.

use std::fmt;

use pusht_env::Pose;
use pusht_vision::FrameRange;
use serde::{Deserialize, Serialize};

/// A kind of finding. Kinds that explain others come first: a T that melts also jumps, one that jumps also moves
/// without contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
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
    /// A T that moves, stays or turns otherwise than the exact simulator has it for the agent's motion.
    Dynamics,
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

impl FindingKind {
    /// All kinds, in order.
    pub const ALL: [Self; 16] = [
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
        Self::Dynamics,
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
            Self::Dynamics => "dynamics",
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
            Self::Dynamics => "the T does not move as the agent pushes it",
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

/// The name in JSON.
impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Severity from which a finding is gross.
pub(crate) const GROSS: f64 = 3.0;

/// A defect of a clip, with its frames and its size.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// FindingKind of the finding.
    pub kind: FindingKind,
    /// The frames that it concerns.
    pub frames: FrameRange,
    /// The largest value measured in these frames, in the unit of the kind (`docs/audit.md`).
    pub value: f64,
    /// Value from which a measurement is a finding.
    pub threshold: f64,
    /// The frame in which `value` was measured.
    pub worst: usize,
    /// Position on the board, px; `None` if it concerns the whole frame.
    pub at: Option<[f64; 2]>,
    /// Where the simulator has the T in frame `worst`, for [`FindingKind::Dynamics`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub simulated: Option<Pose>,
}

impl Finding {
    /// `value` over `threshold`; at least 3 for things that are either there or not.
    pub fn severity(&self) -> f64 {
        let least = match self.kind {
            FindingKind::SeveralAgents | FindingKind::AgentGone | FindingKind::BlockSplit | FindingKind::BlockGone => {
                GROSS
            }
            _ => 0.0,
        };
        (self.value / self.threshold).max(least)
    }

    /// Unit of `value`, as it follows the number; empty for a ratio.
    pub const fn unit(&self) -> &'static str {
        match self.kind {
            FindingKind::AgentJump
            | FindingKind::BlockJump
            | FindingKind::MotionWithoutContact
            | FindingKind::Dynamics => " px of 512",
            FindingKind::SeveralAgents => " discs",
            FindingKind::AgentGone => " of a disc missing",
            FindingKind::BlockSplit => " pieces",
            FindingKind::Noise => " levels of 255",
            _ => "",
        }
    }
}

/// What it is, its frames, its value and its limit.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            frames,
            value,
            threshold,
            ..
        } = self;
        write!(
            f,
            "{}: frames {frames}, measured {value:.2}, limit {threshold:.2}{}",
            kind.description(),
            self.unit()
        )
    }
}
