//! Files of labels: JSON lines, first a header with everything that the labels depend on, then one line per video.
//!
//! The labels of at most one video are in memory: only the positions of the lines in the file are kept.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use pusht_jobs::{JournalError, JournalScan, Place, Shard, ShardError, begins_with, counted, open_file, write_file};
use serde::{Deserialize, Serialize};
use video_io::content_hash;

use crate::{LabelError, Settings, VideoRecord};

const FORMAT: &str = "pusht-labels";

/// First line of a file of labels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header {
    format: String,
    /// Version of this crate; another version may give other labels.
    version: String,
    idm: String,
    settings: Settings,
    videos: Vec<PathBuf>,
    part: Option<Shard>,
    /// Base directory of relative paths of videos; `None` if all are absolute, and in files of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    directory: Option<PathBuf>,
}

impl Header {
    pub(crate) fn new(idm: String, settings: Settings, videos: Vec<PathBuf>, part: Option<Shard>) -> Self {
        // A directory whose name is not UTF-8 cannot be stored.
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

    /// Whether both belong to the same job. A job may be resumed from another directory: a different video there is
    /// recognized by its content.
    pub(crate) fn is_of_the_same_job(&self, other: &Self) -> bool {
        let anywhere = |header: &Self| Self {
            directory: None,
            ..header.clone()
        };
        anywhere(self) == anywhere(other)
    }

    /// Returns an error that names `path` if the file found there belongs to another job.
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
        let fps = self.settings.fps.map(|n| format!(", {n} frames per second"));
        let (version, idm, count) = (&self.version, &self.idm, counted(self.videos.len(), "video"));
        format!(
            "labels of version {version} by {idm} of {count}{}{part}",
            fps.unwrap_or_default()
        )
    }
}

/// A line after the header.
#[derive(Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) index: usize,
    pub(crate) record: VideoRecord,
}

/// Reads a file of labels once and keeps the positions of its lines.
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

/// One of the label files of a job.
#[derive(Debug)]
struct LabelSource {
    path: PathBuf,
    /// Base directory of relative paths of videos.
    directory: Option<PathBuf>,
}

/// The labels of all videos of a job, read from their files on demand.
#[derive(Debug)]
pub struct Labeled {
    /// Header of the whole job.
    header: Header,
    files: Vec<LabelSource>,
    /// File and position of each record, in the order of the job's videos.
    places: Vec<(usize, Place)>,
}

impl Labeled {
    /// Opens the labels of a job: one file of the whole job, or the files of all its shards in any order.
    ///
    /// # Errors
    /// Files that are not labels or belong to several jobs; missing, superfluous or unfinished shards.
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
            header,
            files,
            places: all.into_values().collect(),
        })
    }

    /// Writes the file of labels of the whole job. If all shards were labeled in one directory, it equals the file of a
    /// run without shards byte for byte; otherwise it has the directory of the first.
    ///
    /// # Errors
    /// A file that cannot be read any more, or a path that cannot be written.
    pub(crate) fn write(&self, path: &Path) -> Result<(), LabelError> {
        let written = write_file(path, |out| {
            serde_json::to_writer(&mut *out, &self.header)?;
            out.write_all(b"\n")?;
            for &(file, place) in &self.places {
                let from = self.files[file].path.as_path();
                let line = open_file(from).and_then(|mut file| place.read(&mut file));
                let line =
                    line.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", from.display())))?;
                out.write_all(&line)?;
            }
            Ok(())
        });
        written.map_err(LabelError::io(path))
    }

    /// Whether a file begins with the header of a file of labels.
    pub fn is_ours(path: &Path) -> bool {
        begins_with(path, format!("{{\"format\":\"{FORMAT}\""))
    }

    /// Name of the inverse dynamics method.
    pub fn idm(&self) -> &str {
        &self.header.idm
    }

    /// How the videos were read.
    pub fn settings(&self) -> Settings {
        self.header.settings
    }

    /// The records, in the order of the job's videos.
    pub fn records(&self) -> impl Iterator<Item = Result<VideoRecord, LabelError>> + '_ {
        self.places.iter().map(|&(file, place)| {
            let path = self.files[file].path.as_path();
            let bytes = open_file(path).and_then(|mut f| place.read(&mut f));
            let line = serde_json::from_slice(&bytes.map_err(LabelError::io(path))?);
            let line: Line = line.map_err(|e| LabelError::io(path)(e.into()))?;
            Ok(line.record)
        })
    }

    /// Current path of the video with this index: its path relative to the working directory or, if that is another
    /// video or none, the path that it had when it was labeled. The error is the reason why neither is the video.
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
