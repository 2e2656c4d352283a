//! Demonstrations from --data, with progress.

use std::path::Path;

use anyhow::Result;
use pusht_data::{Episode, Source, open};
use training::Progress;

/// The first `first` episodes of the data set at `path`, or all.
pub fn read(path: &Path, first: Option<usize>, progress: &mut dyn Progress) -> Result<(Source, Vec<Episode>)> {
    let source = open(path)?;
    let count = source.first(first)?;
    progress.begin("read frames", source.lengths()[..count].iter().sum());
    let episodes = source.episodes(0..count, &mut |done, _| progress.advance(done, ""))?;
    progress.end(&format!("{count} episodes of {}", source.name()));
    Ok((source, episodes))
}
