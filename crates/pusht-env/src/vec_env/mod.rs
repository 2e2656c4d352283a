//! Many environments, stepped over the threads of rayon's current pool.
//!
//! Each environment depends on its own seed and actions only, so results do not depend on the number of threads.

mod episode;
mod error;

use rayon::prelude::*;

use crate::seeding::Starts;
use crate::{Action, EnvConfig, EnvError, ObsBatch, ObsSpec, Observation, Observer, Pose, PushT, State};
pub use episode::{Autoreset, EnvStep, EpisodeEnd};
use episode::{Slot, begin_history, nothing};
pub use error::VecEnvError;

/// At most so many pieces of work a step; small pieces even out environments with and without contact.
const PIECES: usize = 32;

/// Several environments of one configuration.
///
/// Environments are numbered from 0 at the start and keep their number when others are dropped; places in slices follow
/// [`VecEnv::ids`].
///
/// # Example
///
/// ```
/// use pusht_env::{Autoreset, EnvConfig, Modality, ObsSpec, VecEnv};
///
/// let spec = ObsSpec { modality: Modality::State, history: 1 };
/// let mut envs = VecEnv::new(8, EnvConfig::gym_pusht(), spec, Autoreset::NextStep)?;
/// envs.reset(100)?; // environment i starts from seed 100 + i
/// for _ in 0..10 {
///     envs.step(&[[256.0, 256.0]; 8])?;
/// }
/// assert!(envs.last_steps().iter().all(|step| (0.0..=1.0).contains(&step.result.reward)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct VecEnv {
    spec: ObsSpec,
    autoreset: Autoreset,
    ids: Vec<usize>,
    slots: Vec<Slot>,
    observations: Vec<Vec<Observation>>,
    goals: Vec<Pose>,
    steps: Vec<EnvStep>,
    /// One for each piece of work.
    observers: Vec<Observer>,
}

impl VecEnv {
    /// `envs` environments, observed as `spec` asks, reset to the seeds 0, 1, ….
    ///
    /// # Errors
    /// No environments, a history of 0, a goal pose that is not finite.
    pub fn new(envs: usize, config: EnvConfig, spec: ObsSpec, autoreset: Autoreset) -> Result<Self, VecEnvError> {
        if envs == 0 || spec.history == 0 {
            return Err(VecEnvError::Empty {
                envs,
                history: spec.history,
            });
        }
        let env = PushT::new(config).map_err(|source| VecEnvError::Env { env: 0, source })?;
        let mut observer = Observer::new(spec.modality, &config);
        let first = observer.observe(&env);
        let mut all = Self {
            spec,
            autoreset,
            ids: (0..envs).collect(),
            slots: (0..envs)
                .map(|_| Slot {
                    env,
                    starts: Starts::Same(env.state()),
                    ended: false,
                })
                .collect(),
            observations: vec![vec![first; spec.history]; envs],
            goals: vec![config.goal; envs],
            steps: vec![
                EnvStep {
                    result: nothing(&env),
                    is_first: true,
                    last: None
                };
                envs
            ],
            observers: vec![observer; PIECES.min(envs)],
        };
        all.reset(0)?;
        Ok(all)
    }

    /// Number of environments.
    pub const fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether all environments were dropped.
    pub const fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Numbers of the environments, in their order.
    pub fn ids(&self) -> &[usize] {
        &self.ids
    }

    /// The environments, in the order of [`Self::ids`].
    pub fn envs(&self) -> impl ExactSizeIterator<Item = &PushT> {
        self.slots.iter().map(|slot| &slot.env)
    }

