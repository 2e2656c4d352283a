//! Makes a simulated set, in parallel over episodes; an interrupted run resumes.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use pusht_env::Action;
use pusht_jobs::{JobContext, Journal, Shard, counted};
use rayon::prelude::*;

use super::file::{self, Header, Part, Trajectories};
use super::{SeededTrajectory, SimulatedSet, Simulation, Start};
use crate::DataError;

/// Settings of a simulated set to be made. A run resumes only the journal of the same plan.
#[derive(Clone, Debug)]
pub struct SimulationPlan {
    /// Generator of the actions: `expert`.
    pub source: String,
    /// Settings of the environment.
    pub simulation: Simulation,
    /// The start of every episode.
    pub starts: Vec<Start>,
    /// The generator's settings, for the record.
    pub settings: serde_json::Value,
    /// Threads; 0 for the number of cores. The result does not depend on it.
    pub threads: usize,
}

impl SimulationPlan {
    /// Makes the set at `path`. `act` returns the actions of one episode, computed from its index and start only.
    /// Progress counts episodes.
    ///
    /// Finished episodes are kept in `PATH.partial`, from which the same plan resumes after an interruption. A set of
    /// the same plan that already exists at `path` is returned.
    ///
    /// # Errors
    /// Another set at `path` or `PATH.partial`, a path that cannot be written, or an episode that cannot be made.
    pub fn make<E: ToString>(
        &self,
        path: impl AsRef<Path>,
        act: impl Fn(usize, &Start) -> Result<Vec<Action>, E> + Sync,
        ctx: &mut JobContext,
    ) -> Result<SimulatedSet, DataError> {
        let path = path.as_ref();
        let trajectories = self.work(path, None, act, ctx)?;
        let set = self.header(None).set(path, trajectories);
        set.check()?;
        Ok(set)
    }

    /// Makes one part of the set, as a file that [`SimulatedSet::merge`] joins with those of the other parts; otherwise
    /// like [`SimulationPlan::make`].
    ///
    /// # Errors
    /// Those of [`SimulationPlan::make`].
    pub fn make_part<E: ToString>(
        &self,
        path: impl AsRef<Path>,
        part: Shard,
        act: impl Fn(usize, &Start) -> Result<Vec<Action>, E> + Sync,
        ctx: &mut JobContext,
    ) -> Result<(), DataError> {
        self.work(path.as_ref(), Some(part), act, ctx).map(drop)
    }

    /// Makes the file at `path`, unless it exists.
    fn work<E: ToString>(
        &self,
        path: &Path,
        part: Option<Shard>,
        act: impl Fn(usize, &Start) -> Result<Vec<Action>, E> + Sync,
        ctx: &mut JobContext,
    ) -> Result<Trajectories, DataError> {
        let wanted = self.header(part);
        if path.exists() {
            let (header, trajectories) = file::read_finished(path)?;
            self.must_match(path, &wanted, &header, &trajectories)?;
            return Ok(trajectories);
        }
        let (journal, mut trajectories) = self.resume(path, &wanted)?;
        let (stop, total) = (AtomicBool::new(false), wanted.range().len());
        let task = ctx.task("record episodes", total, "episode");
        task.resume(trajectories.len());
        let missing: Vec<usize> = wanted.range().filter(|i| !trajectories.contains_key(i)).collect();
        // A separate pool, fed by a separate thread: the caller may be the only thread of the usual pool.
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(self.threads)
            .build()
            .map_err(|e| DataError::unwritable(path, &e))?;
        std::thread::scope(|scope| {
            let (sender, made) = mpsc::channel();
            let (act, stop) = (&act, &stop);
            scope.spawn(move || {
                pool.install(|| {
                    missing
                        .into_par_iter()
                        .with_max_len(1)
                        .for_each_with(sender, |sender, index| {
                            if !stop.load(Ordering::Relaxed) {
                                let actions = act(index, &self.starts[index]).map_err(|e| e.to_string());
                                // The receiver is dropped only after the run has failed.
                                let _ = sender.send((index, actions));
                            }
                        });
                });
            });
            let receive = || {
                for (index, actions) in made {
                    task.check()?;
                    let actions = actions.map_err(|reason| DataError::Simulation {
                        path: path.to_path_buf(),
                        index,
                        reason,
                    })?;
                    let trajectory = SeededTrajectory::new(self.starts[index], actions);
                    journal.append(&file::Line {
                        index,
                        trajectory: trajectory.clone(),
                    })?;
                    trajectories.insert(index, trajectory);
                    task.add(1);
                }
                Ok(())
            };
            receive().inspect_err(|_: &DataError| stop.store(true, Ordering::Relaxed))
        })?;
        for (&index, trajectory) in &trajectories {
            trajectory.check(path, index, &self.simulation)?;
        }
        journal.finish::<Header>(path)?;
        task.finish(&counted(trajectories.len(), "episode"));
        Ok(trajectories)
    }

    fn header(&self, part: Option<Shard>) -> Header {
        let (episodes, source) = (self.starts.len(), &self.source);
        let whole = Header::new(episodes, source, source, self.simulation, &self.settings);
        whole.of_part(part.map(|shard| Part::new(shard, &self.starts)))
    }

    fn must_match(
        &self,
        path: &Path,
        wanted: &Header,
        header: &Header,
        trajectories: &Trajectories,
    ) -> Result<(), DataError> {
        let same = header == wanted && trajectories.iter().all(|(&i, r)| r.start == self.starts[i]);
        if same {
            return Ok(());
        }
        Err(DataError::Unrecognized {
            path: path.to_path_buf(),
            found: if header.episodes == wanted.episodes {
                "a set that was made with other settings or seeds".to_owned()
            } else {
                let (there, asked) = (counted(header.episodes, "episode"), wanted.episodes);
                format!("a set of {there}, where {asked} are wanted")
            },
            expected: "nothing, or what the same command left: remove it or choose another name",
        })
    }

    /// The journal of an earlier run of the same plan and its content, or a new one.
    fn resume(&self, path: &Path, wanted: &Header) -> Result<(Journal, Trajectories), DataError> {
        let mut name = path.as_os_str().to_owned();
        name.push(".partial");
        let partial = PathBuf::from(name);
        if !file::is_ours(&partial) {
            return Ok((Journal::create(&partial, wanted)?, Trajectories::new()));
        }
        let (scan, trajectories) = file::read_journal(&partial)?;
        self.must_match(&partial, wanted, &scan.header, &trajectories)?;
        Ok((Journal::resume(&scan)?, trajectories))
    }
}
