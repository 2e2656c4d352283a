//! The closed-form inverse: the actions that produce an exact track.
//!
//! Solving the law of motion for the action gives, per axis and for t = 0, 1, …,
//!
//! ```text
//! a_t     = (p_{t+1} − α p_t − β v_t) / γ
//! v_{t+1} = κ (a_t − p_t) + λ v_t,
//! ```
//!
//! which needs v_0. An error ε in v_0 changes a_t by −(β/γ) μ^t ε with μ = λ − β κ / γ = −0.385: it alternates and
//! decays by a factor of a thousand in seven steps.
//!
//! Noise in the positions does not decay: independent errors of size σ in the positions become errors of about 5 σ in
//! the actions (1/γ = 3.4 for the newest position alone). For tracked positions use
//! [`ActionSmoother`](crate::ActionSmoother).

use crate::VisionError;
use crate::agent_control::CONTROL_STEP;
use pusht_env::Action;

/// Assumption about the agent's velocity at the first position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InitialMotion {
    /// Zero, as in an episode from its reset on.
    #[default]
    Rest,
    /// Unknown, as in a clip that begins in the middle of a motion.
    Moving,
}

/// Actions a_0 … a_{N−1} of an exact track p_0 … p_N, px.
///
/// With [`InitialMotion::Moving`] the first velocity is the one with the smallest second differences of the first
/// actions (least squares; zero for tracks of fewer than four positions); the actions after the first few hardly depend
/// on it.
///
/// # Errors
/// Fewer than two positions, or one that is not finite.
pub fn actions_from_track(track: &[[f64; 2]], start: InitialMotion) -> Result<Vec<Action>, VisionError> {
    check(track)?;
    let axes = [0, 1].map(|axis| {
        let positions: Vec<f64> = track.iter().map(|p| p[axis]).collect();
        let at_rest = invert(&positions, 0.0);
        match start {
            InitialMotion::Rest => at_rest,
            InitialMotion::Moving => invert(&positions, first_velocity(&at_rest)),
        }
    });
    Ok(axes[0]
        .iter()
        .zip(&axes[1])
        .map(|(&x, &y)| [x as f32, y as f32])
        .collect())
}

pub(crate) fn check(track: &[[f64; 2]]) -> Result<(), VisionError> {
    if track.len() < 2 {
        return Err(VisionError::TooShort { found: track.len() });
    }
    match track.iter().position(|p| !p.iter().all(|c| c.is_finite())) {
        Some(index) => Err(VisionError::NotFinite {
            index,
            position: track[index],
        }),
        None => Ok(()),
    }
}

/// The recursion along one axis.
fn invert(p: &[f64], mut v: f64) -> Vec<f64> {
    let c = CONTROL_STEP;
    p.windows(2)
        .map(|pair| {
            let a = (pair[1] - c.alpha * pair[0] - c.beta * v) / c.gamma;
            v = c.kappa * (a - pair[0]) + c.lambda * v;
            a
        })
        .collect()
}

/// The v_0 that minimizes Σ (a_{t+2} − 2 a_{t+1} + a_t)² where a_t = `at_rest`_t − (β/γ) μ^t v_0: the error from a
/// wrong v_0 alternates, an evenly moving target does not.
fn first_velocity(at_rest: &[f64]) -> f64 {
    let c = CONTROL_STEP;
    let bend = (c.memory() - 1.0).powi(2);
    let mut influence = -c.beta / c.gamma;
    let (mut above, mut below) = (0.0, 0.0);
    // Beyond a dozen steps the influence is below 1e-5 of the first.
    for a in at_rest.windows(3).take(12) {
        let change = influence * bend;
        above -= change * (a[2] - 2.0 * a[1] + a[0]);
        below += change * change;
        influence *= c.memory();
    }
    if below > 0.0 { above / below } else { 0.0 }
}
