//! The video models that the experiment can train.

use std::path::Path;

use burn::tensor::Device;
use eval::GeneratorKind;
use video_gen::{ObjectLatentModel, PixelError, PixelModel, PixelTrainSettings, TrainSettings, VideoGenError};

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

impl GeneratorTraining for PixelTrainSettings {
    const NAME: &str = "pixel video model";
    const KIND: GeneratorKind = GeneratorKind::Pixel;
    const LOSS: &str = "denoising, errors over those of the best linear estimate";
    const WHAT: &str = "a small diffusion transformer trained on the same demonstrations";
    const BATCH_SIZE: usize = 1;

    fn length(&self) -> Length {
        Length::Exactly(self.model.frames())
    }

    fn save(model: &PixelModel, path: &Path) -> Result<(), PixelError> {
        model.save(path)
    }

    fn load(path: &Path, device: &Device) -> Result<PixelModel, PixelError> {
        PixelModel::load(path, device)
    }

    fn parameters(model: &PixelModel) -> usize {
        model.parameters()
    }
}
