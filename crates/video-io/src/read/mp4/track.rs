//! The video track of an MP4 file: which pictures are shown, in which order and when.

use crate::read::mp4::boxes::{Index, child, children, decode, descendant};
use crate::read::mp4::description::Description;
use crate::read::mp4::display_order;
use crate::read::mp4::edits::{self, Step};
use crate::read::mp4::error::{Mp4Result, damaged, unsupported};
use crate::read::mp4::fragments;
use crate::read::mp4::open_gop;
use crate::read::mp4::tables::Samples;
use crate::read::orientation::Orientation;
use crate::read::timing::Timing;
use mp4_atom::{Mdhd, Mvhd, Tkhd, Trex};
use std::fs::File;

/// The video track of a file.
pub(crate) struct Track {
    pub(crate) description: Description,
    pub(crate) orientation: Orientation,
    /// Ticks per second.
    pub(crate) timescale: u32,
    /// Pictures in the order of decoding.
    pub(crate) pictures: Vec<Picture>,
    /// Times of the shown pictures in the order of presentation, ticks after the first.
    pub(crate) times: Vec<i64>,
    pub(crate) timing: Timing,
}

/// A picture to decode.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Picture {
    pub(crate) offset: u64,
    pub(crate) size: u32,
    /// Index among the shown pictures; `None` if it is only decoded, for others that refer to it.
    pub(crate) rank: Option<u32>,
    /// The decoder starts anew here.
    pub(crate) restart: bool,
    /// It may refer to pictures that are not there.
    pub(crate) leading: bool,
}

impl Track {
    /// Reads the index of a file, but not its pictures.
    pub(crate) fn read(file: &mut File) -> Mp4Result<Self> {
        let length = file.metadata()?.len();
        let Index { moov, moofs } = Index::read(file, length)?;
        if child(&moov, b"cmov").is_some() {
            return Err(unsupported("a compressed index (box `cmov`)"));
        }
        let Header { trak, tkhd } = choose(&moov, moofs.is_empty())?;
        let part = |path: &[&[u8; 4]]| descendant(trak, path);
        let mdhd: Mdhd = decode(part(&[b"mdia", b"mdhd"]).ok_or_else(|| missing("mdhd"))?)?;
        let mvhd = child(&moov, b"mvhd").map(decode::<Mvhd>).transpose()?;
        let movie = mvhd.as_ref().map_or(0, |mvhd| mvhd.timescale);
        // As in FFmpeg: a track without a clock of its own has the movie's.
        let timescale = [mdhd.timescale, movie].into_iter().find(|ticks| *ticks > 0);
        let timescale = timescale.ok_or_else(|| damaged("its video track has 0 ticks per second"))?;
        let stbl = part(&[b"mdia", b"minf", b"stbl"]).ok_or_else(|| missing("stbl"))?;
        let description = Description::read(child(stbl, b"stsd").ok_or_else(|| missing("stsd"))?)?;
        let mut samples = Samples::new(length);
        samples.read_tables(stbl)?;
        let edits = part(&[b"edts", b"elst"]).map(|elst| edits::read(elst, movie, timescale));
        let edits = edits.transpose()?.unwrap_or_default();
        let whole = samples.all.len();
        let (mut steps, end) = match whole {
            0 => (Vec::new(), i64::MAX),
            _ if edits.is_empty() => (plain(&samples, 0), i64::MAX),
            _ => edits::apply(&samples.all, &edits, samples.reordered)?,
        };
        // The last picture is not shown longer than the edit list lasts, unless others follow in fragments.
        let end = if moofs.is_empty() { end } else { i64::MAX };
        let trex = descendant(&moov, &[b"mvex"]).map(|mvex| default_values(mvex, tkhd.track_id));
        let trex = trex.transpose()?.flatten();
        for moof in &moofs {
            fragments::read(moof.at, &moof.read(file)?, tkhd.track_id, trex.as_ref(), &mut samples)?;
        }
        if samples.all.is_empty() {
            return Err(damaged("its video track has no pictures"));
        }
        // An edit list does not hide pictures in fragments, as in FFmpeg: it only shifts their times.
        let start = edits.iter().find(|edit| edit.start >= 0).map_or(0, |edit| edit.start);
        steps.extend(plain(&samples, whole).into_iter().map(|step| Step {
            time: step.time.map(|time| time.saturating_sub(start)),
            piece: edits.len(),
            ..step
        }));
        let mut places = None;
        if let Description::H264 { sets, length_size, .. } = &description {
            open_gop::hide(file, *length_size, &samples.all, &mut steps)?;
            if !samples.times_give_order(timescale) {
                places = display_order::read(file, *length_size, sets, &samples.all);
            }
        }
        let orientation = Orientation::of(&tkhd.matrix, mvhd.as_ref().map(|mvhd| &mvhd.matrix))
            .ok_or_else(|| unsupported("a display matrix that does not turn by right angles (boxes `tkhd`, `mvhd`)"))?;
        let (pictures, times, timing) = shown(&samples, &steps, end, places.as_deref());
        Ok(Self {
            description,
            orientation,
            timescale,
            pictures,
            times,
            timing,
        })
    }
}

