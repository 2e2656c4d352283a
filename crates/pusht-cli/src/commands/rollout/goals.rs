//! `pusht rollout --protocol goal-conditioned`: policies that plan to a state of a demonstration.

use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use eval::{AlongDemonstration, GoalPolicy, GoalProtocol, GoalTiming, WithoutAgentGoal, rollout_to_goals};
use named_parts::{DataOptions, PolicyChoice, WorldChoice, hub, similar};
use planning::{
    ClipPlanner, ClipPlannerSettings, InSimulator, InWorldModel, PictureCost, SearchPolicy, SearchSettings, goal_tasks,
};
use pusht_env::EnvConfig;
use pusht_jobs::counted;
use video_gen::{ClipLengths, LoadOptions, ModelSpec, SamplingOptions};
use video_io::{Format, VideoOptions, save_video};

use super::Rollout;
use crate::outcome::Outcome;
use crate::session::Session;

/// What names of policies that search in a world begin with, and of those that play clips of a video model.
const MPC: &str = "mpc:";
const PLANNER: &str = "planner:";
/// The policy that plays the recorded actions.
const DEMONSTRATION: &str = "demonstration";

/// Whether a policy plans to goals.
pub(super) fn plans(policy: &str) -> bool {
    policy == DEMONSTRATION || [MPC, PLANNER].iter().any(|kind| policy.starts_with(kind))
}

/// Options of rollouts to goals, and of the policies that plan.
#[derive(Args)]
#[command(next_help_heading = "To goals")]
pub(super) struct GoalArgs {
    /// Demonstrations with states: a zarr replay buffer or a file of `pusht demos record`
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    #[command(flatten)]
    reading: DataOptions,
    /// Rows between start and goal [default: 25]
    #[arg(long, value_name = "N")]
    goal_offset: Option<usize>,
    /// mpc: samples per round [default: 300 in the simulator, else 64]
    #[arg(long, value_name = "N")]
    samples: Option<usize>,
    /// mpc: most rounds of a search [default: 30 in the simulator, else 4]
    #[arg(long, value_name = "N")]
    rounds: Option<usize>,
    /// mpc: samples that the next round follows [default: 30 in the simulator, else 8]
    #[arg(long, value_name = "N")]
    elites: Option<usize>,
    /// mpc: steps of a plan [default: 30 in the simulator, else 25]
    #[arg(long, value_name = "N")]
    horizon: Option<usize>,
    /// mpc, planner: steps that are played before the next plan is made [default: mpc:simulator 25, mpc 10, planner 8]
    #[arg(long, value_name = "N")]
    play: Option<usize>,
    /// mpc in a world model: how its frames are compared with the goal's, by the tracked pose or by pixels [default: pose]
    #[arg(long, value_name = "pose|pixels", value_parser = picture_cost)]
    cost: Option<PictureCost>,
}

fn picture_cost(text: &str) -> Result<PictureCost, String> {
    match text {
        "pose" => Ok(PictureCost::Pose),
        "pixels" => Ok(PictureCost::Pixels),
        _ => Err("expected pose or pixels".to_owned()),
    }
}

impl GoalArgs {
    /// Refuses these options where there are no goals.
    pub(super) fn refuse(&self, policy: &str) -> Result<()> {
        ensure!(
            !plans(policy),
            "--policy {policy} plans to goals; leave --protocol out, or give --protocol {}",
            GoalProtocol::NAME
        );
        self.reading.need(self.data.is_some())?;
        let given = [
            ("--data", self.data.is_some()),
            ("--goal-offset", self.goal_offset.is_some()),
        ];
        for (option, given) in given.into_iter().chain(self.of_search()).chain([self.of_play()]) {
            ensure!(
                !given,
                "{option} is for --protocol {}; leave it out",
                GoalProtocol::NAME
            );
        }
        Ok(())
    }