    /// What every environment shows now.
    pub fn observations(&self) -> ObsBatch<'_> {
        ObsBatch {
            envs: &self.ids,
            observations: &self.observations,
            goals: &self.goals,
        }
    }

    /// What the last step brought.
    pub fn last_steps(&self) -> &[EnvStep] {
        &self.steps
    }

    /// Resets all; the environment in place i gets `seed` + i, as in gymnasium.
    ///
    /// # Errors
    /// A seed that the reference's generator does not take.
    pub fn reset(&mut self, seed: u64) -> Result<(), VecEnvError> {
        let seeds: Vec<u64> = (0..self.len() as u64).map(|i| seed.wrapping_add(i)).collect();
        self.reset_each(&seeds)
    }

    /// Resets all, each to its own seed.
    ///
    /// # Errors
    /// Not one seed for each, or one that the reference's generator does not take.
    pub fn reset_each(&mut self, seeds: &[u64]) -> Result<(), VecEnvError> {
        self.check_length("seed", seeds.len())?;
        let mut starts = Vec::with_capacity(seeds.len());
        for (slot, (&seed, &id)) in self.slots.iter().zip(seeds.iter().zip(&self.ids)) {
            let seeding = slot.env.config().seeding;
            starts.push(Starts::new(seeding, seed).map_err(|source| VecEnvError::Env { env: id, source })?);
        }
        for (slot, starts) in self.slots.iter_mut().zip(starts) {
            slot.starts = starts;
        }
        self.run(None, |slot, _, observer, observations, step| {
            slot.begin_episode(observer, observations);
            *step = EnvStep {
                result: nothing(&slot.env),
                is_first: true,
                last: None,
            };
        });
        Ok(())
    }

    /// Resets the environment in one place, to a seed or, without one, to its next start (gym-pusht: the next draw of
    /// its generator; diffusion_policy: the same again).
    ///
    /// # Errors
    /// No such place, or a seed that the reference's generator does not take.
    pub fn reset_env(&mut self, index: usize, seed: Option<u64>) -> Result<(), VecEnvError> {
        let (id, len) = (self.ids.get(index).copied(), self.len());
        let Some(env) = id else {
            return Err(VecEnvError::Index { index, len });
        };
        let slot = &mut self.slots[index];
        if let Some(seed) = seed {
            slot.starts =
                Starts::new(slot.env.config().seeding, seed).map_err(|source| VecEnvError::Env { env, source })?;
        }
        slot.begin_episode(&mut self.observers[0], &mut self.observations[index]);
        self.steps[index] = EnvStep {
            result: nothing(&slot.env),
            is_first: true,
            last: None,
        };
        Ok(())
    }

    /// Changes the environment in one place by hand (state, goal, snapshot) and begins its history anew.
    ///
    /// # Errors
    /// No such place, or what `change` returns.
    pub fn change_env(
        &mut self,
        index: usize,
        change: impl FnOnce(&mut PushT) -> Result<(), EnvError>,
    ) -> Result<(), VecEnvError> {
        let len = self.len();
        let Some(slot) = self.slots.get_mut(index) else {
            return Err(VecEnvError::Index { index, len });
        };
        change(&mut slot.env).map_err(|source| VecEnvError::Env {
            env: self.ids[index],
            source,
        })?;
        slot.ended = false;
        self.goals[index] = slot.env.goal();
        begin_history(&mut self.observers[0], &slot.env, &mut self.observations[index]);
        self.steps[index] = EnvStep {
            result: nothing(&slot.env),
            is_first: true,
            last: None,
        };
        Ok(())
    }

    /// Drops the environments whose number does not satisfy `keep`.
    pub fn retain(&mut self, mut keep: impl FnMut(usize) -> bool) {
        let kept: Vec<bool> = self.ids.iter().map(|&id| keep(id)).collect();
        retain_by(&mut self.ids, &kept);
        retain_by(&mut self.slots, &kept);
        retain_by(&mut self.observations, &kept);
        retain_by(&mut self.goals, &kept);
        retain_by(&mut self.steps, &kept);
    }

    /// One control step of all environments, an action for each place.
    ///
    /// # Errors
    /// Not one action for each, or one that is not finite; then no environment is stepped.
    pub fn step(&mut self, actions: &[Action]) -> Result<&[EnvStep], VecEnvError> {
        self.check_length("action", actions.len())?;
        for (action, &env) in actions.iter().zip(&self.ids) {
            if !action.iter().all(|a| a.is_finite()) {
                return Err(VecEnvError::Env {
                    env,
                    source: EnvError::Action { action: *action },
                });
            }
        }
        let autoreset = self.autoreset;
        self.run(Some(actions), |slot, action, observer, observations, step| {
            slot.step(action, autoreset, observer, observations, step);
        });
        Ok(&self.steps)
    }

    /// Runs `work` on every environment, in pieces.
    fn run(
        &mut self,
        actions: Option<&[Action]>,
        work: impl Fn(&mut Slot, Action, &mut Observer, &mut Vec<Observation>, &mut EnvStep) + Sync,
    ) {
        if self.is_empty() {
            return;
        }
        let size = self.len().div_ceil(PIECES);
        self.slots
            .par_chunks_mut(size)
            .zip(self.observations.par_chunks_mut(size))
            .zip(self.steps.par_chunks_mut(size))
            .zip(&mut self.observers)
            .enumerate()
            .for_each(|(piece, (((slots, observations), steps), observer))| {
                let places = slots.iter_mut().zip(observations).zip(steps).enumerate();
                for (i, ((slot, observations), step)) in places {
                    let action = actions.map_or([0.0; 2], |all| all[piece * size + i]);
                    work(slot, action, observer, observations, step);
                }
            });
    }

    const fn check_length(&self, what: &'static str, found: usize) -> Result<(), VecEnvError> {
        let expected = self.len();
        if found == expected {
            Ok(())
        } else {
            Err(VecEnvError::Length { what, expected, found })
        }
    }

    /// What is observed.
    pub const fn spec(&self) -> ObsSpec {
        self.spec
    }

    /// Where agent and T are, in the order of [`Self::ids`].
    pub fn states(&self) -> Vec<State> {
        self.envs().map(PushT::state).collect()
    }
}

fn retain_by<T>(items: &mut Vec<T>, kept: &[bool]) {
    let mut kept = kept.iter();
    items.retain(|_| kept.next().copied().unwrap_or(false));
}
