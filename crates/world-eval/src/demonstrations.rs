//! Paths from windows of recorded episodes.

use std::path::Path;

use pusht_data::{Episode, Source};
use pusht_env::{GOAL, State};
use pusht_jobs::{JobContext, counted};
use pusht_vision::known_states;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use crate::SIDE;
use crate::agent_motion::agent_motion_at;
use crate::error::WorldEvalError;
use crate::request::{PathClip, PathOrigin, PathRequest};

/// Windows of demonstrations: as many from every episode, as far as it is long enough, and spread over its length.
///
/// The given path of a window is the agent's motion under the recorded actions from the window's first row on. Its start
/// is the recorded position with the velocity of [`agent_motion_at`]; recordings without states are tracked.
#[derive(Clone, Debug, PartialEq)]
pub struct DemonstrationPaths {
    /// Episodes to take windows from; for a trained model, those held out of its training.
    pub episodes: Vec<usize>,
    /// Number of windows.
    pub clips: usize,
    /// Frames per window.
    pub frames: usize,
    /// Seed of the choice.
    pub seed: u64,
}

impl DemonstrationPaths {
    /// Chooses the windows: episode and first row of each. No window is chosen twice.
    ///
    /// # Errors
    /// No clips, or clips of fewer than 3 frames; an episode out of range; data that has fewer windows than asked for.
    pub fn choose(&self, source: &Source) -> Result<Vec<(usize, usize)>, WorldEvalError> {
        check_clips(self.clips, self.frames)?;
        let path = source.path().to_path_buf();
        let mut windows = Vec::with_capacity(self.episodes.len());
        let mut longest = 0;
        for &episode in &self.episodes {
            let length = source.actions(episode)?.len();
            longest = longest.max(length);
            if length >= self.frames {
                windows.push((episode, length - self.frames + 1));
            }
        }
        let (asked, frames, episodes) = (self.clips, self.frames, self.episodes.len());
        if windows.is_empty() {
            return Err(WorldEvalError::Short {
                path,
                episodes,
                frames,
                longest,
            });
        }
        let available = windows.iter().map(|(_, rows)| rows).sum();
        if available < asked {
            return Err(WorldEvalError::Few {
                path,
                asked,
                frames,
                episodes,
                available,
            });
        }
        Ok(spread(windows, asked, self.seed))
    }

    /// Reads the chosen windows.
    ///
    /// # Errors
    /// Those of [`Self::choose`]; data that cannot be read; frames that are not 96 × 96; another goal than the default
    /// one; recordings without states in which agent or T is not seen from the first frame on; a cancelled job.
    pub fn read(&self, source: &Source, ctx: &mut JobContext) -> Result<Vec<PathClip>, WorldEvalError> {
        let chosen = self.choose(source)?;
        let mut order: Vec<usize> = (0..chosen.len()).collect();
        order.sort_by_key(|&clip| chosen[clip]);
        let task = ctx.task("read demonstrations", chosen.len(), "clip");
        let mut clips: Vec<Option<PathClip>> = vec![None; chosen.len()];
        let mut last: Option<(usize, Episode, Vec<State>)> = None;
        for clip in order {
            task.check()?;
            let (index, row) = chosen[clip];
            let known = last.take().filter(|(known, ..)| *known == index);
            let (_, episode, states) = last.insert(match known {
                Some(known) => known,
                None => {
                    let episode = source.episode(index)?;
                    let states = states(source.path(), index, &episode)?;
                    (index, episode, states)
                }
            });
            clips[clip] = Some(window(index, episode, states, row, self.frames));
            task.add(1);
        }
        task.finish(&counted(chosen.len(), "clip"));
        Ok(clips.into_iter().flatten().collect())
    }
}

/// Checks the number of clips and of their frames.
pub(crate) fn check_clips(clips: usize, frames: usize) -> Result<(), WorldEvalError> {
    let refuse = |setting, value, expected| {
        Err(WorldEvalError::Setting {
            setting,
            value,
            expected,
        })
    };
    match (clips, frames) {
        (0, _) => refuse("the number of clips", clips, "at least 1"),
        (_, 0..=2) => refuse("the number of frames per clip", frames, "at least 3"),
        _ => Ok(()),
    }
}

/// Distributes `count` clips over episodes (index, number of windows): one round after the other, in shuffled order. The
/// clips of an episode start in equal sections of its rows, at random rows.
fn spread(mut windows: Vec<(usize, usize)>, count: usize, seed: u64) -> Vec<(usize, usize)> {
    let mut rng = Pcg64::seed_from_u64(seed);
    windows.shuffle(&mut rng);
    let mut counts = vec![0; windows.len()];
    let mut left = count;
    while left > 0 {
        for ((_, rows), taken) in windows.iter().zip(&mut counts) {
            if left > 0 && *taken < *rows {
                *taken += 1;
                left -= 1;
            }
        }
    }
    let mut starts: Vec<Vec<usize>> = Vec::with_capacity(windows.len());
    for (&(_, rows), &taken) in windows.iter().zip(&counts) {
        let mut own: Vec<usize> = (0..taken)
            .map(|k| rng.random_range(k * rows / taken..(k + 1) * rows / taken))
            .collect();
        own.shuffle(&mut rng);
        starts.push(own);
    }
    let rounds = counts.iter().copied().max().unwrap_or(0);
    let round = |k: usize| {
        windows
            .iter()
            .zip(&starts)
            .filter_map(move |(w, own)| Some((w.0, *own.get(k)?)))
    };
    (0..rounds).flat_map(round).collect()
}

