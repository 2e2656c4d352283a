//! Where clips begin and end: pictures, or moments of held-out demonstrations.

use std::path::{Component, Path, PathBuf};

use nn_kit::{mix_seed, permutation};
use pusht_data::{Source, Split, SplitProtocol, open};
use pusht_env::{Frame, GOAL};
use pusht_vision::Registrar;
use rand::{Rng, RngExt, SeedableRng};
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};

use super::error::GenerationError;

/// Part of a data set, split by episode with the seed 0, as the trainings split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// What models are trained on.
    Train,
    /// What they have not seen.
    #[default]
    Test,
    /// The whole set.
    All,
}

impl Part {
    /// As in settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Test => "test",
            Self::All => "all",
        }
    }
}

/// Where the ends are from, for the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum EndsOf {
    /// Every clip has the same.
    Pictures {
        /// The first frame.
        start: PathBuf,
        /// The last one.
        end: Option<PathBuf>,
    },
    /// Drawn anew for every clip.
    Data {
        /// The data set.
        path: PathBuf,
        /// Which part of it.
        part: Part,
        /// Whether the last frame is given.
        end: bool,
    },
}

/// The ends of any number of clips.
pub struct ClipEnds(Kind);

enum Kind {
    Pictures {
        start: (PathBuf, Frame),
        end: Option<(PathBuf, Frame)>,
    },
    Data {
        source: Box<Source>,
        part: Part,
        /// Episodes that are as long as a clip, with the number of rows that one can begin at.
        episodes: Vec<(usize, usize)>,
        frames: usize,
        end: bool,
    },
}

/// The ends of one clip.
pub(super) struct Ends {
    pub(super) start: Frame,
    pub(super) end: Option<Frame>,
    pub(super) start_name: String,
    pub(super) end_name: Option<String>,
}

impl ClipEnds {
    /// Two pictures. With `board` they are brought to the environment's 96 × 96 pixels, wherever the board is in them.
    ///
    /// # Errors
    /// Files that are no pictures, pictures of two sizes, and pictures without a board where one is needed.
    pub fn pictures(start: &Path, end: Option<&Path>, board: bool) -> Result<Self, GenerationError> {
        let registrar = Registrar::new(GOAL)?;
        let read = |path: &Path| -> Result<Frame, GenerationError> {
            let picture = picture(path)?;
            if !board {
                return Ok(picture);
            }
            let found = registrar.register(&picture).map_err(|error| GenerationError::Picture {
                path: path.to_path_buf(),
                reason: error.to_string(),
            })?;
            Ok(found.resample(&picture))
        };
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

    /// Moments of a data set that lie a clip of `frames` apart.
    ///
    /// # Errors
    /// A data set that cannot be read, or whose episodes are too short.
    pub fn data(path: &Path, part: Part, frames: usize, end: bool) -> Result<Self, GenerationError> {
        let source = open(path)?;
        let lengths = source.lengths();
        let episodes = match part {
            Part::All => (0..lengths.len()).collect(),
            _ => {
                let split = Split::new(&lengths, SplitProtocol::ByEpisode, 1, 0)?;
                Split::episodes_of(match part {
                    Part::Train => &split.train,
                    _ => &split.test,
                })
            }
        };
        let rows = |&e: &usize| (e, (lengths[e] + 1).saturating_sub(frames));
        let episodes: Vec<_> = episodes.iter().map(rows).filter(|(_, rows)| *rows > 0).collect();
        if episodes.is_empty() {
            return Err(GenerationError::TooShort {
                path: path.to_path_buf(),
                part: part.name(),
                frames,
            });
        }
        Ok(Self(Kind::Data {
            source: Box::new(source),
            part,
            episodes,
            frames,
            end,
        }))
    }

    /// Where they are from, in words.
    pub fn describe(&self) -> String {
        match &self.0 {
            Kind::Pictures { start, end: None } => format!("from {}", start.0.display()),
            Kind::Pictures { start, end: Some(end) } => {
                format!("from {} to {}", start.0.display(), end.0.display())
            }
            Kind::Data {
                source, part, episodes, ..
            } => {
                let (count, path) = (episodes.len(), source.path().display());
                let plural = if count == 1 { "" } else { "s" };
                match part {
                    Part::All => format!("between moments of {count} episode{plural} of {path}"),
                    part => format!(
                        "between moments of {count} episode{plural} of the {} part of {path}",
                        part.name()
                    ),
                }
            }
        }
    }

    /// Where they are from.
    pub fn of(&self) -> EndsOf {
        match &self.0 {
            Kind::Pictures { start, end } => EndsOf::Pictures {
                start: plain(&start.0),
                end: end.as_ref().map(|end| plain(&end.0)),
            },
            Kind::Data { source, part, end, .. } => EndsOf::Data {
                path: plain(source.path()),
                part: *part,
                end: *end,
            },
        }
    }

    /// Those of one clip, and the clip's own seed.
    pub(super) fn clip(&self, seed: u64, index: usize) -> Result<(Ends, u64), GenerationError> {
        let mut rng = Pcg64::seed_from_u64(mix_seed(seed, index as u64));
        let own = rng.next_u64();
        let ends = match &self.0 {
            Kind::Pictures { start, end } => Ends {
                start: start.1.clone(),
                end: end.as_ref().map(|end| end.1.clone()),
                start_name: start.0.display().to_string(),
                end_name: end.as_ref().map(|end| end.0.display().to_string()),
            },
            Kind::Data {
                source,
                episodes,
                frames,
                end,
                ..
            } => {
                // No episode is drawn again before all were.
                let order = permutation(episodes.len(), seed, (index / episodes.len()) as u64);
                let (episode, rows) = episodes[order[index % episodes.len()]];
                let row = rng.random_range(0..rows);
                let all = source.episode(episode)?.frames;
                let name = |row: usize| format!("episode {episode}, row {row}");
                let end = end.then_some(row + frames - 1);
                Ends {
                    start: all[row].clone(),
                    end: end.map(|row| all[row].clone()),
                    start_name: name(row),
                    end_name: end.map(name),
                }
            }
        };
        Ok((ends, own))
    }
}

/// One spelling of a path: without `.` and doubled or trailing slashes.
pub(super) fn plain(path: &Path) -> PathBuf {
    let parts = path.components().filter(|part| *part != Component::CurDir);
    let plain: PathBuf = parts.collect();
    if plain.as_os_str().is_empty() {
        path.to_path_buf()
    } else {
        plain
    }
}

fn picture(path: &Path) -> Result<Frame, GenerationError> {
    let refuse = |reason: String| GenerationError::Picture {
        path: path.to_path_buf(),
        reason,
    };
    let bytes = std::fs::read(path).map_err(GenerationError::io(path))?;
    let picture = image::load_from_memory_with_format(&bytes, image::ImageFormat::Png);
    Ok(picture
        .map_err(|error| refuse(format!("it is no PNG ({error})")))?
        .to_rgb8())
}
