//! Policies made weaker by a known amount, so that there are some of every strength.

use std::collections::BTreeMap;
use std::f64::consts::TAU;
use std::fmt;
use std::str::FromStr;

use pusht_env::{Action, ObsBatch, ObsSpec, Policy, PolicyError};
use rand::RngExt;
use rand_pcg::Pcg64;

use super::floors::stream_of;

/// Side of the board, px.
const BOARD: f64 = 512.0;

/// How a policy is made weaker. As text `random=0.25`, `noise=40` or `stop=50`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Weakness {
    /// In each step with this probability, 0 to 1, a target is drawn uniform over the board and the policy is not asked.
    RandomTargets(f64),
    /// Normal noise of this standard deviation on both coordinates of each target, px, 0 to 512.
    Noise(f64),
    /// The last target is kept after this many steps, at least 1.
    StopAfter(usize),
}

/// Error for text that names no [`Weakness`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{found:?} weakens no policy; expected random=SHARE (0 to 1), noise=PX (0 to 512) or stop=STEPS (at least 1), for example \
     random=0.25"
)]
pub struct UnknownWeakness {
    /// The text.
    pub found: String,
}

impl FromStr for Weakness {
    type Err = UnknownWeakness;

    fn from_str(text: &str) -> Result<Self, UnknownWeakness> {
        let number = |value: &str, largest: f64| {
            let number = value.parse::<f64>().ok();
            number.filter(|number| (0.0..=largest).contains(number))
        };
        let weakness = match text.split_once('=') {
            Some(("random", share)) => number(share, 1.0).map(Self::RandomTargets),
            Some(("noise", deviation)) => number(deviation, BOARD).map(Self::Noise),
            Some(("stop", steps)) => steps.parse().ok().filter(|&steps| steps > 0).map(Self::StopAfter),
            _ => None,
        };
        weakness.ok_or_else(|| UnknownWeakness { found: text.to_owned() })
    }
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RandomTargets(share) => write!(f, "random={share}"),
            Self::Noise(deviation) => write!(f, "noise={deviation}"),
            Self::StopAfter(steps) => write!(f, "stop={steps}"),
        }
    }
}

/// A policy made weaker. Targets are kept on the board. Each environment draws from its own stream, which is determined by the
/// seed and the environment's id and restarts at every reset: two rollouts from the same starts have the same noise.
///
/// # Example
///
/// ```
/// use eval::{Protocol, RandomTarget, RolloutConfig, Weakened, rollout};
/// use pusht_jobs::JobContext;
///
/// let mut policy = Weakened::new(RandomTarget::new(0), "stop=3".parse()?, 0);
/// let config = RolloutConfig { episodes: 2, steps: 5, ..RolloutConfig::of(Protocol::Paper) };
/// let record = rollout(&mut policy, &config, &mut JobContext::silent())?;
/// assert_eq!(record.policy, "random:stop=3");
/// let actions = &record.episodes[0].actions;
/// assert!(actions[1] != actions[2] && actions[2..] == [actions[2]; 3]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Weakened<P> {
    policy: P,
    weakness: Weakness,
    seed: u64,
    episodes: BTreeMap<usize, Course>,
}

/// The episode of one environment.
#[derive(Clone, Debug)]
struct Course {
    generator: Pcg64,
    steps: usize,
    last: Action,
}

impl<P: Policy> Weakened<P> {
    /// Weakens a policy; `seed` is that of the draws.
    pub const fn new(policy: P, weakness: Weakness, seed: u64) -> Self {
        Self {
            policy,
            weakness,
            seed,
            episodes: BTreeMap::new(),
        }
    }

    /// Per environment the target that stands in for the policy's, or none where the policy is asked.
    fn in_its_place(&mut self, envs: &[usize]) -> Vec<Option<Action>> {
        let (weakness, seed) = (self.weakness, self.seed);
        let one = |env: &usize| {
            let course = self.episodes.entry(*env).or_insert_with(|| Course {
                generator: stream_of(seed, *env),
                steps: 0,
                last: [0.0; 2],
            });
            let generator = &mut course.generator;
            match weakness {
                Weakness::RandomTargets(share) if generator.random_range(0.0..1.0) < share => {
                    Some([generator.random_range(0.0..512.0), generator.random_range(0.0..512.0)])
                }
                Weakness::StopAfter(steps) if course.steps >= steps => Some(course.last),
                _ => None,
            }
        };
        envs.iter().map(one).collect()
    }

    /// Asks the policy in the environments where nothing stands in for it.
    fn ask(
        &mut self,
        obs: &ObsBatch<'_>,
        in_its_place: &[Option<Action>],
        out: &mut [Action],
    ) -> Result<(), PolicyError> {
        if in_its_place.iter().all(Option::is_none) {
            return self.policy.act(obs, out);
        }
        let asked: Vec<usize> = (0..out.len()).filter(|&at| in_its_place[at].is_none()).collect();
        let envs: Vec<usize> = asked.iter().map(|&at| obs.envs[at]).collect();
        let observations: Vec<_> = asked.iter().map(|&at| obs.observations[at].clone()).collect();
        let goals: Vec<_> = asked.iter().map(|&at| obs.goals[at]).collect();
        let mut actions = vec![[f32::NAN; 2]; asked.len()];
        if !asked.is_empty() {
            let some = ObsBatch {
                envs: &envs,
                observations: &observations,
                goals: &goals,
            };
            self.policy.act(&some, &mut actions)?;
        }
        for (at, action) in asked.into_iter().zip(actions) {
            out[at] = action;
        }
        for (action, given) in out.iter_mut().zip(in_its_place) {
            *action = given.unwrap_or(*action);
        }
        Ok(())
    }
}

