//! Positions and times of the coded pictures in the fragments (`moof`) of an MP4 file.

use crate::read::mp4::boxes::{Fields, child, children, decode, short};
use crate::read::mp4::error::{Mp4Result, damaged};
use crate::read::mp4::tables::{Entry, Samples};
use mp4_atom::{Tfdt, Tfhd, Trex};

/// Flags of a sample: it needs others to be decoded.
const NOT_A_KEY: u32 = 0x0101_0000;

/// Adds the samples that a fragment at position `at` has of the track `track`; `trex` are the track's defaults.
pub(crate) fn read(at: u64, moof: &[u8], track: u32, trex: Option<&Trex>, samples: &mut Samples) -> Mp4Result<()> {
    // Without a stated position the samples of a track follow those of the track before.
    let mut follows = at;
    for (_, traf) in children(moof).filter(|(kind, _)| kind == b"traf") {
        let head: Tfhd =
            decode(child(traf, b"tfhd").ok_or_else(|| damaged("a fragment names no track (box `tfhd`)"))?)?;
        let ours = head.track_id == track;
        let base = match (head.base_data_offset, head.default_base_is_moof) {
            (Some(base), _) => base,
            (None, true) => at,
            (None, false) => follows,
        };
        if let Some(tfdt) = child(traf, b"tfdt").filter(|_| ours) {
            let start = decode::<Tfdt>(tfdt)?.base_media_decode_time;
            samples.clock =
                i64::try_from(start).map_err(|_| damaged("a fragment starts after all times (box `tfdt`)"))?;
        }
        let defaults = Defaults {
            duration: (head.default_sample_duration).or(trex.map(|t| t.default_sample_duration)),
            size: (head.default_sample_size).or(trex.map(|t| t.default_sample_size)),
            flags: (head.default_sample_flags).or(trex.map(|t| t.default_sample_flags)),
        };
        let mut next = base;
        for (_, trun) in children(traf).filter(|(kind, _)| kind == b"trun") {
            next = run(trun, base, next, &defaults, ours.then_some(&mut *samples))?;
        }
        follows = next;
    }
    Ok(())
}

/// What holds for samples that do not state it.
struct Defaults {
    duration: Option<u32>,
    size: Option<u32>,
    flags: Option<u32>,
}

/// Reads a run of samples and returns where it ends. Composition offsets are signed whatever the version of the box says.
fn run(trun: &[u8], base: u64, follows: u64, defaults: &Defaults, mut samples: Option<&mut Samples>) -> Mp4Result<u64> {
    let cut = || short("trun");
    let mut fields = Fields(trun);
    let (_version, flags) = fields.version().ok_or_else(cut)?;
    let has = |flag: u32| flags & flag != 0;
    let count = fields.u32().ok_or_else(cut)?;
    let mut offset = follows;
    if has(0x1) {
        let shift = fields.i32().ok_or_else(cut)?;
        let at = base.checked_add_signed(shift.into());
        offset = at.ok_or_else(|| damaged("a fragment lies outside of the file"))?;
    }
    let mut first_flags = match has(0x4) {
        true => Some(fields.u32().ok_or_else(cut)?),
        false => None,
    };
    if samples.is_none() && !has(0x200) {
        // Another track, all samples of one size: not counted one by one.
        let size = u64::from(defaults.size.unwrap_or(0)).saturating_mul(count.into());
        return Ok(offset.saturating_add(size));
    }
    for _ in 0..count {
        let mut field = |flag, default: Option<u32>| match has(flag) {
            true => fields.u32().ok_or_else(cut),
            false => Ok(default.unwrap_or(0)),
        };
        let (duration, size) = (field(0x100, defaults.duration)?, field(0x200, defaults.size)?);
        let stated = field(0x400, first_flags.take().or(defaults.flags))?;
        let shift = field(0x800, None)?.cast_signed();
        if let Some(samples) = samples.as_deref_mut() {
            // Fragments may overlap in time; what is over is not shown again.
            let over = (samples.all.last()).is_some_and(|last| last.decode >= samples.clock);
            samples.reordered |= has(0x800);
            samples.push(&Entry {
                offset,
                size,
                key: stated & NOT_A_KEY == 0,
                duration,
                shift,
                hidden: over,
            })?;
        }
        offset = offset.saturating_add(size.into());
    }
    Ok(offset)
}
