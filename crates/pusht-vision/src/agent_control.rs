//! The agent's law of motion: a PD controller on a body that nothing pushes.
//!
//! One control step is ten substeps of dt = 0.01 s. Each of them sets, per axis,
//!
//! ```text
//! v ← v + dt (k_p (a − p) − k_v v),   p ← p + dt v,   k_p = 100, k_v = 20,
//! ```
//!
//! where p is the position, v the velocity and a the action (the target position), all in px and s. The step is linear
//! and the composition of ten is, with p and a relative to any origin,
//!
//! ```text
//! p' = α p + β v + γ a      α = 0.70432821   β = 0.02993181   γ = 1 − α = 0.29567179
//! v' = −κ p + λ v + κ a     κ = 3.74147656   λ = −0.00655233
//! ```

/// Control steps per second.
pub const CONTROL_HZ: f64 = 10.0;

const SUBSTEPS: usize = 10;
const DT: f64 = 0.01;
const STIFFNESS: f64 = 100.0;
const DAMPING: f64 = 20.0;

/// Position and velocity after one substep.
const fn substep(p: f64, v: f64, a: f64) -> (f64, f64) {
    let acceleration = STIFFNESS * (a - p) + DAMPING * (0.0 - v);
    let v = v + acceleration * DT;
    (p + v * DT, v)
}

const fn control_step(mut p: f64, mut v: f64, a: f64) -> (f64, f64) {
    let mut i = 0;
    while i < SUBSTEPS {
        (p, v) = substep(p, v, a);
        i += 1;
    }
    (p, v)
}

/// Agent position and velocity (px/s) one control step after `p` and `v` under action `a`: with the same operations in
/// the same order as in the environment.
pub fn agent_step(p: [f64; 2], v: [f64; 2], a: [f64; 2]) -> ([f64; 2], [f64; 2]) {
    let (x, y) = (control_step(p[0], v[0], a[0]), control_step(p[1], v[1], a[1]));
    ([x.0, y.0], [x.1, y.1])
}

/// Positions of the agent after each substep of a control step.
pub(crate) fn agent_path(p: [f64; 2], v: [f64; 2], a: [f64; 2]) -> [[f64; 2]; SUBSTEPS] {
    let mut state = [0, 1].map(|axis| (p[axis], v[axis]));
    std::array::from_fn(|_| {
        state = [0, 1].map(|axis| substep(state[axis].0, state[axis].1, a[axis]));
        state.map(|(p, _)| p)
    })
}

/// Coefficients of one control step: p' = `alpha` p + `beta` v + `gamma` a, v' = `kappa` (a − p) + `lambda` v.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ControlStep {
    /// Position from position.
    pub alpha: f64,
    /// Position from velocity, s.
    pub beta: f64,
    /// Position from action, `1 − alpha`.
    pub gamma: f64,
    /// Velocity from the difference of action and position, 1/s.
    pub kappa: f64,
    /// Velocity from velocity.
    pub lambda: f64,
}

/// The coefficients, from the substeps' responses to a unit velocity and a unit action.
pub const CONTROL_STEP: ControlStep = {
    let (beta, lambda) = control_step(0.0, 1.0, 0.0);
    let (gamma, kappa) = control_step(0.0, 0.0, 1.0);
    ControlStep {
        alpha: 1.0 - gamma,
        beta,
        gamma,
        kappa,
        lambda,
    }
};

impl ControlStep {
    /// Factor by which an error in velocity is carried to the next step when actions are computed from positions: λ − β
    /// κ / γ = −0.385. Its absolute value is below 1, so an error in the first velocity decays.
    pub const fn memory(self) -> f64 {
        self.lambda - self.beta * self.kappa / self.gamma
    }
}
