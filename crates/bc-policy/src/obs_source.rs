//! States for the policies that read positions or states: from the frames of whole episodes in training, from
//! observations when acting.

use std::collections::HashMap;
use std::sync::Arc;

use pusht_data::Episode;
use pusht_env::{Frame, Modality, ObsBatch, Observation, PolicyError, Pose, State};
use pusht_vision::{Tracked, Tracker};
use rayon::prelude::*;

use crate::error::{BcError, failed, wrong_observation};
use crate::queues::PendingEnv;

/// Replaces the states of episodes by those that the tracker estimates from their frames, so that a policy learns from
/// the inputs it acts on. Where agent or T is hidden, the previous state is repeated (at the start, the first one
/// seen).
///
/// Training ([`pusht_training::TrainSpec`]) does the same for episodes without states, at every call; to train several
/// policies on the same episodes, call this once.
///
/// # Errors
/// Frames that are not 96×96, a goal that is not finite, or a video in which agent or T is never seen.
pub fn track_episodes(episodes: &mut [Episode]) -> Result<(), BcError> {
    episodes.par_iter_mut().enumerate().try_for_each(|(index, episode)| {
        episode.states = Some(track_states(index, &episode.frames, episode.goal)?);
        Ok(())
    })
}

/// Estimates the states in the frames of one episode, which errors call `index`; see [`track_episodes`].
///
/// # Errors
/// Those of [`track_episodes`].
pub fn track_states(index: usize, frames: &[Frame], goal: Pose) -> Result<Vec<State>, BcError> {
    let seen = Tracker::new(goal)?.track_video(frames)?;
    let never = |what| BcError::NeverSeen { episode: index, what };
    let mut agent = seen.iter().find_map(|t| t.agent).ok_or(never("agent"))?;
    let mut block = seen.iter().find_map(|t| t.block).ok_or(never("T"))?;
    let state = |tracked: &Tracked| {
        agent = tracked.agent.unwrap_or(agent);
        block = tracked.block.unwrap_or(block);
        State { agent, block }
    };
    Ok(seen.iter().map(state).collect())
}

/// Source of a policy's states when it acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObsSource {
    /// 96×96 frames, through the tracker.
    Frames,
    /// The exact state, from the simulator; faster, but not available from video. Policies on images read the agent's
    /// position in it.
    State,
}

impl ObsSource {
    /// Name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Frames => "frames",
            Self::State => "state",
        }
    }
}

impl std::fmt::Display for ObsSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for ObsSource {
    type Err = BcError;

    fn from_str(text: &str) -> Result<Self, BcError> {
        [Self::Frames, Self::State]
            .into_iter()
            .find(|source| source.name() == text)
            .ok_or_else(|| BcError::Config {
                setting: "what the policy observes",
                found: format!("{text:?}"),
                expected: "frames or state",
            })
    }
}

/// Estimates the states for a policy on states.
#[derive(Clone, Debug)]
pub(crate) struct StateEstimator {
    pub(crate) source: ObsSource,
    reader: FrameReader,
}

impl StateEstimator {
    pub(crate) fn new(source: ObsSource) -> Self {
        let reader = FrameReader::default();
        Self { source, reader }
    }

    pub(crate) fn modality(&self) -> Modality {
        match self.source {
            ObsSource::Frames => Modality::Pixels,
            ObsSource::State => Modality::State,
        }
    }

    /// Starts new episodes in these environments.
    pub(crate) fn forget(&mut self, envs: &[usize]) {
        for env in envs {
            self.reader.last.remove(env);
        }
    }

    /// The latest `history` states of the given environments, oldest first.
    pub(crate) fn look(
        &mut self,
        policy: &str,
        obs: &ObsBatch<'_>,
        pending: &[PendingEnv],
        history: usize,
    ) -> Result<Vec<Vec<State>>, PolicyError> {
        let mut states = vec![Vec::with_capacity(history); pending.len()];
        for back in (1..=history).rev() {
            let mut frames = Vec::new();
            for (ask, states) in pending.iter().zip(&mut states) {
                let observations = &obs.observations[ask.at];
                let Some(place) = observations.len().checked_sub(back) else {
                    let found = observations.len();
                    return Err(failed(policy, format!("{found} observations; expected {history}")));
                };
                match (self.source, &observations[place]) {
                    (ObsSource::State, Observation::State(row)) => states.push(State::from_row(*row)),
                    (ObsSource::Frames, Observation::Pixels(frame)) => {
                        frames.push((obs.envs[ask.at], frame, obs.goals[ask.at]));
                    }
                    (_, other) => return Err(wrong_observation(self.modality(), other)),
                }
            }
            let seen = self.reader.look(&frames).map_err(|error| failed(policy, error))?;
            for (states, seen) in states.iter_mut().zip(seen) {
                states.push(seen);
            }
        }
        Ok(states)
    }
}

/// Estimates states from single frames; keeps one tracker per goal and the last state of each environment.
#[derive(Clone, Default)]
struct FrameReader {
    trackers: Vec<(Pose, Arc<Tracker>)>,
    last: HashMap<usize, State>,
}

impl std::fmt::Debug for FrameReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FrameReader")
            .field("last", &self.last)
            .finish_non_exhaustive()
    }
}

impl FrameReader {
    /// The states in the frames of these environments; hidden objects keep their last state.
    fn look(&mut self, looks: &[(usize, &Frame, Pose)]) -> Result<Vec<State>, BcError> {
        let mut trackers = Vec::with_capacity(looks.len());
        for (_, _, goal) in looks {
            trackers.push(self.tracker(*goal)?);
        }
        let seen: Vec<Tracked> = looks
            .par_iter()
            .zip(trackers)
            .map(|((_, frame, _), tracker)| tracker.track(frame))
            .collect::<Result<_, _>>()?;
        let mut states = Vec::with_capacity(looks.len());
        for ((env, ..), tracked) in looks.iter().zip(seen) {
            let last = self.last.get(env);
            let hidden = |what| BcError::Hidden { env: *env, what };
            let agent = tracked.agent.or(last.map(|s| s.agent)).ok_or(hidden("agent"))?;
            let block = tracked.block.or(last.map(|s| s.block)).ok_or(hidden("T"))?;
            let state = State { agent, block };
            self.last.insert(*env, state);
            states.push(state);
        }
        Ok(states)
    }

    fn tracker(&mut self, goal: Pose) -> Result<Arc<Tracker>, BcError> {
        if let Some((_, tracker)) = self.trackers.iter().find(|(known, _)| *known == goal) {
            return Ok(Arc::clone(tracker));
        }
        let tracker = Arc::new(Tracker::new(goal)?);
        self.trackers.push((goal, Arc::clone(&tracker)));
        Ok(tracker)
    }
}
