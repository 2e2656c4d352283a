//! Random draws of a training step: given frames, noise levels, noise.

use nn_kit::normal;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use crate::config::FinetuneConfig;

/// The random draws of a step, determined by its seed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Draws {
    /// Whether the first frame of all clips in the step is given.
    pub(crate) first: bool,
    /// Whether the last frame is given.
    pub(crate) last: bool,
    /// A standard normal number per clip, which determines its noise level.
    pub(crate) level: Vec<f32>,
    rng: Pcg64,
}

impl Draws {
    /// Draws for `clips` clips. Frames are given for all clips or none, as given frames may be additional tokens.
    pub(crate) fn new(config: &FinetuneConfig, clips: usize, seed: u64) -> Self {
        let mut rng = Pcg64::seed_from_u64(seed);
        let mut chance = |p: f64| rng.random::<f64>() < p;
        let (first, last) = (chance(config.first_frame), chance(config.last_frame));
        Self {
            first,
            last,
            level: normal(clips, &mut rng),
            rng,
        }
    }

    /// Further standard normal numbers.
    pub(crate) fn noise(&mut self, count: usize) -> Vec<f32> {
        normal(count, &mut self.rng)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::family::{Family, Preset};

    #[test]
    fn frames_are_given_as_often_as_asked() {
        let share = |config: &FinetuneConfig, of: &dyn Fn(&Draws) -> bool| {
            let given = (0..4000).filter(|seed| of(&Draws::new(config, 1, *seed)));
            given.count() as f64 / 4000.0
        };
        for (preset, first, last) in [(Preset::Ours, 0.9, 0.7), (Preset::Paper, 0.1, 0.0)] {
            let config = FinetuneConfig::preset(preset, Family::Ltx);
            assert!((share(&config, &|d| d.first) - first).abs() < 0.02);
            assert!((share(&config, &|d| d.last) - last).abs() < 0.025);
        }
        let config = FinetuneConfig::preset(Preset::Ours, Family::Ltx);
        assert_eq!(Draws::new(&config, 3, 5), Draws::new(&config, 3, 5));
    }
}
