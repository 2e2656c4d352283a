//! Specification of a training run.

use std::path::PathBuf;

use burn::tensor::Device;
use pusht_data::{Episode, Split};
use pusht_jobs::JobContext;
use training::{FitOptions, TrainConfig};

use crate::{TrainData, TrainOutput};

/// Settings with which a model can be trained.
pub trait TrainModel {
    /// The trained model.
    type Model;
    /// Error type.
    type Error;

    /// Name of the training run, for the progress display.
    fn label(&self) -> String;

    /// Settings of the training loop, for [`TrainSpec::with_seed`].
    fn train_config(&mut self) -> &mut TrainConfig;

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

/// A training run: settings `S`, the data and its parts, the device, the seed and the folder.
///
/// Without a device it runs on the CPU, without a folder it writes nothing. With a folder, it keeps checkpoints,
/// `curve.jsonl` and `tensorboard/` there, and the same training run resumes from the last checkpoint.
pub struct TrainSpec<'a, S> {
    settings: S,
    data: TrainData<'a>,
    label: Option<String>,
    identity: String,
    devices: Vec<Device>,
    out: Option<PathBuf>,
}

impl<'a, S: TrainModel> TrainSpec<'a, S> {
    /// A training run with these settings and without data.
    pub fn new(settings: S) -> Self {
        Self {
            settings,
            data: TrainData::default(),
            label: None,
            identity: String::new(),
            devices: Vec::new(),
            out: None,
        }
    }

    /// Uses these episodes, with the parts of a split of their rows.
    #[must_use]
    pub fn with_split(self, episodes: impl IntoIterator<Item = &'a Episode>, split: &Split) -> Self {
        self.with_data(TrainData::from_split(episodes, split))
    }

    /// Uses whole episodes for training, validation and test.
    #[must_use]
    pub fn with_parts(self, train: &[&'a Episode], validation: &[&'a Episode], test: &[&'a Episode]) -> Self {
        self.with_data(TrainData::from_parts(train, validation, test))
    }

    /// Uses this data.
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

    /// Sets what identifies this training run besides the settings, for example the name of the data and the split. A
    /// checkpoint with another identity is refused.
    #[must_use]
    pub fn with_identity(self, identity: impl Into<String>) -> Self {
        Self {
            identity: identity.into(),
            ..self
        }
    }

    /// Trains on this device.
    #[must_use]
    pub fn with_device(self, device: &Device) -> Self {
        self.with_devices(vec![device.clone()])
    }

    /// Trains one model on several GPUs ([`training::devices`]): a batch is divided into one part per device.
    #[must_use]
    pub fn with_devices(self, devices: Vec<Device>) -> Self {
        Self { devices, ..self }
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
    /// # Errors
    /// Invalid settings or data, or an error of [`training::fit`], including a cancelled run.
    pub fn run(&self, ctx: &mut JobContext) -> Result<TrainOutput<S::Model>, S::Error> {
        let label = self.label.clone().unwrap_or_else(|| self.settings.label());
        let (device, replicas) = match self.devices.split_first() {
            Some((device, replicas)) => (device.clone(), replicas),
            None => (Device::flex(), [].as_slice()),
        };
        let options = FitOptions {
            label: &label,
            identity: &self.identity,
            out: self.out.as_deref(),
            ctx,
            replicas,
        };
        self.settings.train(&self.data, &device, options)
    }
}
