//! The learned inverse dynamics: training, labeling, its file.

use std::path::Path;

use burn::Tensor;
use burn::module::Module;
use burn::tensor::Device;
use nn_kit::mix_seed;
use pusht_data::{Episode, FrameRef, IdmError, InverseDynamics, Labels, Split};
use pusht_env::{Action, Frame};
use pusht_training::{TrainData, TrainModel, TrainOutput};
use serde::{Deserialize, Serialize};
use training::{FitOptions, ModelFile, Objective, ObjectiveError, Step, TrainConfig, fit, init_seeded, save_model};

use crate::calibration::{Calibration, pace};
use crate::compare::pairs;
use crate::error::LearnedError;
use crate::net::{Seen, WindowNet};
use crate::reduction::{CHUNK, CHUNK_OFFSET, Reduction, WINDOW};
use crate::windows::{Batch, HALF_BOARD, Part, RUN_FRAMES, Start, Windows, check_size, chunks, pictures, px_squared};

const KIND: &str = "pusht.idm.learned.2";

/// Number of windows per forward pass when labeling.
const BLOCK: usize = 48;

/// Number of runs of windows in validation, evenly spaced over the validation part.
const VALIDATION: usize = 64;

/// Number of these runs per forward pass.
const VALIDATION_BATCH: usize = 8;

/// Error at which the loss changes from quadratic to linear, half boards: 4 px.
const TURN: f32 = 4.0 / HALF_BOARD;

/// Weights of the positions and of the deviations in the loss. That of the deviations is small, so that they fit the
/// errors of the actions without affecting the positions.
const PLACES: f32 = 0.5;
const DEVIATIONS: f32 = 3e-4;

/// Configuration of the learned inverse dynamics and its training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LearnedConfig {
    /// Width of the hidden layer.
    pub width: usize,
    /// Number of additional corrupted copies of every training video ([`corruptions::Degradation`]).
    pub damaged_copies: usize,
    /// Settings of the training loop.
    pub train: TrainConfig,
}

impl Default for LearnedConfig {
    /// Settings for the human demonstrations; training takes under ten minutes on two cores.
    fn default() -> Self {
        Self {
            width: 256,
            damaged_copies: 2,
            train: TrainConfig {
                epochs: 6,
                steps_per_epoch: Some(300),
                batch_size: 8,
                learning_rate: 2e-3,
                final_learning_rate_fraction: 0.0,
                warmup_steps: 100,
                clip_norm: Some(1.0),
                ema_decay: Some(0.995),
                ..TrainConfig::default()
            },
        }
    }
}

/// The learned inverse dynamics: a trained model with its reduction.
#[derive(Clone, Debug)]
pub struct LearnedIdm {
    net: WindowNet,
    saved: Saved,
    reduction: Option<Reduction>,
    device: Device,
}

/// Contents of the model's file besides the weights.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Saved {
    width: usize,
    calibration: Calibration,
}

/// Prediction for one window.
#[derive(Clone, Copy, Debug)]
struct Estimate {
    actions: [Action; CHUNK],
    /// Standard deviations, px per axis.
    deviations: [f32; CHUNK],
}

/// Trains the model on windows whose actions all belong to the training part. Losses are mean squared errors of
/// normalized actions (half the board is 1); [`TrainOutput::best_valid`] is the mean squared error of an action, over x
/// and y, in px².
impl TrainModel for LearnedConfig {
    type Model = LearnedIdm;
    type Error = LearnedError;

    fn label(&self) -> String {
        "inverse dynamics".to_owned()
    }

    fn train_config(&mut self) -> &mut TrainConfig {
        &mut self.train
    }

    fn model_settings(&self) -> impl Serialize {
        (self.width, self.damaged_copies)
    }

    fn train(
        &self,
        data: &TrainData<'_>,
        device: &Device,
        options: FitOptions<'_>,
    ) -> Result<TrainOutput<LearnedIdm>, LearnedError> {
        let config = self;
        let episodes = data.episodes();
        if config.width == 0 {
            return Err(LearnedError::Config {
                setting: "width",
                found: 0,
                expected: "at least 1",
            });
        }
        let parts = [data.train(), data.validation()];
        let copies = config.damaged_copies;
        let windows = Windows::new(episodes, parts, copies, config.train.seed, options.ctx)?;
        let autodiff = device.clone().autodiff();
        let net = init_seeded(mix_seed(config.train.seed, 0), &autodiff, |d| {
            WindowNet::new(config.width, d)
        });
        let identity = format!("{} learned idm {} {copies}", options.identity, config.width);
        let fitted = fit(
            net,
            &WindowLoss { windows },
            &config.train,
            options.with_identity(&identity),
        )?;
        let mut model = LearnedIdm {
            net: fitted.last,
            saved: Saved {
                width: config.width,
                calibration: Calibration::NONE,
            },
            reduction: None,
            device: device.clone(),
        };
        model.saved.calibration = model.calibration(episodes, data.validation())?;
        Ok(TrainOutput::new(model, fitted.curve).with_best(fitted.best_epoch, fitted.best_valid.map(px_squared)))
    }
}

