//! The picture of a whole clip.

use super::FrameAudit;
use crate::limits;

/// So many frames with a solid world tell the picture's quality.
const LEAST_CLEAR: usize = 3;

/// The clip's picture: medians over the frames that tell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipPicture {
    /// Standard deviation of the noise, levels of 255.
    pub noise: f64,
    /// What resampling to 96 × 96 blurs, beside what is below.
    pub resampling: f64,
    /// As in [`Quality`](super::Quality); none where no frame tells.
    pub blur: Option<f64>,
    /// The same of color.
    pub color_blur: Option<f64>,
    /// What neither blur nor noise explain, levels of 255.
    pub ringing: Option<f64>,
}

impl ClipPicture {
    /// A goal that is not where it should be says nothing about the picture, and what melts over it says the wrong thing:
    /// frames with nothing translucent are asked first.
    pub(crate) fn of(frames: &[FrameAudit], resampling: f64) -> Self {
        let solid = |f: &&FrameAudit| f.shape.is_some_and(|s| s.translucent < limits::SOLID);
        let all = |of: fn(&FrameAudit) -> Option<f64>| {
            let known = || frames.iter().filter(|f| f.goal < limits::GOAL_MISMATCH);
            let clear: Vec<f64> = known().filter(solid).filter_map(of).collect();
            let enough = clear.len() >= LEAST_CLEAR;
            median(if enough {
                clear
            } else {
                known().filter_map(of).collect()
            })
        };
        Self {
            resampling,
            noise: median(frames.iter().map(|f| f.quality.noise).collect()).unwrap_or(0.0),
            blur: all(|f| f.quality.blur),
            color_blur: all(|f| f.quality.color_blur),
            ringing: all(|f| f.quality.ringing),
        }
    }

    /// True where the picture is good enough to say what is wrong with the world it shows.
    pub fn is_legible(&self) -> bool {
        let beyond = |value: Option<f64>, limit| value.is_some_and(|v| v + self.resampling >= limit);
        !(self.noise >= limits::ILLEGIBLE_NOISE
            || beyond(self.blur, limits::ILLEGIBLE_BLUR)
            || beyond(self.color_blur, limits::ILLEGIBLE_COLOR))
    }

    /// Blur of brightness, with that of resampling; 0 where it is not known.
    pub fn blur_of_all(&self) -> f64 {
        self.blur.unwrap_or(0.0) + self.resampling
    }

    /// How far the marks of a codec go, over what makes them a finding.
    pub fn marks(&self) -> f64 {
        let (blur, color) = (self.blur.unwrap_or(0.0), self.color_blur.unwrap_or(0.0));
        // What a wide blur leaves unexplained is no ringing.
        let quiet = if self.noise < limits::NOISE && blur < limits::ILLEGIBLE_BLUR {
            self.ringing.unwrap_or(0.0)
        } else {
            0.0
        };
        ((color - blur) / limits::COMPRESSION).max(quiet / limits::RINGING)
    }

    /// The same, in a blurred picture with fewer marks: a codec blurs as well.
    pub fn compression(&self) -> f64 {
        let (blur, color) = (self.blur.unwrap_or(0.0), self.color_blur.unwrap_or(0.0));
        // The colors of a wide blur tell nothing.
        let in_blur = if (limits::BLUR..limits::ILLEGIBLE_BLUR).contains(&blur) {
            (color - blur) / limits::COMPRESSION_IN_BLUR
        } else {
            0.0
        };
        self.marks().max(in_blur)
    }

    /// True where a codec's blocks tear what is small or has edges.
    pub fn is_coarse(&self) -> bool {
        self.compression() >= limits::COARSE
    }

    /// True where color is blurred more than brightness.
    pub fn codec(&self) -> bool {
        match (self.blur, self.color_blur) {
            (Some(blur), Some(color)) => color - blur > limits::COMPRESSION,
            _ => false,
        }
    }

    /// Blur, noise and codecs make borders wide; what is measured there must be more than that.
    pub(crate) fn allowance(&self) -> f64 {
        let codec = if self.codec() { limits::CODEC_ALLOWANCE } else { 0.0 };
        (self.blur_of_all() - limits::SHARP).max(0.0) + codec
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
