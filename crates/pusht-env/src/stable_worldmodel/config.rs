//! Configuration of stable-worldmodel's PushT.

use serde::{Deserialize, Serialize};

use super::{Factors, SwmError};
use crate::EnvConfig;

/// What an action means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActionMode {
    /// From the agent's position, in hundreds of px.
    #[default]
    Relative,
    /// Target position in px (`relative=False`).
    Absolute,
}

/// Faults of release 0.1.1; all are kept unless a switch is set to false.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwmFaults {
    /// The T has the size of scale 30 whatever `block.scale` or `agent.scale` is.
    pub tee_ignores_scale: bool,
    /// A start is set in the space in which the goal was set before, with what that left behind: if the goal overlaps an
    /// agent or a wall, the block is off the start by up to 2 px. If false, a reset begins the start in a new space.
    pub start_keeps_leftovers: bool,
    /// Success whatever the block's angle is, if it differs from that of the goal by more than 2π. If false, angles are
    /// compared modulo 2π.
    pub angle_beyond_turn_succeeds: bool,
    /// The action drawn in pictures is the action itself, relative or not, in px of a picture of 96 × 96. If false, it is
    /// drawn at the target.
    pub marker_is_misplaced: bool,
    /// After a reset, pictures still show the last action of the episode before.
    pub marker_outlives_episode: bool,
}

impl SwmFaults {
    /// None of them.
    pub const fn none() -> Self {
        Self {
            tee_ignores_scale: false,
            start_keeps_leftovers: false,
            angle_beyond_turn_succeeds: false,
            marker_is_misplaced: false,
            marker_outlives_episode: false,
        }
    }
}

impl Default for SwmFaults {
    /// All of them, as in the package.
    fn default() -> Self {
        Self {
            tee_ignores_scale: true,
            start_keeps_leftovers: true,
            angle_beyond_turn_succeeds: true,
            marker_is_misplaced: true,
            marker_outlives_episode: true,
        }
    }
}

/// Settings of stable-worldmodel's PushT, by the package's arguments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwmConfig {
    /// What actions mean.
    pub actions: ActionMode,
    /// Factors that are not drawn (`init_value`).
    pub defaults: Factors,
    /// Share of its velocity that a block or polygon agent keeps in a second; 0 stops it in every substep.
    pub damping: f64,
    /// Center of gravity of the block in body coordinates, px, in place of that of its shape. A reset leaves the inserted
    /// block where it is.
    pub block_cog: Option<[f64; 2]>,
    /// Whether pictures show the green goal, if the factor `rendering.render_goal` wants it, too.
    pub with_target: bool,
    /// Whether pictures show the last action.
    pub render_action: bool,
    /// Steps after which a step reports `truncated`. The package has no limit; its `World` sets 100.
    pub max_steps: Option<u32>,
    /// The package's faults.
    pub faults: SwmFaults,
}

impl Default for SwmConfig {
    fn default() -> Self {
        Self {
            actions: ActionMode::Relative,
            defaults: Factors::default(),
            damping: 0.0,
            block_cog: None,
            with_target: true,
            render_action: false,
            max_steps: None,
            faults: SwmFaults::default(),
        }
    }
}

impl SwmConfig {
    /// Sets what actions mean.
    #[must_use]
    pub fn with_actions(self, actions: ActionMode) -> Self {
        Self { actions, ..self }
    }

    /// Sets the factors that are not drawn.
    ///
    /// # Errors
    /// A factor out of its range.
    pub fn with_defaults(self, defaults: Factors) -> Result<Self, SwmError> {
        defaults.check()?;
        Ok(Self { defaults, ..self })
    }

    /// Sets which faults are kept.
    #[must_use]
    pub fn with_faults(self, faults: SwmFaults) -> Self {
        Self { faults, ..self }
    }

    /// Sets the step limit.
    #[must_use]
    pub fn with_max_steps(self, max_steps: Option<u32>) -> Self {
        Self { max_steps, ..self }
    }
}

impl EnvConfig {
    /// The environment `swm/PushT-v1` of stable-worldmodel 0.1.1, for
    /// [`SwmPushT`](crate::stable_worldmodel::SwmPushT): it has settings of its own.
    pub fn stable_worldmodel() -> SwmConfig {
        SwmConfig::default()
    }
}
