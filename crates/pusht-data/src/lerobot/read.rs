//! Opens a dataset and reads its episodes.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use pusht_env::{Action, GOAL, Pose, State};
use serde_json::Value;
use video_io::VideoReader;

use super::table::{self, Column};
use super::{AGENT, BLOCK, Extra, FPS};
use crate::{DataError, Episode, Provenance};
use pusht_jobs::JobContext;

/// An open LeRobot v3 dataset of PushT: actions are in memory, images stay in their MP4 files until requested.
pub struct LeRobotSet {
    path: PathBuf,
    episodes: Vec<Rows>,
    extra: Vec<Extra>,
}

/// One episode.
struct Rows {
    actions: Vec<Action>,
    states: Option<Vec<State>>,
    video: PathBuf,
    /// Index of its first frame in the video.
    first: usize,
}

impl LeRobotSet {
    /// Opens a folder and reads everything except images.
    ///
    /// # Errors
    /// A missing dataset, another version or frame rate, no feature `action` of two numbers or no video feature, or
    /// tables that cannot be read or are inconsistent.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, DataError> {
        let path = path.as_ref();
        let info = json(path, "meta/info.json")?;
        let layout = |array: &str, expected: &str, found: String| DataError::Layout {
            path: path.to_path_buf(),
            array: array.to_owned(),
            expected: expected.to_owned(),
            found,
        };
        let version = info["codebase_version"].as_str().unwrap_or_default();
        if !version.starts_with("v3.") {
            let expected = "version v3.0 (LeRobot's convert_dataset_v21_to_v30 makes it of older ones)";
            return Err(layout("meta/info.json", expected, format!("{version:?}")));
        }
        if info["fps"].as_f64() != Some(f64::from(FPS)) {
            return Err(layout(
                "meta/info.json",
                "10 frames per second",
                info["fps"].to_string(),
            ));
        }
        let is_video = |f: &Value| f["dtype"] == "video";
        let features = info["features"].as_object().into_iter().flatten();
        let image = features
            .into_iter()
            .find(|(_, f)| is_video(f))
            .map(|(name, _)| name.clone());
        let image = image.ok_or_else(|| {
            layout(
                "meta/info.json",
                "a feature of dtype video",
                "none (pictures within tables are not read)".to_owned(),
            )
        })?;
        let pattern = |key: &str| info[key].as_str().unwrap_or_default().to_owned();
        let places = places(path, &image)?;
        let mut files: BTreeMap<PathBuf, [Option<Column>; 4]> = BTreeMap::new();
        let mut episodes = Vec::with_capacity(places.len());
        for place in &places {
            let file = path.join(fill(&pattern("data_path"), place.data, &image));
            if !files.contains_key(&file) {
                // Files are in the order of episodes: one at a time is enough.
                files.clear();
                let columns = table::read(&file, &["action", AGENT, BLOCK, "episode_index"])?;
                let columns: [Option<Column>; 4] = columns.try_into().unwrap_or([None, None, None, None]);
                files.insert(file.clone(), columns);
            }
            let columns = &files[&file];
            let shown = file.strip_prefix(path).unwrap_or(&file).display().to_string();
            let video = path.join(fill(&pattern("video_path"), place.video, &image));
            episodes
                .push(rows(columns, place, video).map_err(|found| layout(&shown, "rows of [x, y] actions", found))?);
        }
        if episodes.is_empty() {
            return Err(layout("meta/episodes", "at least one episode", "none".to_owned()));
        }
        let extra = extra(path, episodes.len());
        Ok(Self {
            path: path.to_path_buf(),
            episodes,
            extra,
        })
    }

    /// Number of episodes, at least 1.
    #[expect(clippy::len_without_is_empty, reason = "an open set is never empty")]
    pub fn len(&self) -> usize {
        self.episodes.len()
    }

    fn rows(&self, episode: usize) -> Result<&Rows, DataError> {
        self.episodes.get(episode).ok_or_else(|| DataError::OutOfRange {
            path: self.path.clone(),
            asked: format!("episode {episode}"),
            available: format!("episodes 0 to {}", self.episodes.len() - 1),
        })
    }

    /// Actions of one episode.
    ///
    /// # Errors
    /// An episode out of range.
    pub fn actions(&self, episode: usize) -> Result<&[Action], DataError> {
        Ok(&self.rows(episode)?.actions)
    }

    /// States of one episode, if the dataset has agent positions and block poses.
    ///
    /// # Errors
    /// An episode out of range.
    pub fn states(&self, episode: usize) -> Result<Option<&[State]>, DataError> {
        Ok(self.rows(episode)?.states.as_deref())
    }

    /// Reads episodes with their images. Progress counts frames.
    ///
    /// # Errors
    /// Episodes out of range, or a video that cannot be read or is too short.
    pub fn episodes(&self, range: Range<usize>, ctx: &mut JobContext) -> Result<Vec<Episode>, DataError> {
        if let Some(last) = range.clone().last() {
            self.rows(last)?;
        }
        let all = self.episodes[range.clone()].iter().map(|r| r.actions.len()).sum();
        let task = ctx.task("read frames", all);
        // Several episodes may follow each other in one file; it is read once, from front to back.
        let mut open: Option<(&Path, usize, VideoReader)> = None;
        let mut episodes = Vec::with_capacity(range.len());
        for index in range {
            task.check()?;
            let rows = &self.episodes[index];
            let unreadable = |reason: String| DataError::Unreadable {
                path: self.path.clone(),
                item: rows
                    .video
                    .strip_prefix(&self.path)
                    .unwrap_or(&rows.video)
                    .display()
                    .to_string(),
                reason,
            };
            let (mut at, mut reader) = match open.take() {
                Some((file, at, reader)) if file == rows.video && at <= rows.first => (at, reader),
                _ => (
                    0,
                    VideoReader::open(&rows.video).map_err(|e| unreadable(e.to_string()))?,
                ),
            };
            let mut frames = Vec::with_capacity(rows.actions.len());
            while frames.len() < rows.actions.len() {
                let next = reader.next_frame().map_err(|e| unreadable(e.to_string()))?;
                let next = next.ok_or_else(|| {
                    let needed = rows.first + rows.actions.len();
                    unreadable(format!("it has {at} frames, episode {index} needs {needed}"))
                })?;
                if at >= rows.first {
                    frames.push(next.frame);
                }
                at += 1;
            }
            task.add(frames.len());
            let [x, y, angle] = self.extra[index].goal;
            let episode = Episode {
                frames,
                actions: rows.actions.clone(),
                states: rows.states.clone(),
                goal: Pose::new(x, y, angle),
                provenance: self.extra[index].provenance.clone(),
            };
            episode.check().map_err(|e| DataError::episode(&self.path, e))?;
            episodes.push(episode);
            open = Some((&rows.video, at, reader));
        }
        task.finish(&format!("{all} frames"));
        Ok(episodes)
    }
}

