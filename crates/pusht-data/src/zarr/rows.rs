//! One array of a replay buffer, read in blocks of rows.
//!
//! zarr fills missing chunks with the fill value, and zarr-python does not store chunks that hold nothing else. A missing chunk
//! may just as well mean an incomplete copy, so it is filled only where it can be meant: a part of the frames, with a fill
//! value other than zero.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use zarrs::array::{ArraySubset, ChunkShape, CodecChain, CodecOptions, DataType, ElementOwned};
use zarrs::filesystem::FilesystemStore;
use zarrs::storage::ReadableStorageTraits;

use super::chunk;
use super::metadata::{self, Opened};
use crate::DataError;

/// Most chunks that a block of rows consists of.
const MOST_CHUNKS: u64 = 1 << 16;

/// An array whose first axis counts time steps.
pub(super) struct Rows {
    store: Arc<FilesystemStore>,
    opened: Opened,
    /// The codecs without those that turn bytes into bytes.
    codecs: CodecChain,
    path: PathBuf,
    name: &'static str,
    /// Length of the first axis.
    pub rows: usize,
    /// Elements of one row.
    pub width: usize,
    /// Rows of one block, the rows of a chunk; of the last one not all exist.
    pub block_rows: usize,
    /// Shape of the chunks; within shards, of the shards.
    chunk_shape: ChunkShape,
    /// Whether parts of a chunk are read by themselves.
    sharded: bool,
}

impl Rows {
    /// Opens `/name` and checks its shape; `None` in `trailing` accepts any length. `Ok(None)` if there is no such
    /// array.
    pub fn open(
        store: &Arc<FilesystemStore>,
        path: &Path,
        name: &'static str,
        trailing: &[Option<u64>],
    ) -> Result<Option<Self>, DataError> {
        let Some(opened) = metadata::open(store, path, name)? else {
            return Ok(None);
        };
        let layout = |expected: String, found: String| DataError::Layout {
            path: path.to_path_buf(),
            array: name.to_owned(),
            expected,
            found,
        };
        let array = &opened.array;
        let shape = array.shape().to_vec();
        let fits = shape.len() == trailing.len() + 1
            && shape[1..]
                .iter()
                .zip(trailing)
                .all(|(&found, want)| want.is_none_or(|w| w == found));
        if !fits {
            let want: Vec<String> = trailing
                .iter()
                .map(|t| t.map_or_else(|| "any".to_owned(), |n| n.to_string()))
                .collect();
            let want = std::iter::once("rows".to_owned())
                .chain(want)
                .collect::<Vec<_>>()
                .join(", ");
            let meaning = match name {
                "data/state" => ": agent x, agent y, T x, T y, T angle (rename an array of anything else)",
                _ => "",
            };
            return Err(layout(format!("shape [{want}]{meaning}"), format!("shape {shape:?}")));
        }
        let chunk_shape = array
            .chunk_shape(&vec![0; shape.len()])
            .map_err(|e| layout("a regular chunk grid".to_owned(), e.to_string()))?;
        let parts = chunk::parts(&opened);
        let block_rows = parts.as_ref().unwrap_or(&chunk_shape)[0].get();
        // Sizes that exceed any memory are damage.
        let product = |sizes: &[u64]| {
            let mut sizes = sizes.iter().map(|&n| usize::try_from(n).ok());
            sizes.try_fold(1_usize, |product, n| product.checked_mul(n?))
        };
        let chunk: Vec<u64> = chunk_shape.iter().map(|n| n.get()).collect();
        let block = [&[block_rows], &shape[1..]].concat();
        // Of elements of 16 bytes at most.
        let sizes = product(&shape).zip(product(&chunk)).zip(product(&block));
        let fit = sizes.is_some_and(|((a, b), c)| [a, b, c].iter().all(|n| n.checked_mul(16).is_some()));
        let (true, Some(width), Ok(rows), Ok(block_rows)) = (
            fit,
            product(&shape[1..]),
            usize::try_from(shape[0]),
            usize::try_from(block_rows),
        ) else {
            return Err(layout(
                "sizes that fit into memory".to_owned(),
                format!("shape {shape:?}, chunks {chunk:?}"),
            ));
        };
        if rows == 0 || width == 0 {
            return Err(layout("at least one row".to_owned(), format!("shape {shape:?}")));
        }
        Ok(Some(Self {
            store: Arc::clone(store),
            codecs: chunk::of_elements(&opened),
            sharded: parts.is_some(),
            path: path.to_path_buf(),
            name,
            rows,
            width,
            block_rows,
            chunk_shape,
            opened,
        }))
    }

    /// The array's dtype.
    pub fn data_type(&self) -> &DataType {
        self.opened.array.data_type()
    }

    /// Sizes of the axes after the first.
    pub fn trailing(&self) -> &[u64] {
        &self.opened.array.shape()[1..]
    }

    /// Number of blocks of rows.
    pub fn blocks(&self) -> usize {
        self.rows.div_ceil(self.block_rows)
    }

