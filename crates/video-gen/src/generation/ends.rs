//! Where clips begin and end: pictures, or moments of held-out demonstrations.

use std::path::{Path, PathBuf};

use pusht_data::{FrameRef, Source, Split, SplitProtocol, open};
use pusht_env::{Frame, GOAL};
use pusht_vision::Registrar;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};
use training::mix_seed;

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
        /// First frames from which an episode goes on for as long as a clip.
        starts: Vec<FrameRef>,
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
        let of = |&e: &usize| (0..(lengths[e] + 1).saturating_sub(frames)).map(move |row| FrameRef::new(e, row));
        let starts: Vec<FrameRef> = episodes.iter().flat_map(of).collect();
        if starts.is_empty() {
            return Err(GenerationError::TooShort {
                path: path.to_path_buf(),
                part: part.name(),
                frames,
            });
        }
        Ok(Self(Kind::Data {
            source: Box::new(source),
            part,
            starts,
            frames,
            end,
        }))
    }

    /// Where they are from.
    pub fn of(&self) -> EndsOf {
        match &self.0 {
            Kind::Pictures { start, end } => EndsOf::Pictures {
                start: start.0.clone(),
                end: end.as_ref().map(|end| end.0.clone()),
            },
            Kind::Data { source, part, end, .. } => EndsOf::Data {
                path: source.path().to_path_buf(),
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
                starts,
                frames,
                end,
                ..
            } => {
                let start = *starts.choose(&mut rng).ok_or(GenerationError::NoClips)?;
                let (episode, row) = (start.episode as usize, start.row as usize);
                let all = source.episodes(episode..episode + 1, &mut |_, _| {})?.remove(0).frames;
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
