//! A job from videos to a finished dataset.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use pusht_jobs::{JobContext, StagedFolder, absent_is_fine, counted, hash_file, open_file, write_file};

use crate::dataset::{transforms, write_dataset};
use crate::job::again;
use crate::labels::scan;
use crate::report::Written;
use crate::{LabelError, LabelJob, Labeled, LabelingSummary, Layout};

/// File of the labels in the folder of the dataset.
const LABELS: &str = "labels.jsonl";

/// Labels videos and writes a dataset of the trusted segments.
///
/// # Example
///
/// ```no_run
/// use labeling::{DatasetJob, LabelJob, Layout};
/// use pusht_jobs::JobContext;
/// use video_io::find_videos;
///
/// let videos = find_videos(&["clips".into()])?;
/// let job = DatasetJob { job: LabelJob::new(videos), layout: Layout::Zarr, augment: false };
/// let result = job.run("labeled.zarr".as_ref(), &mut JobContext::silent())?;
/// println!("{} of {} frames trusted", result.summary.trusted, result.summary.frames);
/// for record in result.labels.records() {
///     let record = record?;
///     println!("{}: dropped {:?}", record.video.display(), record.dropped);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct DatasetJob<'a> {
    /// The videos and the method.
    pub job: LabelJob<'a>,
    /// Format of the dataset.
    pub layout: Layout,
    /// Whether the seven flips and quarter turns of each episode are added.
    pub augment: bool,
}

/// Result of a [`DatasetJob`].
pub struct LabeledDataset {
    /// Totals of the job.
    pub summary: LabelingSummary,
    /// The labels of every video, also of those without a trusted action.
    pub labels: Labeled,
}

/// [`write_dataset`] of the labels of shards, with the file of all labels in the folder, as a [`DatasetJob`] writes it.
///
/// # Errors
/// Those of [`write_dataset`].
pub fn write_joined(
    labeled: &Labeled,
    out: &Path,
    layout: Layout,
    augment: bool,
    ctx: &mut JobContext,
) -> Result<LabelingSummary, LabelError> {
    let summary = write_dataset(labeled, out, layout, augment, ctx)?;
    labeled.write(&out.join(LABELS))?;
    Ok(summary)
}

impl DatasetJob<'_> {
    /// Writes the dataset to the folder `out`, with `label.json` and the labels. A job that was stopped resumes from
    /// `OUT.labels.partial`, or from `OUT.labels` if all videos are labeled. If the dataset is complete already, only those
    /// videos are labeled again that have changed or could not be read, and the dataset is replaced if their labels are new;
    /// until then it stays as it is. A result without a trusted action is replaced.
    ///
    /// # Errors
    /// As [`LabelJob::run`] and [`write_dataset`]; another dataset at `out`; a video in it that cannot be read any more.
    pub fn run(&self, out: &Path, ctx: &mut JobContext) -> Result<LabeledDataset, LabelError> {
        let inside = out.join(LABELS);
        remove_without_episodes(out)?;
        let mut beside = out.as_os_str().to_owned();
        beside.push(".labels");
        let beside = PathBuf::from(beside);
        if out.exists() {
            let finished = self.finished(out, &inside)?;
            return match again(&scan(&inside)?)?.len() {
                0 => Ok(finished),
                count => self.renewed(finished, count, out, &beside, ctx),
            };
        }
        self.job.run(&beside, ctx)?;
        let labeled = Labeled::open(std::slice::from_ref(&beside))?;
        let summary = write_dataset(&labeled, out, self.layout, self.augment, ctx)?;
        fs::rename(&beside, &inside).map_err(LabelError::io(&inside))?;
        let labels = Labeled::open(&[inside])?;
        Ok(LabeledDataset { summary, labels })
    }

    /// The existing dataset, if it is the one of this job.
    fn finished(&self, out: &Path, labels: &Path) -> Result<LabeledDataset, LabelError> {
        let other = || LabelError::Exists {
            path: out.to_path_buf(),
        };
        let copies = transforms(self.augment).len();
        let written = Written::read(out).filter(|w| w.layout == self.layout && w.episodes_per_segment == copies);
        let written = written.ok_or_else(other)?;
        let found = scan(labels).map_err(|_| other())?;
        if !found.header.is_of_the_same_job(&self.job.header(None)) {
            return Err(other());
        }
        Ok(LabeledDataset {
            summary: written.summary,
            labels: Labeled::open(&[labels.to_path_buf()])?,
        })
    }
}

impl DatasetJob<'_> {
    /// Labels again what has changed or could not be read, and replaces the finished dataset if that gives other labels.
    fn renewed(
        &self,
        finished: LabeledDataset,
        count: usize,
        out: &Path,
        beside: &Path,
        ctx: &mut JobContext,
    ) -> Result<LabeledDataset, LabelError> {
        let inside = out.join(LABELS);
        let unfinished = beside.with_extension("labels.partial");
        if !beside.exists() && !unfinished.exists() {
            let copied = write_file(beside, |copy| io::copy(&mut open_file(&inside)?, copy).map(drop));
            copied.map_err(LabelError::io(beside))?;
        }
        let videos = counted(count, "video");
        ctx.say(&format!("{videos} changed or could not be read: labeled again"));
        self.job.run(beside, ctx)?;
        if hash_file(beside).map_err(LabelError::io(beside))? == hash_file(&inside).map_err(LabelError::io(&inside))? {
            fs::remove_file(beside).map_err(LabelError::io(beside))?;
            return Ok(finished);
        }
        let labeled = Labeled::open(&[beside.to_path_buf()])?;
        for (before, now) in finished.labels.records().zip(labeled.records()) {
            let (before, now) = (before?, now?);
            if let (None, Some(error)) = (before.error, now.error) {
                return Err(LabelError::Lost {
                    path: now.video,
                    reason: error,
                    dataset: out.to_path_buf(),
                });
            }
        }
        let staged = StagedFolder::beside(out).map_err(LabelError::io(out))?;
        let fresh = staged.path().join("set");
        let summary = write_dataset(&labeled, &fresh, self.layout, self.augment, ctx)?;
        fs::copy(beside, fresh.join(LABELS)).map_err(LabelError::io(&fresh))?;
        // Whenever the process is killed, the old dataset is in its place, or none is and all labels are beside it.
        fs::rename(out, staged.path().join("old")).map_err(LabelError::io(out))?;
        fs::rename(&fresh, out).map_err(LabelError::io(out))?;
        fs::remove_file(beside).map_err(LabelError::io(beside))?;
        let labels = Labeled::open(&[inside])?;
        Ok(LabeledDataset { summary, labels })
    }
}

/// Removes what a job left in which nothing could be trusted: only files that it writes, so that the corrected command
/// can use the same name.
fn remove_without_episodes(out: &Path) -> Result<(), LabelError> {
    if Written::read(out).is_none_or(|written| written.summary.episodes > 0) {
        return Ok(());
    }
    for name in [LABELS, Written::FILE] {
        absent_is_fine(fs::remove_file(out.join(name))).map_err(LabelError::io(out))?;
    }
    // Fails for a folder with other files, which is then refused as any other.
    let _ = fs::remove_dir(out);
    Ok(())
}