    /// The elements of one block, row by row.
    pub fn block<T: ElementOwned + Copy + Default>(&self, index: usize) -> Result<Vec<T>, DataError> {
        let array = &self.opened.array;
        let first = index * self.block_rows;
        let rows = (self.rows - first).min(self.block_rows);
        let block = first as u64..(first + rows) as u64;
        let ranges: Vec<_> = std::iter::once(block)
            .chain(self.trailing().iter().map(|&n| 0..n))
            .collect();
        let keys = self.keys(&ranges)?;
        let stored = self.stored(&keys, rows)?;
        let one = |key: &[u64], reason: &str| self.unreadable(key, reason.to_owned());
        if self.sharded {
            let options = CodecOptions::default().with_concurrent_target(1);
            let read = array.retrieve_array_subset_opt(&ArraySubset::new_with_ranges(&ranges), &options);
            return read.map_err(|e| one(&keys[0], &e.to_string()));
        }
        if let ([key], [Some(_)]) = (&keys[..], &stored[..])
            && self
                .chunk_shape
                .iter()
                .skip(1)
                .map(|n| n.get())
                .eq(self.trailing().iter().copied())
        {
            let mut elements = self.chunk::<T>(key)?;
            elements.truncate(rows * self.width);
            return Ok(elements);
        }
        let fill = chunk::fill_value::<T>(array).map_err(|reason| one(&keys[0], &reason))?;
        let mut block = vec![fill; rows * self.width];
        for (key, stored) in keys.iter().zip(stored) {
            if stored.is_some() {
                chunk::copy(&self.chunk::<T>(key)?, &self.chunk_shape, key, &ranges, &mut block);
            }
        }
        Ok(block)
    }

    /// Indices of the chunks that hold parts of a block.
    fn keys(&self, ranges: &[std::ops::Range<u64>]) -> Result<Vec<Vec<u64>>, DataError> {
        let axes = ranges.iter().zip(self.chunk_shape.iter());
        let axes: Vec<_> = axes
            .map(|(range, n)| range.start / n.get()..(range.end - 1) / n.get() + 1)
            .collect();
        let count = axes
            .iter()
            .try_fold(1_u64, |n, axis| n.checked_mul(axis.end - axis.start));
        if count.is_none_or(|count| count > MOST_CHUNKS) {
            let chunk: Vec<u64> = self.chunk_shape.iter().map(|n| n.get()).collect();
            return Err(self.layout(
                format!("at most {MOST_CHUNKS} chunks for the same rows"),
                format!("chunks of shape {chunk:?}; write the array again with larger ones"),
            ));
        }
        let mut keys = vec![Vec::new()];
        for axis in axes {
            let longer = |key: &Vec<u64>| axis.clone().map(|i| [&key[..], &[i]].concat()).collect::<Vec<_>>();
            keys = keys.iter().flat_map(longer).collect();
        }
        Ok(keys)
    }

    /// Bytes of every chunk as stored, `None` for one that is missing and can be filled.
    fn stored(&self, keys: &[Vec<u64>], rows: usize) -> Result<Vec<Option<u64>>, DataError> {
        let array = &self.opened.array;
        let mut sizes = Vec::with_capacity(keys.len());
        for key in keys {
            let size = self.store.size_key(&array.chunk_key(key));
            sizes.push(size.map_err(|e| self.unreadable(key, e.to_string()))?);
        }
        let can_fill = array.fill_value().as_ne_bytes().iter().any(|&byte| byte != 0);
        let missing = keys.iter().zip(&sizes).find(|(_, size)| size.is_none());
        if let Some((key, _)) = missing
            && (!can_fill || sizes.iter().all(Option::is_none))
        {
            let reason = "its file is missing: an incomplete copy, or zarr left it out because it holds only the fill value; then \
                          write the array again with write_empty_chunks=True";
            return Err(self.unreadable(key, reason.to_owned()));
        }
        let unpacked = chunk::bytes(rows * self.width, self.data_type());
        let chunks = chunk::bytes(
            self.chunk_shape.iter().map(|n| n.get() as usize).product(),
            self.data_type(),
        );
        let all: u64 = sizes.iter().flatten().sum();
        let largest = if self.sharded { unpacked } else { unpacked.max(chunks) };
        if largest > chunk::most_bytes(all) {
            let reason = format!("{all} bytes that would become {largest}; write the array again with smaller chunks");
            return Err(self.unreadable(&keys[0], reason));
        }
        Ok(sizes)
    }

    /// The elements of one chunk, those beyond the array's end included.
    fn chunk<T: ElementOwned>(&self, key: &[u64]) -> Result<Vec<T>, DataError> {
        let decoded = chunk::decode(&self.opened, &self.codecs, &self.chunk_shape, key);
        let elements = decoded.and_then(|bytes| {
            let elements = T::from_array_bytes(self.data_type(), bytes);
            elements.map_err(|e| e.to_string())
        });
        elements.map_err(|reason| self.unreadable(key, reason))
    }

    fn unreadable(&self, key: &[u64], reason: String) -> DataError {
        let at: Vec<String> = match key {
            [first, rest @ ..] if rest.iter().all(|&i| i == 0) => vec![first.to_string()],
            _ => key.iter().map(ToString::to_string).collect(),
        };
        let error = DataError::Unreadable {
            path: self.path.clone(),
            item: format!("chunk {} of array {}", at.join("."), self.name),
            reason,
        };
        error.or_pointer(&self.path.join(self.opened.array.chunk_key(key).as_str()))
    }

    /// Error for an invalid value in one row.
    pub fn value(&self, row: usize, found: String, expected: &'static str) -> DataError {
        DataError::Value {
            path: self.path.clone(),
            item: format!("array {}", self.name),
            row,
            found,
            expected,
        }
    }

    /// Error for an array of another kind.
    pub fn layout(&self, expected: String, found: String) -> DataError {
        DataError::Layout {
            path: self.path.clone(),
            array: self.name.to_owned(),
            expected,
            found,
        }
    }

    /// Error for a dtype that cannot be read.
    pub fn wrong_type(&self, expected: &str) -> DataError {
        self.layout(format!("dtype {expected}"), format!("dtype {}", self.data_type()))
    }
}
