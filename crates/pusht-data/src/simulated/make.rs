//! Making a set, episode by episode, in parallel; a killed run goes on where it was.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use pusht_env::Action;
use pusht_jobs::{JobContext, Journal, Shard};
use rayon::prelude::*;

use super::file::{self, Header, Part, Trajectories};
use super::{SeededTrajectory, SimulatedSet, Simulation, Start};
use crate::DataError;

/// What is to be made. A run goes on only with what the same plan left.
#[derive(Clone, Debug)]
pub struct SimulationPlan {
    /// Who makes the episodes: `expert`.
    pub source: String,
    /// The environment.
    pub simulation: Simulation,
    /// The start of every episode.
    pub starts: Vec<Start>,
    /// The maker's settings, for the record.
    pub settings: serde_json::Value,
    /// Threads; 0: as many as there are cores. The result does not depend on it.
    pub threads: usize,
}

impl SimulationPlan {
    /// Makes the set at `path`. `act` gives the actions of one episode from its index and start, and nothing else may
    /// enter into them. Progress counts episodes.
    ///
    /// Finished episodes are kept in `PATH.partial`, from where the same plan goes on after a kill. A set of the same
    /// plan that is already at `path` is returned as it is.
    ///
    /// # Errors
    /// Another set at `path` or `PATH.partial`, a place that cannot be written, an episode that cannot be made.
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

    /// Makes one part of the set, as a file that [`SimulatedSet::merge`] joins with those of the other parts. All else
    /// is as with [`SimulationPlan::make`].
    ///
    /// # Errors
    /// As [`SimulationPlan::make`].
    pub fn make_part<E: ToString>(
        &self,
        path: impl AsRef<Path>,
        part: Shard,
        act: impl Fn(usize, &Start) -> Result<Vec<Action>, E> + Sync,
        ctx: &mut JobContext,
    ) -> Result<(), DataError> {
        self.work(path.as_ref(), Some(part), act, ctx).map(drop)
    }

    /// Makes the file at `path`, unless it is there.
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
        let task = ctx.task("episodes", total);
        task.resume(trajectories.len());
        let missing: Vec<usize> = wanted.range().filter(|i| !trajectories.contains_key(i)).collect();
        // A pool of its own, fed by a thread of its own: the caller may be the only thread of the usual pool.
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
                                // The receiver is gone only when the run has failed.
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
                    let start = self.starts[index];
                    let trajectory = SeededTrajectory { start, actions };
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
        task.finish(&format!("{} episodes", trajectories.len()));
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
            found: "a set that was made with other settings or seeds".to_owned(),
            expected: "nothing, or what the same command left: remove it or choose another name",
        })
    }

    /// The journal of an earlier run of the same plan and what it holds, or a fresh one.
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
