//! Actions from a noisy track: fixed-interval smoothing of a linear Gaussian model.
//!
//! Per axis the hidden state is x_t = (p_t, v_t, a_t, d_t): position and velocity follow the law of motion under the
//! action a_t, which changes by a pace d_t that varies slowly, like the motion of a hand,
//!
//! ```text
//! a_{t+1} = a_t + d_t + u_t,   d_{t+1} = φ d_t + w_t,   φ = 0.75,
//! u_t ~ N(0, 0.5²),   w_t ~ N(0, pace_step²),           z_t = p_t + e_t,  e_t ~ N(0, position_noise²).
//! ```
//!
//! A Kalman filter runs forward (Kalman 1960), and the modified Bryson–Frazier recursion backward (Bierman 1973), which
//! needs no matrix inverse: with innovation y, its variance S, gain K, transition F and H = (1, 0, 0, 0),
//!
//! ```text
//! λ̃ = −Hᵀ y / S + (I − K H)ᵀ λ̂,     Λ̃ = Hᵀ H / S + (I − K H)ᵀ Λ̂ (I − K H),
//! λ̂ ← Fᵀ λ̃,   Λ̂ ← Fᵀ Λ̃ F,          x̂ = x⁻ − P⁻ λ̃,   P̂ = P⁻ − P⁻ Λ̃ P⁻.
//! ```
//!
//! The filter skips missing positions. Spreads that are not given are estimated by maximum likelihood, with the
//! innovations' log density Σ −log S − ½ |y|²/S (both axes), see `spreads`.

use crate::agent_control::CONTROL_STEP;
use crate::board::BOARD;
use crate::linear::{Matrix, Vector, congruent, dot, times, transpose, transposed_times};
use crate::spreads::LEAST_NOISE;
use crate::{InitialMotion, VisionError};
use pusht_env::Action;

/// Dimension of the hidden state.
const STATE: usize = 4;

/// Spread of the first action around the first position, px.
const FIRST_ACTION: f64 = 60.0;

/// Spread of an unknown first velocity, px/s.
const FIRST_VELOCITY: f64 = 150.0;

/// φ: the share of its pace that the action keeps per step. In the human demonstrations consecutive steps of the action
/// have a correlation of 0.79.
const PERSISTENCE: f64 = 0.75;

/// Spread of changes of the action besides its pace, px.
const JITTER: f64 = 0.5;

/// Estimates actions from a noisy track by smoothing; holds the model's two spreads.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ActionSmoother {
    /// Standard deviation of the tracking error, px per axis; estimated from each track if `None`.
    pub position_noise: Option<f64>,
    /// Standard deviation of the change of the action's pace from step to step, px per axis; estimated from
    /// each track if `None`.
    pub pace_step: Option<f64>,
}

/// The smoothed path of a track, with its actions.
#[derive(Clone, Debug, PartialEq)]
pub struct SmoothedTrack {
    /// Actions a_0 … a_{N−1} of positions p_0 … p_N, px, on the board.
    pub actions: Vec<Action>,
    /// Standard deviation of each action's error, px per axis.
    pub action_std: Vec<f64>,
    /// Smoothed positions, px; as many as the track has.
    pub positions: Vec<[f64; 2]>,
    /// Velocities at these positions, px/s.
    pub velocities: Vec<[f64; 2]>,
    /// The given or estimated tracking error, px per axis.
    pub position_noise: f64,
    /// The given or estimated change of pace, px per axis.
    pub pace_step: f64,
    /// The largest innovation, in standard deviations: below 6 for the path of an agent, far above for jumps that no
    /// agent can make.
    pub largest_jump: f64,
}

/// Values that the forward pass stores per step, for both axes; covariances are the same for both.
struct Forward {
    mean: [Vector<STATE>; 2],
    covariance: Matrix<STATE>,
    /// The update, if there is an observation.
    update: Option<Update>,
}

/// Innovations of both axes, their variance and the gain.
type Update = ([f64; 2], f64, Vector<STATE>);

