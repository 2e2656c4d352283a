//! `pusht rollout --in`: the policy acts in a world model.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use eval::{Protocol, RolloutConfig};
use named_parts::{WorldChoice, is_built_in_policy};
use pusht_env::Policy;
use pusht_jobs::{claim_folder, hash_path};
use video_io::save_video;
use world_eval::{WorldRollout, WorldRolloutJob};

use super::Rollout;
use crate::outcome::Outcome;
use crate::session::Session;

/// The table in the folder of --out.
const TABLE: &str = "rollout.md";

impl Rollout {
    /// Rolls the policy out in the world, beside the simulator.
    pub(super) fn in_world(
        &self,
        choice: &WorldChoice,
        protocol: Protocol,
        config: RolloutConfig,
        filmed: usize,
        session: &mut Session,
    ) -> Result<Outcome> {
        ensure!(
            self.shard.is_none(),
            "--shard: rollouts in a world model (--in) are not divided; leave it out, or choose episodes with --first-start \
             and --episodes"
        );
        if let Some(out) = &self.out {
            claim_folder(out, &[TABLE]).with_context(|| out.display().to_string())?;
        }
        let mut policy: Box<dyn Policy> = self.policy()?;
        let world = choice.load(
            "--in",
            config.env,
            self.device.as_deref().unwrap_or("cpu"),
            &mut session.ctx,
        )?;
        let mut job = WorldRolloutJob {
            config,
            ..WorldRolloutJob::of(protocol)
        };
        if self.out.is_some() {
            job.filmed.extend(0..config.episodes.min(WorldRollout::FILMS));
        }
        if self.save_video.is_some() {
            job.filmed.insert(filmed);
        }
        let mut played = job.run(policy.as_mut(), world.model.as_ref(), &mut session.ctx)?;
        played.record.world_sha256 = world.sha256;
        if !is_built_in_policy(&self.policy) {
            let hash = hash_path(Path::new(&self.policy)).with_context(|| self.policy.clone())?;
            played.record.policy_sha256 = Some(hash);
        }
        let mut text = played.record.markdown()?;
        if let Some(path) = &self.save_video {
            save_video(path, &played.film(filmed)?, WorldRollout::VIDEO)?;
            text += &format!("\nfilm of episode {filmed}: {}", path.display());
        }
        if let Some(out) = &self.out {
            played.write(out, &mut session.ctx)?;
            text += &format!("\n{}: {TABLE}, rollout.json, strip.png, films/", out.display());
        }
        Ok(Outcome::of_json_text(text, played.record.to_json()?))
    }
}