impl<P: Policy> Policy for Weakened<P> {
    fn name(&self) -> String {
        format!("{}:{}", self.policy.name(), self.weakness)
    }

    fn needs(&self) -> ObsSpec {
        self.policy.needs()
    }

    fn reset(&mut self, envs: &[usize]) {
        for env in envs {
            self.episodes.remove(env);
        }
        self.policy.reset(envs);
    }

    fn act(&mut self, obs: &ObsBatch<'_>, out: &mut [Action]) -> Result<(), PolicyError> {
        let n = obs.envs.len();
        if [obs.observations.len(), obs.goals.len(), out.len()] != [n; 3] {
            return Err(PolicyError::Failed {
                policy: self.name(),
                reason: format!(
                    "a batch of {n} environments came with {} observations, {} goals and room for {} actions; hand in one of \
                     each for every environment",
                    obs.observations.len(),
                    obs.goals.len(),
                    out.len()
                ),
            });
        }
        let in_its_place = self.in_its_place(obs.envs);
        self.ask(obs, &in_its_place, out)?;
        for (env, action) in obs.envs.iter().zip(out) {
            let Some(course) = self.episodes.get_mut(env) else {
                continue;
            };
            if let Weakness::Noise(deviation) = self.weakness {
                let noise = normal(&mut course.generator).map(|x| x * deviation);
                *action = std::array::from_fn(|i| (f64::from(action[i]) + noise[i]) as f32);
            }
            // NaN stays NaN, which whoever asked reports.
            *action = action.map(|x| x.clamp(0.0, BOARD as f32));
            course.last = *action;
            course.steps += 1;
        }
        Ok(())
    }
}

/// Two independent standard normal numbers (Box and Muller 1958).
fn normal(generator: &mut Pcg64) -> [f64; 2] {
    let radius = (-2.0 * (1.0 - generator.random_range(0.0..1.0_f64)).ln()).sqrt();
    let angle = TAU * generator.random_range(0.0..1.0_f64);
    [radius * angle.cos(), radius * angle.sin()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Protocol, RandomTarget, RolloutConfig, StandStill, rollout};
    use pusht_jobs::JobContext;

    fn actions(policy: &mut dyn Policy) -> Vec<Vec<Action>> {
        let config = RolloutConfig {
            episodes: 3,
            steps: 40,
            ..RolloutConfig::of(Protocol::Paper)
        };
        let record = rollout(policy, &config, &mut JobContext::silent()).unwrap();
        record.episodes.into_iter().map(|episode| episode.actions).collect()
    }

    fn still(weakness: Weakness, seed: u64) -> Vec<Vec<Action>> {
        actions(&mut Weakened::new(StandStill::default(), weakness, seed))
    }

    #[test]
    fn weaknesses_have_names() {
        for text in ["random=0.25", "noise=40", "stop=50"] {
            assert_eq!(text.parse::<Weakness>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "random",
            "random=1.5",
            "random=nan",
            "noise=-1",
            "stop=0",
            "stop=2.5",
            "blind=1",
        ] {
            let error = text.parse::<Weakness>().unwrap_err().to_string();
            assert!(error.contains("expected random=SHARE (0 to 1), noise=PX"), "{error}");
        }
    }

    #[test]
    fn a_share_of_the_targets_is_random() {
        let policy = actions(&mut StandStill::default());
        assert_eq!(still(Weakness::RandomTargets(0.0), 1), policy);
        let drawn = still(Weakness::RandomTargets(0.25), 1);
        let pairs = || drawn.iter().flatten().zip(policy.iter().flatten());
        let other = pairs().filter(|(a, b)| a != b).count();
        assert!((15..45).contains(&other), "{other} of 120");
        let all = still(Weakness::RandomTargets(1.0), 1);
        assert!(all.iter().flatten().zip(policy.iter().flatten()).all(|(a, b)| a != b));
        // The same seed draws the same, in every rollout; episodes draw differently.
        assert_eq!(still(Weakness::RandomTargets(0.25), 1), drawn);
        assert_ne!(still(Weakness::RandomTargets(0.25), 2), drawn);
        assert!(all[0] != all[1]);
        let mut twice = Weakened::new(StandStill::default(), Weakness::RandomTargets(0.25), 1);
        assert_eq!([actions(&mut twice), actions(&mut twice)], [drawn.clone(), drawn]);
    }

    #[test]
    fn noise_has_its_deviation_and_stays_on_the_board() {
        let policy = actions(&mut StandStill::default());
        let noisy = still(Weakness::Noise(10.0), 3);
        let pairs = noisy.iter().flatten().flatten().zip(policy.iter().flatten().flatten());
        let squares: Vec<f64> = pairs.map(|(a, b)| f64::from(a - b).powi(2)).collect();
        let deviation = (squares.iter().sum::<f64>() / squares.len() as f64).sqrt();
        assert!((8.0..12.0).contains(&deviation), "{deviation}");
        let wild = still(Weakness::Noise(500.0), 3);
        assert!(wild.iter().flatten().flatten().all(|x| (0.0..=512.0).contains(x)));
        assert_eq!(still(Weakness::Noise(0.0), 3), policy);
    }

    #[test]
    fn after_the_last_step_the_target_stays() {
        let policy = actions(&mut RandomTarget::new(4));
        let stopped = actions(&mut Weakened::new(RandomTarget::new(4), Weakness::StopAfter(15), 0));
        for (stopped, policy) in stopped.iter().zip(&policy) {
            assert_eq!(stopped[..15], policy[..15]);
            assert_eq!(stopped[15..], [policy[14]; 25]);
        }
    }
}
