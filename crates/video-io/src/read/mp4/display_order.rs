//! The order of display that an H.264 stream itself gives its pictures. It is read where the times of the file do not
//! give it: without composition offsets, or with a wrong time stamp.

use crate::read::mp4::boxes::Fields;
use crate::read::mp4::sps::Sps;
use crate::read::mp4::tables::Sample;
use rusty_h264_common::BitReader;
use rusty_h264_common::bit_reader::OutOfData;
use rusty_h264_common::nal::emulation_unprevent;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

/// Bytes of a sample that are read: what may come before its first slice, and the start of that.
const START: u64 = 1024;

/// Kinds of NAL units: slices of a picture, the second of one at which decoding starts anew.
const SLICE: u8 = 1;
const IDR: u8 = 5;

/// Places of the samples in the order of display; `None` if they are not stated in the usual way.
pub(crate) fn read(file: &mut File, length_size: usize, sets: &[Vec<u8>], samples: &[Sample]) -> Option<Vec<i64>> {
    let mut all = sets
        .iter()
        .filter(|set| set.first().is_some_and(|byte| byte & 0x1f == 7));
    let sps = Sps::read(all.next().filter(|_| all.next().is_none())?)?;
    let order_bits = sps.order_bits.filter(|bits| *bits <= 16 && sps.frames_only)?;
    // Every IDR picture begins a new count, and within it the low bits of places are stored.
    let (mut begun, mut before) = (0_i64, 0_i64);
    let mut last = 0;
    let mut places = Vec::with_capacity(samples.len());
    for sample in samples {
        if sample.size == 0 {
            places.push(last);
            continue;
        }
        let slice = first_slice(file, length_size, sample, &sps, order_bits)?;
        let cycle = 1_i64 << order_bits;
        if slice.idr {
            (begun, before) = (begun + (1 << 40), 0);
        }
        // The nearest place with these low bits.
        let nearest = before + (i64::from(slice.low) - before + cycle / 2).rem_euclid(cycle) - cycle / 2;
        if slice.reference {
            before = nearest;
        }
        last = begun + nearest;
        places.push(last);
    }
    Some(places)
}

struct Slice {
    idr: bool,
    reference: bool,
    /// Low bits of the place.
    low: u32,
}

fn first_slice(file: &mut File, length_size: usize, sample: &Sample, sps: &Sps, order_bits: u32) -> Option<Slice> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(sample.offset)).ok()?;
    file.take(START.min(sample.size.into())).read_to_end(&mut bytes).ok()?;
    let mut units = Fields(&bytes);
    loop {
        let length = units
            .take(length_size)?
            .iter()
            .fold(0, |n, &byte| n << 8 | usize::from(byte));
        let unit = units.take(length.min(units.0.len()))?;
        let &head = unit.first()?;
        let kind = head & 0x1f;
        if kind == SLICE || kind == IDR {
            let payload = emulation_unprevent(unit.get(1..)?);
            let low = low_bits(&mut BitReader::new(&payload), sps, order_bits, kind == IDR).ok()?;
            return Some(Slice {
                idr: kind == IDR,
                reference: head & 0x60 != 0,
                low,
            });
        }
    }
}

fn low_bits(bits: &mut BitReader<'_>, sps: &Sps, order_bits: u32, idr: bool) -> Result<u32, OutOfData> {
    // First macroblock, kind of slice, picture parameter set.
    for _ in 0..3 {
        bits.read_ue()?;
    }
    bits.read_bits(sps.number_bits)?;
    if idr {
        bits.read_ue()?;
    }
    bits.read_bits(order_bits)
}
