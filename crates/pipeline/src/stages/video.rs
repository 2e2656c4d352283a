//! The video model: trained on the training part, or one that is there already.

use std::fmt::Display;
use std::path::Path;

use burn::tensor::Device;
use eval::{GeneratorKind, LossPoint, ModelTraining};
use pusht_data::{Episode, FrameRef, Split, VideoModel};
use serde::Serialize;
use training::{Curve, FitOptions, free_memory};
use video_gen::{
    ModelChoice, ObjectLatentModel, PixelError, PixelModel, PixelTrainSettings, TrainSettings, VideoGenError,
};

use super::demonstrations::Demonstrations;
use super::{Lab, failed};
use crate::PipelineError;
use crate::config::VideoChoice;
use crate::stage::{Stage, read_json, write_json};

/// The trained model's file in its stage.
const FILE: &str = "model.safetensors";

pub(crate) struct Video {
    pub(crate) model: Box<dyn VideoModel>,
    pub(crate) kind: GeneratorKind,
    /// As the verdict names it.
    pub(crate) what: String,
    /// What it is told.
    pub(crate) prompt: Option<String>,
    /// Clips that it makes at once.
    pub(crate) at_once: usize,
    /// Where it was trained here.
    pub(crate) training: Option<ModelTraining>,
    pub(crate) stage: Stage,
}

/// The model of the configuration.
pub(crate) fn model(
    lab: &mut Lab<'_>,
    demos: &Demonstrations,
    split: &Split,
    before: &Stage,
) -> Result<Video, PipelineError> {
    let settings = &lab.config.video;
    let at = Place { demos, split, before };
    match &settings.model {
        VideoChoice::Object => scratch::<ObjectLatentModel>(lab, at, &settings.train),
        VideoChoice::Pixel => scratch::<PixelModel>(lab, at, &settings.pixel),
        VideoChoice::Ready(choice) => ready(lab, choice),
    }
}

/// A model that is trained here.
trait Scratch: VideoModel + Sized + 'static {
    const NAME: &str;
    const KIND: GeneratorKind;
    const LOSS: &str;
    const WHAT: &str;
    const AT_ONCE: usize;
    type Settings: Serialize;
    type Error: Display;

    fn fit(
        settings: &Self::Settings,
        train: &[&Episode],
        valid: &[&Episode],
        device: &Device,
        options: FitOptions<'_>,
    ) -> Result<(Self, Curve), Self::Error>;
    fn write(&self, path: &Path) -> Result<(), Self::Error>;
    fn read(path: &Path, device: &Device) -> Result<Self, Self::Error>;
    fn size(&self) -> usize;
}

impl Scratch for ObjectLatentModel {
    const NAME: &str = "object-latent video model";
    const KIND: GeneratorKind = GeneratorKind::ObjectLatent;
    const LOSS: &str = "flow matching, normalised latents";
    const WHAT: &str = "a diffusion transformer trained on the same demonstrations";
    const AT_ONCE: usize = 10;
    type Settings = TrainSettings;
    type Error = VideoGenError;

    fn fit(
        settings: &TrainSettings,
        train: &[&Episode],
        valid: &[&Episode],
        device: &Device,
        options: FitOptions<'_>,
    ) -> Result<(Self, Curve), VideoGenError> {
        Self::train(settings, train, valid, device, options)
    }

    fn write(&self, path: &Path) -> Result<(), VideoGenError> {
        self.save(path)
    }

    fn read(path: &Path, device: &Device) -> Result<Self, VideoGenError> {
        Self::load(path, device)
    }

    fn size(&self) -> usize {
        self.parameters()
    }
}

impl Scratch for PixelModel {
    const NAME: &str = "pixel video model";
    const KIND: GeneratorKind = GeneratorKind::Pixel;
    const LOSS: &str = "denoising, errors over those of the best linear estimate";
    const WHAT: &str = "a small diffusion transformer trained on the same demonstrations";
    const AT_ONCE: usize = 1;
    type Settings = PixelTrainSettings;
    type Error = PixelError;

