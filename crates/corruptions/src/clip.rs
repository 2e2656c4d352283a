//! Clips with known states.

use pusht_env::{
    EnvConfig, EnvError, Expert, ExpertConfig, ExpertError, Frame, Pose, PushT, RenderError, Renderer, State,
};

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
    /// Simulates the expert's episode of this seed, until success or for 150 steps, in frames of `size` × `size` px.
    /// Frames are rendered as in gym-pusht for even seeds, and as in diffusion_policy (the older fill rule) for odd
    /// ones.
    ///
    /// # Errors
    /// A seed that the environment refuses; a size that cannot be rendered.
    pub fn simulated(seed: u64, size: u32) -> Result<Self, CorruptionError> {
        let config = if seed.is_multiple_of(2) {
            EnvConfig::gym_pusht()
        } else {
            EnvConfig::diffusion_policy()
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

/// Errors from simulating or corrupting a clip.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CorruptionError {
    /// The clip is too short or does not have one state per frame.
    #[error("the clip has {frames} frames and {states} states; expected at least 16 frames, and a state for each")]
    Length {
        /// Frames found.
        frames: usize,
        /// States found.
        states: usize,
    },
    /// The frames are not square, or differ in size.
    #[error("the clip's frames begin with {width} × {height} px; expected square frames of one size")]
    NotSquare {
        /// Width of the first frame, px.
        width: u32,
        /// Height of the first frame, px.
        height: u32,
    },
    /// The environment failed.
    #[error(transparent)]
    Env(#[from] EnvError),
    /// The expert failed.
    #[error(transparent)]
    Expert(#[from] ExpertError),
    /// The renderer failed.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The codec failed.
    #[error(transparent)]
    Video(#[from] video_io::VideoIoError),
}
