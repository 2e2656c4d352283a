//! Generators that stand beside the one whose clips are trained on: between the same ends, judged alike and shown.

use eval::{ModelTraining, OtherGenerator, QualityReport};
use serde::{Deserialize, Serialize};

use super::ends::{Ends, Length, at_length};
use super::generate;
use super::video::{Maker, Place, Wish, trained};
use super::{Lab, failed};
use crate::PipelineError;
use crate::config;
use crate::config::VideoChoice;
use crate::stage::{read_json, write_json};

/// Another generator, and how it was trained where that was done here.
pub(crate) struct Judged {
    pub(crate) generator: OtherGenerator,
    pub(crate) training: Option<ModelTraining>,
}

/// What is kept of one, beside its clips.
#[derive(Serialize, Deserialize)]
struct Record {
    name: String,
    prompt: Option<String>,
    ends: Vec<Ends>,
    quality: QualityReport,
}

impl config::OtherGenerator {
    pub(super) fn wish(&self) -> Option<Wish<'_>> {
        let VideoChoice::Ready(choice) = &self.model else {
            return None;
        };
        Some(Wish {
            choice,
            sampling: &self.sampling,
            frames: self.frames,
            prompt: self.prompt.as_deref(),
        })
    }
}

/// All of the configuration; `main` is the name of the one that is trained on, `ends` are those of its clips.
pub(super) fn run(lab: &mut Lab<'_>, at: Place<'_>, main: &str, ends: &[Ends]) -> Result<Vec<Judged>, PipelineError> {
    let mut names = vec![main.to_owned()];
    let mut all = Vec::new();
    for (index, other) in lab.config.video.others.iter().enumerate() {
        let mut judged = one(lab, at, index, other, ends)?;
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
    lab: &mut Lab<'_>,
    at: Place<'_>,
    index: usize,
    other: &config::OtherGenerator,
    ends: &[Ends],
) -> Result<Judged, PipelineError> {
    let video = &lab.config.video;
    // The clips that are trained on are number 1.
    let number = index + 2;
    let made_here = trained(lab, &format!("video-model-{number}"), &other.model, at)?;
    let (mut maker, mut length, mut identity, mut training) = (None, None, None, None);
    if let Some(model) = made_here {
        length = Some(match other.model {
            VideoChoice::Object => Length::UpTo(video.train.model.max_frames),
            _ => Length::Exactly(video.pixel.model.frames()),
        });
        (maker, identity, training) = (Some(model.maker), Some(model.stage.hash), model.training);
    } else if let Some(wish) = other.wish().filter(|wish| wish.choice.reads_boards()) {
        // What is small is read at once, for its hash; the rest only where there is something to generate.
        let opened = wish.open(lab)?;
        length = Some(wish.length(opened.frames));
        identity.clone_from(&opened.sha256);
        maker = Some(opened.into());
    }
    let folder = format!("clips-{number}");
    let fail = failed(&folder);
    let inputs = (other, ends, length.map(|l| format!("{l:?}")), identity, &at.before.hash);
    let stage = lab.stage(&folder, &inputs, |lab, dir| {
        let (maker, length): (Maker, Length) = match (maker, length, other.wish()) {
            (Some(maker), Some(length), _) => (maker, length),
            (_, _, Some(wish)) => {
                let opened = wish.open(lab)?;
                let length = wish.length(opened.frames);
                (opened.into(), length)
            }
            _ => return Err(fail(&"names no model")),
        };
        let fitted = at_length(ends, at.split, length);
        if fitted.is_empty() {
            return Err(fail(&format!(
                "{} makes clips of {}, and no demonstration that the clips of video.model are drawn from has so many \
                 frames in the training part",
                other.model,
                length.words()
            )));
        }
        lab.ctx.say(&format!("{folder}: {}", other.model));
        generate::generate(lab, dir, at.demos, &maker, &fitted)?;
        let name = maker.model.name();
        let quality = generate::judge(lab, dir, at.demos, &fitted, &name)?;
        for i in 0..fitted.len().min(generate::SHOWN) {
            generate::draw(dir, i, &generate::read(dir, i)?)?;
        }
        let record = Record {
            name,
            prompt: maker.prompt,
            ends: fitted,
            quality,
        };
        write_json(&dir.join("record.json"), &record)
    })?;
    let record: Record = read_json(&stage.dir.join("record.json"))?;
    Ok(Judged {
        generator: OtherGenerator {
            name: record.name,
            model: other.model.to_string(),
            prompt: record.prompt,
            quality: record.quality,
            pictures: generate::pictures(&folder, record.ends.iter().enumerate().map(generate::caption)),
        },
        training,
    })
}

impl Wish<'_> {
    /// Of a model that makes clips of this many frames where nothing else is asked for.
    fn length(&self, frames: usize) -> Length {
        match self.choice {
            video_gen::ModelChoice::Object(_) => Length::UpTo(frames),
            _ => Length::Exactly(frames),
        }
    }
}
