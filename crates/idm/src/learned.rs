//! The learned inverse dynamics: training, labelling, its file.

use std::path::Path;

use burn::Tensor;
use burn::module::Module;
use burn::tensor::Device;
use pusht_data::{Episode, IdmError, InverseDynamics, Labels, Split};
use pusht_env::{Action, Frame};
use serde::{Deserialize, Serialize};
use training::{
    Curve, FitOptions, ModelFile, Objective, ObjectiveError, TrainConfig, fit, init_seeded, mix_seed, save_model,
};

use crate::error::LearnedError;
use crate::net::WindowNet;
use crate::reduction::{CHUNK, LEAD, Reduction, WINDOW};
use crate::windows::{Part, RUN_FRAMES, Video, Windows, chunks, pictures, px_squared};

const KIND: &str = "pusht.idm.learned.1";

/// Windows of one forward pass when labelling.
const BLOCK: usize = 64;

/// Runs of windows that validation looks at, evenly spread over the validation part.
const VALIDATION: usize = 64;

/// Of these so many a forward pass.
const VALIDATION_BATCH: usize = 8;

/// What to train, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LearnedConfig {
    /// Width of the hidden layer.
    pub width: usize,
    /// The loop.
    pub train: TrainConfig,
}

impl Default for LearnedConfig {
    /// About a minute on two cores.
    fn default() -> Self {
        Self {
            width: 256,
            train: TrainConfig {
                epochs: 4,
                steps_per_epoch: Some(150),
                batch_size: 4,
                learning_rate: 2e-3,
                warmup_steps: 20,
                clip_norm: Some(1.0),
                ..TrainConfig::default()
            },
        }
    }
}

/// A trained model with the reduction that it labels by.
#[derive(Clone, Debug)]
pub struct LearnedIdm {
    net: WindowNet,
    width: usize,
    reduction: Reduction,
    device: Device,
}

/// A model and how its training went. Losses are mean squared errors of normalised actions (half the board is 1).
#[derive(Clone, Debug)]
pub struct TrainedIdm {
    /// Ready to label.
    pub model: LearnedIdm,
    /// Losses by step.
    pub curve: Curve,
    /// Lowest validation error of an action, mean over x and y, px².
    pub validation_mse: Option<f64>,
}

impl LearnedIdm {
    /// Trains on windows whose actions all belong to the training part.
    ///
    /// # Errors
    /// Bad settings, frames that are not 96 × 96, no window of 16 frames, or what [`training::fit`] fails with.
    pub fn train(
        config: &LearnedConfig,
        episodes: &[Episode],
        split: &Split,
        device: &Device,
        options: FitOptions<'_>,
    ) -> Result<TrainedIdm, LearnedError> {
        if config.width == 0 {
            return Err(LearnedError::Config {
                setting: "width",
                found: 0,
                expected: "at least 1",
            });
        }
        let windows = Windows::new(episodes, &split.train, &split.validation)?;
        let autodiff = device.clone().autodiff();
        let net = init_seeded(mix_seed(config.train.seed, 0), &autodiff, |d| {
            WindowNet::new(config.width, d)
        });
        let FitOptions {
            label,
            identity,
            out,
            progress,
            stop,
            replicas,
        } = options;
        let identity = format!("{identity} learned idm {}", config.width);
        let options = FitOptions {
            label,
            identity: &identity,
            out,
            progress,
            stop,
            replicas,
        };
        let fitted = fit(net, &WindowLoss { windows }, &config.train, options)?;
        Ok(TrainedIdm {
            model: Self {
                net: fitted.best,
                width: config.width,
                reduction: Reduction::First,
                device: device.clone(),
            },
            curve: fitted.curve,
            validation_mse: fitted.best_valid.map(px_squared),
        })
    }

    /// The same model with another reduction.
    #[must_use]
    pub fn with_reduction(mut self, reduction: Reduction) -> Self {
        self.reduction = reduction;
        self
    }

    /// Number of parameters.
    pub fn parameters(&self) -> usize {
        self.net.num_params()
    }

