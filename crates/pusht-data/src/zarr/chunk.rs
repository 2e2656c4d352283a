//! Chunks of an array: decoded within bounds, and put together.

use std::borrow::Cow;
use std::ops::Range;

use zarrs::array::codec::BloscCodec;
use zarrs::array::{
    Array, ArrayBytes, ArrayToBytesCodecTraits, ChunkShape, CodecChain, CodecOptions, DataType, ElementOwned,
};

use super::inflate::check_blosc;
use super::metadata::Opened;

/// Bytes that chunks may unpack to whatever their size: those of the public dataset and of [`crate::write_replay_buffer`] are
/// 17 MiB, and the last one of an array holds little but padding.
const SMALL: u64 = 1 << 26;

/// Bytes that a stored byte may unpack to in chunks beyond [`SMALL`]. Frames of PushT unpack to a hundred times their size.
const DENSEST: u64 = 400;

/// Most bytes that so many stored bytes may unpack to.
pub(super) fn most_bytes(stored: u64) -> u64 {
    stored.saturating_mul(DENSEST).max(SMALL)
}

/// Bytes of so many elements.
pub(super) fn bytes(elements: usize, data_type: &DataType) -> u64 {
    let each = data_type.fixed_size().unwrap_or(16);
    (elements as u64).saturating_mul(each as u64)
}

/// Shape of the parts that are read by themselves, where the chunks are shards.
#[cfg(feature = "zarr-codecs")]
pub(super) fn parts(opened: &Opened) -> Option<ChunkShape> {
    use zarrs::array::ArrayShardedExt;

    let array = &opened.array;
    let whole = opened.compressors.is_empty() && array.codecs().bytes_to_bytes_codecs().is_empty();
    array.effective_subchunk_shape().filter(|_| whole)
}

#[cfg(not(feature = "zarr-codecs"))]
pub(super) fn parts(_: &Opened) -> Option<ChunkShape> {
    None
}

/// The codecs of the elements, without those that turn bytes into bytes.
pub(super) fn of_elements(opened: &Opened) -> CodecChain {
    let codecs = opened.array.codecs();
    CodecChain::new(
        codecs.array_to_array_codecs().to_vec(),
        codecs.array_to_bytes_codec().clone(),
        Vec::new(),
    )
}

/// Decodes a chunk, which exists.
///
/// # Errors
/// A file that cannot be read, or damaged data, or data that unpacks to more than the chunk's size.
pub(super) fn decode<'a>(
    opened: &Opened,
    elements: &CodecChain,
    shape: &ChunkShape,
    key: &[u64],
) -> Result<ArrayBytes<'a>, String> {
    let array = &opened.array;
    // One thread: the callers decode several chunks in parallel.
    let options = CodecOptions::default().with_concurrent_target(1);
    let stored = array.retrieve_encoded_chunk(key).map_err(|e| e.to_string())?;
    let mut bytes: Cow<'a, [u8]> = Cow::Owned(stored.ok_or("its file is missing")?);
    let size = bytes_of(shape, array.data_type())?;
    // Checksums and incompressible data add to it.
    let limit = size.saturating_add(size / 8).saturating_add(1 << 16);
    for compressor in opened.compressors.iter().rev() {
        bytes = Cow::Owned(compressor.inflate(&bytes, limit)?);
    }
    let fixed = zarrs::array::BytesRepresentation::FixedSize(size as u64);
    for codec in array.codecs().bytes_to_bytes_codecs().iter().rev() {
        if codec.as_any().is::<BloscCodec>() {
            check_blosc(&bytes, limit)?;
        }
        bytes = codec.decode(bytes, &fixed, &options).map_err(|e| e.to_string())?;
    }
    let decoded = elements.decode(bytes, shape, array.data_type(), array.fill_value(), &options);
    decoded.map_err(|e| e.to_string())
}

fn bytes_of(shape: &ChunkShape, data_type: &DataType) -> Result<usize, String> {
    let elements = shape
        .iter()
        .try_fold(1_usize, |n, side| n.checked_mul(usize::try_from(side.get()).ok()?));
    let size = elements
        .map(|elements| bytes(elements, data_type))
        .and_then(|n| usize::try_from(n).ok());
    size.ok_or_else(|| "its size fits into no memory".to_owned())
}

/// The element that missing chunks consist of.
pub(super) fn fill_value<T: ElementOwned + Copy>(
    array: &Array<zarrs::filesystem::FilesystemStore>,
) -> Result<T, String> {
    let bytes = ArrayBytes::new_fill_value(array.data_type(), 1, array.fill_value()).map_err(|e| e.to_string())?;
    let one = T::from_array_bytes(array.data_type(), bytes).map_err(|e| e.to_string())?;
    one.first().copied().ok_or_else(|| "no fill value".to_owned())
}

/// Copies the part of a chunk that lies in a block of the array. Both are in C order.
pub(super) fn copy<T: Copy>(chunk: &[T], shape: &ChunkShape, key: &[u64], ranges: &[Range<u64>], block: &mut [T]) {
    let axes: Vec<Axis> = (shape.iter().zip(key).zip(ranges))
        .map(|((side, &at), range)| {
            let first = at * side.get();
            let from = range.start.max(first);
            Axis {
                count: range.end.min(first.saturating_add(side.get())).saturating_sub(from) as usize,
                chunk_at: (from - first) as usize,
                chunk_side: side.get() as usize,
                block_at: (from - range.start) as usize,
                block_side: (range.end - range.start) as usize,
            }
        })
        .collect();
    along(&axes, chunk, 0, block, 0);
}

/// The part of a chunk along one axis, and where it is in chunk and block.
struct Axis {
    count: usize,
    chunk_at: usize,
    chunk_side: usize,
    block_at: usize,
    block_side: usize,
}

/// Copies along the first of `axes` and those after it; `chunk_index` and `block_index` are those along the axes before.
fn along<T: Copy>(axes: &[Axis], chunk: &[T], chunk_index: usize, block: &mut [T], block_index: usize) {
    let [axis, rest @ ..] = axes else {
        return;
    };
    let chunk_index = chunk_index * axis.chunk_side + axis.chunk_at;
    let block_index = block_index * axis.block_side + axis.block_at;
    if rest.is_empty() {
        let from = &chunk[chunk_index..chunk_index + axis.count];
        block[block_index..block_index + axis.count].copy_from_slice(from);
        return;
    }
    for i in 0..axis.count {
        along(rest, chunk, chunk_index + i, block, block_index + i);
    }
}

#[cfg(test)]
#[path = "../../tests/unit/chunk.rs"]
mod tests;
