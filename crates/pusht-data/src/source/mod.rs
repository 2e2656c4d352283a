//! Opens datasets of any layout as episodes.

mod describe;
mod options;

use std::ops::Range;
use std::path::{Path, PathBuf};

use pusht_env::{Action, State};
use pusht_jobs::{JobContext, path_name};

#[cfg(feature = "lerobot")]
use crate::LeRobotSet;
#[cfg(feature = "zarr")]
use crate::ReplayBuffer;
use crate::{DataError, Episode, SimulatedSet, simulated};
use describe::describe;
pub use options::SourceOptions;

const EXPECTED: &str = "a zarr replay buffer (folder), a LeRobot v3 dataset (folder) or a file of simulated episodes \
                        (as `pusht demos record` writes)";

/// What LeRobot datasets have besides meta/info.json, and zarr replay buffers do not.
const LEROBOT: [&str; 7] = [
    "meta/stats.json",
    "meta/tasks.parquet",
    "meta/tasks.jsonl",
    "meta/episodes",
    "meta/episodes.jsonl",
    "data/chunk-000",
    "videos/chunk-000",
];

/// An open dataset.
pub struct Source {
    path: PathBuf,
    options: SourceOptions,
    kind: Kind,
}

enum Kind {
    #[cfg(feature = "zarr")]
    ReplayBuffer(Box<ReplayBuffer>),
    #[cfg(feature = "lerobot")]
    LeRobot(Box<LeRobotSet>),
    Simulated(SimulatedSet),
}

/// Opens a dataset of any layout: a zarr replay buffer, a LeRobot dataset, or a file of simulated episodes. Frames are
/// not read yet.
///
/// # Errors
/// A path that does not exist or holds something else, or the error of the layout's reader.
pub fn open(path: impl AsRef<Path>) -> Result<Source, DataError> {
    open_with(path, &SourceOptions::default())
}

/// Opens a dataset, as [`open`], with choices that some datasets need.
///
/// # Errors
/// Those of [`open`], and options that the layout does not have.
pub fn open_with(path: impl AsRef<Path>, options: &SourceOptions) -> Result<Source, DataError> {
    let path = path.as_ref();
    let kind = if !path.exists() {
        return Err(DataError::NotFound {
            path: path.to_path_buf(),
            expected: EXPECTED,
        });
    } else if simulated::is_ours(path) {
        Kind::Simulated(SimulatedSet::open(path)?)
    } else if path.join("meta/info.json").exists() {
        lerobot(path, options)?
    } else if LEROBOT.iter().any(|inside| path.join(inside).exists()) {
        return Err(DataError::Unrecognized {
            path: path.to_path_buf(),
            found: "a LeRobot dataset without meta/info.json".to_owned(),
            expected: "the whole dataset: copy it again with all files of its folders meta, data and videos",
        });
    } else if [".zgroup", ".zmetadata", "zarr.json", "data", "meta"]
        .iter()
        .any(|f| path.join(f).exists())
    {
        replay_buffer(path)?
    } else {
        return Err(DataError::Unrecognized {
            path: path.to_path_buf(),
            found: describe(path),
            expected: EXPECTED,
        });
    };
    #[cfg(feature = "lerobot")]
    let has_options = matches!(kind, Kind::LeRobot(_));
    #[cfg(not(feature = "lerobot"))]
    let has_options = false;
    if !has_options && !options.is_default() {
        return Err(DataError::NoOptions {
            path: path.to_path_buf(),
        });
    }
    Ok(Source {
        path: path.to_path_buf(),
        options: options.clone(),
        kind,
    })
}

#[cfg(feature = "zarr")]
fn replay_buffer(path: &Path) -> Result<Kind, DataError> {
    Ok(Kind::ReplayBuffer(Box::new(ReplayBuffer::open(path)?)))
}

#[cfg(not(feature = "zarr"))]
fn replay_buffer(path: &Path) -> Result<Kind, DataError> {
    Err(DataError::Unrecognized {
        path: path.to_path_buf(),
        found: "a zarr replay buffer, which this program was built without (feature `zarr` of pusht-data)".to_owned(),
        expected: "a file of simulated episodes",
    })
}

#[cfg(feature = "lerobot")]
fn lerobot(path: &Path, options: &SourceOptions) -> Result<Kind, DataError> {
    Ok(Kind::LeRobot(Box::new(LeRobotSet::open_with(path, options)?)))
}

#[cfg(not(feature = "lerobot"))]
fn lerobot(path: &Path, _: &SourceOptions) -> Result<Kind, DataError> {
    Err(DataError::Unrecognized {
        path: path.to_path_buf(),
        found: "a LeRobot dataset, which this program was built without (feature `lerobot` of pusht-data)".to_owned(),
        expected: "a file of simulated episodes",
    })
}

impl Source {
    /// The path it was opened from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The options it was opened with.
    pub fn options(&self) -> &SourceOptions {
        &self.options
    }

    /// Name for results: that of the path ([`path_name`]), and the camera if one was chosen.
    pub fn name(&self) -> String {
        let name = path_name(&self.path);
        match &self.options.camera {
            Some(camera) => format!("{name}, camera {camera}"),
            None => name,
        }
    }

