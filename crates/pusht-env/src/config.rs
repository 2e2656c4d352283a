//! The references and their differences.

use serde::{Deserialize, Serialize};

use crate::{FillRule, GOAL, Pose, Seeding};

/// In which order a reset hands position and angle of the T to the physics engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResetOrder {
    /// Position, then angle. Setting the angle turns the T about its center of gravity, so it ends up elsewhere than
    /// asked: at (x + 45 sin θ, y + 45 − 45 cos θ). gym-pusht, and diffusion_policy with `legacy=True`.
    #[default]
    PositionFirst,
    /// Angle, then position: the T is where it was asked to be. diffusion_policy with `legacy=False`.
    AngleFirst,
}

/// By what the contact points of a step are divided for [`Info::n_contacts`](crate::Info::n_contacts).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContactCount {
    /// By 1000, so the result is 0 or 1: gym-pusht.
    #[default]
    GymPusht,
    /// By 10, the number of substeps: diffusion_policy.
    DiffusionPolicy,
}

impl ContactCount {
    pub(crate) const fn divisor(self) -> u32 {
        match self {
            Self::GymPusht => 1000,
            Self::DiffusionPolicy => 10,
        }
    }
}

/// How an environment behaves. The switches are independent; the constructors name the references' combinations.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvConfig {
    /// Which generator turns seeds into start states.
    pub seeding: Seeding,
    /// What a reset makes of a start state.
    pub reset_order: ResetOrder,
    /// How contacts are reported.
    pub contact_count: ContactCount,
    /// How pictures are filled.
    pub fill_rule: FillRule,
    /// Where the T should go.
    pub goal: Pose,
    /// Steps after which an episode is truncated; `None`: never.
    pub max_steps: Option<u32>,
}

impl EnvConfig {
    /// `gym_pusht/PushT-v0` of gym-pusht 0.1.8, with its limit of 300 steps.
    pub const fn gym_pusht() -> Self {
        Self {
            seeding: Seeding::GymPusht,
            reset_order: ResetOrder::PositionFirst,
            contact_count: ContactCount::GymPusht,
            fill_rule: FillRule::Pygame26,
            goal: GOAL,
            max_steps: Some(300),
        }
    }

    /// diffusion_policy's `PushTImageEnv` with its pinned packages; its runner uses `legacy`. The environment itself
    /// has no limit of steps.
    pub const fn diffusion_policy(legacy: bool) -> Self {
        Self {
            seeding: Seeding::DiffusionPolicy,
            reset_order: if legacy {
                ResetOrder::PositionFirst
            } else {
                ResetOrder::AngleFirst
            },
            contact_count: ContactCount::DiffusionPolicy,
            fill_rule: FillRule::Pygame25,
            goal: GOAL,
            max_steps: None,
        }
    }

    /// The same with another goal.
    #[must_use]
    pub const fn with_goal(self, goal: Pose) -> Self {
        Self { goal, ..self }
    }

    /// The same with another limit of steps.
    #[must_use]
    pub const fn with_max_steps(self, max_steps: Option<u32>) -> Self {
        Self { max_steps, ..self }
    }
}

impl Default for EnvConfig {
    fn default() -> Self {
        Self::gym_pusht()
    }
}
