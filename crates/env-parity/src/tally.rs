//! Collects the largest error of each comparison of a file.

use crate::Check;

pub(crate) struct Tally {
    file: &'static str,
    checks: Vec<Check>,
}

impl Tally {
    pub fn new(file: &'static str) -> Self {
        Self {
            file,
            checks: Vec::new(),
        }
    }

    /// Compares values with their recorded counterparts under the name of the array; `limit` is the largest difference
    /// that passes. NaN equals only NaN.
    pub fn compare(&mut self, array: &str, limit: f64, found: &[f64], recorded: &[f64]) {
        let check = self.check(array, limit);
        check.values += recorded.len();
        if found.len() != recorded.len() {
            check.error = f64::INFINITY;
        }
        for (f, r) in found.iter().zip(recorded) {
            let error = (f - r).abs();
            if error > check.error {
                check.error = error;
            } else if error.is_nan() && !(f.is_nan() && r.is_nan()) && f != r {
                check.error = f64::INFINITY;
            }
        }
    }

    /// Compares one value that must be equal.
    pub fn equal(&mut self, array: &str, found: f64, recorded: f64) {
        self.compare(array, 0.0, &[found], &[recorded]);
    }

    fn check(&mut self, array: &str, limit: f64) -> &mut Check {
        let name = format!("{}/{array}", self.file);
        let at = self.checks.iter().position(|c| c.name == name).unwrap_or_else(|| {
            self.checks.push(Check {
                name,
                values: 0,
                error: 0.0,
                limit,
            });
            self.checks.len() - 1
        });
        &mut self.checks[at]
    }

    pub fn finish(self) -> Vec<Check> {
        self.checks
    }
}