impl LearnedIdm {
    /// Fits the calibration on validation rows.
    fn calibration(&self, episodes: &[&Episode], validation: &[FrameRef]) -> Result<Calibration, LearnedError> {
        let mut all = Vec::new();
        for e in Split::episodes_of(validation) {
            if episodes[e].len() < WINDOW {
                continue;
            }
            let labels = self.label(&episodes[e].frames).map_err(|error| LearnedError::Labels {
                episode: e,
                reason: error.to_string(),
            })?;
            all.push((e, labels));
        }
        let errors = pairs(&all, episodes, validation).flat_map(|pair| {
            let (labels, at) = (pair.labels, pair.at);
            let pace = pace(&labels.actions, at);
            let deviation = labels.deviations.as_ref().and_then(|d| d.get(at)).copied();
            let size = move |k: usize| Some((pace, (labels.actions[at][k] - pair.recorded[k]).abs() / deviation?));
            [0, 1].into_iter().filter_map(size)
        });
        let errors = errors.collect();
        Ok(Calibration::fit(errors))
    }

    /// Sets the reduction of chunks to one action per frame, as in the paper. With `None`, the default, every action
    /// belongs to its own frame, where it is averaged with the predictions of the other windows.
    #[must_use]
    pub fn with_reduction(mut self, reduction: Option<Reduction>) -> Self {
        self.reduction = reduction;
        self
    }

    /// Number of parameters.
    pub fn parameters(&self) -> usize {
        self.net.num_params()
    }

    /// Predicts the eight actions of every window of a video, px: window s starts at frame s, its action j belongs to
    /// frame s + 4 + j.
    ///
    /// # Errors
    /// Fewer than 16 frames, or frames that are not 96 × 96.
    pub fn chunks(&self, video: &[Frame]) -> Result<Vec<[Action; CHUNK]>, IdmError> {
        Ok(self.estimates(video)?.iter().map(|e| e.actions).collect())
    }

    fn estimates(&self, video: &[Frame]) -> Result<Vec<Estimate>, IdmError> {
        if video.len() < WINDOW {
            return Err(IdmError::TooShort {
                idm: self.name(),
                found: video.len(),
                needed: WINDOW,
            });
        }
        check_size(video).map_err(|(frame, width, height)| IdmError::Frame {
            frame,
            reason: format!("it is {width} × {height} px; expected 96 × 96"),
        })?;
        let failed = |error: &dyn std::fmt::Display| IdmError::Failed {
            idm: self.name(),
            reason: error.to_string(),
        };
        let windows = video.len() - WINDOW + 1;
        let mut all = Vec::with_capacity(windows);
        for start in (0..windows).step_by(BLOCK) {
            let length = BLOCK.min(windows - start) + WINDOW - 1;
            let x = pictures(video[start..start + length].iter(), &self.device);
            let Seen {
                actions,
                log_deviations,
                ..
            } = self.net.forward(x, length);
            let actions: Vec<f32> = actions.try_into_vec_as().map_err(|e| failed(&e))?;
            let logs: Vec<f32> = log_deviations.try_into_vec_as().map_err(|e| failed(&e))?;
            let px = |log: f32| log.exp() * HALF_BOARD;
            let estimate = |(actions, logs): ([Action; CHUNK], &[f32])| Estimate {
                actions,
                deviations: std::array::from_fn(|j| px(logs[j])),
            };
            all.extend(chunks(&actions).zip(logs.chunks_exact(CHUNK)).map(estimate));
        }
        Ok(all)
    }

    /// Writes the model's file.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), LearnedError> {
        Ok(save_model(path, &self.net, KIND, &self.saved)?)
    }

    /// Reads a model's file.
    ///
    /// # Errors
    /// A file that is missing, damaged, of another kind, or whose parameters do not fit.
    pub fn load(path: &Path, device: &Device) -> Result<Self, LearnedError> {
        let file = ModelFile::open(path)?;
        let saved: Saved = file.config(KIND)?;
        if !(1..=8192).contains(&saved.width) {
            return Err(LearnedError::Config {
                setting: "width",
                found: saved.width,
                expected: "1 to 8192",
            });
        }
        if !saved.calibration.is_sound() {
            return Err(LearnedError::Calibration {
                found: format!("{:?}", saved.calibration),
            });
        }
        let net = file.load_into(&init_seeded(0, device, |d| WindowNet::new(saved.width, d)))?;
        Ok(Self {
            net,
            saved,
            reduction: None,
            device: device.clone(),
        })
    }
}

