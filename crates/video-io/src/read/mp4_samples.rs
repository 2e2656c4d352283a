//! Positions and times of the coded pictures of an MP4 file, from its boxes: whole files (`moov` with sample tables)
//! and fragmented ones (`moof`). Every number of the file is checked before it is used.

use crate::read::mp4_error::{Mp4Error, damaged};
use mp4_atom::{Atom, Codec, FourCC, Header, Moof, Moov, ReadFrom, StszSamples, Traf, Trak, Trex};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

type Mp4Result<T> = Result<T, Mp4Error>;

/// One coded picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) offset: u64,
    pub(crate) size: u32,
    /// Presentation time, in ticks from the first one.
    pub(crate) time: i64,
    /// Index in presentation order.
    pub(crate) rank: usize,
}

/// The video track of a file.
pub(crate) struct Track {
    pub(crate) codec: Codec,
    /// Ticks per second.
    pub(crate) timescale: u32,
    /// Samples in decoding order.
    pub(crate) samples: Vec<Sample>,
}

/// Largest `moov` that is read, bytes: more than the index of an hour with a thousand pictures per second.
const LONGEST_INDEX: u64 = 256 << 20;

/// Reads the boxes of a file, but not its pictures.
pub(crate) fn read_track(file: &mut File) -> Mp4Result<Track> {
    let length = file.metadata()?.len();
    let mut reader = BufReader::new(file);
    let (mut moov, mut moofs): (Option<Moov>, Vec<(u64, Moof)>) = (None, Vec::new());
    let mut at = 0;
    // A box has at least eight bytes, so the loop terminates.
    while at + 8 <= length {
        reader.seek(SeekFrom::Start(at))?;
        let header = Header::read_from(&mut reader).map_err(wrong)?;
        let body = reader.stream_position()?;
        let size = header.size.map_or(length - body, |size| size as u64);
        let end = body.saturating_add(size);
        let wanted = header.kind == Moov::KIND || header.kind == Moof::KIND;
        if end > length && wanted {
            return Err(damaged("the file ends within its index"));
        }
        if wanted {
            if size > LONGEST_INDEX {
                return Err(damaged("its index is larger than 256 MiB"));
            }
            let mut bytes = vec![0; size as usize];
            reader.read_exact(&mut bytes)?;
            if header.kind == Moov::KIND {
                moov = Some(Moov::decode_body(&mut bytes.as_slice()).map_err(wrong)?);
            } else {
                moofs.push((at, Moof::decode_body(&mut bytes.as_slice()).map_err(wrong)?));
            }
        }
        at = end.max(at + 8);
    }
    let moov = moov.ok_or_else(|| damaged("it has no index (box `moov`); it was cut off or not finished"))?;
    track(&moov, &moofs, length)
}

fn track(moov: &Moov, moofs: &[(u64, Moof)], length: u64) -> Mp4Result<Track> {
    let trak = (moov.trak.iter())
        .find(|t| t.mdia.hdlr.handler == FourCC::new(b"vide"))
        .ok_or_else(|| damaged("it has no video track"))?;
    let codec = trak.mdia.minf.stbl.stsd.codecs.first().cloned();
    let codec = codec.ok_or_else(|| damaged("its video track names no codec"))?;
    let timescale = trak.mdia.mdhd.timescale;
    if timescale == 0 {
        return Err(damaged("its video track has 0 ticks per second"));
    }
    let mut samples = from_tables(trak, length)?;
    let extends = moov
        .mvex
        .as_ref()
        .and_then(|m| m.trex.iter().find(|t| t.track_id == trak.tkhd.track_id));
    let mut clock = Clock(0);
    for (at, moof) in moofs {
        for traf in moof.traf.iter().filter(|t| t.tfhd.track_id == trak.tkhd.track_id) {
            from_fragment(*at, traf, extends, &mut clock, length, &mut samples)?;
        }
    }
    // Edit lists are ignored: pictures before the start of the list are returned as well, and the first one has time 0.
    let mut order: Vec<usize> = (0..samples.len()).collect();
    order.sort_by_key(|&i| samples[i].time);
    let first = order.first().map_or(0, |&i| samples[i].time);
    for (rank, &i) in order.iter().enumerate() {
        samples[i].rank = rank;
        samples[i].time = samples[i].time.saturating_sub(first);
    }
    Ok(Track {
        codec,
        timescale,
        samples,
    })
}

