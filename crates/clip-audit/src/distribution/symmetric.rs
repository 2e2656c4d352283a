//! Eigenvalues of symmetric matrices by Jacobi rotations, and the matrix square root.
//!
//! Implemented here because it is short, suits matrices of up to some hundred rows and gives the same bits on every
//! machine; a linear algebra crate would be the largest dependency of this one.

/// A square matrix in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Square {
    pub(crate) n: usize,
    pub(crate) values: Vec<f64>,
}

/// Maximum number of sweeps; the rotations converge much earlier.
const SWEEPS: usize = 60;

impl Square {
    pub(crate) fn new(n: usize, of: impl Fn(usize, usize) -> f64) -> Self {
        let values = (0..n * n).map(|at| of(at / n, at % n)).collect();
        Self { n, values }
    }

    pub(crate) fn at(&self, row: usize, column: usize) -> f64 {
        self.values[row * self.n + column]
    }

    pub(crate) fn trace(&self) -> f64 {
        (0..self.n).map(|i| self.at(i, i)).sum()
    }

    /// Matrix product `self · other`.
    pub(crate) fn times(&self, other: &Self) -> Self {
        let n = self.n;
        let mut out = Self::new(n, |_, _| 0.0);
        for (i, row) in out.values.chunks_exact_mut(n).enumerate() {
            for k in 0..n {
                let factor = self.at(i, k);
                for (sum, value) in row.iter_mut().zip(&other.values[k * n..(k + 1) * n]) {
                    *sum += factor * value;
                }
            }
        }
        out
    }

    /// Eigenvalues of a symmetric matrix, and eigenvectors as rows (cyclic Jacobi; Golub and Van Loan, "Matrix Computations",
    /// section 8.5).
    pub(crate) fn eigen(mut self) -> (Vec<f64>, Self) {
        let n = self.n;
        let mut vectors = Self::new(n, |i, j| f64::from(u8::from(i == j)));
        let scale: f64 = self.values.iter().map(|x| x * x).sum();
        for _ in 0..SWEEPS {
            let below = (0..n).flat_map(|i| (0..i).map(move |j| (i, j)));
            if below.map(|(i, j)| self.at(i, j).powi(2)).sum::<f64>() <= 1e-30 * scale {
                break;
            }
            for p in 0..n {
                for q in p + 1..n {
                    self.rotate(p, q, &mut vectors);
                }
            }
        }
        ((0..n).map(|i| self.at(i, i)).collect(), vectors)
    }

    /// Makes the entry (p, q) zero by a rotation in that plane.
    fn rotate(&mut self, p: usize, q: usize, vectors: &mut Self) {
        let (n, off) = (self.n, self.at(p, q));
        if off == 0.0 {
            return;
        }
        let tau = (self.at(q, q) - self.at(p, p)) / (2.0 * off);
        let t = tau.signum() / (tau.abs() + (1.0 + tau * tau).sqrt());
        let c = 1.0 / (1.0 + t * t).sqrt();
        let s = t * c;
        for row in self.values.chunks_exact_mut(n) {
            (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
        }
        for matrix in [self, vectors] {
            let (upper, lower) = matrix.values.split_at_mut(q * n);
            for (a, b) in upper[p * n..(p + 1) * n].iter_mut().zip(&mut lower[..n]) {
                (*a, *b) = (c * *a - s * *b, s * *a + c * *b);
            }
        }
    }

    /// The positive semidefinite square root; eigenvalues that rounding has made negative count as 0.
    pub(crate) fn root(self) -> Self {
        let n = self.n;
        let (values, vectors) = self.eigen();
        let roots: Vec<f64> = values.iter().map(|x| x.max(0.0).sqrt()).collect();
        let scaled = Self::new(n, |i, k| vectors.at(k, i) * roots[k]);
        scaled.times(&vectors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};

    #[test]
    fn roots_square_to_the_matrix() {
        let mut rng = rand_pcg::Pcg64::seed_from_u64(1);
        let values: Vec<f64> = (0..16 * 16).map(|_| rng.random_range(-1.0..1.0)).collect();
        let b = Square { n: 16, values };
        // b bᵀ, which is positive semidefinite.
        let a = b.times(&Square::new(16, |i, j| b.at(j, i)));
        let r = a.clone().root();
        let back = r.times(&r);
        let worst = back.values.iter().zip(&a.values).map(|(x, y)| (x - y).abs());
        assert!(worst.fold(0.0, f64::max) < 1e-12);
    }

    #[test]
    fn known_eigenvalues() {
        let rows = [[2.0, 1.0, 0.0], [1.0, 2.0, 0.0], [0.0, 0.0, 0.0]];
        let (mut values, _) = Square::new(3, |i, j| rows[i][j]).eigen();
        values.sort_by(f64::total_cmp);
        for (found, expected) in values.iter().zip([0.0, 1.0, 3.0]) {
            assert!((found - expected).abs() < 1e-14, "{found} {expected}");
        }
    }
}