    /// The eight actions of every window of a video, px: window s begins at frame s, its action j belongs to frame
    /// s + 4 + j.
    ///
    /// # Errors
    /// Fewer than 16 frames, or frames that are not 96 × 96.
    pub fn chunks(&self, video: &[Frame]) -> Result<Vec<[Action; CHUNK]>, IdmError> {
        if video.len() < WINDOW {
            return Err(IdmError::TooShort {
                idm: self.name(),
                found: video.len(),
                needed: WINDOW,
            });
        }
        let small = Video::new(video).map_err(|(frame, width, height)| IdmError::Frame {
            frame,
            reason: format!("it is {width} × {height} px; expected 96 × 96"),
        })?;
        let windows = video.len() - WINDOW + 1;
        let mut all = Vec::with_capacity(windows);
        for start in (0..windows).step_by(BLOCK) {
            let length = BLOCK.min(windows - start) + WINDOW - 1;
            let x = pictures(std::iter::once((&small, start)), length, &self.device);
            let y = self.net.forward(x, length).try_into_vec_as();
            let y: Vec<f32> = y.map_err(|e| IdmError::Failed {
                idm: self.name(),
                reason: format!("{e:?}"),
            })?;
            all.extend(chunks(&y));
        }
        Ok(all)
    }

    /// Writes the model's file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), LearnedError> {
        Ok(save_model(path, &self.net, KIND, &self.width)?)
    }

    /// Reads a model's file; it labels by the first action until told otherwise.
    ///
    /// # Errors
    /// A file that is missing, damaged, of another kind, or whose parameters do not fit.
    pub fn load(path: &Path, device: &Device) -> Result<Self, LearnedError> {
        let file = ModelFile::open(path)?;
        let width: usize = file.config(KIND)?;
        let net = file.load_into(&init_seeded(0, device, |d| WindowNet::new(width, d)))?;
        Ok(Self {
            net,
            width,
            reduction: Reduction::First,
            device: device.clone(),
        })
    }
}

impl InverseDynamics for LearnedIdm {
    fn name(&self) -> String {
        format!("learned, {}", self.reduction)
    }

    fn label(&self, video: &[Frame]) -> Result<Labels, IdmError> {
        let actions = self
            .chunks(video)?
            .iter()
            .map(|chunk| self.reduction.reduce(chunk))
            .collect();
        Ok(Labels::new(LEAD, actions))
    }
}

/// The regression of the eight actions.
struct WindowLoss {
    windows: Windows,
}

impl WindowLoss {
    /// Mean over those windows of the runs that belong to the part.
    fn of(&self, model: &WindowNet, part: &Part, runs: &[(usize, usize)]) -> Tensor<1> {
        let device = model.devices().remove(0);
        let (x, y, counts) = self.windows.batch(runs, &part.known, &device);
        let squared = (model.forward(x, RUN_FRAMES) - y).powi_scalar(2).mean_dim(2);
        (squared * counts.clone()).sum() / counts.sum()
    }
}

impl Objective<WindowNet> for WindowLoss {
    fn items(&self) -> usize {
        self.windows.train.windows.len()
    }

    fn loss(&self, model: &WindowNet, items: &[usize], _seed: u64) -> Result<Tensor<1>, ObjectiveError> {
        let part = &self.windows.train;
        let runs: Vec<_> = items.iter().map(|&i| part.windows[i]).collect();
        Ok(self.of(model, part, &runs))
    }

    fn validate(&self, model: &WindowNet) -> Result<Option<f64>, ObjectiveError> {
        let part = &self.windows.validation;
        let step = part.windows.len().div_ceil(VALIDATION).max(1);
        let picked: Vec<_> = part.windows.iter().step_by(step).copied().collect();
        if picked.is_empty() {
            return Ok(None);
        }
        let mut sum = 0.0;
        for block in picked.chunks(VALIDATION_BATCH) {
            sum += f64::from(self.of(model, part, block).into_scalar::<f32>()) * block.len() as f64;
        }
        Ok(Some(sum / picked.len() as f64))
    }
}
