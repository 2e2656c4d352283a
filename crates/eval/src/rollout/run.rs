//! The closed loop: a policy and a vectorized environment.

use super::record::{EpisodeRecord, RECORD_SCHEMA, RolloutRecord};
use super::rows::rounded;
use super::{FIRST_START_SEED, Protocol};
use pusht_env::{Autoreset, EnvConfig, ObsBatch, Policy, PolicyError, PushT, State, VecEnv, VecEnvError};
use pusht_jobs::{Cancelled, JobContext, counted};
use std::ops::Range;

/// Largest number of environments per call of the policy, which bounds its memory.
const BATCH: usize = 128;

/// Settings of a rollout.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RolloutConfig {
    /// Number of episodes, 1 to [`RolloutConfig::MOST`].
    pub episodes: usize,
    /// Step limit of an episode, 1 to [`RolloutConfig::MOST`].
    pub steps: usize,
    /// Seed of the first start; the others use the following seeds.
    pub first_seed: u64,
    /// Settings of the environment. Its `max_steps` is ignored: `steps` is the limit.
    pub env: EnvConfig,
}

impl RolloutConfig {
    /// Largest number of episodes, and of steps of each.
    pub const MOST: usize = 1_000_000;

    /// The settings of `protocol`: diffusion_policy's environment with its legacy reset, seeds from 100000.
    pub const fn of(protocol: Protocol) -> Self {
        Self {
            episodes: protocol.episodes(),
            steps: protocol.steps(),
            first_seed: FIRST_START_SEED,
            env: EnvConfig::diffusion_policy(),
        }
    }

    /// Checks the settings before memory is allocated for them.
    ///
    /// # Errors
    /// No episodes or steps, more than [`RolloutConfig::MOST`] of them, or start seeds beyond 64 bits.
    pub fn check(&self) -> Result<(), RolloutError> {
        let Self {
            episodes,
            steps,
            first_seed,
            ..
        } = *self;
        if episodes == 0 || steps == 0 {
            return Err(RolloutError::Empty { episodes, steps });
        }
        if episodes > Self::MOST || steps > Self::MOST {
            return Err(RolloutError::TooMany { episodes, steps });
        }
        match first_seed.checked_add(episodes as u64 - 1) {
            Some(_) => Ok(()),
            None => Err(RolloutError::Seeds { first_seed, episodes }),
        }
    }
}

/// Rolls out `policy`, all episodes in parallel; solved ones stop. Environments step on the threads of rayon's current
/// pool, the policy is called from this thread. The result depends on neither the number of threads nor the number of
/// episodes. Progress counts steps of the environment; those that solved episodes save count as done.
///
/// # Example
///
/// ```
/// use eval::{Protocol, RolloutConfig, StandStill, rollout};
/// use pusht_jobs::JobContext;
///
/// let config = RolloutConfig { episodes: 2, steps: 10, ..RolloutConfig::of(Protocol::Paper) };
/// let record = rollout(&mut StandStill::default(), &config, &mut JobContext::silent())?;
/// assert_eq!(record.episodes.len(), 2);
/// # Ok::<(), eval::RolloutError>(())
/// ```
///
/// # Errors
/// Those of [`RolloutConfig::check`], a seed or goal that the environment refuses, or a policy that fails or gives an
/// action that is not finite.
pub fn rollout(
    policy: &mut dyn Policy,
    config: &RolloutConfig,
    ctx: &mut JobContext,
) -> Result<RolloutRecord, RolloutError> {
    rollout_some(policy, config, 0..config.episodes, ctx)
}

/// [`rollout`] with a name of its own in the progress display, for one of many: `roll out mixed, seed 2`.
///
/// # Errors
/// Those of [`rollout`].
pub fn rollout_labeled(
    label: &str,
    policy: &mut dyn Policy,
    config: &RolloutConfig,
    ctx: &mut JobContext,
) -> Result<RolloutRecord, RolloutError> {
    roll(label, policy, config, 0..config.episodes, ctx)
}

/// Rolls out some of the episodes only, with the same result for each as in [`rollout`] of all. The policy is given an
/// episode's number among all.
///
/// # Errors
/// Those of [`rollout`], and episodes out of range.
pub fn rollout_some(
    policy: &mut dyn Policy,
    config: &RolloutConfig,
    chosen: Range<usize>,
    ctx: &mut JobContext,
) -> Result<RolloutRecord, RolloutError> {
    let label = format!("roll out {}", policy.name());
    roll(&label, policy, config, chosen, ctx)
}