    fn fit(
        settings: &PixelTrainSettings,
        train: &[&Episode],
        valid: &[&Episode],
        device: &Device,
        options: FitOptions<'_>,
    ) -> Result<(Self, Curve), PixelError> {
        Self::train(settings, train, valid, device, options)
    }

    fn write(&self, path: &Path) -> Result<(), PixelError> {
        self.save(path)
    }

    fn read(path: &Path, device: &Device) -> Result<Self, PixelError> {
        Self::load(path, device)
    }

    fn size(&self) -> usize {
        self.parameters()
    }
}

/// What a training starts from.
struct Place<'a> {
    demos: &'a Demonstrations,
    split: &'a Split,
    before: &'a Stage,
}

fn scratch<M: Scratch>(lab: &mut Lab<'_>, at: Place<'_>, settings: &M::Settings) -> Result<Video, PipelineError> {
    let fail = failed("video model");
    let stage = lab.stage("video-model", &(settings, &at.before.hash), |lab, dir| {
        let own = |part: &[FrameRef]| -> Vec<&Episode> {
            let episodes = Split::episodes_of(part).into_iter();
            episodes.map(|e| &at.demos.episodes[e]).collect()
        };
        let (train, valid) = (own(&at.split.train), own(&at.split.validation));
        let options = FitOptions {
            label: "train video model",
            identity: &at.before.hash,
            out: Some(dir),
            progress: &mut *lab.progress,
            stop: lab.stop.clone(),
            replicas: &[],
        };
        let started = std::time::Instant::now();
        let (model, curve) = M::fit(settings, &train, &valid, &lab.device, options).map_err(|e| fail(&e))?;
        model.write(&dir.join(FILE)).map_err(|e| fail(&e))?;
        let training = ModelTraining {
            name: M::NAME.to_owned(),
            loss: M::LOSS.to_owned(),
            parameters: model.size(),
            curve: loss_points(&curve),
            seconds: started.elapsed().as_secs_f64(),
        };
        write_json(&dir.join("training.json"), &training)
    })?;
    Ok(Video {
        model: Box::new(M::read(&stage.dir.join(FILE), &lab.device).map_err(|e| fail(&e))?),
        kind: M::KIND,
        what: M::WHAT.to_owned(),
        prompt: None,
        at_once: M::AT_ONCE,
        training: Some(read_json(&stage.dir.join("training.json"))?),
        stage,
    })
}

/// A model that was trained elsewhere.
fn ready(lab: &mut Lab<'_>, choice: &ModelChoice) -> Result<Video, PipelineError> {
    let video = &lab.config.video;
    let memory = free_memory(&lab.device_name);
    let prompt = video.prompt.as_deref();
    let opened = choice
        .open(&video.sampling, Some(video.frames), prompt, memory, &lab.device)
        .map_err(|e| failed("video model")(&e))?;
    let inputs = (choice.to_string(), &opened.sha256, &video.sampling, &opened.prompt);
    let stage = lab.stage("video-model", &inputs, |_, dir| {
        write_json(&dir.join("model.json"), &inputs)
    })?;
    Ok(Video {
        kind: match choice {
            ModelChoice::Object(_) => GeneratorKind::ObjectLatent,
            _ => GeneratorKind::Pixel,
        },
        what: opened.model.name(),
        model: opened.model,
        prompt: opened.prompt,
        at_once: opened.at_once,
        training: None,
        stage,
    })
}

/// A curve of the harness as the report draws it: a validation loss goes to the training loss of the same step.
pub(super) fn loss_points(curve: &Curve) -> Vec<LossPoint> {
    let mut points: Vec<LossPoint> = Vec::new();
    for row in &curve.rows {
        match (row.train_loss, points.last_mut()) {
            (Some(train), _) => points.push(LossPoint {
                epoch: row.epoch,
                train,
                validation: row.valid_loss,
            }),
            (None, Some(last)) => last.validation = row.valid_loss.or(last.validation),
            (None, None) => {}
        }
    }
    points
}
