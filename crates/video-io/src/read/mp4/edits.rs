//! Edit lists: which pictures of a track are shown, in which order and when.
//!
//! A list is obeyed as FFmpeg does: a piece shows the pictures whose time lies in it, whatever its rate; those before
//! them, from the key frame on, are decoded but not shown. Empty pieces at the beginning show nothing; a later piece
//! with a start below zero begins with the track.

use crate::read::mp4::boxes::{Fields, short};
use crate::read::mp4::error::{Mp4Result, damaged};
use crate::read::mp4::tables::Sample;

/// Most pairs of a piece and a picture.
const MOST_COMPARISONS: usize = 1 << 29;

/// One piece of an edit list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    /// How long the piece is shown, ticks of the track.
    pub(crate) duration: i64,
    /// Time in the track at which it starts; −1 for an empty piece.
    pub(crate) start: i64,
}

/// A picture to decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// Index of the sample.
    pub(crate) sample: usize,
    /// When it is shown, in ticks; `None` if it is only decoded.
    pub(crate) time: Option<i64>,
    /// Piece of the edit list.
    pub(crate) piece: usize,
    /// The decoder starts anew here.
    pub(crate) restart: bool,
    /// Shown (or hidden) before the picture at which decoding starts, but stored after it: it may refer to pictures that
    /// are not there.
    pub(crate) leading: bool,
}

/// Reads the pieces of the body of an `elst`. Ticks of the movie, `movie` per second, become ticks of the track, `track`
/// per second. As in FFmpeg the size of the box says how many pieces there are, not the number in it.
pub(crate) fn read(elst: &[u8], movie: u32, track: u32) -> Mp4Result<Vec<Edit>> {
    let mut fields = Fields(elst);
    let (version, _) = fields.version().ok_or_else(|| short("elst"))?;
    fields.u32().ok_or_else(|| short("elst"))?;
    let mut edits = Vec::new();
    loop {
        let (duration, start) = match version {
            1 => (fields.u64(), fields.i64()),
            _ => (fields.u32().map(u64::from), fields.i32().map(i64::from)),
        };
        let (Some(duration), Some(start), Some(_rate)) = (duration, start, fields.u32()) else {
            return Ok(edits);
        };
        if i64::try_from(duration).is_err() {
            return Err(damaged("a piece of its edit list ends before it begins"));
        }
        // As in FFmpeg: a movie without a clock counts seconds.
        let (movie, track) = (u128::from(movie.max(1)), u128::from(track));
        let ticks = (u128::from(duration) * track + movie / 2) / movie;
        // Longer than any track: it ends with the track.
        let duration = i64::try_from(ticks).unwrap_or(i64::MAX).min(i64::MAX / 4);
        edits.push(Edit { duration, start });
    }
}

/// Pictures to decode according to an edit list, and when the list ends. `reordered`: the track has composition offsets.
pub(crate) fn apply(samples: &[Sample], edits: &[Edit], reordered: bool) -> Mp4Result<(Vec<Step>, i64)> {
    let most = (1000 + 16 * samples.len()).min(500_000 + 2 * samples.len());
    if edits.len().saturating_mul(samples.len()) > MOST_COMPARISONS {
        let (edits, samples) = (edits.len(), samples.len());
        return Err(damaged(format!(
            "its edit list has {edits} pieces for {samples} pictures"
        )));
    }
    let (mut steps, mut clock, mut begun) = (Vec::<Step>::new(), 0_i64, false);
    for (number, edit) in edits.iter().enumerate() {
        let at = clock;
        clock = clock.saturating_add(edit.duration);
        begun |= edit.start != -1;
        if !begun {
            continue;
        }
        let piece = piece(samples, *edit, reordered);
        for (index, sample) in piece.clone().zip(&samples[piece.clone()]) {
            let restart = index == piece.start && steps.last().is_none_or(|last| last.sample + 1 != index);
            steps.push(Step {
                sample: index,
                time: edit
                    .holds(sample.time)
                    .then(|| at.saturating_add(sample.time - edit.start)),
                piece: number,
                restart,
                leading: sample.time < samples[piece.start].time,
            });
        }
        if steps.len() > most {
            return Err(damaged(format!(
                "its edit list has {} pieces that decode more than {most} pictures of {}",
                edits.len(),
                samples.len()
            )));
        }
    }
    if !steps.iter().any(|step| step.time.is_some()) {
        return Err(damaged("its edit list shows none of its pictures"));
    }
    Ok((steps, clock))
}

impl Edit {
    fn holds(self, time: i64) -> bool {
        time >= self.start && time < self.start.saturating_add(self.duration)
    }
}

/// The samples to decode for a piece: from the key frame before it to the last one that it shows.
fn piece(samples: &[Sample], edit: Edit, reordered: bool) -> std::ops::Range<usize> {
    let before = |s: &Sample| s.key && s.decode <= edit.start && (!reordered || s.time <= edit.start);
    let first = samples.iter().rposition(before).unwrap_or(0);
    let end = edit.start.saturating_add(edit.duration);
    let (mut last, mut key_after) = (None, false);
    for (index, sample) in samples.iter().enumerate().skip(first) {
        if edit.holds(sample.time) {
            last = Some(index);
        }
        // Pictures after the key frame that follows the piece belong to it no more, except that some are stored after
        // that key frame and shown before it.
        let next = samples
            .get(index + 1)
            .map_or(edit.duration, |next| next.decode - sample.decode);
        if sample.key && sample.time.saturating_add(next) >= end {
            if !reordered || key_after {
                break;
            }
            key_after = true;
        }
    }
    first..last.map_or(first, |last| last + 1)
}
