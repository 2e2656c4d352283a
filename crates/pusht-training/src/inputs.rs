//! What a training run was made from: hashes of its data and the settings of its model.

use pusht_jobs::Hasher;
use serde::Serialize;
use training::TrainingError;

use crate::TrainData;

/// Hexadecimal digits that are kept of a SHA-256.
const DIGITS: usize = 32;

/// Inputs of a run, recorded in its checkpoints under these names.
#[derive(Serialize)]
struct Inputs<S> {
    #[serde(rename = "SHA-256 of the episodes")]
    episodes: String,
    #[serde(rename = "SHA-256 of the split")]
    split: String,
    settings: S,
}

/// The inputs as JSON. The same data gives the same text, wherever it was read from: sources and provenance do not
/// count.
pub(crate) fn describe(data: &TrainData<'_>, settings: impl Serialize) -> Result<String, TrainingError> {
    let inputs = Inputs {
        episodes: hash_episodes(data),
        split: hash_split(data),
        settings,
    };
    serde_json::to_string(&inputs).map_err(|error| TrainingError::Settings {
        reason: error.to_string(),
    })
}

/// Hash of frames, actions, states and goals, in the order of the episodes.
fn hash_episodes(data: &TrainData<'_>) -> String {
    let mut hasher = Hasher::new();
    for episode in data.episodes() {
        count(&mut hasher, episode.frames.len());
        for frame in &episode.frames {
            let (width, height) = frame.dimensions();
            hasher.bytes(width.to_le_bytes()).bytes(height.to_le_bytes());
            hasher.bytes(frame.as_raw());
        }
        count(&mut hasher, episode.actions.len());
        for value in episode.actions.as_flattened() {
            hasher.bytes(value.to_le_bytes());
        }
        let states = episode.states.as_deref();
        hasher.bytes([u8::from(states.is_some())]);
        count(&mut hasher, states.map_or(0, <[_]>::len));
        let rows = states.into_iter().flatten().map(|state| state.to_row());
        for value in rows.flatten() {
            hasher.bytes(value.to_le_bytes());
        }
        for value in [episode.goal.x, episode.goal.y, episode.goal.angle] {
            hasher.bytes(value.to_le_bytes());
        }
    }
    shortened(hasher)
}

/// Hash of the rows for training and validation.
fn hash_split(data: &TrainData<'_>) -> String {
    let mut hasher = Hasher::new();
    for part in [data.train(), data.validation()] {
        count(&mut hasher, part.len());
        for row in part {
            for number in [row.episode, row.row, row.copy] {
                count(&mut hasher, number);
            }
        }
    }
    shortened(hasher)
}

/// Adds a number, in the same bytes on every machine.
fn count(hasher: &mut Hasher, number: usize) {
    hasher.bytes((number as u64).to_le_bytes());
}

fn shortened(hasher: Hasher) -> String {
    let mut hash = hasher.finish();
    hash.truncate(DIGITS);
    hash
}

#[cfg(test)]
mod tests {
    use pusht_data::{Episode, Provenance};
    use pusht_env::{Frame, GOAL, State};

    use super::*;

    fn episode() -> Episode {
        Episode {
            frames: vec![Frame::new(2, 1); 3],
            actions: vec![[1.0, 2.0]; 3],
            states: Some(vec![State::from_row([1.0, 2.0, 3.0, 4.0, 5.0]); 3]),
            goal: GOAL,
            provenance: Provenance {
                source: "test".into(),
                index: 0,
                seed: None,
                actions: "recorded".into(),
            },
        }
    }

    fn inputs(episode: &Episode, settings: &str) -> String {
        describe(&TrainData::default().with_train([episode]), settings).unwrap()
    }

    #[test]
    fn every_part_of_the_data_counts_and_its_source_does_not() {
        let plain = inputs(&episode(), "a");
        let changes: [fn(&mut Episode); 6] = [
            |e| e.frames[1].put_pixel(0, 0, image::Rgb([0, 0, 1])),
            |e| e.frames[2] = Frame::new(1, 2),
            |e| e.actions[2][1] = 2.5,
            |e| e.states = None,
            |e| e.states.as_mut().unwrap()[1].block.angle = 5.5,
            |e| e.goal.x = 255.0,
        ];
        for (at, change) in changes.into_iter().enumerate() {
            let mut changed = episode();
            change(&mut changed);
            assert_ne!(inputs(&changed, "a"), plain, "change {at}");
        }
        assert_ne!(inputs(&episode(), "b"), plain);
        let mut elsewhere = episode();
        elsewhere.provenance.source = "another file".into();
        assert_eq!(inputs(&elsewhere, "a"), plain);
    }

    #[test]
    fn the_part_of_an_episode_counts() {
        let (a, b) = (episode(), episode());
        let split = |data: &TrainData<'_>| hash_split(data);
        let train = TrainData::default().with_train([&a, &b]);
        let validation = TrainData::default().with_train([&a]).with_validation([&b]);
        assert_eq!(hash_episodes(&train), hash_episodes(&validation));
        assert_ne!(split(&train), split(&validation));
    }
}
