//! Episodes of one environment of a vectorized one, and what happens when they end.

use crate::seeding::Starts;
use crate::{Info, Observation, Observer, PushT, StepResult};

/// What happens to an environment whose episode has ended (terminated or truncated), by gymnasium's names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Autoreset {
    /// The next step resets it instead of stepping: its action is ignored, its reward is 0.
    #[default]
    NextStep,
    /// It is reset within the same step: the observation is the first of the new episode; the last of the old one is in
    /// [`EnvStep::last`].
    SameStep,
    /// No reset; it may be stepped further, reset by [`VecEnv::reset_env`](crate::VecEnv::reset_env), or dropped by
    /// [`VecEnv::retain`](crate::VecEnv::retain).
    Disabled,
    /// No reset; it stays as it is until [`VecEnv::reset_env`](crate::VecEnv::reset_env): steps repeat its last result with
    /// reward 0.
    Wait,
}

/// Result of a step in one environment.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvStep {
    /// Reward, coverage, and whether the episode ended. After a reset in place of a step: reward 0, not ended.
    pub result: StepResult,
    /// Whether the observation is the first of an episode.
    pub is_first: bool,
    /// With [`Autoreset::SameStep`], the end of the previous episode.
    pub last: Option<Box<EpisodeEnd>>,
}

/// Last observations and info of an episode.
#[derive(Clone, Debug, PartialEq)]
pub struct EpisodeEnd {
    /// The latest observations, oldest first; the last one if the environments keep none
    /// ([`VecEnv::for_arrays`](crate::VecEnv::for_arrays)).
    pub observations: Vec<Observation>,
    /// The info dict of its last step.
    pub info: Info,
}

/// An environment with its source of start states.
pub(super) struct Slot {
    pub env: PushT,
    pub starts: Starts,
    /// Whether the episode has ended, so that the next step resets it.
    pub ended: bool,
}

impl Slot {
    pub fn begin_episode(&mut self, observer: &mut Observer, observations: &mut [Observation]) {
        self.ended = false;
        let start = self.starts.next();
        self.env.reset_to(start).expect("start states are finite");
        begin_history(observer, &self.env, observations);
    }

    pub fn step(
        &mut self,
        target: [f64; 2],
        autoreset: Autoreset,
        observer: &mut Observer,
        observations: &mut [Observation],
        step: &mut EnvStep,
    ) {
        step.last = None;
        step.is_first = self.ended && autoreset == Autoreset::NextStep;
        if self.ended && autoreset == Autoreset::Wait {
            step.result.reward = 0.0;
            return;
        }
        if step.is_first {
            self.begin_episode(observer, observations);
            step.result = nothing(&self.env);
            return;
        }
        step.result = self.env.step_toward(target).expect("the actions were checked");
        if !observations.is_empty() {
            observations.rotate_left(1);
        }
        if let Some(latest) = observations.last_mut() {
            observer.observe_into(&self.env, latest);
        }
        self.ended = step.result.terminated || step.result.truncated;
        if self.ended && autoreset == Autoreset::SameStep {
            let last = if observations.is_empty() {
                vec![observer.observe(&self.env)]
            } else {
                observations.to_vec()
            };
            step.last = Some(Box::new(EpisodeEnd {
                observations: last,
                info: self.env.info(),
            }));
            self.begin_episode(observer, observations);
            step.is_first = true;
        }
    }
}

/// Fills the history with the current observation.
pub(super) fn begin_history(observer: &mut Observer, env: &PushT, observations: &mut [Observation]) {
    if let Some((first, rest)) = observations.split_first_mut() {
        observer.observe_into(env, first);
        for later in rest {
            later.clone_from(first);
        }
    }
}

/// The step result of a reset.
pub(super) const fn nothing(env: &PushT) -> StepResult {
    StepResult {
        reward: 0.0,
        coverage: env.coverage(),
        terminated: false,
        truncated: false,
    }
}
