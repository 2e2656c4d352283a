//! Conversion of datasets from one layout to another.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use pusht_jobs::{JobContext, StagedFolder};
use video_io::{VideoOptions, save_video};

use crate::{DataError, Difference, Episode, SimulatedSet, Simulation, Source, write_lerobot, write_replay_buffer};

/// Layout in which a dataset is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataLayout {
    /// Zarr replay buffer, as the Diffusion Policy code reads it.
    ReplayBuffer,
    /// LeRobot v3 (parquet and MP4).
    LeRobot,
    /// Starts and actions, from which frames and states are simulated again, bit for bit.
    Simulated,
    /// One MP4 (H.264) per episode; frames only.
    Mp4,
    /// One animated GIF per episode; frames only.
    Gif,
    /// One folder of PNG files per episode; frames only.
    Png,
}

impl DataLayout {
    /// All layouts.
    pub const ALL: [Self; 6] = [
        Self::ReplayBuffer,
        Self::LeRobot,
        Self::Simulated,
        Self::Mp4,
        Self::Gif,
        Self::Png,
    ];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReplayBuffer => "replay-buffer",
            Self::LeRobot => "lerobot",
            Self::Simulated => "simulated",
            Self::Mp4 => "mp4",
            Self::Gif => "gif",
            Self::Png => "png",
        }
    }

    /// The layout that a path's extension stands for: `.zarr` is a replay buffer, `.jsonl` a file of simulated
    /// episodes.
    pub fn of_path(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "zarr" => Some(Self::ReplayBuffer),
            "jsonl" => Some(Self::Simulated),
            _ => None,
        }
    }

    /// Whether it holds frames only, one video per episode.
    pub const fn is_video(self) -> bool {
        matches!(self, Self::Mp4 | Self::Gif | Self::Png)
    }
}

impl fmt::Display for DataLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Error for an unknown layout name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown layout {found:?}; expected replay-buffer, lerobot, simulated, mp4, gif or png")]
pub struct UnknownDataLayout {
    /// The name.
    pub found: String,
}

impl FromStr for DataLayout {
    type Err = UnknownDataLayout;

    fn from_str(text: &str) -> Result<Self, UnknownDataLayout> {
        let found = Self::ALL.into_iter().find(|layout| layout.name() == text);
        found.ok_or_else(|| UnknownDataLayout { found: text.to_owned() })
    }
}

/// Settings of a dataset conversion.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conversion {
    /// Layout of the target.
    pub layout: DataLayout,
    /// Converts only this many episodes, from the first; `None` for all.
    pub episodes: Option<usize>,
    /// Environment in which a dataset was recorded, for [`DataLayout::Simulated`]; episode e must start from seed e.
    pub recorded_in: Simulation,
    /// Side of the square that each pixel of a video becomes.
    pub scale: u32,
}

impl Conversion {
    /// A conversion of all episodes, recorded in diffusion_policy's environment; pixels of videos become 4 × 4.
    pub const fn to(layout: DataLayout) -> Self {
        Self {
            layout,
            episodes: None,
            recorded_in: Simulation::DIFFUSION_POLICY,
            scale: 4,
        }
    }

    /// Converts `source` into `target`, which must not exist yet and appears when it is complete. Progress counts
    /// frames.
    ///
    /// # Errors
    /// An existing `target`, more episodes than there are, episodes that cannot be read or that differ when simulated
    /// again ([`SimulatedSet::recover`]), or a path that cannot be written.
    pub fn run(&self, source: &Source, target: &Path, ctx: &mut JobContext) -> Result<Converted, DataError> {
        if target.exists() {
            return Err(DataError::Exists {
                path: target.to_path_buf(),
            });
        }
        let count = source.first(self.episodes)?;
        let lengths = &source.lengths()[..count];
        let frames = lengths.iter().sum();
        let episodes = source.stream(0..count);
        let mut compared = None;
        match self.layout {
            DataLayout::ReplayBuffer => write_replay_buffer(target, lengths, episodes, ctx)?,
            DataLayout::LeRobot => drop(write_lerobot(target, episodes, frames, ctx)?),
            DataLayout::Simulated => {
                let (set, difference) = SimulatedSet::recover(source, count, self.recorded_in, ctx)?;
                compared = Some(difference);
                set.save(target)?;
            }
            DataLayout::Mp4 => self.videos(target, ".mp4", episodes, frames, ctx)?,
            DataLayout::Gif => self.videos(target, ".gif", episodes, frames, ctx)?,
            DataLayout::Png => self.videos(target, "", episodes, frames, ctx)?,
        }
        Ok(Converted {
            episodes: count,
            frames,
            compared,
        })
    }

    /// Writes one video per episode to a folder.
    fn videos(
        &self,
        target: &Path,
        ending: &str,
        episodes: impl Iterator<Item = Result<Episode, DataError>>,
        frames: usize,
        ctx: &mut JobContext,
    ) -> Result<(), DataError> {
        let options = VideoOptions {
            fps: 10,
            scale: self.scale,
        };
        let folder = StagedFolder::beside(target).map_err(|e| DataError::unwritable(target, &e))?;
        let task = ctx.task("write frames", frames, "frame");
        for (index, episode) in episodes.enumerate() {
            task.check()?;
            let frames = episode?.frames;
            let path = folder.path().join(format!("episode_{index:04}{ending}"));
            save_video(path, &frames, options).map_err(|e| DataError::unwritable(target, &e))?;
            task.add(frames.len());
        }
        task.finish("done");
        folder.commit().map_err(|e| DataError::unwritable(target, &e))
    }
}

/// Result of a conversion.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Converted {
    /// Number of episodes written.
    pub episodes: usize,
    /// Number of their frames.
    pub frames: usize,
    /// Difference between recorded and simulated episodes; only for [`DataLayout::Simulated`].
    pub compared: Option<Difference>,
}
