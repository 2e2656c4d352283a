//! Making a set, episode by episode, in parallel; a killed run goes on where it was.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use pusht_env::Action;
use rayon::prelude::*;

use super::file::{self, Header, Recipes};
use super::{Recipe, SimulatedSet, Simulation, Start};
use crate::DataError;

/// What is to be made. A run goes on only with what the same plan left.
#[derive(Clone, Debug)]
pub struct Plan {
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

impl Plan {
    /// Makes the set at `path`. `act` gives the actions of one episode from its index and start, and nothing else may
    /// enter into them. `progress` is told episodes done and episodes to do, on the caller's thread.
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
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<SimulatedSet, DataError> {
        let path = path.as_ref();
        if path.exists() {
            let set = SimulatedSet::open(path)?;
            let header = Header::new(set.len(), &set.source, &set.actions, set.simulation, &set.settings);
            let recipes: Recipes = set.recipes().iter().cloned().enumerate().collect();
            self.must_match(path, &header, &recipes)?;
            progress(set.len(), set.len());
            return Ok(set);
        }
        let (mut log, mut recipes) = self.resume(path)?;
        let (stop, total) = (AtomicBool::new(false), self.starts.len());
        progress(recipes.len(), total);
        let missing: Vec<usize> = (0..total).filter(|i| !recipes.contains_key(i)).collect();
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
                    let actions = actions.map_err(|reason| DataError::Simulation {
                        path: path.to_path_buf(),
                        index,
                        reason,
                    })?;
                    let start = self.starts[index];
                    let recipe = Recipe { start, actions };
                    log.append(index, &recipe)?;
                    recipes.insert(index, recipe);
                    progress(recipes.len(), total);
                }
                Ok(())
            };
            receive().inspect_err(|_: &DataError| stop.store(true, Ordering::Relaxed))
        })?;
        let recipes = std::mem::take(&mut recipes).into_values().collect();
        let mut set = SimulatedSet::new(&self.source, &self.source, self.simulation, recipes)?;
        set.settings = self.settings.clone();
        set.path = path.to_path_buf();
        set.save(path)?;
        log.remove()?;
        Ok(set)
    }

    fn header(&self) -> Header {
        Header::new(
            self.starts.len(),
            &self.source,
            &self.source,
            self.simulation,
            &self.settings,
        )
    }

    fn must_match(&self, path: &Path, header: &Header, recipes: &Recipes) -> Result<(), DataError> {
        let same = *header == self.header() && recipes.iter().all(|(&i, r)| r.start == self.starts[i]);
        if same {
            return Ok(());
        }
        Err(DataError::Unrecognised {
            path: path.to_path_buf(),
            found: "a set that was made with other settings or seeds".to_owned(),
            expected: "nothing, or what the same command left: remove it or choose another name",
        })
    }

    /// The log of an earlier run of the same plan, written anew without a broken last line, or a fresh one.
    fn resume(&self, path: &Path) -> Result<(Log, Recipes), DataError> {
        let mut name = path.as_os_str().to_owned();
        name.push(".partial");
        let partial = PathBuf::from(name);
        let recipes = if file::is_ours(&partial) {
            let (header, recipes) = file::read_partial(&partial)?;
            self.must_match(&partial, &header, &recipes)?;
            recipes
        } else {
            Recipes::new()
        };
        crate::atomic::file(&partial, |out| {
            file::line(out, &self.header())?;
            recipes
                .iter()
                .try_for_each(|(&index, recipe)| file::append(out, index, recipe))
        })?;
        Ok((Log::open(partial)?, recipes))
    }
}

/// The file that grows by one line an episode.
struct Log {
    path: PathBuf,
    file: File,
}

impl Log {
    fn open(path: PathBuf) -> Result<Self, DataError> {
        match OpenOptions::new().append(true).open(&path) {
            Ok(file) => Ok(Self { path, file }),
            Err(e) => Err(DataError::unwritable(&path, &e)),
        }
    }

    fn append(&mut self, index: usize, recipe: &Recipe) -> Result<(), DataError> {
        let mut line = Vec::new();
        file::append(&mut line, index, recipe)
            .and_then(|()| self.file.write_all(&line))
            .map_err(|e| DataError::unwritable(&self.path, &e))
    }

    fn remove(self) -> Result<(), DataError> {
        std::fs::remove_file(&self.path).map_err(|e| DataError::unwritable(&self.path, &e))
    }
}
