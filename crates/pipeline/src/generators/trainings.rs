//! The video models that the experiment can train.

use std::path::Path;

use burn::tensor::Device;
use eval::GeneratorKind;
use video_gen::{ObjectLatentModel, PixelVideo, PixelVideoError, PixelVideoSettings, TrainSettings, VideoGenError};

use super::model::Length;
use super::trained::GeneratorTraining;

impl GeneratorTraining for TrainSettings {
    const NAME: &str = "object-latent video model";
    const KIND: GeneratorKind = GeneratorKind::ObjectLatent;
    const LOSS: &str = "flow matching, normalized latents";
    const WHAT: &str = "a diffusion transformer trained on the same demonstrations";
    const BATCH_SIZE: usize = 10;

    fn length(&self) -> Length {
        Length::UpTo(self.model.max_frames)
    }

    fn save(model: &ObjectLatentModel, path: &Path) -> Result<(), VideoGenError> {
        model.save(path)
    }

    fn load(path: &Path, device: &Device) -> Result<ObjectLatentModel, VideoGenError> {
        ObjectLatentModel::load(path, device)
    }

    fn parameters(model: &ObjectLatentModel) -> usize {
        model.parameters()
    }
}

impl GeneratorTraining for PixelVideoSettings {
    const NAME: &str = "pixel world model";
    const KIND: GeneratorKind = GeneratorKind::Pixel;
    const LOSS: &str = "cross-entropy of colors, changed pixels weighted";
    const WHAT: &str = "a pixel world model fine-tuned on the same demonstrations, along planned paths";
    const BATCH_SIZE: usize = 4;
    const FILE: &str = "model";

    fn base() -> Option<String> {
        Some(Self::base_sha256())
    }

    fn length(&self) -> Length {
        Length::UpTo(usize::MAX)
    }

    fn save(model: &PixelVideo, path: &Path) -> Result<(), PixelVideoError> {
        model.save(path)
    }

    fn load(path: &Path, device: &Device) -> Result<PixelVideo, PixelVideoError> {
        PixelVideo::load(path, device)
    }

    fn parameters(model: &PixelVideo) -> usize {
        model.parameters()
    }
}
