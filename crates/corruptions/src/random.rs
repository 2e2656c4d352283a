//! Normal random numbers.

use rand::RngExt;
use rand_pcg::Pcg64;

/// Two independent draws of the standard normal distribution (Box and Muller).
pub(crate) fn normal_pair(rng: &mut Pcg64) -> [f64; 2] {
    // 1 - u is in (0, 1], where the logarithm is finite.
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    let (sin, cos) = (std::f64::consts::TAU * rng.random::<f64>()).sin_cos();
    [radius * cos, radius * sin]
}

/// `count` draws of the standard normal distribution.
pub(crate) fn normal(count: usize, rng: &mut Pcg64) -> Vec<f32> {
    let mut draws = Vec::with_capacity(count + 1);
    while draws.len() < count {
        draws.extend(normal_pair(rng).map(|draw| draw as f32));
    }
    draws.truncate(count);
    draws
}
