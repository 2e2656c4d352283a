//! Eigenvalues of small symmetric matrices by Jacobi's rotations, and the square root that follows from them.
//!
//! Written here because it is sixty lines for matrices of twenty rows, and gives the same bits on every machine; a linear
//! algebra crate would be the largest dependency of this one.

/// A square matrix of rows.
pub(crate) type Square<const N: usize> = [[f64; N]; N];

/// Sweeps after which the rotations have long converged.
const SWEEPS: usize = 60;

/// Eigenvalues and eigenvectors (columns) of a symmetric matrix (cyclic Jacobi; Golub and Van Loan, "Matrix Computations",
/// section 8.5).
pub(crate) fn eigen<const N: usize>(mut a: Square<N>) -> ([f64; N], Square<N>) {
    let mut v: Square<N> = std::array::from_fn(|i| std::array::from_fn(|j| f64::from(u8::from(i == j))));
    let scale: f64 = a.iter().flatten().map(|x| x * x).sum();
    for _ in 0..SWEEPS {
        let off: f64 = (0..N)
            .flat_map(|i| (0..i).map(move |j| (i, j)))
            .map(|(i, j)| a[i][j] * a[i][j])
            .sum();
        if off <= 1e-30 * scale {
            break;
        }
        for p in 0..N {
            for q in p + 1..N {
                if a[p][q] == 0.0 {
                    continue;
                }
                let tau = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
                let t = tau.signum() / (tau.abs() + (1.0 + tau * tau).sqrt());
                let c = 1.0 / (1.0 + t * t).sqrt();
                let s = t * c;
                for row in &mut a {
                    (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
                }
                for k in 0..N {
                    (a[p][k], a[q][k]) = (c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]);
                }
                for row in &mut v {
                    (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
                }
            }
        }
    }
    (std::array::from_fn(|i| a[i][i]), v)
}

/// The positive semidefinite square root; eigenvalues that rounding has made negative count as 0.
pub(crate) fn root<const N: usize>(a: Square<N>) -> Square<N> {
    let (values, v) = eigen(a);
    let roots = values.map(|x| x.max(0.0).sqrt());
    std::array::from_fn(|i| std::array::from_fn(|j| (0..N).map(|k| v[i][k] * roots[k] * v[j][k]).sum()))
}

/// a b.
pub(crate) fn product<const N: usize>(a: &Square<N>, b: &Square<N>) -> Square<N> {
    std::array::from_fn(|i| {
        let mut row = [0.0; N];
        for k in 0..N {
            for j in 0..N {
                row[j] += a[i][k] * b[k][j];
            }
        }
        row
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};

    #[test]
    fn roots_square_to_the_matrix() {
        let mut rng = rand_pcg::Pcg64::seed_from_u64(1);
        let b: Square<16> = std::array::from_fn(|_| std::array::from_fn(|_| rng.random_range(-1.0..1.0)));
        // b bᵀ, which is positive semidefinite.
        let a: Square<16> = std::array::from_fn(|i| std::array::from_fn(|j| (0..16).map(|k| b[i][k] * b[j][k]).sum()));
        let r = root(a);
        let back = product(&r, &r);
        let worst = (0..256)
            .map(|at| (back[at / 16][at % 16] - a[at / 16][at % 16]).abs())
            .fold(0.0, f64::max);
        assert!(worst < 1e-12, "{worst}");
    }

    #[test]
    fn known_eigenvalues() {
        let (mut values, _) = eigen([[2.0, 1.0, 0.0], [1.0, 2.0, 0.0], [0.0, 0.0, 0.0]]);
        values.sort_by(f64::total_cmp);
        for (found, expected) in values.iter().zip([0.0, 1.0, 3.0]) {
            assert!((found - expected).abs() < 1e-14, "{found} {expected}");
        }
    }
}
