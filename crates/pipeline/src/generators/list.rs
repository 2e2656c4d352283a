//! The generators of an experiment.

use std::path::Path;

use pusht_jobs::{Done, JobContext, Runner};

use super::model::Video;
use super::ready::Ready;
use super::trained::{Trainable, TrainingData};
use crate::PipelineError;
use crate::config::{OtherGeneratorConfig, VideoChoice, VideoConfig};
use crate::machine::Machine;

/// All generators of an experiment.
pub(crate) struct Generators<'a> {
    /// Source of the clips that are trained on.
    pub(crate) first: ClipsFrom<'a>,
    /// Other generators, for comparison.
    pub(crate) beside: Vec<Generator<'a>>,
}

/// Source of clips.
pub(crate) enum ClipsFrom<'a> {
    Generator(Generator<'a>),
    /// A folder of existing clips.
    Folder(&'a Path),
}

/// A generator of the experiment.
pub(crate) struct Generator<'a> {
    /// Number from 1, the generator whose clips are trained on.
    number: usize,
    pub(crate) model: Model<'a>,
    /// Its configuration, for a generator for comparison.
    pub(crate) beside: Option<&'a OtherGeneratorConfig>,
}

/// Model of a generator.
pub(crate) enum Model<'a> {
    Trained(&'a dyn Trainable),
    Ready(Ready<'a>),
}

impl<'a> Generators<'a> {
    /// The generators of a configuration.
    pub(crate) fn of(video: &'a VideoConfig, machine: &'a Machine) -> Self {
        // A model that the experiment trains needs a line here; an existing one is selected by a `ModelSpec` of
        // video-gen.
        let model = |choice: &'a VideoChoice, sampling, frames, prompt: &'a Option<String>| match choice {
            VideoChoice::Object => Ok(Model::Trained(&video.train)),
            VideoChoice::Pixel => Ok(Model::Trained(&video.pixel)),
            VideoChoice::Ready(spec) => Ok(Model::Ready(Ready {
                spec,
                sampling,
                frames,
                prompt: prompt.as_deref(),
                machine,
            })),
            VideoChoice::Clips(folder) => Err(folder.as_path()),
        };
        let first = match model(&video.model, &video.sampling, Some(video.frames), &video.prompt) {
            Ok(model) => ClipsFrom::Generator(Generator {
                number: 1,
                model,
                beside: None,
            }),
            Err(folder) => ClipsFrom::Folder(folder),
        };
        let others = video.others.iter().zip(2..).filter_map(|(other, number)| {
            // Folders are not allowed here; the configuration has been checked.
            let model = model(&other.model, &other.sampling, other.frames, &other.prompt).ok()?;
            Some(Generator {
                number,
                model,
                beside: Some(other),
            })
        });
        Self {
            first,
            beside: others.collect(),
        }
    }

    /// All generators that generate clips in the experiment.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Generator<'a>> {
        let first = match &self.first {
            ClipsFrom::Generator(generator) => Some(generator),
            ClipsFrom::Folder(_) => None,
        };
        first.into_iter().chain(&self.beside)
    }
}

impl Generator<'_> {
    /// Name of the stage in which the model is trained or recorded.
    pub(crate) fn model_stage(&self) -> String {
        self.numbered("video-model")
    }

    /// Name of the stage in which its clips are generated.
    pub(crate) fn clips_stage(&self) -> String {
        self.numbered("clips")
    }

    /// Names of its stages, in order.
    pub(crate) fn stages(&self) -> Vec<String> {
        match (&self.model, self.number) {
            // An existing model for comparison has no record of its own.
            (Model::Ready(_), 2..) => vec![self.clips_stage()],
            _ => vec![self.model_stage(), self.clips_stage()],
        }
    }

    fn numbered(&self, name: &str) -> String {
        match self.number {
            1 => name.to_owned(),
            number => format!("{name}-{number}"),
        }
    }

    /// Checks the model's files before any long stage.
    pub(crate) fn check(&self) -> Result<(), PipelineError> {
        match &self.model {
            Model::Trained(_) => Ok(()),
            Model::Ready(ready) => ready.check(),
        }
    }

    /// Trains or loads the model.
    pub(crate) fn video(
        &self,
        on: TrainingData<'_>,
        runner: &mut Runner,
        ctx: &mut JobContext,
    ) -> Result<Done<Video>, PipelineError> {
        match &self.model {
            Model::Trained(trainable) => trainable.train(self.model_stage(), on, runner, ctx),
            Model::Ready(ready) => ready.video(self.model_stage(), runner, ctx),
        }
    }
}
