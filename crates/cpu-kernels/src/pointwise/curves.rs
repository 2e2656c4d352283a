//! Activations and their derivatives, written so that the compiler vectorizes them.

use rayon::prelude::*;

/// Number of values per task.
const TASK: usize = 16_384;

/// An activation function.
#[derive(Clone, Copy, Debug)]
pub enum Curve {
    /// Mish, x · tanh(softplus(x)).
    Mish,
    /// GELU in its tanh form.
    GeluTanh,
}

impl Curve {
    /// Applies the activation to every value.
    pub(super) fn of(self, x: &[f32]) -> Vec<f32> {
        match self {
            Self::Mish => map(x, mish),
            Self::GeluTanh => map(x, gelu_tanh),
        }
    }

    /// The gradient of [`Curve::of`].
    pub(super) fn backward(self, x: &[f32], grad: &[f32]) -> Vec<f32> {
        match self {
            Self::Mish => map_backward(x, grad, mish_slope),
            Self::GeluTanh => map_backward(x, grad, gelu_tanh_slope),
        }
    }
}

fn map(x: &[f32], curve: impl Fn(f32) -> f32 + Sync) -> Vec<f32> {
    let mut y = vec![0.0; x.len()];
    let tasks = y.par_chunks_mut(TASK).zip(x.par_chunks(TASK));
    tasks.for_each(|(y, x)| {
        for (y, x) in y.iter_mut().zip(x) {
            *y = curve(*x);
        }
    });
    y
}

fn map_backward(x: &[f32], grad: &[f32], slope: impl Fn(f32) -> f32 + Sync) -> Vec<f32> {
    let mut y = vec![0.0; x.len()];
    let tasks = y
        .par_chunks_mut(TASK)
        .zip(x.par_chunks(TASK))
        .zip(grad.par_chunks(TASK));
    tasks.for_each(|((y, x), grad)| {
        for ((y, x), grad) in y.iter_mut().zip(x).zip(grad) {
            *y = slope(*x) * grad;
        }
    });
    y
}

/// e^x for x from −87 to 87, to a few units in the last place (range reduction and polynomial of Cephes' `expf`);
/// written so that the compiler vectorizes it.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    /// 1.5 · 2²³: adding it rounds to an integer, which is then in the low bits.
    const ROUND: f32 = 12_582_912.0;
    let x = x.clamp(-87.0, 87.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = x - n * 0.693_359_4 + n * 2.121_944_4e-4;
    let p = 1.987_569_2e-4_f32;
    let p = p * r + 1.398_2e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 1.666_666_5e-1;
    let p = p * r + 0.500_000_1;
    let y = p * r * r + r + 1.0;
    y * f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23))
}

/// Above this, Mish is x in single precision; its powers of eˣ would overflow only much higher.
pub(crate) const MISH_IS_LINEAR: f32 = 20.0;

/// x · tanh(ln(1 + eˣ)) (Misra 2019), with one exponential: tanh(ln(1 + e)) = n / (n + 2), n = e (e + 2).
pub(crate) fn mish(x: f32) -> f32 {
    let e = exp(x.clamp(-87.0, MISH_IS_LINEAR));
    let n = e * (e + 2.0);
    x * (n / (n + 2.0))
}

/// Derivative of [`mish`]: n / (n + 2) + 4 x e (e + 1) / (n + 2)².
pub(crate) fn mish_slope(x: f32) -> f32 {
    let e = exp(x.clamp(-87.0, MISH_IS_LINEAR));
    let n = e * (e + 2.0);
    let d = 1.0 / (n + 2.0);
    n * d + x * (4.0 * e * (e + 1.0) * d) * d
}

/// √(2/π).
const K: f32 = 0.797_884_6;
const CUBIC: f32 = 0.044_715;

/// x (1 + tanh u) / 2 with u = √(2/π) (x + 0.044715 x³) (Hendrycks & Gimpel 2016), as x / (1 + e^(−2u)).
pub(crate) fn gelu_tanh(x: f32) -> f32 {
    x / (1.0 + exp(-2.0 * K * x * (1.0 + CUBIC * x * x)))
}

/// Derivative of [`gelu_tanh`]: s + 2 x s (1 − s) u′, s = 1 / (1 + e^(−2u)).
pub(crate) fn gelu_tanh_slope(x: f32) -> f32 {
    let s = 1.0 / (1.0 + exp(-2.0 * K * x * (1.0 + CUBIC * x * x)));
    s + 2.0 * K * x * (1.0 + 3.0 * CUBIC * x * x) * s * (1.0 - s)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mish_is_that_of_double_precision() {
        for i in -4000..=4000 {
            // A value that single precision represents exactly, so that only the arithmetic is measured.
            let x = f64::from(i as f32 * 0.01);
            let want = x * x.exp().ln_1p().tanh();
            let got = f64::from(mish(x as f32));
            assert!((got - want).abs() <= 3e-7 * want.abs().max(1e-6), "{x}: {got} {want}");
            let step = 1e-5;
            let at = |x: f64| x * x.exp().ln_1p().tanh();
            let want = (at(x + step) - at(x - step)) / (2.0 * step);
            let got = f64::from(mish_slope(x as f32));
            assert!((got - want).abs() <= 2e-6, "{x}: {got} {want}");
        }
        assert!(mish(f32::NAN).is_nan() && mish_slope(f32::NAN).is_nan());
    }

    #[test]
    fn gelu_is_that_of_double_precision() {
        let k = std::f64::consts::FRAC_2_PI.sqrt();
        let at = |x: f64| 0.5 * x * (1.0 + (k * (x + 0.044715 * x * x * x)).tanh());
        for i in -4000..=4000 {
            let x = f64::from(i as f32 * 0.01);
            let got = f64::from(gelu_tanh(x as f32));
            assert!((got - at(x)).abs() <= 3e-7 * x.abs().max(1.0), "{x}: {got} {}", at(x));
            let step = 1e-5;
            let want = (at(x + step) - at(x - step)) / (2.0 * step);
            let got = f64::from(gelu_tanh_slope(x as f32));
            assert!((got - want).abs() <= 2e-6, "{x}: {got} {want}");
        }
        assert!(gelu_tanh(f32::NAN).is_nan() && gelu_tanh_slope(f32::NAN).is_nan());
    }
}
