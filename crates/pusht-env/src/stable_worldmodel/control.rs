//! The control law, and other ways to write an action.

use std::f64::consts::PI;

use super::{SwmError, SwmState};

/// px per unit of a relative action.
pub(super) const ACTION_SCALE: f64 = 100.0;

/// A target position of the agent, in the precision in which the package computes with it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Target {
    /// From a relative float32 action: numpy keeps float32 through the whole law.
    Single([f32; 2]),
    /// From a float64 or an absolute action.
    Double([f64; 2]),
}

impl Target {
    /// The target of a relative float32 action from `position`.
    pub fn relative(position: [f64; 2], action: [f32; 2]) -> Self {
        Self::Single([0, 1].map(|i| position[i] as f32 + action[i] * ACTION_SCALE as f32))
    }

    /// The target of a relative float64 action from `position`.
    pub fn relative_f64(position: [f64; 2], action: [f64; 2]) -> Self {
        Self::Double([0, 1].map(|i| position[i] + action[i] * ACTION_SCALE))
    }

    /// px.
    pub fn position(self) -> [f64; 2] {
        match self {
            Self::Single(target) => target.map(f64::from),
            Self::Double(target) => target,
        }
    }

    /// Velocity of the next substep, by a PD law.
    pub fn velocity(self, position: [f64; 2], velocity: [f64; 2]) -> [f64; 2] {
        let axes = [0, 1];
        match self {
            Self::Single(target) => axes.map(|i| {
                let error = target[i] - position[i] as f32;
                let acceleration = 100.0 * error + (20.0 * (0.0 - velocity[i])) as f32;
                f64::from(velocity[i] as f32 + acceleration * 0.01)
            }),
            Self::Double(target) => axes.map(|i| {
                let acceleration = 100.0 * (target[i] - position[i]) + 20.0 * (0.0 - velocity[i]);
                velocity[i] + acceleration * 0.01
            }),
        }
    }
}

/// The relative action of a discrete one (`swm/PushT-Discrete-v1`): a radius bin and an angle bin, 0 to 15 each.
///
/// # Errors
/// A bin above 15.
pub fn polar_action(bins: [u8; 2]) -> Result<[f32; 2], SwmError> {
    const BINS: f64 = 16.0;
    let [radius, angle] = bins.map(|bin| (f64::from(bin) + 0.5) / BINS);
    if radius > 1.0 || angle > 1.0 {
        return Err(SwmError::Bins { bins });
    }
    let angle = angle * 2.0 * PI;
    Ok([(radius * angle.cos()) as f32, (radius * angle.sin()) as f32])
}

/// The action of the package's `WeakPolicy` for a uniformly drawn one in [−1, 1]²: its target is moved into the square of half
/// side 100 px around the block.
pub fn near_block(state: SwmState, drawn: [f64; 2]) -> [f32; 2] {
    let block = [state.block.x, state.block.y];
    [0, 1].map(|i| {
        let target = (state.agent[i] + ACTION_SCALE * drawn[i])
            .max(block[i] - 100.0)
            .min(block[i] + 100.0);
        ((target - state.agent[i]) / 100.0).clamp(-1.0, 1.0) as f32
    })
}
