//! The public demonstrations, known by what they hold.

use anyhow::{Result, bail};
use pusht_data::{Source, open};
use pusht_jobs::{Hasher, JobContext, counted};

/// What a dataset holds: the same numbers and pixels have the same hash, however they are packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) episodes: usize,
    pub(super) frames: usize,
    /// SHA-256 over every episode's length, actions, states and pixels, little-endian.
    pub(super) sha256: String,
}

/// The human demonstrations of Diffusion Policy (Chi et al. 2023).
pub(super) fn known() -> Content {
    Content {
        episodes: 206,
        frames: 25_650,
        sha256: "89eaea606eebbd12401dd674a6307a097532513374c9292ecd1a476c1d697155".to_owned(),
    }
}

impl Content {
    /// Reads all of a dataset.
    pub(super) fn of(source: &Source, ctx: &mut JobContext) -> Result<Self> {
        let lengths = source.lengths();
        let (episodes, frames) = (lengths.len(), lengths.iter().sum());
        let task = ctx.task("check", episodes, "episode");
        let mut hasher = Hasher::new();
        for episode in source.stream(0..episodes) {
            task.check()?;
            let episode = episode?;
            hasher.bytes((episode.actions.len() as u64).to_le_bytes());
            for number in episode.actions.iter().flatten() {
                hasher.bytes(number.to_le_bytes());
            }
            for number in episode.states.iter().flatten().flat_map(|state| state.to_row()) {
                hasher.bytes(number.to_le_bytes());
            }
            for frame in &episode.frames {
                hasher.bytes(frame.as_raw());
            }
            task.add(1);
        }
        task.finish(&counted(frames, "frame"));
        Ok(Self {
            episodes,
            frames,
            sha256: hasher.finish(),
        })
    }

    /// Refuses another dataset than the known one.
    pub(super) fn check(&self) -> Result<()> {
        let known = known();
        if *self == known {
            return Ok(());
        }
        let found = format!(
            "{}, {}",
            counted(self.episodes, "episode"),
            counted(self.frames, "frame")
        );
        let what = if (self.episodes, self.frames) == (known.episodes, known.frames) {
            format!(
                "{found} with other numbers or pixels (SHA-256 of the content {}, expected {})",
                self.sha256, known.sha256
            )
        } else {
            found
        };
        bail!(
            "expected the demonstrations of Diffusion Policy, {} episodes and {} frames, found {what}; --any-set accepts another dataset",
            known.episodes,
            known.frames
        )
    }
}

/// Reads and checks the dataset at a path; `any`: whichever it is.
pub(super) fn check(path: &std::path::Path, any: bool, ctx: &mut JobContext) -> Result<Content> {
    let content = Content::of(&open(path)?, ctx)?;
    if !any {
        content.check()?;
    }
    Ok(content)
}
