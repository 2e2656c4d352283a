//! Positions and times of the coded pictures of a whole MP4 file, from its sample tables. Every number is checked before
//! it is used.

use crate::read::mp4::boxes::{Fields, child, decode, short};
use crate::read::mp4::error::{Mp4Result, damaged, unsupported};
use crate::read::timing::LONGEST_PAUSE;
use mp4_atom::{Co64, Stco, Stsc, Stsz, StszSamples, Stts};

/// One coded picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) offset: u64,
    /// 0 for a picture that was dropped: the one before it is shown longer.
    pub(crate) size: u32,
    /// Decoding can start here.
    pub(crate) key: bool,
    /// Time of decoding, ticks.
    pub(crate) decode: i64,
    /// Time of presentation, ticks.
    pub(crate) time: i64,
    /// How long it is shown, ticks.
    pub(crate) duration: i64,
    /// Never shown: a fragment states a time that is over.
    pub(crate) hidden: bool,
}

/// Most pictures of a file: 22 hours at 100 Hz.
const MOST_SAMPLES: usize = 8_000_000;

/// Durations above this are negative ones: −480,000 to −1 ticks, as FFmpeg takes them.
const NEGATIVE: u32 = u32::MAX - 480_000;

/// Samples of a track.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    /// In the order of decoding.
    pub(crate) all: Vec<Sample>,
    /// The track has composition offsets.
    pub(crate) reordered: bool,
    /// What is wrong with the times, if anything is. The times are in order nevertheless.
    pub(crate) fault: Option<String>,
    /// Length of the file, bytes.
    length: u64,
    /// Decoding time of the next sample.
    pub(crate) clock: i64,
}

/// Fields of a sample as a table or fragment has them.
pub(crate) struct Entry {
    pub(crate) offset: u64,
    pub(crate) size: u32,
    pub(crate) key: bool,
    pub(crate) duration: u32,
    pub(crate) shift: i32,
    pub(crate) hidden: bool,
}

impl Samples {
    pub(crate) fn new(length: u64) -> Self {
        Self {
            length,
            ..Self::default()
        }
    }

    /// Adds a sample, which must lie within the file. A file cannot have more of them than bytes: with overlapping ones
    /// a few bytes could announce any number.
    pub(crate) fn push(&mut self, entry: &Entry) -> Mp4Result<()> {
        let &Entry { offset, size, .. } = entry;
        if offset.checked_add(size.into()).is_none_or(|end| end > self.length) {
            return Err(damaged(format!(
                "it was cut off: a picture of {size} bytes at {offset} lies outside of the file of {}",
                self.length
            )));
        }
        if self.all.len() >= MOST_SAMPLES {
            return Err(damaged(format!("it announces more than {MOST_SAMPLES} pictures")));
        }
        if self.all.len() as u64 >= self.length {
            return Err(damaged(format!(
                "it announces more pictures than it has bytes ({})",
                self.length
            )));
        }
        let mut duration = i64::from(entry.duration);
        if entry.duration > NEGATIVE {
            let (number, negative) = (self.all.len(), duration - (1 << 32));
            let fault = || format!("picture {number} in the order of decoding lasts {negative} ticks");
            self.fault.get_or_insert_with(fault);
            duration = 0;
        }
        self.all.push(Sample {
            offset,
            size,
            key: entry.key,
            decode: self.clock,
            time: self.clock.saturating_add(entry.shift.into()),
            duration,
            hidden: entry.hidden,
        });
        self.clock = self.clock.saturating_add(duration);
        Ok(())
    }

    /// False if the order of the times need not be that of display: without composition offsets, or if one of the times is
    /// wrong.
    pub(crate) fn times_give_order(&self, timescale: u32) -> bool {
        let long = |sample: &Sample| sample.duration == 0 || sample.duration > i64::from(timescale) * LONGEST_PAUSE;
        let but_last = self.all.split_last().map_or(&[][..], |(_, but_last)| but_last);
        self.reordered && self.fault.is_none() && !but_last.iter().any(long)
    }

