//! All instruction sets against sums in double precision.

use super::*;

/// sin(0.7 i + seed) for the index i.
fn filled(count: usize, seed: f32) -> Vec<f32> {
    (0..count).map(|i| (0.7 * i as f32 + seed).sin()).collect()
}

/// Calls `f` for every product of a value of Y: its output, its tap, and the offsets of Y and of x.
fn each(geometry: Geometry, mut f: impl FnMut(usize, usize, usize, usize)) {
    let Geometry { inputs, outputs, .. } = geometry;
    let ([height, width], [tall, wide]) = (geometry.size, geometry.kernel);
    for image in 0..geometry.batch {
        for output in 0..outputs {
            for at in 0..geometry.positions() {
                let (oy, ox) = (at / geometry.out[1], at % geometry.out[1]);
                let y = (image * outputs + output) * geometry.positions() + at;
                for tap in 0..geometry.rows() {
                    let (input, ky, kx) = (tap / (tall * wide), tap / wide % tall, tap % wide);
                    let iy = (oy * geometry.stride[0] + ky).wrapping_sub(geometry.padding[0]);
                    let ix = (ox * geometry.stride[1] + kx).wrapping_sub(geometry.padding[1]);
                    if iy < height && ix < width {
                        f(output, tap, y, ((image * inputs + input) * height + iy) * width + ix);
                    }
                }
            }
        }
    }
}

fn assert_near(ours: &[f32], plain: &[f64]) {
    assert_eq!(ours.len(), plain.len());
    let largest = plain.iter().fold(1.0_f64, |largest, x| largest.max(x.abs()));
    for (ours, plain) in ours.iter().zip(plain) {
        assert!((f64::from(*ours) - plain).abs() < 1e-5 * largest, "{ours} {plain}");
    }
}

#[test]
fn every_instruction_set_computes_the_sums() {
    // x, weights, stride, padding: rests of rows, taps and vectors; strides; paddings of more than the kernel reaches.
    for (x, weight, stride, padding) in [
        ([2, 3, 8, 8], [11, 3, 3, 3], [1, 1], [1, 1]),
        ([5, 2, 4, 4], [7, 2, 3, 3], [1, 1], [1, 1]),
        ([1, 3, 16, 16], [4, 3, 3, 3], [2, 2], [1, 1]),
        ([2, 5, 4, 8], [3, 5, 1, 1], [1, 1], [0, 0]),
        ([2, 2, 9, 18], [6, 2, 4, 3], [2, 1], [2, 0]),
        ([1, 1, 2, 18], [2, 1, 5, 1], [1, 3], [4, 2]),
        ([2, 2, 6, 6], [5, 2, 3, 3], [1, 1], [2, 2]),
    ] {
        let geometry = Geometry::new(x, weight, stride, padding).unwrap();
        let (x, weights) = (filled(x.iter().product(), 1.0), filled(weight.iter().product(), 2.0));
        let bias = filled(geometry.outputs, 3.0);
        let count = geometry.batch * geometry.outputs * geometry.positions();
        let dy = filled(count, 4.0);
        let rows = geometry.rows();
        let mut y: Vec<f64> = (0..count)
            .map(|at| f64::from(bias[at / geometry.positions() % geometry.outputs]))
            .collect();
        let mut dw = vec![0.0; weights.len()];
        each(geometry, |output, tap, to, from| {
            y[to] += f64::from(weights[output * rows + tap]) * f64::from(x[from]);
            dw[output * rows + tap] += f64::from(dy[to]) * f64::from(x[from]);
        });
        let mut levels = vec![Level::Portable, Level::best()];
        #[cfg(target_arch = "x86_64")]
        if Level::best() == Level::Avx512 {
            levels.push(Level::Avx2);
        }
        for level in levels {
            let mut direct = Direct::new(geometry).unwrap();
            direct.level = level;
            assert_near(&direct.forward(&x, &weights, Some(&bias)), &y);
            assert_near(&direct.weight_gradient(&x, &dy), &dw);
        }
    }
}
