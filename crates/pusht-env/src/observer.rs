//! Observations of one modality, rendered where images are needed.

use crate::{EnvConfig, Frame, Modality, Observation, PushT, RenderError, Renderer};

/// Side of the references' images, px.
const SIDE: u32 = 96;

/// Makes observations of one modality. One observer serves any number of environments; those with the same goal share
/// the rendered background.
///
/// # Example
///
/// ```
/// use pusht_env::{EnvConfig, Modality, Observation, Observer, PushT};
///
/// let config = EnvConfig::gym_pusht();
/// let mut env = PushT::new(config)?;
/// env.reset(0)?;
/// let mut observer = Observer::new(Modality::PixelsAgentPos, &config);
/// if let Observation::PixelsAgentPos { pixels, agent_pos } = observer.observe(&env) {
///     assert_eq!(pixels.dimensions(), (96, 96));
///     assert_eq!(agent_pos, env.state().agent);
/// }
/// # Ok::<(), pusht_env::EnvError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Observer {
    modality: Modality,
    renderer: Option<Renderer>,
}

impl Observer {
    /// An observer with the fill rule of `config` and images of 96 × 96 px.
    pub fn new(modality: Modality, config: &EnvConfig) -> Self {
        Self::with_size(modality, config, SIDE).expect("96 is a size that can be drawn")
    }

    /// An observer with square images of another size.
    ///
    /// # Errors
    /// A size that cannot be rendered.
    pub fn with_size(modality: Modality, config: &EnvConfig, size: u32) -> Result<Self, RenderError> {
        Self::with_dimensions(modality, config, [size, size])
    }

    /// An observer with images of another width and height.
    ///
    /// # Errors
    /// A size that cannot be rendered.
    pub fn with_dimensions(
        modality: Modality,
        config: &EnvConfig,
        [width, height]: [u32; 2],
    ) -> Result<Self, RenderError> {
        let renderer = match modality {
            Modality::State | Modality::Keypoints => None,
            Modality::Pixels | Modality::PixelsAgentPos => {
                Some(Renderer::with_dimensions(width, height, config.fill_rule)?)
            }
        };
        Ok(Self { modality, renderer })
    }

    /// Modality of the observations.
    pub const fn modality(&self) -> Modality {
        self.modality
    }

    /// An observation of the current state of the environment.
    pub fn observe(&mut self, env: &PushT) -> Observation {
        let frame = self.renderer.as_mut().map(|renderer| renderer.render(&env.scene()));
        assemble(self.modality, env, frame.unwrap_or_default())
    }

    /// Replaces an older observation by that of the current state, reusing its image buffer if it has the right size.
    pub fn observe_into(&mut self, env: &PushT, out: &mut Observation) {
        let mut frame = Frame::default();
        if let Some(renderer) = &mut self.renderer {
            if let Observation::Pixels(pixels) | Observation::PixelsAgentPos { pixels, .. } = out {
                std::mem::swap(&mut frame, pixels);
            }
            let scene = env.scene();
            if frame.dimensions() != renderer.dimensions() || renderer.render_into(&scene, &mut frame).is_err() {
                frame = renderer.render(&scene);
            }
        }
        *out = assemble(self.modality, env, frame);
    }

    /// Writes an image of the current state into a buffer of its size; false for one of another size, and if the
    /// modality has no images.
    pub(crate) fn picture_into(&mut self, env: &PushT, out: &mut [u8]) -> bool {
        let drawn = self
            .renderer
            .as_mut()
            .map(|renderer| renderer.render_into(&env.scene(), out));
        drawn.is_some_and(|result| result.is_ok())
    }

    /// Width and height of the images, if the modality has any.
    pub(crate) fn dimensions(&self) -> Option<(u32, u32)> {
        self.renderer.as_ref().map(Renderer::dimensions)
    }
}

fn assemble(modality: Modality, env: &PushT, pixels: Frame) -> Observation {
    let agent_pos = env.state().agent;
    match modality {
        Modality::State => Observation::State(env.state_observation()),
        Modality::Keypoints => Observation::Keypoints {
            environment_state: env.keypoints(),
            agent_pos,
        },
        Modality::Pixels => Observation::Pixels(pixels),
        Modality::PixelsAgentPos => Observation::PixelsAgentPos { pixels, agent_pos },
    }
}
