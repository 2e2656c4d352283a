//! Image quality of a whole clip.

use super::FrameAudit;
use crate::limits;

/// Fewest frames without translucent areas for measuring the quality on them alone.
const LEAST_CLEAR: usize = 3;

/// Image quality of a clip: medians over the frames in which it can be measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipPicture {
    /// Standard deviation of the noise, levels of 255.
    pub noise: f64,
    /// Blur by resampling to 96 × 96, which the following values do not include.
    pub resampling: f64,
    /// Blur of brightness as in [`Quality`](super::Quality); `None` if it cannot be measured in any frame.
    pub blur: Option<f64>,
    /// Blur of color; `None` if it cannot be measured in any frame.
    pub color_blur: Option<f64>,
    /// Residual that neither blur nor noise explains, levels of 255.
    pub ringing: Option<f64>,
}

impl ClipPicture {
    /// Quality of a clip. Frames with a changed goal are ignored; frames without translucent areas are preferred, as a
    /// T that melts over the goal distorts the measurement.
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

    /// True if the images are good enough for physical findings.
    pub fn is_legible(&self) -> bool {
        let beyond = |value: Option<f64>, limit| value.is_some_and(|v| v + self.resampling >= limit);
        !(self.noise >= limits::ILLEGIBLE_NOISE
            || beyond(self.blur, limits::ILLEGIBLE_BLUR)
            || beyond(self.color_blur, limits::ILLEGIBLE_COLOR))
    }

    /// Blur of brightness including that of resampling; 0 if it is not known.
    pub fn blur_of_all(&self) -> f64 {
        self.blur.unwrap_or(0.0) + self.resampling
    }

    /// Strength of compression artifacts, relative to the limit of a finding.
    pub fn marks(&self) -> f64 {
        let (blur, color) = (self.blur.unwrap_or(0.0), self.color_blur.unwrap_or(0.0));
        // The residual of a wide blur does not count as ringing.
        let quiet = if self.noise < limits::NOISE && blur < limits::ILLEGIBLE_BLUR {
            self.ringing.unwrap_or(0.0)
        } else {
            0.0
        };
        ((color - blur) / limits::COMPRESSION).max(quiet / limits::RINGING)
    }

    /// As [`ClipPicture::marks`], with a lower limit for blurred images, as a codec blurs as well.
    pub fn compression(&self) -> f64 {
        let (blur, color) = (self.blur.unwrap_or(0.0), self.color_blur.unwrap_or(0.0));
        // Colors are ignored in a wide blur.
        let in_blur = if (limits::BLUR..limits::ILLEGIBLE_BLUR).contains(&blur) {
            (color - blur) / limits::COMPRESSION_IN_BLUR
        } else {
            0.0
        };
        self.marks().max(in_blur)
    }

    /// True if compression blocks tear small objects and edges.
    pub fn is_coarse(&self) -> bool {
        self.compression() >= limits::COARSE
    }

    /// True if color is blurred more than brightness, as by a codec.
    pub fn codec(&self) -> bool {
        match (self.blur, self.color_blur) {
            (Some(blur), Some(color)) => color - blur > limits::COMPRESSION,
            _ => false,
        }
    }

    /// Errors of tracks, relative to those of sharp images.
    pub(crate) fn tracking_error(&self) -> f64 {
        1.0 + self.allowance() + self.noise / limits::ILLEGIBLE_NOISE
    }

    /// Allowance for measures at borders, which blur and codecs make wider.
    pub(crate) fn allowance(&self) -> f64 {
        let codec = if self.codec() { limits::CODEC_ALLOWANCE } else { 0.0 };
        (self.blur_of_all() - limits::SHARP).max(0.0) + codec
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