fn roll(
    label: &str,
    policy: &mut dyn Policy,
    config: &RolloutConfig,
    chosen: Range<usize>,
    ctx: &mut JobContext,
) -> Result<RolloutRecord, RolloutError> {
    config.check()?;
    let RolloutConfig {
        steps, first_seed, env, ..
    } = *config;
    let episodes = chosen.len();
    if episodes == 0 || chosen.end > config.episodes {
        return Err(RolloutError::Empty {
            episodes: chosen.end.min(config.episodes).saturating_sub(chosen.start),
            steps,
        });
    }
    let first = chosen.start;
    let first_seed = first_seed + first as u64;
    let env = env.with_max_steps(None);
    let mut envs = VecEnv::new(episodes, env, policy.needs(), Autoreset::Disabled)?;
    envs.reset(first_seed)?;
    let mut records: Vec<EpisodeRecord> = envs
        .envs()
        .enumerate()
        .map(|(i, env)| EpisodeRecord {
            start_seed: first_seed + i as u64,
            actions: Vec::new(),
            rewards: Vec::new(),
            coverage: Vec::new(),
            states: vec![state(env)],
        })
        .collect();
    let numbers = |ids: &[usize]| -> Vec<usize> { ids.iter().map(|id| first + id).collect() };
    policy.reset(&numbers(envs.ids()));
    let task = ctx.task(label, steps * episodes, "step");
    for step in 0..steps {
        task.check()?;
        let mut actions = vec![[f32::NAN; 2]; envs.len()];
        let seen = envs.observations();
        let numbers = numbers(seen.envs);
        for (i, out) in actions.chunks_mut(BATCH).enumerate() {
            let places = i * BATCH..i * BATCH + out.len();
            let batch = ObsBatch {
                envs: &numbers[places.clone()],
                observations: &seen.observations[places.clone()],
                goals: &seen.goals[places],
            };
            policy.act(&batch, out)?;
        }
        envs.step(&actions)?;
        let mut solved = Vec::new();
        for (((&id, env), stepped), action) in envs.ids().iter().zip(envs.envs()).zip(envs.last_steps()).zip(&actions) {
            let record = &mut records[id];
            record.actions.push(*action);
            record.rewards.push(stepped.result.reward);
            record.coverage.push(stepped.result.coverage);
            record.states.push(state(env));
            if stepped.result.terminated {
                solved.push(id);
            }
        }
        envs.retain(|id| !solved.contains(&id));
        let ended = episodes - envs.len();
        let note = if ended == 0 {
            String::new()
        } else {
            format!("{ended} of {episodes} solved")
        };
        task.advance_to((step + 1) * envs.len() + steps * ended, &note);
        if envs.is_empty() {
            break;
        }
    }
    let played = records.iter().map(|record| record.actions.len()).sum();
    task.finish(&format!(
        "{}, {}",
        counted(episodes, "episode"),
        counted(played, "step")
    ));
    Ok(RolloutRecord {
        schema: RECORD_SCHEMA,
        policy: policy.name(),
        env,
        steps,
        episodes: records,
    })
}

fn state(env: &PushT) -> State {
    rounded(env.state_observation())
}

/// Errors of rollouts.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RolloutError {
    /// No episodes or no steps.
    #[error("a rollout needs at least 1 episode of at least 1 step; got {episodes} and {steps}")]
    Empty {
        /// Number of episodes.
        episodes: usize,
        /// Step limit.
        steps: usize,
    },
    /// More episodes or steps than [`RolloutConfig::MOST`].
    #[error("a rollout has at most {most} episodes of at most {most} steps; got {episodes} and {steps}", most = RolloutConfig::MOST)]
    TooMany {
        /// Number of episodes.
        episodes: usize,
        /// Step limit.
        steps: usize,
    },
    /// Start seeds beyond 64 bits.
    #[error("{episodes} start seeds from {first_seed} on go beyond 64 bits; choose a smaller first seed")]
    Seeds {
        /// Seed of the first start.
        first_seed: u64,
        /// Number of episodes.
        episodes: usize,
    },
    /// The environment refused a seed, a goal or an action.
    #[error("{0}")]
    Env(#[from] VecEnvError),
    /// The policy failed.
    #[error("{0}")]
    Policy(#[from] PolicyError),
    /// The job was cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}
