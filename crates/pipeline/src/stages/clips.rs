//! Clips that are trained on: start and end frames from the training part, generated, tracked and labelled.

use std::path::Path;

use eval::{GeneratorKind, Picture, QualityReport};
use labelling::{Job, Labelled, Method, Settings, Stretch};
use pusht_data::{Episode, InverseDynamics, Provenance, Split};
use pusht_env::State;
use serde::{Deserialize, Serialize};

use super::demonstrations::Demonstrations;
use super::ends::{self, Ends};
use super::generate::{self, folder, read};
use super::inverse::Learned;
use super::video::Video;
use super::{Lab, failed};
use crate::PipelineError;
use crate::stage::{Stage, read_json, write_json};

pub(crate) struct Clips {
    /// What can be trusted of them.
    pub(crate) episodes: Vec<Episode>,
    /// How good they are; none of clips that lie between no ends of demonstrations.
    pub(crate) quality: Option<QualityReport>,
    /// Frames of all clips, and of the episodes.
    pub(crate) frames: [usize; 2],
    pub(crate) stage: Stage,
    pub(crate) pictures: Vec<Picture>,
    /// Where they begin and end, as far as that is known.
    pub(super) ends: Vec<Ends>,
}

/// A clip as it is kept: its frames lie in a folder of pictures.
#[derive(Serialize, Deserialize)]
struct Clip {
    ends: Ends,
    /// What can be trusted of it.
    stretches: Vec<Stretch>,
}

pub(crate) fn run(
    lab: &mut Lab<'_>,
    demos: &Demonstrations,
    split: &Split,
    video: &Video,
    learned: &Learned,
) -> Result<Clips, PipelineError> {
    let fail = failed("clips");
    let settings = &lab.config.video;
    let inputs = (
        "judged",
        settings.clips,
        settings.frames,
        lab.config.idm.labels,
        &video.stage.hash,
        &learned.stage.hash,
    );
    let labeller = learned.labeller(lab.config.idm.labels);
    let stage = lab.stage("clips", &inputs, |lab, dir| {
        let shorter = video.kind == GeneratorKind::ObjectLatent;
        let ends = ends::draw(split, &demos.episodes, settings.clips, settings.frames, shorter);
        if ends.is_empty() {
            return Err(fail(&format!(
                "no training episode has a clip of {} frames; ask for fewer (video.frames)",
                settings.frames
            )));
        }
        generate::generate(lab, dir, demos, &video.maker, &ends)?;
        let quality = generate::judge(lab, dir, demos, &ends, &video.maker.model.name())?;
        write_json(&dir.join("quality.json"), &quality)?;
        let stretches = label(lab, dir, ends.len(), labeller.as_ref())?;
        let clips: Vec<Clip> = ends
            .into_iter()
            .zip(stretches)
            .map(|(ends, stretches)| Clip { ends, stretches })
            .collect();
        write_json(&dir.join("clips.json"), &clips)?;
        (0..clips.len().min(generate::SHOWN)).try_for_each(|i| generate::draw(dir, i, &read(dir, i)?))
    })?;
    let clips: Vec<Clip> = read_json(&stage.dir.join("clips.json"))?;
    let name = video.maker.model.name();
    let (mut episodes, mut all) = (Vec::new(), 0);
    for (i, clip) in clips.iter().enumerate() {
        let frames = read(&stage.dir, i)?;
        all += frames.len();
        for stretch in &clip.stretches {
            let labelled = stretch.first..stretch.first + stretch.actions.len();
            let Some(frames) = frames.get(labelled) else {
                return Err(fail(&format!(
                    "clip {i} has fewer frames than labels; remove {} and run again",
                    stage.dir.display()
                )));
            };
            episodes.push(Episode {
                frames: frames.to_vec(),
                actions: stretch.actions.clone(),
                states: Some(stretch.states.iter().map(|row| State::from_row(*row)).collect()),
                goal: demos.episodes[clip.ends.episode].goal,
                provenance: Provenance {
                    source: name.clone(),
                    index: i,
                    seed: Some(clip.ends.seed),
                    actions: labeller.name(),
                },
            });
        }
    }
    let trusted = episodes.iter().map(Episode::len).sum();
    if episodes.is_empty() {
        return Err(fail(&format!(
            "no action of the {} clips can be trusted, so there is nothing to train on; look at them in {}",
            clips.len(),
            stage.dir.display()
        )));
    }
    let ends: Vec<Ends> = clips.into_iter().map(|clip| clip.ends).collect();
    Ok(Clips {
        quality: Some(read_json(&stage.dir.join("quality.json"))?),
        episodes,
        frames: [all, trusted],
        pictures: generate::pictures("clips", ends.iter().enumerate().map(generate::caption)),
        stage,
        ends,
    })
}

/// The trusted stretches of every clip.
fn label(
    lab: &mut Lab<'_>,
    dir: &Path,
    clips: usize,
    labeller: &dyn InverseDynamics,
) -> Result<Vec<Vec<Stretch>>, PipelineError> {
    let fail = failed("clips");
    let job = Job {
        videos: (0..clips).map(|i| folder(dir, i)).collect(),
        method: Method::Model(labeller),
        settings: Settings { fps: Some(10) },
        part: None,
    };
    let file = dir.join("labels.jsonl");
    job.run(&file, lab.ctx).map_err(|e| fail(&e))?;
    let labelled = Labelled::open(std::slice::from_ref(&file)).map_err(|e| fail(&e))?;
    let stretches = labelled
        .records()
        .map(|record| Ok(record.map_err(|e| fail(&e))?.stretches))
        .collect::<Result<_, PipelineError>>();
    // The labels that count are in clips.json.
    std::fs::remove_file(&file).map_err(crate::stage::io(&file))?;
    stretches
}
