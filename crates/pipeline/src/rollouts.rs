//! Closed-loop rollouts of all policies, the floors and the expert, from the same starts.

use std::path::Path;

use burn::tensor::Device;
use eval::{
    Protocol, RandomTarget, Role, RolloutConfig, RolloutRecord, RolloutScores, StandStill, film, rollout_labeled,
};
use pusht_env::{ExpertConfig, ExpertPolicy, Policy};
use pusht_jobs::{Done, JobContext, Stage};
use report::{Picture, PictureGroup};
use serde::Serialize;

use crate::PipelineError;
use crate::config;
use crate::error::failed;
use crate::pictures::{write_strip, write_video};
use crate::policies::TrainedPolicy;

/// Rollouts of a policy.
pub(crate) struct Rollouts {
    pub(crate) record: RolloutRecord,
    /// Images of its first episode, if it is shown.
    pub(crate) pictures: Vec<Picture>,
}

const RECORD: &str = "rollouts.json";
const STRIP: &str = "strip.png";
const VIDEO: &str = "rollout.mp4";

/// Stage that rolls out a trained policy.
pub(crate) struct RollOutPolicy<'a> {
    /// Name of the arm, or of the policy's kind if it is another one.
    pub(crate) name: &'a str,
    pub(crate) seed: u64,
    pub(crate) trained: &'a Done<TrainedPolicy>,
    pub(crate) settings: &'a config::RolloutConfig,
    /// Whether its first episode is shown.
    pub(crate) shown: bool,
    pub(crate) device: &'a Device,
}

impl Stage for RollOutPolicy<'_> {
    type Output = Rollouts;
    type Error = PipelineError;

    fn name(&self) -> String {
        format!("rollouts/{}-{}", self.name, self.seed)
    }

    fn inputs(&self) -> impl Serialize {
        (self.settings, &self.trained.key)
    }

    fn run(&self, dir: &Path, ctx: &mut JobContext) -> Result<(), PipelineError> {
        let label = format!("roll out {}, seed {}", self.name, self.seed);
        let mut policy = self.trained.output.load(self.device)?;
        let starts = starts(self.settings, self.settings.episodes);
        play(dir, &label, &mut policy, &starts, self.shown, ctx)
    }

    fn load(&self, dir: &Path, _: &mut JobContext) -> Result<Rollouts, PipelineError> {
        let who = format!("Trained: {}, seed {}", self.name, self.seed);
        read(dir, &self.name(), self.shown.then_some(&who), self.settings)
    }
}

/// A reference policy (floor or ceiling), which needs no training.
pub(crate) struct Reference {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) role: Role,
    policy: fn() -> Result<Box<dyn Policy>, PipelineError>,
    /// Number of episodes.
    episodes: fn(&config::RolloutConfig) -> usize,
    /// Caption of its first episode, if it is shown.
    shown: Option<&'static str>,
}

/// The references, in the order of the report's table.
pub(crate) const REFERENCES: [Reference; 3] = [
    Reference {
        name: "still",
        what: "stays where it starts",
        role: Role::Floor,
        policy: || Ok(Box::new(StandStill::default())),
        episodes: |settings| settings.episodes,
        shown: None,
    },
    Reference {
        name: "random",
        what: "a new target at every step",
        role: Role::Floor,
        policy: || Ok(Box::new(RandomTarget::new(0))),
        episodes: |settings| settings.episodes,
        shown: None,
    },
    Reference {
        name: "expert",
        what: "plans with the simulator",
        role: Role::Ceiling,
        policy: || {
            let expert = ExpertPolicy::new(ExpertConfig::default());
            Ok(Box::new(expert.map_err(|e| failed("expert")(&e))?))
        },
        episodes: |settings| settings.expert_episodes,
        shown: Some("The expert"),
    },
];

/// Stage that rolls out a reference.
pub(crate) struct RollOutReference<'a> {
    pub(crate) reference: &'a Reference,
    pub(crate) settings: &'a config::RolloutConfig,
}

impl RollOutReference<'_> {
    fn episodes(&self) -> usize {
        (self.reference.episodes)(self.settings)
    }

    /// Whether it has any episodes.
    pub(crate) fn plays(&self) -> bool {
        self.episodes() > 0
    }
}

impl Stage for RollOutReference<'_> {
    type Output = Rollouts;
    type Error = PipelineError;

    fn name(&self) -> String {
        format!("rollouts/{}", self.reference.name)
    }

    fn inputs(&self) -> impl Serialize {
        (self.settings, self.episodes())
    }

    fn run(&self, dir: &Path, ctx: &mut JobContext) -> Result<(), PipelineError> {
        let label = format!("roll out {}", self.reference.name);
        let mut policy = (self.reference.policy)()?;
        let starts = starts(self.settings, self.episodes());
        play(
            dir,
            &label,
            policy.as_mut(),
            &starts,
            self.reference.shown.is_some(),
            ctx,
        )
    }

    fn load(&self, dir: &Path, _: &mut JobContext) -> Result<Rollouts, PipelineError> {
        read(dir, &self.name(), self.reference.shown, self.settings)
    }
}

fn starts(settings: &config::RolloutConfig, episodes: usize) -> RolloutConfig {
    RolloutConfig {
        episodes,
        steps: settings.steps,
        first_seed: settings.first_seed,
        ..RolloutConfig::of(Protocol::Paper)
    }
}

fn play(
    dir: &Path,
    label: &str,
    policy: &mut dyn Policy,
    starts: &RolloutConfig,
    shown: bool,
    ctx: &mut JobContext,
) -> Result<(), PipelineError> {
    let fail = failed(label);
    let record = rollout_labeled(label, policy, starts, ctx).map_err(|e| fail(&e))?;
    let scores = RolloutScores::with_limit(&record, Protocol::Paper, record.steps).map_err(|e| fail(&e))?;
    let rewards: f64 = scores.episodes.iter().map(|e| e.mean_reward).sum();
    let mean = rewards / scores.episodes.len().max(1) as f64;
    ctx.say(&format!("{label}: {mean:.3} reward a step"));
    record.write(&dir.join(RECORD)).map_err(|e| fail(&e))?;
    if shown {
        let frames = film(&record, 0, 96).map_err(|e| fail(&e))?;
        write_strip(&dir.join(STRIP), &frames)?;
        write_video(&dir.join(VIDEO), &frames)?;
    }
    Ok(())
}

/// Reads the rollouts; `who` is the caption of the first episode, if it is shown.
fn read(
    dir: &Path,
    folder: &str,
    who: Option<&str>,
    settings: &config::RolloutConfig,
) -> Result<Rollouts, PipelineError> {
    let record = RolloutRecord::read(&dir.join(RECORD)).map_err(|e| failed("rollouts")(&e))?;
    let picture = |who: &str, file: &str| Picture {
        group: PictureGroup::Rollouts,
        caption: format!("{who}, start {}", settings.first_seed),
        file: format!("{folder}/{file}"),
    };
    let pictures = who.map(|who| vec![picture(who, STRIP), picture(who, VIDEO)]);
    Ok(Rollouts {
        record,
        pictures: pictures.unwrap_or_default(),
    })
}
