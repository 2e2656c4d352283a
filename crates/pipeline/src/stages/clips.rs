//! Clips: start and end frames from the training part, generated, tracked and labelled.

use std::collections::HashSet;
use std::path::Path;

use eval::{Picture, Shows};
use pusht_data::{Episode, FrameRef, Provenance, Split, VideoModel, VideoRequest};
use pusht_env::{Action, Frame, State};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};
use video_io::{VideoOptions, read_frames, save_video};

use super::demonstrations::{Demonstrations, strips, track};
use super::inverse::Learned;
use super::video::TrainedVideo;
use super::{Lab, failed};
use crate::PipelineError;
use crate::stage::{Stage, read_json, write_json};

/// Clips generated at a time: enough to fill a batch, few enough to show progress.
const BATCH: usize = 10;

pub(crate) struct Clips {
    pub(crate) episodes: Vec<Episode>,
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
    /// First frame with an action.
    first: usize,
    actions: Vec<Action>,
    /// Tracked, one a frame.
    states: Vec<[f64; 5]>,
}

pub(crate) fn run(
    lab: &mut Lab<'_>,
    demos: &Demonstrations,
    split: &Split,
    video: &TrainedVideo,
    learned: &Learned,
) -> Result<Clips, PipelineError> {
    let fail = failed("clips");
    let settings = &lab.config.video;
    let inputs = (
        settings.clips,
        settings.frames,
        &settings.prompt,
        lab.config.idm.labels,
        &video.stage.hash,
        &learned.stage.hash,
    );
    let labeller = learned.labeller(lab.config.idm.labels);
    let stage = lab.stage("clips", &inputs, |lab, dir| {
        let ends = draw(split, &demos.episodes, settings.clips, settings.frames);
        if ends.is_empty() {
            return Err(fail(&"no training episode is long enough for a clip of 4 frames"));
        }
        generate(lab, dir, demos, video, &ends)?;
        let mut kept: Vec<Episode> = (0..ends.len())
            .map(|i| Ok(episode(i, read(dir, i)?, video)))
            .collect::<Result<_, PipelineError>>()?;
        let states = track(lab, "track clips", &kept)?;
        let mut clips = Vec::new();
        for (i, ((episode, states), ends)) in kept.iter().zip(states).zip(ends).enumerate() {
            let labels = labeller
                .label(&episode.frames)
                .map_err(|e| fail(&format!("clip {i}: {e}")))?;
            clips.push(Clip {
                ends,
                first: labels.start,
                actions: labels.actions,
                states,
            });
        }
        write_json(&dir.join("clips.json"), &clips)?;
        strips(dir, &kept)?;
        for (i, episode) in kept.drain(..).take(3).enumerate() {
            let options = VideoOptions {
                scale: 3,
                ..VideoOptions::default()
            };
            save_video(dir.join(format!("clip_{i}.mp4")), &episode.frames, options).map_err(|e| fail(&e))?;
        }
        Ok(())
    })?;
    let clips: Vec<Clip> = read_json(&stage.dir.join("clips.json"))?;
    let mut episodes = Vec::with_capacity(clips.len());
    for (i, clip) in clips.iter().enumerate() {
        let labelled = clip.first..clip.first + clip.actions.len();
        let whole = episode(i, read(&stage.dir, i)?, video);
        let states = clip.states.iter().map(|row| State::from_row(*row)).collect::<Vec<_>>();
        let (Some(frames), Some(states)) = (whole.frames.get(labelled.clone()), states.get(labelled)) else {
            return Err(fail(&format!(
                "clip {i} has fewer frames than labels; remove {} and run again",
                stage.dir.display()
            )));
        };
        episodes.push(Episode {
            frames: frames.to_vec(),
            actions: clip.actions.clone(),
            states: Some(states.to_vec()),
            goal: demos.episodes[clip.ends.episode].goal,
            provenance: Provenance {
                seed: Some(clip.ends.seed),
                actions: labeller.name(),
                ..whole.provenance
            },
        });
    }
    let mut pictures = Vec::new();
    for i in 0..episodes.len().min(3) {
        let Ends {
            episode, start, end, ..
        } = clips[i].ends;
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
        episodes,
        stage,
        pictures,
    })
}

/// Pairs of training frames of one episode, `frames` apart (less in shorter episodes), drawn evenly over all such pairs.
fn draw(split: &Split, episodes: &[Episode], clips: usize, frames: usize) -> Vec<Ends> {
    let train: HashSet<FrameRef> = split.train.iter().copied().collect();
    let pairs: Vec<(usize, usize, usize)> = split
        .train
        .iter()
        .filter_map(|r| {
            let (episode, start) = (r.episode as usize, r.row as usize);
            let end = start + frames.min(episodes[episode].len()) - 1;
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
    video: &TrainedVideo,
    ends: &[Ends],
) -> Result<(), PipelineError> {
    let fail = failed("clips");
    lab.progress.begin("generate clips", ends.len());
    for (batch, chunk) in ends.chunks(BATCH).enumerate() {
        lab.check_stop()?;
        let first = batch * BATCH;
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
                    prompt: Some(lab.config.video.prompt.clone()),
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

/// A clip before it has labels.
fn episode(index: usize, frames: Vec<Frame>, video: &TrainedVideo) -> Episode {
    Episode {
        actions: Vec::new(),
        states: None,
        goal: pusht_env::GOAL,
        provenance: Provenance {
            source: video.name.clone(),
            index,
            seed: None,
            actions: String::new(),
        },
        frames,
    }
}
