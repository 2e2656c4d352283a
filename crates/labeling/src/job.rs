//! Labels many videos: in parallel, resumable, in shards.
//!
//! An unfinished file of labels is called `….partial` and has a line for every finished video, in the order of
//! completion; the same job resumes from it. A shard ([`LabelJob::run_shard`]) is a file of its share of the videos;
//! [`Labeled::open`](crate::Labeled::open) joins N of them.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use pusht_env::GOAL;
use pusht_jobs::{Cancelled, JobContext, Journal, JournalScan, Shard, counted, stop_requested};
use rayon::prelude::*;
use video_io::content_hash;

use crate::labels::{Header, Line, scan};
use crate::video::BoardReader;
use crate::{LabelError, LabelMethod, Settings, VideoRecord};

/// A job that labels videos.
///
/// # Example
///
/// ```
/// use labeling::{LabelJob, Settings};
/// use pusht_env::{FillRule, GOAL, Pose, Renderer, Scene};
/// use pusht_jobs::JobContext;
/// use video_io::{VideoOptions, find_videos, save_video};
///
/// // A clip in which the agent moves right by 8 px per frame.
/// let folder = tempfile::tempdir()?;
/// let mut renderer = Renderer::new(96, FillRule::default())?;
/// let block = Pose::new(250.0, 200.0, 0.4);
/// let mut draw = |t: i32| renderer.render(&Scene::new([60.0 + 8.0 * f64::from(t), 420.0], block, GOAL));
/// let frames: Vec<_> = (0..30).map(&mut draw).collect();
/// save_video(folder.path().join("clips/a"), &frames, VideoOptions::default())?;
///
/// let videos = find_videos(&[folder.path().join("clips")])?;
/// let job = LabelJob { settings: Settings { fps: Some(10) }, ..LabelJob::new(videos) };
/// let labels = folder.path().join("labels.jsonl");
/// job.run(&labels, &mut JobContext::silent())?;
/// assert!(labels.is_file());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct LabelJob<'a> {
    /// Paths of the videos, as from [`video_io::find_videos`].
    pub videos: Vec<PathBuf>,
    /// The inverse dynamics method.
    pub method: LabelMethod<'a>,
    /// How videos are read.
    pub settings: Settings,
}

impl LabelJob<'_> {
    /// A job with the closed form and the frame rates that the files state.
    pub fn new(videos: Vec<PathBuf>) -> Self {
        Self {
            videos,
            method: LabelMethod::ClosedForm(Default::default()),
            settings: Settings::default(),
        }
    }

    /// Labels all videos that are not labeled in the file at `path` yet, could not be read, or have changed since;
    /// [`Labeled::open`](crate::Labeled::open) reads the file. Progress counts videos.
    ///
    /// # Errors
    /// A file of another job at `path`; a path that cannot be written; a cancelled job. A video that cannot be read is
    /// not an error.
    pub fn run(&self, path: &Path, ctx: &mut JobContext) -> Result<(), LabelError> {
        self.label(None, path, ctx)
    }

    /// Labels one shard of the videos into the file at `path`; [`Labeled::open`](crate::Labeled::open) joins all shards.
    ///
    /// # Errors
    /// As [`LabelJob::run`].
    pub fn run_shard(&self, shard: Shard, path: &Path, ctx: &mut JobContext) -> Result<(), LabelError> {
        self.label(Some(shard), path, ctx)
    }

    fn label(&self, shard: Option<Shard>, path: &Path, ctx: &mut JobContext) -> Result<(), LabelError> {
        let file = self.open_shard(shard, path)?;
        let todo = file.todo();
        if todo.is_empty() && file.is_whole() {
            return Ok(());
        }
        let reader = BoardReader::new(GOAL)?;
        let (videos, settings, all) = (&self.videos, self.settings, self.range(shard).len());
        let task = ctx.task("label videos", all, "video");
        task.resume(all - todo.len());
        let label = |index: usize, method: &LabelMethod<'_>| -> Result<(), LabelError> {
            task.check()?;
            let record = reader.label(&videos[index], method, settings);
            // The stop of the program ends a running read, which says nothing about the video.
            if record.error.is_some() {
                task.check()?;
            }
            file.append(index, record)?;
            task.add(1);
            Ok(())
        };
        match &self.method {
            // A model need not be `Sync`, so only the smoother is shared between threads.
            LabelMethod::ClosedForm(smoother) => {
                let smoother = *smoother;
                let jobs = todo.par_iter().with_max_len(1);
                jobs.try_for_each(|&index| label(index, &LabelMethod::ClosedForm(smoother)))?;
            }
            // A model uses all cores by itself.
            model => todo.iter().try_for_each(|&index| label(index, model))?,
        }
        file.finish()?;
        task.finish(&counted(all, "video"));
        Ok(())
    }

    /// Opens the file of labels at `path` to resume it, or creates it. Videos that have changed since are labeled
    /// again.
    ///
    /// # Errors
    /// A file of another job at `path`; a path that cannot be written.
    pub fn open(&self, path: &Path) -> Result<LabelFile, LabelError> {
        self.open_shard(None, path)
    }

    fn open_shard(&self, shard: Option<Shard>, path: &Path) -> Result<LabelFile, LabelError> {
        let header = self.header(shard);
        let mut partial = path.as_os_str().to_owned();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        let mut stale = None;
        if path.exists() {
            let found = scan(path)?;
            header.require(path, &found.header)?;
            let again = again(&found)?;
            if again.is_empty() {
                return Ok(LabelFile {
                    path: path.to_path_buf(),
                    journal: None,
                    todo: Vec::new(),
                });
            }
            fs::rename(path, &partial).map_err(LabelError::io(path))?;
            stale = Some(again);
        }
        let (journal, mut done) = resume(&partial, &header)?;
        let stale = stale.map_or_else(|| again(&done), Ok)?;
        // If a video has two lines, the later one counts.
        for index in stale {
            done.places.remove(&index);
        }
        Ok(LabelFile {
            path: path.to_path_buf(),
            journal: Some(journal),
            todo: self.range(shard).filter(|i| !done.places.contains_key(i)).collect(),
        })
    }

    /// Indices of the videos of the shard, or of all.
    fn range(&self, shard: Option<Shard>) -> Range<usize> {
        match shard {
            Some(shard) => shard.range(self.videos.len()),
            None => 0..self.videos.len(),
        }
    }

    /// The header: everything that the labels depend on.
    pub(crate) fn header(&self, shard: Option<Shard>) -> Header {
        Header::new(self.method.name(), self.settings, self.videos.clone(), shard)
    }
}

