//! Many videos: in parallel, resumable, in parts.
//!
//! While a file of labels is being made it is called `….partial` and has a line for every video that is done, as they come;
//! the same job goes on from it. A part (`--shard I/N`) is such a file of its share of the videos, and N of them join.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use pusht_env::GOAL;
use pusht_jobs::{JobContext, Journal, JournalScan, Shard};
use rayon::prelude::*;
use video_io::content_hash;

use crate::labels::{Header, Line, scan};
use crate::video::BoardReader;
use crate::{LabelError, LabelMethod, Settings, VideoRecord};

/// What is to be labeled, and how.
///
/// # Example
///
/// ```
/// use labeling::{LabelJob, LabelMethod, Settings};
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
/// let job = LabelJob {
///     videos: find_videos(&[folder.path().join("clips")])?,
///     method: LabelMethod::ClosedForm(Default::default()),
///     settings: Settings { fps: Some(10) },
///     part: None,
/// };
/// let labels = folder.path().join("labels.jsonl");
/// job.run(&labels, &mut JobContext::silent())?;
/// assert!(labels.is_file());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct LabelJob<'a> {
    /// From [`video_io::find_videos`].
    pub videos: Vec<PathBuf>,
    /// The inverse dynamics.
    pub method: LabelMethod<'a>,
    /// How videos are read.
    pub settings: Settings,
    /// Only this part of the videos.
    pub part: Option<Shard>,
}

impl LabelJob<'_> {
    /// Labels into the file at `path` what is not labeled there yet, or has changed since; [`Labeled::open`](crate::Labeled::open)
    /// reads it. Progress counts videos.
    ///
    /// # Errors
    /// A file of another job at `path`; a place that cannot be written; a job that was cancelled. Videos that cannot be read
    /// are no error.
    pub fn run(&self, path: &Path, ctx: &mut JobContext) -> Result<(), LabelError> {
        let file = self.open(path)?;
        let todo = file.todo();
        if todo.is_empty() && file.is_whole() {
            return Ok(());
        }
        let reader = BoardReader::new(GOAL)?;
        let (videos, settings, all) = (&self.videos, self.settings, self.range().len());
        let task = ctx.task("label videos", all);
        task.resume(all - todo.len());
        let label = |index: usize, method: &LabelMethod<'_>| -> Result<(), LabelError> {
            task.check()?;
            file.append(index, reader.label(&videos[index], method, settings))?;
            task.add(1);
            Ok(())
        };
        match &self.method {
            // A model may not be shared between threads, so the method as a whole may not either.
            LabelMethod::ClosedForm(smoother) => {
                let smoother = *smoother;
                let jobs = todo.par_iter().with_max_len(1);
                jobs.try_for_each(|&index| label(index, &LabelMethod::ClosedForm(smoother)))?;
            }
            // A model computes on all cores by itself.
            model => todo.iter().try_for_each(|&index| label(index, model))?,
        }
        file.finish()?;
        task.finish(&format!("{all} videos"));
        Ok(())
    }

    /// The file of labels at `path`, to go on with; a new one where there is none. Videos that have changed since are to be
    /// labeled again.
    ///
    /// # Errors
    /// A file of another job at `path`; a place that cannot be written.
    pub fn open(&self, path: &Path) -> Result<LabelFile, LabelError> {
        let header = self.header();
        let mut partial = path.as_os_str().to_owned();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        let mut stale = None;
        if path.exists() {
            let found = scan(path)?;
            header.require(path, &found.header)?;
            let changed = changed(&found)?;
            if changed.is_empty() {
                return Ok(LabelFile {
                    path: path.to_path_buf(),
                    journal: None,
                    todo: Vec::new(),
                });
            }
            fs::rename(path, &partial).map_err(LabelError::io(path))?;
            stale = Some(changed);
        }
        let (journal, mut done) = resume(&partial, &header)?;
        let stale = stale.map_or_else(|| changed(&done), Ok)?;
        // Of two lines of one video the later one counts.
        for index in stale {
            done.places.remove(&index);
        }
        Ok(LabelFile {
            path: path.to_path_buf(),
            journal: Some(journal),
            todo: self.range().filter(|i| !done.places.contains_key(i)).collect(),
        })
    }

    /// The videos of this part.
    fn range(&self) -> Range<usize> {
        match self.part {
            Some(part) => part.range(self.videos.len()),
            None => 0..self.videos.len(),
        }
    }

    /// Everything that the labels depend on.
    pub(crate) fn header(&self) -> Header {
        Header::new(self.method.name(), self.settings, self.videos.clone(), self.part)
    }
}

/// A file of labels that is being made, by this crate or by whoever reads the videos.
pub struct LabelFile {
    path: PathBuf,
    /// None where the file is finished.
    journal: Option<Journal>,
    todo: Vec<usize>,
}

impl LabelFile {
    /// The numbers of the videos that are to be labeled.
    pub fn todo(&self) -> Vec<usize> {
        self.todo.clone()
    }

    /// True for a finished file.
    fn is_whole(&self) -> bool {
        self.journal.is_none()
    }

    /// Adds the labels of a video, from any thread.
    ///
    /// # Errors
    /// A place that cannot be written.
    pub fn append(&self, index: usize, record: VideoRecord) -> Result<(), LabelError> {
        match &self.journal {
            Some(journal) => Ok(journal.append(&Line { index, record })?),
            None => Ok(()),
        }
    }

    /// Puts all labels in order; [`Labeled::open`](crate::Labeled::open) reads them.
    ///
    /// # Errors
    /// A place that cannot be written.
    pub fn finish(self) -> Result<(), LabelError> {
        if let Some(journal) = self.journal {
            journal.finish::<Header>(&self.path)?;
        }
        Ok(())
    }
}

/// The videos that are not what they were when they were labeled.
pub(crate) fn changed(found: &JournalScan<Header>) -> Result<Vec<usize>, LabelError> {
    let mut changed = Vec::new();
    for line in found.lines::<Line>()? {
        let Line { index, record } = line?;
        if content_hash(&record.video).unwrap_or_default() != record.content {
            changed.push(index);
        }
    }
    Ok(changed)
}

/// What an earlier run has done; a file with the header alone where there was none.
fn resume(partial: &Path, header: &Header) -> Result<(Journal, JournalScan<Header>), LabelError> {
    if partial.exists() {
        let found = scan(partial)?;
        header.require(partial, &found.header)?;
        return Ok((Journal::resume(&found)?, found));
    }
    let journal = Journal::create(partial, header)?;
    Ok((journal, scan(partial)?))
}
