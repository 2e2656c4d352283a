#![doc = include_str!("../README.md")]

mod actions;
mod ends;
mod fault;
mod frames;
mod tracking_errors;

pub use fault::DatasetFault;
pub use tracking_errors::{NothingTracked, TrackingErrorRow, TrackingErrors};

use pusht_data::Episode;
use pusht_vision::VisionError;

/// An episode, and its index in the dataset.
struct Numbered<'a> {
    index: usize,
    of: &'a Episode,
}

/// Looks for what cannot be meant in episodes of one dataset, of which the first has the index `first`: all rows of actions
/// and states, three frames of each episode. An empty list says that nothing was noticed.
///
/// For data whose frames show the T; frames that are not 96 × 96 are not looked at, and episodes may be without frames.
///
/// # Errors
/// A goal that is not finite.
pub fn dataset_faults(episodes: &[Episode], first: usize) -> Result<Vec<DatasetFault>, VisionError> {
    let numbered = |(at, of)| Numbered { index: first + at, of };
    let episodes: Vec<_> = episodes.iter().enumerate().map(numbered).collect();
    if let Some(fault) = actions::unit(&episodes) {
        return Ok(vec![fault]);
    }
    let mut faults: Vec<_> = actions::off_board(&episodes).into_iter().collect();
    faults.extend(actions::unexplained(&episodes));
    if faults.is_empty() {
        let joined = || episodes.iter().find_map(actions::joined);
        faults.extend(ends::shifted(&episodes).or_else(joined));
    }
    faults.extend(frames::unseen(&episodes)?);
    Ok(faults)
}

/// Why a dataset is not used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnusableDataset {
    /// Nothing can be learned from it as it is.
    #[error("{0}")]
    Fault(DatasetFault),
    /// A goal that is not finite.
    #[error(transparent)]
    Vision(#[from] VisionError),
}

/// Refuses a whole dataset with a fault from which nothing can be learned ([`DatasetFault::is_unusable`]); `warn` is told the
/// other faults, first.
///
/// # Errors
/// The first such fault; a goal that is not finite.
pub fn check_dataset(episodes: &[Episode], mut warn: impl FnMut(&DatasetFault)) -> Result<(), UnusableDataset> {
    let (unusable, odd): (Vec<_>, Vec<_>) = dataset_faults(episodes, 0)?
        .into_iter()
        .partition(DatasetFault::is_unusable);
    odd.iter().for_each(&mut warn);
    unusable
        .into_iter()
        .next()
        .map_or(Ok(()), |fault| Err(UnusableDataset::Fault(fault)))
}

fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}
