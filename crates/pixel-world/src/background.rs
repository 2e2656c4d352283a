//! What stands still: the board behind agent and T, as the first frames of demonstrations show it together.

use pusht_data::Episode;
use serde::{Deserialize, Serialize};

use crate::palette::{IndexedFrame, SIDE};

/// Share of a color's pixels that lie before the background from which the color is one of what moves.
const MOVING: f64 = 0.9;
/// Distance in which pixels around what moves are hidden too, px: their colors are mixed.
const EDGE: usize = 1;

/// The background of a dataset, and the colors of what moves before it.
///
/// A rollout's first frame hides what agent and T cover. The network is shown the first frame with the background in these
/// places, so that it need not guess what comes to light when they move away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BackgroundFile", into = "BackgroundFile")]
pub(crate) struct Background {
    plate: IndexedFrame,
    /// For each color of the palette, whether it is one of what moves.
    moving: Vec<bool>,
}

impl Background {
    /// The background of demonstrations: at each place the color that most of their first frames have. `None` for episodes
    /// with several goals, whose boards differ.
    pub(crate) fn of<'a>(episodes: &[&Episode], frames: &[&'a [IndexedFrame]], colors: usize) -> Option<Self> {
        let goal = episodes.first()?.goal;
        if episodes.iter().any(|episode| episode.goal != goal) {
            return None;
        }
        let firsts: Vec<&'a IndexedFrame> = frames.iter().filter_map(|frames| frames.first()).collect();
        let most = |place: usize| {
            let mut counts = vec![0_usize; colors];
            firsts.iter().for_each(|frame| counts[usize::from(frame.0[place])] += 1);
            // The first of equally frequent colors.
            let best = (0..colors).rev().max_by_key(|&color| counts[color]);
            best.and_then(|color| u8::try_from(color).ok())
        };
        let plate: Option<Vec<u8>> = (0..SIDE * SIDE).map(most).collect();
        let plate = IndexedFrame(plate?.into());
        let (mut all, mut before) = (vec![0_usize; colors], vec![0_usize; colors]);
        for frame in frames.iter().copied().flatten() {
            for (&color, &behind) in frame.0.iter().zip(&plate.0) {
                all[usize::from(color)] += 1;
                before[usize::from(color)] += usize::from(color != behind);
            }
        }
        let moving = |(&all, &before): (&usize, &usize)| before as f64 > MOVING * all as f64;
        Some(Self {
            moving: all.iter().zip(&before).map(moving).collect(),
            plate,
        })
    }

    /// A frame with the background in the places that something hides which moves.
    pub(crate) fn behind(&self, frame: &IndexedFrame) -> IndexedFrame {
        let mut shown = frame.clone();
        for (at, color) in frame.0.iter().enumerate() {
            if self.moving[usize::from(*color)] {
                let [columns, rows] =
                    [at % SIDE, at / SIDE].map(|place| place.saturating_sub(EDGE)..SIDE.min(place + EDGE + 1));
                for row in rows {
                    let places = row * SIDE + columns.start..row * SIDE + columns.end;
                    shown.0[places.clone()].copy_from_slice(&self.plate.0[places]);
                }
            }
        }
        shown
    }

    /// Whether its colors are those of a palette of this size.
    pub(crate) fn fits(&self, colors: usize) -> bool {
        self.moving.len() == colors && self.plate.0.iter().all(|&color| usize::from(color) < colors)
    }
}

/// The background in a model file: runs of equal colors, row by row, and the numbers of the colors that move.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BackgroundFile {
    runs: Vec<(u8, u16)>,
    moving: Vec<bool>,
}

impl From<Background> for BackgroundFile {
    fn from(background: Background) -> Self {
        let mut runs: Vec<(u8, u16)> = Vec::new();
        for &color in &background.plate.0 {
            match runs.last_mut() {
                Some((last, count)) if *last == color => *count += 1,
                _ => runs.push((color, 1)),
            }
        }
        Self {
            runs,
            moving: background.moving,
        }
    }
}

impl TryFrom<BackgroundFile> for Background {
    type Error = String;

    fn try_from(file: BackgroundFile) -> Result<Self, String> {
        let total: usize = file.runs.iter().map(|(_, count)| usize::from(*count)).sum();
        if total != SIDE * SIDE {
            return Err(format!("the background has {total} pixels; expected {}", SIDE * SIDE));
        }
        let runs = file.runs.iter();
        let plate = runs.flat_map(|&(color, count)| std::iter::repeat_n(color, usize::from(count)));
        Ok(Self {
            plate: IndexedFrame(plate.collect()),
            moving: file.moving,
        })
    }
}

#[cfg(test)]
#[path = "../tests/unit/background.rs"]
mod tests;
