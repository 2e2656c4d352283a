//! Clips from sources of videos: files, folders of images, demonstrations, the simulator.

use std::path::{Path, PathBuf};

use nn_kit::permutation;
use pusht_data::{DataError, Demonstrations, Simulation, Source, SourceOptions, demonstrate, open_with};
use pusht_env::{ExpertConfig, Frame};
use pusht_jobs::{JobContext, is_hidden};
use video_io::{VideoReader, is_png_file, is_video_file, read_frames};

use crate::config::FinetuneConfig;
use crate::error::FinetuneError;

/// Streams of the permutations: order of videos for validation, and of clips.
const SPLIT: u64 = 1;
const CHOICE: u64 = 2;

/// Training videos.
pub struct ClipData {
    path: PathBuf,
    kind: Kind,
    lengths: Vec<usize>,
}

enum Kind {
    Set(Box<Source>),
    Videos(Vec<PathBuf>),
}

/// Position of a clip in a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClipPlace {
    /// Index of the video.
    pub video: usize,
    /// Index of its first frame.
    pub first: usize,
}

/// Receiver of clips; the first argument is the index in the list of requested places.
pub type FrameSink<'a> = dyn FnMut(usize, &[Frame]) -> Result<(), FinetuneError> + 'a;

/// Split of the clips into training and validation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClipSplit {
    /// Training clips.
    pub train: Vec<ClipPlace>,
    /// Validation clips.
    pub valid: Vec<ClipPlace>,
}

impl ClipData {
    /// Opens a dataset ([`pusht_data::open`]), a video (MP4, GIF, a folder of PNG files) or a folder of videos. Nothing
    /// is decoded yet, except to count the frames of a GIF.
    ///
    /// # Errors
    /// Another kind of path, or damaged files.
    pub fn open(path: &Path) -> Result<Self, FinetuneError> {
        Self::open_with(path, &SourceOptions::default())
    }

    /// Opens a dataset, a video or a folder of videos, with choices that some datasets need.
    ///
    /// # Errors
    /// Those of [`ClipData::open`], and options that the data does not have.
    pub fn open_with(path: &Path, options: &SourceOptions) -> Result<Self, FinetuneError> {
        let of_set = |source: Source| Self {
            path: path.to_path_buf(),
            lengths: source.lengths(),
            kind: Kind::Set(Box::new(source)),
        };
        let reason = match open_with(path, options) {
            Ok(source) => return Ok(of_set(source)),
            Err(DataError::Unrecognized { found, .. }) => found,
            Err(error) => return Err(error.into()),
        };
        let videos = videos(path)?;
        if !options.is_default() {
            let path = path.to_path_buf();
            return Err(DataError::NoOptions { path }.into());
        }
        if videos.is_empty() {
            return Err(FinetuneError::NoVideos {
                path: path.to_path_buf(),
                reason,
            });
        }
        let length = |video: &PathBuf| -> Result<usize, FinetuneError> {
            match VideoReader::open(video)?.frames() {
                Some(frames) => Ok(frames),
                None => Ok(read_frames(video)?.len()),
            }
        };
        Ok(Self {
            path: path.to_path_buf(),
            lengths: videos.iter().map(length).collect::<Result<_, _>>()?,
            kind: Kind::Videos(videos),
        })
    }

    /// Records demonstrations of the simulator's expert to `path` (a stopped run resumes with them).
    ///
    /// # Errors
    /// Those of [`pusht_data::demonstrate`].
    pub fn simulate(path: &Path, episodes: usize, seed: u64, ctx: &mut JobContext) -> Result<Self, FinetuneError> {
        let what = Demonstrations {
            episodes,
            first_seed: seed,
            max_steps: 300,
            simulation: Simulation::DIFFUSION_POLICY,
            expert: ExpertConfig::default(),
            threads: 0,
        };
        demonstrate(path, &what, ctx)?;
        Self::open(path)
    }

    /// The path of the data.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Number of videos.
    pub fn videos(&self) -> usize {
        self.lengths.len()
    }

