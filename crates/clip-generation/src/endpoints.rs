//! First and last frames of clips: images, rows of held-out demonstrations, or new starts.

use std::path::{Path, PathBuf};

use nn_kit::{mix_seed, permutation};
use pusht_data::{Simulation, Source, Split, SplitProtocol};
use pusht_env::{Frame, GOAL};
use pusht_jobs::{counted, plain_path};
use pusht_vision::Registrar;
use rand::{Rng, RngExt, SeedableRng};
use rand_pcg::Pcg64;

use crate::endpoint::{Endpoint, EndpointSource, SplitName};
use crate::error::GenerationError;
use crate::new_starts::NewStarts;

/// Source of first and last frames for any number of clips.
///
/// # Example
///
/// ```no_run
/// use clip_generation::{ClipEndpoints, SplitName};
/// use pusht_data::{Simulation, open};
///
/// // Clips of 48 frames between rows of the test episodes; the end frame is given too.
/// let endpoints = ClipEndpoints::from_data(open("demos.jsonl")?, SplitName::Test, 48)?;
/// // Clips that start there and end anywhere.
/// let onward = ClipEndpoints::from_data(open("demos.jsonl")?, SplitName::Test, 48)?.without_end();
/// // Clips from one image, and from one image of a board of any size to another.
/// let images = ClipEndpoints::from_images("start.png".as_ref(), None)?;
/// let boards = ClipEndpoints::from_board_images("start.png".as_ref(), Some("end.png".as_ref()))?;
/// // Clips from starts that nobody demonstrated, with the T on its goal at the end.
/// let new = ClipEndpoints::from_resets(Simulation::DIFFUSION_POLICY, ClipEndpoints::FIRST_NEW_START)?;
/// println!("{}", endpoints.describe());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ClipEndpoints(Kind);

enum Kind {
    Pictures {
        start: (PathBuf, Frame),
        end: Option<(PathBuf, Frame)>,
    },
    Data {
        source: Box<Source>,
        part: SplitName,
        /// Episodes that are as long as a clip, with their number of possible start rows.
        episodes: Vec<(usize, usize)>,
        /// Number of episodes of the part that are shorter.
        short: usize,
        frames: usize,
        end: bool,
    },
    Resets(Box<NewStarts>),
}

/// Conditioning of one clip.
pub(crate) struct Conditioning {
    pub(crate) start: Frame,
    pub(crate) end: Option<Frame>,
    /// Where the clip begins.
    pub(crate) from: Endpoint,
    /// Where it is to end, if that is prescribed.
    pub(crate) to: Option<Endpoint>,
    /// The clip's own seed.
    pub(crate) seed: u64,
}

impl ClipEndpoints {
    /// Seed of the first new start, where nothing else is asked for: demonstrations begin at 0, rollouts at 100,000, the
    /// expert of the gate at 1,000,000, that of the base paths at 3,000,000.
    pub const FIRST_NEW_START: u64 = 2_000_000;

    /// Uses the PNG file `start` as the first frame and, optionally, `end` as the last frame of every clip, as they are.
    ///
    /// # Errors
    /// Files that are not images, and images of different sizes.
    pub fn from_images(start: &Path, end: Option<&Path>) -> Result<Self, GenerationError> {
        Self::read_images(start, end, picture)
    }

    /// Uses PNG files as [`ClipEndpoints::from_images`] does, with the board located in them and resampled to the
    /// environment's 96 × 96 pixels, as models that require 96 × 96 frames need.
    ///
    /// # Errors
    /// Files that are not images, and images without a board.
    pub fn from_board_images(start: &Path, end: Option<&Path>) -> Result<Self, GenerationError> {
        let registrar = Registrar::new(GOAL)?;
        Self::read_images(start, end, |path| {
            let picture = picture(path)?;
            let found = registrar.register(&picture).map_err(|error| GenerationError::Picture {
                path: path.to_path_buf(),
                reason: error.to_string(),
            })?;
            Ok(found.resample(&picture))
        })
    }

    fn read_images(
        start: &Path,
        end: Option<&Path>,
        read: impl Fn(&Path) -> Result<Frame, GenerationError>,
    ) -> Result<Self, GenerationError> {
        let (first, last) = (read(start)?, end.map(&read).transpose()?);
        if let (Some(last), Some(path)) = (&last, end)
            && last.dimensions() != first.dimensions()
        {
            let ((a, b), (c, d)) = (last.dimensions(), first.dimensions());
            return Err(GenerationError::Picture {
                path: path.to_path_buf(),
                reason: format!("it has {a} × {b} pixels, the first frame has {c} × {d}; expected the same"),
            });
        }
        Ok(Self(Kind::Pictures {
            start: (start.to_path_buf(), first),
            end: end.map(Path::to_path_buf).zip(last),
        }))
    }

