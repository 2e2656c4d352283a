//! Columns of numbers in parquet tables: read with every number checked, within bounds, and written.
//!
#![doc = include_str!("../README.md")]

mod error;
mod pages;
mod read;
mod write;

pub use error::TableError;
pub use read::NumberTable;
pub use write::{ColumnValues, TableWriter};
