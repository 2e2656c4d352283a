//! The published Unified Video Action model as inverse dynamics and as a video model.

use std::path::Path;

use burn::tensor::Device;
use pusht_data::{IdmError, InverseDynamics, Labels, VideoModel, VideoModelError, VideoRequest};
use pusht_env::{Action, Frame};
use unified_video_action::{Config, Error, Model};

use crate::reduction::{CHUNK, Reduction};

/// Unified Video Action: as [`InverseDynamics`] it labels video, as [`VideoModel`] it makes it. What is random in labels
/// follows from the seed ([`Self::with_seed`]), in a clip from the request's.
pub struct Uva {
    model: Model,
    seed: u64,
    reduction: Option<Reduction>,
}

impl Uva {
    /// A model that labels by one action a frame (no reduction) until told otherwise.
    ///
    /// # Errors
    /// A model of fewer actions than a reduction takes.
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

    /// Reads a checkpoint of a model of these sizes (the default ones are those that were published).
    ///
    /// # Errors
    /// As [`Model::load`] and [`Self::new`].
    pub fn load(path: &Path, config: &Config, device: &Device) -> Result<Self, Error> {
        Self::new(Model::load(path, config, device)?)
    }

    /// The same model that makes one action a frame out of the first eight of a window, or, with `None`, takes all of a
    /// window's actions for the frames that they belong to.
    #[must_use]
    pub fn with_reduction(mut self, reduction: Option<Reduction>) -> Self {
        self.reduction = reduction;
        self
    }

    /// The same model with another seed for labeling.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The model itself.
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

    /// Frame t has the action that a reduction makes of the first eight of the window at t + 1; without a reduction
    /// windows follow one another, and the last one ends with the video. Labels begin at frame 0.
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
                // The last window may overlap the one before it, whose actions stay.
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

    /// The prompt is ignored; a prescribed end is refused, since no mode of the model takes one. Start frames are 96 × 96.
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
