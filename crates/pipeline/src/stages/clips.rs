//! Clips: start and end frames from the training part, generated, tracked and labelled.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use eval::{Bootstrap, ClipQuality, GeneratorKind, Judge, Picture, QualityReport, Shows, cross_fade};
use labelling::{Job, Labelled, Method, Settings, Stretch};
use pusht_data::{Episode, FrameRef, InverseDynamics, Provenance, Split, VideoRequest};
use pusht_env::{Frame, State};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use video_io::{VideoOptions, read_frames, save_video};

use super::demonstrations::{Demonstrations, strip};
use super::inverse::Learned;
use super::video::Video;
use super::{Lab, failed};
use crate::PipelineError;
use crate::stage::{Stage, read_json, write_json};

pub(crate) struct Clips {
    /// What can be trusted of them.
    pub(crate) episodes: Vec<Episode>,
    /// How good they are.
    pub(crate) quality: QualityReport,
    /// Frames of all clips, and of the episodes.
    pub(crate) frames: [usize; 2],
    pub(crate) stage: Stage,
    pub(crate) pictures: Vec<Picture>,
}

/// Where a clip begins and ends, as rows of a demonstration.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Ends {
    episode: usize,
    start: usize,
    end: usize,
    seed: u64,
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
        let ends = draw(split, &demos.episodes, settings.clips, settings.frames, shorter);
        if ends.is_empty() {
            return Err(fail(&format!(
                "no training episode has a clip of {} frames; ask for fewer (video.frames)",
                settings.frames
            )));
        }
        generate(lab, dir, demos, video, &ends)?;
        let stretches = label(lab, dir, ends.len(), labeller.as_ref())?;
        let clips: Vec<Clip> = ends
            .into_iter()
            .zip(stretches)
            .map(|(ends, stretches)| Clip { ends, stretches })
            .collect();
        write_json(&dir.join("clips.json"), &clips)?;
        let name = video.model.name();
        let quality = quality(lab, dir, demos, &clips, &name)?;
        write_json(&dir.join("quality.json"), &quality)?;
        for i in 0..clips.len().min(3) {
            let frames = read(dir, i)?;
            strip(dir, i, &frames)?;
            let options = VideoOptions {
                scale: 3,
                ..VideoOptions::default()
            };
            save_video(dir.join(format!("clip_{i}.mp4")), &frames, options).map_err(|e| fail(&e))?;
        }
        Ok(())
    })?;
    let clips: Vec<Clip> = read_json(&stage.dir.join("clips.json"))?;
    let name = video.model.name();
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
    let mut pictures = Vec::new();
    for (i, clip) in clips.iter().enumerate().take(3) {
        let Ends {
            episode, start, end, ..
        } = clip.ends;
        let caption = format!("Clip {i}: start and end are rows {start} and {end} of demonstration {episode}");
        for file in [format!("clips/strip_{i}.png"), format!("clips/clip_{i}.mp4")] {
            pictures.push(Picture {
                shows: Shows::Generated,
                caption: caption.clone(),
                file,
            });
        }
    }
    Ok(Clips {
        quality: read_json(&stage.dir.join("quality.json"))?,
        episodes,
        frames: [all, trusted],
        stage,
        pictures,
    })
}

