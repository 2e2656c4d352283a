//! Errors from tables.

use std::path::{Path, PathBuf};

use pusht_jobs::{LFS_POINTER, is_lfs_pointer};

/// Errors from reading and writing tables.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// A table that cannot be read: missing, truncated, corrupt, no permission.
    #[error("{path}: the table cannot be read ({reason}); the copy is probably incomplete: fetch or make it again")]
    Unreadable {
        /// The table.
        path: PathBuf,
        /// The reader's error.
        reason: String,
    },
    /// A Git LFS pointer in place of the table.
    #[error("{path} is {LFS_POINTER}")]
    LfsPointer {
        /// The table.
        path: PathBuf,
    },
    /// A column that is missing or holds something else.
    #[error("{path}: column {column}: expected {expected}, found {found}")]
    Column {
        /// The table.
        path: PathBuf,
        /// The column.
        column: String,
        /// What it should hold.
        expected: String,
        /// What was found.
        found: String,
    },
    /// A column whose compression is not read.
    #[error(
        "{path}: column {column} is compressed with {found}, which is not read; write the table again with zstd, snappy or \
         no compression (in pandas: read_parquet(FILE).to_parquet(FILE, compression=\"zstd\"))"
    )]
    Compression {
        /// The table.
        path: PathBuf,
        /// The column.
        column: String,
        /// The compression.
        found: String,
    },
    /// A number that cannot be meant.
    #[error("{path}: column {column}, row {row}: found {found}, expected {expected}")]
    Number {
        /// The table.
        path: PathBuf,
        /// The column.
        column: String,
        /// First bad row, from 0.
        row: usize,
        /// The number.
        found: String,
        /// What would be valid.
        expected: &'static str,
    },
    /// A table that cannot be written.
    #[error("{path}: cannot be written ({reason}); check the folder, its permissions and the free space")]
    Unwritable {
        /// The table.
        path: PathBuf,
        /// The writer's or the system's error.
        reason: String,
    },
}

impl TableError {
    /// This error of reading `path`, or what explains it: a Git LFS pointer in its place.
    pub(crate) fn or_pointer(self, path: &Path) -> Self {
        if is_lfs_pointer(path) {
            return Self::LfsPointer {
                path: path.to_path_buf(),
            };
        }
        self
    }

    pub(crate) fn unwritable(path: &Path, reason: &dyn std::fmt::Display) -> Self {
        Self::Unwritable {
            path: path.to_path_buf(),
            reason: reason.to_string(),
        }
    }
}