    /// Splits the videos into clips of `frames` frames, with stride `stride`; the clips of some videos are held out for
    /// validation. The choice depends on the seed.
    ///
    /// # Errors
    /// No video that is long enough, or validation clips of a single video.
    pub fn split(&self, config: &FinetuneConfig) -> Result<ClipSplit, FinetuneError> {
        let long: Vec<usize> = (0..self.videos())
            .filter(|video| self.lengths[*video] >= config.frames)
            .collect();
        if long.is_empty() {
            return Err(FinetuneError::Short {
                path: self.path.clone(),
                videos: self.videos(),
                longest: self.lengths.iter().copied().max().unwrap_or(0),
                frames: config.frames,
            });
        }
        if long.len() == 1 && config.valid_clips > 0 {
            return Err(FinetuneError::setting(
                "valid_clips",
                config.valid_clips,
                "0 where there is one video of sufficient length: validation takes whole videos away from training",
            ));
        }
        // A twentieth of the videos, but at most one per validation clip.
        let apart = match config.valid_clips {
            0 => 0,
            clips => (long.len() / 20).clamp(1, clips),
        };
        let order = permutation(long.len(), config.seed, SPLIT);
        let windows = |videos: &[usize]| {
            let mut videos: Vec<usize> = videos.iter().map(|place| long[*place]).collect();
            videos.sort_unstable();
            let of = |video: usize| {
                let last = self.lengths[video] - config.frames;
                (0..=last)
                    .step_by(config.stride.max(1))
                    .map(move |first| ClipPlace { video, first })
            };
            videos.into_iter().flat_map(of).collect::<Vec<_>>()
        };
        let draw = |all: Vec<ClipPlace>, count: Option<usize>| {
            let order = permutation(all.len(), config.seed, CHOICE);
            let mut chosen: Vec<ClipPlace> = order.into_iter().map(|place| all[place]).collect();
            chosen.truncate(count.unwrap_or(usize::MAX));
            chosen.sort_unstable();
            chosen
        };
        Ok(ClipSplit {
            train: draw(windows(&order[apart..]), config.clips),
            valid: draw(windows(&order[..apart]), Some(config.valid_clips)),
        })
    }

    /// Reads the clips at these places (sorted) and passes them to `take` one by one; each video is decoded once.
    ///
    /// # Errors
    /// Damaged videos, or an error of `take`.
    pub fn each(&self, places: &[ClipPlace], frames: usize, take: &mut FrameSink<'_>) -> Result<(), FinetuneError> {
        let mut done = 0;
        for group in places.chunk_by(|a, b| a.video == b.video) {
            let video = group[0].video;
            let decoded = match &self.kind {
                Kind::Videos(paths) => read_frames(&paths[video])?,
                Kind::Set(source) => {
                    let mut episodes = vec![source.episode(video)?];
                    episodes.pop().map(|episode| episode.frames).unwrap_or_default()
                }
            };
            let size = decoded.first().map_or((0, 0), Frame::dimensions);
            let odd = size.0 == 0 || size.1 == 0 || decoded.iter().any(|frame| frame.dimensions() != size);
            for place in group {
                let clip = decoded.get(place.first..place.first + frames);
                let Some(clip) = clip.filter(|_| !odd) else {
                    return Err(FinetuneError::Picture {
                        path: self.path.clone(),
                        video,
                    });
                };
                take(done, clip)?;
                done += 1;
            }
        }
        Ok(())
    }
}

/// The videos at a path, by name.
fn videos(path: &Path) -> Result<Vec<PathBuf>, FinetuneError> {
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    if has_pictures(path)? {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut found = Vec::new();
    for inner in inside(path)? {
        if is_video_file(&inner) || (inner.is_dir() && has_pictures(&inner)?) {
            found.push(inner);
        }
    }
    Ok(found)
}

fn has_pictures(folder: &Path) -> Result<bool, FinetuneError> {
    let inside = inside(folder)?;
    Ok(inside.iter().any(is_png_file))
}

fn inside(folder: &Path) -> Result<Vec<PathBuf>, FinetuneError> {
    let entries = std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let entries = entries.map_err(FinetuneError::io("reading", folder))?;
    let mut paths: Vec<PathBuf> = entries.iter().map(std::fs::DirEntry::path).collect();
    paths.retain(|path| !is_hidden(path));
    paths.sort();
    Ok(paths)
}