/// Samples of a whole file.
fn from_tables(trak: &Trak, length: u64) -> Mp4Result<Vec<Sample>> {
    let stbl = &trak.mdia.minf.stbl;
    let (count, size): (usize, Box<dyn Fn(usize) -> u32>) = match &stbl.stsz.samples {
        StszSamples::Different { sizes } => (sizes.len(), Box::new(|i| sizes[i])),
        StszSamples::Identical { count, size } => (*count as usize, Box::new(|_| *size)),
    };
    if count as u64 > length {
        return Err(damaged(format!("it announces {count} pictures in {length} bytes")));
    }
    let chunks: Vec<u64> = match (&stbl.stco, &stbl.co64) {
        (Some(stco), _) => stco.entries.iter().map(|&o| u64::from(o)).collect(),
        (None, Some(co64)) => co64.entries.clone(),
        (None, None) => Vec::new(),
    };
    let mut durations = runs(
        stbl.stts
            .entries
            .iter()
            .map(|e| (e.sample_count, i64::from(e.sample_delta))),
    );
    let mut shifts = runs(
        stbl.ctts
            .iter()
            .flat_map(|c| &c.entries)
            .map(|e| (e.sample_count, e.sample_offset)),
    );
    let mut runs_of_chunks = stbl.stsc.entries.iter().peekable();
    let (mut per_chunk, mut samples, mut clock) = (0, Vec::new(), 0_i64);
    for (chunk, &start) in chunks.iter().enumerate() {
        while let Some(run) = runs_of_chunks.next_if(|run| run.first_chunk as usize <= chunk + 1) {
            per_chunk = run.samples_per_chunk as usize;
        }
        let mut offset = start;
        for _ in 0..per_chunk.min(count - samples.len()) {
            let size = size(samples.len());
            samples.push(checked(
                offset,
                size,
                clock.saturating_add(shifts.next().unwrap_or(0)),
                length,
            )?);
            offset += u64::from(size);
            clock = clock.saturating_add(durations.next().unwrap_or(0));
        }
    }
    if samples.len() < count {
        let found = samples.len();
        return Err(damaged(format!("its index places {found} of {count} pictures")));
    }
    Ok(samples)
}

/// A run-length code, unrolled.
fn runs(entries: impl Iterator<Item = (u32, i64)>) -> impl Iterator<Item = i64> {
    entries.flat_map(|(count, value)| std::iter::repeat_n(value, count as usize))
}

/// Decoding time of the first picture of the next fragment.
struct Clock(i64);

fn from_fragment(
    moof: u64,
    traf: &Traf,
    extends: Option<&Trex>,
    clock: &mut Clock,
    length: u64,
    samples: &mut Vec<Sample>,
) -> Mp4Result<()> {
    let head = &traf.tfhd;
    if let Some(start) = &traf.tfdt {
        clock.0 = i64::try_from(start.base_media_decode_time)
            .map_err(|_| damaged("a fragment has a time beyond all bounds"))?;
    }
    let base = head.base_data_offset.unwrap_or(moof);
    let mut next = base;
    for run in &traf.trun {
        if let Some(offset) = run.data_offset {
            let at = base.checked_add_signed(offset.into());
            next = at.ok_or_else(|| damaged("a fragment lies outside of the file"))?;
        }
        for entry in &run.samples {
            let size = (entry.size.or(head.default_sample_size)).or(extends.map(|e| e.default_sample_size));
            let duration =
                (entry.duration.or(head.default_sample_duration)).or(extends.map(|e| e.default_sample_duration));
            let size = size.unwrap_or(0);
            samples.push(checked(
                next,
                size,
                clock.0.saturating_add(entry.cts.unwrap_or(0)),
                length,
            )?);
            next += u64::from(size);
            clock.0 = clock.0.saturating_add(duration.unwrap_or(0).into());
        }
    }
    Ok(())
}

/// Checks that a sample lies within the file and is not empty; with empty ones a few bytes could announce any number of
/// pictures.
fn checked(offset: u64, size: u32, time: i64, length: u64) -> Mp4Result<Sample> {
    let end = offset.checked_add(size.into());
    if size == 0 || end.is_none_or(|end| end > length) {
        return Err(damaged(format!(
            "a picture of {size} bytes at {offset} lies outside of the file of {length}; it was cut off"
        )));
    }
    Ok(Sample {
        offset,
        size,
        time,
        rank: 0,
    })
}

fn wrong(error: mp4_atom::Error) -> Mp4Error {
    match error {
        mp4_atom::Error::Io(e) => e.into(),
        other => damaged(format!("its boxes are damaged ({other})")),
    }
}