/// A file of labels that is being written, by [`LabelJob::run`] or by a caller that reads the videos itself.
pub struct LabelFile {
    path: PathBuf,
    /// `None` if the file is finished.
    journal: Option<Journal>,
    todo: Vec<usize>,
}

impl LabelFile {
    /// Indices of the videos that are not labeled yet.
    pub fn todo(&self) -> Vec<usize> {
        self.todo.clone()
    }

    /// True for a finished file.
    fn is_whole(&self) -> bool {
        self.journal.is_none()
    }

    /// Appends the labels of a video; may be called from any thread.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn append(&self, index: usize, record: VideoRecord) -> Result<(), LabelError> {
        match &self.journal {
            Some(journal) => Ok(journal.append(&Line { index, record })?),
            None => Ok(()),
        }
    }

    /// Sorts all labels by video and completes the file; [`Labeled::open`](crate::Labeled::open) reads it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(self) -> Result<(), LabelError> {
        if let Some(journal) = self.journal {
            journal.finish::<Header>(&self.path)?;
        }
        Ok(())
    }
}

/// Indices of the videos that are labeled again: those that have changed, and those that could not be read. The reason may
/// have been a program or a disk that was missing.
pub(crate) fn again(found: &JournalScan<Header>) -> Result<Vec<usize>, LabelError> {
    let mut again = changed(found)?;
    for line in found.lines::<Line>()? {
        let Line { index, record } = line?;
        if record.error.is_some() && !again.contains(&index) {
            again.push(index);
        }
    }
    Ok(again)
}

/// Content hash of a video; empty if it cannot be read.
fn content_of(path: &Path) -> Result<String, Cancelled> {
    match content_hash(path) {
        Err(_) if stop_requested() => Err(Cancelled),
        content => Ok(content.unwrap_or_default()),
    }
}

/// Indices of the videos that have changed since they were labeled.
fn changed(found: &JournalScan<Header>) -> Result<Vec<usize>, LabelError> {
    let mut changed = Vec::new();
    for line in found.lines::<Line>()? {
        let Line { index, record } = line?;
        if content_of(&record.video)? != record.content {
            changed.push(index);
        }
    }
    Ok(changed)
}

/// The records of an earlier run, or a new file with only the header.
fn resume(partial: &Path, header: &Header) -> Result<(Journal, JournalScan<Header>), LabelError> {
    if partial.exists() {
        let found = scan(partial)?;
        header.require(partial, &found.header)?;
        return Ok((Journal::resume(&found)?, found));
    }
    let journal = Journal::create(partial, header)?;
    Ok((journal, scan(partial)?))
}
