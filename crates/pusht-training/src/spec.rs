//! Specification of a training run.

use std::path::PathBuf;

use burn::tensor::Device;
use pusht_data::{Episode, Split};
use pusht_jobs::JobContext;
use serde::Serialize;
use training::{FitOptions, TrainConfig, TrainingError};

use crate::inputs::describe;
use crate::{TrainData, TrainOutput};

/// Settings with which a model can be trained.
pub trait TrainModel {
    /// The trained model.
    type Model;
    /// Error type.
    type Error: From<TrainingError>;

    /// Name of the training run, for the progress display.
    fn label(&self) -> String;

    /// Settings of the training loop, for [`TrainSpec::with_seed`].
    fn train_config(&mut self) -> &mut TrainConfig;

    /// The settings besides those of the training loop. A run with other ones does not resume from the checkpoints of
    /// this one.
    fn model_settings(&self) -> impl Serialize;

    /// Trains on a device; called by [`TrainSpec::run`].
    ///
    /// # Errors
    /// Invalid settings or data, or an error of [`training::fit`].
    fn train(
        &self,
        data: &TrainData<'_>,
        device: &Device,
        options: FitOptions<'_>,
    ) -> Result<TrainOutput<Self::Model>, Self::Error>;
}

/// A training run: settings `S`, data split, device, seed, output folder.
///
/// Defaults: CPU, no output. With an output folder, it keeps checkpoints, `curve.jsonl` and `tensorboard/` there, and
/// the same training run resumes from the last checkpoint. Settings, data and split identify the run: checkpoints of
/// another one are refused.
pub struct TrainSpec<'a, S> {
    settings: S,
    data: TrainData<'a>,
    label: Option<String>,
    identity: String,
    /// Whether the identity covers the data.
    keyed: bool,
    /// `None` for the CPU.
    devices: Option<Vec<Device>>,
    out: Option<PathBuf>,
}

impl<'a, S: TrainModel> TrainSpec<'a, S> {
    /// A training run with these settings. It needs data: [`TrainSpec::with_split`] or [`TrainSpec::with_train`].
    pub fn new(settings: S) -> Self {
        Self {
            settings,
            data: TrainData::default(),
            label: None,
            identity: String::new(),
            keyed: false,
            devices: None,
            out: None,
        }
    }

    /// Uses these episodes, with the parts of a split of their rows.
    #[must_use]
    pub fn with_split(self, episodes: impl IntoIterator<Item = &'a Episode>, split: &Split) -> Self {
        self.with_data(TrainData::from_split(episodes, split))
    }

    /// Adds whole episodes to the training part.
    #[must_use]
    pub fn with_train(mut self, episodes: impl IntoIterator<Item = &'a Episode>) -> Self {
        self.data = self.data.with_train(episodes);
        self
    }

    /// Adds whole episodes to the validation part.
    #[must_use]
    pub fn with_validation(mut self, episodes: impl IntoIterator<Item = &'a Episode>) -> Self {
        self.data = self.data.with_validation(episodes);
        self
    }

    /// Adds whole episodes to the test part, which training does not use.
    #[must_use]
    pub fn with_test(mut self, episodes: impl IntoIterator<Item = &'a Episode>) -> Self {
        self.data = self.data.with_test(episodes);
        self
    }

    /// Replaces the data.
    #[must_use]
    pub fn with_data(self, data: TrainData<'a>) -> Self {
        Self { data, ..self }
    }

    /// Sets the name in the progress display; by default the settings' own name.
    #[must_use]
    pub fn with_label(self, label: impl Into<String>) -> Self {
        Self {
            label: Some(label.into()),
            ..self
        }
    }

    /// Sets what identifies this training run besides settings, data and split, for example the name of an experiment.
    /// A checkpoint with another identity is refused.
    #[must_use]
    pub fn with_identity(self, identity: impl Into<String>) -> Self {
        Self {
            identity: identity.into(),
            keyed: false,
            ..self
        }
    }

    /// Identifies this training run by a key of the model's settings, the data and the split that the caller has
    /// already, such as that of the stage of an experiment. The data is then not hashed.
    #[must_use]
    pub fn with_key(self, key: impl Into<String>) -> Self {
        Self {
            identity: key.into(),
            keyed: true,
            ..self
        }
    }

    /// Trains on this device.
    #[must_use]
    pub fn with_device(self, device: &Device) -> Self {
        self.with_devices(vec![device.clone()])
    }

    /// Trains one model on several GPUs ([`training::devices`]): a batch is divided into one part per device. An empty
    /// list is an error of [`TrainSpec::run`].
    #[must_use]
    pub fn with_devices(self, devices: Vec<Device>) -> Self {
        Self {
            devices: Some(devices),
            ..self
        }
    }

    /// Replaces the seed of the settings.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.settings.train_config().seed = seed;
        self
    }

    /// Writes checkpoints and loss curves to this folder.
    #[must_use]
    pub fn with_out(self, folder: impl Into<PathBuf>) -> Self {
        Self {
            out: Some(folder.into()),
            ..self
        }
    }

    /// The settings.
    pub fn settings(&self) -> &S {
        &self.settings
    }

    /// The data and its parts.
    pub fn data(&self) -> &TrainData<'a> {
        &self.data
    }

    /// Trains, or resumes from the last checkpoint.
    ///
    /// With an output folder, the data is hashed first: about a second per gigabyte of frames.
    ///
    /// # Errors
    /// No rows for training, no devices, invalid settings or data, or an error of [`training::fit`]: among them a
    /// checkpoint of other settings or data, and a cancelled run.
    pub fn run(&self, ctx: &mut JobContext) -> Result<TrainOutput<S::Model>, S::Error> {
        let label = self.label.clone().unwrap_or_else(|| self.settings.label());
        if self.data.train().is_empty() {
            return Err(TrainingError::NoData.into());
        }
        let cpu = [Device::flex()];
        let devices = self.devices.as_deref().unwrap_or(&cpu);
        let (device, replicas) = devices.split_first().ok_or(TrainingError::NoDevices)?;
        let inputs = match self.out {
            Some(_) if !self.keyed => describe(&self.data, self.settings.model_settings())?,
            _ => String::new(),
        };
        let options = FitOptions {
            label: &label,
            identity: &self.identity,
            inputs: &inputs,
            out: self.out.as_deref(),
            ctx,
            replicas,
        };
        self.settings.train(&self.data, device, options)
    }
}