    /// Adds the samples of a whole file.
    pub(crate) fn read_tables(&mut self, stbl: &[u8]) -> Mp4Result<()> {
        let Some(stsz) = child(stbl, b"stsz") else {
            return match child(stbl, b"stz2") {
                Some(_) => Err(unsupported("a compact table of sizes (box `stz2`)")),
                None => Ok(()),
            };
        };
        let (count, sizes) = match decode::<Stsz>(stsz)?.samples {
            StszSamples::Different { sizes } => (sizes.len(), Err(sizes)),
            StszSamples::Identical { count, size } => (usize::try_from(count).unwrap_or(usize::MAX), Ok(size)),
        };
        if count as u64 > self.length {
            let length = self.length;
            return Err(damaged(format!("it announces {count} pictures in {length} bytes")));
        }
        let size = |sample: usize| match &sizes {
            Ok(size) => *size,
            Err(sizes) => sizes.get(sample).copied().unwrap_or(0),
        };
        let durations = child(stbl, b"stts").map(decode::<Stts>).transpose()?;
        let durations = durations.map(|stts| stts.entries).unwrap_or_default();
        if durations.is_empty() && count > 0 {
            return Err(damaged("its index gives the pictures no times (box `stts`)"));
        }
        // The last duration holds for all further samples.
        let last = durations.last().map_or(0, |entry| entry.sample_delta);
        let mut durations = durations
            .iter()
            .flat_map(|entry| runs(entry.sample_count, entry.sample_delta))
            .chain(std::iter::repeat(last));
        let shifts = child(stbl, b"ctts").map(read_ctts).transpose()?.unwrap_or_default();
        self.reordered |= !shifts.is_empty();
        let mut shifts = shifts.iter().flat_map(|&(count, shift)| runs(count, shift));
        let keys = keys(stbl, count)?;
        let chunks = chunks(stbl)?;
        let runs_of_chunks = child(stbl, b"stsc").map(decode::<Stsc>).transpose()?;
        let runs_of_chunks = runs_of_chunks.map(|stsc| stsc.entries).unwrap_or_default();
        let mut runs_of_chunks = runs_of_chunks.iter().peekable();
        let (mut per_chunk, mut sample, mut description) = (0, 0, None);
        for (chunk, &start) in (1_u32..).zip(&chunks) {
            while let Some(run) = runs_of_chunks.next_if(|run| run.first_chunk <= chunk) {
                per_chunk = usize::try_from(run.samples_per_chunk).unwrap_or(usize::MAX);
                if *description.get_or_insert(run.sample_description_index) != run.sample_description_index {
                    return Err(unsupported("pictures that are coded in several ways (box `stsd`)"));
                }
            }
            let mut offset = start;
            for _ in 0..per_chunk.min(count - sample) {
                self.push(&Entry {
                    offset,
                    size: size(sample),
                    key: keys.get(sample).is_none_or(|key| *key),
                    duration: durations.next().unwrap_or(0),
                    shift: shifts.next().unwrap_or(0),
                    hidden: false,
                })?;
                offset += u64::from(size(sample));
                sample += 1;
            }
        }
        if sample < count {
            return Err(damaged(format!("its index places {sample} of {count} pictures")));
        }
        Ok(())
    }
}

/// A run-length code, unrolled.
fn runs<T: Copy>(count: u32, value: T) -> impl Iterator<Item = T> {
    std::iter::repeat_n(value, usize::try_from(count).unwrap_or(usize::MAX))
}

/// Numbers of samples and their composition offsets, ticks. They are signed whatever the version of the box says.
fn read_ctts(body: &[u8]) -> Mp4Result<Vec<(u32, i32)>> {
    let mut fields = Fields(body);
    let (_version, count) = (fields.version(), fields.u32().ok_or_else(|| short("ctts"))?);
    let entry = |_| fields.u32().zip(fields.i32());
    let entries: Vec<_> = (0..count).map_while(entry).collect();
    if entries.len() as u64 == u64::from(count) {
        Ok(entries)
    } else {
        Err(short("ctts"))
    }
}

/// Whether decoding can start at each sample; empty if it can everywhere.
fn keys(stbl: &[u8], count: usize) -> Mp4Result<Vec<bool>> {
    let Some(stss) = child(stbl, b"stss") else {
        return Ok(Vec::new());
    };
    let mut keys = vec![false; count];
    // Without any, decoding starts at the first.
    if let Some(first) = keys.first_mut() {
        *first = true;
    }
    let partial = child(stbl, b"stps");
    for body in [stss].into_iter().chain(partial) {
        let mut fields = Fields(body);
        let (_version, count) = (fields.version(), fields.u32().ok_or_else(|| short("stss"))?);
        for _ in 0..count {
            let number = fields.u32().ok_or_else(|| short("stss"))?;
            let sample = usize::try_from(number).unwrap_or(usize::MAX).checked_sub(1);
            if let Some(key) = sample.and_then(|sample| keys.get_mut(sample)) {
                *key = true;
            }
        }
    }
    Ok(keys)
}

/// Positions of the chunks of samples.
fn chunks(stbl: &[u8]) -> Mp4Result<Vec<u64>> {
    if let Some(stco) = child(stbl, b"stco") {
        let entries = decode::<Stco>(stco)?.entries;
        return Ok(entries.into_iter().map(u64::from).collect());
    }
    let co64 = child(stbl, b"co64").map(decode::<Co64>).transpose()?;
    Ok(co64.map(|co64| co64.entries).unwrap_or_default())
}
