//! Speed of the environment on recorded actions; `benches/compare_gym_pusht.py` times the Python package on the same.

use std::time::{Duration, Instant};

use pusht_env::{Action, EnvConfig, EnvError, Modality, Observer, PushT};

/// Actions of episodes of one length; episode i starts from seed i.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedActions {
    steps: usize,
    actions: Vec<Action>,
}

/// Speed of the environment, and final states of the episodes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct StepSpeed {
    /// Steps per second, with the observation after each.
    pub steps_per_second: f64,
    /// The last state of every episode: agent x, y, T x, y, angle.
    pub last_states: Vec<[f64; 5]>,
}

/// Errors of timing the environment.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpeedError {
    /// Bytes that are not whole episodes.
    #[error(
        "{found} bytes of actions; expected a multiple of {expected} (steps × x, y × 4 bytes), at least one episode"
    )]
    Length {
        /// Bytes found.
        found: usize,
        /// Bytes per episode.
        expected: usize,
    },
    /// An action that the environment refuses.
    #[error(transparent)]
    Env(#[from] EnvError),
}

impl RecordedActions {
    /// Parses the bytes of a file: x and y of every step, float32, little-endian, with concatenated episodes of `steps`
    /// steps.
    ///
    /// # Errors
    /// No episode, or bytes that are not whole episodes.
    pub fn from_bytes(bytes: &[u8], steps: usize) -> Result<Self, SpeedError> {
        let expected = steps.saturating_mul(8);
        if expected == 0 || bytes.is_empty() || !bytes.len().is_multiple_of(expected) {
            return Err(SpeedError::Length {
                found: bytes.len(),
                expected,
            });
        }
        let (numbers, _) = bytes.as_chunks::<4>();
        let numbers: Vec<f32> = numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        let (actions, _) = numbers.as_chunks::<2>();
        Ok(Self {
            steps,
            actions: actions.to_vec(),
        })
    }

    /// Plays all episodes in gym-pusht's environment, repeatedly for at least `budget`, on one thread.
    ///
    /// # Errors
    /// An action that is not finite.
    pub fn play(&self, modality: Modality, budget: Duration) -> Result<StepSpeed, SpeedError> {
        let config = EnvConfig::gym_pusht();
        let mut env = PushT::new(config)?;
        let mut observer = Observer::new(modality, &config);
        let mut observation = observer.observe(&env);
        let mut last = Vec::new();
        let (mut steps, begin) = (0, Instant::now());
        while steps == 0 || begin.elapsed() < budget {
            last.clear();
            for (seed, actions) in self.actions.chunks(self.steps).enumerate() {
                env.reset(seed as u64)?;
                for &action in actions {
                    env.step(action)?;
                    observer.observe_into(&env, &mut observation);
                }
                steps += actions.len();
                last.push(env.state().to_row());
            }
        }
        Ok(StepSpeed {
            steps_per_second: steps as f64 / begin.elapsed().as_secs_f64(),
            last_states: last,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_episodes_are_played_and_others_refused() {
        let bytes: Vec<u8> = [100.0_f32, 200.0, 110.0, 210.0, 300.0, 300.0, 310.0, 300.0]
            .iter()
            .flat_map(|x| x.to_le_bytes())
            .collect();
        let recorded = RecordedActions::from_bytes(&bytes, 2).unwrap();
        let played = recorded.play(Modality::State, Duration::ZERO).unwrap();
        assert_eq!(played.last_states.len(), 2);
        assert!(played.steps_per_second > 0.0);
        let mut env = PushT::new(EnvConfig::gym_pusht()).unwrap();
        env.reset(1).unwrap();
        env.step([300.0, 300.0]).unwrap();
        env.step([310.0, 300.0]).unwrap();
        assert_eq!(played.last_states[1], env.state().to_row());
        for (bytes, steps) in [(&bytes[..12], 2), (&bytes[..0], 2), (&bytes[..], 0)] {
            assert!(matches!(
                RecordedActions::from_bytes(bytes, steps),
                Err(SpeedError::Length { .. })
            ));
        }
    }
}
