//! Actions out of a tracked, noisy path: fixed-interval smoothing of a linear Gaussian model.
//!
//! Per axis the hidden state is x_t = (p_t, v_t, a_t): position and velocity follow the law of motion under a_t, and
//! the action is a random walk,
//!
//! ```text
//! x_{t+1} = F x_t + (0, 0, w_t),  w_t ~ N(0, action_step²),     z_t = p_t + e_t,  e_t ~ N(0, position_noise²).
//! ```
//!
//! A Kalman filter runs forward (Kalman 1960), and the modified Bryson–Frazier recursion backward (Bierman 1973), which
//! needs no matrix inverse: with innovation y, its variance S, gain K and H = (1, 0, 0),
//!
//! ```text
//! λ̃ = −Hᵀ y / S + (I − K H)ᵀ λ̂,     Λ̃ = Hᵀ H / S + (I − K H)ᵀ Λ̂ (I − K H),
//! λ̂ ← Fᵀ λ̃,   Λ̂ ← Fᵀ Λ̃ F,          x̂ = x⁻ − P⁻ λ̃,   P̂ = P⁻ − P⁻ Λ̃ P⁻.
//! ```
//!
//! Positions that are missing are skipped by the filter. As `action_step / position_noise` grows, the result tends to
//! that of the exact inverse.

use crate::dynamics::CONTROL_STEP;
use crate::{Start, VisionError};
use pusht_env::Action;

type Vector = [f64; 3];
type Matrix = [[f64; 3]; 3];

/// Spread of the first action around the first position, px.
const FIRST_ACTION: f64 = 60.0;

/// Spread of an unknown first velocity, px/s.
const FIRST_VELOCITY: f64 = 150.0;

/// The model's two spreads.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ActionSmoother {
    /// Standard deviation of the tracking error, px an axis.
    pub position_noise: f64,
    /// Standard deviation of the change of the action from step to step, px an axis.
    pub action_step: f64,
}

impl Default for ActionSmoother {
    /// The rounding of the drawn agent to whole px (√(1/12)), and a step somewhat smaller than that of the human
    /// demonstrations (9.3), whose actions change smoothly: it gives the smaller error on them.
    fn default() -> Self {
        Self {
            position_noise: 0.29,
            action_step: 4.0,
        }
    }
}

/// The path that explains a track best.
#[derive(Clone, Debug, PartialEq)]
pub struct SmoothedTrack {
    /// Actions a_0 … a_{N−1} of positions p_0 … p_N, px.
    pub actions: Vec<Action>,
    /// Standard deviation of each action under the model, px an axis.
    pub action_std: Vec<f64>,
    /// Smoothed positions, px; as many as were tracked.
    pub positions: Vec<[f64; 2]>,
    /// Mean squared innovation over its expected value: about 1 where the track moves as an agent under the model's
    /// noise does, and well above 1 where it jumps as no agent can.
    pub misfit: f64,
}

/// What the forward pass keeps of a step, for both axes; covariances are the same for both.
struct Forward {
    mean: [Vector; 2],
    covariance: Matrix,
    /// Innovations, their variance and the gain, where there is an observation.
    update: Option<([f64; 2], f64, Vector)>,
}

impl ActionSmoother {
    /// Smooths a track of agent positions, px; `None` where no agent was seen.
    ///
    /// # Errors
    /// Fewer than two positions, none at the start, one that is not finite, or spreads that are not positive.
    pub fn smooth(&self, track: &[Option<[f64; 2]>], start: Start) -> Result<SmoothedTrack, VisionError> {
        self.check(track)?;
        let passed = self.forward(track, start);
        let (mut slope, mut curvature) = ([[0.0; 3]; 2], [[0.0; 3]; 3]);
        let mut states = vec![([[0.0; 3]; 2], 0.0); track.len()];
        for (step, out) in passed.iter().zip(&mut states).rev() {
            if let Some((innovation, variance, gain)) = step.update {
                let keep = keep(&gain);
                for axis in 0..2 {
                    slope[axis] = transposed_times(&keep, &slope[axis]);
                    slope[axis][0] -= innovation[axis] / variance;
                }
                curvature = congruent(&keep, &curvature);
                curvature[0][0] += 1.0 / variance;
            }
            let p = &step.covariance;
            let mean = [0, 1].map(|axis| {
                let shift = times(p, &slope[axis]);
                [0, 1, 2].map(|i| step.mean[axis][i] - shift[i])
            });
            let variance = p[2][2] - dot(&p[2], &times(&curvature, &p[2]));
            *out = (mean, variance.max(0.0).sqrt());
            let f = transition();
            slope = slope.map(|s| transposed_times(&f, &s));
            curvature = congruent(&f, &curvature);
        }
        let count = track.len() - 1;
        Ok(SmoothedTrack {
            actions: states[..count]
                .iter()
                .map(|([x, y], _)| [x[2] as f32, y[2] as f32])
                .collect(),
            action_std: states[..count].iter().map(|(_, std)| *std).collect(),
            positions: states.iter().map(|([x, y], _)| [x[0], y[0]]).collect(),
            misfit: misfit(&passed),
        })
    }

