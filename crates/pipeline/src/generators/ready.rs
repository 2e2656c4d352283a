//! Existing video models.

use std::path::Path;

use eval::GeneratorKind;
use pusht_jobs::{Done, JobContext, Runner, Stage};
use serde::Serialize;
use video_gen::{ClipLengths, LoadOptions, LoadedModel, ModelSpec, SamplingOptions};

use super::model::{Length, Video};
use crate::PipelineError;
use crate::error::failed;
use crate::files::write_json;
use crate::machine::Machine;

/// An existing model and its options.
pub(crate) struct Ready<'a> {
    pub(crate) spec: &'a ModelSpec,
    pub(crate) sampling: &'a SamplingOptions,
    /// Frames per clip; `None`: the model's own length.
    pub(crate) frames: Option<usize>,
    pub(crate) prompt: Option<&'a str>,
    pub(crate) machine: &'a Machine,
}

impl Ready<'_> {
    /// Checks what [`Self::open`] checks, without reading large files.
    pub(super) fn check(&self) -> Result<(), PipelineError> {
        if self.is_small() {
            return self.open().map(drop);
        }
        let options = self.options(self.frames);
        self.spec.check(&options).map_err(|e| self.failed(&e))
    }

    /// Loads the model.
    pub(crate) fn open(&self) -> Result<LoadedModel, PipelineError> {
        // A length that the model does not support is refused before anything is generated.
        let (longest, only) = match self.spec.info().lengths {
            ClipLengths::UpTo => (true, false),
            ClipLengths::Fixed => (false, true),
            _ => (false, false),
        };
        let asked = self.frames.filter(|_| !longest && !only);
        let loaded = self.spec.load(&self.options(asked));
        let mut loaded = loaded.map_err(|e| self.failed(&e))?;
        if let Some(frames) = self.frames {
            let own = loaded.frames;
            if (longest && frames > own) || (only && frames != own) {
                let most = if longest { "at most " } else { "" };
                let reason = format!("it makes clips of {most}{own} frames; {frames} were asked for");
                return Err(self.failed(&reason));
            }
            loaded.frames = frames;
        }
        Ok(loaded)
    }

    fn options(&self, frames: Option<usize>) -> LoadOptions {
        LoadOptions {
            sampling: self.sampling.clone(),
            frames,
            prompt: self.prompt.map(str::to_owned),
            memory: self.machine.free_memory(),
            device: self.machine.device.clone(),
        }
    }

    /// Whether it loads quickly.
    pub(crate) fn is_small(&self) -> bool {
        self.spec.info().requires_96px
    }

    /// Supported lengths of a model with a default of `frames`.
    pub(crate) fn length(&self, frames: usize) -> Length {
        match (self.spec.info().lengths, self.frames) {
            (ClipLengths::UpTo, _) => Length::UpTo(frames),
            // As long as the clips that it stands beside.
            (ClipLengths::All, None) => Length::UpTo(usize::MAX),
            _ => Length::Exactly(frames),
        }
    }

    /// Loads the model and records its identity in the stage `folder`.
    pub(super) fn video(
        &self,
        folder: String,
        runner: &mut Runner,
        ctx: &mut JobContext,
    ) -> Result<Done<Video>, PipelineError> {
        let opened = self.open()?;
        if let Some(adapters) = &opened.adapters {
            ctx.say(adapters);
        }
        let kept = runner.run(
            &KeepModel {
                folder,
                ready: self,
                opened: &opened,
            },
            ctx,
        )?;
        Ok(kept.map(|()| Video {
            kind: match self.spec.info().generates_states {
                true => GeneratorKind::ObjectLatent,
                false => GeneratorKind::Pixel,
            },
            what: opened.model.name(),
            loaded: opened.into(),
            training: None,
        }))
    }

    fn failed(&self, error: &dyn std::fmt::Display) -> PipelineError {
        failed(&format!("video model {}", self.spec))(error)
    }
}

/// What determines the clips of a model.
#[derive(Serialize)]
#[serde(untagged)]
enum Identity<'a, T> {
    Plain(T),
    /// With how its adapters were understood.
    Adapted(T, &'a str),
}

/// Stage that records the identity of the model.
struct KeepModel<'a> {
    folder: String,
    ready: &'a Ready<'a>,
    opened: &'a LoadedModel,
}

impl Stage for KeepModel<'_> {
    type Output = ();
    type Error = PipelineError;

    fn name(&self) -> String {
        self.folder.clone()
    }

    fn inputs(&self) -> impl Serialize {
        let Self { ready, opened, .. } = self;
        let model = (ready.spec.to_string(), &opened.sha256, ready.sampling, &opened.prompt);
        match &opened.adapters {
            None => Identity::Plain(model),
            Some(adapters) => Identity::Adapted(model, adapters),
        }
    }

    fn run(&self, dir: &Path, _: &mut JobContext) -> Result<(), PipelineError> {
        write_json(&dir.join("model.json"), &self.inputs())
    }

    fn load(&self, _: &Path, _: &mut JobContext) -> Result<(), PipelineError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_of_every_length_makes_clips_as_long_as_those_beside_it() {
        let machine = Machine::open("cpu").unwrap();
        let length = |spec: &str, frames| {
            let spec: ModelSpec = spec.parse().unwrap();
            let ready = Ready {
                spec: &spec,
                sampling: &SamplingOptions::default(),
                frames,
                prompt: None,
                machine: &machine,
            };
            ready.length(frames.unwrap_or(48))
        };
        for spec in ["pixel", "pixel:a"] {
            assert_eq!(length(spec, None), Length::UpTo(usize::MAX));
            assert_eq!(length(spec, Some(20)), Length::Exactly(20));
        }
        assert_eq!(length("object:a", None), Length::UpTo(48));
        assert_eq!(length("ltx:a", None), Length::Exactly(48));
    }
}
