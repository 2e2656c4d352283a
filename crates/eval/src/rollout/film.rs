//! Videos of recorded rollouts. Seed and actions determine every state exactly, so only the record is stored.

use super::record::RolloutRecord;
use pusht_env::{EnvError, Frame, PushT, RenderError, Renderer, draw_marker};

/// The frames of an episode, rendered with `size` px per side: the start, then one after every step with that step's
/// target as a cross. A larger size shows more detail, whereas `VideoOptions::scale` of `video-io` enlarges the pixels
/// of finished frames.
///
/// # Errors
/// An episode out of range, a size that cannot be rendered, or a record that the environment refuses.
pub fn film(record: &RolloutRecord, episode: usize, size: u32) -> Result<Vec<Frame>, FilmError> {
    let Some(played) = record.episodes.get(episode) else {
        return Err(FilmError::NoEpisode {
            episode,
            episodes: record.episodes.len(),
        });
    };
    let mut renderer = Renderer::new(size, record.env.fill_rule)?;
    let mut env = PushT::new(record.env)?;
    env.reset(played.start_seed)?;
    let mut frames = vec![renderer.render(&env.scene())];
    for action in &played.actions {
        env.step(*action)?;
        let mut frame = renderer.render(&env.scene());
        draw_marker(&mut frame, *action);
        frames.push(frame);
    }
    Ok(frames)
}

/// `count` evenly spaced frames, the first and the last included, for a film strip.
pub fn evenly_spaced<T: Clone>(frames: &[T], count: usize) -> Vec<T> {
    let last = frames.len().saturating_sub(1);
    let count = count.min(frames.len());
    let at = |i: usize| (i * last + count / 2) / count.saturating_sub(1).max(1);
    (0..count).map(|i| frames[at(i).min(last)].clone()).collect()
}

/// Errors of rendering a recorded rollout.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FilmError {
    /// An episode out of range.
    #[error("there is no episode {episode}; the record holds {episodes}, counted from 0")]
    NoEpisode {
        /// The requested episode.
        episode: usize,
        /// Number of episodes.
        episodes: usize,
    },
    /// A size that cannot be rendered.
    #[error("{0}")]
    Render(#[from] RenderError),
    /// A record that the environment refuses.
    #[error("the record cannot be played: {0}")]
    Env(#[from] EnvError),
}

#[cfg(test)]
mod tests {
    use super::evenly_spaced;

    #[test]
    fn first_and_last_are_kept() {
        let frames: Vec<usize> = (0..201).collect();
        assert_eq!(evenly_spaced(&frames, 5), [0, 50, 100, 150, 200]);
        assert_eq!(evenly_spaced(&frames[..3], 8), [0, 1, 2]);
        assert_eq!(evenly_spaced(&frames[..1], 8), [0]);
        assert!(evenly_spaced(&frames[..0], 8).is_empty() && evenly_spaced(&frames, 0).is_empty());
    }
}
