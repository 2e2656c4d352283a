//! Comparison of a model with recorded tensors of another implementation.
//!
//! The error of a tensor is relative to its largest magnitude: max |found − recorded| / max |recorded|.
//!
#![doc = include_str!("../README.md")]

mod case;
mod flow;

use std::fmt;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use serde::Serialize;

use nn_kit::CheckpointError;

pub use case::Case;
pub use flow::FLOW_MODELS;

/// Largest permitted error of a single module.
pub const MODULE: f64 = 2e-5;
/// Largest permitted error of a pipeline of several steps, and of gradients.
pub const PIPELINE: f64 = 1e-4;
/// Largest permitted error of a schedule.
pub const SCHEDULE: f64 = 1e-6;

/// Errors of reading and recomputing a recording.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParityError {
    /// A file of the folder that is missing or damaged.
    #[error("{path:?} cannot be read: {reason}; a case has config.json, io.safetensors and, for a model, weights")]
    Unreadable {
        /// Path of the file.
        path: PathBuf,
        /// Reason of the failure.
        reason: String,
    },
    /// A model that is not in the table.
    #[error("{path:?} records {found:?}, which is not known; known are: {known}")]
    Unknown {
        /// Path of the folder.
        path: PathBuf,
        /// Model named by the configuration.
        found: String,
        /// Names of the models in the table.
        known: String,
    },
    /// A configuration that does not define a valid model.
    #[error("{path:?}: {reason}")]
    Config {
        /// Path of the folder.
        path: PathBuf,
        /// Which setting, what was expected and what was found.
        reason: String,
    },
    /// Weights that do not fit, or tensors that cannot be read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// Result of comparing one tensor or number.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// Name of the recorded tensor.
    pub name: String,
    /// Number of values compared.
    pub values: usize,
    /// Largest difference, relative to the largest recorded magnitude; NaN if a value is NaN.
    pub error: f64,
    /// Largest permitted error.
    pub limit: f64,
}

impl Check {
    /// Returns true if the error is within the limit.
    pub fn passed(&self) -> bool {
        self.error <= self.limit
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.passed() { "ok  " } else { "FAIL" };
        write!(
            f,
            "{word} {:<36} relative error {:<9.3e} limit {:<7.0e} {} values",
            self.name, self.error, self.limit, self.values
        )
    }
}

/// Result of comparing a recording.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ParityReport {
    /// Name of the model.
    pub model: String,
    /// Checks, one per tensor.
    pub checks: Vec<Check>,
    /// Recorded tensors that were neither used nor compared.
    pub unused: Vec<String>,
}

impl ParityReport {
    /// Returns true if something was compared and every check passed.
    pub fn passed(&self) -> bool {
        !self.checks.is_empty() && self.checks.iter().all(Check::passed)
    }

    /// Returns failed checks and unused tensors, one line each.
    pub fn problems(&self) -> Vec<String> {
        let nothing = self.checks.is_empty().then(|| "nothing was compared".to_string());
        let failed = self.checks.iter().filter(|check| !check.passed());
        let unused = self.unused.iter().map(|unused| format!("{unused} is not compared"));
        failed.map(ToString::to_string).chain(unused).chain(nothing).collect()
    }
}

/// Shows the model, one line per check, the unused tensors and a line of counts, all indented.
impl fmt::Display for ParityReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  {}", self.model)?;
        for check in &self.checks {
            writeln!(f, "  {check}")?;
        }
        for name in &self.unused {
            writeln!(f, "  --   {name} is recorded but not compared")?;
        }
        let failed = self.checks.iter().filter(|check| !check.passed()).count();
        write!(f, "  {} tensors, {failed} over their limit", self.checks.len())
    }
}

/// A model that can be compared with recordings.
#[derive(Clone, Copy, Debug)]
pub struct Model {
    /// Class name in the configuration of a recording.
    pub class: &'static str,
    /// Recomputes the recorded tensors and compares them.
    pub run: fn(&Case, &Device) -> Result<Vec<Check>, ParityError>,
}

/// Compares a folder with the model of `models` that its configuration names.
///
/// # Errors
/// A folder that cannot be read, or whose model is not in the table. A difference beyond the limit is a failed check,
/// not an error.
pub fn compare(folder: &Path, models: &[Model], device: &Device) -> Result<ParityReport, ParityError> {
    let case = Case::open(folder)?;
    // The class of a training step is a sentence; the table has its beginning.
    let exact = models.iter().find(|model| model.class == case.class());
    let Some(model) = exact.or_else(|| models.iter().find(|model| case.class().starts_with(model.class))) else {
        let known: Vec<&str> = models.iter().map(|model| model.class).collect();
        return Err(ParityError::Unknown {
            path: folder.to_path_buf(),
            found: case.class().to_string(),
            known: known.join(", "),
        });
    };
    let checks = (model.run)(&case, device)?;
    Ok(ParityReport {
        model: model.class.to_string(),
        checks,
        unused: case.unused(),
    })
}

/// Largest difference, relative to the largest recorded magnitude (absolute if all values are zero); NaN if a value is
/// NaN.
pub(crate) fn relative_error(found: &[f64], recorded: &[f64]) -> f64 {
    let largest = |values: &mut dyn Iterator<Item = f64>| {
        values.fold(0.0_f64, |most, v| {
            if v.is_nan() || most.is_nan() {
                f64::NAN
            } else {
                most.max(v)
            }
        })
    };
    let difference = largest(&mut found.iter().zip(recorded).map(|(a, b)| (a - b).abs()));
    let magnitude = largest(&mut recorded.iter().map(|v| v.abs()));
    difference / if magnitude == 0.0 { 1.0 } else { magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_relative_to_the_largest_magnitude_and_nan_never_passes() {
        assert_eq!(relative_error(&[1.0, -3.0], &[1.0, -4.0]), 0.25);
        assert_eq!(relative_error(&[0.5], &[0.0]), 0.5);
        let check = |error| Check {
            name: "z".into(),
            values: 2,
            error,
            limit: MODULE,
        };
        assert!(check(relative_error(&[1.0, 2.0], &[1.0, 2.0])).passed());
        assert!(!check(relative_error(&[f64::NAN, 2.0], &[1.0, 2.0])).passed());
        assert!(!check(relative_error(&[1.0, 2.0], &[f64::NAN, 2.0])).passed());
        let report = ParityReport {
            model: "Block".into(),
            checks: vec![check(1.0)],
            unused: vec!["y".into()],
        };
        let text = report.to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "  Block");
        assert!(lines[1].starts_with("  FAIL z "), "{text}");
        assert_eq!(
            lines[2..],
            [
                "  --   y is recorded but not compared",
                "  1 tensors, 1 over their limit"
            ]
        );
        assert!(check(1e-6).to_string().starts_with("ok"));
        assert!(check(1.0).to_string().starts_with("FAIL"));
    }
}
