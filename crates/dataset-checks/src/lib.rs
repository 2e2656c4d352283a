#![doc = include_str!("../README.md")]

mod actions;
mod fault;
mod frames;

pub use fault::DatasetFault;

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
/// For data whose frames show the standard colors and the T; frames that are not 96 × 96 are not looked at.
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
        faults.extend(episodes.iter().find_map(actions::joined));
    }
    faults.extend(frames::unseen(&episodes)?);
    Ok(faults)
}

fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}
