//! Clips of one generator: made, judged and shown.

use std::path::{Path, PathBuf};

use eval::{Bootstrap, ClipQuality, Judge, Picture, QualityReport, Shows};
use pusht_data::VideoRequest;
use pusht_env::Frame;
use pusht_vision::cross_fade;
use rayon::prelude::*;
use video_io::{VideoOptions, read_frames, save_video};

use super::demonstrations::{Demonstrations, strip};
use super::ends::Ends;
use super::video::Maker;
use super::{Lab, failed};
use crate::PipelineError;

/// Clips of which the report shows film strip and video.
pub(super) const SHOWN: usize = 3;

/// Makes the clips that are not in `dir` yet, a folder of pictures each.
pub(super) fn generate(
    lab: &mut Lab<'_>,
    dir: &Path,
    demos: &Demonstrations,
    maker: &Maker,
    ends: &[Ends],
) -> Result<(), PipelineError> {
    let fail = failed("clips");
    let task = lab.ctx.task("generate clips", ends.len());
    for (batch, chunk) in ends.chunks(maker.at_once).enumerate() {
        task.check().map_err(|e| fail(&e))?;
        let first = batch * maker.at_once;
        let missing: Vec<usize> = (0..chunk.len()).filter(|i| !folder(dir, first + i).exists()).collect();
        let requests: Vec<VideoRequest> = missing
            .iter()
            .map(|&i| {
                let ends = &chunk[i];
                let frames = &demos.episodes[ends.episode].frames;
                VideoRequest {
                    start: frames[ends.start].clone(),
                    end: Some(frames[ends.end].clone()),
                    prompt: maker.prompt.clone(),
                    frames: ends.frames(),
                    seed: ends.seed,
                }
            })
            .collect();
        let made = maker.model.generate(&requests).map_err(|e| fail(&e))?;
        for (i, frames) in missing.into_iter().zip(made) {
            save_video(folder(dir, first + i), &frames, VideoOptions::default()).map_err(|e| fail(&e))?;
        }
        task.advance_to(first + chunk.len(), "");
    }
    task.finish(&format!("{} clips", ends.len()));
    Ok(())
}

/// The clips beside cross-fades between their ends, their first frames, and the demonstrations between those ends.
pub(super) fn judge(
    lab: &mut Lab<'_>,
    dir: &Path,
    demos: &Demonstrations,
    ends: &[Ends],
    name: &str,
) -> Result<QualityReport, PipelineError> {
    let fail = failed("clips");
    let judge = Judge::new().map_err(|e| fail(&e))?;
    let task = lab.ctx.task("judge clips", ends.len());
    let mut sets: [Vec<ClipQuality>; 4] = Default::default();
    for (block, some) in ends.chunks(8).enumerate() {
        task.check().map_err(|e| fail(&e))?;
        let of = |(i, ends): (usize, &Ends)| -> Result<[ClipQuality; 4], PipelineError> {
            let truth = &demos.episodes[ends.episode].frames[ends.start..=ends.end];
            let made = read(dir, block * 8 + i)?;
            let fade = cross_fade(&truth[0], &truth[truth.len() - 1], truth.len());
            let still = vec![truth[0].clone(); truth.len()];
            let judged = |frames: &[Frame]| judge.clip(frames, truth).map_err(|e| fail(&format!("clip {i}: {e}")));
            Ok([judged(&made)?, judged(&fade)?, judged(&still)?, judged(truth)?])
        };
        let judged: Result<Vec<_>, PipelineError> = some.par_iter().enumerate().map(of).collect();
        for clip in judged? {
            sets.iter_mut().zip(clip).for_each(|(set, quality)| set.push(quality));
        }
        task.advance_to(sets[0].len(), "");
    }
    task.finish(&format!("{} clips", ends.len()));
    QualityReport::new(name, sets.each_ref().map(Vec::as_slice), &Bootstrap::default()).map_err(|e| fail(&e))
}

/// Writes film strip and video number `index` of a stage.
pub(super) fn draw(dir: &Path, index: usize, frames: &[Frame]) -> Result<(), PipelineError> {
    strip(dir, index, frames)?;
    let options = VideoOptions {
        scale: 3,
        ..VideoOptions::default()
    };
    save_video(dir.join(format!("clip_{index}.mp4")), frames, options).map_err(|e| failed("clips")(&e))
}

/// Those of the first clips of the folder `stage`, for the report.
pub(super) fn pictures(stage: &str, captions: impl IntoIterator<Item = String>) -> Vec<Picture> {
    let of = |(i, caption): (usize, String)| {
        [format!("{stage}/strip_{i}.png"), format!("{stage}/clip_{i}.mp4")].map(|file| Picture {
            shows: Shows::Generated,
            caption: caption.clone(),
            file,
        })
    };
    captions.into_iter().take(SHOWN).enumerate().flat_map(of).collect()
}

/// What the report says of a clip between these ends.
pub(super) fn caption((index, ends): (usize, &Ends)) -> String {
    let Ends {
        episode, start, end, ..
    } = ends;
    format!("Clip {index}: start and end are rows {start} and {end} of demonstration {episode}")
}

pub(super) fn folder(dir: &Path, clip: usize) -> PathBuf {
    dir.join(format!("clip_{clip:03}"))
}

pub(super) fn read(dir: &Path, clip: usize) -> Result<Vec<Frame>, PipelineError> {
    read_frames(folder(dir, clip)).map_err(|e| failed("clips")(&e))
}
