//! Clips of the other generators, for comparison with the one whose clips are trained on: between the same start and
//! end frames where that one's are between frames of demonstrations; evaluated in the same way and shown.

use std::path::Path;

use clip_audit::QualityReport;
use pusht_jobs::{JobContext, Key, Runner, Stage};
use report::{ModelTraining, OtherGenerator};
use serde::{Deserialize, Serialize};

use super::asked::Asked;
use super::ends::{Ends, at_length};
use super::evaluate::evaluate_clips;
use super::make::make_clips;
use super::store;
use crate::PipelineError;
use crate::config;
use crate::error::failed;
use crate::files::{read_json, write_json};
use crate::generators::{Generator, Length, LoadedGenerator, Model, TrainingData};

/// Another generator, and its training if it was trained in the experiment.
pub(crate) struct Judged {
    pub(crate) generator: OtherGenerator,
    pub(crate) training: Option<ModelTraining>,
}

/// Clips of `generators`; `main` is the name of the generator whose clips are trained on, `ends` are the endpoints
/// that are asked for.
pub(crate) fn clips_beside(
    generators: &[Generator<'_>],
    on: TrainingData<'_>,
    main: &str,
    ends: &[Ends],
    runner: &mut Runner,
    ctx: &mut JobContext,
) -> Result<Vec<Judged>, PipelineError> {
    let mut names = vec![main.to_owned()];
    let mut all = Vec::new();
    let configured = generators.iter().filter_map(|g| Some((g, g.beside?)));
    for (index, (generator, other)) in configured.enumerate() {
        let mut judged = one(generator, other, on, ends, runner, ctx)?;
        let name = &mut judged.generator.name;
        if names.contains(name) {
            *name = format!("{name}, video.others[{index}]");
            judged.generator.quality.rename(name);
        }
        names.push(name.clone());
        all.push(judged);
    }
    Ok(all)
}

fn one(
    generator: &Generator<'_>,
    other: &config::OtherGeneratorConfig,
    on: TrainingData<'_>,
    ends: &[Ends],
    runner: &mut Runner,
    ctx: &mut JobContext,
) -> Result<Judged, PipelineError> {
    let (mut loaded, mut length, mut identity, mut training) = (None, None, None, None);
    match &generator.model {
        Model::Trained(trainable) => {
            let video = generator.video(on, runner, ctx)?;
            length = Some(trainable.length());
            identity = Some(video.key);
            loaded = Some(video.output.loaded);
            training = video.output.training;
        }
        // Small models are loaded at once, for their hash; the others only if clips are missing.
        Model::Ready(ready) if ready.is_small() => {
            let opened = ready.open()?;
            length = Some(ready.length(opened.frames));
            identity = opened.sha256.clone().map(Key::external);
            loaded = Some(opened.into());
        }
        Model::Ready(_) => {}
    }
    let stage = ClipsBeside {
        generator,
        other,
        on,
        ends,
        length,
        identity,
        loaded,
    };
    let done = runner.run(&stage, ctx)?;
    Ok(Judged {
        generator: done.output,
        training,
    })
}

/// The stage of one of these generators.
struct ClipsBeside<'a> {
    generator: &'a Generator<'a>,
    other: &'a config::OtherGeneratorConfig,
    on: TrainingData<'a>,
    ends: &'a [Ends],
    /// Known for small models and those trained in the experiment.
    length: Option<Length>,
    identity: Option<Key>,
    loaded: Option<LoadedGenerator>,
}

/// Record of the clips, saved beside their frames.
#[derive(Serialize, Deserialize)]
struct Record {
    name: String,
    prompt: Option<String>,
    ends: Vec<Ends>,
    quality: QualityReport,
}

const RECORD: &str = "record.json";

impl Stage for ClipsBeside<'_> {
    type Output = OtherGenerator;
    type Error = PipelineError;

    fn name(&self) -> String {
        self.generator.clips_stage()
    }

    fn inputs(&self) -> impl Serialize {
        let length = self.length.map(|length| format!("{length:?}"));
        (self.other, self.ends, length, &self.identity, &self.on.split.key)
    }

    fn run(&self, dir: &Path, ctx: &mut JobContext) -> Result<(), PipelineError> {
        let opened: LoadedGenerator;
        let (loaded, length) = match (&self.loaded, self.length, &self.generator.model) {
            (Some(loaded), Some(length), _) => (loaded, length),
            (_, _, Model::Ready(ready)) => {
                let model = ready.open()?;
                let length = ready.length(model.frames);
                opened = model.into();
                (&opened, length)
            }
            (_, _, Model::Trained(_)) => return Err(failed(&self.name())(&"its model is not there")),
        };
        let demos = self.on.demos;
        let fitted = at_length(self.ends, &self.on.split.output, length);
        if fitted.is_empty() {
            return Err(failed(&self.name())(&format!(
                "{} makes clips of {}, and no demonstration that the clips of video.model are drawn from has so many \
                 frames in the training part",
                self.other.model,
                length.words()
            )));
        }
        ctx.say(&format!("{}: {}", self.name(), self.other.model));
        let asked: Vec<Asked> = fitted.iter().cloned().map(Asked::Between).collect();
        make_clips(dir, demos, loaded, &asked, 0, ctx)?;
        let name = loaded.model.name();
        let quality = evaluate_clips(dir, demos, &fitted, &name, ctx)?;
        for i in 0..fitted.len().min(store::SHOWN) {
            store::show(dir, i, &store::read(dir, i)?)?;
        }
        let record = Record {
            name,
            prompt: loaded.prompt.clone(),
            ends: fitted,
            quality,
        };
        write_json(&dir.join(RECORD), &record)
    }

    fn load(&self, dir: &Path, _: &mut JobContext) -> Result<OtherGenerator, PipelineError> {
        let record: Record = read_json(&dir.join(RECORD))?;
        let asked: Vec<Asked> = record.ends.into_iter().map(Asked::Between).collect();
        Ok(OtherGenerator {
            name: record.name,
            model: self.other.model.to_string(),
            prompt: record.prompt,
            quality: record.quality,
            pictures: store::pictures(&self.name(), asked.iter().enumerate().map(Asked::caption)),
        })
    }
}
