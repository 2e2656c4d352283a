//! One array of a replay buffer, read in blocks of rows (one block per chunk).
//!
//! `zarrs` fills missing chunks with the fill value; here a missing chunk is an error, because it means an incomplete
//! copy and zeros would be taken for data.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use zarrs::array::{Array, CodecOptions, DataType, ElementOwned, data_type};
use zarrs::filesystem::FilesystemStore;

use crate::DataError;

/// An array whose first axis counts time steps and whose chunks hold whole rows.
pub(super) struct Rows {
    array: Array<FilesystemStore>,
    path: PathBuf,
    name: &'static str,
    /// Length of the first axis.
    pub rows: usize,
    /// Elements of one row.
    pub width: usize,
    /// Rows of one chunk; the last chunk is stored in full size.
    pub chunk_rows: usize,
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
        let folder = path.join(name);
        if !folder.join(".zarray").is_file() && !folder.join("zarr.json").is_file() {
            return Ok(None);
        }
        let layout = |expected: String, found: String| DataError::Layout {
            path: path.to_path_buf(),
            array: name.to_owned(),
            expected,
            found,
        };
        let array = Array::open(Arc::clone(store), &format!("/{name}"))
            .map_err(|e| layout("zarr array metadata".to_owned(), e.to_string()))?;
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
            return Err(layout(format!("shape [{want}]"), format!("shape {shape:?}")));
        }
        let chunk = array
            .chunk_shape(&vec![0; shape.len()])
            .map_err(|e| layout("a regular chunk grid".to_owned(), e.to_string()))?;
        let chunk: Vec<u64> = chunk.iter().map(|n| n.get()).collect();
        if chunk[1..] != shape[1..] {
            return Err(layout(
                format!("chunks of whole rows, [rows, {:?}]", &shape[1..]),
                format!("chunks of shape {chunk:?}; rechunk the array along its first axis only"),
            ));
        }
        // Sizes that exceed any memory are damage.
        let width = shape[1..]
            .iter()
            .try_fold(1_usize, |product, &n| product.checked_mul(usize::try_from(n).ok()?));
        let (Some(width), Ok(rows), Ok(chunk_rows)) = (width, usize::try_from(shape[0]), usize::try_from(chunk[0]))
        else {
            return Err(layout(
                "sizes that fit into memory".to_owned(),
                format!("shape {shape:?}"),
            ));
        };
        Ok(Some(Self {
            path: path.to_path_buf(),
            name,
            rows,
            width,
            chunk_rows,
            array,
        }))
    }

    /// The array's dtype.
    pub fn data_type(&self) -> &DataType {
        self.array.data_type()
    }

    /// Sizes of the axes after the first.
    pub fn trailing(&self) -> Vec<u64> {
        self.array.shape()[1..].to_vec()
    }

    /// Number of chunks along the first axis.
    pub fn chunks(&self) -> usize {
        self.rows.div_ceil(self.chunk_rows)
    }

    /// The valid elements of one chunk.
    pub fn chunk<T: ElementOwned>(&self, index: usize) -> Result<Vec<T>, DataError> {
        let unreadable = |reason: String| DataError::Unreadable {
            path: self.path.clone(),
            item: format!("chunk {index} of array {}", self.name),
            reason,
        };
        let mut key = vec![0_u64; self.array.dimensionality()];
        key[0] = index as u64;
        // One thread: the callers decode several chunks in parallel.
        let options = CodecOptions::default().with_concurrent_target(1);
        let mut values = self
            .array
            .retrieve_chunk_if_exists_opt::<Vec<T>>(&key, &options)
            .map_err(|e| unreadable(e.to_string()))?
            .ok_or_else(|| unreadable("its file is missing".to_owned()))?;
        let valid = (self.rows - index * self.chunk_rows).min(self.chunk_rows);
        values.truncate(valid * self.width);
        Ok(values)
    }

    /// All rows of a small floating-point array (float32 or float64), as f64, all finite.
    pub fn read_f64(&self) -> Result<Vec<f64>, DataError> {
        let mut all = Vec::with_capacity(self.rows * self.width);
        for index in 0..self.chunks() {
            if *self.data_type() == data_type::float32() {
                all.extend(self.chunk::<f32>(index)?.into_iter().map(f64::from));
            } else if *self.data_type() == data_type::float64() {
                all.extend(self.chunk::<f64>(index)?);
            } else {
                return Err(self.wrong_type("float32 or float64"));
            }
        }
        match all.iter().position(|x| !x.is_finite()) {
            Some(i) => Err(self.value(i / self.width, all[i].to_string(), "a finite number")),
            None => Ok(all),
        }
    }

    /// All rows of a small int64 array.
    pub fn read_i64(&self) -> Result<Vec<i64>, DataError> {
        if *self.data_type() != data_type::int64() {
            return Err(self.wrong_type("int64"));
        }
        let mut all = Vec::with_capacity(self.rows * self.width);
        for index in 0..self.chunks() {
            all.extend(self.chunk::<i64>(index)?);
        }
        Ok(all)
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

    /// Error for images that are larger than possible.
    pub fn wrong_size(&self) -> DataError {
        DataError::Layout {
            path: self.path.clone(),
            array: self.name.to_owned(),
            expected: format!("images of at most {} pixels per side", u32::MAX),
            found: format!("shape {:?}", self.array.shape()),
        }
    }

    /// Error for a dtype that cannot be read.
    pub fn wrong_type(&self, expected: &str) -> DataError {
        DataError::Layout {
            path: self.path.clone(),
            array: self.name.to_owned(),
            expected: format!("dtype {expected}"),
            found: format!("dtype {}", self.data_type()),
        }
    }
}
