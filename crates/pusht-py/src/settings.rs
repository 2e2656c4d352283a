//! Settings by the names that Python passes.

use pusht_env::{Autoreset, EnvConfig, Modality, Pose, ResetOrder};
use pyo3::prelude::*;

use crate::errors::value_error;

/// Side of an image, px: as the environment checks it, but with room for whatever Python passes.
pub fn dimensions(width: i64, height: i64) -> PyResult<[u32; 2]> {
    let side = |side: i64| {
        u32::try_from(side)
            .ok()
            .filter(|side| (1..=4096).contains(side))
            .ok_or_else(|| {
                value_error(format_args!(
                    "an image is 1 to 4096 px wide and high, got {width} × {height}"
                ))
            })
    };
    Ok([side(width)?, side(height)?])
}

/// The kind of observation of gym-pusht's `obs_type`.
pub fn modality(obs_type: &str) -> PyResult<Modality> {
    Ok(match obs_type {
        "state" => Modality::State,
        "environment_state_agent_pos" => Modality::Keypoints,
        "pixels" => Modality::Pixels,
        "pixels_agent_pos" => Modality::PixelsAgentPos,
        other => {
            return Err(value_error(format_args!(
                "Unknown obs_type {other}. Must be one of [pixels, state, environment_state_agent_pos, pixels_agent_pos]"
            )));
        }
    })
}

/// The configuration of a protocol, changed where Python asks for it.
pub fn config(
    protocol: &str,
    reset_order: Option<&str>,
    goal: Option<[f64; 3]>,
    max_steps: Option<u32>,
) -> PyResult<EnvConfig> {
    let mut config = match protocol {
        "gym_pusht" => EnvConfig::gym_pusht(),
        "diffusion_policy" => EnvConfig::diffusion_policy(),
        other => {
            return Err(value_error(format_args!(
                "unknown protocol {other:?}; expected 'gym_pusht' or 'diffusion_policy'"
            )));
        }
    };
    config.max_steps = max_steps;
    if let Some(order) = reset_order {
        config.reset_order = match order {
            "position_first" => ResetOrder::PositionFirst,
            "angle_first" => ResetOrder::AngleFirst,
            "exact" => ResetOrder::Exact,
            other => {
                return Err(value_error(format_args!(
                    "unknown reset_order {other:?}; expected 'position_first', 'angle_first' or 'exact'"
                )));
            }
        };
    }
    if let Some([x, y, angle]) = goal {
        config.goal = Pose::new(x, y, angle);
    }
    Ok(config)
}

/// What happens to an environment whose episode has ended, by gymnasium's names, and `Wait`.
pub fn autoreset(mode: &str) -> PyResult<Autoreset> {
    Ok(match mode {
        "NextStep" => Autoreset::NextStep,
        "SameStep" => Autoreset::SameStep,
        "Disabled" => Autoreset::Disabled,
        "Wait" => Autoreset::Wait,
        other => {
            return Err(value_error(format_args!(
                "unknown autoreset_mode {other:?}; expected 'NextStep', 'SameStep', 'Disabled' or 'Wait'"
            )));
        }
    })
}
