//! A job from videos to a finished dataset.

use std::fs;
use std::path::{Path, PathBuf};

use pusht_jobs::JobContext;

use crate::dataset::{transforms, write_dataset};
use crate::job::changed;
use crate::labels::scan;
use crate::report::Written;
use crate::{LabelError, LabelJob, Labeled, LabelingSummary, Layout};

/// File of the labels in the folder of the dataset.
const LABELS: &str = "labels.jsonl";

/// Labels videos and writes a dataset of the trusted segments.
pub struct DatasetJob<'a> {
    /// The videos and the method; its `part` must be `None`.
    pub job: LabelJob<'a>,
    /// Format of the dataset.
    pub layout: Layout,
    /// Whether the seven flips and quarter turns of each episode are added.
    pub augment: bool,
}

impl DatasetJob<'_> {
    /// Writes the dataset to the folder `out`, with `label.json` and the labels. A job that was stopped resumes from
    /// `OUT.labels`; if the dataset is complete already, nothing is done.
    ///
    /// # Errors
    /// As [`LabelJob::run`] and [`write_dataset`]; another dataset at `out`.
    pub fn run(&self, out: &Path, ctx: &mut JobContext) -> Result<(LabelingSummary, Labeled), LabelError> {
        let inside = out.join(LABELS);
        if out.exists() {
            return self.finished(out, &inside);
        }
        let mut beside = out.as_os_str().to_owned();
        beside.push(".labels");
        let beside = PathBuf::from(beside);
        self.job.run(&beside, ctx)?;
        let labeled = Labeled::open(std::slice::from_ref(&beside))?;
        let summary = write_dataset(&labeled, out, self.layout, self.augment, ctx)?;
        fs::rename(&beside, &inside).map_err(LabelError::io(&inside))?;
        Ok((summary, Labeled::open(&[inside])?))
    }

    /// The existing dataset, if it is the one of this job.
    fn finished(&self, out: &Path, labels: &Path) -> Result<(LabelingSummary, Labeled), LabelError> {
        let other = || LabelError::Exists {
            path: out.to_path_buf(),
        };
        let copies = transforms(self.augment).len();
        let written = Written::read(out).filter(|w| w.layout == self.layout && w.episodes_per_segment == copies);
        let written = written.ok_or_else(other)?;
        let found = scan(labels).map_err(|_| other())?;
        if !found.header.is_of_the_same_job(&self.job.header()) || !changed(&found)?.is_empty() {
            return Err(other());
        }
        Ok((written.summary, Labeled::open(&[labels.to_path_buf()])?))
    }
}
