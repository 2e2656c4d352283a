//! Joins the parts of a set.

use std::path::{Path, PathBuf};

use pusht_jobs::Shard;

use super::SimulatedSet;
use super::file::{self, Trajectories};
use crate::DataError;

impl SimulatedSet {
    /// Joins the files of all parts ([`super::SimulationPlan::make_part`]) into the set that one process would make;
    /// writes nothing.
    ///
    /// # Errors
    /// A file that is not a part, parts of different sets, or parts that are missing or duplicate, each named.
    pub fn merge(files: &[PathBuf]) -> Result<Self, DataError> {
        let mut parts = Vec::with_capacity(files.len());
        for path in files {
            let (header, trajectories) = file::read_finished(path)?;
            let part = header.part.clone().ok_or_else(|| DataError::Unrecognized {
                path: path.clone(),
                found: "a whole set".to_owned(),
                expected: "a part of one, made with --shard",
            })?;
            parts.push((part.shard, header, trajectories));
        }
        let named: Vec<(&Path, Shard)> = files
            .iter()
            .zip(&parts)
            .map(|(path, part)| (path.as_path(), part.0))
            .collect();
        Shard::order(&named)?;
        let mut header = parts[0].1.clone();
        let mut all = Trajectories::new();
        for (path, (shard, other, mut trajectories)) in files.iter().zip(parts) {
            if !other.same_set(&header) {
                return Err(DataError::Unrecognized {
                    path: path.clone(),
                    found: format!("part {shard} of another set (other starts, settings or environment)"),
                    expected: "a part of the same set as the first file",
                });
            }
            all.append(&mut trajectories);
        }
        header.part = None;
        let set = header.set(&files[0], all);
        set.check()?;
        Ok(set)
    }
}
