//! Image quality, measured on the known parts of a frame: the board's white and the border of the goal.

use pusht_env::{FillRule, Pose, RenderError, Renderer, Scene};

use super::empty::{Board, luma};
use super::pixel_class::Seen;
use crate::Registration;
use crate::board::{Color, SIDE, colors};

/// Fewest visible pixels of the goal's border for a measurement (the T or its margin may cover the goal).
const LEAST_EDGE: usize = 60;

/// Image quality of a frame.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Quality {
    /// Standard deviation of the noise, levels of 255.
    pub noise: f64,
    /// Blur of the goal's border in brightness: 1 equals a Gaussian blur of one pixel of a 96 × 96 frame, 0 is as drawn
    /// (and resampled, if the video has another size). `None` if the border is hidden.
    pub blur: Option<f64>,
    /// Blur in color (green minus red and blue), which codecs store at half the resolution.
    #[serde(alias = "colour_blur")]
    pub color_blur: Option<f64>,
    /// Residual of the border's brightness that neither blur nor noise explains, levels of 255.
    pub ringing: Option<f64>,
}

/// The goal's border as drawn, and blurred by one pixel.
pub(crate) struct Border {
    places: Vec<Place>,
    /// Blur of this reference relative to the board as the environment draws it.
    pub(crate) blur: f64,
}

struct Place {
    at: usize,
    sharp: [f32; 2],
    change: [f32; 2],
}

/// Brightness and greenness.
fn channels(c: Color) -> [f32; 2] {
    [luma(c), c[1] - (c[0] + c[2]) / 2.0]
}

impl Border {
    /// The border of the board as the environment draws it in 96 × 96.
    pub(crate) fn new(board: &Board) -> Self {
        Self::like(board, &board.color, 0.0)
    }

    /// The border of a board that was drawn with `side` pixels and resampled to 96 × 96. The resampling blurs; blur of
    /// a frame is measured relative to it. Boards of 512 px and more are sampled sharply.
    pub(crate) fn resampled(board: &Board, goal: Pose, side: u32) -> Result<Self, RenderError> {
        let nowhere = Pose::new(f64::NAN, 0.0, 0.0);
        let drawn = Renderer::new(side, FillRule::default())?.render(&Scene::new([f64::NAN; 2], nowhere, goal));
        let shown = colors(&Registration::stretched((side, side)).resample(&drawn));
        let (mut product, mut square) = (0.0, 0.0);
        for place in Self::new(board).places {
            product += f64::from((channels(shown[place.at])[0] - place.sharp[0]) * place.change[0]);
            square += f64::from(place.change[0] * place.change[0]);
        }
        Ok(Self::like(board, &shown, product / square))
    }

    fn like(board: &Board, picture: &[Color], blur: f64) -> Self {
        let weights: Vec<f32> = (-4..=4).map(|k| (-0.5 * (k * k) as f32).exp()).collect();
        let total: f32 = weights.iter().sum::<f32>().powi(2);
        let inside = |i: i32| (0..SIDE as i32).contains(&i);
        let places = board.edge.iter().map(|&at| {
            let (x, y) = ((at % SIDE) as i32, (at / SIDE) as i32);
            let mut blurred = [0.0; 3];
            for (dy, wy) in (-4..=4).zip(&weights) {
                for (dx, wx) in (-4..=4).zip(&weights) {
                    if inside(x + dx) && inside(y + dy) {
                        let color = picture[((y + dy) * SIDE as i32 + x + dx) as usize];
                        for c in 0..3 {
                            blurred[c] += wx * wy / total * color[c];
                        }
                    }
                }
            }
            let (sharp, blurred) = (channels(picture[at]), channels(blurred));
            let change = [0, 1].map(|k| blurred[k] - sharp[k]);
            Place { at, sharp, change }
        });
        Self {
            places: places.collect(),
            blur,
        }
    }

    /// `hidden` is true where agent or T may be seen.
    pub(crate) fn quality(&self, seen: &Seen, hidden: &[bool]) -> Quality {
        let noise = seen.noise;
        let gain = [0, 1, 2].map(|c| 255.0 / seen.white[c].max(1.0));
        let (mut product, mut square, mut energy, mut count) = ([0.0; 2], [0.0; 2], [0.0; 2], 0);
        for place in self.places.iter().filter(|p| !hidden[p.at]) {
            let raw = seen.raw[place.at];
            let found = channels([0, 1, 2].map(|c| raw[c] * gain[c]));
            for k in 0..2 {
                let off = f64::from(found[k] - place.sharp[k]);
                let change = f64::from(place.change[k]);
                product[k] += off * change;
                square[k] += change * change;
                energy[k] += off * off;
            }
            count += 1;
        }
        if count < LEAST_EDGE {
            return Quality {
                noise,
                blur: None,
                color_blur: None,
                ringing: None,
            };
        }
        let [blur, color_blur] = [0, 1].map(|k| product[k] / square[k]);
        let rest = (energy[0] - blur * product[0]) / count as f64;
        // Noise of the three channels, weighted as in brightness.
        let noisy = (noise * 0.668).powi(2);
        Quality {
            noise,
            blur: Some(blur),
            color_blur: Some(color_blur),
            ringing: Some((rest - noisy).max(0.0).sqrt()),
        }
    }
}
