//! Measures of sampled clips.

use std::fmt;

use image_similarity::{psnr, video_ssim};
use pusht_env::{Frame, GOAL};
use pusht_vision::appearance::{ClipReading, FrameReader, Shape};
use pusht_vision::{Registration, executability_residual};
use serde::{Deserialize, Serialize};
use video_io::{FilmStrip, film_strip};

use crate::error::FinetuneError;

/// Number of images in a film strip.
const PICTURES: usize = 8;
/// Range of the T's area, relative to a complete T, in which it counts as complete (the part that the agent covers is
/// missing).
const WHOLE: [f64; 2] = [0.75, 1.25];

/// Means of measures over sampled clips; fractions are of frames.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SampleMeasures {
    /// Peak signal-to-noise ratio to the held-out clip with the same endpoints, dB.
    pub psnr: f64,
    /// Structural similarity to it ([`image_similarity::ssim`]); `None` for frames smaller than its window.
    pub ssim: Option<f64>,
    /// Fraction of frames with exactly one agent.
    pub one_agent: f64,
    /// Area of the T relative to a complete one.
    pub block_area: f64,
    /// Fraction of frames with a T in one piece of the right area.
    pub whole_block: f64,
    /// Rigidity of the T: 1 minus the maximum of its stretch, the part outside the best-fitting T and the part missing
    /// inside it ([`Shape`]), at least 0; 0 in a frame without a T.
    pub rigidity: f64,
    /// Fraction of the T's motion that the agent pushed ([`ClipReading::pushed_share`]); `None` if no clip has a value.
    pub pushed: Option<f64>,
    /// Distance of the agent's track from the nearest one that actions can produce, px of 512; `None` if no clip has an
    /// agent in all frames.
    pub action_residual: Option<f64>,
}

impl fmt::Display for SampleMeasures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.1} dB, one agent in {:.0} % of the frames, a whole T in {:.0} %, rigidity {:.2}",
            self.psnr,
            100.0 * self.one_agent,
            100.0 * self.whole_block,
            self.rigidity
        )?;
        if let Some(pushed) = self.pushed {
            write!(f, ", pushed share of its motion {pushed:.2}")?;
        }
        match self.action_residual {
            Some(residual) => write!(f, ", action residual {residual:.1} px"),
            None => Ok(()),
        }
    }
}

impl SampleMeasures {
    /// Measures pairs of a sampled clip and its held-out clip.
    ///
    /// # Errors
    /// Clips that cannot be tracked.
    pub(crate) fn of(clips: &[(Vec<Frame>, Vec<Frame>)]) -> Result<Self, FinetuneError> {
        let reader = FrameReader::new(GOAL)?;
        let (mut found, mut frames) = (Self::default(), 0.0);
        let (mut residuals, mut similar, mut pushed) = (Vec::new(), Vec::new(), Vec::new());
        for (sampled, expected) in clips {
            found.psnr += psnr(sampled.iter().zip(expected));
            similar.extend(video_ssim(sampled, expected).unwrap_or_default());
            let mut clip = reader.begin();
            for frame in sampled {
                clip.push(&Registration::stretched(frame.dimensions()).resample(frame))?;
            }
            let clip: ClipReading = clip.finish();
            pushed.extend(clip.pushed_share());
            for frame in &clip.frames {
                frames += 1.0;
                let measures = frame.measures;
                found.one_agent += f64::from(u8::from(measures.agents == 1));
                found.block_area += measures.block_area;
                let whole = measures.pieces == 1 && (WHOLE[0]..=WHOLE[1]).contains(&measures.block_area);
                found.whole_block += f64::from(u8::from(whole));
                found.rigidity += frame.shape.as_ref().map_or(0.0, rigidity);
            }
            let track: Option<Vec<[f64; 2]>> = clip.frames.iter().map(|frame| frame.tracked.agent).collect();
            if let Some(track) = track.filter(|track| track.len() > 1) {
                let steps = executability_residual(&track)?;
                residuals.push(steps.iter().sum::<f64>() / steps.len() as f64);
            }
        }
        found.psnr /= clips.len() as f64;
        for sum in [
            &mut found.one_agent,
            &mut found.block_area,
            &mut found.whole_block,
            &mut found.rigidity,
        ] {
            *sum /= frames;
        }
        found.action_residual = mean(&residuals);
        found.ssim = mean(&similar);
        found.pushed = mean(&pushed);
        Ok(found)
    }

    /// Values with their names in TensorBoard.
    pub(crate) fn named(&self) -> Vec<(String, f64)> {
        let mut named = vec![
            ("samples/psnr".to_string(), self.psnr),
            ("samples/one_agent".to_string(), self.one_agent),
            ("samples/block_area".to_string(), self.block_area),
            ("samples/whole_block".to_string(), self.whole_block),
            ("samples/rigidity".to_string(), self.rigidity),
        ];
        named.extend(self.pushed.map(|p| ("samples/pushed".to_string(), p)));
        named.extend(self.ssim.map(|s| ("samples/ssim".to_string(), s)));
        named.extend(self.action_residual.map(|r| ("samples/action_residual".to_string(), r)));
        named
    }
}

fn rigidity(shape: &Shape) -> f64 {
    let stretched = shape.stretch.map(|length| (length - 1.0).abs());
    let off = stretched[0].max(stretched[1]).max(shape.stray).max(shape.missing);
    (1.0 - off).max(0.0)
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Film strip with a held-out clip above and the clip sampled between its endpoints below.
pub(crate) fn strip(sampled: &[Frame], expected: &[Frame]) -> Result<Frame, FinetuneError> {
    let pictures = PICTURES.min(sampled.len());
    let place = |i: usize| i * (sampled.len() - 1) / (pictures - 1).max(1);
    let row = |clip: &[Frame]| {
        (0..pictures)
            .map(|i| clip[place(i).min(clip.len() - 1)].clone())
            .collect::<Vec<_>>()
    };
    let frames = [row(expected), row(sampled)].concat();
    Ok(film_strip(&frames, FilmStrip::new(pictures))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_clips_have_the_highest_ratio_and_empty_ones_no_agent() {
        let frame = |value: u8| {
            let mut frame = Frame::new(96, 96);
            frame.pixels_mut().for_each(|pixel| pixel.0 = [value; 3]);
            frame
        };
        let white = vec![frame(255); 3];
        let found = SampleMeasures::of(&[(white.clone(), white.clone())]).unwrap();
        assert_eq!((found.psnr, found.ssim), (99.0, Some(1.0)));
        assert_eq!((found.one_agent, found.action_residual), (0.0, None));
        let gray = vec![frame(254); 3];
        let found = SampleMeasures::of(&[(gray, white.clone())]).unwrap();
        assert!((found.psnr - 48.13).abs() < 0.01, "{}", found.psnr);
        assert_eq!(strip(&white, &white).unwrap().width(), 3 * 96 + 2 * 4);
    }
}
