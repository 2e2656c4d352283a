//! Lets policies act in a world and in the simulator.

use std::collections::BTreeSet;

use eval::{Protocol, RolloutConfig, rollout_labeled};
use pusht_data::WorldModel;
use pusht_env::Policy;
use pusht_jobs::JobContext;
use traj_metrics::Bootstrap;

use super::correlation::{PolicyReturns, ReturnCorrelation};
use super::report::{PolicyInWorld, WORLD_SCORE_SCHEMA, WorldScoreReport};
use crate::error::WorldEvalError;
use crate::policy_rollout::WorldRolloutJob;

/// Evaluates policies in a world model: each acts from the same starts in the exact simulator ([`eval::rollout`]) and in the
/// world ([`WorldRolloutJob`]), and the mean returns are compared over policies. The return of an episode is its maximum
/// reward.
///
/// Offline evaluation of policies in learned worlds is compared in this way by `WorldGym` (Quevedo et al. 2025,
/// arXiv:2506.00613).
///
/// # Example
///
/// ```
/// use eval::{Protocol, RandomTarget, RolloutConfig, StandStill};
/// use pusht_jobs::JobContext;
/// use world_eval::{NamedPolicy, SimulatorWorld, WorldScoreJob};
///
/// let mut job = WorldScoreJob::of(Protocol::Paper);
/// job.config = RolloutConfig { episodes: 2, steps: 5, ..job.config };
/// let world = SimulatorWorld::new(job.config.env)?;
/// let mut policies = [
///     NamedPolicy::new(Box::new(StandStill::default())),
///     NamedPolicy::new(Box::new(RandomTarget::new(0))),
/// ];
/// let report = job.run(&mut policies, &world, &mut JobContext::silent())?;
/// assert_eq!((report.policies[1].parted, report.policies[1].steps_together.mean), (0, 5.0));
/// // Two policies are too few for a correlation, which the report says.
/// assert!(report.correlation.is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct WorldScoreJob {
    /// Protocol of the scores.
    pub protocol: Protocol,
    /// Number of episodes of each policy, step limit, starts, and settings of the simulator.
    pub config: RolloutConfig,
}

/// A policy and what it is called.
pub struct NamedPolicy {
    /// Name in the report, different for each policy.
    pub name: String,
    /// SHA-256 of its file, if it has one.
    pub sha256: Option<String>,
    /// The policy.
    pub policy: Box<dyn Policy>,
}

impl NamedPolicy {
    /// A policy without a file, under its own name.
    pub fn new(policy: Box<dyn Policy>) -> Self {
        Self {
            name: policy.name(),
            sha256: None,
            policy,
        }
    }
}

impl WorldScoreJob {
    /// The settings of a protocol.
    pub const fn of(protocol: Protocol) -> Self {
        Self {
            protocol,
            config: RolloutConfig::of(protocol),
        }
    }

    /// Checks what can be checked before anything is loaded: the settings, and the names of the policies.
    ///
    /// # Errors
    /// Settings that [`RolloutConfig::check`] refuses; fewer than two policies; a name that is given twice.
    pub fn check<S: AsRef<str>>(&self, names: &[S]) -> Result<(), WorldEvalError> {
        self.config.check()?;
        if names.len() < 2 {
            return Err(WorldEvalError::Setting {
                setting: "the number of policies",
                value: names.len(),
                expected: "at least 2, as their returns are compared",
            });
        }
        let mut known = BTreeSet::new();
        match names.iter().find(|&name| !known.insert(name.as_ref())) {
            Some(twice) => Err(WorldEvalError::PolicyTwice {
                policy: twice.as_ref().to_owned(),
            }),
            None => Ok(()),
        }
    }

    /// Rolls out every policy in both places. The result depends on neither the number of threads nor the other policies.
    ///
    /// # Errors
    /// Those of [`Self::check`], [`eval::rollout`] and [`WorldRolloutJob::run`].
    pub fn run(
        &self,
        policies: &mut [NamedPolicy],
        world: &dyn WorldModel,
        ctx: &mut JobContext,
    ) -> Result<WorldScoreReport, WorldEvalError> {
        let names: Vec<&str> = policies.iter().map(|policy| policy.name.as_str()).collect();
        self.check(&names)?;
        let bootstrap = Bootstrap::default();
        let mut scored: Vec<PolicyInWorld> = Vec::new();
        let count = policies.len();
        for named in policies {
            let NamedPolicy { name, sha256, policy } = named;
            let label = format!("roll out {name} in the simulator");
            let exact = rollout_labeled(&label, policy.as_mut(), &self.config, ctx)?;
            let job = WorldRolloutJob {
                protocol: self.protocol,
                config: self.config,
                filmed: BTreeSet::new(),
            };
            let played = job.run(policy.as_mut(), world, ctx)?.record;
            let one = PolicyInWorld::of(name, sha256.clone(), &exact, &played, bootstrap)?;
            ctx.say(&format!(
                "policy {} of {count}, {name}: return {:.3} in the simulator, {:.3} in the world",
                scored.len() + 1,
                one.simulator.max_reward.mean,
                one.world.max_reward.mean
            ));
            scored.push(one);
        }
        let returns: Vec<&PolicyReturns> = scored.iter().map(|policy| &policy.returns).collect();
        Ok(WorldScoreReport {
            schema: WORLD_SCORE_SCHEMA,
            world: world.name(),
            world_sha256: None,
            protocol: self.protocol,
            episodes: self.config.episodes,
            steps: self.config.steps,
            first_start_seed: self.config.first_seed,
            env: self.config.env.with_max_steps(None),
            bootstrap,
            correlation: ReturnCorrelation::of(&returns, bootstrap)?,
            policies: scored,
        })
    }
}
