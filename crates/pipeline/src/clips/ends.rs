//! Endpoints of clips: rows of demonstrations.

use std::collections::HashSet;

use pusht_data::{Episode, FrameRef, Split};
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};

use crate::generators::Length;

/// Endpoints of a clip: its first and last row in a demonstration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ends {
    pub(crate) episode: usize,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) seed: u64,
}

impl Ends {
    pub(super) fn frames(&self) -> usize {
        self.end - self.start + 1
    }
}

/// Draws endpoints of clips of `frames` frames (with `shorter`, fewer in shorter episodes), uniformly over all pairs of
/// training frames of one episode.
pub(crate) fn draw(split: &Split, episodes: &[Episode], clips: usize, frames: usize, shorter: bool) -> Vec<Ends> {
    let train: HashSet<FrameRef> = split.train.iter().copied().collect();
    let pairs: Vec<(usize, usize, usize)> = split
        .train
        .iter()
        .filter_map(|r| {
            let (episode, start) = (r.episode, r.row);
            let length = if shorter {
                frames.min(episodes[episode].len())
            } else {
                frames
            };
            let end = start + length - 1;
            (end >= start + 3 && train.contains(&FrameRef::new(episode, end))).then_some((episode, start, end))
        })
        .collect();
    let mut rng = Pcg64::seed_from_u64(split.seed);
    let mut draw = || {
        let &(episode, start, end) = pairs.choose(&mut rng)?;
        Some(Ends {
            episode,
            start,
            end,
            seed: rng.next_u64(),
        })
    };
    (0..clips).map_while(|_| draw()).collect()
}

/// The endpoints adapted to a generator of other lengths: the pair of its length in the same episode with the nearest
/// start (the earlier of two). Clips without such a pair are left out.
pub(super) fn at_length(ends: &[Ends], split: &Split, length: Length) -> Vec<Ends> {
    let train: HashSet<FrameRef> = split.train.iter().copied().collect();
    let fitted = |wanted: &Ends| {
        let frames = match length {
            Length::Exactly(frames) => frames,
            Length::UpTo(frames) => frames.min(wanted.frames()),
        };
        let starts = split.train.iter().filter(|r| r.episode == wanted.episode);
        let fits = |row: &usize| frames > 0 && train.contains(&FrameRef::new(wanted.episode, row + frames - 1));
        let start = starts
            .map(|r| r.row)
            .filter(fits)
            .min_by_key(|row| (row.abs_diff(wanted.start), *row))?;
        Some(Ends {
            start,
            end: start + frames - 1,
            ..wanted.clone()
        })
    };
    ends.iter().filter_map(fitted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use pusht_data::SplitProtocol;

    #[test]
    fn other_lengths_stay_in_the_episode_and_near_the_start() {
        let split = Split::new(&[30; 10], SplitProtocol::ByEpisode, 1, 0).unwrap();
        let episode = split.train[0].episode;
        let ends = |start: usize, end: usize| Ends {
            episode,
            start,
            end,
            seed: 7,
        };
        let wanted = [ends(0, 19), ends(10, 29)];
        let fitted = |length| at_length(&wanted, &split, length);
        assert_eq!(fitted(Length::Exactly(20)), wanted);
        assert_eq!(fitted(Length::UpTo(64)), wanted);
        assert_eq!(fitted(Length::UpTo(8)), [ends(0, 7), ends(10, 17)]);
        assert_eq!(fitted(Length::Exactly(25)), [ends(0, 24), ends(5, 29)]);
        assert_eq!(fitted(Length::Exactly(31)), []);
    }
}
