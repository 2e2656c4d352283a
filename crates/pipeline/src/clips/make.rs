//! Generation of clips.

use std::path::Path;

use pusht_data::VideoRequest;
use pusht_jobs::{JobContext, counted};

use super::asked::Asked;
use super::store;
use crate::PipelineError;
use crate::demonstrations::Demonstrations;
use crate::error::failed;
use crate::generators::LoadedGenerator;

/// Generates the clips that are not in `dir` yet; `longest` is the largest number of frames of a clip from a new start.
pub(super) fn make_clips(
    dir: &Path,
    demos: &Demonstrations,
    loaded: &LoadedGenerator,
    asked: &[Asked],
    longest: usize,
    ctx: &mut JobContext,
) -> Result<(), PipelineError> {
    let task = ctx.task("generate clips", asked.len(), "clip");
    for (batch, chunk) in asked.chunks(loaded.batch_size).enumerate() {
        task.check()?;
        let first = batch * loaded.batch_size;
        let missing: Vec<usize> = (0..chunk.len())
            .filter(|i| !store::folder(dir, first + i).exists())
            .collect();
        let requests: Result<Vec<VideoRequest>, PipelineError> = missing
            .iter()
            .map(|&i| chunk[i].request(demos, loaded.prompt.as_ref(), longest))
            .collect();
        let made = loaded.model.generate(&requests?).map_err(|e| failed("clips")(&e))?;
        for (i, frames) in missing.into_iter().zip(made) {
            store::save(dir, first + i, &frames)?;
        }
        task.advance_to(first + chunk.len(), "");
    }
    task.finish(&counted(asked.len(), "clip"));
    Ok(())
}