impl InverseDynamics for LearnedIdm {
    fn name(&self) -> String {
        match self.reduction {
            Some(reduction) => format!("learned, {reduction}"),
            None => "learned".to_owned(),
        }
    }

    fn label(&self, video: &[Frame]) -> Result<Labels, IdmError> {
        let estimates = self.estimates(video)?;
        if let Some(reduction) = self.reduction {
            let actions = estimates.iter().map(|e| reduction.reduce(&e.actions)).collect();
            return Ok(Labels::new(CHUNK_OFFSET, actions));
        }
        let mut labels = merged(&estimates);
        for (at, deviation) in labels.deviations.iter_mut().flatten().enumerate() {
            *deviation *= self.saved.calibration.factor(pace(&labels.actions, at));
        }
        Ok(labels)
    }
}

/// Merges the predictions of up to eight windows into one action per frame, their mean weighted by precision. The
/// windows share most of their frames, so that their errors are correlated, and the deviation of the mean is not
/// reduced.
fn merged(estimates: &[Estimate]) -> Labels {
    let frames = estimates.len() + CHUNK - 1;
    let mut sums = vec![([0.0_f32; 2], 0.0_f32, 0.0_f32); frames];
    for (start, estimate) in estimates.iter().enumerate() {
        for j in 0..CHUNK {
            let (action, precision, count) = &mut sums[start + j];
            let own = estimate.deviations[j].powi(-2);
            for k in 0..2 {
                action[k] += own * estimate.actions[j][k];
            }
            *precision += own;
            *count += 1.0;
        }
    }
    Labels {
        start: CHUNK_OFFSET,
        actions: sums
            .iter()
            .map(|(action, precision, _)| action.map(|a| a / precision))
            .collect(),
        deviations: Some(
            sums.iter()
                .map(|(_, precision, count)| (count / precision).sqrt())
                .collect(),
        ),
    }
}

/// Loss of the eight actions, of the agent's positions, and of the deviations of the actions.
struct WindowLoss<'a> {
    windows: Windows<'a>,
}

impl WindowLoss<'_> {
    fn batch(&self, model: &WindowNet, part: &Part, runs: &[Start]) -> (Batch, Seen) {
        let device = model.devices().remove(0);
        let batch = self.windows.batch(runs, part, &device);
        let seen = model.forward(batch.frames.clone(), RUN_FRAMES);
        (batch, seen)
    }
}

/// Robust distance: quadratic below [`TURN`] and linear beyond (Charbonnier et al. 1994); reduces the last dimension, x
/// and y, to 1.
fn distance<const D: usize>(error: Tensor<D>) -> Tensor<D> {
    (error.square().sum_dim(D - 1) + TURN * TURN).sqrt() - TURN
}

/// Mean of `values` where `counts` is 1.
fn mean<const D: usize>(values: Tensor<D>, counts: Tensor<D>) -> Tensor<1> {
    (values * counts.clone()).sum() / counts.sum().clamp_min(1.0)
}

impl Objective<WindowNet> for WindowLoss<'_> {
    fn items(&self) -> usize {
        self.windows.train.windows.len()
    }

    fn loss(&self, model: &WindowNet, items: &[usize], _step: Step) -> Result<Tensor<1>, ObjectiveError> {
        let part = &self.windows.train;
        let runs: Vec<_> = items.iter().map(|&i| part.windows[i]).collect();
        let (batch, seen) = self.batch(model, part, &runs);
        let error = seen.actions - batch.actions;
        let [runs, windows, _, _] = error.dims();
        let logs = seen.log_deviations.reshape([runs, windows, CHUNK, 1]);
        // Negative log-likelihood of a normal density over both axes, up to a constant.
        let squares = error.clone().detach().square().sum_dim(3);
        let surprise = squares * (logs.clone() * -2.0).exp() * 0.5 + logs * 2.0;
        let actions = mean(distance(error).mean_dim(2), batch.counts.clone());
        let places = mean(distance(seen.places - batch.places), batch.placed);
        Ok(actions + places * PLACES + mean(surprise.mean_dim(2), batch.counts) * DEVIATIONS)
    }

    fn describe_validation(&self, value: f64) -> String {
        format!("validation MSE {:.1} px²", px_squared(value))
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
            let (batch, seen) = self.batch(model, part, block);
            let squares = (seen.actions - batch.actions).square().mean_dim(3).mean_dim(2);
            sum += f64::from(mean(squares, batch.counts).into_scalar::<f32>()) * block.len() as f64;
        }
        Ok(Some(sum / picked.len() as f64))
    }
}
