//! Writes a replay buffer that the Diffusion Policy code reads: float32, zstd in blosc with bit-shuffle.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use zarrs::array::{Array, CodecOptions, Element};
use zarrs::filesystem::FilesystemStore;

use crate::{DataError, Episode, EpisodeError, atomic};
use pusht_jobs::{JobContext, counted};

/// Rows per chunk, as in the public dataset.
const CHUNK: usize = 161;

/// Writes episodes of these lengths, in order, as a replay buffer at `path`, which must not exist yet. All frames must
/// have one size; states are written if the first episode has them. Frames are taken from the iterator chunk by chunk.
/// Progress counts frames.
///
/// # Errors
/// A path that cannot be written, an error of the iterator, or episodes of different kinds.
pub fn write_replay_buffer(
    path: impl AsRef<Path>,
    lengths: &[usize],
    episodes: impl IntoIterator<Item = Result<Episode, DataError>>,
    ctx: &mut JobContext,
) -> Result<(), DataError> {
    let path = path.as_ref();
    atomic::write_folder(path, |folder| {
        let rows: usize = lengths.iter().sum();
        let mut arrays: Option<Arrays> = None;
        let task = ctx.task("write frames", rows, "frame");
        for (index, episode) in episodes.into_iter().enumerate() {
            task.check()?;
            let episode = episode?;
            episode.check().map_err(|e| DataError::episode(path, e))?;
            let arrays = match &mut arrays {
                Some(arrays) => arrays,
                none => none.insert(Arrays::create(path, folder, rows, &episode)?),
            };
            if lengths.get(index) != Some(&episode.len()) {
                return Err(mismatch(path, format!("{} rows in episode {index}", episode.len())));
            }
            arrays.push(path, &episode)?;
            task.add(episode.len());
        }
        let done = task.done();
        if done != rows || rows == 0 {
            return Err(mismatch(path, format!("{done} rows in all, expected {rows}")));
        }
        task.finish(&counted(rows, "frame"));
        if let Some(arrays) = arrays {
            arrays.finish(path)?;
        }
        let ends = lengths.iter().scan(0, |end, &n| {
            *end += n as i64;
            Some(*end)
        });
        let mut column = Column::<i64>::create(
            path,
            folder,
            "meta/episode_ends",
            "<i8",
            &[lengths.len()],
            lengths.len(),
        )?;
        column.push(path, ends)?;
        column.finish(path)?;
        for group in ["", "data", "meta"] {
            let text = serde_json::to_string_pretty(&json!({"zarr_format": 2})).unwrap_or_default();
            std::fs::write(folder.join(group).join(".zgroup"), text).map_err(|e| DataError::unwritable(path, &e))?;
        }
        Ok(())
    })
}

fn mismatch(path: &Path, found: String) -> DataError {
    DataError::Layout {
        path: path.to_path_buf(),
        array: "data/action".to_owned(),
        expected: "episodes of the lengths that were announced, at least one".to_owned(),
        found,
    }
}

/// The arrays with one entry per row.
struct Arrays {
    size: (u32, u32),
    images: Column<f32>,
    actions: Column<f32>,
    states: Option<Column<f32>>,
}

impl Arrays {
    fn create(path: &Path, folder: &Path, rows: usize, first: &Episode) -> Result<Self, DataError> {
        let size = first.frames[0].dimensions();
        let shape = [rows, size.1 as usize, size.0 as usize, 3];
        let column = |name, shape: &[usize]| Column::create(path, folder, name, "<f4", shape, CHUNK);
        Ok(Self {
            size,
            images: column("data/img", &shape)?,
            actions: column("data/action", &[rows, 2])?,
            states: first
                .states
                .is_some()
                .then(|| column("data/state", &[rows, 5]))
                .transpose()?,
        })
    }