/// Orders the shown pictures by their times, which end at `end` at the latest, or by their places in the order of display
/// if they are given.
fn shown(samples: &Samples, steps: &[Step], end: i64, places: Option<&[i64]>) -> (Vec<Picture>, Vec<i64>, Timing) {
    let of = |step: &Step| samples.all[step.sample];
    let ends = steps
        .iter()
        .filter_map(|step| Some(step.time?.saturating_add(of(step).duration)));
    let end = ends.max().map(|last| last.min(end));
    let steps: Vec<&Step> = steps.iter().filter(|step| of(step).size > 0).collect();
    let mut order: Vec<usize> = (0..steps.len()).filter(|&i| steps[i].time.is_some()).collect();
    match places {
        Some(places) => order.sort_by_key(|&i| (steps[i].piece, places[steps[i].sample])),
        None => order.sort_by_key(|&i| steps[i].time),
    }
    let mut times: Vec<i64> = order.iter().filter_map(|&i| steps[i].time).collect();
    times.sort_unstable();
    let first = times.first().copied().unwrap_or(0);
    for time in &mut times {
        *time = time.saturating_sub(first);
    }
    let mut ranks = vec![None; steps.len()];
    for (rank, &i) in (0..).zip(&order) {
        ranks[i] = Some(rank);
    }
    let pictures = steps.iter().zip(ranks).map(|(step, rank)| Picture {
        offset: of(step).offset,
        size: of(step).size,
        rank,
        restart: step.restart,
        leading: step.leading,
    });
    let timing = Timing {
        end: end.map(|end| end.saturating_sub(first)),
        usual: Timing::usual_of(&times),
        fault: samples.fault.clone(),
    };
    (pictures.collect(), times, timing)
}

/// Samples from this one on, all shown at their times.
fn plain(samples: &Samples, from: usize) -> Vec<Step> {
    let first = samples.all.get(from).map_or(0, |first| first.time);
    let step = |(index, sample): (usize, &super::tables::Sample)| Step {
        sample: index,
        time: (!sample.hidden).then_some(sample.time),
        piece: 0,
        restart: index == 0,
        leading: sample.time < first,
    };
    samples.all.iter().enumerate().skip(from).map(step).collect()
}

/// A track and its header.
struct Header<'a> {
    trak: &'a [u8],
    tkhd: Tkhd,
}

/// The video track: of several one that is enabled, and of those the largest. A track without pictures counts only if
/// they may follow in fragments.
fn choose(moov: &[u8], whole: bool) -> Mp4Result<Header<'_>> {
    let mut best: Option<(bool, u64, Header<'_>)> = None;
    for (_, trak) in children(moov).filter(|(kind, _)| kind == b"trak") {
        let handler = descendant(trak, &[b"mdia", b"hdlr"]).and_then(|hdlr| hdlr.get(8..12));
        let stsz = descendant(trak, &[b"mdia", b"minf", b"stbl", b"stsz"]);
        let empty = stsz.and_then(|stsz| stsz.get(8..12)) == Some(&[0; 4]);
        if handler != Some(b"vide") || (whole && empty) {
            continue;
        }
        let tkhd: Tkhd = decode(child(trak, b"tkhd").ok_or_else(|| missing("tkhd"))?)?;
        let area = u64::from(tkhd.width.integer()) * u64::from(tkhd.height.integer());
        let enabled = tkhd.enabled;
        if best.as_ref().is_none_or(|(e, a, _)| (enabled, area) > (*e, *a)) {
            best = Some((enabled, area, Header { trak, tkhd }));
        }
    }
    best.map(|(_, _, header)| header)
        .ok_or(crate::read::mp4::Mp4Error::NoPictures)
}

/// What holds for samples in fragments that do not state it.
fn default_values(mvex: &[u8], track: u32) -> Mp4Result<Option<Trex>> {
    let all = children(mvex).filter(|(kind, _)| kind == b"trex");
    let mut all = all.map(|(_, trex)| decode::<Trex>(trex));
    all.find(|trex| trex.as_ref().map_or(true, |trex| trex.track_id == track))
        .transpose()
}

fn missing(kind: &str) -> crate::read::mp4::error::Mp4Error {
    damaged(format!("its video track has no box `{kind}`"))
}
