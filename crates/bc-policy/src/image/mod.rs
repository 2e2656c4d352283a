//! The policies on images, which differ in their networks.

mod config;
mod frames;
mod network;
mod policy;
mod train;

use std::marker::PhantomData;

use burn::tensor::Device;
use pusht_training::{TrainData, TrainOutput};
use training::{FitOptions, ModelFile, TrainConfig};

use crate::cnn::Cnn;
use crate::error::{BcError, refused};
use crate::family::{PolicyFamily, PolicyKind, TrainedPolicy, boxed};
use crate::resnet::ResNet18;
use crate::sections::Sections;
use network::ImageNet;

pub use config::{Augmentation, ImageConfig};
pub use policy::ImagePolicy;

impl PolicyKind {
    /// `cnn`: two convolutions and a fully connected head on the image ([`ImagePolicy`] with [`Cnn`]).
    pub const CNN: Self = Self(&OnPictures::<Cnn>(PhantomData));
    /// `resnet18`: ResNet-18 on the image ([`ImagePolicy`] with [`ResNet18`]).
    pub const RESNET18: Self = Self(&OnPictures::<ResNet18>(PhantomData));
}

struct OnPictures<N>(PhantomData<fn() -> N>);

impl<N: ImageNet> PolicyFamily for OnPictures<N> {
    fn name(&self) -> &'static str {
        N::NAME
    }

    fn sections(&self) -> Sections {
        Sections::default()
            .with(ImageConfig::default())
            .with(Augmentation::None)
    }

    fn training(&self) -> TrainConfig {
        TrainConfig {
            epochs: 50,
            batch_size: 64,
            learning_rate: 1e-3,
            weight_decay: 1e-4,
            ..TrainConfig::default()
        }
    }

    fn paper(&self) -> Option<(Sections, TrainConfig)> {
        let train = TrainConfig {
            epochs: 25,
            ..self.training()
        };
        Some((self.sections(), train))
    }

    fn check(&self, sections: &Sections) -> Result<(), BcError> {
        if N::WEIGHTS.is_none() && sections.read::<ImageConfig>().init.is_some() {
            let found = format!("a checkpoint for {}", N::NAME);
            return Err(refused(
                "image.init",
                &found,
                "none: only resnet18 has published weights",
            ));
        }
        Ok(())
    }

    fn augmentation(&self, sections: &Sections) -> String {
        sections.read::<Augmentation>().told().to_owned()
    }

    fn train(
        &self,
        sections: &Sections,
        config: &TrainConfig,
        data: &TrainData<'_>,
        device: &Device,
        options: FitOptions<'_>,
    ) -> Result<TrainOutput<Box<dyn TrainedPolicy>>, BcError> {
        Ok(train::train::<N>((&sections.read(), sections.read()), config, data, device, options)?.map(boxed))
    }

    fn load(&self, file: &ModelFile, device: &Device) -> Result<Box<dyn TrainedPolicy>, BcError> {
        ImagePolicy::<N>::load(file, device).map(boxed)
    }
}
