//! Degradations of videos: scaling, blur, noise, color changes, lossy coding.

use image::imageops::{FilterType, blur, resize};
use pusht_env::Frame;
use rand::{Rng, RngExt, SeedableRng};
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};
use video_io::{VideoIoError, h264_round_trip};

use crate::random::normal;

/// Frame rate of PushT, frames per second.
const FPS: u32 = 10;

/// Sides of drawn degradations, px, with their weights.
const SIDES: [(u32, u32); 6] = [(64, 3), (96, 4), (128, 4), (192, 3), (256, 3), (512, 1)];

/// Degradation of a whole video; its steps are applied in the order of the fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Degradation {
    /// Side to which the frames are scaled, px.
    pub side: u32,
    /// Factor of each channel.
    pub gain: [f32; 3],
    /// Offset added to each channel after that, levels of 255.
    pub offset: [f32; 3],
    /// Standard deviation of the Gaussian blur, px of the scaled frame; 0: none.
    pub blur: f32,
    /// Standard deviation of the noise, levels of 255.
    pub noise: f32,
    /// Quantizer of H.264 coding, 12 to 51; `None`: not coded.
    #[serde(alias = "quantiser")]
    pub quantizer: Option<u8>,
}

impl Degradation {
    /// A degradation by scaling and coding only.
    pub const fn coded(side: u32, quantizer: u8) -> Self {
        Self {
            side,
            gain: [1.0; 3],
            offset: [0.0; 3],
            blur: 0.0,
            noise: 0.0,
            quantizer: Some(quantizer),
        }
    }

    /// Draws a degradation as in videos from generators and the web: half of them blurred, half noisy, most coded with
    /// quantizers of 20 to 42.
    pub fn draw(rng: &mut impl Rng) -> Self {
        let mut ticket = rng.random_range(0..SIDES.iter().map(|(_, often)| often).sum());
        let mut side = SIDES[0].0;
        for (candidate, often) in SIDES {
            side = candidate;
            if ticket < often {
                break;
            }
            ticket -= often;
        }
        let common = [rng.random_range(0.88..1.08), rng.random_range(-12.0..12.0)];
        let gain = std::array::from_fn(|_| common[0] + rng.random_range(-0.05..0.05));
        let offset = std::array::from_fn(|_| common[1] + rng.random_range(-8.0..8.0));
        let in_frame = side as f32 / 96.0;
        let blurred = rng.random_bool(0.5);
        let noisy = rng.random_bool(0.5);
        let coded = rng.random_bool(0.8);
        Self {
            side,
            gain,
            offset,
            blur: if blurred {
                in_frame * rng.random_range(0.3..0.9)
            } else {
                0.0
            },
            noise: if noisy { rng.random_range(1.0..8.0) } else { 0.0 },
            quantizer: coded.then(|| rng.random_range(20..=42)),
        }
    }

    /// Returns the degraded video in its original size; `seed` seeds the noise.
    ///
    /// # Errors
    /// No frames, or frames that the codec refuses.
    pub fn apply(&self, frames: &[Frame], seed: u64) -> Result<Vec<Frame>, VideoIoError> {
        let mut rng = Pcg64::seed_from_u64(seed);
        let made: Vec<Frame> = frames.iter().map(|frame| self.one(frame, &mut rng)).collect();
        let made = match self.quantizer {
            Some(quantizer) => h264_round_trip(&made, FPS, quantizer)?.0,
            None => made,
        };
        let back = |(made, frame): (Frame, &Frame)| scaled(made, frame.dimensions());
        Ok(made.into_iter().zip(frames).map(back).collect())
    }

    fn one(&self, frame: &Frame, rng: &mut Pcg64) -> Frame {
        let mut made = scaled(frame.clone(), (self.side, self.side));
        let tables: [[u8; 256]; 3] = std::array::from_fn(|channel| {
            std::array::from_fn(|level| (level as f32 * self.gain[channel] + self.offset[channel]).round() as u8)
        });
        for pixel in made.pixels_mut() {
            for (value, table) in pixel.0.iter_mut().zip(&tables) {
                *value = table[usize::from(*value)];
            }
        }
        if self.blur > 0.0 {
            made = blur(&made, self.blur);
        }
        if self.noise > 0.0 {
            let noise = normal(made.as_raw().len(), rng);
            for (value, noise) in made.iter_mut().zip(noise) {
                *value = (f32::from(*value) + self.noise * noise).round() as u8;
            }
        }
        made
    }
}

fn scaled(frame: Frame, (width, height): (u32, u32)) -> Frame {
    if frame.dimensions() == (width, height) {
        return frame;
    }
    resize(&frame, width, height, FilterType::Triangle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_a_function_of_its_seed_and_keeps_number_and_size() {
        let picture = |t: u32| Frame::from_fn(96, 96, |x, y| image::Rgb([(x + t) as u8, y as u8, 90]));
        let frames: Vec<Frame> = (0..4).map(picture).collect();
        let mut rng = Pcg64::seed_from_u64(3);
        for seed in 0..12 {
            let degradation = Degradation::draw(&mut rng);
            let degraded = degradation.apply(&frames, seed).unwrap();
            assert_eq!(degraded, degradation.apply(&frames, seed).unwrap());
            assert_eq!(degraded.len(), 4);
            assert!(degraded.iter().all(|f| f.dimensions() == (96, 96)) && degraded != frames);
        }
        assert!(Degradation::coded(96, 30).apply(&[], 0).is_err());
    }
}