    fn push(&mut self, path: &Path, episode: &Episode) -> Result<(), DataError> {
        for (row, frame) in episode.frames.iter().enumerate() {
            if frame.dimensions() != self.size {
                let (index, expected, found) = (episode.provenance.index, self.size, frame.dimensions());
                let error = EpisodeError::FrameSize {
                    index,
                    row,
                    expected,
                    found,
                };
                return Err(DataError::episode(path, error));
            }
            self.images.push(path, frame.as_raw().iter().map(|&b| f32::from(b)))?;
        }
        self.actions.push(path, episode.actions.iter().flatten().copied())?;
        if let Some(states) = &mut self.states {
            let rows = episode.states.as_ref().ok_or_else(|| {
                mismatch(
                    path,
                    format!(
                        "no states in episode {}, where the first one has them",
                        episode.provenance.index
                    ),
                )
            })?;
            // Angles in [0, 2π), as the environment observes them.
            let wrapped = rows.iter().flat_map(|s| {
                let [ax, ay, x, y, angle] = s.to_row();
                [ax, ay, x, y, angle.rem_euclid(std::f64::consts::TAU)].map(|v| v as f32)
            });
            states.push(path, wrapped)?;
        }
        Ok(())
    }

    fn finish(self, path: &Path) -> Result<(), DataError> {
        self.images.finish(path)?;
        self.actions.finish(path)?;
        self.states.map_or(Ok(()), |s| s.finish(path))
    }
}

/// One array that is written chunk by chunk.
struct Column<T> {
    array: Array<FilesystemStore>,
    dimensions: usize,
    chunk_len: usize,
    next: u64,
    pending: Vec<T>,
}

impl<T: Element + Default> Column<T> {
    fn create(
        path: &Path,
        folder: &Path,
        name: &str,
        dtype: &str,
        shape: &[usize],
        chunk: usize,
    ) -> Result<Self, DataError> {
        let mut chunks = shape.to_vec();
        chunks[0] = chunk;
        let metadata: Value = json!({
            "chunks": chunks,
            "compressor": {"blocksize": 0, "clevel": 5, "cname": "zstd", "id": "blosc", "shuffle": 2},
            "dtype": dtype,
            "fill_value": 0,
            "filters": null,
            "order": "C",
            "shape": shape,
            "zarr_format": 2,
        });
        let array = folder.join(name);
        let text = serde_json::to_string_pretty(&metadata).unwrap_or_default();
        std::fs::create_dir_all(&array)
            .and_then(|()| std::fs::write(array.join(".zarray"), text))
            .map_err(|e| DataError::unwritable(path, &e))?;
        let store = FilesystemStore::new(folder).map_err(|e| DataError::unwritable(path, &e))?;
        let array = Array::open(Arc::new(store), &format!("/{name}")).map_err(|e| DataError::unwritable(path, &e))?;
        Ok(Self {
            array,
            dimensions: shape.len(),
            chunk_len: chunks.iter().product(),
            next: 0,
            pending: Vec::new(),
        })
    }

    /// Appends values in C order.
    fn push(&mut self, path: &Path, values: impl Iterator<Item = T>) -> Result<(), DataError> {
        self.pending.extend(values);
        while self.pending.len() >= self.chunk_len {
            let rest = self.pending.split_off(self.chunk_len);
            let chunk = std::mem::replace(&mut self.pending, rest);
            self.store(path, chunk)?;
        }
        Ok(())
    }

    /// Writes the last chunk, padded with zeros.
    fn finish(mut self, path: &Path) -> Result<(), DataError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let mut chunk = std::mem::take(&mut self.pending);
        chunk.resize(self.chunk_len, T::default());
        self.store(path, chunk)
    }

    fn store(&mut self, path: &Path, chunk: Vec<T>) -> Result<(), DataError> {
        let mut key = vec![0; self.dimensions];
        key[0] = self.next;
        self.next += 1;
        // Writes chunks of zeros too: a missing file means an incomplete copy.
        let options = CodecOptions::default().with_store_empty_chunks(true);
        self.array
            .store_chunk_opt(&key, chunk, &options)
            .map_err(|e| DataError::unwritable(path, &e))
    }
}