    /// Whether its frames are stored with loss: as videos.
    pub(crate) fn is_lossy(&self) -> bool {
        match &self.kind {
            #[cfg(feature = "zarr")]
            Kind::ReplayBuffer(_) => false,
            #[cfg(feature = "lerobot")]
            Kind::LeRobot(_) => true,
            Kind::Simulated(_) => false,
        }
    }

    /// The simulated set with its trajectories, if it is one.
    pub fn simulated(&self) -> Option<&SimulatedSet> {
        match &self.kind {
            #[cfg(feature = "zarr")]
            Kind::ReplayBuffer(_) => None,
            #[cfg(feature = "lerobot")]
            Kind::LeRobot(_) => None,
            Kind::Simulated(set) => Some(set),
        }
    }

    /// Number of episodes, at least 1.
    #[expect(clippy::len_without_is_empty, reason = "a source is never empty")]
    pub fn len(&self) -> usize {
        match &self.kind {
            #[cfg(feature = "zarr")]
            Kind::ReplayBuffer(buffer) => buffer.len(),
            #[cfg(feature = "lerobot")]
            Kind::LeRobot(set) => set.len(),
            Kind::Simulated(set) => set.len(),
        }
    }

    /// Actions of one episode, without decoding or simulation.
    ///
    /// # Errors
    /// An episode out of range.
    pub fn actions(&self, episode: usize) -> Result<&[Action], DataError> {
        match &self.kind {
            #[cfg(feature = "zarr")]
            Kind::ReplayBuffer(buffer) => Ok(&buffer.actions()[buffer.rows(episode)?]),
            #[cfg(feature = "lerobot")]
            Kind::LeRobot(set) => set.actions(episode),
            Kind::Simulated(set) => match set.trajectories().get(episode) {
                Some(trajectory) => Ok(&trajectory.actions),
                None => Err(DataError::OutOfRange {
                    path: self.path.clone(),
                    asked: format!("episode {episode}"),
                    available: format!("episodes 0 to {}", set.len() - 1),
                }),
            },
        }
    }

    /// States of one episode, before each action, without decoding or rendering images; `None` if the dataset has none.
    ///
    /// # Errors
    /// An episode that is out of range or cannot be simulated.
    pub fn states(&self, episode: usize) -> Result<Option<Vec<State>>, DataError> {
        self.actions(episode)?;
        match &self.kind {
            #[cfg(feature = "zarr")]
            Kind::ReplayBuffer(buffer) => {
                let rows = buffer.rows(episode)?;
                Ok(buffer.states().map(|states| states[rows].to_vec()))
            }
            #[cfg(feature = "lerobot")]
            Kind::LeRobot(set) => Ok(set.states(episode)?.map(<[State]>::to_vec)),
            Kind::Simulated(set) => set.states(episode).map(Some),
        }
    }

    /// Number of episodes to use when `asked` are requested; `None` requests all.
    ///
    /// # Errors
    /// A request for none, or for more than there are.
    pub fn first(&self, asked: Option<usize>) -> Result<usize, DataError> {
        let (asked, available) = (asked.unwrap_or(self.len()), self.len());
        if (1..=available).contains(&asked) {
            return Ok(asked);
        }
        Err(DataError::Episodes {
            path: self.path.clone(),
            asked,
            available,
        })
    }

    /// Number of rows of every episode, for [`Split::new`](crate::Split::new).
    pub fn lengths(&self) -> Vec<usize> {
        (0..self.len())
            .map(|e| self.actions(e).map_or(0, <[Action]>::len))
            .collect()
    }

    /// Episodes with frames and, if known, states: decoded or simulated in parallel. Progress counts frames.
    ///
    /// # Errors
    /// Episodes out of range, data that cannot be read, or a job that was cancelled.
    pub fn episodes(&self, range: Range<usize>, ctx: &mut JobContext) -> Result<Vec<Episode>, DataError> {
        match &self.kind {
            #[cfg(feature = "zarr")]
            Kind::ReplayBuffer(buffer) => buffer.episodes(range, ctx),
            #[cfg(feature = "lerobot")]
            Kind::LeRobot(set) => set.episodes(range, ctx),
            Kind::Simulated(set) => set.episodes(range, ctx),
        }
    }

    /// One episode with its frames.
    ///
    /// # Errors
    /// An episode out of range, or data that cannot be read.
    pub fn episode(&self, index: usize) -> Result<Episode, DataError> {
        let mut one = self.episodes(index..index.saturating_add(1), &mut JobContext::silent())?;
        Ok(one.remove(0))
    }

    /// Iterates over episodes, decoded or simulated sixteen at a time, so that a dataset need not fit into memory.
    pub fn stream(&self, range: Range<usize>) -> impl Iterator<Item = Result<Episode, DataError>> {
        range.clone().step_by(16).flat_map(move |first| {
            match self.episodes(first..(first + 16).min(range.end), &mut JobContext::silent()) {
                Ok(episodes) => episodes.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error)],
            }
        })
    }
}
