//! Compares a real dataset with its own half, shorter cuts, cross-fades and generated clips, all tracked in pixels.

use std::path::{Path, PathBuf};

use pusht_data::Source;
use pusht_env::{Frame, GOAL};
use pusht_jobs::{JobContext, counted};
use pusht_vision::{Registrar, Tracked, Tracker, VisionError, cross_fade};
use rayon::prelude::*;
use traj_metrics::Bootstrap;
use video_io::{VideoIoError, find_videos, read_frames};

use super::{DistributionError, DistributionReport, NullDistances, SkippedVideo, TrajectorySet, split_clips};

/// Distances between the trajectories of a real dataset and of other clips: one half of the set is compared with its
/// other half, with cuts of that half, with cross-fades between the first and last frames of these cuts and, if there
/// are any, with generated clips.
#[derive(Clone, Debug)]
pub struct DistributionJob {
    /// Generated clips at 10 Hz: files, or folders that are searched; may be empty.
    pub video: Vec<PathBuf>,
    /// Name of the generated clips in the table.
    pub name: String,
    /// Frames per cut and cross-fade.
    pub frames: usize,
    /// Seed of the halves and of the splits.
    pub seed: u64,
    /// Number of random splits of the real set.
    pub splits: usize,
    /// Bootstrap settings of the intervals.
    pub bootstrap: Bootstrap,
}

impl Default for DistributionJob {
    fn default() -> Self {
        Self {
            video: Vec::new(),
            name: "generated".to_owned(),
            frames: 48,
            seed: 0,
            splits: 1000,
            bootstrap: Bootstrap {
                resamples: 2000,
                ..Bootstrap::default()
            },
        }
    }
}

/// Errors from a distribution job. A video that cannot be read is not an error: it is left out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DistributionJobError {
    /// The cuts are too short.
    #[error("cuts of {frames} frames; expected at least 2")]
    Frames {
        /// Frames requested.
        frames: usize,
    },
    /// None of the generated clips can be read.
    #[error("none of the {} generated clips can be read; the first, {}: {}", .0.len(), .0[0].video.display(), .0[0].reason)]
    NoClips(Vec<SkippedVideo>),
    /// The real episodes cannot be read.
    #[error(transparent)]
    Data(#[from] pusht_data::DataError),
    /// The frames of an episode cannot be tracked.
    #[error("episode {index}: {source}")]
    Track {
        /// Index of the episode.
        index: usize,
        /// The underlying error.
        source: VisionError,
    },
    /// There is no video at a path.
    #[error(transparent)]
    Video(#[from] VideoIoError),
    /// The sets cannot be compared.
    #[error(transparent)]
    Distribution(#[from] DistributionError),
    /// The job was cancelled.
    #[error(transparent)]
    Cancelled(#[from] pusht_jobs::Cancelled),
}

/// Tracks of an episode.
struct RealTracks {
    whole: Vec<Tracked>,
    /// Track of some consecutive frames.
    cut: Vec<Tracked>,
    /// Track of the cross-fade from the first to the last frame of the cut.
    faded: Vec<Tracked>,
}

impl DistributionJob {
    /// Reads episodes and videos in parallel and compares them. Progress counts both.
    ///
    /// # Errors
    /// Episodes that cannot be read; no video at a path, or none that can be read; sets of too few clips; a cancelled
    /// job.
    pub fn run(&self, real: &Source, ctx: &mut JobContext) -> Result<DistributionReport, DistributionJobError> {
        if self.frames < 2 {
            return Err(DistributionJobError::Frames { frames: self.frames });
        }
        let videos = match self.video.is_empty() {
            true => Vec::new(),
            false => find_videos(&self.video)?,
        };
        let count = real.len();
        let [a, b] = split_clips(count, count / 2, self.seed)?;
        let task = ctx.task("track", count + videos.len(), "video");
        let track = |index: usize| {
            task.check()?;
            let tracks = self.track(real, index)?;
            task.add(1);
            Ok::<_, DistributionJobError>(tracks)
        };
        let tracks: Vec<RealTracks> = (0..count).into_par_iter().map(track).collect::<Result<_, _>>()?;
        let read = |path: &PathBuf| {
            task.check()?;
            let track = track_video(path);
            task.add(1);
            Ok::<_, DistributionJobError>(track)
        };
        let found: Vec<Result<Vec<Tracked>, SkippedVideo>> = videos.par_iter().map(read).collect::<Result<_, _>>()?;
        task.finish(&format!(
            "{}, {}",
            counted(count, "episode"),
            counted(videos.len(), "video")
        ));

        let (mut generated, mut skipped) = (TrajectorySet::default(), Vec::new());
        for track in found {
            match track {
                Ok(track) => generated.add(&track)?,
                Err(video) => skipped.push(video),
            }
        }
        if !videos.is_empty() && skipped.len() == videos.len() {
            return Err(DistributionJobError::NoClips(skipped));
        }
        let whole = set(tracks.iter().map(|t| &t.whole))?;
        let half = |part: &[usize]| set(part.iter().map(|&i| &tracks[i].whole));
        let (first, second) = (half(&a)?, half(&b)?);
        let cuts = set(b.iter().map(|&i| &tracks[i].cut))?;
        let faded = set(b.iter().map(|&i| &tracks[i].faded))?;
        let short = format!("the same, {} frames a clip", self.frames);
        let mut others = vec![("its other half", &second), (short.as_str(), &cuts)];
        if !videos.is_empty() {
            others.push((self.name.as_str(), &generated));
        }
        others.push(("cross-fades of these cuts", &faded));
        let null = NullDistances::draw(&whole, [a.len(), b.len()], self.splits, self.seed)?;
        let report = DistributionReport::new(("half of the real set", &first), &others, null, &self.bootstrap)?;
        Ok(DistributionReport { skipped, ..report })
    }

    fn track(&self, real: &Source, index: usize) -> Result<RealTracks, DistributionJobError> {
        let episode = real.episode(index)?;
        let frames = &episode.frames;
        let tracked = || {
            let tracker = Tracker::new(episode.goal)?;
            let whole = tracker.track_video(frames)?;
            let length = self.frames.min(whole.len());
            // Cuts begin at seven positions, so that they do not all show the beginning of an episode.
            let first = (whole.len() - length) * (index % 7) / 6;
            let faded = cross_fade(&frames[first], &frames[first + length - 1], length);
            Ok(RealTracks {
                cut: whole[first..first + length].to_vec(),
                faded: tracker.track_video(&faded)?,
                whole,
            })
        };
        tracked().map_err(|source| DistributionJobError::Track { index, source })
    }
}

fn set<'a>(tracks: impl IntoIterator<Item = &'a Vec<Tracked>>) -> Result<TrajectorySet, DistributionError> {
    let mut set = TrajectorySet::default();
    tracks.into_iter().try_for_each(|track| set.add(track))?;
    Ok(set)
}

/// The track of a video of any size, or the reason why it cannot be read.
fn track_video(path: &Path) -> Result<Vec<Tracked>, SkippedVideo> {
    let skipped = |reason: String| SkippedVideo {
        video: path.to_path_buf(),
        reason,
    };
    let frames = read_frames(path).map_err(|e| skipped(e.to_string()))?;
    let first = frames.first().ok_or_else(|| skipped("it has no frames".to_owned()))?;
    let tracked = || {
        let map = Registrar::new(GOAL)?.register(first)?;
        let frames: Vec<Frame> = frames.iter().map(|f| map.resample(f)).collect();
        Tracker::new(GOAL)?.track_video(&frames)
    };
    tracked().map_err(|error| skipped(error.to_string()))
}