/// Latest start of an episode in its video, s.
const LONGEST_VIDEO: f64 = 1e9;

/// Location of an episode.
struct Place {
    length: usize,
    index: usize,
    /// Numbers of chunk and file.
    data: [usize; 2],
    video: [usize; 2],
    from: f64,
}

/// Locations of all episodes, from the tables in `meta/episodes`.
fn places(path: &Path, image: &str) -> Result<Vec<Place>, DataError> {
    let mut files = Vec::new();
    for folder in listed(&path.join("meta/episodes")) {
        files.extend(
            listed(&folder)
                .into_iter()
                .filter(|f| f.extension().is_some_and(|e| e == "parquet")),
        );
    }
    let video = |part: &str| format!("videos/{image}/{part}");
    let names = [
        "episode_index".to_owned(),
        "length".to_owned(),
        "data/chunk_index".to_owned(),
        "data/file_index".to_owned(),
        video("chunk_index"),
        video("file_index"),
        video("from_timestamp"),
    ];
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut places = Vec::new();
    for file in files {
        let columns: Vec<Column> = (table::read(&file, &names)?.into_iter().zip(&names))
            .map(|(column, name)| {
                column.ok_or_else(|| DataError::Layout {
                    path: file.clone(),
                    array: (*name).to_owned(),
                    expected: "a column of LeRobot v3".to_owned(),
                    found: "none".to_owned(),
                })
            })
            .collect::<Result<_, _>>()?;
        let value = |item: &str, row, found: f64, expected| DataError::Value {
            path: file.clone(),
            item: item.to_owned(),
            row,
            found: found.to_string(),
            expected,
        };
        let whole = columns[..6]
            .iter()
            .zip(&names)
            .map(|(column, name)| {
                column
                    .whole()
                    .map_err(|(row, found)| value(name, row, found, "a count or an index, a whole number from 0"))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let from = columns[6].values.iter().enumerate();
        if let Some((row, &found)) = from.clone().find(|(_, v)| !(0.0..=LONGEST_VIDEO).contains(*v)) {
            return Err(value(names[6], row, found, "seconds from the beginning of a video"));
        }
        for row in 0..columns[0].rows() {
            places.push(Place {
                index: whole[0][row],
                length: whole[1][row],
                data: [whole[2][row], whole[3][row]],
                video: [whole[4][row], whole[5][row]],
                from: columns[6].values[row],
            });
        }
    }
    places.sort_by_key(|p| p.index);
    Ok(places)
}

/// Reads the rows of one episode from its data file.
fn rows(columns: &[Option<Column>; 4], place: &Place, video: PathBuf) -> Result<Rows, String> {
    let [Some(action), agent, block, Some(index)] = columns else {
        return Err("no column action or episode_index".to_owned());
    };
    if action.width != 2 {
        return Err(format!("actions of {} numbers", action.width));
    }
    let episode = place.index;
    // Episodes are consecutive.
    let [first, end] = [episode, episode + 1].map(|e| index.values.partition_point(|&v| v < e as f64));
    let rows = first..end;
    if rows.len() != place.length || rows.is_empty() || index.values[rows.clone()].iter().any(|&v| v != episode as f64)
    {
        return Err(format!(
            "{} rows of episode {episode}, not {}",
            rows.len(),
            place.length
        ));
    }
    let actions = action.values[2 * rows.start..2 * rows.end].chunks_exact(2);
    let states = match (agent, block) {
        (Some(agent), Some(block)) if agent.width == 2 && block.width == 3 => Some(
            rows.map(|r| {
                let (a, b) = (&agent.values[2 * r..], &block.values[3 * r..]);
                State::from_row([a[0], a[1], b[0], b[1], b[2]])
            })
            .collect(),
        ),
        _ => None,
    };
    Ok(Rows {
        actions: actions.map(|a| [a[0] as f32, a[1] as f32]).collect(),
        states,
        video,
        first: (place.from * f64::from(FPS)).round() as usize,
    })
}

/// Goal and provenance: from this crate's own file if there is a matching one, else the reference's goal and the
/// dataset's name.
fn extra(path: &Path, episodes: usize) -> Vec<Extra> {
    let own = std::fs::read(path.join("meta/pusht.json")).ok();
    let own: Option<Vec<Extra>> = own.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    if let Some(own) = own.filter(|own| own.len() == episodes) {
        return own;
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
    (0..episodes).map(one).collect()
}

/// Fills a path pattern of `info.json` with its numbers.
fn fill(pattern: &str, [chunk, file]: [usize; 2], image: &str) -> String {
    pattern
        .replace("{video_key}", image)
        .replace("{chunk_index:03d}", &format!("{chunk:03}"))
        .replace("{file_index:03d}", &format!("{file:03}"))
}

fn listed(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder);
    let mut paths: Vec<PathBuf> = entries
        .map(|e| e.flatten().map(|e| e.path()).collect())
        .unwrap_or_default();
    paths.sort();
    paths
}

fn json(path: &Path, name: &str) -> Result<Value, DataError> {
    let unreadable = |reason: String| DataError::Unreadable {
        path: path.to_path_buf(),
        item: name.to_owned(),
        reason,
    };
    let bytes = std::fs::read(path.join(name)).map_err(|e| unreadable(e.to_string()))?;
    serde_json::from_slice(&bytes).map_err(|e| unreadable(e.to_string()))
}
