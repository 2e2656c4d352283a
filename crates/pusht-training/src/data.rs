//! Data of a training run: training, validation and test parts.

use pusht_data::{Episode, FrameRef, Split, SplitProtocol};

/// The episodes of a training run and its training, validation and test parts.
///
/// A part is a list of rows, because a split may assign single frames; models that need whole episodes use those with a
/// row in the part.
///
/// ```
/// use pusht_data::{Episode, Provenance};
/// use pusht_env::{Frame, GOAL};
/// use pusht_training::TrainData;
///
/// let episode = |index| Episode {
///     frames: vec![Frame::new(96, 96); 5],
///     actions: vec![[256.0, 256.0]; 5],
///     states: None,
///     goal: GOAL,
///     provenance: Provenance { source: "made up".into(), index, seed: None, actions: "recorded".into() },
/// };
/// let (demonstrations, held_out) = ([episode(0), episode(1)], [episode(2)]);
/// let data = TrainData::default().with_train(&demonstrations).with_validation(&held_out);
/// assert_eq!((data.train().len(), data.validation().len()), (10, 5)); // rows
/// assert_eq!(data.train_episodes().len(), 2);
/// ```
#[derive(Clone, Debug)]
pub struct TrainData<'a> {
    episodes: Vec<&'a Episode>,
    split: Split,
}

impl Default for TrainData<'_> {
    /// No data.
    fn default() -> Self {
        let split = Split {
            protocol: SplitProtocol::ByEpisode,
            seed: 0,
            train: Vec::new(),
            validation: Vec::new(),
            test: Vec::new(),
        };
        Self {
            episodes: Vec::new(),
            split,
        }
    }
}

impl<'a> TrainData<'a> {
    /// Data from episodes and a split whose rows refer to them in this order.
    pub fn from_split(episodes: impl IntoIterator<Item = &'a Episode>, split: &Split) -> Self {
        Self {
            episodes: episodes.into_iter().collect(),
            split: split.clone(),
        }
    }

    /// Adds whole episodes to the training part.
    #[must_use]
    pub fn with_train(mut self, episodes: impl IntoIterator<Item = &'a Episode>) -> Self {
        let rows = self.add(episodes);
        self.split.train.extend(rows);
        self
    }

    /// Adds whole episodes to the validation part.
    #[must_use]
    pub fn with_validation(mut self, episodes: impl IntoIterator<Item = &'a Episode>) -> Self {
        let rows = self.add(episodes);
        self.split.validation.extend(rows);
        self
    }

    /// Adds whole episodes to the test part.
    #[must_use]
    pub fn with_test(mut self, episodes: impl IntoIterator<Item = &'a Episode>) -> Self {
        let rows = self.add(episodes);
        self.split.test.extend(rows);
        self
    }

    /// Adds episodes; returns all of their rows.
    fn add(&mut self, episodes: impl IntoIterator<Item = &'a Episode>) -> Vec<FrameRef> {
        let mut rows = Vec::new();
        for episode in episodes {
            let index = self.episodes.len();
            rows.extend((0..episode.len()).map(|row| FrameRef::new(index, row)));
            self.episodes.push(episode);
        }
        rows
    }

    /// All episodes, including those in no part.
    pub fn episodes(&self) -> &[&'a Episode] {
        &self.episodes
    }

    /// Rows for training.
    pub fn train(&self) -> &[FrameRef] {
        &self.split.train
    }

    /// Rows for validation after every epoch; may be empty.
    pub fn validation(&self) -> &[FrameRef] {
        &self.split.validation
    }

    /// Rows that training does not use; may be empty.
    pub fn test(&self) -> &[FrameRef] {
        &self.split.test
    }

    /// The episodes with a row in the training part.
    pub fn train_episodes(&self) -> Vec<&'a Episode> {
        self.episodes_of(&self.split.train)
    }

    /// The episodes with a row in the validation part.
    pub fn validation_episodes(&self) -> Vec<&'a Episode> {
        self.episodes_of(&self.split.validation)
    }

    /// The episodes with a row in the test part.
    pub fn test_episodes(&self) -> Vec<&'a Episode> {
        self.episodes_of(&self.split.test)
    }

    /// Skips indices without an episode: the split may be over more episodes than were read.
    fn episodes_of(&self, part: &[FrameRef]) -> Vec<&'a Episode> {
        let indices = Split::episodes_of(part).into_iter();
        indices.filter_map(|index| self.episodes.get(index).copied()).collect()
    }
}

#[cfg(test)]
mod tests {
    use pusht_data::Provenance;
    use pusht_env::{Frame, GOAL};

    use super::*;

    fn episode(index: usize, rows: usize) -> Episode {
        Episode {
            frames: vec![Frame::new(1, 1); rows],
            actions: vec![[0.0; 2]; rows],
            states: None,
            goal: GOAL,
            provenance: Provenance {
                source: "test".into(),
                index,
                seed: None,
                actions: "recorded".into(),
            },
        }
    }

    #[test]
    fn whole_episodes_are_all_of_their_rows() {
        let episodes = [episode(0, 2), episode(1, 3), episode(2, 1)];
        let data = TrainData::default()
            .with_train([&episodes[0], &episodes[2]])
            .with_test([&episodes[1]]);
        let rows = [(0, 0), (0, 1), (1, 0)].map(|(episode, row)| FrameRef::new(episode, row));
        assert_eq!(data.train(), rows);
        assert_eq!((data.validation().len(), data.test().len()), (0, 3));
        let indices = |episodes: Vec<&Episode>| episodes.iter().map(|e| e.provenance.index).collect::<Vec<_>>();
        assert_eq!(indices(data.train_episodes()), [0, 2]);
        assert_eq!(indices(data.test_episodes()), [1]);
    }

    #[test]
    fn a_split_of_more_episodes_than_were_read_leaves_the_others_out() {
        let episodes = [episode(0, 2), episode(1, 2)];
        let split = Split::new(&[2; 10], SplitProtocol::ByEpisode, 1, 0).unwrap();
        let data = TrainData::from_split(&episodes, &split);
        let parts = [data.train_episodes(), data.validation_episodes(), data.test_episodes()];
        assert_eq!(parts.iter().map(Vec::len).sum::<usize>(), 2);
    }
}
