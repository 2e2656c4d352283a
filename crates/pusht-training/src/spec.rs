//! A training and everything that it needs.

use std::path::PathBuf;

use burn::tensor::Device;
use pusht_data::{Episode, Split};
use pusht_jobs::JobContext;
use training::{FitOptions, TrainConfig};

use crate::{TrainData, TrainOutput};

/// Settings that a model can be trained by.
pub trait TrainModel {
    /// The trained model.
    type Model;
    /// What can go wrong.
    type Error;

    /// What is trained, for the progress display.
    fn label(&self) -> String;

    /// The settings of the loop, for [`TrainSpec::with_seed`].
    fn train_config(&mut self) -> &mut TrainConfig;

    /// Trains on a device; called by [`TrainSpec::run`].
    ///
    /// # Errors
    /// Bad settings or data, or what [`training::fit`] meets.
    fn train(
        &self,
        data: &TrainData<'_>,
        device: &Device,
        options: FitOptions<'_>,
    ) -> Result<TrainOutput<Self::Model>, Self::Error>;
}

/// A training: settings `S`, the data and its parts, the device, the seed and the folder.
///
/// Without a device it runs on the CPU, without a folder it writes nothing. With one, it keeps checkpoints, `curve.jsonl` and
/// `tensorboard/` there, and the same training goes on from the last checkpoint.
pub struct TrainSpec<'a, S> {
    settings: S,
    data: TrainData<'a>,
    label: Option<String>,
    identity: String,
    devices: Vec<Device>,
    out: Option<PathBuf>,
}

impl<'a, S: TrainModel> TrainSpec<'a, S> {
    /// By these settings; data is still to come.
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

    /// On these episodes, a split of whose rows says what is trained and validated on.
    #[must_use]
    pub fn with_split(self, episodes: impl IntoIterator<Item = &'a Episode>, split: &Split) -> Self {
        self.with_data(TrainData::from_split(episodes, split))
    }

    /// On whole episodes: those to learn from, to validate on, and to be held out.
    #[must_use]
    pub fn with_parts(self, train: &[&'a Episode], validation: &[&'a Episode], test: &[&'a Episode]) -> Self {
        self.with_data(TrainData::from_parts(train, validation, test))
    }

    /// On this data.
    #[must_use]
    pub fn with_data(self, data: TrainData<'a>) -> Self {
        Self { data, ..self }
    }

    /// What is trained, for the progress display; by default the settings' own name.
    #[must_use]
    pub fn with_label(self, label: impl Into<String>) -> Self {
        Self {
            label: Some(label.into()),
            ..self
        }
    }

    /// What besides the settings makes this training what it is: the name of the data and the split, say. A checkpoint with
    /// another identity is refused.
    #[must_use]
    pub fn with_identity(self, identity: impl Into<String>) -> Self {
        Self {
            identity: identity.into(),
            ..self
        }
    }

    /// On this device.
    #[must_use]
    pub fn with_device(self, device: &Device) -> Self {
        self.with_devices(vec![device.clone()])
    }

    /// On several GPUs that train one model together ([`training::devices`]): a batch is cut into one part a device.
    #[must_use]
    pub fn with_devices(self, devices: Vec<Device>) -> Self {
        Self { devices, ..self }
    }

    /// With this seed in place of the settings'.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.settings.train_config().seed = seed;
        self
    }

    /// With checkpoints and loss curves in this folder.
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

    /// Trains, or goes on from the last checkpoint.
    ///
    /// # Errors
    /// Bad settings or data, or what [`training::fit`] meets; that includes a training that was asked to stop.
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
