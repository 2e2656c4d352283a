//! Video models trained in the experiment, on the training part.

use std::fmt::Display;
use std::path::Path;
use std::time::Instant;

use burn::tensor::Device;
use eval::GeneratorKind;
use pusht_data::{Split, VideoModel};
use pusht_jobs::{Done, JobContext, Key, Runner, Stage};
use pusht_training::{TrainModel, TrainSpec};
use report::ModelTraining;
use serde::Serialize;

use super::model::{Length, LoadedGenerator, Video};
use crate::PipelineError;
use crate::curves::loss_points;
use crate::demonstrations::Demonstrations;
use crate::error::failed;
use crate::files::{read_json, write_json};
use crate::former_names;

/// Training data of video models.
#[derive(Clone, Copy)]
pub(crate) struct TrainingData<'a> {
    pub(crate) demos: &'a Demonstrations,
    pub(crate) split: &'a Done<Split>,
    pub(crate) device: &'a Device,
}

/// Settings of a video model that the experiment trains, and its description in the report.
pub(super) trait GeneratorTraining:
    Serialize + Clone + TrainModel<Model: VideoModel + 'static, Error: Display>
{
    /// Name in the report's table of trainings.
    const NAME: &str;
    const KIND: GeneratorKind;
    const LOSS: &str;
    /// Name in the verdict.
    const WHAT: &str;
    /// Clips per batch.
    const BATCH_SIZE: usize;
    /// File or folder of the trained model in its stage.
    const FILE: &str = "model.safetensors";

    /// SHA-256 of the weights that the training begins with, if they come with the program.
    fn base() -> Option<String> {
        None
    }

    fn length(&self) -> Length;
    fn save(model: &Self::Model, path: &Path) -> Result<(), Self::Error>;
    fn load(path: &Path, device: &Device) -> Result<Self::Model, Self::Error>;
    fn parameters(model: &Self::Model) -> usize;
}

/// Any [`GeneratorTraining`], as a trait object.
pub(crate) trait Trainable {
    /// Clip lengths of the trained model.
    fn length(&self) -> Length;

    /// Trains the model in the stage `folder`, or loads it from a finished stage.
    fn train(
        &self,
        folder: String,
        on: TrainingData<'_>,
        runner: &mut Runner,
        ctx: &mut JobContext,
    ) -> Result<Done<Video>, PipelineError>;
}

impl<R: GeneratorTraining> Trainable for R {
    fn length(&self) -> Length {
        GeneratorTraining::length(self)
    }

    fn train(
        &self,
        folder: String,
        on: TrainingData<'_>,
        runner: &mut Runner,
        ctx: &mut JobContext,
    ) -> Result<Done<Video>, PipelineError> {
        let trainable = self;
        runner.run(&TrainVideo { folder, trainable, on }, ctx)
    }
}

/// Stage that trains a video model.
struct TrainVideo<'a, R> {
    folder: String,
    trainable: &'a R,
    on: TrainingData<'a>,
}

const CURVE: &str = "training.json";

/// What determines a training.
#[derive(Serialize)]
#[serde(untagged)]
enum Inputs<T> {
    Random(T),
    /// With the hash of the weights that it begins with.
    Based(T, String),
}

fn inputs<R: GeneratorTraining>(settings: &R, split: &Key) -> impl Serialize {
    let inputs = (former_names::hashed(settings), split.clone());
    match R::base() {
        None => Inputs::Random(inputs),
        Some(base) => Inputs::Based(inputs, base),
    }
}

impl<R: GeneratorTraining> Stage for TrainVideo<'_, R> {
    type Output = Video;
    type Error = PipelineError;

    fn name(&self) -> String {
        self.folder.clone()
    }

    fn inputs(&self) -> impl Serialize {
        inputs(self.trainable, &self.on.split.key)
    }

    fn run(&self, dir: &Path, ctx: &mut JobContext) -> Result<(), PipelineError> {
        let fail = failed("video model");
        let spec = TrainSpec::new(self.trainable.clone())
            .with_split(&self.on.demos.episodes, &self.on.split.output)
            .with_label(format!("train {}", R::NAME))
            .with_key(self.on.split.key.as_str())
            .with_device(self.on.device)
            .with_out(dir);
        let started = Instant::now();
        let trained = spec.run(ctx).map_err(|e| fail(&e))?;
        R::save(&trained.model, &dir.join(R::FILE)).map_err(|e| fail(&e))?;
        let training = ModelTraining {
            name: R::NAME.to_owned(),
            loss: R::LOSS.to_owned(),
            validation: None,
            parameters: R::parameters(&trained.model),
            curve: loss_points(&trained.curve),
            seconds: started.elapsed().as_secs_f64(),
        };
        write_json(&dir.join(CURVE), &training)
    }

    fn load(&self, dir: &Path, _: &mut JobContext) -> Result<Video, PipelineError> {
        let model = R::load(&dir.join(R::FILE), self.on.device).map_err(|e| failed("video model")(&e))?;
        Ok(Video {
            loaded: LoadedGenerator {
                model: Box::new(model),
                prompt: None,
                batch_size: R::BATCH_SIZE,
            },
            kind: R::KIND,
            what: R::WHAT.to_owned(),
            training: Some(read_json(&dir.join(CURVE))?),
        })
    }
}

#[cfg(test)]
mod tests {
    use video_gen::{PixelVideoSettings, TrainSettings};

    use super::*;

    #[test]
    fn other_base_weights_make_another_stage() {
        let split = Key::external("split");
        let pixel = serde_json::to_string(&inputs(&PixelVideoSettings::default(), &split)).unwrap();
        assert!(pixel.contains(&PixelVideoSettings::base_sha256()), "{pixel}");
        // Stages of models without a base keep their keys.
        let object = TrainSettings::default();
        let before = serde_json::to_string(&(former_names::hashed(&object), &split)).unwrap();
        assert_eq!(serde_json::to_string(&inputs(&object, &split)).unwrap(), before);
    }
}
