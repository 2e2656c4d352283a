//! `pusht rollout`.

mod goals;
mod in_world;
mod protocol_choice;

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use bc_policy::ObsSource;
use clap::Args;
use eval::{Protocol, RolloutConfig, RolloutPart, RolloutScores, film, rollout};
use named_parts::{PolicyChoice, WorldChoice, device_name, is_built_in_policy, locate_policy};
use pusht_env::Policy;
use pusht_jobs::{Shard, counted, hash_path};
use video_io::{Format, VideoOptions, save_video};

use crate::outcome::Outcome;
use crate::session::Session;
use goals::GoalArgs;
use protocol_choice::ProtocolChoice;

/// Roll out a policy in closed loop, and print its scores under a named protocol
///
/// The start states are diffusion_policy's: seeds 100000, 100001, … with its legacy reset. --json FILE records the
/// rollouts step by step, as JSON on one line: scores under every protocol and videos can be computed from this file.
/// A rollout that is stopped starts anew; --shard divides a long one.
///
/// With --in the policy acts in a world model: from the start frame on it sees the world's frames only, and reward and
/// success are computed from the T that is tracked in them. The simulator plays the same actions beside it; the result says
/// where the two part.
///
/// The protocol goal-conditioned is that of stable-worldmodel and DINO-WM: starts are rows of the demonstrations of --data,
/// drawn as their script draws them, goals the states 25 rows later, and the share of goals reached is the score. It is for
/// policies that plan: mpc:WORLD searches actions in the exact simulator or a world model, planner:MODEL asks a video model
/// for a clip to the goal and plays the actions read out of it; beside them still, random, expert, and demonstration, the
/// recorded actions.
#[derive(Args)]
pub(crate) struct Rollout {
    /// Policy: still, random, expert, the expert weakened (expert:noise=PX on its targets, expert:random=SHARE of random
    /// targets, expert:stop=STEPS), the file of a trained policy, a folder with a LeRobot diffusion policy, or
    /// hub:OWNER/NAME, either of them on the Hugging Face Hub; to goals also mpc:WORLD with a world as in --in,
    /// planner:MODEL with a model as in `pusht generate --model`, and demonstration
    #[arg(
        long,
        value_name = "still|random|expert|FILE|DIR|hub:OWNER/NAME|mpc:WORLD|planner:MODEL"
    )]
    policy: String,
    /// World model to act in: `pixel` (the base that comes with the program), pixel:DIR or the file of a pixel world, or
    /// `simulator`, the exact one behind the same interface
    #[arg(long = "in", value_name = "pixel[:DIR]|FILE|simulator")]
    world: Option<WorldChoice>,
    /// Protocol: paper (100 episodes of 200 steps), diffusion-policy (50 episodes of 300 steps) or goal-conditioned (50
    /// episodes of 50 steps) [default: paper; for mpc and planner goal-conditioned]
    #[arg(long, value_name = "NAME")]
    protocol: Option<ProtocolChoice>,
    /// Number of episodes [default: the protocol's]
    #[arg(long, value_name = "N")]
    episodes: Option<usize>,
    /// Maximum steps per episode [default: the protocol's]
    #[arg(long, value_name = "N")]
    steps: Option<usize>,
    /// Seed of the first start state; the others follow it [default: 100000]
    #[arg(long, value_name = "N")]
    first_start: Option<u64>,
    /// random, expert weakened: seed of the policy [default: 0]; to goals: seed of the draw of starts and of the policy [default: 42]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    #[command(flatten)]
    goals: GoalArgs,
    /// Source of positions and states: `frames`, in which they are tracked, or the simulator's `state` [default: frames
    /// for tracked, state for diffusion-lowdim and diffusion]. With --in, `state` is the T as tracked in the world's frames,
    /// and the agent where the control law takes it
    #[arg(long, value_name = "frames|state")]
    sees: Option<ObsSource>,
    /// Device of a trained policy, of the world of --in or mpc, and of the model of planner: cpu, cuda, wgpu or auto [default: cpu]
    #[arg(long, value_name = "NAME", value_parser = device_name)]
    device: Option<String>,
    /// Run only part I of N of the episodes; --json writes a file for `pusht demos merge`
    #[arg(long, value_name = "I/N", conflicts_with = "save_video")]
    shard: Option<Shard>,
    /// Record a video of one episode: .mp4, .gif, or a folder of PNG files. With --in, the world's frames are on the left,
    /// the simulator's with the same actions on the right
    #[arg(long, value_name = "FILE")]
    save_video: Option<PathBuf>,
    /// Index of the episode in the video, from 0 [default: 0]
    #[arg(long, value_name = "N", requires = "save_video")]
    film: Option<usize>,
    /// With --in: folder for the record, the table, a film strip of the first episodes, and films
    #[arg(long, value_name = "DIR", requires = "world")]
    out: Option<PathBuf>,
}

