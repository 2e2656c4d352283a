//! `pusht score world-model`.

use anyhow::Result;
use clap::Args;
use eval::{Protocol, RolloutConfig};
use named_parts::{GRADED_POLICIES, PolicyChoice, WorldChoice, device_name, is_built_in_policy, locate_policy};
use pusht_jobs::JobContext;
use world_eval::{NamedPolicy, WorldScoreJob};

use crate::outcome::Outcome;
use crate::session::Session;

/// Measure how well a world model evaluates policies: their returns in it, beside those in the exact simulator
///
/// Each policy acts from the same starts in both. In the world it sees the world's frames only, and reward and success are
/// computed from the T that is tracked in them, as in `pusht rollout --in`. The result has a row per policy, and the
/// correlation of the mean maximum rewards over policies.
#[derive(Args)]
pub(crate) struct WorldModel {
    /// World model: `pixel` (the base that comes with the program), pixel:DIR or the file of a pixel world, or `simulator`,
    /// the exact one behind the same interface
    #[arg(long, value_name = "pixel[:DIR]|FILE|simulator")]
    world: WorldChoice,
    /// Policy, as in `pusht rollout`; repeat it for each. Without it: still, random, the expert, and the expert weakened in
    /// several ways
    #[arg(long, value_name = "NAME|FILE|DIR|hub:OWNER/NAME")]
    policy: Vec<String>,
    /// Protocol of the scores: paper or diffusion-policy
    #[arg(long, value_name = "NAME", default_value_t = Protocol::Paper)]
    protocol: Protocol,
    /// Number of episodes of each policy
    #[arg(long, value_name = "N", default_value_t = 32)]
    episodes: usize,
    /// Maximum steps per episode [default: the protocol's]
    #[arg(long, value_name = "N")]
    steps: Option<usize>,
    /// Seed of the first start state; the others follow it [default: 100000]
    #[arg(long, value_name = "N")]
    first_start: Option<u64>,
    /// Seed of the policies that draw random numbers
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Device of world and trained policies: cpu, cuda, wgpu or auto
    #[arg(long, value_name = "NAME", default_value = "cpu", value_parser = device_name)]
    device: String,
}

impl WorldModel {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let default = WorldScoreJob::of(self.protocol);
        let job = WorldScoreJob {
            config: RolloutConfig {
                episodes: self.episodes,
                steps: self.steps.unwrap_or(default.config.steps),
                first_seed: self.first_start.unwrap_or(default.config.first_seed),
                ..default.config
            },
            ..default
        };
        let names = match &self.policy[..] {
            [] => GRADED_POLICIES.map(str::to_owned).to_vec(),
            given => given.to_vec(),
        };
        job.check(&names)?;
        let ctx = &mut session.ctx;
        let world = self.world.load("--world", job.config.env, &self.device, ctx)?;
        let policies: Result<Vec<_>> = names.iter().map(|name| self.open(name, ctx)).collect();
        let mut report = job.run(&mut policies?, world.model.as_ref(), ctx)?;
        report.world_sha256 = world.sha256;
        let text = report.markdown();
        let mut json = serde_json::to_value(report)?;
        json["seed"] = self.seed.into();
        json["device"] = self.device.into();
        Ok(Outcome::new(text, &json)?)
    }

    fn open(&self, name: &str, ctx: &mut JobContext) -> Result<NamedPolicy> {
        let path = locate_policy(name, ctx)?;
        let trained = !is_built_in_policy(&path);
        let mut choice = PolicyChoice {
            policy: &path,
            seed: None,
            sees: None,
            device: Some(self.device.as_str()).filter(|_| trained),
        };
        choice.seed = choice.draws().then_some(self.seed);
        Ok(NamedPolicy {
            policy: choice.open()?,
            sha256: choice.sha256()?,
            name: name.to_owned(),
        })
    }
}
