//! Rolls out a policy in a world.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use eval::{Protocol, RolloutConfig};
use pusht_data::WorldModel;
use pusht_env::{EnvConfig, Frame, Policy};
use pusht_jobs::{JobContext, Task, counted};
use pusht_vision::Tracker;
use rayon::prelude::*;

use super::batch::{Batch, Played};
use super::observe::needed;
use super::record::{PARTED, WORLD_ROLLOUT_SCHEMA, WorldEpisode, WorldRolloutRecord, rounded};
use super::reference::simulated;
use crate::error::WorldEvalError;
use crate::judge::corner_distance;

/// Episodes that are stepped together.
const TOGETHER: usize = 32;

/// Rolls out a policy in a world model, from the starts of [`eval::rollout`].
///
/// The first frame of an episode is the simulator's; from then on the policy sees the world's own frames only. The agent's
/// position is where the control law takes it, and the T is tracked in the frames; policies on states or keypoints get
/// these, and reward, coverage and success are computed from them. An episode ends at the step limit, with the first step
/// whose coverage exceeds 0.95, or where the world refuses to go on. Targets beyond the board are moved to its border, as
/// worlds take no others.
///
/// Afterward the exact simulator plays the same actions from the same start.
///
/// # Example
///
/// ```
/// use eval::{Protocol, RandomTarget, RolloutConfig};
/// use pusht_env::EnvConfig;
/// use pusht_jobs::JobContext;
/// use world_eval::{SimulatorWorld, WorldRolloutJob};
///
/// let mut job = WorldRolloutJob::of(Protocol::Paper);
/// job.config = RolloutConfig { episodes: 2, steps: 5, ..job.config };
/// let world = SimulatorWorld::new(job.config.env)?;
/// let played = job.run(&mut RandomTarget::new(0), &world, &mut JobContext::silent())?;
/// let scores = played.record.scores()?;
/// assert_eq!((scores.parted, scores.agent_difference), (0, 0.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct WorldRolloutJob {
    /// Protocol of the scores.
    pub protocol: Protocol,
    /// Number of episodes, step limit, starts, and settings of the simulator.
    pub config: RolloutConfig,
    /// Episodes whose frames are kept, counted from 0.
    pub filmed: BTreeSet<usize>,
}

/// Rollouts of a policy in a world.
#[derive(Clone, Debug, PartialEq)]
pub struct WorldRollout {
    /// What happened.
    pub record: WorldRolloutRecord,
    /// The world's frames of the filmed episodes, the first included.
    pub frames: BTreeMap<usize, Vec<Frame>>,
}

impl WorldRolloutJob {
    /// The settings of a protocol; no episode is filmed.
    pub const fn of(protocol: Protocol) -> Self {
        Self {
            protocol,
            config: RolloutConfig::of(protocol),
            filmed: BTreeSet::new(),
        }
    }

    /// Rolls out. The result depends on neither the number of threads nor the number of episodes.
    ///
    /// # Errors
    /// Settings that [`RolloutConfig::check`] refuses; a seed or goal that the environment refuses; a policy that fails or
    /// gives an action that is not finite; a world that fails, refuses the start, or returns frames of another number or
    /// size than expected; a cancelled job.
    pub fn run(
        &self,
        policy: &mut dyn Policy,
        world: &dyn WorldModel,
        ctx: &mut JobContext,
    ) -> Result<WorldRollout, WorldEvalError> {
        self.config.check()?;
        let spec = needed(policy)?;
        let RolloutConfig { episodes, steps, .. } = self.config;
        let env = self.config.env.with_max_steps(None);
        let tracker = Tracker::new(env.goal)?;
        let label = format!("roll out {} in {}", policy.name(), world.name());
        let task = ctx.task(&label, steps * episodes, "step");
        let mut record = WorldRolloutRecord {
            schema: WORLD_ROLLOUT_SCHEMA,
            policy: policy.name(),
            policy_sha256: None,
            world: world.name(),
            world_sha256: None,
            protocol: self.protocol,
            env,
            steps,
            episodes: Vec::new(),
        };
        let mut frames = BTreeMap::new();
        let mut played = 0;
        for first in (0..episodes).step_by(TOGETHER) {
            let some = first..episodes.min(first + TOGETHER);
            let batch = self.together(Batch::new(world, &tracker, env, spec), some, policy, &task)?;
            let compared: Result<Vec<_>, WorldEvalError> = batch.into_par_iter().map(|one| beside(one, env)).collect();
            for (number, episode, kept) in compared? {
                played += episode.actions.len();
                record.episodes.push(episode);
                frames.extend(kept.map(|kept| (number, kept)));
            }
        }
        task.finish(&format!(
            "{}, {}",
            counted(episodes, "episode"),
            counted(played, "step")
        ));
        Ok(WorldRollout { record, frames })
    }

    /// Rolls out some of the episodes.
    fn together(
        &self,
        mut batch: Batch<'_>,
        some: Range<usize>,
        policy: &mut dyn Policy,
        task: &Task<'_>,
    ) -> Result<Vec<Played>, WorldEvalError> {
        let RolloutConfig { steps, first_seed, .. } = self.config;
        let (first, count) = (some.start, some.len());
        for number in some {
            batch.begin(number, first_seed + number as u64, self.filmed.contains(&number))?;
        }
        policy.reset(&batch.numbers());
        for step in 0..steps {
            task.check()?;
            let actions = batch.act(policy)?;
            batch.step(actions)?;
            let ended = batch.ended();
            let note = match ended {
                0 => String::new(),
                ended => format!("{ended} of {count} at their end"),
            };
            task.advance_to(first * steps + (step + 1) * (count - ended) + steps * ended, &note);
            if ended == count {
                break;
            }
        }
        Ok(batch.finish())
    }
}

/// Number, record and kept frames of an episode.
type Compared = (usize, WorldEpisode, Option<Vec<Frame>>);

/// Plays the actions of an episode in the simulator, and compares the two.
fn beside(played: Played, env: EnvConfig) -> Result<Compared, WorldEvalError> {
    let mut world = played.course;
    let mut simulator = simulated(env, played.seed, &played.actions)?;
    let pairs = || world.states.iter().zip(&simulator.states).skip(1);
    let apart: Vec<f64> = pairs().map(|(a, b)| corner_distance(a.block, b.block)).collect();
    let between = |(a, b): ([f64; 2], [f64; 2])| (a[0] - b[0]).hypot(a[1] - b[1]);
    let agent_difference = pairs().map(|(a, b)| between((a.agent, b.agent))).fold(0.0, f64::max);
    let states = world.states.iter_mut().chain(&mut simulator.states);
    states.for_each(|state| *state = rounded(*state));
    let seen = played.off.len();
    let episode = WorldEpisode {
        start_seed: played.seed,
        actions: played.actions,
        actions_moved: played.moved,
        end: played.end,
        parted_after: apart.iter().position(|&distance| distance > PARTED).map(|at| at + 1),
        distance: apart.iter().map(|&distance| distance as f32).collect(),
        agent_off: (seen > 0).then(|| played.off.iter().sum::<f64>() / seen as f64),
        agent_difference,
        block_overlap: played.overlap.iter().sum::<f64>() / played.overlap.len().max(1) as f64,
        block_lost: played.block_lost,
        agent_lost: played.agent_lost,
        world,
        simulator,
    };
    Ok((played.number, episode, played.frames))
}
