//! Comparison of the PushT environment with recorded behavior of its Python references; for development only.
//!
//! A folder contains up to seven recordings: `rollouts.npz`, `coverage.npz`, `dp_resets.npz`, `dp_rollouts.npz`,
//! `demo_replay.npz`, `renders96.npz`, `vis680.npz`, some with a `.json` file; one of stable-worldmodel contains
//! `rollouts.npz`, `frames.npz` and `resets.npz`, with `rollouts.json`. Every array of every file is compared; the files
//! determine the number of cases.
//!
#![doc = include_str!("../README.md")]

mod coverage;
mod demo_replay;
mod diffusion_policy;
mod json;
mod npz;
mod renders;
mod rollouts;
mod speed;
mod stable_worldmodel;
mod tally;

use std::fmt;
use std::path::{Path, PathBuf};

use pusht_env::stable_worldmodel::SwmError;
use pusht_env::{EnvError, PushT};
use serde::Serialize;

use tally::Tally;

pub use speed::{RecordedActions, SpeedError, StepSpeed};

/// One comparison: the largest error over all its values.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// File and array, for example `rollouts/state`.
    pub name: String,
    /// Number of values compared.
    pub values: usize,
    /// Largest absolute difference; infinite if a value was not a number or had no counterpart.
    pub error: f64,
    /// Largest difference that passes; 0 requires equality.
    pub limit: f64,
}

impl Check {
    /// Whether the error is within the limit and at least one value was compared.
    pub fn passed(&self) -> bool {
        self.values > 0 && self.error <= self.limit
    }
}

/// Formats one line: whether it passed, its name, error and limit.
impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.passed() { "ok  " } else { "FAIL" };
        let Self {
            name,
            values,
            error,
            limit,
        } = self;
        write!(
            f,
            "{word} {name:<36} maximum error {error:<9.3e} limit {limit:<7.0e} {values} values"
        )
    }
}

/// Result of one folder.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ParityReport {
    /// Comparisons, file by file.
    pub checks: Vec<Check>,
    /// Recordings that the folder does not have.
    pub missing: Vec<&'static str>,
}

impl ParityReport {
    /// Whether all comparisons passed.
    pub fn passed(&self) -> bool {
        self.checks.iter().all(Check::passed)
    }
}

/// Formats one line per comparison, the missing recordings, and a line of counts, all indented.
impl fmt::Display for ParityReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for check in &self.checks {
            writeln!(f, "  {check}")?;
        }
        for missing in &self.missing {
            writeln!(f, "  --   {missing} is not there")?;
        }
        let failed = self.checks.iter().filter(|check| !check.passed()).count();
        write!(
            f,
            "  {} comparisons, {failed} failed, {} recordings not there",
            self.checks.len(),
            self.missing.len()
        )
    }
}

/// Errors that prevent the comparison of a folder.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParityError {
    /// A missing folder, or one without recordings.
    #[error("{} {what}; expected a folder with recordings such as rollouts.npz or coverage.npz", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A file that is not in the expected format.
    #[error("{} cannot be read: {reason}; it is damaged or not a recording of this layout", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The reader's error.
        reason: String,
    },
    /// An array that is missing or has another shape or type.
    #[error("{}: array {name:?} {what}; the file is damaged or not a recording of this layout", path.display())]
    Array {
        /// The file.
        path: PathBuf,
        /// The array.
        name: String,
        /// What is wrong with it.
        what: String,
    },
    /// A recorded value that the environment refuses.
    #[error("{}: {source}", path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// The environment's error.
        source: EnvError,
    },
    /// A recorded value that stable-worldmodel's environment refuses.
    #[error("{}: {source}", path.display())]
    StableWorldmodel {
        /// The file.
        path: PathBuf,
        /// The environment's error.
        source: Box<SwmError>,
    },
}

impl ParityError {
    fn unreadable(path: &Path, error: &impl ToString) -> Self {
        Self::Unreadable {
            path: path.to_owned(),
            reason: error.to_string(),
        }
    }

    fn value(path: &Path) -> impl Fn(EnvError) -> Self {
        move |source| Self::Value {
            path: path.to_owned(),
            source,
        }
    }
}

type Compare = fn(&Path, &mut Tally) -> Result<(), ParityError>;

const RECORDINGS: [(&str, Compare); 7] = [
    ("rollouts.npz", rollouts::compare),
    ("coverage.npz", coverage::compare),
    ("dp_resets.npz", diffusion_policy::compare_resets),
    ("dp_rollouts.npz", diffusion_policy::compare_rollouts),
    ("demo_replay.npz", demo_replay::compare),
    ("renders96.npz", renders::compare_observations),
    ("vis680.npz", renders::compare_visualizations),
];

/// Compares the environment with every recording in `folder`.
///
/// # Errors
/// A folder without any recording, or a file that is damaged or of another format. Differences are not errors; they are
/// in the report.
pub fn compare(folder: &Path) -> Result<ParityReport, ParityError> {
    let problem = |what| ParityError::Folder {
        path: folder.to_owned(),
        what,
    };
    if !folder.is_dir() {
        return Err(problem("is not a folder"));
    }
    let mut report = ParityReport {
        checks: Vec::new(),
        missing: Vec::new(),
    };
    let recordings: &[(&'static str, Compare)] = if stable_worldmodel::is_here(folder) {
        &stable_worldmodel::RECORDINGS
    } else {
        &RECORDINGS
    };
    for &(name, compare) in recordings {
        let path = folder.join(name);
        if path.exists() {
            let mut tally = Tally::new(name.trim_end_matches(".npz"));
            compare(&path, &mut tally)?;
            report.checks.extend(tally.finish());
        } else {
            report.missing.push(name);
        }
    }
    if report.missing.len() == recordings.len() {
        return Err(problem("holds none of the recordings"));
    }
    Ok(report)
}

/// The columns of a recorded state: agent position and velocity, pose of the T, its velocities.
fn state_row(env: &PushT) -> [f64; 10] {
    let [ax, ay, x, y, angle] = env.state().to_row();
    let [avx, avy] = env.agent_velocity();
    let velocity = env.block_velocity();
    let [vx, vy] = velocity.linear;
    [ax, ay, avx, avy, x, y, angle, vx, vy, velocity.angular]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_a_line_a_comparison_and_a_line_of_counts() {
        let check = |name: &str, error: f64| Check {
            name: name.to_owned(),
            values: 3,
            error,
            limit: 1e-6,
        };
        let report = ParityReport {
            checks: vec![check("rollouts/state", 0.0), check("rollouts/reward", 0.5)],
            missing: vec!["coverage.npz"],
        };
        assert!(!report.passed());
        let text = report.to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("  ok   rollouts/state "), "{text}");
        assert!(lines[1].starts_with("  FAIL rollouts/reward "), "{text}");
        assert_eq!(lines[2], "  --   coverage.npz is not there");
        assert_eq!(lines[3], "  2 comparisons, 1 failed, 1 recordings not there");
    }
}