    fn check(&self, track: &[Option<[f64; 2]>]) -> Result<(), VisionError> {
        for (name, value) in [
            ("position noise", self.position_noise),
            ("action step", self.action_step),
        ] {
            if !(value.is_finite() && value > 0.0) {
                return Err(VisionError::Noise { name, value });
            }
        }
        if track.len() < 2 {
            return Err(VisionError::TooShort { found: track.len() });
        }
        if track[0].is_none() {
            return Err(VisionError::NoStart);
        }
        for (index, position) in track.iter().enumerate() {
            if let Some(position) = *position
                && !position.iter().all(|c| c.is_finite())
            {
                return Err(VisionError::NotFinite { index, position });
            }
        }
        Ok(())
    }

    /// The Kalman filter.
    fn forward(&self, track: &[Option<[f64; 2]>], start: Start) -> Vec<Forward> {
        let f = transition();
        let noise = self.position_noise.powi(2);
        let first = track[0].unwrap_or_default();
        let first_velocity = if start == Start::Rest { 0.0 } else { FIRST_VELOCITY };
        let mut mean = first.map(|p| [p, 0.0, p]);
        let mut covariance = [[0.0; 3]; 3];
        // The first position is centred on its own observation; a wide spread leaves the rest to that observation.
        for (i, spread) in [FIRST_ACTION, first_velocity, FIRST_ACTION].into_iter().enumerate() {
            covariance[i][i] = spread.powi(2);
        }
        let mut passed = Vec::with_capacity(track.len());
        for observed in track {
            let mut step = Forward {
                mean,
                covariance,
                update: None,
            };
            if let Some(observed) = observed {
                let variance = covariance[0][0] + noise;
                let gain = covariance.map(|row| row[0] / variance);
                let innovation = [0, 1].map(|axis| observed[axis] - mean[axis][0]);
                for axis in 0..2 {
                    for i in 0..3 {
                        mean[axis][i] += gain[i] * innovation[axis];
                    }
                }
                covariance = joseph(&covariance, &gain, noise);
                step.update = Some((innovation, variance, gain));
            }
            passed.push(step);
            mean = mean.map(|m| times(&f, &m));
            covariance = congruent(&transpose(&f), &covariance);
            covariance[2][2] += self.action_step.powi(2);
        }
        passed
    }
}

/// Mean squared innovation over its variance; the first position is its own prediction and does not count.
fn misfit(passed: &[Forward]) -> f64 {
    let updates: Vec<f64> = passed[1..]
        .iter()
        .filter_map(|step| step.update)
        .map(|(y, variance, _)| (y[0] * y[0] + y[1] * y[1]) / (2.0 * variance))
        .collect();
    if updates.is_empty() {
        0.0
    } else {
        updates.iter().sum::<f64>() / updates.len() as f64
    }
}

/// F.
fn transition() -> Matrix {
    let c = CONTROL_STEP;
    [
        [c.alpha, c.beta, c.gamma],
        [-c.kappa, c.lambda, c.kappa],
        [0.0, 0.0, 1.0],
    ]
}

/// I − K H.
fn keep(gain: &Vector) -> Matrix {
    [[1.0 - gain[0], 0.0, 0.0], [-gain[1], 1.0, 0.0], [-gain[2], 0.0, 1.0]]
}

/// (I − K H) P (I − K H)ᵀ + K Kᵀ noise: stays symmetric and positive.
fn joseph(p: &Matrix, gain: &Vector, noise: f64) -> Matrix {
    let mut updated = congruent(&transpose(&keep(gain)), p);
    for i in 0..3 {
        for j in 0..3 {
            updated[i][j] += noise * gain[i] * gain[j];
        }
    }
    updated
}

fn dot(a: &Vector, b: &Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn transpose(m: &Matrix) -> Matrix {
    [0, 1, 2].map(|i| [m[0][i], m[1][i], m[2][i]])
}

fn times(m: &Matrix, v: &Vector) -> Vector {
    m.map(|row| dot(&row, v))
}

fn transposed_times(m: &Matrix, v: &Vector) -> Vector {
    times(&transpose(m), v)
}

/// Mᵀ S M.
fn congruent(m: &Matrix, s: &Matrix) -> Matrix {
    let columns = transpose(m);
    columns.map(|left| [0, 1, 2].map(|j| dot(&left, &times(s, &columns[j]))))
}
