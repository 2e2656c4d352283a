//! Paths in numbers that are independent and of variance 1 over the demonstrations.
//!
//! A path is the agent's next [`AHEAD`] displacements from where it is, along each axis. With the covariance of the
//! demonstrations, Σ = L Lᵀ over both axes, a path is x = L z; z is what the flow works on. An error of the flow then
//! is small where demonstrations vary little: it makes no path rough.

use serde::{Deserialize, Serialize};

/// Positions of a path.
pub const AHEAD: usize = 8;
/// Added to the variances, px², so that an agent that never moved still has a covariance to factorize.
const FLOOR: f64 = 0.05;

/// Lower Cholesky factor of the displacements' covariance, px.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Whitening {
    factor: Vec<Vec<f64>>,
}

impl Whitening {
    /// The factor for these displacements, one row per path and axis.
    pub fn of(paths: &[[f64; AHEAD]]) -> Self {
        let n = paths.len().max(1) as f64;
        let covariance = |i: usize, j: usize| {
            let sum: f64 = paths.iter().map(|p| p[i] * p[j]).sum();
            sum / n + if i == j { FLOOR } else { 0.0 }
        };
        let mut factor: Vec<Vec<f64>> = Vec::with_capacity(AHEAD);
        for i in 0..AHEAD {
            let mut row = vec![0.0; i + 1];
            for j in 0..=i {
                let other = if i == j { &row } else { &factor[j] };
                let dot: f64 = (0..j).map(|m| row[m] * other[m]).sum();
                let rest = covariance(i, j) - dot;
                row[j] = if i == j {
                    rest.max(FLOOR).sqrt()
                } else {
                    rest / factor[j][j]
                };
            }
            factor.push(row);
        }
        Self { factor }
    }

    /// Checks what was read from a file.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&self) -> Result<(), String> {
        let rows = self.factor.iter().enumerate();
        let whole = self.factor.len() == AHEAD && rows.clone().all(|(i, row)| row.len() == i + 1);
        if !whole {
            return Err(format!("expected a triangle of {AHEAD} rows"));
        }
        if self.factor.iter().flatten().any(|x| !x.is_finite()) || rows.clone().any(|(i, row)| row[i] <= 0.0) {
            return Err("expected finite numbers, above 0 on the diagonal".to_owned());
        }
        Ok(())
    }

    /// z of a path along one axis.
    pub fn whiten(&self, path: &[f64; AHEAD]) -> [f64; AHEAD] {
        let mut z = [0.0; AHEAD];
        for (i, row) in self.factor.iter().enumerate() {
            let dot: f64 = (0..i).map(|j| row[j] * z[j]).sum();
            z[i] = (path[i] - dot) / row[i];
        }
        z
    }

    /// The path of z along one axis, px.
    pub fn path(&self, z: &[f64; AHEAD]) -> [f64; AHEAD] {
        std::array::from_fn(|i| self.factor[i].iter().zip(z).map(|(l, z)| l * z).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_comes_back() {
        let paths: Vec<[f64; AHEAD]> = (0..40)
            .map(|n| std::array::from_fn(|i| f64::from(n % 7 - 3) * i as f64 + f64::from(n % 3)))
            .collect();
        let whitening = Whitening::of(&paths);
        whitening.check().unwrap();
        let back = whitening.path(&whitening.whiten(&paths[5]));
        assert!(paths[5].iter().zip(back).all(|(a, b)| (a - b).abs() < 1e-9));
    }

    #[test]
    fn an_agent_that_rests_is_no_division_by_zero() {
        let whitening = Whitening::of(&[[0.0; AHEAD]; 4]);
        whitening.check().unwrap();
        assert_eq!(whitening.whiten(&[0.0; AHEAD]), [0.0; AHEAD]);
    }
}