    /// Uses pairs of rows of a dataset, the first and last of `frames` consecutive rows; `frames` is the length of the
    /// clips (`LoadedModel::frames`). `part` is a part of the split by episode with seed 0. The model gets both frames, or
    /// only the first: [`ClipEndpoints::without_end`].
    ///
    /// # Errors
    /// A dataset that cannot be split, or whose episodes are too short.
    pub fn from_data(source: Source, part: SplitName, frames: usize) -> Result<Self, GenerationError> {
        let lengths = source.lengths();
        let episodes = match part {
            SplitName::All => (0..lengths.len()).collect(),
            _ => {
                let split = Split::new(&lengths, SplitProtocol::ByEpisode, 1, Split::SEED)?;
                Split::episodes_of(match part {
                    SplitName::Train => &split.train,
                    _ => &split.test,
                })
            }
        };
        let rows = |&e: &usize| (e, (lengths[e] + 1).saturating_sub(frames));
        let all = episodes.len();
        let episodes: Vec<_> = episodes.iter().map(rows).filter(|(_, rows)| *rows > 0).collect();
        let short = all - episodes.len();
        if episodes.is_empty() {
            return Err(GenerationError::TooShort {
                path: source.path().to_path_buf(),
                part: part.name(),
                frames,
            });
        }
        Ok(Self(Kind::Data {
            source: Box::new(source),
            part,
            episodes,
            short,
            frames,
            end: true,
        }))
    }

    /// Begins every clip at a reset of the environment that nobody demonstrated: clip `i` at the seed `first_seed + i`. No
    /// last frame is given; the end is the T on its goal, for a model that pushes it there
    /// (`video_gen::ModelInfo::ends_at_goal`).
    ///
    /// # Errors
    /// Settings that the environment refuses, or another goal than the default one, which models push to.
    pub fn from_resets(simulation: Simulation, first_seed: u64) -> Result<Self, GenerationError> {
        let starts = NewStarts::new(simulation, first_seed)?;
        Ok(Self(Kind::Resets(Box::new(starts))))
    }

    /// Leaves the last frames out: clips start in a given frame and end anywhere.
    #[must_use]
    pub fn without_end(mut self) -> Self {
        match &mut self.0 {
            Kind::Pictures { end, .. } => *end = None,
            Kind::Data { end, .. } => *end = false,
            // Their end is no frame.
            Kind::Resets(_) => {}
        }
        self
    }

    /// Description of the source.
    pub fn describe(&self) -> String {
        match &self.0 {
            Kind::Pictures { start, end: None } => format!("from {}", start.0.display()),
            Kind::Pictures { start, end: Some(end) } => {
                format!("from {} to {}", start.0.display(), end.0.display())
            }
            Kind::Resets(starts) => starts.describe(),
            Kind::Data {
                source,
                part,
                episodes,
                short,
                frames,
                ..
            } => {
                let (count, path) = (counted(episodes.len(), "episode"), source.path().display());
                let left_out = match short {
                    0 => String::new(),
                    1 => format!(" (1 more is shorter than {frames} frames)"),
                    short => format!(" ({short} more are shorter than {frames} frames)"),
                };
                match part {
                    SplitName::All => format!("between moments of {count} of {path}{left_out}"),
                    part => format!(
                        "between moments of {count} of the {} part of {path}{left_out}",
                        part.name()
                    ),
                }
            }
        }
    }

    /// The source, for the record.
    pub fn source(&self) -> EndpointSource {
        match &self.0 {
            Kind::Pictures { start, end } => EndpointSource::Pictures {
                start: plain_path(&start.0),
                end: end.as_ref().map(|end| plain_path(&end.0)),
            },
            Kind::Data { source, part, end, .. } => EndpointSource::Data {
                path: plain_path(source.path()),
                part: *part,
                end: *end,
                reading: source.options().clone(),
            },
            Kind::Resets(starts) => starts.source(),
        }
    }

    /// Conditioning of the clip with this index.
    pub(crate) fn clip(&self, seed: u64, index: usize) -> Result<Conditioning, GenerationError> {
        let mut rng = Pcg64::seed_from_u64(mix_seed(seed, index as u64));
        let own = rng.next_u64();
        let picture = |(path, frame): &(PathBuf, Frame)| (frame.clone(), Endpoint::Picture(path.clone()));
        let ((start, from), end) = match &self.0 {
            Kind::Pictures { start, end } => (picture(start), end.as_ref().map(picture)),
            Kind::Data {
                source,
                episodes,
                frames,
                end,
                ..
            } => {
                // No episode is drawn again before all have been drawn.
                let order = permutation(episodes.len(), seed, (index / episodes.len()) as u64);
                let (episode, rows) = episodes[order[index % episodes.len()]];
                let row = rng.random_range(0..rows);
                let all = source.episode(episode)?.frames;
                let given = |row: usize| (all[row].clone(), Endpoint::Row { episode, row });
                (given(row), end.then(|| given(row + frames - 1)))
            }
            Kind::Resets(starts) => {
                let (start, from) = starts.start(index)?;
                let to = Some(Endpoint::Goal);
                return Ok(Conditioning {
                    start,
                    end: None,
                    from,
                    to,
                    seed: own,
                });
            }
        };
        let (end, to) = end.unzip();
        Ok(Conditioning {
            start,
            end,
            from,
            to,
            seed: own,
        })
    }
}

fn picture(path: &Path) -> Result<Frame, GenerationError> {
    let refuse = |reason: String| GenerationError::Picture {
        path: path.to_path_buf(),
        reason,
    };
    let bytes = pusht_jobs::read_file(path).map_err(GenerationError::io(path))?;
    let picture = image::load_from_memory_with_format(&bytes, image::ImageFormat::Png);
    Ok(picture
        .map_err(|error| refuse(format!("it is no PNG ({error})")))?
        .to_rgb8())
}
