//! Loss of the codec, as far as PushT is concerned: visibility and position of agent and T.

use pusht_data::Episode;
use pusht_env::{Frame, GOAL};
use pusht_vision::Tracker;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::error::PixelError;
use super::model::PixelModel;

/// Board px per pixel of the 96 × 96 frame.
const PIXEL: f64 = 512.0 / 96.0;

/// Comparison of frames before and after the codec.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CodecLoss {
    /// Number of frames.
    pub frames: usize,
    /// Peak signal-to-noise ratio over all of them, dB.
    pub psnr: f64,
    /// Fraction of frames in which the agent is seen after the codec, among those in which it is seen before.
    pub visible: f64,
    /// Distance between the tracked agent before and after the codec.
    pub agent: TrackingShift,
    /// The same for the T.
    pub block: TrackingShift,
}

/// Quantiles of a distance between tracked positions, image px (96 × 96). In files `[median, p99]`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "[f64; 2]", into = "[f64; 2]")]
pub struct TrackingShift {
    /// The median.
    pub median: f64,
    /// The 99th percentile.
    pub p99: f64,
}

impl From<[f64; 2]> for TrackingShift {
    fn from([median, p99]: [f64; 2]) -> Self {
        Self { median, p99 }
    }
}

impl From<TrackingShift> for [f64; 2] {
    fn from(shift: TrackingShift) -> Self {
        [shift.median, shift.p99]
    }
}

impl std::fmt::Display for CodecLoss {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            frames,
            psnr,
            visible,
            agent,
            block,
        } = self;
        write!(
            f,
            "codec on {frames} held-out frames: {psnr:.1} dB; agent seen in {:.2} %, off by {:.2} px of 96 (99 in 100 by less \
             than {:.2}), T by {:.2} ({:.2})",
            100.0 * visible,
            agent.median,
            agent.p99,
            block.median,
            block.p99,
        )
    }
}

impl PixelModel {
    /// Measures the loss of the codec on episodes, which should be held out.
    ///
    /// # Errors
    /// No frames, or frames of another size than 96 × 96.
    pub fn codec_loss(&self, episodes: &[&Episode]) -> Result<CodecLoss, PixelError> {
        let tracker = Tracker::new(GOAL)?;
        let (mut squares, mut numbers) = (0.0, 0.0);
        let (mut seen, mut agents, mut blocks) = (0_usize, Vec::new(), Vec::new());
        for episode in episodes {
            let coded = self.coded(&episode.frames)?;
            let pairs: Vec<(&Frame, &Frame)> = episode.frames.iter().zip(&coded).collect();
            for (a, b) in &pairs {
                let error = |(a, b): (&u8, &u8)| (f64::from(*a) - f64::from(*b)).powi(2);
                squares += a.as_raw().iter().zip(b.as_raw()).map(error).sum::<f64>();
                numbers += a.as_raw().len() as f64;
            }
            let tracked = pairs
                .par_iter()
                .map(|(a, b)| Ok((tracker.track(a)?, tracker.track(b)?)));
            let tracked: Result<Vec<_>, pusht_vision::VisionError> = tracked.collect();
            for (was, is) in tracked? {
                if let Some(place) = was.agent {
                    seen += 1;
                    agents.extend(is.agent.map(|p| (p[0] - place[0]).hypot(p[1] - place[1]) / PIXEL));
                }
                if let (Some(was), Some(is)) = (was.block, is.block) {
                    blocks.push((was.x - is.x).hypot(was.y - is.y) / PIXEL);
                }
            }
        }
        if numbers == 0.0 || seen == 0 {
            return Err(PixelError::NoFrames);
        }
        Ok(CodecLoss {
            frames: (numbers / (3.0 * 96.0 * 96.0)) as usize,
            psnr: 10.0 * (255.0_f64.powi(2) * numbers / squares.max(f64::MIN_POSITIVE)).log10(),
            visible: agents.len() as f64 / seen as f64,
            agent: quantiles(agents),
            block: quantiles(blocks),
        })
    }
}

/// Median and 99th percentile.
fn quantiles(mut values: Vec<f64>) -> TrackingShift {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values.get(((values.len() as f64 - 1.0).max(0.0) * share).round() as usize);
    [0.5, 0.99].map(|share| at(share).copied().unwrap_or(f64::NAN)).into()
}
