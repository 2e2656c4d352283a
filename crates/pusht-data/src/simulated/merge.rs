//! Joining the parts of a set.

use std::path::{Path, PathBuf};

use pusht_jobs::Shard;

use super::SimulatedSet;
use super::file::{self, Recipes};
use crate::DataError;

impl SimulatedSet {
    /// Joins the files of all parts ([`super::Plan::make_part`]) to the set that one process makes; nothing is written.
    ///
    /// # Errors
    /// A file that is not a part, parts of different sets, and parts that are missing or there twice, by name.
    pub fn merge(files: &[PathBuf]) -> Result<Self, DataError> {
        let mut parts = Vec::with_capacity(files.len());
        for path in files {
            let (header, recipes) = file::read_finished(path)?;
            let part = header.part.clone().ok_or_else(|| DataError::Unrecognised {
                path: path.clone(),
                found: "a whole set".to_owned(),
                expected: "a part of one, made with --shard",
            })?;
            parts.push((part.shard, header, recipes));
        }
        let named: Vec<(&Path, Shard)> = files
            .iter()
            .zip(&parts)
            .map(|(path, part)| (path.as_path(), part.0))
            .collect();
        Shard::order(&named)?;
        let mut header = parts[0].1.clone();
        let mut all = Recipes::new();
        for (path, (shard, other, mut recipes)) in files.iter().zip(parts) {
            if !other.same_set(&header) {
                return Err(DataError::Unrecognised {
                    path: path.clone(),
                    found: format!("part {shard} of another set (other starts, settings or environment)"),
                    expected: "a part of the same set as the first file",
                });
            }
            all.append(&mut recipes);
        }
        header.part = None;
        let set = header.set(&files[0], all);
        set.check()?;
        Ok(set)
    }
}
