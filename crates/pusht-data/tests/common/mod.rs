//! LeRobot datasets with any columns and files, which the tests change before they are written.
#![allow(dead_code, clippy::unwrap_used, reason = "every test file compiles this for itself")]

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use image::Rgb;
use parquet::data_type::{DataType, DoubleType, FloatType, Int32Type, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;
use pusht_env::Frame;
use serde_json::{Value, json};
use video_io::{VideoOptions, save_video};

pub const CAMERA: &str = "observation.image";

/// Values of a column.
#[derive(Clone, Debug)]
pub enum Cells {
    I64(Vec<i64>),
    I32(Vec<i32>),
    F32(Vec<f32>),
    F64(Vec<f64>),
    /// Lists of so many numbers.
    Lists32(usize, Vec<f32>),
    Lists64(usize, Vec<f64>),
}

/// A parquet table.
#[derive(Clone, Debug, Default)]
pub struct Table(pub Vec<(String, Cells)>);

impl Table {
    /// Adds a column, or puts it in the place of the one of this name.
    pub fn set(&mut self, name: &str, cells: Cells) {
        self.remove(name);
        self.0.push((name.to_owned(), cells));
    }

    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(column, _)| column != name);
    }

    pub fn write(&self, path: &Path) {
        let declare = |(name, cells): &(String, Cells)| {
            let list = |kind: &str| {
                format!("optional group {name} (LIST) {{ repeated group list {{ optional {kind} element; }} }} ")
            };
            match cells {
                Cells::I64(_) => format!("required int64 {name}; "),
                Cells::I32(_) => format!("optional int32 {name}; "),
                Cells::F32(_) => format!("optional float {name}; "),
                Cells::F64(_) => format!("optional double {name}; "),
                Cells::Lists32(..) => list("float"),
                Cells::Lists64(..) => list("double"),
            }
        };
        let schema: String = self.0.iter().map(declare).collect();
        let schema = parse_message_type(&format!("message schema {{ {schema} }}")).unwrap();
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let file = File::create(path).unwrap();
        let mut file =
            SerializedFileWriter::new(file, Arc::new(schema), Arc::new(WriterProperties::default())).unwrap();
        let mut group = file.next_row_group().unwrap();
        for (_, cells) in &self.0 {
            let mut column = group.next_column().unwrap().unwrap();
            match cells {
                Cells::I64(v) => batch::<Int64Type>(&mut column, v, None, 0),
                Cells::I32(v) => batch::<Int32Type>(&mut column, v, None, 1),
                Cells::F32(v) => batch::<FloatType>(&mut column, v, None, 1),
                Cells::F64(v) => batch::<DoubleType>(&mut column, v, None, 1),
                Cells::Lists32(w, v) => batch::<FloatType>(&mut column, v, Some(*w), 3),
                Cells::Lists64(w, v) => batch::<DoubleType>(&mut column, v, Some(*w), 3),
            }
            column.close().unwrap();
        }
        group.close().unwrap();
        file.close().unwrap();
    }
}

fn batch<T: DataType>(column: &mut SerializedColumnWriter<'_>, values: &[T::T], width: Option<usize>, defined: i16) {
    let defined = vec![defined; values.len()];
    let repeated: Option<Vec<i16>> = width.map(|w| (0..values.len()).map(|i| i16::from(i % w != 0)).collect());
    column
        .typed::<T>()
        .write_batch(values, Some(&defined), repeated.as_deref())
        .unwrap();
}

/// A dataset before it is written: tables and videos by their numbers of chunk and file.
pub struct Dataset {
    pub info: Value,
    pub episodes: Vec<Table>,
    pub data: Vec<([usize; 2], Table)>,
    pub videos: Vec<(String, [usize; 2], u32, Vec<u8>)>,
}