/// The clips beside cross-fades between their ends, their first frames, and the demonstrations between those ends.
fn quality(
    lab: &mut Lab<'_>,
    dir: &Path,
    demos: &Demonstrations,
    clips: &[Clip],
    name: &str,
) -> Result<QualityReport, PipelineError> {
    let fail = failed("clips");
    let judge = Judge::new().map_err(|e| fail(&e))?;
    lab.progress.begin("judge clips", clips.len());
    let mut sets: [Vec<ClipQuality>; 4] = Default::default();
    for (block, some) in clips.chunks(8).enumerate() {
        lab.check_stop()?;
        let of = |(i, clip): (usize, &Clip)| -> Result<[ClipQuality; 4], PipelineError> {
            let Ends {
                episode, start, end, ..
            } = clip.ends;
            let truth = &demos.episodes[episode].frames[start..=end];
            let made = read(dir, block * 8 + i)?;
            let fade = cross_fade(&truth[0], &truth[end - start], truth.len());
            let still = vec![truth[0].clone(); truth.len()];
            let judged = |frames: &[Frame]| judge.clip(frames, truth).map_err(|e| fail(&format!("clip {i}: {e}")));
            Ok([judged(&made)?, judged(&fade)?, judged(&still)?, judged(truth)?])
        };
        let judged: Result<Vec<_>, PipelineError> = some.par_iter().enumerate().map(of).collect();
        for clip in judged? {
            sets.iter_mut().zip(clip).for_each(|(set, quality)| set.push(quality));
        }
        lab.progress.advance(sets[0].len(), "");
    }
    lab.progress.end(&format!("{} clips", clips.len()));
    QualityReport::new(name, sets.each_ref().map(Vec::as_slice), &Bootstrap::default()).map_err(|e| fail(&e))
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
    lab.progress.begin("label clips", clips);
    let progress = Mutex::new(&mut *lab.progress);
    job.run(&file, &|done, _| {
        progress
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .advance(done, "");
    })
    .map_err(|e| fail(&e))?;
    lab.progress.end(&labeller.name());
    let labelled = Labelled::open(std::slice::from_ref(&file)).map_err(|e| fail(&e))?;
    let stretches = labelled
        .records()
        .map(|record| Ok(record.map_err(|e| fail(&e))?.stretches))
        .collect::<Result<_, PipelineError>>();
    // The labels that count are in clips.json.
    std::fs::remove_file(&file).map_err(crate::stage::io(&file))?;
    stretches
}

/// Pairs of training frames of one episode, `frames` apart (with `shorter`, less in shorter episodes), drawn evenly over all
/// such pairs.
fn draw(split: &Split, episodes: &[Episode], clips: usize, frames: usize, shorter: bool) -> Vec<Ends> {
    let train: HashSet<FrameRef> = split.train.iter().copied().collect();
    let pairs: Vec<(usize, usize, usize)> = split
        .train
        .iter()
        .filter_map(|r| {
            let (episode, start) = (r.episode as usize, r.row as usize);
            let length = if shorter {
                frames.min(episodes[episode].len())
            } else {
                frames
            };
            let end = start + length - 1;
            (end >= start + 3 && train.contains(&FrameRef::new(episode, end))).then_some((episode, start, end))
        })
        .collect();
    let mut rng = Pcg64::seed_from_u64(split.seed);
    let mut draw = || {
        let &(episode, start, end) = pairs.choose(&mut rng)?;
        Some(Ends {
            episode,
            start,
            end,
            seed: rng.next_u64(),
        })
    };
    (0..clips).map_while(|_| draw()).collect()
}

fn generate(
    lab: &mut Lab<'_>,
    dir: &Path,
    demos: &Demonstrations,
    video: &Video,
    ends: &[Ends],
) -> Result<(), PipelineError> {
    let fail = failed("clips");
    lab.progress.begin("generate clips", ends.len());
    for (batch, chunk) in ends.chunks(video.at_once).enumerate() {
        lab.check_stop()?;
        let first = batch * video.at_once;
        let missing: Vec<usize> = (0..chunk.len()).filter(|i| !folder(dir, first + i).exists()).collect();
        let requests: Vec<VideoRequest> = missing
            .iter()
            .map(|&i| {
                let Ends {
                    episode,
                    start,
                    end,
                    seed,
                } = chunk[i];
                let frames = &demos.episodes[episode].frames;
                VideoRequest {
                    start: frames[start].clone(),
                    end: Some(frames[end].clone()),
                    prompt: video.prompt.clone(),
                    frames: end - start + 1,
                    seed,
                }
            })
            .collect();
        let made = video.model.generate(&requests).map_err(|e| fail(&e))?;
        for (i, frames) in missing.into_iter().zip(made) {
            save_video(folder(dir, first + i), &frames, VideoOptions::default()).map_err(|e| fail(&e))?;
        }
        lab.progress.advance(first + chunk.len(), "");
    }
    lab.progress.end(&format!("{} clips", ends.len()));
    Ok(())
}

fn folder(dir: &Path, clip: usize) -> std::path::PathBuf {
    dir.join(format!("clip_{clip:03}"))
}

fn read(dir: &Path, clip: usize) -> Result<Vec<Frame>, PipelineError> {
    read_frames(folder(dir, clip)).map_err(|e| failed("clips")(&e))
}
