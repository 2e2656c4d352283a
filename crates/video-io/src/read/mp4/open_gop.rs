//! Pictures that cannot be decoded because the file was cut before them: an H.264 key frame that is no IDR picture may be
//! followed by pictures that are shown before it and refer to pictures before the cut. Players do not show them.

use crate::read::mp4::boxes::Fields;
use crate::read::mp4::edits::Step;
use crate::read::mp4::error::Mp4Result;
use crate::read::mp4::tables::Sample;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

/// Kind of a NAL unit of a picture at which decoding can start without any restriction.
const IDR: u8 = 5;

/// Hides the pictures that are stored after the start of decoding and shown before it, unless that is an IDR picture.
pub(crate) fn hide(file: &mut File, length_size: usize, samples: &[Sample], steps: &mut [Step]) -> Mp4Result<()> {
    for run in steps.chunk_by_mut(|_, next| !next.restart) {
        let Some((first, _)) = run
            .split_first()
            .filter(|_| run.iter().any(|step| step.leading && step.time.is_some()))
        else {
            continue;
        };
        let Sample { offset, size, .. } = samples[first.sample];
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(offset))?;
        file.take(size.into()).read_to_end(&mut bytes)?;
        if !holds_idr(&bytes, length_size) {
            run.iter_mut()
                .filter(|step| step.leading)
                .for_each(|step| step.time = None);
        }
    }
    Ok(())
}

/// Whether a sample has a slice of an IDR picture.
fn holds_idr(sample: &[u8], length_size: usize) -> bool {
    let mut units = Fields(sample);
    std::iter::from_fn(|| {
        let length = units
            .take(length_size)?
            .iter()
            .fold(0, |n, &byte| n << 8 | usize::from(byte));
        units.take(length)
    })
    .any(|unit| unit.first().is_some_and(|byte| byte & 0x1f == IDR))
}
