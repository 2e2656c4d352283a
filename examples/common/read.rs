//! Demonstrations from --data, with progress.

use std::path::Path;

use anyhow::Result;
use pusht_data::{Episode, Source, open};
use pusht_jobs::JobContext;

/// The first `first` episodes of the data set at `path`, or all.
pub fn read(path: &Path, first: Option<usize>, ctx: &mut JobContext) -> Result<(Source, Vec<Episode>)> {
    let source = open(path)?;
    let count = source.first(first)?;
    let episodes = source.episodes(0..count, ctx)?;
    ctx.say(&format!("{count} episodes of {}", source.name()));
    Ok((source, episodes))
}
