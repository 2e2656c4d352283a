//! Reads data sets and videos.

use std::path::{Path, PathBuf};

use numpy::PyArray1;
use pusht_data::{DataError, Episode, Source, SourceOptions, open_with};
use pusht_env::GOAL;
use pusht_jobs::{JobContext, Silent};
use pyo3::exceptions::{PyFileNotFoundError, PyIndexError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use video_io::{find_videos, is_video_file};

use super::clips::Clips;
use super::convert::{Pixels, data_error, episode};
use crate::arrays::{row, table};
use crate::errors::value_error;
use crate::threads::interruptible;

/// What is read besides data sets.
const VIDEOS: &str = "videos (MP4, GIF, folders of PNG files)";

/// An open data set, or videos.
#[pyclass(module = "pusht_start._core", frozen)]
pub struct EpisodeReader {
    kind: Kind,
}

enum Kind {
    Set(Box<Source>),
    Clips(Clips),
}

#[pymethods]
impl EpisodeReader {
    /// Opens a path; frames are not read yet.
    #[new]
    #[pyo3(signature = (path, camera=None, tolerance=None, fps=None))]
    fn new(
        py: Python<'_>,
        path: PathBuf,
        camera: Option<String>,
        tolerance: Option<f64>,
        fps: Option<u32>,
    ) -> PyResult<Self> {
        let options = SourceOptions {
            camera,
            tolerance: tolerance.unwrap_or(SourceOptions::TOLERANCE),
        };
        let kind = interruptible(py, |_| open(&path, &options, fps))??;
        Ok(Self { kind })
    }

    fn __len__(&self) -> usize {
        match &self.kind {
            Kind::Set(source) => source.len(),
            Kind::Clips(clips) => clips.videos.len(),
        }
    }

    /// Whether there are frames only.
    #[getter]
    fn is_clips(&self) -> bool {
        matches!(self.kind, Kind::Clips(_))
    }

    /// Numbers of rows, without reading frames; `None` of videos.
    fn lengths<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyArray1<i64>>> {
        match &self.kind {
            Kind::Set(source) => Some(PyArray1::from_iter(py, source.lengths().into_iter().map(|n| n as i64))),
            Kind::Clips(_) => None,
        }
    }

    /// Actions of an episode, without reading frames; `None` of a video.
    fn actions<'py>(&self, py: Python<'py>, index: usize) -> PyResult<Option<Bound<'py, PyAny>>> {
        match &self.kind {
            Kind::Set(source) => {
                let actions = source.actions(index).map_err(|error| data_error(&error))?;
                table(py, actions.as_flattened().to_vec(), 2).map(Some)
            }
            Kind::Clips(_) => Ok(None),
        }
    }

    /// The episodes from `first` to before `end`.
    fn read<'py>(&self, py: Python<'py>, first: usize, end: usize) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        match &self.kind {
            Kind::Set(source) => {
                let read = interruptible(py, |cancel| -> Result<Vec<(Episode, Pixels)>, DataError> {
                    let mut ctx = JobContext::new(Box::new(Silent), cancel.clone());
                    let episodes = source.episodes(first..end, &mut ctx)?;
                    Ok(episodes.into_iter().map(parted).collect())
                })?;
                for (one, pixels) in read.map_err(|error| data_error(&error))? {
                    list.append(episode(py, &one, pixels)?)?;
                }
            }
            Kind::Clips(clips) => {
                for index in first..end {
                    list.append(clip(py, clips, index)?)?;
                }
            }
        }
        Ok(list)
    }
}

/// A data set or, if it is none, videos.
fn open(path: &Path, options: &SourceOptions, fps: Option<u32>) -> PyResult<Kind> {
    let error = match open_with(path, options) {
        Ok(_) if fps.is_some() => {
            return Err(value_error(format_args!(
                "{}: a data set has 10 rows per second; fps is for videos, whose files may state a wrong rate",
                path.display()
            )));
        }
        Ok(source) => return Ok(Kind::Set(Box::new(source))),
        Err(error) => error,
    };
    let may_be_videos = matches!(error, DataError::Unrecognized { .. }) && (path.is_dir() || is_video_file(path));
    let unknown = || match &error {
        DataError::NotFound { .. } => PyFileNotFoundError::new_err(format!("{error}, or {VIDEOS}")),
        DataError::Unrecognized { .. } => value_error(format_args!("{error}, or {VIDEOS}")),
        other => data_error(other),
    };
    if !may_be_videos {
        return Err(unknown());
    }
    // Videos of a data set that lies in the folder have actions elsewhere.
    let in_set = |video: &PathBuf| {
        let mut folders = video.ancestors().skip(1).take_while(|folder| *folder != path);
        folders.any(|folder| folder.join("meta/info.json").exists())
    };
    match find_videos(&[path.to_path_buf()]) {
        Ok(_) if !options.is_default() => Err(value_error(format_args!(
            "{}: camera and tolerance are for LeRobot data sets; videos have neither",
            path.display()
        ))),
        Ok(videos) if !videos.iter().any(in_set) => Ok(Kind::Clips(Clips { videos, fps })),
        _ => Err(unknown()),
    }
}

/// An episode, and its frames joined.
fn parted(mut episode: Episode) -> (Episode, Pixels) {
    let frames = std::mem::take(&mut episode.frames);
    (episode, Pixels::of(frames))
}

/// A video as an episode that has frames only.
fn clip<'py>(py: Python<'py>, clips: &Clips, index: usize) -> PyResult<Bound<'py, PyDict>> {
    let Some(video) = clips.videos.get(index) else {
        let available = clips.videos.len();
        return Err(PyIndexError::new_err(format!(
            "there is no video {index} among {available}"
        )));
    };
    let pixels = interruptible(py, |cancel| clips.read(video, cancel))??;
    let dict = PyDict::new(py);
    dict.set_item("frames", pixels.array(py)?)?;
    dict.set_item("actions", py.None())?;
    dict.set_item("states", py.None())?;
    dict.set_item("goal_pose", row(py, &[GOAL.x, GOAL.y, GOAL.angle]))?;
    dict.set_item("source", video.display().to_string())?;
    dict.set_item("index", index)?;
    dict.set_item("seed", py.None())?;
    dict.set_item("actions_from", py.None())?;
    Ok(dict)
}
