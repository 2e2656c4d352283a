//! Trained policies: one per arm and seed, and one of each other kind.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;
use std::time::Instant;

use bc_policy::{BcPolicy, ObsSource, PolicyConfig, PolicyKind};
use burn::tensor::Device;
use eval::Training;
use pusht_jobs::{Done, JobContext, Key, Runner, Stage};
use pusht_training::TrainSpec;
use serde::Serialize;

use crate::PipelineError;
use crate::arms::{Arm, ArmData, DEMO};
use crate::curves::loss_points;
use crate::error::failed;
use crate::files::{read_json, write_json};
use crate::former_names;

/// Training of policies on the data of an arm, one per seed.
pub(crate) struct PolicyJob<'a> {
    /// Name of the arm, or of the policy's kind if it is another one.
    pub(crate) name: &'a str,
    pub(crate) arm: &'static Arm,
    pub(crate) policy: &'a PolicyConfig,
    pub(crate) seeds: &'a [u64],
}

/// The arms' policies, and policies of other kinds on the data of the arm `demo` with the first seed.
pub(crate) fn policy_jobs<'a>(
    arms: &[&'static Arm],
    policy: &'a PolicyConfig,
    other_policies: &'a [PolicyConfig],
    seeds: &'a [u64],
) -> Vec<PolicyJob<'a>> {
    let arms = arms.iter().map(|&arm| PolicyJob {
        name: arm.name,
        arm,
        policy,
        seeds,
    });
    let others = other_policies.iter().map(|other| PolicyJob {
        name: other.kind().name(),
        arm: &DEMO,
        policy: other,
        seeds: &seeds[..seeds.len().min(1)],
    });
    arms.chain(others).collect()
}

impl PolicyJob<'_> {
    /// Trains the policies, in parallel if one alone leaves cores idle.
    pub(crate) fn train(
        &self,
        data: &ArmData<'_>,
        before: &[Key],
        device: &Device,
        runner: &mut Runner,
        ctx: &mut JobContext,
    ) -> Result<Vec<Done<TrainedPolicy>>, PipelineError> {
        let of = |&seed: &u64| {
            let mut policy = self.policy.clone();
            policy.train.seed = seed;
            TrainPolicy {
                name: self.name,
                policy,
                data,
                before,
                device,
            }
        };
        let stages: Vec<TrainPolicy<'_>> = self.seeds.iter().map(of).collect();
        runner.run_all(&stages, lanes(self.policy.kind()), &format!("train {}", self.name), ctx)
    }
}

/// Stage that trains one policy.
struct TrainPolicy<'a> {
    /// Name of the arm, or of the policy's kind if it is another one.
    name: &'a str,
    /// The policy, with the seed of this training.
    policy: PolicyConfig,
    data: &'a ArmData<'a>,
    /// Keys of split, labels and sets of clips, from which the data of all arms are assembled.
    before: &'a [Key],
    device: &'a Device,
}

/// A policy's file and the result of its training.
pub(crate) struct TrainedPolicy {
    file: PathBuf,
    pub(crate) training: Training,
    pub(crate) parameters: usize,
}

const FILE: &str = "policy.safetensors";
const CURVE: &str = "training.json";

impl Stage for TrainPolicy<'_> {
    type Output = TrainedPolicy;
    type Error = PipelineError;

    fn name(&self) -> String {
        format!("policies/{}-{}", self.name, self.policy.train.seed)
    }

    // Not every arm uses clips and extracted actions, but all arms share one record of inputs.
    fn inputs(&self) -> impl Serialize {
        (former_names::hashed(self.policy.as_before()), self.name, self.before)
    }

    fn run(&self, dir: &Path, ctx: &mut JobContext) -> Result<(), PipelineError> {
        let fail = failed(&self.name());
        let ArmData { episodes, split, .. } = self.data;
        let key: String = self.before.iter().map(Key::as_str).collect();
        let spec = TrainSpec::new(self.policy.clone())
            .with_split(episodes.iter(), split)
            .with_label(format!("train {}, seed {}", self.name, self.policy.train.seed))
            .with_key(key)
            .with_device(self.device)
            .with_out(dir);
        let started = Instant::now();
        let trained = spec.run(ctx).map_err(|e| fail(&e))?;
        let seconds = started.elapsed().as_secs_f64();
        trained.model.save(&dir.join(FILE)).map_err(|e| fail(&e))?;
        let own = bc_policy::evaluate(&trained.model, episodes, &split.test).map_err(|e| fail(&e))?;
        let recorded = if self.data.own_is_recorded {
            own
        } else {
            let test = self.data.recorded_test;
            let predicted = bc_policy::predict(&trained.model, episodes, test).map_err(|e| fail(&e))?;
            bc_policy::regression_fit(&predicted, &self.data.recorded_actions)
        };
        let training = Training {
            curve: loss_points(&trained.curve),
            test_own: own.map(fit),
            test_recorded: recorded.map(fit),
            validation_mse: trained.best_valid,
            seconds,
        };
        write_json(&dir.join(CURVE), &training)
    }

    fn load(&self, dir: &Path, _: &mut JobContext) -> Result<TrainedPolicy, PipelineError> {
        let file = dir.join(FILE);
        Ok(TrainedPolicy {
            training: read_json(&dir.join(CURVE))?,
            parameters: load(&file, self.device)?.parameters(),
            file,
        })
    }
}

impl TrainedPolicy {
    /// Loads the policy, to act on frames: no policy of an experiment observes more than a video shows. `diffusion` gets
    /// the agent's position from the tracker, too.
    pub(crate) fn load(&self, device: &Device) -> Result<BcPolicy, PipelineError> {
        load(&self.file, device)
    }
}

fn load(file: &Path, device: &Device) -> Result<BcPolicy, PipelineError> {
    let policy = BcPolicy::load(file, device).map_err(|e| failed("policy")(&e))?;
    Ok(policy.with_obs_source(ObsSource::Frames))
}

/// Number of parallel training runs. Small ones keep one core busy; large ones, and those on a GPU, are parallel
/// themselves.
fn lanes(kind: PolicyKind) -> usize {
    if kind.trains_on_one_core() {
        return available_parallelism().map_or(1, NonZero::get);
    }
    1
}

/// Converts the fit of actions to the report's type.
pub(crate) fn fit(fit: bc_policy::ActionFit) -> eval::Fit {
    eval::Fit {
        mse: fit.mse,
        r2: Some(fit.r2),
        frames: fit.actions,
    }
}
