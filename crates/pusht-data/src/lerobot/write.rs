//! Writes a dataset: rows in a stream, one MP4 file per episode.

use parquet_numbers::{ColumnValues, TableError, TableWriter};
use serde_json::{Value, json};
use std::path::Path;
use video_io::{VideoOptions, VideoWriter};

use super::stats::{Pixels, Vectors};
use super::{AGENT, BLOCK, CHUNK, Extra, FPS, IMAGE, TASK};
use crate::{DataError, Episode, EpisodeError, atomic};
use pusht_jobs::{JobContext, counted};

/// Writes episodes, in order, as a LeRobot v3 dataset at `path`, which must not exist yet. All frames must have one
/// size; agent positions and block poses are written if the first episode has states. Images are H.264 at their own
/// size, time stamps index / 10. Memory holds one episode at a time. Progress counts frames; `frames` is their
/// announced total. Returns the number of episodes.
///
/// # Errors
/// A path that cannot be written, an error of the iterator, no episodes, or episodes of different kinds.
pub fn write_lerobot(
    path: impl AsRef<Path>,
    episodes: impl IntoIterator<Item = Result<Episode, DataError>>,
    frames: usize,
    ctx: &mut JobContext,
) -> Result<usize, DataError> {
    let path = path.as_ref();
    let mut count = 0;
    atomic::write_folder(path, |folder| {
        let mut set: Option<Set> = None;
        let task = ctx.task("write frames", frames, "frame");
        for episode in episodes {
            task.check()?;
            let episode = episode?;
            episode.check().map_err(|e| DataError::episode(path, e))?;
            let set = match &mut set {
                Some(set) => set,
                none => none.insert(Set::create(path, folder, &episode)?),
            };
            set.push(&episode)?;
            task.add(episode.len());
        }
        let written = task.done();
        task.finish(&counted(written, "frame"));
        let set = set.ok_or_else(|| DataError::Layout {
            path: path.to_path_buf(),
            array: "meta/episodes".to_owned(),
            expected: "at least one episode".to_owned(),
            found: "none".to_owned(),
        })?;
        count = set.lengths.len();
        set.finish()
    })?;
    Ok(count)
}

struct Set<'a> {
    /// The final path, for messages, and the path being written.
    path: &'a Path,
    folder: &'a Path,
    size: (u32, u32),
    /// Whether the dataset has states.
    states: bool,
    data: Rows,
    lengths: Vec<usize>,
    extra: Vec<Extra>,
    action: Vectors,
    agent: Vectors,
    block: Vectors,
    pixels: Pixels,
}

impl<'a> Set<'a> {
    fn create(path: &'a Path, folder: &'a Path, first: &Episode) -> Result<Self, DataError> {
        let states = first.states.is_some();
        Ok(Self {
            path,
            folder,
            size: first.frames[0].dimensions(),
            states,
            data: Rows::create(&folder.join("data/chunk-000/file-000.parquet"), states)?,
            lengths: Vec::new(),
            extra: Vec::new(),
            action: Vectors::new(2),
            agent: Vectors::new(2),
            block: Vectors::new(3),
            pixels: Pixels::new(),
        })
    }

    fn push(&mut self, episode: &Episode) -> Result<(), DataError> {
        let index = self.lengths.len();
        let found = episode.frames[0].dimensions();
        if found != self.size {
            let error = EpisodeError::FrameSize {
                index: episode.provenance.index,
                row: 0,
                expected: self.size,
                found,
            };
            return Err(DataError::episode(self.path, error));
        }
        if episode.states.is_some() != self.states {
            return Err(DataError::Layout {
                path: self.path.to_path_buf(),
                array: AGENT.to_owned(),
                expected: "states in all episodes or in none".to_owned(),
                found: format!("the contrary in episode {index}"),
            });
        }
        let video = self.folder.join(video_path(index));
        let failed = |e: video_io::VideoIoError| DataError::unwritable(self.path, &e.to_string());
        let mut out = VideoWriter::create(&video, VideoOptions { fps: FPS, scale: 1 }).map_err(failed)?;
        for frame in &episode.frames {
            out.push(frame).map_err(failed)?;
            self.pixels.push(frame.as_raw());
        }
        out.finish().map_err(failed)?;
        let first: usize = self.lengths.iter().sum();
        for (row, action) in episode.actions.iter().enumerate() {
            self.action.push(action);
            let state = episode.states.as_ref().map(|s| s[row].to_row().map(|v| v as f32));
            if let Some([x, y, block @ ..]) = state {
                self.agent.push(&[x, y]);
                self.block.push(&block);
            }
            self.data.push(self.path, *action, state, [row, index, first + row])?;
        }
        self.lengths.push(episode.len());
        self.extra.push(Extra {
            goal: [episode.goal.x, episode.goal.y, episode.goal.angle],
            provenance: episode.provenance.clone(),
        });
        Ok(())
    }

