//! Which pictures a video shows: screen recordings and re-encoded videos have more frames than pictures, and show the same
//! picture in several frames. A new one appears up to a frame late, so that the times of the frames alone would take one
//! picture twice and lose the next.

/// A frame of a video.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ShownFrame {
    /// When it is shown, in periods of the rate that is asked for.
    pub(crate) at: f64,
    /// Number of pixels that differ from the frame before.
    pub(crate) changed: usize,
}

/// How the frames of a video give one frame per period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pictures {
    /// By their times: there is a new picture in nearly every frame, or at times of its own.
    ByTime,
    /// New pictures come once in a period or less often: the frame for every period.
    OnePerPeriod(Vec<usize>),
    /// Nearly so, but sometimes two come in a period: either reading may lose pictures.
    Unclear,
}

/// Longest distance of frames, in periods, at which pictures are looked for: those of slower videos are their frames.
const LONGEST: f64 = 0.92;

/// Least share of the change of a neighbor that is a new picture: codecs improve a picture in the frames after it.
const LEAST_CHANGE: f64 = 0.2;

/// Fewest new pictures to judge by.
const FEWEST: usize = 4;

/// Number of phases that are tried.
const PHASES: u32 = 64;

/// Share of the new pictures that may fall into the period of another.
const STRAY: f64 = 0.03;

/// Periods by which a picture is shown longer, at its end, before it counts twice.
const LATE: f64 = 0.7;

/// Periods by which a video of so many frames may be long; more is a wrong time stamp.
pub(crate) const MOST_REPEATED: usize = 36_000;

/// True if frames at these distances, in periods, may show pictures several times.
pub(crate) fn is_fast(frames: &[ShownFrame]) -> bool {
    distance(frames).is_some_and(|distance| distance < LONGEST)
}

/// Usual distance of frames, in periods.
fn distance(frames: &[ShownFrame]) -> Option<f64> {
    let mut apart: Vec<f64> = frames.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
    apart.retain(|apart| *apart > 0.0);
    apart.sort_by(f64::total_cmp);
    apart.get(apart.len() / 2).copied()
}

/// Judges the frames of a video that ends at `end`; `least` pixels of a new picture differ.
pub(crate) fn pictures(frames: &[ShownFrame], end: f64, least: usize) -> Pictures {
    let Some(distance) = distance(frames).filter(|distance| *distance < LONGEST) else {
        return Pictures::ByTime;
    };
    let starts = starts(frames, least);
    if starts.len() <= FEWEST || end > (MOST_REPEATED + 10 * frames.len()) as f64 {
        return Pictures::ByTime;
    }
    let at: Vec<f64> = starts.iter().map(|&index| frames[index].at).collect();
    let (phase, stray) = phase(&at);
    let share = stray as f64 / at.len() as f64;
    let times = (1.0 / distance).round();
    if share > STRAY {
        // If every frame has a new picture, so many fall into the period of another; half of them if it rests at times.
        // Where a period has a whole number of frames, those at its times are right in any case.
        let clear = share >= 0.5 * (1.0 - distance) || (times >= 2.0 && (times * distance - 1.0).abs() < 0.01);
        return if clear { Pictures::ByTime } else { Pictures::Unclear };
    }
    let mut apart: Vec<f64> = at.windows(2).map(|pair| pair[1] - pair[0]).collect();
    apart.sort_by(f64::total_cmp);
    // Of pictures that come more slowly nobody knows what happens between two.
    let slow = apart[apart.len() / 5] > 1.01 + distance / 2.0;
    let mut picks = Vec::new();
    for (n, &start) in starts.iter().enumerate() {
        let next = starts.get(n + 1).copied();
        let periods = match next {
            Some(next) => period(frames[next].at, phase) - period(frames[start].at, phase),
            None => ((end - frames[start].at + 1.0 - LATE).floor() as i64).max(1),
        };
        let shown = start..next.unwrap_or(frames.len());
        for k in 0..periods {
            let wanted = frames[start].at + k as f64;
            let off = |index: &usize| (frames[*index].at - wanted).abs();
            let nearest = shown.clone().min_by(|a, b| off(a).total_cmp(&off(b)));
            picks.push(if slow { start } else { nearest.unwrap_or(start) });
        }
    }
    Pictures::OnePerPeriod(picks)
}

/// Indices of the frames that show a new picture.
fn starts(frames: &[ShownFrame], least: usize) -> Vec<usize> {
    let changed = |index: usize| frames.get(index).map_or(0.0, |frame| frame.changed as f64);
    let is_new = |&index: &usize| {
        let beside = changed(index - 1).max(changed(index + 1));
        frames[index].changed >= least && changed(index) > LEAST_CHANGE * beside
    };
    std::iter::once(0).chain((1..frames.len()).filter(is_new)).collect()
}

/// The phase at which the fewest pictures fall into the period of another, and their number. Of several it is the one
/// farthest from any picture.
fn phase(at: &[f64]) -> (f64, usize) {
    let of = |phase: f64| {
        let stray = at
            .windows(2)
            .filter(|pair| period(pair[0], phase) == period(pair[1], phase))
            .count();
        let apart = |at: &f64| {
            let apart = (at - phase).rem_euclid(1.0);
            apart.min(1.0 - apart)
        };
        (stray, at.iter().map(apart).fold(1.0, f64::min))
    };
    let phases = (0..PHASES)
        .map(|k| f64::from(k) / f64::from(PHASES))
        .map(|phase| (phase, of(phase)));
    let best = phases.min_by(|(_, a), (_, b)| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
    best.map_or((0.0, 0), |(phase, (stray, _))| (phase, stray))
}

/// The period in which a time is.
fn period(at: f64, phase: f64) -> i64 {
    (at - phase).floor() as i64
}

#[cfg(test)]
#[path = "../../tests/unit/shown.rs"]
mod tests;
