//! Training, validation and test parts, 80/10/10, made before any augmentation.
//!
//! A part is a list of [`FrameRef`]s into a list of episodes. Units (frames, episodes, or augmented copies, depending
//! on the protocol) are shuffled by a PCG64 seeded with the split's seed and assigned to parts; validation and test get
//! a tenth each, rounded, at least one unit. Every list is sorted, so that two parts can be compared and read in order.

use std::fmt;
use std::str::FromStr;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};

/// Reference to one row of one episode, original or transformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FrameRef {
    /// Index into the list of episodes.
    pub episode: usize,
    /// Row within the episode.
    pub row: usize,
    /// Index into the loader's list of transforms; 0 is the original frame.
    pub copy: usize,
}

impl FrameRef {
    /// A reference to an original frame.
    pub const fn new(episode: usize, row: usize) -> Self {
        Self { episode, row, copy: 0 }
    }

    /// References to frames in all `copies` transforms, grouped by frame.
    pub fn augmented(refs: &[Self], copies: usize) -> Vec<Self> {
        augmented(refs.iter().copied(), copies).collect()
    }
}

/// Unit that is assigned to the parts; part of every result, because results of the three are not comparable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SplitProtocol {
    /// Single frames, as in the paper. Test frames have neighbors, 0.1 s away, in the training part.
    ByFrame,
    /// Whole episodes: no part contains frames of another part's episodes.
    ByEpisode,
    /// Augmented copies of single frames, split after augmentation: the test part holds rotated copies of training
    /// frames. Only for measuring that leak, which the paper suspects in its own figures.
    AugmentBeforeSplit,
}

impl SplitProtocol {
    /// The name in results and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ByFrame => "by-frame",
            Self::ByEpisode => "by-episode",
            Self::AugmentBeforeSplit => "augment-before-split",
        }
    }
}

impl fmt::Display for SplitProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for SplitProtocol {
    type Err = SplitError;

    fn from_str(text: &str) -> Result<Self, SplitError> {
        [Self::ByFrame, Self::ByEpisode, Self::AugmentBeforeSplit]
            .into_iter()
            .find(|p| p.name() == text)
            .ok_or_else(|| SplitError::Unknown { found: text.to_owned() })
    }
}

/// Disjoint parts that together contain every unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// Unit of the split.
    pub protocol: SplitProtocol,
    /// The seed of the shuffle.
    pub seed: u64,
    /// Eight tenths of the units.
    pub train: Vec<FrameRef>,
    /// A tenth of the units.
    pub validation: Vec<FrameRef>,
    /// A tenth of the units.
    pub test: Vec<FrameRef>,
}

impl Split {
    /// Seed of every split for which none is chosen. All trainings and evaluations use it, whatever seeds their models have, so
    /// that what one of them holds out is held out of the others too.
    pub const SEED: u64 = 0;

    /// Splits episodes of these lengths. `copies` is the number of transforms of the augmentation (identity included);
    /// only [`SplitProtocol::AugmentBeforeSplit`] assigns copies, the others split original frames.
    ///
    /// # Errors
    /// Fewer than three units: no part may be empty.
    pub fn new(lengths: &[usize], protocol: SplitProtocol, copies: usize, seed: u64) -> Result<Self, SplitError> {
        let frames = || {
            let rows = |(episode, &n): (usize, &usize)| (0..n).map(move |row| FrameRef::new(episode, row));
            lengths.iter().enumerate().flat_map(rows)
        };
        let units: Vec<Vec<FrameRef>> = match protocol {
            SplitProtocol::ByFrame => frames().map(|f| vec![f]).collect(),
            SplitProtocol::ByEpisode => {
                let rows = |(episode, &n): (usize, &usize)| (0..n).map(|row| FrameRef::new(episode, row)).collect();
                lengths.iter().enumerate().map(rows).collect()
            }
            SplitProtocol::AugmentBeforeSplit => augmented(frames(), copies).map(|f| vec![f]).collect(),
        };
        let found = units.len();
        if found < 3 {
            return Err(SplitError::TooFew { protocol, found });
        }
        let tenth = ((found as f64 / 10.0).round() as usize).max(1);
        let mut order: Vec<usize> = (0..found).collect();
        order.shuffle(&mut Pcg64::seed_from_u64(seed));
        let part = |chosen: &[usize]| {
            let mut refs: Vec<FrameRef> = chosen.iter().flat_map(|&u| units[u].iter().copied()).collect();
            refs.sort_unstable();
            refs
        };
        Ok(Self {
            protocol,
            seed,
            train: part(&order[2 * tenth..]),
            validation: part(&order[..tenth]),
            test: part(&order[tenth..2 * tenth]),
        })
    }

    /// The training part with every frame in all `copies` transforms, for augmentation after the split.
    pub fn augmented_train(&self, copies: usize) -> Vec<FrameRef> {
        FrameRef::augmented(&self.train, copies)
    }

    /// The episodes with at least one frame in `part`, in ascending order.
    pub fn episodes_of(part: &[FrameRef]) -> Vec<usize> {
        let mut episodes: Vec<usize> = part.iter().map(|f| f.episode).collect();
        episodes.sort_unstable();
        episodes.dedup();
        episodes
    }
}

fn augmented(frames: impl Iterator<Item = FrameRef>, copies: usize) -> impl Iterator<Item = FrameRef> {
    frames.flat_map(move |f| (0..copies).map(move |copy| FrameRef { copy, ..f }))
}

/// Errors of a split.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SplitError {
    /// Some part would be empty.
    #[error(
        "a {protocol} split needs at least 3 {}, found {found}; use more data",
        if *protocol == SplitProtocol::ByEpisode { "episodes" } else { "frames" }
    )]
    TooFew {
        /// Unit of the split.
        protocol: SplitProtocol,
        /// Number of units.
        found: usize,
    },
    /// An unknown protocol.
    #[error("there is no split protocol {found:?}; expected by-frame, by-episode or augment-before-split")]
    Unknown {
        /// The name.
        found: String,
    },
}
