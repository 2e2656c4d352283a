//! Opens a replay buffer and reads its episodes.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pusht_env::{Action, GOAL, State};
use zarrs::filesystem::FilesystemStore;

use super::{frames, rows::Rows};
use crate::{DataError, Episode, EpisodeError, Provenance};
use pusht_jobs::JobContext;

const EXPECTED: &str = "a replay buffer folder (….zarr with data/action and meta/episode_ends)";

/// An open replay buffer: actions and states are in memory, images stay on disk until requested.
pub struct ReplayBuffer {
    path: PathBuf,
    actions: Vec<Action>,
    states: Option<Vec<State>>,
    ends: Vec<usize>,
    images: Option<Rows>,
}

impl ReplayBuffer {
    /// Opens a folder and reads everything except images, which takes milliseconds.
    ///
    /// # Errors
    /// A missing folder, an array that is missing or of another shape (named), a chunk that is missing or truncated,
    /// numbers that are not finite, or an empty episode.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, DataError> {
        let path = path.as_ref();
        if !path.exists() {
            return Err(DataError::NotFound {
                path: path.to_path_buf(),
                expected: EXPECTED,
            });
        }
        if !path.is_dir() {
            return Err(DataError::Unrecognized {
                path: path.to_path_buf(),
                found: "a file".to_owned(),
                expected: EXPECTED,
            });
        }
        let store = FilesystemStore::new(path).map_err(|e| DataError::Unreadable {
            path: path.to_path_buf(),
            item: "the folder".to_owned(),
            reason: e.to_string(),
        })?;
        let store = Arc::new(store);
        let missing = |array: &str, expected: &str| DataError::Layout {
            path: path.to_path_buf(),
            array: array.to_owned(),
            expected: expected.to_owned(),
            found: "no such array".to_owned(),
        };

        let ends = Rows::open(&store, path, "meta/episode_ends", &[])?
            .ok_or_else(|| missing("meta/episode_ends", "the exclusive end row of every episode"))?
            .counts()?;
        let action = Rows::open(&store, path, "data/action", &[Some(2)])?
            .ok_or_else(|| missing("data/action", "actions of shape [rows, 2]"))?;
        let rows = action.rows;
        let ends = check_ends(path, ends, rows)?;
        let actions = action.coordinates()?;
        let states = match Rows::open(&store, path, "data/state", &[Some(5)])? {
            Some(state) => {
                same_rows(path, "data/state", state.rows, rows)?;
                Some(state.coordinates()?)
            }
            None => None,
        };
        let images = Rows::open(&store, path, "data/img", &[None, None, Some(3)])?;
        if let Some(images) = &images {
            same_rows(path, "data/img", images.rows, rows)?;
            frames::size(images)?;
        }
        Ok(Self {
            path: path.to_path_buf(),
            actions: actions.chunks_exact(2).map(|a| [a[0] as f32, a[1] as f32]).collect(),
            states: states.map(|s| {
                s.chunks_exact(5)
                    .map(|r| State::from_row([r[0], r[1], r[2], r[3], r[4]]))
                    .collect()
            }),
            ends,
            images,
        })
    }

    /// Number of episodes, at least 1.
    #[expect(clippy::len_without_is_empty, reason = "an open replay buffer is never empty")]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Exclusive end row of every episode.
    pub fn episode_ends(&self) -> &[usize] {
        &self.ends
    }

    /// Rows of one episode.
    ///
    /// # Errors
    /// An episode out of range.
    pub fn rows(&self, episode: usize) -> Result<Range<usize>, DataError> {
        let end = self.ends.get(episode).ok_or_else(|| DataError::OutOfRange {
            path: self.path.clone(),
            asked: format!("episode {episode}"),
            available: format!("episodes 0 to {}", self.ends.len() - 1),
        })?;
        let start = episode.checked_sub(1).map_or(0, |e| self.ends[e]);
        Ok(start..*end)
    }

    /// Actions of all rows.
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// States of all rows, before the action of the row, if the buffer has them; block angles as stored (mod 2π).
    pub fn states(&self) -> Option<&[State]> {
        self.states.as_deref()
    }

    /// Whether the buffer has images.
    pub fn has_frames(&self) -> bool {
        self.images.is_some()
    }

    /// Reads episodes with their images, decoded in parallel. Progress counts frames.
    ///
    /// # Errors
    /// Episodes out of range, no images, a chunk that is missing or truncated, or pixels that are not whole numbers
    /// from 0 to 255.
    pub fn episodes(&self, range: Range<usize>, ctx: &mut JobContext) -> Result<Vec<Episode>, DataError> {
        if range.is_empty() {
            return Ok(Vec::new());
        }
        let images = self.images.as_ref().ok_or_else(|| DataError::Layout {
            path: self.path.clone(),
            array: "data/img".to_owned(),
            expected: "images of shape [rows, height, width, 3]".to_owned(),
            found: "no such array".to_owned(),
        })?;
        let all = self.rows(range.start)?.start..self.rows(range.end - 1)?.end;
        let mut frames = frames::read(images, all, ctx)?.into_iter();
        let source = self.path.file_name().unwrap_or(self.path.as_os_str()).to_string_lossy();
        let mut episodes = Vec::with_capacity(range.len());
        for index in range {
            let rows = self.rows(index)?;
            episodes.push(Episode {
                frames: frames.by_ref().take(rows.len()).collect(),
                actions: self.actions[rows.clone()].to_vec(),
                states: self.states.as_ref().map(|s| s[rows].to_vec()),
                goal: GOAL,
                provenance: Provenance {
                    source: source.clone().into_owned(),
                    index,
                    seed: None,
                    actions: "recorded".to_owned(),
                },
            });
        }
        Ok(episodes)
    }
}

/// Checks that the ends ascend and that the last one is the number of rows.
fn check_ends(path: &Path, ends: Vec<usize>, rows: usize) -> Result<Vec<usize>, DataError> {
    let layout = |found: String| DataError::Layout {
        path: path.to_path_buf(),
        array: "meta/episode_ends".to_owned(),
        expected: format!("rising ends, the last one {rows}, the number of rows of data/action"),
        found,
    };
    let mut start = 0;
    for (index, &end) in ends.iter().enumerate() {
        if end == start {
            return Err(DataError::episode(path, EpisodeError::Empty { index }));
        }
        if end < start {
            return Err(layout(format!("{end} after {start}")));
        }
        start = end;
    }
    if start != rows {
        return Err(layout(format!(
            "{start}; the copy is incomplete or the arrays are not of one set"
        )));
    }
    Ok(ends)
}

fn same_rows(path: &Path, array: &str, found: usize, expected: usize) -> Result<(), DataError> {
    if found == expected {
        return Ok(());
    }
    Err(DataError::Layout {
        path: path.to_path_buf(),
        array: array.to_owned(),
        expected: format!("{expected} rows, as data/action"),
        found: format!("{found} rows"),
    })
}
