//! Start states from seeds, drawn bit for bit as the references draw them.

mod mt19937;
mod numpy_rng;

use mt19937::Mt19937;
pub use numpy_rng::NumpyRng;
use std::f64::consts::PI;

use crate::{EnvError, Pose, State};

/// Random generator that turns a seed into a start state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seeding {
    /// gym-pusht: numpy's `default_rng(seed)`, the angle uniform in [−π, π). Seeds are any `u64`.
    #[default]
    GymPusht,
    /// diffusion_policy: numpy's `RandomState(seed)`, the angle Gaussian (so it may exceed π). Seeds are below 2³².
    DiffusionPolicy,
}

impl Seeding {
    /// Draws the start state for `seed`, before the reset is applied. The state after the reset may differ from it, as
    /// [`ResetOrder`](crate::ResetOrder) describes.
    ///
    /// # Errors
    /// A seed that the reference's generator does not accept.
    pub fn draw(self, seed: u64) -> Result<State, EnvError> {
        Ok(Starts::new(self, seed)?.next())
    }
}

/// The start states of one environment that is seeded once and reset repeatedly, as in gymnasium.
#[derive(Clone, Debug)]
pub(crate) enum Starts {
    /// gym-pusht continues with the same generator.
    Stream(NumpyRng),
    /// diffusion_policy seeds again at each reset.
    Same(State),
}

impl Starts {
    pub fn new(seeding: Seeding, seed: u64) -> Result<Self, EnvError> {
        Ok(match seeding {
            Seeding::GymPusht => Self::Stream(NumpyRng::new(seed)),
            Seeding::DiffusionPolicy => {
                let mut rng = Mt19937::new(u32::try_from(seed).map_err(|_| EnvError::Seed { seed })?);
                let agent = [rng.integer(50, 450), rng.integer(50, 450)];
                let (x, y) = (rng.integer(100, 400), rng.integer(100, 400));
                let angle = rng.normal() * 2.0 * PI - PI;
                Self::Same(State {
                    agent,
                    block: Pose::new(x, y, angle),
                })
            }
        })
    }

    pub fn next(&mut self) -> State {
        match self {
            Self::Stream(rng) => {
                let agent = [rng.integer(50, 450), rng.integer(50, 450)];
                let (x, y) = (rng.integer(100, 400), rng.integer(100, 400));
                let angle = -PI + (PI - -PI) * rng.uniform();
                State {
                    agent,
                    block: Pose::new(x, y, angle),
                }
            }
            Self::Same(state) => *state,
        }
    }
}
