//! From videos to a finished data set.

use std::fs;
use std::path::{Path, PathBuf};

use pusht_jobs::JobContext;

use crate::dataset::{transforms, write_dataset};
use crate::job::changed;
use crate::labels::scan;
use crate::report::Written;
use crate::{LabelError, LabelJob, Labeled, LabelingSummary, Layout};

/// The labels that a data set was made of, in its folder.
const LABELS: &str = "labels.jsonl";

/// Labels videos and writes the data set of what can be trusted.
pub struct DatasetJob<'a> {
    /// What is labeled, and how; not a part.
    pub job: LabelJob<'a>,
    /// How episodes are written.
    pub layout: Layout,
    /// Whether the seven flips and quarter turns of each episode are added.
    pub augment: bool,
}

impl DatasetJob<'_> {
    /// Makes the folder `out`, with `label.json` and the labels in it. A job that was stopped goes on from `OUT.labels`; where
    /// all of it is there already, nothing is done.
    ///
    /// # Errors
    /// As [`LabelJob::run`] and [`write_dataset`]; another data set at `out`.
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

    /// The data set that is there, if it is this one.
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
