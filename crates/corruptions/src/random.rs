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

/// `count` draws.
pub(crate) fn normal(count: usize, rng: &mut Pcg64) -> Vec<f32> {
    let mut draws = Vec::with_capacity(count + 1);
    while draws.len() < count {
        draws.extend(normal_pair(rng).map(|draw| draw as f32));
    }
    draws.truncate(count);
    draws
}
#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    #[test]
    fn same() {
        let (mut a, mut b) = (rand_pcg::Pcg64::seed_from_u64(5), rand_pcg::Pcg64::seed_from_u64(5));
        for _ in 0..20_000_000 {
            let radius = (-2.0 * (1.0 - a.random::<f64>()).ln()).sqrt();
            let x = radius * (std::f64::consts::TAU * a.random::<f64>()).cos();
            assert_eq!(x.to_bits(), super::normal_pair(&mut b)[0].to_bits());
        }
    }
}