    fn finish(self) -> Result<(), DataError> {
        self.tasks()?;
        self.episodes()?;
        let mut stats = json!({"action": self.action.json(), IMAGE: self.pixels.json()});
        if self.states {
            stats[AGENT] = self.agent.json();
            stats[BLOCK] = self.block.json();
        }
        self.json("meta/stats.json", &stats)?;
        self.json("meta/pusht.json", &json!(self.extra))?;
        let (info, file) = (self.info(), self.folder.join("meta/info.json"));
        self.data.finish(self.path)?;
        // Written last: a folder with it is complete.
        write_json(self.path, &file, &info)
    }

    fn info(&self) -> Value {
        let (width, height) = self.size;
        let scalar = |kind: &str| json!({"dtype": kind, "shape": [1], "names": null});
        let vector = |names: &[&str]| json!({"dtype": "float32", "shape": [names.len()], "names": names});
        let mut features = json!({
            IMAGE: {
                "dtype": "video",
                "shape": [height, width, 3],
                "names": ["height", "width", "channels"],
                "info": {
                    "video.height": height, "video.width": width, "video.channels": 3, "video.fps": FPS,
                    "video.codec": "h264", "video.pix_fmt": "yuv420p", "video.is_depth_map": false, "has_audio": false,
                },
            },
            "action": vector(&["x", "y"]),
            "timestamp": scalar("float32"),
            "frame_index": scalar("int64"),
            "episode_index": scalar("int64"),
            "index": scalar("int64"),
            "task_index": scalar("int64"),
        });
        if self.states {
            features[AGENT] = vector(&["x", "y"]);
            features[BLOCK] = vector(&["x", "y", "angle"]);
        }
        json!({
            "codebase_version": "v3.0",
            "robot_type": null,
            "total_episodes": self.lengths.len(),
            "total_frames": self.lengths.iter().sum::<usize>(),
            "total_tasks": 1,
            "chunks_size": CHUNK,
            "data_files_size_in_mb": 100,
            "video_files_size_in_mb": 200,
            "fps": FPS,
            "splits": {"train": format!("0:{}", self.lengths.len())},
            "data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
            "video_path": "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4",
            "features": features,
        })
    }

    /// Writes the table of tasks. Pandas reads the task from the index, which its own metadata names.
    fn tasks(&self) -> Result<(), DataError> {
        const INDEX: &str = "__index_level_0__";
        let column = |name: Value, field: &str, pandas: &str, numpy: &str| json!({"name": name, "field_name": field, "pandas_type": pandas, "numpy_type": numpy, "metadata": null});
        let mut names = column(Value::Null, "None", "unicode", "object");
        names["metadata"] = json!({"encoding": "UTF-8"});
        let pandas = json!({
            "index_columns": [INDEX],
            "column_indexes": [names],
            "columns": [
                column(json!("task_index"), "task_index", "int64", "int64"),
                column(Value::Null, INDEX, "unicode", "object"),
            ],
            "creator": {"library": "pusht-data", "version": env!("CARGO_PKG_VERSION")},
            "pandas_version": "2.3.0",
        });
        let columns = [
            ("task_index", ColumnValues::Whole(vec![0])),
            (INDEX, ColumnValues::Text(vec![TASK.to_owned()])),
        ];
        self.table("meta/tasks.parquet", &columns, vec![("pandas", pandas.to_string())])
    }

    fn episodes(&self) -> Result<(), DataError> {
        let count = self.lengths.len();
        let whole = |values: &mut dyn Iterator<Item = usize>| ColumnValues::Whole(values.map(|v| v as i64).collect());
        let zeros = || ColumnValues::Whole(vec![0; count]);
        let sum = |end: &mut usize, n: &usize| {
            *end += n;
            Some(*end)
        };
        let ends: Vec<usize> = self.lengths.iter().scan(0, sum).collect();
        let video =
            ["chunk_index", "file_index", "from_timestamp", "to_timestamp"].map(|p| format!("videos/{IMAGE}/{p}"));
        let columns = [
            ("episode_index", whole(&mut (0..count))),
            ("tasks", ColumnValues::Texts(vec![TASK.to_owned(); count])),
            ("length", whole(&mut self.lengths.iter().copied())),
            ("data/chunk_index", zeros()),
            ("data/file_index", zeros()),
            (
                "dataset_from_index",
                whole(&mut ends.iter().zip(&self.lengths).map(|(end, n)| end - n)),
            ),
            ("dataset_to_index", whole(&mut ends.iter().copied())),
            (&video[0], whole(&mut (0..count).map(|e| e / CHUNK))),
            (&video[1], whole(&mut (0..count).map(|e| e % CHUNK))),
            (&video[2], ColumnValues::Double(vec![0.0; count])),
            (
                &video[3],
                ColumnValues::Double(self.lengths.iter().map(|&n| n as f64 / f64::from(FPS)).collect()),
            ),
            ("meta/episodes/chunk_index", zeros()),
            ("meta/episodes/file_index", zeros()),
        ];
        self.table("meta/episodes/chunk-000/file-000.parquet", &columns, Vec::new())
    }