/// One state per row: recorded, or tracked; where agent or T is not seen, that of the row before.
pub(crate) fn states(path: &Path, index: usize, episode: &Episode) -> Result<Vec<State>, WorldEvalError> {
    let refuse = |reason| WorldEvalError::Episode {
        path: path.to_path_buf(),
        episode: index,
        reason,
    };
    if let Some(row) = episode
        .frames
        .iter()
        .position(|frame| frame.dimensions() != (SIDE, SIDE))
    {
        let (width, height) = episode.frames[row].dimensions();
        return Err(refuse(format!(
            "the frame of row {row} is {width} × {height} px; expected 96 × 96"
        )));
    }
    if episode.goal != GOAL {
        return Err(refuse(format!(
            "its goal is {:?}; expected the default goal, the only one that clips are audited with",
            episode.goal
        )));
    }
    let known = known_states(&episode.frames, episode.states.as_deref(), GOAL)
        .map_err(|error| refuse(format!("row {}: {}", error.frame, error.reason)))?;
    let mut states: Vec<State> = Vec::with_capacity(known.len());
    for tracked in known {
        let last = states.last().copied();
        let unseen = || refuse("agent or T is not seen in its first frame, and it has no recorded states".to_owned());
        states.push(tracked.state().or(last).ok_or_else(unseen)?);
    }
    Ok(states)
}

fn window(index: usize, episode: &Episode, states: &[State], row: usize, frames: usize) -> PathClip {
    let agents: Vec<[f64; 2]> = states.iter().map(|state| state.agent).collect();
    let rows = row..row + frames;
    PathClip {
        origin: PathOrigin::Demonstration { episode: index, row },
        request: PathRequest {
            previous: episode.frames[row.saturating_sub(1)].clone(),
            start: episode.frames[row].clone(),
            agent: agent_motion_at(&agents, &episode.actions, row),
            block: states[row].block,
            actions: episode.actions[row..row + frames - 1].to_vec(),
        },
        frames: episode.frames[rows.clone()].to_vec(),
        states: states[rows].to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use pusht_data::Provenance;
    use pusht_env::{Frame, Pose};

    use super::*;
    use crate::{ExpertPaths, corner_distance};

    #[test]
    fn recordings_without_states_are_tracked() {
        let clip = ExpertPaths::new(1, 24)
            .play(&mut JobContext::silent())
            .unwrap()
            .remove(0);
        let mut actions = clip.request.actions.clone();
        actions.push([256.0, 256.0]);
        let episode = Episode {
            frames: clip.frames.clone(),
            actions,
            states: None,
            goal: GOAL,
            provenance: Provenance {
                source: "test".to_owned(),
                index: 0,
                seed: None,
                actions: "recorded".to_owned(),
            },
        };
        let path = Path::new("set");
        let tracked = states(path, 4, &episode).unwrap();
        let window = window(4, &episode, &tracked, 8, 12);
        for (given, state) in window.request.agent_path().iter().zip(&clip.states[8..]) {
            let off = (given[0] - state.agent[0]).hypot(given[1] - state.agent[1]);
            assert!(off < 3.0, "{off} px");
        }
        assert!(corner_distance(window.request.block, clip.states[8].block) < 0.5);

        let refused = |episode: &Episode| states(path, 4, episode).unwrap_err().to_string();
        let mut other = episode.clone();
        other.frames = vec![Frame::new(64, 64); 24];
        assert_eq!(
            refused(&other),
            "set, episode 4: the frame of row 0 is 64 × 64 px; expected 96 × 96"
        );
        other.frames = vec![Frame::from_pixel(96, 96, image::Rgb([255; 3])); 24];
        assert!(refused(&other).contains("agent or T is not seen in its first frame"));
        other.goal = Pose::new(100.0, 100.0, 0.0);
        assert!(refused(&other).contains("expected the default goal"));
    }

    #[test]
    fn windows_are_spread_over_episodes_and_rows_and_never_repeat() {
        let windows = vec![(3, 1), (5, 40), (9, 90), (12, 2)];
        let chosen = spread(windows.clone(), 33, 7);
        assert_eq!(chosen.len(), 33);
        let of = |episode: usize| chosen.iter().filter(move |(e, _)| *e == episode).map(|(_, row)| *row);
        assert_eq!([3, 5, 9, 12].map(|e| of(e).count()), [1, 15, 15, 2]);
        for (episode, rows) in windows {
            let mut own: Vec<usize> = of(episode).collect();
            own.sort_unstable();
            own.dedup();
            assert_eq!(own.len(), of(episode).count());
            assert!(own.iter().all(|row| *row < rows));
        }
        // The first ones come from all episodes.
        let mut first: Vec<usize> = chosen[..4].iter().map(|(e, _)| *e).collect();
        first.sort_unstable();
        assert_eq!(first, [3, 5, 9, 12]);
        assert!((0..3).all(|k| of(9).any(|row| row / 30 == k)));
    }
}
