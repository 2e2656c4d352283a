//! Clips whose states are known.

use pusht_env::{
    EnvConfig, EnvError, Expert, ExpertConfig, ExpertError, Frame, Pose, PushT, RenderError, Renderer, State,
};

/// The fewest frames that a corruption has room in.
const LEAST_FRAMES: usize = 16;

/// Steps of a simulated clip at most.
const LONGEST: usize = 150;

/// Frames with the state that each shows, 10 Hz.
#[derive(Clone, Debug, PartialEq)]
pub struct Clip {
    /// Square frames of one size.
    pub frames: Vec<Frame>,
    /// As many.
    pub states: Vec<State>,
    /// Where the T should go.
    pub goal: Pose,
}

impl Clip {
    /// The expert's episode of this seed, until success or for 150 steps, in frames of `size` × `size` px: of gym-pusht for
    /// even seeds, of diffusion_policy (the older fill rule) for odd ones.
    ///
    /// # Errors
    /// A seed that the environment does not take, a size that cannot be rendered.
    pub fn simulated(seed: u64, size: u32) -> Result<Self, CorruptionError> {
        let config = if seed.is_multiple_of(2) {
            EnvConfig::gym_pusht()
        } else {
            EnvConfig::diffusion_policy(true)
        };
        let expert = Expert::new(ExpertConfig::default())?;
        let demonstration = expert.demonstrate(config, seed, LONGEST)?;
        let mut env = PushT::new(config)?;
        env.reset(seed)?;
        let mut renderer = Renderer::new(size, config.fill_rule)?;
        let mut frames = vec![renderer.render(&env.scene())];
        for action in &demonstration.actions {
            env.step(*action)?;
            frames.push(renderer.render(&env.scene()));
        }
        Ok(Self {
            frames,
            states: demonstration.states,
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

/// Why a clip cannot be made or damaged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CorruptionError {
    /// Too short, or without states.
    #[error("the clip has {frames} frames and {states} states; expected at least 16 frames, and a state for each")]
    Length {
        /// Frames found.
        frames: usize,
        /// States found.
        states: usize,
    },
    /// Frames that are not square, or of more than one size.
    #[error("the clip's frames begin with {width} × {height} px; expected square frames of one size")]
    NotSquare {
        /// Of the first frame.
        width: u32,
        /// Of the first frame.
        height: u32,
    },
    /// The environment's own failure.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// The expert's own failure.
    #[error(transparent)]
    Expert(#[from] ExpertError),
    /// The renderer's own failure.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The codec's own failure.
    #[error(transparent)]
    Video(#[from] video_io::VideoIoError),
}
