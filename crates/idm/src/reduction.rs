//! Reduction of a model's eight actions to one per frame.

use pusht_env::Action;
use serde::{Deserialize, Serialize};

/// Number of frames in a window of the learned model.
pub const WINDOW: usize = 16;

/// Number of actions predicted per window.
pub const CHUNK: usize = 8;

/// Offset of the first action in a window: in a window that starts at frame s, action j is the one taken at frame s +
/// `CHUNK_OFFSET` + j. An inverse model need not be causal, so that the chunk lies in the middle.
pub const CHUNK_OFFSET: usize = 4;

/// Reduction of the chunk that starts at a frame to one action. Windows slide by one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reduction {
    /// The mean of the eight: the action taken at the frame, averaged over the following 0.7 s.
    Mean,
    /// The sum of the eight. Actions are absolute positions, so that the sum lies outside the board; it is included
    /// because the paper tested it.
    Sum,
    /// The first: the action taken at the frame.
    First,
}

impl Reduction {
    /// All reductions, in the order of the paper.
    pub const ALL: [Self; 3] = [Self::Mean, Self::Sum, Self::First];

    /// Name on the command line and in results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Sum => "sum",
            Self::First => "first",
        }
    }

    /// Reduces a chunk to one action, px.
    pub fn reduce(self, chunk: &[Action; CHUNK]) -> Action {
        let sum = |k: usize| chunk.iter().map(|a| a[k]).sum::<f32>();
        match self {
            Self::Mean => [0, 1].map(|k| sum(k) / CHUNK as f32),
            Self::Sum => [sum(0), sum(1)],
            Self::First => chunk[0],
        }
    }
}

impl std::fmt::Display for Reduction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_become_one() {
        let chunk: [Action; CHUNK] = std::array::from_fn(|j| [j as f32, 10.0]);
        assert_eq!(Reduction::Mean.reduce(&chunk), [3.5, 10.0]);
        assert_eq!(Reduction::Sum.reduce(&chunk), [28.0, 80.0]);
        assert_eq!(Reduction::First.reduce(&chunk), [0.0, 10.0]);
    }
}
