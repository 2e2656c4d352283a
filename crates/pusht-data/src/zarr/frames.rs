//! Images of a replay buffer: decoded block by block, in parallel, directly into u8.
//!
//! The stored float32 images are four times the size; at most two blocks per thread exist as floats (36 MB per thread
//! on the public dataset, whose images take 709 MB as u8).

use std::ops::Range;

use pusht_env::Frame;
use pusht_jobs::{JobContext, counted};
use rayon::prelude::*;

use super::numbers::Numbers;
use super::rows::Rows;
use crate::DataError;

/// Reads the images of `rows`, in order. Progress counts frames.
pub(super) fn read(images: &Rows, rows: Range<usize>, ctx: &mut JobContext) -> Result<Vec<Frame>, DataError> {
    let mut frames = Vec::with_capacity(rows.len());
    if rows.is_empty() {
        return Ok(frames);
    }
    let blocks = rows.start / images.block_rows..(rows.end - 1) / images.block_rows + 1;
    let batch = rayon::current_num_threads();
    let task = ctx.task("read frames", rows.len(), "frame");
    let mut next = blocks.start;
    while next < blocks.end {
        task.check()?;
        let end = (next + batch).min(blocks.end);
        let decoded: Vec<Vec<Frame>> = (next..end)
            .into_par_iter()
            .map(|block| block_frames(images, block, &rows))
            .collect::<Result<_, _>>()?;
        frames.extend(decoded.into_iter().flatten());
        task.advance_to(frames.len(), "");
        next = end;
    }
    task.finish(&counted(frames.len(), "frame"));
    Ok(frames)
}

/// Reads the images of one block that lie in `rows`.
fn block_frames(images: &Rows, block: usize, rows: &Range<usize>) -> Result<Vec<Frame>, DataError> {
    let first = block * images.block_rows;
    let from = rows.start.saturating_sub(first);
    let to = (rows.end - first).min(images.block_rows);
    let bytes = Numbers::read(images, block)?.into_bytes().map_err(|(at, found)| {
        let expected = "pixel values that are whole numbers from 0 to 255";
        images.value(first + at / images.width, found, expected)
    })?;
    let (height, width) = size(images)?;
    let frames = bytes.chunks_exact(images.width).take(to).skip(from);
    let frame = |row: &[u8]| Frame::from_raw(width, height, row.to_vec());
    Ok(frames.filter_map(frame).collect())
}

/// Largest side of a frame, px.
const LARGEST: u32 = 8192;

/// Height and width of the frames.
pub(super) fn size(images: &Rows) -> Result<(u32, u32), DataError> {
    let side = |n: u64| u32::try_from(n).ok().filter(|side| (1..=LARGEST).contains(side));
    match images.trailing().iter().map(|&n| side(n)).collect::<Vec<_>>()[..] {
        [Some(height), Some(width), _] => Ok((height, width)),
        _ => Err(images.layout(
            format!("pictures of 1 to {LARGEST} px a side"),
            format!("shape {:?} of each", images.trailing()),
        )),
    }
}