impl Rollout {
    pub(crate) fn run(mut self, session: &mut Session) -> Result<Outcome> {
        let scored = match self.protocol() {
            ProtocolChoice::Scored(protocol) => protocol,
            ProtocolChoice::GoalConditioned => return self.to_goals(session),
        };
        self.goals.refuse(&self.policy)?;
        let protocol = RolloutConfig::of(scored);
        let config = RolloutConfig {
            episodes: self.episodes.unwrap_or(protocol.episodes),
            steps: self.steps.unwrap_or(protocol.steps),
            first_seed: self.first_start.unwrap_or(protocol.first_seed),
            ..protocol
        };
        config.check()?;
        let filmed = self.film.unwrap_or(0);
        if let Some(path) = &self.save_video {
            Format::of(path)?;
            let episodes = config.episodes;
            ensure!(
                filmed < episodes,
                "--film {filmed}: there are {}, counted from 0",
                counted(episodes, "episode")
            );
        }
        self.policy = locate_policy(&self.policy, &mut session.ctx)?;
        if let Some(world) = &self.world {
            return self.in_world(world, scored, config, filmed, session);
        }
        ensure!(
            self.shard.is_none() || session.writes_json(),
            "--shard needs --json FILE, which gets the part"
        );
        let mut policy = self.policy()?;
        if let Some(shard) = self.shard {
            let part = RolloutPart::roll(policy.as_mut(), &config, shard, &self.made_by()?, &mut session.ctx)?;
            let place = session
                .json_file()
                .map_or("-".into(), |path| path.display().to_string());
            let (episodes, name) = (config.episodes, &part.record.policy);
            let text = format!("part {shard} of {} of {name} in {place}", counted(episodes, "episode"));
            return Ok(Outcome::of_json_text(text, part.to_json()?));
        }
        let record = rollout(policy.as_mut(), &config, &mut session.ctx)?;
        let scores = RolloutScores::with_limit(&record, scored, record.steps)?.summary()?;
        let mut text = format!("{}: {scores}", record.policy);
        if let Some(path) = &self.save_video {
            let options = VideoOptions { fps: 10, scale: 1 };
            save_video(path, &film(&record, filmed, 384)?, options)?;
            text += &format!("\nfilm of episode {filmed}: {}", path.display());
        }
        Ok(Outcome::of_json_text(text, record.to_json()?))
    }

    /// The protocol: the one given, or that of the policy.
    fn protocol(&self) -> ProtocolChoice {
        let plans = goals::plans(&self.policy);
        let own = if plans {
            ProtocolChoice::GoalConditioned
        } else {
            ProtocolChoice::Scored(Protocol::Paper)
        };
        self.protocol.unwrap_or(own)
    }

    fn policy(&self) -> Result<Box<dyn Policy>> {
        // The device of --in may be that of the world alone.
        let for_world = is_built_in_policy(&self.policy) && self.world.as_ref().is_some_and(WorldChoice::has_device);
        PolicyChoice {
            policy: &self.policy,
            seed: self.seed,
            sees: self.sees,
            device: self.device.as_deref().filter(|_| !for_world),
        }
        .open()
    }

    /// What determines the actions besides the start states, so that parts of different policies are not merged.
    fn made_by(&self) -> Result<String> {
        let policy = if is_built_in_policy(&self.policy) {
            self.policy.clone()
        } else {
            let hash = hash_path(&self.policy).with_context(|| self.policy.clone())?;
            format!("a file with SHA-256 {hash}")
        };
        Ok(format!(
            "{policy}, seed {}, sees {:?}",
            self.seed.unwrap_or(0),
            self.sees
        ))
    }
}
