//! Configuration of an environment, and the differences between the two references.

use serde::{Deserialize, Serialize};

use crate::{FillRule, GOAL, Pose, Seeding};

/// Order in which a reset sets the position and the angle of the T in the physics engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResetOrder {
    /// Position, then angle. Setting the angle turns the T about its center of gravity, so it ends up at (x + 45 sin θ,
    /// y + 45 − 45 cos θ) instead of (x, y). gym-pusht, and diffusion_policy with `legacy=True`.
    #[default]
    PositionFirst,
    /// Angle, then position: the T has exactly the requested pose. diffusion_policy with `legacy=False`.
    AngleFirst,
    /// Exactly the start state, at rest and without contacts ([`PushT::set_state`](crate::PushT::set_state)): no setter
    /// of an engine, and no physics substep after it. Neither reference does this.
    Exact,
}

/// Divisor that turns the contact points of a step into [`Info::n_contacts`](crate::Info::n_contacts).
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

/// Settings of an environment. They are independent; the constructors give the combinations of the references.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvConfig {
    /// Random generator that turns seeds into start states.
    pub seeding: Seeding,
    /// How a reset applies a start state.
    pub reset_order: ResetOrder,
    /// How contacts are reported.
    pub contact_count: ContactCount,
    /// How polygons in images are filled.
    pub fill_rule: FillRule,
    /// Target pose of the T.
    pub goal: Pose,
    /// Steps after which [`PushT::step`](crate::PushT::step) reports `truncated`; `None` for no limit. The expert's
    /// `demonstrate` and the rollouts of the crate `eval` have limits of their own.
    pub max_steps: Option<u32>,
}

impl EnvConfig {
    /// The environment `gym_pusht/PushT-v0` of gym-pusht 0.1.8, with its limit of 300 steps.
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

    /// The environment `PushTImageEnv` of diffusion_policy with its pinned packages and `legacy=True`
    /// ([`ResetOrder::PositionFirst`]), as its runner sets it for the published scores. The environment itself has no
    /// step limit.
    pub const fn diffusion_policy() -> Self {
        Self {
            seeding: Seeding::DiffusionPolicy,
            reset_order: ResetOrder::PositionFirst,
            contact_count: ContactCount::DiffusionPolicy,
            fill_rule: FillRule::Pygame25,
            goal: GOAL,
            max_steps: None,
        }
    }

    /// The environment of [`EnvConfig::diffusion_policy`] with `legacy=False` ([`ResetOrder::AngleFirst`]).
    pub const fn diffusion_policy_non_legacy() -> Self {
        Self {
            reset_order: ResetOrder::AngleFirst,
            ..Self::diffusion_policy()
        }
    }

    /// Sets the goal pose.
    #[must_use]
    pub const fn with_goal(self, goal: Pose) -> Self {
        Self { goal, ..self }
    }

    /// Sets the step limit.
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
