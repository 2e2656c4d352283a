//! The published Unified Video Action model as inverse dynamics and as a video model.

use std::path::Path;

use burn::tensor::Device;
use pusht_data::{IdmError, InverseDynamics, Labels, VideoModel, VideoModelError, VideoRequest};
use pusht_env::{Action, Frame};
use unified_video_action::{Config, Error, Model};

use crate::reduction::{CHUNK, Reduction};

/// Unified Video Action: labels videos as [`InverseDynamics`] and generates them as [`VideoModel`]. Labels are random
/// with the seed of [`Self::with_seed`], clips with that of the request.
pub struct Uva {
    model: Model,
    seed: u64,
    reduction: Option<Reduction>,
}

impl Uva {
    /// Wraps a model, without a reduction.
    ///
    /// # Errors
    /// A model that predicts fewer actions than a reduction needs.
    pub fn new(model: Model) -> Result<Self, Error> {
        let actions = model.config().actions;
        if actions < CHUNK {
            return Err(Error::Config {
                setting: "actions",
                found: actions.to_string(),
                expected: format!("at least {CHUNK}"),
            });
        }
        Ok(Self {
            model,
            seed: 0,
            reduction: None,
        })
    }

    /// Loads a checkpoint of a model of these sizes (the default is the published model).
    ///
    /// # Errors
    /// Those of [`Model::load`] and [`Self::new`].
    pub fn load(path: &Path, config: &Config, device: &Device) -> Result<Self, Error> {
        Self::new(Model::load(path, config, device)?)
    }

    /// Sets the reduction of the first eight actions of a window to one per frame; with `None` all of a window's
    /// actions belong to their own frames.
    #[must_use]
    pub fn with_reduction(mut self, reduction: Option<Reduction>) -> Self {
        self.reduction = reduction;
        self
    }

    /// Sets the seed for labeling.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The wrapped model.
    pub fn model(&self) -> &Model {
        &self.model
    }
}

impl InverseDynamics for Uva {
    fn name(&self) -> String {
        match self.reduction {
            Some(reduction) => format!("uva, {reduction}"),
            None => "uva, none".to_string(),
        }
    }

    /// With a reduction, the action of frame t is reduced from the first eight of the window at t + 1; without one,
    /// windows are consecutive, and the last one ends at the end of the video. Labels start at frame 0.
    fn label(&self, video: &[Frame]) -> Result<Labels, IdmError> {
        let window = self.model.config().actions;
        let needed = window + 1;
        if video.len() < needed {
            return Err(IdmError::TooShort {
                idm: InverseDynamics::name(self),
                found: video.len(),
                needed,
            });
        }
        let last = video.len() - window;
        let starts: Vec<usize> = match self.reduction {
            Some(_) => (1..=last).collect(),
            None => {
                let mut starts: Vec<usize> = (1..=last).step_by(window).collect();
                if starts.last() != Some(&last) {
                    starts.push(last);
                }
                starts
            }
        };
        let windows = self
            .model
            .windows(video, &starts, self.seed)
            .map_err(|error| match error {
                Error::Frame { frame, .. } => IdmError::Frame {
                    frame,
                    reason: error.to_string(),
                },
                error => IdmError::Failed {
                    idm: InverseDynamics::name(self),
                    reason: error.to_string(),
                },
            })?;
        let mut actions: Vec<Action> = Vec::with_capacity(video.len());
        for (start, window) in starts.iter().zip(&windows) {
            match self.reduction {
                Some(reduction) => {
                    let chunk: [Action; CHUNK] = std::array::from_fn(|k| window[k]);
                    actions.push(reduction.reduce(&chunk));
                }
                // The last window may overlap the previous one, whose actions are kept.
                None => actions.extend(&window[actions.len() + 1 - start..]),
            }
        }
        Ok(Labels::new(0, actions))
    }
}

impl VideoModel for Uva {
    fn name(&self) -> String {
        "uva (a frame in four, held between)".to_string()
    }

    /// Generates clips from start frames of 96 × 96 px. The prompt is ignored; an end frame is refused, as the model
    /// cannot be conditioned on one.
    fn generate(&self, requests: &[VideoRequest]) -> Result<Vec<Vec<Frame>>, VideoModelError> {
        let one = |(index, request): (usize, &VideoRequest)| {
            let refused = |reason: String| VideoModelError::Request { request: index, reason };
            if request.end.is_some() {
                return Err(refused("it prescribes the last frame; expected a start alone".into()));
            }
            if request.frames == 0 {
                return Err(refused("it asks for 0 frames; expected at least 1".into()));
            }
            self.model
                .clip(&request.start, request.frames, request.seed)
                .map_err(|error| match error {
                    Error::Frame { .. } => refused(error.to_string()),
                    error => VideoModelError::Failed {
                        model: VideoModel::name(self),
                        reason: error.to_string(),
                    },
                })
        };
        requests.iter().enumerate().map(one).collect()
    }
}
