//! Many environments, stepped in parallel on rayon's current thread pool.
//!
//! Each environment depends on its own seed and actions only, so results do not depend on the number of threads.

mod arrays;
mod episode;
mod error;

use rayon::prelude::*;

use crate::env::finite_target;
use crate::seeding::Starts;
use crate::{Action, EnvConfig, EnvError, Modality, ObsBatch, ObsSpec, Observation, Observer, Pose, PushT, State};
pub use arrays::ObsArrays;
pub use episode::{Autoreset, EnvStep, EpisodeEnd};
use episode::{Slot, begin_history, nothing};
pub use error::VecEnvError;

/// Largest number of work units per step; small units balance environments with and without contact.
const PIECES: usize = 32;

/// A batch of environments with one configuration.
///
/// Each environment has an id, from 0 at the start, that it keeps when others are dropped. Slices (actions,
/// observations, steps) are in the order of [`VecEnv::ids`], so slice index i belongs to the environment with id
/// `ids()[i]`.
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
    /// One for each work unit.
    observers: Vec<Observer>,
}

impl VecEnv {
    /// Creates `envs` environments with observations as in `spec`, reset to the seeds 0, 1, ….
    ///
    /// # Errors
    /// No environments, a history of 0, or a goal pose that is not finite.
    pub fn new(envs: usize, config: EnvConfig, spec: ObsSpec, autoreset: Autoreset) -> Result<Self, VecEnvError> {
        if envs == 0 || spec.history == 0 {
            return Err(VecEnvError::Empty {
                envs,
                history: spec.history,
            });
        }
        Self::begin(envs, config, spec, Observer::new(spec.modality, &config), autoreset)
    }

    /// As [`Self::new`], but without a history, for a caller who takes the observations in arrays
    /// ([`Self::step_into`]): the lists of [`Self::observations`] are empty, and nothing is drawn that is not asked for.
    /// Images have the given width and height, px.
    ///
    /// # Errors
    /// No environments, a goal pose that is not finite, or a size that cannot be rendered.
    pub fn for_arrays(
        envs: usize,
        config: EnvConfig,
        modality: Modality,
        dimensions: [u32; 2],
        autoreset: Autoreset,
    ) -> Result<Self, VecEnvError> {
        if envs == 0 {
            return Err(VecEnvError::Empty { envs, history: 1 });
        }
        let observer = Observer::with_dimensions(modality, &config, dimensions)?;
        let spec = ObsSpec { modality, history: 0 };
        Self::begin(envs, config, spec, observer, autoreset)
    }

    fn begin(
        envs: usize,
        config: EnvConfig,
        spec: ObsSpec,
        mut observer: Observer,
        autoreset: Autoreset,
    ) -> Result<Self, VecEnvError> {
        let env = PushT::new(config).map_err(|source| VecEnvError::Env { env: 0, source })?;
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

    /// Ids of the environments, in slice order.
    pub fn ids(&self) -> &[usize] {
        &self.ids
    }

    /// The environments, in the order of [`Self::ids`].
    pub fn envs(&self) -> impl ExactSizeIterator<Item = &PushT> {
        self.slots.iter().map(|slot| &slot.env)
    }

    /// Latest observations of every environment.
    pub fn observations(&self) -> ObsBatch<'_> {
        ObsBatch {
            envs: &self.ids,
            observations: &self.observations,
            goals: &self.goals,
        }
    }

    /// Results of the last step, in the order of [`Self::ids`].
    pub fn last_steps(&self) -> &[EnvStep] {
        &self.steps
    }

    /// Resets all environments; that at slice index i gets `seed` + i, as in gymnasium.
    ///
    /// # Errors
    /// A seed that the reference's generator does not accept.
    pub fn reset(&mut self, seed: u64) -> Result<(), VecEnvError> {
        let seeds: Vec<u64> = (0..self.len() as u64).map(|i| seed.wrapping_add(i)).collect();
        self.reset_each(&seeds)
    }

