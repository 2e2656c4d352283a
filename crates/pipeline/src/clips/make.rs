//! Generation of clips.

use std::path::Path;

use pusht_data::VideoRequest;
use pusht_jobs::{JobContext, counted};

use super::ends::Ends;
use super::store;
use crate::PipelineError;
use crate::demonstrations::Demonstrations;
use crate::error::failed;
use crate::generators::LoadedGenerator;

/// Generates the clips that are not in `dir` yet.
pub(super) fn make_clips(
    dir: &Path,
    demos: &Demonstrations,
    loaded: &LoadedGenerator,
    ends: &[Ends],
    ctx: &mut JobContext,
) -> Result<(), PipelineError> {
    let task = ctx.task("generate clips", ends.len(), "clip");
    for (batch, chunk) in ends.chunks(loaded.batch_size).enumerate() {
        task.check()?;
        let first = batch * loaded.batch_size;
        let missing: Vec<usize> = (0..chunk.len())
            .filter(|i| !store::folder(dir, first + i).exists())
            .collect();
        let requests: Vec<VideoRequest> = missing
            .iter()
            .map(|&i| {
                let ends = &chunk[i];
                let frames = &demos.episodes[ends.episode].frames;
                VideoRequest {
                    start: frames[ends.start].clone(),
                    end: Some(frames[ends.end].clone()),
                    prompt: loaded.prompt.clone(),
                    frames: ends.frames(),
                    seed: ends.seed,
                }
            })
            .collect();
        let made = loaded.model.generate(&requests).map_err(|e| failed("clips")(&e))?;
        for (i, frames) in missing.into_iter().zip(made) {
            store::save(dir, first + i, &frames)?;
        }
        task.advance_to(first + chunk.len(), "");
    }
    task.finish(&counted(ends.len(), "clip"));
    Ok(())
}