impl ActionSmoother {
    /// Smooths a track of agent positions, px; `None` for frames without an agent.
    ///
    /// # Errors
    /// Fewer than two positions, none at the start, one that is not finite, or spreads that are not positive.
    pub fn smooth(&self, track: &[Option<[f64; 2]>], start: InitialMotion) -> Result<SmoothedTrack, VisionError> {
        self.check(track)?;
        let spreads = crate::spreads::estimate(self.position_noise, self.pace_step, |spreads| {
            log_likelihood(Filter::new(track, start, spreads))
        });
        let passed: Vec<Forward> = Filter::new(track, start, spreads).collect();
        let (mut slope, mut curvature) = ([[0.0; STATE]; 2], [[0.0; STATE]; STATE]);
        let mut states = vec![([[0.0; STATE]; 2], 0.0); track.len()];
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
                std::array::from_fn(|i| step.mean[axis][i] - shift[i])
            });
            let variance = p[2][2] - dot(&p[2], &times(&curvature, &p[2]));
            *out = (mean, variance.max(0.0).sqrt());
            let f = transition();
            slope = slope.map(|s| transposed_times(&f, &s));
            curvature = congruent(&f, &curvature);
        }
        let count = track.len() - 1;
        let on_board = |x: f64| x.clamp(0.0, BOARD) as f32;
        Ok(SmoothedTrack {
            actions: states[..count]
                .iter()
                .map(|([x, y], _)| [on_board(x[2]), on_board(y[2])])
                .collect(),
            action_std: states[..count]
                .iter()
                .map(|(_, std)| *std * tails(spreads[0]))
                .collect(),
            positions: states.iter().map(|([x, y], _)| [x[0], y[0]]).collect(),
            velocities: states.iter().map(|([x, y], _)| [x[1], y[1]]).collect(),
            position_noise: spreads[0],
            pace_step: spreads[1],
            largest_jump: innovations(passed.iter().map(|step| step.update))
                .map(|(squares, variance)| (squares / variance).sqrt())
                .fold(0.0, f64::max),
        })
    }

    fn check(&self, track: &[Option<[f64; 2]>]) -> Result<(), VisionError> {
        for (name, value) in [("position noise", self.position_noise), ("pace step", self.pace_step)] {
            if let Some(value) = value
                && !(value.is_finite() && value > 0.0)
            {
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
}

/// The Kalman filter, step by step.
struct Filter<'a> {
    track: std::slice::Iter<'a, Option<[f64; 2]>>,
    noise: f64,
    pace: f64,
    mean: [Vector<STATE>; 2],
    covariance: Matrix<STATE>,
}

impl<'a> Filter<'a> {
    /// The spreads are those of positions and of the change of pace.
    fn new(track: &'a [Option<[f64; 2]>], start: InitialMotion, [noise, pace]: [f64; 2]) -> Self {
        let first = track.first().copied().flatten().unwrap_or_default();
        let velocity = if start == InitialMotion::Rest {
            0.0
        } else {
            FIRST_VELOCITY
        };
        // The pace starts with its stationary distribution.
        let first_pace = pace / (1.0 - PERSISTENCE * PERSISTENCE).sqrt();
        let mut covariance = [[0.0; STATE]; STATE];
        // The first position is centered on its own observation; a wide spread leaves the rest to that observation.
        for (i, spread) in [FIRST_ACTION, velocity, FIRST_ACTION, first_pace]
            .into_iter()
            .enumerate()
        {
            covariance[i][i] = spread.powi(2);
        }
        Self {
            track: track.iter(),
            noise: noise.powi(2),
            pace: pace.powi(2),
            mean: first.map(|p| [p, 0.0, p, 0.0]),
            covariance,
        }
    }
}

impl Iterator for Filter<'_> {
    type Item = Forward;

    fn next(&mut self) -> Option<Forward> {
        let observed = self.track.next()?;
        let Self {
            mean: mut mean_now,
            mut covariance,
            noise,
            ..
        } = *self;
        let mut update = None;
        if let Some(observed) = observed {
            let variance = covariance[0][0] + noise;
            let gain = covariance.map(|row| row[0] / variance);
            let innovation = [0, 1].map(|axis| observed[axis] - mean_now[axis][0]);
            for axis in 0..2 {
                for i in 0..STATE {
                    mean_now[axis][i] += gain[i] * innovation[axis];
                }
            }
            covariance = joseph(&covariance, &gain, noise);
            update = Some((innovation, variance, gain));
        }
        let step = Forward {
            mean: self.mean,
            covariance: self.covariance,
            update,
        };
        let f = transition();
        self.mean = mean_now.map(|m| times(&f, &m));
        self.covariance = congruent(&transpose(&f), &covariance);
        self.covariance[2][2] += JITTER.powi(2);
        self.covariance[3][3] += self.pace;
        Some(step)
    }
}

/// Correction factor so that intervals of ±1.645 deviations hold 90 % of the errors: if a track's noise is mostly the
/// rounding of the drawn agent, it is nearly uniform, with fewer large errors.
fn tails(noise: f64) -> f64 {
    1.0 - 0.07 * (LEAST_NOISE / noise).min(1.0).powi(2)
}

/// Log-likelihood of the innovations, up to a constant.
fn log_likelihood(steps: Filter<'_>) -> f64 {
    innovations(steps.map(|step| step.update))
        .map(|(squares, variance)| -variance.ln() - 0.5 * squares / variance)
        .sum()
}

/// Squared innovations (sum of both axes) with the variance of one axis; the first position is its own prediction and
/// does not count.
fn innovations(updates: impl Iterator<Item = Option<Update>>) -> impl Iterator<Item = (f64, f64)> {
    let updates = updates.skip(1).flatten();
    updates.map(|(y, variance, _)| (y[0] * y[0] + y[1] * y[1], variance))
}

/// F.
fn transition() -> Matrix<STATE> {
    let c = CONTROL_STEP;
    [
        [c.alpha, c.beta, c.gamma, 0.0],
        [-c.kappa, c.lambda, c.kappa, 0.0],
        [0.0, 0.0, 1.0, 1.0],
        [0.0, 0.0, 0.0, PERSISTENCE],
    ]
}

/// I − K H.
fn keep(gain: &Vector<STATE>) -> Matrix<STATE> {
    std::array::from_fn(|i| {
        std::array::from_fn(|j| {
            let identity = if i == j { 1.0 } else { 0.0 };
            if j == 0 { identity - gain[i] } else { identity }
        })
    })
}

/// (I − K H) P (I − K H)ᵀ + K Kᵀ noise: keeps the matrix symmetric and positive.
fn joseph(p: &Matrix<STATE>, gain: &Vector<STATE>, noise: f64) -> Matrix<STATE> {
    let mut updated = congruent(&transpose(&keep(gain)), p);
    for i in 0..STATE {
        for j in 0..STATE {
            updated[i][j] += noise * gain[i] * gain[j];
        }
    }
    updated
}
