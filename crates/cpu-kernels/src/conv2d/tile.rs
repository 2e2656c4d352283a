//! The innermost loops of convolutions: tiles of outputs that stay in registers.
//!
//! Every value of [`product`] is one chain of fused multiply-adds in the order of the taps, whatever tile it is part of,
//! so it does not depend on what else is computed with it. [`gradient`] adds up lane by lane, then the lanes.

use crate::simd::Level;

/// Offsets of the rows of U in a buffer.
#[derive(Clone, Debug)]
pub(super) struct Taps {
    offsets: Vec<usize>,
    largest: usize,
}

impl Taps {
    pub(super) fn new(offsets: Vec<usize>) -> Self {
        let largest = offsets.iter().copied().max().unwrap_or(0);
        Self { offsets, largest }
    }

    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        self.offsets.len()
    }
}

/// One tile of Y = W·U + b: rows of W times vectors of columns.
pub(super) struct Product<'a> {
    /// Rows of W, each with as many values as there are taps.
    pub(super) weights: &'a [f32],
    /// What each row starts from.
    pub(super) bias: &'a [f32],
    /// U.
    pub(super) u: &'a [f32],
    pub(super) taps: &'a Taps,
    /// Number of values from one row of Y to the next.
    pub(super) stride: usize,
}

/// One tile of ∂W = ∂Y·Uᵀ.
pub(super) struct Gradient<'a> {
    /// ∂Y of some images.
    pub(super) dy: &'a [f32],
    /// Number of rows of ∂Y.
    pub(super) rows: usize,
    /// U.
    pub(super) u: &'a [f32],
    pub(super) taps: &'a Taps,
    /// Where vectors begin in a row of U and in a row of ∂Y.
    pub(super) vectors: &'a [[usize; 2]],
    /// Number of values from one row of ∂Y to the next.
    pub(super) stride: usize,
}

/// Number of values of a vector.
pub(super) fn lanes(level: Level) -> usize {
    match level {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => avx512::LANES,
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => avx2::LANES,
        Level::Portable => portable::LANES,
    }
}

/// Writes rows `row..row + rows` (6 at most) of the columns that begin at `bases` in U and at `to` in row 0 of `y`
/// (as many as a tile has, or one). Returns how many rows and vectors were written.
#[allow(unsafe_code)]
pub(super) fn product(level: Level, of: &Product<'_>, row: usize, bases: &[[usize; 2]], y: &mut [f32]) -> [usize; 2] {
    match level {
        // SAFETY: `Level::best` found the instructions.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { avx512::product(of, row, bases, y) },
        // SAFETY: the same.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { avx2::product(of, row, bases, y) },
        Level::Portable => portable::product(of, row, bases, y),
    }
}

/// Adds a tile to `sums`, `[rows of ∂Y, taps]`. Returns how many rows and taps it had.
#[allow(unsafe_code)]
pub(super) fn gradient(level: Level, of: &Gradient<'_>, row: usize, tap: usize, sums: &mut [f32]) -> [usize; 2] {
    match level {
        // SAFETY: `Level::best` found the instructions.
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => unsafe { avx512::gradient(of, row, tap, sums) },
        // SAFETY: the same.
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => unsafe { avx2::gradient(of, row, tap, sums) },
        Level::Portable => portable::gradient(of, row, tap, sums),
    }
}

