//! Images of a replay buffer: decoded chunk by chunk, in parallel, directly into u8.
//!
//! The stored float32 images are four times the size; at most two chunks per thread exist as floats (36 MB per thread
//! on the public dataset, whose images take 709 MB as u8).

use std::ops::Range;

use pusht_env::Frame;
use pusht_jobs::JobContext;
use rayon::prelude::*;
use zarrs::array::data_type;

use super::rows::Rows;
use crate::DataError;

/// Reads the images of `rows`, in order. Progress counts frames.
pub(super) fn read(images: &Rows, rows: Range<usize>, ctx: &mut JobContext) -> Result<Vec<Frame>, DataError> {
    let mut frames = Vec::with_capacity(rows.len());
    if rows.is_empty() {
        return Ok(frames);
    }
    let chunks = rows.start / images.chunk_rows..(rows.end - 1) / images.chunk_rows + 1;
    let batch = rayon::current_num_threads();
    let task = ctx.task("read frames", rows.len());
    let mut next = chunks.start;
    while next < chunks.end {
        task.check()?;
        let end = (next + batch).min(chunks.end);
        let decoded: Vec<Vec<Frame>> = (next..end)
            .into_par_iter()
            .map(|chunk| chunk_frames(images, chunk, &rows))
            .collect::<Result<_, _>>()?;
        frames.extend(decoded.into_iter().flatten());
        task.advance_to(frames.len(), "");
        next = end;
    }
    task.finish(&format!("{} frames", frames.len()));
    Ok(frames)
}

/// Reads the images of one chunk that lie in `rows`.
fn chunk_frames(images: &Rows, chunk: usize, rows: &Range<usize>) -> Result<Vec<Frame>, DataError> {
    let first = chunk * images.chunk_rows;
    let from = rows.start.saturating_sub(first);
    let to = (rows.end - first).min(images.chunk_rows);
    let kept = from * images.width..to * images.width;
    let dtype = images.data_type();
    let bytes: Vec<u8> = if *dtype == data_type::uint8() {
        images.chunk::<u8>(chunk)?[kept].to_vec()
    } else if *dtype == data_type::float32() {
        let floats = images.chunk::<f32>(chunk)?;
        let mut bytes = Vec::with_capacity(kept.len());
        for (i, &x) in floats[kept.clone()].iter().enumerate() {
            let byte = x as u8;
            if f32::from(byte) != x {
                let row = first + (kept.start + i) / images.width;
                return Err(images.value(row, x.to_string(), "pixel values that are whole numbers from 0 to 255"));
            }
            bytes.push(byte);
        }
        bytes
    } else {
        return Err(images.wrong_type("float32 or uint8"));
    };
    let size = images.trailing();
    let (Ok(height), Ok(width)) = (u32::try_from(size[0]), u32::try_from(size[1])) else {
        return Err(images.wrong_size());
    };
    Ok(bytes
        .chunks_exact(images.width)
        .map(|row| Frame::from_raw(width, height, row.to_vec()).expect("a row holds height x width x 3 bytes"))
        .collect())
}
