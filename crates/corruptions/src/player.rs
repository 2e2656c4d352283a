//! Who plays the simulated clips.

use pusht_env::{Action, EnvConfig, Expert, ExpertConfig, PushT};
use pusht_vision::geometry::centroid;
use rand::{Rng, RngExt, SeedableRng};
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};

use crate::error::CorruptionError;

/// Side of the board, px.
const BOARD: f64 = 512.0;

/// Who plays a simulated clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClipPlayer {
    /// The expert.
    Expert,
    /// Targets drawn anew at every step, anywhere on the board.
    Random,
    /// A disc that runs at the T, again and again, and pushes it into walls and corners.
    Pinning,
}

impl ClipPlayer {
    /// All players.
    pub const ALL: [Self; 3] = [Self::Expert, Self::Random, Self::Pinning];

    /// Name of the player.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Expert => "expert",
            Self::Random => "random",
            Self::Pinning => "pinning",
        }
    }

    /// The actions of an episode of this seed, at most `steps`.
    pub(crate) fn play(self, config: EnvConfig, seed: u64, steps: usize) -> Result<Vec<Action>, CorruptionError> {
        let mut rng = Pcg64::seed_from_u64(seed);
        match self {
            Self::Expert => {
                let expert = Expert::new(ExpertConfig::default())?;
                Ok(expert.demonstrate(config, seed, steps)?.actions)
            }
            Self::Random => {
                let mut axis = || rng.random_range(0.0..BOARD as f32);
                Ok((0..steps).map(|_| [axis(), axis()]).collect())
            }
            Self::Pinning => {
                let mut env = PushT::new(config)?;
                env.reset(seed)?;
                let mut runs = Runs::default();
                let mut actions = Vec::with_capacity(steps);
                for _ in 0..steps {
                    let action = runs.act(&env, &mut rng);
                    env.step(action)?;
                    actions.push(action);
                }
                Ok(actions)
            }
        }
    }
}

/// The runs at the T.
#[derive(Default)]
struct Runs {
    /// Steps left of the current run or of the way to the next one.
    left: usize,
    running: bool,
    /// The point to go to before a run; in a run, the point of the T to push at, relative to its center.
    aim: [f64; 2],
    /// How far the target is ahead of the agent in a run, px: its speed.
    ahead: f64,
}

impl Runs {
    fn act(&mut self, env: &PushT, rng: &mut impl Rng) -> Action {
        let (agent, center) = (env.state().agent, centroid(env.state().block));
        if self.left == 0 {
            self.running = !self.running;
            if self.running {
                self.left = rng.random_range(6..18);
                self.aim = [0, 1].map(|_| rng.random_range(-45.0..45.0));
                self.ahead = rng.random_range(15.0..90.0);
            } else {
                self.left = rng.random_range(4..9);
                // On the side of the T that faces away from a wall or a corner.
                let wall = [0, 1].map(|_| rng.random_range(0.0..BOARD));
                let wall = match rng.random_range(0..6) {
                    0 => [0.0, wall[1]],
                    1 => [BOARD, wall[1]],
                    2 => [wall[0], 0.0],
                    3 => [wall[0], BOARD],
                    _ => wall.map(|c| if c < BOARD / 2.0 { 0.0 } else { BOARD }),
                };
                let away = toward(wall, center);
                self.aim = [0, 1].map(|i| (center[i] + 130.0 * away[i]).clamp(25.0, BOARD - 25.0));
            }
        }
        self.left -= 1;
        let target = if self.running {
            let at = [0, 1].map(|i| center[i] + self.aim[i]);
            let way = toward(agent, at);
            [0, 1].map(|i| agent[i] + self.ahead * way[i])
        } else {
            self.aim
        };
        target.map(|c| c.clamp(0.0, BOARD) as f32)
    }
}

/// Unit vector from one point to another.
fn toward(from: [f64; 2], to: [f64; 2]) -> [f64; 2] {
    let way = [to[0] - from[0], to[1] - from[1]];
    let length = way[0].hypot(way[1]).max(1e-9);
    way.map(|c| c / length)
}
