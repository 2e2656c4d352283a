//! Opens a dataset and reads its episodes.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use pusht_env::{Action, GOAL, Pose, State};
use pusht_jobs::{JobContext, counted};

use super::Extra;
use super::info::{Info, json};
use super::pictures::{FrameCursor, Missed};
use super::places::{self, Place};
use super::rows::{RowTable, Rows};
use crate::{DataError, Episode, Provenance, SourceOptions};

/// An open LeRobot v3 dataset of PushT: actions are in memory, images stay in their MP4 files until requested.
pub struct LeRobotSet {
    path: PathBuf,
    tolerance: f64,
    episodes: Vec<OpenEpisode>,
    extra: Vec<Extra>,
}

/// One episode, whose frames are in a video.
struct OpenEpisode {
    /// Its number in the dataset.
    number: usize,
    rows: Rows,
    video: PathBuf,
}

impl LeRobotSet {
    /// Opens a folder and reads everything except images.
    ///
    /// # Errors
    /// Those of [`LeRobotSet::open_with`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, DataError> {
        Self::open_with(path, &SourceOptions::default())
    }

    /// Opens a folder, with a choice of the camera and of the tolerance in time, and reads everything except images.
    ///
    /// # Errors
    /// A missing dataset, another version or frame rate, no feature `action` of two numbers, no video feature or several
    /// without a choice, tables that cannot be read or do not agree, numbers in them that cannot be meant, or a tolerance out
    /// of range.
    pub fn open_with(path: impl AsRef<Path>, options: &SourceOptions) -> Result<Self, DataError> {
        let path = path.as_ref();
        if !(0.0..=SourceOptions::MAX_TOLERANCE).contains(&options.tolerance) {
            return Err(DataError::Tolerance {
                found: options.tolerance,
            });
        }
        let info = Info::read(path, options)?;
        let places = places::read(path, &info)?;
        let mut tables: BTreeMap<[usize; 2], Vec<&Place>> = BTreeMap::new();
        for place in &places {
            tables.entry(place.data).or_default().push(place);
        }
        let mut episodes = Vec::with_capacity(places.len());
        for (file, places) in tables {
            let table = RowTable::read(&path.join(info.data(file)))?;
            table.has_only(&places)?;
            for place in places {
                episodes.push(OpenEpisode {
                    number: place.number,
                    rows: table.episode(place, options)?,
                    video: path.join(info.video(place.video)),
                });
            }
        }
        episodes.sort_by_key(|episode| episode.number);
        Ok(Self {
            path: path.to_path_buf(),
            tolerance: options.tolerance,
            extra: extra(path, episodes.len())?,
            episodes,
        })
    }

    /// Number of episodes, at least 1.
    #[expect(clippy::len_without_is_empty, reason = "an open set is never empty")]
    pub fn len(&self) -> usize {
        self.episodes.len()
    }

    fn get(&self, episode: usize) -> Result<&OpenEpisode, DataError> {
        self.episodes.get(episode).ok_or_else(|| DataError::OutOfRange {
            path: self.path.clone(),
            asked: format!("episode {episode}"),
            available: format!("episodes 0 to {}", self.episodes.len() - 1),
        })
    }

    /// Actions of one episode. Episodes count from 0 in the order of their numbers, in which there may be gaps.
    ///
    /// # Errors
    /// An episode out of range.
    pub fn actions(&self, episode: usize) -> Result<&[Action], DataError> {
        Ok(&self.get(episode)?.rows.actions)
    }

    /// States of one episode, if the dataset has agent positions and block poses.
    ///
    /// # Errors
    /// An episode out of range.
    pub fn states(&self, episode: usize) -> Result<Option<&[State]>, DataError> {
        Ok(self.get(episode)?.rows.states.as_deref())
    }

    /// Reads episodes with their images: of every row the frame nearest to its time. Progress counts frames.
    ///
    /// # Errors
    /// Episodes out of range, a video that cannot be read, or a row without a frame within the tolerance.
    pub fn episodes(&self, range: Range<usize>, ctx: &mut JobContext) -> Result<Vec<Episode>, DataError> {
        if let Some(last) = range.clone().last() {
            self.get(last)?;
        }
        let first = range.start;
        let chosen = self.episodes.get(range).unwrap_or_default();
        let all = chosen.iter().map(|episode| episode.rows.actions.len()).sum();
        let task = ctx.task("read frames", all, "frame");
        // In the order of the videos, each of which is read once, from front to back.
        let mut order: Vec<usize> = (0..chosen.len()).collect();
        let begin = |at: usize| chosen[at].rows.times.first().copied().unwrap_or_default();
        order.sort_by(|&a, &b| {
            let videos = chosen[a].video.cmp(&chosen[b].video);
            videos.then(begin(a).total_cmp(&begin(b)))
        });
        let mut open: Option<FrameCursor> = None;
        let mut episodes = Vec::with_capacity(chosen.len());
        for at in order {
            task.check()?;
            let one = &chosen[at];
            let mut cursor = match open.take().filter(|cursor| cursor.can_read(&one.video, begin(at))) {
                Some(cursor) => cursor,
                None => FrameCursor::open(&one.video).map_err(|e| self.unreadable(one, &e))?,
            };
            let mut frames = Vec::with_capacity(one.rows.times.len());
            for (row, &time) in one.rows.times.iter().enumerate() {
                let frame = cursor.nearest(time, self.tolerance + f64::from(f32::EPSILON) * time);
                frames.push(frame.map_err(|missed| self.missed(one, row, missed))?);
            }
            task.add(frames.len());
            open = Some(cursor);
            let extra = &self.extra[first + at];
            let [x, y, angle] = extra.goal;
            let episode = Episode {
                frames,
                actions: one.rows.actions.clone(),
                states: one.rows.states.clone(),
                goal: Pose::new(x, y, angle),
                provenance: extra.provenance.clone(),
            };
            episode.check().map_err(|e| DataError::episode(&self.path, e))?;
            episodes.push((at, episode));
        }
        task.finish(&counted(all, "frame"));
        episodes.sort_by_key(|(at, _)| *at);
        Ok(episodes.into_iter().map(|(_, episode)| episode).collect())
    }

    /// A video's name in the dataset.
    fn shown(&self, video: &Path) -> String {
        let inside = video.strip_prefix(&self.path).unwrap_or(video);
        inside.display().to_string()
    }

    fn unreadable(&self, one: &OpenEpisode, reason: &impl ToString) -> DataError {
        let error = DataError::Unreadable {
            path: self.path.clone(),
            item: self.shown(&one.video),
            reason: reason.to_string(),
        };
        error.or_pointer(&one.video)
    }

    fn missed(&self, one: &OpenEpisode, row: usize, missed: Missed) -> DataError {
        match missed {
            Missed::Unreadable(error) => self.unreadable(one, &error),
            Missed::Far(nearest) => DataError::NoFrame {
                path: self.path.clone(),
                video: self.shown(&one.video),
                episode: one.number,
                row,
                time: one.rows.times[row],
                nearest,
                tolerance: self.tolerance,
            },
        }
    }
}

/// Goal and provenance: from this crate's own file if there is one, else the reference's goal and the dataset's name.
fn extra(path: &Path, episodes: usize) -> Result<Vec<Extra>, DataError> {
    const OWN: &str = "meta/pusht.json";
    if path.join(OWN).exists() {
        let own: Result<Vec<Extra>, _> = serde_json::from_value(json(path, OWN)?);
        let found = match own {
            Ok(own) if own.len() == episodes => return Ok(own),
            Ok(own) => format!("{} entries", own.len()),
            Err(error) => error.to_string(),
        };
        return Err(DataError::Layout {
            path: path.to_path_buf(),
            array: OWN.to_owned(),
            expected: format!("goal and origin of {episodes} episodes (remove the file if the goal is gym-pusht's)"),
            found,
        });
    }
    let source = path
        .file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned();
    let one = |index| Extra {
        goal: [GOAL.x, GOAL.y, GOAL.angle],
        provenance: Provenance {
            source: source.clone(),
            index,
            seed: None,
            actions: "recorded".to_owned(),
        },
    };
    Ok((0..episodes).map(one).collect())
}
