//! How a model's eight actions become one a frame.

use pusht_env::Action;
use serde::{Deserialize, Serialize};

/// Frames that the learned model sees.
pub const WINDOW: usize = 16;

/// Actions that it emits.
pub const CHUNK: usize = 8;

/// Frames of the window before the one that the first action belongs to: of a window that begins at frame s, action j
/// is the one taken at frame s + `CHUNK_OFFSET` + j. An inverse model need not be causal, so the chunk lies in the middle.
pub const CHUNK_OFFSET: usize = 4;

/// What becomes of the chunk that begins at a frame. Windows slide by one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reduction {
    /// The mean of the eight: the action taken at the frame, blurred over the 0.7 s that follow.
    Mean,
    /// Their sum. Actions are absolute positions, so a sum of eight lies outside of the board; it is here because the
    /// paper tried it.
    Sum,
    /// The first: the action taken at the frame.
    First,
}

impl Reduction {
    /// All of them, in the order of the paper.
    pub const ALL: [Self; 3] = [Self::Mean, Self::Sum, Self::First];

    /// Its name on the command line and in results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Sum => "sum",
            Self::First => "first",
        }
    }

    /// The one action, px.
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
