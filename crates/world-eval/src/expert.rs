//! Paths of the expert from new starts.

use pusht_env::{AgentMotion, EnvConfig, Expert, ExpertConfig, PushT, Renderer};
use pusht_jobs::{JobContext, counted};
use rayon::prelude::*;

use crate::SIDE;
use crate::demonstrations::check_clips;
use crate::error::WorldEvalError;
use crate::request::{PathClip, PathOrigin, PathRequest};

/// Starts tried per clip.
const TRIED: usize = 4;
/// Side of the board, px.
const BOARD: f32 = 512.0;

/// Episodes that the expert plays in the exact simulator, from resets of consecutive seeds on: what it did is the path.
/// Starts from which it is done before the clip is over are left out; targets beyond the board are moved to its border.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExpertPaths {
    /// Settings of the environment, with the default goal.
    pub env: EnvConfig,
    /// Settings of the expert.
    pub expert: ExpertConfig,
    /// Seed of the first start.
    pub first_seed: u64,
    /// Number of paths.
    pub clips: usize,
    /// Frames per clip.
    pub frames: usize,
}

impl ExpertPaths {
    /// First of the seeds that nothing else in the workspace uses for demonstrations or rollouts.
    pub const FIRST_SEED: u64 = 1_000_000;

    /// Paths in the environment of gym-pusht, from [`Self::FIRST_SEED`] on.
    pub fn new(clips: usize, frames: usize) -> Self {
        Self {
            env: EnvConfig::gym_pusht(),
            expert: ExpertConfig::default(),
            first_seed: Self::FIRST_SEED,
            clips,
            frames,
        }
    }

    /// Plays them, on all cores.
    ///
    /// # Errors
    /// No clips, or clips of fewer than 3 frames; too few episodes as long as a clip; settings that expert or environment
    /// refuse; a cancelled job.
    pub fn play(&self, ctx: &mut JobContext) -> Result<Vec<PathClip>, WorldEvalError> {
        check_clips(self.clips, self.frames)?;
        let expert = Expert::new(self.expert)?;
        let task = ctx.task("play the expert", self.clips, "clip");
        let mut clips = Vec::with_capacity(self.clips);
        let (mut tried, most) = (0, self.clips.saturating_mul(TRIED));
        while clips.len() < self.clips {
            task.check()?;
            if tried >= most {
                return Err(WorldEvalError::ExpertShort {
                    frames: self.frames,
                    asked: self.clips,
                    found: clips.len(),
                    tried,
                });
            }
            let some = (self.clips - clips.len())
                .min(2 * rayon::current_num_threads())
                .min(most - tried);
            let seeds: Vec<u64> = (tried..tried + some)
                .map(|k| self.first_seed.wrapping_add(k as u64))
                .collect();
            let played: Result<Vec<Option<PathClip>>, WorldEvalError> =
                seeds.into_par_iter().map(|seed| self.one(&expert, seed)).collect();
            clips.extend(played?.into_iter().flatten());
            tried += some;
            task.advance_to(clips.len(), "");
        }
        task.finish(&counted(clips.len(), "clip"));
        Ok(clips)
    }

    fn one(&self, expert: &Expert, seed: u64) -> Result<Option<PathClip>, WorldEvalError> {
        let config = self.env.with_max_steps(None);
        let steps = self.frames - 1;
        let mut actions = expert.demonstrate(config, seed, steps)?.actions;
        if actions.len() < steps {
            return Ok(None);
        }
        for action in &mut actions {
            *action = action.map(|x| x.clamp(0.0, BOARD));
        }
        let mut env = PushT::new(config)?;
        let start = env.reset(seed)?;
        let mut renderer = Renderer::new(SIDE, config.fill_rule)?;
        let mut frames = vec![renderer.render(&env.scene())];
        let mut states = vec![start];
        // The reset ends with a substep: the agent may already move by a hair.
        let agent = AgentMotion {
            position: start.agent,
            velocity: env.agent_velocity(),
        };
        for &action in &actions {
            env.step(action)?;
            frames.push(renderer.render(&env.scene()));
            states.push(env.state());
        }
        Ok(Some(PathClip {
            origin: PathOrigin::Expert { seed },
            request: PathRequest {
                previous: frames[0].clone(),
                start: frames[0].clone(),
                agent,
                block: start.block,
                actions,
            },
            frames,
            states,
        }))
    }
}