    fn table(
        &self,
        name: &str,
        columns: &[(&str, ColumnValues)],
        metadata: Vec<(&str, String)>,
    ) -> Result<(), DataError> {
        let write = || {
            let mut table = TableWriter::create(&self.folder.join(name), columns, metadata)?;
            table.write(columns)?;
            table.finish()
        };
        write().map_err(unwritable(self.path))
    }

    fn json(&self, name: &str, value: &Value) -> Result<(), DataError> {
        write_json(self.path, &self.folder.join(name), value)
    }
}

fn write_json(path: &Path, file: &Path, value: &Value) -> Result<(), DataError> {
    let text = serde_json::to_string_pretty(value).unwrap_or_default() + "\n";
    std::fs::write(file, text).map_err(|e| DataError::unwritable(path, &e))
}

/// Path of an episode's video.
fn video_path(episode: usize) -> String {
    let (chunk, file) = (episode / CHUNK, episode % CHUNK);
    format!("videos/{IMAGE}/chunk-{chunk:03}/file-{file:03}.mp4")
}

/// Number of rows buffered before they are written.
const BATCH: usize = 8192;

/// The table of rows.
struct Rows {
    table: TableWriter,
    states: bool,
    actions: Vec<f32>,
    agents: Vec<f32>,
    blocks: Vec<f32>,
    /// Frame, episode and row indices.
    numbers: [Vec<i64>; 3],
}

impl Rows {
    fn create(path: &Path, states: bool) -> Result<Self, DataError> {
        let mut rows = Self {
            table: TableWriter::create(
                path,
                &columns(states, Default::default(), Default::default()),
                Vec::new(),
            )?,
            states,
            actions: Vec::new(),
            agents: Vec::new(),
            blocks: Vec::new(),
            numbers: Default::default(),
        };
        rows.actions.reserve(2 * BATCH);
        Ok(rows)
    }

    fn push(
        &mut self,
        path: &Path,
        action: [f32; 2],
        state: Option<[f32; 5]>,
        numbers: [usize; 3],
    ) -> Result<(), DataError> {
        self.actions.extend(action);
        if let Some([x, y, block @ ..]) = state {
            self.agents.extend([x, y]);
            self.blocks.extend(block);
        }
        for (column, number) in self.numbers.iter_mut().zip(numbers) {
            column.push(number as i64);
        }
        if self.numbers[0].len() == BATCH {
            self.flush(path)?;
        }
        Ok(())
    }

    fn flush(&mut self, path: &Path) -> Result<(), DataError> {
        let vectors = [&mut self.actions, &mut self.agents, &mut self.blocks].map(std::mem::take);
        let columns = columns(self.states, vectors, std::mem::take(&mut self.numbers));
        self.table.write(&columns).map_err(unwritable(path))
    }

    fn finish(mut self, path: &Path) -> Result<(), DataError> {
        if !self.numbers[0].is_empty() {
            self.flush(path)?;
        }
        self.table.finish().map_err(unwritable(path))
    }
}

/// Names the dataset instead of the table, which is written under another name first.
fn unwritable(path: &Path) -> impl Fn(TableError) -> DataError {
    move |error| match error {
        TableError::Unwritable { reason, .. } => DataError::unwritable(path, &reason),
        other => other.into(),
    }
}

/// The columns of the table of rows.
fn columns(
    states: bool,
    [actions, agents, blocks]: [Vec<f32>; 3],
    [frames, episodes, rows]: [Vec<i64>; 3],
) -> Vec<(&'static str, ColumnValues)> {
    let times = frames.iter().map(|&frame| frame as f32 / FPS as f32).collect();
    let tasks = vec![0; frames.len()];
    let mut columns = vec![("action", ColumnValues::Lists(2, actions))];
    if states {
        columns.push((AGENT, ColumnValues::Lists(2, agents)));
        columns.push((BLOCK, ColumnValues::Lists(3, blocks)));
    }
    columns.push(("timestamp", ColumnValues::Single(times)));
    for (name, values) in [
        ("frame_index", frames),
        ("episode_index", episodes),
        ("index", rows),
        ("task_index", tasks),
    ] {
        columns.push((name, ColumnValues::Whole(values)));
    }
    columns
}
