//! Clips with known states.

use pusht_env::{EnvConfig, Frame, Pose, PushT, Renderer, State};

use crate::error::CorruptionError;
use crate::player::ClipPlayer;

/// Fewest frames of a clip.
const LEAST_FRAMES: usize = 16;

/// Maximum number of steps of a simulated clip.
const LONGEST: usize = 150;

/// Frames at 10 Hz with the state that each shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Clip {
    /// Square frames of one size.
    pub frames: Vec<Frame>,
    /// One state per frame.
    pub states: Vec<State>,
    /// Goal pose of the T.
    pub goal: Pose,
}

impl Clip {
    /// Simulates the expert's episode of this seed: [`Clip::played`] by [`ClipPlayer::Expert`].
    ///
    /// # Errors
    /// As [`Clip::played`].
    pub fn simulated(seed: u64, size: u32) -> Result<Self, CorruptionError> {
        Self::played(ClipPlayer::Expert, seed, size)
    }

    /// Simulates an episode of this seed, the expert's until success, for 150 steps at most, in frames of `size` ×
    /// `size` px. Frames are rendered as in gym-pusht for even seeds, and as in diffusion_policy (the older fill rule) for odd
    /// ones.
    ///
    /// # Errors
    /// A seed that the environment refuses; a size that cannot be rendered.
    pub fn played(player: ClipPlayer, seed: u64, size: u32) -> Result<Self, CorruptionError> {
        let config = if seed.is_multiple_of(2) {
            EnvConfig::gym_pusht()
        } else {
            EnvConfig::diffusion_policy()
        };
        let actions = player.play(config, seed, LONGEST)?;
        let mut env = PushT::new(config)?;
        env.reset(seed)?;
        let mut renderer = Renderer::new(size, config.fill_rule)?;
        let mut frames = vec![renderer.render(&env.scene())];
        let mut states = vec![env.state()];
        for action in actions {
            env.step(action)?;
            frames.push(renderer.render(&env.scene()));
            states.push(env.state());
        }
        Ok(Self {
            frames,
            states,
            goal: config.goal,
        })
    }

    /// Side of the frames, px.
    pub(crate) fn size(&self) -> u32 {
        self.frames.first().map_or(0, Frame::width)
    }

    pub(crate) fn check(&self) -> Result<(), CorruptionError> {
        let (frames, states) = (self.frames.len(), self.states.len());
        if frames < LEAST_FRAMES || frames != states {
            return Err(CorruptionError::Length { frames, states });
        }
        let (width, height) = self.frames[0].dimensions();
        if width != height || self.frames.iter().any(|f| f.dimensions() != (width, height)) {
            return Err(CorruptionError::NotSquare { width, height });
        }
        Ok(())
    }
}