impl Dataset {
    /// Episodes of these lengths, one after another in one table and in one video of 10 frames a second. The shades of the
    /// frames count up by 6 from row to row; actions are [row, episode].
    pub fn new(lengths: &[usize]) -> Self {
        let rows: usize = lengths.iter().sum();
        let each = |value: &dyn Fn(usize, usize) -> i64| {
            let of = |(episode, &n): (usize, &usize)| (0..n).map(|row| value(episode, row)).collect::<Vec<_>>();
            lengths.iter().enumerate().flat_map(of).collect::<Vec<i64>>()
        };
        let (episode, frame) = (each(&|e, _| e as i64), each(&|_, r| r as i64));
        let mut data = Table::default();
        data.set(
            "action",
            Cells::Lists32(2, (0..rows).flat_map(|r| [r as f32, episode[r] as f32]).collect()),
        );
        data.set(
            "timestamp",
            Cells::F32(frame.iter().map(|&f| f as f32 / 10.0).collect()),
        );
        data.set("frame_index", Cells::I64(frame));
        data.set("episode_index", Cells::I64(episode));
        data.set("index", Cells::I64((0..rows as i64).collect()));
        let feature = json!({"dtype": "video", "shape": [32, 32, 3]});
        Self {
            info: json!({
                "codebase_version": "v3.0", "fps": 10, "total_episodes": lengths.len(), "total_frames": rows,
                "data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
                "video_path": "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4",
                "features": {CAMERA: feature, "action": {"dtype": "float32", "shape": [2]}},
            }),
            episodes: vec![episodes(lengths, CAMERA)],
            data: vec![([0, 0], data)],
            videos: vec![(CAMERA.to_owned(), [0, 0], 10, (0..rows).map(|r| 6 * r as u8).collect())],
        }
    }

    /// The first table of episodes.
    pub fn table(&mut self) -> &mut Table {
        &mut self.episodes[0]
    }

    /// The first table of rows.
    pub fn rows(&mut self) -> &mut Table {
        &mut self.data[0].1
    }

    pub fn write(&self, path: &Path) {
        let place = |[chunk, file]: [usize; 2]| format!("chunk-{chunk:03}/file-{file:03}");
        for (number, table) in self.episodes.iter().enumerate() {
            table.write(&path.join(format!("meta/episodes/{}.parquet", place([0, number]))));
        }
        for (at, table) in &self.data {
            table.write(&path.join(format!("data/{}.parquet", place(*at))));
        }
        for (camera, at, fps, shades) in &self.videos {
            let frames: Vec<Frame> = shades.iter().map(|&s| Frame::from_pixel(32, 32, Rgb([s; 3]))).collect();
            let file = path.join(format!("videos/{camera}/{}.mp4", place(*at)));
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            save_video(file, &frames, VideoOptions { fps: *fps, scale: 1 }).unwrap();
        }
        std::fs::write(path.join("meta/info.json"), self.info.to_string()).unwrap();
    }
}

/// The table of episodes that follow each other in one table of rows and one video.
pub fn episodes(lengths: &[usize], camera: &str) -> Table {
    let count = lengths.len();
    let ends: Vec<usize> = (0..count).map(|e| lengths[..=e].iter().sum()).collect();
    let begins: Vec<usize> = ends.iter().zip(lengths).map(|(end, n)| end - n).collect();
    let whole = |v: &[usize]| Cells::I64(v.iter().map(|&v| v as i64).collect());
    let times = |v: &[usize]| Cells::F64(v.iter().map(|&v| v as f64 / 10.0).collect());
    let mut table = Table::default();
    table.set("episode_index", whole(&(0..count).collect::<Vec<_>>()));
    table.set("length", whole(lengths));
    table.set("data/chunk_index", whole(&vec![0; count]));
    table.set("data/file_index", whole(&vec![0; count]));
    table.set("dataset_from_index", whole(&begins));
    table.set("dataset_to_index", whole(&ends));
    table.set(&format!("videos/{camera}/chunk_index"), whole(&vec![0; count]));
    table.set(&format!("videos/{camera}/file_index"), whole(&vec![0; count]));
    table.set(&format!("videos/{camera}/from_timestamp"), times(&begins));
    table.set(&format!("videos/{camera}/to_timestamp"), times(&ends));
    table
}

/// Rows of the video that frames of a [`Dataset`] show.
pub fn shown(frames: &[Frame]) -> Vec<usize> {
    frames
        .iter()
        .map(|f| (usize::from(f.get_pixel(16, 16).0[0]) + 3) / 6)
        .collect()
}