    /// Options of searches, and which are given.
    fn of_search(&self) -> [(&'static str, bool); 5] {
        [
            ("--samples", self.samples.is_some()),
            ("--rounds", self.rounds.is_some()),
            ("--elites", self.elites.is_some()),
            ("--horizon", self.horizon.is_some()),
            ("--cost", self.cost.is_some()),
        ]
    }

    fn of_play(&self) -> (&'static str, bool) {
        ("--play", self.play.is_some())
    }

    /// Refuses options that a policy does not take.
    fn refuse_for(&self, policy: &str, options: impl IntoIterator<Item = (&'static str, bool)>) -> Result<()> {
        for (option, given) in options {
            ensure!(!given, "{option}: the policy {policy} does not take it; leave it out");
        }
        Ok(())
    }

    /// The settings of a search, those given in place of the defaults.
    fn search(&self, defaults: SearchSettings) -> SearchSettings {
        let mut settings = defaults;
        let search = &mut settings.search;
        search.samples = self.samples.unwrap_or(search.samples);
        search.rounds = self.rounds.unwrap_or(search.rounds);
        search.elites = self.elites.unwrap_or(search.elites.min(search.samples));
        settings.horizon = self.horizon.unwrap_or(settings.horizon);
        settings.play = self.play.unwrap_or(settings.play);
        settings
    }
}

impl Rollout {
    /// Rolls the policy out to goals.
    pub(super) fn to_goals(&self, session: &mut Session) -> Result<Outcome> {
        let name = GoalProtocol::NAME;
        for (option, given) in [
            ("--in", self.world.is_some()),
            ("--first-start", self.first_start.is_some()),
            ("--sees", self.sees.is_some()),
        ] {
            ensure!(!given, "{option}: the protocol {name} does not have it; leave it out");
        }
        ensure!(
            self.shard.is_none() || session.writes_json(),
            "--shard needs --json FILE, which gets the part"
        );
        let default = GoalProtocol::default();
        let protocol = GoalProtocol {
            episodes: self.episodes.unwrap_or(default.episodes),
            offset: self.goals.goal_offset.unwrap_or(default.offset),
            budget: self.steps.unwrap_or(default.budget),
            seed: self.seed.unwrap_or(default.seed),
        };
        protocol.check()?;
        let filmed = self.film.unwrap_or(0);
        if let Some(path) = &self.save_video {
            Format::of(path)?;
            let episodes = counted(protocol.episodes, "episode");
            ensure!(
                filmed < protocol.episodes,
                "--film {filmed}: there are {episodes}, counted from 0"
            );
        }
        let data = self.goals.data.as_deref().with_context(|| {
            format!("--data PATH is needed: the protocol {name} takes starts and goals from demonstrations with states")
        })?;
        let source = self.goals.reading.open(data, &mut session.ctx)?;
        let tasks = goal_tasks(&source, &protocol)?;
        let env = EnvConfig::diffusion_policy();
        let mut policy = self.goal_policy(&protocol, env, session)?;
        let mut run = rollout_to_goals(policy.as_mut(), &tasks, &protocol, env, self.shard, &mut session.ctx)?;
        run.record.data = Some(source.name());
        let mut text = if run.record.episodes.is_empty() {
            format!("{}: no episodes in this part", run.record.policy)
        } else {
            run.record.summary()?
        };
        text += &timing(&run.timing);
        if let Some(path) = &self.save_video {
            save_video(path, &run.record.film(filmed, 384)?, VideoOptions { fps: 10, scale: 1 })?;
            text += &format!("\nfilm of episode {filmed}: {}", path.display());
        }
        Ok(Outcome::of_json_text(text, run.record.to_json(Some(run.timing))?))
    }

    fn goal_policy(
        &self,
        protocol: &GoalProtocol,
        env: EnvConfig,
        session: &mut Session,
    ) -> Result<Box<dyn GoalPolicy>> {
        let (policy, args) = (self.policy.as_str(), &self.goals);
        if let Some(world) = policy.strip_prefix(MPC) {
            return self.searching(world, protocol.seed, env, session);
        }
        args.refuse_for(policy, args.of_search())?;
        if let Some(model) = policy.strip_prefix(PLANNER) {
            return self.with_clips(model, protocol, session);
        }
        args.refuse_for(policy, [args.of_play(), ("--device", self.device.is_some())])?;
        const OTHERS: [&str; 4] = ["still", "random", "expert", DEMONSTRATION];
        match policy {
            DEMONSTRATION => Ok(Box::new(AlongDemonstration)),
            "still" | "random" | "expert" => {
                let choice = PolicyChoice {
                    policy,
                    seed: (policy == "random").then_some(protocol.seed),
                    sees: None,
                    device: None,
                };
                Ok(Box::new(WithoutAgentGoal(choice.open()?)))
            }
            other => bail!(
                "--policy {other}: no policy for the protocol {}{}; expected mpc:simulator, mpc:pixel[:DIR], mpc:FILE, \
                 planner:MODEL, still, random, expert or demonstration (trained policies push the T to its place, and are told of \
                 no goal for the agent)",
                GoalProtocol::NAME,
                similar(other, &OTHERS).map_or_else(String::new, |name| format!(", did you mean {name}?"))
            ),
        }
    }

    /// `mpc:WORLD`.
    fn searching(&self, world: &str, seed: u64, env: EnvConfig, session: &mut Session) -> Result<Box<dyn GoalPolicy>> {
        let choice: WorldChoice = world
            .parse()
            .map_err(|reason| anyhow::anyhow!("--policy {}: {reason}", self.policy))?;
        if !choice.has_device() {
            let of_models = [
                ("--device", self.device.is_some()),
                ("--cost", self.goals.cost.is_some()),
            ];
            self.goals.refuse_for(&self.policy, of_models)?;
            let settings = self.goals.search(SearchSettings::SIMULATOR);
            return Ok(Box::new(SearchPolicy::new(InSimulator, settings, seed)?));
        }
        let device = self.device.as_deref().unwrap_or("cpu");
        let loaded = choice.load("--policy mpc", env, device, &mut session.ctx)?;
        let world = InWorldModel::new(loaded.model, self.goals.cost.unwrap_or_default(), loaded.sha256)?;
        let settings = self.goals.search(SearchSettings::LEARNED);
        Ok(Box::new(SearchPolicy::new(world, settings, seed)?))
    }

    /// `planner:MODEL`.
    fn with_clips(&self, model: &str, protocol: &GoalProtocol, session: &mut Session) -> Result<Box<dyn GoalPolicy>> {
        let spec: ModelSpec = model.parse().with_context(|| format!("--policy {}", self.policy))?;
        let spec = hub::locate_model("--policy planner", spec, false, &mut session.ctx)?;
        let device = self.device.as_deref().unwrap_or("cpu");
        let info = spec.info();
        let mut sampling = SamplingOptions::default();
        if !info.requires_96px && device != "cpu" {
            sampling = sampling.with("weights", "bf16");
        }
        let model = spec
            .load(&LoadOptions {
                sampling,
                frames: None,
                prompt: None,
                memory: training::free_memory(device),
                device: training::device(device)?,
            })
            .with_context(|| format!("--policy {}", self.policy))?;
        let default = ClipPlannerSettings::default();
        let longest = match info.lengths {
            ClipLengths::UpTo => model.frames.saturating_sub(1),
            _ => protocol.offset,
        };
        let any_length = matches!(info.lengths, ClipLengths::All | ClipLengths::UpTo);
        let settings = ClipPlannerSettings {
            play: self.goals.play.unwrap_or(default.play),
            steps: protocol.offset.min(longest),
            shortest: default.shortest.min(longest),
            fixed_frames: (!any_length).then_some(model.frames),
            prompt: model.prompt.clone(),
            together: model.batch_size,
        };
        let sha256 = model.sha256.clone();
        Ok(Box::new(ClipPlanner::new(
            model.model,
            settings,
            protocol.seed,
            sha256,
        )?))
    }
}

/// A line on the time of decisions, if there were any.
fn timing(timing: &GoalTiming) -> String {
    let Some(seconds) = timing.seconds_per_decision else {
        return String::new();
    };
    let mut text = format!(
        "\ndecisions                           {}, {seconds:.2} s each on {}",
        timing.decisions,
        counted(timing.threads, "thread")
    );
    if timing.without_plan > 0 {
        text += &format!("; {} without a plan, the agent stayed", timing.without_plan);
    }
    text
}
