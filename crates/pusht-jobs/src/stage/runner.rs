//! Runner of stages.

use std::path::{Path, PathBuf};

use super::folder::{Folder, Found, Origin};
use super::selection::{Selection, group};
use super::{Done, Key, Stage, StageError};
use crate::JobContext;

/// Origin and duration of a stage.
#[derive(Clone, Debug)]
pub struct StageRecord {
    /// Name of the stage.
    pub name: String,
    /// Time it took to run, s.
    pub seconds: f64,
    /// Whether it was run or kept.
    pub origin: Origin,
}

/// Runs the stages of a graph in the order in which they are passed to it. A stage whose folder is finished and was
/// made from the same inputs is kept; an interrupted one resumes in its unfinished folder.
#[derive(Debug)]
pub struct Runner {
    root: PathBuf,
    version: String,
    selection: Selection,
    /// Whether a selected stage has been run.
    selected: bool,
    records: Vec<StageRecord>,
    /// Kept stages that have not been reported yet.
    untold: Vec<String>,
}

impl Runner {
    /// A runner that keeps stages below the folder `root`; `version` is part of every key: stages of another version
    /// are run again.
    pub fn new(root: impl Into<PathBuf>, version: impl Into<String>) -> Self {
        Self {
            root: root.into(),
            version: version.into(),
            selection: Selection::All,
            selected: false,
            records: Vec::new(),
            untold: Vec::new(),
        }
    }

    /// Restricts the run to a part of the graph: after it every call returns [`StageError::Selected`].
    #[must_use]
    pub fn with_selection(mut self, selection: Selection) -> Self {
        self.selection = selection;
        self
    }

    /// The folder of the run.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Records of all stages so far, in order.
    pub fn records(&self) -> &[StageRecord] {
        &self.records
    }

    /// Runs a stage, or keeps it, and loads its output.
    ///
    /// # Errors
    /// Those of the stage, and those of [`StageError`].
    pub fn run<S: Stage>(&mut self, stage: &S, ctx: &mut JobContext) -> Result<Done<S::Output>, S::Error> {
        let name = stage.name();
        self.reach(&name, ctx)?;
        let job = Job::find(self, stage, name)?;
        self.refuse_missing(&job)?;
        if !job.is_finished() {
            self.tell_kept(ctx);
        }
        let (done, record) = job.run(ctx)?;
        self.record(record);
        // A group ends at the first stage outside it; a single stage ends at the next stage.
        if self.selection.name() == Some(&done.name) {
            return Err(self.end(ctx).into());
        }
        Ok(done)
    }

    /// Runs independent stages of one group, at most `lanes` in parallel, with one bar named `label`. The results are
    /// in the order of `stages`.
    ///
    /// # Errors
    /// Those of [`run`](Self::run), of the first stage that failed; running stages are completed first and kept.
    pub fn run_all<S: Stage + Sync>(
        &mut self,
        stages: &[S],
        lanes: usize,
        label: &str,
        ctx: &mut JobContext,
    ) -> Result<Vec<Done<S::Output>>, S::Error>
    where
        S::Output: Send,
        S::Error: Send,
    {
        let mut jobs = Vec::with_capacity(stages.len());
        for stage in stages {
            let name = stage.name();
            self.reach(&name, ctx)?;
            let job = Job::find(self, stage, name)?;
            self.refuse_missing(&job)?;
            jobs.push(job);
        }
        if jobs.iter().any(|job| !job.is_finished()) {
            self.tell_kept(ctx);
        }
        let results = ctx.side_by_side(label, jobs.len(), lanes, |i, ctx| jobs[i].run(ctx))?;
        let (done, records): (Vec<_>, Vec<_>) = results.into_iter().unzip();
        records.into_iter().for_each(|record| self.record(record));
        Ok(done)
    }

    /// Announces that the step `name` is next. [`run`](Self::run) does this itself; call it for steps without a folder,
    /// such as a report of all stages.
    ///
    /// # Errors
    /// [`StageError::Selected`] once the selection is finished; [`StageError::Cancelled`].
    pub fn reach(&mut self, name: &str, ctx: &mut JobContext) -> Result<(), StageError> {
        ctx.check()?;
        if self.selection.selects(name) {
            self.selected = true;
        } else if self.selected {
            return Err(self.end(ctx));
        }
        Ok(())
    }

    /// Reports the stages that were kept since the last report.
    pub fn tell_kept(&mut self, ctx: &mut JobContext) {
        if !self.untold.is_empty() {
            ctx.say(&format!("kept: {}", self.untold.join(", ")));
            self.untold.clear();
        }
    }

    /// Ends the run, because the selection is finished.
    fn end(&mut self, ctx: &mut JobContext) -> StageError {
        self.selected = true;
        self.tell_kept(ctx);
        StageError::Selected {
            stage: self.selection.name().unwrap_or_default().to_owned(),
        }
    }

    /// Checks that all earlier stages are finished if only one stage is to be run.
    fn refuse_missing<S: Stage>(&self, job: &Job<'_, S>) -> Result<(), StageError> {
        let Selection::Only(only) = &self.selection else {
            return Ok(());
        };
        let state = match job.found {
            _ if self.selected => return Ok(()),
            Found::Finished(_) => return Ok(()),
            Found::Nothing => "is not there",
            Found::Unfinished => "is not finished",
            Found::OtherInputs => "was made from other settings or data",
        };
        Err(StageError::Missing {
            stage: job.name.clone(),
            group: group(&job.name).to_owned(),
            needed_by: only.clone(),
            state,
        })
    }

    fn record(&mut self, record: StageRecord) {
        match record.origin {
            Origin::Made => {}
            Origin::Kept => self.untold.push(record.name.clone()),
            Origin::OtherBuild => self.untold.push(format!("{} (of another build)", record.name)),
        }
        self.records.push(record);
    }
}

/// A stage whose folder has been inspected.
struct Job<'a, S> {
    stage: &'a S,
    name: String,
    folder: Folder,
    found: Found,
}

impl<'a, S: Stage> Job<'a, S> {
    fn find(runner: &Runner, stage: &'a S, name: String) -> Result<Self, StageError> {
        let key = Key::of(&runner.version, &name, &stage.inputs())?;
        let folder = Folder::new(&runner.root, &name, key);
        let found = folder.find()?;
        Ok(Self {
            stage,
            name,
            folder,
            found,
        })
    }

    fn is_finished(&self) -> bool {
        matches!(self.found, Found::Finished(_))
    }

    fn run(&self, ctx: &mut JobContext) -> Result<(Done<S::Output>, StageRecord), S::Error> {
        let (seconds, origin) = match &self.found {
            Found::Finished(manifest) => (manifest.seconds, manifest.origin()),
            _ => {
                let manifest = self.folder.fill(|dir| self.stage.run(dir, ctx))?;
                (manifest.seconds, Origin::Made)
            }
        };
        let done = Done {
            name: self.name.clone(),
            dir: self.folder.dir.clone(),
            key: self.folder.key.clone(),
            output: self.stage.load(&self.folder.dir, ctx)?,
        };
        let record = StageRecord {
            name: self.name.clone(),
            seconds,
            origin,
        };
        Ok((done, record))
    }
}