/// The tiles of one instruction set. The module has `Vector`, `splat`, `load`, `store`, `mul_add` and `sum`.
macro_rules! tiles {
    ($lanes:literal, $vectors:literal, $gradient_rows:literal $(, $features:meta)?) => {
        use super::{Gradient, Product};

        pub(super) const LANES: usize = $lanes;

        $(#[$features])?
        pub(super) fn product(of: &Product<'_>, row: usize, bases: &[[usize; 2]], y: &mut [f32]) -> [usize; 2] {
            match (of.bias.len() - row, bases.len() >= $vectors) {
                (6.., true) => product_tile::<6, $vectors>(of, row, bases, y),
                (4.., true) => product_tile::<4, $vectors>(of, row, bases, y),
                (2.., true) => product_tile::<2, $vectors>(of, row, bases, y),
                (_, true) => product_tile::<1, $vectors>(of, row, bases, y),
                (6.., false) => product_tile::<6, 1>(of, row, bases, y),
                (4.., false) => product_tile::<4, 1>(of, row, bases, y),
                (2.., false) => product_tile::<2, 1>(of, row, bases, y),
                (_, false) => product_tile::<1, 1>(of, row, bases, y),
            }
        }

        $(#[$features])?
        #[allow(unsafe_code)]
        fn product_tile<const M: usize, const V: usize>(
            of: &Product<'_>,
            row: usize,
            bases: &[[usize; 2]],
            y: &mut [f32],
        ) -> [usize; 2] {
            let count = of.taps.len();
            let mut weights: [&[f32]; M] = [&[]; M];
            let mut sums = [[splat(0.0); V]; M];
            for m in 0..M {
                weights[m] = &of.weights[(row + m) * count..][..count];
                sums[m] = [splat(of.bias[row + m]); V];
            }
            let mut starts = [0; V];
            for v in 0..V {
                starts[v] = bases[v][0];
                assert!(starts[v] + of.taps.largest + $lanes <= of.u.len());
            }
            let offsets = &of.taps.offsets[..count];
            for k in 0..count {
                let mut columns = [splat(0.0); V];
                for v in 0..V {
                    // SAFETY: within `u`, by the assertion above.
                    columns[v] = unsafe { load(of.u.as_ptr().add(starts[v] + offsets[k])) };
                }
                for m in 0..M {
                    let weight = splat(weights[m][k]);
                    for v in 0..V {
                        sums[m][v] = mul_add(weight, columns[v], sums[m][v]);
                    }
                }
            }
            for m in 0..M {
                for v in 0..V {
                    let to = &mut y[bases[v][1] + (row + m) * of.stride..][..$lanes];
                    // SAFETY: `to` has as many values as a vector.
                    unsafe { store(to.as_mut_ptr(), sums[m][v]) };
                }
            }
            [M, V]
        }

        $(#[$features])?
        pub(super) fn gradient(of: &Gradient<'_>, row: usize, tap: usize, sums: &mut [f32]) -> [usize; 2] {
            match (of.rows - row >= $gradient_rows, of.taps.len() - tap) {
                (true, 6..) => gradient_tile::<$gradient_rows, 6>(of, row, tap, sums),
                (true, 3..) => gradient_tile::<$gradient_rows, 3>(of, row, tap, sums),
                (true, _) => gradient_tile::<$gradient_rows, 1>(of, row, tap, sums),
                (false, 6..) => gradient_tile::<1, 6>(of, row, tap, sums),
                (false, 3..) => gradient_tile::<1, 3>(of, row, tap, sums),
                (false, _) => gradient_tile::<1, 1>(of, row, tap, sums),
            }
        }

        $(#[$features])?
        #[allow(unsafe_code)]
        fn gradient_tile<const M: usize, const N: usize>(
            of: &Gradient<'_>,
            row: usize,
            tap: usize,
            sums: &mut [f32],
        ) -> [usize; 2] {
            let count = of.taps.len();
            let mut offsets = [0; N];
            offsets.copy_from_slice(&of.taps.offsets[tap..tap + N]);
            let mut acc = [[splat(0.0); N]; M];
            for &[u, dy] in of.vectors {
                let dy = dy + row * of.stride;
                assert!(dy + (M - 1) * of.stride + $lanes <= of.dy.len());
                assert!(u + of.taps.largest + $lanes <= of.u.len());
                let mut rows = [splat(0.0); M];
                for m in 0..M {
                    // SAFETY: within `dy`, by the first assertion.
                    rows[m] = unsafe { load(of.dy.as_ptr().add(dy + m * of.stride)) };
                }
                for n in 0..N {
                    // SAFETY: within `u`, by the second assertion.
                    let column = unsafe { load(of.u.as_ptr().add(u + offsets[n])) };
                    for m in 0..M {
                        acc[m][n] = mul_add(rows[m], column, acc[m][n]);
                    }
                }
            }
            for m in 0..M {
                let sums = &mut sums[(row + m) * count + tap..][..N];
                for n in 0..N {
                    sums[n] += sum(acc[m][n]);
                }
            }
            [M, N]
        }
    };
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod avx512 {
    use std::arch::x86_64::{
        _mm512_fmadd_ps as mul_add, _mm512_loadu_ps as load, _mm512_reduce_add_ps as sum, _mm512_set1_ps as splat,
        _mm512_storeu_ps as store,
    };

    tiles!(16, 4, 4, target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl"));
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::{
        __m256, _mm_add_ps, _mm_add_ss, _mm_cvtss_f32, _mm_movehl_ps, _mm_shuffle_ps, _mm256_castps256_ps128,
        _mm256_extractf128_ps, _mm256_fmadd_ps as mul_add, _mm256_loadu_ps as load, _mm256_set1_ps as splat,
        _mm256_storeu_ps as store,
    };

    #[target_feature(enable = "avx2,fma")]
    fn sum(x: __m256) -> f32 {
        let x = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps::<1>(x));
        let x = _mm_add_ps(x, _mm_movehl_ps(x, x));
        _mm_cvtss_f32(_mm_add_ss(x, _mm_shuffle_ps::<1>(x, x)))
    }

    tiles!(8, 2, 2, target_feature(enable = "avx2,fma"));
}

mod portable {
    type Vector = [f32; 8];

    #[inline(always)]
    fn splat(x: f32) -> Vector {
        [x; 8]
    }

    /// # Safety
    /// There are 8 values at `from`.
    #[allow(unsafe_code)]
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Vector {
        // SAFETY: the caller's.
        unsafe { from.cast::<Vector>().read() }
    }

    /// # Safety
    /// There is room for 8 values at `to`.
    #[allow(unsafe_code)]
    #[inline(always)]
    unsafe fn store(to: *mut f32, x: Vector) {
        // SAFETY: the caller's.
        unsafe { to.cast::<Vector>().write(x) }
    }

    #[inline(always)]
    fn mul_add(a: Vector, b: Vector, mut c: Vector) -> Vector {
        for i in 0..8 {
            // Without the instruction a fused one would be a call of a function.
            c[i] = if cfg!(any(target_arch = "aarch64", target_feature = "fma")) {
                a[i].mul_add(b[i], c[i])
            } else {
                a[i] * b[i] + c[i]
            };
        }
        c
    }

    #[inline(always)]
    fn sum(x: Vector) -> f32 {
        ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7]))
    }

    tiles!(8, 1, 1);
}