    /// Resets all environments, each to its own seed, in the order of [`Self::ids`].
    ///
    /// # Errors
    /// A number of seeds other than that of environments, or a seed that the reference's generator does not accept.
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
        self.run(None, |_, slot, observer, observations, step| {
            slot.begin_episode(observer, observations);
            *step = EnvStep {
                result: nothing(&slot.env),
                is_first: true,
                last: None,
            };
        });
        Ok(())
    }

    /// Resets the environment at a slice index, to a seed or, without one, to its next start (gym-pusht: the next
    /// draw of its generator; diffusion_policy: the same again).
    ///
    /// # Errors
    /// An index out of range, or a seed that the reference's generator does not accept.
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

    /// Seeds the environment at a slice index for its next reset without a seed; the episode continues.
    ///
    /// # Errors
    /// An index out of range, or a seed that the reference's generator does not accept.
    pub fn seed_env(&mut self, index: usize, seed: u64) -> Result<(), VecEnvError> {
        let len = self.len();
        let Some(slot) = self.slots.get_mut(index) else {
            return Err(VecEnvError::Index { index, len });
        };
        let env = self.ids[index];
        slot.starts =
            Starts::new(slot.env.config().seeding, seed).map_err(|source| VecEnvError::Env { env, source })?;
        Ok(())
    }

    /// Changes the environment at a slice index (state, goal, snapshot) and restarts its history.
    ///
    /// # Errors
    /// An index out of range, or the error of `change`.
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

    /// Drops the environments whose id does not satisfy `keep`.
    pub fn retain(&mut self, mut keep: impl FnMut(usize) -> bool) {
        let kept: Vec<bool> = self.ids.iter().map(|&id| keep(id)).collect();
        retain_by(&mut self.ids, &kept);
        retain_by(&mut self.slots, &kept);
        retain_by(&mut self.observations, &kept);
        retain_by(&mut self.goals, &kept);
        retain_by(&mut self.steps, &kept);
    }

    /// Runs one control step of all environments, with one action per slice index.
    ///
    /// # Errors
    /// A number of actions other than that of environments, or an action that is not finite; then no environment is
    /// stepped.
    pub fn step(&mut self, actions: &[Action]) -> Result<&[EnvStep], VecEnvError> {
        self.check_length("action", actions.len())?;
        let target = |i: usize| actions[i].map(f64::from);
        self.step_all(target, None)
    }

    /// As [`Self::step`], with targets in double precision, and the latest observations written into `out`.
    ///
    /// # Errors
    /// A number of targets other than that of environments, a target that is not finite in single precision, or arrays
    /// that do not fit; then no environment is stepped.
    pub fn step_into(&mut self, targets: &[[f64; 2]], out: ObsArrays<'_>) -> Result<&[EnvStep], VecEnvError> {
        self.check_length("action", targets.len())?;
        let rows = out.rows(self.len(), self.spec.modality, self.observers[0].dimensions())?;
        self.step_all(|i| targets[i], Some(rows))
    }

    /// Writes the latest observations into `out`.
    ///
    /// # Errors
    /// Arrays that do not fit.
    pub fn observe_into(&mut self, out: ObsArrays<'_>) -> Result<(), VecEnvError> {
        let rows = out.rows(self.len(), self.spec.modality, self.observers[0].dimensions())?;
        self.run(Some(rows), |_, _, _, _, _| {});
        Ok(())
    }

    fn step_all(
        &mut self,
        target: impl Fn(usize) -> [f64; 2] + Sync,
        rows: Option<Vec<ObsArrays<'_>>>,
    ) -> Result<&[EnvStep], VecEnvError> {
        for (i, &env) in self.ids.iter().enumerate() {
            finite_target(target(i)).map_err(|source| VecEnvError::Env { env, source })?;
        }
        let autoreset = self.autoreset;
        self.run(rows, |i, slot, observer, observations, step| {
            slot.step(target(i), autoreset, observer, observations, step);
        });
        Ok(&self.steps)
    }

    /// Runs `work` on every environment, in work units, and then writes its latest observation into its row.
    fn run(
        &mut self,
        rows: Option<Vec<ObsArrays<'_>>>,
        work: impl Fn(usize, &mut Slot, &mut Observer, &mut [Observation], &mut EnvStep) + Sync,
    ) {
        if self.is_empty() {
            return;
        }
        let size = self.len().div_ceil(PIECES);
        let mut rows = rows.unwrap_or_default();
        let mut pieces: Vec<_> = rows.chunks_mut(size).collect();
        pieces.resize_with(self.len().div_ceil(size), Default::default);
        self.slots
            .par_chunks_mut(size)
            .zip(self.observations.par_chunks_mut(size))
            .zip(self.steps.par_chunks_mut(size))
            .zip(&mut self.observers)
            .zip(pieces)
            .enumerate()
            .for_each(|(piece, ((((slots, observations), steps), observer), rows))| {
                let mut rows = rows.iter_mut();
                let places = slots.iter_mut().zip(observations).zip(steps).enumerate();
                for (i, ((slot, observations), step)) in places {
                    work(piece * size + i, slot, observer, observations, step);
                    if let Some(row) = rows.next() {
                        row.write(observer, &slot.env);
                    }
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

    /// Specification of the observations.
    pub const fn spec(&self) -> ObsSpec {
        self.spec
    }

    /// Positions of the agents and poses of the Ts, in the order of [`Self::ids`].
    pub fn states(&self) -> Vec<State> {
        self.envs().map(PushT::state).collect()
    }
}

fn retain_by<T>(items: &mut Vec<T>, kept: &[bool]) {
    let mut kept = kept.iter();
    items.retain(|_| kept.next().copied().unwrap_or(false));
}
