//! Video models: trained on the training part, or ones that are there already.

use std::fmt::Display;
use std::path::Path;

use burn::tensor::Device;
use eval::{GeneratorKind, LossPoint, ModelTraining};
use pusht_data::{Episode, FrameRef, Split, VideoModel};
use serde::Serialize;
use training::{Curve, FitOptions, free_memory};
use video_gen::{
    ModelChoice, ObjectLatentModel, OpenedModel, PixelError, PixelModel, PixelTrainSettings, Sampling, TrainSettings,
    VideoGenError,
};

use super::demonstrations::Demonstrations;
use super::{Lab, failed};
use crate::PipelineError;
use crate::config::{self, VideoChoice, VideoConfig};
use crate::stage::{Stage, read_json, write_json};

/// The trained model's file in its stage.
const FILE: &str = "model.safetensors";

/// What makes clips.
pub(crate) struct Maker {
    pub(crate) model: Box<dyn VideoModel>,
    /// What it is told.
    pub(crate) prompt: Option<String>,
    /// Clips that it makes at once.
    pub(crate) at_once: usize,
}

impl From<OpenedModel> for Maker {
    fn from(opened: OpenedModel) -> Self {
        Self {
            model: opened.model,
            prompt: opened.prompt,
            at_once: opened.at_once,
        }
    }
}

pub(crate) struct Video {
    pub(crate) maker: Maker,
    pub(crate) kind: GeneratorKind,
    /// As the verdict names it.
    pub(crate) what: String,
    /// Where it was trained here.
    pub(crate) training: Option<ModelTraining>,
    pub(crate) stage: Stage,
}

/// The model whose clips are trained on; none where its clips are there already.
pub(crate) fn model(lab: &mut Lab<'_>, at: Place<'_>) -> Result<Option<Video>, PipelineError> {
    let video = &lab.config.video;
    match Wish::main(video) {
        Some(wish) => ready(lab, &wish).map(Some),
        None => trained(lab, "video-model", &video.model, at),
    }
}

/// A model that is trained here, in the stage `name`; none where there is nothing to train.
pub(crate) fn trained(
    lab: &mut Lab<'_>,
    name: &str,
    choice: &VideoChoice,
    at: Place<'_>,
) -> Result<Option<Video>, PipelineError> {
    let settings = &lab.config.video;
    match choice {
        VideoChoice::Object => scratch::<ObjectLatentModel>(lab, name, at, &settings.train).map(Some),
        VideoChoice::Pixel => scratch::<PixelModel>(lab, name, at, &settings.pixel).map(Some),
        VideoChoice::Ready(_) | VideoChoice::Clips(_) => Ok(None),
    }
}

/// What makes the clips of a model that is there already.
pub(crate) struct Wish<'a> {
    pub(crate) choice: &'a ModelChoice,
    pub(crate) sampling: &'a Sampling,
    /// Its own length where none is given.
    pub(crate) frames: Option<usize>,
    pub(crate) prompt: Option<&'a str>,
}

impl<'a> Wish<'a> {
    /// The one whose clips are trained on, where it is there already.
    fn main(video: &'a VideoConfig) -> Option<Self> {
        let VideoChoice::Ready(choice) = &video.model else {
            return None;
        };
        Some(Self {
            choice,
            sampling: &video.sampling,
            frames: Some(video.frames),
            prompt: video.prompt.as_deref(),
        })
    }

    /// As [`Self::open`], without reading anything large.
    fn check(&self, lab: &Lab<'_>) -> Result<(), PipelineError> {
        if self.choice.reads_boards() {
            return self.open(lab).map(drop);
        }
        let memory = free_memory(&lab.device_name);
        let checked = (self.choice).check(self.sampling, self.frames, self.prompt, memory, &lab.device);
        checked.map_err(|e| failed(&format!("video model {}", self.choice))(&e))
    }

    pub(crate) fn open(&self, lab: &Lab<'_>) -> Result<OpenedModel, PipelineError> {
        let fail = failed(&format!("video model {}", self.choice));
        // These know what they make; a length that they do not is refused before anything is generated.
        let (longest, only) = match self.choice {
            ModelChoice::Object(_) => (true, false),
            ModelChoice::Pixel(_) => (false, true),
            ModelChoice::Ltx(_) | ModelChoice::Cosmos(_) => (false, false),
        };
        let asked = self.frames.filter(|_| !longest && !only);
        let memory = free_memory(&lab.device_name);
        let opened = self.choice.open(self.sampling, asked, self.prompt, memory, &lab.device);
        let mut opened = opened.map_err(|e| fail(&e))?;
        if let Some(frames) = self.frames {
            let own = opened.frames;
            if (longest && frames > own) || (only && frames != own) {
                let most = if longest { "at most " } else { "" };
                return Err(fail(&format!(
                    "it makes clips of {most}{own} frames; {frames} were asked for"
                )));
            }
            opened.frames = frames;
        }
        Ok(opened)
    }
}

/// Finds what is wrong with the files of models that are there already before anything long is done.
pub(crate) fn check(lab: &Lab<'_>) -> Result<(), PipelineError> {
    let video = &lab.config.video;
    let wishes = Wish::main(video)
        .into_iter()
        .chain(video.others.iter().filter_map(config::OtherGenerator::wish));
    for wish in wishes {
        wish.check(lab)?;
    }
    Ok(())
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
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) demos: &'a Demonstrations,
    pub(crate) split: &'a Split,
    /// The split's stage.
    pub(crate) before: &'a Stage,
}

fn scratch<M: Scratch>(
    lab: &mut Lab<'_>,
    name: &str,
    at: Place<'_>,
    settings: &M::Settings,
) -> Result<Video, PipelineError> {
    let fail = failed("video model");
    let stage = lab.stage(name, &(settings, &at.before.hash), |lab, dir| {
        let own = |part: &[FrameRef]| -> Vec<&Episode> {
            let episodes = Split::episodes_of(part).into_iter();
            episodes.map(|e| &at.demos.episodes[e]).collect()
        };
        let (train, valid) = (own(&at.split.train), own(&at.split.validation));
        let options = FitOptions {
            label: "train video model",
            identity: &at.before.hash,
            out: Some(dir),
            ctx: &mut *lab.ctx,
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
        maker: Maker {
            model: Box::new(M::read(&stage.dir.join(FILE), &lab.device).map_err(|e| fail(&e))?),
            prompt: None,
            at_once: M::AT_ONCE,
        },
        kind: M::KIND,
        what: M::WHAT.to_owned(),
        training: Some(read_json(&stage.dir.join("training.json"))?),
        stage,
    })
}

/// A model that was trained elsewhere.
fn ready(lab: &mut Lab<'_>, wish: &Wish<'_>) -> Result<Video, PipelineError> {
    let (choice, sampling) = (wish.choice, wish.sampling);
    let opened = wish.open(lab)?;
    let inputs = (choice.to_string(), &opened.sha256, sampling, &opened.prompt);
    let stage = lab.stage("video-model", &inputs, |_, dir| {
        write_json(&dir.join("model.json"), &inputs)
    })?;
    Ok(Video {
        kind: match choice {
            ModelChoice::Object(_) => GeneratorKind::ObjectLatent,
            _ => GeneratorKind::Pixel,
        },
        what: opened.model.name(),
        maker: opened.into(),
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
