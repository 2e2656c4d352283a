//! Files of labels: JSON lines, a header with everything that the labels depend on and then a line a video.
//!
//! Nothing here holds more than one video's labels: what is kept of a file is where its lines lie.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use pusht_jobs::{JournalError, JournalScan, Place, Shard, ShardError};
use serde::{Deserialize, Serialize};
use video_io::content_hash;

use crate::{LabelError, Settings, VideoRecord};

const FORMAT: &str = "pusht-labels";

/// First line of a file of labels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header {
    format: String,
    /// Of this crate: another version may label otherwise.
    version: String,
    idm: String,
    settings: Settings,
    videos: Vec<PathBuf>,
    part: Option<Shard>,
    /// Where relative paths of videos begin; none where all are absolute, and in files of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    directory: Option<PathBuf>,
}

impl Header {
    pub(crate) fn new(idm: String, settings: Settings, videos: Vec<PathBuf>, part: Option<Shard>) -> Self {
        // One whose name is no text could not be written down.
        let here = || std::env::current_dir().ok().filter(|path| path.to_str().is_some());
        let relative = videos.iter().any(|video| video.is_relative());
        Self {
            format: FORMAT.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            idm,
            settings,
            videos,
            part,
            directory: relative.then(here).flatten(),
        }
    }

    /// Whether both are of one job. It may go on from another directory: what is another video there shows by its content.
    pub(crate) fn is_of_the_same_job(&self, other: &Self) -> bool {
        let anywhere = |header: &Self| Self {
            directory: None,
            ..header.clone()
        };
        anywhere(self) == anywhere(other)
    }

    /// An error, which names `path`, where a file found there belongs to another job.
    pub(crate) fn require(&self, path: &Path, found: &Self) -> Result<(), LabelError> {
        if found.is_of_the_same_job(self) {
            return Ok(());
        }
        Err(LabelError::Foreign {
            path: path.to_path_buf(),
            found: found.tell(),
            expected: format!("{}; name another --out, or remove it", self.tell()),
        })
    }

    fn tell(&self) -> String {
        let part = self.part.map(|p| format!(", part {p}")).unwrap_or_default();
        let fps = self.settings.fps.map(|n| format!(", {n} frames a second"));
        let (version, idm, count) = (&self.version, &self.idm, self.videos.len());
        format!(
            "labels of version {version} by {idm} of {count} videos{}{part}",
            fps.unwrap_or_default()
        )
    }
}

/// A line after the first.
#[derive(Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) index: usize,
    pub(crate) record: VideoRecord,
}

/// Reads a file of labels once; what is kept of it is where its lines lie.
pub(crate) fn scan(path: &Path) -> Result<JournalScan<Header>, LabelError> {
    let foreign = |found: String| LabelError::Foreign {
        path: path.to_path_buf(),
        found,
        expected: "a file of labels, as `pusht label` writes".to_owned(),
    };
    let scan = JournalScan::<Header>::read(path).map_err(|error| match error {
        JournalError::Io { path, source } => LabelError::Io { path, source },
        error => foreign(error.to_string()),
    })?;
    match scan.header.format == FORMAT {
        true => Ok(scan),
        false => Err(foreign(format!("format {:?}", scan.header.format))),
    }
}

/// One of the files of a job.
#[derive(Debug)]
struct LabelSource {
    path: PathBuf,
    /// Where relative paths of videos begin.
    directory: Option<PathBuf>,
}

/// The labels of all videos of a job, read from their files when they are asked for.
#[derive(Debug)]
pub struct Labeled {
    idm: String,
    settings: Settings,
    files: Vec<LabelSource>,
    /// File and place, in the order of the job's videos.
    places: Vec<(usize, Place)>,
}

impl Labeled {
    /// Joins files of labels: one of a whole job, or all parts of one, in any order.
    ///
    /// # Errors
    /// Files that are no labels, of several jobs, missing or superfluous parts, parts that are not finished.
    pub fn open(paths: &[PathBuf]) -> Result<Self, LabelError> {
        let mut all = BTreeMap::new();
        let mut first: Option<Header> = None;
        let (mut parts, mut files) = (Vec::new(), Vec::new());
        for (file, path) in paths.iter().enumerate() {
            let JournalScan { header, places, .. } = scan(path)?;
            files.push(LabelSource {
                path: path.clone(),
                directory: header.directory.clone(),
            });
            let part = header.part.map_or_else(|| Shard::new(1, 1), Ok)?;
            parts.push((path.as_path(), part));
            let expected = part.range(header.videos.len());
            if !places.keys().copied().eq(expected.clone()) {
                return Err(LabelError::Foreign {
                    path: path.clone(),
                    found: format!("{} of {} videos are labeled", places.len(), expected.len()),
                    expected: "a finished part: run its command again".to_owned(),
                });
            }
            let job = Header { part: None, ..header };
            match &first {
                Some(first) => first.require(path, &job)?,
                None => first = Some(job),
            }
            all.extend(places.into_iter().map(|(index, place)| (index, (file, place))));
        }
        Shard::order(&parts)?;
        let header = first.ok_or(ShardError::Nothing)?;
        Ok(Self {
            idm: header.idm,
            settings: header.settings,
            files,
            places: all.into_values().collect(),
        })
    }

    /// Whether a file begins as files of labels do.
    pub fn is_ours(path: &Path) -> bool {
        let start = format!("{{\"format\":\"{FORMAT}\"");
        let mut found = vec![0; start.len()];
        File::open(path).is_ok_and(|mut f| f.read_exact(&mut found).is_ok()) && found == start.as_bytes()
    }

    /// Name of the inverse dynamics.
    pub fn idm(&self) -> &str {
        &self.idm
    }

    /// How the videos were read.
    pub fn settings(&self) -> Settings {
        self.settings
    }

    /// The records, in the order of the job's videos.
    pub fn records(&self) -> impl Iterator<Item = Result<VideoRecord, LabelError>> + '_ {
        self.places.iter().map(|&(file, place)| {
            let path = self.files[file].path.as_path();
            let bytes = File::open(path).and_then(|mut f| place.read(&mut f));
            let line = serde_json::from_slice(&bytes.map_err(LabelError::io(path))?);
            let line: Line = line.map_err(|e| LabelError::io(path)(e.into()))?;
            Ok(line.record)
        })
    }

    /// Where the video with this number lies now: where its path leads from here or, where that is another video or none,
    /// where it led when it was labeled. In words why it is neither.
    pub(crate) fn find(&self, index: usize, record: &VideoRecord) -> Result<PathBuf, String> {
        let (file, _) = self.places[index];
        let then = self.files[file]
            .directory
            .as_ref()
            .map(|directory| directory.join(&record.video));
        let places: Vec<PathBuf> = [Some(record.video.clone()), then].into_iter().flatten().collect();
        let same = |path: &&PathBuf| content_hash(path.as_path()).unwrap_or_default() == record.content;
        if let Some(found) = places.iter().find(same) {
            return Ok(found.clone());
        }
        Err(match places.iter().any(|path| path.exists()) {
            true => "it is not the video that was labeled any more; label it again".to_owned(),
            false => {
                let places: Vec<String> = places.iter().map(|path| path.display().to_string()).collect();
                format!(
                    "there is nothing at {}; put it back, or label it again",
                    places.join(" and ")
                )
            }
        })
    }
}
