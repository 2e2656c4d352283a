//! The nearest training clip, a reference that needs no model.

use pusht_data::Source;
use pusht_env::{Frame, State};
use pusht_jobs::{JobContext, counted};

use crate::PIXEL;
use crate::demonstrations::states;
use crate::error::WorldEvalError;
use crate::judge::corner_distance;
use crate::request::PathClip;

/// The windows of the training episodes, found by the states at their ends.
///
/// What the best copier would show: a real clip that begins and ends nearly as asked. A world that is no better than this
/// has learned nothing that the data do not show.
pub struct TrainingWindows<'a> {
    source: &'a Source,
    /// Index and states of each episode.
    episodes: Vec<(usize, Vec<State>)>,
}

impl<'a> TrainingWindows<'a> {
    /// The windows of these episodes. Those without recorded states are tracked, which takes a minute for 20,000 frames.
    ///
    /// # Errors
    /// Episodes out of range or unreadable; what [`DemonstrationPaths::read`](crate::DemonstrationPaths::read) refuses; a
    /// cancelled job.
    pub fn new(source: &'a Source, episodes: &[usize], ctx: &mut JobContext) -> Result<Self, WorldEvalError> {
        let task = ctx.task("read training episodes", episodes.len(), "episode");
        let mut known = Vec::with_capacity(episodes.len());
        for &episode in episodes {
            task.check()?;
            let found = match source.states(episode)? {
                Some(found) => found,
                None => states(source.path(), episode, &source.episode(episode)?)?,
            };
            known.push((episode, found));
            task.add(1);
        }
        task.finish(&counted(episodes.len(), "episode"));
        Ok(Self {
            source,
            episodes: known,
        })
    }

    /// The training clip of the same length that is nearest to the ends of `clip`: the distance of the agents plus that of
    /// the T's corners, at the start and at the end. `None` if no training episode is that long.
    ///
    /// # Errors
    /// An episode that cannot be read.
    pub fn nearest(&self, clip: &PathClip) -> Result<Option<Vec<Frame>>, WorldEvalError> {
        let frames = clip.frames.len();
        let (Some(&start), Some(&end)) = (clip.states.first(), clip.states.last()) else {
            return Ok(None);
        };
        let mut best: Option<(f64, usize, usize)> = None;
        for (episode, states) in &self.episodes {
            for (row, window) in states.windows(frames).enumerate() {
                let far = apart(window[0], start) + apart(window[frames - 1], end);
                if best.is_none_or(|(least, ..)| far < least) {
                    best = Some((far, *episode, row));
                }
            }
        }
        let Some((_, episode, row)) = best else {
            return Ok(None);
        };
        let mut found = self.source.episode(episode)?.frames;
        found.truncate(row + frames);
        Ok(Some(found.split_off(row)))
    }
}

/// Distance of two states, px of 96.
fn apart(a: State, b: State) -> f64 {
    (a.agent[0] - b.agent[0]).hypot(a.agent[1] - b.agent[1]) / PIXEL + corner_distance(a.block, b.block)
}
